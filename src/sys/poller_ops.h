/* sys/poller_ops.h - what a kind of poller is made of. For sys/poller*.c alone. */
#ifndef SK_SYS_POLLER_OPS_H
#define SK_SYS_POLLER_OPS_H

#include "sys/poller.h"

/* As the functions of sys/poller.h of the same names. */
typedef struct sk_poller_ops {
    void (*free)(sk_poller *p);
    int (*add)(sk_poller *p, int fd, unsigned events, void *user);
    int (*modify)(sk_poller *p, int fd, unsigned events, void *user);
    int (*remove)(sk_poller *p, int fd);
    int (*wait)(sk_poller *p, sk_ready *out, int cap, int timeout_ms);
    int (*fd)(const sk_poller *p);
} sk_poller_ops;

/* The first member of each kind's struct. */
struct sk_poller {
    const sk_poller_ops *ops;
};

sk_poller *sk_poller_epoll_new(void); /* NULL: errno */
sk_poller *sk_poller_poll_new(void);

#endif
