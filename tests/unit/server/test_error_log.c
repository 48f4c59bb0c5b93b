/* What the error log is told of, at which level, and how often. */
#include "over_pair.h"
#include "told.h"

#define HOST "Host: h\r\n"

static told lines;

static int hello(skua_request *q, skua_reply *a, void *user) {
    (void)q;
    (void)user;
    return skua_reply_text(a, 200, "hello");
}

static int give_up(skua_request *q, skua_reply *a, void *user) {
    (void)q;
    (void)a;
    (void)user;
    return SKUA_E_OS;
}

static int much(skua_request *q, skua_reply *a, void *user) {
    static char text[50000];
    (void)q;
    (void)user;
    return skua_reply_bytes(a, 200, NULL, text, sizeof text);
}

static void begin(over_pair *p, skua_log_level level) {
    op_init(p);
    told_by(p, &lines, level);
    assert_int_equal(op_route(p, "GET /{$}", hello, NULL), 0);
    assert_int_equal(op_route(p, "POST /{$}", hello, NULL), 0);
    assert_int_equal(op_route(p, "/fail", give_up, NULL), 0);
    assert_int_equal(op_route(p, "/much", much, NULL), 0);
}

static const struct refusal {
    const char *request;
    const char *line; /* its end */
} refusals[] = {
    {"GET /x?token=secret HTTP/1.1\r\n" HOST "\r\n",
     ": GET /x?token=***: answered 404: Not Found\n"},
    {"PUT / HTTP/1.1\r\n" HOST "\r\n", ": PUT /: answered 405: Method Not Allowed\n"},
    {"BREW / HTTP/1.1\r\n" HOST "\r\n", ": BREW /: answered 501: Not Implemented\n"},
    {"GET /../.. HTTP/1.1\r\n" HOST "\r\n", ": GET /../..: answered 400: Bad Request\n"},
    {"POST / HTTP/1.1\r\n" HOST "Content-Length: 100001\r\n\r\n",
     ": POST /: answered 413: Content Too Large\n"},
    {"GET / HTTP/1.1\r\n" HOST "Expect: tea\r\n\r\n",
     ": GET /: answered 417: Expectation Failed\n"},
    {"POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\nx\r\n", ": answered 400: "},
    {"GET / HTTP/1.1\r\nHost : h\r\n\r\n", ": answered 400: "},
    {"GET / HTTP/2.0\r\n\r\n", ": answered 505: "},
};

static void b09_each_request_that_is_refused_is_told_with_its_reason(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        over_pair p;
        begin(&p, SKUA_LOG_DEBUG);
        assert_true(op_connect(&p, 100000));
        op_say(&p, refusals[i].request);
        if (!strstr(lines.text, refusals[i].line) || lines.lines != 1)
            fail_msg("no \"%s\" in \"%s\"", refusals[i].line, lines.text);
        /* Whose it was, and which. */
        assert_memory_equal(lines.text, "pair:0 ", 7);
        assert_int_equal(strcspn(strchr(lines.text, ' ') + 1, ": "), 32);
        op_free(&p);
    }
}

static void b09_no_more_than_was_asked_for_is_told(void **state) {
    (void)state;
    over_pair p;
    begin(&p, SKUA_LOG_WARN);
    assert_true(op_connect(&p, 100000));
    op_say(&p, "GET /nowhere HTTP/1.1\r\n" HOST "\r\n");
    assert_string_equal(lines.text, "");
    op_say(&p, "GET /fail HTTP/1.1\r\n" HOST "\r\n");
    assert_non_null(strstr(lines.text, ": GET /fail: the handler failed: "));
    op_free(&p);
}

static void b09_times_that_are_over_are_told(void **state) {
    (void)state;
    over_pair p;
    begin(&p, SKUA_LOG_DEBUG);
    assert_true(op_connect(&p, 1000));
    p.client->ops->writev(p.client, &SK_LIT("GET /much HTTP/1.1\r\n" HOST "\r\n"), 1, NULL);
    op_turn(&p);
    op_wait(&p, 20000);
    assert_non_null(strstr(lines.text, ": closed: its client takes too little"));
    op_disconnect(&p);
    told_forget(&lines);
    assert_true(op_connect(&p, 1000));
    op_say(&p, "GET / HT");
    op_wait(&p, 10000);
    assert_non_null(strstr(lines.text, ": answered 408: "));
    op_free(&p);
}

/* It takes some, and so the server sends some: that is looked at while it goes on. */
static void b09_who_reads_too_slowly_is_told_as_such(void **state) {
    (void)state;
    over_pair p;
    begin(&p, SKUA_LOG_DEBUG);
    p.settings.rate_min = 1000;
    p.settings.rate_grace_ms = 5000;
    assert_true(op_connect(&p, 1000));
    p.client->ops->writev(p.client, &SK_LIT("GET /much HTTP/1.1\r\n" HOST "\r\n"), 1, NULL);
    op_turn(&p);
    for (int seconds = 0; op_is_open(&p) && seconds < 20; seconds++) {
        p.clock.now_ms += 1000;
        assert_int_equal(p.client->ops->read(p.client, &(char){0}, 1, NULL), 1);
        op_turn(&p);
    }
    assert_false(op_is_open(&p));
    assert_int_equal(lines.lines, 1);
    assert_non_null(strstr(lines.text, ": closed: its client takes too little"));
    op_free(&p);
}

static void b09_no_peer_can_flood_it(void **state) {
    (void)state;
    over_pair p;
    begin(&p, SKUA_LOG_WARN);
    assert_true(op_connect(&p, 100000));
    for (int i = 0; i < 120; i++)
        op_say(&p, "GET /fail HTTP/1.1\r\n" HOST "\r\n");
    assert_int_equal(lines.lines, 50);
    told_forget(&lines);
    p.clock.now_ms += 1000;
    op_say(&p, "GET /fail HTTP/1.1\r\n" HOST "\r\n");
    assert_int_equal(lines.lines, 2);
    assert_memory_equal(lines.text, "lines left out: 70\n", 19);
    op_free(&p);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(b09_each_request_that_is_refused_is_told_with_its_reason),
        cmocka_unit_test(b09_no_more_than_was_asked_for_is_told),
        cmocka_unit_test(b09_times_that_are_over_are_told),
        cmocka_unit_test(b09_who_reads_too_slowly_is_told_as_such),
        cmocka_unit_test(b09_no_peer_can_flood_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
