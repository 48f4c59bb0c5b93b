/* TLS as a connection object has it: sessions resumed, tickets while it is idle, the certificates
 * of its peer, what its trace tells. */
#include "net/tls_openssl.h"
#include "secured.h"
#include "tls_answering.h"

#define OK "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

/* ---- resuming ---- */

static skua_conn *conn_to(const tls_answering *a, const char *host, skua_conn_opts o,
                          skua_tls_opts tls) {
    static const skua_resolve_entry here[] = {{"*", 0, "127.0.0.1"}, {0}};
    char where[64];
    skua_error err;
    tls.size = sizeof tls;
    tls.ca_file = tls.insecure_skip_verify ? NULL : files.ca_file;
    o.size = sizeof o;
    o.tls = &tls;
    o.resolve = o.unix_socket ? NULL : here;
    snprintf(where, sizeof where, "https://%s:%d", host, a->port ? a->port : 443);
    skua_conn *c = skua_conn_new(where, &o, &err);
    if (!c)
        fail_msg("%s", err.msg);
    return c;
}

/* Ask, and see the answer; was the session on which that happened an earlier one? */
static int asks(skua_conn *c, const char *target) {
    skua_error err;
    skua_stream_info info = {.size = sizeof info};
    if (skua_conn_connect(c, &err) != 0)
        fail_msg("%s", err.msg);
    assert_int_equal(skua_conn_info(c, &info), 0);
    skua_response *r = skua_conn_request(c, "GET", target, NULL, NULL, 0, &err) == 0
                           ? skua_conn_getresponse(c, &err)
                           : NULL;
    if (!r)
        fail_msg("%s", err.msg);
    assert_body(r, "ok");
    skua_response_free(r);
    return info.tls_resumed;
}

static void a02_a_connection_object_resumes_its_own(void **state) {
    (void)state;
    tls_answering a;
    assert_int_equal(tls_answering_start(&a, secured_server, NULL), 0);
    skua_conn *one = conn_to(&a, "example.org", (skua_conn_opts){0}, (skua_tls_opts){0});
    assert_int_equal(asks(one, "/"), 0);
    for (int i = 0; i < 3; i++) {
        skua_conn_close(one);
        assert_int_equal(asks(one, "/"), 1);
    }
    skua_conn_close(one); /* the server serves one at a time */
    skua_conn *other = conn_to(&a, "example.org", (skua_conn_opts){0}, (skua_tls_opts){0});
    assert_int_equal(asks(other, "/"), 0);
    skua_conn_free(one);
    skua_conn_free(other);
    tls_answering_end(&a);
    assert_int_equal(a.accepted, 5);
}

static void a02_whoever_closes_at_once_has_no_ticket(void **state) {
    (void)state;
    tls_answering a;
    assert_int_equal(tls_answering_start(&a, secured_server, NULL), 0);
    skua_conn *c = conn_to(&a, "example.org", (skua_conn_opts){0},
                           (skua_tls_opts){.min_version = SKUA_TLS_1_3});
    skua_error err;
    assert_int_equal(skua_conn_connect(c, &err), 0);
    skua_conn_close(c);
    assert_int_equal(asks(c, "/"), 0);
    skua_conn_close(c);
    assert_int_equal(asks(c, "/"), 1);
    skua_conn_free(c);
    tls_answering_end(&a);
}

/* A session that nobody verified is not there for those who verify, and the other way round. */
static void a02_sessions_are_shared_by_alike_settings(void **state) {
    (void)state;
    tls_answering a;
    assert_int_equal(tls_answering_start(&a, secured_server, NULL), 0);
    skua_tls_sessions *shared = skua_tls_sessions_new(0);
    const skua_tls_opts verifying = {.sessions = shared};
    const skua_tls_opts believing = {.sessions = shared, .insecure_skip_verify = 1};
    skua_conn *c[] = {
        conn_to(&a, "example.org", (skua_conn_opts){0}, verifying),
        conn_to(&a, "example.org", (skua_conn_opts){0}, verifying),
        conn_to(&a, "example.org", (skua_conn_opts){0}, believing),
        conn_to(&a, "example.org", (skua_conn_opts){0}, believing),
    };
    skua_tls_sessions_free(shared); /* they hold it */
    const int resumed[] = {0, 1, 0, 1};
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(asks(c[i], "/"), resumed[i]);
        skua_conn_close(c[i]); /* the server serves one at a time */
    }
    assert_int_equal(asks(c[0], "/"), 1);
    for (size_t i = 0; i < 4; i++)
        skua_conn_free(c[i]);
    tls_answering_end(&a);
}

