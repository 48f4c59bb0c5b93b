/* server/census.h - how many connections a server has, in all and from each address, and whether
 * there is room for another. Shared by its workers. */
#ifndef SK_SERVER_CENSUS_H
#define SK_SERVER_CENSUS_H

#include "sys/socket.h"

typedef struct sk_census sk_census;
/* One address, with how many connections come from it. */
typedef struct sk_census_place sk_census_place;

/* 0 is any number. NULL: no memory. */
sk_census *sk_census_new(uint32_t max, uint32_t per_address_max);
void sk_census_free(sk_census *c); /* NULL is fine */

/* ---- any thread; without a census there is room for all ---- */

/* False: there are enough. */
bool sk_census_enter(sk_census *c);
void sk_census_leave(sk_census *c);

/* Count one from an address: an IPv4 address, or the first 64 bits of an IPv6 address, which is
 * what one customer has. 0, with *place, NULL where that is not counted; SKUA_E_STATE: there are
 * enough; SKUA_E_NOMEM. */
int sk_census_enter_place(sk_census *c, const sk_addr *from, sk_census_place **place);
void sk_census_leave_place(sk_census *c, sk_census_place *place); /* NULL is fine */
/* Does it matter where a connection comes from? */
bool sk_census_asks_where(const sk_census *c);

#endif
