/* client: whatever a peer does or does not do, a call ends, when it should and saying why. */
#include "script.h"

#define OK "HTTP/1.1 200 OK\r\n"

static const step silence[] = {{END, NULL, 0}};

static script *with(const step *steps, skua_conn_opts opts) {
    return script_with(steps, "http://example.org", opts, 4096);
}

/* The time-out it failed with, and how long that took. */
static void assert_timeout(const script *s, skua_phase phase, int64_t took, const char *message) {
    if (strcmp(s->err.msg, message) != 0)
        print_error("%s\n", s->err.msg);
    assert_int_equal(s->err.code, SKUA_E_TIMEOUT);
    assert_int_equal(s->err.phase, phase);
    assert_string_equal(s->err.msg, message);
    assert_int_equal(s->clock.now_ms - 1000, took);
}

static void a_peer_that_never_answers(void **state) {
    (void)state;
    static const struct {
        skua_conn_opts opts;
        int64_t ms;
    } cases[] = {
        {{0}, 60000},
        {{.first_byte_timeout_ms = 500}, 500},
        {{.timeout_ms = 700}, 700},
        {{.deadline_ms = 900}, 900},
        {{.timeout_ms = 700, .first_byte_timeout_ms = SKUA_FOREVER}, 700},
        {{.timeout_ms = 800, .first_byte_timeout_ms = 300, .deadline_ms = 900}, 300},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char message[100];
        snprintf(message, sizeof message, "wait: example.org: no response within %d ms",
                 (int)cases[i].ms);
        script *s = with(silence, cases[i].opts);
        script_failure(s);
        assert_timeout(s, SKUA_PHASE_WAIT, cases[i].ms, message);
        assert_int_equal(s->err.bytes_received, 0);
        script_free(s);
    }
}

static void a_head_that_drips(void **state) {
    (void)state;
    static step steps[300];
    static char bytes[100][2];
    steps[0] = (step){EXPECT, "\r\n\r\n", 0};
    for (size_t i = 0; i < 100; i++) {
        bytes[i][0] = i < 9 ? "HTTP/1.1 "[i] : '2';
        steps[2 * i + 1] = (step){TICK, NULL, 1000};
        steps[2 * i + 2] = (step){SEND, bytes[i], 1};
    }
    script *s = with(steps, (skua_conn_opts){0});
    script_failure(s);
    assert_int_equal(s->err.code, SKUA_E_TIMEOUT);
    assert_int_equal(s->err.phase, SKUA_PHASE_RECV);
    assert_string_equal(s->err.msg, "recv: example.org: head not complete within 30000 ms");
    assert_in_range(s->clock.now_ms, 31000, 33000);
    script_free(s);
}

static void interim_responses_renew_the_wait(void **state) {
    (void)state;
    static const step steps[] = {{EXPECT, "\r\n\r\n", 0},
                                 {TICK, NULL, 50000},
                                 {SEND, "HTTP/1.1 102 Processing\r\n\r\n", 0},
                                 {TICK, NULL, 50000},
                                 {SEND, OK "Content-Length: 0\r\n\r\n", 0},
                                 {END, NULL, 0}};
    script *s = with(steps, (skua_conn_opts){0});
    skua_response *r = script_response(s);
    assert_int_equal(skua_response_informational(r, 0), 102);
    skua_response_free(r);
    script_free(s);
}

static void a_body_that_stops(void **state) {
    (void)state;
    static const step steps[] = {{EXPECT, "\r\n\r\n", 0},
                                 {SEND, OK "Content-Length: 5000\r\n\r\n0123456789", 0},
                                 {END, NULL, 0}};
    script *s = with(steps, (skua_conn_opts){0});
    skua_response *r = script_response(s);
    const char *data;
    size_t len;
    assert_int_equal(skua_response_read_all(r, 0, &data, &len, &s->err), SKUA_E_TIMEOUT);
    assert_timeout(s, SKUA_PHASE_RECV, 30000,
                   "recv: example.org: no bytes for 30000 ms (10 of 5000 received)");
    assert_int_equal(s->err.bytes_received, 10);
    assert_int_equal(s->err.bytes_expected, 5000);
    skua_response_free(r);
    script_free(s);
}

static void a_chunk_line_that_drips_is_no_arrival(void **state) {
    (void)state;
    static step steps[300];
    steps[0] = (step){EXPECT, "\r\n\r\n", 0};
    steps[1] = (step){SEND, OK "Transfer-Encoding: chunked\r\n\r\n1;", 0};
    for (size_t i = 2; i < 100; i += 2) {
        steps[i] = (step){TICK, NULL, 1000};
        steps[i + 1] = (step){SEND, "x", 1};
    }
    script *s = with(steps, (skua_conn_opts){0});
    skua_response *r = script_response(s);
    char byte;
    assert_int_equal(skua_response_read(r, &byte, 1, &s->err), SKUA_E_TIMEOUT);
    assert_string_equal(s->err.msg, "recv: example.org: no bytes for 30000 ms (0 received)");
    assert_in_range(s->clock.now_ms, 31000, 33000);
    skua_response_free(r);
    script_free(s);
}

