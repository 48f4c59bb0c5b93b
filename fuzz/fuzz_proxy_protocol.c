/* PROXY protocol headers: what is read is within the input, however it comes; a header is whole at
 * one length alone, and what follows it changes nothing. */
#include "wire/proxy_protocol.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition) {
    if (!condition)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    sk_proxy_header whole, piece;
    const char *what = NULL;
    ptrdiff_t n = sk_proxy_protocol_parse((const char *)data, size, &whole, &what);
    require(n <= (ptrdiff_t)size && n <= SK_PROXY_HEADER_MAX);
    require(n >= 0 || what);
    for (size_t len = 0; len <= size && len <= 300; len++) {
        char *exact = malloc(len ? len : 1);
        if (!exact)
            break;
        memcpy(exact, data, len);
        ptrdiff_t m = sk_proxy_protocol_parse(exact, len, &piece, &what);
        free(exact);
        if (n > 0)
            require(m == ((ptrdiff_t)len < n ? 0 : n));
        if (m > 0)
            require(piece.address_len == whole.address_len &&
                    memcmp(piece.source, whole.source, piece.address_len) == 0);
    }
    return 0;
}
