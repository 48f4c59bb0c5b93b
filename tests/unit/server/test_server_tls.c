/* A server's TLS over loopback: who its clients are, certificates that change under load,
 * handshakes that stall. */
#include "../net/tls_certs.h"
#include "raw_client.h"
#include "running.h"

#include <fcntl.h>
#define OPENSSL_NO_DEPRECATED
#include <openssl/ssl.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <time.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static int begin(void **state) {
    static const cert_spec certs[] = {
        {.file = "ca", .cn = "Test Authority", .ca = true},
        {.file = "first", .cn = "first", .san = "DNS:a.example", .issuer = "ca"},
        {.file = "second", .cn = "second", .san = "DNS:a.example", .issuer = "ca", .to_days = 60},
        {.file = "client", .cn = "ann", .issuer = "ca"},
    };
    if (certs_begin(state) != 0)
        return -1;
    certs_make_all(certs, COUNT(certs));
    return 0;
}

/* ---- a client that waits ---- */

typedef struct guest {
    int fd;
    SSL *ssl;
    char heard[512];
} guest;

static SSL_CTX *guests(const char *cert) {
    SSL_CTX *c = SSL_CTX_new(TLS_client_method());
    assert_non_null(c);
    assert_int_equal(SSL_CTX_load_verify_file(c, certs_path("ca")), 1);
    SSL_CTX_set_verify(c, SSL_VERIFY_PEER, NULL);
    if (cert) {
        assert_int_equal(SSL_CTX_use_certificate_chain_file(c, certs_path(cert)), 1);
        assert_int_equal(SSL_CTX_use_PrivateKey_file(c, certs_path(cert), SSL_FILETYPE_PEM), 1);
    }
    return c;
}

