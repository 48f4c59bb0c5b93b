/* sys/private_dir.h - a directory for its owner's eyes: made when missing, locked, its small files
 * read whole and written whole or not at all. */
#ifndef SK_SYS_PRIVATE_DIR_H
#define SK_SYS_PRIVATE_DIR_H

#include <skua/types.h>
#include <stdbool.h>

/* Make `path` and what is missing above it, with mode 0700. 0 or -errno (-ENOTDIR: it is something
 * else). */
int sk_private_dir_make(const char *path);

/* Be the only process, and the only caller in this one, that works in the directory. Waits up to
 * timeout_ms for another. The lock, which sk_private_dir_unlock ends as the end of the process
 * does; or -errno, -EWOULDBLOCK at the time-out. */
int sk_private_dir_lock(const char *path, int timeout_ms);
void sk_private_dir_unlock(int lock);

/* A whole file of at most `max` bytes, in memory that is the caller's (sk_free), with a NUL behind
 * it. 0 or -errno; -EFBIG. *shared tells whether others than the owner may read it. */
int sk_private_file_read(const char *path, size_t max, char **data, size_t *len, bool *shared);
/* Write the file under another name, and give it its own when it is complete. 0 or -errno. */
int sk_private_file_write(const char *path, skua_str content, unsigned mode);

#endif
