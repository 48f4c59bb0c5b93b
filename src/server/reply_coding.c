/* server/reply_coding.c - a reply's body, compressed on its way out.
 *
 *     whole:   body -> encoder -> the body that is sent, with its length
 *     stream:  pieces -> encoder -> (what has come of them) -> the reply's way
 *
 * Whoever finishes a reply writes its pieces, but for the heartbeats of an event stream, which come
 * from the loop: a piece is coded and appended under a lock. Nobody waits for room with it. */
#include "server/reply_coding.h"

#include "base/mem.h"
#include "server/compression.h"
#include "server/reply_parts.h"
#include "server/reply_way.h"
#include "sys/thread.h"

struct sk_reply_coding {
    sk_encoder *encoder;
    sk_mutex lock;
    int64_t left; /* of what the program announced; -1: it did not */
    bool unflushed;
    int error; /* a piece was lost, also one of the loop's: what follows would make no sense */
};

/* ---- whole ---- */

static int encode(int which, skua_str body, sk_buf *room) {
    sk_encoder *e = sk_encoder_new(which, body.len);
    int rc = e ? sk_encoder_write(e, body, SK_ENCODE_END, room) : SKUA_E_NOMEM;
    sk_encoder_free(e);
    return rc;
}

int sk_reply_code_whole(skua_reply *a, sk_buf *room, skua_str *body) {
    int which;
    int rc = sk_compression_choose(a, (int64_t)body->len, &which);
    if (rc != 0 || which < 0)
        return rc;
    rc = encode(which, *body, room);
    if (rc != 0)
        return sk_reply_latch(a, rc);
    if (sk_buf_len(room) >= body->len)
        return 0;
    *body = sk_buf_str(room);
    return sk_compression_declare(a, which);
}

/* ---- in pieces ---- */

static sk_reply_coding *new_coding(int which, int64_t length) {
    sk_reply_coding *k = sk_alloc(sizeof *k);
    if (!k)
        return NULL;
    *k = (sk_reply_coding){.left = length};
    k->encoder = sk_encoder_new(which, length > 0 ? (size_t)length : 0);
    if (k->encoder && sk_mutex_init(&k->lock) == 0)
        return k;
    sk_encoder_free(k->encoder);
    sk_free(k);
    return NULL;
}

void sk_reply_coding_free(sk_reply_coding *k) {
    if (!k)
        return;
    sk_encoder_free(k->encoder);
    sk_mutex_free(&k->lock);
    sk_free(k);
}

int sk_reply_code_stream(skua_reply *a) {
    int which;
    int64_t length = sk_compression_length(a);
    int rc = sk_compression_choose(a, length, &which);
    if (rc == 0 && which >= 0)
        rc = sk_compression_declare(a, which);
    if (rc != 0 || which < 0)
        return rc;
    if (!sk_reply_body_is_sent(a))
        return 0;
    a->coding = new_coding(which, length);
    return a->coding ? 0 : sk_reply_latch(a, SKUA_E_NOMEM);
}

/* With the lock held. */
static ptrdiff_t put(skua_reply *a, skua_str piece, sk_encode_to to) {
    sk_reply_coding *k = a->coding;
    sk_buf coded = {0};
    if (k->error != 0)
        return k->error;
    if (k->left >= 0 && (uint64_t)k->left < piece.len)
        return SKUA_E_STATE;
    k->error = sk_encoder_write(k->encoder, piece, to, &coded);
    size_t len = sk_buf_len(&coded);
    if (k->error == 0 && len > 0)
        k->error = sk_reply_way_append(a, sk_buf_head(&coded), len);
    sk_buf_free(&coded);
    k->left -= k->left >= 0 ? (int64_t)piece.len : 0;
    k->unflushed = to == SK_ENCODE_ON;
    return k->error == 0 ? (ptrdiff_t)len : k->error;
}

ptrdiff_t sk_reply_coding_write(skua_reply *a, skua_str piece, sk_encode_to to, bool first) {
    int rc = sk_reply_way_room(a, first);
    if (rc != 0)
        return rc;
    sk_mutex_lock(&a->coding->lock);
    ptrdiff_t n = put(a, piece, to);
    sk_mutex_unlock(&a->coding->lock);
    return n;
}

int sk_reply_coding_flush(skua_reply *a) {
    if (!a->coding || !a->coding->unflushed)
        return 0;
    ptrdiff_t n = sk_reply_coding_write(a, (skua_str){NULL, 0}, SK_ENCODE_FLUSH, false);
    if (n < 0)
        return (int)n;
    a->body_bytes += n;
    return 0;
}

int sk_reply_coding_end(skua_reply *a, sk_buf *tail) {
    sk_reply_coding *k = a->coding;
    if (k->error != 0 || k->left > 0)
        return k->error ? k->error : SKUA_E_STATE;
    return sk_encoder_write(k->encoder, (skua_str){NULL, 0}, SK_ENCODE_END, tail);
}
