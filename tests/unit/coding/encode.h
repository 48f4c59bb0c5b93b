/* encode.h - what the tests of codings feed them: a text, and what each library's own encoder makes
 * of one. */
#ifndef SK_TEST_ENCODE_H
#define SK_TEST_ENCODE_H

#include "base/str.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#if SK_HAVE_ZLIB
#include <zlib.h>
#endif
#if SK_HAVE_BROTLI
#include <brotli/encode.h>
#endif
#if SK_HAVE_ZSTD
#include <zstd.h>
#endif

/* More than any test feeds comes to, coded or not. */
#define CODED_MAX (1u << 20)

/* Fill it with repetitions near and far, and stretches that do not compress. */
static inline skua_str sample_text(char *room, size_t len) {
    uint32_t random = 1;
    for (size_t i = 0; i < len; i++) {
        random = random * 1664525 + 1013904223;
        bool noise = (i >> 9) % 3 == 2;
        room[i] = noise ? (char)(random >> 24) : "All work and no play. "[i % 22];
    }
    return (skua_str){room, len};
}

static inline void encode_check(bool worked) {
    if (worked)
        return;
    fprintf(stderr, "an encoder failed\n");
    abort();
}

#if SK_HAVE_ZLIB
static inline size_t encode_zlib(int bits, skua_str plain, char *coded) {
    z_stream z = {0};
    encode_check(deflateInit2(&z, 6, Z_DEFLATED, bits, 8, Z_DEFAULT_STRATEGY) == Z_OK);
    z.next_in = (z_const Bytef *)plain.ptr;
    z.avail_in = (uInt)plain.len;
    z.next_out = (Bytef *)coded;
    z.avail_out = CODED_MAX;
    encode_check(deflate(&z, Z_FINISH) == Z_STREAM_END);
    size_t n = CODED_MAX - z.avail_out;
    deflateEnd(&z);
    return n;
}
#endif

/* Code `plain` into `coded`, which has CODED_MAX bytes. `how` is a coding's name, or "raw" for
 * deflate without the zlib format. Returns the length; 0: not in this build. */
static inline size_t encode(const char *how, skua_str plain, char *coded) {
    (void)how;
    (void)plain;
    (void)coded;
#if SK_HAVE_ZLIB
    if (strcmp(how, "gzip") == 0)
        return encode_zlib(16 + MAX_WBITS, plain, coded);
    if (strcmp(how, "deflate") == 0)
        return encode_zlib(MAX_WBITS, plain, coded);
    if (strcmp(how, "raw") == 0)
        return encode_zlib(-MAX_WBITS, plain, coded);
#endif
#if SK_HAVE_BROTLI
    size_t n = CODED_MAX;
    if (strcmp(how, "br") == 0) {
        encode_check(BrotliEncoderCompress(5, 22, BROTLI_MODE_GENERIC, plain.len,
                                           (const uint8_t *)plain.ptr, &n, (uint8_t *)coded));
        return n;
    }
#endif
#if SK_HAVE_ZSTD
    if (strcmp(how, "zstd") == 0) {
        size_t made = ZSTD_compress(coded, CODED_MAX, plain.ptr, plain.len, 3);
        encode_check(!ZSTD_isError(made));
        return made;
    }
#endif
    return 0;
}

#endif
