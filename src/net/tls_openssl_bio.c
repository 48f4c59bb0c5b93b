/* net/tls_openssl_bio.c - the ciphertext side of a TLS stream: between OpenSSL and the stream
 * below.
 *
 *     below --read--> scratch.in --bio_read--> OpenSSL --bio_write--> scratch.out --writev--> below
 *                         | another stream's turn                          | not taken
 *                         v                                                v
 *                     stream.in                                        stream.out
 *
 * One read below fills up to 64 KiB, from which OpenSSL takes its records. All records that one
 * call makes stand in scratch.out and leave in one write. A stream owns a buffer only while
 * something was left over: what it has not decrypted when another stream of the thread needs the
 * scratch, and what the stream below did not take. OpenSSL's face of all this, the BIO, is the
 * scratch's as well: it works for whichever stream holds that.
 *
 * How much one call of a server's reads is bounded, as is what a peer may send without saying
 * anything, because OpenSSL goes on by itself until there is data.
 *
 * It does not encrypt, and does not judge what ends a connection. */
#include "net/tls_openssl.h"

#include "base/fail.h"
#include "base/mem.h"

#include <openssl/err.h>
#include <string.h>

#define READ_SIZE 65536u
/* What a record adds to its plaintext, rounded up: header, explicit nonce, type, tag. */
#define RECORD_EXTRA 64u
/* More than one writev accepts, with what was held back. Only a peer that makes us answer and does
 * not read the answers could go beyond. */
#define OUT_MAX (512u * 1024)
/* One call of a server's reads no more below, so that others have their turn: what is left there,
 * in a socket, still makes it readable. A client has nobody to wait for it, and what another TLS
 * below (a proxy's) has read by itself makes nothing readable. */
#define IN_MAX (256u * 1024)
/* Records of a handshake: there are peers that cut theirs into small ones. */
#define SHAKING_MAX 2048u
/* Records without data beyond one for each that has some: key updates, tickets, renegotiation. */
#define BARREN_MAX 256u

/* Make what is left in the shared buffer the stream's own. Where there is no memory for a copy, the
 * buffer itself changes hands, so that nothing is lost. */
static bool keep(sk_buf *own, sk_buf *shared) {
    if (sk_buf_len(shared) == 0)
        return true;
    sk_buf_append(own, sk_buf_head(shared), sk_buf_len(shared));
    if (!own->failed) {
        sk_buf_clear(shared);
        return true;
    }
    own->failed = false;
    if (sk_buf_len(own) > 0)
        return false;
    sk_buf_free(own);
    *own = *shared;
    *shared = (sk_buf){0};
    return true;
}

void sk_tls_enter(sk_tls *s) {
    sk_tls_scratch *c = s->scratch;
    /* The holder's own buffer is empty while it has something here, so this cannot fail. */
    if (c->holder && c->holder != s)
        keep(&c->holder->in, &c->in);
    c->holder = s;
    c->dry = false;
    c->read = 0;
    c->io_code = 0;
    c->refused = NULL;
    /* The program's own use of OpenSSL may have left something. Clearing walks the whole queue. */
    if (ERR_peek_error() != 0)
        ERR_clear_error();
}

void sk_tls_forget(sk_tls *s) {
    if (s->scratch->holder == s) {
        s->scratch->holder = NULL;
        sk_buf_clear(&s->scratch->in);
    }
    sk_buf_free(&s->in);
    sk_buf_free(&s->out);
}

/* Read below into the scratch. False: nothing came; the scratch tells an end or failure, otherwise
 * it is not ready. */
static bool fill(sk_tls *s) {
    sk_tls_scratch *c = s->scratch;
    if (c->dry || c->io_code != 0)
        return false;
    char *room = sk_buf_reserve(&c->in, READ_SIZE);
    if (!room) {
        c->in.failed = false;
        c->io_code = sk_fail_nomem(&c->io);
        return false;
    }
    const skua_stream_ops *below = s->below->ops;
    ptrdiff_t n = (c->waits ? below->read_waiting : below->read)(s->below, room, READ_SIZE, &c->io);
    c->waits = false;
    if (n > 0) {
        sk_buf_commit(&c->in, (size_t)n);
        c->read += (size_t)n;
        c->dry = (s->ctx->server && c->read >= IN_MAX) ||
                 ((size_t)n < READ_SIZE && (s->below->ops->flags & SKUA_STREAM_SHORT_IS_DRY));
        return true;
    }
    if (n == SKUA_E_AGAIN)
        c->dry = true;
    else
        c->io_code = n == 0 ? SKUA_E_TLS_EOF : (int)n;
    return false;
}

bool sk_tls_has_come(sk_tls *s) {
    return sk_buf_len(&s->in) > 0 || sk_buf_len(&s->scratch->in) > 0 || fill(s) ||
           s->scratch->io_code != 0;
}

/* Is there no ciphertext, neither here nor, in this call, below? */
bool sk_tls_in_is_dry(const sk_tls *s) {
    const sk_tls_scratch *c = s->scratch;
    return c->dry && sk_buf_len(&s->in) == 0 && sk_buf_len(&c->in) == 0;
}

void sk_tls_refuse_more(sk_tls *s, const char *why) {
    s->scratch->io_code = SKUA_E_TLS;
    s->scratch->refused = why;
}

/* OpenSSL asks for the header of each record by itself. */
static bool is_too_barren(sk_tls *s, size_t asked) {
    if (asked != SSL3_RT_HEADER_LENGTH || s->barren++ < (s->up ? BARREN_MAX : SHAKING_MAX))
        return false;
    sk_tls_refuse_more(s, "the peer sends record after record without data");
    return true;
}

