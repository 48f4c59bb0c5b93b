/* Certificates of every kind, made into a directory of their own for the tests of TLS. */
#ifndef SK_TEST_TLS_CERTS_H
#define SK_TEST_TLS_CERTS_H

#include <dirent.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

typedef struct cert_spec {
    const char *file; /* below the directory; certificate and key together */
    const char *cn;
    const char *san;        /* "DNS:a.example,IP:127.0.0.1" */
    const char *issuer;     /* the file of who signs it; NULL: it signs itself */
    const char *usage;      /* extended key usage */
    int from_days, to_days; /* 0, 0: yesterday, in a month */
    bool ca;
    int rsa_bits; /* 0: a P-256 key */
} cert_spec;

static char certs_dir[64];

/* Some of these live at once: a few are kept. */
static inline const char *certs_path(const char *file) {
    static char paths[8][400];
    static unsigned turn;
    char *p = paths[turn++ % 8];
    snprintf(p, sizeof paths[0], "%s/%s", certs_dir, file);
    return p;
}

static inline void certs_extend(X509 *cert, X509 *issuer, int nid, const char *value) {
    X509V3_CTX ctx;
    X509V3_set_ctx_nodb(&ctx);
    X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
    X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
    assert_non_null(e);
    assert_int_equal(X509_add_ext(cert, e, -1), 1);
    X509_EXTENSION_free(e);
}

static inline X509 *certs_read(const char *file, EVP_PKEY **key) {
    FILE *f = fopen(certs_path(file), "r");
    assert_non_null(f);
    *key = PEM_read_PrivateKey(f, NULL, NULL, NULL);
    rewind(f);
    X509 *cert = PEM_read_X509(f, NULL, NULL, NULL);
    fclose(f);
    assert_non_null(*key);
    assert_non_null(cert);
    return cert;
}

static inline X509 *certs_draft(const cert_spec *s, EVP_PKEY *key) {
    static int serial = 1000;
    X509 *c = X509_new();
    int from = s->from_days || s->to_days ? s->from_days : -1;
    int to = s->from_days || s->to_days ? s->to_days : 30;
    X509_set_version(c, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(c), serial++);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(c), "CN", MBSTRING_ASC,
                               (const unsigned char *)s->cn, -1, -1, 0);
    X509_gmtime_adj(X509_getm_notBefore(c), from * 86400L);
    X509_gmtime_adj(X509_getm_notAfter(c), to * 86400L);
    X509_set_pubkey(c, key);
    return c;
}

static inline void certs_make(const cert_spec *s) {
    EVP_PKEY *key = s->rsa_bits ? EVP_RSA_gen((size_t)s->rsa_bits) : EVP_EC_gen("P-256");
    X509 *c = certs_draft(s, key);
    EVP_PKEY *issuer_key = key;
    X509 *issuer = s->issuer ? certs_read(s->issuer, &issuer_key) : c;
    X509_set_issuer_name(c, X509_get_subject_name(issuer));
    certs_extend(c, issuer, NID_basic_constraints, s->ca ? "critical,CA:TRUE" : "CA:FALSE");
    if (s->san)
        certs_extend(c, issuer, NID_subject_alt_name, s->san);
    if (s->usage)
        certs_extend(c, issuer, NID_ext_key_usage, s->usage);
    assert_true(X509_sign(c, issuer_key, EVP_sha256()) > 0);
    FILE *f = fopen(certs_path(s->file), "w");
    assert_non_null(f);
    PEM_write_X509(f, c);
    if (issuer != c && X509_check_issued(issuer, issuer) != X509_V_OK)
        PEM_write_X509(f, issuer); /* an intermediate belongs into the chain */
    PEM_write_PrivateKey(f, key, NULL, NULL, 0, NULL, NULL);
    fclose(f);
    if (issuer != c) {
        X509_free(issuer);
        EVP_PKEY_free(issuer_key);
    }
    X509_free(c);
    EVP_PKEY_free(key);
}

static inline int certs_begin(void **state) {
    (void)state;
    snprintf(certs_dir, sizeof certs_dir, "/tmp/skua-tls-XXXXXX");
    return mkdtemp(certs_dir) ? 0 : -1;
}

static inline int certs_end(void **state) {
    (void)state;
    DIR *d = opendir(certs_dir);
    for (struct dirent *e; d && (e = readdir(d)) != NULL;)
        unlink(certs_path(e->d_name)); /* fails for "." and "..", as it should */
    if (d)
        closedir(d);
    return rmdir(certs_dir);
}

#endif
