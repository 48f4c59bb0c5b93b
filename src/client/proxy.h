/* client/proxy.h - a proxy, as a person writes it: "http://user:password@proxy.example:3128". */
#ifndef SK_CLIENT_PROXY_H
#define SK_CLIENT_PROXY_H

#include "client/origin.h"

typedef struct sk_proxy {
    sk_origin at;        /* https: TLS is spoken to it */
    char *authorization; /* value of Proxy-Authorization, from the user information; NULL: none */
} sk_proxy;

/* "host", "host:port", "http://...", "https://..."; a path of "/" is let pass. User and password
 * are percent-decoded. SKUA_E_UNSUPPORTED: another scheme, by its name; SKUA_E_INVALID_ARGUMENT: no
 * URL of a proxy; SKUA_E_NOMEM. No message shows user or password. */
int sk_proxy_parse(sk_proxy *p, const char *text, skua_error *err);
void sk_proxy_free(sk_proxy *p);

/* May these go to a proxy? 0, or SKUA_E_INVALID_ARGUMENT: a name that is no token, a value that is
 * none, a field that frames a message, or a Host where that is not allowed. */
int sk_proxy_check_fields(const skua_field *fields, bool host_allowed, skua_error *err);

#endif
