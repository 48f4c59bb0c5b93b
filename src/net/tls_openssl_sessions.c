/* net/tls_openssl_sessions.c - the store of TLS sessions: bounded, counted, shared by threads.
 *
 *     put --> | a bucket by key, newest last | --> take (the newest that has not ended)
 *             | all by age, oldest first     | --> the oldest give way
 *
 * It knows nothing of what a key stands for: see tls_openssl_session.c. A session in the store is
 * nobody else's: what is put is copied and what is taken is gone, so that a ticket is used once
 * (RFC 8446 C.4), and OpenSSL may write in a session that a connection uses without a lock. */
#include "net/tls_openssl.h"

#include "base/list.h"
#include "base/mem.h"
#include "sys/clock.h"
#include "sys/thread.h"

#include <string.h>

#define MAX_DEFAULT 256
/* So that one server with many tickets does not drive out all others. */
#define MAX_ALIKE   4
#define BUCKETS_MAX 4096
#define WEEK        (7 * 24 * 3600) /* RFC 8446 4.6.1: MUST NOT cache tickets for longer */

typedef struct entry {
    sk_link by_age;
    sk_link in_bucket;
    unsigned char key[SK_TLS_KEY_BYTES];
    int64_t end; /* seconds since 1970 */
    SSL_SESSION *session;
} entry;

struct skua_tls_sessions {
    atomic_uint holders;
    sk_mutex lock; /* of all below */
    size_t count, max;
    sk_link by_age;
    size_t buckets; /* a power of two */
    sk_link bucket[];
};

/* ---- making and ending ---- */

static size_t buckets_for(size_t max) {
    size_t n = 8;
    while (n < BUCKETS_MAX && n < max / 4)
        n *= 2;
    return n;
}

skua_tls_sessions *skua_tls_sessions_new(size_t max) {
    if (max == 0)
        max = MAX_DEFAULT;
    size_t buckets = buckets_for(max);
    skua_tls_sessions *t = sk_zalloc(sizeof *t + buckets * sizeof t->bucket[0]);
    if (!t)
        return NULL;
    if (sk_mutex_init(&t->lock) != 0) {
        sk_free(t);
        return NULL;
    }
    atomic_init(&t->holders, 1);
    t->max = max;
    t->buckets = buckets;
    sk_list_init(&t->by_age);
    for (size_t i = 0; i < buckets; i++)
        sk_list_init(&t->bucket[i]);
    return t;
}

skua_tls_sessions *sk_tls_sessions_hold(skua_tls_sessions *t) {
    atomic_fetch_add_explicit(&t->holders, 1, memory_order_relaxed);
    return t;
}

static void entry_free(entry *e) {
    if (!e)
        return;
    SSL_SESSION_free(e->session);
    sk_free(e);
}

/* Out of the store, which is locked or no longer shared. */
static entry *unlink_entry(skua_tls_sessions *t, entry *e) {
    sk_list_remove(&e->by_age);
    sk_list_remove(&e->in_bucket);
    t->count--;
    return e;
}

void skua_tls_sessions_free(skua_tls_sessions *t) {
    if (!t || atomic_fetch_sub_explicit(&t->holders, 1, memory_order_acq_rel) != 1)
        return;
    while (!sk_list_empty(&t->by_age))
        entry_free(unlink_entry(t, SK_CONTAINER(t->by_age.next, entry, by_age)));
    sk_mutex_free(&t->lock);
    sk_free(t);
}

/* ---- putting ---- */

static int64_t earlier(int64_t a, int64_t b) {
    return a < b ? a : b;
}

