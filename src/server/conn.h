/* server/conn.h - one connection of a server. */
#ifndef SK_SERVER_CONN_H
#define SK_SERVER_CONN_H

#include "base/cold.h"
#include "net/tcp.h"
#include "server/worker.h"
#include "sys/socket.h"

/* Drawn in conn.c. */
typedef enum sk_sconn_state {
    SK_SCONN_PROXY,
    SK_SCONN_HANDSHAKE,
    SK_SCONN_HEAD,
    SK_SCONN_BODY,
    SK_SCONN_DEFERRED,
    SK_SCONN_FILE,
    SK_SCONN_ENDING,
    SK_SCONN_LINGER
} sk_sconn_state;

/* What the timer is set for. */
typedef enum sk_sconn_timer {
    SK_SCONN_NO_TIMER,
    SK_SCONN_TIMER_TLS,
    SK_SCONN_TIMER_HEADER,
    SK_SCONN_TIMER_IDLE,
    SK_SCONN_TIMER_BODY,
    SK_SCONN_TIMER_WRITE,
    SK_SCONN_TIMER_LINGER,
    SK_SCONN_TIMER_HEARTBEAT,
    SK_SCONN_TIMER_YIELD /* others first */
} sk_sconn_timer;

/* What only some connections have. */
typedef struct sk_sconn_extra {
    char client[SK_ADDR_TEXT]; /* its address, once asked for */
    sk_census_place *place;    /* NULL: its address is not counted */
    const sk_route *route;     /* whose reply leaves, after its exchange, by limits of its own */
    int64_t pace_began;        /* the bytes of a body, either way, since then */
    int64_t pace_moved;        /* so many had moved before */
    int64_t taken;             /* by the peer, when its time to take more began */
} sk_sconn_extra;

struct sk_sconn {
    sk_session session;
    sk_tcp tcp;
    sk_watch watch;
    sk_timer timer;
    sk_link link; /* in the worker's list */
    sk_worker *worker;
    sk_exchange *exchange; /* of the request being worked on */
    sk_buf in;             /* left over from the last turn */
    sk_buf out;
    sk_sconn_extra *extra; /* NULL until something is needed of it */
    uint8_t state;         /* sk_sconn_state */
    uint8_t timer_kind;
    bool blocked : 1; /* the stream has not taken all of the output */
    bool served : 1;  /* it has sent a request */
    bool linger : 1;  /* the peer may still be sending */
    bool cut : 1;     /* its last reply is not whole, and must not look so */
    bool yield : 1;
    bool is_tls : 1;
    bool watched : 1;
    bool counted : 1; /* in the census */
    bool vouched : 1; /* by a proxy that we trust, in a PROXY header */
    uint32_t dropped; /* bytes, while lingering */
};
/* What an idle connection costs without TLS, the kernel's part aside: 288 bytes with the
 * allocator's own. */
_Static_assert(sizeof(struct sk_sconn) + sizeof(size_t) <= 288,
               "an idle connection has become too large");

/* Somebody who was accepted. */
typedef struct sk_arrival {
    int fd;
    sk_tls_ctx *tls;        /* NULL: plain */
    sk_census_place *place; /* NULL: not counted */
    bool proxied;           /* a PROXY header comes first */
} sk_arrival;

/* Take over descriptor and place, and let the connection have its first turn. SKUA_E_NOMEM: they
 * are closed, and given back. */
int sk_sconn_open(sk_worker *w, const sk_arrival *a);
/* The same over any stream, which the connection then owns (on failure it is closed). It has no
 * turn yet. NULL: no memory. */
sk_sconn *sk_sconn_open_stream(sk_worker *w, skua_stream *stream);
/* Do what can be done now. The connection may be gone afterwards. */
void sk_sconn_turn(sk_sconn *c);
/* Close unless a reply is under way. */
void sk_sconn_stop(sk_sconn *c);
/* The worker drains: say so where it can still be said, and wait no longer than its grace for a
 * request. */
void sk_sconn_drain(sk_sconn *c);
/* Is there a request, or a reply that has not left? */
bool sk_sconn_is_under_way(const sk_sconn *c);
/* Close at once. */
void sk_sconn_close(sk_sconn *c);
/* Give a connection's memory back for good. */
void sk_sconn_free_spares(sk_worker *w);

/* The handler is writing much: send what is queued, as far as the peer takes it. 0 or an error. */
int sk_sconn_relieve(sk_sconn *c);
/* See that the loop's first watch has been told of all that happened before the request under way
 * was begun to be sent. What a request may not miss is what its client could know of. */
void sk_sconn_catch_up(sk_sconn *c);
/* "192.0.2.1:49152", "unix:"; "" where it is not known. */
const char *sk_sconn_client(sk_sconn *c);
/* Begin a line of the error log with whose a request is: "192.0.2.1:49152 5f0c...: GET /path: ". */
void sk_request_put_whose(sk_line *line, skua_request *q);
/* Say what became of the request under way, or of the connection: one line of the error log, with
 * whose it is in front. */
SK_COLD void sk_sconn_tell(sk_sconn *c, skua_log_level level, const char *fmt, ...)
    SKUA_PRINTF(3, 4);

#endif
