/* fuzz/fuzz_base64.c - base64: what is decoded encodes to the same text again. */
#include "base/base64.h"
#include "base/mem.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static void require(bool holds) {
    if (!holds)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    skua_str text = {(const char *)data, size};
    char *plain = sk_alloc(size / 4 * 3 + 1), *again = sk_alloc(SK_BASE64_LEN(size) + 1);
    if (plain && again) {
        ptrdiff_t n = sk_base64_decode(text, plain);
        if (n >= 0) {
            require(SK_BASE64_LEN((size_t)n) == size);
            sk_base64_encode(plain, (size_t)n, again);
            require(memcmp(again, text.ptr, size) == 0);
        }
        sk_base64_encode(data, size, again); /* and the other way round */
        char *back = sk_alloc(SK_BASE64_LEN(size) / 4 * 3 + 1);
        if (back) {
            skua_str coded = {again, SK_BASE64_LEN(size)};
            require(sk_base64_decode(coded, back) == (ptrdiff_t)size);
            require(memcmp(back, data, size) == 0);
        }
        sk_free(back);
    }
    sk_free(again);
    sk_free(plain);
    return 0;
}
