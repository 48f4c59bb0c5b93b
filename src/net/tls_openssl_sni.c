/* net/tls_openssl_sni.c - which of a server's certificates a client is shown.
 *
 *     the name a client asks for (RFC 6066 3)
 *         |-- certificates for just this name ---.
 *         |-- those with a wildcard for it ------+--> the first of each kind of key
 *         '-- none of either, or no name: the default and its siblings of other kinds
 *
 * Of these OpenSSL takes what the client can verify. Names are those of subjectAltName alone
 * (RFC 9525); an address cannot be asked for. */
#include "net/tls_openssl.h"

#include "base/fail.h"
#include "base/mem.h"
#include "base/str.h"

#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

#define NAME_MAX_BYTES 253
#define KINDS_MAX      8 /* of keys; OpenSSL knows fewer */

/* ---- the table of names ---- */

static bool is_host_char(char c) {
    return sk_is_alpha(c) || sk_is_digit(c) || c == '-' || c == '_' || c == '.';
}

/* As it is kept; "" for what nobody can ask for. */
static void spell(skua_str name, char out[NAME_MAX_BYTES + 1]) {
    bool wild = name.len > 2 && name.ptr[0] == '*' && name.ptr[1] == '.';
    size_t at = wild ? 1 : 0, n = 0;
    out[0] = '\0';
    if (name.len == 0 || name.len > NAME_MAX_BYTES || (!wild && name.ptr[0] == '.'))
        return;
    for (; at < name.len && is_host_char(name.ptr[at]); at++)
        out[n++] = sk_lower(name.ptr[at]);
    out[at == name.len ? n : 0] = '\0';
}

static int by_text(const void *a, const void *b) {
    const sk_tls_cert_name *x = a, *y = b;
    int order = strcmp(x->text, y->text);
    return order != 0 ? order : (x->pair > y->pair) - (x->pair < y->pair);
}

