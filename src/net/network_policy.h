/* net/network_policy.h - is an address one of the public internet? Tables only; who asks decides
 * what follows. */
#ifndef SK_NET_NETWORK_POLICY_H
#define SK_NET_NETWORK_POLICY_H

#include "sys/socket.h"

/* Why an address is not of the public internet: "is loopback (RFC 1122)", or "holds an IPv4 address
 * that is private (RFC 1918)". NULL: it is. A Unix socket is not. The text is static or in room. */
#define SK_NETWORK_POLICY_TEXT 96
const char *sk_network_policy_fault(const sk_addr *a, char room[SK_NETWORK_POLICY_TEXT]);

#endif
