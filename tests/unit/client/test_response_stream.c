/* client/response_stream.c: taking a connection over where it is HTTP's no longer; descriptors. */
#include "loopback.h"

#define SWITCH "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"

static script *switched(const char *answer) {
    static step steps[4];
    steps[0] = (step){EXPECT, "\r\n\r\n", 0};
    steps[1] = (step){SEND, answer, 0};
    steps[2] = (step){END, NULL, 0};
    return script_new(steps);
}

static void assert_reads(skua_stream *t, size_t most, const char *text) {
    char buf[64];
    assert_int_equal(t->ops->read(t, buf, most, NULL), strlen(text));
    assert_memory_equal(buf, text, strlen(text));
}

static void write_text(skua_stream *t, const char *text) {
    const skua_str piece = sk_str(text);
    assert_int_equal(t->ops->writev(t, &piece, 1, NULL), piece.len);
}

/* Both ways, over a stream whose response and connection object are gone. */
static void talk(script *s, skua_stream *t) {
    write_text(t, "mine");
    script_listen(s);
    assert_string_equal(s->got + s->got_len - 4, "mine");
    write_text(s->far, "yours");
    assert_reads(t, 64, "yours");
    assert_int_equal(t->ops->read(t, &(char){0}, 1, NULL), SKUA_E_AGAIN);
    t->ops->close(t);
    assert_int_equal(s->far->ops->read(s->far, &(char){0}, 1, NULL), 0);
}

static void a08_101_hands_over_the_stream(void **state) {
    (void)state;
    static const char *const ahead[] = {"", "ahead"};
    for (size_t i = 0; i < 2; i++) {
        char answer[256];
        snprintf(answer, sizeof answer, SWITCH "%s", ahead[i]);
        script *s = switched(answer);
        skua_response *r = script_response(s);
        assert_int_equal(skua_response_status(r), 101);
        assert_true(skua_response_done(r));
        skua_stream *t = skua_response_take_stream(r, &s->err);
        assert_non_null(t);
        skua_response_free(r);
        skua_conn_free(s->conn);
        s->conn = NULL;
        if (*ahead[i]) {
            assert_reads(t, 2, "ah");
            assert_reads(t, 64, "ead");
        }
        talk(s, t);
        script_free(s);
    }
}

/* RFC 9110 9.3.6: after 2xx it is a tunnel, whatever the fields say of a body. */
static void a08_connect_by_hand_hands_over_the_stream(void **state) {
    (void)state;
    static const char *const answers[] = {
        "HTTP/1.1 200 Established\r\n\r\nahead",
        "HTTP/1.1 299 Odd\r\nContent-Length: 3\r\n\r\nahead",
        "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nahead",
    };
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        script *s = switched(answers[i]);
        assert_int_equal(
            skua_conn_request(s->conn, "CONNECT", "inner.example:443", NULL, NULL, 0, &s->err), 0);
        skua_response *r = skua_conn_getresponse(s->conn, &s->err);
        assert_non_null(r);
        assert_non_null(strstr(s->got, "CONNECT inner.example:443 HTTP/1.1\r\n"
                                       "Host: inner.example:443\r\n"));
        assert_int_equal(skua_response_read(r, &(char){0}, 1, &s->err), 0);
        skua_stream *t = skua_response_take_stream(r, &s->err);
        assert_non_null(t);
        skua_response_free(r);
        assert_reads(t, 64, "ahead");
        talk(s, t);
        script_free(s);
    }
}

static void a08_a_refused_connect_is_a_response(void **state) {
    (void)state;
    script *s =
        switched("HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 2\r\n\r\nno");
    assert_int_equal(skua_conn_request(s->conn, "CONNECT", "inner:1", NULL, NULL, 0, &s->err), 0);
    skua_response *r = skua_conn_getresponse(s->conn, &s->err);
    assert_non_null(r);
    assert_null(skua_response_take_stream(r, &s->err));
    assert_int_equal(s->err.code, SKUA_E_IMPROPER_CONNECTION_STATE);
    assert_string_equal(s->err.msg,
                        "state: example.org: status 407 does not switch to another protocol");
    assert_body(r, "no");
    skua_response_free(r);
    script_free(s);
}