static void a02_what_came_with_the_last_answer_is_kept(void **state) {
    (void)state;
    tls_answering a;
    assert_int_equal(tls_answering_start(&a, secured_server, NULL), 0);
    skua_tls_sessions *shared = skua_tls_sessions_new(0);
    skua_conn *first =
        conn_to(&a, "example.org", (skua_conn_opts){0}, (skua_tls_opts){.sessions = shared});
    assert_int_equal(asks(first, "/close"), 0);
    skua_conn_free(first);
    /* What came with an answer that ended the connection is kept, too. */
    skua_conn *second =
        conn_to(&a, "example.org", (skua_conn_opts){0}, (skua_tls_opts){.sessions = shared});
    assert_int_equal(asks(second, "/"), 1);
    skua_conn_free(second);
    skua_tls_sessions_free(shared);
    tls_answering_end(&a);
}

static void a02_tls_over_a_unix_socket(void **state) {
    (void)state;
    tls_answering a;
    char path[100];
    snprintf(path, sizeof path, "%s/socket", secured_dir);
    assert_int_equal(tls_answering_start(&a, secured_server, path), 0);
    const skua_conn_opts o = {.unix_socket = path};
    skua_conn *c = conn_to(&a, "example.org", o, (skua_tls_opts){0});
    assert_int_equal(asks(c, "/"), 0);
    skua_conn_close(c);
    assert_int_equal(asks(c, "/"), 1);
    skua_conn_free(c);
    c = conn_to(&a, "other.example", o, (skua_tls_opts){0});
    skua_error err;
    assert_int_equal(skua_conn_connect(c, &err), SKUA_E_TLS_CERTIFICATE);
    skua_conn_free(c);
    tls_answering_end(&a);
    unlink(path);
}

/* ---- an idle connection ---- */

static void server_speaks(sk_tls *far) {
    sk_tls_enter(far);
    assert_int_equal(SSL_do_handshake(far->ssl), 1);
    assert_int_equal(sk_tls_flush(far, NULL), 0);
}

/* Tickets and new keys are TLS's own affair, and no sign that the peer has said something. */
static void a02_what_tls_says_does_not_end_an_idle_connection(void **state) {
    (void)state;
    static const step steps[] = {{EXPECT, "\r\n\r\n", 0},
                                 {SEND, OK, 0},
                                 {EXPECT, "\r\n\r\n", 0},
                                 {SEND, OK, 0},
                                 {END, NULL, 0}};
    secured t = believing(steps);
    skua_conn_stats stats = {.size = sizeof stats};
    for (int i = 0; i < 2; i++) {
        skua_response *r = script_response(t.s);
        assert_body(r, "ok");
        skua_response_free(r);
        sk_tls *far = sk_tls_of(t.s->far);
        for (int n = 0; n < 3; n++) {
            assert_int_equal(SSL_new_session_ticket(far->ssl), 1);
            server_speaks(far);
        }
        SSL_key_update(far->ssl, SSL_KEY_UPDATE_REQUESTED);
        server_speaks(far);
    }
    skua_conn_statistics(t.s->conn, &stats);
    assert_int_equal(stats.connects, 1);
    assert_int_equal(stats.reused, 1);
    assert_int_equal(stats.stale, 0);
    end(&t);
}

/* ---- the peer's certificate ---- */

static void a02_the_certificate_of_a_connection(void **state) {
    (void)state;
    static const step steps[] = {{EXPECT, "\r\n\r\n", 0}, {SEND, OK, 0}, {END, NULL, 0}};
    unsigned char der[4096];
    skua_certificate cert = {.size = sizeof cert};
    secured t = believing(steps);
    assert_int_equal(skua_conn_certificate(t.s->conn, 0, &cert), SKUA_E_NOT_CONNECTED);
    assert_int_equal(skua_conn_certificate_der(t.s->conn, 0, der, sizeof der),
                     SKUA_E_NOT_CONNECTED);
    skua_response *r = script_response(t.s);
    assert_int_equal(skua_conn_certificate(t.s->conn, 0, &cert), 0);
    assert_string_equal(cert.names, "example.org");
    assert_true(cert.not_before < cert.not_after);
    ptrdiff_t len = skua_conn_certificate_der(t.s->conn, 0, NULL, 0);
    assert_in_range(len, 100, sizeof der);
    assert_int_equal(skua_conn_certificate_der(t.s->conn, 0, der, sizeof der), len);
    skua_sha256 *h = skua_sha256_new();
    char hex[65];
    skua_sha256_update(h, der, (size_t)len);
    skua_sha256_final(h, hex);
    assert_string_equal(hex, cert.sha256);
    assert_int_equal(skua_conn_certificate(t.s->conn, 9, &cert), SKUA_E_INVALID_ARGUMENT);
    assert_string_equal(hex, cert.sha256); /* untouched */
    skua_response_free(r);
    end(&t);
}

/* An older program's struct is shorter. */
static void a02_no_more_is_written_than_there_is_room(void **state) {
    (void)state;
    secured t = believing((const step[]){{END, NULL, 0}});
    skua_certificate cert = {.size = offsetof(skua_certificate, names)};
    strcpy(cert.names, "mine");
    assert_int_equal(skua_conn_connect(t.s->conn, &t.s->err), 0);
    assert_int_equal(skua_conn_certificate(t.s->conn, 0, &cert), 0);
    assert_string_equal(cert.names, "mine");
    assert_true(cert.subject[0] != '\0' && cert.issuer[0] != '\0');
    assert_int_equal(cert.size, offsetof(skua_certificate, names));
    end(&t);
}

