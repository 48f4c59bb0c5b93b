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
#include "sys/socket.h"

#include <openssl/err.h>
#include <string.h>

#define SECURITY_LEVEL 2

static void set_modes(sk_tls_ctx *c) {
    /* A peer that vanishes without close_notify must not look like the end of its message. */
    SSL_CTX_clear_options(c->ssl, SSL_OP_IGNORE_UNEXPECTED_EOF);
    SSL_CTX_set_options(c->ssl, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
    SSL_CTX_set_mode(c->ssl, SSL_MODE_RELEASE_BUFFERS);
}

/* RFC 6066 3: a DNS name in ASCII, and no address. */
static int set_sni(sk_tls_ctx *c, const char *name, skua_error *err) {
    sk_addr digits;
    skua_str text = sk_str(name);
    bool ok = text.len <= TLSEXT_MAXLEN_host_name && !sk_addr_parse(text, 0, &digits);
    for (size_t i = 0; ok && i < text.len; i++)
        ok = sk_is_alpha(name[i]) || sk_is_digit(name[i]) || strchr("-._", name[i]);
    if (!ok)
        return sk_fail(err, SKUA_E_INVALID_ARGUMENT, SKUA_PHASE_TLS,
                       "sni: \"%s\" is no host name that can be sent", name);
    c->sni = sk_strdup(name);
    return c->sni ? 0 : sk_fail_nomem(err);
}

static int load_client(sk_tls_ctx *c, const skua_tls_opts *o, skua_error *err) {
    c->insecure = o->insecure_skip_verify != 0;
    if (o->server_name && !(c->server_name = sk_strdup(o->server_name)))
        return sk_fail_nomem(err);
    if (o->key_file && !o->cert_file)
        return sk_fail(err, SKUA_E_INVALID_ARGUMENT, SKUA_PHASE_TLS,
                       "key_file %s is given without a cert_file", o->key_file);
    int rc = o->sni ? set_sni(c, o->sni, err) : 0;
    if (rc == 0 && o->cert_file)
        rc = sk_tls_key_load(c, o, err);
    if (rc == 0)
        rc = sk_tls_verify_load(c, o, err);
    return rc == 0 ? sk_tls_session_setup(c, o, err) : rc;
}

/* Accepted in silence these would look like client certificates being asked for, or more. */
static int refuse_client_options(const skua_tls_opts *o, skua_error *err) {
    if (o->ca_file || o->ca_dir || o->crl_file || o->pins)
        return sk_fail(err, SKUA_E_UNSUPPORTED, SKUA_PHASE_TLS,
                       "ca_file, ca_dir, crl_file and pins are for clients: client certificates "
                       "are not supported");
    if (o->sni || o->sessions)
        return sk_fail(err, SKUA_E_INVALID_ARGUMENT, SKUA_PHASE_TLS, "%s is for clients",
                       o->sni ? "sni" : "sessions");
    return 0;
}

static int load_server(sk_tls_ctx *c, const skua_tls_opts *o, skua_error *err) {
    static const unsigned char session_context[] = "skua";
    if (!o->cert_file)
        return sk_fail(err, SKUA_E_INVALID_ARGUMENT, SKUA_PHASE_TLS, "a server needs a cert_file");
    int rc = refuse_client_options(o, err);
    if (rc != 0)
        return rc;
    /* No state for each client: tickets carry it. One is enough (RFC 8446 4.6.1 allows any). */
    SSL_CTX_set_session_cache_mode(c->ssl, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_num_tickets(c->ssl, 1);
    if (SSL_CTX_set_session_id_context(c->ssl, session_context, sizeof session_context - 1) != 1)
        return sk_tls_fail_queue(err, "session settings");
    return sk_tls_key_load(c, o, err);
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
    set_modes(c);
    int rc = sk_tls_offer_set(c, &o, err);
    if (rc == 0)
        rc = sk_tls_keylog_open(c, o.keylog_file, err);
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
    sk_tls_keylog_close(c);
    skua_tls_sessions_free(c->sessions);
    sk_free(c->server_name);
    sk_free(c->sni);
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
