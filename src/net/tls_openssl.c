/* net/tls_openssl.c - the TLS stream: its making, reading and ending.
 *
 *     handshake ----done----> up ----close_notify----> ended (reads say 0; writing goes on)
 *         |                    |-----end without-----> failed for reading, SKUA_E_TLS_EOF
 *         '---- failure -------'---- failure --------> failed: every call repeats why
 *
 * The handshake stands in tls_openssl_shake.c, writing in tls_openssl_write.c, the ciphertext side
 * in tls_openssl_bio.c, settings in tls_openssl_ctx.c, the words for failures in
 * tls_openssl_fail.c. */
#include "net/tls_openssl.h"

#include "base/fail.h"
#include "base/mem.h"
#include "base/str.h"
#include "net/stream_wait.h"
#include "sys/poller.h"

#include <openssl/err.h>
#include <stdio.h>
#include <string.h>

static const skua_stream_ops tls_ops;

/* Why SSL_read gave nothing: 0 for close_notify, SKUA_E_AGAIN, or the failure, which is set. */
static int read_stopped(sk_tls *s, int ok) {
    int ssl_error = SSL_get_error(s->ssl, ok);
    if (ssl_error == SSL_ERROR_WANT_READ)
        return SKUA_E_AGAIN;
    if (ssl_error == SSL_ERROR_ZERO_RETURN) {
        s->base.ops = &sk_tls_ended_ops;
        return 0;
    }
    sk_tls_set_failed(s, ssl_error);
    return s->failed;
}

/* Decrypt until buf is full or there is no more. Returns how much; when that is nothing, *rc says
 * why. OpenSSL is not asked once more where it would only find what is known: that the input is
 * dry. */
static size_t decrypt(sk_tls *s, char *buf, size_t len, int *rc) {
    size_t got = 0;
    *rc = 0;
    while (got < len && !(got > 0 && sk_tls_in_is_dry(s))) {
        size_t n;
        int ok = SSL_read_ex(s->ssl, buf + got, len - got, &n);
        if (ok != 1) {
            *rc = read_stopped(s, ok);
            break;
        }
        sk_tls_note_data(s);
        got += n;
    }
    return got;
}

/* Is there nothing to read, and nothing to do about it? OpenSSL, which takes buffers and a long way
 * to find that out, need not be asked; between two exchanges a client mostly gets this answer. */
static bool is_idle(sk_tls *s) {
    bool open = s->base.ops == &tls_ops && s->up && !s->write_failed && sk_buf_len(&s->out) == 0;
    return open && !SSL_has_pending(s->ssl) && !sk_tls_has_come(s);
}

static ptrdiff_t tls_read(skua_stream *base, void *buf, size_t len, skua_error *err) {
    sk_tls *s = sk_tls_of(base);
    if (s->failed)
        return sk_tls_repeat_failure(s, err);
    sk_tls_enter(s);
    if (is_idle(s))
        return SKUA_E_AGAIN;
    bool was_up = s->up;
    int rc = was_up ? 0 : sk_tls_shake(s);
    if (rc != 0)
        return sk_tls_stopped(s, rc, err);
    size_t got = decrypt(s, buf, len, &rc);
    /* SSL_MODE_RELEASE_BUFFERS overlooks the buffer that a handshake or a ticket needed. */
    if (s->untidy || got == 0)
        SSL_free_buffers(s->ssl);
    s->untidy = false;
    /* The end of a handshake that came together with a request leaves together with the answer.
     * A write that fails is for the next write to tell: what the peer sent can still be read. Where
     * that is nothing, there is no answer to wait for: what asks for it has not left. */
    bool answer_follows = !was_up && got > 0;
    if (!answer_follows || !sk_tls_hold_back(s))
        sk_tls_flush(s, NULL);
    if (got > 0)
        return (ptrdiff_t)got;
    if (rc == SKUA_E_AGAIN && s->write_failed)
        return sk_fail_plain(err, s->write_failed, SKUA_PHASE_SEND);
    return s->failed ? sk_tls_repeat_failure(s, err) : rc;
}

