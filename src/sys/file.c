/* sys/file.c - opening and reading files, anywhere or contained below a directory. What may be
 * served and under which name is not decided here. */
#include "sys/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* O_NONBLOCK: opening a FIFO must not wait for a writer. */
#define READ_FLAGS (O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
#define RACE_TRIES 8

int sk_file_open(const char *path) {
    int fd = open(path, READ_FLAGS);
    return fd >= 0 ? fd : -errno;
}

int sk_dir_open(const char *path) {
    /* O_PATH: a directory that may be searched but not listed can be served from. */
    int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    return fd >= 0 ? fd : -errno;
}

static const char *or_dot(const char *path) {
    return path[0] == '\0' ? "." : path;
}

int sk_file_open_below(int dir, const char *path) {
    struct open_how how = {
        .flags = READ_FLAGS,
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS,
    };
    /* EAGAIN: something was renamed while the kernel was on its way through "..". */
    for (int i = 0; i < RACE_TRIES; i++) {
        long fd = syscall(SYS_openat2, dir, or_dot(path), &how, sizeof how);
        if (fd >= 0)
            return (int)fd;
        if (errno != EAGAIN && errno != EINTR)
            break;
    }
    /* EPERM: a sandbox that does not know the call may refuse it so. */
    if (errno == ENOSYS || errno == EPERM)
        return sk_file_open_below_walk(dir, path);
    return -errno;
}

/* Take the next component off the path; what follows a trailing slash is the component ".". */
static int next_component(const char **path, char name[NAME_MAX + 1]) {
    const char *p = *path;
    size_t len = strcspn(p, "/");
    if (len > NAME_MAX)
        return -ENAMETOOLONG;
    memcpy(name, p, len);
    name[len] = '\0';
    const char *rest = p + len + strspn(p + len, "/");
    *path = p[len] == '/' && *rest == '\0' ? "." : rest;
    return 0;
}

/* Open one directory on the way, never through a link. */
static int step_into(int at, const char *name) {
    if (strcmp(name, "..") == 0)
        return -EXDEV;
    int fd = openat(at, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    struct stat st;
    int rc = fstat(fd, &st) != 0 ? -errno : S_ISLNK(st.st_mode) ? -ELOOP : 0;
    if (rc == 0)
        return fd;
    close(fd);
    return rc;
}

static int open_last(int at, const char *name) {
    if (strcmp(name, "..") == 0)
        return -EXDEV;
    int fd = openat(at, name, READ_FLAGS | O_NOFOLLOW);
    return fd >= 0 ? fd : -errno;
}

int sk_file_open_below_walk(int dir, const char *path) {
    char name[NAME_MAX + 1];
    path = or_dot(path);
    if (path[0] == '/')
        return -EXDEV;
    for (int at = dir;;) {
        int fd = next_component(&path, name);
        bool last = *path == '\0';
        if (fd == 0)
            fd = last ? open_last(at, name) : step_into(at, name);
        if (at != dir)
            close(at);
        if (fd < 0 || last)
            return fd;
        at = fd;
    }
}

static sk_file_info info_of(const struct stat *st) {
    return (sk_file_info){
        .size = st->st_size,
        .mtime = st->st_mtim.tv_sec,
        .mtime_ns = (uint32_t)st->st_mtim.tv_nsec,
        .ctime = st->st_ctim.tv_sec,
        .ctime_ns = (uint32_t)st->st_ctim.tv_nsec,
        .inode = st->st_ino,
        .device = st->st_dev,
        .is_dir = S_ISDIR(st->st_mode),
        .is_regular = S_ISREG(st->st_mode),
    };
}

int sk_file_create_in(int dir, const char *name) {
    int fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    return fd >= 0 ? fd : -errno;
}

int sk_file_remove_in(int dir, const char *name) {
    return unlinkat(dir, name, 0) == 0 ? 0 : -errno;
}

int sk_file_stat(int fd, sk_file_info *out) {
    struct stat st;
    if (fstat(fd, &st) != 0)
        return -errno;
    *out = info_of(&st);
    return 0;
}

int sk_file_stat_path(const char *path, sk_file_info *out) {
    struct stat st;
    if (stat(path, &st) != 0)
        return -errno;
    *out = info_of(&st);
    return 0;
}

bool sk_file_is_same(const sk_file_info *a, const sk_file_info *b) {
    return a->size == b->size && a->mtime == b->mtime && a->mtime_ns == b->mtime_ns &&
           a->ctime == b->ctime && a->ctime_ns == b->ctime_ns && a->inode == b->inode &&
           a->device == b->device;
}

ptrdiff_t sk_file_read_at(int fd, void *buf, size_t len, int64_t offset) {
    ssize_t n;
    do
        n = pread(fd, buf, len, offset);
    while (n < 0 && errno == EINTR);
    return n < 0 ? -errno : n;
}

void sk_file_close(int fd) {
    if (fd >= 0)
        close(fd);
}
