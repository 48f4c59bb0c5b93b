/* server/conn_wait.c - what a connection waits for, and how long it is waited for.
 *
 * There is one timer: for something whole (a handshake, a head), or for progress, which starts it
 * anew. A peer that makes progress may still be too slow: while a body moves, so many bytes a
 * second are due in each stretch of time as long as the grace. That is looked at when bytes have
 * moved; the timer sees those that move none. Of what is sent, what counts is how much the peer has
 * taken: a full socket may have to be emptied by a good part before anything can be sent again. */
#include "base/mem.h"
#include "server/conn_step.h"

/* ---- how long ---- */

/* Does it wait for a request, with no end but that of patience? While the worker drains, a first
 * one is not waited for any longer than another. */
static bool is_idle(const sk_sconn *c) {
    return c->state == SK_SCONN_HEAD && sk_buf_len(&c->in) == 0 &&
           (c->served || c->worker->draining);
}

static sk_sconn_timer timer_due(const sk_sconn *c) {
    static const uint8_t by_state[] = {
        [SK_SCONN_PROXY] = SK_SCONN_TIMER_HEADER,  [SK_SCONN_HANDSHAKE] = SK_SCONN_TIMER_TLS,
        [SK_SCONN_HEAD] = SK_SCONN_TIMER_IDLE,     [SK_SCONN_BODY] = SK_SCONN_TIMER_BODY,
        [SK_SCONN_FILE] = SK_SCONN_TIMER_WRITE,    [SK_SCONN_ENDING] = SK_SCONN_TIMER_WRITE,
        [SK_SCONN_LINGER] = SK_SCONN_TIMER_LINGER, [SK_SCONN_DEFERRED] = SK_SCONN_NO_TIMER,
    };
    if (c->yield)
        return SK_SCONN_TIMER_YIELD;
    if (c->blocked && c->state != SK_SCONN_BODY)
        return SK_SCONN_TIMER_WRITE;
    if (c->state == SK_SCONN_HEAD && !is_idle(c))
        return SK_SCONN_TIMER_HEADER;
    if (c->state == SK_SCONN_DEFERRED && sk_sconn_wants_body(c))
        return SK_SCONN_TIMER_BODY;
    if (c->state == SK_SCONN_DEFERRED && sk_sconn_is_event_stream(c) &&
        (sk_sconn_heartbeat_ms(c) > 0 || c->worker->draining))
        return SK_SCONN_TIMER_HEARTBEAT;
    return (sk_sconn_timer)by_state[c->state];
}

/* Whose limits hold; NULL: the server's. */
static const sk_route *route_of(const sk_sconn *c) {
    if (c->exchange)
        return c->exchange->request.route;
    return c->extra ? c->extra->route : NULL;
}

static int64_t or_server(int64_t of_route, int64_t of_server) {
    return of_route != 0 ? of_route : of_server;
}

/* -1: none. */
static int64_t timer_ms(const sk_sconn *c, sk_sconn_timer kind) {
    const sk_server_settings *settings = c->worker->settings;
    const sk_route *route = route_of(c);
    if (c->worker->draining && (kind == SK_SCONN_TIMER_IDLE || kind == SK_SCONN_TIMER_HEARTBEAT))
        return settings->drain_grace_ms;
    if (kind == SK_SCONN_TIMER_HEARTBEAT)
        return sk_sconn_heartbeat_ms(c);
    const int64_t ms[] = {
        [SK_SCONN_NO_TIMER] = -1,
        [SK_SCONN_TIMER_TLS] = settings->tls_ms,
        [SK_SCONN_TIMER_HEADER] = settings->header_ms,
        [SK_SCONN_TIMER_IDLE] = settings->idle_ms,
        [SK_SCONN_TIMER_BODY] = or_server(route ? route->limits.body_ms : 0, settings->body_ms),
        [SK_SCONN_TIMER_WRITE] = or_server(route ? route->limits.write_ms : 0, settings->write_ms),
        [SK_SCONN_TIMER_LINGER] = SK_SCONN_LINGER_MS,
        [SK_SCONN_TIMER_YIELD] = 0,
    };
    return ms[kind];
}

/* ---- pace ---- */

sk_sconn_extra *sk_sconn_extra_of(sk_sconn *c) {
    if (!c->extra)
        c->extra = sk_zalloc(sizeof *c->extra);
    return c->extra;
}

/* 0 or less: as slowly as it likes. */
static int64_t least_rate(const sk_sconn *c, sk_sconn_timer kind) {
    const sk_route *route = route_of(c);
    if (kind != SK_SCONN_TIMER_BODY && kind != SK_SCONN_TIMER_WRITE)
        return 0;
    if (c->state == SK_SCONN_DEFERRED && sk_sconn_is_event_stream(c))
        return 0;
    return or_server(route ? route->limits.rate_min : 0, c->worker->settings->rate_min);
}

static int64_t taken(const sk_sconn *c) {
    return c->session.sent - sk_socket_untaken(c->tcp.fd);
}

