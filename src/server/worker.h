/* server/worker.h - one loop of a server, with what its connections share: buffers, exchanges, the
 * date. One thread only. */
#ifndef SK_SERVER_WORKER_H
#define SK_SERVER_WORKER_H

#include "base/date.h"
#include "net/loop.h"
#include "net/tls.h"
#include "server/exchange.h"
#include "server/file_cache.h"
#include "server/hook.h"
#include "server/pool.h"
#include "server/router.h"
#include "sys/wake.h"

/* A server's options with their defaults filled in; shared by its workers. */
typedef struct sk_server_settings {
    sk_h1_limits limits;
    int64_t header_ms; /* SKUA_FOREVER is no end, here and below */
    int64_t body_ms;
    int64_t write_ms;
    int64_t idle_ms;
    int64_t tls_ms;
    int64_t body_max;
    skua_str server_header; /* empty: none is sent */
    skua_access_fn *access;
    skua_log_fn *log;
    void *user;
    const skua_clock *clock;
    const sk_router *router;
    sk_pool *pool;           /* while the server runs */
    sk_callbacks *callbacks; /* NULL: none */
} sk_server_settings;

typedef struct sk_worker sk_worker;

/* A descriptor that a worker accepts from. */
typedef struct sk_acceptor {
    sk_watch watch; /* fd -1: closed */
    sk_worker *worker;
    sk_tls_ctx *tls; /* borrowed; NULL: plain */
    bool watched;
    bool owned; /* the worker closes it */
} sk_acceptor;

struct sk_worker {
    const sk_server_settings *settings;
    sk_loop *loop;
    sk_buf in; /* of the connection whose turn it is */
    sk_buf out;
    int64_t turn_moved; /* bytes that connection had moved when its turn began */
    int64_t turn_came;  /* so many of the bytes it receives came before the loop's step began, or
                           before the loop's first watch was last told in it */
    sk_head trailers;   /* of a request's body: read, and not shown */
    sk_exchange *spare; /* exchanges that no request uses */
    unsigned spare_count;
    sk_sconn *spare_conns;
    unsigned spare_conn_count;
    sk_link conns;
    sk_tls_scratch *scratch; /* NULL until the first TLS connection */
    sk_file_cache *files;    /* NULL until the first small file */
    char date[SK_DATE_LEN];
    int64_t date_at; /* when it was made, in ms of the loop */
    sk_acceptor *acceptors;
    uint32_t acceptor_count;
    bool accept_paused;
    int64_t accept_logged; /* when a pause was last logged */
    sk_timer accept_resume;
    bool stopping;
    bool cut; /* stopping has taken its time: whoever is left is cut off */
    sk_timer stop_deadline;
    sk_watch stop_watch;
};

/* NULL: err is filled. The settings outlive the worker. */
sk_worker *sk_worker_new(const sk_server_settings *settings, skua_error *err);
/* Closes its connections and acceptors. NULL is fine. */
void sk_worker_free(sk_worker *w);

/* Make room for so many descriptors to accept from: 0 or SKUA_E_NOMEM. Then add them; those that
 * it owns the worker closes when it stops. */
int sk_worker_reserve_acceptors(sk_worker *w, uint32_t count);
void sk_worker_add_acceptor(sk_worker *w, int fd, sk_tls_ctx *tls, bool owned);
/* Serve until the wake is set. 0, or an error. */
int sk_worker_run(sk_worker *w, const sk_wake *stop, skua_error *err);
/* Close what is idle; let replies under way leave. */
void sk_worker_stop(sk_worker *w);
/* A connection has closed: a descriptor and some memory are free again. */
void sk_worker_resume_accepting(sk_worker *w);

/* An exchange, reset; NULL: no memory. */
sk_exchange *sk_worker_lend(sk_worker *w, sk_sconn *c);
void sk_worker_take_back(sk_worker *w, sk_exchange *x);
/* The value of Date, now. */
skua_str sk_worker_date(sk_worker *w);
void sk_worker_log(sk_worker *w, const char *fmt, ...) SKUA_PRINTF(2, 3);

#endif
