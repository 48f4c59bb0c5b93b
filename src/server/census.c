/* server/census.c - how many connections there are, in all and by address. */
#include "server/census.h"

#include "base/mem.h"
#include "sys/entropy.h"
#include "sys/thread.h"

#include <stdatomic.h>
#include <string.h>

#define BUCKETS 1024u /* a power of two */

struct sk_census_place {
    sk_census_place *next;
    uint64_t key;
    bool is_v6;
    uint32_t count;
};

struct sk_census {
    atomic_uint count;
    uint32_t max;
    uint32_t per_address_max;
    uint64_t seed; /* so that nobody can choose addresses that share a bucket */
    sk_mutex lock; /* guards what follows */
    sk_census_place *buckets[BUCKETS];
};

sk_census *sk_census_new(uint32_t max, uint32_t per_address_max) {
    sk_census *c = sk_zalloc(sizeof *c);
    if (!c || sk_mutex_init(&c->lock) != 0) {
        sk_free(c);
        return NULL;
    }
    c->max = max;
    c->per_address_max = per_address_max;
    sk_entropy_fill(&c->seed, sizeof c->seed); /* without it the limits still hold */
    return c;
}

void sk_census_free(sk_census *c) {
    if (!c)
        return;
    for (uint32_t i = 0; i < BUCKETS; i++) {
        for (sk_census_place *p = c->buckets[i], *next; p; p = next) {
            next = p->next;
            sk_free(p);
        }
    }
    sk_mutex_free(&c->lock);
    sk_free(c);
}

/* ---- in all ---- */

bool sk_census_enter(sk_census *c) {
    if (!c || atomic_fetch_add(&c->count, 1) < c->max || c->max == 0)
        return true;
    atomic_fetch_sub(&c->count, 1);
    return false;
}

void sk_census_leave(sk_census *c) {
    if (c)
        atomic_fetch_sub(&c->count, 1);
}

/* ---- by address ---- */

bool sk_census_asks_where(const sk_census *c) {
    return c && c->per_address_max > 0;
}

/* Where an address is counted. False: it is not. */
static bool key_of(const sk_addr *from, uint64_t *key, bool *is_v6) {
    static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};
    unsigned char bytes[16];
    const unsigned char *at = bytes;
    size_t len = sk_addr_bytes(from, bytes);
    if (len == 16 && memcmp(bytes, mapped, sizeof mapped) == 0) {
        at += sizeof mapped;
        len = 4;
    }
    *is_v6 = len == 16;
    *key = 0;
    memcpy(key, at, *is_v6 ? 8 : len);
    return len > 0;
}

static sk_census_place **bucket_of(sk_census *c, uint64_t key) {
    uint64_t hash = (key ^ c->seed) * UINT64_C(0x9e3779b97f4a7c15);
    hash = (hash ^ (hash >> 29)) * (c->seed | 1);
    return &c->buckets[(hash >> 32) & (BUCKETS - 1)];
}

/* With the lock held. NULL: no memory. */
static sk_census_place *place_of(sk_census *c, uint64_t key, bool is_v6) {
    sk_census_place **bucket = bucket_of(c, key);
    for (sk_census_place *p = *bucket; p; p = p->next) {
        if (p->key == key && p->is_v6 == is_v6)
            return p;
    }
    sk_census_place *p = sk_zalloc(sizeof *p);
    if (!p)
        return NULL;
    *p = (sk_census_place){.next = *bucket, .key = key, .is_v6 = is_v6};
    *bucket = p;
    return p;
}

int sk_census_enter_place(sk_census *c, const sk_addr *from, sk_census_place **place) {
    uint64_t key;
    bool is_v6;
    *place = NULL;
    if (!sk_census_asks_where(c) || !key_of(from, &key, &is_v6))
        return 0;
    sk_mutex_lock(&c->lock);
    sk_census_place *p = place_of(c, key, is_v6);
    int rc = !p ? SKUA_E_NOMEM : p->count < c->per_address_max ? 0 : SKUA_E_STATE;
    if (rc == 0) {
        p->count++;
        *place = p;
    }
    sk_mutex_unlock(&c->lock);
    return rc;
}

void sk_census_leave_place(sk_census *c, sk_census_place *place) {
    if (!place)
        return;
    sk_mutex_lock(&c->lock);
    if (--place->count == 0) {
        sk_census_place **at = bucket_of(c, place->key);
        while (*at != place)
            at = &(*at)->next;
        *at = place->next;
        sk_free(place);
    }
    sk_mutex_unlock(&c->lock);
}
