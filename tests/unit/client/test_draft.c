/* client/draft.c, seen from the wire: what a request looks like when it leaves. */
#include "script.h"

#define COMMON "Host: example.org\r\nAccept-Encoding: identity\r\n"

static const step no_answer[] = {{END, NULL, 0}};

typedef struct request {
    const char *method, *target;
    skua_field fields[4];
    const char *body;
} request;

/* Send it, and compare all that has left. */
static void assert_sent(const char *where, const request *q, const char *expected) {
    script *s = script_with(no_answer, where, (skua_conn_opts){0}, 1 << 20);
    int rc = skua_conn_request(s->conn, q->method, q->target, q->fields, q->body,
                               q->body ? strlen(q->body) : 0, &s->err);
    if (rc != 0)
        print_error("%s\n", s->err.msg);
    assert_int_equal(rc, 0);
    script_listen(s);
    assert_string_equal(s->got, expected);
    script_free(s);
}

static void a03_a_length_is_added_as_http_client_does(void **state) {
    (void)state;
    static const struct {
        request q;
        const char *expected;
    } cases[] = {
        {{"GET", "/", {{0}}, NULL}, "GET / HTTP/1.1\r\n" COMMON "\r\n"},
        {{"DELETE", "/", {{0}}, NULL}, "DELETE / HTTP/1.1\r\n" COMMON "\r\n"},
        {{"POST", "/", {{0}}, NULL}, "POST / HTTP/1.1\r\n" COMMON "Content-Length: 0\r\n\r\n"},
        {{"PUT", "/", {{0}}, NULL}, "PUT / HTTP/1.1\r\n" COMMON "Content-Length: 0\r\n\r\n"},
        {{"PATCH", "/", {{0}}, NULL}, "PATCH / HTTP/1.1\r\n" COMMON "Content-Length: 0\r\n\r\n"},
        {{"POST", "/", {{0}}, "abc"}, "POST / HTTP/1.1\r\n" COMMON "Content-Length: 3\r\n\r\nabc"},
        {{"GET", "/", {{0}}, ""}, "GET / HTTP/1.1\r\n" COMMON "Content-Length: 0\r\n\r\n"},
        {{"GET", "/", {{0}}, "abc"}, "GET / HTTP/1.1\r\n" COMMON "Content-Length: 3\r\n\r\nabc"},
        {{"POST", "/", {{"Content-Length", "3", 0}}, "abc"},
         "POST / HTTP/1.1\r\n" COMMON "Content-Length: 3\r\n\r\nabc"},
        {{"POST", "/", {{"Transfer-Encoding", "chunked", 0}}, "abc"},
         "POST / HTTP/1.1\r\n" COMMON "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"},
        {{"POST", "/", {{"Transfer-Encoding", "chunked", 0}}, ""},
         "POST / HTTP/1.1\r\n" COMMON "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_sent("example.org", &cases[i].q, cases[i].expected);
}

static void a03_the_callers_own_fields_win(void **state) {
    (void)state;
    const request q = {
        "GET", "/", {{"hOST", "other", 0}, {"accept-encoding", "gzip", 0}, {"X", "  1 ", 0}}, NULL};
    assert_sent("example.org", &q,
                "GET / HTTP/1.1\r\nhOST: other\r\naccept-encoding: gzip\r\nX: 1\r\n\r\n");
}

/* http.client's skip_host and skip_accept_encoding. */
static void a04_a_field_without_value_leaves_out_the_default(void **state) {
    (void)state;
    static const struct {
        request q;
        const char *expected;
    } cases[] = {
        {{"GET", "/", {{"Host", NULL, 0}}, NULL},
         "GET / HTTP/1.1\r\nAccept-Encoding: identity\r\n\r\n"},
        {{"GET", "/", {{"accept-ENCODING", NULL, 0}}, NULL},
         "GET / HTTP/1.1\r\nHost: example.org\r\n\r\n"},
        {{"GET", "/", {{"Host", NULL, 0}, {"Host", "own", 0}}, NULL},
         "GET / HTTP/1.1\r\nAccept-Encoding: identity\r\nHost: own\r\n\r\n"},
        {{"POST", "/", {{"Content-Length", NULL, 0}}, NULL}, "POST / HTTP/1.1\r\n" COMMON "\r\n"},
        {{"POST", "/", {{"Content-Length", NULL, 0}, {"Transfer-Encoding", "chunked", 0}}, "abc"},
         "POST / HTTP/1.1\r\n" COMMON "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"},
        {{"GET", "/", {{"User-Agent", NULL, 0}}, NULL}, "GET / HTTP/1.1\r\n" COMMON "\r\n"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_sent("example.org", &cases[i].q, cases[i].expected);
    script *s = script_with(no_answer, "example.org", (skua_conn_opts){.user_agent = "me"}, 4096);
    const skua_field none[] = {{"User-Agent", NULL, 0}, {0}};
    assert_int_equal(skua_conn_request(s->conn, "GET", "/", none, NULL, 0, &s->err), 0);
    script_listen(s);
    assert_string_equal(s->got, "GET / HTTP/1.1\r\n" COMMON "\r\n");
    script_free(s);
}

static void a04_a_body_that_nothing_frames_is_refused(void **state) {
    (void)state;
    script *s = script_new(no_answer);
    const skua_field fields[] = {{"Content-Length", NULL, 0}, {0}};
    assert_int_equal(skua_conn_request(s->conn, "POST", "/", fields, "abc", 3, &s->err),
                     SKUA_E_INVALID_ARGUMENT);
    assert_non_null(strstr(s->err.msg, "without Content-Length or Transfer-Encoding"));
    const skua_field lost[] = {{"X-Key", NULL, 0}, {0}};
    assert_int_equal(skua_conn_request(s->conn, "POST", "/", lost, "abc", 3, &s->err),
                     SKUA_E_INVALID_ARGUMENT);
    assert_non_null(strstr(s->err.msg, "the value of X-Key is missing"));
    script_free(s);
}

static void a05_several_values_are_joined(void **state) {
    (void)state;
    script *s = script_new(no_answer);
    skua_conn *c = s->conn;
    assert_int_equal(skua_conn_putheader_values(c, "A", (const char *[]){"1", NULL}),
                     SKUA_E_CANNOT_SEND_HEADER);
    skua_conn_putrequest(c, "GET", "/");
    assert_int_equal(skua_conn_putheader_values(c, "A", (const char *[]){"1", NULL}), 0);
    assert_int_equal(skua_conn_putheader_values(c, "B", (const char *[]){"1", " 2", "", NULL}), 0);
    assert_int_equal(skua_conn_putheader_secret(c, "C", "s"), 0);
    assert_int_equal(skua_conn_endheaders(c), 0);
    script_listen(s);
    assert_string_equal(s->got, "GET / HTTP/1.1\r\n" COMMON "A: 1\r\nB: 1,  2,\r\nC: s\r\n\r\n");
    skua_conn_close(c);
    static const char *const none[] = {NULL}, *const split[] = {"1", "2\r\nX: y", NULL};
    const char *const *const bad[] = {NULL, none, split};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        skua_conn_putrequest(c, "GET", "/");
        assert_int_equal(skua_conn_putheader_values(c, "A", bad[i]), SKUA_E_INVALID_ARGUMENT);
        assert_int_equal(skua_conn_endheaders(c), SKUA_E_INVALID_ARGUMENT);
        assert_null(skua_conn_getresponse(c, &s->err));
    }
    assert_int_equal(skua_conn_putheader_values(NULL, "A", split), SKUA_E_INVALID_ARGUMENT);
    assert_int_equal(skua_conn_putheader_secret(NULL, "A", "b"), SKUA_E_INVALID_ARGUMENT);
    script_free(s);
}

static void host_names_the_port_unless_it_is_the_default(void **state) {
    (void)state;
    static const struct {
        const char *where, *host;
    } cases[] = {
        {"example.org", "example.org"},    {"example.org:", "example.org"},
        {"example.org:80", "example.org"}, {"http://Example.ORG:8080", "example.org:8080"},
        {"[::1]:8080", "[::1]:8080"},      {"http://[2001:DB8::1]", "[2001:db8::1]"},
        {"unix:/run/x", "localhost"},      {"127.0.0.1:443", "127.0.0.1:443"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const request q = {"GET", "/", {{0}}, NULL};
        char expected[256];
        snprintf(expected, sizeof expected,
                 "GET / HTTP/1.1\r\nHost: %s\r\nAccept-Encoding: identity\r\n\r\n", cases[i].host);
        assert_sent(cases[i].where, &q, expected);
    }
}

static void a04_the_target_is_sent_as_it_is(void **state) {
    (void)state;
    static const struct {
        const char *method, *target, *line;
    } cases[] = {
        {"GET", "", "GET / HTTP/1.1\r\nHost: example.org\r\n"},
        {"OPTIONS", "*", "OPTIONS * HTTP/1.1\r\nHost: example.org\r\n"},
        {"GET", "http://other:81/x?y", "GET http://other:81/x?y HTTP/1.1\r\nHost: other:81\r\n"},
        {"GET", "http://u:p@[::2]/", "GET http://u:p@[::2]/ HTTP/1.1\r\nHost: [::2]\r\n"},
        {"GET", "https://other", "GET https://other HTTP/1.1\r\nHost: other\r\n"},
        {"CONNECT", "far:443", "CONNECT far:443 HTTP/1.1\r\nHost: far:443\r\n"},
        {"get", "/%20?a=b#c", "get /%20?a=b#c HTTP/1.1\r\nHost: example.org\r\n"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const request q = {cases[i].method, cases[i].target, {{0}}, NULL};
        char expected[256];
        snprintf(expected, sizeof expected, "%sAccept-Encoding: identity\r\n\r\n", cases[i].line);
        assert_sent("example.org", &q, expected);
    }
}

static void a_user_agent_is_sent_when_it_is_set(void **state) {
    (void)state;
    script *s = script_with(no_answer, "example.org", (skua_conn_opts){.user_agent = "me/1"}, 4096);
    assert_int_equal(script_get(s, "/"), 0);
    script_listen(s);
    assert_non_null(strstr(s->got, "\r\nUser-Agent: me/1\r\n"));
    script_free(s);
}

/* Step by step, head and small body leave in one write. */
static void a06_head_and_body_leave_together(void **state) {
    (void)state;
    script *s = script_new(no_answer);
    skua_conn_putrequest(s->conn, "POST", "/");
    skua_conn_putheader(s->conn, "Content-Length", "3");
    assert_int_equal(skua_conn_endheaders(s->conn), 0);
    assert_int_equal(sk_pair_writes(s->pair, 0), 0);
    assert_int_equal(skua_conn_send(s->conn, "abc", 3), 0);
    assert_int_equal(sk_pair_writes(s->pair, 0), 1);
    script_free(s);

    s = script_new(no_answer);
    assert_int_equal(skua_conn_request(s->conn, "POST", "/", NULL, "abc", 3, &s->err), 0);
    assert_int_equal(sk_pair_writes(s->pair, 0), 1);
    script_free(s);

    char large[100000];
    memset(large, 'x', sizeof large);
    s = script_new(no_answer);
    assert_int_equal(skua_conn_request(s->conn, "POST", "/", NULL, large, sizeof large, &s->err),
                     0);
    assert_int_equal(sk_pair_writes(s->pair, 0), 1);
    script_free(s);
}

static void a07_each_send_is_a_chunk_and_getresponse_ends_the_body(void **state) {
    (void)state;
    static const step steps[] = {
        {EXPECT, "0\r\n\r\n", 0}, {SEND, "HTTP/1.1 204 No Content\r\n\r\n", 0}, {END, NULL, 0}};
    script *s = script_new(steps);
    skua_conn_putrequest(s->conn, "PUT", "/");
    skua_conn_putheader(s->conn, "Transfer-Encoding", "chunked");
    skua_conn_endheaders(s->conn);
    assert_int_equal(skua_conn_send(s->conn, "abc", 3), 0);
    script_listen(s);
    assert_non_null(strstr(s->got, "\r\n\r\n3\r\nabc\r\n"));
    assert_int_equal(skua_conn_send(s->conn, "", 0), 0);
    assert_int_equal(skua_conn_send(s->conn, "defghijklmnop", 13), 0);
    skua_response *r = skua_conn_getresponse(s->conn, &s->err);
    assert_non_null(r);
    assert_int_equal(skua_response_status(r), 204);
    assert_non_null(strstr(s->got, "\r\n\r\n3\r\nabc\r\nd\r\ndefghijklmnop\r\n0\r\n\r\n"));
    skua_response_free(r);
    script_free(s);
}

static void a_body_that_is_not_as_long_as_announced_is_refused(void **state) {
    (void)state;
    script *s = script_new(no_answer);
    const skua_field fields[] = {{"Content-Length", "4", 0}, {0}};
    assert_int_equal(skua_conn_request(s->conn, "PUT", "/", fields, "abc", 3, &s->err),
                     SKUA_E_INVALID_ARGUMENT);
    assert_int_equal(skua_conn_request(s->conn, "PUT", "/", NULL, NULL, 3, &s->err),
                     SKUA_E_INVALID_ARGUMENT);
    script_listen(s);
    assert_int_equal(s->got_len, 0);
    /* Without a body here, it may come by skua_conn_send. */
    assert_int_equal(skua_conn_request(s->conn, "PUT", "/", fields, NULL, 0, &s->err), 0);
    assert_int_equal(skua_conn_send(s->conn, "abcd", 4), 0);
    script_listen(s);
    assert_non_null(strstr(s->got, "\r\n\r\nabcd"));
    script_free(s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a03_a_length_is_added_as_http_client_does),
        cmocka_unit_test(a03_the_callers_own_fields_win),
        cmocka_unit_test(a04_a_field_without_value_leaves_out_the_default),
        cmocka_unit_test(a04_a_body_that_nothing_frames_is_refused),
        cmocka_unit_test(a05_several_values_are_joined),
        cmocka_unit_test(host_names_the_port_unless_it_is_the_default),
        cmocka_unit_test(a04_the_target_is_sent_as_it_is),
        cmocka_unit_test(a_user_agent_is_sent_when_it_is_set),
        cmocka_unit_test(a06_head_and_body_leave_together),
        cmocka_unit_test(a07_each_send_is_a_chunk_and_getresponse_ends_the_body),
        cmocka_unit_test(a_body_that_is_not_as_long_as_announced_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
