/* server/worker_accept.c - how a worker comes by its connections.
 *
 * Each worker has TCP listeners of its own, and the kernel spreads connections over them: also to
 * one whose loop is held up by a handler that blocks. So each watches its neighbour's as well:
 *
 *     WATCHES --somebody comes while the neighbour is at work--> LOOKS AFTER it, in a moment
 *       ^                                                          |      ^
 *       +------------- nobody is in its queue any more ------------+      | who is in its queue
 *                                                                  +------+ is accepted
 *
 * Connections that are with a worker already stay with it, come what may.
 *
 * Accepting pauses when the process is out of descriptors or memory: until a connection closes, or
 * for a while. The listener is then not watched, so nothing spins. */
#include "base/fail.h"
#include "base/mem.h"
#include "base/str.h"
#include "server/conn.h"
#include "sys/poller.h"
#include "sys/socket.h"

#include <errno.h>

#define ACCEPTS_A_TURN  32
#define ACCEPT_PAUSE_MS 100
#define ACCEPT_LOG_MS   10000 /* no more often is it said */
#define LOOK_AFTER_MS   20    /* who is then still in its queue is not left there */

/* What who is turned away is told. */
#define BUSY_REPLY                                                                                 \
    "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 0\r\n"                  \
    "Connection: close\r\n\r\n"

static bool is_open(const sk_acceptor *a) {
    return a->watch.fd >= 0;
}

/* Who comes to a listener of our own wakes us, and the neighbour only if we do not wait. What is
 * for all workers alike wakes them all: else it would mostly be the same one. */
static unsigned wanted(const sk_acceptor *a) {
    return a->owned ? SKUA_WANT_READ | SK_POLLER_ONE_OF_MANY : SKUA_WANT_READ;
}

/* ---- pausing ---- */

/* Is it time to say again what was said before? */
static bool may_log(const sk_worker *w, int64_t *logged) {
    int64_t now = sk_loop_now(w->loop);
    bool due = *logged == 0 || now - *logged >= ACCEPT_LOG_MS;
    if (due)
        *logged = now;
    return due;
}

/* 0 or -errno. */
static int want_accepts(sk_worker *w, bool wants) {
    int rc = 0;
    for (uint32_t i = 0; rc == 0 && i < w->acceptor_count; i++) {
        sk_acceptor *a = &w->acceptors[i];
        if (is_open(a))
            rc = sk_loop_want(w->loop, &a->watch, wants ? wanted(a) : 0);
    }
    return rc;
}

static void pause_accepting(sk_worker *w, int failure) {
    if (may_log(w, &w->accept_logged)) {
        char text[SK_ERRNO_TEXT];
        sk_worker_tell(w, SKUA_LOG_ERROR, "accepting pauses: %s", sk_errno_text(failure, text));
    }
    if (sk_loop_arm(w->loop, &w->accept_resume, ACCEPT_PAUSE_MS) != 0)
        return; /* without a timer only a busy listener is left to remind us */
    w->accept_paused = true;
    want_accepts(w, false);
}

void sk_worker_resume_accepting(sk_worker *w) {
    if (!w->accept_paused || w->stopping)
        return;
    w->accept_paused = false;
    sk_loop_cancel(w->loop, &w->accept_resume);
    int rc = want_accepts(w, true);
    if (rc != 0) /* there is no room for them in the poller yet */
        pause_accepting(w, -rc);
}

static void on_resume(sk_timer *t) {
    sk_worker_resume_accepting(SK_CONTAINER(t, sk_worker, accept_resume));
}

/* ---- accepting ---- */

/* There are enough connections. What the peer has sent is read, or it would be reset and never see
 * the answer; over TLS there is none that it could read. */
