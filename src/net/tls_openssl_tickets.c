/* net/tls_openssl_tickets.c - the keys that a server's session tickets are encrypted with (RFC
 * 5077 4), so that it need not remember a session.
 *
 *     ticket_key_file: the first key encrypts, all decrypt; other keys come with other settings
 *     none:            new --12 h--> last --12 h--> gone     (settings that are read again keep
 * them)
 *
 * A ticket that an older key opens is accepted, and another given for it; so is every one in
 * TLS 1.3, where a client uses each once (RFC 8446 C.4). */
#include "net/tls_openssl.h"

#include "base/fail.h"
#include "base/mem.h"
#include "sys/private_dir.h"
#include "sys/thread.h"

#include <errno.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <string.h>

#define KEYS_MAX  16
#define PERIOD_MS (INT64_C(12) * 3600 * 1000)

/* As OpenSSL and nginx have them in memory and in files. */
typedef struct ticket_key {
    unsigned char name[16];
    unsigned char mac[32];
    unsigned char cipher[32];
} ticket_key;
_Static_assert(sizeof(ticket_key) == 80, "the keys of a file lie one behind the other");

struct sk_tls_tickets {
    atomic_uint refs;
    EVP_CIPHER *aes; /* OpenSSL would look it up for each ticket, and lock where it keeps them */
    bool turns;      /* with the time */
    sk_mutex lock;   /* guards what follows */
    int64_t since;   /* when the first key came into use; negative: not known yet */
    size_t count;
    ticket_key keys[KEYS_MAX]; /* the first encrypts */
};

/* ---- encrypting and decrypting ---- */

static void first_key(sk_tls_tickets *t, ticket_key *out) {
    sk_mutex_lock(&t->lock);
    *out = t->keys[0];
    sk_mutex_unlock(&t->lock);
}

/* Which one; negative: none. */
static int find_key(sk_tls_tickets *t, const unsigned char name[16], ticket_key *out) {
    int found = -1;
    sk_mutex_lock(&t->lock);
    for (size_t i = 0; found < 0 && i < t->count; i++) {
        if (memcmp(t->keys[i].name, name, sizeof t->keys[i].name) == 0)
            found = (int)i;
    }
    if (found >= 0)
        *out = t->keys[found];
    sk_mutex_unlock(&t->lock);
    return found;
}

static bool set_mac(EVP_MAC_CTX *mac, ticket_key *key) {
    char digest[] = "SHA256";
    const OSSL_PARAM params[] = {
        OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, key->mac, sizeof key->mac),
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_end(),
    };
    return EVP_MAC_CTX_set_params(mac, params) == 1;
}

/* What OpenSSL is answered: 1 go on, 2 and give a new ticket, 0 do without, -1 fail. */
static int on_ticket(SSL *ssl, unsigned char name[16], unsigned char *iv, EVP_CIPHER_CTX *cipher,
                     EVP_MAC_CTX *mac, int encrypt) {
    sk_tls_tickets *t = ((sk_tls *)SSL_get_app_data(ssl))->ctx->serving.tickets;
    ticket_key key;
    int at = 0;
    if (encrypt) {
        if (RAND_bytes(iv, EVP_CIPHER_get_iv_length(t->aes)) != 1)
            return -1;
        first_key(t, &key);
        memcpy(name, key.name, sizeof key.name);
    } else {
        at = find_key(t, name, &key);
        if (at < 0)
            return 0;
    }
    bool ok = EVP_CipherInit_ex2(cipher, t->aes, key.cipher, iv, encrypt, NULL) == 1 &&
              set_mac(mac, &key);
    OPENSSL_cleanse(&key, sizeof key);
    bool spent = !encrypt && (at > 0 || SSL_version(ssl) >= TLS1_3_VERSION);
    return !ok ? -1 : spent ? 2 : 1;
}

/* ---- what a ticket is still good for ---- */

/* A client's certificate is judged when the session begins: the session ends with it. */
static bool is_still_known(const sk_tls_ctx *c, const SSL_SESSION *session) {
    X509 *peer = SSL_SESSION_get0_peer((SSL_SESSION *)(uintptr_t)session);
    if (!peer)
        return !c->serving.needs_client;
    return X509_cmp_current_time(X509_get0_notAfter(peer)) > 0;
}

static SSL_TICKET_RETURN on_opened(SSL *ssl, SSL_SESSION *session, const unsigned char *name,
                                   size_t name_len, SSL_TICKET_STATUS status, void *user) {
    const sk_tls_ctx *c = user;
    (void)ssl, (void)name, (void)name_len;
    if (status != SSL_TICKET_SUCCESS && status != SSL_TICKET_SUCCESS_RENEW)
        return SSL_TICKET_RETURN_IGNORE_RENEW;
    if (!is_still_known(c, session))
        return SSL_TICKET_RETURN_IGNORE_RENEW;
    return status == SSL_TICKET_SUCCESS ? SSL_TICKET_RETURN_USE : SSL_TICKET_RETURN_USE_RENEW;
}

