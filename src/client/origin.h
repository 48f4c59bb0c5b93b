/* client/origin.h - the server a connection is for (RFC 9110 4.3): scheme, host and port, taken
 * from what a person wrote. */
#ifndef SK_CLIENT_ORIGIN_H
#define SK_CLIENT_ORIGIN_H

#include "client/peer.h"

#include <skua/url.h>
#include <stdbool.h>

typedef struct sk_origin {
    bool https;
    int port;        /* 0 for a Unix socket */
    char *host;      /* to dial: "example.org", "::1", "unix:/run/x" */
    char *authority; /* for Host: "example.org", "[::1]:8080", "localhost" */
} sk_origin;

/* The forms that skua_conn_new takes. */
int sk_origin_parse(sk_origin *o, const char *where, skua_error *err);
int sk_origin_of_url(sk_origin *o, const skua_url *url, skua_error *err);
int sk_origin_copy(sk_origin *o, const sk_origin *from, skua_error *err);
void sk_origin_free(sk_origin *o);
bool sk_origin_is_unix(const sk_origin *o);
/* How errors name it. */
void sk_origin_name(const sk_origin *o, sk_peer *out);

#endif
