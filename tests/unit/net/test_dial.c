/* Dialling: the order and the pace of the attempts, who wins, and what is told when nobody does.
 * The time is the test's own; only the descriptors are waited for. */
#include "base/str.h"
#include "net/dial.h"
#include "sys/clock.h"
#include "sys/poller.h"
#include "sys/wake.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#define PATIENCE_MS 10000

/* ---- places to connect to ---- */

typedef struct place {
    sk_addr addr;
    int fd;
    int queued[3]; /* what fills a black hole's queue */
    int queue;
} place;

static sk_addr address(const char *host, int port) {
    sk_addr a;
    assert_true(sk_addr_parse(sk_str(host), port, &a));
    return a;
}

static const char *text_of(const sk_addr *a) {
    static char text[SK_ADDR_TEXT];
    sk_addr_format((const struct sockaddr *)&a->ss, a->len, text);
    return text;
}

static place open_place(const char *host) {
    place p = {.addr = address(host, 0)};
    p.fd = sk_socket_listen(&p.addr, &(sk_listen_opts){.backlog = 1});
    assert_true(p.fd >= 0);
    assert_int_equal(sk_socket_local(p.fd, &p.addr), 0);
    return p;
}

/* A port that is taken, so that nobody else can, and does not listen. */
static place refusing_place(const char *host) {
    place p = {.addr = address(host, 0)};
    p.fd = socket(p.addr.ss.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(p.fd >= 0);
    assert_int_equal(bind(p.fd, (const struct sockaddr *)&p.addr.ss, p.addr.len), 0);
    assert_int_equal(sk_socket_local(p.fd, &p.addr), 0);
    return p;
}

/* How many a listener has in its queue. */
static unsigned queued(int fd) {
    struct tcp_info info = {0};
    socklen_t len = sizeof info;
    assert_int_equal(getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len), 0);
    return info.tcpi_unacked;
}

/* A listener with a full queue leaves whoever comes unanswered. A queue of one takes two, who are
 * in it a moment after they know themselves connected. */
static void fill(place *p) {
    int64_t patience = sk_clock_ms() + PATIENCE_MS;
    for (p->queue = 0; p->queue < 2; p->queue++) {
        bool done;
        int fd = sk_socket_connect(&p->addr, NULL, &done);
        assert_true(fd >= 0);
        assert_int_equal(sk_poll_one(fd, SKUA_WANT_WRITE, PATIENCE_MS, NULL), 0);
        assert_int_equal(sk_socket_connect_result(fd), 0);
        p->queued[p->queue] = fd;
    }
    while (queued(p->fd) < 2 && sk_clock_ms() < patience)
        sched_yield();
    assert_int_equal(queued(p->fd), 2);
}

static place black_hole(const char *host) {
    place p = open_place(host);
    fill(&p);
    return p;
}

static void close_place(place *p) {
    for (int i = 0; i < p->queue; i++)
        sk_socket_close(p->queued[i]);
    sk_socket_close(p->fd);
}

/* ---- driving ---- */

static sk_dial_opts options(const char *host, const sk_addr *addresses, int count) {
    return (sk_dial_opts){
        .host = host,
        .port = 80,
        .resolve_ms = 5000,
        .connect_ms = 10000,
        .stagger_ms = 250,
        .deadline = SK_NEVER,
        .addresses = addresses,
        .address_count = count,
    };
}

static sk_dial *start(const sk_dial_opts *o) {
    sk_dial *d = sk_dial_start(o, 0, NULL);
    assert_non_null(d);
    return d;
}

static int wants(const sk_dial *d, int64_t *deadline) {
    skua_want w[SK_DIAL_RACE_MAX];
    int64_t ignored;
    return sk_dial_wants(d, w, SK_DIAL_RACE_MAX, deadline ? deadline : &ignored);
}

