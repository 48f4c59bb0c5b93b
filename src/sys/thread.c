/* sys/thread.c - threads that take no signals, locks, and conditions. */
#include "sys/thread.h"

#include <sched.h>
#include <time.h>
#include <unistd.h>

/* A fault is delivered to the thread that made it: were it blocked, the program's own crash
 * handler would never hear of it. */
static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT};

static int start(sk_thread *t, const pthread_attr_t *attr, void *(*fn)(void *), void *arg) {
    sigset_t blocked, before;
    sigfillset(&blocked);
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++)
        sigdelset(&blocked, faults[i]);

    /* The new thread inherits the mask; set before it runs, there is no moment without it. */
    int rc = pthread_sigmask(SIG_SETMASK, &blocked, &before);
    if (rc != 0)
        return -rc;
    rc = pthread_create(t, attr, fn, arg);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return -rc;
}

int sk_thread_start(sk_thread *t, void *(*fn)(void *), void *arg) {
    return start(t, NULL, fn, arg);
}

int sk_thread_start_detached(void *(*fn)(void *), void *arg) {
    pthread_attr_t attr;
    int rc = pthread_attr_init(&attr);
    if (rc != 0)
        return -rc;
    pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    sk_thread t;
    rc = start(&t, &attr, fn, arg);
    pthread_attr_destroy(&attr);
    return rc;
}

static void only_sigpipe(sigset_t *set) {
    sigemptyset(set);
    sigaddset(set, SIGPIPE);
}

static bool sigpipe_is_pending(void) {
    sigset_t pending;
    return sigpending(&pending) == 0 && sigismember(&pending, SIGPIPE) == 1;
}

void sk_sigpipe_hold(sk_sigpipe *before) {
    sigset_t held;
    only_sigpipe(&held);
    before->pending = sigpipe_is_pending();
    pthread_sigmask(SIG_BLOCK, &held, &before->mask);
}

void sk_sigpipe_let_go(const sk_sigpipe *before) {
    sigset_t held;
    only_sigpipe(&held);
    if (!before->pending && sigpipe_is_pending())
        sigtimedwait(&held, NULL, &(struct timespec){0});
    pthread_sigmask(SIG_SETMASK, &before->mask, NULL);
}

void sk_thread_join(sk_thread t) {
    pthread_join(t, NULL);
}

sk_thread sk_thread_self(void) {
    return pthread_self();
}

bool sk_thread_is_self(sk_thread t) {
    return pthread_equal(t, pthread_self()) != 0;
}

int sk_thread_cpus(void) {
    cpu_set_t set;
    /* Fails where there are more processors than a cpu_set_t holds. */
    if (sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) > 0)
        return CPU_COUNT(&set);
    long n = sysconf(_SC_NPROCESSORS_ONLN);
    return n > 0 ? (int)n : 1;
}

int sk_mutex_init(sk_mutex *m) {
    return -pthread_mutex_init(m, NULL);
}

void sk_mutex_free(sk_mutex *m) {
    pthread_mutex_destroy(m);
}

void sk_mutex_lock(sk_mutex *m) {
    pthread_mutex_lock(m);
}

void sk_mutex_unlock(sk_mutex *m) {
    pthread_mutex_unlock(m);
}

int sk_cond_init(sk_cond *c) {
    return -pthread_cond_init(c, NULL);
}

void sk_cond_free(sk_cond *c) {
    pthread_cond_destroy(c);
}

void sk_cond_wait(sk_cond *c, sk_mutex *m) {
    pthread_cond_wait(c, m);
}

void sk_cond_tell_one(sk_cond *c) {
    pthread_cond_signal(c);
}

void sk_cond_tell_all(sk_cond *c) {
    pthread_cond_broadcast(c);
}
