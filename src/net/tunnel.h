/* net/tunnel.h - asking an HTTP proxy for a tunnel (RFC 9110 9.3.6): CONNECT, and its answer.
 *
 * A machine with two ways to wait: it never blocks, and says what it waits for. Who drives it
 * decides how long that may take. */
#ifndef SK_NET_TUNNEL_H
#define SK_NET_TUNNEL_H

#include "wire/h1.h"

#include <skua/stream.h>

typedef void sk_tunnel_head_fn(void *user, const sk_head *head);

typedef struct sk_tunnel_opts {
    skua_stream *proxy;         /* connected; stays the caller's until sk_tunnel_take */
    const char *target;         /* "example.org:443", "[::1]:443"; also for Host */
    const skua_field *fields;   /* for the proxy, sent as they are; NULL: none. A Host wins */
    const sk_h1_limits *limits; /* of the answer; outlives the machine */
    sk_tunnel_head_fn
        *on_head; /* told of each head that comes, interim ones included; NULL: none */
    void *user;
} sk_tunnel_opts;

typedef struct sk_tunnel sk_tunnel;

/* NULL: err is filled: SKUA_E_NOMEM, or what is wrong with target or fields. Only `fields` and
 * `target` are copied. */
sk_tunnel *sk_tunnel_new(const sk_tunnel_opts *opts, skua_error *err);
/* The head that asks, as it is sent, until the first step. */
skua_str sk_tunnel_head(const sk_tunnel *t);
/* Make progress. 0: the tunnel is open. SKUA_E_AGAIN: see want. SKUA_E_TUNNEL: the proxy will not,
 * "407 Proxy Authentication Required". SKUA_E_REMOTE_DISCONNECTED: it closed without an answer;
 * else what is wrong with its answer, or what the stream said. All in phase tunnel, but for TLS to
 * the proxy. */
int sk_tunnel_step(sk_tunnel *t, skua_error *err);
/* What to wait for after SKUA_E_AGAIN, as SKUA_WANT_*. */
unsigned sk_tunnel_wants(const sk_tunnel *t);
/* Has the answer begun? */
bool sk_tunnel_begun(const sk_tunnel *t);

/* The final answer, kept for as long as the machine: status (0 before), and fields. */
int sk_tunnel_status(const sk_tunnel *t);
const skua_field *sk_tunnel_fields(const sk_tunnel *t, size_t *count);

/* After 0: the stream within the tunnel, whose first bytes may have come with the answer. It is the
 * caller's, and what was given is part of it. NULL: no memory, and nothing has changed hands. */
skua_stream *sk_tunnel_take(sk_tunnel *t);
/* NULL is fine. */
void sk_tunnel_free(sk_tunnel *t);

#endif
