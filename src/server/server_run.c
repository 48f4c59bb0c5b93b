/* server/server_run.c - a server's work: its workers, each in a thread, or one that the caller
 * steps; and its end. */
#include "base/fail.h"
#include "base/mem.h"
#include "server/conn.h"
#include "server/server_state.h"

#include <limits.h>
#include <string.h>

#define DRAIN_MS 30000

/* ---- making the crews ---- */

/* All descriptors that the workers share, and of the others each its own. */
static void give_acceptors(skua_server *s, sk_worker *w, uint32_t index) {
    for (uint32_t i = 0; i < s->listener_count; i++) {
        sk_listener *l = s->listeners[i];
        sk_acceptor a = {
            .tls = l->tls, .proxies = l->proxies, .owned = !l->shared, .inherited = l->inherited};
        for (uint32_t k = l->shared ? 0 : index; k < l->fd_count;
             k += l->shared ? 1 : s->crew_count) {
            a.watch.fd = l->fds[k];
            sk_worker_add_acceptor(w, &a);
            if (!l->shared)
                l->fds[k] = -1;
        }
    }
}

/* A second descriptor of each that the worker behind it has to itself; what cannot be had is done
 * without. */
static void give_neighbours(skua_server *s, sk_worker *w, uint32_t index) {
    for (uint32_t i = 0; s->crew_count > 1 && i < s->listener_count; i++) {
        const sk_listener *l = s->listeners[i];
        uint32_t next = (index + 1) % s->crew_count;
        sk_acceptor a = {.tls = l->tls, .proxies = l->proxies, .owned = true, .neighbours = true};
        for (uint32_t k = next; !l->shared && k < l->fd_count; k += s->crew_count) {
            a.watch.fd = sk_socket_dup(l->fds[k]);
            if (a.watch.fd >= 0)
                sk_worker_add_acceptor(w, &a);
        }
    }
}

static uint32_t acceptors_needed(const skua_server *s) {
    uint32_t n = 0;
    for (uint32_t i = 0; i < s->listener_count; i++)
        n += s->listeners[i]->fd_count;
    return n;
}

/* All that can fail is done before the first descriptor is given away. */
static int make_workers(skua_server *s, skua_error *err) {
    for (uint32_t i = 0; i < s->crew_count; i++) {
        s->crews[i].server = s;
        s->crews[i].worker = sk_worker_new(&s->settings, err);
        if (!s->crews[i].worker)
            return err->code;
        if (sk_worker_reserve_acceptors(s->crews[i].worker, acceptors_needed(s)) != 0)
            return sk_fail_nomem(err);
    }
    int rc = sk_logs_start(s->logs, s->crew_count, err);
    if (rc != 0)
        return rc;
    for (uint32_t i = 0; i < s->crew_count; i++)
        s->crews[i].worker->port = sk_logs_port(s->logs, i);
    for (uint32_t i = 0; i < s->crew_count; i++)
        give_neighbours(s, s->crews[i].worker, i);
    for (uint32_t i = 0; i < s->crew_count; i++)
        give_acceptors(s, s->crews[i].worker, i);
    return 0;
}

static int make_crews(skua_server *s, skua_error *err) {
    sk_crew *crews = sk_zalloc(s->crew_count * sizeof *crews);
    sk_mutex_lock(&s->ending->lock);
    s->crews = crews;
    sk_mutex_unlock(&s->ending->lock);
    s->settings.pool = sk_pool_new(s->pool_threads, s->pool_queue_max);
    return crews && s->settings.pool ? make_workers(s, err) : sk_fail_nomem(err);
}

/* False: it runs, or has run. */
static bool leave_set_up(skua_server *s, uint32_t crew_count) {
    sk_mutex_lock(&s->ending->lock);
    bool ok = atomic_load(&s->phase) == SK_SERVER_SET_UP;
    if (ok) {
        atomic_store(&s->phase, SK_SERVER_RUNNING);
        s->crew_count = s->ending->serving = crew_count;
    }
    sk_mutex_unlock(&s->ending->lock);
    return ok;
}

