/* net/loop.c - one thread's poller, timers and mailbox. What is watched and timed belongs to the
 * caller, and so are the calls that are posted; the loop allocates only its lists of timers. */
#include "net/loop.h"

#include "base/mem.h"
#include "sys/clock.h"
#include "sys/thread.h"
#include "sys/wake.h"

#include <errno.h>
#include <string.h>

#define READY_MAX 256

/* Timers that are looked for so late are held back, for so long, and no sooner again. */
#define LATE_MS       1000
#define HOLD_MS       1000
#define HOLD_AGAIN_MS 10000

/* All armed timers of one length: armed in order, they end in order. */
typedef struct timer_list {
    sk_link link;   /* in sk_loop.lists */
    sk_link timers; /* earliest first */
    int64_t ms;
} timer_list;

struct sk_loop {
    sk_poller *poller;
    const skua_clock *clock;
    int64_t now; /* of the step under way, or the last one */
    bool stepping;
    int64_t held_until; /* timers are held back: see hold */
    sk_watch *first;
    bool first_told; /* in this step */
    sk_link lists;   /* of timer_list, the most recently used first */
    sk_ready ready[READY_MAX];
    int ready_next; /* what is left to dispatch of ready[] */
    int ready_end;
    sk_wake wake;
    sk_watch wake_watch;
    bool woken;
    sk_mutex lock;  /* guards the two below */
    sk_call *calls; /* posted, oldest first */
    sk_call **calls_end;
};

/* Should the clock go back, time stands still until it has caught up: timers stay in order. */
static int64_t read_clock(const sk_loop *l) {
    int64_t now = sk_clock_now(l->clock);
    return now > l->now ? now : l->now;
}

static int64_t fresh_now(const sk_loop *l) {
    return l->stepping ? l->now : read_clock(l);
}

int64_t sk_loop_now(const sk_loop *l) {
    return fresh_now(l);
}

/* ---- watches ---- */

int sk_loop_add(sk_loop *l, sk_watch *w, int fd, unsigned events) {
    w->fd = fd;
    w->events = events;
    return sk_poller_add(l->poller, fd, events, w);
}

int sk_loop_want(sk_loop *l, sk_watch *w, unsigned events) {
    if (w->events == events)
        return 0;
    int rc = sk_poller_modify(l->poller, w->fd, events, w);
    if (rc == 0)
        w->events = events;
    return rc;
}

void sk_loop_remove(sk_loop *l, sk_watch *w) {
    sk_poller_remove(l->poller, w->fd);
    for (int i = l->ready_next; i < l->ready_end; i++) {
        if (l->ready[i].user == w)
            l->ready[i].user = NULL;
    }
    if (l->first == w)
        l->first = NULL;
}

void sk_loop_put_first(sk_loop *l, sk_watch *w) {
    l->first = w;
}

bool sk_loop_first_is_told(const sk_loop *l) {
    return l->first_told;
}

void sk_loop_tell_first(sk_loop *l) {
    l->first_told = true;
    if (l->first)
        l->first->fn(l->first, SKUA_WANT_READ);
}

/* Collect what is ready.
 *
 * A wait that finds something at once may report a descriptor that it found unready the time
 * before, and that became ready while this wait went through the others; what came first may then
 * be among those it had passed. epoll forgets a descriptor that it finds unready until that
 * announces itself. So after a wait that found none, whatever is reported has announced itself, one
 * after the other, and all that did are reported: the first watch, too. The extra wait is made
 * before sleeping, when there is nothing else to do. */
static int collect(sk_loop *l, int timeout) {
    l->first_told = false;
    if (!l->first)
        return sk_poller_wait(l->poller, l->ready, READY_MAX, timeout);
    int n = sk_poller_wait(l->poller, l->ready, READY_MAX, 0);
    if (n != 0 || timeout == 0)
        return n;
    n = sk_poller_wait(l->poller, l->ready, READY_MAX, timeout);
    l->first_told = n < READY_MAX && sk_poller_fd(l->poller) >= 0;
    return n;
}

