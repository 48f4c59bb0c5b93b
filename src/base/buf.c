/* base/buf.c - a growable run of bytes.
 *
 *     0        start           end            cap
 *     | taken  |   content      |   free       |
 */
#include "base/buf.h"

#include "base/mem.h"

#include <stdarg.h>
#include <stdio.h>

#define CAP_MIN 256u
#define CAP_MAX (UINT32_C(1) << 31)

static void *fail(sk_buf *b) {
    b->failed = true;
    return NULL;
}

static void move_to_front(sk_buf *b) {
    uint32_t len = b->end - b->start;
    if (b->data && b->start > 0)
        memmove(b->data, b->data + b->start, len);
    b->start = 0;
    b->end = len;
}

static bool grow(sk_buf *b, size_t need) {
    if (need > CAP_MAX)
        return false;
    uint64_t cap = b->cap < CAP_MIN ? CAP_MIN : (uint64_t)b->cap * 2;
    while (cap < need)
        cap *= 2;
    if (cap > CAP_MAX)
        cap = CAP_MAX;
    char *data = sk_realloc(b->data, cap);
    if (!data)
        return false;
    b->data = data;
    b->cap = (uint32_t)cap;
    return true;
}

char *sk_buf_make_room(sk_buf *b, size_t n) {
    size_t len = sk_buf_len(b);
    if (b->failed || n > CAP_MAX)
        return fail(b);
    /* Moving is paid for by the bytes taken since the last time only where they are at least as
     * many as those that move. Otherwise a long queue that drains in small steps would be moved
     * over and over; growing makes that rare. */
    bool worth_moving = b->start >= len && n <= b->cap - len;
    move_to_front(b);
    if ((!worth_moving || !b->data) && !grow(b, len + n))
        return fail(b);
    return b->data + b->end;
}

void sk_buf_append_uint(sk_buf *b, uint64_t v) {
    char digits[20];
    size_t at = sizeof digits;
    do {
        digits[--at] = (char)('0' + v % 10);
        v /= 10;
    } while (v > 0);
    sk_buf_append(b, digits + at, sizeof digits - at);
}

void sk_buf_append_hex(sk_buf *b, uint64_t v) {
    char digits[16];
    size_t at = sizeof digits;
    do {
        digits[--at] = "0123456789abcdef"[v & 15];
        v >>= 4;
    } while (v > 0);
    sk_buf_append(b, digits + at, sizeof digits - at);
}

void sk_buf_printf(sk_buf *b, const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    int len = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    if (len < 0) {
        b->failed = true;
        return;
    }
    char *to = sk_buf_reserve(b, (size_t)len + 1); /* vsnprintf terminates; that byte is not kept */
    if (!to)
        return;
    va_start(ap, fmt);
    vsnprintf(to, (size_t)len + 1, fmt, ap);
    va_end(ap);
    sk_buf_commit(b, (size_t)len);
}

void sk_buf_free(sk_buf *b) {
    sk_free(b->data);
    *b = (sk_buf){0};
}
