/* client/round_trip.c - sending a request and awaiting the head of its answer, at the same time.
 *
 *     write_head --> send* --> end --> await --> take_answer
 *                      |        |        ^
 *                      +--------+--------+  an answer that comes early stops the sending
 */
#include "client/round_trip.h"

#include "base/fail.h"
#include "client/trace.h"

#include <inttypes.h>
#include <stdio.h>

#define INTERIM_MAX      16
#define CONTINUE_WAIT_MS 1000 /* RFC 9110 10.1.1: not for ever; older servers know no 100 */

void sk_round_trip_reset(sk_round_trip *t) {
    skua_response_free(t->answer);
    sk_channel_release(t->channel);
    *t = (sk_round_trip){.draft = t->draft, .timeline = t->timeline};
}

void sk_round_trip_free(sk_round_trip *t) {
    sk_round_trip_reset(t);
    sk_draft_free(&t->draft);
}

static const sk_settings *settings_of(const sk_round_trip *t) {
    return t->channel->settings;
}

static double elapsed(const sk_round_trip *t) {
    return sk_timeline_since(&t->timeline, settings_of(t)->o.clock);
}

/* The channel goes with an earlier response that was not read to its end. */
static int gone(const sk_round_trip *t, skua_error *err) {
    return sk_peer_fail(&t->channel->peer, err, SKUA_E_NOT_CONNECTED, SKUA_PHASE_STATE,
                        "the connection was closed with an earlier response");
}

/* ---- the head of the request ---- */

