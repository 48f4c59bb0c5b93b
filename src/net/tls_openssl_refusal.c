/* net/tls_openssl_refusal.c - why a peer's certificate is not believed, in words that a person can
 * act on: the rule, which certificate, which store was searched.
 *
 * OpenSSL's own text comes first, since people search for it; behind it what it leaves unsaid. */
#include "net/tls_openssl.h"

#include "base/fail.h"
#include "base/mem.h"

#include <openssl/x509v3.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define NAME_TEXT 192

void sk_tls_name(const X509_NAME *name, char *out, size_t cap) {
    BIO *b = name ? BIO_new(BIO_s_mem()) : NULL;
    out[0] = '\0';
    if (!b)
        return;
    if (X509_NAME_print_ex(b, name, 0, XN_FLAG_RFC2253) >= 0) {
        char *p;
        long n = BIO_get_mem_data(b, &p);
        snprintf(out, cap, "%.*s", n > 0 ? (int)n : 0, p);
    }
    BIO_free(b);
}

void sk_tls_subject(const X509 *cert, char *out, size_t cap) {
    sk_tls_name(cert ? X509_get_subject_name(cert) : NULL, out, cap);
}

void sk_tls_add_when(sk_line *l, const ASN1_TIME *t) {
    static const struct {
        int seconds;
        const char *name;
    } units[] = {{3600, "hour"}, {60, "minute"}, {1, "second"}};
    int days, seconds;
    if (!t || !ASN1_TIME_diff(&days, &seconds, NULL, t))
        return;
    bool ahead = days > 0 || seconds > 0;
    int n = days < 0 ? -days : days;
    const char *unit = "day";
    int left = seconds < 0 ? -seconds : seconds;
    for (size_t i = 0; n == 0 && i < sizeof units / sizeof units[0]; i++) {
        n = left / units[i].seconds;
        unit = units[i].name;
    }
    sk_line_add(l, "%s%d %s%s%s", ahead ? "in " : "", n, unit, n == 1 ? "" : "s",
                ahead ? "" : " ago");
}

/* ---- what OpenSSL's text leaves unsaid ---- */

typedef struct judged {
    const sk_tls *s;
    X509_STORE_CTX *x;
    const X509 *cert;
    const X509_CRL *crl;
    char issuer[NAME_TEXT]; /* of the certificate */
} judged;

static void add_host(sk_line *l, const judged *j) {
    sk_tls_host_mismatch(j->s->host, j->cert, l);
}

static void add_expiry(sk_line *l, const judged *j) {
    sk_line_add(l, ", ");
    sk_tls_add_when(l, X509_get0_notAfter(j->cert));
}

static void add_begin(sk_line *l, const judged *j) {
    sk_line_add(l, ", only ");
    sk_tls_add_when(l, X509_get0_notBefore(j->cert));
    sk_line_add(l, "; is the clock here right?");
}

/* Who signed the peer's own certificate is unknown: is it an authority, or somebody in between? A
 * certificate does not say, so both are named. Further up the server has shown the way. */
static void add_issuer(sk_line *l, const judged *j) {
    if (X509_STORE_CTX_get_error_depth(j->x) == 0)
        sk_line_add(l,
                    ": the %s did not send the intermediate certificate of its issuer "
                    "(%.100s), or that is an authority which is not trusted here",
                    j->s->ctx->server ? "client" : "server", j->issuer);
    else
        sk_line_add(l, ": signed by %.100s, who is not trusted here", j->issuer);
}

static void add_key(sk_line *l, const judged *j) {
    EVP_PKEY *key = X509_get0_pubkey(j->cert);
    const char *type = key ? EVP_PKEY_get0_type_name(key) : NULL;
    if (type)
        sk_line_add(l, ": %s of %d bits", type, EVP_PKEY_get_bits(key));
}

static void add_digest(sk_line *l, const judged *j) {
    sk_line_add(l, ": signed with %s", OBJ_nid2sn(X509_get_signature_nid(j->cert)));
}

