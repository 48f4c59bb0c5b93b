/* sys/poller_epoll.c - the poller over Linux epoll, level-triggered. */
#include "base/mem.h"
#include "sys/poller_ops.h"

#include <errno.h>
#include <sys/epoll.h>
#include <unistd.h>

#define BATCH 256 /* how many events one epoll_wait brings */

typedef struct epoll_poller {
    sk_poller base;
    int fd;
} epoll_poller;

static int control(sk_poller *p, int op, int fd, unsigned events, void *user) {
    struct epoll_event e = {.data.ptr = user};
    e.events = (events & SKUA_WANT_READ ? (uint32_t)EPOLLIN : 0) |
               (events & SKUA_WANT_WRITE ? (uint32_t)EPOLLOUT : 0) |
               (events & SK_POLLER_ONE_OF_MANY ? (uint32_t)EPOLLEXCLUSIVE : 0);
    return epoll_ctl(((epoll_poller *)p)->fd, op, fd, &e) == 0 ? 0 : -errno;
}

static int epoll_remove(sk_poller *p, int fd) {
    int rc = control(p, EPOLL_CTL_DEL, fd, 0, NULL);
    return rc == -ENOENT ? 0 : rc;
}

/* epoll tells of a hang-up even where nothing is asked for, each time anew: a descriptor that
 * wants nothing is kept out of the set, lest a peer that hung up make the loop spin. */
static int epoll_add(sk_poller *p, int fd, unsigned events, void *user) {
    return events == 0 ? 0 : control(p, EPOLL_CTL_ADD, fd, events, user);
}

static int epoll_modify(sk_poller *p, int fd, unsigned events, void *user) {
    if (events == 0)
        return epoll_remove(p, fd);
    if (events & SK_POLLER_ONE_OF_MANY) /* it is not there: see poller.h */
        return control(p, EPOLL_CTL_ADD, fd, events, user);
    int rc = control(p, EPOLL_CTL_MOD, fd, events, user);
    return rc == -ENOENT ? control(p, EPOLL_CTL_ADD, fd, events, user) : rc;
}

static unsigned to_wants(uint32_t events) {
    if (events & (EPOLLERR | EPOLLHUP))
        return SKUA_WANT_READ | SKUA_WANT_WRITE;
    return (events & EPOLLIN ? SKUA_WANT_READ : 0) | (events & EPOLLOUT ? SKUA_WANT_WRITE : 0);
}

static int epoll_poller_wait(sk_poller *p, sk_ready *out, int cap, int timeout_ms) {
    struct epoll_event events[BATCH];
    int n = epoll_wait(((epoll_poller *)p)->fd, events, cap < BATCH ? cap : BATCH, timeout_ms);
    if (n < 0)
        return errno == EINTR ? 0 : -errno;
    for (int i = 0; i < n; i++)
        out[i] = (sk_ready){.user = events[i].data.ptr, .events = to_wants(events[i].events)};
    return n;
}

static int epoll_fd(const sk_poller *p) {
    return ((const epoll_poller *)p)->fd;
}

static void epoll_free(sk_poller *p) {
    close(((epoll_poller *)p)->fd);
    sk_free(p);
}

static const sk_poller_ops epoll_ops = {
    .free = epoll_free,
    .add = epoll_add,
    .modify = epoll_modify,
    .remove = epoll_remove,
    .wait = epoll_poller_wait,
    .fd = epoll_fd,
};

sk_poller *sk_poller_epoll_new(void) {
    epoll_poller *e = sk_zalloc(sizeof *e);
    if (!e) {
        errno = ENOMEM;
        return NULL;
    }
    e->base.ops = &epoll_ops;
    e->fd = epoll_create1(EPOLL_CLOEXEC);
    if (e->fd < 0) {
        int saved = errno;
        sk_free(e);
        errno = saved;
        return NULL;
    }
    return &e->base;
}
