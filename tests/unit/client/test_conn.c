/* client/conn.c - the states of a connection object, as http.client has them, and what latches. */
#include "script.h"

#define ANSWER       "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
#define ANSWER_CLOSE "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok"

static const step one_answer[] = {{EXPECT, "\r\n\r\n", 0}, {SEND, ANSWER, 0}, {END, NULL, 0}};

static void a_request_and_its_response(void **state) {
    (void)state;
    script *s = script_new(one_answer);
    skua_response *r = script_response(s);
    assert_int_equal(skua_response_status(r), 200);
    assert_string_equal(skua_response_reason(r), "OK");
    assert_int_equal(skua_response_version(r), 11);
    assert_string_equal(skua_response_url(r), "http://example.org/");
    assert_false(skua_response_done(r));
    assert_body(r, "ok");
    assert_true(skua_response_done(r));
    skua_response_free(r);
    assert_string_equal(s->got, "GET / HTTP/1.1\r\nHost: example.org\r\n"
                                "Accept-Encoding: identity\r\n\r\n");
    script_free(s);
}

static void a12_calls_out_of_order_are_refused_and_change_nothing(void **state) {
    (void)state;
    script *s = script_new(one_answer);
    skua_conn *c = s->conn;
    assert_int_equal(skua_conn_putheader(c, "A", "b"), SKUA_E_CANNOT_SEND_HEADER);
    assert_int_equal(skua_conn_endheaders(c), SKUA_E_CANNOT_SEND_HEADER);
    assert_int_equal(skua_conn_send(c, "x", 1), SKUA_E_IMPROPER_CONNECTION_STATE);
    assert_null(skua_conn_getresponse(c, &s->err));
    assert_int_equal(s->err.code, SKUA_E_RESPONSE_NOT_READY);
    assert_string_equal(s->err.target, "example.org:80");

    assert_int_equal(skua_conn_putrequest(c, "GET", "/"), 0);
    assert_int_equal(skua_conn_putrequest(c, "GET", "/other"), SKUA_E_CANNOT_SEND_REQUEST);
    assert_int_equal(script_get(s, "/other"), SKUA_E_CANNOT_SEND_REQUEST);
    assert_int_equal(skua_conn_send(c, "x", 1), SKUA_E_IMPROPER_CONNECTION_STATE);
    assert_null(skua_conn_getresponse(c, &s->err));
    assert_int_equal(s->err.code, SKUA_E_RESPONSE_NOT_READY);

    assert_int_equal(skua_conn_endheaders(c), 0);
    assert_int_equal(skua_conn_putheader(c, "A", "b"), SKUA_E_CANNOT_SEND_HEADER);
    assert_int_equal(skua_conn_endheaders(c), SKUA_E_CANNOT_SEND_HEADER);
    assert_int_equal(skua_conn_putrequest(c, "GET", "/other"), SKUA_E_CANNOT_SEND_REQUEST);

    skua_response *r = skua_conn_getresponse(c, &s->err);
    assert_non_null(r);
    assert_body(r, "ok");
    assert_null(strstr(s->got, "other"));
    skua_response_free(r);
    script_free(s);
}

static void another_request_may_be_sent_before_the_response_is_read(void **state) {
    (void)state;
    static const step steps[] = {{EXPECT, "\r\n\r\n", 0},
                                 {SEND, ANSWER, 0},
                                 {EXPECT, "\r\n\r\n", 0},
                                 {SEND, ANSWER, 0},
                                 {END, NULL, 0}};
    script *s = script_new(steps);
    skua_response *first = script_response(s);
    assert_int_equal(script_get(s, "/second"), 0);
    assert_null(skua_conn_getresponse(s->conn, &s->err));
    assert_int_equal(s->err.code, SKUA_E_RESPONSE_NOT_READY);
    assert_int_equal(script_get(s, "/third"), SKUA_E_CANNOT_SEND_REQUEST);
    assert_body(first, "ok");
    skua_response *second = skua_conn_getresponse(s->conn, &s->err);
    assert_non_null(second);
    assert_body(second, "ok");
    skua_response_free(first);
    skua_response_free(second);
    script_free(s);
}

static void freeing_the_unread_response_makes_way_for_the_next(void **state) {
    (void)state;
    static const step steps[] = {{EXPECT, "\r\n\r\n", 0},
                                 {SEND, ANSWER, 0},
                                 {EXPECT, "\r\n\r\n", 0},
                                 {SEND, ANSWER, 0},
                                 {END, NULL, 0}};
    script *s = script_new(steps);
    skua_response_free(script_response(s));
    skua_response *r = script_response(s);
    assert_body(r, "ok");
    skua_response_free(r);
    script_free(s);
}

