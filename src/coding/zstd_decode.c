/* coding/zstd_decode.c - undoing zstd (RFC 8878). */
#include "base/mem.h"
#include "coding/coding.h"

/* For a decoder with an allocator of ours: called experimental, unchanged since 1.0, and exported
 * by the shared library. */
#define ZSTD_STATIC_LINKING_ONLY
#include <zstd.h>
#include <zstd_errors.h>

/* RFC 9659 3: a frame's window is to be no larger than 8 MB; 2 to this many bytes. */
#define WINDOW_LOG_MAX 23

static void *take_memory(void *opaque, size_t n) {
    (void)opaque;
    return sk_alloc(n);
}

static void give_back(void *opaque, void *block) {
    (void)opaque;
    sk_free(block);
}

static void *open_zstd(void) {
    ZSTD_DCtx *d = ZSTD_createDCtx_advanced((ZSTD_customMem){take_memory, give_back, NULL});
    if (d)
        (void)ZSTD_DCtx_setParameter(d, ZSTD_d_windowLogMax, WINDOW_LOG_MAX);
    return d;
}

static void close_zstd(void *state) {
    (void)ZSTD_freeDCtx(state);
}

static sk_step step_zstd(void *state, skua_str *in, sk_room *out, const char **why) {
    ZSTD_inBuffer from = {in->ptr, in->len, 0};
    ZSTD_outBuffer to = {out->ptr, out->len, 0};
    size_t rc = ZSTD_decompressStream(state, &to, &from);
    *in = (skua_str){in->ptr + from.pos, in->len - from.pos};
    *out = (sk_room){out->ptr + to.pos, out->len - to.pos};
    if (rc == 0)
        return SK_STEP_END;
    if (!ZSTD_isError(rc))
        return SK_STEP_MORE;
    if (ZSTD_getErrorCode(rc) == ZSTD_error_memory_allocation)
        return SK_STEP_NOMEM;
    *why = ZSTD_getErrorName(rc);
    return SK_STEP_BROKEN;
}

const sk_decoding sk_zstd_decoding = {open_zstd, step_zstd, close_zstd, true};
