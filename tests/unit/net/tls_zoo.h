/* Servers of every kind before one client: each row says what it meets, and what it must say. */
#ifndef SK_TEST_TLS_ZOO_H
#define SK_TEST_TLS_ZOO_H

#include "tls_ends.h"

#include <openssl/ocsp.h>

#define ZOO_COUNT(rows) (sizeof(rows) / sizeof *(rows))

typedef struct zoo_row {
    const char *server; /* certificate */
    const char *host;   /* NULL: a.example */
    const char *ca;     /* the client's ca_file; NULL: "ca" */
    const char *crl;
    const char *pins;
    const unsigned char *staple;
    int staple_len;
    skua_tls_ocsp ocsp;
    bool insecure;
    int code;   /* 0: believed; left out where verify is given */
    int verify; /* X509_V_ERR_ */
    int depth;
    const char *says; /* in the message */
} zoo_row;

typedef struct zoo_staple {
    const unsigned char *der;
    int len;
    int asked; /* how often */
} zoo_staple;

static inline int zoo_give_staple(SSL *ssl, void *user) {
    zoo_staple *t = user;
    t->asked++;
    if (!t->der)
        return SSL_TLSEXT_ERR_NOACK;
    unsigned char *copy = OPENSSL_memdup(t->der, (size_t)t->len);
    SSL_set_tlsext_status_ocsp_resp(ssl, copy, t->len);
    return SSL_TLSEXT_ERR_OK;
}

/* A server that holds what no decent one would: OpenSSL's own checks are off. */
static inline sk_tls_ctx *zoo_server(const char *cert, int version, zoo_staple *staple) {
    skua_error err;
    sk_tls_ctx *c = ctx_made(
        sk_tls_server_ctx(SKUA_OPTS(skua_tls_opts, .cert_file = certs_path("good")), &err), &err);
    SSL_CTX_free(c->ssl);
    c->ssl = SSL_CTX_new(TLS_server_method());
    SSL_CTX_set_security_level(c->ssl, 0);
    SSL_CTX_set_max_proto_version(c->ssl, version);
    assert_int_equal(SSL_CTX_use_certificate_chain_file(c->ssl, certs_path(cert)), 1);
    assert_int_equal(SSL_CTX_use_PrivateKey_file(c->ssl, certs_path(cert), SSL_FILETYPE_PEM), 1);
    SSL_CTX_set_tlsext_status_cb(c->ssl, zoo_give_staple);
    SSL_CTX_set_tlsext_status_arg(c->ssl, staple);
    return c;
}

static inline sk_tls_ctx *zoo_client(const zoo_row *r) {
    skua_error err;
    return ctx_made(
        sk_tls_client_ctx(SKUA_OPTS(skua_tls_opts, .ca_file = certs_path(r->ca ? r->ca : "ca"),
                                    .crl_file = r->crl ? certs_path(r->crl) : NULL, .pins = r->pins,
                                    .ocsp = r->ocsp, .insecure_skip_verify = r->insecure),
                          &err),
        &err);
}

static inline bool zoo_is_refusal_whole(const skua_error *err) {
    char at[32];
    snprintf(at, sizeof at, "(depth %d, subject ", err->tls_depth);
    return err->phase == SKUA_PHASE_TLS && err->retry_safe && err->target[0] &&
           strstr(err->msg, at) != NULL;
}

static inline void zoo_check(const zoo_row *r, const ends *e) {
    const skua_error *err = &e->err[CLIENT];
    int code = r->code ? r->code : r->verify ? SKUA_E_TLS_CERTIFICATE : 0;
    bool as_told = e->rc[CLIENT] == code && err->tls_verify == r->verify &&
                   err->tls_depth == r->depth && (!r->says || strstr(err->msg, r->says)) &&
                   (code == 0 || zoo_is_refusal_whole(err));
    if (getenv("ZOO"))
        print_message("%s\n", code ? err->msg : "believed");
    if (!as_told)
        fail_msg("%s for %s: %d, %d at depth %d: %s", r->server, r->host ? r->host : "a.example",
                 e->rc[CLIENT], err->tls_verify, err->tls_depth, err->msg);
    /* A refusal reaches the server as an alert, and it was never up. */
    assert_int_equal(e->rc[SERVER] == 0, code == 0);
}

/* How often the server was asked for a staple. */
static inline int zoo_meet(const zoo_row *r, int version) {
    ends e;
    zoo_staple staple = {r->staple, r->staple_len, 0};
    ends_open_with(&e, 200000, zoo_client(r), zoo_server(r->server, version, &staple),
                   r->host ? r->host : "a.example");
    ends_shake(&e);
    zoo_check(r, &e);
    ends_close(&e);
    return staple.asked;
}

static inline void zoo_visit(const zoo_row *rows, size_t count) {
    for (size_t i = 0; i < count; i++) {
        zoo_meet(&rows[i], TLS1_3_VERSION);
        zoo_meet(&rows[i], TLS1_2_VERSION);
    }
}

#endif
