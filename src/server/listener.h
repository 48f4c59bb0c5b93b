/* server/listener.h - where a server listens: an address in words, bound to descriptors. */
#ifndef SK_SERVER_LISTENER_H
#define SK_SERVER_LISTENER_H

#include "net/tls_keeper.h"
#include "server/address_list.h"

#include <skua/server.h>

typedef struct sk_listener {
    char *url;          /* with the real port */
    sk_tls_keeper *tls; /* NULL: plain */
    int *fds;           /* for each address one for each worker; -1 once a worker has taken it */
    uint32_t fd_count;
    bool shared;    /* one descriptor for all workers, which stays the listener's */
    bool inherited; /* from whoever started this process: others may accept from it */
    sk_socket_file file;
    sk_address_list *proxies; /* who begins with a PROXY header; NULL: nobody */
} sk_listener;

/* Bind for so many workers. NULL: err is filled. */
sk_listener *sk_listener_new(const char *where, const skua_listen_opts *opts, uint32_t workers,
                             skua_error *err);
/* Accept no more; the URL stays. */
void sk_listener_close(sk_listener *l);
/* Closes what no worker has taken. NULL is fine. */
void sk_listener_free(sk_listener *l);

#endif
