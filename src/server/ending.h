/* server/ending.h - how a server is asked to end, from any thread and from signal handlers, and
 * what has become of what was under way.
 *
 *     DRAIN: nobody new, what is under way comes to its end, within a time
 *     STOP:  the same within a second, and what is idle is closed at once
 *     CUT:   all of it, now
 *
 * Each may follow those above it. Asking sets a wake and leaves it set: each worker has to see it.
 */
#ifndef SK_SERVER_ENDING_H
#define SK_SERVER_ENDING_H

#include "sys/thread.h"
#include "sys/wake.h"

#include <skua/server.h>
#include <stdatomic.h>

typedef enum sk_end_stage { SK_END_DRAIN, SK_END_STOP, SK_END_CUT, SK_END_STAGES } sk_end_stage;

typedef struct sk_end_counts {
    uint64_t finished; /* requests, since the first of the stages */
    uint64_t cut;      /* requests */
    uint64_t idle;     /* connections closed without a request */
} sk_end_counts;

typedef struct sk_ending {
    sk_wake asked[SK_END_STAGES];
    atomic_int drain_ms; /* that were given for it; negative: no end */
    atomic_bool stopped;
    sk_mutex lock;    /* guards what follows */
    sk_cond over;     /* told when no worker serves any more */
    unsigned serving; /* workers */
    sk_end_counts counts;
} sk_ending;

/* NULL: no memory or descriptor (errno). */
sk_ending *sk_ending_new(void);
void sk_ending_free(sk_ending *e); /* NULL is fine */

/* ---- any thread, also signal handlers ---- */

void sk_ending_drain(sk_ending *e, int64_t ms);
/* The second one cuts. */
void sk_ending_stop(sk_ending *e);

/* ---- around the workers' work ---- */

/* A worker serves no more, and has counted. */
void sk_ending_add(sk_ending *e, const sk_end_counts *counts);
/* No worker does. */
void sk_ending_over(sk_ending *e);
/* Wait until none does: what they have counted. */
sk_end_counts sk_ending_wait(sk_ending *e);

#endif
