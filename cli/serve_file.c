/* serve_file.c - a file that comes into a directory: whole or not at all.
 *
 *     begin -> no name (O_TMPFILE) ----------------------------------------> NAME, by a link
 *          \                      \ in the place of another, by way of
 *           \                      v
 *            -> ".skua-upload-..." -----------------------------------------> NAME, by a rename
 *               where the file system has no other way
 *
 * What has no name goes with its process. What has a name that is never shown is locked by whoever
 * writes it: one that is not locked was left behind, and can be swept away. */
#include "serve_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#define PREFIX ".skua-upload-"

enum { MODE = 0666, ATTEMPTS = 8 }; /* the umask takes from the mode */

/* ---- beginning ---- */

static int make_partial_name(char name[static SERVE_FILE_PARTIAL]) {
    uint64_t random;
    if (getrandom(&random, sizeof random, 0) != (ssize_t)sizeof random)
        return -1;
    snprintf(name, SERVE_FILE_PARTIAL, PREFIX "%016" PRIx64, random);
    return 0;
}

/* Is it locked, and there? Whoever sweeps may have come first. */
static int take_lock(int fd) {
    struct stat st;
    return flock(fd, LOCK_EX | LOCK_NB) == 0 && fstat(fd, &st) == 0 && st.st_nlink > 0;
}

static int begin_named(serve_file *f) {
    for (int i = 0; i < ATTEMPTS; i++) {
        if (make_partial_name(f->partial) != 0)
            break;
        f->fd =
            openat(f->dir, f->partial, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, MODE);
        if (f->fd < 0)
            break;
        if (take_lock(f->fd))
            return 0;
        serve_file_end(f);
        errno = EAGAIN;
    }
    f->partial[0] = '\0';
    return -1;
}

static int begin_nameless(serve_file *f) {
    f->fd = openat(f->dir, ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, MODE);
    if (f->fd < 0)
        return -1;
    flock(f->fd, LOCK_EX | LOCK_NB); /* for the moment in which it has a name of the other kind */
    return 0;
}

int serve_file_begin(serve_file *f, int dir, int nameless) {
    *f = (serve_file){.dir = dir, .fd = -1};
    if (nameless && begin_nameless(f) == 0)
        return 0;
    return begin_named(f);
}

/* ---- writing ---- */

int serve_file_write(const serve_file *f, const char *data, size_t len) {
    while (len > 0) {
        ssize_t n = write(f->fd, data, len);
        if (n < 0 && errno != EINTR)
            return -1;
        data += n > 0 ? n : 0;
        len -= n > 0 ? (size_t)n : 0;
    }
    return 0;
}

int serve_file_sync(const serve_file *f) {
    return fsync(f->fd);
}

/* ---- its name ---- */

static int link_nameless(const serve_file *f, const char *name) {
    char path[40];
    snprintf(path, sizeof path, "/proc/self/fd/%d", f->fd);
    return linkat(AT_FDCWD, path, f->dir, name, AT_SYMLINK_FOLLOW);
}

static int give_partial_name(serve_file *f) {
    if (make_partial_name(f->partial) == 0 && link_nameless(f, f->partial) == 0)
        return 0;
    f->partial[0] = '\0';
    return -1;
}

static int rename_partial(const serve_file *f, const char *name, int overwrite) {
    if (overwrite)
        return renameat(f->dir, f->partial, f->dir, name);
    int rc = renameat2(f->dir, f->partial, f->dir, name, RENAME_NOREPLACE);
    if (rc == 0 || (errno != EINVAL && errno != ENOSYS))
        return rc;
    /* Not every file system can do it in one step: a second name is never given over another. */
    rc = linkat(f->dir, f->partial, f->dir, name, 0);
    return rc == 0 ? unlinkat(f->dir, f->partial, 0) : rc;
}

int serve_file_give_name(serve_file *f, const char *name, int overwrite) {
    if (!f->partial[0]) {
        int rc = link_nameless(f, name);
        if (rc == 0 || errno != EEXIST || !overwrite)
            return rc;
        if (give_partial_name(f) != 0)
            return -1;
    }
    int rc = rename_partial(f, name, overwrite);
    if (rc == 0)
        f->partial[0] = '\0';
    return rc;
}

void serve_file_end(serve_file *f) {
    if (f->partial[0])
        unlinkat(f->dir, f->partial, 0);
    if (f->fd >= 0)
        close(f->fd);
    f->fd = -1;
}

int serve_file_may_be_nameless(int dir) {
    serve_file f = {.dir = dir, .fd = -1};
    int may = begin_nameless(&f) == 0 && give_partial_name(&f) == 0;
    serve_file_end(&f);
    return may;
}

/* ---- what was left behind ---- */

static int is_partial(const char *name) {
    size_t prefix = strlen(PREFIX);
    return strncmp(name, PREFIX, prefix) == 0 && strlen(name) == prefix + 16 &&
           strspn(name + prefix, "0123456789abcdef") == 16;
}

static void sweep(int dir, const char *name) {
    int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return;
    if (flock(fd, LOCK_EX | LOCK_NB) == 0)
        unlinkat(dir, name, 0);
    close(fd);
}

void serve_file_sweep(int dir) {
    int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *all = fd >= 0 ? fdopendir(fd) : NULL;
    if (!all) {
        if (fd >= 0)
            close(fd);
        return;
    }
    for (const struct dirent *e = readdir(all); e; e = readdir(all)) {
        if (is_partial(e->d_name))
            sweep(dir, e->d_name);
    }
    closedir(all);
}
