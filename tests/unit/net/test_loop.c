/* The loop, over both kinds of poller: watches that come and go while events are handed out,
 * timers on a manual clock, and calls posted by other threads. */
#include "net/loop.h"
#include "sys/clock.h"
#include "sys/thread.h"

#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define PATIENCE_MS 10000
#define BOTH        (SKUA_WANT_READ | SKUA_WANT_WRITE)

static const sk_poller_kind kinds[] = {SK_POLLER_EPOLL, SK_POLLER_POLL};

#define EACH_KIND(l)                                                                               \
    for (size_t kind_ = 0; kind_ < sizeof kinds / sizeof *kinds; kind_++)                          \
        for (sk_loop *l = sk_loop_new(kinds[kind_], NULL); l; sk_loop_free(l), l = NULL)

static void socket_pair(int ends[2]) {
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
}

static void close_both(const int ends[2]) {
    close(ends[0]);
    close(ends[1]);
}

/* ---- watches ---- */

/* One end of a socket pair under watch, and what is to happen when it is called. */
typedef struct probe {
    sk_watch watch;
    int ends[2];
    sk_loop *loop;
    int calls;
    unsigned events;
    void (*then)(struct probe *p);
    struct probe *other;
    int *freed; /* counts */
} probe;

static void on_probe(sk_watch *w, unsigned events) {
    probe *p = SK_CONTAINER(w, probe, watch);
    p->calls++;
    p->events = events;
    if (p->then)
        p->then(p);
}

/* On the heap, so that a sanitizer sees a call that comes after it is gone. */
static probe *new_probe(sk_loop *l, unsigned events) {
    probe *p = calloc(1, sizeof *p);
    assert_non_null(p);
    socket_pair(p->ends);
    p->loop = l;
    p->watch.fn = on_probe;
    assert_int_equal(sk_loop_add(l, &p->watch, p->ends[0], events), 0);
    return p;
}

static void free_probe(probe *p) {
    sk_loop_remove(p->loop, &p->watch);
    close_both(p->ends);
    free(p);
}

static void send_to(probe *p) {
    assert_int_equal(write(p->ends[1], "x", 1), 1);
}

static void watch_is_called_for_what_it_wants(void **state) {
    (void)state;
    EACH_KIND(l) {
        probe *p = new_probe(l, SKUA_WANT_READ);
        assert_int_equal(sk_loop_step(l, 0), 0);
        assert_int_equal(p->calls, 0);
        send_to(p);
        assert_int_equal(sk_loop_step(l, PATIENCE_MS), 0);
        assert_int_equal(p->calls, 1);
        assert_int_equal(p->events, SKUA_WANT_READ);
        assert_int_equal(sk_loop_want(l, &p->watch, BOTH), 0);
        assert_int_equal(sk_loop_step(l, PATIENCE_MS), 0);
        assert_int_equal(p->events, BOTH);
        assert_int_equal(sk_loop_want(l, &p->watch, 0), 0);
        assert_int_equal(sk_loop_step(l, 0), 0);
        assert_int_equal(p->calls, 2);
        assert_int_equal(sk_loop_want(l, &p->watch, SKUA_WANT_READ), 0);
        assert_int_equal(sk_loop_step(l, PATIENCE_MS), 0);
        assert_int_equal(p->calls, 3);
        free_probe(p);
        assert_int_equal(sk_loop_step(l, 0), 0);
    }
}

static void free_other(probe *p) {
    if (!p->other)
        return;
    *p->freed += 1;
    p->other->other = NULL;
    free_probe(p->other);
    p->other = NULL;
}

/* Both are ready in the same step: whoever is called first frees the other, which must not be
 * called any more. */
