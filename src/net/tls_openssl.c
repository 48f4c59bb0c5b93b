/* net/tls_openssl.c - the TLS stream: handshake, reading, writing, ending.
 *
 *     handshake ----done----> up ----close_notify----> ended (reads say 0; writing goes on)
 *         |                    |-----end without-----> failed for reading, SKUA_E_TLS_EOF
 *         '---- failure -------'---- failure --------> failed: every call repeats why
 *
 * The ciphertext side stands in tls_openssl_bio.c, settings in tls_openssl_ctx.c, the words for
 * failures in tls_openssl_fail.c. */
#include "net/tls_openssl.h"

#include "base/fail.h"
#include "base/mem.h"
#include "base/str.h"
#include "sys/poller.h"
#include "sys/socket.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

#define RECORD ((size_t)SSL3_RT_MAX_PLAIN_LENGTH)
/* Plaintext one writev accepts at most: what a slow peer can make us keep. */
#define ACCEPT_MAX ((size_t)256 * 1024)

static const skua_stream_ops tls_ops, tls_ended_ops;

static sk_tls *self(skua_stream *s) {
    return (sk_tls *)(void *)s;
}

static int repeat_failure(const sk_tls *s, skua_error *err) {
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
static void set_failed(sk_tls *s, int ssl_error) {
    skua_error e;
    s->failed = sk_tls_explain(s, ssl_error, &e);
    s->why = sk_alloc(sizeof e);
    if (s->why)
        *s->why = e;
    s->plain = is_plain_http(ERR_peek_error());
    s->base.ops = &tls_ended_ops;
    ERR_clear_error();
    sk_tls_flush(s, NULL);
}

/* Go on with the handshake; what it wrote is left for the caller to flush. 0, SKUA_E_AGAIN, or the
 * failure, which is set. */
static int shake(sk_tls *s) {
    int rc = SSL_do_handshake(s->ssl);
    int ssl_error = rc == 1 ? SSL_ERROR_NONE : SSL_get_error(s->ssl, rc);
    if (ssl_error == SSL_ERROR_WANT_READ)
        return SKUA_E_AGAIN;
    if (ssl_error != SSL_ERROR_NONE) {
        set_failed(s, ssl_error);
        return s->failed;
    }
    s->up = true;
    return 0;
}

/* The answer of a call that the handshake has stopped. */
static int stopped(sk_tls *s, int rc, skua_error *err) {
    if (rc != SKUA_E_AGAIN)
        return repeat_failure(s, err);
    rc = sk_tls_flush(s, err);
    return rc == 0 ? SKUA_E_AGAIN : rc;
}

int sk_tls_handshake(skua_stream *base, skua_error *err) {
    sk_tls *s = self(base);
    if (s->failed)
        return repeat_failure(s, err);
    sk_tls_enter(s);
    int rc = s->up ? 0 : shake(s);
    if (rc != 0)
        return stopped(s, rc, err);
    SSL_free_buffers(s->ssl);
    return sk_tls_flush(s, err);
}

/* Why SSL_read gave nothing: 0 for close_notify, SKUA_E_AGAIN, or the failure, which is set. */
static int read_stopped(sk_tls *s, int ok) {
    int ssl_error = SSL_get_error(s->ssl, ok);
    if (ssl_error == SSL_ERROR_WANT_READ)
        return SKUA_E_AGAIN;
    if (ssl_error == SSL_ERROR_ZERO_RETURN) {
        s->base.ops = &tls_ended_ops;
        return 0;
    }
    set_failed(s, ssl_error);
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
        got += n;
    }
    return got;
}

static ptrdiff_t tls_read(skua_stream *base, void *buf, size_t len, skua_error *err) {
    sk_tls *s = self(base);
    if (s->failed)
        return repeat_failure(s, err);
    sk_tls_enter(s);
    bool was_up = s->up;
    int rc = was_up ? 0 : shake(s);
    if (rc != 0)
        return stopped(s, rc, err);
    size_t got = decrypt(s, buf, len, &rc);
    /* SSL_MODE_RELEASE_BUFFERS overlooks the buffer that a handshake or a ticket needed. */
    SSL_free_buffers(s->ssl);
    /* The end of a handshake that came together with a request leaves together with the answer.
     * A write that fails is for the next write to tell: what the peer sent can still be read. */
    bool answer_follows = !was_up && got > 0;
    if (!answer_follows || !sk_tls_hold_back(s))
        sk_tls_flush(s, NULL);
    if (got > 0)
        return (ptrdiff_t)got;
    return s->failed ? repeat_failure(s, err) : rc;
}

/* A way through the pieces of a writev. */
typedef struct cursor {
    const skua_str *piece;
    size_t count; /* pieces left */
    size_t at;    /* in the first of them */
    size_t most;  /* bytes left that may be accepted */
} cursor;

static void skip_empty(cursor *c) {
    while (c->count > 0 && c->at == c->piece->len) {
        c->piece++;
        c->count--;
        c->at = 0;
    }
}

