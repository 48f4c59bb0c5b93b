/* What a TLS server is sent first: however it comes in pieces, a ClientHello that is too long is
 * refused, and nothing else, as a second reader finds it that has all at hand. */
#include "net/tls_openssl.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition) {
    if (!condition)
        abort();
}

/* The first bytes of the handshake's messages, out of their records. Returns how many. */
static size_t unpack(const uint8_t *data, size_t size, uint8_t *out, size_t cap) {
    size_t have = 0;
    while (size >= 5) {
        size_t len = (size_t)data[3] << 8 | data[4];
        bool handshake = data[0] == 22;
        data += 5;
        size -= 5;
        len = len < size ? len : size;
        for (size_t i = 0; handshake && i < len && have < cap; i++)
            out[have++] = data[i];
        data += len;
        size -= len;
    }
    return have;
}

static bool is_too_long(const uint8_t *data, size_t size) {
    uint8_t head[4];
    size_t have = unpack(data, size, head, sizeof head);
    return (have > 1 && head[0] == 1 && head[1] > 0) || (have > 2 && head[0] == 1 && head[2] >= 64);
}

static void expect(const uint8_t *data, size_t size, size_t piece) {
    static sk_tls_scratch scratch;
    sk_tls_ctx ctx = {.server = true};
    sk_tls s = {.ctx = &ctx, .scratch = &scratch};
    bool fits = true;
    for (size_t at = 0, n; fits && at < size; at += n) {
        n = size - at < piece ? size - at : piece;
        char *exact = malloc(n);
        require(exact != NULL);
        memcpy(exact, data + at, n);
        fits = sk_tls_hello_fits(&s, exact, n);
        free(exact);
    }
    require(fits == !is_too_long(data, size));
    require(fits == (sk_buf_len(&scratch.out) == 0));
    sk_buf_free(&scratch.out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const size_t pieces[] = {1, 2, 3, 5, 7, 64, SIZE_MAX};
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++)
        expect(data, size, pieces[i]);
    return 0;
}