/* The connections are closed: handlers that still run are told when they write. */
static void close_down(skua_server *s) {
    sk_ending_over(s->ending);
    sk_pool_free(s->settings.pool);
    s->settings.pool = NULL;
    sk_mutex_lock(&s->ending->lock);
    sk_crew *crews = s->crews;
    sk_server_add_counts(s, &s->past);
    s->crews = NULL;
    sk_mutex_unlock(&s->ending->lock);
    for (uint32_t i = 0; crews && i < s->crew_count; i++)
        sk_worker_free(crews[i].worker);
    sk_free(crews);
    sk_logs_stop(s->logs);
    /* Whoever connects from now on is refused rather than left waiting. */
    for (uint32_t i = 0; i < s->listener_count; i++)
        sk_listener_close(s->listeners[i]);
    atomic_store(&s->phase, SK_SERVER_OVER);
}

/* On failure it is over. */
static int open_up(skua_server *s, uint32_t crew_count, skua_error *err) {
    if (!s)
        return sk_fail_absent(err, "a server is needed");
    int rc = skua_server_check(s, err);
    if (rc != 0)
        return rc;
    if (s->listener_count == 0)
        return sk_fail(err, SKUA_E_STATE, SKUA_PHASE_NONE, "the server has no listener");
    if (!leave_set_up(s, crew_count))
        return sk_fail(err, SKUA_E_STATE, SKUA_PHASE_NONE, "the server runs, or has run, already");
    rc = make_crews(s, err);
    if (rc != 0)
        close_down(s);
    return rc;
}

/* ---- in threads ---- */

static void enter(sk_crew *c) {
    sk_mutex_lock(&c->server->ending->lock);
    c->self = sk_thread_self();
    c->entered = true;
    sk_mutex_unlock(&c->server->ending->lock);
}

/* Its connections are closed, and what became of them is counted. */
static void leave(sk_crew *c) {
    sk_worker_end(c->worker);
    sk_ending_add(c->server->ending, &c->worker->ended);
}

static void *run_worker(void *arg) {
    sk_crew *c = arg;
    enter(c);
    c->worker->sigpipe_held = true; /* in a thread of ours all signals are; else by run_here */
    for (int more = 1; c->rc == 0 && more > 0;) {
        more = sk_worker_step(c->worker, -1, &c->err);
        c->rc = more < 0 ? more : 0;
    }
    if (c->rc != 0) /* one that fails takes the others with it: the caller hears of it */
        skua_server_stop(c->server);
    leave(c);
    return NULL;
}

/* In the caller's thread. */
static void run_here(sk_crew *c) {
    sk_sigpipe before;
    sk_sigpipe_hold(&before);
    run_worker(c);
    sk_sigpipe_let_go(&before);
}

/* All begin before the first one runs: see sk_worker_watch_acceptors. */
static void begin_all(skua_server *s) {
    for (uint32_t i = 0; i < s->crew_count; i++) {
        sk_crew *c = &s->crews[i];
        c->rc = sk_worker_begin(c->worker, s->ending, &c->err);
    }
    for (uint32_t i = 0; i < s->crew_count; i++)
        sk_worker_watch_acceptors(s->crews[i].worker, true); /* without, it does as well */
}

static int run_workers(skua_server *s, skua_error *err) {
    sk_crew *crews = s->crews;
    int rc = 0;
    begin_all(s);
    for (uint32_t i = 1; rc == 0 && i < s->crew_count; i++) {
        rc = sk_thread_start(&crews[i].thread, run_worker, &crews[i]);
        crews[i].started = rc == 0;
    }
    if (rc == 0)
        run_here(&crews[0]);
    else
        skua_server_stop(s);
    for (uint32_t i = 1; i < s->crew_count; i++) {
        if (crews[i].started)
            sk_thread_join(crews[i].thread);
    }
    if (rc != 0)
        return sk_fail_os(err, SKUA_E_OS, SKUA_PHASE_NONE, -rc, "cannot start a thread");
    for (uint32_t i = 0; i < s->crew_count; i++) {
        if (crews[i].rc != 0) {
            *err = crews[i].err;
            return crews[i].rc;
        }
    }
    return 0;
}

