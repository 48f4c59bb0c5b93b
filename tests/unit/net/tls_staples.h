/* Stapled OCSP responses of every kind, about the certificates of tls_certs.h. */
#ifndef SK_TEST_TLS_STAPLES_H
#define SK_TEST_TLS_STAPLES_H

#include "tls_certs.h"

#include <openssl/ocsp.h>

typedef struct staple_spec {
    const char *cert, *issuer;    /* NULL: "good", "ca" */
    const char *signer;           /* NULL: the issuer */
    const char *digest;           /* of the name and key of the issuer; NULL: SHA-1 */
    int answer;                   /* OCSP_RESPONSE_STATUS_ */
    int status;                   /* V_OCSP_CERTSTATUS_ */
    int from_minutes, to_minutes; /* 0, 0: an hour ago, in a day */
    bool endless;                 /* without nextUpdate */
    bool bare;                    /* without the responder's certificate */
    bool flipped;                 /* a bit of the signature */
    int more;                     /* bytes behind it */
    const char *beside;           /* a second certificate it speaks of, first */
} staple_spec;

typedef struct der {
    unsigned char *data;
    int len;
} der;

static inline void staple_add_status(OCSP_BASICRESP *basic, const staple_spec *s,
                                     const char *cert) {
    EVP_PKEY *keys[2];
    X509 *c = certs_read(cert, &keys[0]);
    X509 *issuer = certs_read(s->issuer ? s->issuer : "ca", &keys[1]);
    bool given = s->from_minutes || s->to_minutes;
    const EVP_MD *md = EVP_get_digestbyname(s->digest ? s->digest : "SHA1");
    OCSP_CERTID *id = OCSP_cert_to_id(md, c, issuer);
    ASN1_TIME *from = X509_gmtime_adj(NULL, 60L * (given ? s->from_minutes : -60));
    ASN1_TIME *to = X509_gmtime_adj(NULL, 60L * (given ? s->to_minutes : 1440));
    ASN1_TIME *when = X509_gmtime_adj(NULL, -2 * 86400L);
    bool revoked = s->status == V_OCSP_CERTSTATUS_REVOKED;
    assert_non_null(OCSP_basic_add1_status(basic, id, s->status,
                                           revoked ? OCSP_REVOKED_STATUS_KEYCOMPROMISE : 0,
                                           revoked ? when : NULL, from, s->endless ? NULL : to));
    ASN1_TIME_free(from);
    ASN1_TIME_free(to);
    ASN1_TIME_free(when);
    OCSP_CERTID_free(id);
    X509_free(c);
    X509_free(issuer);
    EVP_PKEY_free(keys[0]);
    EVP_PKEY_free(keys[1]);
}

static inline OCSP_BASICRESP *staple_sign(const staple_spec *s) {
    OCSP_BASICRESP *basic = OCSP_BASICRESP_new();
    if (s->beside)
        staple_add_status(basic, s, s->beside);
    staple_add_status(basic, s, s->cert ? s->cert : "good");
    EVP_PKEY *key;
    X509 *signer = certs_read(s->signer ? s->signer : s->issuer ? s->issuer : "ca", &key);
    assert_int_equal(
        OCSP_basic_sign(basic, signer, key, EVP_sha256(), NULL, s->bare ? OCSP_NOCERTS : 0), 1);
    X509_free(signer);
    EVP_PKEY_free(key);
    return basic;
}

static inline der staple_make(const staple_spec *s) {
    der d = {0};
    OCSP_BASICRESP *basic = s->answer == OCSP_RESPONSE_STATUS_SUCCESSFUL ? staple_sign(s) : NULL;
    if (s->flipped) {
        const ASN1_OCTET_STRING *sig = OCSP_resp_get0_signature(basic);
        ASN1_OCTET_STRING *own = (ASN1_OCTET_STRING *)(uintptr_t)sig;
        ((unsigned char *)(uintptr_t)ASN1_STRING_get0_data(own))[20] ^= 1;
    }
    OCSP_RESPONSE *r = OCSP_response_create(s->answer, basic);
    d.len = i2d_OCSP_RESPONSE(r, &d.data);
    assert_true(d.len > 0);
    if (s->more) {
        d.data = OPENSSL_realloc(d.data, (size_t)(d.len + s->more));
        memset(d.data + d.len, 0, (size_t)s->more);
        d.len += s->more;
    }
    OCSP_RESPONSE_free(r);
    OCSP_BASICRESP_free(basic);
    return d;
}

#endif
