/* server/address_list.h - a list of addresses and blocks of them, in words. */
#ifndef SK_SERVER_ADDRESS_LIST_H
#define SK_SERVER_ADDRESS_LIST_H

#include "sys/socket.h"

typedef struct sk_address_list sk_address_list;

/* "10.0.0.0/8, 192.0.2.1, fd00::/8, unix": separated by commas or blanks; "unix" is every Unix
 * socket. NULL: err is filled; an empty list is an error. */
sk_address_list *sk_address_list_new(const char *text, skua_error *err);
void sk_address_list_free(sk_address_list *l); /* NULL is fine */
/* An IPv4-mapped address is the IPv4 address. Nothing is in a list that is NULL. */
bool sk_address_list_has(const sk_address_list *l, const sk_addr *a);

#endif