static void add_purpose(sk_line *l, const judged *j) {
    EXTENDED_KEY_USAGE *uses = X509_get_ext_d2i(j->cert, NID_ext_key_usage, NULL, NULL);
    bool client = j->s->ctx->server;
    if (uses)
        sk_line_add(l, ": its extended key usage is not %s but",
                    client ? "clientAuth" : "serverAuth");
    else
        sk_line_add(l, ": its key usage is not that of a TLS %s", client ? "client" : "server");
    for (int i = 0; i < sk_ASN1_OBJECT_num(uses); i++) {
        char use[40];
        OBJ_obj2txt(use, sizeof use, sk_ASN1_OBJECT_value(uses, i), 0);
        sk_line_add(l, "%s %s", i ? "," : "", use);
    }
    EXTENDED_KEY_USAGE_free(uses);
}

static void add_list(sk_line *l, const judged *j) {
    sk_line_add(l, " (crl_file %.100s, list of %.100s)", j->s->ctx->crl_file, j->issuer);
}

static void add_list_missing(sk_line *l, const judged *j) {
    sk_line_add(l, ": crl_file %.100s has no revocation list of %.100s", j->s->ctx->crl_file,
                j->issuer);
}

static void add_list_end(sk_line *l, const judged *j) {
    sk_line_add(l, ", ");
    sk_tls_add_when(l, j->crl ? X509_CRL_get0_nextUpdate(j->crl) : NULL);
    sk_line_add(l, ": a newer one is needed");
    add_list(l, j);
}

static void add_list_begin(sk_line *l, const judged *j) {
    sk_line_add(l, ", only ");
    sk_tls_add_when(l, j->crl ? X509_CRL_get0_lastUpdate(j->crl) : NULL);
    add_list(l, j);
}

#define FORGED    ": altered, or signed by another key than its issuer's"
#define NOT_NAMES ": an authority above it may not vouch for its names (name constraints)"

/* hint comes behind OpenSSL's text, then what add has to say. */
static const struct rule {
    int verify;
    const char *hint;
    void (*add)(sk_line *l, const judged *j);
} rules[] = {
    {X509_V_ERR_HOSTNAME_MISMATCH, NULL, add_host},
    {X509_V_ERR_IP_ADDRESS_MISMATCH, NULL, add_host},
    {X509_V_ERR_CERT_HAS_EXPIRED, NULL, add_expiry},
    {X509_V_ERR_CERT_NOT_YET_VALID, NULL, add_begin},
    {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, NULL, add_issuer},
    {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, NULL, add_issuer},
    {X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, NULL, add_issuer},
    {X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT,
     ": nobody else vouches for it, and it is not in the store", NULL},
    {X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, ": the authority at the chain's end is not trusted here",
     NULL},
    {X509_V_ERR_CERT_SIGNATURE_FAILURE, FORGED, NULL},
    {X509_V_ERR_INVALID_CA,
     ": it signed the one below without being an authority (basicConstraints)", NULL},
    {X509_V_ERR_INVALID_PURPOSE, NULL, add_purpose},
    {X509_V_ERR_PATH_LENGTH_EXCEEDED, ": more authorities stand below it than it allows (pathlen)",
     NULL},
    {X509_V_ERR_KEYUSAGE_NO_CERTSIGN, ": it signed the one below without the right to", NULL},
    {X509_V_ERR_PERMITTED_VIOLATION, NOT_NAMES, NULL},
    {X509_V_ERR_EXCLUDED_VIOLATION, NOT_NAMES, NULL},
    {X509_V_ERR_PROXY_CERTIFICATES_NOT_ALLOWED, " (there is none)", NULL},
    {X509_V_ERR_EE_KEY_TOO_SMALL, NULL, add_key},
    {X509_V_ERR_CA_KEY_TOO_SMALL, NULL, add_key},
    {X509_V_ERR_CA_MD_TOO_WEAK, NULL, add_digest},
    {X509_V_ERR_CERT_REVOKED, ": its issuer has taken it back", add_list},
    {X509_V_ERR_UNABLE_TO_GET_CRL, NULL, add_list_missing},
    {X509_V_ERR_CRL_HAS_EXPIRED, NULL, add_list_end},
    {X509_V_ERR_CRL_NOT_YET_VALID, NULL, add_list_begin},
    {X509_V_ERR_CRL_SIGNATURE_FAILURE, FORGED, add_list},
    {X509_V_ERR_UNABLE_TO_GET_CRL_ISSUER, NULL, add_list},
    {X509_V_ERR_KEYUSAGE_NO_CRL_SIGN, NULL, add_list},
    {X509_V_ERR_DIFFERENT_CRL_SCOPE, NULL, add_list},
    {X509_V_ERR_UNHANDLED_CRITICAL_CRL_EXTENSION, NULL, add_list},
};