static int64_t moved_by(const sk_sconn *c, sk_sconn_timer kind) {
    return kind == SK_SCONN_TIMER_BODY ? c->session.received : taken(c);
}

/* From now on bytes are counted. False: no memory. */
static bool begin_pace(sk_sconn *c, sk_sconn_timer kind) {
    if (!sk_sconn_extra_of(c))
        return false;
    c->extra->pace_began = sk_loop_now(c->worker->loop);
    c->extra->pace_moved = moved_by(c, kind);
    return true;
}

static bool is_too_slow(sk_sconn *c, sk_sconn_timer kind, int64_t rate) {
    int64_t took = sk_loop_now(c->worker->loop) - c->extra->pace_began;
    int64_t grace = c->worker->settings->rate_grace_ms;
    if (grace < 0 || took < grace)
        return false;
    int64_t moved = moved_by(c, kind) - c->extra->pace_moved;
    begin_pace(c, kind);
    return moved * 1000 / took < rate; /* not by whole seconds: the stretch may be shorter */
}

static bool note_taken(sk_sconn *c) {
    if (!sk_sconn_extra_of(c))
        return false;
    c->extra->taken = taken(c);
    return true;
}

/* An idle connection keeps no more than it needs. */
static void give_back_extra(sk_sconn *c) {
    if (!c->extra || c->extra->client[0] || c->extra->place)
        return;
    sk_free(c->extra);
    c->extra = NULL;
}

/* ---- setting it ---- */

/* The time for progress starts anew with each; that for something whole does not. What the peer
 * sends is no sign that it reads. */
static bool has_progressed(const sk_sconn *c, sk_sconn_timer kind) {
    bool received = c->session.received != c->worker->turn_received;
    bool sent = c->session.sent != c->worker->turn_sent;
    return (kind == SK_SCONN_TIMER_BODY && received) || (kind == SK_SCONN_TIMER_WRITE && sent) ||
           (kind == SK_SCONN_TIMER_HEARTBEAT && sent);
}

int sk_sconn_set_timer(sk_sconn *c) {
    sk_sconn_timer kind = timer_due(c);
    bool same = kind == (sk_sconn_timer)c->timer_kind;
    /* Where none is due, one that was set for what is over may be running still. */
    if (same && kind != SK_SCONN_NO_TIMER && !has_progressed(c, kind))
        return 0;
    int64_t rate = least_rate(c, kind);
    if (rate > 0 && !same && !begin_pace(c, kind))
        return SKUA_E_NOMEM;
    bool too_slow = rate > 0 && same && is_too_slow(c, kind, rate);
    if (kind == SK_SCONN_TIMER_WRITE && too_slow)
        return SKUA_E_TIMEOUT;
    if (kind == SK_SCONN_TIMER_WRITE && !note_taken(c))
        return SKUA_E_NOMEM;
    if (kind == SK_SCONN_TIMER_IDLE)
        give_back_extra(c);
    c->timer_kind = (uint8_t)kind;
    int64_t ms = too_slow ? 0 : timer_ms(c, kind);
    return sk_loop_arm(c->worker->loop, &c->timer, ms) == 0 ? 0 : SKUA_E_NOMEM;
}

bool sk_sconn_takes_on(sk_sconn *c) {
    const sk_sconn_timer kind = SK_SCONN_TIMER_WRITE;
    int64_t rate = least_rate(c, kind);
    if (!c->extra || taken(c) == c->extra->taken || (rate > 0 && is_too_slow(c, kind, rate)))
        return false;
    c->extra->taken = taken(c);
    c->timer_kind = (uint8_t)kind;
    return sk_loop_arm(c->worker->loop, &c->timer, timer_ms(c, kind)) == 0;
}

bool sk_sconn_wait_less(sk_sconn *c) {
    sk_sconn_timer due = timer_due(c);
    if (due != SK_SCONN_TIMER_IDLE && due != SK_SCONN_TIMER_HEARTBEAT)
        return true;
    c->timer_kind = SK_SCONN_NO_TIMER;
    return sk_sconn_set_timer(c) == 0;
}

/* ---- what for ---- */

/* Beside the leaving of the output. */
static unsigned wanted(const sk_sconn *c) {
    if (c->state == SK_SCONN_DEFERRED)
        return sk_sconn_wants_body(c) || sk_sconn_reads_ahead(c) ? SKUA_WANT_READ : 0;
    bool only_write = (c->blocked && c->state != SK_SCONN_BODY) || c->state == SK_SCONN_FILE;
    return only_write ? SKUA_WANT_WRITE : SKUA_WANT_READ;
}

bool sk_sconn_set_watch(sk_sconn *c) {
    skua_want want = sk_session_want(&c->session, wanted(c));
    if (want.fd < 0)
        return true;
    if (c->watched)
        return sk_loop_want(c->worker->loop, &c->watch, want.events) == 0;
    c->watched = true;
    return sk_loop_add(c->worker->loop, &c->watch, want.fd, want.events) == 0;
}
