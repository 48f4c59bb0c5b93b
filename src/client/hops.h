/* client/hops.h - the redirects that led to a response. */
#ifndef SK_CLIENT_HOPS_H
#define SK_CLIENT_HOPS_H

#include "base/arena.h"

#include <skua/response.h>

typedef struct sk_hops {
    sk_arena mem;
    skua_hop *at; /* oldest first; ends with a NULL url; NULL: none */
    size_t count, cap;
} sk_hops;

/* 0 or SKUA_E_NOMEM, with nothing changed. */
int sk_hops_add(sk_hops *h, int status, const char *url);
void sk_hops_free(sk_hops *h);

#endif
