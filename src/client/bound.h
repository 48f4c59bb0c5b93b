/* client/bound.h - how long something may take: a moment, and the time-out it follows from, which
 * is what a message says. Every call that waits carries one. */
#ifndef SK_CLIENT_BOUND_H
#define SK_CLIENT_BOUND_H

#include "sys/clock.h"

typedef struct sk_bound {
    int64_t at; /* of the settings' clock; SK_NEVER */
    int64_t ms;
} sk_bound;

/* ms from now. Reading a clock takes time by itself: none is read for what has no end. */
static inline sk_bound sk_bound_in(const skua_clock *clock, int64_t ms) {
    return (sk_bound){ms < 0 ? SK_NEVER : sk_deadline(sk_clock_now(clock), ms), ms};
}

/* What is left of it as a time-out for poll: -1 where it has no end, 0 when it has passed. */
static inline int sk_bound_left(const skua_clock *clock, sk_bound b) {
    return b.at == SK_NEVER ? -1 : sk_until(sk_clock_now(clock), b.at);
}

/* The same for a wait, which may last some milliseconds longer, and costs less to begin for it. */
static inline int sk_bound_left_roughly(const skua_clock *clock, sk_bound b) {
    return b.at == SK_NEVER ? -1 : sk_until(sk_clock_now_coarse(clock), b.at);
}

/* The one that ends first. */
static inline sk_bound sk_bound_first(sk_bound a, sk_bound b) {
    return b.at < a.at ? b : a;
}

#endif
