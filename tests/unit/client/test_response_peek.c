/* client/response_peek.c, response_read.c: looking ahead, lines, and reading without a copy. */
#include "script.h"

#define OK       "HTTP/1.1 200 OK\r\n"
#define CHUNKED  OK "Transfer-Encoding: chunked\r\n\r\n"
#define HELLO_IN "5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n"

/* "hello world", however its end is found. */
static const char *const hellos[] = {
    OK "Content-Length: 11\r\n\r\nhello world",
    CHUNKED HELLO_IN,
    OK "\r\nhello world",
};
#define HELLOS (sizeof hellos / sizeof hellos[0])

static script *answered(const char *answer) {
    return script_answering(answer, 0, (skua_conn_opts){0});
}

static void assert_line(skua_response *r, size_t cap, const char *text, size_t len) {
    char buf[64];
    memset(buf, 'x', sizeof buf);
    skua_error err;
    assert_int_equal(skua_response_readline(r, buf, cap, &err), len);
    assert_memory_equal(buf, text, len + 1);
}

static void assert_peek(skua_response *r, const char *text) {
    const char *data = NULL;
    size_t len = 99;
    skua_error err;
    assert_int_equal(skua_response_peek(r, &data, &len, &err), 0);
    assert_non_null(data);
    assert_int_equal(len, strlen(text));
    assert_memory_equal(data, text, len);
}

/* ---- peek ---- */

static void a16_peek_does_not_consume(void **state) {
    (void)state;
    for (size_t i = 0; i < HELLOS; i++) {
        script *s = answered(hellos[i]);
        skua_response *r = script_response(s);
        const char *first, *again;
        size_t len, len_again;
        assert_int_equal(skua_response_peek(r, &first, &len, &s->err), 0);
        assert_true(len > 0);
        assert_int_equal(skua_response_peek(r, &again, &len_again, &s->err), 0);
        assert_ptr_equal(first, again);
        assert_int_equal(len, len_again);
        assert_memory_equal(first, "hello world", len);
        assert_false(skua_response_done(r));
        assert_body(r, "hello world");
        assert_true(skua_response_done(r));
        assert_peek(r, "");
        skua_response_free(r);
        script_free(s);
    }
}

static void a16_peek_shows_what_a_read_has_left(void **state) {
    (void)state;
    script *s = answered(hellos[0]);
    skua_response *r = script_response(s);
    char buf[64];
    assert_peek(r, "hello world");
    assert_int_equal(skua_response_read(r, buf, 6, &s->err), 6);
    assert_memory_equal(buf, "hello ", 6);
    assert_peek(r, "world");
    assert_int_equal(skua_response_read(r, buf, sizeof buf, &s->err), 5);
    assert_true(skua_response_done(r));
    skua_response_free(r);
    script_free(s);
}

static void a16_peek_at_an_empty_body_is_the_end(void **state) {
    (void)state;
    static const char *const empty[] = {OK "Content-Length: 0\r\n\r\n", CHUNKED "0\r\n\r\n",
                                        OK "\r\n", "HTTP/1.1 204 No Content\r\n\r\n"};
    for (size_t i = 0; i < sizeof empty / sizeof empty[0]; i++) {
        script *s = answered(empty[i]);
        skua_response *r = script_response(s);
        assert_peek(r, "");
        assert_line(r, 8, "", 0);
        assert_true(skua_response_done(r));
        skua_response_free(r);
        script_free(s);
    }
}

static void a16_what_was_peeked_at_outlives_the_exchange(void **state) {
    (void)state;
    static const step steps[] = {{EXPECT, "\r\n\r\n", 0},
                                 {SEND, OK "Content-Length: 5\r\n\r\nfirst", 0},
                                 {EXPECT, "\r\n\r\n", 0},
                                 {SEND, OK "Content-Length: 6\r\n\r\nsecond", 0},
                                 {END, NULL, 0}};
    script *s = script_new(steps);
    skua_response *one = script_response(s);
    assert_peek(one, "first");
    skua_response *two = script_response(s); /* over the same connection */
    assert_body(two, "second");
    skua_conn_close(s->conn);
    assert_false(skua_response_done(one));
    assert_body(one, "first");
    skua_response_free(one);
    skua_response_free(two);
    script_free(s);
}

