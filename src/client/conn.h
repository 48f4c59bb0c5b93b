/* client/conn.h - what stands behind a skua_conn. Its states are drawn in conn.c. */
#ifndef SK_CLIENT_CONN_H
#define SK_CLIENT_CONN_H

#include "client/body.h"
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
    sk_draft_body framing;
    sk_body_source *source; /* of the body, where it is not put together by steps; NULL: none */
    sk_body_source body;    /* is that of a request of this object alone */
    sk_buf spare;           /* a copy of a body whose owner may drop it, to be sent once more */
    bool replayed;
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

/* ---- conn.c: the states ---- */

/* Go from SK_CONN_IDLE to SK_CONN_STARTED. */
void sk_conn_begin(skua_conn *c);
/* Refuse a call in a state that is not its own. */
int sk_conn_refuse(skua_conn *c, skua_error *err, int code);
/* Keep what c->failure says, once. Returns rc. */
int sk_conn_latch(skua_conn *c, int rc);
/* Report what c->failure says, and be SK_CONN_IDLE: without the connection, where part of the
 * failed request may be on it. Returns the code. */
int sk_conn_give_up(skua_conn *c, skua_error *err);

/* ---- conn_request.c: a request at once ---- */

typedef struct sk_conn_message {
    const char *method, *target;
    const skua_field *fields;
    const skua_body *body;  /* NULL: none */
    sk_body_source *source; /* in place of body: borrowed until the request is forgotten */
} sk_conn_message;
int sk_conn_request(skua_conn *c, const sk_conn_message *q, skua_error *err);

/* ---- conn_send.c: onto the wire. All fail into c->failure. ---- */

/* Did the peer go away, so that it may have said why? */
bool sk_conn_is_loss(int code);
/* Find a connection, and send the head, framed by c->framing, unless it leaves with a body. */
int sk_conn_start(skua_conn *c, sk_bound call);
/* Does the head leave room for so many more bytes of body? */
int sk_conn_check_room(skua_conn *c, uint64_t len);
/* Send all that a source holds; last: it is the body's end. */
int sk_conn_send_source(skua_conn *c, sk_body_source *s, bool last, sk_bound call);
/* Start, and send c->source. */
int sk_conn_transmit(skua_conn *c, sk_bound call);
/* The peer went away while it was sent to. What it has left behind counts: 0 for an answer,
 * SKUA_E_TLS for an alert that says why; else the loss. */
int sk_conn_hear_out(skua_conn *c, int loss, sk_bound call);
/* The request failed with that code because a kept connection was dead, and may be sent again. */
bool sk_conn_may_replay(const skua_conn *c, int code);
/* Send it once more, on a new connection. */
int sk_conn_replay(skua_conn *c, int code, sk_bound call);

#endif
