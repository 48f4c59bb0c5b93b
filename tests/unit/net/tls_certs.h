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
    const char *file;    /* below the directory; certificate, its chain and key together */
    const char *cn;      /* "": no subject */
    const char *san;     /* "DNS:a.example,IP:127.0.0.1" */
    const char *raw_san; /* one DNS name of raw_len bytes, as they are */
    int raw_len;
    const char *issuer;     /* the file of who signs it; NULL: it signs itself */
    const char *sends;      /* files whose certificates follow; NULL: an issuer that is no root */
    const char *key_of;     /* the file whose key it has, too */
    const char *usage;      /* extended key usage */
    const char *key_usage;  /* "critical,keyCertSign" */
    const char *basic;      /* basicConstraints; NULL: by `ca`; "": none */
    const char *names;      /* name constraints */
    const char *feature;    /* "status_request": must-staple */
    const char *digest;     /* "SHA1"; NULL: SHA-256, or what the key asks for */
    const char *curve;      /* "P-384", "ED25519"; NULL: P-256 */
    int from_days, to_days; /* 0, 0: yesterday, in a month */
    int rsa_bits;           /* 0: no RSA key */
    int serial;             /* 0: a new one */
    bool ca;
    bool forged; /* the signature is not the issuer's */
    bool version1;
    bool unknown; /* a critical extension that nobody knows */
    bool key_ids; /* subject and authority key identifiers */
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

/* `name` as openssl.cnf has it, or an object identifier. */
static inline void certs_extend(X509 *cert, X509 *issuer, const char *name, const char *value) {
    X509V3_CTX ctx;
    X509V3_set_ctx_nodb(&ctx);
    X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
    X509_EXTENSION *e = X509V3_EXT_conf(NULL, &ctx, name, value);
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

static inline EVP_PKEY *certs_key(const cert_spec *s) {
    EVP_PKEY *key = NULL;
    if (s->key_of)
        X509_free(certs_read(s->key_of, &key));
    else if (s->rsa_bits)
        key = EVP_RSA_gen((size_t)s->rsa_bits);
    else if (s->curve && strcmp(s->curve, "ED25519") == 0)
        key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    else
        key = EVP_EC_gen(s->curve ? s->curve : "P-256");
    assert_non_null(key);
    return key;
}

static inline X509 *certs_draft(const cert_spec *s, EVP_PKEY *key) {
    static int serial = 1000;
    X509 *c = X509_new();
    int from = s->from_days || s->to_days ? s->from_days : -1;
    int to = s->from_days || s->to_days ? s->to_days : 30;
    X509_set_version(c, s->version1 ? X509_VERSION_1 : X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(c), s->serial ? s->serial : serial++);
    if (s->cn[0])
        X509_NAME_add_entry_by_txt(X509_get_subject_name(c), "CN", MBSTRING_ASC,
                                   (const unsigned char *)s->cn, -1, -1, 0);
    X509_gmtime_adj(X509_getm_notBefore(c), from * 86400L);
    X509_gmtime_adj(X509_getm_notAfter(c), to * 86400L);
    X509_set_pubkey(c, key);
    return c;
}

static inline void certs_add_raw_san(X509 *cert, const char *name, int len) {
    GENERAL_NAMES *names = sk_GENERAL_NAME_new_null();
    GENERAL_NAME *one = GENERAL_NAME_new();
    ASN1_IA5STRING *text = ASN1_IA5STRING_new();
    ASN1_STRING_set(text, name, len);
    GENERAL_NAME_set0_value(one, GEN_DNS, text);
    sk_GENERAL_NAME_push(names, one);
    assert_int_equal(X509_add1_ext_i2d(cert, NID_subject_alt_name, names, 0, 0), 1);
    GENERAL_NAMES_free(names);
}

static inline void certs_add_extensions(const cert_spec *s, X509 *c, X509 *issuer) {
    const struct {
        const char *name, *value;
    } extensions[] = {
        {"basicConstraints", s->basic ? s->basic
                             : s->ca  ? "critical,CA:TRUE"
                                      : "CA:FALSE"},
        {"subjectAltName", s->san},
        {"extendedKeyUsage", s->usage},
        {"keyUsage", s->key_usage},
        {"nameConstraints", s->names},
        {"tlsfeature", s->feature},
        {"subjectKeyIdentifier", s->key_ids ? "hash" : NULL},
        {"authorityKeyIdentifier", s->key_ids ? "keyid" : NULL},
    };
    for (size_t i = 0; !s->version1 && i < sizeof extensions / sizeof *extensions; i++) {
        if (extensions[i].value && extensions[i].value[0])
            certs_extend(c, issuer, extensions[i].name, extensions[i].value);
    }
    if (s->unknown)
        certs_extend(c, issuer, "1.2.3.4.5", "critical,DER:0500");
    if (s->raw_san)
        certs_add_raw_san(c, s->raw_san, s->raw_len);
}

/* The certificates that follow the server's own in its file. */
static inline void certs_write_chain(FILE *f, const cert_spec *s, X509 *issuer) {
    char file[64];
    int n = 0;
    if (!s->sends && issuer && X509_check_issued(issuer, issuer) != X509_V_OK)
        PEM_write_X509(f, issuer);
    for (const char *p = s->sends; p && sscanf(p, " %63s%n", file, &n) == 1; p += n) {
        EVP_PKEY *key;
        X509 *c = certs_read(file, &key);
        PEM_write_X509(f, c);
        X509_free(c);
        EVP_PKEY_free(key);
    }
}

static inline void certs_make(const cert_spec *s) {
    EVP_PKEY *key = certs_key(s);
    X509 *c = certs_draft(s, key);
    EVP_PKEY *issuer_key = key;
    X509 *issuer = s->issuer ? certs_read(s->issuer, &issuer_key) : c;
    X509_set_issuer_name(c, X509_get_subject_name(issuer));
    certs_add_extensions(s, c, issuer);
    EVP_PKEY *signer = s->forged ? EVP_EC_gen("P-256") : issuer_key;
    bool own_digest = EVP_PKEY_get_id(signer) == EVP_PKEY_ED25519;
    const EVP_MD *md = EVP_get_digestbyname(s->digest ? s->digest : "SHA256");
    assert_true(X509_sign(c, signer, own_digest ? NULL : md) > 0);
    FILE *f = fopen(certs_path(s->file), "w");
    assert_non_null(f);
    PEM_write_X509(f, c);
    certs_write_chain(f, s, issuer != c ? issuer : NULL);
    PEM_write_PrivateKey(f, key, NULL, NULL, 0, NULL, NULL);
    fclose(f);
    if (s->forged)
        EVP_PKEY_free(signer);
    if (issuer != c) {
        X509_free(issuer);
        EVP_PKEY_free(issuer_key);
    }
    X509_free(c);
    EVP_PKEY_free(key);
}

static inline void certs_make_all(const cert_spec *specs, size_t count) {
    for (size_t i = 0; i < count; i++)
        certs_make(&specs[i]);
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
