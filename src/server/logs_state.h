/* server/logs_state.h - what logs.c, which takes lines, and log_writer.c, which writes them, share.
 */
#ifndef SK_SERVER_LOGS_STATE_H
#define SK_SERVER_LOGS_STATE_H

#include "server/logs.h"
#include "sys/log_file.h"
#include "sys/thread.h"
#include "sys/wake.h"

/* One log. */
typedef struct sk_log_output {
    char *path; /* NULL: there is none */
    sk_log_file file;
    unsigned at;       /* the port whose ring is written next, or of which a line was begun */
    bool broken;       /* of which only the beginning was taken */
    int failed;        /* -errno of the last write that failed; 0: none since */
    int64_t retry_at;  /* when it is tried again */
    uint64_t reported; /* of the lines that were dropped */
} sk_log_output;

struct sk_logs {
    sk_log_output outputs[SK_LOG_KINDS];
    sk_logs_opts opts;
    sk_log_port *ports; /* one for each worker, the program's, and the thread's own */
    unsigned port_count;
    sk_wake wake;
    atomic_bool sleeps; /* until somebody has put something */
    atomic_bool reopen;
    atomic_bool ends;
    sk_thread thread;
    sk_mutex lock; /* guards what follows, and the putting into the program's port */
    bool started;
    uint64_t dropped[SK_LOG_KINDS]; /* and in no ring any more */
};

/* How each kind is called, and the standard stream that "-" is for it. */
extern const char *const sk_log_names[SK_LOG_KINDS];
extern const int sk_log_standards[SK_LOG_KINDS];

/* ---- logs.c ---- */

/* Put a whole line. The thread whose port it is; the program's: with the lock held. */
void sk_log_put(sk_log_port *p, sk_log_kind kind, skua_str line);
/* How many lines of a kind were dropped, ever. */
uint64_t sk_log_count_dropped(const sk_logs *l, sk_log_kind kind);

/* ---- log_writer.c ---- */

/* The thread: it writes until it is told to end. */
void *sk_log_writer_run(void *logs);
/* Write what the ring held at the beginning. 0 or -errno. */
int sk_log_writer_write_ring(sk_log_output *s, sk_log_ring *ring);

#endif