static void a16_peek_fails_as_a_read_does(void **state) {
    (void)state;
    script *s = answered(OK "Content-Length: 5\r\n\r\n");
    skua_response *r = script_response(s);
    const char *data = "untouched";
    size_t len = 7;
    for (int i = 0; i < 2; i++) {
        assert_int_equal(skua_response_peek(r, &data, &len, &s->err), SKUA_E_INCOMPLETE_READ);
        assert_string_equal(s->err.msg, "recv: example.org: body cut short: 0 of 5 bytes received");
    }
    assert_string_equal(data, "untouched");
    assert_int_equal(len, 7);
    assert_int_equal(skua_response_peek(r, NULL, &len, &s->err), SKUA_E_INVALID_ARGUMENT);
    assert_int_equal(skua_response_peek(r, &data, NULL, NULL), SKUA_E_INVALID_ARGUMENT);
    skua_response_free(r);
    script_free(s);
}

/* ---- lines ---- */

static void a16_readline_gives_lines_however_they_come(void **state) {
    (void)state;
    static const char *const same[] = {
        OK "Content-Length: 18\r\n\r\none\r\n\ntwo\nlast one",
        CHUNKED "2\r\non\r\n2\r\ne\r\r\n9\r\n\n\ntwo\nlas\r\n5\r\nt one\r\n0\r\n\r\n",
        OK "\r\none\r\n\ntwo\nlast one",
    };
    for (size_t i = 0; i < sizeof same / sizeof same[0]; i++) {
        script *s = answered(same[i]);
        skua_response *r = script_response(s);
        assert_line(r, 64, "one\r\n", 5);
        assert_line(r, 64, "\n", 1);
        assert_line(r, 64, "two\n", 4);
        assert_line(r, 64, "last one", 8);
        assert_true(skua_response_done(r));
        assert_line(r, 64, "", 0);
        skua_response_free(r);
        script_free(s);
    }
}

static void a16_readline_stops_where_there_is_no_room(void **state) {
    (void)state;
    script *s = answered(OK "Content-Length: 9\r\n\r\nabcdef\n\nx");
    skua_response *r = script_response(s);
    assert_line(r, 4, "abc", 3);
    assert_line(r, 2, "d", 1);
    assert_line(r, 4, "ef\n", 3);
    assert_line(r, 2, "\n", 1);
    assert_line(r, 2, "x", 1);
    assert_line(r, 2, "", 0);
    char buf[2];
    assert_int_equal(skua_response_readline(r, buf, 1, &s->err), SKUA_E_INVALID_ARGUMENT);
    assert_int_equal(skua_response_readline(r, NULL, 2, &s->err), SKUA_E_INVALID_ARGUMENT);
    skua_response_free(r);
    script_free(s);
}

static void a16_a_nul_is_a_byte_of_its_line(void **state) {
    (void)state;
    static const char answer[] = OK "Content-Length: 6\r\n\r\na\0b\n\0c";
    script *s = script_answering(answer, sizeof answer - 1, (skua_conn_opts){0});
    skua_response *r = script_response(s);
    assert_line(r, 64, "a\0b\n", 4);
    assert_line(r, 64, "\0c", 2);
    skua_response_free(r);
    script_free(s);
}

static void a16_lines_longer_than_what_is_looked_at_ahead(void **state) {
    (void)state;
    static char answer[100100], line[50002], got[60000];
    memset(line, 'x', 50000);
    strcpy(line + 50000, "\n");
    snprintf(answer, sizeof answer, OK "Content-Length: 100002\r\n\r\n%s%s", line, line);
    script *s = script_answering(answer, 0, (skua_conn_opts){0});
    skua_response *r = script_response(s);
    for (int i = 0; i < 2; i++) {
        memset(got, 0, sizeof got);
        assert_int_equal(skua_response_readline(r, got, sizeof got, &s->err), 50001);
        assert_string_equal(got, line);
    }
    assert_true(skua_response_done(r));
    skua_response_free(r);
    script_free(s);
}

static void a16_reading_goes_on_behind_a_line(void **state) {
    (void)state;
    script *s = answered(CHUNKED "9\r\nhead\nbody\r\n5\r\n more\r\n0\r\n\r\n");
    skua_response *r = script_response(s);
    assert_line(r, 64, "head\n", 5);
    assert_body(r, "body more");
    skua_response_free(r);
    script_free(s);
}

