/* client/conn.h - what stands behind a skua_conn. Its states are drawn in conn.c. */
#ifndef SK_CLIENT_CONN_H
#define SK_CLIENT_CONN_H

#include "client/round_trip.h"
#include "client/route.h"
#include "net/tunnel.h"

typedef enum sk_conn_state {
    SK_CONN_IDLE,
    SK_CONN_STARTED, /* a head is being put together */
    SK_CONN_SENT     /* it is ended; a body may follow, and a response is due */
} sk_conn_state;

struct skua_conn {
    const sk_settings *settings;
    sk_settings *own_settings; /* NULL: they are somebody's who outlives it */
    sk_origin origin;
    sk_peer peer;
    sk_bound life;
    skua_stream *given; /* to be used in place of dialling; NULL once it is */
    bool was_given;
    sk_tls_scratch *scratch;
    sk_route route;
    bool tunnel_set;   /* by skua_conn_set_tunnel: what it was made for is the proxy */
    sk_tunnel *tunnel; /* the last that was asked for, with its answer; NULL: none */
    skua_attempt attempts[SK_RESOLVE_MAX]; /* of the last dial */
    int attempt_count;
    sk_channel *channel;   /* where the next request goes; NULL: connect first */
    sk_link channels;      /* all that are open, those included that only a response reads from */
    skua_conn_stats stats; /* bytes: of the channels that are closed */
    double count_from;     /* what the timings count from; -1: each request's own beginning */
    sk_conn_state state;
    sk_round_trip trip;
    sk_buf body; /* of a request that may be sent again, should the kept connection be dead */
    bool repeatable;
    int latched; /* what was wrong with the request; whole in failure */
    skua_error failure;
};

/* How a connection is made where it is not alone: by a client, whose settings it shares, for a call
 * whose time has begun to run. origin is taken over, also on failure. */
typedef struct sk_conn_plan {
    const sk_settings *settings;
    sk_settings *own_settings;
    sk_origin origin;
    skua_stream *given;
    sk_bound life;
    double count_from;
} sk_conn_plan;
skua_conn *sk_conn_make(sk_conn_plan *plan, skua_error *err);

/* What a call that begins now is bound by. */
sk_bound sk_conn_call_bound(const skua_conn *c);
/* A call's timings begin. */
void sk_conn_begin_timeline(skua_conn *c);
/* Back to SK_CONN_IDLE, with nothing latched; the timeline of what was stays. */
void sk_conn_forget(skua_conn *c);
/* Let go of the channel; whoever reads from it goes on. */
void sk_conn_drop_channel(skua_conn *c);
/* Close it. */
void sk_conn_close_channel(skua_conn *c);

/* Make c->channel: dial, or take the given stream; pass a proxy; shake hands. 0 or a complete
 * error. */
int sk_conn_dial(skua_conn *c, sk_bound call, skua_error *err);
/* Serve another origin over the connection there is: only where a proxy forwards to both. False:
 * nothing has changed. */
bool sk_conn_move(skua_conn *c, const skua_url *to);

/* ---- the steps of making it ---- */

/* Whom TLS is spoken to. */
typedef struct sk_conn_leg {
    sk_tls_ctx *tls;
    const char *host;
    const sk_peer *peer;
    sk_tls_scratch *scratch;
} sk_conn_leg;
/* Wrap *stream in TLS and shake hands; on failure *stream is what is to be closed. */
int sk_conn_secure(const skua_conn *c, const sk_conn_leg *leg, sk_bound call, skua_stream **stream,
                   skua_error *err);
/* Ask the proxy at the end of *stream for a tunnel to the origin. Likewise. */
int sk_conn_open_tunnel(skua_conn *c, sk_bound call, skua_stream **stream, skua_error *err);
/* What ends first: the call, or ms from now. */
sk_bound sk_conn_within(const skua_conn *c, sk_bound call, int64_t ms);
/* Wait for a stream that is no channel's yet. 0, SKUA_E_TIMEOUT (unexplained), or an error. */
int sk_conn_wait(const skua_conn *c, skua_stream *stream, unsigned events, sk_bound until,
                 skua_error *err);

#endif
