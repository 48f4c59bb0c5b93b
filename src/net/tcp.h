/* net/tcp.h - the stream over a connected socket, TCP or Unix. */
#ifndef SK_NET_TCP_H
#define SK_NET_TCP_H

#include <skua/stream.h>
#include <stdbool.h>

typedef struct sk_tcp {
    skua_stream base;
    int fd;
    bool allocated;
    bool more;         /* the next bytes are followed by others at once */
    bool sigpipe_held; /* by whoever sends: see sk_sigpipe_hold */
    bool waits;        /* the socket was let wait in reading */
} sk_tcp;

/* Over a descriptor it now owns; in the caller's memory, which close does not free. */
void sk_tcp_init(sk_tcp *t, int fd);
/* The same in memory of its own. NULL: no memory (fd is left open). */
skua_stream *sk_tcp_new(int fd);

#endif
