/* coding/zlib_decode.c - undoing gzip (RFC 1952) and deflate (RFC 1950, RFC 1951). */
#include "base/mem.h"
#include "coding/coding.h"
#include "coding/memory.h"

#include <limits.h>
#include <zlib.h>

/* zlib's own convention for windowBits: negative is raw deflate, 16 more is gzip. */
#define BITS_ZLIB MAX_WBITS
#define BITS_RAW  (-MAX_WBITS)
#define BITS_GZIP (16 + MAX_WBITS)

/* gzip:    MEMBER -> BETWEEN -> MEMBER ... or PADDING
 * deflate: SNIFF -> MEMBER */
typedef enum where { SNIFF, MEMBER, BETWEEN, PADDING } where;

typedef struct unzip {
    z_stream z;
    where at;
} unzip;

static void *open_unzip(int bits, where at) {
    unzip *u = sk_zalloc(sizeof *u);
    if (!u)
        return NULL;
    u->z.zalloc = sk_coding_take_items;
    u->z.zfree = sk_coding_give_back;
    u->at = at;
    if (inflateInit2(&u->z, bits) == Z_OK)
        return u;
    sk_free(u);
    return NULL;
}

static void *open_gzip(void) {
    return open_unzip(BITS_GZIP, MEMBER);
}

static void *open_deflate(void) {
    return open_unzip(BITS_ZLIB, SNIFF);
}

static void close_unzip(void *state) {
    unzip *u = state;
    (void)inflateEnd(&u->z);
    sk_free(u);
}

static sk_coded outcome(const z_stream *z, int rc, const char **why) {
    if (rc == Z_OK || rc == Z_BUF_ERROR) /* the latter: no progress this time */
        return SK_CODED_MORE;
    if (rc == Z_STREAM_END)
        return SK_CODED_END;
    if (rc == Z_MEM_ERROR)
        return SK_CODED_NOMEM;
    *why = rc == Z_NEED_DICT ? "it needs a dictionary" : z->msg ? z->msg : "malformed data";
    return SK_CODED_BROKEN;
}

static sk_coded inflate_some(unzip *u, skua_str *in, sk_room *out, const char **why) {
    z_stream *z = &u->z;
    uInt given = in->len < UINT_MAX ? (uInt)in->len : UINT_MAX;
    z->next_in = (z_const Bytef *)in->ptr;
    z->avail_in = given;
    z->next_out = (Bytef *)out->ptr;
    z->avail_out = (uInt)out->len;
    int rc = inflate(z, Z_NO_FLUSH);
    in->ptr += given - z->avail_in;
    in->len -= given - z->avail_in;
    *out = (sk_room){(char *)z->next_out, z->avail_out};
    return outcome(z, rc, why);
}

static sk_coded skip_padding(skua_str *in, const char **why) {
    for (; in->len > 0; in->ptr++, in->len--) {
        if (*in->ptr != 0) {
            *why = SK_BEHIND_END;
            return SK_CODED_BROKEN;
        }
    }
    return SK_CODED_END;
}

static sk_coded step_gzip(void *state, skua_str *in, sk_room *out, const char **why) {
    unzip *u = state;
    if (u->at == BETWEEN) {
        /* RFC 1952 2.2: members simply appear one after another. Theirs begin with 31. */
        u->at = *in->ptr == 31 ? MEMBER : PADDING;
        (void)inflateReset(&u->z);
    }
    if (u->at == PADDING)
        return skip_padding(in, why);
    sk_coded came_to = inflate_some(u, in, out, why);
    if (came_to == SK_CODED_END)
        u->at = BETWEEN;
    return came_to;
}

static sk_coded step_deflate(void *state, skua_str *in, sk_room *out, const char **why) {
    unzip *u = state;
    if (u->at == SNIFF) {
        /* RFC 9110 8.4.1.2: some send deflate without the zlib format around it. RFC 1950 2.2: that
         * has 8 in the low half of its first byte. To raw deflate this were a stored block with a
         * bit set in what pads its header, and encoders pad with zeros. */
        if ((*in->ptr & 0x0f) != Z_DEFLATED)
            (void)inflateReset2(&u->z, BITS_RAW);
        u->at = MEMBER;
    }
    return inflate_some(u, in, out, why);
}

const sk_decode_ops sk_gzip_decode = {open_gzip, step_gzip, close_unzip, true};
const sk_decode_ops sk_deflate_decode = {open_deflate, step_deflate, close_unzip, false};
