/* net/tls_openssl_session.c - which earlier sessions a client's stream may resume, and what becomes
 * of those it brings.
 *
 *     settings --> identity --.
 *     host, place ------------+--> key --> the store: take before the handshake, put what comes
 *
 * A resumed session shows no certificate: what the full handshake judged holds on. So a session
 * belongs to the settings it was judged by, all that could have judged otherwise being in the key,
 * and above all whether there was a judgement. */
#include "net/tls_openssl.h"

#include "base/fail.h"
#include "base/mem.h"
#include "base/str.h"

#include <string.h>

/* ---- the key ---- */

/* Whoever adds an option decides whether sessions are different ones with it, and says so below. */
_Static_assert(sizeof(skua_tls_opts) == offsetof(skua_tls_opts, ticket_key_file) +
                                            sizeof((skua_tls_opts *)0)->ticket_key_file,
               "an option is new: does it change whom a session is with, or how it was judged?");

static void add_text(sk_buf *b, const char *s) {
    sk_buf_append(b, s ? "=" : "-", 1);
    sk_buf_append(b, s ? s : "", s ? strlen(s) + 1 : 1);
}

static void add_options(sk_buf *b, const skua_tls_opts *o) {
    const char *const texts[] = {o->cert_file,   o->key_file, o->ca_file, o->ca_dir,
                                 o->server_name, o->alpn,     o->ciphers, o->ciphersuites,
                                 o->sni,         o->pins,     o->crl_file};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        add_text(b, texts[i]);
    sk_buf_printf(b, "%d %d %d %d %d", (int)o->trust, o->min_version, o->max_version,
                  o->insecure_skip_verify != 0, (int)o->ocsp);
}

static void add_certificate(sk_buf *b, const X509 *cert) {
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned len;
    if (!cert)
        return;
    if (X509_digest(cert, EVP_sha256(), digest, &len) == 1)
        sk_buf_append(b, (const char *)digest, len);
    else
        b->failed = true;
}

static void add_crl(sk_buf *b, const X509_CRL *crl) {
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned len;
    if (!crl)
        return;
    if (X509_CRL_digest(crl, EVP_sha256(), digest, &len) == 1)
        sk_buf_append(b, (const char *)digest, len);
    else
        b->failed = true;
}

void sk_tls_session_add_store(sk_buf *b, const sk_tls_ctx *c) {
    STACK_OF(X509_OBJECT) *all = X509_STORE_get0_objects(SSL_CTX_get_cert_store(c->ssl));
    for (int i = 0; i < sk_X509_OBJECT_num(all); i++) {
        X509_OBJECT *one = sk_X509_OBJECT_value(all, i);
        add_certificate(b, X509_OBJECT_get0_X509(one));
        add_crl(b, X509_OBJECT_get0_X509_CRL(one));
    }
}

/* A file may have changed since another connection read it: what stands in it counts, too. */
static void add_loaded(sk_buf *b, const sk_tls_ctx *c) {
    add_text(b, c->trust);
    add_certificate(b, SSL_CTX_get0_certificate(c->ssl));
    sk_tls_session_add_store(b, c);
}

bool sk_tls_session_digest(const sk_buf *b, unsigned char out[SK_TLS_KEY_BYTES]) {
    return !b->failed &&
           EVP_Digest(sk_buf_head(b), sk_buf_len(b), out, NULL, EVP_sha256(), NULL) == 1;
}

static bool identify(sk_tls_ctx *c, const skua_tls_opts *o) {
    sk_buf b = {0};
    add_options(&b, o);
    add_loaded(&b, c);
    bool ok = sk_tls_session_digest(&b, c->identity);
    sk_buf_free(&b);
    return ok;
}

static unsigned char *make_key(const sk_tls *s, const char *place) {
    unsigned char *key = sk_alloc(SK_TLS_KEY_BYTES);
    sk_buf b = {0};
    sk_buf_append(&b, (const char *)s->ctx->identity, sizeof s->ctx->identity);
    add_text(&b, s->host);
    add_text(&b, place);
    bool ok = key && sk_tls_session_digest(&b, key);
    sk_buf_free(&b);
    if (ok)
        return key;
    sk_free(key);
    return NULL;
}

/* ---- a stream's sessions ---- */

/* In TLS 1.3 with each ticket, which comes after the handshake, otherwise at its end. */
static int on_session(SSL *ssl, SSL_SESSION *session) {
    sk_tls *s = SSL_get_app_data(ssl);
    s->untidy = true;
    sk_tls_tell(s, "session ticket: %lu s", SSL_SESSION_get_ticket_lifetime_hint(session));
    if (s->key)
        sk_tls_sessions_put(s->ctx->sessions, s->key, session);
    return 0; /* it stays OpenSSL's */
}

int sk_tls_session_setup(sk_tls_ctx *c, const skua_tls_opts *o, skua_error *err) {
    c->sessions = o->sessions ? sk_tls_sessions_hold(o->sessions) : skua_tls_sessions_new(0);
    if (!c->sessions || !identify(c, o))
        return sk_fail_nomem(err);
    SSL_CTX_set_session_cache_mode(c->ssl, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(c->ssl, on_session);
    return 0;
}

void sk_tls_resume(skua_stream *base, const char *place) {
    sk_tls *s = sk_tls_of(base);
    s->key = make_key(s, place);
    SSL_SESSION *session = s->key ? sk_tls_sessions_take(s->ctx->sessions, s->key) : NULL;
    if (session)
        SSL_set_session(s->ssl, session);
    SSL_SESSION_free(session);
}

/* The session that a TLS 1.2 handshake resumed is not announced anew, and is good for more. */
void sk_tls_session_settled(sk_tls *s) {
    if (s->key && SSL_session_reused(s->ssl) && SSL_version(s->ssl) < TLS1_3_VERSION)
        sk_tls_sessions_put(s->ctx->sessions, s->key, SSL_get0_session(s->ssl));
}

/* RFC 8446 6.2: after a fatal alert the tickets SHOULD be discarded. And where an offered session
 * made a handshake fail, the next one must not fail for it, too. */
void sk_tls_session_failed(sk_tls *s) {
    if (s->key)
        sk_tls_sessions_drop(s->ctx->sessions, s->key);
}
