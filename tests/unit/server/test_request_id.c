/* A name for each request. */
#include "over_pair.h"

#define HOST "Host: h\r\n"

typedef struct ids {
    char last[160];
    int count;
} ids;

static int note_id(skua_request *q, skua_reply *a, void *user) {
    ids *i = user;
    snprintf(i->last, sizeof i->last, "%s", skua_request_id(q));
    i->count++;
    assert_ptr_equal(skua_request_id(q), skua_request_id(q));
    return skua_reply_text(a, 200, "%s", skua_request_id(q));
}

static int finish_later(skua_request *q, skua_reply *a, void *user) {
    skua_reply_defer(a);
    note_id(q, a, user);
    return skua_reply_finish(a);
}

static void note_access(void *user, const skua_access *a) {
    assert_string_equal(a->request_id, ((ids *)user)->last);
}

static void connect_ids(over_pair *p, ids *i) {
    *i = (ids){.count = 0};
    assert_int_equal(op_route(p, "/", note_id, i), 0);
    assert_int_equal(op_route(p, "/later", finish_later, i), 0);
    p->settings.access = note_access;
    p->settings.user = i;
    assert_true(op_connect(p, 65536));
}

static void expect_made(const char *id) {
    assert_int_equal(strlen(id), 32);
    assert_int_equal(strspn(id, "0123456789abcdef"), 32);
}

static void b09_ids_differ(void **state) {
    (void)state;
    over_pair p;
    ids i;
    char before[160] = "";
    op_init(&p);
    connect_ids(&p, &i);
    for (int k = 0; k < 50; k++) {
        op_say(&p,
               k % 2 ? "GET / HTTP/1.1\r\n" HOST "\r\n" : "GET /later HTTP/1.1\r\n" HOST "\r\n");
        assert_int_equal(i.count, k + 1);
        expect_made(i.last);
        assert_string_not_equal(i.last, before);
        snprintf(before, sizeof before, "%s", i.last);
    }
    assert_null(strstr(op_heard(&p), "X-Request-Id"));
    op_free(&p);
}

static void ask_with(over_pair *p, const char *field) {
    char text[512];
    snprintf(text, sizeof text, "GET / HTTP/1.1\r\n" HOST "%s\r\n", field);
    op_say(p, text);
}

static void b09_an_id_is_sent_and_taken(void **state) {
    (void)state;
    static const char *const insane[] = {
        "X-Request-Id: \r\n",
        "X-Request-Id: a b\r\n",
        "X-Request-Id: a\"b\r\n",
        "X-Request-Id: a\r\nX-Request-Id: b\r\n",
        "X-Request-Id: \xc3\xbc\r\n",
        ("X-Request-Id: 0123456789012345678901234567890123456789012345678901234567890123"
         "01234567890123456789012345678901234567890123456789012345678901234\r\n"),
    };
    over_pair p;
    ids i;
    op_init(&p);
    p.settings.request_id_header = SK_LIT("X-Request-Id");
    connect_ids(&p, &i);
    ask_with(&p, "X-Request-Id: abc\r\n");
    expect_made(i.last); /* who asks is not trusted */
    p.settings.trust_request_id = true;
    ask_with(&p, "X-Request-Id: a1-._~+/=:@\r\n");
    assert_string_equal(i.last, "a1-._~+/=:@");
    assert_non_null(strstr(op_heard(&p), "\r\nX-Request-Id: a1-._~+/=:@\r\n"));
    for (size_t k = 0; k < sizeof insane / sizeof insane[0]; k++) {
        ask_with(&p, insane[k]);
        expect_made(i.last);
    }
    op_free(&p);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(b09_ids_differ),
        cmocka_unit_test(b09_an_id_is_sent_and_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
