/* net/local_ca.c - a certificate authority for one's own machine, kept in a directory.
 *
 *     ca.pem       the authority, ten years     made once, never replaced
 *     ca-key.pem   its key, mode 0600           made once, never replaced
 *     key.pem      the server's key, 0600       made once, made again only if it cannot be read
 *     cert.pem     its certificate, 397 days    made again over the same key when it must be
 *
 * As the server's key stays, a reader that comes while the certificate is replaced finds a pair
 * that fits, before as after. A lock on the directory keeps two makers apart. */
#include "base/fail.h"
#include "base/mem.h"
#include "base/options.h"
#include "base/str.h"
#include "net/tls_openssl.h"
#include "sys/identity.h"
#include "sys/private_dir.h"
#include "sys/socket.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define DAY     86400L
#define CA_DAYS 3653
/* What browsers accept at most, less a day. */
#define CERT_DAYS  397
#define RENEW_DAYS 30
/* Clocks of two programs on one network need not agree to the second. */
#define BACKDATE     3600L
#define FILE_MAX_LEN ((size_t)64 * 1024)
#define NAMES_MAX    100
#define LOCK_MS      10000
/* RFC 5280 A.1: ub-common-name. */
#define COMMON_NAME_MAX 64

typedef struct pair {
    X509 *cert;
    EVP_PKEY *key;
} pair;

typedef struct job {
    const char *dir;
    GENERAL_NAMES *names;
    char ca_key_file[512];
    pair ca;
    pair server;
    skua_local_ca_files *files;
    skua_error *err;
} job;

/* ---- files ---- */

static int fail_os(job *j, int rc, const char *path) {
    return sk_fail_os(j->err, SKUA_E_OS, SKUA_PHASE_NONE, -rc, "%s", path);
}

static int fail_damaged(job *j, const char *path, const char *why) {
    ERR_clear_error();
    return sk_fail(j->err, SKUA_E_TLS, SKUA_PHASE_NONE,
                   "%s: %s; remove it and its neighbours to make a new authority", path, why);
}

static int fail_crypto(job *j, const char *what) {
    return sk_tls_fail_queue(j->err, what);
}

static int join(job *j, const char *name, char out[512]) {
    int n = snprintf(out, 512, "%s/%s", j->dir, name);
    if (n > 0 && n < 512)
        return 0;
    return sk_fail(j->err, SKUA_E_INVALID_ARGUMENT, SKUA_PHASE_NONE,
                   "%.200s...: the path is too long", j->dir);
}

/* OpenSSL would ask for a pass phrase on the terminal. */
static int no_pass_phrase(char *buf, int size, int writing, void *user) {
    (void)buf, (void)size, (void)writing, (void)user;
    return -1;
}

/* What a file holds, as a BIO to parse from; *rc is 0, -ENOENT (err untouched), or an error. */
static BIO *open_file(job *j, const char *path, bool secret, int *rc) {
    char *data;
    size_t len;
    bool shared;
    *rc = sk_private_file_read(path, FILE_MAX_LEN, &data, &len, &shared);
    if (*rc == -ENOENT)
        return NULL;
    if (*rc != 0) {
        *rc = fail_os(j, *rc, path);
        return NULL;
    }
    BIO *b = BIO_new(BIO_s_secmem()); /* wipes what it held */
    if (!b || BIO_write(b, data, (int)len) != (int)len)
        *rc = sk_fail_nomem(j->err);
    else if (secret && shared)
        *rc = sk_fail(j->err, SKUA_E_PERMISSION, SKUA_PHASE_NONE,
                      "%s: others may read this key: chmod 600 it, if it is still secret", path);
    OPENSSL_cleanse(data, len);
    sk_free(data);
    if (*rc == 0)
        return b;
    BIO_free(b);
    return NULL;
}

/* Read one object; 0 with *out NULL when there is no such file, or when it is damaged and `damage`
 * is NULL. */
static int read_cert(job *j, const char *path, const char *damage, X509 **out) {
    int rc;
    BIO *b = open_file(j, path, false, &rc);
    *out = b ? PEM_read_bio_X509(b, NULL, no_pass_phrase, NULL) : NULL;
    BIO_free(b);
    if (b && !*out && damage)
        return fail_damaged(j, path, damage);
    ERR_clear_error();
    return rc == -ENOENT ? 0 : rc;
}

static int read_key(job *j, const char *path, const char *damage, EVP_PKEY **out) {
    int rc;
    BIO *b = open_file(j, path, true, &rc);
    *out = b ? PEM_read_bio_PrivateKey(b, NULL, no_pass_phrase, NULL) : NULL;
    BIO_free(b);
    if (b && !*out && damage)
        return fail_damaged(j, path, damage);
    ERR_clear_error();
    return rc == -ENOENT ? 0 : rc;
}

