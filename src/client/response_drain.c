/* client/response_drain.c - what nobody has read of a body when its response is freed: dropped, if
 * that is cheaper than another connection. */
#include "client/response.h"

#define PIECE 8192

/* Can the channel carry another exchange, and is no more left than may be dropped? */
static bool is_worth_it(const skua_response *r) {
    const sk_channel *ch = r->body.channel;
    bool wanted = ch->holders > 1 && !r->owned; /* by the connection object */
    if (!wanted || r->body.framing == SK_BODY_CLOSE)
        return false;
    int64_t left = r->body.expected - r->body.received;
    return r->body.expected < 0 || left <= (int64_t)ch->settings->o.drain_max_bytes;
}

/* Receive what is left and drop it. True at the end of the body; false also where it has failed. */
static bool drain(skua_response *r) {
    sk_channel *ch = r->body.channel;
    const skua_conn_opts *o = &ch->settings->o;
    sk_bound until = sk_channel_within(ch, sk_channel_bound(ch), o->drain_timeout_ms);
    size_t left = o->drain_max_bytes;
    char dropped[PIECE];
    sk_session_readable(&ch->session);
    while (!r->body.done) {
        /* A byte more than may be dropped: the end is seen only where one was asked for. */
        ptrdiff_t n = sk_response_receive_now(r, dropped, left < PIECE ? left + 1 : PIECE);
        if (n == SKUA_E_AGAIN)
            n = sk_channel_wait(ch, SKUA_WANT_READ, until, &r->failure);
        if (n < 0 || (size_t)n > left)
            return false;
        left -= (size_t)n;
    }
    return true;
}

static void count(skua_conn_stats *stats, bool kept, int64_t dropped) {
    if (!kept) {
        stats->dropped++;
    } else if (dropped > 0) { /* else all but the end itself had been read */
        stats->drained++;
        stats->drained_bytes += (uint64_t)dropped;
    }
}

void sk_response_let_go(skua_response *r) {
    sk_channel *ch = r->body.channel;
    if (!ch)
        return;
    if (r->body.done ||
        !sk_channel_is_open(ch)) { /* switched, or closed by its connection object */
        sk_response_detach(r, false);
        return;
    }
    skua_conn_stats *stats = ch->stats;
    int64_t before = r->body.received;
    bool kept = is_worth_it(r) && drain(r) && sk_channel_is_open(ch);
    if (!kept)
        sk_response_detach(r, false);
    count(stats, kept, r->body.received - before);
}