void sk_worker_turn_away(sk_worker *w, int fd, bool is_tls) {
    const skua_str busy = SK_LIT(BUSY_REPLY);
    char text[SK_ADDR_TEXT] = "";
    char unread[4096];
    sk_addr peer;
    sk_count(&w->counts.turned_away, 1);
    if (may_log(w, &w->full_logged)) {
        if (sk_socket_peer(fd, &peer) == 0)
            sk_addr_format((const struct sockaddr *)&peer.ss, peer.len, text);
        sk_worker_tell(w, SKUA_LOG_WARN, "%s: turned away: too many connections", text);
    }
    if (is_tls)
        return;
    sk_socket_recv(fd, unread, sizeof unread);
    sk_socket_send(fd, &busy, 1);
    sk_socket_shutdown(fd);
}

/* Is there room for one more? 0, with its place; SKUA_E_STATE or SKUA_E_NOMEM. Whom a proxy passes
 * on is counted where he comes from, once that is known. */
static int find_room(sk_worker *w, const sk_addr *from, sk_arrival *arrival) {
    sk_census *census = w->settings->census;
    if (!sk_census_enter(census))
        return SKUA_E_STATE;
    int rc = arrival->proxied ? 0 : sk_census_enter_place(census, from, &arrival->place);
    if (rc != 0)
        sk_census_leave(census);
    return rc;
}

static void note_tls(void *user, const char *line) {
    sk_worker_tell(user, SKUA_LOG_WARN, "%s", line);
}

/* What TLS is now set to is the connection's for as long as it lasts. */
static int open_conn(sk_acceptor *a, sk_arrival *arrival) {
    sk_worker *w = a->worker;
    if (a->tls)
        arrival->tls = sk_tls_keeper_get(a->tls, sk_loop_now(w->loop), note_tls, w);
    int rc = sk_sconn_open(w, arrival);
    sk_tls_ctx_unref(arrival->tls);
    return rc;
}

/* 0, or -errno: -EAGAIN where there is nobody. */
static int accept_one(sk_acceptor *a) {
    sk_addr from;
    int fd = sk_socket_accept(a->watch.fd, &from);
    if (fd < 0)
        return fd;
    sk_arrival arrival = {.fd = fd, .proxied = sk_address_list_has(a->proxies, &from)};
    int rc = find_room(a->worker, &from, &arrival);
    if (rc == 0)
        return open_conn(a, &arrival) == 0 ? 0 : -ENOMEM;
    if (rc == SKUA_E_STATE)
        sk_worker_turn_away(a->worker, fd, a->tls != NULL);
    sk_socket_close(fd);
    return rc == SKUA_E_STATE ? 0 : -ENOMEM;
}

static bool somebody_waits(const sk_acceptor *a) {
    return sk_poll_one(a->watch.fd, SKUA_WANT_READ, 0, NULL) == 0;
}

/* Accept one. False: there is nobody, or accepting has paused. */
static bool accept_next(sk_acceptor *a) {
    if (a->worker->accept_paused)
        return false;
    int rc = accept_one(a);
    bool short_of = rc == -EMFILE || rc == -ENFILE;
    /* Without a descriptor left, accept fails so even where nobody waits. */
    if (short_of && !somebody_waits(a))
        return false;
    /* Files that are open for the sake of speed are no reason to turn to nobody. */
    if (short_of && sk_file_cache_close(a->worker->files))
        rc = accept_one(a);
    if (rc != 0 && rc != -EAGAIN)
        pause_accepting(a->worker, -rc);
    return rc == 0;
}

/* False: there was nobody. */
static bool accept_some(sk_acceptor *a) {
    int count = 0;
    while (count < ACCEPTS_A_TURN && accept_next(a))
        count++;
    return count > 0;
}

static void on_acceptable(sk_watch *watch, unsigned events) {
    (void)events;
    accept_some(SK_CONTAINER(watch, sk_acceptor, watch));
}

/* ---- a neighbour's ---- */

/* Whose it is was at work, and will mostly see to it in a moment. Or it was not told, since it
 * began anew to watch its own, behind us: then beginning anew ourselves puts us behind it again. */
