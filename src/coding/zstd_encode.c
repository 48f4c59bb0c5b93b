/* coding/zstd_encode.c - applying zstd (RFC 8878). */
#include "coding/coding.h"
#include "coding/memory.h"

/* For an encoder with an allocator of ours: see zstd_decode.c. */
#define ZSTD_STATIC_LINKING_ONLY
#include <zstd.h>

#define LEVEL          3
#define WINDOW_LOG_MAX 17 /* RFC 9659 3 allows up to 23 */

static bool set_up(ZSTD_CCtx *ctx, size_t size) {
    /* What the library would choose for so much, in a window that is not too large. */
    ZSTD_parameters p = ZSTD_getParams(LEVEL, size, 0);
    int window = (int)p.cParams.windowLog;
    if (window > WINDOW_LOG_MAX)
        window = WINDOW_LOG_MAX;
    return !ZSTD_isError(ZSTD_CCtx_setParameter(ctx, ZSTD_c_compressionLevel, LEVEL)) &&
           !ZSTD_isError(ZSTD_CCtx_setParameter(ctx, ZSTD_c_windowLog, window));
}

static void close_zstd(void *state) {
    (void)ZSTD_freeCCtx(state);
}

static void *open_zstd(size_t size) {
    ZSTD_CCtx *ctx =
        ZSTD_createCCtx_advanced((ZSTD_customMem){sk_coding_take, sk_coding_give_back, NULL});
    if (ctx && set_up(ctx, size))
        return ctx;
    close_zstd(ctx);
    return NULL;
}

static sk_coded step_zstd(void *state, skua_str *in, sk_encode_to to, sk_room *out) {
    static const ZSTD_EndDirective how[] = {[SK_ENCODE_ON] = ZSTD_e_continue,
                                            [SK_ENCODE_FLUSH] = ZSTD_e_flush,
                                            [SK_ENCODE_END] = ZSTD_e_end};
    ZSTD_inBuffer from = {in->ptr, in->len, 0};
    ZSTD_outBuffer into = {out->ptr, out->len, 0};
    size_t rc = ZSTD_compressStream2(state, &into, &from, how[to]);
    *in = (skua_str){in->ptr + from.pos, in->len - from.pos};
    *out = (sk_room){out->ptr + into.pos, out->len - into.pos};
    if (ZSTD_isError(rc)) /* used as it is here, it fails for want of memory alone */
        return SK_CODED_NOMEM;
    /* Where it only goes on, rc is a hint at what may stay inside. */
    bool done = to == SK_ENCODE_ON ? in->len == 0 : rc == 0;
    return done ? SK_CODED_END : SK_CODED_MORE;
}

const sk_encode_ops sk_zstd_encode = {open_zstd, step_zstd, close_zstd};