int skua_server_run(skua_server *s, skua_error *err) {
    skua_error unused;
    if (!err)
        err = &unused;
    int rc = open_up(s, s ? s->worker_count : 0, err);
    if (rc != 0 || !s)
        return rc;
    rc = run_workers(s, err);
    close_down(s);
    return rc;
}

/* ---- stepped ---- */

static bool is_stepped(const skua_server *s) {
    return s && s->stepped && s->crews;
}

/* The one worker is over. */
static void end_stepping(skua_server *s) {
    leave(&s->crews[0]);
    s->stepped = false;
    close_down(s);
}

int skua_server_start(skua_server *s, skua_error *err) {
    skua_error unused;
    if (!err)
        err = &unused;
    int rc = open_up(s, 1, err);
    if (rc != 0)
        return rc;
    s->stepped = true;
    enter(&s->crews[0]);
    rc = sk_worker_begin(s->crews[0].worker, s->ending, err);
    if (rc != 0)
        end_stepping(s);
    return rc;
}

int skua_server_fd(const skua_server *s) {
    return is_stepped(s) ? sk_loop_fd(s->crews[0].worker->loop) : -1;
}

int64_t skua_server_next_ms(skua_server *s) {
    return is_stepped(s) ? sk_loop_timeout(s->crews[0].worker->loop) : -1;
}

int skua_server_step(skua_server *s, int64_t max_wait_ms, skua_error *err) {
    skua_error unused;
    if (!err)
        err = &unused;
    if (!s)
        return sk_fail_absent(err, "a server is needed");
    if (atomic_load(&s->phase) == SK_SERVER_OVER)
        return 0;
    if (!is_stepped(s))
        return sk_fail(err, SKUA_E_STATE, SKUA_PHASE_NONE, "the server was not started");
    if (max_wait_ms < SKUA_FOREVER)
        return sk_fail(err, SKUA_E_INVALID_ARGUMENT, SKUA_PHASE_NONE, "max_wait_ms is negative");
    enter(&s->crews[0]);
    int wait = max_wait_ms > INT_MAX ? INT_MAX : (int)max_wait_ms;
    int rc = sk_worker_step(s->crews[0].worker, wait, err);
    if (rc <= 0)
        end_stepping(s);
    return rc;
}

void sk_server_shut(skua_server *s) {
    if (is_stepped(s))
        end_stepping(s);
}

/* ---- ending ---- */

void skua_server_stop(skua_server *s) {
    if (s)
        sk_ending_stop(s->ending);
}

void skua_server_begin_drain(skua_server *s, int64_t deadline_ms) {
    if (s)
        sk_ending_drain(s->ending, deadline_ms ? deadline_ms : DRAIN_MS);
}

void skua_server_reopen_logs(skua_server *s) {
    if (s)
        sk_logs_reopen(s->logs);
}

/* Is the caller one of those who would have to do the work? */
static bool is_worker(skua_server *s) {
    bool is = false;
    sk_mutex_lock(&s->ending->lock);
    for (uint32_t i = 0; s->crews && i < s->crew_count; i++)
        is |= s->crews[i].entered && sk_thread_is_self(s->crews[i].self);
    sk_mutex_unlock(&s->ending->lock);
    return is;
}

int skua_server_drain(skua_server *s, int64_t deadline_ms, skua_drain_report *out) {
    skua_drain_report report = {.size = sizeof report};
    if (!s || deadline_ms < SKUA_FOREVER || (out && out->size < sizeof out->size))
        return SKUA_E_INVALID_ARGUMENT;
    if (is_worker(s))
        return SKUA_E_STATE;
    skua_server_begin_drain(s, deadline_ms);
    sk_end_counts counts = sk_ending_wait(s->ending);
    report.finished = counts.finished;
    report.cut = counts.cut;
    report.closed_idle = counts.idle;
    if (out) {
        report.size = out->size;
        memcpy(out, &report, out->size < sizeof report ? out->size : sizeof report);
    }
    return counts.cut > 0 ? SKUA_E_TIMEOUT : 0;
}
