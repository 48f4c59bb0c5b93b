/* base/arena.h - many small blocks that die together. Reset keeps the first chunk, so a warm arena
 * allocates nothing. */
#ifndef SK_BASE_ARENA_H
#define SK_BASE_ARENA_H

#include <skua/types.h>

typedef struct sk_arena_chunk sk_arena_chunk;
typedef struct sk_arena {
    sk_arena_chunk *chunks; /* newest first */
    size_t used;            /* of the newest */
} sk_arena;

/* n bytes aligned for any type, not zeroed; NULL when there is no memory. */
void *sk_arena_alloc(sk_arena *a, size_t n);
void *sk_arena_zalloc(sk_arena *a, size_t n);
/* A terminated copy. */
char *sk_arena_strndup(sk_arena *a, const char *s, size_t n);
char *sk_arena_vprintf(sk_arena *a, const char *fmt, __builtin_va_list ap) SKUA_PRINTF(2, 0);
char *sk_arena_printf(sk_arena *a, const char *fmt, ...) SKUA_PRINTF(2, 3);
/* Forget all blocks; keep one chunk of the usual size. */
void sk_arena_reset(sk_arena *a);
/* Give everything back. */
void sk_arena_free(sk_arena *a);

#endif
