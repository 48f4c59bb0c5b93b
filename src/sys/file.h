/* sys/file.h - opening files, anywhere or contained below a directory. */
#ifndef SK_SYS_FILE_H
#define SK_SYS_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct sk_file_info {
    int64_t size;
    int64_t mtime; /* Unix seconds */
    uint32_t mtime_ns;
    uint32_t ctime_ns;
    int64_t ctime; /* of the last change, also to what is known about the file */
    uint64_t inode;
    uint64_t device;
    bool is_dir;
    bool is_regular;
} sk_file_info;

/* Open a file for reading, wherever it lies. Never blocks on a FIFO or device: see sk_file_stat for
 * what it is. The descriptor, or -errno. */
int sk_file_open(const char *path);
/* Open a directory to serve from; it need not be listable. The descriptor, or -errno. */
int sk_dir_open(const char *path);
/* Open `path` (relative, no leading '/') for reading below dir. It cannot leave dir by "..", by an
 * absolute link or by a link that points out: openat2 with RESOLVE_BENEATH, or, where the kernel
 * has none, a walk component by component that follows no symbolic link at all and takes no "..".
 * "" and "." are the directory itself; a trailing slash asks for a directory. Never blocks on a
 * FIFO or device: see sk_file_stat for what it is. The descriptor, or -errno (-EXDEV, -ELOOP: it
 * would have left). */
int sk_file_open_below(int dir, const char *path);
/* The walk alone, for its tests. */
int sk_file_open_below_walk(int dir, const char *path);
/* Make a file that was not there in dir, for its owner alone, and open it for writing; `name` has
 * no
 * "/". The descriptor, or -errno (-EEXIST). */
int sk_file_create_in(int dir, const char *name);
int sk_file_remove_in(int dir, const char *name); /* 0 or -errno */
int sk_file_stat(int fd, sk_file_info *out);      /* 0 or -errno */
/* The same of what a path leads to, which need not be readable. */
int sk_file_stat_path(const char *path, sk_file_info *out);
/* The same file, and nobody has changed it in between as far as stat can tell. */
bool sk_file_is_same(const sk_file_info *a, const sk_file_info *b);
ptrdiff_t sk_file_read_at(int fd, void *buf, size_t len,
                          int64_t offset); /* bytes, 0 at end, -errno */
void sk_file_close(int fd);

#endif
