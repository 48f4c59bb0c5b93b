/* net/dial.h - from a name to a connected socket: resolve, then race the addresses (RFC 8305).
 *
 * A machine with two ways to wait, as everything here: it never blocks; it says which descriptors
 * and which moment it waits for. */
#ifndef SK_NET_DIAL_H
#define SK_NET_DIAL_H

#include "sys/resolve.h"

#include <skua/stream.h>

#define SK_DIAL_RACE_MAX 8 /* attempts at a time; further ones take the place of the oldest */

typedef struct sk_dial_opts {
    const char *host; /* a name, digits, or "unix:/path"; borrowed during sk_dial_start */
    int port;
    sk_family family;
    bool public_only;     /* dial no address that sk_network_policy_fault finds fault with */
    const sk_addr *from;  /* NULL: the system chooses; else only its family is dialled */
    int64_t resolve_ms;   /* SKUA_FOREVER for none; likewise below */
    int64_t connect_ms;   /* all addresses together */
    int64_t stagger_ms;   /* between attempts, at least 10: RFC 8305 5 recommends 250 */
    int64_t deadline;     /* absolute, of the whole call; SK_NEVER */
    sk_lookup_fn *lookup; /* NULL: getaddrinfo */
    void *lookup_user;
    const sk_addr *addresses; /* given, with ports: no resolving; borrowed during sk_dial_start */
    int address_count;
} sk_dial_opts;

typedef struct sk_dial sk_dial;

/* NULL: err is filled. now in ms of the monotonic clock. */
sk_dial *sk_dial_start(const sk_dial_opts *opts, int64_t now, skua_error *err);
/* Make progress. Returns the connected descriptor (now the caller's, >= 0), SKUA_E_AGAIN, or an
 * error with phase, attempts (the first SKUA_ERROR_ATTEMPTS) and a message that names the host:
 * SKUA_E_RESOLVE; SKUA_E_TIMEOUT; SKUA_E_CONNECTION_REFUSED when every address refused;
 * SKUA_E_NETWORK_POLICY when none may be dialled; SKUA_E_CONNECT. After either end it is only to be
 * freed. */
int sk_dial_step(sk_dial *d, int64_t now, skua_error *err);
/* While SKUA_E_AGAIN: what to wait for. Fills up to cap of out, which SK_DIAL_RACE_MAX suffices
 * for; *deadline is when to step anyway. Returns how many. */
int sk_dial_wants(const sk_dial *d, skua_want *out, int cap, int64_t *deadline);
/* When resolving and connecting were done, in ms since the start; -1 if not reached. */
void sk_dial_times(const sk_dial *d, int64_t *resolved_ms, int64_t *connected_ms);
/* The attempts so far, in the order in which they began: fills up to cap of out. Returns how many.
 * One that was not made because its address is not public has EACCES. */
int sk_dial_attempts(const sk_dial *d, int64_t now, skua_attempt *out, int cap);
/* Ends attempts under way. NULL is fine. */
void sk_dial_free(sk_dial *d);

#endif
