/* net/tls_openssl_client_auth.c - a server that asks its clients for certificates.
 *
 *     no ca_file, no ca_dir --> nobody is asked
 *     else: shown and believed --> let in;   shown and not believed --> refused, with the rule
 *           none shown --> refused, or with SKUA_CLIENT_AUTH_OPTIONAL let in
 *
 * A resumed session is not judged again. It carries what these rules said, so it is one of these
 * rules alone: their digest is its context, here and on whatever server has the same ticket keys.
 */
#include "net/tls_openssl.h"

#include "base/fail.h"

#include <openssl/err.h>

static int check_options(const skua_tls_opts *o, bool asks, skua_error *err) {
    if (o->client_auth != SKUA_CLIENT_AUTH_REQUIRED && o->client_auth != SKUA_CLIENT_AUTH_OPTIONAL)
        return sk_fail(err, SKUA_E_INVALID_ARGUMENT, SKUA_PHASE_TLS,
                       "client_auth is none of the SKUA_CLIENT_AUTH_ values");
    if (!asks && (o->client_auth || o->crl_file))
        return sk_fail(err, SKUA_E_INVALID_ARGUMENT, SKUA_PHASE_TLS,
                       "%s judges clients' certificates, and needs a ca_file or ca_dir",
                       o->crl_file ? "crl_file" : "client_auth");
    /* Anybody can have a certificate of those. */
    if (o->trust != SKUA_TLS_TRUST_REPLACE)
        return sk_fail(err, SKUA_E_INVALID_ARGUMENT, SKUA_PHASE_TLS,
                       "trust: the system's authorities do not say who may be a client");
    return 0;
}

/* RFC 8446 4.2.4: whose certificates are asked for, so that a client can choose. */
static int name_authorities(sk_tls_ctx *c, const skua_tls_opts *o, skua_error *err) {
    STACK_OF(X509_NAME) *names = sk_X509_NAME_new_null();
    bool ok = names &&
              (!o->ca_file || SSL_add_file_cert_subjects_to_stack(names, o->ca_file) == 1) &&
              (!o->ca_dir || SSL_add_dir_cert_subjects_to_stack(names, o->ca_dir) == 1);
    if (ok) {
        SSL_CTX_set_client_CA_list(c->ssl, names);
        return 0;
    }
    sk_X509_NAME_pop_free(names, X509_NAME_free);
    return sk_tls_fail_queue(err, o->ca_file ? o->ca_file : o->ca_dir);
}

static int ask(sk_tls_ctx *c, const skua_tls_opts *o, skua_error *err) {
    int rc = sk_tls_trust_load(c, o, err);
    if (rc == 0)
        rc = sk_tls_crl_load(c, o->crl_file, err);
    if (rc == 0)
        rc = name_authorities(c, o, err);
    if (rc != 0)
        return rc;
    c->serving.needs_client = o->client_auth == SKUA_CLIENT_AUTH_REQUIRED;
    int need = c->serving.needs_client ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0;
    sk_tls_verify_peer(c, SSL_VERIFY_PEER | need);
    return 0;
}

/* The same on each machine that has the same rules: by what stands in files, not by their names. A
 * directory's is known only by the names of its authorities. */
static int set_session_context(sk_tls_ctx *c, const skua_tls_opts *o, bool asks, skua_error *err) {
    unsigned char context[SK_TLS_KEY_BYTES];
    const STACK_OF(X509_NAME) *names = SSL_CTX_get_client_CA_list(c->ssl);
    sk_buf b = {0};
    sk_buf_printf(&b, "skua %d %d", asks, (int)o->client_auth);
    sk_tls_session_add_store(&b, c);
    for (int i = 0; o->ca_dir && i < sk_X509_NAME_num(names); i++) {
        const unsigned char *der;
        size_t len;
        if (X509_NAME_get0_der(sk_X509_NAME_value(names, i), &der, &len) == 1)
            sk_buf_append(&b, (const char *)der, len);
    }
    bool ok = sk_tls_session_digest(&b, context);
    sk_buf_free(&b);
    if (!ok)
        return sk_fail_nomem(err);
    return SSL_CTX_set_session_id_context(c->ssl, context, sizeof context) == 1
               ? 0
               : sk_tls_fail_queue(err, "session settings");
}

int sk_tls_client_auth_load(sk_tls_ctx *c, const skua_tls_opts *o, skua_error *err) {
    bool asks = o->ca_file || o->ca_dir;
    int rc = check_options(o, asks, err);
    if (rc == 0 && asks)
        rc = ask(c, o, err);
    return rc == 0 ? set_session_context(c, o, asks, err) : rc;
}
