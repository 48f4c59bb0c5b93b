/* at_rest.h - for tests of what runs on the pool: know when its thread waits, so that what happens
 * has an order, the same each time. Include it once, in a file that is linked with
 * --wrap=sk_thread_start, sk_cond_wait, sk_cond_tell_one and sk_cond_tell_all (as each
 * tests/fault/test_pool*.c is), and give the pool one thread.
 *
 *     the test: a turn of the loop  ->  at_rest(): the thread runs until it waits  ->  a turn ...
 */
#ifndef SK_TEST_AT_REST_H
#define SK_TEST_AT_REST_H

#include "sys/thread.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>

#define AT_REST_PATIENCE_S 30

int __real_sk_thread_start(sk_thread *t, void *(*fn)(void *), void *arg);
void __real_sk_cond_wait(sk_cond *c, sk_mutex *m);
void __real_sk_cond_tell_one(sk_cond *c);
void __real_sk_cond_tell_all(sk_cond *c);
int __wrap_sk_thread_start(sk_thread *t, void *(*fn)(void *), void *arg);
void __wrap_sk_cond_wait(sk_cond *c, sk_mutex *m);
void __wrap_sk_cond_tell_one(sk_cond *c);
void __wrap_sk_cond_tell_all(sk_cond *c);

static struct {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool started;      /* there is a thread */
    const void *waits; /* for this condition, and has not been told; NULL: it runs */
    bool ran;          /* since at_rest was called last */
    bool no_threads;   /* none can be started */
} rest = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

int __wrap_sk_thread_start(sk_thread *t, void *(*fn)(void *), void *arg) {
    pthread_mutex_lock(&rest.lock);
    int rc = rest.no_threads ? -EAGAIN : __real_sk_thread_start(t, fn, arg);
    if (rc == 0)
        rest.started = rest.ran = true;
    pthread_mutex_unlock(&rest.lock);
    return rc;
}

static inline void at_rest_note(const void *waits) {
    pthread_mutex_lock(&rest.lock);
    rest.waits = waits;
    pthread_cond_broadcast(&rest.changed);
    pthread_mutex_unlock(&rest.lock);
}

void __wrap_sk_cond_wait(sk_cond *c, sk_mutex *m) {
    at_rest_note(c);
    __real_sk_cond_wait(c, m);
    at_rest_note(NULL);
}

/* It runs from here on, even if it has not woken yet. */
static inline void at_rest_tell(const void *c) {
    pthread_mutex_lock(&rest.lock);
    if (rest.waits == c) {
        rest.waits = NULL;
        rest.ran = true;
    }
    pthread_mutex_unlock(&rest.lock);
}

void __wrap_sk_cond_tell_one(sk_cond *c) {
    at_rest_tell(c);
    __real_sk_cond_tell_one(c);
}

void __wrap_sk_cond_tell_all(sk_cond *c) {
    at_rest_tell(c);
    __real_sk_cond_tell_all(c);
}

/* Wait until the thread waits. Returns whether it has run since the last call. */
static inline bool at_rest(void) {
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += AT_REST_PATIENCE_S;
    int rc = 0;
    pthread_mutex_lock(&rest.lock);
    while (rest.started && !rest.waits && rc == 0)
        rc = pthread_cond_timedwait(&rest.changed, &rest.lock, &until);
    bool ran = rest.ran;
    rest.ran = false;
    pthread_mutex_unlock(&rest.lock);
    assert_int_equal(rc, 0);
    return ran;
}

/* The pool was freed. */
static inline void at_rest_forget(void) {
    rest.started = rest.ran = false;
    rest.waits = NULL;
}

#endif
