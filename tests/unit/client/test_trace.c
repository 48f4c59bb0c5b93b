/* client/trace.c - lines, and what they must not show. */
#include "script.h"

#include <unistd.h>

static char told[8192];

static void tell(void *user, skua_trace_kind kind, const char *line, size_t len) {
    (void)user;
    size_t at = strlen(told);
    snprintf(told + at, sizeof told - at, "%c %.*s\n", (int)kind, (int)len, line);
}

static script *traced(const step *steps, skua_conn_opts opts) {
    told[0] = '\0';
    opts.trace = tell;
    return script_with(steps, "example.org", opts, 4096);
}

static void a11_both_heads_are_told_with_secrets_masked(void **state) {
    (void)state;
    static const step steps[] = {
        {EXPECT, "\r\n\r\n", 0},
        {SEND, "HTTP/1.1 103 Early\r\nLink: <//u:p@x/>\r\nX-KEY: secret\r\n\r\n", 0},
        {SEND,
         "HTTP/1.1 200 Fine\r\nSET-cookie: sid=secret\r\nX: y\r\nx-key: secret\r\nEmpty:\r\n"
         "Location: http://user:secret@h/a@b?c\r\n\r\n",
         0},
        {END, NULL, 0}};
    const skua_field fields[] = {{"authorization", "Basic secret", 0},
                                 {"Cookie", "secret", 0},
                                 {"Proxy-Authorization", "secret", 0},
                                 {"X-Key", "secret", SKUA_FIELD_SECRET},
                                 {"X-Open", "open", 0},
                                 {"Referer", "https://secret@h/ http://a:secret@b", 0},
                                 {0}};
    script *s = traced(steps, (skua_conn_opts){.debuglevel = 1});
    assert_int_equal(
        skua_conn_request(s->conn, "GET", "http://me:secret@there/", fields, NULL, 0, &s->err), 0);
    skua_response *r = skua_conn_getresponse(s->conn, &s->err);
    assert_non_null(r);
    assert_string_equal(told, "* connected to pair:1\n"
                              "> GET http://***@there/ HTTP/1.1\n"
                              "> Host: there\n"
                              "> Accept-Encoding: identity\n"
                              "> authorization: ***\n"
                              "> Cookie: ***\n"
                              "> Proxy-Authorization: ***\n"
                              "> X-Key: ***\n"
                              "> X-Open: open\n"
                              "> Referer: https://***@h/ http://***@b\n"
                              "< HTTP/1.1 103 Early\n"
                              "< Link: <//***@x/>\n"
                              "< X-KEY: ***\n"
                              "< HTTP/1.1 200 Fine\n"
                              "< SET-cookie: ***\n"
                              "< X: y\n"
                              "< x-key: ***\n"
                              "< Empty:\n"
                              "< Location: http://***@h/a@b?c\n");
    assert_non_null(strstr(s->got, "X-Key: secret\r\n"));
    skua_response_free(r);
    script_free(s);
}

