/* client/response.h - what stands behind a skua_response.
 *
 *     made --interim heads--> made --head--> headed --begin--> reading --END--> done
 *                                                                 |
 *                                                                 +--error--> failed (for good)
 *
 * A body passes through up to three hands, each with a file of its own:
 *
 *     channel --receive--> [decode] --pull--> [ahead] --take--> the caller
 *
 * response_body.c takes it off the channel, response_decode.c undoes a content coding,
 * response_peek.c looks ahead, response_read.c gives it out. What nobody has read when the response
 * is freed is for response_drain.c. */
#ifndef SK_CLIENT_RESPONSE_H
#define SK_CLIENT_RESPONSE_H

#include "client/channel.h"
#include "client/hops.h"
#include "client/timeline.h"
#include "http/head_copy.h"

#include <skua/response.h>

typedef struct sk_interim {
    struct sk_interim *next;
    sk_head_copy head;
} sk_interim;

/* A repeated field whose values somebody asked for in one. */
typedef struct sk_joined {
    struct sk_joined *next;
    const char *name, *value;
} sk_joined;

/* The body on its way, as the channel brings it. */
typedef struct sk_intake {
    sk_channel *channel; /* held while it is read, or waits to be taken over */
    sk_body framing;
    bool switched;    /* what follows the head is not HTTP */
    int64_t expected; /* -1 where it is not known */
    int64_t received;
    int64_t came_with_head; /* on the channel, when the head was complete */
    int64_t keep_alive_s;   /* what the peer said it will wait; -1 */
    bool done;              /* nothing of it is to come */
} sk_intake;

/* What skua_response_read_all has put together. */
typedef struct sk_gathered {
    char *data;
    size_t len, cap;
} sk_gathered;

/* A field whose value is not to be shown in traces. */
typedef struct sk_secret {
    struct sk_secret *next;
    skua_str name;
} sk_secret;

typedef struct sk_decoding sk_decoding;

struct skua_response {
    sk_arena mem; /* this struct is the first block of it */
    sk_head_copy head;
    sk_head_copy trailers;
    sk_interim *interim;
    unsigned interim_count;
    const char *url;
    sk_hops hops;
    int64_t content_length;
    sk_joined *joined;
    sk_intake body;
    sk_decoding *decoding; /* NULL: the body is given out as it comes */
    sk_buf ahead;          /* looked at, not yet given out */
    sk_gathered all;
    sk_timeline timeline;
    /* Of the request. */
    bool idempotent;
    bool upload_cut;         /* not all of its body has left */
    int64_t upload_sent;     /* how much of it has */
    sk_secret *secrets;      /* where there is a trace */
    bool all_secret;         /* there was no memory to keep them */
    struct skua_conn *owned; /* freed with the response: it was made for this one */
    int failed;              /* sticky, and whole in failure */
    /* Both are large, and filled whole if at all: nothing clears them. */
    sk_peer peer; /* from when the body begins */
    skua_error failure;
};

skua_response *sk_response_new(void);
/* 0 or SKUA_E_NOMEM. */
int sk_response_add_interim(skua_response *r, const sk_head *head);
/* to_head: it answers a HEAD request. */
int sk_response_set_head(skua_response *r, const sk_head *head, bool to_head, const sk_settings *s);
int sk_response_set_url(skua_response *r, const skua_str *pieces, size_t count);
void sk_response_add_secret(skua_response *r, skua_str name);
/* A sk_trace_secret_fn. */
bool sk_response_is_secret(const void *response, skua_str name);

/* ---- response_body.c: off the channel ---- */

/* The body comes next on this channel. Where there is none, the response is done at once. */
void sk_response_begin(skua_response *r, sk_channel *ch);
/* Body bytes into buf (len > 0): how many (> 0), 0 at the end, or a failure. Waits. */
ptrdiff_t sk_response_receive(skua_response *r, void *buf, size_t len);
/* The same without waiting: SKUA_E_AGAIN. The channel must be open. */
ptrdiff_t sk_response_receive_now(skua_response *r, void *buf, size_t len);
/* Let go of the channel: as one that may carry another exchange, or closed. */
void sk_response_detach(skua_response *r, bool keep);
/* Fail with r->failure: for good, and with the channel, for what comes next on it can no longer be
 * told. Returns the code. */
int sk_response_fail(skua_response *r);

/* ---- response_decode.c: undoing a content coding ---- */

/* Set r->decoding where the body is to be decoded. 0 or SKUA_E_NOMEM. */
int sk_response_prepare_decoding(skua_response *r, const sk_head *head, const sk_settings *s);
/* As sk_response_receive. */
ptrdiff_t sk_response_decode(skua_response *r, void *buf, size_t len);
bool sk_response_decoded(const skua_response *r); /* all of it, or there is nothing to decode */
void sk_response_stop_decoding(skua_response *r);

/* ---- response_read.c: to the caller ---- */

/* What comes behind that which was looked at ahead; as sk_response_receive. */
ptrdiff_t sk_response_pull(skua_response *r, void *buf, size_t len);
/* Give r->failure out. Returns its code. */
int sk_response_report(const skua_response *r, skua_error *err);

/* ---- response_drain.c: what nobody read ---- */

/* Let go of the channel: as one that can be used again, if dropping what is left of the body makes
 * it one within the bounds that are set for that. */
void sk_response_let_go(skua_response *r);

#endif