static void on_neighbours(sk_watch *watch, unsigned events) {
    sk_worker *w = SK_CONTAINER(watch, sk_acceptor, watch)->worker;
    (void)events;
    if (sk_loop_arm(w->loop, &w->look_after, LOOK_AFTER_MS) == 0)
        sk_loop_want(w->loop, watch, 0);
}

static void on_look_after(sk_timer *t) {
    sk_worker *w = SK_CONTAINER(t, sk_worker, look_after);
    for (uint32_t i = 0; i < w->acceptor_count && !w->accept_paused; i++) {
        sk_acceptor *a = &w->acceptors[i];
        if (!is_open(a) || !a->neighbours)
            continue;
        bool again = accept_some(a) && sk_loop_arm(w->loop, t, LOOK_AFTER_MS) == 0;
        if (!again && !w->accept_paused) /* or the end of the pause sees to it */
            sk_loop_want(w->loop, &a->watch, wanted(a));
    }
}

/* ---- setting up ---- */

void sk_worker_init_accepting(sk_worker *w) {
    w->accept_resume.fn = on_resume;
    w->look_after.fn = on_look_after;
}

int sk_worker_reserve_acceptors(sk_worker *w, uint32_t count) {
    w->acceptors = sk_alloc((count > 0 ? count : 1) * sizeof *w->acceptors);
    return w->acceptors ? 0 : SKUA_E_NOMEM;
}

void sk_worker_add_acceptor(sk_worker *w, const sk_acceptor *a) {
    sk_acceptor *own = &w->acceptors[w->acceptor_count++];
    *own = *a;
    own->worker = w;
    own->watch.fn = a->neighbours ? on_neighbours : on_acceptable;
}

int sk_worker_watch_acceptors(sk_worker *w, bool neighbours) {
    int rc = 0;
    for (uint32_t i = 0; rc == 0 && i < w->acceptor_count; i++) {
        sk_acceptor *a = &w->acceptors[i];
        if (a->neighbours != neighbours)
            continue;
        rc = sk_loop_add(w->loop, &a->watch, a->watch.fd, wanted(a));
        a->watched = true; /* or it will be, when it is wanted again: to remove it does no harm */
    }
    return rc;
}

/* ---- ending ---- */

static void close_one(sk_acceptor *a) {
    if (!is_open(a))
        return;
    if (a->watched)
        sk_loop_remove(a->worker->loop, &a->watch);
    if (a->owned)
        sk_socket_close(a->watch.fd);
    a->watch.fd = -1;
}

void sk_worker_close_acceptors(sk_worker *w) {
    for (uint32_t i = 0; i < w->acceptor_count; i++)
        close_one(&w->acceptors[i]);
}

/* False: accepting has paused. */
static bool empty_queue(sk_acceptor *a) {
    while (is_open(a) && accept_next(a))
        ;
    return !a->worker->accept_paused;
}

/* Nobody comes any more: who has come is accepted, and it is over. Left open it would be ready for
 * ever, as a Unix socket that is shut is. A neighbour sees to its own. */
static void finish_one(sk_acceptor *a) {
    if (a->inherited || a->neighbours || empty_queue(a))
        close_one(a);
}

bool sk_worker_let_none_in(sk_worker *w) {
    bool some_may_come = false;
    for (uint32_t i = 0; i < w->acceptor_count; i++) {
        sk_acceptor *a = &w->acceptors[i];
        if (is_open(a) && !a->inherited && !a->neighbours && sk_socket_let_none_in(a->watch.fd))
            some_may_come = true;
        else
            finish_one(a);
    }
    return some_may_come;
}

bool sk_worker_empty_queues(sk_worker *w) {
    bool all = true;
    for (uint32_t i = 0; i < w->acceptor_count; i++)
        all = empty_queue(&w->acceptors[i]) && all;
    return all;
}
