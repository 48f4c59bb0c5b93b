/* client/peer.h - the other end of a connection, as errors name it. */
#ifndef SK_CLIENT_PEER_H
#define SK_CLIENT_PEER_H

#include <skua/error.h>

typedef struct sk_peer {
    char host[256];   /* what a person typed; cut where it is longer */
    char target[256]; /* "example.org:443" */
    char address[56]; /* the one in use, or "" */
} sk_peer;

/* Complete an error that a lower floor has filled: target and address are set, the host is named
 * behind the phase unless it is named already, and the phase becomes `phase` unless that is
 * SKUA_PHASE_NONE. What was our own fault, memory or a wrong argument, names no host. Returns the
 * code. */
int sk_peer_blame(const sk_peer *p, skua_phase phase, skua_error *err);

/* The same for what a proxy on the way to `origin` has failed in, which the message says: "connect:
 * proxy proxy.example:3128: connection refused", "tunnel: proxy.example:3128: 407 ...". The target
 * is the origin's. */
int sk_peer_blame_proxy(const sk_peer *proxy, const sk_peer *origin, skua_error *err);

/* Fail with a text of our own: "phase: host: text", completed likewise. */
int sk_peer_fail(const sk_peer *p, skua_error *err, int code, skua_phase phase, const char *fmt,
                 ...) SKUA_PRINTF(5, 6);

#endif
