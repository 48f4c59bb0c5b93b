/* wire/event.h - what a wire machine reports, the same for every version of HTTP. */
#ifndef SK_WIRE_EVENT_H
#define SK_WIRE_EVENT_H

#include "wire/fields.h"

#include <skua/error.h>

/* Which end this machine is. A client sends requests and reads responses. */
typedef enum sk_role { SK_CLIENT, SK_SERVER } sk_role;

/* How the end of a body is found. */
typedef enum sk_body {
    SK_BODY_NONE,   /* there is none */
    SK_BODY_LENGTH, /* Content-Length */
    SK_BODY_CHUNKED,
    SK_BODY_CLOSE /* a response that ends with the connection */
} sk_body;

/* A request or response head. Strings are views into the machine's input. */
typedef struct sk_head {
    skua_str method, target; /* requests */
    int status;              /* responses */
    skua_str reason;
    int version; /* 10, 11 */
    sk_fields fields;
    sk_body body;
    int64_t content_length; /* with SK_BODY_LENGTH; for a response to HEAD, what it announced; -1 */
    skua_str host;          /* requests: the authority that counts (absolute form wins over Host) */
    bool keep_alive;        /* the peer is willing to go on after this message */
    bool expect_continue;   /* a request that waits for 100 */
    bool upgrade;           /* Connection: upgrade with an Upgrade field, or CONNECT */
} sk_head;

typedef enum sk_event_kind {
    SK_EV_NEED,     /* nothing more in the input: read and feed */
    SK_EV_INFO,     /* an interim response (1xx); head */
    SK_EV_HEAD,     /* a request, or a final response; head */
    SK_EV_DATA,     /* a span of body; data */
    SK_EV_TRAILERS, /* head.fields are the trailer fields; only where there are some */
    SK_EV_END,      /* the message is complete */
    SK_EV_UPGRADE,  /* 101, or 2xx to CONNECT; head; all further input is another protocol's */
    SK_EV_PAUSED,   /* input waits for a cycle that has not begun: see sk_h1_cycle */
    SK_EV_CLOSED,   /* the peer ended the connection between messages */
    SK_EV_ERROR     /* sticky; error and what */
} sk_event_kind;

typedef struct sk_event {
    sk_event_kind kind;
    sk_head *head; /* the caller's, with room for fields; set it before the first next() */
    skua_str data;
    int error;        /* SKUA_E_* */
    const char *what; /* static text: what was wrong */
} sk_event;

#endif
