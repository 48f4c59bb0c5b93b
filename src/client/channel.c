/* client/channel.c - a connected stream with the session on it, shared by count. */
#include "client/channel.h"

#include "base/mem.h"
#include "client/trace.h"
#include "net/read_ahead.h"

/* How long a connection idles is a matter of seconds. */
static int64_t idle_until(const sk_settings *s, int64_t ms) {
    return sk_deadline(sk_clock_now_coarse(s->o.clock), ms);
}

sk_channel *sk_channel_new(skua_stream *stream, const sk_settings *settings, const sk_peer *peer,
                           sk_bound life, skua_conn_stats *stats) {
    uint32_t room = settings->limits.fields_max;
    sk_channel *ch = sk_zalloc(sizeof *ch + room * sizeof ch->fields[0]);
    if (!ch)
        return NULL;
    sk_list_init(&ch->siblings);
    ch->holders = 1;
    ch->peer = *peer;
    ch->settings = settings;
    ch->stats = stats;
    ch->life = life;
    ch->best_before = idle_until(settings, settings->o.keep_alive_timeout_ms);
    ch->head.fields = (sk_fields){.at = ch->fields, .cap = room};
    sk_session_init(&ch->session, stream, SK_CLIENT, &settings->limits);
    ch->session.in = &ch->in;
    ch->session.out = &ch->out;
    return ch;
}

/* The stream is gone; whoever still holds the channel finds it closed. */
static void forget_stream(sk_channel *ch) {
    ch->session.stream = NULL;
    ch->settings = NULL;
    ch->stats->sent_bytes += (uint64_t)ch->session.sent;
    ch->stats->received_bytes += (uint64_t)ch->session.received;
    ch->stats = NULL;
    sk_buf_free(&ch->in);
    sk_buf_free(&ch->out);
    sk_list_remove(&ch->siblings);
}

void sk_channel_close(sk_channel *ch) {
    skua_stream *stream = ch->session.stream;
    if (!sk_channel_is_open(ch))
        return;
    /* RFC 8446 6.1: MUST send close_notify before closing. As far as it goes without waiting. */
    stream->ops->shutdown(stream, NULL);
    stream->ops->close(stream);
    forget_stream(ch);
}

skua_stream *sk_channel_take_stream(sk_channel *ch) {
    skua_stream *stream = ch->session.stream;
    /* It may outlive the settings that its lines are told by. */
    if (sk_tls_is(stream))
        sk_tls_tell_to(stream, NULL, NULL);
    if (sk_buf_len(&ch->in) > 0)
        stream = sk_read_ahead_new(stream, sk_buf_str(&ch->in));
    if (stream)
        forget_stream(ch);
    return stream;
}

void sk_channel_release(sk_channel *ch) {
    if (!ch || --ch->holders > 0)
        return;
    sk_channel_close(ch);
    sk_free(ch);
}

sk_bound sk_channel_within(const sk_channel *ch, sk_bound call, int64_t ms) {
    return sk_bound_first(call, sk_bound_in(ch->settings->o.clock, ms));
}

sk_bound sk_channel_bound(const sk_channel *ch) {
    return sk_channel_within(ch, ch->life, ch->settings->o.timeout_ms);
}

int sk_channel_wait(sk_channel *ch, unsigned events, sk_bound until, skua_error *err) {
    int left = sk_bound_left_roughly(ch->settings->o.clock, until);
    /* A peer that always has another byte makes every wait succeed: the bound is looked at here. */
    return left == 0 ? SKUA_E_TIMEOUT : sk_session_wait(&ch->session, events, left, err);
}

/* ---- between exchanges ---- */

void sk_channel_keep(sk_channel *ch, int64_t peer_s) {
    int64_t ms = ch->settings->o.keep_alive_timeout_ms;
    /* A second less than the peer waits, so that it does not close while a request is on its way.
     */
    int64_t peer_ms = (peer_s - 1) * 1000;
    if (peer_s >= 0 && (ms == SKUA_FOREVER || peer_ms < ms))
        ms = peer_ms;
    ch->best_before = idle_until(ch->settings, ms);
    ch->reused = true;
    ch->session.patient = true; /* what that takes to set up pays from the second exchange on */
}

static bool is_quiet(sk_channel *ch) {
    /* A read through the session rather than a look at the socket: TLS may have something of its
     * own to say (a session ticket) without the peer having said anything. */
    skua_error ignored;
    sk_session_readable(&ch->session);
    return sk_buf_len(&ch->in) == 0 &&
           sk_session_read_ahead(&ch->session, &ignored) == SKUA_E_AGAIN;
}

bool sk_channel_is_fresh(sk_channel *ch) {
    bool aged =
        ch->best_before != SK_NEVER && sk_clock_now_coarse(ch->settings->o.clock) > ch->best_before;
    if (!aged && is_quiet(ch))
        return true;
    *(aged ? &ch->stats->aged : &ch->stats->stale) += 1;
    sk_trace_line(ch->settings, SKUA_TRACE_INFO, "the connection to %s %s", ch->peer.target,
                  aged ? "has been idle for too long" : "has ended, or speaks unasked");
    return false;
}
