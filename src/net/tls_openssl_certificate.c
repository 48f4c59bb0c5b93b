/* net/tls_openssl_certificate.c - the certificates that a peer sent, for people and programs to
 * look at. Whether they are believed is decided elsewhere. */
#include "net/tls_openssl.h"

#include "base/fail.h"
#include "base/line.h"

#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

bool sk_tls_unix_time(const ASN1_TIME *t, int64_t *out) {
    int days, seconds;
    ASN1_TIME *epoch = ASN1_TIME_set(NULL, 0);
    bool ok = epoch && ASN1_TIME_diff(&days, &seconds, epoch, t) == 1;
    ASN1_TIME_free(epoch);
    if (ok)
        *out = (int64_t)days * 86400 + seconds;
    return ok;
}

/* 0 is the peer's own. On a server OpenSSL keeps that apart from the rest. */
X509 *sk_tls_chain_at(const sk_tls *s, size_t index) {
    STACK_OF(X509) *chain = SSL_get_peer_cert_chain(s->ssl);
    if (s->ctx->server && index-- == 0)
        return SSL_get0_peer_certificate(s->ssl);
    return index < (size_t)sk_X509_num(chain) ? sk_X509_value(chain, (int)index) : NULL;
}

static void hex(const unsigned char *from, size_t len, char *out) {
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < len; i++) {
        *out++ = digits[from[i] >> 4];
        *out++ = digits[from[i] & 15];
    }
    *out = '\0';
}

/* RFC 5280 4.1.2.2: at most 20 bytes, and not negative; which nobody need heed. */
static void describe_serial(const X509 *cert, char out[64]) {
    const ASN1_INTEGER *n = X509_get0_serialNumber(cert);
    size_t len = (size_t)ASN1_STRING_length(n), most = 30;
    bool negative = ASN1_STRING_type(n) == V_ASN1_NEG_INTEGER;
    out[0] = '-';
    hex(ASN1_STRING_get0_data(n), len < most ? len : most, out + negative);
}

static bool describe(const X509 *cert, skua_certificate *out) {
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned len;
    sk_line names = sk_tls_host_names(cert);
    *out = (skua_certificate){.size = sizeof *out};
    sk_tls_name(X509_get_subject_name(cert), out->subject, sizeof out->subject);
    sk_tls_name(X509_get_issuer_name(cert), out->issuer, sizeof out->issuer);
    snprintf(out->names, sizeof out->names, "%s", names.text);
    describe_serial(cert, out->serial);
    sk_tls_pin(cert, out->pin);
    bool ok = sk_tls_unix_time(X509_get0_notBefore(cert), &out->not_before) &&
              sk_tls_unix_time(X509_get0_notAfter(cert), &out->not_after) &&
              X509_digest(cert, EVP_sha256(), digest, &len) == 1;
    if (ok)
        hex(digest, len, out->sha256);
    return ok;
}

/* It is OpenSSL's own count under a name of ours. */
sk_tls_peer *sk_tls_peer_hold(skua_stream *base) {
    X509 *cert = sk_tls_chain_at(sk_tls_of(base), 0);
    return cert && X509_up_ref(cert) == 1 ? (sk_tls_peer *)(void *)cert : NULL;
}

int sk_tls_peer_describe(const sk_tls_peer *p, skua_certificate *out) {
    skua_certificate all;
    if (!describe((const X509 *)(const void *)p, &all))
        return SKUA_E_NOMEM;
    *out = all;
    return 0;
}

void sk_tls_peer_free(sk_tls_peer *p) {
    X509_free((X509 *)(void *)p);
}

int sk_tls_certificate(skua_stream *base, size_t index, skua_certificate *out) {
    const X509 *cert = sk_tls_chain_at(sk_tls_of(base), index);
    skua_certificate all;
    if (!cert)
        return SKUA_E_INVALID_ARGUMENT;
    if (!describe(cert, &all))
        return SKUA_E_NOMEM;
    *out = all;
    return 0;
}

ptrdiff_t sk_tls_certificate_der(skua_stream *base, size_t index, void *buf, size_t cap) {
    const X509 *cert = sk_tls_chain_at(sk_tls_of(base), index);
    unsigned char *to = buf;
    int len = cert ? i2d_X509(cert, NULL) : 0;
    if (!cert)
        return SKUA_E_INVALID_ARGUMENT;
    if (len < 0)
        return SKUA_E_NOMEM;
    if ((size_t)len <= cap)
        i2d_X509(cert, &to);
    return len;
}
