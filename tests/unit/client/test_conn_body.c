/* client/conn_send.c and client/conn_request.c - request bodies of every kind, on the wire. */
#include "bodies.h"
#include "script.h"

#define OK   "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
#define HEAD "PUT / HTTP/1.1\r\nHost: example.org\r\nAccept-Encoding: identity\r\n"

static const step silence[] = {{END, NULL, 0}};

static int put(script *s, const skua_field *fields, const skua_body *body) {
    return skua_conn_request_body(s->conn, "PUT", "/", fields, body, &s->err);
}

/* Send it to somebody who only listens, and compare all that has left. */
static void assert_sent(const skua_field *fields, const skua_body *body, const char *expected) {
    script *s = script_new(silence);
    int rc = put(s, fields, body);
    if (rc != 0)
        print_error("%s\n", s->err.msg);
    assert_int_equal(rc, 0);
    script_listen(s);
    assert_string_equal(s->got, expected);
    script_free(s);
}

static void a03_what_is_known_has_a_length_and_the_rest_is_chunked(void **state) {
    (void)state;
    FILE *file = bodies_file(3);
    assert_sent(NULL, SKUA_OPTS(skua_body, .kind = SKUA_BODY_BYTES, .data = "ahov", .len = 4),
                HEAD "Content-Length: 4\r\n\r\nahov");
    assert_sent(NULL, SKUA_OPTS(skua_body, .kind = SKUA_BODY_FD, .fd = fileno(file)),
                HEAD "Content-Length: 3\r\n\r\naho");
    assert_int_equal(lseek(fileno(file), 9, SEEK_SET), 9);
    assert_sent(NULL, SKUA_OPTS(skua_body, .kind = SKUA_BODY_FILE, .file = file),
                HEAD "Content-Length: 3\r\n\r\naho");
    rewind(file);
    fseek(file, 10, SEEK_SET);
    assert_sent(NULL, SKUA_OPTS(skua_body, .kind = SKUA_BODY_FILE, .file = file, .len = 1),
                HEAD "Content-Length: 1\r\n\r\nh");
    fclose(file);
    bodies_spring spring = {.len = 5, .step = 3};
    skua_body from = {.size = sizeof from,
                      .kind = SKUA_BODY_CALLBACK,
                      .read = bodies_read,
                      .rewind = bodies_rewind,
                      .user = &spring};
    assert_sent(NULL, &from,
                HEAD "Transfer-Encoding: chunked\r\n\r\n3\r\naho\r\n2\r\nvc\r\n0\r\n\r\n");
    spring.at = 0;
    from.len = 5;
    assert_sent(NULL, &from, HEAD "Content-Length: 5\r\n\r\nahovc");
    spring = (bodies_spring){.len = 0, .step = 1};
    from.len = 0;
    assert_sent(NULL, &from, HEAD "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
    assert_sent(NULL, NULL, HEAD "Content-Length: 0\r\n\r\n");
    assert_sent(NULL, SKUA_OPTS(skua_body, .kind = SKUA_BODY_BYTES),
                HEAD "Content-Length: 0\r\n\r\n");
}

static void a03_the_callers_own_framing_wins(void **state) {
    (void)state;
    const skua_field chunked[] = {{"Transfer-Encoding", "chunked", 0}, {0}};
    const skua_field three[] = {{"content-length", "3", 0}, {0}};
    const skua_field none[] = {{"Content-Length", NULL, 0}, {0}};
    FILE *file = bodies_file(5);
    const skua_body from = {.size = sizeof from, .kind = SKUA_BODY_FD, .fd = fileno(file)};
    assert_sent(chunked, &from, HEAD "Transfer-Encoding: chunked\r\n\r\n5\r\nahovc\r\n0\r\n\r\n");
    lseek(from.fd, 9, SEEK_SET);
    assert_sent(none, &from, HEAD "Transfer-Encoding: chunked\r\n\r\n5\r\nahovc\r\n0\r\n\r\n");
    lseek(from.fd, 9, SEEK_SET);
    assert_sent(three, &from, HEAD "content-length: 3\r\n\r\naho");
    fclose(file);

    bodies_spring spring = {.len = 9, .step = 2};
    const skua_body endless = {
        .size = sizeof endless, .kind = SKUA_BODY_CALLBACK, .read = bodies_read, .user = &spring};
    assert_sent(three, &endless, HEAD "content-length: 3\r\n\r\naho");
}

static void a03_lengths_that_contradict_are_refused(void **state) {
    (void)state;
    const skua_field three[] = {{"Content-Length", "3", 0}, {0}};
    const skua_field none[] = {{"Content-Length", NULL, 0}, {0}};
    bodies_spring spring = {.len = 9, .step = 2};
    const struct {
        const skua_field *fields;
        skua_body body;
    } cases[] = {
        {three, {.kind = SKUA_BODY_BYTES, .data = "abcd", .len = 4}},
        {three, {.kind = SKUA_BODY_CALLBACK, .len = 4, .read = bodies_read, .user = &spring}},
        {none, {.kind = SKUA_BODY_BYTES, .data = "abcd", .len = 4}},
        {NULL, {.kind = SKUA_BODY_BYTES, .len = 4}},
        {NULL, {.kind = SKUA_BODY_FD, .fd = -1}},
    };
    script *s = script_new(silence);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        skua_body body = cases[i].body;
        body.size = sizeof body;
        assert_int_equal(put(s, cases[i].fields, &body), SKUA_E_INVALID_ARGUMENT);
        assert_int_equal(s->err.maybe_seen, 0);
        assert_null(skua_conn_getresponse(s->conn, &s->err));
        assert_int_equal(s->err.code, SKUA_E_INVALID_ARGUMENT);
    }
    script_listen(s);
    assert_int_equal(s->got_len, 0);
    assert_int_equal(skua_conn_request_body(NULL, "PUT", "/", NULL, NULL, NULL),
                     SKUA_E_INVALID_ARGUMENT);
    script_free(s);
}

