/* client/no_proxy.h - which hosts a no_proxy list lets go straight. Pure: the list is an argument.
 */
#ifndef SK_CLIENT_NO_PROXY_H
#define SK_CLIENT_NO_PROXY_H

#include <skua/types.h>

/* Find the entry that covers a host, as a view into the list; ptr is NULL where none does. The host
 * is as skua_url_host gives it: without brackets, in either case.
 *
 * Entries are separated by commas and blanks, and compared without case:
 * - "*": every host
 * - "example.org": that name, and every name below it. A dot or "*." in front changes nothing, nor
 *   does a dot at the end, be it the entry's or the host's.
 * - "192.0.2.1", "::1": that address, however it is spelled. An IPv4-mapped one is IPv4.
 * - "192.0.2.0/24", "fc00::/7": the addresses of that block
 * - any of these and a port, "example.org:8080", "[::1]:80": the same, for that port only
 * Names are not resolved: an address in the list does not cover a name that has it. A name beyond
 * ASCII is written as it is looked up, "xn--...". What is none of these covers nothing. */
skua_str sk_no_proxy_find(skua_str list, skua_str host, int port);

#endif
