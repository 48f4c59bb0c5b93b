/* client/round_trip.c - sending while the peer may answer, or go away, before it has everything. */
#include "bodies.h"
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

static void a07_a_body_larger_than_what_the_peer_takes_at_once(void **state) {
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
    int64_t sent = -1;
    assert_int_equal(skua_response_upload_cut(r, &sent), 0);
    assert_int_equal(sent, sizeof body);
    assert_int_equal(skua_response_upload_cut(NULL, &sent), 0);
    assert_int_equal(sent, 0);
    skua_response_free(r);
    script_free(s);
}

static void a07_an_early_answer_stops_the_upload(void **state) {
    (void)state;
    static const step steps[] = {{EXPECT, "\r\n\r\n", 0}, {SEND, TOO_LARGE, 0}, {END, NULL, 0}};
    script *s = with_room(steps, 1000);
    assert_int_equal(post(s), 0);
    assert_true(s->got_len < 10000);
    skua_response *r = skua_conn_getresponse(s->conn, &s->err);
    assert_non_null(r);
    assert_int_equal(skua_response_status(r), 413);
    assert_body(r, "no");
    int64_t sent = -1;
    assert_int_equal(skua_response_upload_cut(r, &sent), 1);
    script_listen(s);
    assert_int_equal(sent, s->got + s->got_len - (strstr(s->got, "\r\n\r\n") + 4));
    skua_response_free(r);
    /* Half a request is on the connection: it cannot carry another. */
    assert_int_equal(script_get(s, "/"), SKUA_E_NOT_CONNECTED);
    script_free(s);
}

