/* client/round_trip.c - the head of a request, and the head of its answer; what is sent in between
 * is in round_trip_send.c.
 *
 *     write_head --> send* --> end --> await --> take_answer
 *                      |        |        ^
 *                      +--------+--------+  an answer that comes early stops the sending
 */
#include "client/round_trip.h"

#include "base/fail.h"
#include "client/trace.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#define INTERIM_MAX 16

void sk_round_trip_reset(sk_round_trip *t) {
    skua_response_free(t->answer);
    sk_channel_release(t->channel);
    const size_t kept = offsetof(sk_round_trip, channel);
    memset((char *)t + kept, 0, sizeof *t - kept);
}

void sk_round_trip_free(sk_round_trip *t) {
    sk_round_trip_reset(t);
    sk_draft_free(&t->draft);
}

static const sk_settings *settings_of(const sk_round_trip *t) {
    return t->channel->settings;
}

void sk_round_trip_note(sk_round_trip *t, double *at, const char *phase) {
    *at = sk_timeline_since(&t->timeline, settings_of(t)->o.clock);
    sk_trace_phase(settings_of(t), phase, *at);
}

int sk_round_trip_gone(const sk_round_trip *t, skua_error *err) {
    return sk_peer_fail(&t->channel->peer, err, SKUA_E_NOT_CONNECTED, SKUA_PHASE_STATE,
                        "the connection was closed with an earlier response");
}

/* ---- the head of the request ---- */

static int64_t announced(const sk_draft *d, sk_draft_body body) {
    if (d->chunked)
        return -1;
    if (d->length >= 0)
        return d->length;
    if (body.kind == SK_BODY_CHUNKED)
        return -1;
    return body.kind == SK_BODY_LENGTH ? body.length : 0;
}

int sk_round_trip_write_head(sk_round_trip *t, sk_channel *ch, const sk_draft_frame *frame,
                             skua_error *err) {
    const sk_settings *s = ch->settings;
    size_t queued = sk_buf_len(&ch->out);
    int rc = sk_draft_write(&t->draft, frame, &ch->session);
    if (rc == SKUA_E_NOMEM) {
        ch->out.failed = false; /* what was there before is there still */
        return sk_fail_nomem(err);
    }
    if (rc != 0)
        return sk_peer_fail(&ch->peer, err, rc, SKUA_PHASE_SEND, "the head cannot be sent: %s",
                            skua_error_text(rc));
    skua_str head = sk_buf_str(&ch->out);
    sk_trace_sent(s, (skua_str){head.ptr + queued, head.len - queued}, sk_draft_is_secret,
                  &t->draft);
    t->channel = sk_channel_hold(ch);
    t->received_before = ch->session.received;
    t->sent_before = ch->session.sent + (int64_t)queued;
    t->tried = false;
    t->announced = announced(&t->draft, frame->body);
    t->taken = 0;
    t->asked = false;
    return 0;
}

/* ---- the answer ---- */

static bool need_answer(sk_round_trip *t) {
    if (!t->answer)
        t->answer = sk_response_new();
    return t->answer != NULL;
}

static int keep_interim(sk_round_trip *t, const sk_head *head, skua_error *err) {
    if (need_answer(t) && t->answer->interim_count == INTERIM_MAX)
        return sk_fail(err, SKUA_E_BAD_FRAMING, SKUA_PHASE_RECV, "more than %d interim responses",
                       INTERIM_MAX);
    if (!t->answer || sk_response_add_interim(t->answer, head) != 0)
        return sk_fail_nomem(err);
    t->timeline.at.first_byte = -1; /* what began was not yet the response */
    return 0;
}

/* A head mostly comes in one piece: then its beginning is its end. */
static void note_head(sk_round_trip *t) {
    skua_timings *at = &t->timeline.at;
    at->head = sk_timeline_since(&t->timeline, settings_of(t)->o.clock);
    if (at->first_byte < 0) {
        at->first_byte = at->head;
        sk_trace_phase(settings_of(t), "first byte", at->first_byte);
    }
    sk_trace_phase(settings_of(t), "head", at->head);
}

