/* base/mem.h - allocation: every block of the library comes from here and from base/arena. */
#ifndef SK_BASE_MEM_H
#define SK_BASE_MEM_H

#include <stddef.h>

/* Like malloc, calloc(1, n) and realloc; NULL when there is no memory. n > 0. */
void *sk_alloc(size_t n);
void *sk_zalloc(size_t n);
void *sk_realloc(void *p, size_t n);
void sk_free(void *p);

/* A terminated copy; NULL when there is no memory. */
char *sk_strdup(const char *s);
char *sk_strndup(const char *s, size_t n);

#endif
