/* client over TLS, in memory: connecting, keeping the connection, and how a body may end. */
#include "secured.h"

#define OK "HTTP/1.1 200 OK\r\n"

static void a13_a_connection_is_kept_over_tls(void **state) {
    (void)state;
    static const step steps[] = {{EXPECT, "\r\n\r\n", 0},
                                 {SEND, OK "Content-Length: 2\r\n\r\nok", 0},
                                 {EXPECT, "\r\n\r\n", 0},
                                 {SEND, OK "Content-Length: 2\r\n\r\nok", 0},
                                 {END, NULL, 0}};
    secured t = believing(steps);
    for (int i = 0; i < 2; i++) {
        skua_response *r = script_response(t.s);
        assert_body(r, "ok");
        skua_response_free(r);
    }
    skua_stream_info info = {.size = sizeof info};
    assert_int_equal(skua_conn_info(t.s->conn, &info), 0);
    assert_string_equal(info.tls_version, "TLSv1.3");
    assert_string_equal(info.alpn, "http/1.1");
    end(&t);
}

static void a19_a_body_until_the_end_needs_a_close_notify(void **state) {
    (void)state;
    static const step well[] = {{EXPECT, "\r\n\r\n", 0},
                                {SEND, OK "\r\nall", 0},
                                {SHUT, NULL, 0},
                                {CLOSE, NULL, 0},
                                {END, NULL, 0}};
    secured t = believing(well);
    skua_response *r = script_response(t.s);
    assert_body(r, "all");
    skua_response_free(r);
    end(&t);

    static const step cut[] = {
        {EXPECT, "\r\n\r\n", 0}, {SEND, OK "\r\nall?", 0}, {CLOSE, NULL, 0}, {END, NULL, 0}};
    t = believing(cut);
    r = script_response(t.s);
    char buf[8];
    assert_int_equal(skua_response_read(r, buf, sizeof buf, &t.s->err), 4);
    assert_int_equal(skua_response_read(r, buf, sizeof buf, &t.s->err), SKUA_E_TLS_EOF);
    assert_string_equal(t.s->err.msg, "recv: example.org: TLS connection cut without close_notify, "
                                      "so perhaps not complete: 4 bytes received");
    assert_int_equal(t.s->err.bytes_received, 4);
    skua_response_free(r);
    end(&t);
}

static void a19_a_counted_body_needs_no_close_notify(void **state) {
    (void)state;
    static const step whole[] = {{EXPECT, "\r\n\r\n", 0},
                                 {SEND, OK "Content-Length: 3\r\n\r\nall", 0},
                                 {CLOSE, NULL, 0},
                                 {END, NULL, 0}};
    secured t = believing(whole);
    skua_response *r = script_response(t.s);
    assert_body(r, "all");
    skua_response_free(r);
    end(&t);

    static const step part[] = {{EXPECT, "\r\n\r\n", 0},
                                {SEND, OK "Content-Length: 9\r\n\r\npart", 0},
                                {CLOSE, NULL, 0},
                                {END, NULL, 0}};
    t = believing(part);
    r = script_response(t.s);
    const char *data;
    size_t len;
    assert_int_equal(skua_response_read_all(r, 0, &data, &len, &t.s->err), SKUA_E_INCOMPLETE_READ);
    assert_string_equal(t.s->err.msg, "recv: example.org: body cut short: 4 of 9 bytes received");
    skua_response_free(r);
    end(&t);
}

static void a19_an_end_without_an_answer(void **state) {
    (void)state;
    static const step at_once[] = {{EXPECT, "\r\n\r\n", 0}, {CLOSE, NULL, 0}, {END, NULL, 0}};
    secured t = believing(at_once);
    assert_int_equal(script_failure(t.s), SKUA_E_REMOTE_DISCONNECTED);
    end(&t);

    static const step in_head[] = {
        {EXPECT, "\r\n\r\n", 0}, {SEND, OK "A: b\r\n", 0}, {CLOSE, NULL, 0}, {END, NULL, 0}};
    t = believing(in_head);
    assert_int_equal(script_failure(t.s), SKUA_E_INCOMPLETE_READ);
    assert_string_equal(t.s->err.msg, "recv: example.org: closed within the head");
    assert_int_equal(t.s->err.phase, SKUA_PHASE_RECV);
    end(&t);
}

