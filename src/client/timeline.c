/* client/timeline.c - when the phases of an exchange were over. */
#include "client/timeline.h"

#include <time.h>

double sk_timeline_clock(const skua_clock *clock) {
    if (clock)
        return (double)clock->now_ms(clock->user);
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

void sk_timeline_begin(sk_timeline *t, double began) {
    t->began = began;
    t->at = (skua_timings){-1, -1, -1, -1, -1, -1, -1};
}

double sk_timeline_since(const sk_timeline *t, const skua_clock *clock) {
    return sk_timeline_clock(clock) - t->began;
}