static int write_out(job *j, const char *path, BIO *b, unsigned mode) {
    char *p;
    long n = BIO_get_mem_data(b, &p);
    int rc = sk_private_file_write(path, (skua_str){p, (size_t)n}, mode);
    return rc == 0 ? 0 : fail_os(j, rc, path);
}

static int write_cert(job *j, const char *path, X509 *cert) {
    BIO *b = BIO_new(BIO_s_mem());
    int rc =
        b && PEM_write_bio_X509(b, cert) == 1 ? write_out(j, path, b, 0644) : fail_crypto(j, path);
    BIO_free(b);
    return rc;
}

static int write_key(job *j, const char *path, EVP_PKEY *key) {
    BIO *b = BIO_new(BIO_s_secmem());
    int rc = b && PEM_write_bio_PrivateKey(b, key, NULL, NULL, 0, NULL, NULL) == 1
                 ? write_out(j, path, b, 0600)
                 : fail_crypto(j, path);
    BIO_free(b);
    return rc;
}

/* ---- names ---- */

static bool is_host_name(skua_str s) {
    if (s.len > 2 && s.ptr[0] == '*' && s.ptr[1] == '.')
        s = (skua_str){s.ptr + 2, s.len - 2};
    if (s.len == 0 || s.len > 253 || s.ptr[0] == '.')
        return false;
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        bool ok = sk_is_digit(c) || sk_is_alpha(c) || c == '-' || c == '_' || c == '.';
        if (!ok || (c == '.' && (i + 1 == s.len || s.ptr[i + 1] == '.')))
            return false;
    }
    return true;
}

static ASN1_STRING *name_value(skua_str name, bool digits) {
    if (digits)
        return a2i_IPADDRESS(name.ptr);
    ASN1_STRING *s = ASN1_IA5STRING_new();
    if (s && ASN1_STRING_set(s, name.ptr, (int)name.len) == 1)
        return s;
    ASN1_STRING_free(s);
    return NULL;
}

static int add_name(job *j, const char *text) {
    skua_str name = sk_str(text);
    sk_addr addr;
    bool digits = sk_addr_parse(name, 0, &addr);
    if (!digits && !is_host_name(name))
        return sk_fail(j->err, SKUA_E_INVALID_ARGUMENT, SKUA_PHASE_NONE,
                       "%.200s: neither a host name nor an address", text);
    GENERAL_NAME *g = GENERAL_NAME_new();
    ASN1_STRING *value = g ? name_value(name, digits) : NULL;
    if (value) {
        GENERAL_NAME_set0_value(g, digits ? GEN_IPADD : GEN_DNS, value);
        if (sk_GENERAL_NAME_push(j->names, g) > 0)
            return 0;
    }
    GENERAL_NAME_free(g);
    return g && !value ? fail_crypto(j, text) : sk_fail_nomem(j->err);
}

static int add_names(job *j, const char *const *names) {
    static const char *const own_machine[] = {"localhost", "127.0.0.1", "::1", NULL};
    if (!names)
        names = own_machine;
    j->names = sk_GENERAL_NAME_new_null();
    if (!j->names)
        return sk_fail_nomem(j->err);
    int rc = 0;
    int count = 0;
    for (; names[count] && rc == 0; count++)
        rc = count < NAMES_MAX ? add_name(j, names[count])
                               : sk_fail(j->err, SKUA_E_INVALID_ARGUMENT, SKUA_PHASE_NONE,
                                         "more than %d names", NAMES_MAX);
    if (rc == 0 && count == 0)
        return sk_fail(j->err, SKUA_E_INVALID_ARGUMENT, SKUA_PHASE_NONE, "no names given");
    return rc;
}

static bool same_names(const X509 *cert, GENERAL_NAMES *names) {
    GENERAL_NAMES *has = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
    unsigned char *a = NULL, *b = NULL;
    int a_len = has ? i2d_GENERAL_NAMES(has, &a) : -1;
    int b_len = i2d_GENERAL_NAMES(names, &b);
    bool same = a_len > 0 && a_len == b_len && memcmp(a, b, (size_t)a_len) == 0;
    GENERAL_NAMES_free(has);
    OPENSSL_free(a);
    OPENSSL_free(b);
    return same;
}

/* ---- certificates ---- */

typedef struct extension {
    int nid;
    const char *value;
} extension;

