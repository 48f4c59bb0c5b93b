/* client/round_trip.c - sending while the peer may answer, or go away, before it has everything. */
#include "script.h"

#define OK        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
#define TOO_LARGE "HTTP/1.1 413 Content Too Large\r\nContent-Length: 2\r\n\r\nno"

static char body[100000];

static script *with_room(const step *steps, size_t capacity) {
    return script_with(steps, "http://example.org", (skua_conn_opts){0}, capacity);
}

static int post(script *s) {
    return skua_conn_request(s->conn, "POST", "/", NULL, body, sizeof body, &s->err);
}

static void a_body_larger_than_what_the_peer_takes_at_once(void **state) {
    (void)state;
    static const step steps[] = {
        {EXPECT, "\r\n\r\n", 0}, {EXPECT, "THE END", 0}, {SEND, OK, 0}, {END, NULL, 0}};
    memset(body, 'x', sizeof body);
    memcpy(body + sizeof body - 7, "THE END", 7);
    script *s = with_room(steps, 1000);
    assert_int_equal(post(s), 0);
    skua_response *r = skua_conn_getresponse(s->conn, &s->err);
    assert_non_null(r);
    assert_body(r, "ok");
    assert_memory_equal(strstr(s->got, "\r\n\r\n") + 4, body, sizeof body);
    skua_response_free(r);
    script_free(s);
}

static void an_early_answer_stops_the_upload(void **state) {
    (void)state;
    static const step steps[] = {{EXPECT, "\r\n\r\n", 0}, {SEND, TOO_LARGE, 0}, {END, NULL, 0}};
    script *s = with_room(steps, 1000);
    assert_int_equal(post(s), 0);
    assert_true(s->got_len < 10000);
    skua_response *r = skua_conn_getresponse(s->conn, &s->err);
    assert_non_null(r);
    assert_int_equal(skua_response_status(r), 413);
    assert_body(r, "no");
    skua_response_free(r);
    /* Half a request is on the connection: it cannot carry another. */
    assert_int_equal(script_get(s, "/"), SKUA_E_NOT_CONNECTED);
    script_free(s);
}

static void step_by_step_the_send_says_so(void **state) {
    (void)state;
    static const step steps[] = {{EXPECT, "\r\n\r\n", 0},
                                 {SEND, "HTTP/1.1 102 Processing\r\n\r\n", 0},
                                 {SEND, TOO_LARGE, 0},
                                 {END, NULL, 0}};
    script *s = with_room(steps, 1000);
    skua_conn_putrequest(s->conn, "POST", "/");
    skua_conn_putheader(s->conn, "Transfer-Encoding", "chunked");
    skua_conn_endheaders(s->conn);
    assert_int_equal(skua_conn_send(s->conn, body, sizeof body), SKUA_E_BROKEN_PIPE);
    assert_int_equal(skua_conn_send(s->conn, body, sizeof body), SKUA_E_BROKEN_PIPE);
    skua_response *r = skua_conn_getresponse(s->conn, &s->err);
    assert_non_null(r);
    assert_int_equal(skua_response_status(r), 413);
    assert_int_equal(skua_response_informational(r, 0), 102);
    skua_response_free(r);
    script_free(s);
}

static void a_peer_that_answers_and_closes_is_heard(void **state) {
    (void)state;
    static const step steps[] = {
        {EXPECT, "\r\n\r\n", 0}, {SEND, TOO_LARGE, 0}, {CLOSE, NULL, 0}, {END, NULL, 0}};
    script *s = with_room(steps, 1000);
    assert_int_equal(post(s), 0);
    skua_response *r = skua_conn_getresponse(s->conn, &s->err);
    assert_non_null(r);
    assert_body(r, "no");
    skua_response_free(r);
    script_free(s);
}