/* Ciphertext that is kept wants to leave first: waiting is for the caller then. */
static ptrdiff_t tls_read_waiting(skua_stream *base, void *buf, size_t len, skua_error *err) {
    sk_tls *s = sk_tls_of(base);
    s->scratch->waits = s->up && sk_buf_len(&s->out) == 0 && sk_stream_can_read_waiting(s->below);
    ptrdiff_t n = tls_read(base, buf, len, err);
    s->scratch->waits = false;
    return n;
}

static int tls_shutdown(skua_stream *base, skua_error *err) {
    sk_tls *s = sk_tls_of(base);
    if (s->write_failed)
        return sk_fail_plain(err, s->write_failed, SKUA_PHASE_SEND);
    sk_tls_enter(s);
    bool sent = (SSL_get_shutdown(s->ssl) & SSL_SENT_SHUTDOWN) != 0;
    if (s->up && sk_tls_can_send(s) && !sent && SSL_shutdown(s->ssl) < 0)
        return sk_fail_nomem(err); /* it only writes a record, into memory */
    int rc = sk_tls_flush(s, err);
    return rc != 0 ? rc : s->below->ops->shutdown(s->below, err);
}

static void tls_free(sk_tls *s) {
    sk_tls_forget(s);
    SSL_free(s->ssl);
    sk_tls_ctx_unref(s->ctx);
    sk_tls_scratch_free(s->scratch);
    sk_free(s->key);
    sk_free(s->why);
    sk_free(s);
}

skua_stream *sk_tls_unwrap(skua_stream *base) {
    sk_tls *s = sk_tls_of(base);
    skua_stream *below = s->below;
    tls_free(s);
    return below;
}

static void tls_close(skua_stream *base) {
    skua_stream *below = sk_tls_unwrap(base);
    below->ops->close(below);
}

/* While shaking hands the peer's answer is waited for, whatever is wanted. Ciphertext that is kept
 * wants to leave in any case: the caller believes it sent. */
static unsigned wanted(const sk_tls *s, unsigned events) {
    unsigned e = s->up || s->failed ? events : SKUA_WANT_READ;
    return sk_buf_len(&s->out) > 0 ? e | SKUA_WANT_WRITE : e;
}

static skua_want tls_want(skua_stream *base, unsigned events) {
    sk_tls *s = sk_tls_of(base);
    return s->below->ops->want(s->below, wanted(s, events));
}

static int tls_wait(skua_stream *base, unsigned events, int timeout_ms, skua_error *err) {
    sk_tls *s = sk_tls_of(base);
    skua_stream *below = s->below;
    events = wanted(s, events);
    if (below->ops->wait)
        return below->ops->wait(below, events, timeout_ms, err);
    skua_want w = below->ops->want(below, events);
    return sk_poll_one(w.fd, w.events, timeout_ms, err);
}

static void tls_info(skua_stream *base, skua_stream_info *info) {
    sk_tls *s = sk_tls_of(base);
    if (s->below->ops->info)
        s->below->ops->info(s->below, info);
    if (!s->up)
        return;
    snprintf(info->tls_version, sizeof info->tls_version, "%s", SSL_get_version(s->ssl));
    snprintf(info->tls_cipher, sizeof info->tls_cipher, "%s", SSL_get_cipher_name(s->ssl));
    const unsigned char *name;
    unsigned len;
    SSL_get0_alpn_selected(s->ssl, &name, &len);
    snprintf(info->alpn, sizeof info->alpn, "%.*s", (int)len, (const char *)name);
    info->tls_resumed = SSL_session_reused(s->ssl);
    sk_tls_subject(SSL_get0_peer_certificate(s->ssl), info->tls_subject, sizeof info->tls_subject);
}

