/* sys/private_log.h - a file of secrets that grows by lines, for its owner's eyes. */
#ifndef SK_SYS_PRIVATE_LOG_H
#define SK_SYS_PRIVATE_LOG_H

#include <skua/types.h>

/* Open to append, made if it is missing. It gets mode 0600, whatever it had; a symbolic link is not
 * followed (-ELOOP), and what is another user's is refused (-EPERM), devices apart: whoever may put
 * a file where we write must not get to read it. Never waits for a FIFO's reader (-ENXIO: there is
 * none). The descriptor, which a child does not inherit, or -errno. */
int sk_private_log_open(const char *path);
/* Add one line, its end included, in one write: others may append as well. 0 or -errno. */
int sk_private_log_add(int fd, skua_str line);
void sk_private_log_close(int fd);

#endif
