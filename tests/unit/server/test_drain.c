/* Ending a server without losing a request: the grace, what is under way, the deadline, and real
 * clients that know nothing of it. */
#include "over_pair.h"
#include "raw_client.h"
#include "running.h"
#include "sys/clock.h"
#include "wait_for.h"

#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define LOOPBACK     "http://127.0.0.1:0"
#define HOST         "Host: h\r\n"
#define GET(path)    "GET " path " HTTP/1.1\r\n" HOST "\r\n"
#define GRACE_MS     500

static int hello(skua_request *q, skua_reply *a, void *user) {
    (void)q;
    (void)user;
    return skua_reply_text(a, 200, "hello");
}

/* ---- one connection, by the clock ---- */

static void start(over_pair *p) {
    op_init(p);
    p->settings.drain_grace_ms = GRACE_MS;
    assert_int_equal(op_route(p, "/", hello, NULL), 0);
    assert_true(op_connect(p, 4096));
}

static void b01_an_idle_connection_may_still_ask_for_a_moment(void **state) {
    (void)state;
    over_pair p;
    start(&p);
    op_say(&p, GET("/"));
    assert_null(strstr(op_heard(&p), "Connection: close"));
    sk_worker_drain(p.worker, 30000);
    op_wait(&p, GRACE_MS - 1);
    assert_true(op_is_open(&p));
    op_say(&p, GET("/"));
    const char *heard = op_heard(&p);
    assert_int_equal(op_status(heard, 0), 200);
    assert_non_null(strstr(heard, "Connection: close"));
    assert_true(p.ended);
    op_disconnect(&p);
    assert_int_equal(p.worker->ended.finished, 1);
    assert_int_equal(p.worker->ended.idle, 0);
    op_free(&p);
}

static void b01_an_idle_connection_is_closed_after_it(void **state) {
    (void)state;
    static const char *const said[] = {"", GET("/")};
    for (size_t i = 0; i < COUNT(said); i++) {
        over_pair p;
        start(&p);
        op_say(&p, said[i]);
        sk_worker_drain(p.worker, 30000);
        op_wait(&p, GRACE_MS - 1);
        assert_true(op_is_open(&p));
        op_wait(&p, 1);
        assert_false(op_is_open(&p));
        assert_int_equal(p.worker->ended.idle, 1);
        assert_true(sk_worker_has_ended(p.worker));
        op_free(&p);
    }
}

static void b01_what_has_come_in_the_last_moment_is_answered(void **state) {
    (void)state;
    over_pair p;
    start(&p);
    op_say(&p, GET("/"));
    op_heard(&p);
    sk_worker_drain(p.worker, 30000);
    skua_str piece = SK_LIT(GET("/"));
    assert_int_equal(p.client->ops->writev(p.client, &piece, 1, NULL), piece.len);
    op_wait(&p, GRACE_MS); /* nothing but the timer has told the connection */
    op_settle(&p);
    assert_int_equal(op_status(op_heard(&p), 0), 200);
    assert_int_equal(p.worker->ended.idle, 0);
    op_free(&p);
}

static void b01_requests_that_are_here_are_all_answered(void **state) {
    (void)state;
    over_pair p;
    start(&p);
    op_say(&p, GET("/"));
    op_heard(&p);
    sk_worker_drain(p.worker, 30000);
    op_say(&p, GET("/") GET("/") GET("/"));
    const char *heard = op_heard(&p);
    assert_int_equal(op_status(heard, 2), 200);
    const char *close = strstr(heard, "Connection: close");
    assert_non_null(close); /* in the last alone */
    assert_null(strstr(close, "HTTP/1.1"));
    assert_true(p.ended);
    op_free(&p);
}