static void a08_a_stream_is_taken_once(void **state) {
    (void)state;
    script *s = switched(SWITCH "ahead");
    skua_response *r = script_response(s);
    skua_stream *t = skua_response_take_stream(r, &s->err);
    assert_non_null(t);
    assert_null(skua_response_take_stream(r, &s->err));
    assert_int_equal(s->err.code, SKUA_E_NOT_CONNECTED);
    assert_null(skua_response_take_stream(r, NULL));
    assert_null(skua_response_take_stream(NULL, NULL));
    t->ops->close(t);
    skua_response_free(r);
    script_free(s);
}

static void a08_a_stream_not_taken_is_closed(void **state) {
    (void)state;
    for (int by_conn = 0; by_conn < 2; by_conn++) {
        script *s = switched(SWITCH "ahead");
        skua_response *r = script_response(s);
        script_listen(s);
        assert_int_equal(s->far->ops->read(s->far, &(char){0}, 1, NULL), SKUA_E_AGAIN);
        if (by_conn) {
            skua_conn_close(s->conn);
            assert_null(skua_response_take_stream(r, &s->err));
            assert_int_equal(s->err.code, SKUA_E_NOT_CONNECTED);
        } else {
            skua_response_free(r);
        }
        assert_int_equal(s->far->ops->read(s->far, &(char){0}, 1, NULL), 0);
        if (by_conn)
            skua_response_free(r);
        skua_conn_stats stats = {.size = sizeof stats};
        skua_conn_statistics(s->conn, &stats);
        assert_int_equal(stats.dropped, 0);
        script_free(s);
    }
}

/* ---- descriptors ---- */

static void a17_a_stream_in_memory_has_no_descriptor(void **state) {
    (void)state;
    script *s = switched("HTTP/1.1 200 OK\r\n\r\nbody");
    skua_response *r = script_response(s);
    assert_int_equal(skua_response_fd(r), -1);
    assert_int_equal(skua_response_fd(NULL), -1);
    skua_response_free(r);
    script_free(s);
}

static void a17_fd_is_the_sockets_until_the_end(void **state) {
    (void)state;
    static const step once[] = {{EXPECT, "\r\n\r\n", 0},
                                {SEND, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody", 0},
                                {END, NULL, 0}};
    static const step *const only[] = {once, NULL};
    loopback *l = loopback_start(only);
    skua_error err;
    skua_conn *c = skua_conn_new(l->origin, NULL, &err);
    assert_int_equal(skua_conn_request(c, "GET", "/", NULL, NULL, 0, &err), 0);
    skua_response *r = skua_conn_getresponse(c, &err);
    assert_non_null(r);
    struct sockaddr_in to;
    socklen_t len = sizeof to;
    assert_int_equal(getpeername(skua_response_fd(r), (struct sockaddr *)&to, &len), 0);
    assert_int_equal(ntohs(to.sin_port), l->port);
    assert_body(r, "body");
    assert_int_equal(skua_response_fd(r), -1);
    skua_response_free(r);
    skua_conn_free(c);
    loopback_end(l);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a08_101_hands_over_the_stream),
        cmocka_unit_test(a08_connect_by_hand_hands_over_the_stream),
        cmocka_unit_test(a08_a_refused_connect_is_a_response),
        cmocka_unit_test(a08_a_stream_is_taken_once),
        cmocka_unit_test(a08_a_stream_not_taken_is_closed),
        cmocka_unit_test(a17_a_stream_in_memory_has_no_descriptor),
        cmocka_unit_test(a17_fd_is_the_sockets_until_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
