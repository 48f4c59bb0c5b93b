/* sys/file_watch.c - hearing of what happens to files, from inotify. What follows from a change is
 * not known here. */
#include "sys/file_watch.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

/* IN_IGNORED, IN_UNMOUNT and IN_Q_OVERFLOW come without being asked for. */
#define FILE_EVENTS (IN_MODIFY | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF)
/* Not IN_MODIFY: of a file in a directory the directory would tell for each write. */
#define DIR_EVENTS                                                                                 \
    (IN_ATTRIB | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE_SELF |            \
     IN_MOVE_SELF | IN_ONLYDIR)

int sk_file_watch_open(sk_file_watch *w) {
    w->at = w->end = 0;
    w->drained = false;
    w->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    return w->fd >= 0 ? 0 : -errno;
}

void sk_file_watch_close(sk_file_watch *w) {
    if (w->fd >= 0)
        close(w->fd);
    w->fd = -1;
}

/* ---- watching ---- */

/* Watch what a descriptor is open on: by name another thing might be in its place by now. */
static int watch(sk_file_watch *w, int fd, uint32_t events, sk_watched_path *out) {
    char self[32];
    snprintf(self, sizeof self, "/proc/self/fd/%d", fd);
    int id = inotify_add_watch(w->fd, self, events);
    if (id < 0)
        return -errno;
    out->ids[out->count++] = id;
    return 0;
}

static int next_component(const char **path, char name[NAME_MAX + 1], bool *last) {
    size_t len = strcspn(*path, "/");
    if (len > NAME_MAX)
        return -ENAMETOOLONG;
    memcpy(name, *path, len);
    name[len] = '\0';
    *last = (*path)[len] == '\0';
    *path += *last ? len : len + 1;
    return 0;
}

/* Never through a link. */
static int open_component(int at, const char *name, bool last) {
    int how = last ? O_RDONLY | O_NONBLOCK | O_NOCTTY : O_PATH | O_DIRECTORY;
    int fd = openat(at, name, how | O_NOFOLLOW | O_CLOEXEC);
    return fd >= 0 ? fd : -errno;
}

/* A directory must not be watched as a file: what it is watched for as a directory would be lost.
 */
static int watch_file(sk_file_watch *w, int fd, sk_watched_path *out) {
    struct stat st;
    if (fstat(fd, &st) != 0)
        return -errno;
    return S_ISREG(st.st_mode) ? watch(w, fd, FILE_EVENTS, out) : -EISDIR;
}

int sk_file_watch_path(sk_file_watch *w, int root, const char *path, sk_watched_path *out) {
    char name[NAME_MAX + 1];
    bool last = false;
    int at = root;
    out->count = 0;
    int rc = watch(w, root, DIR_EVENTS, out);
    while (rc == 0 && !last) {
        rc = out->count > SK_FILE_WATCH_DEPTH ? -ENAMETOOLONG : next_component(&path, name, &last);
        int fd = rc == 0 ? open_component(at, name, last) : rc;
        if (at != root)
            close(at);
        if (fd < 0)
            return fd;
        at = fd;
        rc = last ? watch_file(w, fd, out) : watch(w, fd, DIR_EVENTS, out);
    }
    if (rc == 0)
        return at;
    if (at != root)
        close(at);
    return rc;
}

void sk_file_watch_forget(sk_file_watch *w, int id) {
    inotify_rm_watch(w->fd, id); /* it fails where the thing itself is gone */
}

/* ---- hearing ---- */

/* False: nothing has happened. */
static bool fill(sk_file_watch *w) {
    ssize_t n = -1;
    if (!w->drained) {
        do
            n = read(w->fd, w->buffer, sizeof w->buffer);
        while (n < 0 && errno == EINTR);
    }
    w->at = 0;
    w->end = n > 0 ? (uint32_t)n : 0;
    /* A read takes as many events as there are, or fit. */
    w->drained = n > 0 && sizeof w->buffer - w->end > sizeof(struct inotify_event) + NAME_MAX + 1;
    return n > 0;
}

bool sk_file_watch_next(sk_file_watch *w, sk_file_change *out) {
    if (w->at == w->end && !fill(w)) {
        w->drained = false;
        return false;
    }
    const struct inotify_event *e = (const void *)(w->buffer + w->at);
    w->at += (uint32_t)sizeof *e + e->len;
    out->id = e->mask & IN_Q_OVERFLOW ? -1 : e->wd;
    out->name = e->len > 0 ? e->name : NULL;
    return true;
}