static int keep_final(sk_round_trip *t, const sk_head *head, skua_error *err) {
    bool to_head = sk_draft_method_is(&t->draft, SK_LIT("HEAD"));
    if (!need_answer(t) || sk_response_set_head(t->answer, head, to_head, settings_of(t)) != 0)
        return sk_fail_nomem(err);
    t->answered = true;
    note_head(t);
    return 0;
}

static int closed(skua_error *err) {
    return sk_fail_plain(err, SKUA_E_REMOTE_DISCONNECTED, SKUA_PHASE_WAIT);
}

static int take_event(sk_round_trip *t, const sk_event *ev, skua_error *err) {
    if (ev->kind == SK_EV_CLOSED)
        return closed(err);
    if (ev->kind != SK_EV_INFO && ev->kind != SK_EV_HEAD && ev->kind != SK_EV_UPGRADE)
        return sk_fail(err, SKUA_E_BAD_FRAMING, SKUA_PHASE_RECV, "something other than a response");
    sk_trace_received(settings_of(t), ev->head, sk_draft_is_secret, &t->draft);
    return ev->kind == SK_EV_INFO ? keep_interim(t, ev->head, err) : keep_final(t, ev->head, err);
}

static bool begun(const sk_round_trip *t) {
    return sk_h1_recv_started(&t->channel->session.h1);
}

int sk_round_trip_look(sk_round_trip *t, skua_error *err) {
    sk_channel *ch = t->channel;
    sk_event ev = {.head = &ch->head};
    while (!t->answered) {
        int rc = sk_session_is_dry(&ch->session) ? SKUA_E_AGAIN
                                                 : sk_session_next(&ch->session, &ev, err);
        if (rc == SKUA_E_TLS_EOF) { /* cut or closed, a head that is not complete is cut short */
            sk_h1_eof(&ch->session.h1);
            continue;
        }
        if (rc == 0)
            rc = take_event(t, &ev, err);
        if (rc == SKUA_E_AGAIN && begun(t) && t->timeline.at.first_byte < 0)
            sk_round_trip_note(t, &t->timeline.at.first_byte, "first byte");
        if (rc != 0)
            return rc;
    }
    return 0;
}

int64_t sk_round_trip_received(const sk_round_trip *t) {
    return t->channel->session.received - t->received_before;
}

static int explain_wait(const sk_round_trip *t, sk_bound until, skua_error *err) {
    const sk_peer *peer = &t->channel->peer;
    if (begun(t))
        return sk_peer_fail(peer, err, SKUA_E_TIMEOUT, SKUA_PHASE_RECV,
                            "head not complete within %" PRId64 " ms", until.ms);
    if (t->taken < t->announced)
        return sk_peer_fail(peer, err, SKUA_E_TIMEOUT, SKUA_PHASE_WAIT,
                            "no response within %" PRId64 " ms, with %" PRId64 " of %" PRId64
                            " body bytes sent",
                            until.ms, t->taken, t->announced);
    return sk_peer_fail(peer, err, SKUA_E_TIMEOUT, SKUA_PHASE_WAIT,
                        "no response within %" PRId64 " ms", until.ms);
}

/* What came instead of a status line says what the peer is: put its beginning into the message. */
static void quote_line(const sk_round_trip *t, skua_error *err) {
    static const char alert[] = "\x15\x03"; /* RFC 8446 5.1: to what is no TLS in its eyes */
    const sk_buf *in = &t->channel->in;
    size_t len = sk_buf_len(in) < 40 ? sk_buf_len(in) : 40;
    char line[41];
    if (len >= 2 && memcmp(sk_buf_head(in), alert, 2) == 0) {
        sk_fail(err, err->code, SKUA_PHASE_RECV, "the peer answers with TLS: use https");
        return;
    }
    memcpy(line, len ? sk_buf_head(in) : "", len);
    line[len] = '\0';
    line[strcspn(line, "\r\n")] = '\0';
    for (char *p = line; *p; p++) {
        if ((unsigned char)*p >= 0x7f)
            *p = '?';
    }
    sk_fail(err, err->code, SKUA_PHASE_NONE, "%s: \"%s\"", err->msg, line);
    err->phase = SKUA_PHASE_RECV;
}