/* A line that was cut must not pass for one; nor may it be lost. */
static void a16_a_line_cut_short_is_an_error_and_can_be_read(void **state) {
    (void)state;
    script *s = answered(OK "Content-Length: 20\r\n\r\nwhole\nhal");
    skua_response *r = script_response(s);
    char buf[64];
    assert_line(r, 64, "whole\n", 6);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(skua_response_readline(r, buf, 64, &s->err), SKUA_E_INCOMPLETE_READ);
        assert_int_equal(s->err.bytes_received, 9);
        assert_int_equal(s->err.bytes_expected, 20);
    }
    assert_int_equal(skua_response_read(r, buf, 64, &s->err), 3);
    assert_memory_equal(buf, "hal", 3);
    assert_int_equal(skua_response_read(r, buf, 64, &s->err), SKUA_E_INCOMPLETE_READ);
    skua_response_free(r);
    script_free(s);
}

/* ---- no copy ---- */

/* A stream that remembers where it was last asked to read to. */
typedef struct watched {
    skua_stream base;
    skua_stream *below;
    void *asked;
    size_t most;
} watched;

static ptrdiff_t watched_read(skua_stream *s, void *buf, size_t len, skua_error *err) {
    watched *w = (watched *)(void *)s;
    w->asked = buf;
    w->most = len;
    return w->below->ops->read(w->below, buf, len, err);
}

static ptrdiff_t watched_writev(skua_stream *s, const skua_str *pieces, size_t count,
                                skua_error *err) {
    skua_stream *below = ((watched *)(void *)s)->below;
    return below->ops->writev(below, pieces, count, err);
}

static int watched_shutdown(skua_stream *s, skua_error *err) {
    skua_stream *below = ((watched *)(void *)s)->below;
    return below->ops->shutdown(below, err);
}

static void watched_close(skua_stream *s) {
    skua_stream *below = ((watched *)(void *)s)->below;
    below->ops->close(below);
}

static skua_want watched_want(skua_stream *s, unsigned events) {
    skua_stream *below = ((watched *)(void *)s)->below;
    return below->ops->want(below, events);
}

static int watched_wait(skua_stream *s, unsigned events, int timeout_ms, skua_error *err) {
    skua_stream *below = ((watched *)(void *)s)->below;
    return below->ops->wait(below, events, timeout_ms, err);
}

static const skua_stream_ops watched_ops = {
    .size = sizeof watched_ops,
    .read = watched_read,
    .writev = watched_writev,
    .shutdown = watched_shutdown,
    .close = watched_close,
    .want = watched_want,
    .wait = watched_wait,
};

static void a16_large_reads_go_straight_to_the_caller(void **state) {
    (void)state;
    static char body[100000], large[200000];
    memset(body, 'x', sizeof body);
    static const char *const heads[] = {OK "Content-Length: 100000\r\n\r\n", CHUNKED "186A0\r\n",
                                        OK "\r\n"};
    for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++) {
        const step steps[] = {{EXPECT, "\r\n\r\n", 0},
                              {SEND, heads[i], 0},
                              {SEND, body, sizeof body},
                              {END, NULL, 0}};
        script *s = script_prepare(steps, 1 << 20);
        watched w = {.base.ops = &watched_ops, .below = sk_pair_end(s->pair, 0)};
        s->conn =
            skua_conn_new("http://example.org",
                          SKUA_OPTS(skua_conn_opts, .clock = &s->face, .stream = &w.base), &s->err);
        assert_non_null(s->conn);
        skua_response *r = script_response(s);
        assert_int_equal(skua_response_read(r, large, sizeof large, &s->err), 100000);
        assert_ptr_equal(w.asked, large);
        assert_memory_equal(large, body, sizeof body);
        assert_true(i == 2 ? w.most == sizeof large : w.most == sizeof body);
        skua_response_free(r);
        script_free(s);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a16_peek_does_not_consume),
        cmocka_unit_test(a16_peek_shows_what_a_read_has_left),
        cmocka_unit_test(a16_peek_at_an_empty_body_is_the_end),
        cmocka_unit_test(a16_what_was_peeked_at_outlives_the_exchange),
        cmocka_unit_test(a16_peek_fails_as_a_read_does),
        cmocka_unit_test(a16_readline_gives_lines_however_they_come),
        cmocka_unit_test(a16_readline_stops_where_there_is_no_room),
        cmocka_unit_test(a16_a_nul_is_a_byte_of_its_line),
        cmocka_unit_test(a16_lines_longer_than_what_is_looked_at_ahead),
        cmocka_unit_test(a16_reading_goes_on_behind_a_line),
        cmocka_unit_test(a16_a_line_cut_short_is_an_error_and_can_be_read),
        cmocka_unit_test(a16_large_reads_go_straight_to_the_caller),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
