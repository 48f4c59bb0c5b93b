/* base/line.h - one line of text that is put together piece by piece, cut where it gets too long.
 */
#ifndef SK_BASE_LINE_H
#define SK_BASE_LINE_H

#include <skua/error.h>
#include <stdarg.h>

/* Zeroed, it is empty. Always terminated. */
typedef struct sk_line {
    char text[sizeof((skua_error *)0)->msg];
    size_t len;
} sk_line;

void sk_line_add(sk_line *l, const char *fmt, ...) SKUA_PRINTF(2, 3);
void sk_line_vadd(sk_line *l, const char *fmt, va_list ap) SKUA_PRINTF(2, 0);
/* Put '?' in place of control characters: what a peer or a URL brought into the line must not drive
 * the terminal it is shown on. */
void sk_line_hide_controls(sk_line *l);

#endif