static void a02_where_there_is_no_certificate(void **state) {
    (void)state;
    static const step steps[] = {{END, NULL, 0}};
    skua_certificate cert = {.size = sizeof cert};
    script *s = script_new(steps);
    assert_int_equal(skua_conn_connect(s->conn, &s->err), 0);
    assert_int_equal(skua_conn_certificate(s->conn, 0, &cert), SKUA_E_INVALID_ARGUMENT);
    assert_int_equal(skua_conn_certificate(s->conn, 0, NULL), SKUA_E_INVALID_ARGUMENT);
    assert_int_equal(skua_conn_certificate(NULL, 0, &cert), SKUA_E_INVALID_ARGUMENT);
    cert.size = 0;
    assert_int_equal(skua_conn_certificate(s->conn, 0, &cert), SKUA_E_INVALID_ARGUMENT);
    assert_int_equal(skua_conn_certificate_der(s->conn, 0, NULL, 0), SKUA_E_INVALID_ARGUMENT);
    assert_int_equal(skua_conn_certificate_der(NULL, 0, NULL, 0), SKUA_E_INVALID_ARGUMENT);
    script_free(s);
}

/* ---- the trace ---- */

static char told[16384];

static void tell(void *user, skua_trace_kind kind, const char *line, size_t len) {
    (void)user;
    size_t at = strlen(told);
    snprintf(told + at, sizeof told - at, "%c %.*s\n", (char)kind, (int)len, line);
}

static void expect_told(const char *text) {
    if (!strstr(told, text))
        fail_msg("not told of \"%s\" in:\n%s", text, told);
}

static void a11_a_trace_tells_of_tls(void **state) {
    (void)state;
    static const step steps[] = {{EXPECT, "\r\n\r\n", 0}, {SEND, OK, 0}, {SHUT, NULL, 0}, {0}};
    told[0] = '\0';
    secured t = begin(steps, "https://example.org", (skua_tls_opts){.ca_file = files.ca_file},
                      (skua_conn_opts){.trace = tell});
    skua_response *r = script_response(t.s);
    assert_body(r, "ok");
    skua_response_free(r);
    expect_told("# TLSv1.3, TLS_");
    expect_told("full handshake\n");
    expect_told("# certificate 0: subject ");
    expect_told("# certificate verified for example.org by ");
    expect_told("# session ticket: ");
    assert_null(strstr(told, "! "));
    end(&t);
}

static void a11_logged_keys_are_warned_of(void **state) {
    (void)state;
    char keys[100];
    snprintf(keys, sizeof keys, "%s/keys", secured_dir);
    told[0] = '\0';
    secured t = begin((const step[]){{END, NULL, 0}}, "https://example.org",
                      (skua_tls_opts){.ca_file = files.ca_file, .keylog_file = keys},
                      (skua_conn_opts){.trace = tell});
    assert_int_equal(skua_conn_connect(t.s->conn, &t.s->err), 0);
    expect_told("! the keys of this connection are written to ");
    expect_told(keys);
    assert_int_equal(access(keys, F_OK), 0);
    end(&t);
}

static void a02_a_log_of_keys_that_cannot_be_is_refused(void **state) {
    (void)state;
    skua_error err;
    const skua_tls_opts tls = {.size = sizeof tls, .keylog_file = "/nonexistent/keys"};
    assert_null(skua_conn_new("https://example.org", SKUA_OPTS(skua_conn_opts, .tls = &tls), &err));
    assert_int_equal(err.code, SKUA_E_FILE_NOT_FOUND);
    assert_non_null(strstr(err.msg, "keylog_file /nonexistent/keys"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a02_a_connection_object_resumes_its_own),
        cmocka_unit_test(a02_whoever_closes_at_once_has_no_ticket),
        cmocka_unit_test(a02_sessions_are_shared_by_alike_settings),
        cmocka_unit_test(a02_what_came_with_the_last_answer_is_kept),
        cmocka_unit_test(a02_tls_over_a_unix_socket),
        cmocka_unit_test(a02_what_tls_says_does_not_end_an_idle_connection),
        cmocka_unit_test(a02_the_certificate_of_a_connection),
        cmocka_unit_test(a02_no_more_is_written_than_there_is_room),
        cmocka_unit_test(a02_where_there_is_no_certificate),
        cmocka_unit_test(a11_a_trace_tells_of_tls),
        cmocka_unit_test(a11_logged_keys_are_warned_of),
        cmocka_unit_test(a02_a_log_of_keys_that_cannot_be_is_refused),
    };
    return cmocka_run_group_tests(tests, make_authority, remove_authority);
}
