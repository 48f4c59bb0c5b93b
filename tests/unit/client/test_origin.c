/* client/origin.c and client/settings.c - what may be written where a connection is made. */
#include "client/origin.h"
#include "client/settings.h"
#include "script.h"

static void a01_forms_of_a_place(void **state) {
    (void)state;
    static const struct {
        const char *where, *host, *authority, *target;
        int port;
        bool https;
    } cases[] = {
        {"example.org", "example.org", "example.org", "example.org:80", 80, false},
        {"example.org:8080", "example.org", "example.org:8080", "example.org:8080", 8080, false},
        {"example.org:", "example.org", "example.org", "example.org:80", 80, false},
        {"http://example.org", "example.org", "example.org", "example.org:80", 80, false},
        {"HTTPS://example.org", "example.org", "example.org", "example.org:443", 443, true},
        {"https://example.org:80", "example.org", "example.org:80", "example.org:80", 80, true},
        {"[::1]", "::1", "[::1]", "[::1]:80", 80, false},
        {"[::1]:81", "::1", "[::1]:81", "[::1]:81", 81, false},
        {"unix:/run/x", "unix:/run/x", "localhost", "unix:/run/x", 0, false},
        {"example.org:0", "example.org", "example.org:0", "example.org:0", 0, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        sk_origin o;
        sk_peer peer;
        skua_error err;
        assert_int_equal(sk_origin_parse(&o, cases[i].where, &err), 0);
        sk_origin_name(&o, &peer);
        assert_string_equal(o.host, cases[i].host);
        assert_string_equal(o.authority, cases[i].authority);
        assert_string_equal(peer.target, cases[i].target);
        assert_int_equal(o.port, cases[i].port);
        assert_int_equal(o.https, cases[i].https);
        sk_origin_free(&o);
    }
}

static void a01_places_that_are_none(void **state) {
    (void)state;
    static const char *const cases[] = {
        "",
        "http://",
        "http:///",
        "example.org:x",
        "example.org:65536",
        "h:-1",
        "::1",
        "[::1",
        "ftp://h",
        "http://h/",
        "http://h/x",
        "h/x",
        "h?x",
        "http://u@h",
        "http://h#f",
        "a b",
        "h\r\nX: y",
        "unix:",
        "http://h:80:80",
        "h:1e3",
        "http://h\\x",
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        skua_error err = {0};
        skua_conn *c = skua_conn_new(cases[i], NULL, &err);
        if (c)
            print_error("accepted: %s\n", cases[i]);
        assert_null(c);
        assert_int_equal(err.code, SKUA_E_INVALID_URL);
        assert_true(err.msg[0] != '\0');
    }
    skua_error err;
    assert_null(skua_conn_new(NULL, NULL, &err));
    assert_int_equal(err.code, SKUA_E_INVALID_ARGUMENT);
    assert_null(skua_conn_new("", NULL, NULL));
}

#if SK_HAVE_IDN
static void names_as_people_write_them(void **state) {
    (void)state;
    static const char *const cases[] = {"https://b\u00fccher.example", "B\u00dcCHER.example:443",
                                        "b\u00fccher.example", "http://b%c3%bccher.example:8080"};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        sk_origin o;
        skua_error err;
        if (sk_origin_parse(&o, cases[i], &err) != 0)
            fail_msg("%s", err.msg);
        assert_string_equal(o.host, "xn--bcher-kva.example");
        sk_origin_free(&o);
    }
}
#endif

static void a01_port_0_is_refused_when_connecting(void **state) {
    (void)state;
    skua_error err;
    skua_conn *c = skua_conn_new("127.0.0.1:0", NULL, &err);
    assert_non_null(c);
    assert_int_equal(skua_conn_connect(c, &err), SKUA_E_INVALID_URL);
    assert_int_equal(err.retry_safe, 1);
    skua_conn_free(c);
}

static void defaults_stand_where_nothing_is_said(void **state) {
    (void)state;
    skua_error err;
    sk_settings *s = sk_settings_new(NULL, &err);
    assert_non_null(s);
    assert_int_equal(s->o.timeout_ms, SKUA_FOREVER);
    assert_int_equal(s->o.resolve_timeout_ms, 5000);
    assert_int_equal(s->o.connect_timeout_ms, 10000);
    assert_int_equal(s->o.tls_timeout_ms, 10000);
    assert_int_equal(s->o.first_byte_timeout_ms, 60000);
    assert_int_equal(s->o.idle_timeout_ms, 30000);
    assert_int_equal(s->o.deadline_ms, SKUA_FOREVER);
    assert_int_equal(s->limits.line_max, 65536);
    assert_int_equal(s->limits.block_max, 262144);
    assert_int_equal(s->limits.fields_max, 100);
    sk_settings_free(s);
}