static void bring_first(sk_loop *l) {
    for (int i = 1; l->first && i < l->ready_end; i++) {
        if (l->ready[i].user != l->first)
            continue;
        sk_ready r = l->ready[i];
        memmove(l->ready + 1, l->ready, (size_t)i * sizeof r);
        l->ready[0] = r;
        return;
    }
}

static void dispatch(sk_loop *l) {
    bring_first(l);
    while (l->ready_next < l->ready_end) {
        sk_ready r = l->ready[l->ready_next++];
        sk_watch *w = r.user;
        /* Removed meanwhile, or what it wants has changed. */
        if (w && (w->events & r.events) != 0)
            w->fn(w, r.events);
    }
}

/* ---- timers ---- */

/* The list for a length, moved to the front. An empty list of another length is taken over before
 * a new one is made, so there are never more lists than there were timers at one time. */
static timer_list *list_for(sk_loop *l, int64_t ms) {
    timer_list *found = NULL;
    for (sk_link *i = l->lists.next; i != &l->lists; i = i->next) {
        timer_list *t = SK_CONTAINER(i, timer_list, link);
        if (t->ms == ms || sk_list_empty(&t->timers))
            found = t;
        if (t->ms == ms)
            break;
    }
    if (!found) {
        found = sk_alloc(sizeof *found);
        if (!found)
            return NULL;
        sk_list_init(&found->link);
        sk_list_init(&found->timers);
    }
    found->ms = ms;
    sk_list_remove(&found->link);
    sk_list_push_back(l->lists.next, &found->link);
    return found;
}

int sk_loop_arm(sk_loop *l, sk_timer *t, int64_t ms) {
    sk_loop_cancel(l, t);
    if (ms < 0)
        return 0;
    timer_list *list = list_for(l, ms);
    if (!list)
        return -ENOMEM;
    int64_t deadline = sk_deadline(fresh_now(l), ms);
    t->deadline = deadline > 0 ? deadline : 1; /* 0 is not armed */
    sk_list_push_back(&list->timers, &t->link);
    return 0;
}

void sk_loop_cancel(sk_loop *l, sk_timer *t) {
    (void)l;
    if (t->deadline == 0)
        return;
    sk_list_remove(&t->link);
    t->deadline = 0;
}

/* The first one to end of those that are shorter than that. */
static sk_timer *earliest(const sk_loop *l, int64_t below_ms) {
    sk_timer *best = NULL;
    for (sk_link *i = l->lists.next; i != &l->lists; i = i->next) {
        timer_list *list = SK_CONTAINER(i, timer_list, link);
        if (sk_list_empty(&list->timers) || list->ms >= below_ms)
            continue;
        sk_timer *t = SK_CONTAINER(list->timers.next, sk_timer, link);
        if (!best || t->deadline < best->deadline)
            best = t;
    }
    return best;
}

/* What a time-out is for could not be seen while the process was stopped, or a handler blocked the
 * loop. Time-outs that ended meanwhile wait for a moment, until what has come was looked at and
 * answered. A clock of the caller's means what it says. `before`: when the last step looked. */
static void hold(sk_loop *l, int64_t before) {
    if (l->now - before < LATE_MS || l->clock || l->now < l->held_until + HOLD_AGAIN_MS)
        return;
    const sk_timer *t = earliest(l, SK_NEVER);
    if (t && l->now - t->deadline >= LATE_MS)
        l->held_until = l->now + HOLD_MS;
}

/* Those that are shorter than this may end; while others are held back, it is what is nobody's
 * patience. */
static int64_t ends_below(const sk_loop *l, int64_t now) {
    return now < l->held_until ? LATE_MS : SK_NEVER;
}

/* Those that have ended are set apart first: one that is armed again for 0 ms waits for the next
 * step, and one that another cancels is taken out of the set. */
static void run_timers(sk_loop *l) {
    int64_t below = ends_below(l, l->now);
    sk_link due;
    sk_list_init(&due);
    for (sk_timer *t; (t = earliest(l, below)) != NULL && t->deadline <= l->now;) {
        sk_list_remove(&t->link);
        sk_list_push_back(&due, &t->link);
    }
    while (!sk_list_empty(&due)) {
        sk_timer *t = SK_CONTAINER(due.next, sk_timer, link);
        sk_loop_cancel(l, t);
        t->fn(t);
    }
}

