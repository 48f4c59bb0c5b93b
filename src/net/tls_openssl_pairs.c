/* net/tls_openssl_pairs.c - a server's certificates with their chains and keys, from files.
 *
 * Settings that take the place of others share with them what comes from files that are as they
 * were: of many certificates only the renewed one costs its reading, or asks for a pass phrase. */
#include "net/tls_openssl.h"

#include "base/fail.h"
#include "base/mem.h"

/* ---- what is given ---- */

static size_t count_certs(const skua_tls_opts *o) {
    size_t n = 0;
    while (o->certs && o->certs[n].cert_file)
        n++;
    return n + (o->cert_file ? 1 : 0);
}

static skua_tls_cert cert_at(const skua_tls_opts *o, size_t i) {
    if (o->cert_file && i == 0)
        return (skua_tls_cert){o->cert_file, o->key_file, NULL, o->ocsp_file};
    return o->certs[o->cert_file ? i - 1 : i];
}

/* ---- one pair ---- */

static int hold(sk_tls_pair *p, X509 *cert, EVP_PKEY *key, STACK_OF(X509) * chain,
                skua_error *err) {
    X509_up_ref(cert);
    EVP_PKEY_up_ref(key);
    p->cert = cert;
    p->key = key;
    p->chain = chain ? X509_chain_up_ref(chain) : NULL;
    return chain && !p->chain ? sk_fail_nomem(err) : 0;
}

/* OpenSSL's own checks and messages for certificate, chain and key are those of a context, so one
 * of these comes first. Each gets one of its own: a key must not match another's certificate. */
static int load_key(sk_tls_pair *p, const skua_tls_opts *o, skua_error *err) {
    SSL_CTX *ssl = sk_tls_ssl_ctx_new(true);
    STACK_OF(X509) *chain = NULL;
    if (!ssl)
        return sk_fail_nomem(err);
    int rc = sk_tls_key_load(ssl, o, err);
    if (rc == 0) {
        SSL_CTX_get0_chain_certs(ssl, &chain);
        rc = hold(p, SSL_CTX_get0_certificate(ssl), SSL_CTX_get0_privatekey(ssl), chain, err);
    }
    SSL_CTX_free(ssl);
    return rc;
}

/* What stands there is seen before it is read: a change meanwhile is then found later. A file that
 * cannot be seen is like no other. */
static bool is_as_it_was(const char *path, sk_file_info *seen, const sk_file_info *before) {
    if (sk_file_stat_path(path, seen) != 0)
        *seen = (sk_file_info){0};
    return before && seen->inode != 0 && sk_file_is_same(seen, before);
}

static int load_files(sk_tls_pair *p, const skua_tls_opts *o, const sk_tls_pair *before,
                      skua_error *err) {
    const char *key = o->key_file ? o->key_file : o->cert_file;
    bool same = is_as_it_was(o->cert_file, &p->cert_seen, before ? &before->cert_seen : NULL);
    same &= is_as_it_was(key, &p->key_seen, before ? &before->key_seen : NULL);
    return same ? hold(p, before->cert, before->key, before->chain, err) : load_key(p, o, err);
}

/* A staple may be behind its certificate by some moments: no reason to keep an old certificate. */
static int load_staple(sk_tls_pair *p, const char *file, bool again, skua_error *err) {
    skua_error why;
    int rc = sk_tls_staple_load(p, file, &why);
    if (rc != 0 && again && rc != SKUA_E_NOMEM) {
        p->staple.fault = sk_strdup(why.msg);
        return p->staple.fault ? 0 : sk_fail_nomem(err);
    }
    if (rc != 0 && err)
        *err = why;
    return rc;
}

static int load_pair(sk_tls_serving *v, const skua_tls_opts *all, const sk_tls_pair *before,
                     skua_error *err) {
    size_t at = v->pair_count++;
    skua_tls_cert one = cert_at(all, at);
    skua_tls_opts o = *all;
    o.cert_file = one.cert_file;
    o.key_file = one.key_file;
    o.key_password = one.key_password ? one.key_password : all->key_password;
    int rc = load_files(&v->pairs[at], &o, before, err);
    return rc == 0 ? load_staple(&v->pairs[at], one.ocsp_file, before != NULL, err) : rc;
}

/* ---- all of them ---- */

/* `old` were made from the same options. */
int sk_tls_pairs_load(sk_tls_ctx *c, const skua_tls_opts *o, const sk_tls_ctx *old,
                      skua_error *err) {
    sk_tls_serving *v = &c->serving;
    size_t count = count_certs(o);
    if (count == 0)
        return sk_fail(err, SKUA_E_INVALID_ARGUMENT, SKUA_PHASE_TLS, "a server needs a cert_file");
    if (!o->cert_file && (o->key_file || o->ocsp_file))
        return sk_fail(err, SKUA_E_INVALID_ARGUMENT, SKUA_PHASE_TLS,
                       "%s is given without a cert_file", o->key_file ? "key_file" : "ocsp_file");
    v->pairs = sk_zalloc(count * sizeof *v->pairs);
    if (!v->pairs)
        return sk_fail_nomem(err);
    int rc = 0;
    while (rc == 0 && v->pair_count < count)
        rc = load_pair(v, o, old ? &old->serving.pairs[v->pair_count] : NULL, err);
    return rc;
}

void sk_tls_pairs_free(sk_tls_ctx *c) {
    for (size_t i = 0; i < c->serving.pair_count; i++) {
        sk_tls_pair *p = &c->serving.pairs[i];
        X509_free(p->cert);
        EVP_PKEY_free(p->key);
        sk_X509_pop_free(p->chain, X509_free);
        sk_tls_staple_free(&p->staple);
    }
    sk_free(c->serving.pairs);
}

const sk_tls_pair *sk_tls_pairs_find(const sk_tls_ctx *c, const X509 *cert) {
    for (size_t i = 0; i < c->serving.pair_count; i++) {
        if (c->serving.pairs[i].cert == cert)
            return &c->serving.pairs[i];
    }
    return NULL;
}

int64_t sk_tls_ctx_expiry(const sk_tls_ctx *c, size_t index) {
    int64_t when;
    if (index >= c->serving.pair_count)
        return SKUA_E_INVALID_ARGUMENT;
    bool ok = sk_tls_unix_time(X509_get0_notAfter(c->serving.pairs[index].cert), &when);
    return ok ? when : SKUA_E_NOMEM;
}
