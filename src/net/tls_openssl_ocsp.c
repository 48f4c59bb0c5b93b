/* net/tls_openssl_ocsp.c - the OCSP response that a server staples to its handshake (RFC 6066 8).
 *
 *     none, or an unsigned error ("try later")  --> only refused where one is due: ocsp is REQUIRE,
 *         |                                          or the certificate demands it (RFC 7633)
 *     signed by the issuer, or by whom it has certified for that
 *         |
 *     about this certificate, "good", of now    --> believed; anything else is refused
 *
 * An unsigned error says no more than silence does, and whoever could forge it could leave it out
 * as well. Nothing is fetched. */
#include "net/tls_openssl.h"

#include "base/fail.h"

#include <openssl/err.h>
#include <openssl/ocsp.h>
#include <openssl/x509v3.h>

#define SLACK_SECONDS 300
/* RFC 6960 4.2.2.1: without nextUpdate there is newer information at any time; so a day is much. */
#define OPEN_END_SECONDS 86400
/* RFC 7633: TLS extension 5, status_request. */
#define FEATURE_STATUS_REQUEST 5

typedef struct staple {
    sk_tls *s;
    X509 *cert;
    X509 *issuer;
    OCSP_BASICRESP *basic;
} staple;

static int refuse(const staple *t, int verify, const char *rule) {
    sk_tls_refuse(
        t->s, &(sk_tls_refusal){.code = SKUA_E_TLS_CERTIFICATE, .verify = verify, .cert = t->cert},
        "%s%s%s", X509_verify_cert_error_string(verify), rule[0] ? ": " : "", rule);
    return 0;
}

/* ---- is there to be one? ---- */

static bool is_demanded(X509 *cert) {
    TLS_FEATURE *features = X509_get_ext_d2i(cert, NID_tlsfeature, NULL, NULL);
    bool found = false;
    for (int i = 0; i < sk_ASN1_INTEGER_num(features); i++)
        found |= ASN1_INTEGER_get(sk_ASN1_INTEGER_value(features, i)) == FEATURE_STATUS_REQUEST;
    TLS_FEATURE_free(features);
    return found;
}

static int judge_absent(const staple *t, const char *instead) {
    bool required = t->s->ctx->ocsp == SKUA_OCSP_REQUIRE;
    if (!required && !is_demanded(t->cert))
        return 1;
    sk_line rule = {.len = 0};
    sk_line_add(&rule, "%s a stapled response, and %s",
                required ? "the settings require"
                         : "the certificate demands (must-staple, RFC 7633)",
                instead);
    return refuse(t, X509_V_ERR_OCSP_VERIFY_NEEDED, rule.text);
}

/* ---- whose word is it? ---- */

/* The issuer is the one authority here: RFC 6960 4.2.2.2 lets it sign by itself, or have it done by
 * somebody whose certificate it has signed directly, with OCSPSigning in it. */
static bool is_authorized(const staple *t) {
    X509_STORE *only = X509_STORE_new();
    STACK_OF(X509) *known = sk_X509_new_null();
    bool ok = only && known && sk_X509_push(known, t->issuer) > 0 &&
              X509_STORE_add_cert(only, t->issuer) == 1 &&
              X509_STORE_set_flags(only, X509_V_FLAG_PARTIAL_CHAIN) == 1 &&
              OCSP_basic_verify(t->basic, known, only, 0) == 1;
    sk_X509_free(known);
    X509_STORE_free(only);
    return ok;
}

/* OpenSSL's reason, and the data behind it: "Verify error: certificate has expired". */
static int judge_signature(const staple *t) {
    const char *data = "";
    int flags = 0;
    unsigned long e;
    ERR_clear_error();
    if (is_authorized(t))
        return 1;
    do
        e = ERR_get_error_all(NULL, NULL, NULL, &data, &flags);
    while (e && ERR_GET_LIB(e) != ERR_LIB_OCSP);
    const char *reason = ERR_reason_error_string(e);
    bool more = reason && (flags & ERR_TXT_STRING) != 0;
    sk_line rule = {.len = 0};
    sk_line_add(&rule,
                "the stapled response is not signed by the issuer, nor by whom it certified for "
                "that (%s%s%s)",
                reason ? reason : "unknown", more ? ": " : "", more ? data : "");
    ERR_clear_error();
    return refuse(t, X509_V_ERR_OCSP_VERIFY_FAILED, rule.text);
}

/* ---- what does it say? ---- */

static bool is_about(const staple *t, OCSP_SINGLERESP *single) {
    const OCSP_CERTID *id = OCSP_SINGLERESP_get0_id(single);
    ASN1_OBJECT *algorithm;
    OCSP_id_get0_info(NULL, &algorithm, NULL, NULL, (OCSP_CERTID *)id);
    const EVP_MD *md = EVP_get_digestbyobj(algorithm);
    OCSP_CERTID *own = md ? OCSP_cert_to_id(md, t->cert, t->issuer) : NULL;
    bool same = own && OCSP_id_cmp(id, own) == 0;
    OCSP_CERTID_free(own);
    return same;
}

