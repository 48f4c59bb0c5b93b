/* sys/resolve.h - names to addresses without ever being held up by a name server.
 *
 * getaddrinfo runs in a detached thread on a job of its own that both sides share by reference
 * count. Whoever loses interest lets go; a lookup that hangs keeps its thread and its job until it
 * returns, and nobody waits for it. */
#ifndef SK_SYS_RESOLVE_H
#define SK_SYS_RESOLVE_H

#include "sys/socket.h"

typedef enum sk_family { SK_FAMILY_ANY, SK_FAMILY_V4, SK_FAMILY_V6 } sk_family;
typedef struct sk_resolve sk_resolve;

#define SK_RESOLVE_MAX 32 /* addresses of one name; more are left out */

/* How a lookup is made: getaddrinfo's own way, unless a test brings another. It may block, and may
 * run on long after the lookup was released: `user` must live as long. Returns 0 or EAI_*, and
 * fills up to cap addresses. */
typedef int sk_lookup_fn(void *user, const char *host, int port, sk_family family, sk_addr *out,
                         int cap, int *count);

/* Begin. Digits resolve at once, with no thread. The order of the addresses is the system's
 * (RFC 6724). NULL: no memory, no descriptor or no thread, or no host (err is filled). */
sk_resolve *sk_resolve_start(const char *host, int port, sk_family family, sk_lookup_fn *lookup,
                             void *user, skua_error *err);
/* Readable when done; -1 when it is done already. */
int sk_resolve_fd(const sk_resolve *r);
/* 1 when done, 0 when not yet. When done: *eai is 0 or EAI_*, *addrs and *count the result, which
 * stays until sk_resolve_release. */
int sk_resolve_done(sk_resolve *r, int *eai, const sk_addr **addrs, int *count);
/* Fill err for an EAI_*: "resolve: nosuch.invalid: Name or service not known". Returns the code. */
int sk_resolve_fail(skua_error *err, const char *host, int eai);
/* Let go, done or not. NULL is fine. */
void sk_resolve_release(sk_resolve *r);

#endif
