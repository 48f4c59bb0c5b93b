/* client/exchange.c - sending a request and awaiting the head of its answer, at the same time.
 *
 *     write_head --> send* --> end --> await --> take_answer
 *                      |        |        ^
 *                      +--------+--------+  an answer that comes early stops the sending
 */
#include "client/exchange.h"

#include "base/fail.h"
#include "client/trace.h"

#include <inttypes.h>
#include <stdio.h>

#define INTERIM_MAX      16
#define CONTINUE_WAIT_MS 1000 /* RFC 9110 10.1.1: not for ever; older servers know no 100 */

void sk_exchange_reset(sk_exchange *x) {
    skua_response_free(x->answer);
    sk_channel_release(x->channel);
    *x = (sk_exchange){.draft = x->draft, .timeline = x->timeline};
}

void sk_exchange_free(sk_exchange *x) {
    sk_exchange_reset(x);
    sk_draft_free(&x->draft);
}

static const sk_settings *settings_of(const sk_exchange *x) {
    return x->channel->settings;
}

static double elapsed(const sk_exchange *x) {
    return sk_timeline_since(&x->timeline, settings_of(x)->o.clock);
}

/* The channel goes with an earlier response that was not read to its end. */
static int gone(const sk_exchange *x, skua_error *err) {
    return sk_peer_fail(&x->channel->peer, err, SKUA_E_NOT_CONNECTED, SKUA_PHASE_STATE,
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

int sk_exchange_write_head(sk_exchange *x, sk_channel *ch, const sk_origin *origin,
                           sk_draft_body body, skua_error *err) {
    const sk_settings *s = ch->settings;
    size_t queued = sk_buf_len(&ch->out);
    int rc = sk_draft_write(&x->draft, origin, s->o.user_agent, body, &ch->session);
    if (rc == SKUA_E_NOMEM)
        return sk_fail_nomem(err);
    if (rc != 0)
        return sk_peer_fail(&ch->peer, err, rc, SKUA_PHASE_SEND, "the head cannot be sent: %s",
                            skua_error_text(rc));
    skua_str head = sk_buf_str(&ch->out);
    sk_trace_sent(s, (skua_str){head.ptr + queued, head.len - queued}, sk_draft_is_secret,
                  &x->draft);
    x->channel = sk_channel_hold(ch);
    x->received_before = ch->session.received;
    x->announced = announced(&x->draft, body);
    x->taken = 0;
    x->asked = false;
    return 0;
}

/* ---- the answer ---- */

static bool need_answer(sk_exchange *x) {
    if (!x->answer)
        x->answer = sk_response_new();
    return x->answer != NULL;
}

static int keep_interim(sk_exchange *x, const sk_head *head, skua_error *err) {
    if (need_answer(x) && x->answer->interim_count == INTERIM_MAX)
        return sk_fail(err, SKUA_E_BAD_FRAMING, SKUA_PHASE_RECV, "more than %d interim responses",
                       INTERIM_MAX);
    if (!x->answer || sk_response_add_interim(x->answer, head) != 0)
        return sk_fail_nomem(err);
    x->timeline.at.first_byte = -1; /* what began was not yet the response */
    return 0;
}

static int keep_final(sk_exchange *x, const sk_head *head, skua_error *err) {
    bool to_head = sk_draft_method_is(&x->draft, SK_LIT("HEAD"));
    if (!need_answer(x) || sk_response_set_head(x->answer, head, to_head) != 0)
        return sk_fail_nomem(err);
    x->answered = true;
    x->timeline.at.head = elapsed(x);
    if (x->timeline.at.first_byte < 0)
        x->timeline.at.first_byte = x->timeline.at.head;
    return 0;
}

static int closed(skua_error *err) {
    return sk_fail(err, SKUA_E_REMOTE_DISCONNECTED, SKUA_PHASE_WAIT, "%s",
                   skua_error_text(SKUA_E_REMOTE_DISCONNECTED));
}

static int take_event(sk_exchange *x, const sk_event *ev, skua_error *err) {
    if (ev->kind == SK_EV_CLOSED)
        return closed(err);
    if (ev->kind != SK_EV_INFO && ev->kind != SK_EV_HEAD && ev->kind != SK_EV_UPGRADE)
        return sk_fail(err, SKUA_E_BAD_FRAMING, SKUA_PHASE_RECV, "something other than a response");
    sk_trace_received(settings_of(x), ev->head);
    return ev->kind == SK_EV_INFO ? keep_interim(x, ev->head, err) : keep_final(x, ev->head, err);
}

static bool begun(const sk_exchange *x) {
    return sk_h1_recv_started(&x->channel->session.h1);
}

/* Take what has come: 0 with the final head, SKUA_E_AGAIN, or an error. */
static int look(sk_exchange *x, skua_error *err) {
    sk_channel *ch = x->channel;
    sk_event ev = {.head = &ch->head};
    while (!x->answered) {
        int rc = sk_session_next(&ch->session, &ev, err);
        if (rc == SKUA_E_TLS_EOF && !begun(x)) /* cut or closed: there is nothing to be cut short */
            rc = closed(err);
        else if (rc == 0)
            rc = take_event(x, &ev, err);
        if (rc == SKUA_E_AGAIN && begun(x) && x->timeline.at.first_byte < 0)
            x->timeline.at.first_byte = elapsed(x);
        if (rc != 0)
            return rc;
    }
    return 0;
}

static int64_t received(const sk_exchange *x) {
    return x->channel->session.received - x->received_before;
}

static int explain_wait(const sk_exchange *x, sk_bound until, skua_error *err) {
    const sk_peer *peer = &x->channel->peer;
    if (begun(x))
        return sk_peer_fail(peer, err, SKUA_E_TIMEOUT, SKUA_PHASE_RECV,
                            "head not complete within %" PRId64 " ms", until.ms);
    if (x->taken < x->announced)
        return sk_peer_fail(peer, err, SKUA_E_TIMEOUT, SKUA_PHASE_WAIT,
                            "no response within %" PRId64 " ms, with %" PRId64 " of %" PRId64
                            " body bytes sent",
                            until.ms, x->taken, x->announced);
    return sk_peer_fail(peer, err, SKUA_E_TIMEOUT, SKUA_PHASE_WAIT,
                        "no response within %" PRId64 " ms", until.ms);
}

/* What came instead of a status line says what the peer is: put its beginning into the message. */
static void quote_line(const sk_exchange *x, skua_error *err) {
    const sk_buf *in = &x->channel->in;
    size_t len = sk_buf_len(in) < 40 ? sk_buf_len(in) : 40;
    char line[41];
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
static sk_bound patience(const sk_exchange *x, sk_bound call) {
    const skua_conn_opts *o = &settings_of(x)->o;
    return sk_channel_within(x->channel, call,
                             begun(x) ? o->idle_timeout_ms : o->first_byte_timeout_ms);
}

/* Wait and look until the head is there. The peer's time begins anew with each interim head. */
static int look_patiently(sk_exchange *x, sk_bound call, skua_error *err) {
    sk_bound until = patience(x, call);
    bool was_begun = begun(x);
    unsigned interims = 0;
    for (;;) {
        int rc = look(x, err);
        if (rc != SKUA_E_AGAIN)
            return rc;
        unsigned count = x->answer ? x->answer->interim_count : 0;
        if (count != interims || begun(x) != was_begun)
            until = patience(x, call);
        interims = count;
        was_begun = begun(x);
        rc = sk_channel_wait(x->channel, SKUA_WANT_READ, until, err);
        if (rc == SKUA_E_TIMEOUT)
            return explain_wait(x, until, err);
        if (rc != 0)
            return rc;
    }
}

int sk_exchange_await(sk_exchange *x, sk_bound call, skua_error *err) {
    if (x->answered)
        return 0;
    if (!sk_channel_is_open(x->channel))
        return gone(x, err);
    int rc = look_patiently(x, call, err);
    if (rc == 0)
        return 0;
    if (rc == SKUA_E_BAD_STATUS_LINE || rc == SKUA_E_UNKNOWN_PROTOCOL)
        quote_line(x, err);
    sk_peer_blame(&x->channel->peer, received(x) > 0 ? SKUA_PHASE_NONE : SKUA_PHASE_WAIT, err);
    err->bytes_received = received(x);
    return rc;
}

bool sk_exchange_died_unanswered(const sk_exchange *x, int code) {
    bool ended = code == SKUA_E_REMOTE_DISCONNECTED || code == SKUA_E_CONNECTION_RESET ||
                 code == SKUA_E_BROKEN_PIPE;
    return ended && x->channel && x->channel->reused && !x->answer && received(x) == 0;
}

skua_response *sk_exchange_take_answer(sk_exchange *x) {
    skua_response *r = x->answer;
    x->answer = NULL;
    r->timeline = x->timeline;
    sk_response_begin(r, x->channel);
    return r;
}

/* ---- sending ---- */

static int stopped(const sk_exchange *x, skua_error *err) {
    return sk_peer_fail(&x->channel->peer, err, SKUA_E_BROKEN_PIPE, SKUA_PHASE_SEND,
                        "answered with %d before it had the whole request", x->answer->head.status);
}

static int end_body(sk_exchange *x, skua_error *err) {
    int rc = sk_h1_end(&x->channel->session.h1, &x->channel->out, NULL);
    /* Cut short, it leaves the connection unusable for another, and the peer may answer still. */
    return rc == 0 || rc == SKUA_E_STATE ? 0 : sk_fail_nomem(err);
}

/* As much as can leave now. 0 when all has left. */
static int push(sk_exchange *x, sk_piece *piece, skua_error *err) {
    sk_session *s = &x->channel->session;
    while (piece->left > 0) {
        ptrdiff_t n = sk_session_write(s, piece->at, piece->left, err);
        if (n < 0)
            return (int)n;
        piece->at += n;
        piece->left -= (size_t)n;
        x->taken += n;
    }
    if (piece->last && end_body(x, err) != 0)
        return SKUA_E_NOMEM;
    piece->last = false;
    return sk_session_flush(s, err);
}

/* Nothing can leave now: wait until something can, or an answer has come. */
static int wait_to_send(sk_exchange *x, sk_bound until, skua_error *err) {
    sk_channel *ch = x->channel;
    bool listening = !ch->reader; /* what comes next is the answer, not an earlier body */
    unsigned events = listening ? SKUA_WANT_WRITE | SKUA_WANT_READ : SKUA_WANT_WRITE;
    int rc = sk_channel_wait(ch, events, until, err);
    if (rc == SKUA_E_TIMEOUT)
        return sk_peer_fail(&ch->peer, err, rc, SKUA_PHASE_SEND,
                            "nothing taken for %" PRId64 " ms (%" PRId64 " bytes sent)", until.ms,
                            ch->session.sent);
    if (rc != 0 || !listening)
        return rc;
    rc = look(x, err);
    if (rc == SKUA_E_AGAIN)
        return 0;
    return rc == 0 ? stopped(x, err) : rc;
}

/* RFC 9110 10.1.1: give the peer a moment to say whether it wants the body. */
static int ask_to_continue(sk_exchange *x, sk_bound call, skua_error *err) {
    sk_bound until = sk_channel_within(x->channel, call, CONTINUE_WAIT_MS);
    x->asked = true;
    while (!x->answer) {
        int rc = look(x, err);
        if (rc == SKUA_E_AGAIN && !x->answer)
            rc = sk_channel_wait(x->channel, SKUA_WANT_READ, until, err);
        if (rc == SKUA_E_TIMEOUT)
            return 0;
        if (rc != 0 && rc != SKUA_E_AGAIN)
            return rc;
    }
    return x->answered ? stopped(x, err) : 0;
}

static int send_piece(sk_exchange *x, sk_piece *piece, sk_bound call, skua_error *err) {
    sk_channel *ch = x->channel;
    sk_bound until = call;
    int64_t sent = -1;
    for (;;) {
        int rc = push(x, piece, err);
        if (rc != SKUA_E_AGAIN)
            return rc;
        if (sent != ch->session.sent) {
            sent = ch->session.sent;
            until = sk_channel_within(ch, call, ch->settings->o.idle_timeout_ms);
        }
        rc = wait_to_send(x, until, err);
        if (rc != 0)
            return rc;
    }
}

int sk_exchange_send(sk_exchange *x, sk_piece piece, sk_bound call, skua_error *err) {
    if (!sk_channel_is_open(x->channel))
        return gone(x, err);
    if (x->answered)
        return stopped(x, err);
    int64_t sent = x->channel->session.sent;
    bool ask = x->draft.expects && !x->asked && piece.left > 0 && !x->channel->reader;
    int rc = ask ? ask_to_continue(x, call, err) : 0;
    if (rc == 0)
        rc = send_piece(x, &piece, call, err);
    if (rc == 0 && x->channel->session.sent != sent)
        x->timeline.at.send = elapsed(x);
    if (rc == 0)
        return 0;
    /* It will never leave; queued, it would make every wait for an answer one for writing too. */
    sk_buf_clear(&x->channel->out);
    return sk_peer_blame(&x->channel->peer, SKUA_PHASE_NONE, err);
}