static void guest_dial(guest *g, SSL_CTX *c, const char *url) {
    static const struct timeval patience = {.tv_sec = PATIENCE_MS / 1000};
    raw_client raw;
    rc_connect(&raw, url);
    *g = (guest){.fd = raw.fd, .ssl = SSL_new(c)};
    fcntl(g->fd, F_SETFL, 0);
    setsockopt(g->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    SSL_set_tlsext_host_name(g->ssl, "a.example");
}

static void guest_connect(guest *g, SSL_CTX *c, const char *url, SSL_SESSION *session) {
    guest_dial(g, c, url);
    SSL_set_fd(g->ssl, g->fd);
    if (session)
        SSL_set_session(g->ssl, session);
    assert_int_equal(SSL_connect(g->ssl), 1);
}

/* The reply's body. */
static const char *guest_ask(guest *g, const char *path) {
    char head[128];
    int len = snprintf(head, sizeof head, "GET %s HTTP/1.1\r\nHost: a.example\r\n\r\n", path);
    assert_int_equal(SSL_write(g->ssl, head, len), len);
    size_t have = 0;
    const char *body = NULL;
    while (!body || !strchr(body, '\n')) {
        int n = SSL_read(g->ssl, g->heard + have, (int)(sizeof g->heard - 1 - have));
        assert_true(n > 0);
        have += (size_t)n;
        g->heard[have] = '\0';
        body = strstr(g->heard, "\r\n\r\n");
        body = body ? body + 4 : NULL;
    }
    return body;
}

static void guest_leave(guest *g) {
    SSL_shutdown(g->ssl);
    SSL_free(g->ssl);
    sk_socket_close(g->fd);
}

/* ---- who a client is ---- */

static int tell_who(skua_request *q, skua_reply *a, void *user) {
    skua_certificate c = {.size = sizeof c};
    (void)user;
    int rc = skua_request_certificate(q, &c);
    if (rc != 0 && rc != SKUA_E_NOT_CONNECTED)
        return rc;
    return skua_reply_text(a, 200, "%s\n", rc == 0 ? c.subject : "nobody");
}

typedef struct later {
    skua_request *q;
    skua_reply *a;
    sk_thread thread;
    bool begun;
} later;

static void *finish_later(void *arg) {
    later *l = arg;
    tell_who(l->q, l->a, NULL);
    skua_reply_finish(l->a);
    return NULL;
}

static int defer(skua_request *q, skua_reply *a, void *user) {
    later *l = user;
    int rc = skua_reply_defer(a);
    if (rc != 0)
        return rc;
    if (l->begun)
        sk_thread_join(l->thread);
    l->q = q;
    l->a = a;
    l->begun = sk_thread_start(&l->thread, finish_later, l) == 0;
    return l->begun ? 0 : SKUA_E_OS;
}

static void serve(running *r, int workers, later *l, const skua_tls_opts *tls) {
    running_make(r, SKUA_OPTS(skua_server_opts, .workers = workers, .tls_timeout_ms = 60000));
    assert_int_equal(skua_route(r->s, "/inline", tell_who, NULL), 0);
    assert_int_equal(skua_route(r->s, "/later", defer, l), 0);
    assert_int_equal(
        skua_route_with(r->s, "/pool",
                        SKUA_OPTS(skua_route_opts, .fn = tell_who, .kind = SKUA_HANDLER_POOL)),
        0);
    running_start(r, "https://127.0.0.1:0", tls);
}

static void b03_handlers_see_who_a_client_is(void **state) {
    (void)state;
    static const char *const paths[] = {"/inline", "/later", "/pool"};
    static const struct {
        const char *cert, *who;
    } cases[] = {{"client", "CN=ann\n"}, {NULL, "nobody\n"}};
    running r;
    later l = {.begun = false};
    serve(&r, 1, &l,
          SKUA_OPTS(skua_tls_opts, .cert_file = certs_path("first"), .ca_file = certs_path("ca"),
                    .client_auth = SKUA_CLIENT_AUTH_OPTIONAL));
    for (size_t i = 0; i < COUNT(cases); i++) {
        SSL_CTX *c = guests(cases[i].cert);
        SSL_SESSION *session = NULL;
        for (int turn = 0; turn < 2; turn++) {
            guest g;
            guest_connect(&g, c, skua_server_url(r.s, 0), session);
            assert_int_equal(SSL_session_reused(g.ssl), turn);
            for (size_t k = 0; k < COUNT(paths); k++)
                assert_string_equal(guest_ask(&g, paths[k]), cases[i].who);
            SSL_SESSION_free(session);
            session = SSL_get1_session(g.ssl);
            guest_leave(&g);
        }
        SSL_SESSION_free(session);
        SSL_CTX_free(c);
    }
    if (l.begun)
        sk_thread_join(l.thread);
    running_finish(&r);
    assert_int_equal(skua_request_certificate(NULL, &(skua_certificate){.size = 1000}),
                     SKUA_E_INVALID_ARGUMENT);
}

static int tell_who_wrongly(skua_request *q, skua_reply *a, void *user) {
    skua_certificate none = {.size = 0}, c = {.size = sizeof c};
    (void)user;
    return skua_reply_text(a, 200, "%d %d %d\n", skua_request_certificate(q, NULL),
                           skua_request_certificate(q, &none), skua_request_certificate(q, &c));
}

static void b03_without_tls_nobody_is_known(void **state) {
    (void)state;
    char expected[64];
    running r;
    running_make(&r, SKUA_OPTS(skua_server_opts, .workers = 1));
    assert_int_equal(skua_route(r.s, "/", tell_who_wrongly, NULL), 0);
    running_start(&r, "http://127.0.0.1:0", NULL);
    static raw_client c;
    rc_connect(&c, skua_server_url(r.s, 0));
    rc_say(&c, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    snprintf(expected, sizeof expected, "\r\n\r\n%d %d %d\n", SKUA_E_INVALID_ARGUMENT,
             SKUA_E_INVALID_ARGUMENT, SKUA_E_NOT_CONNECTED);
    rc_expect(&c, expected);
    rc_close(&c);
    assert_int_equal(skua_server_reload(r.s, NULL), 0);
    assert_int_equal(skua_server_certificate_expiry(r.s, 0, 0), SKUA_E_INVALID_ARGUMENT);
    running_finish(&r);
}

/* ---- handshakes ---- */

static void send_all(guest *g, BIO *from) {
    char *data;
    long len = BIO_get_mem_data(from, &data);
    assert_int_equal(send(g->fd, data, (size_t)len, 0), len);
    BIO_reset(from);
}

/* A client whose request comes with the end of its handshake is answered at once: the ticket and
 * the answer come together. */
static void b14_the_end_of_a_handshake_leaves_with_the_answer(void **state) {
    (void)state;
    static const char request[] = "GET /inline HTTP/1.1\r\nHost: a.example\r\n\r\n";
    char raw[8192];
    running r;
    later l = {.begun = false};
    serve(&r, 1, &l, SKUA_OPTS(skua_tls_opts, .cert_file = certs_path("first")));
    SSL_CTX *c = guests(NULL);
    guest g;
    guest_dial(&g, c, skua_server_url(r.s, 0));
    BIO *in = BIO_new(BIO_s_mem()), *out = BIO_new(BIO_s_mem());
    SSL_set_bio(g.ssl, in, out);
    assert_int_equal(SSL_connect(g.ssl), -1);
    send_all(&g, out);
    while (SSL_connect(g.ssl) != 1) {
        ssize_t n = recv(g.fd, raw, sizeof raw, 0);
        assert_true(n > 0);
        assert_int_equal(BIO_write(in, raw, (int)n), n);
    }
    assert_int_equal(SSL_write(g.ssl, request, sizeof request - 1), sizeof request - 1);
    send_all(&g, out);
    ssize_t n = recv(g.fd, raw, sizeof raw, 0);
    assert_true(n > 0);
    assert_int_equal(BIO_write(in, raw, (int)n), n);
    int len = SSL_read(g.ssl, g.heard, sizeof g.heard - 1);
    assert_true(len > 0);
    g.heard[len] = '\0';
    assert_non_null(strstr(g.heard, "\r\n\r\nnobody\n"));
    guest_leave(&g);
    SSL_CTX_free(c);
    running_finish(&r);
}

static void b14_stalled_handshakes_cost_the_others_nothing(void **state) {
    (void)state;
    static const char *const said[] = {
        "",                                 /* nothing at all */
        "\x16\x03\x01\x02",                 /* half a header */
        "\x16\x03\x01\x01\x10\x01\x01\x0c", /* the begin of a ClientHello */
        "no TLS, and the connection stays open",
    };
    static raw_client stalled[120];
    running r;
    later l = {.begun = false};
    serve(&r, 1, &l, SKUA_OPTS(skua_tls_opts, .cert_file = certs_path("first")));
    SSL_CTX *c = guests(NULL);
    for (size_t i = 0; i < COUNT(stalled); i++) {
        rc_connect(&stalled[i], skua_server_url(r.s, 0));
        rc_say(&stalled[i], said[i % COUNT(said)]);
        if (i % 12 == 0) {
            guest g;
            guest_connect(&g, c, skua_server_url(r.s, 0), NULL);
            assert_string_equal(guest_ask(&g, "/inline"), "nobody\n");
            guest_leave(&g);
        }
    }
    for (size_t i = 0; i < COUNT(stalled); i++)
        rc_close(&stalled[i]);
    SSL_CTX_free(c);
    running_finish(&r);
}

/* Greetings that are cut all along, and left so. */
static void b14_a_greeting_may_stall_anywhere(void **state) {
    (void)state;
    enum { STEP = 4 };
    static raw_client stalled[200];
    running r;
    later l = {.begun = false};
    serve(&r, 1, &l, SKUA_OPTS(skua_tls_opts, .cert_file = certs_path("first")));
    SSL_CTX *c = guests(NULL);
    guest g;
    guest_dial(&g, c, skua_server_url(r.s, 0));
    BIO *out = BIO_new(BIO_s_mem());
    SSL_set_bio(g.ssl, BIO_new(BIO_s_mem()), out);
    assert_int_equal(SSL_connect(g.ssl), -1);
    char *hello;
    size_t len = (size_t)BIO_get_mem_data(out, &hello), count = 0;
    for (size_t at = 1; at < len && count < COUNT(stalled); at += STEP) {
        rc_connect(&stalled[count], skua_server_url(r.s, 0));
        assert_int_equal(send(stalled[count++].fd, hello, at, 0), at);
    }
    assert_true(count > 40);
    guest_leave(&g);
    guest_connect(&g, c, skua_server_url(r.s, 0), NULL);
    assert_string_equal(guest_ask(&g, "/inline"), "nobody\n");
    guest_leave(&g);
    while (count > 0)
        rc_close(&stalled[--count]);
    SSL_CTX_free(c);
    running_finish(&r);
}

/* ---- certificates that change ---- */

static void copy_file(const char *from, const char *to) {
    char data[16384], fresh[400];
    FILE *f = fopen(certs_path(from), "r");
    assert_non_null(f);
    size_t len = fread(data, 1, sizeof data, f);
    fclose(f);
    snprintf(fresh, sizeof fresh, "%s", certs_path("fresh"));
    f = fopen(fresh, "w");
    assert_non_null(f);
    assert_int_equal(fwrite(data, 1, len, f), len);
    fclose(f);
    assert_int_equal(rename(fresh, certs_path(to)), 0);
}

static void expect_shown(const guest *g, const char *cn) {
    char name[64];
    X509_NAME_get_text_by_NID(X509_get_subject_name(SSL_get0_peer_certificate(g->ssl)),
                              NID_commonName, name, sizeof name);
    assert_string_equal(name, cn);
}

static void b03_a_reload_by_call_is_for_newcomers(void **state) {
    (void)state;
    running r;
    later l = {.begun = false};
    guest early, late;
    skua_error err;
    copy_file("first", "cert");
    serve(&r, 2, &l, SKUA_OPTS(skua_tls_opts, .cert_file = certs_path("cert")));
    SSL_CTX *c = guests(NULL);
    guest_connect(&early, c, skua_server_url(r.s, 0), NULL);
    int64_t until = skua_server_certificate_expiry(r.s, 0, 0);
    assert_in_range(until - time(NULL), 29 * 86400, 30 * 86400);
    copy_file("second", "cert");
    assert_int_equal(skua_server_reload(r.s, &err), 0);
    assert_true(skua_server_certificate_expiry(r.s, 0, 0) - until >= 29 * 86400);
    guest_connect(&late, c, skua_server_url(r.s, 0), NULL);
    expect_shown(&early, "first");
    expect_shown(&late, "second");
    assert_string_equal(guest_ask(&early, "/inline"), "nobody\n");
    assert_string_equal(guest_ask(&late, "/inline"), "nobody\n");
    unlink(certs_path("cert"));
    assert_int_equal(skua_server_reload(r.s, &err), SKUA_E_FILE_NOT_FOUND);
    assert_non_null(strstr(err.msg, certs_path("cert")));
    guest_leave(&early);
    guest_leave(&late);
    guest_connect(&late, c, skua_server_url(r.s, 0), NULL);
    expect_shown(&late, "second");
    guest_leave(&late);
    assert_int_equal(skua_server_certificate_expiry(r.s, 1, 0), SKUA_E_INVALID_ARGUMENT);
    assert_int_equal(skua_server_certificate_expiry(r.s, 0, 1), SKUA_E_INVALID_ARGUMENT);
    assert_int_equal(skua_server_certificate_expiry(NULL, 0, 0), SKUA_E_INVALID_ARGUMENT);
    SSL_CTX_free(c);
    running_finish(&r);
    skua_error absent = {0};
    assert_int_equal(skua_server_reload(NULL, &absent), SKUA_E_INVALID_ARGUMENT);
}

typedef struct crowd {
    const char *url;
    SSL_CTX *guests;
    atomic_bool *over;
    int served;
} crowd;

static void *come_and_go(void *arg) {
    crowd *v = arg;
    do {
        guest g;
        guest_connect(&g, v->guests, v->url, NULL);
        for (int i = 0; i < 3; i++)
            v->served += strcmp(guest_ask(&g, i % 2 ? "/pool" : "/inline"), "CN=ann\n") == 0;
        guest_leave(&g);
    } while (!atomic_load(v->over));
    return NULL;
}

static void b03_no_request_is_lost_while_certificates_change(void **state) {
    (void)state;
    enum { THREADS = 3, RELOADS = 20 };
    running r;
    later l = {.begun = false};
    sk_thread t[THREADS];
    crowd v[THREADS];
    atomic_bool over = false;
    copy_file("first", "cert");
    serve(&r, 2, &l,
          SKUA_OPTS(skua_tls_opts, .cert_file = certs_path("cert"), .ca_file = certs_path("ca")));
    SSL_CTX *c = guests("client");
    for (int i = 0; i < THREADS; i++) {
        v[i] = (crowd){skua_server_url(r.s, 0), c, &over, 0};
        assert_int_equal(sk_thread_start(&t[i], come_and_go, &v[i]), 0);
    }
    for (int i = 0; i < RELOADS; i++) {
        copy_file(i % 2 ? "first" : "second", "cert");
        assert_int_equal(skua_server_reload(r.s, NULL), 0);
        assert_true(skua_server_certificate_expiry(r.s, 0, 0) > 0);
    }
    atomic_store(&over, true);
    for (int i = 0; i < THREADS; i++) {
        sk_thread_join(t[i]);
        assert_true(v[i].served >= 3 && v[i].served % 3 == 0);
    }
    SSL_CTX_free(c);
    running_finish(&r);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(b03_handlers_see_who_a_client_is),
        cmocka_unit_test(b03_without_tls_nobody_is_known),
        cmocka_unit_test(b14_the_end_of_a_handshake_leaves_with_the_answer),
        cmocka_unit_test(b14_stalled_handshakes_cost_the_others_nothing),
        cmocka_unit_test(b14_a_greeting_may_stall_anywhere),
        cmocka_unit_test(b03_a_reload_by_call_is_for_newcomers),
        cmocka_unit_test(b03_no_request_is_lost_while_certificates_change),
    };
    return cmocka_run_group_tests(tests, begin, certs_end);
}