/* Step at that moment, again as long as descriptors become ready within ms of true time. */
static int settle(sk_dial *d, int64_t now, int ms, skua_error *err) {
    for (;;) {
        int rc = sk_dial_step(d, now, err);
        if (rc != SKUA_E_AGAIN)
            return rc;
        skua_want w[SK_DIAL_RACE_MAX];
        struct pollfd fds[SK_DIAL_RACE_MAX];
        int64_t deadline;
        int n = sk_dial_wants(d, w, SK_DIAL_RACE_MAX, &deadline);
        for (int i = 0; i < n; i++) {
            bool reads = w[i].events == SKUA_WANT_READ;
            fds[i] = (struct pollfd){.fd = w[i].fd, .events = reads ? POLLIN : POLLOUT};
        }
        if (poll(fds, (nfds_t)n, ms) <= 0)
            return SKUA_E_AGAIN;
    }
}

static int settled(sk_dial *d, int64_t now, skua_error *err) {
    return settle(d, now, PATIENCE_MS, err);
}

static void assert_peer(int fd, const sk_addr *want) {
    sk_addr peer;
    char text[SK_ADDR_TEXT];
    assert_true(fd >= 0);
    assert_int_equal(sk_socket_peer(fd, &peer), 0);
    snprintf(text, sizeof text, "%s", text_of(want));
    assert_string_equal(text_of(&peer), text);
    sk_socket_close(fd);
}

static int free_descriptor(void) {
    int fd = dup(2);
    close(fd);
    return fd;
}

/* The thread of a lookup closes what it has a moment after its result was taken. */
static void wait_until_free(int descriptor) {
    int64_t patience = sk_clock_ms() + PATIENCE_MS;
    while (free_descriptor() != descriptor && sk_clock_ms() < patience)
        sched_yield();
    assert_int_equal(free_descriptor(), descriptor);
}

/* ---- resolving ---- */

typedef struct script {
    const char *addresses[4];
    int eai;
    sk_wake *hang; /* wait for this first */
    sk_wake *left; /* set at the end */
    int calls;
} script;

static int scripted(void *user, const char *host, int port, sk_family family, sk_addr *out, int cap,
                    int *count) {
    (void)host, (void)family, (void)cap;
    script *s = user;
    s->calls++;
    if (s->hang)
        sk_poll_one(s->hang->read_fd, SKUA_WANT_READ, PATIENCE_MS, NULL);
    for (int i = 0; s->addresses[i]; i++)
        *count += sk_addr_parse(sk_str(s->addresses[i]), port, &out[i]);
    int eai = s->eai;
    if (s->left)
        sk_wake_set(s->left);
    return eai;
}

static void name_is_resolved_then_connected(void **state) {
    (void)state;
    int before = free_descriptor();
    place p = open_place("127.0.0.1");
    script s = {.addresses = {"127.0.0.1"}};
    sk_dial_opts o = options("a.test", NULL, 0);
    o.port = sk_addr_port(&p.addr);
    o.lookup = scripted;
    o.lookup_user = &s;
    sk_dial *d = start(&o);
    int64_t deadline, resolved, connected;
    assert_int_equal(wants(d, &deadline), 1);
    assert_int_equal(deadline, 5000);
    sk_dial_times(d, &resolved, &connected);
    assert_int_equal(resolved, -1);
    assert_int_equal(connected, -1);
    assert_peer(settled(d, 7, NULL), &p.addr);
    sk_dial_times(d, &resolved, &connected);
    assert_int_equal(resolved, 7);
    assert_int_equal(connected, 7);
    sk_dial_free(d);
    close_place(&p);
    wait_until_free(before);
}

static void digits_are_not_looked_up(void **state) {
    (void)state;
    place p = open_place("127.0.0.1");
    script s = {.eai = EAI_FAIL};
    sk_dial_opts o = options("127.0.0.1", NULL, 0);
    o.port = sk_addr_port(&p.addr);
    o.lookup = scripted;
    o.lookup_user = &s;
    sk_dial *d = start(&o);
    int64_t deadline;
    assert_int_equal(wants(d, &deadline), 0);
    assert_int_equal(deadline, 0); /* at once */
    assert_peer(settled(d, 0, NULL), &p.addr);
    assert_int_equal(s.calls, 0);
    sk_dial_free(d);
    close_place(&p);
}

