/* net/loop.h - one thread's poller, timers and mailbox.
 *
 *     step:  wait (until a descriptor, the next timer or a wake-up)
 *            -> descriptors -> timers -> posted calls
 */
#ifndef SK_NET_LOOP_H
#define SK_NET_LOOP_H

#include "base/list.h"
#include "sys/poller.h"

#include <stdbool.h>

typedef struct sk_loop sk_loop;

/* A descriptor under watch; embed it. */
typedef struct sk_watch {
    void (*fn)(struct sk_watch *w, unsigned events);
    int fd;
    unsigned events; /* what it is registered for */
} sk_watch;

/* A timer; embed it, zeroed. Timers of the same length stand in one list, in the order in which
 * they end, so arming, re-arming and cancelling are O(1): as long as the lengths in use are few,
 * since the list of a length is searched for, the last ones used first. */
typedef struct sk_timer {
    sk_link link;
    int64_t deadline; /* 0: not armed */
    void (*fn)(struct sk_timer *t);
} sk_timer;

/* A call to be made in the loop's thread; embed it. */
typedef struct sk_call {
    void (*fn)(struct sk_call *c);
    struct sk_call *next;
} sk_call;

/* `clock` may be NULL and must outlive the loop. NULL: no memory or descriptor (errno). */
sk_loop *sk_loop_new(sk_poller_kind kind, const skua_clock *clock);
/* Posted calls that have not run are dropped. */
void sk_loop_free(sk_loop *l);

/* 0 or -errno. */
int sk_loop_add(sk_loop *l, sk_watch *w, int fd, unsigned events);
/* Only calls the poller when the events change. */
int sk_loop_want(sk_loop *l, sk_watch *w, unsigned events);
/* The watch gets no further call, not even one that this step had already collected. */
void sk_loop_remove(sk_loop *l, sk_watch *w);

/* One watch (NULL: none) is told before all others of its step. It must not mind to be called when
 * there is nothing. */
void sk_loop_put_first(sk_loop *l, sk_watch *w);
/* Within a step: whatever became ready in it, has the first watch been told of all that happened
 * before? Being told before the others does not say so: a poller looks at one descriptor after the
 * other, and misses what happens meanwhile to those it has passed. */
bool sk_loop_first_is_told(const sk_loop *l);
/* Call the first watch, ready or not: now it is told. */
void sk_loop_tell_first(sk_loop *l);

/* Arm or re-arm, from sk_loop_now on; ms < 0 cancels. 0, or -ENOMEM when a new length needs a list
 * and there is none. */
int sk_loop_arm(sk_loop *l, sk_timer *t, int64_t ms);
void sk_loop_cancel(sk_loop *l, sk_timer *t);
/* The time of this step, in ms; outside of a step, the clock's. */
int64_t sk_loop_now(const sk_loop *l);

/* Any thread: have c->fn(c) called in the loop's thread. The call is the caller's, who leaves it
 * alone until then, and posts it again only from then on. */
void sk_loop_post(sk_loop *l, sk_call *c);
/* Any thread, and signal handlers: make the current wait return. */
void sk_loop_wake(sk_loop *l);

/* One round; waits at most max_wait_ms (-1: no end). 0 or -errno. */
int sk_loop_step(sk_loop *l, int max_wait_ms);
/* A descriptor that is readable when step has something to do, or -1; and how long until the next
 * timer in ms (-1: none). */
int sk_loop_fd(const sk_loop *l);
int sk_loop_timeout(sk_loop *l);

#endif
