/* server/log_sink.h - the error log as the program tells it lines of its own: to the file, and to
 * the function it has given. It outlives its server, as replies do that are finished later; from
 * then on nobody is told. */
#ifndef SK_SERVER_LOG_SINK_H
#define SK_SERVER_LOG_SINK_H

#include "base/line.h"
#include "server/logs.h"
#include "sys/thread.h"

typedef struct sk_log_sink {
    sk_logs *logs; /* NULL: no file */
    skua_log_fn *log;
    void *user;
    skua_log_level level;
    sk_mutex lock;    /* guards what follows */
    sk_cond quiet;    /* told when nobody is telling */
    unsigned telling; /* threads */
    bool closed;
} sk_log_sink;

/* 0 or -errno. */
int sk_log_sink_init(sk_log_sink *s);
void sk_log_sink_free(sk_log_sink *s);

/* Any thread: say a line, unless it is of a level that was not asked for. What is of no level is of
 * SKUA_LOG_INFO. */
void sk_log_sink_tell(sk_log_sink *s, skua_log_level level, sk_line *line);
/* Nobody is told any more, when this returns. */
void sk_log_sink_close(sk_log_sink *s);

#endif
