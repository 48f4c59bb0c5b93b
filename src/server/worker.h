/* server/worker.h - one loop of a server, with what its connections share: buffers, exchanges, the
 * date. One thread only. */
#ifndef SK_SERVER_WORKER_H
#define SK_SERVER_WORKER_H

#include "base/cold.h"
#include "base/date.h"
#include "net/loop.h"
#include "net/tls_keeper.h"
#include "server/address_list.h"
#include "server/census.h"
#include "server/ending.h"
#include "server/exchange.h"
#include "server/file_cache.h"
#include "server/hook.h"
#include "server/logs.h"
#include "server/pool.h"
#include "server/router.h"

/* A server's options with their defaults filled in; shared by its workers. */
typedef struct sk_server_settings {
    sk_h1_limits limits;
    int64_t header_ms; /* SKUA_FOREVER is no end, here and below */
    int64_t body_ms;
    int64_t write_ms;
    int64_t idle_ms;
    int64_t tls_ms;
    int64_t rate_min; /* bytes a second, of a body either way; 0 or less: none */
    int64_t rate_grace_ms;
    int64_t drain_grace_ms; /* in which who is connected may still send a request */
    int64_t body_max;
    skua_str server_header;     /* empty: none is sent */
    skua_str request_id_header; /* terminated; empty: none is sent */
    bool trust_request_id;
    skua_access_fn *access;
    skua_log_fn *log;
    skua_log_level log_level;
    void *user;
    const skua_clock *clock;
    const sk_router *router;
    sk_pool *pool;           /* while the server runs */
    sk_callbacks *callbacks; /* NULL: none */
    sk_census *census;       /* NULL: any number of connections */
} sk_server_settings;

typedef struct sk_worker sk_worker;

/* Counted by the worker's thread alone, and read by any. */
typedef struct sk_worker_counts {
    atomic_uint_fast64_t connections, open, turned_away, requests;
} sk_worker_counts;

static inline uint64_t sk_counted(const atomic_uint_fast64_t *n) {
    return atomic_load_explicit(n, memory_order_relaxed);
}
/* Nobody else writes it: no locked instruction is needed. */
static inline void sk_count(atomic_uint_fast64_t *n, int by) {
    atomic_store_explicit(n, sk_counted(n) + (uint64_t)(int64_t)by, memory_order_relaxed);
}

/* How much was said of a level, lately. */
typedef struct sk_told {
    int64_t since; /* ms of the loop */
    uint32_t lines;
    uint64_t left_out;
} sk_told;

/* A descriptor that a worker accepts from. */
typedef struct sk_acceptor {
    sk_watch watch; /* fd -1: closed */
    sk_worker *worker;
    sk_tls_keeper *tls; /* borrowed; NULL: plain */
    bool watched;
    bool owned;                     /* the worker closes it */
    const sk_address_list *proxies; /* who begins with a PROXY header; NULL: nobody */
    bool inherited;  /* other processes may accept from it: its queue is theirs, too */
    bool neighbours; /* it is another worker's, for when that one is held up */
} sk_acceptor;

struct sk_worker {
    const sk_server_settings *settings;
    sk_loop *loop;
    sk_buf in; /* of the connection whose turn it is */
    sk_buf out;
    int64_t turn_received; /* bytes that connection had received, and sent, when its turn began */
    int64_t turn_sent;
    int64_t turn_came;  /* so many of the bytes it receives came before the loop's step began, or
                            before the loop's first watch was last told in it */
    sk_head trailers;   /* of a request's body: read, and not shown */
    sk_exchange *spare; /* exchanges that no request uses */
    unsigned spare_count;
    uint64_t lent; /* exchanges, ever */
    uint64_t id_seed[2];
    sk_sconn *spare_conns;
    unsigned spare_conn_count;
    sk_link conns;
    sk_tls_scratch *scratch; /* NULL until the first TLS connection */
    sk_file_cache *files;    /* NULL until the first small file */
    sk_log_port *port;       /* to the logs; NULL: there are none */
    sk_told told[SKUA_LOG_DEBUG + 1];
    char date_line[SK_DATE_LINE_LEN];
    int64_t date;    /* what it says, in seconds since 1970 */
    int64_t date_at; /* when the clock was read for it, in ms of the loop */
    sk_acceptor *acceptors;
    uint32_t acceptor_count;
    bool accept_paused;
    int64_t accept_logged; /* when a pause was last logged */
    int64_t full_logged;   /* and that somebody was turned away */
    sk_timer accept_resume;
    sk_timer look_after; /* a neighbour that was at work when somebody came */
    sk_ending *ending;
    sk_watch end_watches[SK_END_STAGES]; /* fd -1: not watched, or seen */
    bool draining;
    bool sigpipe_held; /* in the thread that it runs in */
    bool stopping;
    bool cut;              /* either has taken its time: whoever is left is cut off */
    sk_timer end_deadline; /* of both */
    sk_timer accept_end;   /* while draining: who comes until then is still accepted */
    sk_end_counts ended;
    sk_worker_counts counts;
};

