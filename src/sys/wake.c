/* sys/wake.c - a descriptor that one thread makes readable and another polls. */
#include "sys/wake.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

static int wake_init_pipe(sk_wake *w) {
    int ends[2];
    if (pipe2(ends, O_NONBLOCK | O_CLOEXEC) != 0)
        return -errno;
    *w = (sk_wake){.read_fd = ends[0], .write_fd = ends[1]};
    return 0;
}

int sk_wake_init(sk_wake *w) {
    int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (fd < 0)
        return errno == ENOSYS ? wake_init_pipe(w) : -errno;
    *w = (sk_wake){.read_fd = fd, .write_fd = fd};
    return 0;
}

void sk_wake_close(sk_wake *w) {
    if (w->read_fd >= 0)
        close(w->read_fd);
    if (w->write_fd >= 0 && w->write_fd != w->read_fd)
        close(w->write_fd);
    *w = (sk_wake){.read_fd = -1, .write_fd = -1};
}

void sk_wake_set(const sk_wake *w) {
    int saved = errno; /* a signal handler must leave it as it was */
    const uint64_t one = 1;
    /* Full means that it is set already, so only an interruption is tried again. */
    while (write(w->write_fd, &one, sizeof one) < 0 && errno == EINTR)
        ;
    errno = saved;
}

void sk_wake_clear(const sk_wake *w) {
    uint64_t sink[32];
    ssize_t n;
    do
        n = read(w->read_fd, sink, sizeof sink);
    while (n == (ssize_t)sizeof sink || (n < 0 && errno == EINTR));
}
