/* coding/brotli_decode.c - undoing br (RFC 7932). */
#include "coding/coding.h"
#include "coding/memory.h"

#include <brotli/decode.h>

static void *open_brotli(void) {
    return BrotliDecoderCreateInstance(sk_coding_take, sk_coding_give_back, NULL);
}

static void close_brotli(void *state) {
    BrotliDecoderDestroyInstance(state);
}

static bool lacked_memory(const BrotliDecoderState *state) {
    BrotliDecoderErrorCode code = BrotliDecoderGetErrorCode(state);
    return code <= BROTLI_DECODER_ERROR_ALLOC_CONTEXT_MODES &&
           code >= BROTLI_DECODER_ERROR_ALLOC_BLOCK_TYPE_TREES;
}

static sk_coded step_brotli(void *state, skua_str *in, sk_room *out, const char **why) {
    const uint8_t *next_in = (const uint8_t *)in->ptr;
    uint8_t *next_out = (uint8_t *)out->ptr;
    BrotliDecoderResult result =
        BrotliDecoderDecompressStream(state, &in->len, &next_in, &out->len, &next_out, NULL);
    in->ptr = (const char *)next_in;
    out->ptr = (char *)next_out;
    if (result == BROTLI_DECODER_RESULT_SUCCESS)
        return SK_CODED_END;
    if (result != BROTLI_DECODER_RESULT_ERROR)
        return SK_CODED_MORE;
    if (lacked_memory(state))
        return SK_CODED_NOMEM;
    *why = "malformed data"; /* the library's own names for how mean something to its authors */
    return SK_CODED_BROKEN;
}

const sk_decode_ops sk_brotli_decode = {open_brotli, step_brotli, close_brotli, false};
