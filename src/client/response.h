/* client/response.h - what stands behind a skua_response.
 *
 *     made --interim heads--> made --head--> headed --begin--> reading --END--> done
 *                                                                 |
 *                                                                 +--error--> failed (for good)
 */
#ifndef SK_CLIENT_RESPONSE_H
#define SK_CLIENT_RESPONSE_H

#include "client/channel.h"
#include "client/timeline.h"

#include <skua/response.h>

/* A head or trailer section, copied out of the input: strings are terminated. */
typedef struct sk_head_copy {
    int status, version;
    const char *reason;
    skua_field *fields; /* ends with a NULL name */
    size_t count;
} sk_head_copy;

/* 0 or SKUA_E_NOMEM; all of it is one block of the arena. */
int sk_head_copy_make(sk_head_copy *to, sk_arena *mem, const sk_head *from);

typedef struct sk_interim {
    struct sk_interim *next;
    sk_head_copy head;
} sk_interim;

/* A repeated field whose values somebody asked for in one. */
typedef struct sk_joined {
    struct sk_joined *next;
    const char *name, *value;
} sk_joined;

/* The body on its way. */
typedef struct sk_intake {
    sk_channel *channel; /* held while it is read */
    sk_body framing;
    bool switched;    /* what follows the head is not HTTP */
    int64_t expected; /* -1 where it is not known */
    int64_t received;
    bool done;
} sk_intake;

/* What skua_response_read_all has put together. */
typedef struct sk_gathered {
    char *data;
    size_t len, cap;
} sk_gathered;

struct skua_response {
    sk_arena mem;
    sk_head_copy head;
    sk_head_copy trailers;
    sk_interim *interim;
    unsigned interim_count;
    const char *url;
    int64_t content_length;
    sk_joined *joined;
    sk_intake body;
    sk_gathered all;
    sk_timeline timeline;
    struct skua_conn *owned; /* freed with the response: it was made for this one */
    int failed;              /* sticky, and whole in failure */
    skua_error failure;
};

skua_response *sk_response_new(void);
/* 0 or SKUA_E_NOMEM. */
int sk_response_add_interim(skua_response *r, const sk_head *head);
/* to_head: it answers a HEAD request. */
int sk_response_set_head(skua_response *r, const sk_head *head, bool to_head);
int sk_response_set_url(skua_response *r, const char *url);

/* The body comes next on this channel. Where there is none, the response is done at once. */
void sk_response_begin(skua_response *r, sk_channel *ch);
/* Let go of the channel, reading and dropping what has arrived if that makes it usable again. */
void sk_response_let_go(skua_response *r);

#endif