bool sk_tls_issuer_missing(int verify) {
    return verify == X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT ||
           verify == X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY ||
           verify == X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE ||
           verify == X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN ||
           verify == X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT;
}

static sk_line word(const judged *j, int verify) {
    sk_line l = {.len = 0};
    if (!j->s->ctx->trust_found && sk_tls_issuer_missing(verify)) {
        sk_line_add(&l, "certificate cannot be verified: no certificate authorities found");
        return l;
    }
    sk_line_add(&l, "%s", X509_verify_cert_error_string(verify));
    for (size_t i = 0; j->cert && i < sizeof rules / sizeof rules[0]; i++) {
        if (rules[i].verify != verify)
            continue;
        sk_line_add(&l, "%s", rules[i].hint ? rules[i].hint : "");
        if (rules[i].add)
            rules[i].add(&l, j);
    }
    return l;
}

/* ---- keeping it ---- */

void sk_tls_refuse(sk_tls *s, const sk_tls_refusal *r, const char *fmt, ...) {
    sk_line rule = {.len = 0};
    skua_stream_info info;
    char subject[NAME_TEXT], peer[sizeof s->why->target];
    const sk_tls_ctx *c = s->ctx;
    va_list ap;
    va_start(ap, fmt);
    sk_line_vadd(&rule, fmt, ap);
    va_end(ap);
    sk_tls_subject(r->cert, subject, sizeof subject);
    sk_tls_peer_name(s, peer, sizeof peer, &info);
    if (!s->why && !(s->why = sk_alloc(sizeof *s->why)))
        return;
    sk_fail(s->why, r->code, SKUA_PHASE_TLS, "%.100s: %.330s (depth %d, subject %.100s%s%s)", peer,
            rule.text, r->depth, subject[0] ? subject : "empty",
            !c->trust        ? ""
            : c->trust_found ? ", store "
                             : ", looked at ",
            c->trust ? c->trust : "");
    s->why->tls_verify = r->verify;
    s->why->tls_depth = r->depth;
    memcpy(s->why->tls_subject, subject, sizeof subject);
}

void sk_tls_refuse_chain(sk_tls *s, X509_STORE_CTX *x) {
    int verify = X509_STORE_CTX_get_error(x);
    judged j = {
        .s = s,
        .x = x,
        .cert = X509_STORE_CTX_get_current_cert(x),
        .crl = X509_STORE_CTX_get0_current_crl(x),
    };
    sk_tls_name(j.cert ? X509_get_issuer_name(j.cert) : NULL, j.issuer, sizeof j.issuer);
    sk_line rule = word(&j, verify);
    sk_tls_refuse(s,
                  &(sk_tls_refusal){.code = SKUA_E_TLS_CERTIFICATE,
                                    .verify = verify,
                                    .depth = X509_STORE_CTX_get_error_depth(x),
                                    .cert = j.cert},
                  "%s", rule.text);
}

void sk_tls_forgive(sk_tls *s) {
    sk_free(s->why);
    s->why = NULL;
}
