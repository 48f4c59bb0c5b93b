/* net/tls_openssl_verify.c - is the peer believed? Called by OpenSSL within the handshake, before
 * a byte of a request has left.
 *
 *     insecure? --yes--------------------------------------------.
 *         | no                                                   |
 *     chain, dates, purposes, host, lists  --no--> refused       |
 *         |                                                      |
 *     pins given? <----------------------------------------------'
 *         | one must be in the chain (insecure: be the peer's own)  --no--> refused
 *     staple (tls_openssl_ocsp.c), unless insecure  --no--> refused
 *         |
 *     believed
 *
 * A resumed session is not judged again: it carries the judgement of the handshake it began with,
 * under these same settings. */
#include "net/tls_openssl.h"

#include <openssl/x509_vfy.h>

#define MAX_WAYS 8

static sk_tls *stream_of(X509_STORE_CTX *x) {
    return SSL_get_app_data(X509_STORE_CTX_get_ex_data(x, SSL_get_ex_data_X509_STORE_CTX_idx()));
}

static bool is_about_list(int verify) {
    static const int codes[] = {
        X509_V_ERR_UNABLE_TO_GET_CRL,
        X509_V_ERR_UNABLE_TO_GET_CRL_ISSUER,
        X509_V_ERR_CRL_HAS_EXPIRED,
        X509_V_ERR_CRL_NOT_YET_VALID,
        X509_V_ERR_CRL_SIGNATURE_FAILURE,
        X509_V_ERR_UNABLE_TO_DECRYPT_CRL_SIGNATURE,
        X509_V_ERR_KEYUSAGE_NO_CRL_SIGN,
        X509_V_ERR_DIFFERENT_CRL_SCOPE,
        X509_V_ERR_UNHANDLED_CRITICAL_CRL_EXTENSION,
    };
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        if (codes[i] == verify)
            return true;
    }
    return false;
}

/* Who is trusted for being in the store needs no list: nobody above it is asked, so that one could
 * not be verified either. That a list names it counts all the same. */
static bool is_list_of_anchor(X509_STORE_CTX *x) {
    int last = sk_X509_num(X509_STORE_CTX_get0_chain(x)) - 1;
    return is_about_list(X509_STORE_CTX_get_error(x)) && X509_STORE_CTX_get_error_depth(x) == last;
}

static int on_verify(int ok, X509_STORE_CTX *x) {
    if (ok)
        return 1;
    if (is_list_of_anchor(x)) {
        X509_STORE_CTX_set_error(x, X509_V_OK);
        return 1;
    }
    sk_tls_refuse_chain(stream_of(x), x);
    return 0;
}

static int verify_again(sk_tls *s, X509_STORE_CTX *x) {
    sk_tls_forgive(s);
    X509_STORE_CTX_set0_verified_chain(x, NULL);
    X509_STORE_CTX_set_current_cert(x, NULL); /* it may have been the chain's alone */
    X509_STORE_CTX_set_error(x, X509_V_OK);
    return X509_verify_cert(x);
}

/* Take out of `sent` the certificate where the chain stopped, if another of its name is there. */
static bool drop_dead_end(X509_STORE_CTX *x, STACK_OF(X509) * sent) {
    const X509 *dead = X509_STORE_CTX_get_current_cert(x);
    int at = -1, namesakes = 0;
    for (int i = 0; dead && i < sk_X509_num(sent); i++) {
        const X509 *c = sk_X509_value(sent, i);
        if (c == dead)
            at = i;
        namesakes += X509_NAME_cmp(X509_get_subject_name(c), X509_get_subject_name(dead)) == 0;
    }
    if (at < 0 || namesakes < 2 || !sk_tls_issuer_missing(X509_STORE_CTX_get_error(x)))
        return false;
    sk_X509_delete(sent, at);
    return true;
}

/* Several may vouch for one authority, and OpenSSL asks only the first that a server sent. RFC 4158
 * 2.3: where that leads nowhere, another way may. */
static int verify_other_ways(sk_tls *s, X509_STORE_CTX *x) {
    STACK_OF(X509) *sent = X509_STORE_CTX_get0_untrusted(x), *left = sk_X509_dup(sent);
    int ok = 0;
    for (int tries = MAX_WAYS; left && ok != 1 && tries > 0 && drop_dead_end(x, left); tries--) {
        X509_STORE_CTX_set0_untrusted(x, left);
        ok = verify_again(s, x);
    }
    X509_STORE_CTX_set0_untrusted(x, sent);
    sk_X509_free(left);
    return ok;
}

static int verify_cert(sk_tls_ctx *c, sk_tls *s, X509_STORE_CTX *x) {
    bool without_bundle = sk_tls_bundle_is_out(c);
    int ok = X509_verify_cert(x);
    if (ok != 1 && without_bundle && sk_tls_issuer_missing(X509_STORE_CTX_get_error(x))) {
        if (sk_tls_bundle_is_out(c))
            sk_tls_bundle_load(c, X509_STORE_CTX_get0_store(x));
        ok = verify_again(s, x);
    }
    return ok == 1 ? 1 : verify_other_ways(s, x);
}

static bool is_believed(sk_tls_ctx *c, sk_tls *s, X509_STORE_CTX *x) {
    if (verify_cert(c, s, x) == 1)
        return true;
    /* Not everything passes on_verify. No word at all means that there was no memory for it. */
    if (!s->why && X509_STORE_CTX_get_error(x) != X509_V_ERR_OUT_OF_MEM)
        sk_tls_refuse_chain(s, x);
    return false;
}

static bool is_pinned(const sk_tls_ctx *c, X509_STORE_CTX *x) {
    if (c->insecure)
        return sk_tls_pins_have(c, X509_STORE_CTX_get0_cert(x));
    STACK_OF(X509) *chain = X509_STORE_CTX_get0_chain(x);
    for (int i = 0; i < sk_X509_num(chain); i++) {
        if (sk_tls_pins_have(c, sk_X509_value(chain, i)))
            return true;
    }
    return false;
}

static int verify_chain(X509_STORE_CTX *x, void *user) {
    sk_tls_ctx *c = user;
    sk_tls *s = stream_of(x);
    if (!c->insecure && !is_believed(c, s, x))
        return 0;
    if (c->pin_count == 0 || is_pinned(c, x))
        return 1;
    sk_tls_pins_refuse(s, X509_STORE_CTX_get0_cert(x));
    X509_STORE_CTX_set_error(x, X509_V_ERR_APPLICATION_VERIFICATION);
    return 0;
}

void sk_tls_verify_peer(sk_tls_ctx *c, int mode) {
    SSL_CTX_set_verify(c->ssl, mode, on_verify);
    SSL_CTX_set_cert_verify_callback(c->ssl, verify_chain, c);
}

int sk_tls_verify_load(sk_tls_ctx *c, const skua_tls_opts *o, skua_error *err) {
    int rc = sk_tls_pins_load(c, o->pins, err);
    if (rc == 0 && !c->insecure)
        rc = sk_tls_trust_load(c, o, err);
    if (rc == 0 && !c->insecure)
        rc = sk_tls_crl_load(c, o->crl_file, err);
    if (rc != 0)
        return rc;
    sk_tls_verify_peer(c, SSL_VERIFY_PEER);
    return c->insecure ? 0 : sk_tls_ocsp_load(c, o->ocsp, err);
}