void sk_tls_note_data(sk_tls *s) {
    s->barren = (uint16_t)(s->barren > 2 ? s->barren - 2 : 0);
}

static int bio_read(BIO *b, char *dst, size_t len, size_t *got) {
    sk_tls *s = ((sk_tls_scratch *)BIO_get_data(b))->holder;
    BIO_clear_retry_flags(b);
    sk_buf *from = sk_buf_len(&s->in) > 0 ? &s->in : &s->scratch->in;
    if (sk_buf_len(from) == 0 && !fill(s)) {
        if (s->scratch->io_code == 0)
            BIO_set_retry_read(b);
        return 0;
    }
    *got = len < sk_buf_len(from) ? len : sk_buf_len(from);
    if (is_too_barren(s, len) || !sk_tls_hello_fits(s, sk_buf_head(from), *got))
        return 0;
    memcpy(dst, sk_buf_head(from), *got);
    sk_buf_consume(from, *got);
    if (sk_buf_len(&s->in) == 0)
        sk_buf_free(&s->in);
    return 1;
}

static int bio_write(BIO *b, const char *src, size_t len, size_t *put) {
    sk_tls_scratch *c = BIO_get_data(b);
    BIO_clear_retry_flags(b);
    if (sk_buf_len(&c->holder->out) + sk_buf_len(&c->out) + len > OUT_MAX) {
        sk_tls_refuse_more(c->holder, "the peer does not read the answers it makes us send");
        return 0;
    }
    sk_buf_append(&c->out, src, len);
    if (c->out.failed) {
        c->out.failed = false;
        c->io_code = sk_fail_nomem(&c->io);
        return 0;
    }
    sk_tls_hello_answered(c->holder);
    *put = len;
    return 1;
}

/* OpenSSL asks many things here; all that needs an answer is that flushing works. */
static long bio_ctrl(BIO *b, int cmd, long num, void *ptr) {
    (void)b, (void)num, (void)ptr;
    return cmd == BIO_CTRL_FLUSH;
}

static int bio_create(BIO *b) {
    BIO_set_init(b, 1);
    return 1;
}

static BIO_METHOD *make_method(void) {
    BIO_METHOD *m = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "skua stream");
    if (m && BIO_meth_set_read_ex(m, bio_read) && BIO_meth_set_write_ex(m, bio_write) &&
        BIO_meth_set_ctrl(m, bio_ctrl) && BIO_meth_set_create(m, bio_create))
        return m;
    BIO_meth_free(m);
    return NULL;
}

void sk_tls_scratch_free(sk_tls_scratch *s) {
    if (!s || --s->holders > 0)
        return;
    BIO_free(s->bio);
    BIO_meth_free(s->method);
    sk_buf_free(&s->in);
    sk_buf_free(&s->out);
    sk_free(s);
}

sk_tls_scratch *sk_tls_scratch_new(void) {
    sk_tls_scratch *s = sk_zalloc(sizeof *s);
    if (!s)
        return NULL;
    s->holders = 1;
    s->method = make_method();
    s->bio = s->method ? BIO_new(s->method) : NULL;
    if (s->bio) {
        BIO_set_data(s->bio, s);
        return s;
    }
    sk_tls_scratch_free(s);
    return NULL;
}

/* Make sure that the records for so much plaintext have room, so that OpenSSL, which could not go
 * on after it, does not meet the lack of memory. */
bool sk_tls_out_room(sk_tls *s, size_t plaintext) {
    size_t records = plaintext / SSL3_RT_MAX_PLAIN_LENGTH + 2;
    bool room = sk_buf_reserve(&s->scratch->out, plaintext + records * RECORD_EXTRA) != NULL;
    s->scratch->out.failed = false;
    return room;
}

/* Keep the records this call made, to leave together with those of the next writev. */
bool sk_tls_hold_back(sk_tls *s) {
    return keep(&s->out, &s->scratch->out);
}

static size_t unsent(sk_tls *s, skua_str pieces[2]) {
    size_t count = 0;
    if (sk_buf_len(&s->out) > 0)
        pieces[count++] = sk_buf_str(&s->out);
    if (sk_buf_len(&s->scratch->out) > 0)
        pieces[count++] = sk_buf_str(&s->scratch->out);
    return count;
}

static int write_broken(sk_tls *s, int code) {
    s->write_failed = code;
    s->blocked = false;
    sk_buf_free(&s->out);
    sk_buf_clear(&s->scratch->out);
    return code;
}

/* Send what was kept and what this call made, in one write below. What is not taken is kept.
 * 0: all is sent; SKUA_E_AGAIN: not all; an error: nothing more can be sent. */
int sk_tls_flush(sk_tls *s, skua_error *err) {
    skua_str pieces[2];
    size_t count = unsent(s, pieces);
    if (count == 0)
        return 0;
    ptrdiff_t n = s->below->ops->writev(s->below, pieces, count, err);
    if (n < 0 && n != SKUA_E_AGAIN)
        return write_broken(s, (int)n);
    size_t sent = n > 0 ? (size_t)n : 0;
    size_t of_kept = sent < sk_buf_len(&s->out) ? sent : sk_buf_len(&s->out);
    sk_buf_consume(&s->out, of_kept);
    sk_buf_consume(&s->scratch->out, sent - of_kept);
    if (!keep(&s->out, &s->scratch->out)) {
        sk_fail_nomem(err);
        return write_broken(s, SKUA_E_NOMEM);
    }
    s->blocked = sk_buf_len(&s->out) > 0;
    if (!s->blocked)
        sk_buf_free(&s->out);
    return s->blocked ? SKUA_E_AGAIN : 0;
}
