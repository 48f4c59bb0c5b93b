/* server/worker_end.c - how a worker ends.
 *
 *     serving --drain--> DRAINING --stop--> STOPPING --(no connection is left, or time is over)-->
 * out |                                     ^
 *        +----------------stop-----------------+
 *
 * A drain loses no request. Whoever is connecting is accepted, and whoever is connected may send a
 * request, while the grace lasts; from its beginning on replies say that they are the last ones. */
#include "server/conn.h"

#define STOP_MS        1000
#define ACCEPT_WAIT_MS 100 /* for descriptors, until who is in the queue can be accepted */

static void give_time(sk_worker *w, int64_t ms) {
    if (sk_loop_arm(w->loop, &w->end_deadline, ms) != 0)
        w->cut = true;
}

/* ---- draining ---- */

static void accept_the_last(sk_worker *w) {
    /* Out of descriptors: those that are given back are for who waits in the queue. */
    if (!sk_worker_empty_queues(w) && sk_loop_arm(w->loop, &w->accept_end, ACCEPT_WAIT_MS) == 0)
        return;
    sk_worker_close_acceptors(w);
}

static void on_accept_end(sk_timer *t) {
    accept_the_last(SK_CONTAINER(t, sk_worker, accept_end));
}

void sk_worker_drain(sk_worker *w, int64_t ms) {
    if (w->draining || w->stopping)
        return;
    w->draining = true;
    give_time(w, ms);
    bool some_may_come = sk_worker_let_none_in(w);
    if (!some_may_come || sk_loop_arm(w->loop, &w->accept_end, w->settings->drain_grace_ms) != 0)
        accept_the_last(w);
    for (sk_link *i = w->conns.next, *next; i != &w->conns; i = next) {
        next = i->next;
        sk_sconn_drain(SK_CONTAINER(i, sk_sconn, link));
    }
}

/* ---- stopping ---- */

void sk_worker_stop(sk_worker *w) {
    if (w->stopping)
        return;
    w->stopping = true;
    sk_loop_cancel(w->loop, &w->accept_resume);
    sk_loop_cancel(w->loop, &w->accept_end);
    sk_worker_close_acceptors(w);
    for (sk_link *i = w->conns.next, *next; i != &w->conns; i = next) {
        next = i->next;
        sk_sconn_stop(SK_CONTAINER(i, sk_sconn, link));
    }
    give_time(w, STOP_MS);
}

static void on_end_deadline(sk_timer *t) {
    SK_CONTAINER(t, sk_worker, end_deadline)->cut = true;
}

bool sk_worker_has_ended(const sk_worker *w) {
    bool accepts = w->draining && !w->stopping && w->accept_end.deadline != 0;
    bool ends = (w->draining || w->stopping) && !accepts && sk_list_empty(&w->conns);
    return w->cut || ends;
}

/* ---- being asked to ---- */

/* The wake is left set: the other workers have yet to see it. */
static sk_worker *see(sk_watch *watch, sk_end_stage stage) {
    sk_worker *w = SK_CONTAINER(watch - stage, sk_worker, end_watches);
    sk_loop_remove(w->loop, watch);
    watch->fd = -1;
    return w;
}

static void on_drain(sk_watch *watch, unsigned events) {
    (void)events;
    sk_worker *w = see(watch, SK_END_DRAIN);
    sk_worker_drain(w, atomic_load(&w->ending->drain_ms));
}

static void on_stop(sk_watch *watch, unsigned events) {
    (void)events;
    sk_worker_stop(see(watch, SK_END_STOP));
}

static void on_cut(sk_watch *watch, unsigned events) {
    (void)events;
    see(watch, SK_END_CUT)->cut = true;
}

void sk_worker_init_ending(sk_worker *w) {
    w->end_deadline.fn = on_end_deadline;
    w->accept_end.fn = on_accept_end;
    w->end_watches[SK_END_DRAIN] = (sk_watch){.fn = on_drain, .fd = -1};
    w->end_watches[SK_END_STOP] = (sk_watch){.fn = on_stop, .fd = -1};
    w->end_watches[SK_END_CUT] = (sk_watch){.fn = on_cut, .fd = -1};
}

int sk_worker_watch_ending(sk_worker *w, sk_ending *ending) {
    int rc = 0;
    w->ending = ending;
    for (int i = 0; rc == 0 && i < SK_END_STAGES; i++)
        rc = sk_loop_add(w->loop, &w->end_watches[i], ending->asked[i].read_fd, SKUA_WANT_READ);
    return rc;
}

void sk_worker_unwatch_ending(sk_worker *w) {
    for (int i = 0; i < SK_END_STAGES; i++) {
        if (w->end_watches[i].fd >= 0)
            see(&w->end_watches[i], (sk_end_stage)i);
    }
    sk_loop_cancel(w->loop, &w->end_deadline);
}