static OCSP_SINGLERESP *find_own(const staple *t) {
    for (int i = 0; i < OCSP_resp_count(t->basic); i++) {
        OCSP_SINGLERESP *single = OCSP_resp_get0(t->basic, i);
        if (is_about(t, single))
            return single;
    }
    return NULL;
}

static int refuse_dated(const staple *t, int verify, const char *rule, const ASN1_TIME *when) {
    sk_line l = {.len = 0};
    sk_line_add(&l, "%s", rule);
    sk_tls_add_when(&l, when);
    return refuse(t, verify, l.text);
}

static int judge_times(const staple *t, ASN1_GENERALIZEDTIME *from, ASN1_GENERALIZEDTIME *to) {
    if (OCSP_check_validity(from, to, SLACK_SECONDS, to ? -1 : OPEN_END_SECONDS) == 1) {
        sk_tls_tell(t->s, "the stapled OCSP response calls the certificate good");
        return 1;
    }
    ERR_clear_error();
    if (X509_cmp_current_time(from) > 0)
        return refuse_dated(t, X509_V_ERR_OCSP_VERIFY_FAILED,
                            "the stapled response is not yet valid, only ", from);
    return refuse_dated(t, X509_V_ERR_OCSP_VERIFY_FAILED,
                        to ? "the stapled response is too old: it expired "
                           : "the stapled response is too old: it was made ",
                        to ? to : from);
}

static int judge_status(const staple *t) {
    ASN1_GENERALIZEDTIME *revoked = NULL, *from = NULL, *to = NULL;
    OCSP_SINGLERESP *single = find_own(t);
    if (!single)
        return refuse(t, X509_V_ERR_OCSP_VERIFY_FAILED,
                      "the stapled response is about another certificate");
    int status = OCSP_single_get0_status(single, NULL, &revoked, &from, &to);
    if (status == V_OCSP_CERTSTATUS_REVOKED)
        return refuse_dated(t, X509_V_ERR_CERT_REVOKED, "the stapled OCSP response says so, ",
                            revoked);
    if (status != V_OCSP_CERTSTATUS_GOOD)
        return refuse(t, X509_V_ERR_OCSP_CERT_UNKNOWN,
                      "the stapled response does not know the certificate");
    return judge_times(t, from, to);
}

/* ---- the response ---- */

static int judge_basic(staple *t, OCSP_RESPONSE *response) {
    t->basic = OCSP_response_get1_basic(response);
    if (!t->basic) {
        ERR_clear_error();
        return refuse(t, X509_V_ERR_OCSP_VERIFY_FAILED, "the stapled response cannot be read");
    }
    int ok = judge_signature(t) ? judge_status(t) : 0;
    OCSP_BASICRESP_free(t->basic);
    return ok;
}

static int judge_response(staple *t, const unsigned char *der, long len) {
    const unsigned char *end = der;
    OCSP_RESPONSE *response = d2i_OCSP_RESPONSE(NULL, &end, len);
    int ok;
    ERR_clear_error();
    if (!response || end != der + len)
        ok = refuse(t, X509_V_ERR_OCSP_VERIFY_FAILED, "the stapled response cannot be read");
    else if (OCSP_response_status(response) != OCSP_RESPONSE_STATUS_SUCCESSFUL)
        ok = judge_absent(t, "the server's says that its responder has none now");
    else
        ok = judge_basic(t, response);
    OCSP_RESPONSE_free(response);
    return ok;
}

/* Called when the chain is verified; with TLS 1.3 also where a session is resumed, without a
 * certificate or a staple. A peer that is itself in the store rests on no issuer: there is nobody
 * whose word on it would count. */
static int on_staple(SSL *ssl, void *user) {
    (void)user;
    if (SSL_session_reused(ssl))
        return 1;
    STACK_OF(X509) *chain = SSL_get0_verified_chain(ssl);
    const unsigned char *der;
    long len = SSL_get_tlsext_status_ocsp_resp(ssl, &der);
    staple t = {
        .s = SSL_get_app_data(ssl),
        .cert = sk_X509_value(chain, 0),
        .issuer = sk_X509_value(chain, 1),
    };
    if (len <= 0 || !der)
        return judge_absent(&t, "the server sent none");
    if (!t.issuer)
        return judge_absent(&t, "nobody is known who could sign one");
    return judge_response(&t, der, len);
}

int sk_tls_ocsp_load(sk_tls_ctx *c, skua_tls_ocsp how, skua_error *err) {
    if (how != SKUA_OCSP_IF_PRESENT && how != SKUA_OCSP_REQUIRE && how != SKUA_OCSP_OFF)
        return sk_fail(err, SKUA_E_INVALID_ARGUMENT, SKUA_PHASE_TLS,
                       "ocsp is none of the SKUA_OCSP_ values");
    c->ocsp = how;
    if (how == SKUA_OCSP_OFF)
        return 0;
    if (SSL_CTX_set_tlsext_status_type(c->ssl, TLSEXT_STATUSTYPE_ocsp) != 1)
        return sk_tls_fail_queue(err, "ocsp");
    SSL_CTX_set_tlsext_status_cb(c->ssl, on_staple);
    return 0;
}
