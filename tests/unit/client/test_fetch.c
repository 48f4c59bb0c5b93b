/* client/fetch.c - a request in one call, redirects and deadline included. */
#include "loopback.h"
#include "stalls.h"

#include <skua/client.h>

#define OK "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

static const step serve_one[] = {{EXPECT, "\r\n\r\n", 0}, {SEND, OK, 0}, {END, NULL, 0}};

static skua_client *client_of(skua_conn_opts conn, int redirects_max) {
    skua_error err;
    conn.size = sizeof conn;
    skua_client *c = skua_client_new(
        SKUA_OPTS(skua_client_opts, .conn = &conn, .redirects_max = redirects_max), &err);
    assert_non_null(c);
    return c;
}

static skua_response *got(skua_response *r, const skua_error *err) {
    if (!r)
        print_error("%s\n", err->msg);
    assert_non_null(r);
    return r;
}

static void a_get_with_all_defaults(void **state) {
    (void)state;
    loopback *l = loopback_start((const step *const[]){serve_one, NULL});
    skua_error err;
    char url[100];
    snprintf(url, sizeof url, "%s/a?b#c", l->origin);
    skua_response *r = got(skua_get(NULL, url, &err), &err);
    assert_string_equal(skua_response_url(r), url);
    assert_body(r, "ok");
    skua_timings t;
    skua_response_timings(r, &t);
    assert_true(t.resolve >= 0 && t.connect >= t.resolve && t.tls < 0 && t.send >= t.connect &&
                t.first_byte >= t.send && t.head >= t.first_byte && t.total >= t.head);
    skua_response_free(r);
    assert_memory_equal(l->got[0], "GET /a?b HTTP/1.1\r\n", 19);
    loopback_end(l);
}

static void a_body_makes_it_a_post(void **state) {
    (void)state;
    loopback *l = loopback_start((const step *const[]){serve_one, NULL});
    skua_client *c = client_of((skua_conn_opts){0}, 0);
    skua_error err;
    const skua_field fields[] = {{"Content-Type", "application/json", 0}, {0}};
    skua_response *r = got(skua_fetch(c,
                                      SKUA_OPTS(skua_call, .url = l->origin, .fields = fields,
                                                .body = "{}", .body_len = 2),
                                      &err),
                           &err);
    skua_response_free(r);
    assert_memory_equal(l->got[0], "POST / HTTP/1.1\r\n", 17);
    assert_non_null(strstr(l->got[0], "Content-Type: application/json\r\n"));
    skua_client_free(c);
    loopback_end(l);
}

/* The same connection, when the origin is the same and the body of the redirect has come. */
static void a_redirect_on_the_same_origin_keeps_the_connection(void **state) {
    (void)state;
    static const step steps[] = {
        {EXPECT, "\r\n\r\n", 0},
        {SEND, "HTTP/1.1 302 Found\r\nLocation: b?c\r\nContent-Length: 4\r\n\r\ngone", 0},
        {EXPECT, "\r\n\r\n", 0},
        {SEND, OK, 0},
        {END, NULL, 0}};
    loopback *l = loopback_start((const step *const[]){steps, NULL});
    skua_error err;
    char url[100];
    snprintf(url, sizeof url, "%s/x/a#frag", l->origin);
    skua_response *r = got(
        skua_fetch(NULL, SKUA_OPTS(skua_call, .url = url, .body = "b", .body_len = 1), &err), &err);
    assert_body(r, "ok");
    snprintf(url, sizeof url, "%s/x/b?c#frag", l->origin);
    assert_string_equal(skua_response_url(r), url);
    skua_response_free(r);
    const char *second = strstr(l->got[0], "GET /x/b?c HTTP/1.1\r\n");
    assert_non_null(second);
    assert_null(strstr(second, "Content-Length"));
    loopback_end(l);
}

static void secrets_do_not_leave_their_origin(void **state) {
    (void)state;
    static char location[128];
    static step away[] = {{EXPECT, "\r\n\r\n", 0}, {SEND, location, 0}, {END, NULL, 0}};
    loopback *to = loopback_start((const step *const[]){serve_one, NULL});
    loopback *from = loopback_start((const step *const[]){away, NULL});
    snprintf(location, sizeof location,
             "HTTP/1.1 307 Away\r\nLocation: %s/\r\nContent-Length: 0\r\n\r\n", to->origin);
    const skua_field fields[] = {{"Authorization", "secret", 0},
                                 {"X-Key", "secret", SKUA_FIELD_SECRET},
                                 {"X-Open", "open", 0},
                                 {0}};
    skua_error err;
    skua_response *r = got(skua_fetch(NULL,
                                      SKUA_OPTS(skua_call, .method = "PUT", .url = from->origin,
                                                .fields = fields, .body = "body", .body_len = 4),
                                      &err),
                           &err);
    skua_response_free(r);
    assert_non_null(strstr(from->got[0], "Authorization: secret\r\n"));
    assert_non_null(strstr(to->got[0], "PUT / HTTP/1.1\r\n"));
    assert_non_null(strstr(to->got[0], "X-Open: open\r\n"));
    assert_non_null(strstr(to->got[0], "\r\n\r\nbody"));
    assert_null(strstr(to->got[0], "secret"));
    loopback_end(from);
    loopback_end(to);
}

