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
        rc = sk_tls_key_load(c->ssl, o, err);
    if (rc == 0)
        rc = sk_tls_verify_load(c, o, err);
    return rc == 0 ? sk_tls_session_setup(c, o, err) : rc;
}

static int load_server(sk_tls_ctx *c, const skua_tls_opts *o, const sk_tls_ctx *old,
                       skua_error *err) {
    /* No state for each client: tickets carry it. One is enough (RFC 8446 4.6.1 allows any). */
    SSL_CTX_set_session_cache_mode(c->ssl, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_num_tickets(c->ssl, 1);
    int rc = sk_tls_pairs_load(c, o, old, err);
    if (rc == 0)
        rc = sk_tls_sni_set(c, err);
    if (rc == 0)
        rc = sk_tls_staple_serve(c, err);
    if (rc == 0)
        rc = sk_tls_tickets_load(c, o->ticket_key_file, old, err);
    return rc == 0 ? sk_tls_client_auth_load(c, o, err) : rc;
}

/* ---- options of the other end ---- */

/* Accepted in silence they would look like something being verified, or kept. */
static int refuse(const char *option, const char *whose, skua_error *err) {
    return option ? sk_fail(err, SKUA_E_INVALID_ARGUMENT, SKUA_PHASE_TLS, "%s is for %s", option,
                            whose)
                  : 0;
}

static int refuse_client_options(const skua_tls_opts *o, skua_error *err) {
    return refuse(o->pins       ? "pins"
                  : o->sni      ? "sni"
                  : o->sessions ? "sessions"
                                : NULL,
                  "clients", err);
}

static int refuse_server_options(const skua_tls_opts *o, skua_error *err) {
    return refuse(o->certs             ? "certs"
                  : o->client_auth     ? "client_auth"
                  : o->ocsp_file       ? "ocsp_file"
                  : o->ticket_key_file ? "ticket_key_file"
                                       : NULL,
                  "servers", err);
}

/* ---- both ---- */

SSL_CTX *sk_tls_ssl_ctx_new(bool server) {
    SSL_CTX *ssl = SSL_CTX_new(server ? TLS_server_method() : TLS_client_method());
    if (ssl && SSL_CTX_get_security_level(ssl) < SECURITY_LEVEL)
        SSL_CTX_set_security_level(ssl, SECURITY_LEVEL);
    return ssl;
}

static sk_tls_ctx *ctx_alloc(bool server) {
    sk_tls_ctx *c = sk_zalloc(sizeof *c);
    if (!c)
        return NULL;
    atomic_init(&c->refs, 1);
    c->server = server;
    c->ssl = sk_tls_ssl_ctx_new(server);
    if (c->ssl)
        return c;
    sk_tls_ctx_unref(c);
    return NULL;
}

static sk_tls_ctx *ctx_new(bool server, const skua_tls_opts *given, const sk_tls_ctx *old,
                           skua_error *err) {
    skua_tls_opts o;
    if (sk_options_copy(&o, sizeof o, given, err) != 0 ||
        (server ? refuse_client_options(&o, err) : refuse_server_options(&o, err)) != 0)
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
        rc = server ? load_server(c, &o, old, err) : load_client(c, &o, err);
    if (rc == 0)
        return c;
    sk_tls_ctx_unref(c);
    return NULL;
}

sk_tls_ctx *sk_tls_client_ctx(const skua_tls_opts *opts, skua_error *err) {
    return ctx_new(false, opts, NULL, err);
}

sk_tls_ctx *sk_tls_server_ctx(const skua_tls_opts *opts, skua_error *err) {
    return ctx_new(true, opts, NULL, err);
}

sk_tls_ctx *sk_tls_server_ctx_again(const sk_tls_ctx *old, const skua_tls_opts *opts,
                                    skua_error *err) {
    return ctx_new(true, opts, old, err);
}

void sk_tls_ctx_ref(sk_tls_ctx *c) {
    atomic_fetch_add_explicit(&c->refs, 1, memory_order_relaxed);
}

void sk_tls_ctx_unref(sk_tls_ctx *c) {
    if (!c || atomic_fetch_sub_explicit(&c->refs, 1, memory_order_acq_rel) != 1)
        return;
    SSL_CTX_free(c->ssl);
    sk_tls_sni_free(c);
    sk_tls_pairs_free(c);
    sk_tls_tickets_unref(c->serving.tickets);
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

void sk_tls_ctx_look_after(sk_tls_ctx *c, int64_t now_ms, sk_tls_note_fn *fn, void *user) {
    sk_tls_tickets_turn(c->serving.tickets, now_ms);
    for (size_t i = 0; i < c->serving.pair_count; i++)
        sk_tls_staple_tell(&c->serving.pairs[i].staple, fn, user);
}

bool sk_tls_ctx_insecure(const sk_tls_ctx *c) {
    return c->insecure;
}