static void b01_a_request_that_has_begun_to_come_is_waited_for(void **state) {
    (void)state;
    static const char *const begun[] = {"GET / HTTP/1.1\r\nHo",
                                        "POST / HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\nab"};
    static const char *const rest[] = {"st: h\r\n\r\n", "cde"};
    for (size_t i = 0; i < COUNT(begun); i++) {
        over_pair p;
        start(&p);
        op_say(&p, begun[i]);
        sk_worker_drain(p.worker, 30000);
        op_wait(&p, 5000);
        op_say(&p, rest[i]);
        const char *heard = op_heard(&p);
        assert_int_equal(op_status(heard, 0), 200);
        assert_non_null(strstr(heard, "Connection: close"));
        op_free(&p);
    }
}

static void b01_the_deadline_cuts(void **state) {
    (void)state;
    over_pair p;
    start(&p);
    op_say(&p, "POST / HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\nab");
    sk_worker_drain(p.worker, 2000);
    op_wait(&p, 1999);
    assert_false(sk_worker_has_ended(p.worker));
    op_wait(&p, 1);
    assert_true(sk_worker_has_ended(p.worker));
    sk_worker_end(p.worker);
    assert_int_equal(p.worker->ended.cut, 1);
    op_free(&p);
}

/* ---- a server, its threads and its clients ---- */

typedef struct stage {
    sem_t in; /* a handler has come so far */
    sem_t go;
    skua_reply *replies[600];
    atomic_int deferred;
    char file[32];
} stage;

static int block(skua_request *q, skua_reply *a, void *user) {
    stage *st = user;
    (void)q;
    sem_post(&st->in);
    while (sem_wait(&st->go) != 0)
        ;
    sem_post(&st->go); /* for the next one */
    return skua_reply_text(a, 200, "pooled");
}

static int defer(skua_request *q, skua_reply *a, void *user) {
    stage *st = user;
    (void)q;
    skua_reply_defer(a);
    st->replies[atomic_fetch_add(&st->deferred, 1)] = a;
    sem_post(&st->in);
    return 0;
}

#define MUCH (1u << 20) /* more than the buffers of a socket hold that nobody reads */

static ptrdiff_t zeros(void *buf, size_t cap, void *user) {
    size_t *left = user;
    size_t n = *left < cap ? *left : cap;
    memset(buf, '0', n);
    *left -= n;
    return (ptrdiff_t)n;
}

static int stream(skua_request *q, skua_reply *a, void *user) {
    stage *st = user;
    (void)q;
    size_t *left = malloc(sizeof *left);
    *left = MUCH;
    skua_reply_send_response(a, 200);
    skua_reply_end_headers(a);
    sem_post(&st->in);
    return skua_reply_stream(a, zeros, free, left);
}

static void finish_all(stage *st) {
    for (int i = 0; i < atomic_load(&st->deferred); i++) {
        skua_reply_text(st->replies[i], 200, "deferred");
        skua_reply_finish(st->replies[i]);
    }
    sem_post(&st->go);
}

static void set_stage(running *r, stage *st, int workers, int64_t grace_ms) {
    memset(st, 0, sizeof *st);
    sem_init(&st->in, 0, 0);
    sem_init(&st->go, 0, 0);
    running_make(r, SKUA_OPTS(skua_server_opts, .workers = workers, .pool_threads = 2,
                              .drain_grace_ms = grace_ms));
    assert_int_equal(skua_route(r->s, "/", hello, st), 0);
    assert_int_equal(skua_route(r->s, "/deferred", defer, st), 0);
    assert_int_equal(skua_route(r->s, "/streamed", stream, st), 0);
    assert_int_equal(skua_route_with(r->s, "/pooled",
                                     SKUA_OPTS(skua_route_opts, .fn = block, .user = st,
                                               .kind = SKUA_HANDLER_POOL)),
                     0);
    running_start(r, LOOPBACK, NULL);
}

static void leave_stage(running *r, stage *st) {
    skua_server_free(r->s);
    sem_destroy(&st->in);
    sem_destroy(&st->go);
}

static skua_server *signalled;

static void on_signal(int number) {
    (void)number;
    skua_server_begin_drain(signalled, 0);
}