/* RFC 8446 4.6.1: lifetime 0 says "discard at once"; RFC 5077 3.3: "unspecified". */
static int64_t end_of(SSL_SESSION *session) {
    int64_t began = SSL_SESSION_get_time(session), end, certificate;
    int64_t hint = (int64_t)SSL_SESSION_get_ticket_lifetime_hint(session);
    if (SSL_SESSION_get_protocol_version(session) >= TLS1_3_VERSION)
        end = began + earlier(hint, WEEK);
    else
        end = began + (hint > 0 ? earlier(hint, SSL_SESSION_get_timeout(session))
                                : SSL_SESSION_get_timeout(session));
    const X509 *peer = SSL_SESSION_get0_peer(session);
    if (peer && sk_tls_unix_time(X509_get0_notAfter(peer), &certificate))
        end = earlier(end, certificate);
    return end;
}

static entry *entry_new(const unsigned char key[SK_TLS_KEY_BYTES], SSL_SESSION *session) {
    entry *e = sk_zalloc(sizeof *e);
    if (!e)
        return NULL;
    memcpy(e->key, key, sizeof e->key);
    sk_list_init(&e->by_age);
    sk_list_init(&e->in_bucket);
    e->end = end_of(session);
    e->session = SSL_SESSION_dup(session);
    if (e->session)
        return e;
    sk_free(e);
    return NULL;
}

/* The key is a digest: any part of it is as good as another. */
static sk_link *bucket_of(skua_tls_sessions *t, const unsigned char key[SK_TLS_KEY_BYTES]) {
    size_t n;
    memcpy(&n, key, sizeof n);
    return &t->bucket[n & (t->buckets - 1)];
}

/* The oldest under a key, where there are too many of them; else the oldest of all, where the store
 * is full; else NULL. */
static entry *surplus(skua_tls_sessions *t, sk_link *bucket, const unsigned char *key) {
    entry *oldest = NULL;
    int alike = 0;
    for (sk_link *l = bucket->next; l != bucket; l = l->next) {
        entry *e = SK_CONTAINER(l, entry, in_bucket);
        if (memcmp(e->key, key, sizeof e->key) != 0)
            continue;
        oldest = oldest ? oldest : e;
        alike++;
    }
    if (alike > MAX_ALIKE)
        return oldest;
    return t->count > t->max ? SK_CONTAINER(t->by_age.next, entry, by_age) : NULL;
}

void sk_tls_sessions_put(skua_tls_sessions *t, const unsigned char key[SK_TLS_KEY_BYTES],
                         SSL_SESSION *session) {
    entry *e = entry_new(key, session), *old;
    if (!e)
        return;
    sk_mutex_lock(&t->lock);
    sk_link *bucket = bucket_of(t, key);
    sk_list_push_back(bucket, &e->in_bucket);
    sk_list_push_back(&t->by_age, &e->by_age);
    t->count++;
    old = surplus(t, bucket, key);
    if (old)
        unlink_entry(t, old);
    sk_mutex_unlock(&t->lock);
    entry_free(old);
}

/* ---- taking ---- */

/* The newest under the key, or NULL. */
static entry *unlink_newest(skua_tls_sessions *t, const unsigned char *key) {
    entry *found = NULL;
    sk_mutex_lock(&t->lock);
    sk_link *bucket = bucket_of(t, key);
    for (sk_link *l = bucket->prev; l != bucket && !found; l = l->prev) {
        entry *e = SK_CONTAINER(l, entry, in_bucket);
        if (memcmp(e->key, key, sizeof e->key) == 0)
            found = unlink_entry(t, e);
    }
    sk_mutex_unlock(&t->lock);
    return found;
}

SSL_SESSION *sk_tls_sessions_take(skua_tls_sessions *t, const unsigned char key[SK_TLS_KEY_BYTES]) {
    int64_t now = sk_clock_unix();
    for (entry *e; (e = unlink_newest(t, key)) != NULL; entry_free(e)) {
        if (now >= e->end)
            continue;
        SSL_SESSION *session = e->session;
        sk_free(e);
        return session;
    }
    return NULL;
}

void sk_tls_sessions_drop(skua_tls_sessions *t, const unsigned char key[SK_TLS_KEY_BYTES]) {
    entry *e;
    while ((e = unlink_newest(t, key)) != NULL)
        entry_free(e);
}
