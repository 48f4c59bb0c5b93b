/* client/round_trip_send.c - sending a request, its body piece by piece, with an ear for an answer
 * that comes early. */
#include "client/round_trip.h"

#include "base/fail.h"
#include "client/trace.h"

#include <inttypes.h>
#include <skua/status.h>

static int stopped(const sk_round_trip *t, skua_error *err) {
    return sk_peer_fail(&t->channel->peer, err, SKUA_E_BROKEN_PIPE, SKUA_PHASE_SEND,
                        "answered with %d before it had the whole request", t->answer->head.status);
}

/* ---- without waiting ---- */

static int end_body(sk_round_trip *t, const skua_field *trailers, skua_error *err) {
    int rc = sk_h1_end(&t->channel->session.h1, &t->channel->out, trailers);
    if (rc == 0)
        sk_trace_sent_trailers(t->channel->settings, trailers);
    /* Cut short, it leaves the connection unusable for another, and the peer may answer still. */
    if (rc == SKUA_E_STATE)
        t->cut = true;
    return rc == 0 || rc == SKUA_E_STATE ? 0 : sk_fail_nomem(err);
}

static ptrdiff_t push_file(sk_session *s, sk_piece *piece, skua_error *err) {
    ptrdiff_t n = sk_session_sendfile(s, piece->fd, &piece->offset, piece->left, err);
    if (n != 0)
        return n;
    return sk_fail(err, SKUA_E_INCOMPLETE_READ, SKUA_PHASE_SEND,
                   "request body: the file ended %zu bytes early", piece->left);
}

static ptrdiff_t push_bytes(sk_session *s, sk_piece *piece, skua_error *err) {
    ptrdiff_t n = sk_session_write(s, piece->at, piece->left, err);
    if (n > 0)
        piece->at += n;
    return n;
}

/* As much as can leave now. 0 when all has left. */
static int push(sk_round_trip *t, sk_piece *piece, skua_error *err) {
    sk_session *s = &t->channel->session;
    t->tried = true;
    while (piece->left > 0) {
        ptrdiff_t n = piece->at ? push_bytes(s, piece, err) : push_file(s, piece, err);
        if (n < 0)
            return (int)n;
        piece->left -= (size_t)n;
        t->taken += n;
    }
    if (piece->last && end_body(t, piece->trailers, err) != 0)
        return SKUA_E_NOMEM;
    piece->last = false;
    return sk_session_flush(s, err);
}

/* ---- waiting ---- */

/* What has come meanwhile: 0 while that is no answer. */
static int hear(sk_round_trip *t, skua_error *err) {
    int rc = sk_round_trip_look(t, err);
    if (rc == SKUA_E_AGAIN)
        return 0;
    return rc == 0 ? stopped(t, err) : rc;
}

/* Nothing can leave now: wait until something can, or an answer has come. */
static int wait_to_send(sk_round_trip *t, sk_bound until, skua_error *err) {
    sk_channel *ch = t->channel;
    bool listening = !ch->reader; /* what comes next is the answer, not an earlier body */
    unsigned events = listening ? SKUA_WANT_WRITE | SKUA_WANT_READ : SKUA_WANT_WRITE;
    int rc = sk_channel_wait(ch, events, until, err);
    return rc != 0 || !listening ? rc : hear(t, err);
}

/* Of the interim responses, 100 alone says that the body is wanted. */
static bool is_wanted(const sk_round_trip *t) {
    const sk_interim *i = t->answer ? t->answer->interim : NULL;
    while (i && i->head.status != SKUA_STATUS_CONTINUE)
        i = i->next;
    return i != NULL;
}

/* RFC 9110 10.1.1: give the peer a moment to say whether it wants the body, and not for ever: older
 * servers know no 100. */
static int ask_to_continue(sk_round_trip *t, sk_bound call, skua_error *err) {
    sk_channel *ch = t->channel;
    sk_bound until = sk_channel_within(ch, call, ch->settings->o.continue_timeout_ms);
    t->asked = true;
    while (!t->answered && !is_wanted(t)) {
        int rc = sk_round_trip_look(t, err);
        if (rc == SKUA_E_AGAIN && !is_wanted(t))
            rc = sk_channel_wait(ch, SKUA_WANT_READ, until, err);
        if (rc == SKUA_E_TIMEOUT)
            return 0;
        if (rc != 0 && rc != SKUA_E_AGAIN)
            return rc;
    }
    return t->answered ? stopped(t, err) : 0;
}

/* Before a piece that is not the first to leave: the answer to what has left may be there, on a
 * stream that takes all there is and so never waits. */
static int before_piece(sk_round_trip *t, const sk_piece *piece, sk_bound call, skua_error *err) {
    if (piece->left == 0 || t->channel->reader)
        return 0;
    if (t->draft.expects && !t->asked)
        return ask_to_continue(t, call, err);
    if (t->taken == 0 || t->channel->session.sent <= t->sent_before)
        return 0;
    sk_session_readable(&t->channel->session);
    return hear(t, err);
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

bool sk_round_trip_all_sent(const sk_round_trip *t) {
    const sk_channel *ch = t->channel;
    return sk_channel_is_open(ch) && sk_h1_send_done(&ch->session.h1) && sk_buf_len(&ch->out) == 0;
}

/* What is queued will never leave; kept, it would make every wait for an answer one for writing. */
static void cut(sk_round_trip *t) {
    int64_t queued = (int64_t)sk_buf_len(&t->channel->out);
    t->cut = true;
    t->taken -= queued < t->taken ? queued : t->taken;
    sk_buf_clear(&t->channel->out);
}

int sk_round_trip_send(sk_round_trip *t, sk_piece piece, sk_bound call, skua_error *err) {
    if (!sk_channel_is_open(t->channel))
        return sk_round_trip_gone(t, err);
    if (t->answered)
        return stopped(t, err);
    int64_t sent = t->channel->session.sent;
    int rc = before_piece(t, &piece, call, err);
    if (rc == 0)
        rc = send_piece(t, &piece, call, err);
    if (rc == 0) {
        if (t->channel->session.sent != sent && sk_h1_send_done(&t->channel->session.h1))
            sk_round_trip_note(t, &t->timeline.at.send, "sent");
        return 0;
    }
    cut(t);
    /* A loss may show in the reading first: as long as nothing came, it is one of sending. */
    bool unanswered = err->phase == SKUA_PHASE_RECV && sk_round_trip_received(t) == 0;
    return sk_peer_blame(&t->channel->peer, unanswered ? SKUA_PHASE_SEND : SKUA_PHASE_NONE, err);
}