static void name_without_address(void **state) {
    (void)state;
    int before = free_descriptor();
    script s = {.eai = EAI_NONAME};
    sk_dial_opts o = options("nosuch.invalid", NULL, 0);
    o.lookup = scripted;
    o.lookup_user = &s;
    skua_error err;
    sk_dial *d = start(&o);
    assert_int_equal(settled(d, 0, &err), SKUA_E_RESOLVE);
    assert_int_equal(err.code, SKUA_E_RESOLVE);
    assert_int_equal(err.phase, SKUA_PHASE_RESOLVE);
    assert_int_equal(err.resolve_code, EAI_NONAME);
    assert_int_equal(err.retry_safe, 1);
    assert_int_equal(err.attempts, 0);
    assert_string_equal(err.target, "nosuch.invalid:80");
    assert_string_equal(err.msg, "resolve: nosuch.invalid: Name or service not known");
    sk_dial_free(d);
    wait_until_free(before);
}

static void resolving_has_its_own_time(void **state) {
    (void)state;
    int before = free_descriptor();
    static sk_wake hang, left;
    assert_int_equal(sk_wake_init(&hang), 0);
    assert_int_equal(sk_wake_init(&left), 0);
    static script s = {.addresses = {"127.0.0.1"}, .hang = &hang, .left = &left};
    sk_dial_opts o = options("a.test", NULL, 0);
    o.lookup = scripted;
    o.lookup_user = &s;
    skua_error err;
    sk_dial *d = start(&o);
    assert_int_equal(sk_dial_step(d, 4999, &err), SKUA_E_AGAIN);
    assert_int_equal(sk_dial_step(d, 5000, &err), SKUA_E_TIMEOUT);
    assert_int_equal(err.phase, SKUA_PHASE_RESOLVE);
    assert_int_equal(err.retry_safe, 1);
    assert_string_equal(err.msg, "resolve: a.test: timed out after 5000 ms");
    sk_dial_free(d); /* and the lookup still hangs */
    assert_int_equal(sk_poll_one(left.read_fd, SKUA_WANT_READ, 0, NULL), SKUA_E_TIMEOUT);
    sk_wake_set(&hang);
    assert_int_equal(sk_poll_one(left.read_fd, SKUA_WANT_READ, PATIENCE_MS, NULL), 0);
    sk_wake_clear(&left); /* what orders the closes behind the thread's last use */
    sk_wake_close(&hang);
    sk_wake_close(&left);
    wait_until_free(before);
}

/* ---- racing ---- */

static void second_begins_after_the_stagger(void **state) {
    (void)state;
    place hole = black_hole("127.0.0.1"), good = open_place("127.0.0.2");
    const sk_addr a[] = {hole.addr, good.addr};
    int before = free_descriptor();
    const sk_dial_opts o = options("a.test", a, 2);
    sk_dial *d = start(&o);
    int64_t deadline;
    assert_int_equal(sk_dial_step(d, 0, NULL), SKUA_E_AGAIN);
    assert_int_equal(wants(d, &deadline), 1);
    assert_int_equal(deadline, 250);
    assert_int_equal(sk_dial_step(d, 249, NULL), SKUA_E_AGAIN);
    assert_int_equal(wants(d, NULL), 1);
    assert_peer(settled(d, 250, NULL), &good.addr);
    int64_t resolved, connected;
    sk_dial_times(d, &resolved, &connected);
    assert_int_equal(resolved, 0);
    assert_int_equal(connected, 250);
    assert_int_equal(free_descriptor(), before); /* the loser is closed already */
    sk_dial_free(d);
    close_place(&hole);
    close_place(&good);
}

static void second_begins_at_once_when_the_first_fails(void **state) {
    (void)state;
    place bad = refusing_place("127.0.0.1"), good = open_place("127.0.0.2");
    const sk_addr a[] = {bad.addr, good.addr};
    const sk_dial_opts o = options("a.test", a, 2);
    sk_dial *d = start(&o);
    assert_peer(settled(d, 1, NULL), &good.addr);
    sk_dial_free(d);
    close_place(&bad);
    close_place(&good);
}

