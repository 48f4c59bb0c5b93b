/* wire/ipv6.h - is this the text of an IPv6 address? */
#ifndef SK_WIRE_IPV6_H
#define SK_WIRE_IPV6_H

#include <skua/types.h>
#include <stdbool.h>

/* Strictly RFC 3986 3.2.2's IPv6address: no brackets, no zone. */
bool sk_ipv6_is_address(skua_str s);

#endif
