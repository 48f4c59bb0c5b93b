/* base/mem.c - the one place where the library meets malloc. */
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

void *sk_alloc(size_t n) {
    return malloc(n);
}

void *sk_zalloc(size_t n) {
    return calloc(1, n);
}

void *sk_realloc(void *p, size_t n) {
    return realloc(p, n);
}

void sk_free(void *p) {
    free(p);
}

char *sk_strdup(const char *s) {
    return sk_strndup(s, strlen(s));
}

char *sk_strndup(const char *s, size_t n) {
    char *copy = sk_alloc(n + 1);
    if (!copy)
        return NULL;
    if (n > 0)
        memcpy(copy, s, n);
    copy[n] = '\0';
    return copy;
}