static skua_str take(cursor *c, size_t len) {
    skua_str s = {c->piece->ptr + c->at, len};
    c->at += len;
    c->most -= len;
    skip_empty(c);
    return s;
}

static size_t min(size_t a, size_t b) {
    return a < b ? a : b;
}

/* How much may be taken of the first piece. */
static size_t available(const cursor *c) {
    return c->count == 0 ? 0 : min(c->piece->len - c->at, c->most);
}

/* The plaintext of the next records: whole records straight from a large piece, or one record
 * gathered from small ones, so that a head and a small body share one. Empty at the end. */
static skua_str next_run(cursor *c, char room[RECORD]) {
    size_t n = available(c);
    if (n == 0 || c->count == 1)
        return n == 0 ? (skua_str){0} : take(c, n);
    if (n >= RECORD)
        return take(c, n - n % RECORD);
    size_t gathered = 0;
    while (gathered < RECORD && (n = min(available(c), RECORD - gathered)) > 0) {
        skua_str part = take(c, n);
        memcpy(room + gathered, part.ptr, n);
        gathered += n;
    }
    return (skua_str){room, gathered};
}

/* Make records of as much as one call accepts. Returns how much; on 0, *rc may hold an error. */
static size_t encrypt(sk_tls *s, const skua_str *pieces, size_t count, int *rc) {
    cursor c = {.piece = pieces, .count = count, .most = ACCEPT_MAX};
    size_t taken = 0;
    skip_empty(&c);
    for (;;) {
        skua_str run = next_run(&c, s->scratch->gathered);
        if (run.len == 0)
            return taken;
        if (!sk_tls_out_room(s, run.len)) {
            *rc = taken > 0 ? 0 : SKUA_E_NOMEM;
            return taken;
        }
        size_t n;
        int ok = SSL_write_ex(s->ssl, run.ptr, run.len, &n);
        if (ok != 1) {
            set_failed(s, SSL_get_error(s->ssl, ok));
            *rc = s->failed;
            return 0;
        }
        taken += n;
    }
}

/* A peer that cut its direction may still listen. */
static bool can_send(const sk_tls *s) {
    return !s->failed || (s->up && s->failed == SKUA_E_TLS_EOF);
}

/* May anything still be written? 0, or the error. */
static int check_writable(const sk_tls *s, skua_error *err) {
    if (!can_send(s))
        return repeat_failure(s, err);
    if (s->write_failed)
        return sk_fail_plain(err, s->write_failed, SKUA_PHASE_SEND);
    if (SSL_get_shutdown(s->ssl) & SSL_SENT_SHUTDOWN)
        return sk_fail(err, SKUA_E_STATE, SKUA_PHASE_SEND, "write after the end was sent");
    return 0;
}

static ptrdiff_t tls_writev(skua_stream *base, const skua_str *pieces, size_t count,
                            skua_error *err) {
    sk_tls *s = self(base);
    int rc = check_writable(s, err);
    if (rc != 0)
        return rc;
    sk_tls_enter(s);
    /* What the stream below has refused must be gone before more is accepted. */
    if (s->blocked && (rc = sk_tls_flush(s, err)) != 0)
        return rc;
    if (!s->up && (rc = shake(s)) != 0)
        return stopped(s, rc, err);
    size_t taken = encrypt(s, pieces, count, &rc);
    if (rc != 0)
        return rc == SKUA_E_NOMEM && !s->failed ? sk_fail_nomem(err) : repeat_failure(s, err);
    rc = sk_tls_flush(s, err);
    return rc == 0 || rc == SKUA_E_AGAIN ? (ptrdiff_t)taken : rc;
}

static int tls_shutdown(skua_stream *base, skua_error *err) {
    sk_tls *s = self(base);
    if (s->write_failed)
        return sk_fail_plain(err, s->write_failed, SKUA_PHASE_SEND);
    sk_tls_enter(s);
    bool sent = (SSL_get_shutdown(s->ssl) & SSL_SENT_SHUTDOWN) != 0;
    if (s->up && can_send(s) && !sent && SSL_shutdown(s->ssl) < 0)
        return sk_fail_nomem(err); /* it only writes a record, into memory */
    int rc = sk_tls_flush(s, err);
    return rc != 0 ? rc : s->below->ops->shutdown(s->below, err);
}

static void tls_free(sk_tls *s) {
    sk_tls_forget(s);
    SSL_free(s->ssl);
    X509_free(s->rejected);
    sk_tls_ctx_unref(s->ctx);
    sk_free(s->why);
    sk_free(s);
}

skua_stream *sk_tls_unwrap(skua_stream *base) {
    sk_tls *s = self(base);
    skua_stream *below = s->below;
    tls_free(s);
    return below;
}

static void tls_close(skua_stream *base) {
    skua_stream *below = sk_tls_unwrap(base);
    below->ops->close(below);
}

bool sk_tls_heard_http(const skua_stream *base) {
    return ((const sk_tls *)(const void *)base)->plain;
}

