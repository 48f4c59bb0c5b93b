/* The keys of a server's session tickets: turned with the time, read from a file. */
#include "tls_visit.h"

#include <sys/stat.h>

enum { HOUR = 3600 * 1000 };

static int begin(void **state) {
    return common_begin(state);
}

static void note(void *user, const char *line) {
    (void)user;
    fail_msg("%s", line);
}

static sk_tls_ctx *believing(int version) {
    return client_of(SKUA_OPTS(skua_tls_opts, .ca_file = certs_path("ca"), .max_version = version));
}

static const int versions[] = {SKUA_TLS_1_2, SKUA_TLS_1_3};

static void b03_keys_turn_every_twelve_hours(void **state) {
    (void)state;
    /* When a session began, when it comes back, and whether it is still known. */
    static const struct {
        int from, to;
        bool known;
    } cases[] = {{0, 11, true}, {0, 12, true}, {11, 23, true}, {0, 24, false}, {13, 30, true}};
    for (size_t i = 0; i < 2 * sizeof cases / sizeof *cases; i++) {
        int from = cases[i / 2].from, to = cases[i / 2].to;
        sk_tls_ctx *server = server_of(SKUA_OPTS(skua_tls_opts, .cert_file = certs_path("good")));
        sk_tls_ctx *client = believing(versions[i % 2]);
        visit v = {.session = NULL};
        for (int hour = 0; hour <= to; hour++) {
            sk_tls_ctx_look_after(server, hour * (int64_t)HOUR, note, NULL);
            if (hour == from)
                visit_once(&v, client, server, "a.example");
        }
        visit_once(&v, client, server, "a.example");
        assert_int_equal(v.resumed, cases[i / 2].known);
        visit_once(&v, client, server, "a.example"); /* a new ticket came for the old one */
        assert_true(v.resumed);
        SSL_SESSION_free(v.session);
        sk_tls_ctx_unref(client);
        sk_tls_ctx_unref(server);
    }
}

/* A machine that slept for days opens nothing of before. */
static void b03_no_key_outlives_its_time(void **state) {
    (void)state;
    sk_tls_ctx *server = server_of(SKUA_OPTS(skua_tls_opts, .cert_file = certs_path("good")));
    sk_tls_ctx *client = believing(0);
    visit v = {.session = NULL};
    sk_tls_ctx_look_after(server, 0, note, NULL);
    visit_once(&v, client, server, "a.example");
    sk_tls_ctx_look_after(server, 99 * (int64_t)HOUR, note, NULL);
    visit_once(&v, client, server, "a.example");
    assert_false(v.resumed);
    SSL_SESSION_free(v.session);
    sk_tls_ctx_unref(client);
    sk_tls_ctx_unref(server);
}

/* Keys of one byte each. */
static const char *write_keys(const char *file, const char *keys) {
    FILE *f = fopen(certs_path(file), "w");
    assert_non_null(f);
    assert_int_equal(fchmod(fileno(f), 0600), 0);
    for (const char *k = keys; *k; k++) {
        for (int i = 0; i < 80; i++)
            fputc(*k, f);
    }
    fclose(f);
    return certs_path(file);
}

static sk_tls_ctx *with_keys(const char *keys) {
    return server_of(SKUA_OPTS(skua_tls_opts, .cert_file = certs_path("good"),
                               .ticket_key_file = write_keys("keys", keys)));
}

static void b03_servers_share_a_file_of_keys(void **state) {
    (void)state;
    static const struct {
        const char *first, *second;
        bool known;
    } cases[] = {{"a", "a", true}, {"a", "ba", true}, {"ab", "b", false}, {"a", "b", false}};
    for (size_t i = 0; i < 2 * sizeof cases / sizeof *cases; i++) {
        sk_tls_ctx *first = with_keys(cases[i / 2].first);
        sk_tls_ctx *second = with_keys(cases[i / 2].second);
        sk_tls_ctx *client = believing(versions[i % 2]);
        visit v = {.session = NULL};
        visit_once(&v, client, first, "a.example");
        visit_once(&v, client, second, "a.example");
        assert_int_equal(v.resumed, cases[i / 2].known);
        visit_once(&v, client, second, "a.example");
        assert_true(v.resumed);
        SSL_SESSION_free(v.session);
        sk_tls_ctx_unref(first);
        sk_tls_ctx_unref(second);
        sk_tls_ctx_unref(client);
    }
}

static void b03_a_file_of_something_else_is_named(void **state) {
    (void)state;
    const struct {
        const char *file;
        int code;
        const char *says;
    } cases[] = {
        {"missing", SKUA_E_FILE_NOT_FOUND, "ticket_key_file "},
        {"good", SKUA_E_TLS, "bytes, not 80 for each key"},
        {"nothing", SKUA_E_TLS, "0 bytes, not 80 for each key"},
        {"many", SKUA_E_TLS, "more than 16 keys"},
        {"open", SKUA_E_PERMISSION, "open: others may read it"},
    };
    write_keys("nothing", "");
    write_keys("open", "a");
    assert_int_equal(chmod(certs_path("open"), 0640), 0);
    write_keys("many", "abcdefghijklmnopq");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        skua_error err;
        assert_null(sk_tls_server_ctx(SKUA_OPTS(skua_tls_opts, .cert_file = certs_path("good"),
                                                .ticket_key_file = certs_path(cases[i].file)),
                                      &err));
        if (err.code != cases[i].code || !strstr(err.msg, cases[i].says))
            fail_msg("%d, %s", err.code, err.msg);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(b03_keys_turn_every_twelve_hours),
        cmocka_unit_test(b03_no_key_outlives_its_time),
        cmocka_unit_test(b03_servers_share_a_file_of_keys),
        cmocka_unit_test(b03_a_file_of_something_else_is_named),
    };
    return cmocka_run_group_tests(tests, begin, certs_end);
}