static void a06_head_and_small_body_of_any_kind_leave_together(void **state) {
    (void)state;
    FILE *file = bodies_file(100);
    bodies_spring spring = {.len = 100, .step = 200};
    const skua_body bodies[] = {
        {.size = sizeof(skua_body), .kind = SKUA_BODY_FD, .fd = fileno(file)},
        {.size = sizeof(skua_body), .kind = SKUA_BODY_FILE, .file = file},
        {.size = sizeof(skua_body),
         .kind = SKUA_BODY_CALLBACK,
         .len = 100,
         .read = bodies_read,
         .user = &spring},
    };
    for (size_t i = 0; i < 3; i++) {
        script *s = script_new(silence);
        assert_int_equal(fseek(file, 9, SEEK_SET), 0);
        lseek(fileno(file), 9, SEEK_SET);
        assert_int_equal(put(s, NULL, &bodies[i]), 0);
        assert_int_equal(sk_pair_writes(s->pair, 0), 1);
        script_free(s);
    }
    fclose(file);
}

static void a03_a_large_body_arrives_as_it_was(void **state) {
    (void)state;
    static const step steps[] = {{EXPECT, "\r\n\r\n", 0}, {END, NULL, 0}};
    size_t len = 200000;
    FILE *file = bodies_file(len);
    const skua_body from = {.size = sizeof from, .kind = SKUA_BODY_FD, .fd = fileno(file)};
    script *s = script_with(steps, "http://example.org", (skua_conn_opts){0}, 1000);
    assert_int_equal(put(s, NULL, &from), 0);
    script_listen(s);
    char *body = strstr(s->got, "\r\n\r\n") + 4;
    assert_int_equal(s->got + s->got_len - body, len);
    assert_true(bodies_are(body, len));
    script_free(s);
    fclose(file);
}

static void a03_a_body_that_ends_early_ends_the_request(void **state) {
    (void)state;
    FILE *file = bodies_file(5);
    script *s = script_new(silence);
    skua_body from = {.size = sizeof from, .kind = SKUA_BODY_FD, .fd = fileno(file), .len = 6};
    assert_int_equal(put(s, NULL, &from), SKUA_E_INCOMPLETE_READ);
    assert_int_equal(s->err.phase, SKUA_PHASE_SEND);
    assert_string_equal(s->err.msg, "send: example.org: request body: it ended after 5 of 6 bytes");
    assert_int_equal(s->err.maybe_seen, 1);
    assert_int_equal(s->err.retry_safe, 1);                     /* PUT */
    assert_int_equal(script_get(s, "/"), SKUA_E_NOT_CONNECTED); /* the stream was closed */
    script_free(s);
    fclose(file);
}

static void a03_a_callback_that_stops_ends_the_request(void **state) {
    (void)state;
    bodies_spring spring = {.len = 10, .step = 2, .fail_at = 4};
    const skua_body from = {
        .size = sizeof from, .kind = SKUA_BODY_CALLBACK, .read = bodies_read, .user = &spring};
    script *s = script_new(silence);
    assert_int_equal(skua_conn_request_body(s->conn, "POST", "/", NULL, &from, &s->err),
                     SKUA_E_CANCELLED);
    assert_string_equal(s->err.msg,
                        "send: example.org: request body: the callback stopped the request");
    assert_int_equal(s->err.maybe_seen, 1);
    assert_int_equal(s->err.retry_safe, 0);
    assert_null(skua_conn_getresponse(s->conn, &s->err));
    assert_int_equal(s->err.code, SKUA_E_CANCELLED);
    assert_int_equal(script_get(s, "/"), SKUA_E_NOT_CONNECTED);
    script_free(s);
}