static void redirects_have_an_end(void **state) {
    (void)state;
    static const step again[] = {
        {EXPECT, "\r\n\r\n", 0},
        {SEND, "HTTP/1.1 301 M\r\nLocation: /\r\nConnection: close\r\n\r\n", 0},
        {CLOSE, NULL, 0}};
    loopback *l = loopback_start((const step *const[]){again, again, again, NULL});
    skua_client *c = client_of((skua_conn_opts){0}, 2);
    skua_error err;
    assert_null(skua_get(c, l->origin, &err));
    assert_int_equal(err.code, SKUA_E_TOO_MANY_REDIRECTS);
    assert_string_equal(err.msg, "limit: 127.0.0.1: more than 2 redirects, the last to \"/\"");
    skua_client_free(c);
    loopback_end(l);
}

static void a_redirect_that_is_none_is_returned(void **state) {
    (void)state;
    static const struct {
        const char *answer;
        int redirects_max, status;
    } cases[] = {
        {"HTTP/1.1 302 Found\r\nContent-Length: 2\r\n\r\nok", 0, 302},
        {"HTTP/1.1 304 N\r\nLocation: /x\r\n\r\n", 0, 304},
        {"HTTP/1.1 300 M\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n", 0, 300},
        {"HTTP/1.1 201 C\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n", 0, 201},
        {"HTTP/1.1 301 M\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n", SKUA_REDIRECTS_NONE, 301},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const step steps[] = {{EXPECT, "\r\n\r\n", 0}, {SEND, cases[i].answer, 0}, {END, NULL, 0}};
        loopback *l = loopback_start((const step *const[]){steps, NULL});
        skua_client *c = client_of((skua_conn_opts){0}, cases[i].redirects_max);
        skua_error err;
        skua_response *r = got(skua_get(c, l->origin, &err), &err);
        assert_int_equal(skua_response_status(r), cases[i].status);
        skua_response_free(r);
        skua_client_free(c);
        loopback_end(l);
    }
}

