/* client/no_proxy.h - which hosts a no_proxy list lets go straight. Pure: the list is an argument.
 */
#ifndef SK_CLIENT_NO_PROXY_H
#define SK_CLIENT_NO_PROXY_H

#include <skua/types.h>

/* Find the entry that covers a host, as a view into the list; ptr is NULL where none does. The host
 * is as skua_url_host gives it: without brackets, in either case.
 *
 * Entries are separated by commas and blanks, and compared without case:
 *   *                     every host
 *   example.org           that name and every name below it; a dot, or "*.", in front of it and a
 * dot behind it (of the host, too) change nothing 192.0.2.1, ::1        that address, however it is
 * spelled; IPv4-mapped ones are IPv4 192.0.2.0/24, fc00::/7  the addresses of that block
 *   entry:port, [::1]:port  the same, but for that port only
 * Names are not resolved: an address in the list does not cover a name that has it. What is none of
 * these covers nothing. */
skua_str sk_no_proxy_find(skua_str list, skua_str host, int port);

#endif