/* The answer stands in the socket, writing fails: it is found all the same. */
static void an_answer_behind_a_broken_pipe_is_heard(void **state) {
    (void)state;
    static const step steps[] = {{END, NULL, 0}};
    script *s = with_room(steps, 100000);
    skua_conn_putrequest(s->conn, "POST", "/");
    skua_conn_putheader(s->conn, "Content-Length", "6");
    skua_conn_putheader(s->conn, "Expect", "200-maybe");
    assert_int_equal(skua_conn_endheaders(s->conn), 0);
    assert_int_equal(skua_conn_send(s->conn, "abc", 3), 0);
    s->at = (const step[]){{SEND, TOO_LARGE, 0}, {CLOSE, NULL, 0}, {END, NULL, 0}};
    script_turn(s);
    script_turn(s);
    assert_int_equal(skua_conn_send(s->conn, "def", 3), SKUA_E_BROKEN_PIPE);
    skua_response *r = skua_conn_getresponse(s->conn, &s->err);
    assert_non_null(r);
    assert_int_equal(skua_response_status(r), 413);
    skua_response_free(r);
    script_free(s);
}

static void a_peer_that_goes_without_a_word_is_an_error_of_sending(void **state) {
    (void)state;
    static const step steps[] = {{EXPECT, "\r\n\r\n", 0}, {CLOSE, NULL, 0}, {END, NULL, 0}};
    script *s = with_room(steps, 1000);
    int rc = post(s);
    assert_true(rc == SKUA_E_BROKEN_PIPE || rc == SKUA_E_REMOTE_DISCONNECTED);
    assert_non_null(strstr(s->err.msg, "example.org: "));
    assert_int_equal(s->err.retry_safe, 0);
    script_free(s);

    static const step reset[] = {{EXPECT, "\r\n\r\n", 0}, {RESET, NULL, 0}, {END, NULL, 0}};
    s = with_room(reset, 1000);
    assert_int_equal(post(s), SKUA_E_CONNECTION_RESET);
    script_free(s);
}

static void nonsense_in_the_middle_of_an_upload_is_reported_as_such(void **state) {
    (void)state;
    static const step steps[] = {
        {EXPECT, "\r\n\r\n", 0}, {SEND, "nonsense\r\n\r\n", 0}, {END, NULL, 0}};
    script *s = with_room(steps, 1000);
    assert_int_equal(post(s), SKUA_E_BAD_STATUS_LINE);
    assert_int_equal(s->err.phase, SKUA_PHASE_RECV);
    script_free(s);
}

static int expecting(script *s) {
    const skua_field fields[] = {{"Expect", "100-continue", 0}, {0}};
    return skua_conn_request(s->conn, "PUT", "/", fields, "abc", 3, &s->err);
}

static void the_body_waits_for_100_continue(void **state) {
    (void)state;
    static const step steps[] = {
        {EXPECT, "\r\n\r\n", 0}, {TICK, NULL, 100}, {SEND, "HTTP/1.1 100 Continue\r\n\r\n", 0},
        {EXPECT, "abc", 0},      {SEND, OK, 0},     {END, NULL, 0}};
    script *s = with_room(steps, 1000);
    assert_int_equal(expecting(s), 0);
    skua_response *r = skua_conn_getresponse(s->conn, &s->err);
    assert_non_null(r);
    assert_int_equal(skua_response_informational(r, 0), 100);
    assert_int_equal(s->clock.now_ms, 1100);
    skua_response_free(r);
    script_free(s);
}

static void the_body_is_not_sent_when_it_is_not_wanted(void **state) {
    (void)state;
    static const step steps[] = {{EXPECT, "\r\n\r\n", 0},
                                 {SEND, "HTTP/1.1 417 Expectation Failed\r\n\r\n", 0},
                                 {END, NULL, 0}};
    script *s = with_room(steps, 1000);
    assert_int_equal(expecting(s), 0);
    skua_response *r = skua_conn_getresponse(s->conn, &s->err);
    assert_non_null(r);
    assert_int_equal(skua_response_status(r), 417);
    assert_null(strstr(s->got, "abc"));
    skua_response_free(r);
    script_free(s);
}

