/* wire/h1_state.h - the states that h1.c and h1_send.c share; drawn in h1.c. */
#ifndef SK_WIRE_H1_STATE_H
#define SK_WIRE_H1_STATE_H

#include "wire/h1_framing.h"

enum {
    SK_H1_RECV_IDLE, /* client: no response is due */
    SK_H1_RECV_HEAD,
    SK_H1_RECV_LENGTH,
    SK_H1_RECV_CLOSE,
    SK_H1_RECV_CHUNK_LINE,
    SK_H1_RECV_CHUNK_DATA,
    SK_H1_RECV_CHUNK_END,
    SK_H1_RECV_TRAILERS,
    SK_H1_RECV_END, /* complete, and not yet said */
    SK_H1_RECV_DONE,
    SK_H1_RECV_FAILED,
    SK_H1_SWITCHED, /* both directions */
    SK_H1_SEND_IDLE,
    SK_H1_SEND_HEAD,
    SK_H1_SEND_BODY,
    SK_H1_SEND_DONE
};

/* Flags of a machine. Those of one exchange end with it. */
enum {
    SK_H1_EOF = 1,        /* the peer has ended its direction */
    SK_H1_CLOSE = 2,      /* the connection ends with this exchange */
    SK_H1_PEER_10 = 4,    /* server: the request came in HTTP/1.0 */
    SK_H1_SENT_AHEAD = 8, /* client: another request is sent, this response not yet complete */
    SK_H1_SWALLOW = 16,   /* the body being sent must not go out */
    /* of the head being built */
    SK_H1_INTERIM = 32,
    SK_H1_SWITCH = 64,     /* it leads to SWITCHED */
    SK_H1_BODILESS = 128,  /* its status has no body: framing fields are left out of it */
    SK_H1_FRAMED = 256,    /* a field has framed the body */
    SK_H1_SAID_KEEP = 512, /* Connection: keep-alive stands in it */
    SK_H1_SAID_CLOSE = 1024,
    SK_H1_REQUEST_10 = 2048, /* client: the request goes out in HTTP/1.0 */
    SK_H1_OF_HEAD = SK_H1_SWALLOW | SK_H1_INTERIM | SK_H1_SWITCH | SK_H1_BODILESS | SK_H1_FRAMED |
                    SK_H1_SAID_KEEP | SK_H1_SAID_CLOSE | SK_H1_REQUEST_10
};

/* A step that made progress but has nothing to say: take the next. */
#define SK_EV_AGAIN ((sk_event_kind)-1)

/* The client has sent a head: a response is due. */
void sk_h1_request_sent(sk_h1 *m);

#endif