static void watch_removed_by_another_is_not_called(void **state) {
    (void)state;
    EACH_KIND(l) {
        probe *a = new_probe(l, SKUA_WANT_READ);
        probe *b = new_probe(l, SKUA_WANT_READ);
        a->then = b->then = free_other;
        a->other = b;
        b->other = a;
        send_to(a);
        send_to(b);
        int freed = 0;
        a->freed = b->freed = &freed;
        assert_int_equal(sk_loop_step(l, PATIENCE_MS), 0);
        assert_int_equal(freed, 1);
        /* Both kinds tell of a first: it became ready first, and it was added first. */
        assert_int_equal(a->calls, 1);
        free_probe(a);
    }
}

static void free_self(probe *p) {
    *p->freed += 1;
    free_probe(p);
}

static void watch_may_free_itself(void **state) {
    (void)state;
    EACH_KIND(l) {
        int calls = 0;
        probe *p = new_probe(l, SKUA_WANT_READ);
        p->then = free_self;
        p->freed = &calls;
        send_to(p);
        assert_int_equal(sk_loop_step(l, PATIENCE_MS), 0);
        assert_int_equal(sk_loop_step(l, 0), 0);
        assert_int_equal(calls, 1);
    }
}

/* Take the other's watch off its descriptor, and put the same struct on another that is quiet. */
static void move_other(probe *p) {
    probe *o = p->other;
    if (!o)
        return;
    sk_loop_remove(o->loop, &o->watch);
    close_both(o->ends);
    socket_pair(o->ends);
    assert_int_equal(sk_loop_add(o->loop, &o->watch, o->ends[0], SKUA_WANT_READ), 0);
}

static void reused_watch_gets_no_old_event(void **state) {
    (void)state;
    EACH_KIND(l) {
        probe *a = new_probe(l, SKUA_WANT_READ);
        probe *b = new_probe(l, SKUA_WANT_READ);
        a->then = move_other;
        a->other = b;
        send_to(a);
        send_to(b);
        assert_int_equal(sk_loop_step(l, PATIENCE_MS), 0);
        assert_int_equal(a->calls, 1);
        assert_int_equal(b->calls, 0);
        free_probe(a);
        free_probe(b);
    }
}

static void want_nothing_of_other(probe *p) {
    if (p->other)
        assert_int_equal(sk_loop_want(p->loop, &p->other->watch, 0), 0);
}

static void change_of_wants_holds_at_once(void **state) {
    (void)state;
    EACH_KIND(l) {
        probe *a = new_probe(l, SKUA_WANT_READ);
        probe *b = new_probe(l, SKUA_WANT_READ);
        a->then = want_nothing_of_other;
        a->other = b;
        send_to(a);
        send_to(b);
        assert_int_equal(sk_loop_step(l, PATIENCE_MS), 0);
        assert_int_equal(a->calls, 1);
        assert_int_equal(b->calls, 0);
        free_probe(a);
        free_probe(b);
    }
}

#define MANY 300 /* more than one wait brings */

static void many_watches_all_get_their_turn(void **state) {
    (void)state;
    EACH_KIND(l) {
        static probe *p[MANY];
        for (int i = 0; i < MANY; i++)
            p[i] = new_probe(l, SKUA_WANT_WRITE);
        for (int i = 0; i < 3; i++)
            assert_int_equal(sk_loop_step(l, PATIENCE_MS), 0);
        for (int i = 0; i < MANY; i++) {
            assert_true(p[i]->calls > 0);
            free_probe(p[i]);
        }
    }
}

/* ---- the watch that is told first ---- */

static void see_first_called(probe *p) {
    assert_int_equal(p->other->calls, 1);
}

static void first_watch_is_told_before_the_others(void **state) {
    (void)state;
    EACH_KIND(l) {
        probe *p[5];
        for (int i = 0; i < 5; i++)
            p[i] = new_probe(l, SKUA_WANT_READ);
        sk_loop_put_first(l, &p[3]->watch);
        for (int i = 0; i < 5; i++) {
            p[i]->then = see_first_called; /* of the first itself: it counts before */
            p[i]->other = p[3];
            send_to(p[i]);
        }
        assert_int_equal(sk_loop_step(l, PATIENCE_MS), 0);
        for (int i = 0; i < 5; i++) {
            assert_int_equal(p[i]->calls, 1);
            free_probe(p[i]);
        }
    }
}

