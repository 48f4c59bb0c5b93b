/* client/route.h - the way from here to an origin (RFC 9110 3.7): straight, or through a proxy. */
#ifndef SK_CLIENT_ROUTE_H
#define SK_CLIENT_ROUTE_H

#include "client/draft.h"
#include "client/proxy.h"
#include "client/settings.h"

typedef enum sk_route_kind {
    SK_ROUTE_STRAIGHT,
    SK_ROUTE_FORWARD, /* the proxy gets the request, with the whole URL as its target */
    SK_ROUTE_TUNNEL   /* the proxy is asked for a tunnel, which the request goes through */
} sk_route_kind;

typedef struct sk_route {
    sk_route_kind kind;
    sk_proxy proxy;     /* unless it is straight */
    skua_field *fields; /* for the proxy alone; ends with a NULL name */
    sk_draft_via via;   /* the same, for requests that are forwarded */
    sk_arena mem;       /* of the fields */
} sk_route;

/* What the settings, and where they say so the environment, name for an origin. */
int sk_route_choose(sk_route *r, const sk_settings *s, const sk_origin *to, skua_error *err);
/* A tunnel through a proxy that is known, and may be part of the route that is replaced. All is
 * copied; on failure nothing has changed. */
int sk_route_set_tunnel(sk_route *r, const sk_settings *s, const sk_origin *proxy,
                        const skua_field *fields, skua_error *err);
void sk_route_free(sk_route *r);
/* How a proxy is told of a request that it forwards; NULL: none does. */
static inline const sk_draft_via *sk_route_via(const sk_route *r) {
    return r->kind == SK_ROUTE_FORWARD ? &r->via : NULL;
}
/* Is a request's Proxy-Authorization kept from where it goes? The proxy of a tunnel has been told;
 * and where the environment was asked and names none, there is nobody it could be for. */
bool sk_route_withholds(const sk_route *r, const sk_settings *s);
/* Would a connection for one do for the other? Only where a proxy forwards. */
bool sk_route_is_shared(const sk_route *a, const sk_route *b);

#endif
