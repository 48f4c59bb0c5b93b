/* client/response*.c - heads, fields, bodies and how they end. */
#include "script.h"

#define OK "HTTP/1.1 200 OK\r\n"

static script *answered(const char *answer) {
    return script_answering(answer, 0, (skua_conn_opts){0});
}

static void a15_fields_are_as_received(void **state) {
    (void)state;
    script *s = answered("HTTP/1.1 200  \xe9t\xe9 \t\r\nX-Case: \t a b \t\r\nSet-Cookie: a=1\r\n"
                         "Empty:\r\nset-cookie: b=2\r\nContent-Length: 0\r\n\r\n");
    skua_response *r = script_response(s);
    size_t count;
    const skua_field *f = skua_response_fields(r, &count);
    assert_int_equal(count, 5);
    assert_string_equal(skua_response_reason(r), "\xe9t\xe9");
    assert_string_equal(f[0].name, "X-Case");
    assert_string_equal(f[0].value, "a b");
    assert_string_equal(f[2].value, "");
    assert_string_equal(f[3].name, "set-cookie");
    assert_null(f[5].name);
    assert_string_equal(skua_response_header(r, "SET-COOKIE"), "a=1, b=2");
    assert_ptr_equal(skua_response_header(r, "set-cookie"), skua_response_header(r, "Set-Cookie"));
    assert_string_equal(skua_response_header(r, "x-case"), "a b");
    assert_string_equal(skua_response_header(r, "empty"), "");
    assert_null(skua_response_header(r, "missing"));
    assert_null(skua_response_header(r, NULL));
    assert_true(skua_response_done(r));
    assert_int_equal(skua_response_content_length(r), 0);
    assert_body(r, "");
    skua_response_free(r);
    script_free(s);
}

static void a15_folds_are_undone(void **state) {
    (void)state;
    script *s = answered("HTTP/1.1 200\r\nA:1\r\nLong: one\r\n\ttwo\r\n   three \r\n"
                         "Empty:\r\nTransfer-Encoding: chunked\r\nLast:\r\n folded\r\n\r\n"
                         "0\r\nT:\r\n  trailer\r\nU: v\r\n\r\n");
    skua_response *r = script_response(s);
    assert_string_equal(skua_response_reason(r), "");
    assert_string_equal(skua_response_header(r, "a"), "1");
    assert_string_equal(skua_response_header(r, "long"), "one  \ttwo     three");
    assert_string_equal(skua_response_header(r, "empty"), "");
    assert_string_equal(skua_response_header(r, "last"), "folded");
    assert_body(r, "");
    const skua_field *t = skua_response_trailers(r, NULL);
    assert_string_equal(t[0].name, "T");
    assert_string_equal(t[0].value, "trailer");
    assert_string_equal(t[1].value, "v");
    assert_null(t[2].name);
    skua_response_free(r);
    script_free(s);
}

