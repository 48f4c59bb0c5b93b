/* sys/file_watch.h - hearing of what happens to files, from inotify.
 *
 * It hears of changes through this system's own calls: not of writes to mapped memory, nor of what
 * another host does to a network file system. */
#ifndef SK_SYS_FILE_WATCH_H
#define SK_SYS_FILE_WATCH_H

#include <stdbool.h>
#include <stdint.h>

/* How many components a path may have to be watched. */
#define SK_FILE_WATCH_DEPTH 12

typedef struct sk_file_watch {
    int fd; /* readable when something has happened; -1: not open */
    uint32_t at;
    uint32_t end;
    bool drained; /* what is in the buffer was all there was */
    _Alignas(8) char buffer[4096];
} sk_file_watch;

/* A file or directory under watch is known by a number, the same for all paths to it. */
typedef struct sk_file_change {
    int id;           /* -1: no more is known than that something was missed */
    const char *name; /* in a directory, what it happened to; NULL: to the thing itself */
} sk_file_change;

/* What a path leads through. */
typedef struct sk_watched_path {
    int ids[SK_FILE_WATCH_DEPTH + 1]; /* the root, the directories, the file */
    int count;
} sk_watched_path;

/* 0 or -errno. */
int sk_file_watch_open(sk_file_watch *w);
void sk_file_watch_close(sk_file_watch *w);

/* Open `path` (relative, as it is spelled: no empty components, no "..", no symbolic links) below a
 * directory for reading, and watch it and each directory on the way. Each is watched before it is
 * looked into, so whatever changes from here on is heard of. The descriptor, or -errno; *out says
 * in either case what is now watched. */
int sk_file_watch_path(sk_file_watch *w, int root, const char *path, sk_watched_path *out);
/* Stop watching one of them. */
void sk_file_watch_forget(sk_file_watch *w, int id);

/* Take the next of what has happened until now; never waits. False: there is no more. */
bool sk_file_watch_next(sk_file_watch *w, sk_file_change *out);

#endif
