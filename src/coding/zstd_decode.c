/* coding/zstd_decode.c - undoing zstd (RFC 8878). */
#include "base/mem.h"
#include "coding/coding.h"
#include "coding/memory.h"

/* For a decoder with an allocator of ours: called experimental, unchanged since 1.0, and exported
 * by the shared library. */
#define ZSTD_STATIC_LINKING_ONLY
#include <zstd.h>
#include <zstd_errors.h>

/* RFC 9659 3: a frame's window is to be no larger than 8 MB; 2 to this many bytes. */
#define WINDOW_LOG_MAX 23
#define HEAD_MAX       18u /* of a frame, its magic number and header (RFC 8878 3.1.1) */

typedef struct unzstd {
    ZSTD_DCtx *ctx;
    uint32_t head; /* bytes of the frame that the library has, up to HEAD_MAX */
} unzstd;

static void close_zstd(void *state) {
    unzstd *u = state;
    (void)ZSTD_freeDCtx(u->ctx);
    sk_free(u);
}

static void *open_zstd(void) {
    unzstd *u = sk_zalloc(sizeof *u);
    if (!u)
        return NULL;
    u->ctx = ZSTD_createDCtx_advanced((ZSTD_customMem){sk_coding_take, sk_coding_give_back, NULL});
    if (u->ctx &&
        !ZSTD_isError(ZSTD_DCtx_setParameter(u->ctx, ZSTD_d_windowLogMax, WINDOW_LOG_MAX)))
        return u;
    close_zstd(u);
    return NULL;
}

static sk_coded step_zstd(void *state, skua_str *in, sk_room *out, const char **why) {
    unzstd *u = state;
    /* The library decodes a frame that it sees whole at once, whatever window it asks for, and
     * takes a piece that begins with the magic number of an older format for one, wherever in a
     * frame's head it finds something wrong. What is taken must not hang on how a body was cut: the
     * head goes byte by byte. */
    ZSTD_inBuffer from = {in->ptr, u->head < HEAD_MAX && in->len > 1 ? 1 : in->len, 0};
    ZSTD_outBuffer to = {out->ptr, out->len, 0};
    size_t rc = ZSTD_decompressStream(u->ctx, &to, &from);
    u->head = rc == 0 ? 0 : u->head < HEAD_MAX ? u->head + (uint32_t)from.pos : HEAD_MAX;
    *in = (skua_str){in->ptr + from.pos, in->len - from.pos};
    *out = (sk_room){out->ptr + to.pos, out->len - to.pos};
    if (rc == 0)
        return SK_CODED_END;
    if (!ZSTD_isError(rc))
        return SK_CODED_MORE;
    if (ZSTD_getErrorCode(rc) == ZSTD_error_memory_allocation)
        return SK_CODED_NOMEM;
    *why = ZSTD_getErrorName(rc);
    return SK_CODED_BROKEN;
}

const sk_decode_ops sk_zstd_decode = {open_zstd, step_zstd, close_zstd, true};
