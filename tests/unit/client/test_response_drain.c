/* client/response_drain.c, channel.c, conn_stats.c: what becomes of a connection when a response is
 * freed, and while it is idle. */
#include "loopback.h"

#define OK      "HTTP/1.1 200 OK\r\n"
#define CHUNKED OK "Transfer-Encoding: chunked\r\n\r\n"
#define LAST    OK "Content-Length: 4\r\n\r\nlast"

static skua_conn_stats stats_of(const script *s) {
    skua_conn_stats stats = {.size = sizeof stats};
    skua_conn_statistics(s->conn, &stats);
    return stats;
}

/* A first answer in up to two parts, between which time passes, and a second one behind it. */
static script *answered(const char *first, size_t pause_ms, const char *rest, skua_conn_opts opts) {
    static step steps[8];
    size_t n = 0;
    steps[n++] = (step){EXPECT, "\r\n\r\n", 0};
    steps[n++] = (step){SEND, first, 0};
    if (rest) {
        steps[n++] = (step){TICK, NULL, pause_ms};
        steps[n++] = (step){SEND, rest, 0};
    }
    steps[n++] = (step){EXPECT, "\r\n\r\n", 0};
    steps[n++] = (step){SEND, LAST, 0};
    steps[n++] = (step){END, NULL, 0};
    return script_with(steps, "http://example.org", opts, 1 << 20);
}

static void assert_goes_on(script *s) {
    skua_response *r = script_response(s);
    assert_body(r, "last");
    skua_response_free(r);
}

static void assert_does_not_go_on(script *s) {
    assert_int_equal(script_get(s, "/"), SKUA_E_NOT_CONNECTED);
}

/* ---- freed unread ---- */

static void a13_what_is_unread_is_dropped_and_the_connection_kept(void **state) {
    (void)state;
    static const struct {
        const char *first, *rest;
        unsigned bytes;
    } cases[] = {
        {OK "Content-Length: 10\r\n\r\n0123456789", NULL, 10},
        {OK "Content-Length: 10\r\n\r\n01234", "56789", 10},
        {CHUNKED "3\r\nabc\r\n0\r\n\r\n", NULL, 3},
        {CHUNKED "3\r\nabc\r\n", "2\r\nde\r\n0\r\nX: trailer\r\n\r\n", 5},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        script *s = answered(cases[i].first, 49, cases[i].rest, (skua_conn_opts){0});
        skua_response_free(script_response(s));
        assert_goes_on(s);
        skua_conn_stats stats = stats_of(s);
        assert_int_equal(stats.drained, 1);
        assert_int_equal(stats.drained_bytes, cases[i].bytes);
        assert_int_equal(stats.dropped, 0);
        assert_int_equal(stats.reused, 1);
        script_free(s);
    }
}

static void a13_only_the_end_unread_is_no_draining(void **state) {
    (void)state;
    script *s = answered(CHUNKED "3\r\nabc\r\n", 10, "0\r\n\r\n", (skua_conn_opts){0});
    skua_response *r = script_response(s);
    char buf[8];
    assert_int_equal(skua_response_read(r, buf, sizeof buf, &s->err), 3);
    skua_response_free(r);
    assert_goes_on(s);
    skua_conn_stats stats = stats_of(s);
    assert_int_equal(stats.drained, 0);
    assert_int_equal(stats.dropped, 0);
    script_free(s);
}

static void a13_draining_is_bounded_in_time(void **state) {
    (void)state;
    static const struct {
        int64_t timeout_ms, deadline_ms, takes_ms;
    } cases[] = {{0, 0, 50}, {7, 0, 7}, {1000, 20, 20}, {1000, 0, 1000}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        script *s = answered(CHUNKED "3\r\nabc\r\n", 0, NULL,
                             (skua_conn_opts){.drain_timeout_ms = cases[i].timeout_ms,
                                              .deadline_ms = cases[i].deadline_ms});
        skua_response *r = script_response(s);
        int64_t before = s->clock.now_ms;
        skua_response_free(r);
        assert_int_equal(s->clock.now_ms - before, cases[i].takes_ms);
        skua_conn_stats stats = stats_of(s);
        assert_int_equal(stats.dropped, 1);
        assert_int_equal(stats.drained, 0);
        assert_does_not_go_on(s);
        script_free(s);
    }
}

