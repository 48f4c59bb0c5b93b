/* net/tls_openssl_staple_server.c - the OCSP response that a server staples for clients that ask
 * (RFC 6066 8): read from a file that somebody else keeps fresh.
 *
 *     no response, not about this certificate, not "good"  --> not loaded
 *     its time is over                                     --> loaded, not served
 *
 * Who signed it the client judges. */
#include "net/tls_openssl.h"

#include "base/fail.h"
#include "base/mem.h"
#include "sys/clock.h"
#include "sys/private_dir.h"

#include <openssl/err.h>
#include <openssl/ocsp.h>
#include <string.h>

#define FILE_MAX (64u << 10)
/* Without nextUpdate there is newer information at any time (RFC 6960 4.2.2.1): our own clients
 * believe it for a day, others may not. */
#define OPEN_END_SECONDS 86400

/* ---- loading ---- */

static bool is_about(OCSP_SINGLERESP *single, const X509 *cert) {
    ASN1_INTEGER *serial;
    OCSP_CERTID *id = (OCSP_CERTID *)OCSP_SINGLERESP_get0_id(single);
    return OCSP_id_get0_info(NULL, NULL, NULL, &serial, id) == 1 &&
           ASN1_INTEGER_cmp(serial, X509_get0_serialNumber(cert)) == 0;
}

static OCSP_SINGLERESP *find(OCSP_BASICRESP *basic, const X509 *cert) {
    for (int i = 0; i < OCSP_resp_count(basic); i++) {
        OCSP_SINGLERESP *single = OCSP_resp_get0(basic, i);
        if (is_about(single, cert))
            return single;
    }
    return NULL;
}

/* NULL and *until, or what is wrong with it. */
static const char *judge_single(OCSP_SINGLERESP *single, int64_t *until) {
    ASN1_GENERALIZEDTIME *from = NULL, *to = NULL;
    if (!single)
        return "is about another certificate";
    int status = OCSP_single_get0_status(single, NULL, NULL, &from, &to);
    if (status == V_OCSP_CERTSTATUS_REVOKED)
        return "says that the certificate is revoked";
    if (status != V_OCSP_CERTSTATUS_GOOD)
        return "does not know the certificate";
    if (!sk_tls_unix_time(to ? to : from, until))
        return "has no date that can be read";
    *until += to ? 0 : OPEN_END_SECONDS;
    return NULL;
}

static const char *judge(const sk_tls_pair *p, int64_t *until) {
    const unsigned char *end = p->staple.der;
    OCSP_RESPONSE *response = d2i_OCSP_RESPONSE(NULL, &end, (long)p->staple.len);
    OCSP_BASICRESP *basic = NULL;
    const char *wrong = "is no OCSP response in DER form";
    if (response && end == p->staple.der + p->staple.len) {
        basic = OCSP_response_get1_basic(response);
        wrong = basic ? judge_single(find(basic, p->cert), until) : "holds no answer";
    }
    ERR_clear_error();
    OCSP_BASICRESP_free(basic);
    OCSP_RESPONSE_free(response);
    return wrong;
}

static int read_file(sk_tls_staple *t, skua_error *err) {
    char *data;
    bool shared;
    int rc = sk_private_file_read(t->file, FILE_MAX, &data, &t->len, &shared);
    if (rc != 0)
        return sk_fail_os(err, SKUA_E_OS, SKUA_PHASE_TLS, -rc, "ocsp_file %s", t->file);
    t->der = (unsigned char *)data;
    return 0;
}

int sk_tls_staple_load(sk_tls_pair *p, const char *file, skua_error *err) {
    sk_tls_staple *t = &p->staple;
    if (!file)
        return 0;
    t->file = sk_strdup(file);
    int rc = t->file ? read_file(t, err) : sk_fail_nomem(err);
    if (rc != 0)
        return rc;
    const char *wrong = judge(p, &t->until);
    if (!wrong)
        return 0;
    sk_free(t->der);
    t->der = NULL;
    return sk_fail(err, SKUA_E_TLS, SKUA_PHASE_TLS, "ocsp_file %s: %s", t->file, wrong);
}

void sk_tls_staple_free(sk_tls_staple *t) {
    sk_free(t->file);
    sk_free(t->der);
    sk_free(t->fault);
}

/* ---- serving ---- */

static bool is_fresh(const sk_tls_staple *t) {
    return t->der && t->until > sk_clock_unix();
}

static int on_status_request(SSL *ssl, void *user) {
    const sk_tls_ctx *c = user;
    const sk_tls_pair *p = sk_tls_pairs_find(c, SSL_get_certificate(ssl));
    if (!p || !is_fresh(&p->staple))
        return SSL_TLSEXT_ERR_NOACK;
    unsigned char *copy = OPENSSL_memdup(p->staple.der, p->staple.len);
    if (!copy)
        return SSL_TLSEXT_ERR_NOACK;
    SSL_set_tlsext_status_ocsp_resp(ssl, copy, (long)p->staple.len); /* it is OpenSSL's now */
    return SSL_TLSEXT_ERR_OK;
}

int sk_tls_staple_serve(sk_tls_ctx *c, skua_error *err) {
    bool any = false;
    for (size_t i = 0; i < c->serving.pair_count; i++)
        any |= c->serving.pairs[i].staple.der != NULL;
    if (any && (SSL_CTX_set_tlsext_status_cb(c->ssl, on_status_request) != 1 ||
                SSL_CTX_set_tlsext_status_arg(c->ssl, c) != 1))
        return sk_tls_fail_queue(err, "ocsp_file");
    return 0;
}

void sk_tls_staple_tell(sk_tls_staple *t, sk_tls_note_fn *fn, void *user) {
    if (!t->file || t->told || is_fresh(t))
        return;
    sk_line l = {.len = 0};
    if (t->der)
        sk_line_add(&l, "tls: ocsp_file %s has expired", t->file);
    else
        sk_line_add(&l, "%s", t->fault ? t->fault : t->file);
    sk_line_add(&l, ": not served");
    fn(user, l.text);
    t->told = true;
}
