/* sys/thread.h - threads, locks and conditions: a thin layer over POSIX threads. */
#ifndef SK_SYS_THREAD_H
#define SK_SYS_THREAD_H

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

typedef pthread_t sk_thread;
typedef pthread_mutex_t sk_mutex;
typedef pthread_cond_t sk_cond;

/* All signals but those of a fault (SIGSEGV and its like) are blocked in the new thread, so that
 * the program's own threads get them. 0 or -errno. */
int sk_thread_start(sk_thread *t, void *(*fn)(void *), void *arg);
int sk_thread_start_detached(void *(*fn)(void *), void *arg);
void sk_thread_join(sk_thread t);
sk_thread sk_thread_self(void);
bool sk_thread_is_self(sk_thread t);
/* What was so in a thread before SIGPIPE was held back in it. */
typedef struct sk_sigpipe {
    sigset_t mask;
    bool pending;
} sk_sigpipe;
/* Hold SIGPIPE back in this thread; then have all as it was. One that came meanwhile is dropped. */
void sk_sigpipe_hold(sk_sigpipe *before);
void sk_sigpipe_let_go(const sk_sigpipe *before);
/* Processors this process may use, at least 1. */
int sk_thread_cpus(void);
int sk_mutex_init(sk_mutex *m); /* 0 or -errno */
void sk_mutex_free(sk_mutex *m);
void sk_mutex_lock(sk_mutex *m);
void sk_mutex_unlock(sk_mutex *m);
int sk_cond_init(sk_cond *c); /* 0 or -errno */
void sk_cond_free(sk_cond *c);
/* Let go of the lock until told, then take it again. It may return without having been told. */
void sk_cond_wait(sk_cond *c, sk_mutex *m);
void sk_cond_tell_one(sk_cond *c);
void sk_cond_tell_all(sk_cond *c);

#endif