/* RFC 5280 4.2.1. The authority may sign servers' certificates, and no further authorities. */
static const extension ca_extensions[] = {
    {NID_basic_constraints, "critical,CA:TRUE,pathlen:0"},
    {NID_key_usage, "critical,keyCertSign,cRLSign"},
    {NID_subject_key_identifier, "hash"},
    {0, NULL},
};
static const extension server_extensions[] = {
    {NID_basic_constraints, "critical,CA:FALSE"},
    {NID_key_usage, "critical,digitalSignature"},
    {NID_ext_key_usage, "serverAuth"},
    {NID_subject_key_identifier, "hash"},
    {NID_authority_key_identifier, "keyid:always"},
    {0, NULL},
};

static bool add_extensions(X509 *cert, X509 *issuer, const extension *e) {
    X509V3_CTX ctx;
    X509V3_set_ctx_nodb(&ctx);
    X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
    for (; e->value; e++) {
        X509_EXTENSION *made = X509V3_EXT_conf_nid(NULL, &ctx, e->nid, e->value);
        int ok = made ? X509_add_ext(cert, made, -1) : 0;
        X509_EXTENSION_free(made);
        if (ok != 1)
            return false;
    }
    return true;
}

/* RFC 5280 4.1.2.2: positive, at most 20 octets, and nobody can guess it. */
static bool set_serial(X509 *cert) {
    unsigned char raw[16];
    if (RAND_bytes(raw, sizeof raw) != 1)
        return false;
    raw[0] = (unsigned char)((raw[0] & 0x7f) | 0x40);
    BIGNUM *n = BN_bin2bn(raw, sizeof raw, NULL);
    bool ok = n && BN_to_ASN1_INTEGER(n, X509_get_serialNumber(cert));
    BN_free(n);
    return ok;
}

static bool set_subject(X509 *cert, const char *common_name) {
    X509_NAME *name = X509_get_subject_name(cert);
    return X509_NAME_add_entry_by_NID(name, NID_organizationName, MBSTRING_ASC,
                                      (const unsigned char *)"skua local CA", -1, -1, 0) == 1 &&
           X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_ASC,
                                      (const unsigned char *)common_name, -1, -1, 0) == 1;
}

/* A certificate that lacks its extensions and signature. */
static X509 *draft(const char *common_name, EVP_PKEY *key, long days) {
    X509 *c = X509_new();
    if (c && X509_set_version(c, X509_VERSION_3) == 1 && set_serial(c) &&
        set_subject(c, common_name) && X509_gmtime_adj(X509_getm_notBefore(c), -BACKDATE) &&
        X509_gmtime_adj(X509_getm_notAfter(c), days * DAY - BACKDATE) &&
        X509_set_pubkey(c, key) == 1)
        return c;
    X509_free(c);
    return NULL;
}

static bool sign(X509 *cert, const pair *issuer) {
    return X509_set_issuer_name(cert, X509_get_subject_name(issuer->cert)) == 1 &&
           X509_sign(cert, issuer->key, EVP_sha256()) > 0;
}

static int make_ca(job *j) {
    char who[160], name[COMMON_NAME_MAX + 1];
    sk_identity(who, sizeof who);
    snprintf(name, sizeof name, "skua local CA %.*s", (int)sizeof name - 15, who);
    j->ca.key = EVP_EC_gen("P-256");
    j->ca.cert = j->ca.key ? draft(name, j->ca.key, CA_DAYS) : NULL;
    X509 *c = j->ca.cert;
    if (!c || !add_extensions(c, c, ca_extensions) || !sign(c, &j->ca))
        return fail_crypto(j, "making an authority");
    int rc = write_key(j, j->ca_key_file, j->ca.key);
    if (rc == 0)
        rc = write_cert(j, j->files->ca_file, j->ca.cert);
    j->files->ca_made = rc == 0;
    return rc;
}

static bool ends_within(const X509 *cert, long seconds) {
    time_t limit = time(NULL) + seconds;
    return X509_cmp_time(X509_get0_notAfter(cert), &limit) < 0;
}

static int check_ca(job *j) {
    const skua_local_ca_files *f = j->files;
    if (!j->ca.cert)
        return fail_damaged(j, f->ca_file, "missing, though its key is there");
    if (!j->ca.key)
        return fail_damaged(j, j->ca_key_file, "missing, though its certificate is there");
    if (X509_check_private_key(j->ca.cert, j->ca.key) != 1)
        return fail_damaged(j, j->ca_key_file, "is not the key of ca.pem");
    if (X509_check_ca(j->ca.cert) != 1)
        return fail_damaged(j, f->ca_file, "is not an authority's certificate");
    if (ends_within(j->ca.cert, RENEW_DAYS * DAY))
        return fail_damaged(j, f->ca_file, "has expired, or will within 30 days");
    return 0;
}