static void one_address_is_not_staggered(void **state) {
    (void)state;
    place hole = black_hole("127.0.0.1");
    const sk_dial_opts o = options("a.test", &hole.addr, 1);
    sk_dial *d = start(&o);
    int64_t deadline;
    assert_int_equal(sk_dial_step(d, 0, NULL), SKUA_E_AGAIN);
    assert_int_equal(wants(d, &deadline), 1);
    assert_int_equal(deadline, 10000);
    sk_dial_free(d);
    close_place(&hole);
}

static void stagger_has_bounds(void **state) {
    (void)state;
    static const struct {
        int64_t stagger, next;
    } cases[] = {{0, 10}, {5, 10}, {300, 300}, {SKUA_FOREVER, 10000}};
    place hole = black_hole("127.0.0.1");
    const sk_addr a[] = {hole.addr, hole.addr};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        sk_dial_opts o = options("a.test", a, 2);
        o.stagger_ms = cases[i].stagger;
        sk_dial *d = start(&o);
        int64_t deadline;
        assert_int_equal(sk_dial_step(d, 0, NULL), SKUA_E_AGAIN);
        wants(d, &deadline);
        assert_int_equal(deadline, cases[i].next);
        sk_dial_free(d);
    }
    close_place(&hole);
}

#define HOLES 11

static void every_address_gets_its_turn(void **state) {
    (void)state;
    place hole = black_hole("127.0.0.1"), good = open_place("127.0.0.2");
    sk_addr a[HOLES + 1];
    for (int i = 0; i < HOLES; i++)
        a[i] = hole.addr;
    a[HOLES] = good.addr;
    int before = free_descriptor();
    const sk_dial_opts o = options("a.test", a, HOLES + 1);
    sk_dial *d = start(&o);
    for (int i = 0; i < HOLES; i++) {
        assert_int_equal(sk_dial_step(d, 250 * i, NULL), SKUA_E_AGAIN);
        assert_int_equal(wants(d, NULL), i < SK_DIAL_RACE_MAX ? i + 1 : SK_DIAL_RACE_MAX);
    }
    assert_peer(settled(d, 250 * HOLES, NULL), &good.addr);
    sk_dial_free(d);
    assert_int_equal(free_descriptor(), before);
    close_place(&hole);
    close_place(&good);
}

/* Ports 1 and up of the loopback: nobody is there. Each attempt fails, and the error tells the
 * order in which they were made. */
