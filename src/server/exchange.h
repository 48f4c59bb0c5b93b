/* server/exchange.h - one request with its reply, as the server keeps them: what stands behind
 * skua_request and skua_reply.
 *
 *     head parsed -> (body gathered) -> handler -> (deferred) -> (file pumped) -> reset, used again
 *
 * An exchange belongs to a worker, which lends it to a connection while a request is worked on. A
 * connection at rest has none. */
#ifndef SK_SERVER_EXCHANGE_H
#define SK_SERVER_EXCHANGE_H

#include "base/arena.h"
#include "http/head_copy.h"
#include "http/session.h"
#include "net/loop.h"
#include "server/open_file.h"
#include "server/path.h"

#include <skua/reply.h>
#include <skua/request.h>

typedef struct sk_sconn sk_sconn; /* server/conn.h */
typedef struct sk_exchange sk_exchange;
typedef struct sk_route sk_route;
typedef struct sk_callbacks sk_callbacks;       /* server/hook.h */
typedef struct sk_deferral sk_deferral;         /* server/deferral.h */
typedef struct sk_reply_coding sk_reply_coding; /* server/reply_coding.h */

struct skua_request {
    sk_head head; /* views into the input, or into the arena once sk_request_keep was called */
    sk_path path;
    skua_str query;        /* ptr NULL: there is none */
    const sk_route *route; /* what the router chose; NULL: none */
    int refused;           /* the status that goes out in place of a handler's, behind the body */
    const char **params;   /* the values of the route's names, in their order */
    uint32_t rest;         /* the segment that the last of them begins with, if it is a rest */
    sk_buf body;
    size_t body_read;      /* of it, by skua_request_read */
    bool streamed;         /* the body does not come into `body` */
    skua_field *fields;    /* terminated copies, once asked for */
    uint64_t serial;       /* of all its worker has seen */
    const char *id;        /* once asked for, or deferred */
    skua_form *query_form; /* once asked for, as is the next */
    skua_form *form;
    sk_head_copy trailers; /* of the body; no fields before its end, or without them */
    sk_arena trailer_mem;  /* where a reply is deferred the exchange's own is another thread's */
};

/* Which fields were given that the server would else add by itself. */
enum { SK_GIVEN_DATE = 1, SK_GIVEN_SERVER = 2, SK_GIVEN_TYPE = 4 };

/* FRESH -> NAMED (a status, no head yet) -> OPEN (head is out) -> DONE.
 * An interim response goes FRESH -> NAMED -> FRESH. */
typedef enum sk_reply_state {
    SK_REPLY_FRESH,
    SK_REPLY_NAMED,
    SK_REPLY_OPEN,
    SK_REPLY_DONE
} sk_reply_state;

/* Fields waiting for their head, and trailers for their end. */
typedef struct sk_field_list {
    skua_field *at;
    uint32_t count;
    uint32_t cap;
} sk_field_list;

/* A piece of a body: text, then bytes of the reply's file. */
typedef struct sk_file_piece {
    skua_str text;
    int64_t at;
    int64_t len; /* 0: it is text alone */
} sk_file_piece;

struct skua_reply {
    sk_reply_state state;
    int status;      /* given by send_response; of an interim one while that is NAMED */
    int error;       /* latched */
    uint8_t framing; /* sk_body, once the head is out */
    bool interim;
    bool hooking;     /* the hooks are being called */
    bool hooked;      /* they have seen it */
    bool unhooked;    /* one of them failed: what is said instead they do not see */
    bool paging;      /* the program's error page is being asked for */
    bool poured;      /* the body comes from a source */
    bool close;       /* the connection ends with it */
    bool whole;       /* a one-call reply: it frames itself */
    bool from_file;   /* what it says is of a file: it goes out as it is */
    unsigned given;   /* SK_GIVEN_* */
    uint32_t skipped; /* fields that wait for the reply behind an interim one */
    sk_field_list fields;
    sk_field_list trailers;
    sk_reply_coding *coding; /* what is written is compressed; NULL: it is not */
    int64_t body_bytes;
    int file;             /* the body's rest, or -1 */
    sk_open_file *shared; /* whose descriptor that is; NULL: the reply's own */
    int64_t file_at;
    int64_t file_left;
    const sk_file_piece *pieces; /* that follow */
    uint32_t pieces_left;
};

/* What is noted of a request, to be told with its reply. Strings are the exchange's; NULL: none. */
typedef struct sk_access_note {
    bool due; /* and not told yet */
    int version;
    int64_t begun_us;
    const char *method;
    const char *target;
    const char *request_id;
    const char *referer;
    const char *user_agent;
} sk_access_note;

/* The same for another exchange of the same request; what there is no memory for is left out. */
void sk_access_note_copy(sk_access_note *to, const sk_access_note *from, sk_arena *arena);

struct sk_exchange {
    skua_request request;
    skua_reply reply;
    sk_arena arena;
    sk_sconn *conn;          /* not to be used while it is deferred: see there */
    sk_callbacks *callbacks; /* the server's; NULL: none */
    sk_deferral *deferral;   /* NULL: the reply is complete when the handler returns */
    sk_access_note note;     /* only where somebody asks: see skua_access */
    int64_t body_bytes;      /* of the request, where it is streamed */
    sk_timer timer;          /* of the route's exchange_timeout_ms; not armed where it has none */
    int64_t first_byte;      /* of the request: how many the connection had received before it */
    sk_exchange *next;       /* in the worker's list of spare ones */
    sk_field fields[];       /* room for head.fields */
};

static inline sk_exchange *sk_exchange_of_request(const skua_request *q) {
    return (sk_exchange *)(void *)((char *)(uintptr_t)q - offsetof(sk_exchange, request));
}
static inline sk_exchange *sk_exchange_of_reply(const skua_reply *a) {
    return (sk_exchange *)(void *)((char *)(uintptr_t)a - offsetof(sk_exchange, reply));
}

/* Free an exchange that no worker keeps. */
void sk_exchange_free(sk_exchange *x);
/* Copy what the head's views see into the arena: the input is about to change. 0 or SKUA_E_NOMEM.
 */
int sk_request_keep(skua_request *q);
/* Copy the fields behind a body. 0 or SKUA_E_NOMEM. */
int sk_request_take_trailers(skua_request *q, const sk_head *from);
/* Give back what is not the arena's. */
void sk_request_release(skua_request *q);

/* ---- for handlers of our own, beside the public calls ---- */

/* Memory that lasts as long as the exchange. */
static inline sk_arena *sk_request_arena(const skua_request *q) {
    return &sk_exchange_of_request(q)->arena;
}
/* What the "{name...}" at the end of the route took: decoded, dot segments removed, terminated,
 * without the "/" before it; "" when it took nothing. NULL when one of its segments holds an
 * encoded "/": such a path names no file. Empty segments ("a//b") are still in it. */
const char *sk_request_rest(const skua_request *q);

/* Reply with part of a file as the body, in place of skua_reply_end_headers and
 * skua_reply_write: after skua_reply_send_response and the fields; Content-Length is added. The
 * reply owns fd from here on, also on failure; where it is the descriptor of `shared` (else NULL),
 * it becomes one more of that one's users. A file that has become shorter ends the connection, one
 * that has grown is sent to the announced length.
 * Returns: as skua_reply_end_headers. */
int sk_reply_file(skua_reply *a, int fd, sk_open_file *shared, int64_t offset, int64_t length);
/* The same with several parts of it, text between them. The pieces are the arena's. */
int sk_reply_file_pieces(skua_reply *a, int fd, sk_open_file *shared, const sk_file_piece *pieces,
                         uint32_t count);

#endif