static void a01_options_are_copied(void **state) {
    (void)state;
    char agent[] = "me/1", host[] = "h", address[] = "127.0.0.1, [::1]";
    skua_resolve_entry entries[] = {{host, 80, address}, {"*", 0, "127.0.0.2"}, {0}};
    skua_error err;
    sk_settings *s =
        sk_settings_new(SKUA_OPTS(skua_conn_opts, .user_agent = agent, .resolve = entries,
                                  .source_address = "127.0.0.3", .ip_version = 6),
                        &err);
    assert_non_null(s);
    memset(agent, 0, sizeof agent);
    memset(host, 0, sizeof host);
    memset(address, 0, sizeof address);
    memset(entries, 0, sizeof entries);
    assert_string_equal(s->o.user_agent, "me/1");
    assert_int_equal(s->family, SK_FAMILY_V6);
    assert_true(s->has_from);
    const sk_override *o = sk_settings_override(s, "H", 80);
    assert_non_null(o);
    assert_int_equal(o->count, 2);
    char text[SK_ADDR_TEXT];
    sk_addr_format((const struct sockaddr *)&o->at[1].ss, o->at[1].len, text);
    assert_string_equal(text, "[::1]:80");
    assert_int_equal(sk_settings_override(s, "h", 81)->count, 1);
    assert_int_equal(sk_settings_override(s, "other", 80)->count, 1);
    sk_settings_free(s);
}

static void options_that_are_wrong(void **state) {
    (void)state;
    const skua_resolve_entry bad[][2] = {
        {{"h", 0, "name"}, {0}}, {{"h", 0, ""}, {0}}, {{"h", 0, "1,2,3,4,5,6,7,8,9"}, {0}}};
    const skua_conn_opts cases[] = {
        {.timeout_ms = -2},
        {.idle_timeout_ms = -5},
        {.ip_version = 5},
        {.source_address = "name"},
        {.user_agent = "a\r\nb: c"},
        {.resolve = bad[0]},
        {.resolve = bad[1]},
        {.resolve = bad[2]},
        {.fields_max = 65536},
        {.line_max_bytes = UINT32_MAX},
        {.head_max_bytes = UINT32_MAX},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        skua_conn_opts o = cases[i];
        skua_error err = {0};
        o.size = sizeof o;
        assert_null(skua_conn_new("h", &o, &err));
        assert_int_equal(err.code, SKUA_E_INVALID_ARGUMENT);
    }
    skua_error err;
    assert_null(skua_conn_new("h", &(skua_conn_opts){0}, &err));
    assert_int_equal(err.code, SKUA_E_INVALID_ARGUMENT);
}

static void options_of_another_version(void **state) {
    (void)state;
    struct {
        skua_conn_opts o;
        long more;
    } newer = {.o = {.size = sizeof newer}};
    skua_error err;
    skua_conn *c = skua_conn_new("h", &newer.o, &err);
    assert_non_null(c);
    skua_conn_free(c);
    newer.more = 1;
    assert_null(skua_conn_new("h", &newer.o, &err));
    assert_int_equal(err.code, SKUA_E_INVALID_ARGUMENT);
    /* An older caller's struct ends early: what lies behind it is not looked at. */
    skua_conn_opts older = {.size = offsetof(skua_conn_opts, ip_version), .ip_version = 99};
    c = skua_conn_new("h", &older, &err);
    assert_non_null(c);
    skua_conn_free(c);
}

static void certificates_are_loaded_when_the_object_is_made(void **state) {
    (void)state;
    const skua_tls_opts tls = {.size = sizeof tls, .ca_file = "/nowhere/ca.pem"};
    skua_error err;
    assert_null(skua_conn_new("https://h", SKUA_OPTS(skua_conn_opts, .tls = &tls), &err));
    assert_non_null(strstr(err.msg, "/nowhere/ca.pem"));
    skua_conn *c = skua_conn_new("http://h", SKUA_OPTS(skua_conn_opts, .tls = &tls), &err);
    assert_non_null(c);
    skua_conn_free(c);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a01_forms_of_a_place),
        cmocka_unit_test(a01_places_that_are_none),
#if SK_HAVE_IDN
        cmocka_unit_test(names_as_people_write_them),
#endif
        cmocka_unit_test(a01_port_0_is_refused_when_connecting),
        cmocka_unit_test(defaults_stand_where_nothing_is_said),
        cmocka_unit_test(a01_options_are_copied),
        cmocka_unit_test(options_that_are_wrong),
        cmocka_unit_test(options_of_another_version),
        cmocka_unit_test(certificates_are_loaded_when_the_object_is_made),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
