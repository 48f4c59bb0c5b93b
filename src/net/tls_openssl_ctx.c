/* net/tls_openssl_ctx.c - TLS settings: from options and files to what streams share.
 *
 * Loading reads files and may take milliseconds; afterwards nothing in the settings changes, so any
 * number of threads use them without a lock. OpenSSL's security level is at least 2 (no RSA or
 * DH keys below 2048 bits, no SHA-1 signatures), which is what Debian and Fedora build it with. */
#include "net/tls_openssl.h"

#include "base/fail.h"
#include "base/mem.h"
#include "base/options.h"
#include "base/str.h"

#include <openssl/err.h>
#include <openssl/x509err.h>
#include <string.h>

/* Mozilla's intermediate profile, for TLS 1.2; the suites of TLS 1.3 are all good. A server has no
 * DH parameters here, so the DHE suites, costly to whoever accepts them, serve clients alone. */
#define CIPHERS_1_2                                                                                \
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"                                   \
    "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"                                   \
    "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305:"                                   \
    "DHE-RSA-AES128-GCM-SHA256:DHE-RSA-AES256-GCM-SHA384:DHE-RSA-CHACHA20-POLY1305"
#define GROUPS         "X25519:P-256:P-384"
#define ALPN_DEFAULT   "http/1.1"
#define SECURITY_LEVEL 2

