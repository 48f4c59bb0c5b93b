/* net/tls_openssl_offer.c - what an end offers and accepts: versions, cipher suites, groups,
 * application protocols. Who is believed is decided elsewhere, and no list of cipher suites can go
 * round it: those that authenticate nobody stay out. */
#include "net/tls_openssl.h"

#include "base/fail.h"
#include "base/mem.h"
#include "base/str.h"

#include <openssl/err.h>
#include <string.h>

/* Mozilla's intermediate profile, for TLS 1.2; the suites of TLS 1.3 are all good. A server has no
 * DH parameters here, so the DHE suites, costly to whoever accepts them, serve clients alone. */
#define CIPHERS_1_2                                                                                \
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"                                   \
    "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"                                   \
    "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305:"                                   \
    "DHE-RSA-AES128-GCM-SHA256:DHE-RSA-AES256-GCM-SHA384:DHE-RSA-CHACHA20-POLY1305"
#define GROUPS       "X25519:P-256:P-384"
#define ALPN_DEFAULT "http/1.1"

/* ---- versions ---- */

/* OpenSSL's number for ours; 0, its own bound, where none is given. */
static int version_number(const char *option, int given, int *number, skua_error *err) {
    static const struct {
        int given, number;
    } known[] = {{0, 0}, {SKUA_TLS_1_2, TLS1_2_VERSION}, {SKUA_TLS_1_3, TLS1_3_VERSION}};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (known[i].given == given) {
            *number = known[i].number;
            return 0;
        }
    }
    return sk_fail(err, SKUA_E_INVALID_ARGUMENT, SKUA_PHASE_TLS,
                   "%s: %d is neither SKUA_TLS_1_2 nor SKUA_TLS_1_3", option, given);
}

static int set_versions(sk_tls_ctx *c, const skua_tls_opts *o, skua_error *err) {
    int least = 0, most = 0;
    int rc = version_number("min_version", o->min_version, &least, err);
    if (rc == 0)
        rc = version_number("max_version", o->max_version, &most, err);
    if (rc != 0)
        return rc;
    if (most != 0 && least > most)
        return sk_fail(err, SKUA_E_INVALID_ARGUMENT, SKUA_PHASE_TLS,
                       "min_version (TLS 1.3) is newer than max_version (TLS 1.2)");
    if (SSL_CTX_set_min_proto_version(c->ssl, least ? least : TLS1_2_VERSION) != 1 ||
        SSL_CTX_set_max_proto_version(c->ssl, most) != 1)
        return sk_tls_fail_queue(err, "protocol versions");
    return 0;
}

/* ---- cipher suites ---- */

typedef struct suites {
    const char *option;
    const char *kind;
    const char *separators;
    int (*set)(SSL_CTX *ctx, const char *list);
} suites;

static const suites suites_1_2 = {"ciphers", "TLS 1.2", ":, ;", SSL_CTX_set_cipher_list};
static const suites suites_1_3 = {"ciphersuites", "TLS 1.3", ":", SSL_CTX_set_ciphersuites};

static int try_name(sk_tls_ctx *c, const suites *s, skua_str name, skua_error *err) {
    char *text = sk_strndup(name.ptr, name.len);
    if (!text)
        return sk_fail_nomem(err);
    int known = s->set(c->ssl, text);
    ERR_clear_error();
    int rc = known == 1 ? 0
                        : sk_fail(err, SKUA_E_INVALID_ARGUMENT, SKUA_PHASE_TLS,
                                  "%s: \"%s\" names no cipher suite of %s that is known here",
                                  s->option, text, s->kind);
    sk_free(text);
    return rc;
}

/* OpenSSL leaves out in silence what it does not know, and a list with a slip in it would offer
 * something else than it says: each name is tried alone. What begins with a sign takes away or
 * orders; to take away what is not there is fine. */
static int try_names(sk_tls_ctx *c, const suites *s, const char *list, skua_error *err) {
    int rc = 0;
    for (const char *p = list; *p && rc == 0;) {
        size_t len = strcspn(p, s->separators);
        if (len > 0 && !strchr("!-+@", *p))
            rc = try_name(c, s, (skua_str){p, len}, err);
        p += len;
        p += strspn(p, s->separators);
    }
    return rc;
}

