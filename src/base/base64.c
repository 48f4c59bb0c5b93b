/* base/base64.c - base64 with its standard alphabet and padding. */
#include "base/base64.h"

#include "base/str.h"

static char digit_of(uint32_t v) {
    return "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"[v & 63];
}

/* 0..63, or -1. */
static int value_of(char c) {
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (sk_is_digit(c))
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

void sk_base64_encode(const void *data, size_t n, char *out) {
    const unsigned char *p = data;
    for (; n > 0; out += 4) {
        size_t taken = n < 3 ? n : 3;
        uint32_t bits = 0;
        for (size_t i = 0; i < 3; i++)
            bits = bits << 8 | (i < taken ? p[i] : 0u);
        for (size_t i = 0; i < 4; i++)
            out[i] = i <= taken ? digit_of(bits >> (18 - 6 * i)) : '=';
        p += taken;
        n -= taken;
    }
}

/* Four characters, the last `padding` of which are '='. */
static bool decode_group(const char *p, size_t padding, unsigned char *out) {
    uint32_t bits = 0;
    for (size_t i = 0; i < 4; i++) {
        int v = i < 4 - padding ? value_of(p[i]) : 0;
        if (v < 0)
            return false;
        bits = bits << 6 | (uint32_t)v;
    }
    for (size_t i = 0; i < 3 - padding; i++)
        out[i] = (unsigned char)(bits >> (16 - 8 * i));
    /* Two texts for the same bytes would let one slip past a comparison. */
    return (bits & ((UINT32_C(1) << 8 * padding) - 1)) == 0;
}

ptrdiff_t sk_base64_decode(skua_str text, void *out) {
    unsigned char *to = out;
    if (text.len % 4 != 0)
        return -1;
    for (size_t i = 0; i < text.len; i += 4) {
        size_t padding = 0;
        if (i + 4 == text.len && text.ptr[i + 3] == '=')
            padding = text.ptr[i + 2] == '=' ? 2 : 1;
        if (!decode_group(text.ptr + i, padding, to))
            return -1;
        to += 3 - padding;
    }
    return to - (unsigned char *)out;
}
