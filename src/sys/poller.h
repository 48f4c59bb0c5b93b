/* sys/poller.h - which of many descriptors are ready: epoll where there is one, else poll. */
#ifndef SK_SYS_POLLER_H
#define SK_SYS_POLLER_H

#include <skua/stream.h>

typedef struct sk_poller sk_poller;
typedef enum sk_poller_kind { SK_POLLER_BEST, SK_POLLER_EPOLL, SK_POLLER_POLL } sk_poller_kind;

typedef struct sk_ready {
    void *user;
    unsigned events; /* SKUA_WANT_*; an error or hang-up shows as both */
} sk_ready;

/* Beside SKUA_WANT_READ: of several pollers that so watch a descriptor, only the first that waits
 * is woken, in the order in which they were given it. One that is at work is passed over, and sees
 * it when it waits again. What is wanted can only change to nothing and back. */
#define SK_POLLER_ONE_OF_MANY 0x100u

/* NULL when there is no memory, no descriptor, or no such kind here (errno says which). */
sk_poller *sk_poller_new(sk_poller_kind kind);
void sk_poller_free(sk_poller *p);
/* Level-triggered. A descriptor may want nothing (0) and is then told nothing, not even a hang-up.
 * To remove one that is not there is no error. 0 or -errno. */
int sk_poller_add(sk_poller *p, int fd, unsigned events, void *user);
int sk_poller_modify(sk_poller *p, int fd, unsigned events, void *user);
int sk_poller_remove(sk_poller *p, int fd);
/* Wait up to timeout_ms (-1: no end). Returns: how many of out are filled, 0 at the time-out, or
 * -errno (EINTR counts as 0). */
int sk_poller_wait(sk_poller *p, sk_ready *out, int cap, int timeout_ms);
/* A descriptor that is readable when any other is, for a foreign loop; -1 with SK_POLLER_POLL. */
int sk_poller_fd(const sk_poller *p);

/* Wait for one descriptor. 0, SKUA_E_TIMEOUT, or -errno mapped to SKUA_E_OS in err. */
int sk_poll_one(int fd, unsigned events, int timeout_ms, skua_error *err);

#endif