static void an_unread_body_that_has_not_come_closes_the_connection(void **state) {
    (void)state;
    static const step steps[] = {{EXPECT, "\r\n\r\n", 0},
                                 {SEND, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok", 0},
                                 {END, NULL, 0}};
    script *s = script_new(steps);
    skua_response *first = script_response(s);
    assert_int_equal(script_get(s, "/ahead"), 0);
    skua_response_free(first);
    assert_null(skua_conn_getresponse(s->conn, &s->err));
    assert_int_equal(s->err.code, SKUA_E_NOT_CONNECTED);
    assert_int_equal(script_get(s, "/again"), SKUA_E_NOT_CONNECTED); /* the stream was given */
    script_free(s);
}

static void a_closing_response_is_read_beside_the_connection(void **state) {
    (void)state;
    static const step steps[] = {{EXPECT, "\r\n\r\n", 0}, {SEND, ANSWER_CLOSE, 0}, {END, NULL, 0}};
    script *s = script_new(steps);
    skua_response *r = script_response(s);
    /* As in http.client, the connection object has let go: it would have to connect anew. */
    assert_int_equal(skua_conn_putrequest(s->conn, "GET", "/"), 0);
    assert_int_equal(skua_conn_endheaders(s->conn), SKUA_E_NOT_CONNECTED);
    assert_body(r, "ok");
    skua_response_free(r);
    assert_null(skua_conn_getresponse(s->conn, &s->err));
    assert_int_equal(s->err.code, SKUA_E_NOT_CONNECTED);
    script_free(s);
}

static void closing_takes_the_responses_along(void **state) {
    (void)state;
    script *s = script_new(one_answer);
    skua_response *r = script_response(s);
    char byte;
    skua_conn_close(s->conn);
    assert_int_equal(skua_response_read(r, &byte, 1, &s->err), SKUA_E_NOT_CONNECTED);
    assert_string_equal(s->err.msg,
                        "state: example.org: the connection was closed before the body was read");
    assert_int_equal(skua_response_read(r, &byte, 1, NULL), SKUA_E_NOT_CONNECTED);
    skua_response_free(r);
    script_free(s);
}

static void freeing_takes_the_responses_along(void **state) {
    (void)state;
    static const step steps[] = {{EXPECT, "\r\n\r\n", 0}, {SEND, ANSWER_CLOSE, 0}, {END, NULL, 0}};
    script *s = script_new(steps);
    skua_response *r = script_response(s);
    char byte;
    skua_timings t;
    skua_conn_free(s->conn);
    s->conn = NULL;
    assert_int_equal(skua_response_read(r, &byte, 1, &s->err), SKUA_E_NOT_CONNECTED);
    skua_response_timings(r, &t);
    assert_true(t.total >= 0);
    skua_response_free(r);
    script_free(s);
}

static void the_first_failure_latches_and_getresponse_reports_it(void **state) {
    (void)state;
    script *s = script_new(one_answer);
    skua_conn *c = s->conn;
    assert_int_equal(skua_conn_putrequest(c, "GET", "/"), 0);
    assert_int_equal(skua_conn_putheader(c, "X", "a\r\nInjected: 1"), SKUA_E_INVALID_ARGUMENT);
    assert_int_equal(skua_conn_putheader(c, "Content-Length", "x"), SKUA_E_INVALID_ARGUMENT);
    assert_int_equal(skua_conn_endheaders(c), SKUA_E_INVALID_ARGUMENT);
    assert_int_equal(skua_conn_send(c, "x", 1), SKUA_E_INVALID_ARGUMENT);
    assert_null(skua_conn_getresponse(c, &s->err));
    assert_int_equal(s->err.code, SKUA_E_INVALID_ARGUMENT);
    assert_non_null(strstr(s->err.msg, "the value of X holds a line end"));
    assert_string_equal(s->err.target, "example.org:80");
    assert_int_equal(s->got_len, 0);
    /* Once reported it is over, and the connection is as it was. */
    skua_response *r = script_response(s);
    assert_body(r, "ok");
    skua_response_free(r);
    script_free(s);
}

static void a05_each_field_that_is_wrong_has_its_code(void **state) {
    (void)state;
    static const struct {
        const char *name, *value;
        int code;
    } cases[] = {
        {"Bad Name", "x", SKUA_E_INVALID_ARGUMENT},
        {"", "x", SKUA_E_INVALID_ARGUMENT},
        {"X:", "x", SKUA_E_INVALID_ARGUMENT},
        {"X", "a\nb", SKUA_E_INVALID_ARGUMENT},
        {"X", "a\rb", SKUA_E_INVALID_ARGUMENT},
        {"X", "\x01", SKUA_E_INVALID_ARGUMENT},
        {"X", NULL, SKUA_E_INVALID_ARGUMENT},
        {"Transfer-Encoding", NULL, SKUA_E_INVALID_ARGUMENT},
        {NULL, "x", SKUA_E_INVALID_ARGUMENT},
        {"Content-Length", "1x", SKUA_E_BAD_CONTENT_LENGTH},
        {"content-length", "-1", SKUA_E_BAD_CONTENT_LENGTH},
        {"Content-Length", "", SKUA_E_BAD_CONTENT_LENGTH},
        {"Transfer-Encoding", "gzip", SKUA_E_BAD_FRAMING},
    };
    script *s = script_new(one_answer);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(skua_conn_putrequest(s->conn, "POST", "/"), 0);
        assert_int_equal(skua_conn_putheader(s->conn, cases[i].name, cases[i].value),
                         cases[i].code);
        assert_null(skua_conn_getresponse(s->conn, &s->err));
        assert_int_equal(s->err.code, cases[i].code);
    }
    assert_int_equal(skua_conn_putrequest(s->conn, "POST", "/"), 0);
    assert_int_equal(skua_conn_putheader(s->conn, "Content-Length", "1"), 0);
    assert_int_equal(skua_conn_putheader(s->conn, "Transfer-Encoding", "chunked"),
                     SKUA_E_BAD_FRAMING);
    assert_null(skua_conn_getresponse(s->conn, &s->err));
    script_free(s);
}

