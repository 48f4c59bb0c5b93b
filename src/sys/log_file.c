/* sys/log_file.c - a file that grows by lines. */
#include "sys/log_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define FLAGS (O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)
#define MODE  0640 /* who asked for what is not everybody's to read */

int sk_log_file_open(sk_log_file *f, const char *path, int standard) {
    bool named = strcmp(path, "-") != 0;
    int fd = named ? open(path, FLAGS, MODE) : standard;
    struct stat st;
    if (fd < 0)
        return -errno;
    if (fstat(fd, &st) != 0) {
        int rc = -errno;
        if (named)
            close(fd);
        return rc;
    }
    *f = (sk_log_file){.fd = fd, .owned = named, .plain = S_ISREG(st.st_mode)};
    return 0;
}

/* A pipe or the like that is ready takes PIPE_BUF bytes without waiting, and may wait for room for
 * more (POSIX write). */
static size_t at_most(const sk_log_file *f) {
    struct pollfd p = {.fd = f->fd, .events = POLLOUT};
    if (f->plain)
        return SIZE_MAX;
    return poll(&p, 1, 0) == 1 ? PIPE_BUF : 0;
}

ptrdiff_t sk_log_file_write(const sk_log_file *f, const skua_str pieces[2]) {
    size_t most = at_most(f);
    if (most == 0)
        return -EAGAIN;
    struct iovec iov[2]; /* an iovec has no const, but writev only reads */
    for (int i = 0; i < 2; i++) {
        size_t len = pieces[i].len < most ? pieces[i].len : most;
        iov[i] = (struct iovec){(void *)(uintptr_t)pieces[i].ptr, len};
        most -= len;
    }
    ssize_t n;
    do
        n = writev(f->fd, iov, 2);
    while (n < 0 && errno == EINTR);
    return n < 0 ? -errno : n;
}

void sk_log_file_close(sk_log_file *f) {
    if (f->owned && f->fd >= 0)
        close(f->fd);
    f->fd = -1;
}
