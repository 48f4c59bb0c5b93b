/* base/arena.c - many small blocks that die together.
 *
 * chunks -> newest (blocks are cut from this one) -> older -> ... -> oldest
 *
 * A block too large for a chunk of the usual size gets a chunk of its own, which is filed behind
 * the newest, so that the room left in the newest is not lost. */
#include "base/arena.h"

#include "base/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct sk_arena_chunk {
    sk_arena_chunk *next;
    size_t cap; /* bytes of data */
    max_align_t data[];
};

/* With malloc's own header, two pages. */
#define CHUNK_CAP (8192 - sizeof(sk_arena_chunk) - 16)

static sk_arena_chunk *new_chunk(size_t cap) {
    sk_arena_chunk *c = sk_alloc(sizeof *c + cap);
    if (c) {
        c->next = NULL;
        c->cap = cap;
    }
    return c;
}

static void *alloc_large(sk_arena *a, size_t n) {
    sk_arena_chunk *c = new_chunk(n);
    if (!c)
        return NULL;
    if (a->chunks) {
        c->next = a->chunks->next;
        a->chunks->next = c;
    } else {
        a->chunks = c;
        a->used = n;
    }
    return c->data;
}

void *sk_arena_alloc(sk_arena *a, size_t n) {
    const size_t align = _Alignof(max_align_t);
    if (n > PTRDIFF_MAX)
        return NULL;
    n = (n + align - 1) / align * align;
    if (n > CHUNK_CAP)
        return alloc_large(a, n);
    if (!a->chunks || n > a->chunks->cap - a->used) {
        sk_arena_chunk *c = new_chunk(CHUNK_CAP);
        if (!c)
            return NULL;
        c->next = a->chunks;
        a->chunks = c;
        a->used = 0;
    }
    void *block = (char *)a->chunks->data + a->used;
    a->used += n;
    return block;
}

void *sk_arena_zalloc(sk_arena *a, size_t n) {
    void *block = sk_arena_alloc(a, n);
    if (block)
        memset(block, 0, n);
    return block;
}

char *sk_arena_strndup(sk_arena *a, const char *s, size_t n) {
    char *copy = sk_arena_alloc(a, n + 1);
    if (!copy)
        return NULL;
    if (n > 0)
        memcpy(copy, s, n);
    copy[n] = '\0';
    return copy;
}

char *sk_arena_vprintf(sk_arena *a, const char *fmt, __builtin_va_list ap) {
    va_list measured;
    va_copy(measured, ap);
    int len = vsnprintf(NULL, 0, fmt, measured);
    va_end(measured);
    char *text = len < 0 ? NULL : sk_arena_alloc(a, (size_t)len + 1);
    if (text)
        vsnprintf(text, (size_t)len + 1, fmt, ap);
    return text;
}

char *sk_arena_printf(sk_arena *a, const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    char *text = sk_arena_vprintf(a, fmt, ap);
    va_end(ap);
    return text;
}

void sk_arena_reset(sk_arena *a) {
    sk_arena_chunk *kept = NULL;
    for (sk_arena_chunk *c = a->chunks, *next; c; c = next) {
        next = c->next;
        if (!kept && c->cap == CHUNK_CAP)
            kept = c;
        else
            sk_free(c);
    }
    if (kept)
        kept->next = NULL;
    a->chunks = kept;
    a->used = 0;
}

void sk_arena_free(sk_arena *a) {
    for (sk_arena_chunk *c = a->chunks, *next; c; c = next) {
        next = c->next;
        sk_free(c);
    }
    *a = (sk_arena){0};
}