/* What was taken over needs nothing of the connection object it came from. */
static void a08_a_stream_over_tls_outlives_its_connection(void **state) {
    (void)state;
    static const step steps[] = {
        {EXPECT, "\r\n\r\n", 0},
        {SEND, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\nahead", 0},
        {END, NULL, 0}};
    secured t = believing(steps);
    skua_response *r = script_response(t.s);
    skua_stream *taken = skua_response_take_stream(r, &t.s->err);
    assert_non_null(taken);
    skua_response_free(r);
    skua_conn_free(t.s->conn);
    t.s->conn = NULL;
    char buf[16];
    assert_int_equal(taken->ops->read(taken, buf, sizeof buf, &t.s->err), 5);
    assert_memory_equal(buf, "ahead", 5);
    const skua_str mine = SK_LIT("mine");
    assert_int_equal(taken->ops->writev(taken, &mine, 1, &t.s->err), 4);
    script_listen(t.s);
    assert_string_equal(t.s->got + t.s->got_len - 4, "mine");
    skua_stream_info info = {.size = sizeof info};
    taken->ops->info(taken, &info);
    assert_string_equal(info.tls_version, "TLSv1.3");
    taken->ops->close(taken);
    end(&t);
}

static const step nothing[] = {{END, NULL, 0}};

static void a_name_that_does_not_fit_is_refused(void **state) {
    (void)state;
    secured t = begin(nothing, "https://other.example", (skua_tls_opts){.ca_file = files.ca_file},
                      (skua_conn_opts){0});
    assert_int_equal(script_get(t.s, "/"), SKUA_E_TLS_CERTIFICATE);
    assert_int_equal(strncmp(t.s->err.msg, "tls: other.example: ", 20), 0);
    assert_string_equal(t.s->err.target, "other.example:443");
    assert_int_equal(t.s->err.retry_safe, 1);
    assert_true(t.s->err.tls_verify != 0);
    end(&t);
}

static void an_authority_that_is_not_believed_is_refused(void **state) {
    (void)state;
    secured t = begin(nothing, "https://example.org", (skua_tls_opts){0}, (skua_conn_opts){0});
    assert_int_equal(script_get(t.s, "/"), SKUA_E_TLS_CERTIFICATE);
    assert_int_equal(t.s->err.phase, SKUA_PHASE_TLS);
    end(&t);
}

static int warnings;

static void count_warnings(void *user, skua_trace_kind kind, const char *line, size_t len) {
    (void)user;
    if (kind == SKUA_TRACE_WARNING && len > 0 && strstr(line, "verification is off"))
        warnings++;
}

static void believing_anyone_is_warned_of_each_time(void **state) {
    (void)state;
    warnings = 0;
    secured t = begin(nothing, "https://other.example", (skua_tls_opts){.insecure_skip_verify = 1},
                      (skua_conn_opts){.trace = count_warnings});
    assert_int_equal(skua_conn_connect(t.s->conn, &t.s->err), 0);
    assert_int_equal(warnings, 1);
    end(&t);
}

static void a_handshake_that_stands_still_is_left(void **state) {
    (void)state;
    script *s = script_with(nothing, "https://example.org", (skua_conn_opts){0}, 1 << 16);
    assert_int_equal(script_get(s, "/"), SKUA_E_TIMEOUT);
    assert_string_equal(s->err.msg, "tls: example.org: handshake not complete within 10000 ms");
    assert_int_equal(s->err.phase, SKUA_PHASE_TLS);
    assert_int_equal(s->err.retry_safe, 1);
    script_free(s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a13_a_connection_is_kept_over_tls),
        cmocka_unit_test(a19_a_body_until_the_end_needs_a_close_notify),
        cmocka_unit_test(a19_a_counted_body_needs_no_close_notify),
        cmocka_unit_test(a19_an_end_without_an_answer),
        cmocka_unit_test(a08_a_stream_over_tls_outlives_its_connection),
        cmocka_unit_test(a_name_that_does_not_fit_is_refused),
        cmocka_unit_test(an_authority_that_is_not_believed_is_refused),
        cmocka_unit_test(believing_anyone_is_warned_of_each_time),
        cmocka_unit_test(a_handshake_that_stands_still_is_left),
    };
    return cmocka_run_group_tests(tests, make_authority, remove_authority);
}
