/* net/tls_openssl_trust.c - which authorities a client believes.
 *
 *     ca_file, ca_dir given?  --yes--> those, read at once (an error names the file)
 *              | no, or SKUA_TLS_TRUST_ADD
 *              v
 *     SSL_CERT_FILE, SSL_CERT_DIR set?  --yes--> those
 *              | no
 *              v
 *     the first file and the first directory where distributions keep theirs
 *
 * The system's directory of hashed names costs nothing until a name is looked up in it; its bundle
 * costs 20 ms to parse. So the bundle is read only when an issuer was not found without it, which
 * where there is a hashed directory means: never for a good peer. */
#include "net/tls_openssl.h"

#include "base/fail.h"
#include "base/mem.h"
#include "base/str.h"
#include "sys/directory.h"
#include "sys/file.h"

#include <openssl/err.h>
#include <openssl/x509_vfy.h>
#include <stdlib.h>
#include <string.h>

/* Debian and Alpine; Fedora and RHEL; openSUSE; the newer RHEL layout; BSD and macOS. */
static const char *const known_bundles[] = {
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/cert.pem",
    NULL,
};
static const char *const known_dirs[] = {
    "/etc/ssl/certs",
    "/etc/pki/tls/certs",
    "/etc/openssl/certs",
    NULL,
};

static bool is_file(const char *path) {
    BIO *b = BIO_new_file(path, "r");
    ERR_clear_error();
    return BIO_free(b) == 1;
}

static bool is_dir(const char *path) {
    int fd = sk_dir_open(path);
    if (fd >= 0)
        sk_file_close(fd);
    return fd >= 0;
}

static const char *first_that(bool (*is)(const char *), const char *const *paths) {
    while (*paths && !is(*paths))
        paths++;
    return *paths;
}

static void note(sk_buf *text, const char *place) {
    if (place)
        sk_buf_printf(text, "%s%s", sk_buf_len(text) > 0 ? ", " : "", place);
}

static void note_all(sk_buf *text, const char *const *places) {
    while (*places)
        note(text, *places++);
}

/* SSL_CERT_DIR may name several, with colons between. */
static bool is_any_dir(const char *list) {
    while (*list) {
        size_t len = strcspn(list, ":");
        char *one = sk_strndup(list, len);
        bool found = one && is_dir(one);
        sk_free(one);
        if (found)
            return true;
        list += len + (list[len] == ':');
    }
    return false;
}

/* A system without a store is not an error yet: the handshake fails, and says where was looked. */
static int load_system(sk_tls_ctx *c, X509_STORE *store, sk_buf *text, skua_error *err) {
    const char *file = secure_getenv("SSL_CERT_FILE");
    const char *dir = secure_getenv("SSL_CERT_DIR");
    if (file || dir) {
        note(text, file);
        note(text, dir);
        file = file && is_file(file) ? file : NULL;
        dir = dir && is_any_dir(dir) ? dir : NULL;
    } else {
        file = first_that(is_file, known_bundles);
        dir = first_that(is_dir, known_dirs);
        if (!file && !dir) {
            note_all(text, known_bundles);
            note_all(text, known_dirs);
        }
        note(text, file);
        note(text, dir);
    }
    c->trust_found = c->trust_found || file || dir;
    if (file && !(c->bundle = sk_strdup(file)))
        return sk_fail_nomem(err);
    if (dir && X509_STORE_load_path(store, dir) != 1)
        return sk_tls_fail_queue(err, dir);
    return 0;
}

/* Certificates alone: a file that holds but revocation lists is none. */
static int load_file(X509_STORE *store, const char *file, skua_error *err) {
    X509_LOOKUP *lookup = X509_STORE_add_lookup(store, X509_LOOKUP_file());
    if (!lookup)
        return sk_fail_nomem(err);
    if (X509_load_cert_file(lookup, file, X509_FILETYPE_PEM) > 0)
        return 0;
    return sk_tls_fail_file(err, "ca_file", file);
}

/* "5f15c80c.0": the hash of a subject, and a number. */
static bool is_hashed(const char *name) {
    size_t digits = strspn(name, "0123456789abcdef");
    return digits == 8 && name[8] == '.' && sk_is_digit(name[9]);
}

/* A directory that may not be listed may still be looked into. */
static int load_dir(X509_STORE *store, const char *dir, skua_error *err) {
    if (!is_dir(dir))
        return sk_fail(err, SKUA_E_FILE_NOT_FOUND, SKUA_PHASE_TLS, "ca_dir %s: no such directory",
                       dir);
    if (strchr(dir, ':'))
        return sk_fail(err, SKUA_E_INVALID_ARGUMENT, SKUA_PHASE_TLS,
                       "ca_dir %s: OpenSSL takes ':' for the end of a directory's name", dir);
    if (sk_directory_has(dir, is_hashed) == 0)
        return sk_fail(
            err, SKUA_E_TLS, SKUA_PHASE_TLS,
            "ca_dir %s: no certificate in it has a hashed name: run openssl rehash on it", dir);
    return X509_STORE_load_path(store, dir) == 1 ? 0 : sk_tls_fail_queue(err, dir);
}

static int load_given(sk_tls_ctx *c, X509_STORE *store, const skua_tls_opts *o, sk_buf *text,
                      skua_error *err) {
    int rc = o->ca_file ? load_file(store, o->ca_file, err) : 0;
    if (rc == 0 && o->ca_dir)
        rc = load_dir(store, o->ca_dir, err);
    if (rc != 0)
        return rc;
    note(text, o->ca_file);
    note(text, o->ca_dir);
    c->trust_found = o->ca_file || o->ca_dir;
    return 0;
}

bool sk_tls_bundle_is_out(const sk_tls_ctx *c) {
    return c->bundle && !atomic_load_explicit(&c->bundle_loaded, memory_order_acquire);
}

/* Two threads may both read it; the store takes each certificate once. A bundle that cannot be read
 * adds nothing, and the verification fails as it would have. */
void sk_tls_bundle_load(sk_tls_ctx *c, X509_STORE *store) {
    X509_STORE_load_file(store, c->bundle);
    ERR_clear_error();
    atomic_store_explicit(&c->bundle_loaded, true, memory_order_release);
}

int sk_tls_trust_load(sk_tls_ctx *c, const skua_tls_opts *o, skua_error *err) {
    X509_STORE *store = SSL_CTX_get_cert_store(c->ssl);
    bool given = o->ca_file || o->ca_dir;
    sk_buf text = {0};
    int rc = load_given(c, store, o, &text, err);
    if (rc == 0 && (!given || o->trust == SKUA_TLS_TRUST_ADD))
        rc = load_system(c, store, &text, err);
    sk_buf_append(&text, "", 1);
    if (rc == 0 && text.failed)
        rc = sk_fail_nomem(err);
    c->trust = text.data; /* from the heap of sk_alloc, as base/buf is */
    if (rc != 0)
        return rc;
    /* Whoever names an intermediate or a server's own certificate in ca_file means it. */
    X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN);
    return 0;
}