/* ---- keys of its own ---- */

static bool make_key(ticket_key *key) {
    return RAND_bytes(key->name, sizeof key->name) == 1 &&
           RAND_priv_bytes(key->mac, sizeof key->mac) == 1 &&
           RAND_priv_bytes(key->cipher, sizeof key->cipher) == 1;
}

/* Without chance for a new key the old one stays, until the next call. */
void sk_tls_tickets_turn(sk_tls_tickets *t, int64_t now_ms) {
    ticket_key fresh;
    if (!t->turns)
        return;
    sk_mutex_lock(&t->lock);
    if (t->since < 0)
        t->since = now_ms;
    int64_t age = now_ms - t->since;
    if (age >= PERIOD_MS && make_key(&fresh)) {
        t->keys[1] = t->keys[0];
        t->keys[0] = fresh;
        t->count = age < 2 * PERIOD_MS ? 2 : 1;
        t->since = now_ms;
    }
    sk_mutex_unlock(&t->lock);
    OPENSSL_cleanse(&fresh, sizeof fresh);
}

/* ---- making ---- */

static int read_keys(sk_tls_tickets *t, const char *file, skua_error *err) {
    char *data;
    size_t len;
    bool shared;
    int rc = sk_private_file_read(file, sizeof t->keys, &data, &len, &shared);
    if (rc == -EFBIG)
        return sk_fail(err, SKUA_E_TLS, SKUA_PHASE_TLS, "ticket_key_file %s: more than %d keys",
                       file, KEYS_MAX);
    if (rc != 0)
        return sk_fail_os(err, SKUA_E_OS, SKUA_PHASE_TLS, -rc, "ticket_key_file %s", file);
    if (len == 0 || len % sizeof(ticket_key) != 0)
        rc = sk_fail(err, SKUA_E_TLS, SKUA_PHASE_TLS,
                     "ticket_key_file %s: %zu bytes, not 80 for each key", file, len);
    else if (shared)
        rc = sk_fail(err, SKUA_E_PERMISSION, SKUA_PHASE_TLS,
                     "ticket_key_file %s: others may read it: chmod 600 it, if it is still secret",
                     file);
    else
        memcpy(t->keys, data, len);
    t->count = len / sizeof(ticket_key);
    OPENSSL_cleanse(data, len);
    sk_free(data);
    return rc;
}

/* 0 and *out, which is the caller's. */
static int make(sk_tls_tickets **out, const char *file, skua_error *err) {
    sk_tls_tickets *t = sk_zalloc(sizeof *t);
    if (!t || sk_mutex_init(&t->lock) != 0) {
        sk_free(t);
        return sk_fail_nomem(err);
    }
    atomic_init(&t->refs, 1);
    t->since = -1;
    t->turns = !file;
    t->count = 1;
    t->aes = EVP_CIPHER_fetch(NULL, "AES-256-CBC", NULL);
    int rc = file ? read_keys(t, file, err) : 0;
    if (rc == 0 && (!t->aes || (!file && !make_key(&t->keys[0]))))
        rc = sk_tls_fail_queue(err, "ticket keys");
    if (rc == 0)
        *out = t;
    else
        sk_tls_tickets_unref(t);
    return rc;
}

void sk_tls_tickets_unref(sk_tls_tickets *t) {
    if (!t || atomic_fetch_sub_explicit(&t->refs, 1, memory_order_acq_rel) != 1)
        return;
    EVP_CIPHER_free(t->aes);
    sk_mutex_free(&t->lock);
    OPENSSL_cleanse(t->keys, sizeof t->keys);
    sk_free(t);
}

int sk_tls_tickets_load(sk_tls_ctx *c, const char *file, const sk_tls_ctx *old, skua_error *err) {
    sk_tls_tickets *t = old && !file ? old->serving.tickets : NULL;
    int rc = 0;
    if (t)
        atomic_fetch_add_explicit(&t->refs, 1, memory_order_relaxed);
    else
        rc = make(&t, file, err);
    if (rc != 0)
        return rc;
    c->serving.tickets = t;
    if (SSL_CTX_set_tlsext_ticket_key_evp_cb(c->ssl, on_ticket) != 1 ||
        SSL_CTX_set_session_ticket_cb(c->ssl, NULL, on_opened, c) != 1)
        return sk_tls_fail_queue(err, "session tickets");
    return 0;
}
