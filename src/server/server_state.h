/* server/server_state.h - what a server knows. For server.c and server_run.c alone. */
#ifndef SK_SERVER_SERVER_STATE_H
#define SK_SERVER_SERVER_STATE_H

#include "server/listener.h"
#include "server/server.h"
#include "server/worker.h"

/* SET UP --run, or start--> RUNNING --it has ended, or failed--> OVER */
typedef enum sk_server_phase {
    SK_SERVER_SET_UP,
    SK_SERVER_RUNNING,
    SK_SERVER_OVER
} sk_server_phase;

/* Something to be freed with the server. */
typedef struct sk_owned {
    struct sk_owned *next;
    void *ptr;
    void (*free_fn)(void *ptr);
} sk_owned;

/* A worker with its thread. */
typedef struct sk_crew {
    sk_worker *worker;
    skua_server *server;
    sk_thread thread;
    bool started;
    sk_thread self; /* as it knows itself, once it has entered; with the ending's lock */
    bool entered;
    int rc;
    skua_error err;
} sk_crew;

struct skua_server {
    sk_server_settings settings;
    char *server_header;
    char *request_id_header;
    sk_logs *logs; /* NULL: none */
    skua_clock clock;
    sk_router *router;
    uint32_t worker_count;
    uint32_t pool_threads;
    uint32_t pool_queue_max;
    sk_listener **listeners;
    uint32_t listener_count;
    sk_owned *owned;
    skua_error failure; /* code 0: none */
    sk_ending *ending;
    sk_crew *crews; /* while it runs; with the ending's lock, as the next but one */
    uint32_t crew_count;
    skua_server_stats past; /* of crews that are gone */
    bool stepped;           /* by the caller: one worker, no thread */
    atomic_int phase;       /* sk_server_phase; changed with the ending's lock */
};

/* Add what the crews have counted. With the ending's lock held. */
void sk_server_add_counts(const skua_server *s, skua_server_stats *to);
/* What is stepped is cut off; nothing happens to what has ended. */
void sk_server_shut(skua_server *s);

#endif
