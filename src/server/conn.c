/* server/conn.c - one connection of a server, over any stream.
 *
 *     accepted -> PROXY (a proxy's word for it) -> HANDSHAKE (TLS)
 *                                     |
 *                                    HEAD <--------------------------------+
 *                                    |  |  \                               |
 *                   body announced   |  |   \ refused, time-out            |
 *                 BODY <-------------+  |    +---------------+             |
 *                   | whole             | no body            |             |
 *                   +-----> handler <---+                    |             |
 *                              | replied, or                 |             |
 *                              +--> DEFERRED -------+        |             |
 *                              +--> FILE (pumped) --+        |             |
 *                              |                    v        |             |
 *                              +--------------> exchange over -- go on ----+
 *                                                   | close  |
 *                                                   v        v
 *                                                   ENDING (output leaves)
 *                                                   |        | the peer may still be sending
 *                                                closed <- LINGER
 *
 * A turn lasts from a wake-up until nothing more can be done. During it the input and output are
 * the worker's buffers, so all replies that one read sets off leave in one send, at its end. What
 * is left then (a partial head, output the peer has not taken) moves to buffers of the connection's
 * own, which are given back when they are drained. While output is left no further request is
 * begun. How it is opened and closed stands in conn_open.c. */
#include "base/mem.h"
#include "server/conn_step.h"

#include <inttypes.h>
#include <skua/status.h>

#define LINGER_MAX (64u << 20)

/* ---- the states that are no request's ---- */

/* A browser that was given http:// for https:// is told so, in the clear. */
static sk_step answer_plainly(sk_sconn *c) {
    c->session.stream = sk_tls_unwrap(c->session.stream);
    c->is_tls = false;
    c->exchange = sk_worker_lend(c->worker, c);
    if (!c->exchange)
        return SK_STEP_CLOSE;
    return sk_sconn_refuse(c, SKUA_STATUS_BAD_REQUEST,
                           "This port speaks HTTPS: the URL must begin with https://.");
}

/* Reading shakes hands, and takes the request that came with the end of it: the two are answered
 * in one send. Whatever else reading says then, the next read says again. */
static sk_step step_handshake(sk_sconn *c) {
    skua_stream *stream = c->session.stream;
    skua_error err;
    sk_sconn_share_input(c);
    int rc = sk_session_read_ahead(&c->session, &err);
    if (!sk_tls_is_up(stream)) {
        if (rc == SKUA_E_AGAIN)
            return SK_STEP_WAIT;
        sk_worker_tell(c->worker, SKUA_LOG_INFO, "%s", err.msg);
        return sk_tls_heard_http(stream) ? answer_plainly(c) : SK_STEP_CLOSE;
    }
    c->state = SK_SCONN_HEAD;
    c->timer_kind = SK_SCONN_NO_TIMER;
    return SK_STEP_ON;
}

static sk_step step_ending(sk_sconn *c) {
    sk_step s = sk_sconn_flush(c);
    if (s != SK_STEP_ON)
        return s;
    /* RFC 9112 8: a close_notify would make a reply that is cut, and ends with the connection, look
     * whole. */
    if (c->cut || (!c->linger && !c->is_tls))
        return SK_STEP_CLOSE;
    /* Output that TLS has taken may not have left yet: it does before the end. */
    int rc = c->session.stream->ops->shutdown(c->session.stream, NULL);
    c->blocked = rc == SKUA_E_AGAIN;
    if (c->blocked)
        return SK_STEP_WAIT;
    if (rc != 0 || !c->linger)
        return SK_STEP_CLOSE;
    c->state = SK_SCONN_LINGER;
    return SK_STEP_ON;
}

/* Read and drop, so that the peer gets the reply rather than a reset. */
static sk_step step_linger(sk_sconn *c) {
    skua_stream *stream = c->session.stream;
    sk_buf *sink = &c->worker->in;
    sk_buf_free(&c->in);
    sk_buf_clear(sink);
    c->session.in = sink;
    while (c->dropped < LINGER_MAX) {
        char *to = sk_buf_reserve(sink, SK_SCONN_READ);
        ptrdiff_t n = to ? stream->ops->read(stream, to, SK_SCONN_READ, NULL) : SKUA_E_NOMEM;
        if (n == SKUA_E_AGAIN)
            return SK_STEP_WAIT;
        if (n <= 0)
            return SK_STEP_CLOSE;
        c->dropped += (uint32_t)n;
        c->session.received += n;
        if (sk_sconn_turn_is_over(c)) {
            c->yield = true;
            return SK_STEP_WAIT;
        }
    }
    return SK_STEP_CLOSE;
}

typedef sk_step step_fn(sk_sconn *c);
static step_fn *const steps[] = {
    [SK_SCONN_PROXY] = sk_sconn_step_proxy, [SK_SCONN_HANDSHAKE] = step_handshake,
    [SK_SCONN_HEAD] = sk_sconn_step_head,   [SK_SCONN_BODY] = sk_sconn_step_body,
    [SK_SCONN_FILE] = sk_sconn_step_file,   [SK_SCONN_DEFERRED] = sk_sconn_step_deferred,
    [SK_SCONN_ENDING] = step_ending,        [SK_SCONN_LINGER] = step_linger,
};

/* ---- turns ---- */

static sk_step give_up(sk_sconn *c, skua_log_level level, const char *why) {
    sk_sconn_tell(c, level, "closed: %s", why);
    return SK_STEP_CLOSE;
}

static sk_step give_up_slow_reader(sk_sconn *c) {
    c->blocked = true;
    return give_up(c, SKUA_LOG_DEBUG, "its client takes too little of the reply, or nothing");
}

