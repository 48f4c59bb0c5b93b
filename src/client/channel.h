/* client/channel.h - a connected stream with the session on it: what a connection object and the
 * responses that came through it share.
 *
 * The connection object holds the channel it sends on, a response the one it reads its body from.
 * They are the same until the channel cannot carry another exchange; the connection object then
 * lets go of it, and the response reads on alone, as in http.client. Counted; one thread. */
#ifndef SK_CLIENT_CHANNEL_H
#define SK_CLIENT_CHANNEL_H

#include "base/list.h"
#include "client/bound.h"
#include "client/peer.h"
#include "client/settings.h"
#include "http/session.h"

typedef struct sk_channel {
    sk_link siblings; /* all that came from one connection object */
    unsigned holders;
    sk_session session;
    sk_buf in, out;
    sk_peer peer;
    const sk_settings *settings; /* while it is open */
    skua_conn_stats *stats;      /* the connection object's; while it is open */
    sk_bound life;               /* of the connection object */
    int64_t best_before;         /* idle for longer, it is not used again; SK_NEVER */
    bool reused;                 /* an exchange has been completed on it */
    const void *reader;          /* the response whose body comes next; NULL: none is unread */
    sk_head head;                /* of the latest event */
    sk_field fields[];           /* its room */
} sk_channel;

/* Takes the stream; on NULL (no memory) it stays the caller's. Held once. */
sk_channel *sk_channel_new(skua_stream *stream, const sk_settings *settings, const sk_peer *peer,
                           sk_bound life, skua_conn_stats *stats);
static inline sk_channel *sk_channel_hold(sk_channel *ch) {
    ch->holders++;
    return ch;
}
/* The last to let go closes it. NULL is fine. */
void sk_channel_release(sk_channel *ch);
/* Close the stream; whoever still holds the channel finds it closed. */
void sk_channel_close(sk_channel *ch);
static inline bool sk_channel_is_open(const sk_channel *ch) {
    return ch->session.stream != NULL;
}

/* Give the stream away, what was read ahead of it in front, as one that is not HTTP's any more: the
 * channel is closed then. NULL: no memory, and nothing has changed. */
skua_stream *sk_channel_take_stream(sk_channel *ch);

/* What a call that begins now is bound by, whatever it does. */
sk_bound sk_channel_bound(const sk_channel *ch);
/* The same, and ms from now. */
sk_bound sk_channel_within(const sk_channel *ch, sk_bound call, int64_t ms);
/* Wait for SKUA_WANT_*, and for what is queued to be sent. 0, SKUA_E_TIMEOUT (unexplained), or an
 * error. */
int sk_channel_wait(sk_channel *ch, unsigned events, sk_bound until, skua_error *err);
/* An exchange is complete, and another may follow. peer_s: how many seconds the peer will wait for
 * it, by its own words; -1 where it said nothing. */
void sk_channel_keep(sk_channel *ch, int64_t peer_s);
/* Between exchanges: has it not been idle for too long, and has the peer neither closed nor said
 * anything? Counts why not. */
bool sk_channel_is_fresh(sk_channel *ch);

#endif