static void the_deadline_holds_over_a_body_that_never_pauses(void **state) {
    (void)state;
    static const step steps[] = {{EXPECT, "\r\n\r\n", 0},
                                 {SEND, OK "Content-Length: 5000\r\n\r\n0123456789", 0},
                                 {END, NULL, 0}};
    script *s = with(steps, (skua_conn_opts){.deadline_ms = 5000});
    skua_response *r = script_response(s);
    char byte;
    assert_int_equal(skua_response_read(r, &byte, 1, &s->err), 1);
    s->clock.now_ms += 5000;
    assert_int_equal(skua_response_read(r, &byte, 1, &s->err), SKUA_E_TIMEOUT);
    assert_timeout(s, SKUA_PHASE_RECV, 5000,
                   "recv: example.org: not complete within 5000 ms (1 of 5000 received)");
    skua_response_free(r);
    script_free(s);
}

static void a_deadline_can_begin_anew(void **state) {
    (void)state;
    static const step steps[] = {{EXPECT, "\r\n\r\n", 0},
                                 {SEND, OK "Content-Length: 5000\r\n\r\n0123456789", 0},
                                 {END, NULL, 0}};
    script *s = with(steps, (skua_conn_opts){.deadline_ms = 5000});
    skua_response *r = script_response(s);
    char byte;
    s->clock.now_ms += 4000;
    assert_int_equal(skua_conn_set_deadline(s->conn, 3000), 0);
    s->clock.now_ms += 2999;
    assert_int_equal(skua_response_read(r, &byte, 1, &s->err), 1);
    s->clock.now_ms += 1;
    assert_int_equal(skua_response_read(r, &byte, 1, &s->err), SKUA_E_TIMEOUT);
    assert_timeout(s, SKUA_PHASE_RECV, 7000,
                   "recv: example.org: not complete within 3000 ms (1 of 5000 received)");
    skua_response_free(r);
    script_free(s);
}

static void a_deadline_can_be_taken_back(void **state) {
    (void)state;
    static const step steps[] = {
        {EXPECT, "\r\n\r\n", 0}, {SEND, OK "Content-Length: 2\r\n\r\nab", 0}, {END, NULL, 0}};
    script *s = with(steps, (skua_conn_opts){.deadline_ms = 5000});
    assert_int_equal(skua_conn_set_deadline(NULL, 1), SKUA_E_INVALID_ARGUMENT);
    assert_int_equal(skua_conn_set_deadline(s->conn, -2), SKUA_E_INVALID_ARGUMENT);
    assert_int_equal(skua_conn_set_deadline(s->conn, 0), 0);
    skua_response *r = script_response(s);
    char bytes[2];
    s->clock.now_ms += 6000;
    assert_int_equal(skua_response_read(r, bytes, 2, &s->err), 2);
    skua_response_free(r);
    script_free(s);
}

static void a_slow_reader_is_not_a_slow_peer(void **state) {
    (void)state;
    static const step steps[] = {{EXPECT, "\r\n\r\n", 0},
                                 {SEND, OK "Content-Length: 4\r\n\r\nab", 0},
                                 {TICK, NULL, 20000},
                                 {SEND, "cd", 0},
                                 {END, NULL, 0}};
    script *s = with(steps, (skua_conn_opts){.timeout_ms = 25000});
    skua_response *r = script_response(s);
    char two[2];
    assert_int_equal(skua_response_read(r, two, 2, &s->err), 2);
    s->clock.now_ms += 1000000;
    assert_int_equal(skua_response_read(r, two, 2, &s->err), 2);
    assert_true(skua_response_done(r));
    skua_response_free(r);
    script_free(s);
}

static void a_peer_that_never_reads(void **state) {
    (void)state;
    static char body[100000];
    script *s = with(silence, (skua_conn_opts){0});
    s->deaf = true;
    assert_int_equal(skua_conn_request(s->conn, "POST", "/", NULL, body, sizeof body, &s->err),
                     SKUA_E_TIMEOUT);
    assert_timeout(s, SKUA_PHASE_SEND, 30000,
                   "send: example.org: nothing taken for 30000 ms (4096 bytes sent)");
    script_free(s);

    s = with(silence, (skua_conn_opts){.timeout_ms = 250});
    s->deaf = true;
    skua_conn_putrequest(s->conn, "POST", "/");
    skua_conn_putheader(s->conn, "Content-Length", "100000");
    skua_conn_endheaders(s->conn);
    assert_int_equal(skua_conn_send(s->conn, body, sizeof body), SKUA_E_TIMEOUT);
    assert_null(skua_conn_getresponse(s->conn, &s->err));
    assert_timeout(s, SKUA_PHASE_SEND, 250,
                   "send: example.org: not all sent within 250 ms (4096 bytes sent)");
    script_free(s);
}

