/* server/worker.c - one loop of a server, with what its connections share.
 *
 *     RUNNING --(wake is set)--> STOPPING --(no connection is left, or a second is over)--> out
 *
 * Accepting pauses when the process is out of descriptors or memory: until a connection closes, or
 * for a while. The listener is then not watched, so nothing spins. */
#include "server/worker.h"

#include "base/fail.h"
#include "base/line.h"
#include "base/mem.h"
#include "server/conn.h"
#include "server/reply.h"
#include "sys/clock.h"
#include "sys/socket.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#define BUFFER_SIZE     (64u << 10)
#define SPARE_EXCHANGES 32u
#define SPARE_BODY      (16u << 10) /* of a spare exchange: what is larger is given back */
#define ACCEPTS_A_TURN  32
#define ACCEPT_PAUSE_MS 100
#define ACCEPT_LOG_MS   1000 /* no more often is it said */
#define STOP_MS         1000

/* ---- making and freeing ---- */

static void on_resume(sk_timer *t) {
    sk_worker_resume_accepting(SK_CONTAINER(t, sk_worker, accept_resume));
}

static void on_stop_deadline(sk_timer *t) {
    SK_CONTAINER(t, sk_worker, stop_deadline)->cut = true;
}

static void on_stop(sk_watch *w, unsigned events) {
    (void)events;
    sk_worker_stop(SK_CONTAINER(w, sk_worker, stop_watch));
}

static bool init(sk_worker *w, const sk_server_settings *settings) {
    w->settings = settings;
    sk_list_init(&w->conns);
    w->date_at = -1;
    w->accept_resume.fn = on_resume;
    w->stop_deadline.fn = on_stop_deadline;
    w->stop_watch = (sk_watch){.fn = on_stop, .fd = -1};
    w->trailers.fields.cap = settings->limits.fields_max;
    w->trailers.fields.at = sk_alloc(settings->limits.fields_max * sizeof(sk_field));
    return w->trailers.fields.at && sk_buf_reserve(&w->in, BUFFER_SIZE) &&
           sk_buf_reserve(&w->out, BUFFER_SIZE);
}

sk_worker *sk_worker_new(const sk_server_settings *settings, skua_error *err) {
    sk_worker *w = sk_zalloc(sizeof *w);
    if (!w || !init(w, settings)) {
        sk_worker_free(w);
        sk_fail_nomem(err);
        return NULL;
    }
    w->loop = sk_loop_new(SK_POLLER_BEST, settings->clock);
    if (!w->loop) {
        sk_fail_os(err, SKUA_E_OS, SKUA_PHASE_NONE, errno, "cannot make a loop");
        sk_worker_free(w);
        return NULL;
    }
    return w;
}

static void close_acceptors(sk_worker *w) {
    for (uint32_t i = 0; i < w->acceptor_count; i++) {
        sk_acceptor *a = &w->acceptors[i];
        if (a->watch.fd < 0)
            continue;
        if (a->watched)
            sk_loop_remove(w->loop, &a->watch);
        if (a->owned)
            sk_socket_close(a->watch.fd);
        a->watch.fd = -1;
    }
}

static void close_connections(sk_worker *w) {
    while (!sk_list_empty(&w->conns))
        sk_sconn_close(SK_CONTAINER(w->conns.next, sk_sconn, link));
}

void sk_worker_free(sk_worker *w) {
    if (!w)
        return;
    close_acceptors(w);
    close_connections(w);
    if (w->loop)
        sk_loop_step(w->loop, 0); /* what was posted about them */
    sk_sconn_free_spares(w);
    for (sk_exchange *x = w->spare, *next; x; x = next) {
        next = x->next;
        sk_exchange_free(x);
    }
    sk_file_cache_free(w->files);
    sk_loop_free(w->loop);
    sk_tls_scratch_free(w->scratch);
    sk_buf_free(&w->in);
    sk_buf_free(&w->out);
    sk_free(w->trailers.fields.at);
    sk_free(w->acceptors);
    sk_free(w);
}

/* ---- exchanges ---- */

static sk_exchange *new_exchange(sk_worker *w) {
    uint32_t fields = w->settings->limits.fields_max;
    sk_exchange *x = sk_alloc(sizeof *x + fields * sizeof x->fields[0]);
    if (x)
        *x = (sk_exchange){0};
    return x;
}

sk_exchange *sk_worker_lend(sk_worker *w, sk_sconn *c) {
    sk_exchange *x = w->spare;
    if (x) {
        w->spare = x->next;
        w->spare_count--;
    } else {
        x = new_exchange(w);
    }
    if (!x)
        return NULL;
    sk_buf body = x->request.body;
    x->request = (skua_request){.body = body};
    x->request.head.fields = (sk_fields){.at = x->fields, .cap = w->settings->limits.fields_max};
    x->conn = c;
    x->callbacks = w->settings->callbacks;
    x->begun_us = x->body_bytes = 0;
    sk_reply_init(&x->reply);
    return x;
}

