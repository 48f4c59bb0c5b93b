/* sys/descriptor.c - reading and writing descriptors that somebody else has opened. */
#include "sys/descriptor.h"

#include <errno.h>
#include <poll.h>
#include <sys/uio.h>
#include <unistd.h>

ptrdiff_t sk_descriptor_read(int fd, void *buf, size_t len) {
    ssize_t n;
    do
        n = read(fd, buf, len);
    while (n < 0 && errno == EINTR);
    return n < 0 ? -errno : n;
}

/* Write what one call takes: bytes, or -errno but neither EINTR nor EAGAIN. */
static ptrdiff_t write_some(int fd, const struct iovec *iov, int count) {
    for (;;) {
        ssize_t n = writev(fd, iov, count);
        if (n >= 0)
            return n;
        if (errno == EAGAIN)
            poll(&(struct pollfd){.fd = fd, .events = POLLOUT}, 1, -1);
        else if (errno != EINTR)
            return -errno;
    }
}

int sk_descriptor_write(int fd, const skua_str *pieces, size_t count) {
    struct iovec iov[SK_DESCRIPTOR_PIECES];
    size_t all = count < SK_DESCRIPTOR_PIECES ? count : SK_DESCRIPTOR_PIECES;
    for (size_t i = 0; i < all; i++) /* an iovec has no const, but writev only reads */
        iov[i] = (struct iovec){(void *)(uintptr_t)pieces[i].ptr, pieces[i].len};
    for (size_t at = 0; at < all;) {
        if (iov[at].iov_len == 0) {
            at++;
            continue;
        }
        ptrdiff_t n = write_some(fd, iov + at, (int)(all - at));
        if (n < 0)
            return (int)n;
        size_t left = (size_t)n;
        for (; at < all && left >= iov[at].iov_len; at++)
            left -= iov[at].iov_len;
        if (at < all) {
            iov[at].iov_base = (char *)iov[at].iov_base + left;
            iov[at].iov_len -= left;
        }
    }
    return 0;
}

int64_t sk_descriptor_tell(int fd) {
    off_t at = lseek(fd, 0, SEEK_CUR);
    return at < 0 ? -errno : at;
}

int sk_descriptor_seek(int fd, int64_t offset) {
    return lseek(fd, offset, SEEK_SET) < 0 ? -errno : 0;
}