static void a11_trailers_are_told_both_ways(void **state) {
    (void)state;
    static const step steps[] = {{EXPECT, "0\r\n", 0},
                                 {SEND, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", 0},
                                 {SEND, "0\r\nX-Sum: 1\r\nx-key: secret\r\n\r\n", 0},
                                 {END, NULL, 0}};
    const skua_field trailers[] = {{"X-End", "2", 0}, {"X-Mark", "secret", SKUA_FIELD_SECRET}, {0}};
    script *s = traced(steps, (skua_conn_opts){.debuglevel = 1});
    skua_conn_putrequest(s->conn, "PUT", "/");
    skua_conn_putheader_secret(s->conn, "X-Key", "secret");
    skua_conn_putheader(s->conn, "Transfer-Encoding", "chunked");
    skua_conn_endheaders(s->conn);
    assert_int_equal(skua_conn_sendtrailers(s->conn, trailers), 0);
    skua_response *r = skua_conn_getresponse(s->conn, &s->err);
    assert_non_null(r);
    assert_body(r, "");
    assert_non_null(strstr(told, "> X-Key: ***\n"));
    assert_non_null(strstr(told, "> X-End: 2\n> X-Mark: ***\n"));
    assert_non_null(strstr(told, "< X-Sum: 1\n< x-key: ***\n"));
    assert_null(strstr(told, "secret"));
    skua_response_free(r);
    script_free(s);
}

static const step answered[] = {{EXPECT, "\r\n\r\n", 0},
                                {TICK, NULL, 20},
                                {SEND, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", 0},
                                {TICK, NULL, 30},
                                {SEND, "ok", 0},
                                {EXPECT, "\r\n\r\n", 0},
                                {SEND, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", 0},
                                {END, NULL, 0}};

static void a11_the_end_of_each_phase_is_told(void **state) {
    (void)state;
    script *s = traced(answered, (skua_conn_opts){0});
    skua_response *r = script_response(s);
    assert_body(r, "ok");
    assert_string_equal(told, "* connected to pair:1\n"
                              "> GET / HTTP/1.1\n"
                              "> Host: example.org\n"
                              "> Accept-Encoding: identity\n"
                              "@ sent at 0.000 ms\n"
                              "< HTTP/1.1 200 OK\n"
                              "< Content-Length: 2\n"
                              "@ first byte at 20.000 ms\n"
                              "@ head at 20.000 ms\n"
                              "@ done at 50.000 ms\n");
    skua_response_free(r);
    script_free(s);
}

static void a11_the_level_can_be_changed(void **state) {
    (void)state;
    script *s = traced(answered, (skua_conn_opts){0});
    skua_conn_set_debuglevel(s->conn, 0);
    skua_conn_set_debuglevel(NULL, 1);
    skua_response *r = script_response(s);
    assert_body(r, "ok");
    skua_response_free(r);
    assert_string_equal(told, "");
    skua_conn_set_debuglevel(s->conn, 1);
    r = script_response(s);
    assert_body(r, "ok");
    skua_response_free(r);
    assert_non_null(strstr(told, "> GET / HTTP/1.1\n"));
    assert_null(strstr(told, "@ "));
    script_free(s);
}

/* What a connection with this level says on standard error. */
static void listen_to_stderr(int level, char *said, size_t size) {
    int fds[2], before = dup(2);
    static const step steps[] = {{EXPECT, "\r\n\r\n", 0},
                                 {SEND, "HTTP/1.1 200 \xc2\x9b[2J\r\nX: \xff\ty\r\n\r\n", 0},
                                 {END, NULL, 0}};
    assert_int_equal(pipe(fds), 0);
    fflush(stderr);
    dup2(fds[1], 2);
    script *s = script_with(steps, "example.org", (skua_conn_opts){.debuglevel = level}, 4096);
    const skua_field fields[] = {{"Cookie", "secret", 0}, {0}};
    int rc = skua_conn_request(s->conn, "GET", "/", fields, NULL, 0, &s->err);
    skua_response *r = rc == 0 ? skua_conn_getresponse(s->conn, &s->err) : NULL;
    bool answered_well = r != NULL;
    skua_response_free(r);
    dup2(before, 2);
    close(before);
    close(fds[1]);
    ssize_t n = read(fds[0], said, size - 1);
    said[n > 0 ? n : 0] = '\0';
    close(fds[0]);
    assert_true(answered_well);
    script_free(s);
}

static void a11_without_a_callback_standard_error_is_told(void **state) {
    (void)state;
    char said[2048];
    listen_to_stderr(0, said, sizeof said);
    assert_string_equal(said, "");
    listen_to_stderr(1, said, sizeof said);
    assert_string_equal(said, "* connected to pair:1\n"
                              "> GET / HTTP/1.1\n"
                              "> Host: example.org\n"
                              "> Accept-Encoding: identity\n"
                              "> Cookie: ***\n"
                              "< HTTP/1.1 200 ??[2J\n"
                              "< X: ?\ty\n");
    assert_null(strstr(said, "@"));
    listen_to_stderr(2, said, sizeof said);
    assert_non_null(strstr(said, "\n@ head at "));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a11_both_heads_are_told_with_secrets_masked),
        cmocka_unit_test(a11_trailers_are_told_both_ways),
        cmocka_unit_test(a11_the_end_of_each_phase_is_told),
        cmocka_unit_test(a11_the_level_can_be_changed),
        cmocka_unit_test(a11_without_a_callback_standard_error_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
