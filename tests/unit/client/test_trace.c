/* client/trace.c - lines, and what they must not show. */
#include "script.h"

static char told[8192];

static void tell(void *user, skua_trace_kind kind, const char *line, size_t len) {
    (void)user;
    size_t at = strlen(told);
    snprintf(told + at, sizeof told - at, "%c %.*s\n", (int)kind, (int)len, line);
}

static void both_heads_are_told_with_secrets_masked(void **state) {
    (void)state;
    static const step steps[] = {
        {EXPECT, "\r\n\r\n", 0},
        {SEND, "HTTP/1.1 200 Fine\r\nSET-cookie: sid=secret\r\nX: y\r\nEmpty:\r\n\r\n", 0},
        {END, NULL, 0}};
    const skua_field fields[] = {{"authorization", "Basic secret", 0},
                                 {"Cookie", "secret", 0},
                                 {"Proxy-Authorization", "secret", 0},
                                 {"X-Key", "secret", SKUA_FIELD_SECRET},
                                 {"X-Open", "open", 0},
                                 {0}};
    script *s = script_with(steps, "example.org", (skua_conn_opts){.trace = tell}, 4096);
    told[0] = '\0';
    assert_int_equal(skua_conn_request(s->conn, "GET", "/", fields, NULL, 0, &s->err), 0);
    skua_response *r = skua_conn_getresponse(s->conn, &s->err);
    assert_non_null(r);
    assert_string_equal(told, "* connected to pair:1\n"
                              "> GET / HTTP/1.1\n"
                              "> Host: example.org\n"
                              "> Accept-Encoding: identity\n"
                              "> authorization: ***\n"
                              "> Cookie: ***\n"
                              "> Proxy-Authorization: ***\n"
                              "> X-Key: ***\n"
                              "> X-Open: open\n"
                              "< HTTP/1.1 200 Fine\n"
                              "< SET-cookie: ***\n"
                              "< X: y\n"
                              "< Empty:\n");
    assert_non_null(strstr(s->got, "X-Key: secret\r\n"));
    skua_response_free(r);
    script_free(s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_heads_are_told_with_secrets_masked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