/* What a step finds at once is in no order that counts. */
static void ask_and_tell(probe *p) {
    assert_false(sk_loop_first_is_told(p->loop));
    assert_int_equal(p->other->calls, 0);
    sk_loop_tell_first(p->loop);
    assert_true(sk_loop_first_is_told(p->loop));
    assert_int_equal(p->other->calls, 1);
}

static void first_watch_can_be_told_ready_or_not(void **state) {
    (void)state;
    EACH_KIND(l) {
        probe *p = new_probe(l, SKUA_WANT_READ);
        p->other = new_probe(l, SKUA_WANT_READ);
        p->then = ask_and_tell;
        sk_loop_put_first(l, &p->other->watch);
        for (int i = 0; i < 2; i++) { /* each step forgets */
            p->other->calls = 0;
            send_to(p);
            assert_int_equal(sk_loop_step(l, PATIENCE_MS), 0);
            assert_int_equal(p->calls, i + 1);
        }
        free_probe(p->other);
        sk_loop_tell_first(l); /* there is none any more */
        p->then = NULL;
        free_probe(p);
    }
}

static void note_told(probe *p) {
    *p->freed = sk_loop_first_is_told(p->loop);
}

typedef struct sender {
    probe *to;
    int pause_ms; /* before it sends */
} sender;

static void *send_from_elsewhere(void *arg) {
    const sender *s = arg;
    poll(NULL, 0, s->pause_ms);
    send_to(s->to);
    return NULL;
}

/* What wakes a sleeping epoll comes in order. poll never says so. Whether the loop sleeps before
 * the other thread sends is chance, so it has some tries, with more and more time for it. */
static void first_watch_is_told_when_the_loop_slept(void **state) {
    (void)state;
    EACH_KIND(l) {
        probe *first = new_probe(l, SKUA_WANT_READ);
        probe *p = new_probe(l, SKUA_WANT_READ);
        int told = 0;
        p->freed = &told;
        p->then = note_told;
        sk_loop_put_first(l, &first->watch);
        const int tries = kinds[kind_] == SK_POLLER_EPOLL ? 100 : 10;
        for (int i = 0; i < tries && !told; i++) {
            char byte;
            sk_thread t;
            sender s = {p, i};
            assert_int_equal(sk_thread_start(&t, send_from_elsewhere, &s), 0);
            assert_int_equal(sk_loop_step(l, PATIENCE_MS), 0);
            sk_thread_join(t);
            assert_int_equal(p->calls, i + 1);
            assert_int_equal(read(p->ends[0], &byte, 1), 1);
        }
        assert_int_equal(told, kinds[kind_] == SK_POLLER_EPOLL);
        free_probe(first);
        free_probe(p);
    }
}

/* ---- timers ---- */

typedef struct manual {
    int64_t now;
    skua_clock clock;
} manual;

static int64_t manual_now(void *user) {
    return *(int64_t *)user;
}

static sk_loop *manual_loop(manual *m, int64_t now) {
    m->now = now;
    m->clock = (skua_clock){manual_now, &m->now};
    sk_loop *l = sk_loop_new(SK_POLLER_BEST, &m->clock);
    assert_non_null(l);
    return l;
}

/* Writes its name into a log when it ends. */
typedef struct bell {
    sk_timer timer;
    sk_loop *loop;
    char name;
    char *log;
    void (*then)(struct bell *b);
    struct bell *other;
} bell;

static void on_bell(sk_timer *t) {
    bell *b = SK_CONTAINER(t, bell, timer);
    assert_int_equal(t->deadline, 0);
    b->log[strlen(b->log)] = b->name;
    if (b->then)
        b->then(b);
}

static bell new_bell(sk_loop *l, char name, char *log) {
    return (bell){.timer.fn = on_bell, .loop = l, .name = name, .log = log};
}