static void families_take_turns(void **state) {
    (void)state;
    static const struct {
        const char *hosts[6];
        const char *order[6];
    } cases[] = {
        {{"::1", "::1", "::1", "127.0.0.1", "127.0.0.1"},
         {"[::1]:1", "127.0.0.1:4", "[::1]:2", "127.0.0.1:5", "[::1]:3"}},
        {{"127.0.0.1", "127.0.0.1", "127.0.0.1", "::1"},
         {"127.0.0.1:1", "[::1]:4", "127.0.0.1:2", "127.0.0.1:3"}},
        {{"127.0.0.1", "127.0.0.1"}, {"127.0.0.1:1", "127.0.0.1:2"}},
        {{"::1", "127.0.0.1"}, {"[::1]:1", "127.0.0.1:2"}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        sk_addr a[6];
        int n = 0;
        for (; cases[i].hosts[n]; n++)
            a[n] = address(cases[i].hosts[n], n + 1);
        const sk_dial_opts o = options("a.test", a, n);
        skua_error err;
        sk_dial *d = start(&o);
        assert_true(settled(d, 0, &err) < 0);
        assert_int_equal(err.attempts, n);
        for (int k = 0; k < n; k++)
            assert_string_equal(err.attempt[k].address, cases[i].order[k]);
        sk_dial_free(d);
    }
}

static void only_the_wanted_family_is_tried(void **state) {
    (void)state;
    const sk_addr a[] = {address("::1", 1), address("127.0.0.1", 2), address("::1", 3)};
    const sk_addr from = address("127.0.0.1", 0);
    skua_error err;
    for (int by_source = 0; by_source < 2; by_source++) {
        sk_dial_opts o = options("a.test", a, 3);
        o.family = by_source ? SK_FAMILY_ANY : SK_FAMILY_V4;
        o.from = by_source ? &from : NULL;
        sk_dial *d = start(&o);
        assert_int_equal(settled(d, 0, &err), SKUA_E_CONNECTION_REFUSED);
        assert_int_equal(err.attempts, 1);
        assert_string_equal(err.attempt[0].address, "127.0.0.1:2");
        sk_dial_free(d);
    }
    sk_dial_opts o = options("a.test", a, 1);
    o.family = SK_FAMILY_V4;
    sk_dial *d = start(&o);
    assert_int_equal(settled(d, 0, &err), SKUA_E_RESOLVE);
    assert_string_equal(err.msg, "resolve: a.test: no address of the wanted family");
    sk_dial_free(d);
}

static void source_address_is_used(void **state) {
    (void)state;
    place p = open_place("127.0.0.1");
    const sk_addr from = address("127.0.0.7", 0);
    sk_dial_opts o = options("a.test", &p.addr, 1);
    o.from = &from;
    sk_dial *d = start(&o);
    int fd = settled(d, 0, NULL);
    assert_true(fd >= 0);
    sk_addr local;
    assert_int_equal(sk_socket_local(fd, &local), 0);
    assert_int_equal(strncmp(text_of(&local), "127.0.0.7:", 10), 0);
    sk_socket_close(fd);
    sk_dial_free(d);
    close_place(&p);
}

/* ---- what is told ---- */

static void all_refused(void **state) {
    (void)state;
    place x = refusing_place("127.0.0.1"), y = refusing_place("127.0.0.2");
    const sk_addr a[] = {x.addr, y.addr};
    sk_dial_opts o = options("example.org", a, 2);
    o.port = 443;
    skua_error err;
    sk_dial *d = start(&o);
    assert_int_equal(settled(d, 3, &err), SKUA_E_CONNECTION_REFUSED);
    char want[200];
    snprintf(want, sizeof want,
             "connect: example.org:443: connection refused (127.0.0.1:%d, 127.0.0.2:%d)",
             sk_addr_port(&x.addr), sk_addr_port(&y.addr));
    assert_string_equal(err.msg, want);
    assert_int_equal(err.code, SKUA_E_CONNECTION_REFUSED);
    assert_int_equal(err.phase, SKUA_PHASE_CONNECT);
    assert_int_equal(err.os_errno, ECONNREFUSED);
    assert_int_equal(err.retry_safe, 1);
    assert_string_equal(err.target, "example.org:443");
    assert_string_equal(err.address, text_of(&y.addr));
    assert_int_equal(err.attempts, 2);
    assert_string_equal(err.attempt[0].address, text_of(&x.addr));
    assert_string_equal(err.attempt[1].address, text_of(&y.addr));
    assert_int_equal(err.attempt[0].os_errno, ECONNREFUSED);
    assert_int_equal(err.attempt[1].os_errno, ECONNREFUSED);
    sk_dial_free(d);

    /* An address that says what the target says is not said twice. */
    o = options("127.0.0.1", NULL, 0);
    o.port = sk_addr_port(&x.addr);
    d = start(&o);
    assert_int_equal(settled(d, 0, &err), SKUA_E_CONNECTION_REFUSED);
    snprintf(want, sizeof want, "connect: 127.0.0.1:%d: connection refused", o.port);
    assert_string_equal(err.msg, want);
    sk_dial_free(d);
    d = start(&o);
    assert_int_equal(settled(d, 0, NULL), SKUA_E_CONNECTION_REFUSED);
    sk_dial_free(d);
    close_place(&x);
    close_place(&y);
}

/* TCP to a multicast address fails in the kernel, before anything is sent. */
static void each_failed_in_its_own_way(void **state) {
    (void)state;
    place x = refusing_place("127.0.0.1");
    const sk_addr a[] = {address("224.0.0.1", 80), x.addr};
    const sk_dial_opts o = options("a.test", a, 2);
    skua_error err;
    sk_dial *d = start(&o);
    assert_int_equal(settled(d, 0, &err), SKUA_E_CONNECT);
    char want[200];
    snprintf(want, sizeof want,
             "connect: a.test:80: no address answered (224.0.0.1:80: network is unreachable, "
             "127.0.0.1:%d: connection refused)",
             sk_addr_port(&x.addr));
    assert_string_equal(err.msg, want);
    assert_int_equal(err.attempt[0].os_errno, ENETUNREACH);
    assert_int_equal(err.attempt[1].os_errno, ECONNREFUSED);
    sk_dial_free(d);

    const sk_dial_opts one = options("a.test", a, 1);
    d = start(&one);
    assert_int_equal(settled(d, 0, &err), SKUA_E_CONNECT);
    assert_string_equal(err.msg, "connect: a.test:80: network is unreachable (224.0.0.1:80)");
    sk_dial_free(d);
    close_place(&x);
}

static void nobody_answers_in_time(void **state) {
    (void)state;
    place hole = black_hole("127.0.0.1");
    const sk_addr a[] = {hole.addr, hole.addr};
    const sk_dial_opts o = options("h.test", a, 2);
    int before = free_descriptor();
    skua_error err;
    sk_dial *d = start(&o);
    assert_int_equal(sk_dial_step(d, 0, &err), SKUA_E_AGAIN);
    assert_int_equal(sk_dial_step(d, 250, &err), SKUA_E_AGAIN);
    assert_int_equal(sk_dial_step(d, 9999, &err), SKUA_E_AGAIN);
    assert_int_equal(sk_dial_step(d, 10000, &err), SKUA_E_TIMEOUT);
    char want[200];
    int port = sk_addr_port(&hole.addr);
    snprintf(want, sizeof want,
             "connect: h.test:80: timed out after 10000 ms (tried 127.0.0.1:%d, 127.0.0.1:%d)",
             port, port);
    assert_string_equal(err.msg, want);
    assert_int_equal(err.phase, SKUA_PHASE_CONNECT);
    assert_int_equal(err.retry_safe, 1);
    assert_int_equal(err.attempts, 2);
    assert_int_equal(err.attempt[0].os_errno, 0);
    assert_int_equal(err.attempt[0].elapsed_ms, 10000);
    assert_int_equal(err.attempt[1].elapsed_ms, 9750);
    sk_dial_free(d);
    assert_int_equal(free_descriptor(), before);
    close_place(&hole);
}

static void refusal_and_silence(void **state) {
    (void)state;
    place bad = refusing_place("127.0.0.1"), hole = black_hole("127.0.0.2");
    const sk_addr a[] = {bad.addr, hole.addr};
    const sk_dial_opts o = options("h.test", a, 2);
    skua_error err;
    sk_dial *d = start(&o);
    assert_int_equal(settle(d, 0, 200, &err), SKUA_E_AGAIN);
    assert_int_equal(wants(d, NULL), 1);
    assert_int_equal(sk_dial_step(d, 10000, &err), SKUA_E_TIMEOUT);
    char want[200];
    snprintf(
        want, sizeof want,
        "connect: h.test:80: timed out after 10000 ms (tried 127.0.0.1:%d: connection refused, "
        "127.0.0.2:%d: no answer)",
        sk_addr_port(&bad.addr), sk_addr_port(&hole.addr));
    assert_string_equal(err.msg, want);
    assert_int_equal(err.os_errno, ECONNREFUSED);
    sk_dial_free(d);
    close_place(&bad);
    close_place(&hole);
}

static void overtaken_attempts_are_told(void **state) {
    (void)state;
    place hole = black_hole("127.0.0.1");
    sk_addr a[HOLES];
    for (int i = 0; i < HOLES; i++)
        a[i] = hole.addr;
    const sk_dial_opts o = options("h.test", a, HOLES);
    skua_error err;
    sk_dial *d = start(&o);
    for (int i = 0; i < HOLES; i++)
        assert_int_equal(sk_dial_step(d, 250 * i, NULL), SKUA_E_AGAIN);
    assert_int_equal(sk_dial_step(d, 10000, &err), SKUA_E_TIMEOUT);
    assert_int_equal(err.attempts, SKUA_ERROR_ATTEMPTS);
    assert_int_equal(err.attempt[0].elapsed_ms, 250 * SK_DIAL_RACE_MAX);
    assert_int_equal(err.attempt[0].os_errno, 0);
    sk_dial_free(d);
    close_place(&hole);
}

static void deadline_of_the_call_comes_first(void **state) {
    (void)state;
    place hole = black_hole("127.0.0.1");
    sk_dial_opts o = options("h.test", &hole.addr, 1);
    o.deadline = 700;
    skua_error err;
    sk_dial *d = sk_dial_start(&o, 500, NULL);
    assert_non_null(d);
    assert_int_equal(sk_dial_step(d, 500, &err), SKUA_E_AGAIN);
    int64_t deadline;
    wants(d, &deadline);
    assert_int_equal(deadline, 700);
    assert_int_equal(sk_dial_step(d, 700, &err), SKUA_E_TIMEOUT);
    assert_non_null(strstr(err.msg, "h.test:80: timed out after 200 ms"));
    sk_dial_free(d);

    o.deadline = 400; /* has passed before it begins */
    d = sk_dial_start(&o, 500, NULL);
    assert_non_null(d);
    assert_int_equal(sk_dial_step(d, 500, &err), SKUA_E_TIMEOUT);
    assert_string_equal(err.msg, "connect: h.test:80: timed out after 0 ms");
    assert_int_equal(err.attempts, 0);
    sk_dial_free(d);
    close_place(&hole);
}

static void long_texts_are_cut(void **state) {
    (void)state;
    char host[400];
    memset(host, 'h', sizeof host - 1);
    host[sizeof host - 1] = '\0';
    place x = refusing_place("127.0.0.1");
    const sk_dial_opts o = options(host, &x.addr, 1);
    skua_error err;
    sk_dial *d = start(&o);
    assert_int_equal(settled(d, 0, &err), SKUA_E_CONNECTION_REFUSED);
    assert_int_equal(strlen(err.target), sizeof err.target - 1);
    assert_int_equal(strncmp(err.msg, "connect: hhhh", 13), 0);
    sk_dial_free(d);
    close_place(&x);
}

static void v6_target_stands_in_brackets(void **state) {
    (void)state;
    sk_dial_opts o = options("::1", NULL, 0);
    o.deadline = -1;
    skua_error err;
    sk_dial *d = start(&o);
    assert_int_equal(sk_dial_step(d, 0, &err), SKUA_E_TIMEOUT);
    assert_string_equal(err.target, "[::1]:80");
    sk_dial_free(d);
}

static void no_host_is_refused(void **state) {
    (void)state;
    sk_dial_opts o = options("", NULL, 0);
    skua_error err;
    assert_null(sk_dial_start(&o, 0, &err));
    assert_int_equal(err.code, SKUA_E_INVALID_ARGUMENT);
    o.host = NULL;
    assert_null(sk_dial_start(&o, 0, NULL));
    sk_dial_free(NULL);
}

/* ---- Unix sockets ---- */

static void unix_socket(void **state) {
    (void)state;
    char folder[] = "/tmp/skua-dial-XXXXXX";
    assert_non_null(mkdtemp(folder));
    char host[100], want[200];
    snprintf(host, sizeof host, "unix:%s/s", folder);
    sk_dial_opts o = options(host, NULL, 0);
    const sk_addr from = address("127.0.0.1", 0);
    o.from = &from; /* means nothing here */

    skua_error err;
    sk_dial *d = start(&o);
    assert_int_equal(settled(d, 0, &err), SKUA_E_CONNECT);
    snprintf(want, sizeof want, "connect: %s: no such file or directory", host);
    assert_string_equal(err.msg, want);
    assert_string_equal(err.target, host);
    assert_int_equal(err.os_errno, ENOENT);
    sk_dial_free(d);

    sk_addr at;
    assert_int_equal(sk_addr_unix(sk_str(host + 5), &at), 0);
    int l = sk_socket_listen(&at, &(sk_listen_opts){.backlog = 1});
    assert_true(l >= 0);
    int queued[2];
    for (int i = 0; i < 2; i++) {
        d = start(&o);
        queued[i] = settled(d, 0, NULL);
        assert_true(queued[i] >= 0);
        sk_dial_free(d);
    }
    /* Its queue is full now: it is tried again in a while, until there is room. */
    d = start(&o);
    int64_t deadline;
    assert_int_equal(sk_dial_step(d, 0, NULL), SKUA_E_AGAIN);
    assert_int_equal(wants(d, &deadline), 0);
    assert_true(deadline > 0 && deadline <= 100);
    assert_int_equal(sk_dial_step(d, deadline, NULL), SKUA_E_AGAIN);
    sk_socket_close(sk_socket_accept(l, NULL));
    wants(d, &deadline);
    int fd = sk_dial_step(d, deadline, NULL);
    assert_true(fd >= 0);
    sk_socket_close(fd);
    sk_dial_free(d);

    for (int i = 0; i < 2; i++)
        sk_socket_close(queued[i]);
    sk_socket_close(l);
    unlink(host + 5);
    assert_int_equal(rmdir(folder), 0);
}

static void unix_socket_that_stays_busy(void **state) {
    (void)state;
    sk_addr at;
    char host[64];
    snprintf(host, sizeof host, "unix:@skua-dial-%ld", (long)getpid());
    assert_int_equal(sk_addr_unix(sk_str(host + 5), &at), 0);
    int l = sk_socket_listen(&at, &(sk_listen_opts){.backlog = 1});
    assert_true(l >= 0);
    int queued[2];
    bool done;
    for (int i = 0; i < 2; i++)
        queued[i] = sk_socket_connect(&at, NULL, &done);
    const sk_dial_opts o = options(host, NULL, 0);
    skua_error err;
    sk_dial *d = start(&o);
    for (int64_t now = 0; now < 10000; now += 1000)
        assert_int_equal(sk_dial_step(d, now, &err), SKUA_E_AGAIN);
    assert_int_equal(sk_dial_step(d, 10000, &err), SKUA_E_TIMEOUT);
    assert_int_equal(err.attempts, 1);
    assert_int_equal(err.attempt[0].elapsed_ms, 10000);
    char want[200];
    snprintf(want, sizeof want, "connect: %s: timed out after 10000 ms", host);
    assert_string_equal(err.msg, want);
    sk_dial_free(d);
    for (int i = 0; i < 2; i++)
        sk_socket_close(queued[i]);
    sk_socket_close(l);
}

static void unix_path_must_fit(void **state) {
    (void)state;
    char host[200];
    memset(host, 'p', sizeof host);
    memcpy(host, "unix:", 5);
    host[sizeof host - 1] = '\0';
    skua_error err;
    sk_dial_opts o = options(host, NULL, 0);
    assert_null(sk_dial_start(&o, 0, &err));
    assert_int_equal(err.code, SKUA_E_INVALID_ARGUMENT);
    o.host = "unix:";
    assert_null(sk_dial_start(&o, 0, &err));
    assert_string_equal(err.msg, "connect: unix:: the path is empty or too long");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(name_is_resolved_then_connected),
        cmocka_unit_test(digits_are_not_looked_up),
        cmocka_unit_test(name_without_address),
        cmocka_unit_test(resolving_has_its_own_time),
        cmocka_unit_test(second_begins_after_the_stagger),
        cmocka_unit_test(second_begins_at_once_when_the_first_fails),
        cmocka_unit_test(one_address_is_not_staggered),
        cmocka_unit_test(stagger_has_bounds),
        cmocka_unit_test(every_address_gets_its_turn),
        cmocka_unit_test(families_take_turns),
        cmocka_unit_test(only_the_wanted_family_is_tried),
        cmocka_unit_test(source_address_is_used),
        cmocka_unit_test(all_refused),
        cmocka_unit_test(each_failed_in_its_own_way),
        cmocka_unit_test(nobody_answers_in_time),
        cmocka_unit_test(refusal_and_silence),
        cmocka_unit_test(overtaken_attempts_are_told),
        cmocka_unit_test(deadline_of_the_call_comes_first),
        cmocka_unit_test(long_texts_are_cut),
        cmocka_unit_test(v6_target_stands_in_brackets),
        cmocka_unit_test(no_host_is_refused),
        cmocka_unit_test(unix_socket),
        cmocka_unit_test(unix_socket_that_stays_busy),
        cmocka_unit_test(unix_path_must_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