static int set_list(sk_tls_ctx *c, const suites *s, const char *given, const char *list,
                    skua_error *err) {
    if (s->set(c->ssl, list) == 1)
        return 0;
    ERR_clear_error();
    return sk_fail(err, SKUA_E_INVALID_ARGUMENT, SKUA_PHASE_TLS,
                   "%s: \"%s\" leaves no cipher suite of %s that authenticates and encrypts",
                   s->option, given, s->kind);
}

static int set_ciphers(sk_tls_ctx *c, const char *given, skua_error *err) {
    if (!given)
        return set_list(c, &suites_1_2, CIPHERS_1_2, CIPHERS_1_2, err);
    int rc = try_names(c, &suites_1_2, given, err);
    if (rc != 0)
        return rc;
    sk_buf list = {0};
    sk_buf_printf(&list, "%s:!aNULL:!eNULL", given);
    sk_buf_append(&list, "", 1);
    rc = list.failed ? sk_fail_nomem(err) : set_list(c, &suites_1_2, given, list.data, err);
    sk_buf_free(&list);
    return rc;
}

static int set_ciphersuites(sk_tls_ctx *c, const char *given, skua_error *err) {
    if (!given)
        return 0;
    int rc = try_names(c, &suites_1_3, given, err);
    if (rc != 0)
        return rc;
    /* To OpenSSL an empty list is one as any other. */
    if (given[strspn(given, ":")] == '\0')
        return sk_fail(err, SKUA_E_INVALID_ARGUMENT, SKUA_PHASE_TLS,
                       "ciphersuites: \"%s\" is empty", given);
    return set_list(c, &suites_1_3, given, given, err);
}

/* ---- application protocols ---- */

/* RFC 7301 3.1: names of 1 to 255 bytes, each behind its length. */
static int set_alpn_list(sk_tls_ctx *c, const char *names, skua_error *err) {
    skua_str rest = sk_str(names ? names : ALPN_DEFAULT), name;
    if (rest.len == 0)
        return 0;
    c->alpn = sk_alloc(rest.len + 1);
    if (!c->alpn)
        return sk_fail_nomem(err);
    while (sk_list_next(&rest, &name)) {
        if (name.len > 255)
            return sk_fail(err, SKUA_E_INVALID_ARGUMENT, SKUA_PHASE_TLS,
                           "alpn: a name is longer than 255 bytes");
        c->alpn[c->alpn_len++] = (unsigned char)name.len;
        memcpy(c->alpn + c->alpn_len, name.ptr, name.len);
        c->alpn_len += (unsigned)name.len;
    }
    return 0;
}

/* RFC 7301 3.2: nothing in common is a fatal no_application_protocol. */
static int choose_alpn(SSL *ssl, const unsigned char **out, unsigned char *out_len,
                       const unsigned char *offered, unsigned offered_len, void *user) {
    const sk_tls_ctx *c = user;
    unsigned char *chosen;
    (void)ssl;
    int found = SSL_select_next_proto(&chosen, out_len, c->alpn, c->alpn_len, offered, offered_len);
    if (found != OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
}

static int set_alpn(sk_tls_ctx *c, const char *names, skua_error *err) {
    int rc = set_alpn_list(c, names, err);
    if (rc != 0 || c->alpn_len == 0)
        return rc;
    if (c->server)
        SSL_CTX_set_alpn_select_cb(c->ssl, choose_alpn, c);
    else if (SSL_CTX_set_alpn_protos(c->ssl, c->alpn, c->alpn_len) != 0)
        return sk_fail_nomem(err);
    return 0;
}

/* ---- the whole ---- */

int sk_tls_offer_set(sk_tls_ctx *c, const skua_tls_opts *o, skua_error *err) {
    if (SSL_CTX_set1_groups_list(c->ssl, GROUPS) != 1)
        return sk_tls_fail_queue(err, "key exchange groups");
    int rc = set_versions(c, o, err);
    if (rc == 0)
        rc = set_ciphers(c, o->ciphers, err);
    if (rc == 0)
        rc = set_ciphersuites(c, o->ciphersuites, err);
    return rc == 0 ? set_alpn(c, o->alpn, err) : rc;
}
