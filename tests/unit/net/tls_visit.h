/* One visit of a client to a server with given settings, in memory. */
#ifndef SK_TEST_TLS_VISIT_H
#define SK_TEST_TLS_VISIT_H

#include "tls_ends.h"

/* A path that is needed for longer. */
typedef struct kept_path {
    char text[400];
} kept_path;

static inline kept_path path_kept(const char *file) {
    kept_path p;
    snprintf(p.text, sizeof p.text, "%s", certs_path(file));
    return p;
}

typedef struct visit {
    ends e;
    SSL_SESSION *session; /* to be resumed; afterwards the one that it brought */
    char cn[64];          /* of the server's certificate; "": none was shown */
    bool resumed;
} visit;

static inline sk_tls_ctx *server_of(const skua_tls_opts *o) {
    skua_error err;
    return ctx_made(sk_tls_server_ctx(o, &err), &err);
}

static inline sk_tls_ctx *client_of(const skua_tls_opts *o) {
    skua_error err;
    return ctx_made(sk_tls_client_ctx(o, &err), &err);
}

/* Both settings stay the caller's. Shakes hands, and reads what comes behind. */
static inline void visit_begin(visit *v, sk_tls_ctx *client, sk_tls_ctx *server, const char *host) {
    SSL_SESSION *session = v->session;
    *v = (visit){0};
    sk_tls_ctx_ref(client);
    sk_tls_ctx_ref(server);
    ends_open_with(&v->e, 65536, client, server, host);
    SSL *ssl = ends_tls(&v->e, CLIENT)->ssl;
    if (session)
        assert_int_equal(SSL_set_session(ssl, session), 1);
    SSL_SESSION_free(session);
    ends_shake(&v->e);
    if (v->e.rc[CLIENT] == 0)
        ends_read(&v->e, CLIENT, &(char){0}, 1);
    X509 *cert = SSL_get0_peer_certificate(ssl);
    if (cert)
        X509_NAME_get_text_by_NID(X509_get_subject_name(cert), NID_commonName, v->cn, sizeof v->cn);
    v->resumed = SSL_session_reused(ssl) == 1;
}

static inline void visit_end(visit *v) {
    SSL *ssl = ends_tls(&v->e, CLIENT)->ssl;
    /* OpenSSL drops the session of a connection that ends without. */
    if (v->e.rc[CLIENT] == 0)
        v->e.end[CLIENT]->ops->shutdown(v->e.end[CLIENT], NULL);
    v->session = v->e.rc[CLIENT] == 0 && v->e.rc[SERVER] == 0 ? SSL_get1_session(ssl) : NULL;
    ends_close(&v->e);
}

/* The whole of one that succeeds. */
static inline void visit_once(visit *v, sk_tls_ctx *client, sk_tls_ctx *server, const char *host) {
    visit_begin(v, client, server, host);
    if (v->e.rc[CLIENT] != 0 || v->e.rc[SERVER] != 0)
        fail_msg("%s | %s", v->e.err[CLIENT].msg, v->e.err[SERVER].msg);
    visit_end(v);
}

#endif