static void step_at(sk_loop *l, manual *m, int64_t now) {
    m->now = now;
    assert_int_equal(sk_loop_step(l, 0), 0);
    assert_true(sk_loop_now(l) == now);
}

static void timers_end_in_order(void **state) {
    (void)state;
    manual m;
    sk_loop *l = manual_loop(&m, 1000);
    char log[16] = "";
    bell a = new_bell(l, 'a', log), b = new_bell(l, 'b', log), c = new_bell(l, 'c', log),
         d = new_bell(l, 'd', log);
    assert_int_equal(sk_loop_timeout(l), -1);
    assert_int_equal(sk_loop_arm(l, &a.timer, 30), 0);
    assert_int_equal(sk_loop_arm(l, &b.timer, 10), 0);
    assert_int_equal(sk_loop_arm(l, &c.timer, 20), 0);
    m.now = 1005;
    assert_int_equal(sk_loop_arm(l, &d.timer, 10), 0);
    assert_int_equal(sk_loop_timeout(l), 5);

    step_at(l, &m, 1009);
    assert_string_equal(log, "");
    assert_int_equal(sk_loop_timeout(l), 1);
    step_at(l, &m, 1010);
    assert_string_equal(log, "b");
    step_at(l, &m, 1100);
    assert_string_equal(log, "bdca");
    assert_int_equal(sk_loop_timeout(l), -1);
    sk_loop_free(l);
}

static void timers_are_armed_again_and_cancelled(void **state) {
    (void)state;
    manual m;
    sk_loop *l = manual_loop(&m, 1000);
    char log[16] = "";
    bell a = new_bell(l, 'a', log), b = new_bell(l, 'b', log);
    sk_loop_cancel(l, &a.timer); /* never armed */
    sk_loop_arm(l, &a.timer, 10);
    sk_loop_arm(l, &b.timer, 10);
    m.now = 1005;
    sk_loop_arm(l, &a.timer, 10); /* now behind b */
    step_at(l, &m, 1010);
    assert_string_equal(log, "b");
    sk_loop_arm(l, &a.timer, 100); /* another length */
    sk_loop_arm(l, &b.timer, 50);
    step_at(l, &m, 1059);
    assert_string_equal(log, "b");
    sk_loop_arm(l, &b.timer, SKUA_FOREVER);
    assert_int_equal(b.timer.deadline, 0);
    sk_loop_cancel(l, &a.timer);
    sk_loop_cancel(l, &a.timer);
    step_at(l, &m, 9999);
    assert_string_equal(log, "b");
    sk_loop_free(l);
}

static void cancel_other(bell *b) {
    sk_loop_cancel(b->loop, &b->other->timer);
}

static void timer_cancelled_by_another_does_not_ring(void **state) {
    (void)state;
    manual m;
    sk_loop *l = manual_loop(&m, 1000);
    char log[16] = "";
    bell a = new_bell(l, 'a', log), b = new_bell(l, 'b', log), c = new_bell(l, 'c', log);
    a.then = cancel_other;
    a.other = &b;
    sk_loop_arm(l, &a.timer, 10);
    sk_loop_arm(l, &b.timer, 11);
    sk_loop_arm(l, &c.timer, 12);
    step_at(l, &m, 1100); /* all three have ended */
    assert_string_equal(log, "ac");
    sk_loop_free(l);
}

static void arm_at_once(bell *b) {
    sk_loop_arm(b->loop, &b->timer, 0);
}

static void timer_armed_for_now_waits_for_the_next_step(void **state) {
    (void)state;
    manual m;
    sk_loop *l = manual_loop(&m, 0); /* a deadline of 0 would pass for "not armed" */
    char log[16] = "";
    bell a = new_bell(l, 'a', log);
    a.then = arm_at_once;
    sk_loop_arm(l, &a.timer, 0);
    assert_int_not_equal(a.timer.deadline, 0);
    step_at(l, &m, 1);
    assert_string_equal(log, "a");
    assert_int_equal(sk_loop_timeout(l), 0);
    step_at(l, &m, 1);
    assert_string_equal(log, "aa");
    sk_loop_cancel(l, &a.timer);
    sk_loop_free(l);
}