static void redirects_to_elsewhere_are_refused(void **state) {
    (void)state;
    static const struct {
        const char *location, *message;
        int code;
    } cases[] = {
        {"ftp://x/", "recv: 127.0.0.1: redirected to \"ftp://x/\", which is not http",
         SKUA_E_UNSAFE_REDIRECT},
        {"ftp://u:pass@x/", "recv: 127.0.0.1: redirected to \"ftp://***@x/\", which is not http",
         SKUA_E_UNSAFE_REDIRECT},
        {"http://u:pass@x/",
         "recv: 127.0.0.1: redirected: invalid URL \"http://***@x/\": user information in front of "
         "the host (send what skua_auth_basic makes of it)",
         SKUA_E_INVALID_URL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char answer[200];
        snprintf(answer, sizeof answer,
                 "HTTP/1.1 302 F\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n", cases[i].location);
        const step steps[] = {{EXPECT, "\r\n\r\n", 0}, {SEND, answer, 0}, {END, NULL, 0}};
        loopback *l = loopback_start((const step *const[]){steps, NULL});
        skua_error err;
        assert_null(skua_get(NULL, l->origin, &err));
        assert_int_equal(err.code, cases[i].code);
        assert_string_equal(err.msg, cases[i].message);
        loopback_end(l);
    }
}

static bool is_cut_within_the_body(const void *user, int64_t ms) {
    (void)user;
    static const step slow[] = {{EXPECT, "\r\n\r\n", 0},
                                {SEND, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab", 0},
                                {END, NULL, 0}};
    loopback *l = loopback_start((const step *const[]){slow, NULL});
    skua_error err;
    char message[100];
    const char *data;
    size_t len;
    int64_t began = sk_clock_ms();
    skua_response *r =
        skua_fetch(NULL, SKUA_OPTS(skua_call, .url = l->origin, .timeout_ms = ms), &err);
    if (r)
        assert_int_equal(skua_response_read_all(r, 0, &data, &len, &err), SKUA_E_TIMEOUT);
    assert_int_equal(err.code, SKUA_E_TIMEOUT);
    bool met = stalls_took(began, ms) && r;
    skua_response_free(r);
    loopback_end(l);
    snprintf(message, sizeof message,
             "recv: 127.0.0.1: not complete within %d ms (2 of 9 received)", (int)ms);
    return met && strcmp(err.msg, message) == 0;
}

static void one_deadline_holds_over_all_of_it(void **state) {
    (void)state;
    stalls_endure(is_cut_within_the_body, NULL, 150);
}

static void arguments_that_are_wrong(void **state) {
    (void)state;
    skua_error err;
    skua_conn_opts with_stream = {.size = sizeof with_stream,
                                  .stream = (skua_stream *)&with_stream};
    assert_null(skua_client_new(SKUA_OPTS(skua_client_opts, .conn = &with_stream), &err));
    assert_int_equal(err.code, SKUA_E_INVALID_ARGUMENT);
    assert_null(skua_client_new(SKUA_OPTS(skua_client_opts, .redirects_max = -1), &err));
    assert_null(skua_client_new(SKUA_OPTS(skua_client_opts, .timeout_ms = -2), &err));
    assert_null(skua_client_new(
        SKUA_OPTS(skua_client_opts, .conn = SKUA_OPTS(skua_conn_opts, .ip_version = 5)), &err));
    assert_null(skua_fetch(NULL, NULL, &err));
    assert_int_equal(err.code, SKUA_E_INVALID_ARGUMENT);
    assert_null(skua_get(NULL, NULL, &err));
    assert_null(skua_get(NULL, "not a url", &err));
    assert_int_equal(err.code, SKUA_E_INVALID_URL);
    assert_null(skua_fetch(NULL, SKUA_OPTS(skua_call, .url = "http://h", .timeout_ms = -9), &err));
    assert_null(skua_fetch(NULL, SKUA_OPTS(skua_call, .url = "http://h", .method = "G T"), &err));
    assert_int_equal(err.code, SKUA_E_INVALID_ARGUMENT);
    assert_null(skua_get(NULL, "http://", NULL));
    skua_client_free(NULL);
}

#if SK_HAVE_IDN
/* Names as people write them, from the program and from a server: what is looked up and sent is in
 * A-labels. */
static void names_beyond_ascii(void **state) {
    (void)state;
    char found[200];
    const step redirect[] = {{EXPECT, "\r\n\r\n", 0}, {SEND, found, 0}, {END, NULL, 0}};
    loopback *l = loopback_start((const step *const[]){redirect, serve_one, NULL});
    snprintf(found, sizeof found,
             "HTTP/1.1 302 Found\r\nLocation: http://b\u00fccher.example:%d/\u00fc\r\n"
             "Content-Length: 0\r\n\r\n",
             l->port);
    const skua_resolve_entry entries[] = {{"xn--lwe-sna.example", l->port, "127.0.0.1"},
                                          {"xn--bcher-kva.example", l->port, "127.0.0.1"},
                                          {0}};
    skua_client *c = client_of((skua_conn_opts){.resolve = entries}, 0);
    skua_error err;
    char text[100];
    snprintf(text, sizeof text, "http://l\u00f6we.example:%d/", l->port);
    skua_response *r = got(skua_fetch(c, SKUA_OPTS(skua_call, .url = text), &err), &err);
    snprintf(text, sizeof text, "http://xn--bcher-kva.example:%d/%%C3%%BC", l->port);
    assert_string_equal(skua_response_url(r), text);
    assert_body(r, "ok");
    skua_response_free(r);
    snprintf(text, sizeof text, "\r\nHost: xn--lwe-sna.example:%d\r\n", l->port);
    assert_non_null(strstr(l->got[0], text));
    assert_memory_equal(l->got[1], "GET /%C3%BC HTTP/1.1\r\n", 22);
    skua_client_free(c);
    loopback_end(l);
}
#endif

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_get_with_all_defaults),
        cmocka_unit_test(a_body_makes_it_a_post),
        cmocka_unit_test(a_redirect_on_the_same_origin_keeps_the_connection),
        cmocka_unit_test(secrets_do_not_leave_their_origin),
        cmocka_unit_test(redirects_have_an_end),
        cmocka_unit_test(a_redirect_that_is_none_is_returned),
        cmocka_unit_test(redirects_to_elsewhere_are_refused),
        cmocka_unit_test(one_deadline_holds_over_all_of_it),
        cmocka_unit_test(arguments_that_are_wrong),
#if SK_HAVE_IDN
        cmocka_unit_test(names_beyond_ascii),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