static void a04_methods_and_targets_are_checked(void **state) {
    (void)state;
    static const char *const bad_methods[] = {"", "G T", "GET\r\n", "G\xc3\x89T", "(GET)"};
    static const char *const bad_targets[] = {"/a b", "/a\r\nX: y", "/\x7f", "/\xc3\xa9", " "};
    script *s = script_new(one_answer);
    for (size_t i = 0; i < sizeof bad_methods / sizeof bad_methods[0]; i++) {
        assert_int_equal(skua_conn_request(s->conn, bad_methods[i], "/", NULL, NULL, 0, &s->err),
                         SKUA_E_INVALID_ARGUMENT);
    }
    for (size_t i = 0; i < sizeof bad_targets / sizeof bad_targets[0]; i++)
        assert_int_equal(script_get(s, bad_targets[i]), SKUA_E_INVALID_ARGUMENT);
    assert_int_equal(skua_conn_request(s->conn, NULL, "/", NULL, NULL, 0, &s->err),
                     SKUA_E_INVALID_ARGUMENT);
    assert_int_equal(s->got_len, 0);
    script_free(s);
}

static void a_failed_request_is_reported_by_getresponse_too(void **state) {
    (void)state;
    script *s = script_new(one_answer);
    assert_int_equal(script_get(s, "/a b"), SKUA_E_INVALID_ARGUMENT);
    assert_null(skua_conn_getresponse(s->conn, &s->err));
    assert_int_equal(s->err.code, SKUA_E_INVALID_ARGUMENT);
    assert_null(skua_conn_getresponse(s->conn, &s->err));
    assert_int_equal(s->err.code, SKUA_E_RESPONSE_NOT_READY);
    skua_response_free(script_response(s));
    script_free(s);
}

static void a07_more_body_than_announced_is_refused(void **state) {
    (void)state;
    script *s = script_new(one_answer);
    skua_conn_putrequest(s->conn, "POST", "/");
    skua_conn_putheader(s->conn, "Content-Length", "3");
    assert_int_equal(skua_conn_endheaders(s->conn), 0);
    assert_int_equal(skua_conn_send(s->conn, "ab", 2), 0);
    assert_int_equal(skua_conn_send(s->conn, "cd", 2), SKUA_E_IMPROPER_CONNECTION_STATE);
    assert_int_equal(skua_conn_send(s->conn, "c", 1), SKUA_E_IMPROPER_CONNECTION_STATE);
    assert_null(skua_conn_getresponse(s->conn, &s->err));
    assert_int_equal(s->err.code, SKUA_E_IMPROPER_CONNECTION_STATE);
    script_free(s);
}