static void a_body_that_was_not_sent_is_named(void **state) {
    (void)state;
    script *s = with(silence, (skua_conn_opts){0});
    skua_conn_putrequest(s->conn, "POST", "/");
    skua_conn_putheader(s->conn, "Content-Length", "10");
    skua_conn_endheaders(s->conn);
    skua_conn_send(s->conn, "abc", 3);
    assert_null(skua_conn_getresponse(s->conn, &s->err));
    assert_timeout(s, SKUA_PHASE_WAIT, 60000,
                   "wait: example.org: no response within 60000 ms, with 3 of 10 body bytes sent");
    script_free(s);
}

static void timings_tell_when_each_phase_was_over(void **state) {
    (void)state;
    static const step steps[] = {{EXPECT, "\r\n\r\n", 0},
                                 {TICK, NULL, 5},
                                 {SEND, OK, 0},
                                 {TICK, NULL, 6},
                                 {SEND, "Content-Length: 2\r\n\r\n", 0},
                                 {TICK, NULL, 7},
                                 {SEND, "ok", 0},
                                 {END, NULL, 0}};
    script *s = with(steps, (skua_conn_opts){0});
    skua_timings t;
    skua_response *r = script_response(s);
    skua_response_timings(r, &t);
    assert_true(t.resolve < 0 && t.connect < 0 && t.tls < 0);
    assert_true(t.send == 0 && t.first_byte == 5 && t.head == 11 && t.total >= 11);
    assert_body(r, "ok");
    s->clock.now_ms += 100;
    skua_response_timings(r, &t);
    assert_true(t.total == 18);
    skua_response_free(r);
    script_free(s);
}

static void what_came_with_its_head_was_complete_then(void **state) {
    (void)state;
    static const step steps[] = {{EXPECT, "\r\n\r\n", 0},
                                 {TICK, NULL, 5},
                                 {SEND, OK "Content-Length: 2\r\n\r\nok", 0},
                                 {END, NULL, 0}};
    script *s = with(steps, (skua_conn_opts){0});
    skua_timings t;
    skua_response *r = script_response(s);
    s->clock.now_ms += 100; /* it is read later */
    assert_body(r, "ok");
    skua_response_timings(r, &t);
    assert_true(t.head == 5 && t.total == 5);
    skua_response_free(r);
    script_free(s);
}

static void what_ends_later_was_complete_later(void **state) {
    (void)state;
    static const step steps[] = {{EXPECT, "\r\n\r\n", 0}, {TICK, NULL, 5},  {SEND, OK "\r\nok", 0},
                                 {TICK, NULL, 40},        {CLOSE, NULL, 0}, {END, NULL, 0}};
    script *s = with(steps, (skua_conn_opts){0});
    skua_timings t;
    skua_response *r = script_response(s);
    assert_body(r, "ok");
    skua_response_timings(r, &t);
    assert_true(t.head == 5 && t.total == 45);
    skua_response_free(r);
    script_free(s);
}

static void what_never_comes_takes_its_time(void **state) {
    (void)state;
    static const step steps[] = {{EXPECT, "\r\n\r\n", 0},
                                 {TICK, NULL, 5},
                                 {SEND, OK "Content-Length: 2\r\n\r\n", 0},
                                 {END, NULL, 0}};
    script *s = with(steps, (skua_conn_opts){.idle_timeout_ms = 60});
    skua_timings t;
    char byte;
    skua_response *r = script_response(s);
    assert_int_equal(skua_response_read(r, &byte, 1, &s->err), SKUA_E_TIMEOUT);
    skua_response_timings(r, &t);
    assert_true(t.head == 5 && t.total == 65);
    skua_response_free(r);
    script_free(s);
}

static void timings_of_a_failure_are_the_connections(void **state) {
    (void)state;
    script *s = with(silence, (skua_conn_opts){.timeout_ms = 50});
    skua_timings t;
    script_failure(s);
    s->clock.now_ms += 100;
    skua_conn_timings(s->conn, &t);
    assert_true(t.send == 0 && t.first_byte < 0 && t.head < 0 && t.total == 50);
    script_free(s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_peer_that_never_answers),
        cmocka_unit_test(a_head_that_drips),
        cmocka_unit_test(interim_responses_renew_the_wait),
        cmocka_unit_test(a_body_that_stops),
        cmocka_unit_test(a_chunk_line_that_drips_is_no_arrival),
        cmocka_unit_test(the_deadline_holds_over_a_body_that_never_pauses),
        cmocka_unit_test(a_deadline_can_begin_anew),
        cmocka_unit_test(a_deadline_can_be_taken_back),
        cmocka_unit_test(a_slow_reader_is_not_a_slow_peer),
        cmocka_unit_test(a_peer_that_never_reads),
        cmocka_unit_test(a_body_that_was_not_sent_is_named),
        cmocka_unit_test(timings_tell_when_each_phase_was_over),
        cmocka_unit_test(what_came_with_its_head_was_complete_then),
        cmocka_unit_test(what_ends_later_was_complete_later),
        cmocka_unit_test(what_never_comes_takes_its_time),
        cmocka_unit_test(timings_of_a_failure_are_the_connections),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