static void a13_draining_is_bounded_in_bytes(void **state) {
    (void)state;
    static const struct {
        uint32_t max;
        bool kept;
    } cases[] = {{5, true}, {4, false}, {1, false}};
    static const char *const answers[] = {CHUNKED "2\r\nab\r\n3\r\ncde\r\n0\r\n\r\n",
                                          OK "Content-Length: 5\r\n\r\nabcde"};
    for (size_t i = 0; i < 6; i++) {
        script *s = answered(answers[i % 2], 0, NULL,
                             (skua_conn_opts){.drain_max_bytes = cases[i / 2].max});
        skua_response_free(script_response(s));
        skua_conn_stats stats = stats_of(s);
        assert_int_equal(stats.drained, cases[i / 2].kept);
        assert_int_equal(stats.dropped, !cases[i / 2].kept);
        if (cases[i / 2].kept)
            assert_goes_on(s);
        else
            assert_does_not_go_on(s);
        script_free(s);
    }
}

static void a13_what_is_announced_as_too_much_is_not_even_read(void **state) {
    (void)state;
    script *s = answered(OK "Content-Length: 262145\r\n\r\n", 0, NULL, (skua_conn_opts){0});
    skua_response *r = script_response(s);
    unsigned reads = sk_pair_reads(s->pair, 0);
    int64_t before = s->clock.now_ms;
    skua_response_free(r);
    assert_int_equal(sk_pair_reads(s->pair, 0), reads);
    assert_int_equal(s->clock.now_ms, before);
    assert_int_equal(stats_of(s).dropped, 1);
    assert_does_not_go_on(s);
    script_free(s);
}

static void a13_what_cannot_go_on_is_not_drained(void **state) {
    (void)state;
    static const char *const answers[] = {OK "\r\nuntil close",
                                          OK "Connection: close\r\nContent-Length: 9\r\n\r\nabc",
                                          "HTTP/1.0 200 OK\r\nContent-Length: 9\r\n\r\nabc"};
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        script *s = answered(answers[i], 0, NULL, (skua_conn_opts){0});
        skua_response *r = script_response(s);
        unsigned reads = sk_pair_reads(s->pair, 0);
        skua_response_free(r);
        assert_int_equal(sk_pair_reads(s->pair, 0), reads);
        assert_int_equal(stats_of(s).dropped, 1);
        assert_does_not_go_on(s);
        script_free(s);
    }
}

static void a13_a_broken_rest_ends_the_connection(void **state) {
    (void)state;
    script *s = answered(CHUNKED "3\r\nabcd\r\n", 0, NULL, (skua_conn_opts){0});
    skua_response_free(script_response(s));
    assert_int_equal(stats_of(s).dropped, 1);
    assert_does_not_go_on(s);
    script_free(s);
}

static void a13_what_failed_or_was_closed_counts_as_neither(void **state) {
    (void)state;
    script *s = answered(CHUNKED "3\r\nabcd\r\n", 0, NULL, (skua_conn_opts){0});
    skua_response *r = script_response(s);
    const char *data;
    size_t len;
    assert_int_equal(skua_response_read_all(r, 0, &data, &len, &s->err), SKUA_E_BAD_CHUNK);
    skua_response_free(r);
    assert_int_equal(stats_of(s).dropped, 0);
    script_free(s);

    s = answered(OK "Content-Length: 9\r\n\r\n", 0, NULL, (skua_conn_opts){0});
    r = script_response(s);
    skua_conn_close(s->conn);
    skua_response_free(r);
    assert_int_equal(stats_of(s).dropped, 0);
    script_free(s);
}