#define LENGTHS 500

/* As many lengths as timers, in no order, and then other lengths in their place. */
static void any_number_of_lengths(void **state) {
    (void)state;
    manual m;
    sk_loop *l = manual_loop(&m, 1000);
    static bell bells[LENGTHS];
    static char log[3 * LENGTHS + 1];
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < LENGTHS; i++) {
            bells[i] = new_bell(l, '.', log);
            int64_t ms = 1 + (i * 7919 + round) % 1009;
            assert_int_equal(sk_loop_arm(l, &bells[i].timer, ms), 0);
        }
        int64_t start = m.now;
        for (int64_t now = start; now <= start + 1009; now++)
            step_at(l, &m, now);
        assert_int_equal(strlen(log), (round + 1) * LENGTHS);
    }
    sk_loop_free(l);
}

static void far_deadline_does_not_overflow(void **state) {
    (void)state;
    manual m;
    sk_loop *l = manual_loop(&m, 1000);
    char log[16] = "";
    bell a = new_bell(l, 'a', log);
    assert_int_equal(sk_loop_arm(l, &a.timer, INT64_MAX), 0);
    assert_int_equal(sk_loop_timeout(l), -1);
    step_at(l, &m, INT64_MAX / 2);
    assert_string_equal(log, "");
    sk_loop_cancel(l, &a.timer);
    sk_loop_free(l);
}

static void wait_ends_with_the_next_timer(void **state) {
    (void)state;
    EACH_KIND(l) {
        char log[16] = "";
        bell a = new_bell(l, 'a', log);
        int64_t before = sk_clock_ms();
        assert_int_equal(sk_loop_arm(l, &a.timer, 20), 0);
        assert_int_equal(sk_loop_step(l, 1), 0); /* its own limit comes first */
        if (sk_clock_ms() - before < 20)         /* or the machine stood still */
            assert_string_equal(log, "");
        if (log[0] == '\0')
            assert_int_equal(sk_loop_step(l, -1), 0);
        assert_string_equal(log, "a");
        assert_in_range((uintmax_t)(sk_clock_ms() - before), 20, PATIENCE_MS);
    }
}

typedef struct time_probe {
    bell bell;
    sk_watch watch;
    sk_call call;
    manual *m;
    int64_t seen[3];
    int count;
} time_probe;

static void see(time_probe *t) {
    t->m->now += 5; /* time goes by in each handler */
    t->seen[t->count++] = sk_loop_now(t->bell.loop);
}

static void see_watch(sk_watch *w, unsigned events) {
    (void)events;
    see(SK_CONTAINER(w, time_probe, watch));
}

static void see_timer(sk_timer *t) {
    see(SK_CONTAINER(t, time_probe, bell.timer));
}

static void see_call(sk_call *c) {
    see(SK_CONTAINER(c, time_probe, call));
}

static void one_step_has_one_time(void **state) {
    (void)state;
    manual m;
    sk_loop *l = manual_loop(&m, 1000);
    int ends[2];
    socket_pair(ends);
    time_probe t = {.bell = {.timer.fn = see_timer, .loop = l}, .watch.fn = see_watch, .m = &m};
    assert_int_equal(sk_loop_add(l, &t.watch, ends[0], SKUA_WANT_WRITE), 0);
    assert_int_equal(sk_loop_arm(l, &t.bell.timer, 0), 0);
    t.call.fn = see_call;
    sk_loop_post(l, &t.call);
    assert_int_equal(sk_loop_step(l, PATIENCE_MS), 0);
    assert_int_equal(t.count, 3);
    for (int i = 0; i < 3; i++)
        assert_true(t.seen[i] == 1000);
    assert_true(sk_loop_now(l) == 1015); /* outside of a step the clock is read */
    sk_loop_remove(l, &t.watch);
    sk_loop_free(l);
    close_both(ends);
}