/* NULL: err is filled. The settings outlive the worker. */
sk_worker *sk_worker_new(const sk_server_settings *settings, skua_error *err);
/* Closes its connections and acceptors. NULL is fine. */
void sk_worker_free(sk_worker *w);

/* Serve: begin, step until it says 0 or an error, end. Step waits at most max_wait_ms (-1: no end)
 * and gives 1 to go on. */
int sk_worker_begin(sk_worker *w, sk_ending *ending, skua_error *err);
int sk_worker_step(sk_worker *w, int max_wait_ms, skua_error *err);
void sk_worker_end(sk_worker *w);

/* ---- worker_accept.c ---- */

void sk_worker_init_accepting(sk_worker *w);
/* Make room for so many descriptors to accept from: 0 or SKUA_E_NOMEM. Then add them. */
int sk_worker_reserve_acceptors(sk_worker *w, uint32_t count);
void sk_worker_add_acceptor(sk_worker *w, const sk_acceptor *a);
/* Watch its own, or its neighbour's: when all workers have begun to watch their own, and so are
 * told first. 0 or -errno. */
int sk_worker_watch_acceptors(sk_worker *w, bool neighbours);
void sk_worker_close_acceptors(sk_worker *w);
/* Accept no newcomers; whoever is about to be in the queue still is. True: some may come yet. */
bool sk_worker_let_none_in(sk_worker *w);
/* Accept all who have come. False: not all can be now. */
bool sk_worker_empty_queues(sk_worker *w);
/* There are enough connections: answer so, over a socket of the caller's, where it is not TLS. */
void sk_worker_turn_away(sk_worker *w, int fd, bool is_tls);
/* A connection has closed: a descriptor and some memory are free again. */
void sk_worker_resume_accepting(sk_worker *w);

/* ---- worker_end.c ---- */

void sk_worker_init_ending(sk_worker *w);
/* 0 or -errno. */
int sk_worker_watch_ending(sk_worker *w, sk_ending *ending);
void sk_worker_unwatch_ending(sk_worker *w);
/* Let what is under way come to its end, for so long. Who is connected may still send a request for
 * a moment: it may be on its way. */
void sk_worker_drain(sk_worker *w, int64_t ms);
/* Close what is idle; let replies under way leave, for a second. */
void sk_worker_stop(sk_worker *w);
bool sk_worker_has_ended(const sk_worker *w);

/* ---- what connections ask of it ---- */

/* An exchange, reset; NULL: no memory. */
sk_exchange *sk_worker_lend(sk_worker *w, sk_sconn *c);
void sk_worker_take_back(sk_worker *w, sk_exchange *x);
/* Have its requests' ids differ from all others. 0 or -errno. */
int sk_worker_seed_ids(sk_worker *w);
/* The time that a message of now is dated with, in seconds since 1970. */
int64_t sk_worker_date(sk_worker *w);
/* The same as a field line. */
skua_str sk_worker_date_line(sk_worker *w);

/* ---- worker_tell.c ---- */

/* Does anybody hear of what is of this level, or of an exchange? */
bool sk_worker_tells(const sk_worker *w, skua_log_level level);
bool sk_worker_reports(const sk_worker *w);
/* Say it in the error log, and to the program: one line. */
SK_COLD void sk_worker_tell(sk_worker *w, skua_log_level level, const char *fmt, ...)
    SKUA_PRINTF(3, 4);

#endif