void sk_worker_take_back(sk_worker *w, sk_exchange *x) {
    sk_reply_release(&x->reply);
    if (w->spare_count >= SPARE_EXCHANGES) {
        sk_exchange_free(x);
        return;
    }
    sk_arena_reset(&x->arena);
    if (x->request.body.cap > SPARE_BODY)
        sk_buf_free(&x->request.body);
    sk_buf_clear(&x->request.body);
    x->next = w->spare;
    w->spare = x;
    w->spare_count++;
}

/* ---- small things ---- */

skua_str sk_worker_date(sk_worker *w) {
    int64_t now = sk_loop_now(w->loop);
    if (w->date_at != now) {
        w->date_at = now;
        sk_date_format(sk_clock_unix(), w->date);
    }
    return (skua_str){w->date, SK_DATE_LEN};
}

void sk_worker_log(sk_worker *w, const char *fmt, ...) {
    if (!w->settings->log)
        return;
    sk_line line = {.len = 0};
    va_list ap;
    va_start(ap, fmt);
    sk_line_vadd(&line, fmt, ap);
    va_end(ap);
    sk_line_hide_controls(&line);
    w->settings->log(w->settings->user, line.text);
}

/* ---- accepting ---- */

static void want_accepts(sk_worker *w, unsigned events) {
    for (uint32_t i = 0; i < w->acceptor_count; i++) {
        if (w->acceptors[i].watch.fd >= 0)
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

static void on_acceptable(sk_watch *watch, unsigned events) {
    sk_acceptor *a = SK_CONTAINER(watch, sk_acceptor, watch);
    (void)events;
    for (int i = 0; i < ACCEPTS_A_TURN && !a->worker->accept_paused; i++) {
        int fd = sk_socket_accept(watch->fd, NULL);
        if (fd == -EAGAIN)
            return;
        if (fd >= 0 && sk_sconn_open(a->worker, fd, a->tls) == 0)
            continue;
        pause_accepting(a->worker, fd < 0 ? -fd : ENOMEM);
    }
}

int sk_worker_reserve_acceptors(sk_worker *w, uint32_t count) {
    w->acceptors = sk_alloc((count > 0 ? count : 1) * sizeof *w->acceptors);
    return w->acceptors ? 0 : SKUA_E_NOMEM;
}

void sk_worker_add_acceptor(sk_worker *w, int fd, sk_tls_ctx *tls, bool owned) {
    w->acceptors[w->acceptor_count++] = (sk_acceptor){
        .watch = {.fn = on_acceptable, .fd = fd}, .worker = w, .tls = tls, .owned = owned};
}

/* ---- running ---- */

static int watch_all(sk_worker *w, const sk_wake *stop) {
    int rc = sk_loop_add(w->loop, &w->stop_watch, stop->read_fd, SKUA_WANT_READ);
    for (uint32_t i = 0; rc == 0 && i < w->acceptor_count; i++) {
        sk_watch *watch = &w->acceptors[i].watch;
        rc = sk_loop_add(w->loop, watch, watch->fd, SKUA_WANT_READ);
        w->acceptors[i].watched = rc == 0;
    }
    return rc;
}

void sk_worker_stop(sk_worker *w) {
    if (w->stopping)
        return;
    w->stopping = true;
    /* The wake is left set: the other workers have yet to see it. */
    if (w->stop_watch.fd >= 0)
        sk_loop_remove(w->loop, &w->stop_watch);
    w->stop_watch.fd = -1;
    sk_loop_cancel(w->loop, &w->accept_resume);
    close_acceptors(w);
    for (sk_link *i = w->conns.next, *next; i != &w->conns; i = next) {
        next = i->next;
        sk_sconn_stop(SK_CONTAINER(i, sk_sconn, link));
    }
    if (sk_loop_arm(w->loop, &w->stop_deadline, STOP_MS) != 0)
        w->cut = true;
}

int sk_worker_run(sk_worker *w, const sk_wake *stop, skua_error *err) {
    int rc = watch_all(w, stop);
    while (rc == 0 && !w->cut && !(w->stopping && sk_list_empty(&w->conns)))
        rc = sk_loop_step(w->loop, -1);
    sk_worker_stop(w);
    sk_loop_cancel(w->loop, &w->stop_deadline);
    close_connections(w);
    return rc == 0 ? 0 : sk_fail_os(err, SKUA_E_OS, SKUA_PHASE_NONE, -rc, "a worker's loop");
}
