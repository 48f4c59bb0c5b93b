/* server/logs.h - the access log and the error log of a server, and the thread that writes
 * them.
 *
 *     worker 1 --lines--> rings --+
 *     worker 2 --lines--> rings --+--> the log's thread --batches--> files
 *     the program's     -> ring --+       (put with a lock held)
 *     the thread's own  -> rings -+       (what was dropped, what failed)
 *
 * A worker formats a line and puts it in its ring: no lock, no call of the system but to wake a
 * thread that sleeps, which then gathers for a moment before it writes. Where a file does not take
 * what is written (a full disk, a closed pipe, a slow reader), the lines wait in the rings, and
 * when those are full, lines are dropped, and counted. */
#ifndef SK_SERVER_LOGS_H
#define SK_SERVER_LOGS_H

#include "server/log_ring.h"

#include <skua/server.h>

typedef enum sk_log_kind { SK_LOG_ACCESS, SK_LOG_ERROR, SK_LOG_KINDS } sk_log_kind;

typedef struct sk_logs sk_logs;

/* Where one thread puts its lines. */
typedef struct sk_log_port {
    sk_logs *logs;
    sk_log_ring rings[SK_LOG_KINDS];
} sk_log_port;

/* What the logs are to be. */
typedef struct sk_logs_opts {
    const char *access_path; /* NULL: none, here and below */
    skua_access_format format;
    const char *error_path;
    skua_log_fn *log; /* is told, in their thread, what they have to say themselves */
    void *user;
    skua_log_level level; /* of that, in the error log as well */
} sk_logs_opts;

/* Open the logs; *out is NULL where there is none. 0, or the error names the file. */
int sk_logs_new(const sk_logs_opts *opts, sk_logs **out, skua_error *err);
void sk_logs_free(sk_logs *l); /* NULL is fine, here and below */

/* Begin to write, what so many threads put. 0, SKUA_E_NOMEM or SKUA_E_OS. */
int sk_logs_start(sk_logs *l, unsigned ports, skua_error *err);
/* Write what is left, for a second, and end. */
void sk_logs_stop(sk_logs *l);
/* Where the index-th thread puts its lines, from start to stop. */
sk_log_port *sk_logs_port(sk_logs *l, unsigned index);
/* Any thread, and signal handlers. */
void sk_logs_reopen(sk_logs *l);
/* Any thread: put a line into the error log. While nobody writes what is put, it is written at
 * once. */
void sk_logs_say(sk_logs *l, skua_log_level level, const char *text);
/* Any thread: how many lines were dropped, ever. */
uint64_t sk_logs_dropped(sk_logs *l, sk_log_kind kind);

/* ---- the thread whose port it is; NULL is fine ---- */

bool sk_log_wants(const sk_log_port *p, sk_log_kind kind);
void sk_log_put_access(sk_log_port *p, const skua_access *a);
void sk_log_put_error(sk_log_port *p, skua_log_level level, const char *text);

#endif