static void nothing_is_done_without_a_connection(void **state) {
    (void)state;
    skua_error err = {0};
    skua_timings t;
    assert_int_equal(skua_conn_putrequest(NULL, "GET", "/"), SKUA_E_INVALID_ARGUMENT);
    assert_int_equal(skua_conn_putheader(NULL, "A", "b"), SKUA_E_INVALID_ARGUMENT);
    assert_int_equal(skua_conn_endheaders(NULL), SKUA_E_INVALID_ARGUMENT);
    assert_int_equal(skua_conn_send(NULL, "x", 1), SKUA_E_INVALID_ARGUMENT);
    assert_int_equal(skua_conn_connect(NULL, &err), SKUA_E_INVALID_ARGUMENT);
    assert_int_equal(skua_conn_request(NULL, "GET", "/", NULL, NULL, 0, &err),
                     SKUA_E_INVALID_ARGUMENT);
    assert_null(skua_conn_getresponse(NULL, &err));
    assert_int_equal(err.code, SKUA_E_INVALID_ARGUMENT);
    assert_int_equal(skua_conn_info(NULL, NULL), SKUA_E_INVALID_ARGUMENT);
    skua_conn_timings(NULL, &t);
    assert_true(t.total < 0);
    skua_conn_close(NULL);
    skua_conn_free(NULL);
}

/* A program in a straight line looks at the last err alone: it must hold what went wrong first. */
static void why_there_is_no_connection_is_what_getresponse_reports(void **state) {
    (void)state;
    skua_error err;
    skua_conn *c = skua_conn_new("http://example.org:port", NULL, &err);
    skua_conn_putrequest(c, "PUT", "/blob");
    skua_conn_putheader(c, "Transfer-Encoding", "chunked");
    skua_conn_endheaders(c);
    skua_conn_send(c, "x", 1);
    assert_null(skua_conn_getresponse(c, &err));
    assert_int_equal(err.code, SKUA_E_INVALID_URL);
    assert_non_null(strstr(err.msg, "port"));
    assert_int_equal(skua_conn_request(c, "GET", "/", NULL, NULL, 0, &err), SKUA_E_INVALID_URL);
    assert_int_equal(skua_conn_connect(c, &err), SKUA_E_INVALID_URL);
    skua_conn_free(c);
}

static void it_describes_its_stream(void **state) {
    (void)state;
    script *s = script_new(one_answer);
    skua_stream_info info = {.size = sizeof info};
    assert_int_equal(skua_conn_info(s->conn, &info), SKUA_E_NOT_CONNECTED);
    assert_int_equal(skua_conn_connect(s->conn, &s->err), 0);
    assert_int_equal(skua_conn_connect(s->conn, &s->err), 0);
    assert_int_equal(skua_conn_info(s->conn, &info), 0);
    assert_string_equal(info.peer, "pair:1");
    assert_int_equal(info.size, sizeof info);
    script_free(s);
}

static void a_stream_that_was_never_used_is_closed_with_the_object(void **state) {
    (void)state;
    script *s = script_new(one_answer);
    skua_conn_free(s->conn);
    s->conn = NULL;
    skua_error err;
    char byte;
    assert_int_equal(s->far->ops->read(s->far, &byte, 1, &err), 0);
    script_free(s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_and_its_response),
        cmocka_unit_test(a12_calls_out_of_order_are_refused_and_change_nothing),
        cmocka_unit_test(another_request_may_be_sent_before_the_response_is_read),
        cmocka_unit_test(freeing_the_unread_response_makes_way_for_the_next),
        cmocka_unit_test(an_unread_body_that_has_not_come_closes_the_connection),
        cmocka_unit_test(a_closing_response_is_read_beside_the_connection),
        cmocka_unit_test(closing_takes_the_responses_along),
        cmocka_unit_test(freeing_takes_the_responses_along),
        cmocka_unit_test(the_first_failure_latches_and_getresponse_reports_it),
        cmocka_unit_test(a05_each_field_that_is_wrong_has_its_code),
        cmocka_unit_test(a04_methods_and_targets_are_checked),
        cmocka_unit_test(a_failed_request_is_reported_by_getresponse_too),
        cmocka_unit_test(a07_more_body_than_announced_is_refused),
        cmocka_unit_test(nothing_is_done_without_a_connection),
        cmocka_unit_test(why_there_is_no_connection_is_what_getresponse_reports),
        cmocka_unit_test(it_describes_its_stream),
        cmocka_unit_test(a_stream_that_was_never_used_is_closed_with_the_object),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
