/* server/deferral.h - a reply that is finished later than its handler returns, and where it may be
 * by another thread.
 *
 * Two threads then have to do with one exchange. The finisher owns request and reply; the worker
 * owns the connection, and may lose it at any time. They meet here, under the lock:
 *
 *     finisher --framed bytes, "finished"--> out --collect--> worker: the connection's output
 *     finisher <--------- body bytes, "gone" --------------- worker
 *
 *     LIVE (conn set) --finish--> FINISHED --collect--> over: the exchange is the worker's again
 *       | the connection closes      | the connection closes
 *       v                            v
 *     GONE --finish--> freed       freed
 *
 * The worker is told by a call posted to its loop: at most one is under way at a time, and only
 * while the connection lives, which keeps the loop alive. */
#ifndef SK_SERVER_DEFERRAL_H
#define SK_SERVER_DEFERRAL_H

#include "net/loop.h"
#include "net/tls.h"
#include "server/exchange.h"
#include "sys/thread.h"

/* Bytes that wait on either way before whoever brings them has to wait. */
#define SK_DEFERRAL_MARK (256u << 10)

/* A request's body on its way to the handler, where that does not take it whole. */
typedef struct sk_deferral_body {
    bool wanted; /* by the handler: 100-continue is due, and reading may begin */
    bool paused;
    bool resumed;             /* while its callback runs, which may be about to ask for a pause */
    bool over;                /* its end has come, or never will */
    int failed;               /* why it never will */
    skua_request_body_fn *fn; /* NULL: it gathers in `in` */
    void *user;
    sk_buf in;
} sk_deferral_body;

/* What the finisher has called about his reply. */
typedef struct sk_deferral_event {
    skua_reply_event_fn *fn; /* NULL: nothing */
    void *user;
} sk_deferral_event;

/* A body that is taken from a function on the loop. */
typedef struct sk_deferral_source {
    skua_reply_source_fn *fn; /* NULL: there is none */
    void (*done)(void *user);
    void *user;
    bool dry;     /* it had nothing */
    bool resumed; /* while it is asked, and may be about to say so */
} sk_deferral_source;

struct sk_deferral {
    sk_mutex lock;
    sk_cond moved; /* told when bytes have moved either way, or the connection has gone */
    sk_call call;
    sk_exchange *exchange;
    sk_sconn *conn; /* NULL: gone */
    bool posted;    /* the call is under way */
    bool finished;
    bool pooled;    /* the finisher is a thread of the pool: it waits rather than be refused */
    bool *kept;     /* while a handler of the pool runs: it means to finish later */
    bool told_full; /* the finisher was refused, and hears when there is room */
    bool told_gone; /* on_gone was called */
    bool telling;   /* one of the two below is being called, by this thread */
    sk_thread teller;
    int result; /* of the handler */
    sk_buf out; /* framed, to be moved to the connection's output */
    sk_deferral_event on_room;
    sk_deferral_event on_gone;
    sk_callbacks *callbacks; /* held */
    const char *client;      /* its address */
    sk_tls_peer *peer;       /* its certificate; NULL: it has shown none */
    bool is_tls;
    sk_deferral_body body;
    sk_deferral_source source;
    int64_t heartbeat_ms; /* of an event stream; 0: none */
};

/* Have the reply finished later. 0, or SKUA_E_NOMEM. In the loop's thread. */
int sk_deferral_begin(sk_exchange *x);
/* The finisher is done with request and reply. Any thread. */
void sk_deferral_finish(sk_deferral *d, int result);
/* Call the finisher back: let go of the lock, and take it again. What the callbacks use may go as
 * soon as skua_reply_finish returns, so that waits for them. */
void sk_deferral_unlock_to_tell(sk_deferral *d);
void sk_deferral_lock_again(sk_deferral *d);
/* Have the connection look at the deferral soon. With the lock held. */
void sk_deferral_post(sk_deferral *d);

/* ---- in the loop's thread ---- */

/* Is more of the body to be read now? */
bool sk_deferral_wants_body(sk_deferral *d);
/* Hand over a piece (len > 0), the end (0) or why there is none (negative). */
void sk_deferral_give_body(sk_deferral *d, const char *data, ptrdiff_t len);
/* The connection goes: of a body that has not ended there will be no more. */
void sk_deferral_break_body(sk_deferral *d);

/* Move what is to be sent to `out`. Is the reply finished? */
bool sk_deferral_collect(sk_deferral *d, sk_buf *out);
/* Is there a source to be asked now? If it then has nothing, say so. */
bool sk_deferral_has_source(sk_deferral *d);
void sk_deferral_source_dry(sk_deferral *d);
/* It is not asked any more: tell whose it is, once. */
void sk_deferral_leave_source(sk_deferral *d);
/* The source has come to its end, or broken off with a code: the reply is finished. */
void sk_deferral_source_over(sk_deferral *d, int result);
bool sk_deferral_is_event_stream(sk_deferral *d);
/* After how long without a byte a comment is due; -1: never. */
int64_t sk_deferral_heartbeat_ms(sk_deferral *d);
/* It is: the exchange is the worker's again. Returns the handler's result. */
int sk_deferral_end(sk_deferral *d);
/* The peer will not read what is sent: tell the finisher, once. */
void sk_deferral_tell_gone(sk_deferral *d);
/* Another reply takes the place of this one, unless that is begun or finished: false. As abandon,
 * but that the connection goes on. */
bool sk_deferral_take_over(sk_deferral *d);
/* Is there no connection any more? One whose peer has ended its side alone is still there: it may
 * well read the reply. */
bool sk_deferral_is_abandoned(sk_deferral *d);
/* The connection closes. The exchange stays the finisher's, or is freed if that is done. */
void sk_deferral_abandon(sk_deferral *d);

#endif