/* Read to the end: how many bytes of body "0" came. */
static size_t take_zeros(raw_client *c) {
    size_t n = 0;
    for (bool more = true; more;) {
        more = rc_more(c);
        for (size_t i = 0; i < c->len; i++)
            n += c->heard[i] == '0' ? 1 : 0;
        c->len = 0;
    }
    return n;
}

#define IN_FLIGHT  500
#define PATIENT_MS 3000

/* Of each five: one whose handler blocks, two deferred, one that streams, and one that is accepted
 * and has not yet sent a byte. A signal comes; then all come to their end. */
static void b01_500_requests_in_flight_survive_a_signal(void **state) {
    (void)state;
    static stage st;
    static raw_client c[IN_FLIGHT];
    static const char *const asks[] = {GET("/pooled"), GET("/deferred"), GET("/deferred"),
                                       GET("/streamed"), NULL};
    running r;
    struct rlimit before, many;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    many = before;
    many.rlim_cur = before.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &many), 0);
    set_stage(&r, &st, 2, PATIENT_MS); /* in which those who have not asked yet are to do so */
    signalled = r.s;
    for (size_t i = 0; i < IN_FLIGHT; i++) {
        rc_connect(&c[i], skua_server_url(r.s, 0));
        if (asks[i % COUNT(asks)])
            rc_say(&c[i], asks[i % COUNT(asks)]);
    }
    /* All are in their handlers, but those that wait for a thread of the pool. */
    for (int i = 0; i < IN_FLIGHT / 5 * 3 + 2; i++)
        wait_for(&st.in);

    struct sigaction act = {.sa_handler = on_signal}, old;
    assert_int_equal(sigaction(SIGTERM, &act, &old), 0);
    assert_int_equal(raise(SIGTERM), 0);
    sigaction(SIGTERM, &old, NULL);

    for (size_t i = 4; i < IN_FLIGHT; i += 5)
        rc_say(&c[i], GET("/"));
    for (size_t i = 4; i < IN_FLIGHT; i += 5)
        rc_expect(&c[i], "\r\n\r\nhello");
    finish_all(&st);
    for (size_t i = 0; i < IN_FLIGHT; i++) {
        if (i % 5 == 3) {
            size_t n = take_zeros(&c[i]);
            assert_true(n >= MUCH);
        } else if (i % 5 != 4) {
            rc_expect(&c[i], i % 5 == 0 ? "\r\n\r\npooled" : "\r\n\r\ndeferred");
        }
        rc_close(&c[i]);
    }
    skua_drain_report report = {.size = sizeof report};
    assert_int_equal(skua_server_drain(r.s, 0, &report), 0); /* the same, waited for */
    sk_thread_join(r.thread);
    assert_int_equal(r.rc, 0);
    assert_in_range(report.finished, 1, IN_FLIGHT); /* some before a worker heard of the drain */
    assert_int_equal(report.cut, 0);
    leave_stage(&r, &st);
    setrlimit(RLIMIT_NOFILE, &before);
}

/* A reply that was asked for before the drain and is finished in it is the connection's last. */
static void b01_what_is_under_way_says_that_it_is_the_last(void **state) {
    (void)state;
    static const char *const asks[] = {GET("/deferred"), GET("/pooled")};
    for (size_t i = 0; i < COUNT(asks); i++) {
        static stage st;
        static raw_client c, probe;
        running r;
        set_stage(&r, &st, 1, 0);
        rc_connect(&c, skua_server_url(r.s, 0));
        rc_say(&c, asks[i]);
        wait_for(&st.in);
        rc_connect(&probe, skua_server_url(r.s, 0));
        rc_say(&probe, GET("/"));
        rc_expect(&probe, "\r\n\r\nhello");
        skua_server_begin_drain(r.s, 0);
        rc_expect_end(&probe); /* the worker has heard of it */
        finish_all(&st);
        rc_expect(&c, "Connection: close\r\n");
        rc_expect_end(&c);
        sk_thread_join(r.thread);
        rc_close(&c);
        rc_close(&probe);
        leave_stage(&r, &st);
    }
}