static void a07_step_by_step_the_send_says_so(void **state) {
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

static void a07_a_peer_that_answers_and_closes_is_heard(void **state) {
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
static void a07_an_answer_behind_a_broken_pipe_is_heard(void **state) {
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
    assert_int_equal(s->err.phase, SKUA_PHASE_SEND);
    assert_string_equal(s->err.msg, "send: example.org: connection reset by peer; the request may "
                                    "have been seen, and acted on");
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

static void a07_the_body_waits_for_100_continue(void **state) {
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

static void a07_the_body_is_not_sent_when_it_is_not_wanted(void **state) {
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
    int64_t sent = -1;
    assert_int_equal(skua_response_upload_cut(r, &sent), 1);
    assert_int_equal(sent, 0);
    skua_response_free(r);
    script_free(s);
}

static void a07_a_peer_that_knows_no_100_gets_the_body_after_a_second(void **state) {
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

static void a07_another_interim_response_is_no_leave_to_send(void **state) {
    (void)state;
    static const step steps[] = {{EXPECT, "\r\n\r\n", 0},
                                 {SEND, "HTTP/1.1 103 Early Hints\r\n\r\n", 0},
                                 {TICK, NULL, 100},
                                 {SEND, "HTTP/1.1 417 Expectation Failed\r\n\r\n", 0},
                                 {END, NULL, 0}};
    script *s = with_room(steps, 1000);
    assert_int_equal(expecting(s), 0);
    skua_response *r = skua_conn_getresponse(s->conn, &s->err);
    assert_non_null(r);
    assert_int_equal(skua_response_status(r), 417);
    assert_int_equal(skua_response_informational(r, 0), 103);
    assert_null(strstr(s->got, "abc"));
    skua_response_free(r);
    script_free(s);
}

static void a07_the_wait_for_100_can_be_bounded(void **state) {
    (void)state;
    static const step steps[] = {{EXPECT, "abc", 0}, {SEND, OK, 0}, {END, NULL, 0}};
    script *s = script_with(steps, "http://example.org",
                            (skua_conn_opts){.continue_timeout_ms = 250}, 1000);
    assert_int_equal(expecting(s), 0);
    skua_response *r = skua_conn_getresponse(s->conn, &s->err);
    assert_non_null(r);
    assert_int_equal(s->clock.now_ms, 1250);
    skua_response_free(r);
    script_free(s);
}

/* RFC 9110 10.1.1 */
static void a07_nothing_is_expected_without_a_body(void **state) {
    (void)state;
    static const step steps[] = {{EXPECT, "\r\n\r\n", 0}, {SEND, OK, 0}, {END, NULL, 0}};
    static const skua_field expect[] = {{"Expect", "100-continue", 0}, {0}};
    static const char *const methods[] = {"GET", "POST"};
    for (size_t i = 0; i < 2; i++) {
        script *s = with_room(steps, 1000);
        assert_int_equal(skua_conn_request(s->conn, methods[i], "/", expect, NULL, 0, &s->err), 0);
        skua_response *r = skua_conn_getresponse(s->conn, &s->err);
        assert_non_null(r);
        assert_null(strstr(s->got, "Expect"));
        assert_int_equal(s->clock.now_ms, 1000);
        skua_response_free(r);
        script_free(s);
    }
}

/* A stream that takes all there is never waits: the answer is looked for between two pieces. */
static void a07_an_early_answer_is_noticed_between_two_sends(void **state) {
    (void)state;
    static const step steps[] = {{END, NULL, 0}};
    script *s = with_room(steps, 1 << 20);
    skua_conn_putrequest(s->conn, "POST", "/");
    skua_conn_putheader(s->conn, "Transfer-Encoding", "chunked");
    skua_conn_endheaders(s->conn);
    assert_int_equal(skua_conn_send(s->conn, "abc", 3), 0);
    assert_int_equal(sk_pair_reads(s->pair, 0), 0); /* not ahead of the first */
    s->at = (const step[]){{SEND, TOO_LARGE, 0}, {END, NULL, 0}};
    script_turn(s);
    assert_int_equal(skua_conn_send(s->conn, "def", 3), SKUA_E_BROKEN_PIPE);
    skua_response *r = skua_conn_getresponse(s->conn, &s->err);
    assert_non_null(r);
    assert_int_equal(skua_response_status(r), 413);
    assert_int_equal(skua_response_upload_cut(r, NULL), 1);
    script_listen(s);
    assert_null(strstr(s->got, "def"));
    skua_response_free(r);
    script_free(s);
}

/* The machine has counted the last bytes as sent, but they stand in our buffer: what comes next on
 * this connection would be taken for them. */
static void a07_a_cut_in_the_last_bytes_ends_the_connection(void **state) {
    (void)state;
    static const step steps[] = {{EXPECT, "POST", 0}, {SEND, TOO_LARGE, 0}, {END, NULL, 0}};
    script *s = with_room(steps, 150);
    assert_int_equal(skua_conn_request(s->conn, "POST", "/", NULL, body, 1000, &s->err), 0);
    skua_response *r = skua_conn_getresponse(s->conn, &s->err);
    assert_non_null(r);
    int64_t sent = -1;
    assert_int_equal(skua_response_upload_cut(r, &sent), 1);
    assert_true(sent < 1000);
    assert_body(r, "no");
    skua_response_free(r);
    assert_int_equal(script_get(s, "/"), SKUA_E_NOT_CONNECTED);
    script_free(s);
}

/* From every kind of source, and over everything that a stream can do to it. */
static void a07_an_early_answer_stops_any_source(void **state) {
    (void)state;
    static const step steps[] = {{EXPECT, "\r\n\r\n", 0}, {SEND, TOO_LARGE, 0}, {END, NULL, 0}};
    FILE *file = bodies_file(200000);
    bodies_spring spring = {.len = 200000, .step = 3000};
    const skua_body bodies[] = {
        {.size = sizeof(skua_body), .kind = SKUA_BODY_FD, .fd = fileno(file)},
        {.size = sizeof(skua_body),
         .kind = SKUA_BODY_CALLBACK,
         .read = bodies_read,
         .user = &spring},
    };
    for (size_t i = 0; i < 2; i++) {
        script *s = with_room(steps, 1000);
        assert_int_equal(skua_conn_request_body(s->conn, "PUT", "/", NULL, &bodies[i], &s->err), 0);
        skua_response *r = skua_conn_getresponse(s->conn, &s->err);
        assert_non_null(r);
        assert_int_equal(skua_response_status(r), 413);
        int64_t sent = -1;
        assert_int_equal(skua_response_upload_cut(r, &sent), 1);
        assert_in_range(sent, 0, 20000);
        skua_response_free(r);
        script_free(s);
    }
    /* Of the file that much is used up, and no more than a buffer's worth of the spring. */
    assert_in_range(lseek(fileno(file), 0, SEEK_CUR), 9, 20009);
    assert_in_range(spring.at, 1, 20000);
    fclose(file);
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
        cmocka_unit_test(a07_a_body_larger_than_what_the_peer_takes_at_once),
        cmocka_unit_test(a07_an_early_answer_stops_the_upload),
        cmocka_unit_test(a07_step_by_step_the_send_says_so),
        cmocka_unit_test(why_the_peer_went_away_is_reported),
        cmocka_unit_test(a07_a_peer_that_answers_and_closes_is_heard),
        cmocka_unit_test(a07_an_answer_behind_a_broken_pipe_is_heard),
        cmocka_unit_test(a_peer_that_goes_without_a_word_is_an_error_of_sending),
        cmocka_unit_test(nonsense_in_the_middle_of_an_upload_is_reported_as_such),
        cmocka_unit_test(a07_the_body_waits_for_100_continue),
        cmocka_unit_test(a07_the_body_is_not_sent_when_it_is_not_wanted),
        cmocka_unit_test(a07_another_interim_response_is_no_leave_to_send),
        cmocka_unit_test(a07_the_wait_for_100_can_be_bounded),
        cmocka_unit_test(a07_nothing_is_expected_without_a_body),
        cmocka_unit_test(a07_an_early_answer_is_noticed_between_two_sends),
        cmocka_unit_test(a07_a_cut_in_the_last_bytes_ends_the_connection),
        cmocka_unit_test(a07_an_early_answer_stops_any_source),
        cmocka_unit_test(a07_a_peer_that_knows_no_100_gets_the_body_after_a_second),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
