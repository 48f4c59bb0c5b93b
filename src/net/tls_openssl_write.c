/* net/tls_openssl_write.c - plaintext that is written, made into records. */
#include "net/tls_openssl.h"

#include "base/fail.h"

#include <string.h>

#define RECORD ((size_t)SSL3_RT_MAX_PLAIN_LENGTH)
/* Plaintext one writev accepts at most: what a slow peer can make us keep. */
#define ACCEPT_MAX ((size_t)256 * 1024)

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
            sk_tls_set_failed(s, SSL_get_error(s->ssl, ok));
            *rc = s->failed;
            return 0;
        }
        taken += n;
    }
}

/* A peer that cut its direction may still listen. */
bool sk_tls_can_send(const sk_tls *s) {
    return !s->failed || (s->up && s->failed == SKUA_E_TLS_EOF);
}

/* May anything still be written? 0, or the error. */
static int check_writable(const sk_tls *s, skua_error *err) {
    if (!sk_tls_can_send(s))
        return sk_tls_repeat_failure(s, err);
    if (s->write_failed)
        return sk_fail_plain(err, s->write_failed, SKUA_PHASE_SEND);
    if (SSL_get_shutdown(s->ssl) & SSL_SENT_SHUTDOWN)
        return sk_fail(err, SKUA_E_STATE, SKUA_PHASE_SEND, "write after the end was sent");
    return 0;
}

ptrdiff_t sk_tls_writev(skua_stream *base, const skua_str *pieces, size_t count, skua_error *err) {
    sk_tls *s = sk_tls_of(base);
    int rc = check_writable(s, err);
    if (rc != 0)
        return rc;
    sk_tls_enter(s);
    /* What the stream below has refused must be gone before more is accepted. */
    if (s->blocked && (rc = sk_tls_flush(s, err)) != 0)
        return rc;
    if (!s->up && (rc = sk_tls_shake(s)) != 0)
        return sk_tls_stopped(s, rc, err);
    size_t taken = encrypt(s, pieces, count, &rc);
    if (rc != 0)
        return rc == SKUA_E_NOMEM && !s->failed ? sk_fail_nomem(err)
                                                : sk_tls_repeat_failure(s, err);
    rc = sk_tls_flush(s, err);
    return rc == 0 || rc == SKUA_E_AGAIN ? (ptrdiff_t)taken : rc;
}
