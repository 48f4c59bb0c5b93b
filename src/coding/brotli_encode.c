/* coding/brotli_encode.c - applying br (RFC 7932).
 *
 * As it is built everywhere, the library ends the process where it is given no memory. So it always
 * is given some: what cannot be had comes from a reserve, which was taken when the encoder was made
 * and is large enough for the step under way; that step is then the last one. Of the reserve's
 * pages none are used before. */
#include "base/mem.h"
#include "coding/coding.h"

#include <brotli/encode.h>
#include <stdint.h>

#define QUALITY     4
#define WINDOW_BITS 18
#define BLOCK_BITS  16
/* How much is coded in a step. */
#define PIECE_MAX (1u << BLOCK_BITS)
/* From this size on the library would take tables for megabytes of input. */
#define SIZE_HINT_MAX ((1u << 20) - 1)
/* Measured: the first step takes the most, up to 2.2 MiB where nothing it gives back is reused. */
#define RESERVE (6u << 20)
#define ALIGNED 16u

typedef struct brotli {
    BrotliEncoderState *state;
    char *reserve;
    size_t used; /* of it; more than 0: the encoder is spent */
} brotli;

static void *take_reserved(brotli *b, size_t n) {
    n = (n + ALIGNED - 1) / ALIGNED * ALIGNED;
    if (n > RESERVE - b->used)
        return NULL;
    b->used += n;
    return b->reserve + b->used - n;
}

static void *take_memory(void *opaque, size_t n) {
    void *block = sk_alloc(n);
    return block ? block : take_reserved(opaque, n);
}

static void give_back(void *opaque, void *block) {
    const brotli *b = opaque;
    uintptr_t at = (uintptr_t)block, reserve = (uintptr_t)b->reserve;
    if (at < reserve || at >= reserve + RESERVE)
        sk_free(block);
}

/* The smallest window that holds it all. */
static uint32_t window_bits(size_t size) {
    uint32_t bits = WINDOW_BITS;
    while (size > 0 && bits > BROTLI_MIN_WINDOW_BITS && (size_t)1 << (bits - 1) >= size)
        bits--;
    return bits;
}

static void close_brotli(void *state) {
    brotli *b = state;
    if (b->state)
        BrotliEncoderDestroyInstance(b->state);
    sk_free(b->reserve);
    sk_free(b);
}

static void *open_brotli(size_t size) {
    brotli *b = sk_zalloc(sizeof *b);
    if (!b)
        return NULL;
    b->reserve = sk_alloc(RESERVE);
    if (b->reserve)
        b->state = BrotliEncoderCreateInstance(take_memory, give_back, b);
    if (!b->state || b->used > 0) {
        close_brotli(b);
        return NULL;
    }
    const struct {
        BrotliEncoderParameter name;
        size_t value;
    } parameters[] = {
        {BROTLI_PARAM_QUALITY, QUALITY},
        {BROTLI_PARAM_LGWIN, window_bits(size)},
        {BROTLI_PARAM_LGBLOCK, BLOCK_BITS},
        {BROTLI_PARAM_SIZE_HINT, size < SIZE_HINT_MAX ? size : SIZE_HINT_MAX},
    };
    for (size_t i = 0; i < sizeof parameters / sizeof parameters[0]; i++)
        (void)BrotliEncoderSetParameter(b->state, parameters[i].name,
                                        (uint32_t)parameters[i].value);
    return b;
}

static sk_coded step_brotli(void *state, skua_str *in, sk_encode_to to, sk_room *out) {
    static const BrotliEncoderOperation how[] = {[SK_ENCODE_ON] = BROTLI_OPERATION_PROCESS,
                                                 [SK_ENCODE_FLUSH] = BROTLI_OPERATION_FLUSH,
                                                 [SK_ENCODE_END] = BROTLI_OPERATION_FINISH};
    brotli *b = state;
    bool last = in->len <= PIECE_MAX;
    size_t given = last ? in->len : PIECE_MAX, left = given;
    const uint8_t *next_in = (const uint8_t *)in->ptr;
    uint8_t *next_out = (uint8_t *)out->ptr;
    BROTLI_BOOL worked =
        BrotliEncoderCompressStream(b->state, last ? how[to] : BROTLI_OPERATION_PROCESS, &left,
                                    &next_in, &out->len, &next_out, NULL);
    *in = (skua_str){(const char *)next_in, in->len - (given - left)};
    out->ptr = (char *)next_out;
    if (!worked || b->used > 0) /* used as it is here, it fails for want of memory alone */
        return SK_CODED_NOMEM;
    bool done = in->len == 0 && !BrotliEncoderHasMoreOutput(b->state);
    if (to == SK_ENCODE_END)
        done = BrotliEncoderIsFinished(b->state);
    return done ? SK_CODED_END : SK_CODED_MORE;
}

const sk_encode_ops sk_brotli_encode = {open_brotli, step_brotli, close_brotli};
