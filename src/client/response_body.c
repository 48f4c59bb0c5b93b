/* client/response_body.c - reading the body of a response, and letting go of its channel. */
#include "client/response.h"

#include "base/fail.h"
#include "base/mem.h"

#include <inttypes.h>
#include <stdio.h>

#define ALL_MAX_DEFAULT ((size_t)64 << 20)
#define ALL_FIRST       ((size_t)16 << 10) /* it grows as bytes come, not as they are promised */
#define DRAIN_MAX       (64 << 10)
#define DRAIN_PIECE     4096

/* ---- the end, good or bad ---- */

static void stop_clock(skua_response *r) {
    const sk_channel *ch = r->body.channel;
    if (r->timeline.at.total < 0 && sk_channel_is_open(ch))
        r->timeline.at.total = sk_timeline_since(&r->timeline, ch->settings->o.clock);
}

static void detach(skua_response *r, bool keep) {
    sk_channel *ch = r->body.channel;
    if (!ch)
        return;
    stop_clock(r);
    r->body.channel = NULL;
    ch->reader = NULL;
    if (keep)
        sk_channel_keep(ch, -1);
    else
        sk_channel_close(ch);
    sk_channel_release(ch);
}

/* The message is complete. The channel goes on if both ends will, or if the next request is on its
 * way already and its response expected. */
static void finish(skua_response *r) {
    const sk_h1 *m = &r->body.channel->session.h1;
    r->body.done = true;
    detach(r, !sk_h1_recv_idle(m) || sk_h1_can_cycle(m));
}

/* Whatever fails, fails for good: what comes next on the stream can no longer be told. */
static int fail(skua_response *r) {
    skua_error *err = &r->failure;
    sk_peer_blame(&r->body.channel->peer, SKUA_PHASE_NONE, err);
    err->bytes_received = r->body.received;
    err->bytes_expected = r->body.expected;
    r->failed = err->code;
    detach(r, false);
    return r->failed;
}

/* How far it has come: "10 of 100". */
typedef struct progress {
    char text[48];
} progress;

static progress progress_of(const skua_response *r) {
    progress p;
    if (r->body.expected >= 0)
        snprintf(p.text, sizeof p.text, "%" PRId64 " of %" PRId64, r->body.received,
                 r->body.expected);
    else
        snprintf(p.text, sizeof p.text, "%" PRId64, r->body.received);
    return p;
}

static int fail_cut(skua_response *r, int code, const char *what) {
    sk_peer_fail(&r->body.channel->peer, &r->failure, code, SKUA_PHASE_RECV,
                 "%s: %s bytes received", what, progress_of(r).text);
    return fail(r);
}

static int fail_read(skua_response *r, int code) {
    /* Where the length is known it does not matter how TLS ended: bytes are missing. */
    bool ended = code == SKUA_E_INCOMPLETE_READ ||
                 (code == SKUA_E_TLS_EOF && r->body.framing != SK_BODY_CLOSE);
    if (ended)
        return fail_cut(r, SKUA_E_INCOMPLETE_READ, "body cut short");
    if (code == SKUA_E_TLS_EOF) /* RFC 9112 9.8: anyone may have cut it */
        return fail_cut(r, code,
                        "TLS connection cut without close_notify, so perhaps not complete");
    if (code == SKUA_E_CONNECTION_RESET)
        return fail_cut(r, code, "connection reset by peer");
    return fail(r);
}

static int fail_timeout(skua_response *r, sk_bound call, sk_bound idle) {
    bool of_call = call.at <= idle.at;
    sk_peer_fail(&r->body.channel->peer, &r->failure, SKUA_E_TIMEOUT, SKUA_PHASE_RECV,
                 "%s %" PRId64 " ms (%s received)",
                 of_call ? "not complete within" : "no bytes for", of_call ? call.ms : idle.ms,
                 progress_of(r).text);
    return fail(r);
}

/* ---- reading ---- */

static int take_event(skua_response *r, const sk_event *ev) {
    if (ev->kind == SK_EV_END) {
        finish(r);
        return 0;
    }
    ev->head->reason = (skua_str){0}; /* the head's: a view into bytes that have gone since */
    int rc = ev->kind == SK_EV_TRAILERS ? sk_head_copy_make(&r->trailers, &r->mem, ev->head)
                                        : SKUA_E_BAD_FRAMING;
    if (rc == 0)
        return 0;
    if (rc == SKUA_E_NOMEM)
        sk_fail_nomem(&r->failure);
    else
        sk_fail(&r->failure, rc, SKUA_PHASE_RECV, "something other than a body");
    return fail(r);
}

/* The last byte of a body is its end, which the caller need not ask for. */
static void end_if_complete(skua_response *r) {
    if (r->body.received != r->body.expected)
        return;
    sk_channel *ch = r->body.channel;
    sk_event ev = {.head = &ch->head};
    if (sk_session_next(&ch->session, &ev, &r->failure) == 0 && ev.kind == SK_EV_END)
        finish(r);
}

/* What can be had without waiting: bytes, 0 at the end, SKUA_E_AGAIN, or a failure. */
static ptrdiff_t read_now(skua_response *r, void *buf, size_t len) {
    sk_channel *ch = r->body.channel;
    sk_event ev = {.head = &ch->head};
    while (!r->body.done) {
        ptrdiff_t n = sk_session_body(&ch->session, buf, len, &ev, &r->failure);
        if (n > 0) {
            r->body.received += n;
            end_if_complete(r);
        }
        if (n > 0 || n == SKUA_E_AGAIN)
            return n;
        int rc = n < 0 ? fail_read(r, (int)n) : take_event(r, &ev);
        if (rc != 0)
            return rc;
    }
    return 0;
}