/* As in http.client a request may be sent while a response is unread; dropping that makes way. */
static void a13_the_next_response_comes_behind_what_is_dropped(void **state) {
    (void)state;
    static const step steps[] = {{EXPECT, "\r\n\r\n", 0},
                                 {SEND, CHUNKED "3\r\nabc\r\n", 0},
                                 {EXPECT, "\r\n\r\n", 0},
                                 {SEND, "0\r\n\r\n" LAST, 0},
                                 {END, NULL, 0}};
    script *s = script_new(steps);
    skua_response *r = script_response(s);
    assert_int_equal(script_get(s, "/"), 0);
    skua_response_free(r);
    r = skua_conn_getresponse(s->conn, &s->err);
    assert_non_null(r);
    assert_body(r, "last");
    skua_response_free(r);
    script_free(s);
}

/* ---- idle ---- */

static void a13_a_connection_ages(void **state) {
    (void)state;
    static const struct {
        const char *field;
        int64_t option_ms, idle_ms;
        bool kept;
    } cases[] = {
        {"", 0, 60000, true},
        {"", 0, 60001, false},
        {"", 500, 500, true},
        {"", 500, 501, false},
        {"", SKUA_FOREVER, 1000000000, true},
        {"Keep-Alive: timeout=5\r\n", 0, 4000, true},
        {"Keep-Alive: timeout=5\r\n", 0, 4001, false},
        {"keep-alive: max=9, Timeout=5\r\n", SKUA_FOREVER, 4001, false},
        {"Keep-Alive: timeout=999999999999\r\n", SKUA_FOREVER, 90000000, true},
        {"Keep-Alive: timeout=100\r\n", 0, 60001, false},
        {"Keep-Alive: timeout=100\r\n", 0, 60000, true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char answer[128];
        snprintf(answer, sizeof answer, OK "%sContent-Length: 2\r\n\r\nok", cases[i].field);
        script *s = answered(answer, 0, NULL,
                             (skua_conn_opts){.keep_alive_timeout_ms = cases[i].option_ms});
        skua_response *r = script_response(s);
        assert_body(r, "ok");
        skua_response_free(r);
        s->clock.now_ms += cases[i].idle_ms;
        if (cases[i].kept)
            assert_goes_on(s);
        else
            assert_does_not_go_on(s);
        assert_int_equal(stats_of(s).aged, !cases[i].kept);
        assert_int_equal(stats_of(s).stale, 0);
        script_free(s);
    }
}

static void a13_a_peer_that_hardly_waits_is_not_kept(void **state) {
    (void)state;
    static const char *const answers[] = {OK "Keep-Alive: timeout=1\r\nContent-Length: 2\r\n\r\nok",
                                          OK
                                          "Keep-Alive: timeout=0\r\nContent-Length: 2\r\n\r\nok"};
    for (size_t i = 0; i < 2; i++) {
        script *s = answered(answers[i], 0, NULL, (skua_conn_opts){0});
        skua_response *r = script_response(s);
        assert_body(r, "ok");
        skua_stream_info info = {.size = sizeof info};
        assert_int_equal(skua_conn_info(s->conn, &info), SKUA_E_NOT_CONNECTED);
        skua_response_free(r);
        assert_int_equal(stats_of(s).aged, 0);
        script_free(s);
    }
}

static void a13_an_aged_connection_is_replaced(void **state) {
    (void)state;
    static const step once[] = {
        {EXPECT, "\r\n\r\n", 0}, {SEND, OK "Content-Length: 2\r\n\r\nok", 0}, {END, NULL, 0}};
    static const step *const both[] = {once, once, NULL};
    loopback *l = loopback_start(both);
    sk_manual_clock clock = {.now_ms = 1};
    skua_clock face = sk_manual_clock_face(&clock);
    skua_error err;
    skua_conn *c = skua_conn_new(l->origin, SKUA_OPTS(skua_conn_opts, .clock = &face), &err);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(skua_conn_request(c, "GET", "/", NULL, NULL, 0, &err), 0);
        skua_response *r = skua_conn_getresponse(c, &err);
        assert_non_null(r);
        assert_body(r, "ok");
        skua_response_free(r);
        clock.now_ms += 60001;
    }
    skua_conn_stats stats = {.size = sizeof stats};
    skua_conn_statistics(c, &stats);
    assert_int_equal(stats.aged, 1);
    assert_int_equal(stats.connects, 2);
    assert_int_equal(stats.reused, 0);
    skua_conn_free(c);
    loopback_end(l);
}