/* Nothing more can be done now: send, put away what is left, and say what to wait for. */
static sk_step settle(sk_sconn *c) {
    if (!c->blocked && sk_sconn_flush(c) == SK_STEP_CLOSE)
        return SK_STEP_CLOSE;
    int rc = sk_sconn_end_turn(c) ? sk_sconn_set_timer(c) : SKUA_E_NOMEM;
    if (rc == SKUA_E_TIMEOUT)
        return give_up_slow_reader(c);
    if (rc != 0 || !sk_sconn_set_watch(c))
        return give_up(c, SKUA_LOG_ERROR, "no memory for what is under way");
    return SK_STEP_WAIT;
}

static void run(sk_sconn *c, sk_step s) {
    while (s == SK_STEP_ON)
        s = steps[c->state](c);
    if (s == SK_STEP_CLOSE || settle(c) == SK_STEP_CLOSE)
        sk_sconn_close(c);
}

static sk_step flush_first(sk_sconn *c) {
    sk_step s = sk_sconn_flush(c);
    if (s == SK_STEP_WAIT && (c->state == SK_SCONN_BODY || c->state == SK_SCONN_DEFERRED))
        s = SK_STEP_ON; /* a body is read whether or not its peer reads */
    return s;
}

/* `came`: see the worker's turn_came. */
static void turn(sk_sconn *c, int64_t came) {
    sk_sconn_begin_turn(c);
    c->worker->turn_came = came;
    run(c, flush_first(c));
}

void sk_sconn_turn(sk_sconn *c) {
    turn(c, 0);
}

/* What had come when the step began: all that was received and, where the stream is readable, the
 * byte behind it. What makes it readable in a handshake is no request's. */
static int64_t bytes_come(const sk_sconn *c, unsigned events) {
    if (c->state == SK_SCONN_HANDSHAKE || c->state == SK_SCONN_PROXY)
        return 0;
    return c->session.received + (events & SKUA_WANT_READ ? 1 : 0);
}

void sk_sconn_on_ready(sk_watch *w, unsigned events) {
    sk_sconn *c = SK_CONTAINER(w, sk_sconn, watch);
    /* TLS may have had to write before it could read. */
    if ((events & SKUA_WANT_READ) || c->is_tls)
        sk_session_readable(&c->session);
    turn(c, bytes_come(c, events));
}

/* A request may have come in this very moment. */
static sk_step look_once_more(sk_sconn *c) {
    sk_session_readable(&c->session);
    sk_step s = sk_sconn_step_head(c);
    bool idle = s == SK_STEP_WAIT && c->state == SK_SCONN_HEAD && !c->yield && !c->blocked &&
                sk_buf_len(c->session.in) == 0;
    if (!idle)
        return s;
    c->worker->ended.idle += c->worker->draining ? 1 : 0;
    return sk_sconn_end(c);
}

static sk_step on_time_out(sk_sconn *c, sk_sconn_timer kind) {
    bool begun = c->state == SK_SCONN_BODY || sk_buf_len(&c->in) > 0;
    switch (kind) {
    case SK_SCONN_TIMER_YIELD:
        return SK_STEP_ON;
    case SK_SCONN_TIMER_TLS:
        sk_worker_tell(c->worker, SKUA_LOG_INFO, "tls: %s: no handshake within %" PRId64 " ms",
                       sk_sconn_client(c), c->worker->settings->tls_ms);
        return SK_STEP_CLOSE;
    case SK_SCONN_TIMER_HEARTBEAT:
        if (c->worker->draining) /* its end cannot be waited for, and its client comes back */
            return SK_STEP_CLOSE;
        sk_sconn_heartbeat(c);
        return SK_STEP_ON;
    case SK_SCONN_TIMER_IDLE:
        return look_once_more(c);
    case SK_SCONN_TIMER_WRITE:
        if (sk_sconn_takes_on(c))
            return flush_first(c);
        return give_up_slow_reader(c);
    case SK_SCONN_TIMER_HEADER:
    case SK_SCONN_TIMER_BODY:
        if (c->state == SK_SCONN_PROXY)
            return give_up(c, SKUA_LOG_WARN, "no PROXY header came in time");
        if (c->state == SK_SCONN_DEFERRED) {
            sk_sconn_body_timed_out(c);
            return SK_STEP_ON;
        }
        if (!begun)
            return sk_sconn_end(c);
        if (!c->exchange)
            c->exchange = sk_worker_lend(c->worker, c);
        return c->exchange ? sk_sconn_refuse_error(c, SKUA_E_TIMEOUT, NULL) : SK_STEP_CLOSE;
    default:
        return SK_STEP_CLOSE;
    }
}

void sk_sconn_on_timer(sk_timer *t) {
    sk_sconn *c = SK_CONTAINER(t, sk_sconn, timer);
    sk_sconn_timer kind = (sk_sconn_timer)c->timer_kind;
    c->timer_kind = SK_SCONN_NO_TIMER;
    sk_sconn_begin_turn(c);
    run(c, on_time_out(c, kind));
}

static void on_exchange_timer(sk_timer *t) {
    sk_sconn *c = SK_CONTAINER(t, sk_exchange, timer)->conn;
    sk_sconn_begin_turn(c);
    run(c, sk_sconn_overdue(c));
}

bool sk_sconn_limit_exchange(sk_sconn *c) {
    sk_exchange *x = c->exchange;
    x->timer.fn = on_exchange_timer;
    return sk_loop_arm(c->worker->loop, &x->timer, x->request.route->limits.exchange_ms) == 0;
}
