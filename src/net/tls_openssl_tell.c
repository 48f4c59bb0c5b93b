/* net/tls_openssl_tell.c - telling whoever follows what TLS does: what a handshake settled, the
 * certificates, alerts. Nothing in it is secret. */
#include "net/tls_openssl.h"

#include "base/date.h"
#include "base/line.h"

#include <stdarg.h>

#define CHAIN_MAX 10 /* certificates that are told of: a peer may send a hundred */

void sk_tls_tell(const sk_tls *s, const char *fmt, ...) {
    if (!s->tell)
        return;
    sk_line l = {.len = 0};
    va_list ap;
    va_start(ap, fmt);
    sk_line_vadd(&l, fmt, ap);
    va_end(ap);
    sk_line_hide_controls(&l);
    s->tell(s->tell_user, l.text);
}

static void on_info(const SSL *ssl, int where, int value) {
    if (where & SSL_CB_ALERT)
        sk_tls_tell(SSL_get_app_data(ssl), "alert %s: %s, %s",
                    where & SSL_CB_READ ? "received" : "sent", SSL_alert_desc_string_long(value),
                    SSL_alert_type_string_long(value));
}

void sk_tls_tell_to(skua_stream *base, sk_tls_tell_fn *fn, const void *user) {
    sk_tls *s = sk_tls_of(base);
    s->tell = fn;
    s->tell_user = user;
    SSL_set_info_callback(s->ssl, fn ? on_info : NULL);
}

static void add_date(sk_line *l, const char *what, const ASN1_TIME *t) {
    char text[SK_DATE_LEN];
    int64_t when;
    if (!sk_tls_unix_time(t, &when))
        return;
    sk_date_format(when, text);
    sk_line_add(l, "; %s %.*s", what, (int)sizeof text, text);
}

static void tell_certificate(const sk_tls *s, size_t depth, const X509 *cert) {
    char subject[192], issuer[192];
    sk_line l = {.len = 0};
    sk_tls_name(X509_get_subject_name(cert), subject, sizeof subject);
    sk_tls_name(X509_get_issuer_name(cert), issuer, sizeof issuer);
    sk_line_add(&l, "certificate %zu: subject %s; issuer %s", depth, subject, issuer);
    add_date(&l, "not after", X509_get0_notAfter(cert));
    sk_tls_tell(s, "%s", l.text);
}

void sk_tls_tell_chain(const sk_tls *s) {
    const X509 *cert;
    for (size_t i = 0; s->tell && i < CHAIN_MAX && (cert = sk_tls_chain_at(s, i)) != NULL; i++)
        tell_certificate(s, i, cert);
}

static void tell_parameters(const sk_tls *s) {
    const unsigned char *alpn;
    unsigned alpn_len;
    int group = (int)SSL_get_negotiated_group(s->ssl);
    const char *name = group ? SSL_group_to_name(s->ssl, group) : NULL;
    SSL_get0_alpn_selected(s->ssl, &alpn, &alpn_len);
    sk_tls_tell(s, "%s, %s%s%s, ALPN %.*s, %s", SSL_get_version(s->ssl),
                SSL_get_cipher_name(s->ssl), name ? ", group " : "", name ? name : "",
                alpn_len ? (int)alpn_len : 4, alpn_len ? (const char *)alpn : "none",
                SSL_session_reused(s->ssl) ? "session resumed" : "full handshake");
}

static void tell_verdict(const sk_tls *s) {
    if (s->ctx->insecure)
        sk_tls_tell(s, "certificate not verified");
    else if (SSL_session_reused(s->ssl))
        sk_tls_tell(s, "certificate verified for %s when the session began", s->host);
    else
        sk_tls_tell(s, "certificate verified for %s by %s", s->host, s->ctx->trust);
}

void sk_tls_tell_settled(const sk_tls *s) {
    if (!s->tell)
        return;
    tell_parameters(s);
    sk_tls_tell_chain(s);
    if (!s->ctx->server)
        tell_verdict(s);
}
