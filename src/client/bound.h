/* client/bound.h - how long something may take: a moment, and the time-out it follows from, which
 * is what a message says. Every call that waits carries one. */
#ifndef SK_CLIENT_BOUND_H
#define SK_CLIENT_BOUND_H

#include "sys/clock.h"

typedef struct sk_bound {
    int64_t at; /* of the settings' clock; SK_NEVER */
    int64_t ms;
} sk_bound;

static inline sk_bound sk_bound_in(int64_t now, int64_t ms) {
    return (sk_bound){sk_deadline(now, ms), ms};
}

/* The one that ends first. */
static inline sk_bound sk_bound_first(sk_bound a, sk_bound b) {
    return b.at < a.at ? b : a;
}

#endif