static int ensure_ca(job *j) {
    int rc = read_cert(j, j->files->ca_file, "holds no certificate", &j->ca.cert);
    if (rc == 0)
        rc = read_key(j, j->ca_key_file, "holds no key that can be read", &j->ca.key);
    if (rc != 0)
        return rc;
    return j->ca.cert || j->ca.key ? check_ca(j) : make_ca(j);
}

static bool cert_is_good(const job *j) {
    X509 *c = j->server.cert;
    return c && X509_check_private_key(c, j->server.key) == 1 &&
           X509_verify(c, X509_get0_pubkey(j->ca.cert)) == 1 && same_names(c, j->names) &&
           !ends_within(c, RENEW_DAYS * DAY);
}

/* The names that count stand in subjectAltName; this one is for people. */
static const char *label(const job *j, char out[COMMON_NAME_MAX + 1]) {
    const GENERAL_NAME *first = sk_GENERAL_NAME_value(j->names, 0);
    bool fits = first->type == GEN_DNS && ASN1_STRING_length(first->d.dNSName) <= COMMON_NAME_MAX;
    snprintf(out, COMMON_NAME_MAX + 1, "%s",
             fits ? (const char *)ASN1_STRING_get0_data(first->d.dNSName) : "this machine");
    return out;
}

static int make_cert(job *j) {
    char name[COMMON_NAME_MAX + 1];
    X509_free(j->server.cert);
    j->server.cert = draft(label(j, name), j->server.key, CERT_DAYS);
    X509 *c = j->server.cert;
    if (!c || X509_add1_ext_i2d(c, NID_subject_alt_name, j->names, 0, 0) != 1 ||
        !add_extensions(c, j->ca.cert, server_extensions) || !sign(c, &j->ca))
        return fail_crypto(j, "making a certificate");
    int rc = write_cert(j, j->files->cert_file, c);
    j->files->cert_made = rc == 0;
    return rc;
}

static int ensure_cert(job *j) {
    int rc = read_key(j, j->files->key_file, NULL, &j->server.key);
    if (rc == 0 && !j->server.key) {
        j->server.key = EVP_EC_gen("P-256");
        rc = j->server.key ? write_key(j, j->files->key_file, j->server.key)
                           : fail_crypto(j, "making a key");
    }
    if (rc == 0)
        rc = read_cert(j, j->files->cert_file, NULL, &j->server.cert);
    if (rc != 0)
        return rc;
    bool good = cert_is_good(j);
    ERR_clear_error();
    return good ? 0 : make_cert(j);
}

static int ensure_locked(job *j) {
    int lock = sk_private_dir_lock(j->dir, LOCK_MS);
    if (lock < 0)
        return fail_os(j, lock, j->dir);
    int rc = ensure_ca(j);
    if (rc == 0)
        rc = ensure_cert(j);
    sk_private_dir_unlock(lock);
    return rc;
}

static int ensure(job *j, const char *const *names) {
    int rc = join(j, "ca.pem", j->files->ca_file);
    if (rc == 0)
        rc = join(j, "ca-key.pem", j->ca_key_file);
    if (rc == 0)
        rc = join(j, "cert.pem", j->files->cert_file);
    if (rc == 0)
        rc = join(j, "key.pem", j->files->key_file);
    if (rc == 0)
        rc = add_names(j, names);
    if (rc != 0)
        return rc;
    rc = sk_private_dir_make(j->dir);
    return rc == 0 ? ensure_locked(j) : fail_os(j, rc, j->dir);
}

static void pair_free(pair *p) {
    X509_free(p->cert);
    EVP_PKEY_free(p->key);
}

int skua_local_ca_ensure(const skua_local_ca_opts *opts, skua_local_ca_files *out,
                         skua_error *err) {
    skua_local_ca_opts o;
    skua_local_ca_files files = {0};
    int rc = sk_options_copy(&o, sizeof o, opts, err);
    if (rc != 0)
        return rc;
    if (!o.dir || !*o.dir || !out)
        return sk_fail(err, SKUA_E_INVALID_ARGUMENT, SKUA_PHASE_NONE,
                       "a local authority needs a directory and a place for its answer");
    ERR_clear_error();
    job j = {.dir = o.dir, .files = &files, .err = err};
    rc = ensure(&j, o.names);
    pair_free(&j.ca);
    pair_free(&j.server);
    sk_GENERAL_NAME_pop_free(j.names, GENERAL_NAME_free);
    if (rc == 0)
        *out = files;
    return rc;
}
