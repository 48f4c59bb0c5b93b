/* fuzz/fuzz_decoder.c - content codings: what comes out does not hang on how the input was cut.
 *
 * Input: a byte that says how to cut, the value of Content-Encoding, a line feed, the body. */
#include "base/str.h"
#include "coding/decoder.h"

#include <stdlib.h>

#define OUT_MAX ((size_t)1 << 20)

static void require(bool holds) {
    if (!holds)
        abort();
}

typedef struct result {
    ptrdiff_t rc; /* of the last read; > 0: OUT_MAX was reached */
    size_t len;
    char *bytes;
} result;

static result decode(skua_str codings, skua_str in, size_t piece, size_t cap) {
    result r = {0, 0, malloc(OUT_MAX)};
    sk_decoder *d = NULL;
    skua_error err;
    r.rc = sk_decoder_new(codings, &d, &err);
    if (r.rc != 0 || !d)
        return r;
    skua_str now = {in.ptr, 0};
    do {
        if (r.rc == SKUA_E_AGAIN || r.rc == 0) {
            require(now.len == 0);
            now = (skua_str){in.ptr, in.len < piece ? in.len : piece};
            in = (skua_str){in.ptr + now.len, in.len - now.len};
        }
        size_t room = OUT_MAX - r.len < cap ? OUT_MAX - r.len : cap;
        r.rc = sk_decoder_read(d, &now, in.len == 0, r.bytes + r.len, room, &err);
        require(r.rc <= (ptrdiff_t)room);
        require(r.rc >= 0 || r.rc == SKUA_E_AGAIN || r.rc == err.code);
        r.len += r.rc > 0 ? (size_t)r.rc : 0;
    } while ((r.rc > 0 && r.len < OUT_MAX) || r.rc == SKUA_E_AGAIN);
    sk_decoder_free(d);
    return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size == 0)
        return 0;
    skua_str all = {(const char *)data + 1, size - 1};
    const char *line_end = memchr(all.ptr, '\n', all.len);
    if (!line_end)
        return 0;
    skua_str codings = {all.ptr, (size_t)(line_end - all.ptr)};
    skua_str body = {line_end + 1, all.len - codings.len - 1};
    result whole = decode(codings, body, SIZE_MAX, OUT_MAX);
    result cut = decode(codings, body, 1 + data[0] % 16, 1 + (size_t)(data[0] / 16) * 97);
    /* How much comes out before a fault may differ: a library may see it coming. */
    size_t both = whole.len < cut.len ? whole.len : cut.len;
    require((whole.rc > 0) == (cut.rc > 0) && (whole.rc > 0 || whole.rc == cut.rc));
    require(whole.rc < 0 || whole.len == cut.len);
    require(memcmp(whole.bytes, cut.bytes, both) == 0);
    free(whole.bytes);
    free(cut.bytes);
    return 0;
}