/* ---- under load ---- */

#define CLIENTS 8

typedef struct load {
    const char *url;
    bool keeps; /* its connection, as long as it may */
    atomic_int *answered;
    int64_t idle_since; /* when the connection was begun, or its last answer had come */
    int lost;
    char why[80];
} load;

/* Which end a client's connection has come to. */
typedef enum met { ANSWERED, LAST_ONE, TOO_LATE, REFUSED, LOST } met;

static met connect_for(load *l, int *fd) {
    sk_addr at;
    bool done;
    if (!sk_addr_parse(SK_LIT("127.0.0.1"), rc_port(l->url), &at))
        return LOST;
    l->idle_since = sk_clock_ms();
    *fd = sk_socket_connect(&at, NULL, &done);
    if (*fd < 0)
        return *fd == -ECONNREFUSED ? REFUSED : LOST;
    if (sk_poll_one(*fd, SKUA_WANT_WRITE, PATIENCE_MS, NULL) != 0)
        return LOST;
    return sk_socket_connect_result(*fd) == 0 ? ANSWERED : REFUSED;
}

/* One that the machine has kept from asking for as long as the grace is not waited for. */
static met lost(load *l, int64_t asked, const char *what, int code) {
    if (asked - l->idle_since >= GRACE_MS)
        return TOO_LATE;
    snprintf(l->why, sizeof l->why, "%s: %s", what, code < 0 ? strerror(-code) : "the end");
    return LOST;
}

static met ask_once(load *l, int fd) {
    const skua_str piece = SK_LIT(GET("/"));
    char text[1024];
    size_t len = 0;
    ptrdiff_t n = sk_socket_send(fd, &piece, 1);
    int64_t asked = sk_clock_ms();
    if (n != (ptrdiff_t)piece.len)
        return lost(l, asked, "send", (int)n);
    do {
        if (sk_poll_one(fd, SKUA_WANT_READ, PATIENCE_MS, NULL) != 0)
            return LOST;
        n = sk_socket_recv(fd, text + len, sizeof text - 1 - len);
        if (n <= 0)
            return lost(l, asked, "recv", (int)n);
        len += (size_t)n;
        text[len] = '\0';
    } while (!strstr(text, "\r\n\r\nhello"));
    atomic_fetch_add(l->answered, 1);
    l->idle_since = sk_clock_ms();
    return strstr(text, "Connection: close") ? LAST_ONE : ANSWERED;
}

/* Ask and ask until nobody lets it in. A connection that was left is followed by another. */
static void *ask_on(void *arg) {
    load *l = arg;
    met m = ANSWERED;
    while (m != REFUSED && m != LOST) {
        int fd = -1;
        m = connect_for(l, &fd);
        for (bool again = m == ANSWERED; again; again = m == ANSWERED && l->keeps)
            m = ask_once(l, fd);
        sk_socket_close(fd);
    }
    l->lost = m == LOST;
    return NULL;
}

static void b01_under_load_a_drain_loses_no_request(void **state) {
    (void)state;
    running r;
    atomic_int answered = 0;
    load loads[CLIENTS];
    sk_thread threads[CLIENTS];
    running_make(&r, SKUA_OPTS(skua_server_opts, .workers = 2));
    assert_int_equal(skua_route(r.s, "/", hello, NULL), 0);
    running_start(&r, LOOPBACK, NULL);
    for (int i = 0; i < CLIENTS; i++) {
        loads[i] =
            (load){.url = skua_server_url(r.s, 0), .keeps = i % 2 == 0, .answered = &answered};
        assert_int_equal(sk_thread_start(&threads[i], ask_on, &loads[i]), 0);
    }
    while (atomic_load(&answered) < 1000)
        sched_yield();
    skua_drain_report report = {.size = sizeof report};
    assert_int_equal(skua_server_drain(r.s, 0, &report), 0);
    for (int i = 0; i < CLIENTS; i++)
        sk_thread_join(threads[i]);
    for (int i = 0; i < CLIENTS; i++) {
        if (loads[i].lost)
            fail_msg("client %d lost a request: %s", i, loads[i].why);
    }
    assert_int_equal(report.cut, 0);
    sk_thread_join(r.thread);
    assert_int_equal(r.rc, 0);
    skua_server_free(r.s);
}