static int set_protocols(sk_tls_ctx *c, int min_version, skua_error *err) {
    if (min_version != 0 && min_version != SKUA_TLS_1_2 && min_version != SKUA_TLS_1_3)
        return sk_fail(err, SKUA_E_INVALID_ARGUMENT, SKUA_PHASE_TLS,
                       "min_version is neither SKUA_TLS_1_2 nor SKUA_TLS_1_3");
    int least = min_version == SKUA_TLS_1_3 ? TLS1_3_VERSION : TLS1_2_VERSION;
    if (SSL_CTX_set_min_proto_version(c->ssl, least) != 1 ||
        SSL_CTX_set_max_proto_version(c->ssl, 0) != 1 ||
        SSL_CTX_set_cipher_list(c->ssl, CIPHERS_1_2) != 1 ||
        SSL_CTX_set1_groups_list(c->ssl, GROUPS) != 1)
        return sk_tls_fail_queue(err, "protocol settings");
    /* A peer that vanishes without close_notify must not look like the end of its message. */
    SSL_CTX_clear_options(c->ssl, SSL_OP_IGNORE_UNEXPECTED_EOF);
    SSL_CTX_set_options(c->ssl, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
    SSL_CTX_set_mode(c->ssl, SSL_MODE_RELEASE_BUFFERS);
    /* No state for each client: tickets carry it. One is enough (RFC 8446 4.6.1 allows any). */
    SSL_CTX_set_session_cache_mode(c->ssl, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_num_tickets(c->ssl, 1);
    return 0;
}

/* RFC 7301 3.1: names of 1 to 255 bytes, each behind its length. */
static int set_alpn_list(sk_tls_ctx *c, const char *names, skua_error *err) {
    skua_str rest = sk_str(names ? names : ALPN_DEFAULT), name;
    if (rest.len == 0)
        return 0;
    c->alpn = sk_alloc(rest.len + 1);
    if (!c->alpn)
        return sk_fail_nomem(err);
    while (sk_list_next(&rest, &name)) {
        if (name.len > 255)
            return sk_fail(err, SKUA_E_INVALID_ARGUMENT, SKUA_PHASE_TLS,
                           "alpn: a name is longer than 255 bytes");
        c->alpn[c->alpn_len++] = (unsigned char)name.len;
        memcpy(c->alpn + c->alpn_len, name.ptr, name.len);
        c->alpn_len += (unsigned)name.len;
    }
    return 0;
}

/* RFC 7301 3.2: nothing in common is a fatal no_application_protocol. */
static int choose_alpn(SSL *ssl, const unsigned char **out, unsigned char *out_len,
                       const unsigned char *offered, unsigned offered_len, void *user) {
    const sk_tls_ctx *c = user;
    unsigned char *chosen;
    (void)ssl;
    int found = SSL_select_next_proto(&chosen, out_len, c->alpn, c->alpn_len, offered, offered_len);
    if (found != OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
}

static int set_alpn(sk_tls_ctx *c, const char *names, skua_error *err) {
    int rc = set_alpn_list(c, names, err);
    if (rc != 0 || c->alpn_len == 0)
        return rc;
    if (c->server)
        SSL_CTX_set_alpn_select_cb(c->ssl, choose_alpn, c);
    else if (SSL_CTX_set_alpn_protos(c->ssl, c->alpn, c->alpn_len) != 0)
        return sk_fail_nomem(err);
    return 0;
}

typedef struct pass_phrase {
    const char *given;
    bool asked;
} pass_phrase;

/* In place of OpenSSL's own, which would ask on the terminal. */
static int give_pass_phrase(char *buf, int size, int writing, void *user) {
    pass_phrase *p = user;
    (void)writing;
    p->asked = true;
    size_t len = p->given ? strlen(p->given) : 0;
    if (!p->given || len > (size_t)size)
        return -1;
    memcpy(buf, p->given, len);
    return (int)len;
}

static int fail_key(const pass_phrase *p, const char *cert, const char *key, skua_error *err) {
    const char *problem = NULL;
    if (ERR_GET_REASON(ERR_peek_last_error()) == X509_R_KEY_VALUES_MISMATCH)
        problem = "does not belong to the certificate in";
    if (problem) {
        ERR_clear_error();
        return sk_fail(err, SKUA_E_TLS, SKUA_PHASE_TLS, "key_file %s %s %s", key, problem, cert);
    }
    if (!p->asked)
        return sk_tls_fail_file(err, "key_file", key);
    ERR_clear_error();
    return sk_fail(err, SKUA_E_TLS, SKUA_PHASE_TLS, "key_file %s: %s", key,
                   p->given ? "key_password is wrong"
                            : "is encrypted, and no key_password is given");
}

static int load_key(sk_tls_ctx *c, const skua_tls_opts *o, skua_error *err) {
    const char *key = o->key_file ? o->key_file : o->cert_file;
    pass_phrase phrase = {.given = o->key_password};
    SSL_CTX_set_default_passwd_cb(c->ssl, give_pass_phrase);
    SSL_CTX_set_default_passwd_cb_userdata(c->ssl, &phrase);
    int rc = 0;
    if (SSL_CTX_use_certificate_chain_file(c->ssl, o->cert_file) != 1)
        rc = sk_tls_fail_file(err, "cert_file", o->cert_file);
    else if (SSL_CTX_use_PrivateKey_file(c->ssl, key, SSL_FILETYPE_PEM) != 1 ||
             SSL_CTX_check_private_key(c->ssl) != 1)
        rc = fail_key(&phrase, o->cert_file, key, err);
    SSL_CTX_set_default_passwd_cb_userdata(c->ssl, NULL);
    SSL_CTX_set_default_passwd_cb(c->ssl, NULL);
    return rc;
}

static int load_client(sk_tls_ctx *c, const skua_tls_opts *o, skua_error *err) {
    c->insecure = o->insecure_skip_verify != 0;
    if (o->server_name && !(c->server_name = sk_strdup(o->server_name)))
        return sk_fail_nomem(err);
    if (o->key_file && !o->cert_file)
        return sk_fail(err, SKUA_E_INVALID_ARGUMENT, SKUA_PHASE_TLS,
                       "key_file %s is given without a cert_file", o->key_file);
    int rc = o->cert_file ? load_key(c, o, err) : 0;
    return rc != 0 ? rc : sk_tls_verify_load(c, o, err);
}

static int load_server(sk_tls_ctx *c, const skua_tls_opts *o, skua_error *err) {
    static const unsigned char session_context[] = "skua";
    if (!o->cert_file)
        return sk_fail(err, SKUA_E_INVALID_ARGUMENT, SKUA_PHASE_TLS, "a server needs a cert_file");
    /* Accepted in silence it would look like client certificates being asked for. */
    if (o->ca_file || o->ca_dir || o->crl_file || o->pins)
        return sk_fail(err, SKUA_E_UNSUPPORTED, SKUA_PHASE_TLS,
                       "ca_file, ca_dir, crl_file and pins are for clients: client certificates "
                       "are not supported");
    if (SSL_CTX_set_session_id_context(c->ssl, session_context, sizeof session_context - 1) != 1)
        return sk_tls_fail_queue(err, "session settings");
    return load_key(c, o, err);
}

static sk_tls_ctx *ctx_alloc(bool server) {
    sk_tls_ctx *c = sk_zalloc(sizeof *c);
    if (!c)
        return NULL;
    atomic_init(&c->refs, 1);
    c->server = server;
    c->ssl = SSL_CTX_new(server ? TLS_server_method() : TLS_client_method());
    c->bio = sk_tls_bio_method();
    if (c->ssl && SSL_CTX_get_security_level(c->ssl) < SECURITY_LEVEL)
        SSL_CTX_set_security_level(c->ssl, SECURITY_LEVEL);
    if (c->ssl && c->bio)
        return c;
    sk_tls_ctx_unref(c);
    return NULL;
}

static sk_tls_ctx *ctx_new(bool server, const skua_tls_opts *given, skua_error *err) {
    skua_tls_opts o;
    if (sk_options_copy(&o, sizeof o, given, err) != 0)
        return NULL;
    ERR_clear_error();
    sk_tls_ctx *c = ctx_alloc(server);
    if (!c) {
        sk_fail_nomem(err);
        return NULL;
    }
    int rc = set_protocols(c, o.min_version, err);
    if (rc == 0)
        rc = set_alpn(c, o.alpn, err);
    if (rc == 0)
        rc = server ? load_server(c, &o, err) : load_client(c, &o, err);
    if (rc == 0)
        return c;
    sk_tls_ctx_unref(c);
    return NULL;
}

sk_tls_ctx *sk_tls_client_ctx(const skua_tls_opts *opts, skua_error *err) {
    return ctx_new(false, opts, err);
}

sk_tls_ctx *sk_tls_server_ctx(const skua_tls_opts *opts, skua_error *err) {
    return ctx_new(true, opts, err);
}

void sk_tls_ctx_ref(sk_tls_ctx *c) {
    atomic_fetch_add_explicit(&c->refs, 1, memory_order_relaxed);
}

void sk_tls_ctx_unref(sk_tls_ctx *c) {
    if (!c || atomic_fetch_sub_explicit(&c->refs, 1, memory_order_acq_rel) != 1)
        return;
    SSL_CTX_free(c->ssl);
    BIO_meth_free(c->bio);
    sk_free(c->server_name);
    sk_free(c->bundle);
    sk_free(c->trust);
    sk_free(c->pins);
    sk_free(c->crl_file);
    sk_free(c->alpn);
    sk_free(c);
}

bool sk_tls_ctx_insecure(const sk_tls_ctx *c) {
    return c->insecure;
}
