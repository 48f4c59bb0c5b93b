/* sys/poller.c - choosing a kind of poller, and waiting for one descriptor without any. */
#include "base/fail.h"
#include "sys/clock.h"
#include "sys/poller_ops.h"

#include <errno.h>
#include <poll.h>

sk_poller *sk_poller_new(sk_poller_kind kind) {
    if (kind == SK_POLLER_POLL)
        return sk_poller_poll_new();
    sk_poller *p = sk_poller_epoll_new();
    if (!p && kind == SK_POLLER_BEST && errno == ENOSYS)
        p = sk_poller_poll_new();
    return p;
}

void sk_poller_free(sk_poller *p) {
    if (p)
        p->ops->free(p);
}

int sk_poller_add(sk_poller *p, int fd, unsigned events, void *user) {
    return p->ops->add(p, fd, events, user);
}

int sk_poller_modify(sk_poller *p, int fd, unsigned events, void *user) {
    return p->ops->modify(p, fd, events, user);
}

int sk_poller_remove(sk_poller *p, int fd) {
    return p->ops->remove(p, fd);
}

int sk_poller_wait(sk_poller *p, sk_ready *out, int cap, int timeout_ms) {
    return p->ops->wait(p, out, cap, timeout_ms);
}

int sk_poller_fd(const sk_poller *p) {
    return p->ops->fd(p);
}

int sk_poll_one(int fd, unsigned events, int timeout_ms, skua_error *err) {
    struct pollfd one = {.fd = fd};
    one.events =
        (short)((events & SKUA_WANT_READ ? POLLIN : 0) | (events & SKUA_WANT_WRITE ? POLLOUT : 0));
    int64_t deadline = timeout_ms < 0 ? SK_NEVER : sk_deadline(sk_clock_ms(), timeout_ms);
    int left = timeout_ms;
    for (;;) {
        int n = poll(&one, 1, left);
        if (n > 0)
            return 0;
        if (n == 0)
            return sk_fail(err, SKUA_E_TIMEOUT, SKUA_PHASE_NONE, "timed out");
        if (errno != EINTR)
            return sk_fail_os(err, SKUA_E_OS, SKUA_PHASE_NONE, errno, "poll");
        left = sk_until(sk_clock_ms(), deadline);
    }
}