int sk_loop_timeout(sk_loop *l) {
    int64_t now = fresh_now(l);
    const sk_timer *t = earliest(l, ends_below(l, now));
    int64_t deadline = t ? t->deadline : SK_NEVER;
    if (now < l->held_until && l->held_until < deadline)
        deadline = l->held_until;
    return sk_until(now, deadline);
}

/* ---- posted calls ---- */

void sk_loop_post(sk_loop *l, sk_call *c) {
    c->next = NULL;
    sk_mutex_lock(&l->lock);
    bool first = !l->calls; /* whoever was first wakes the loop for all behind */
    *l->calls_end = c;
    l->calls_end = &c->next;
    sk_mutex_unlock(&l->lock);
    if (first)
        sk_wake_set(&l->wake);
}

void sk_loop_wake(sk_loop *l) {
    sk_wake_set(&l->wake);
}

static sk_call *take_calls(sk_loop *l) {
    sk_mutex_lock(&l->lock);
    sk_call *first = l->calls;
    l->calls = NULL;
    l->calls_end = &l->calls;
    sk_mutex_unlock(&l->lock);
    return first;
}

/* Posting wakes, so that a step that was not woken need not take the lock. */
static void run_calls(sk_loop *l) {
    if (!l->woken)
        return;
    l->woken = false;
    for (sk_call *c = take_calls(l), *next; c; c = next) {
        next = c->next;
        c->fn(c);
    }
}

static void on_wake(sk_watch *w, unsigned events) {
    (void)events;
    sk_loop *l = SK_CONTAINER(w, sk_loop, wake_watch);
    /* Cleared before the calls are taken: one posted in between sets it again, or is taken too. */
    sk_wake_clear(&l->wake);
    l->woken = true;
}

/* ---- the loop itself ---- */

int sk_loop_step(sk_loop *l, int max_wait_ms) {
    int wait = sk_loop_timeout(l);
    if (wait < 0 || (max_wait_ms >= 0 && max_wait_ms < wait))
        wait = max_wait_ms;
    int n = collect(l, wait);
    if (n < 0)
        return n;
    int64_t before = l->now;
    l->now = read_clock(l);
    hold(l, before);
    l->stepping = true;
    l->ready_next = 0;
    l->ready_end = n;
    dispatch(l);
    run_timers(l);
    run_calls(l);
    l->stepping = false;
    return 0;
}

int sk_loop_fd(const sk_loop *l) {
    return sk_poller_fd(l->poller);
}

static int init(sk_loop *l, sk_poller_kind kind) {
    l->wake = (sk_wake){-1, -1};
    l->wake_watch.fn = on_wake;
    l->calls_end = &l->calls;
    sk_list_init(&l->lists);
    int rc = sk_mutex_init(&l->lock);
    if (rc != 0)
        return rc;
    l->poller = sk_poller_new(kind);
    rc = l->poller ? sk_wake_init(&l->wake) : -errno;
    if (rc == 0)
        rc = sk_loop_add(l, &l->wake_watch, l->wake.read_fd, SKUA_WANT_READ);
    if (rc == 0)
        return 0;
    sk_wake_close(&l->wake);
    sk_poller_free(l->poller);
    sk_mutex_free(&l->lock);
    return rc;
}

sk_loop *sk_loop_new(sk_poller_kind kind, const skua_clock *clock) {
    sk_loop *l = sk_zalloc(sizeof *l);
    int rc = l ? init(l, kind) : -ENOMEM;
    if (rc == 0) {
        l->clock = clock;
        return l;
    }
    sk_free(l);
    errno = -rc;
    return NULL;
}

void sk_loop_free(sk_loop *l) {
    if (!l)
        return;
    while (!sk_list_empty(&l->lists)) {
        timer_list *t = SK_CONTAINER(l->lists.next, timer_list, link);
        sk_list_remove(&t->link);
        sk_free(t);
    }
    sk_poller_free(l->poller);
    sk_wake_close(&l->wake);
    sk_mutex_free(&l->lock);
    sk_free(l);
}
