/* client/conn_send.c - getting a request onto the wire: over a kept connection or a new one, with
 * its body, and once more where the kept one proves dead. */
#include "client/conn.h"

#include "base/fail.h"
#include "client/trace.h"
#include "coding/decoder.h"

#include <inttypes.h>

bool sk_conn_is_loss(int code) {
    return code == SKUA_E_BROKEN_PIPE || code == SKUA_E_CONNECTION_RESET;
}

int sk_conn_hear_out(skua_conn *c, int loss, sk_bound call) {
    skua_error said;
    int rc = sk_round_trip_await(&c->trip, call, &said);
    if (rc == SKUA_E_TLS)
        c->failure = said;
    return rc == 0 || rc == SKUA_E_TLS ? rc : loss;
}

/* ---- connecting ---- */

/* A kept connection that the peer has closed meanwhile is as good as none. */
static bool can_send(const skua_conn *c) {
    if (!c->channel || !sk_channel_is_open(c->channel))
        return false;
    return c->channel->reader || sk_channel_is_fresh(c->channel);
}

static int ensure_channel(skua_conn *c, sk_bound call) {
    if (can_send(c)) {
        if (c->channel->reused && sk_trace_is_on(c->settings, SKUA_TRACE_INFO))
            sk_trace_line(c->settings, SKUA_TRACE_INFO, "using the connection to %s again",
                          c->peer.target);
        return 0;
    }
    sk_conn_close_channel(c);
    return sk_conn_dial(c, call, &c->failure);
}

/* ---- the body ---- */

static int fill(skua_conn *c, sk_body_source *s, sk_bound call) {
    int rc = sk_body_fill(s, sk_bound_left(c->settings->o.clock, call), &c->failure);
    if (rc == SKUA_E_TIMEOUT)
        return sk_peer_fail(&c->peer, &c->failure, rc, SKUA_PHASE_SEND,
                            "request body: nothing to read within %" PRId64 " ms", call.ms);
    return rc == 0 ? 0 : sk_peer_blame(&c->peer, SKUA_PHASE_NONE, &c->failure);
}

/* What of the body may still be sent. */
static uint64_t room_for(const sk_round_trip *t) {
    if (sk_h1_send_done(&t->channel->session.h1))
        return 0;
    return t->announced < 0 ? UINT64_MAX : (uint64_t)(t->announced - t->taken);
}

int sk_conn_check_room(skua_conn *c, uint64_t len) {
    const sk_round_trip *t = &c->trip;
    if (len <= room_for(t))
        return 0;
    return sk_peer_fail(&c->peer, &c->failure, SKUA_E_IMPROPER_CONNECTION_STATE, SKUA_PHASE_STATE,
                        t->announced < 0 ? "the body has been ended"
                                         : "more body than the head announced");
}

/* Large files go past our memory, where the stream can do that and nothing frames their pieces. */
static bool by_sendfile(const skua_conn *c, const sk_body_source *s) {
    const sk_channel *ch = c->trip.channel;
    return sk_body_is_file(s) && c->trip.announced > 0 && sk_channel_is_open(ch) &&
           ch->session.stream->ops->sendfile;
}

static int send_some(skua_conn *c, sk_body_source *s, bool last, sk_bound call) {
    sk_round_trip *t = &c->trip;
    bool file = by_sendfile(c, s);
    int rc = file ? 0 : fill(c, s, call);
    if (rc != 0)
        return rc;
    sk_piece piece = {.at = s->at, .left = s->left, .last = last && (file || s->ended)};
    if (file) {
        piece.at = NULL;
        piece.left = (size_t)(s->length - s->taken);
        piece.fd = s->from.fd;
        piece.offset = s->start + s->taken;
    }
    rc = sk_conn_check_room(c, piece.left);
    if (rc != 0)
        return rc;
    int64_t before = t->taken;
    rc = sk_round_trip_send(t, piece, call, &c->failure);
    if (t->taken > before)
        sk_body_take(s, (size_t)(t->taken - before));
    return rc;
}

int sk_conn_send_source(skua_conn *c, sk_body_source *s, bool last, sk_bound call) {
    int rc;
    do
        rc = send_some(c, s, last, call);
    while (rc == 0 && (s->left > 0 || !s->ended));
    return rc;
}

/* ---- the whole ---- */

int sk_conn_start(skua_conn *c, sk_bound call) {
    sk_round_trip *t = &c->trip;
    int rc = ensure_channel(c, call);
    /* Ahead of the head, so that a body that cannot be read spoils no connection. */
    if (rc == 0 && c->source)
        rc = fill(c, c->source, call);
    sk_draft_frame frame = {.origin = &c->origin,
                            .via = sk_route_via(&c->route),
                            .withhold = sk_route_withholds(&c->route, c->settings),
                            .user_agent = c->settings->o.user_agent,
                            .accept_encoding =
                                c->settings->o.decode ? sk_decoder_accepts() : "identity",
                            .body = c->framing};
    if (rc == 0)
        rc = sk_round_trip_write_head(t, c->channel, &frame, &c->failure);
    if (rc == 0 && !c->replayed)
        c->stats.requests++;
    if (rc != 0 || (t->announced != 0 && !t->draft.expects))
        return rc;
    return sk_round_trip_send(t, (sk_piece){0}, call, &c->failure);
}

int sk_conn_transmit(skua_conn *c, sk_bound call) {
    sk_round_trip *t = &c->trip;
    int rc = sk_conn_start(c, call);
    if (rc == 0 && c->source && t->announced != 0)
        rc = sk_conn_send_source(c, c->source, true, call);
    if (c->source)
        sk_body_settle(c->source);
    return sk_conn_is_loss(rc) && t->channel ? sk_conn_hear_out(c, rc, call) : rc;
}

/* ---- once more ---- */

bool sk_conn_may_replay(const skua_conn *c, int code) {
    const sk_round_trip *t = &c->trip;
    bool body = t->announced == 0 || (c->source && sk_body_can_rewind(c->source));
    /* RFC 9112 9.3.1: only what may be done twice, unless nothing of it has been done. */
    return sk_round_trip_died_unanswered(t, code) && body && !c->was_given && !c->replayed &&
           (sk_draft_is_idempotent(&t->draft) || !sk_round_trip_was_sent(t));
}

int sk_conn_replay(skua_conn *c, int code, sk_bound call) {
    skua_error ignored;
    if (c->source && sk_body_rewind(c->source, &ignored) != 0)
        return code;
    sk_trace_line(c->settings, SKUA_TRACE_INFO, "the kept connection was dead: once more");
    sk_conn_close_channel(c);
    sk_round_trip_reset(&c->trip);
    c->replayed = true;
    c->stats.replayed++;
    return sk_conn_transmit(c, call);
}
