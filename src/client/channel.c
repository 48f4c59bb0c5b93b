/* client/channel.c - a connected stream with the session on it, shared by count. */
#include "client/channel.h"

#include "base/mem.h"

sk_channel *sk_channel_new(skua_stream *stream, const sk_settings *settings, const sk_peer *peer,
                           sk_bound life) {
    uint32_t room = settings->limits.fields_max;
    sk_channel *ch = sk_zalloc(sizeof *ch + room * sizeof ch->fields[0]);
    if (!ch)
        return NULL;
    sk_list_init(&ch->siblings);
    ch->holders = 1;
    ch->peer = *peer;
    ch->settings = settings;
    ch->life = life;
    ch->head.fields = (sk_fields){.at = ch->fields, .cap = room};
    sk_session_init(&ch->session, stream, SK_CLIENT, &settings->limits);
    ch->session.in = &ch->in;
    ch->session.out = &ch->out;
    return ch;
}

void sk_channel_close(sk_channel *ch) {
    skua_stream *stream = ch->session.stream;
    if (!sk_channel_is_open(ch))
        return;
    /* RFC 8446 6.1: MUST send close_notify before closing. As far as it goes without waiting. */
    stream->ops->shutdown(stream, NULL);
    stream->ops->close(stream);
    ch->session.stream = NULL;
    ch->settings = NULL;
    sk_buf_free(&ch->in);
    sk_buf_free(&ch->out);
    sk_list_remove(&ch->siblings);
}

void sk_channel_release(sk_channel *ch) {
    if (!ch || --ch->holders > 0)
        return;
    sk_channel_close(ch);
    sk_free(ch);
}

sk_bound sk_channel_within(const sk_channel *ch, sk_bound call, int64_t ms) {
    return sk_bound_first(call, sk_bound_in(sk_clock_now(ch->settings->o.clock), ms));
}

sk_bound sk_channel_bound(const sk_channel *ch) {
    return sk_channel_within(ch, ch->life, ch->settings->o.timeout_ms);
}

int sk_channel_wait(sk_channel *ch, unsigned events, sk_bound until, skua_error *err) {
    const skua_clock *clock = ch->settings->o.clock;
    /* A peer that always has another byte makes every wait succeed: the bound is looked at here. */
    if (until.at != SK_NEVER && sk_clock_now(clock) >= until.at)
        return SKUA_E_TIMEOUT;
    return sk_session_wait(&ch->session, events, clock, until.at, err);
}

bool sk_channel_is_quiet(sk_channel *ch) {
    /* A read through the session rather than a look at the socket: TLS may have something of its
     * own to say (a session ticket) without the peer having said anything. */
    sk_event ev = {.head = &ch->head};
    skua_error ignored;
    sk_session_readable(&ch->session);
    return sk_session_next(&ch->session, &ev, &ignored) == SKUA_E_AGAIN;
}