static void a_clock_that_goes_back_stands_still(void **state) {
    (void)state;
    manual m;
    char log[8] = "";
    sk_loop *l = manual_loop(&m, 10000);
    bell a = {.timer.fn = on_bell, .loop = l, .name = 'a', .log = log};
    bell b = {.timer.fn = on_bell, .loop = l, .name = 'b', .log = log};
    assert_int_equal(sk_loop_arm(l, &a.timer, 100), 0);
    assert_int_equal(sk_loop_step(l, 0), 0);
    m.now = 5000;
    assert_true(sk_loop_now(l) == 10000);
    assert_int_equal(sk_loop_arm(l, &b.timer, 100), 0);
    assert_int_equal(sk_loop_timeout(l), 100);
    m.now = 10099;
    assert_int_equal(sk_loop_step(l, 0), 0);
    assert_string_equal(log, "");
    m.now = 10100;
    assert_int_equal(sk_loop_step(l, 0), 0);
    assert_string_equal(log, "ab");
    sk_loop_free(l);
}

/* ---- other threads ---- */

#define THREADS 4
#define POSTS   500

typedef struct poster {
    sk_loop *loop;
    sk_thread home; /* the loop's */
    int number;     /* of the next call expected */
} poster;

typedef struct post {
    sk_call call;
    poster *poster;
    int number;
} post;

static void on_post(sk_call *c) {
    post *p = SK_CONTAINER(c, post, call);
    assert_true(pthread_equal(pthread_self(), p->poster->home));
    assert_int_equal(p->number, p->poster->number++);
    free(p);
}

static void *post_many(void *arg) {
    poster *p = arg;
    for (int i = 0; i < POSTS; i++) {
        post *one = malloc(sizeof *one);
        *one = (post){{.fn = on_post}, p, i};
        sk_loop_post(p->loop, &one->call);
    }
    return NULL;
}

static void posted_calls_run_in_the_loops_thread(void **state) {
    (void)state;
    EACH_KIND(l) {
        sk_thread t[THREADS];
        poster p[THREADS];
        for (int i = 0; i < THREADS; i++) {
            p[i] = (poster){.loop = l, .home = pthread_self()};
            assert_int_equal(sk_thread_start(&t[i], post_many, &p[i]), 0);
        }
        int64_t patience = sk_clock_ms() + PATIENCE_MS;
        int done = 0;
        while (done < THREADS && sk_clock_ms() < patience) {
            assert_int_equal(sk_loop_step(l, PATIENCE_MS), 0);
            for (done = 0; done < THREADS && p[done].number == POSTS;)
                done++;
        }
        assert_int_equal(done, THREADS);
        for (int i = 0; i < THREADS; i++)
            sk_thread_join(t[i]);
    }
}

typedef struct again {
    sk_call call;
    sk_loop *loop;
    int calls;
} again;

static void post_again(sk_call *c) {
    again *a = SK_CONTAINER(c, again, call);
    if (++a->calls < 3)
        sk_loop_post(a->loop, &a->call);
}

static void call_posted_by_a_call_runs_in_the_next_step(void **state) {
    (void)state;
    EACH_KIND(l) {
        again a = {{.fn = post_again}, l, 0};
        sk_loop_post(l, &a.call);
        for (int i = 1; i <= 3; i++) {
            assert_int_equal(sk_loop_step(l, PATIENCE_MS), 0);
            assert_int_equal(a.calls, i);
        }
        assert_int_equal(sk_loop_step(l, 0), 0);
        assert_int_equal(a.calls, 3);
    }
}

static void calls_that_have_not_run_are_dropped(void **state) {
    (void)state;
    again a = {{.fn = post_again}, sk_loop_new(SK_POLLER_BEST, NULL), 0};
    again b = a;
    assert_non_null(a.loop);
    sk_loop_post(a.loop, &a.call);
    sk_loop_post(a.loop, &b.call);
    sk_loop_free(a.loop);
    assert_int_equal(a.calls + b.calls, 0);
    sk_loop_free(NULL);
}

