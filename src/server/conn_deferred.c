/* server/conn_deferred.c - a connection whose reply is made elsewhere: on the pool, or by whoever
 * deferred it. It moves bytes both ways, and listens for the peer's leaving. */
#include "http/session.h"
#include "server/conn_step.h"
#include "server/deferral.h"
#include "server/pool.h"
#include "server/reply_coding.h"
#include "server/reply_parts.h"
#include "server/reply_way.h"

#include <skua/status.h>

#define POUR_SIZE      (16u << 10)
#define READ_AHEAD_MAX (16u << 10) /* of requests behind the one whose reply is awaited */

/* ---- the pool ---- */

typedef struct pool_job {
    sk_job job;
    sk_exchange *exchange;
} pool_job;

static void run_job(sk_job *j) {
    pool_job *p = SK_CONTAINER(j, pool_job, job);
    sk_exchange *x = p->exchange;
    sk_deferral *d = x->deferral;
    const sk_route *route = x->request.route;
    bool kept = false;
    d->kept = &kept;
    int rc = SKUA_E_BROKEN_PIPE;
    if (!sk_deferral_is_abandoned(d))
        rc = route->fn(&x->request, &x->reply, route->user);
    if (!kept)
        sk_deferral_finish(d, rc);
}

/* 0, or as sk_pool_submit; SKUA_E_NOMEM. */
static int submit(sk_sconn *c) {
    sk_exchange *x = c->exchange;
    pool_job *p = sk_arena_alloc(&x->arena, sizeof *p);
    if (!p || (!x->deferral && sk_deferral_begin(x) != 0))
        return SKUA_E_NOMEM;
    *p = (pool_job){.job.fn = run_job, .exchange = x};
    x->deferral->pooled = true;
    return sk_pool_submit(c->worker->settings->pool, &p->job);
}

sk_step sk_sconn_run_on_pool(sk_sconn *c) {
    int rc = submit(c);
    if (rc == 0)
        return sk_sconn_await_reply(c);
    if (c->exchange->deferral)
        sk_deferral_end(c->exchange->deferral);
    return sk_sconn_refuse_busy(c, rc);
}

/* ---- waiting ---- */

sk_step sk_sconn_await_reply(sk_sconn *c) {
    sk_event ev = {.head = &c->worker->trailers};
    /* The end of a request without a body, or with one that is here: nothing is read for it. */
    sk_mutex_lock(&c->exchange->deferral->lock);
    if (!c->exchange->request.streamed && !sk_h1_recv_idle(&c->session.h1))
        sk_session_next(&c->session, &ev, NULL);
    sk_mutex_unlock(&c->exchange->deferral->lock);
    c->state = SK_SCONN_DEFERRED;
    c->timer_kind = SK_SCONN_NO_TIMER;
    return SK_STEP_ON;
}

bool sk_sconn_wants_body(const sk_sconn *c) {
    return sk_deferral_wants_body(c->exchange->deferral);
}

bool sk_sconn_reads_ahead(const sk_sconn *c) {
    return !c->session.eof && sk_h1_recv_idle(&c->session.h1) &&
           sk_buf_len(c->session.in) < READ_AHEAD_MAX;
}

int64_t sk_sconn_heartbeat_ms(const sk_sconn *c) {
    return sk_deferral_heartbeat_ms(c->exchange->deferral);
}

/* Nothing was sent for a while: a comment is (WHATWG HTML 9.2.6). */
void sk_sconn_heartbeat(sk_sconn *c) {
    static const skua_str comment = SK_LIT(":\n\n");
    skua_reply *a = &c->exchange->reply;
    if (a->coding)
        sk_reply_coding_write(a, comment, SK_ENCODE_FLUSH, false);
    else
        sk_reply_way_data(a, comment.ptr, comment.len, false);
}

bool sk_sconn_is_event_stream(const sk_sconn *c) {
    return sk_deferral_is_event_stream(c->exchange->deferral);
}

void sk_sconn_drain_deferred(sk_sconn *c) {
    sk_deferral *d = c->exchange->deferral;
    sk_mutex_lock(&d->lock);
    /* Requests that are here already, behind this one, are answered first. */
    bool last = sk_buf_len(&c->in) == 0 || !sk_h1_recv_idle(&c->session.h1);
    if (last && !sk_h1_send_begun(&c->session.h1))
        sk_h1_set_close(&c->session.h1);
    sk_mutex_unlock(&d->lock);
    if (sk_deferral_is_event_stream(d))
        sk_deferral_tell_gone(d);
}

/* ---- receiving ---- */

/* RFC 9110 10.1.1: not where the body has begun to come without it. */
static int send_continue(sk_sconn *c) {
    skua_request *q = &c->exchange->request;
    bool due = q->head.expect_continue && sk_buf_len(c->session.in) == 0 &&
               !sk_h1_send_begun(&c->session.h1);
    q->head.expect_continue = false;
    return due ? sk_sconn_send_continue(c) : 0;
}

/* What can be had without waiting of the body's next event. The wire machine is the finisher's as
 * well. */
static int next_event(sk_sconn *c, sk_event *ev) {
    sk_deferral *d = c->exchange->deferral;
    sk_mutex_lock(&d->lock);
    int rc = send_continue(c);
    if (rc == 0)
        rc = sk_session_next(&c->session, ev, NULL);
    sk_mutex_unlock(&d->lock);
    return rc;
}