/* While shaking hands the peer's answer is waited for, whatever is wanted. Ciphertext that is kept
 * wants to leave in any case: the caller believes it sent. */
static unsigned wanted(const sk_tls *s, unsigned events) {
    unsigned e = s->up || s->failed ? events : SKUA_WANT_READ;
    return sk_buf_len(&s->out) > 0 ? e | SKUA_WANT_WRITE : e;
}

static skua_want tls_want(skua_stream *base, unsigned events) {
    sk_tls *s = self(base);
    return s->below->ops->want(s->below, wanted(s, events));
}

static int tls_wait(skua_stream *base, unsigned events, int timeout_ms, skua_error *err) {
    sk_tls *s = self(base);
    skua_stream *below = s->below;
    events = wanted(s, events);
    if (below->ops->wait)
        return below->ops->wait(below, events, timeout_ms, err);
    skua_want w = below->ops->want(below, events);
    return sk_poll_one(w.fd, w.events, timeout_ms, err);
}

static void tls_info(skua_stream *base, skua_stream_info *info) {
    sk_tls *s = self(base);
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
    sk_tls_subject(SSL_get0_peer_certificate(s->ssl), info->tls_subject, sizeof info->tls_subject);
}

static const skua_stream_ops tls_ops = {
    .size = sizeof tls_ops,
    .flags = SKUA_STREAM_SHORT_IS_DRY,
    .read = tls_read,
    .writev = tls_writev,
    .shutdown = tls_shutdown,
    .close = tls_close,
    .want = tls_want,
    .wait = tls_wait,
    .info = tls_info,
};

/* After the end or a failure has come: a short read was not the last word, and no descriptor will
 * become readable for it, so this table does not claim SHORT_IS_DRY. */
static const skua_stream_ops tls_ended_ops = {
    .size = sizeof tls_ended_ops,
    .read = tls_read,
    .writev = tls_writev,
    .shutdown = tls_shutdown,
    .close = tls_close,
    .want = tls_want,
    .wait = tls_wait,
    .info = tls_info,
};

static bool attach(sk_tls *s) {
    s->ssl = SSL_new(s->ctx->ssl);
    BIO *b = s->ssl ? BIO_new(s->ctx->bio) : NULL;
    if (!b)
        return false;
    BIO_set_data(b, s);
    SSL_set_bio(s->ssl, b, b); /* takes the one reference for both directions */
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
    if (host.len > 0)
        memcpy(s->host, host.ptr, host.len);
    sk_tls_ctx_ref(c);
    if (attach(s))
        return s;
    tls_free(s);
    sk_fail_nomem(err);
    return NULL;
}

/* The name as certificates spell it: without the final dot of an absolute name, without the
 * brackets and the zone of an IPv6 address. */
static skua_str bare_host(skua_str h) {
    if (h.len > 1 && h.ptr[0] == '[' && h.ptr[h.len - 1] == ']')
        h = (skua_str){h.ptr + 1, h.len - 2};
    const char *zone = h.len > 0 ? memchr(h.ptr, '%', h.len) : NULL;
    if (zone && memchr(h.ptr, ':', h.len))
        h.len = (size_t)(zone - h.ptr);
    if (h.len > 0 && h.ptr[h.len - 1] == '.')
        h.len--;
    return h;
}

/* RFC 9525 6.3: only names in subjectAltName count, and a wildcard only as the whole left-most
 * label. RFC 6066 3: no server_name for an address. */
static int set_host(sk_tls *s, skua_error *err) {
    X509_VERIFY_PARAM *p = SSL_get0_param(s->ssl);
    X509_VERIFY_PARAM_set_hostflags(p, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT |
                                           X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    sk_addr digits;
    bool ok;
    if (sk_addr_parse(sk_str(s->host), 0, &digits))
        ok = X509_VERIFY_PARAM_set1_ip_asc(p, s->host) == 1;
    else
        ok = X509_VERIFY_PARAM_set1_host(p, s->host, 0) == 1 &&
             SSL_set_tlsext_host_name(s->ssl, s->host) == 1;
    ERR_clear_error();
    if (ok)
        return 0;
    return sk_fail(err, SKUA_E_INVALID_ARGUMENT, SKUA_PHASE_TLS,
                   "%.100s: not a host name that can be verified", s->host);
}

skua_stream *sk_tls_client(sk_tls_ctx *c, skua_stream *below, const char *host,
                           sk_tls_scratch *scratch, skua_error *err) {
    skua_str name = bare_host(sk_str(c->server_name ? c->server_name : host));
    if (name.len == 0 && !c->insecure) {
        sk_fail(err, SKUA_E_INVALID_ARGUMENT, SKUA_PHASE_TLS, "no host name to verify");
        return NULL;
    }
    sk_tls *s = tls_new(c, below, name, scratch, err);
    if (!s)
        return NULL;
    SSL_set_connect_state(s->ssl);
    if (name.len > 0 && set_host(s, err) != 0) {
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