static void a_peer_that_knows_no_100_gets_the_body_after_a_second(void **state) {
    (void)state;
    static const step steps[] = {{EXPECT, "abc", 0}, {SEND, OK, 0}, {END, NULL, 0}};
    script *s = with_room(steps, 1000);
    assert_int_equal(expecting(s), 0);
    skua_response *r = skua_conn_getresponse(s->conn, &s->err);
    assert_non_null(r);
    assert_int_equal(s->clock.now_ms, 2000);
    assert_body(r, "ok");
    skua_response_free(r);
    script_free(s);
}

/* A peer that has refused, said so in a TLS alert, and gone. */
static ptrdiff_t read_alert(skua_stream *s, void *buf, size_t len, skua_error *err) {
    (void)s;
    (void)buf;
    (void)len;
    *err = (skua_error){.code = SKUA_E_TLS, .phase = SKUA_PHASE_TLS, .msg = "tls: it says why"};
    return SKUA_E_TLS;
}

static ptrdiff_t write_reset(skua_stream *s, const skua_str *pieces, size_t count,
                             skua_error *err) {
    (void)s;
    (void)pieces;
    (void)count;
    *err = (skua_error){
        .code = SKUA_E_CONNECTION_RESET, .phase = SKUA_PHASE_SEND, .msg = "connection reset"};
    return SKUA_E_CONNECTION_RESET;
}

static int shutdown_nothing(skua_stream *s, skua_error *err) {
    (void)s;
    (void)err;
    return 0;
}

static void close_nothing(skua_stream *s) {
    (void)s;
}

static skua_want want_nothing(skua_stream *s, unsigned events) {
    (void)s;
    return (skua_want){-1, events};
}

static skua_conn *refused(void) {
    static const skua_stream_ops ops = {.size = sizeof ops,
                                        .read = read_alert,
                                        .writev = write_reset,
                                        .shutdown = shutdown_nothing,
                                        .close = close_nothing,
                                        .want = want_nothing};
    static skua_stream stream = {&ops};
    skua_error err;
    return skua_conn_new("http://example.org", SKUA_OPTS(skua_conn_opts, .stream = &stream), &err);
}

static void why_the_peer_went_away_is_reported(void **state) {
    (void)state;
    skua_error err;
    skua_conn *c = refused();
    assert_int_equal(skua_conn_request(c, "GET", "/", NULL, NULL, 0, &err), SKUA_E_TLS);
    assert_int_equal(err.code, SKUA_E_TLS);
    assert_non_null(strstr(err.msg, "it says why"));
    skua_conn_free(c);

    c = refused();
    skua_conn_putrequest(c, "GET", "/");
    assert_int_equal(skua_conn_endheaders(c), SKUA_E_CONNECTION_RESET);
    assert_null(skua_conn_getresponse(c, &err));
    assert_int_equal(err.code, SKUA_E_TLS);
    assert_non_null(strstr(err.msg, "it says why"));
    skua_conn_free(c);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_body_larger_than_what_the_peer_takes_at_once),
        cmocka_unit_test(an_early_answer_stops_the_upload),
        cmocka_unit_test(step_by_step_the_send_says_so),
        cmocka_unit_test(why_the_peer_went_away_is_reported),
        cmocka_unit_test(a_peer_that_answers_and_closes_is_heard),
        cmocka_unit_test(an_answer_behind_a_broken_pipe_is_heard),
        cmocka_unit_test(a_peer_that_goes_without_a_word_is_an_error_of_sending),
        cmocka_unit_test(nonsense_in_the_middle_of_an_upload_is_reported_as_such),
        cmocka_unit_test(the_body_waits_for_100_continue),
        cmocka_unit_test(the_body_is_not_sent_when_it_is_not_wanted),
        cmocka_unit_test(a_peer_that_knows_no_100_gets_the_body_after_a_second),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