static ptrdiff_t read_waiting(skua_response *r, void *buf, size_t len) {
    sk_channel *ch = r->body.channel;
    const skua_clock *clock = ch->settings->o.clock;
    sk_bound call = sk_channel_bound(ch);
    sk_bound idle = sk_bound_in(sk_clock_now(clock), ch->settings->o.idle_timeout_ms);
    /* A peer that always has more is held to the deadline as well. */
    if (call.at != SK_NEVER && sk_clock_now(clock) >= call.at)
        return fail_timeout(r, call, idle);
    for (;;) {
        ptrdiff_t n = read_now(r, buf, len);
        if (n != SKUA_E_AGAIN)
            return n;
        int rc = sk_channel_wait(ch, SKUA_WANT_READ, sk_bound_first(call, idle), &r->failure);
        if (rc == SKUA_E_TIMEOUT)
            return fail_timeout(r, call, idle);
        if (rc != 0)
            return fail_read(r, rc);
    }
}

static ptrdiff_t take(skua_response *r, void *buf, size_t len) {
    if (r->failed)
        return r->failed;
    if (r->body.done)
        return 0;
    if (sk_channel_is_open(r->body.channel))
        return read_waiting(r, buf, len);
    sk_peer_fail(&r->body.channel->peer, &r->failure, SKUA_E_NOT_CONNECTED, SKUA_PHASE_STATE,
                 "the connection was closed before the body was read");
    return fail(r);
}

ptrdiff_t skua_response_read(skua_response *r, void *buf, size_t len, skua_error *err) {
    if (!r || (!buf && len > 0))
        return sk_fail(err, SKUA_E_INVALID_ARGUMENT, SKUA_PHASE_NONE,
                       "a response and room to read into are needed");
    if (len == 0)
        return 0;
    ptrdiff_t n = take(r, buf, len);
    if (n < 0 && err)
        *err = r->failure;
    return n;
}

/* ---- reading all ---- */

static bool grow(sk_gathered *all) {
    size_t cap = all->cap ? all->cap * 2 : ALL_FIRST;
    char *data = cap > all->cap ? sk_realloc(all->data, cap) : NULL;
    if (!data)
        return false;
    all->data = data;
    all->cap = cap;
    return true;
}

static int fail_all(skua_response *r, int code, size_t max) {
    if (code == SKUA_E_NOMEM)
        sk_fail_nomem(&r->failure);
    else
        sk_fail(&r->failure, code, SKUA_PHASE_LIMIT, "body larger than %zu bytes", max);
    if (r->body.channel)
        return fail(r);
    return r->failed = code;
}

static int gather(skua_response *r, size_t max) {
    sk_gathered *all = &r->all;
    bool announced = r->body.expected > 0 && (uint64_t)r->body.expected > max;
    if (!r->failed && !r->body.done && announced)
        return fail_all(r, SKUA_E_BODY_TOO_LARGE, max);
    for (;;) {
        if (all->cap - all->len < 2 && !grow(all)) /* a byte, and the terminator */
            return fail_all(r, SKUA_E_NOMEM, max);
        ptrdiff_t n = take(r, all->data + all->len, all->cap - all->len - 1);
        if (n < 0)
            return (int)n;
        all->len += (size_t)n;
        if (all->len > max)
            return fail_all(r, SKUA_E_BODY_TOO_LARGE, max);
        if (n == 0) {
            all->data[all->len] = '\0';
            return 0;
        }
    }
}

int skua_response_read_all(skua_response *r, size_t max_bytes, const char **data, size_t *len,
                           skua_error *err) {
    if (!r || !data || !len)
        return sk_fail(err, SKUA_E_INVALID_ARGUMENT, SKUA_PHASE_NONE,
                       "a response and places for the result are needed");
    int rc = gather(r, max_bytes ? max_bytes : ALL_MAX_DEFAULT);
    if (rc != 0) {
        if (err)
            *err = r->failure;
        return rc;
    }
    *data = r->all.data;
    *len = r->all.len;
    return 0;
}

/* ---- beginning and letting go ---- */

void sk_response_begin(skua_response *r, sk_channel *ch) {
    r->body.channel = sk_channel_hold(ch);
    ch->reader = r;
    ch->stats->responses++;
    ch->stats->reused += ch->reused;
    if (r->body.switched) {
        r->body.done = true;
        detach(r, false);
        return;
    }
    end_if_complete(r);
}

/* Read and drop what has arrived. True at the end of the body. */
static bool drain(skua_response *r) {
    char dropped[DRAIN_PIECE];
    ptrdiff_t n = 1;
    sk_session_readable(&r->body.channel->session);
    for (int64_t sum = 0; n > 0 && sum < DRAIN_MAX && !r->body.done; sum += n)
        n = read_now(r, dropped, sizeof dropped);
    return r->body.done;
}

void sk_response_let_go(skua_response *r) {
    sk_channel *ch = r->body.channel;
    if (!ch)
        return;
    bool wanted = ch->holders > 1 && !r->owned && sk_channel_is_open(ch);
    if (!wanted || !drain(r))
        detach(r, false);
}
