/* base/buf.h - a growable run of bytes: written at the end, taken from the front.
 *
 * A failed allocation latches: later appends do nothing and `failed` stays set, so that a writer
 * can be a straight line with one check at its end. */
#ifndef SK_BASE_BUF_H
#define SK_BASE_BUF_H

#include "base/cold.h"

#include <skua/types.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

typedef struct sk_buf {
    char *data;
    uint32_t start; /* first byte not taken yet */
    uint32_t end;   /* one past the last byte */
    uint32_t cap;
    bool failed;
} sk_buf;

static inline size_t sk_buf_len(const sk_buf *b) {
    return (size_t)b->end - b->start;
}
/* NULL where nothing was ever put in. */
static inline char *sk_buf_head(const sk_buf *b) {
    return b->data ? b->data + b->start : NULL; /* NULL + 0 is undefined */
}
static inline skua_str sk_buf_str(const sk_buf *b) {
    return (skua_str){sk_buf_head(b), sk_buf_len(b)};
}

/* What sk_buf_reserve does where there is no room. */
SK_COLD char *sk_buf_make_room(sk_buf *b, size_t n);
/* Make room for n more bytes and return where they go; NULL (and latched) when there is none.
 * Moves the content to the front, or grows. A buffer never exceeds 2 GiB. */
static inline char *sk_buf_reserve(sk_buf *b, size_t n) {
    if (b->data && n <= b->cap - b->end && !b->failed)
        return b->data + b->end;
    return sk_buf_make_room(b, n);
}
/* Count n bytes, written where sk_buf_reserve said, as content. */
static inline void sk_buf_commit(sk_buf *b, size_t n) {
    b->end += (uint32_t)n;
}
static inline void sk_buf_append(sk_buf *b, const void *p, size_t n) {
    char *to = p && n > 0 ? sk_buf_reserve(b, n) : NULL;
    if (!to)
        return;
    memcpy(to, p, n);
    sk_buf_commit(b, n);
}
static inline void sk_buf_append_str(sk_buf *b, skua_str s) {
    sk_buf_append(b, s.ptr, s.len);
}
void sk_buf_append_uint(sk_buf *b, uint64_t v); /* decimal */
void sk_buf_append_hex(sk_buf *b, uint64_t v);  /* lower case, no leading zeros */
void sk_buf_printf(sk_buf *b, const char *fmt, ...) SKUA_PRINTF(2, 3);
/* Take n bytes off the front; an emptied buffer starts anew at its beginning. */
static inline void sk_buf_consume(sk_buf *b, size_t n) {
    if (n >= sk_buf_len(b))
        b->start = b->end = 0;
    else
        b->start += (uint32_t)n;
}
/* Cut the content back to its first n bytes. */
static inline void sk_buf_truncate(sk_buf *b, size_t n) {
    b->end = b->start + (uint32_t)n;
}
/* Forget content and latch, keep the memory. */
static inline void sk_buf_clear(sk_buf *b) {
    b->start = b->end = 0;
    b->failed = false;
}
/* Give the memory back; the buffer is empty and usable. */
void sk_buf_free(sk_buf *b);

#endif
