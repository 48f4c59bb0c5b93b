/* utf8.c - telling UTF-8 from other bytes, by the table of RFC 3629 4. */
#include "utf8.h"

size_t cli_utf8_length(const char *text, size_t left) {
    static const struct {
        unsigned char first, last, low, high; /* lead bytes; bounds of the second byte */
        size_t length;
    } forms[] = {
        {0x01, 0x7f, 0x00, 0xff, 1}, {0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3},
        {0xe1, 0xec, 0x80, 0xbf, 3}, {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3},
        {0xf0, 0xf0, 0x90, 0xbf, 4}, {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4},
    };
    const unsigned char *s = (const unsigned char *)text;
    for (size_t i = 0; left > 0 && i < sizeof forms / sizeof *forms; i++) {
        if (s[0] < forms[i].first || s[0] > forms[i].last)
            continue;
        if (forms[i].length > left)
            return 0;
        if (forms[i].length > 1 && (s[1] < forms[i].low || s[1] > forms[i].high))
            return 0;
        for (size_t k = 2; k < forms[i].length; k++) {
            if (s[k] < 0x80 || s[k] > 0xbf)
                return 0;
        }
        return forms[i].length;
    }
    return 0;
}
