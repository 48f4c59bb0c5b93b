/* net/tls_openssl_shake.c - the handshake, and how a stream fails, in it or later.
 *
 * It judges no certificate (tls_openssl_verify.c) and words no failure (tls_openssl_fail.c). */
#include "net/tls_openssl.h"

#include "base/fail.h"
#include "base/mem.h"

#include <openssl/err.h>

int sk_tls_repeat_failure(const sk_tls *s, skua_error *err) {
    if (!s->why)
        return sk_fail_plain(err, s->failed, SKUA_PHASE_TLS);
    if (err)
        *err = *s->why;
    return s->failed;
}

static bool is_plain_http(unsigned long e) {
    int reason = ERR_GET_REASON(e);
    return ERR_GET_LIB(e) == ERR_LIB_SSL &&
           (reason == SSL_R_HTTP_REQUEST || reason == SSL_R_HTTPS_PROXY_REQUEST);
}

/* OpenSSL cannot go on, or the peer has cut the connection. The alert for the peer, if OpenSSL made
 * one, is sent if it can be. */
void sk_tls_set_failed(sk_tls *s, int ssl_error) {
    skua_error e;
    s->failed = sk_tls_explain(s, ssl_error, &e);
    if (!s->why)
        s->why = sk_alloc(sizeof e);
    if (s->why)
        *s->why = e;
    s->plain = is_plain_http(ERR_peek_error());
    s->base.ops = &sk_tls_ended_ops;
    ERR_clear_error();
    if (!s->up)
        sk_tls_tell_chain(s);
    if (!s->up || s->scratch->io_code == 0)
        sk_tls_session_failed(s);
    sk_tls_flush(s, NULL);
}

/* Go on with the handshake; what it wrote is left for the caller to flush. 0, SKUA_E_AGAIN, or the
 * failure, which is set. */
int sk_tls_shake(sk_tls *s) {
    /* OpenSSL would make room for what a client has to say first. */
    if (s->ctx->server && SSL_in_before(s->ssl) && !sk_tls_has_come(s))
        return SKUA_E_AGAIN;
    int rc = SSL_do_handshake(s->ssl);
    int ssl_error = rc == 1 ? SSL_ERROR_NONE : SSL_get_error(s->ssl, rc);
    if (ssl_error == SSL_ERROR_WANT_READ)
        return SKUA_E_AGAIN;
    if (ssl_error != SSL_ERROR_NONE) {
        sk_tls_set_failed(s, ssl_error);
        return s->failed;
    }
    s->up = true;
    s->barren = 0;
    sk_tls_session_settled(s);
    sk_tls_tell_settled(s);
    return 0;
}

/* The answer of a call that the handshake has stopped. */
int sk_tls_stopped(sk_tls *s, int rc, skua_error *err) {
    if (rc != SKUA_E_AGAIN)
        return sk_tls_repeat_failure(s, err);
    rc = sk_tls_flush(s, err);
    return rc == 0 ? SKUA_E_AGAIN : rc;
}

int sk_tls_handshake(skua_stream *base, skua_error *err) {
    sk_tls *s = sk_tls_of(base);
    if (s->failed)
        return sk_tls_repeat_failure(s, err);
    sk_tls_enter(s);
    int rc = s->up ? 0 : sk_tls_shake(s);
    if (rc != 0)
        return sk_tls_stopped(s, rc, err);
    SSL_free_buffers(s->ssl);
    return sk_tls_flush(s, err);
}

const char *sk_tls_version(const skua_stream *base) {
    return SSL_get_version(((const sk_tls *)(const void *)base)->ssl);
}

bool sk_tls_heard_http(const skua_stream *base) {
    return ((const sk_tls *)(const void *)base)->plain;
}
