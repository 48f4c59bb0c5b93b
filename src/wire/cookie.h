/* wire/cookie.h - cookies as a server sees them (RFC 6265): read as they come, written as they
 * should be. */
#ifndef SK_WIRE_COOKIE_H
#define SK_WIRE_COOKIE_H

#include "base/buf.h"

#include <skua/reply.h>

/* Find the first cookie of that name, which is compared with case, in a Cookie field. Quotes around
 * the value are left out. Nothing is wrong with any field: what is no pair is passed over. */
bool sk_cookie_find(skua_str field, skua_str name, skua_str *value);

/* NULL, or what is wrong with a cookie that is to be set. `secure`: is it one that has Secure? */
const char *sk_cookie_fault(const skua_cookie *c, bool secure);
/* Append the value of the Set-Cookie field, of a cookie that has no fault. */
void sk_cookie_append(sk_buf *out, const skua_cookie *c, bool secure);

#endif