/* Who is in the queue of a Unix socket when the drain begins is accepted, and answered. */
static void b01_the_queue_of_a_unix_socket_is_emptied(void **state) {
    (void)state;
    static raw_client c[20];
    char where[64];
    skua_error err;
    sk_addr at;
    snprintf(where, sizeof where, "unix:@skua-drain-%ld", (long)getpid());
    skua_server *s = skua_server_new(NULL, &err);
    skua_route(s, "/", hello, NULL);
    skua_server_listen(s, where, NULL);
    skua_server_listen(s, LOOPBACK, NULL); /* which is waited for */
    assert_int_equal(skua_server_start(s, &err), 0);
    assert_int_equal(sk_addr_unix(sk_str(where + strlen("unix:")), &at), 0);
    for (size_t i = 0; i < COUNT(c); i++) {
        rc_connect_to(&c[i], &at);
        if (i % 2)
            rc_say(&c[i], GET("/"));
    }
    skua_server_begin_drain(s, 0);
    assert_int_equal(skua_server_step(s, 0, &err), 1);
    for (size_t i = 0; i < COUNT(c); i += 2)
        rc_say(&c[i], GET("/"));
    int steps = 0;
    for (int rc = 1; rc == 1; steps++)
        rc = skua_server_step(s, SKUA_FOREVER, &err);
    assert_true(steps < 200); /* it waits: what is shut does not keep it awake */
    for (size_t i = 0; i < COUNT(c); i++) {
        rc_expect(&c[i], "hello");
        rc_expect_end(&c[i]);
        rc_close(&c[i]);
    }
    skua_server_free(s);
}

/* ---- what is cut, and what is told ---- */

static void b01_a_drain_counts_what_it_cuts(void **state) {
    (void)state;
    static stage st;
    static raw_client cut, idle;
    running r;
    set_stage(&r, &st, 1, 0);
    rc_connect(&cut, skua_server_url(r.s, 0));
    rc_say(&cut, GET("/deferred"));
    wait_for(&st.in);
    rc_connect(&idle, skua_server_url(r.s, 0));
    rc_say(&idle, GET("/"));
    rc_expect(&idle, "hello");
    skua_drain_report report = {.size = sizeof report};
    assert_int_equal(skua_server_drain(r.s, 700, &report), SKUA_E_TIMEOUT);
    assert_int_equal(report.cut, 1);
    assert_int_equal(report.closed_idle, 1);
    assert_int_equal(report.finished, 0);
    rc_expect_end(&cut);
    rc_expect_end(&idle);
    finish_all(&st); /* too late, which is no error */
    sk_thread_join(r.thread);
    rc_close(&cut);
    rc_close(&idle);
    leave_stage(&r, &st);
}

static void b01_a_stop_cuts_a_drain_short_and_a_second_one_all(void **state) {
    (void)state;
    static stage st;
    static raw_client c;
    running r;
    set_stage(&r, &st, 2, 0);
    rc_connect(&c, skua_server_url(r.s, 0));
    rc_say(&c, GET("/deferred"));
    wait_for(&st.in);
    skua_server_begin_drain(r.s, SKUA_FOREVER);
    skua_server_stop(r.s);
    skua_server_stop(r.s);
    rc_expect_end(&c);
    finish_all(&st);
    sk_thread_join(r.thread);
    assert_int_equal(r.rc, 0);
    rc_close(&c);
    leave_stage(&r, &st);
}

static int events(skua_request *q, skua_reply *a, void *user) {
    (void)q;
    int rc = skua_reply_events(a, SKUA_FOREVER);
    if (rc == 0)
        *(skua_reply **)user = a;
    return rc;
}

