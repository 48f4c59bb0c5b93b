/* serve_log.h - the access log of `skua serve`. */
#ifndef CLI_SERVE_LOG_H
#define CLI_SERVE_LOG_H

#include <skua/server.h>

typedef enum serve_log_format {
    SERVE_LOG_COMMON,
    SERVE_LOG_JSON,
    SERVE_LOG_FORMATS
} serve_log_format;

typedef struct serve_log {
    serve_log_format format;
    const char *path; /* NULL: standard error */
    int fd;
} serve_log;

/* Find a format by its name; SERVE_LOG_FORMATS where there is none. */
serve_log_format serve_log_find(const char *name);

/* Open the file, or open it again where another has taken its name. Lines that are being written
 * go to the one or the other. Returns 0, or -1 when it was said what is wrong: what was open stays.
 */
int serve_log_open(serve_log *log);
void serve_log_close(serve_log *log);

/* Write one line, to a serve_log: a skua_access_fn. */
void serve_log_access(void *log, const skua_access *a);

#endif