static void a13_a_connection_the_peer_closed_is_stale(void **state) {
    (void)state;
    static const step steps[] = {{EXPECT, "\r\n\r\n", 0},
                                 {SEND, OK "Content-Length: 2\r\n\r\nok", 0},
                                 {SHUT, NULL, 0},
                                 {END, NULL, 0}};
    script *s = script_new(steps);
    skua_response *r = script_response(s);
    assert_body(r, "ok");
    skua_response_free(r);
    script_turn(s);
    assert_does_not_go_on(s);
    assert_int_equal(stats_of(s).stale, 1);
    assert_int_equal(stats_of(s).aged, 0);
    script_free(s);
}

/* ---- the numbers ---- */

static void a13_statistics_count_what_was_done(void **state) {
    (void)state;
    script *s = answered(OK "Content-Length: 2\r\n\r\nok", 0, NULL, (skua_conn_opts){0});
    skua_response *r = script_response(s);
    assert_body(r, "ok");
    skua_response_free(r);
    assert_goes_on(s);
    for (int closed = 0; closed < 2; closed++) {
        skua_conn_stats stats = stats_of(s);
        assert_int_equal(stats.size, sizeof stats);
        assert_int_equal(stats.responses, 2);
        assert_int_equal(stats.connects, 1);
        assert_int_equal(stats.reused, 1);
        assert_int_equal(stats.sent_bytes, s->got_len);
        assert_int_equal(stats.received_bytes,
                         strlen(OK "Content-Length: 2\r\n\r\nok") + strlen(LAST));
        skua_conn_close(s->conn);
    }
    script_free(s);
}

static void a13_statistics_fit_what_the_caller_knows(void **state) {
    (void)state;
    skua_conn_stats stats;
    memset(&stats, 0x55, sizeof stats);
    stats.size = offsetof(skua_conn_stats, responses);
    skua_conn_statistics(NULL, &stats);
    assert_int_equal(stats.size, offsetof(skua_conn_stats, responses));
    assert_int_equal(stats.requests, 0);
    assert_int_equal(stats.responses, 0x5555555555555555);
    stats.size = 0;
    skua_conn_statistics(NULL, &stats);
    assert_int_equal(stats.size, 0);
    skua_conn_statistics(NULL, NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a13_what_is_unread_is_dropped_and_the_connection_kept),
        cmocka_unit_test(a13_only_the_end_unread_is_no_draining),
        cmocka_unit_test(a13_draining_is_bounded_in_time),
        cmocka_unit_test(a13_draining_is_bounded_in_bytes),
        cmocka_unit_test(a13_what_is_announced_as_too_much_is_not_even_read),
        cmocka_unit_test(a13_what_cannot_go_on_is_not_drained),
        cmocka_unit_test(a13_a_broken_rest_ends_the_connection),
        cmocka_unit_test(a13_what_failed_or_was_closed_counts_as_neither),
        cmocka_unit_test(a13_the_next_response_comes_behind_what_is_dropped),
        cmocka_unit_test(a13_a_connection_ages),
        cmocka_unit_test(a13_a_peer_that_hardly_waits_is_not_kept),
        cmocka_unit_test(a13_an_aged_connection_is_replaced),
        cmocka_unit_test(a13_a_connection_the_peer_closed_is_stale),
        cmocka_unit_test(a13_statistics_count_what_was_done),
        cmocka_unit_test(a13_statistics_fit_what_the_caller_knows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