/* What cannot be read from the beginning costs no connection. */
static void a03_a_body_that_never_begins_leaves_the_connection(void **state) {
    (void)state;
    static const step steps[] = {{EXPECT, "GET ", 0}, {SEND, OK, 0}, {END, NULL, 0}};
    bodies_spring spring = {.len = 10, .step = 0, .fail_at = 1};
    spring.at = 1;
    const skua_body from = {
        .size = sizeof from, .kind = SKUA_BODY_CALLBACK, .read = bodies_read, .user = &spring};
    script *s = script_new(steps);
    assert_int_equal(put(s, NULL, &from), SKUA_E_CANCELLED);
    assert_int_equal(s->err.maybe_seen, 0);
    assert_int_equal(s->err.retry_safe, 1);
    skua_response_free(script_response(s));
    script_free(s);
}

static void begin_put(script *s, const char *name, const char *value) {
    assert_int_equal(skua_conn_putrequest(s->conn, "PUT", "/"), 0);
    assert_int_equal(skua_conn_putheader(s->conn, name, value), 0);
    assert_int_equal(skua_conn_endheaders(s->conn), 0);
}

static void a07_descriptors_and_files_are_sent_step_by_step(void **state) {
    (void)state;
    FILE *file = bodies_file(10);
    script *s = script_new(silence);
    begin_put(s, "Transfer-Encoding", "chunked");
    assert_int_equal(skua_conn_send_fd(s->conn, fileno(file), 2), 0);
    assert_int_equal(skua_conn_send_fd(s->conn, fileno(file), 3), 0);
    fseek(file, 14, SEEK_SET);
    assert_int_equal(skua_conn_send_file(s->conn, file), 0);
    assert_int_equal(skua_conn_send_file(s->conn, file), 0); /* nothing is left */
    script_listen(s);
    assert_string_equal(s->got, HEAD "Transfer-Encoding: chunked\r\n\r\n"
                                     "2\r\nah\r\n3\r\novc\r\n5\r\njqxel\r\n");
    skua_conn_close(s->conn);
    script_free(s);

    s = script_new(silence);
    begin_put(s, "Content-Length", "7");
    fseek(file, 9, SEEK_SET);
    lseek(fileno(file), 9, SEEK_SET);
    assert_int_equal(skua_conn_send_fd(s->conn, fileno(file), 7), 0);
    script_listen(s);
    assert_string_equal(s->got, HEAD "Content-Length: 7\r\n\r\nahovcjq");
    assert_int_equal(skua_conn_send_fd(s->conn, fileno(file), 1), SKUA_E_IMPROPER_CONNECTION_STATE);
    assert_null(skua_conn_getresponse(s->conn, &s->err));
    assert_string_equal(s->err.msg, "state: example.org: more body than the head announced");
    assert_int_equal(skua_conn_send_fd(NULL, 0, 0), SKUA_E_INVALID_ARGUMENT);
    assert_int_equal(skua_conn_send_file(NULL, file), SKUA_E_INVALID_ARGUMENT);
    script_free(s);
    fclose(file);
}

/* A file known to be too long is refused before any of it is sent; a pipe when that shows. */
static void a07_more_than_was_announced_is_refused(void **state) {
    (void)state;
    FILE *file = bodies_file(10);
    script *s = script_new(silence);
    begin_put(s, "Content-Length", "7");
    assert_int_equal(skua_conn_send_fd(s->conn, fileno(file), 0), SKUA_E_IMPROPER_CONNECTION_STATE);
    script_listen(s);
    assert_int_equal(s->got_len, 0);
    fclose(file);
    script_free(s);

    int fds[2];
    assert_int_equal(pipe(fds), 0);
    assert_int_equal(write(fds[1], "12345678", 8), 8);
    close(fds[1]);
    s = script_new(silence);
    begin_put(s, "Content-Length", "7");
    assert_int_equal(skua_conn_send_fd(s->conn, fds[0], 0), SKUA_E_IMPROPER_CONNECTION_STATE);
    close(fds[0]);
    script_free(s);
}

