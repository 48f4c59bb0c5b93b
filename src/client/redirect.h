/* client/redirect.h - what a redirect makes of a request (RFC 9110 15.4). Nothing is sent here. */
#ifndef SK_CLIENT_REDIRECT_H
#define SK_CLIENT_REDIRECT_H

#include <skua/response.h>
#include <skua/types.h>
#include <skua/url.h>
#include <stdbool.h>

/* Where a response sends us; NULL where it does not: another status, or no Location. */
const char *sk_redirect_location(const skua_response *r);
/* The method that follows. */
const char *sk_redirect_method(int status, const char *method);
/* The URL that follows: 0 and *to, SKUA_E_UNSAFE_REDIRECT, SKUA_E_INVALID_URL, SKUA_E_NOMEM. */
int sk_redirect_url(const skua_url *from, const char *location, skua_url **to, skua_error *err);
/* Take out of a list of fields, in place, what must not go along: what describes a body that is
 * dropped; what is meant for the origin that is left, or for a proxy. */
void sk_redirect_drop_body_fields(skua_field *fields);
void sk_redirect_drop_origin_fields(skua_field *fields);
void sk_redirect_drop_proxy_fields(skua_field *fields);

#endif
