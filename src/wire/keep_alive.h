/* wire/keep_alive.h - the field Keep-Alive (RFC 2068 19.7.1): how long a peer will wait for another
 * request. */
#ifndef SK_WIRE_KEEP_ALIVE_H
#define SK_WIRE_KEEP_ALIVE_H

#include "wire/fields.h"

#include <stdint.h>

/* The least "timeout=N" in the fields of that name, in seconds, at most SK_KEEP_ALIVE_MAX; -1 where
 * there is none. What else they say ("max=100") is passed over. */
int64_t sk_keep_alive_timeout(const sk_fields *f);

#define SK_KEEP_ALIVE_MAX 1000000000

#endif