static void *wake_loop(void *arg) {
    sk_loop_wake(arg);
    return NULL;
}

static void wake_ends_a_wait(void **state) {
    (void)state;
    EACH_KIND(l) {
        sk_thread t;
        assert_int_equal(sk_thread_start(&t, wake_loop, l), 0);
        assert_int_equal(sk_loop_step(l, -1), 0); /* would wait for ever */
        sk_thread_join(t);
        int64_t before = sk_clock_ms();
        assert_int_equal(sk_loop_step(l, 10), 0); /* one wake, one step */
        assert_in_range((uintmax_t)(sk_clock_ms() - before), 10, PATIENCE_MS);
    }
}

static sk_loop *signalled;

static void on_signal(int number) {
    (void)number;
    sk_loop_wake(signalled);
}

static void signal_handler_may_wake(void **state) {
    (void)state;
    EACH_KIND(l) {
        signalled = l;
        struct sigaction before, action = {.sa_handler = on_signal};
        assert_int_equal(sigaction(SIGUSR1, &action, &before), 0);
        raise(SIGUSR1);
        assert_int_equal(sk_loop_step(l, -1), 0);
        sigaction(SIGUSR1, &before, NULL);
    }
}

/* ---- inside a foreign loop ---- */

static void foreign_loop_can_wait_for_us(void **state) {
    (void)state;
    sk_loop *l = sk_loop_new(SK_POLLER_EPOLL, NULL);
    assert_non_null(l);
    assert_int_equal(sk_poll_one(sk_loop_fd(l), SKUA_WANT_READ, 0, NULL), SKUA_E_TIMEOUT);
    again a = {{.fn = post_again}, l, 2};
    sk_loop_post(l, &a.call);
    assert_int_equal(sk_poll_one(sk_loop_fd(l), SKUA_WANT_READ, PATIENCE_MS, NULL), 0);
    assert_int_equal(sk_loop_step(l, 0), 0);
    assert_int_equal(a.calls, 3);
    assert_int_equal(sk_poll_one(sk_loop_fd(l), SKUA_WANT_READ, 0, NULL), SKUA_E_TIMEOUT);
    sk_loop_free(l);

    l = sk_loop_new(SK_POLLER_POLL, NULL);
    assert_non_null(l);
    assert_int_equal(sk_loop_fd(l), -1);
    sk_loop_free(l);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(watch_is_called_for_what_it_wants),
        cmocka_unit_test(watch_removed_by_another_is_not_called),
        cmocka_unit_test(watch_may_free_itself),
        cmocka_unit_test(reused_watch_gets_no_old_event),
        cmocka_unit_test(change_of_wants_holds_at_once),
        cmocka_unit_test(many_watches_all_get_their_turn),
        cmocka_unit_test(first_watch_is_told_before_the_others),
        cmocka_unit_test(first_watch_can_be_told_ready_or_not),
        cmocka_unit_test(first_watch_is_told_when_the_loop_slept),
        cmocka_unit_test(timers_end_in_order),
        cmocka_unit_test(timers_are_armed_again_and_cancelled),
        cmocka_unit_test(timer_cancelled_by_another_does_not_ring),
        cmocka_unit_test(timer_armed_for_now_waits_for_the_next_step),
        cmocka_unit_test(any_number_of_lengths),
        cmocka_unit_test(far_deadline_does_not_overflow),
        cmocka_unit_test(wait_ends_with_the_next_timer),
        cmocka_unit_test(one_step_has_one_time),
        cmocka_unit_test(a_clock_that_goes_back_stands_still),
        cmocka_unit_test(posted_calls_run_in_the_loops_thread),
        cmocka_unit_test(call_posted_by_a_call_runs_in_the_next_step),
        cmocka_unit_test(calls_that_have_not_run_are_dropped),
        cmocka_unit_test(wake_ends_a_wait),
        cmocka_unit_test(signal_handler_may_wake),
        cmocka_unit_test(foreign_loop_can_wait_for_us),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
