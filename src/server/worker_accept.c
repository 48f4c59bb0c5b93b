/* server/worker_accept.c - how a worker comes by its connections.
 *
 * Accepting pauses when the process is out of descriptors or memory: until a connection closes, or
 * for a while. The listener is then not watched, so nothing spins. */
#include "base/fail.h"
#include "base/mem.h"
#include "server/conn.h"
#include "sys/socket.h"

#include <errno.h>

#define ACCEPTS_A_TURN  32
#define ACCEPT_PAUSE_MS 100
#define ACCEPT_LOG_MS   1000 /* no more often is it said */

static bool is_open(const sk_acceptor *a) {
    return a->watch.fd >= 0;
}

/* ---- pausing ---- */

static void want_accepts(sk_worker *w, unsigned events) {
    for (uint32_t i = 0; i < w->acceptor_count; i++) {
        if (is_open(&w->acceptors[i]))
            sk_loop_want(w->loop, &w->acceptors[i].watch, events);
    }
}

static void pause_accepting(sk_worker *w, int failure) {
    int64_t now = sk_loop_now(w->loop);
    if (w->accept_logged == 0 || now - w->accept_logged >= ACCEPT_LOG_MS) {
        w->accept_logged = now;
        char text[SK_ERRNO_TEXT];
        sk_worker_log(w, "accepting pauses: %s", sk_errno_text(failure, text));
    }
    if (sk_loop_arm(w->loop, &w->accept_resume, ACCEPT_PAUSE_MS) != 0)
        return; /* without a timer only a busy listener is left to remind us */
    w->accept_paused = true;
    want_accepts(w, 0);
}

void sk_worker_resume_accepting(sk_worker *w) {
    if (!w->accept_paused || w->stopping)
        return;
    w->accept_paused = false;
    sk_loop_cancel(w->loop, &w->accept_resume);
    want_accepts(w, SKUA_WANT_READ);
}

static void on_resume(sk_timer *t) {
    sk_worker_resume_accepting(SK_CONTAINER(t, sk_worker, accept_resume));
}

void sk_worker_init_accepting(sk_worker *w) {
    w->accept_resume.fn = on_resume;
}

/* ---- accepting ---- */

/* False: there is nobody, or accepting has paused. */
static bool accept_one(sk_acceptor *a) {
    if (a->worker->accept_paused)
        return false;
    int fd = sk_socket_accept(a->watch.fd, NULL);
    if (fd == -EAGAIN)
        return false;
    if (fd >= 0 && sk_sconn_open(a->worker, fd, a->tls) == 0)
        return true;
    pause_accepting(a->worker, fd < 0 ? -fd : ENOMEM);
    return false;
}

static void on_acceptable(sk_watch *watch, unsigned events) {
    sk_acceptor *a = SK_CONTAINER(watch, sk_acceptor, watch);
    (void)events;
    for (int i = 0; i < ACCEPTS_A_TURN && accept_one(a); i++)
        ;
}

int sk_worker_reserve_acceptors(sk_worker *w, uint32_t count) {
    w->acceptors = sk_alloc((count > 0 ? count : 1) * sizeof *w->acceptors);
    return w->acceptors ? 0 : SKUA_E_NOMEM;
}

void sk_worker_add_acceptor(sk_worker *w, const sk_acceptor *a) {
    sk_acceptor *own = &w->acceptors[w->acceptor_count++];
    *own = *a;
    own->worker = w;
    own->watch.fn = on_acceptable;
}

int sk_worker_watch_acceptors(sk_worker *w) {
    int rc = 0;
    for (uint32_t i = 0; rc == 0 && i < w->acceptor_count; i++) {
        sk_watch *watch = &w->acceptors[i].watch;
        rc = sk_loop_add(w->loop, watch, watch->fd, SKUA_WANT_READ);
        w->acceptors[i].watched = rc == 0;
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

bool sk_worker_let_none_in(sk_worker *w) {
    bool some_may_come = false;
    for (uint32_t i = 0; i < w->acceptor_count; i++) {
        sk_acceptor *a = &w->acceptors[i];
        if (is_open(a) && a->inherited)
            close_one(a);
        else if (is_open(a))
            some_may_come |= sk_socket_let_none_in(a->watch.fd);
    }
    return some_may_come;
}

bool sk_worker_empty_queues(sk_worker *w) {
    for (uint32_t i = 0; i < w->acceptor_count; i++) {
        while (is_open(&w->acceptors[i]) && accept_one(&w->acceptors[i]))
            ;
    }
    return !w->accept_paused;
}
