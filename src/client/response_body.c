/* client/response_body.c - the body of a response as its channel brings it: waiting for it, its
 * end, and how it fails. */
#include "client/response.h"

#include "base/fail.h"
#include "client/trace.h"

#include <inttypes.h>
#include <stdio.h>

/* ---- the end, good or bad ---- */

/* What has come whole with its head was complete then: no clock need be read for it. Where it ends
 * with the connection, that came later. */
static bool came_with_head(const skua_response *r) {
    const sk_intake *body = &r->body;
    return body->done && body->framing != SK_BODY_CLOSE &&
           body->channel->session.received == body->came_with_head;
}

static void stop_clock(skua_response *r) {
    const sk_channel *ch = r->body.channel;
    if (r->timeline.at.total >= 0 || !sk_channel_is_open(ch))
        return;
    r->timeline.at.total = came_with_head(r)
                               ? r->timeline.at.head
                               : sk_timeline_since(&r->timeline, ch->settings->o.clock);
    sk_trace_phase(ch->settings, "done", r->timeline.at.total);
}

void sk_response_detach(skua_response *r, bool keep) {
    sk_channel *ch = r->body.channel;
    if (!ch)
        return;
    stop_clock(r);
    r->body.channel = NULL;
    ch->reader = NULL;
    if (keep)
        sk_channel_keep(ch, r->body.keep_alive_s);
    else
        sk_channel_close(ch);
    sk_channel_release(ch);
}

/* The message is complete. The channel goes on if both ends will, or if the next request is on its
 * way already and its response expected. */
static void finish(skua_response *r) {
    const sk_h1 *m = &r->body.channel->session.h1;
    bool in_time = r->body.keep_alive_s < 0 || r->body.keep_alive_s > 1; /* to ask for another */
    r->body.done = true;
    sk_response_detach(r, !sk_h1_recv_idle(m) || (sk_h1_can_cycle(m) && in_time));
}

int sk_response_fail(skua_response *r) {
    skua_error *err = &r->failure;
    sk_peer_blame(&r->peer, SKUA_PHASE_NONE, err);
    err->bytes_received = r->body.received;
    err->bytes_expected = r->body.expected;
    err->maybe_seen = 1; /* it was answered */
    err->retry_safe = r->idempotent;
    r->failed = err->code;
    sk_response_detach(r, false);
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
    sk_peer_fail(&r->peer, &r->failure, code, SKUA_PHASE_RECV, "%s: %s bytes received", what,
                 progress_of(r).text);
    return sk_response_fail(r);
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
    return sk_response_fail(r);
}

static int fail_timeout(skua_response *r, sk_bound call, sk_bound idle) {
    bool of_call = call.at <= idle.at;
    sk_peer_fail(&r->peer, &r->failure, SKUA_E_TIMEOUT, SKUA_PHASE_RECV,
                 "%s %" PRId64 " ms (%s received)",
                 of_call ? "not complete within" : "no bytes for", of_call ? call.ms : idle.ms,
                 progress_of(r).text);
    return sk_response_fail(r);
}

/* ---- receiving ---- */

static int take_event(skua_response *r, const sk_event *ev) {
    if (ev->kind == SK_EV_END) {
        finish(r);
        return 0;
    }
    if (ev->kind == SK_EV_TRAILERS)
        sk_trace_trailers(r->body.channel->settings, &ev->head->fields, sk_response_is_secret, r);
    ev->head->reason = (skua_str){0}; /* the head's: a view into bytes that have gone since */
    int rc = ev->kind == SK_EV_TRAILERS ? sk_head_copy_make(&r->trailers, &r->mem, ev->head)
                                        : SKUA_E_BAD_FRAMING;
    if (rc == 0)
        return 0;
    if (rc == SKUA_E_NOMEM)
        sk_fail_nomem(&r->failure);
    else
        sk_fail(&r->failure, rc, SKUA_PHASE_RECV, "something other than a body");
    return sk_response_fail(r);
}

/* The last byte of a body is its end, which the caller need not ask for. */
static void end_if_complete(skua_response *r) {
    if (r->body.received != r->body.expected)
        return;
    if (sk_h1_take_end(&r->body.channel->session.h1))
        finish(r);
}

ptrdiff_t sk_response_receive_now(skua_response *r, void *buf, size_t len) {
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

/* Nothing is there yet. */
static ptrdiff_t read_patiently(skua_response *r, void *buf, size_t len, sk_bound call) {
    sk_channel *ch = r->body.channel;
    sk_bound idle = sk_bound_in(ch->settings->o.clock, ch->settings->o.idle_timeout_ms);
    for (;;) {
        int rc = sk_channel_wait(ch, SKUA_WANT_READ, sk_bound_first(call, idle), &r->failure);
        if (rc == SKUA_E_TIMEOUT)
            return fail_timeout(r, call, idle);
        if (rc != 0)
            return fail_read(r, rc);
        ptrdiff_t n = sk_response_receive_now(r, buf, len);
        if (n != SKUA_E_AGAIN)
            return n;
    }
}

static ptrdiff_t read_waiting(skua_response *r, void *buf, size_t len) {
    const sk_channel *ch = r->body.channel;
    sk_bound call = sk_channel_bound(ch);
    /* A peer that always has more is held to the deadline as well. */
    if (sk_bound_left(ch->settings->o.clock, call) == 0)
        return fail_timeout(r, call, call);
    ptrdiff_t n = sk_response_receive_now(r, buf, len);
    return n == SKUA_E_AGAIN && r->body.channel ? read_patiently(r, buf, len, call) : n;
}

ptrdiff_t sk_response_receive(skua_response *r, void *buf, size_t len) {
    if (r->body.done)
        return 0;
    if (sk_channel_is_open(r->body.channel))
        return read_waiting(r, buf, len);
    sk_peer_fail(&r->peer, &r->failure, SKUA_E_NOT_CONNECTED, SKUA_PHASE_STATE,
                 "the connection was closed before the body was read");
    return sk_response_fail(r);
}

/* ---- beginning ---- */

void sk_response_begin(skua_response *r, sk_channel *ch) {
    r->body.channel = sk_channel_hold(ch);
    r->body.came_with_head = ch->session.received;
    r->peer = ch->peer;
    ch->reader = r;
    ch->stats->responses++;
    ch->stats->reused += ch->reused;
    if (r->body.switched) {
        r->body.done = true;
        stop_clock(r);
        return;
    }
    end_if_complete(r);
}
