/* base/line.c - one line of text, cut where it gets too long. */
#include "base/line.h"

#include <stdio.h>

void sk_line_vadd(sk_line *l, const char *fmt, va_list ap) {
    size_t room = sizeof l->text - l->len;
    int n = vsnprintf(l->text + l->len, room, fmt, ap);
    if (n > 0)
        l->len += (size_t)n < room ? (size_t)n : room - 1;
}

void sk_line_add(sk_line *l, const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    sk_line_vadd(l, fmt, ap);
    va_end(ap);
}

void sk_line_hide_controls(sk_line *l) {
    for (size_t i = 0; i < l->len; i++) {
        unsigned char c = (unsigned char)l->text[i];
        if (c < 0x20 || c == 0x7f)
            l->text[i] = '?';
    }
}
