/* nomem.h - for tests in which the nth allocation fails. Include it once, in a file that is linked
 * with --wrap=malloc, calloc and realloc (as each test_*_nomem.c is).
 *
 *     for (int n = 1; ...; n++) {
 *         nomem_fail_from(n);         the nth allocation from here on fails, and all behind it
 *         rc = call();
 *         if (!nomem_stop()) break;   none failed: the call needs fewer than n
 *     }
 *
 * nomem_fail_once(n) lets those behind the nth succeed: for what goes on without. */
#ifndef SK_TEST_NOMEM_H
#define SK_TEST_NOMEM_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

void *__real_malloc(size_t n);
void *__real_calloc(size_t count, size_t n);
void *__real_realloc(void *p, size_t n);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t count, size_t n);
void *__wrap_realloc(void *p, size_t n);

static atomic_int nomem_left = -1; /* allocations until they fail; -1: they do not */
static atomic_bool nomem_happened;
static atomic_bool nomem_once;

static inline void nomem_begin(int n, bool once) {
    nomem_once = once;
    nomem_happened = false;
    nomem_left = n - 1; /* the last: other threads allocate, too */
}

static inline void nomem_fail_from(int n) {
    nomem_begin(n, false);
}

static inline void nomem_fail_once(int n) {
    nomem_begin(n, true);
}

/* Allocations succeed again. Returns whether one has failed. */
static inline bool nomem_stop(void) {
    nomem_left = -1;
    return nomem_happened;
}

static bool nomem_now(void) {
    int left = nomem_left, next;
    do {
        if (left < 0)
            return false;
        next = left > 0 ? left - 1 : nomem_once ? -1 : 0;
    } while (!atomic_compare_exchange_weak(&nomem_left, &left, next));
    if (left == 0)
        nomem_happened = true;
    return left == 0;
}

void *__wrap_malloc(size_t n) {
    return nomem_now() ? NULL : __real_malloc(n);
}

void *__wrap_calloc(size_t count, size_t n) {
    return nomem_now() ? NULL : __real_calloc(count, n);
}

void *__wrap_realloc(void *p, size_t n) {
    return nomem_now() ? NULL : __real_realloc(p, n);
}

#endif
