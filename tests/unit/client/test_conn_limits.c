/* client: the limits of a response's head, those of http.client by default (65,536 bytes a line,
 * 100 fields), and each stated in the error. */
#include "script.h"

static char head[400000];

/* A head with `count` fields; the status line or the first field is as long as it says. */
static const char *head_of(size_t status_len, size_t field_len, int count) {
    char *p = head;
    p += sprintf(p, "HTTP/1.1 200 ");
    for (; (size_t)(p - head) < status_len; p++)
        *p = 'r';
    p += sprintf(p, "\r\n");
    for (int i = 0; i < count; i++) {
        const char *line = p;
        p += sprintf(p, "X: ");
        for (; i == 0 && (size_t)(p - line) < field_len; p++)
            *p = 'v';
        p += sprintf(p, "\r\n");
    }
    strcpy(p, "\r\n");
    return head;
}

/* What a connection makes of that head: 0 or the code. */
static int meet(script **s, const char *text, skua_conn_opts opts) {
    const step steps[] = {
        {EXPECT, "\r\n\r\n", 0}, {SEND, text, 0}, {CLOSE, NULL, 0}, {END, NULL, 0}};
    *s = script_with(steps, "http://example.org", opts, 1 << 20);
    assert_int_equal(script_get(*s, "/"), 0);
    skua_response *r = skua_conn_getresponse((*s)->conn, &(*s)->err);
    int rc = r ? 0 : (*s)->err.code;
    skua_response_free(r);
    return rc;
}

static void a21_the_limits_are_pythons(void **state) {
    (void)state;
    static const struct {
        size_t status_len, field_len;
        int count, code;
        const char *said;
    } cases[] = {
        {65536, 0, 1, 0, ""},
        {65537, 0, 1, SKUA_E_LINE_TOO_LONG,
         "recv: example.org: the start line is longer than the limit of 65536 bytes"},
        {20, 65536, 1, 0, ""},
        {20, 65537, 1, SKUA_E_FIELD_TOO_LONG,
         "recv: example.org: a field line is longer than the limit of 65536 bytes"},
        {20, 0, 100, 0, ""},
        {20, 0, 101, SKUA_E_TOO_MANY_FIELDS,
         "recv: example.org: more fields than the limit of 100"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        script *s;
        int rc = meet(&s, head_of(cases[i].status_len, cases[i].field_len, cases[i].count),
                      (skua_conn_opts){0});
        assert_int_equal(rc, cases[i].code);
        if (rc != 0) {
            assert_string_equal(s->err.msg, cases[i].said);
            assert_int_equal(skua_error_class_of(rc), SKUA_CLASS_LIMIT);
            assert_int_equal(s->err.maybe_seen, 1);
        }
        script_free(s);
    }
    assert_string_equal(skua_error_name(SKUA_E_LINE_TOO_LONG), "LineTooLong");
    assert_string_equal(skua_error_name(SKUA_E_FIELD_TOO_LONG), "LineTooLong");
}

static void a21_a_connection_can_have_its_own(void **state) {
    (void)state;
    static const struct {
        skua_conn_opts opts;
        int code;
        const char *said;
    } cases[] = {
        {{.line_max_bytes = 100}, SKUA_E_FIELD_TOO_LONG, "limit of 100 bytes"},
        {{.head_max_bytes = 150}, SKUA_E_HEAD_TOO_LARGE, "limit of 150 bytes"},
        {{.fields_max = 3}, SKUA_E_TOO_MANY_FIELDS, "limit of 3"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        script *s;
        assert_int_equal(meet(&s, head_of(20, 200, 4), cases[i].opts), cases[i].code);
        assert_non_null(strstr(s->err.msg, cases[i].said));
        script_free(s);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a21_the_limits_are_pythons),
        cmocka_unit_test(a21_a_connection_can_have_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
