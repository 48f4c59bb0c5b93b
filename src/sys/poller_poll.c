/* sys/poller_poll.c - the poller over POSIX poll, for systems without epoll.
 *
 * The descriptors stand packed in one array, as poll wants them; `slots` finds a descriptor's place
 * in it. A removed one is replaced by the last. */
#include "base/mem.h"
#include "sys/poller_ops.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>

typedef struct poll_poller {
    sk_poller base;
    struct pollfd *fds; /* count of cap; a negative fd is one that wants nothing */
    void **users;       /* beside fds */
    int *slots;         /* by descriptor: its index in fds plus one, 0 for none */
    int count, cap;
    int slot_cap;
    int first; /* where the next wait begins to look, so that none is always last */
} poll_poller;

static bool grow(poll_poller *q) {
    int cap = q->cap == 0 ? 16 : q->cap * 2;
    struct pollfd *fds = sk_realloc(q->fds, (size_t)cap * sizeof *fds);
    if (!fds)
        return false;
    q->fds = fds;
    void **users = sk_realloc(q->users, (size_t)cap * sizeof *users);
    if (!users)
        return false;
    q->users = users;
    q->cap = cap;
    return true;
}

static bool grow_slots(poll_poller *q, int fd) {
    int cap = q->slot_cap == 0 ? 64 : q->slot_cap;
    while (cap <= fd)
        cap *= 2;
    int *slots = sk_realloc(q->slots, (size_t)cap * sizeof *slots);
    if (!slots)
        return false;
    for (int i = q->slot_cap; i < cap; i++)
        slots[i] = 0;
    q->slots = slots;
    q->slot_cap = cap;
    return true;
}

static int slot_of(const poll_poller *q, int fd) {
    return fd >= 0 && fd < q->slot_cap ? q->slots[fd] - 1 : -1;
}

/* poll passes over negative descriptors; ~ keeps 0 apart from -1. */
static void set(poll_poller *q, int slot, int fd, unsigned events) {
    short wanted =
        (short)((events & SKUA_WANT_READ ? POLLIN : 0) | (events & SKUA_WANT_WRITE ? POLLOUT : 0));
    q->fds[slot] = (struct pollfd){.fd = events == 0 ? ~fd : fd, .events = wanted};
}

static int poll_add(sk_poller *p, int fd, unsigned events, void *user) {
    poll_poller *q = (poll_poller *)p;
    if (fd < 0)
        return -EBADF;
    if (slot_of(q, fd) >= 0)
        return -EEXIST;
    if (q->count == q->cap && !grow(q))
        return -ENOMEM;
    if (fd >= q->slot_cap && !grow_slots(q, fd))
        return -ENOMEM;
    set(q, q->count, fd, events);
    q->users[q->count] = user;
    q->slots[fd] = ++q->count;
    return 0;
}

static int poll_modify(sk_poller *p, int fd, unsigned events, void *user) {
    poll_poller *q = (poll_poller *)p;
    int slot = slot_of(q, fd);
    if (slot < 0)
        return -ENOENT;
    set(q, slot, fd, events);
    q->users[slot] = user;
    return 0;
}

static int poll_remove(sk_poller *p, int fd) {
    poll_poller *q = (poll_poller *)p;
    int slot = slot_of(q, fd);
    if (slot < 0)
        return 0;
    int last = --q->count;
    q->fds[slot] = q->fds[last];
    q->users[slot] = q->users[last];
    int moved = q->fds[slot].fd;
    q->slots[moved < 0 ? ~moved : moved] = slot + 1;
    q->slots[fd] = 0;
    return 0;
}

static unsigned to_wants(short events) {
    if (events & (POLLERR | POLLHUP | POLLNVAL))
        return SKUA_WANT_READ | SKUA_WANT_WRITE;
    return (events & POLLIN ? SKUA_WANT_READ : 0) | (events & POLLOUT ? SKUA_WANT_WRITE : 0);
}

static int poll_poller_wait(sk_poller *p, sk_ready *out, int cap, int timeout_ms) {
    poll_poller *q = (poll_poller *)p;
    int ready = poll(q->fds, (nfds_t)q->count, timeout_ms);
    if (ready < 0)
        return errno == EINTR ? 0 : -errno;
    int n = 0;
    int start = q->first;
    for (int i = 0; i < q->count && n < ready && n < cap; i++) {
        int slot = (start + i) % q->count;
        if (q->fds[slot].revents == 0)
            continue;
        out[n++] = (sk_ready){.user = q->users[slot], .events = to_wants(q->fds[slot].revents)};
        q->first = slot + 1;
    }
    return n;
}

static int poll_fd(const sk_poller *p) {
    (void)p;
    return -1;
}

static void poll_free(sk_poller *p) {
    poll_poller *q = (poll_poller *)p;
    sk_free(q->fds);
    sk_free(q->users);
    sk_free(q->slots);
    sk_free(q);
}

static const sk_poller_ops poll_ops = {
    .free = poll_free,
    .add = poll_add,
    .modify = poll_modify,
    .remove = poll_remove,
    .wait = poll_poller_wait,
    .fd = poll_fd,
};

sk_poller *sk_poller_poll_new(void) {
    poll_poller *q = sk_zalloc(sizeof *q);
    if (!q) {
        errno = ENOMEM;
        return NULL;
    }
    q->base.ops = &poll_ops;
    return &q->base;
}