static int64_t announced(const sk_draft *d, sk_draft_body body) {
    if (d->chunked)
        return -1;
    if (d->length >= 0)
        return d->length;
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

static int keep_final(sk_round_trip *t, const sk_head *head, skua_error *err) {
    bool to_head = sk_draft_method_is(&t->draft, SK_LIT("HEAD"));
    if (!need_answer(t) || sk_response_set_head(t->answer, head, to_head, settings_of(t)) != 0)
        return sk_fail_nomem(err);
    t->answered = true;
    t->timeline.at.head = elapsed(t);
    if (t->timeline.at.first_byte < 0)
        t->timeline.at.first_byte = t->timeline.at.head;
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
    sk_trace_received(settings_of(t), ev->head);
    return ev->kind == SK_EV_INFO ? keep_interim(t, ev->head, err) : keep_final(t, ev->head, err);
}

static bool begun(const sk_round_trip *t) {
    return sk_h1_recv_started(&t->channel->session.h1);
}

/* Take what has come: 0 with the final head, SKUA_E_AGAIN, or an error. */
static int look(sk_round_trip *t, skua_error *err) {
    sk_channel *ch = t->channel;
    sk_event ev = {.head = &ch->head};
    while (!t->answered) {
        int rc = sk_session_next(&ch->session, &ev, err);
        if (rc == SKUA_E_TLS_EOF) { /* cut or closed, a head that is not complete is cut short */
            sk_h1_eof(&ch->session.h1);
            continue;
        }
        if (rc == 0)
            rc = take_event(t, &ev, err);
        if (rc == SKUA_E_AGAIN && begun(t) && t->timeline.at.first_byte < 0)
            t->timeline.at.first_byte = elapsed(t);
        if (rc != 0)
            return rc;
    }
    return 0;
}

static int64_t received(const sk_round_trip *t) {
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
        int rc = look(t, err);
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
        return gone(t, err);
    int rc = look_patiently(t, call, err);
    if (rc == 0)
        return 0;
    if (rc == SKUA_E_BAD_STATUS_LINE || rc == SKUA_E_UNKNOWN_PROTOCOL)
        quote_line(t, err);
    sk_peer_blame(&t->channel->peer, received(t) > 0 ? SKUA_PHASE_NONE : SKUA_PHASE_WAIT, err);
    err->bytes_received = received(t);
    return rc;
}

bool sk_round_trip_died_unanswered(const sk_round_trip *t, int code) {
    bool ended = code == SKUA_E_REMOTE_DISCONNECTED || code == SKUA_E_CONNECTION_RESET ||
                 code == SKUA_E_BROKEN_PIPE;
    return ended && t->channel && t->channel->reused && !t->answer && received(t) == 0;
}

skua_response *sk_round_trip_take_answer(sk_round_trip *t) {
    skua_response *r = t->answer;
    t->answer = NULL;
    r->timeline = t->timeline;
    sk_response_begin(r, t->channel);
    return r;
}

/* ---- sending ---- */

static int stopped(const sk_round_trip *t, skua_error *err) {
    return sk_peer_fail(&t->channel->peer, err, SKUA_E_BROKEN_PIPE, SKUA_PHASE_SEND,
                        "answered with %d before it had the whole request", t->answer->head.status);
}

static int end_body(sk_round_trip *t, skua_error *err) {
    int rc = sk_h1_end(&t->channel->session.h1, &t->channel->out, NULL);
    /* Cut short, it leaves the connection unusable for another, and the peer may answer still. */
    return rc == 0 || rc == SKUA_E_STATE ? 0 : sk_fail_nomem(err);
}

/* As much as can leave now. 0 when all has left. */
static int push(sk_round_trip *t, sk_piece *piece, skua_error *err) {
    sk_session *s = &t->channel->session;
    while (piece->left > 0) {
        ptrdiff_t n = sk_session_write(s, piece->at, piece->left, err);
        if (n < 0)
            return (int)n;
        piece->at += n;
        piece->left -= (size_t)n;
        t->taken += n;
    }
    if (piece->last && end_body(t, err) != 0)
        return SKUA_E_NOMEM;
    piece->last = false;
    return sk_session_flush(s, err);
}

/* Nothing can leave now: wait until something can, or an answer has come. */
static int wait_to_send(sk_round_trip *t, sk_bound until, skua_error *err) {
    sk_channel *ch = t->channel;
    bool listening = !ch->reader; /* what comes next is the answer, not an earlier body */
    unsigned events = listening ? SKUA_WANT_WRITE | SKUA_WANT_READ : SKUA_WANT_WRITE;
    int rc = sk_channel_wait(ch, events, until, err);
    if (rc != 0 || !listening)
        return rc;
    rc = look(t, err);
    if (rc == SKUA_E_AGAIN)
        return 0;
    return rc == 0 ? stopped(t, err) : rc;
}

/* RFC 9110 10.1.1: give the peer a moment to say whether it wants the body. */
static int ask_to_continue(sk_round_trip *t, sk_bound call, skua_error *err) {
    sk_bound until = sk_channel_within(t->channel, call, CONTINUE_WAIT_MS);
    t->asked = true;
    while (!t->answer) {
        int rc = look(t, err);
        if (rc == SKUA_E_AGAIN && !t->answer)
            rc = sk_channel_wait(t->channel, SKUA_WANT_READ, until, err);
        if (rc == SKUA_E_TIMEOUT)
            return 0;
        if (rc != 0 && rc != SKUA_E_AGAIN)
            return rc;
    }
    return t->answered ? stopped(t, err) : 0;
}

/* The call is over, or the peer stands still. */
static int explain_send(const sk_round_trip *t, sk_bound until, sk_bound call, skua_error *err) {
    const sk_channel *ch = t->channel;
    return sk_peer_fail(&ch->peer, err, SKUA_E_TIMEOUT, SKUA_PHASE_SEND,
                        "%s %" PRId64 " ms (%" PRId64 " bytes sent)",
                        until.at == call.at ? "not all sent within" : "nothing taken for", until.ms,
                        ch->session.sent);
}

static int send_piece(sk_round_trip *t, sk_piece *piece, sk_bound call, skua_error *err) {
    sk_channel *ch = t->channel;
    sk_bound until = call;
    int64_t sent = -1;
    for (;;) {
        int rc = push(t, piece, err);
        if (rc != SKUA_E_AGAIN)
            return rc;
        if (sent != ch->session.sent) {
            sent = ch->session.sent;
            until = sk_channel_within(ch, call, ch->settings->o.idle_timeout_ms);
        }
        rc = wait_to_send(t, until, err);
        if (rc == SKUA_E_TIMEOUT)
            return explain_send(t, until, call, err);
        if (rc != 0)
            return rc;
    }
}

int sk_round_trip_send(sk_round_trip *t, sk_piece piece, sk_bound call, skua_error *err) {
    if (!sk_channel_is_open(t->channel))
        return gone(t, err);
    if (t->answered)
        return stopped(t, err);
    int64_t sent = t->channel->session.sent;
    bool ask = t->draft.expects && !t->asked && piece.left > 0 && !t->channel->reader;
    int rc = ask ? ask_to_continue(t, call, err) : 0;
    if (rc == 0)
        rc = send_piece(t, &piece, call, err);
    if (rc == 0 && t->channel->session.sent != sent)
        t->timeline.at.send = elapsed(t);
    if (rc == 0)
        return 0;
    /* It will never leave; queued, it would make every wait for an answer one for writing too. */
    sk_buf_clear(&t->channel->out);
    return sk_peer_blame(&t->channel->peer, SKUA_PHASE_NONE, err);
}