static void b01_event_streams_end_with_the_grace(void **state) {
    (void)state;
    static raw_client c;
    running r;
    skua_reply *reply = NULL;
    running_make(&r, SKUA_OPTS(skua_server_opts, .workers = 1));
    assert_int_equal(skua_route(r.s, "/", events, &reply), 0);
    running_start(&r, LOOPBACK, NULL);
    rc_connect(&c, skua_server_url(r.s, 0));
    rc_say(&c, GET("/"));
    rc_expect(&c, "text/event-stream");
    skua_server_drain(r.s, 0, NULL);
    rc_expect_end(&c);
    assert_non_null(reply);
    assert_int_equal(skua_reply_is_gone(reply), 1);
    skua_reply_finish(reply);
    sk_thread_join(r.thread);
    rc_close(&c);
    skua_server_free(r.s);
}

static int drain_from_within(skua_request *q, skua_reply *a, void *user) {
    (void)q;
    skua_server **s = user;
    return skua_reply_text(a, 200, "rc=%d", skua_server_drain(*s, 0, NULL));
}

static void b01_a_worker_does_not_wait_for_itself(void **state) {
    (void)state;
    static raw_client c;
    running r;
    running_make(&r, SKUA_OPTS(skua_server_opts, .workers = 1));
    assert_int_equal(skua_route(r.s, "/", drain_from_within, &r.s), 0);
    running_start(&r, LOOPBACK, NULL);
    char expected[16];
    snprintf(expected, sizeof expected, "rc=%d", SKUA_E_STATE);
    rc_connect(&c, skua_server_url(r.s, 0));
    rc_say(&c, GET("/"));
    rc_expect(&c, expected);
    rc_close(&c);
    running_finish(&r);
}

static void b01_a_drain_needs_no_run(void **state) {
    (void)state;
    skua_server *s = skua_server_new(SKUA_OPTS(skua_server_opts, .drain_grace_ms = 1), NULL);
    assert_non_null(s);
    assert_int_equal(skua_server_listen(s, LOOPBACK, NULL), 0);
    skua_drain_report report = {.size = sizeof report};
    assert_int_equal(skua_server_drain(s, 0, &report), 0);
    assert_int_equal(skua_server_run(s, NULL), 0);
    assert_int_equal(skua_server_drain(s, 0, &report), 0); /* it has ended */
    assert_int_equal(skua_server_drain(s, -2, NULL), SKUA_E_INVALID_ARGUMENT);
    assert_int_equal(skua_server_drain(NULL, 0, NULL), SKUA_E_INVALID_ARGUMENT);
    assert_int_equal(skua_server_drain(s, 0, &(skua_drain_report){0}), SKUA_E_INVALID_ARGUMENT);
    skua_server_begin_drain(NULL, 0);
    skua_server_free(s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(b01_an_idle_connection_may_still_ask_for_a_moment),
        cmocka_unit_test(b01_an_idle_connection_is_closed_after_it),
        cmocka_unit_test(b01_what_has_come_in_the_last_moment_is_answered),
        cmocka_unit_test(b01_requests_that_are_here_are_all_answered),
        cmocka_unit_test(b01_a_request_that_has_begun_to_come_is_waited_for),
        cmocka_unit_test(b01_the_deadline_cuts),
        cmocka_unit_test(b01_500_requests_in_flight_survive_a_signal),
        cmocka_unit_test(b01_what_is_under_way_says_that_it_is_the_last),
        cmocka_unit_test(b01_under_load_a_drain_loses_no_request),
        cmocka_unit_test(b01_the_queue_of_a_unix_socket_is_emptied),
        cmocka_unit_test(b01_a_drain_counts_what_it_cuts),
        cmocka_unit_test(b01_a_stop_cuts_a_drain_short_and_a_second_one_all),
        cmocka_unit_test(b01_event_streams_end_with_the_grace),
        cmocka_unit_test(b01_a_worker_does_not_wait_for_itself),
        cmocka_unit_test(b01_a_drain_needs_no_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
