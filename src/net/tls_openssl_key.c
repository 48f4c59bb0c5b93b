/* net/tls_openssl_key.c - an end's own certificate and its private key. */
#include "net/tls_openssl.h"

#include "base/fail.h"

#include <openssl/err.h>
#include <openssl/x509err.h>
#include <string.h>

typedef struct pass_phrase {
    const skua_tls_opts *opts;
    bool asked;
    bool none; /* nobody gave one */
} pass_phrase;

/* Its length; negative where there is none. */
static int find_pass_phrase(const skua_tls_opts *o, char *buf, int size) {
    if (!o->key_password)
        return o->key_password_fn ? o->key_password_fn(buf, size, o->key_password_user) : -1;
    size_t len = strlen(o->key_password);
    if (len > (size_t)size)
        return -1;
    memcpy(buf, o->key_password, len);
    return (int)len;
}

/* In place of OpenSSL's own, which would ask on the terminal. */
static int give_pass_phrase(char *buf, int size, int writing, void *user) {
    pass_phrase *p = user;
    (void)writing;
    int len = find_pass_phrase(p->opts, buf, size);
    p->asked = true;
    p->none = len < 0 || len > size;
    return p->none ? -1 : len;
}

/* Which of the two that could give one, and what was wrong with it. */
static const char *password_fault(const pass_phrase *p) {
    if (p->opts->key_password)
        return p->none ? "key_password is too long" : "key_password is wrong";
    if (p->opts->key_password_fn)
        return p->none ? "is encrypted, and key_password_fn gave no pass phrase"
                       : "the pass phrase from key_password_fn is wrong";
    return "is encrypted, and no key_password is given";
}

/* A key of another kind than the certificate's stands alone, in a place of its own. */
static bool is_mismatch(unsigned long e) {
    return (ERR_GET_LIB(e) == ERR_LIB_X509 && ERR_GET_REASON(e) == X509_R_KEY_VALUES_MISMATCH) ||
           (ERR_GET_LIB(e) == ERR_LIB_SSL && ERR_GET_REASON(e) == SSL_R_NO_CERTIFICATE_ASSIGNED);
}

static int fail_key(const pass_phrase *p, const char *key, skua_error *err) {
    if (is_mismatch(ERR_peek_last_error())) {
        ERR_clear_error();
        return sk_fail(err, SKUA_E_TLS, SKUA_PHASE_TLS,
                       "key_file %s does not belong to the certificate in %s", key,
                       p->opts->cert_file);
    }
    if (!p->asked)
        return sk_tls_fail_file(err, "key_file", key);
    ERR_clear_error();
    return sk_fail(err, SKUA_E_TLS, SKUA_PHASE_TLS, "key_file %s: %s", key, password_fault(p));
}

int sk_tls_key_load(SSL_CTX *ssl, const skua_tls_opts *o, skua_error *err) {
    const char *key = o->key_file ? o->key_file : o->cert_file;
    pass_phrase phrase = {.opts = o};
    SSL_CTX_set_default_passwd_cb(ssl, give_pass_phrase);
    SSL_CTX_set_default_passwd_cb_userdata(ssl, &phrase);
    int rc = 0;
    if (SSL_CTX_use_certificate_chain_file(ssl, o->cert_file) != 1)
        rc = sk_tls_fail_file(err, "cert_file", o->cert_file);
    else if (SSL_CTX_use_PrivateKey_file(ssl, key, SSL_FILETYPE_PEM) != 1 ||
             SSL_CTX_check_private_key(ssl) != 1)
        rc = fail_key(&phrase, key, err);
    SSL_CTX_set_default_passwd_cb_userdata(ssl, NULL);
    SSL_CTX_set_default_passwd_cb(ssl, NULL);
    return rc;
}
