/* client/hops.c - the redirects that led to a response. */
#include "client/hops.h"

#include "client/response.h"

#include <string.h>

#define FIRST_CAP 4

static int grow(sk_hops *h) {
    size_t cap = h->cap ? 2 * h->cap : FIRST_CAP;
    skua_hop *at = sk_arena_zalloc(&h->mem, (cap + 1) * sizeof *at);
    if (!at)
        return SKUA_E_NOMEM;
    if (h->count > 0)
        memcpy(at, h->at, h->count * sizeof *at);
    h->at = at;
    h->cap = cap;
    return 0;
}

int sk_hops_add(sk_hops *h, int status, const char *url) {
    if (h->count == h->cap && grow(h) != 0)
        return SKUA_E_NOMEM;
    char *copy = sk_arena_strndup(&h->mem, url, strlen(url));
    if (!copy)
        return SKUA_E_NOMEM;
    h->at[h->count++] = (skua_hop){.status = status, .url = copy};
    return 0;
}

void sk_hops_free(sk_hops *h) {
    sk_arena_free(&h->mem);
    *h = (sk_hops){0};
}

const skua_hop *skua_response_hops(const skua_response *r, size_t *count) {
    static const skua_hop none[1];
    if (count)
        *count = r ? r->hops.count : 0;
    return r && r->hops.at ? r->hops.at : none;
}