static void a07_a_pipe_may_bring_a_part(void **state) {
    (void)state;
    int fds[2];
    assert_int_equal(pipe(fds), 0);
    assert_int_equal(write(fds[1], "123", 3), 3);
    close(fds[1]);
    script *s = script_new(silence);
    begin_put(s, "Content-Length", "7");
    assert_int_equal(skua_conn_send_fd(s->conn, fds[0], 0), 0);
    assert_int_equal(skua_conn_send(s->conn, "4567", 4), 0);
    script_listen(s);
    assert_string_equal(s->got, HEAD "Content-Length: 7\r\n\r\n1234567");
    close(fds[0]);
    script_free(s);
}

static void a07_trailers_end_a_chunked_body(void **state) {
    (void)state;
    static const step steps[] = {{EXPECT, "X-Sum: 1\r\n\r\n", 0}, {SEND, OK, 0}, {END, NULL, 0}};
    const skua_field fields[] = {{"X-Sum", " 1 ", 0}, {0}};
    script *s = script_new(steps);
    begin_put(s, "Transfer-Encoding", "chunked");
    assert_int_equal(skua_conn_send(s->conn, "abc", 3), 0);
    assert_int_equal(skua_conn_sendtrailers(s->conn, fields), 0);
    skua_response *r = skua_conn_getresponse(s->conn, &s->err);
    assert_non_null(r);
    assert_int_equal(skua_response_upload_cut(r, NULL), 0);
    assert_non_null(strstr(s->got, "\r\n\r\n3\r\nabc\r\n0\r\nX-Sum: 1\r\n\r\n"));
    skua_response_free(r);
    script_free(s);
}

static void a07_trailers_that_cannot_be_are_refused(void **state) {
    (void)state;
    static const struct {
        const char *framing, *value;
        skua_field trailer;
        int code;
    } cases[] = {
        {"Content-Length", "3", {"X", "1", 0}, SKUA_E_IMPROPER_CONNECTION_STATE},
        {"Transfer-Encoding", "chunked", {"Content-Length", "1", 0}, SKUA_E_INVALID_ARGUMENT},
        {"Transfer-Encoding", "chunked", {"a b", "1", 0}, SKUA_E_INVALID_ARGUMENT},
        {"Transfer-Encoding", "chunked", {"X", "a\r\nb: c", 0}, SKUA_E_INVALID_ARGUMENT},
        {"Transfer-Encoding", "chunked", {"X", NULL, 0}, SKUA_E_INVALID_ARGUMENT},
    };
    assert_int_equal(skua_conn_sendtrailers(NULL, NULL), SKUA_E_INVALID_ARGUMENT);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const skua_field fields[] = {cases[i].trailer, {0}};
        script *s = script_new(silence);
        assert_int_equal(skua_conn_sendtrailers(s->conn, fields), SKUA_E_IMPROPER_CONNECTION_STATE);
        begin_put(s, cases[i].framing, cases[i].value);
        assert_int_equal(skua_conn_sendtrailers(s->conn, fields), cases[i].code);
        assert_null(skua_conn_getresponse(s->conn, &s->err));
        assert_int_equal(s->err.code, cases[i].code);
        script_free(s);
    }
    script *s = script_new(silence);
    begin_put(s, "Transfer-Encoding", "chunked");
    assert_int_equal(skua_conn_sendtrailers(s->conn, NULL), 0);
    assert_int_equal(skua_conn_send(s->conn, "x", 1), SKUA_E_IMPROPER_CONNECTION_STATE);
    assert_null(skua_conn_getresponse(s->conn, &s->err));
    assert_string_equal(s->err.msg, "state: example.org: the body has been ended");
    script_free(s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a03_what_is_known_has_a_length_and_the_rest_is_chunked),
        cmocka_unit_test(a03_the_callers_own_framing_wins),
        cmocka_unit_test(a03_lengths_that_contradict_are_refused),
        cmocka_unit_test(a03_a_large_body_arrives_as_it_was),
        cmocka_unit_test(a03_a_body_that_ends_early_ends_the_request),
        cmocka_unit_test(a03_a_callback_that_stops_ends_the_request),
        cmocka_unit_test(a03_a_body_that_never_begins_leaves_the_connection),
        cmocka_unit_test(a06_head_and_small_body_of_any_kind_leave_together),
        cmocka_unit_test(a07_descriptors_and_files_are_sent_step_by_step),
        cmocka_unit_test(a07_more_than_was_announced_is_refused),
        cmocka_unit_test(a07_a_pipe_may_bring_a_part),
        cmocka_unit_test(a07_trailers_end_a_chunked_body),
        cmocka_unit_test(a07_trailers_that_cannot_be_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
