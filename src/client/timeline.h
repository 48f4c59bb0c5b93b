/* client/timeline.h - when the phases of an exchange were over. */
#ifndef SK_CLIENT_TIMELINE_H
#define SK_CLIENT_TIMELINE_H

#include <skua/response.h>
#include <skua/types.h>

typedef struct sk_timeline {
    double began;    /* ms of the clock */
    skua_timings at; /* since then; -1 where a phase has not ended. total: see sk_timeline_now */
} sk_timeline;

/* The clock in milliseconds, with fractions where it is the system's. */
double sk_timeline_clock(const skua_clock *clock);
/* Begin at a moment of that clock; nothing has happened yet. */
void sk_timeline_begin(sk_timeline *t, double began);
double sk_timeline_since(const sk_timeline *t, const skua_clock *clock);

#endif
