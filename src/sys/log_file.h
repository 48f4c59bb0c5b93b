/* sys/log_file.h - a file that grows by lines, or a pipe, terminal or socket in place of one, that
 * whoever writes never waits for. */
#ifndef SK_SYS_LOG_FILE_H
#define SK_SYS_LOG_FILE_H

#include <skua/types.h>
#include <stdbool.h>

typedef struct sk_log_file {
    int fd;
    bool owned; /* opened here: by its path */
    bool plain; /* a regular file, which takes any piece at once */
} sk_log_file;

/* Where "-" leads. */
enum { SK_LOG_STDOUT = 1, SK_LOG_STDERR = 2 };

/* Open to append, made (0640) if it is missing; links are followed. A FIFO has to have its reader
 * (-ENXIO). "-" is `standard`, which is used as it is. 0 or -errno, and *f is as it was. */
int sk_log_file_open(sk_log_file *f, const char *path, int standard);
/* Write what is taken now, at most a page to what is no regular file: as much as goes without
 * waiting even where the descriptor, which may be shared, would wait. Bytes, or -errno: -EAGAIN
 * where nothing is taken now; -EPIPE, without a signal in a thread that blocks SIGPIPE. */
ptrdiff_t sk_log_file_write(const sk_log_file *f, const skua_str pieces[2]);
void sk_log_file_close(sk_log_file *f);

#endif
