/* coding/zlib_encode.c - applying gzip (RFC 1952). */
#include "base/mem.h"
#include "coding/coding.h"
#include "coding/memory.h"

#include <limits.h>
#include <zlib.h>

#define LEVEL        5
#define BITS_GZIP    16 /* to be added to windowBits: the library's own convention */
#define BITS_MIN     9
#define LEVEL_TO_MEM 7 /* windowBits 15 goes with memLevel 8, as zlib has it by default */

/* The smallest window that holds it all. */
static int window_bits(size_t size) {
    int bits = MAX_WBITS;
    while (size > 0 && bits > BITS_MIN && (size_t)1 << (bits - 1) >= size)
        bits--;
    return bits;
}

static void *open_gzip(size_t size) {
    z_stream *z = sk_zalloc(sizeof *z);
    if (!z)
        return NULL;
    z->zalloc = sk_coding_take_items;
    z->zfree = sk_coding_give_back;
    int bits = window_bits(size);
    if (deflateInit2(z, LEVEL, Z_DEFLATED, BITS_GZIP + bits, bits - LEVEL_TO_MEM,
                     Z_DEFAULT_STRATEGY) == Z_OK)
        return z;
    sk_free(z);
    return NULL;
}

static void close_gzip(void *state) {
    (void)deflateEnd(state);
    sk_free(state);
}

static sk_coded step_gzip(void *state, skua_str *in, sk_encode_to to, sk_room *out) {
    static const int how[] = {
        [SK_ENCODE_ON] = Z_NO_FLUSH, [SK_ENCODE_FLUSH] = Z_SYNC_FLUSH, [SK_ENCODE_END] = Z_FINISH};
    z_stream *z = state;
    uInt given = in->len < UINT_MAX ? (uInt)in->len : UINT_MAX;
    uInt cap = out->len < UINT_MAX ? (uInt)out->len : UINT_MAX;
    z->next_in = (z_const Bytef *)in->ptr;
    z->avail_in = given;
    z->next_out = (Bytef *)out->ptr;
    z->avail_out = cap;
    /* It allocates nothing here. Z_BUF_ERROR, no progress, is what a second flush gives. */
    int rc = deflate(z, given < in->len ? Z_NO_FLUSH : how[to]);
    *in = (skua_str){in->ptr + (given - z->avail_in), in->len - (given - z->avail_in)};
    *out = (sk_room){(char *)z->next_out, out->len - (cap - z->avail_out)};
    bool done = to == SK_ENCODE_END ? rc == Z_STREAM_END : in->len == 0 && z->avail_out > 0;
    return done ? SK_CODED_END : SK_CODED_MORE;
}

const sk_encode_ops sk_gzip_encode = {open_gzip, step_gzip, close_gzip};
