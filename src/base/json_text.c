/* base/json_text.c - text within a string of JSON (RFC 8259 7). */
#include "base/json_text.h"

#include "base/utf8.h"

#define NO_CHARACTER 0xfffd /* what stands where the bytes are no UTF-8 */

static size_t put_unit(uint32_t unit, char *to) {
    static const char digits[] = "0123456789abcdef";
    to[0] = '\\';
    to[1] = 'u';
    for (int i = 0; i < 4; i++)
        to[2 + i] = digits[unit >> (12 - 4 * i) & 0xf];
    return 6;
}

/* RFC 8259 7: what lies past U+FFFF is a pair of surrogates. */
static size_t put_character(uint32_t c, char to[SK_JSON_CHARACTER_MAX]) {
    if (c >= 0x10000) {
        put_unit(0xd800 + ((c - 0x10000) >> 10), to);
        return 6 + put_unit(0xdc00 + (c & 0x3ff), to + 6);
    }
    if (c < 0x20 || c >= 0x7f)
        return put_unit(c, to);
    size_t n = 0;
    if (c == '"' || c == '\\')
        to[n++] = '\\';
    to[n++] = (char)c;
    return n;
}

size_t sk_json_take(skua_str *s, char to[SK_JSON_CHARACTER_MAX]) {
    uint32_t c = NO_CHARACTER;
    size_t used = sk_utf8_decode(*s, &c);
    used = used > 0 ? used : 1;
    *s = (skua_str){s->ptr + used, s->len - used};
    return put_character(c, to);
}
