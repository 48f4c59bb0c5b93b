/* server/ending.c - asking a server to end, and hearing that it has. */
#include "server/ending.h"

#include "base/mem.h"

#include <errno.h>
#include <limits.h>

/* ---- making and freeing ---- */

static int init_locks(sk_ending *e) {
    int rc = sk_mutex_init(&e->lock);
    if (rc != 0)
        return rc;
    rc = sk_cond_init(&e->over);
    if (rc != 0)
        sk_mutex_free(&e->lock);
    return rc;
}

static int init_wakes(sk_ending *e) {
    int rc = 0;
    for (int i = 0; i < SK_END_STAGES; i++)
        e->asked[i] = (sk_wake){-1, -1};
    for (int i = 0; rc == 0 && i < SK_END_STAGES; i++)
        rc = sk_wake_init(&e->asked[i]);
    return rc;
}

static void close_wakes(sk_ending *e) {
    for (int i = 0; i < SK_END_STAGES; i++)
        sk_wake_close(&e->asked[i]);
}

sk_ending *sk_ending_new(void) {
    sk_ending *e = sk_zalloc(sizeof *e);
    int rc = e ? init_wakes(e) : -ENOMEM;
    if (rc == 0)
        rc = init_locks(e);
    if (rc == 0)
        return e;
    if (e)
        close_wakes(e);
    sk_free(e);
    errno = -rc;
    return NULL;
}

void sk_ending_free(sk_ending *e) {
    if (!e)
        return;
    close_wakes(e);
    sk_cond_free(&e->over);
    sk_mutex_free(&e->lock);
    sk_free(e);
}

/* ---- asking ---- */

void sk_ending_drain(sk_ending *e, int64_t ms) {
    atomic_store(&e->drain_ms, ms > INT_MAX ? INT_MAX : (int)ms);
    sk_wake_set(&e->asked[SK_END_DRAIN]);
}

void sk_ending_stop(sk_ending *e) {
    bool again = atomic_exchange(&e->stopped, true);
    sk_wake_set(&e->asked[again ? SK_END_CUT : SK_END_STOP]);
}

/* ---- hearing of it ---- */

void sk_ending_add(sk_ending *e, const sk_end_counts *counts) {
    sk_mutex_lock(&e->lock);
    e->counts.finished += counts->finished;
    e->counts.cut += counts->cut;
    e->counts.idle += counts->idle;
    if (--e->serving == 0)
        sk_cond_tell_all(&e->over);
    sk_mutex_unlock(&e->lock);
}

void sk_ending_over(sk_ending *e) {
    sk_mutex_lock(&e->lock);
    e->serving = 0;
    sk_cond_tell_all(&e->over);
    sk_mutex_unlock(&e->lock);
}

sk_end_counts sk_ending_wait(sk_ending *e) {
    sk_mutex_lock(&e->lock);
    while (e->serving > 0)
        sk_cond_wait(&e->over, &e->lock);
    sk_end_counts counts = e->counts;
    sk_mutex_unlock(&e->lock);
    return counts;
}