/* The body breaks off: what comes behind it cannot be told from it. */
static void break_off(sk_sconn *c, int code) {
    sk_deferral *d = c->exchange->deferral;
    sk_mutex_lock(&d->lock);
    sk_h1_set_close(&c->session.h1);
    sk_mutex_unlock(&d->lock);
    c->linger = true;
    sk_deferral_give_body(d, NULL, code);
}

static void take_data(sk_sconn *c, skua_str data) {
    sk_exchange *x = c->exchange;
    x->body_bytes += (int64_t)data.len;
    int64_t max = sk_sconn_body_max(c);
    if (max >= 0 && x->body_bytes > max)
        break_off(c, SKUA_E_BODY_TOO_LARGE);
    else
        sk_deferral_give_body(x->deferral, data.ptr, (ptrdiff_t)data.len);
}

static sk_step receive(sk_sconn *c) {
    while (sk_sconn_wants_body(c)) {
        if (sk_sconn_turn_is_over(c)) {
            c->yield = true;
            return SK_STEP_WAIT;
        }
        sk_sconn_share_input(c);
        sk_event ev = {.head = &c->worker->trailers};
        int rc = next_event(c, &ev);
        if (rc == SKUA_E_AGAIN)
            return SK_STEP_WAIT;
        if (rc == 0 && ev.kind == SK_EV_TRAILERS) /* to be read behind the end, which comes next */
            rc = sk_request_take_trailers(&c->exchange->request, ev.head);
        if (rc != 0)
            break_off(c, sk_sconn_status_of(rc) ? rc : SKUA_E_BROKEN_PIPE);
        else if (ev.kind == SK_EV_DATA)
            take_data(c, ev.data);
        else if (ev.kind == SK_EV_END)
            sk_deferral_give_body(c->exchange->deferral, NULL, 0);
    }
    return SK_STEP_WAIT;
}

void sk_sconn_body_timed_out(sk_sconn *c) {
    break_off(c, SKUA_E_TIMEOUT);
}

static int read_ahead(sk_sconn *c) {
    sk_deferral *d = c->exchange->deferral;
    sk_mutex_lock(&d->lock);
    int rc = sk_session_read_ahead(&c->session, NULL);
    sk_mutex_unlock(&d->lock);
    return rc;
}

/* Listen for the peer's end; what else comes is kept for later. */
static sk_step listen_ahead(sk_sconn *c) {
    while (sk_sconn_reads_ahead(c)) {
        sk_sconn_share_input(c);
        int rc = read_ahead(c);
        if (rc == SKUA_E_AGAIN)
            return SK_STEP_WAIT;
        if (rc != 0)
            return SK_STEP_CLOSE;
    }
    if (c->session.eof)
        sk_deferral_tell_gone(c->exchange->deferral);
    return SK_STEP_WAIT;
}

/* ---- a source ---- */

/* It has nothing for now: what it gave goes out. */
static int run_dry(sk_sconn *c) {
    sk_deferral_source_dry(c->exchange->deferral);
    return sk_reply_coding_flush(&c->exchange->reply);
}

/* Take from it while the peer takes from us. */
static sk_step pour(sk_sconn *c) {
    sk_deferral *d = c->exchange->deferral;
    char piece[POUR_SIZE];
    while (sk_deferral_has_source(d)) {
        if (sk_sconn_turn_is_over(c)) {
            c->yield = true;
            return SK_STEP_WAIT;
        }
        ptrdiff_t n = d->source.fn(piece, sizeof piece, d->source.user);
        int rc = n == SKUA_E_AGAIN ? run_dry(c)
                 : n > 0           ? sk_reply_pour(&c->exchange->reply, piece, (size_t)n)
                                   : (int)n;
        sk_deferral_collect(d, c->session.out);
        if ((n <= 0 && n != SKUA_E_AGAIN) || rc != 0)
            sk_deferral_source_over(d, rc);
        else if (sk_sconn_queued(c) > SK_SCONN_QUEUE_MAX && sk_sconn_flush(c) != SK_STEP_ON)
            return c->blocked ? SK_STEP_WAIT : SK_STEP_CLOSE;
    }
    return SK_STEP_ON;
}

/* ---- the whole ---- */

/* The reply is finished; a body that was not read to its end makes this the last one. */
static sk_step over(sk_sconn *c) {
    sk_exchange *x = c->exchange;
    int rc = sk_deferral_end(x->deferral);
    if (!sk_h1_recv_idle(&c->session.h1))
        sk_sconn_leave_body(c);
    return sk_sconn_replied(c, sk_reply_finish(&x->reply, rc));
}

/* What has come of the reply goes out. ON: more of it may come. */
static sk_step send_reply(sk_sconn *c, bool *finished) {
    sk_deferral *d = c->exchange->deferral;
    *finished = sk_deferral_collect(d, c->session.out);
    if (!*finished && sk_deferral_has_source(d)) {
        sk_step s = pour(c);
        if (s != SK_STEP_ON)
            return s;
        *finished = sk_deferral_collect(d, c->session.out);
    }
    return *finished || sk_sconn_flush(c) != SK_STEP_CLOSE ? SK_STEP_ON : SK_STEP_CLOSE;
}

/* Both ways at once: what the peer sends is received whether or not it takes the reply. */
sk_step sk_sconn_step_deferred(sk_sconn *c) {
    bool finished = false;
    sk_step s = c->blocked ? SK_STEP_ON : send_reply(c, &finished);
    if (s != SK_STEP_ON)
        return s;
    if (finished)
        return over(c);
    return sk_h1_recv_idle(&c->session.h1) ? listen_ahead(c) : receive(c);
}