static const skua_stream_ops tls_ops = {
    .size = sizeof tls_ops,
    .flags = SKUA_STREAM_SHORT_IS_DRY,
    .read = tls_read,
    .writev = sk_tls_writev,
    .shutdown = tls_shutdown,
    .close = tls_close,
    .want = tls_want,
    .wait = tls_wait,
    .info = tls_info,
    .read_waiting = tls_read_waiting,
};

/* After the end or a failure has come: a short read was not the last word, and no descriptor will
 * become readable for it, so this table does not claim SHORT_IS_DRY. */
const skua_stream_ops sk_tls_ended_ops = {
    .size = sizeof sk_tls_ended_ops,
    .read = tls_read,
    .writev = sk_tls_writev,
    .shutdown = tls_shutdown,
    .close = tls_close,
    .want = tls_want,
    .wait = tls_wait,
    .info = tls_info,
};

bool sk_tls_is_up(const skua_stream *base) {
    return ((const sk_tls *)(const void *)base)->up;
}

bool sk_tls_is(const skua_stream *s) {
    return s->ops == &tls_ops || s->ops == &sk_tls_ended_ops;
}

static bool attach(sk_tls *s) {
    s->ssl = SSL_new(s->ctx->ssl);
    if (!s->ssl || BIO_up_ref(s->scratch->bio) != 1)
        return false;
    SSL_set_bio(s->ssl, s->scratch->bio, s->scratch->bio); /* takes one reference for both */
    SSL_set_app_data(s->ssl, s);
    return true;
}

static sk_tls *tls_new(sk_tls_ctx *c, skua_stream *below, skua_str host, sk_tls_scratch *scratch,
                       skua_error *err) {
    sk_tls *s = sk_zalloc(sizeof *s + host.len + 1);
    if (!s) {
        sk_fail_nomem(err);
        return NULL;
    }
    s->base.ops = &tls_ops;
    s->below = below;
    s->ctx = c;
    s->scratch = scratch;
    s->untidy = true;
    scratch->holders++;
    if (host.len > 0)
        memcpy(s->host, host.ptr, host.len);
    sk_tls_ctx_ref(c);
    if (attach(s))
        return s;
    tls_free(s);
    sk_fail_nomem(err);
    return NULL;
}

/* RFC 6066 3: no server_name for an address. */
static int set_host(sk_tls *s, skua_error *err) {
    int rc = s->host[0] ? sk_tls_host_expect(s, err) : 0;
    const char *sni = s->ctx->sni ? s->ctx->sni : sk_tls_host_is_address(s->host) ? "" : s->host;
    if (rc == 0 && *sni && SSL_set_tlsext_host_name(s->ssl, sni) != 1)
        rc = sk_tls_fail_queue(err, sni);
    return rc;
}

skua_stream *sk_tls_client(sk_tls_ctx *c, skua_stream *below, const char *host,
                           sk_tls_scratch *scratch, skua_error *err) {
    skua_str name = sk_tls_host_bare(sk_str(c->server_name ? c->server_name : host));
    if (name.len == 0 && !c->insecure) {
        sk_fail(err, SKUA_E_INVALID_ARGUMENT, SKUA_PHASE_TLS, "no host name to verify");
        return NULL;
    }
    sk_tls *s = tls_new(c, below, name, scratch, err);
    if (!s)
        return NULL;
    SSL_set_connect_state(s->ssl);
    if (set_host(s, err) != 0) {
        tls_free(s);
        return NULL;
    }
    return &s->base;
}

skua_stream *sk_tls_server(sk_tls_ctx *c, skua_stream *below, sk_tls_scratch *scratch,
                           skua_error *err) {
    sk_tls *s = tls_new(c, below, (skua_str){0}, scratch, err);
    if (!s)
        return NULL;
    SSL_set_accept_state(s->ssl);
    return &s->base;
}