/* The first with that text, or where it would stand. */
static size_t first_at(const sk_tls_serving *v, const char *text) {
    size_t low = 0, high = v->name_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(v->names[middle].text, text) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool is_at(const sk_tls_serving *v, size_t i, const char *text) {
    return i < v->name_count && strcmp(v->names[i].text, text) == 0;
}

static bool add_name(sk_tls_serving *v, skua_str name, size_t pair) {
    char text[NAME_MAX_BYTES + 1];
    spell(name, text);
    if (text[0] == '\0')
        return true;
    sk_tls_cert_name *all = sk_realloc(v->names, (v->name_count + 1) * sizeof *all);
    if (!all)
        return false;
    v->names = all;
    all[v->name_count] = (sk_tls_cert_name){sk_strdup(text), pair};
    if (!all[v->name_count].text)
        return false;
    v->name_count++;
    return true;
}

static bool add_names(sk_tls_serving *v, size_t pair) {
    GENERAL_NAMES *names = X509_get_ext_d2i(v->pairs[pair].cert, NID_subject_alt_name, NULL, NULL);
    bool ok = true;
    for (int i = 0; ok && i < sk_GENERAL_NAME_num(names); i++) {
        const GENERAL_NAME *g = sk_GENERAL_NAME_value(names, i);
        if (g->type != GEN_DNS)
            continue;
        const ASN1_IA5STRING *s = g->d.dNSName;
        ok = add_name(
            v, (skua_str){(const char *)ASN1_STRING_get0_data(s), (size_t)ASN1_STRING_length(s)},
            pair);
    }
    GENERAL_NAMES_free(names);
    return ok;
}

/* ---- choosing ---- */

/* Certificates for one client: of each kind of key one. */
typedef struct hand {
    const sk_tls_pair *pairs[KINDS_MAX];
    size_t count;
} hand;

static void take(hand *h, const sk_tls_pair *p) {
    for (size_t i = 0; i < h->count; i++) {
        if (EVP_PKEY_get_base_id(h->pairs[i]->key) == EVP_PKEY_get_base_id(p->key))
            return;
    }
    if (h->count < KINDS_MAX)
        h->pairs[h->count++] = p;
}

static void take_all(hand *h, const sk_tls_serving *v, const char *text) {
    for (size_t i = first_at(v, text); is_at(v, i, text); i++)
        take(h, &v->pairs[v->names[i].pair]);
}

/* A wildcard stands for one label. */
static const char *wildcard_of(const char *text) {
    const char *dot = strchr(text, '.');
    return dot && dot != text ? dot : NULL;
}

static hand asked_for(const sk_tls_serving *v, const SSL *ssl) {
    const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
    char text[NAME_MAX_BYTES + 1];
    hand h = {.count = 0};
    spell(sk_tls_host_bare(sk_str(name ? name : "")), text);
    if (text[0] == '\0' || text[0] == '.')
        return h;
    take_all(&h, v, text);
    if (wildcard_of(text))
        take_all(&h, v, wildcard_of(text));
    return h;
}

/* RFC 6066 3: who uses the name says so. */
static int on_name(SSL *ssl, int *alert, void *user) {
    const sk_tls_ctx *c = user;
    (void)alert;
    return asked_for(&c->serving, ssl).count > 0 ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_NOACK;
}

static int on_certificate(SSL *ssl, void *user) {
    const sk_tls_ctx *c = user;
    hand h = asked_for(&c->serving, ssl);
    if (h.count > 0)
        SSL_certs_clear(ssl);
    for (size_t i = 0; i < h.count; i++) {
        const sk_tls_pair *p = h.pairs[i];
        if (SSL_use_cert_and_key(ssl, p->cert, p->key, p->chain, 1) != 1)
            return 0;
    }
    return 1;
}

/* ---- the default ---- */

static bool is_for(const sk_tls_serving *v, const char *text, size_t pair) {
    for (size_t i = first_at(v, text); is_at(v, i, text); i++) {
        if (v->names[i].pair == pair)
            return true;
    }
    return false;
}

/* Is it for all that the default is for? Then it may stand in for it. */
static bool is_sibling(const sk_tls_serving *v, size_t pair) {
    bool any = false;
    for (size_t i = 0; i < v->name_count; i++) {
        const char *text = v->names[i].text, *wild = wildcard_of(text);
        if (v->names[i].pair != 0)
            continue;
        any = true;
        if (!is_for(v, text, pair) && !(wild && is_for(v, wild, pair)))
            return false;
    }
    return any;
}

static int set_default(sk_tls_ctx *c, skua_error *err) {
    const sk_tls_serving *v = &c->serving;
    hand h = {.count = 0};
    take(&h, &v->pairs[0]);
    for (size_t i = 1; i < v->pair_count; i++) {
        if (is_sibling(v, i))
            take(&h, &v->pairs[i]);
    }
    for (size_t i = 0; i < h.count; i++) {
        const sk_tls_pair *p = h.pairs[i];
        if (SSL_CTX_use_cert_and_key(c->ssl, p->cert, p->key, p->chain, 1) != 1)
            return sk_tls_fail_queue(err, "certificates");
    }
    return 0;
}

/* ---- the whole ---- */

int sk_tls_sni_set(sk_tls_ctx *c, skua_error *err) {
    sk_tls_serving *v = &c->serving;
    for (size_t i = 0; i < v->pair_count; i++) {
        if (!add_names(v, i))
            return sk_fail_nomem(err);
    }
    if (v->name_count > 0)
        qsort(v->names, v->name_count, sizeof v->names[0], by_text);
    if (v->pair_count > 1) {
        SSL_CTX_set_tlsext_servername_callback(c->ssl, on_name);
        SSL_CTX_set_tlsext_servername_arg(c->ssl, c);
        SSL_CTX_set_cert_cb(c->ssl, on_certificate, c);
    }
    return set_default(c, err);
}

void sk_tls_sni_free(sk_tls_ctx *c) {
    for (size_t i = 0; i < c->serving.name_count; i++)
        sk_free(c->serving.names[i].text);
    sk_free(c->serving.names);
}
