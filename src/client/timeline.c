/* client/timeline.c - when the phases of an exchange were over. */
#include "client/timeline.h"

#include "sys/clock.h"

double sk_timeline_clock(const skua_clock *clock) {
    return (double)sk_clock_now_us(clock) / 1e3;
}

void sk_timeline_begin(sk_timeline *t, double began) {
    t->began = began;
    t->at = (skua_timings){-1, -1, -1, -1, -1, -1, -1};
}

double sk_timeline_since(const sk_timeline *t, const skua_clock *clock) {
    return sk_timeline_clock(clock) - t->began;
}
