/* base/utf8.c - characters out of UTF-8 (RFC 3629). */
#include "base/utf8.h"

#include <stdbool.h>

/* By the lead byte: the forms of RFC 3629 3, with the least character each is for. */
static const struct form {
    unsigned char mask, lead;
    uint32_t least;
} forms[] = {{0x80, 0x00, 0}, {0xe0, 0xc0, 0x80}, {0xf0, 0xe0, 0x800}, {0xf8, 0xf0, 0x10000}};

/* Is it a character at all, and one that needs so many bytes? */
static bool is_character(uint32_t c, uint32_t least) {
    bool surrogate = c >= 0xd800 && c <= 0xdfff;
    return c >= least && c <= 0x10ffff && !surrogate;
}

size_t sk_utf8_decode(skua_str s, uint32_t *character) {
    unsigned char lead = s.len > 0 ? (unsigned char)s.ptr[0] : 0xff;
    size_t n = 0;
    while (n < 4 && (lead & forms[n].mask) != forms[n].lead)
        n++;
    if (n == 4 || s.len <= n)
        return 0;
    uint32_t c = lead & (unsigned char)~forms[n].mask;
    for (size_t i = 1; i <= n; i++) {
        unsigned char next = (unsigned char)s.ptr[i];
        if ((next & 0xc0) != 0x80)
            return 0;
        c = c << 6 | (next & 0x3f);
    }
    if (!is_character(c, forms[n].least))
        return 0;
    *character = c;
    return n + 1;
}
