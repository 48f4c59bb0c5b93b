/* sys/private_dir.c - a directory for its owner's eyes. */
#include "sys/private_dir.h"

#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define LOCK_RETRY_MS 10

static int make_one(const char *path) {
    struct stat st;
    if (mkdir(path, 0700) == 0)
        return 0;
    int why = errno;
    if (stat(path, &st) != 0)
        return -why;
    return S_ISDIR(st.st_mode) ? 0 : -ENOTDIR;
}

int sk_private_dir_make(const char *path) {
    char part[PATH_MAX];
    size_t len = strlen(path);
    if (len == 0)
        return -ENOENT;
    if (len >= sizeof part)
        return -ENAMETOOLONG;
    memcpy(part, path, len + 1);
    int rc = 0;
    for (size_t i = 1; i <= len && rc == 0; i++) {
        if (path[i] != '/' && path[i] != '\0')
            continue;
        part[i] = '\0';
        rc = make_one(part);
        part[i] = path[i];
    }
    return rc;
}

static void sleep_ms(int ms) {
    nanosleep(&(struct timespec){.tv_nsec = ms * 1000000L}, NULL);
}

int sk_private_dir_lock(const char *path, int timeout_ms) {
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    while (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        if ((errno != EWOULDBLOCK && errno != EINTR) || timeout_ms <= 0) {
            int why = errno;
            close(fd);
            return -why;
        }
        sleep_ms(LOCK_RETRY_MS);
        timeout_ms -= LOCK_RETRY_MS;
    }
    return fd;
}

void sk_private_dir_unlock(int lock) {
    close(lock);
}

static int read_all(int fd, char *to, size_t len) {
    while (len > 0) {
        ssize_t n = read(fd, to, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n < 0 ? -errno : -EIO; /* shorter than it was a moment ago */
        to += n;
        len -= (size_t)n;
    }
    return 0;
}

static int read_open(int fd, size_t max, char **data, size_t *len, bool *shared) {
    struct stat st;
    if (fstat(fd, &st) != 0)
        return -errno;
    if (!S_ISREG(st.st_mode))
        return -EINVAL;
    if ((uint64_t)st.st_size > max)
        return -EFBIG;
    size_t size = (size_t)st.st_size;
    char *p = sk_alloc(size + 1);
    if (!p)
        return -ENOMEM;
    int rc = read_all(fd, p, size);
    if (rc != 0) {
        sk_free(p);
        return rc;
    }
    p[size] = '\0';
    *data = p;
    *len = size;
    *shared = (st.st_mode & (S_IRWXG | S_IRWXO)) != 0;
    return 0;
}

int sk_private_file_read(const char *path, size_t max, char **data, size_t *len, bool *shared) {
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return -errno;
    int rc = read_open(fd, max, data, len, shared);
    close(fd);
    return rc;
}

static int write_all(int fd, skua_str content) {
    while (content.len > 0) {
        ssize_t n = write(fd, content.ptr, content.len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        content.ptr += n;
        content.len -= (size_t)n;
    }
    return 0;
}

int sk_private_file_write(const char *path, skua_str content, unsigned mode) {
    char temp[PATH_MAX];
    int n = snprintf(temp, sizeof temp, "%s.XXXXXX", path);
    if (n < 0 || (size_t)n >= sizeof temp)
        return -ENAMETOOLONG;
    int fd = mkostemp(temp, O_CLOEXEC);
    if (fd < 0)
        return -errno;
    int rc = write_all(fd, content);
    if (rc == 0 && fchmod(fd, (mode_t)mode) != 0)
        rc = -errno;
    if (close(fd) != 0 && rc == 0)
        rc = -errno;
    if (rc == 0 && rename(temp, path) != 0)
        rc = -errno;
    if (rc != 0)
        unlink(temp);
    return rc;
}