static void a14_the_status_line_and_where_it_came_from(void **state) {
    (void)state;
    static const struct {
        const char *answer, *reason;
        int status, version;
    } cases[] = {
        {"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "Not Found", 404, 11},
        {"HTTP/1.0 299 \r\n\r\n", "", 299, 10},
        {"HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", "", 200, 11},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        script *s = answered(cases[i].answer);
        assert_int_equal(script_get(s, "/a?b=c"), 0);
        skua_response *r = skua_conn_getresponse(s->conn, &s->err);
        assert_non_null(r);
        assert_int_equal(skua_response_status(r), cases[i].status);
        assert_int_equal(skua_response_version(r), cases[i].version);
        assert_string_equal(skua_response_reason(r), cases[i].reason);
        assert_string_equal(skua_response_url(r), "http://example.org/a?b=c");
        skua_response_free(r);
        script_free(s);
    }
}

static void nothing_is_asked_of_null(void **state) {
    (void)state;
    char byte;
    skua_error err = {0};
    size_t count = 1;
    const char *data;
    skua_timings t;
    assert_int_equal(skua_response_status(NULL), 0);
    assert_int_equal(skua_response_version(NULL), 0);
    assert_string_equal(skua_response_reason(NULL), "");
    assert_string_equal(skua_response_url(NULL), "");
    assert_null(skua_response_header(NULL, "a"));
    assert_null(skua_response_fields(NULL, &count)->name);
    assert_int_equal(count, 0);
    assert_null(skua_response_trailers(NULL, NULL)->name);
    assert_int_equal(skua_response_informational(NULL, 0), 0);
    assert_null(skua_response_informational_fields(NULL, 0, NULL)->name);
    assert_int_equal(skua_response_content_length(NULL), -1);
    assert_int_equal(skua_response_read(NULL, &byte, 1, &err), SKUA_E_INVALID_ARGUMENT);
    assert_int_equal(skua_response_read_all(NULL, 0, &data, &count, &err), SKUA_E_INVALID_ARGUMENT);
    assert_int_equal(skua_response_peek(NULL, &data, &count, &err), SKUA_E_INVALID_ARGUMENT);
    assert_int_equal(skua_response_readline(NULL, &byte, 1, &err), SKUA_E_INVALID_ARGUMENT);
    assert_string_equal(skua_response_content_coding(NULL), "");
    assert_int_equal(skua_response_done(NULL), 1);
    skua_response_timings(NULL, &t);
    skua_response_free(NULL);
}

static void a16_bodies_that_end_well(void **state) {
    (void)state;
    static const struct {
        const char *answer, *body;
        int64_t length;
    } cases[] = {
        {OK "Content-Length: 5\r\n\r\nhello", "hello", 5},
        {OK "Content-Length: 5\r\n\r\nhello beyond", "hello", 5},
        {OK "Content-Length: 5, 5\r\n\r\nhello", "hello", 5},
        {OK "\r\nuntil the end", "until the end", -1},
        {"HTTP/1.0 200 OK\r\n\r\nold", "old", -1},
        {OK "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n", "abcde", -1},
        {OK "Transfer-Encoding: Chunked\r\n\r\n0\r\n\r\n", "", -1},
        {"HTTP/1.1 204 No Content\r\n\r\nnot a body", "", 0},
        {"HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", "", 0},
        {"HTTP/1.1 999 Odd\r\nContent-Length: 1\r\n\r\nx", "x", 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        script *s = answered(cases[i].answer);
        skua_response *r = script_response(s);
        assert_int_equal(skua_response_content_length(r), cases[i].length);
        assert_body(r, cases[i].body);
        assert_body(r, cases[i].body); /* again the same */
        assert_int_equal(skua_response_read(r, &(char){0}, 1, &s->err), 0);
        skua_response_free(r);
        script_free(s);
    }
}

static void a16_small_reads_give_the_same(void **state) {
    (void)state;
    script *s = answered(OK "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n");
    skua_response *r = script_response(s);
    char all[16] = "", byte;
    assert_int_equal(skua_response_read(r, &byte, 0, &s->err), 0);
    while (skua_response_read(r, &byte, 1, &s->err) == 1)
        all[strlen(all)] = byte;
    assert_string_equal(all, "abcde");
    assert_true(skua_response_done(r));
    skua_response_free(r);
    script_free(s);
}

static void a17_the_last_byte_is_the_end(void **state) {
    (void)state;
    script *s = answered(OK "Content-Length: 2\r\n\r\nok");
    skua_response *r = script_response(s);
    char two[2];
    assert_int_equal(skua_response_read(r, two, 2, &s->err), 2);
    assert_true(skua_response_done(r));
    skua_response_free(r);
    script_free(s);
}

static void a16_head_announces_and_has_no_body(void **state) {
    (void)state;
    script *s = answered(OK "Content-Length: 500\r\n\r\n");
    assert_int_equal(skua_conn_request(s->conn, "HEAD", "/", NULL, NULL, 0, &s->err), 0);
    skua_response *r = skua_conn_getresponse(s->conn, &s->err);
    assert_non_null(r);
    assert_true(skua_response_done(r));
    assert_int_equal(skua_response_content_length(r), 500);
    assert_body(r, "");
    skua_response_free(r);
    script_free(s);
}

static void a18_trailers_come_with_the_end(void **state) {
    (void)state;
    script *s = answered(OK "Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n"
                            "X-Sum: 1\r\nX-Sum: 2\r\n\r\n");
    skua_response *r = script_response(s);
    size_t count;
    assert_null(skua_response_trailers(r, &count)->name);
    assert_int_equal(count, 0);
    assert_body(r, "a");
    const skua_field *f = skua_response_trailers(r, &count);
    assert_int_equal(count, 2);
    assert_string_equal(f[0].name, "X-Sum");
    assert_string_equal(f[1].value, "2");
    assert_null(f[2].name);
    skua_response_free(r);
    script_free(s);
}

static void a08_interim_responses_are_kept(void **state) {
    (void)state;
    script *s = answered("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n"
                         "Link: </b>\r\n\r\n" OK "Content-Length: 0\r\n\r\n");
    skua_response *r = script_response(s);
    size_t count;
    assert_int_equal(skua_response_status(r), 200);
    assert_int_equal(skua_response_informational(r, 0), 100);
    assert_int_equal(skua_response_informational(r, 1), 103);
    assert_int_equal(skua_response_informational(r, 2), 0);
    assert_string_equal(skua_response_informational_fields(r, 1, &count)[1].value, "</b>");
    assert_int_equal(count, 2);
    assert_null(skua_response_informational_fields(r, 0, &count)->name);
    assert_null(skua_response_informational_fields(r, 2, &count)->name);
    assert_int_equal(count, 0);
    skua_response_free(r);
    script_free(s);
}

static void a08_interim_responses_are_bounded(void **state) {
    (void)state;
    char answer[4096] = "";
    for (int i = 0; i < 17; i++)
        strcat(answer, "HTTP/1.1 102 Processing\r\n\r\n");
    script *s = answered(answer);
    assert_int_equal(script_failure(s), SKUA_E_BAD_FRAMING);
    assert_string_equal(s->err.msg, "recv: example.org: more than 16 interim responses");
    script_free(s);
}

static void a08_switching_protocols_ends_the_exchange(void **state) {
    (void)state;
    script *s = answered("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n"
                         "Connection: upgrade\r\n\r\nno http");
    skua_response *r = script_response(s);
    assert_int_equal(skua_response_status(r), 101);
    assert_true(skua_response_done(r));
    assert_body(r, "");
    skua_response_free(r);
    assert_int_equal(script_get(s, "/"), SKUA_E_NOT_CONNECTED);
    script_free(s);
}

static void a19_incomplete_read_says_by_how_much(void **state) {
    (void)state;
    static const struct {
        const char *answer, *message;
        int64_t received, expected;
    } cases[] = {
        {OK "Content-Length: 100\r\n\r\n0123456789",
         "recv: example.org: body cut short: 10 of 100 bytes received", 10, 100},
        {OK "Content-Length: 100\r\n\r\n",
         "recv: example.org: body cut short: 0 of 100 bytes received", 0, 100},
        {OK "Transfer-Encoding: chunked\r\n\r\n5\r\nabc",
         "recv: example.org: body cut short: 3 bytes received", 3, -1},
        {OK "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
         "recv: example.org: body cut short: 3 bytes received", 3, -1},
        {OK "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n",
         "recv: example.org: body cut short: 3 bytes received", 3, -1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        script *s = answered(cases[i].answer);
        skua_response *r = script_response(s);
        const char *data = "untouched";
        size_t len = 7;
        assert_int_equal(skua_response_read_all(r, 0, &data, &len, &s->err),
                         SKUA_E_INCOMPLETE_READ);
        assert_string_equal(s->err.msg, cases[i].message);
        assert_int_equal(s->err.bytes_received, cases[i].received);
        assert_int_equal(s->err.bytes_expected, cases[i].expected);
        assert_int_equal(s->err.phase, SKUA_PHASE_RECV);
        assert_string_equal(s->err.target, "example.org:80");
        assert_string_equal(s->err.address, "pair:1");
        assert_string_equal(data, "untouched");
        assert_int_equal(len, 7);
        assert_int_equal(skua_response_read(r, &(char){0}, 1, NULL), SKUA_E_INCOMPLETE_READ);
        assert_false(skua_response_done(r));
        skua_response_free(r);
        script_free(s);
    }
}

static void a19_a_bad_chunk_stays_bad(void **state) {
    (void)state;
    script *s = answered(OK "Transfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n0\r\n\r\n");
    skua_response *r = script_response(s);
    char buf[8];
    assert_int_equal(skua_response_read(r, buf, sizeof buf, &s->err), 3);
    assert_int_equal(skua_response_read(r, buf, sizeof buf, &s->err), SKUA_E_BAD_CHUNK);
    assert_int_equal(skua_response_read(r, buf, sizeof buf, &s->err), SKUA_E_BAD_CHUNK);
    assert_int_equal(skua_response_read(r, buf, 0, &s->err), 0);
    assert_int_equal(strncmp(s->err.msg, "recv: example.org: ", 19), 0);
    skua_response_free(r);
    script_free(s);
}

static void a19_heads_that_are_refused(void **state) {
    (void)state;
    static const struct {
        const char *answer;
        int code;
    } cases[] = {
        {"", SKUA_E_REMOTE_DISCONNECTED},
        {"HTTP/1.1 20", SKUA_E_BAD_STATUS_LINE},
        {"HTTP/1.1 200 OK\r\nA: b\r\n", SKUA_E_INCOMPLETE_READ},
        {"garbage\r\n\r\n", SKUA_E_BAD_STATUS_LINE},
        {"HTTP/2.0 200 OK\r\n\r\n", SKUA_E_UNKNOWN_PROTOCOL},
        {"HTTP/2 200\r\n\r\n", SKUA_E_UNKNOWN_PROTOCOL},
        {"HTTP/1\r\n\r\n", SKUA_E_BAD_STATUS_LINE},
        {"HTTP/\r\n\r\n", SKUA_E_BAD_STATUS_LINE},
        {"HTTP/1.1 200 OK\r\nA : b\r\n\r\n", SKUA_E_BAD_FIELD},
        {OK "Content-Length: 1\r\nContent-Length: 2\r\n\r\n", SKUA_E_BAD_CONTENT_LENGTH},
        {OK "Content-Length: x\r\n\r\n", SKUA_E_BAD_CONTENT_LENGTH},
        {OK "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", SKUA_E_BAD_FRAMING},
        {OK "Transfer-Encoding: gzip\r\n\r\n", SKUA_E_UNKNOWN_TRANSFER_ENCODING},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        script *s = answered(cases[i].answer);
        if (!cases[i].answer[0])
            s->at += 2;
        int code = script_failure(s);
        if (code != cases[i].code)
            print_error("%s -> %s\n", cases[i].answer, s->err.msg);
        assert_int_equal(code, cases[i].code);
        assert_non_null(strstr(s->err.msg, ": example.org: "));
        script_free(s);
    }
}

static void a19_a_bad_field_line_says_how(void **state) {
    (void)state;
    static const char *const cases[][2] = {
        {": b", "recv: example.org: a field line without a name"},
        {"A", "recv: example.org: a field line without a colon"},
        {"A b", "recv: example.org: white space within or behind a field name"},
        {"A : b", "recv: example.org: white space within or behind a field name"},
        {"(A): b", "recv: example.org: an invalid byte in a field name"},
        {"A(: b", "recv: example.org: an invalid byte in a field name"},
        {" A: b", "recv: example.org: a field line that begins with white space (folding)"},
        {"A: \x01", "recv: example.org: a control character in a field value"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char answer[100];
        snprintf(answer, sizeof answer, OK "%s\r\n\r\n", cases[i][0]);
        script *s = answered(answer);
        assert_int_equal(script_failure(s), SKUA_E_BAD_FIELD);
        assert_string_equal(s->err.msg, cases[i][1]);
        script_free(s);
    }
}

static void a19_what_is_no_status_line_is_shown(void **state) {
    (void)state;
    script *s = answered("SSH-2.0-Open\x1b[31m\xff\r\nrest");
    assert_int_equal(script_failure(s), SKUA_E_BAD_STATUS_LINE);
    assert_string_equal(s->err.msg,
                        "recv: example.org: not an HTTP response: \"SSH-2.0-Open?[31m?\"");
    assert_int_equal(s->err.phase, SKUA_PHASE_RECV);
    script_free(s);

    s = answered("\x15\x03\x01\x02\x02\x46");
    assert_int_equal(script_failure(s), SKUA_E_BAD_STATUS_LINE);
    assert_string_equal(s->err.msg, "recv: example.org: the peer answers with TLS: use https");
    script_free(s);
}

static void a19_no_answer_at_all_is_a_disconnect(void **state) {
    (void)state;
    static const step steps[] = {{EXPECT, "\r\n\r\n", 0}, {SHUT, NULL, 0}, {END, NULL, 0}};
    script *s = script_new(steps);
    assert_int_equal(script_failure(s), SKUA_E_REMOTE_DISCONNECTED);
    assert_string_equal(s->err.msg, "wait: example.org: peer closed without a response; the "
                                    "request may have been seen, and may be sent again");
    assert_int_equal(s->err.phase, SKUA_PHASE_WAIT);
    assert_int_equal(s->err.retry_safe, 1);
    assert_int_equal(s->err.maybe_seen, 1);
    script_free(s);
}

static void a19_resets_are_told_apart_by_when_they_come(void **state) {
    (void)state;
    static const step at_once[] = {{EXPECT, "\r\n\r\n", 0}, {RESET, NULL, 0}, {END, NULL, 0}};
    script *s = script_new(at_once);
    assert_int_equal(script_failure(s), SKUA_E_CONNECTION_RESET);
    assert_string_equal(s->err.msg, "wait: example.org: connection reset by peer; the request "
                                    "may have been seen, and may be sent again");
    script_free(s);

    static const step in_head[] = {
        {EXPECT, "\r\n\r\n", 0}, {SEND, "HTTP/1.1 2", 0}, {RESET, NULL, 0}, {END, NULL, 0}};
    s = script_new(in_head);
    assert_int_equal(script_failure(s), SKUA_E_CONNECTION_RESET);
    script_free(s);

    static const step in_body[] = {
        {EXPECT, "\r\n\r\n", 0}, {SEND, OK "Content-Length: 100\r\n\r\nabc", 0}, {END, NULL, 0}};
    s = script_new(in_body);
    skua_response *r = script_response(s);
    char buf[8];
    assert_int_equal(skua_response_read(r, buf, sizeof buf, &s->err), 3);
    script_reset(s);
    assert_int_equal(skua_response_read(r, buf, sizeof buf, &s->err), SKUA_E_CONNECTION_RESET);
    assert_string_equal(s->err.msg, "recv: example.org: connection reset by peer: "
                                    "3 of 100 bytes received");
    skua_response_free(r);
    script_free(s);
}

static void a16_read_all_has_a_cap(void **state) {
    (void)state;
    const char *data;
    size_t len;
    script *s = answered(OK "Content-Length: 5\r\n\r\nhello");
    skua_response *r = script_response(s);
    assert_int_equal(skua_response_read_all(r, 4, &data, &len, &s->err), SKUA_E_BODY_TOO_LARGE);
    assert_string_equal(s->err.msg, "limit: example.org: body larger than 4 bytes");
    skua_response_free(r);
    script_free(s);

    s = answered(OK "\r\nhello");
    r = script_response(s);
    assert_int_equal(skua_response_read_all(r, 4, &data, &len, &s->err), SKUA_E_BODY_TOO_LARGE);
    skua_response_free(r);
    script_free(s);

    s = answered(OK "\r\nhello");
    r = script_response(s);
    assert_int_equal(skua_response_read_all(r, 5, &data, &len, &s->err), 0);
    assert_int_equal(len, 5);
    skua_response_free(r);
    script_free(s);
}

static void a16_read_all_grows(void **state) {
    (void)state;
    static char answer[200100];
    int head = snprintf(answer, sizeof answer, OK "Content-Length: 200000\r\n\r\n");
    memset(answer + head, 'x', 200000);
    script *s = answered(answer);
    skua_response *r = script_response(s);
    const char *data;
    size_t len;
    assert_int_equal(skua_response_read_all(r, 0, &data, &len, &s->err), 0);
    assert_int_equal(len, 200000);
    assert_int_equal(strlen(data), 200000);
    skua_response_free(r);
    script_free(s);
}

static void a16_what_was_read_singly_is_not_in_read_all(void **state) {
    (void)state;
    script *s = answered(OK "Content-Length: 5\r\n\r\nhello");
    skua_response *r = script_response(s);
    char two[2];
    assert_int_equal(skua_response_read(r, two, 2, &s->err), 2);
    assert_body(r, "llo");
    skua_response_free(r);
    script_free(s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a15_fields_are_as_received),
        cmocka_unit_test(a15_folds_are_undone),
        cmocka_unit_test(a14_the_status_line_and_where_it_came_from),
        cmocka_unit_test(nothing_is_asked_of_null),
        cmocka_unit_test(a16_bodies_that_end_well),
        cmocka_unit_test(a16_small_reads_give_the_same),
        cmocka_unit_test(a17_the_last_byte_is_the_end),
        cmocka_unit_test(a16_head_announces_and_has_no_body),
        cmocka_unit_test(a18_trailers_come_with_the_end),
        cmocka_unit_test(a08_interim_responses_are_kept),
        cmocka_unit_test(a08_interim_responses_are_bounded),
        cmocka_unit_test(a08_switching_protocols_ends_the_exchange),
        cmocka_unit_test(a19_incomplete_read_says_by_how_much),
        cmocka_unit_test(a19_a_bad_chunk_stays_bad),
        cmocka_unit_test(a19_heads_that_are_refused),
        cmocka_unit_test(a19_a_bad_field_line_says_how),
        cmocka_unit_test(a19_what_is_no_status_line_is_shown),
        cmocka_unit_test(a19_no_answer_at_all_is_a_disconnect),
        cmocka_unit_test(a19_resets_are_told_apart_by_when_they_come),
        cmocka_unit_test(a16_read_all_has_a_cap),
        cmocka_unit_test(a16_read_all_grows),
        cmocka_unit_test(a16_what_was_read_singly_is_not_in_read_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