/* How long the peer has: to begin, and once it has begun, to complete its head. */
static sk_bound patience(const sk_round_trip *t, sk_bound call) {
    const skua_conn_opts *o = &settings_of(t)->o;
    return sk_channel_within(t->channel, call,
                             begun(t) ? o->idle_timeout_ms : o->first_byte_timeout_ms);
}

/* Wait and look until the head is there. The peer's time begins anew with each interim head. */
static int look_patiently(sk_round_trip *t, sk_bound call, skua_error *err) {
    sk_bound until = patience(t, call);
    bool was_begun = begun(t);
    unsigned interims = 0;
    for (;;) {
        int rc = sk_round_trip_look(t, err);
        if (rc != SKUA_E_AGAIN)
            return rc;
        unsigned count = t->answer ? t->answer->interim_count : 0;
        if (count != interims || begun(t) != was_begun)
            until = patience(t, call);
        interims = count;
        was_begun = begun(t);
        rc = sk_channel_wait(t->channel, SKUA_WANT_READ, until, err);
        if (rc == SKUA_E_TIMEOUT)
            return explain_wait(t, until, err);
        if (rc != 0)
            return rc;
    }
}

int sk_round_trip_await(sk_round_trip *t, sk_bound call, skua_error *err) {
    if (t->answered)
        return 0;
    if (!sk_channel_is_open(t->channel))
        return sk_round_trip_gone(t, err);
    int rc = look_patiently(t, call, err);
    if (rc == 0)
        return 0;
    if (rc == SKUA_E_BAD_STATUS_LINE || rc == SKUA_E_UNKNOWN_PROTOCOL)
        quote_line(t, err);
    sk_peer_blame(&t->channel->peer,
                  sk_round_trip_received(t) > 0 ? SKUA_PHASE_NONE : SKUA_PHASE_WAIT, err);
    err->bytes_received = sk_round_trip_received(t);
    return rc;
}

static bool is_over_tls(const sk_channel *ch) {
    skua_stream_info info = {.size = sizeof info};
    skua_stream *stream = ch->session.stream;
    if (stream->ops->info)
        stream->ops->info(stream, &info);
    return info.tls_version[0] != '\0';
}

bool sk_round_trip_was_sent(const sk_round_trip *t) {
    const sk_channel *ch = t->channel;
    if (!ch || ch->session.sent > t->sent_before)
        return ch != NULL;
    /* A write over TLS that fails may have sent some of its records all the same. */
    return t->tried && (!sk_channel_is_open(ch) || is_over_tls(ch));
}

bool sk_round_trip_died_unanswered(const sk_round_trip *t, int code) {
    bool ended = code == SKUA_E_REMOTE_DISCONNECTED || code == SKUA_E_CONNECTION_RESET ||
                 code == SKUA_E_BROKEN_PIPE;
    return ended && t->channel && t->channel->reused && !t->answer &&
           sk_round_trip_received(t) == 0;
}

/* What is not shown of the request is not shown of trailers either. */
static void keep_secrets(const sk_round_trip *t, skua_response *r) {
    const sk_draft_field *f = t->draft.first;
    for (; f && sk_trace_is_on(settings_of(t), SKUA_TRACE_RECV); f = f->next) {
        if (f->flags & SKUA_FIELD_SECRET)
            sk_response_add_secret(r, f->name);
    }
}

skua_response *sk_round_trip_take_answer(sk_round_trip *t) {
    skua_response *r = t->answer;
    t->answer = NULL;
    keep_secrets(t, r);
    r->timeline = t->timeline;
    r->idempotent = sk_draft_is_idempotent(&t->draft);
    r->upload_cut = t->cut;
    r->upload_sent = t->taken;
    sk_response_begin(r, t->channel);
    return r;
}
