/* net/tls_openssl_crl.c - the revocation lists a client was given: with them, every certificate
 * below the trusted one needs a list of its issuer (RFC 5280 6.3). Nothing is fetched. */
#include "net/tls_openssl.h"

#include "base/fail.h"
#include "base/mem.h"

#include <openssl/err.h>
#include <openssl/pem.h>

/* All lists of the file into the store. How many there were; -1: not readable, -2: no memory. */
static int read_lists(BIO *b, X509_STORE *store) {
    X509_CRL *crl;
    int count = 0;
    while ((crl = PEM_read_bio_X509_CRL(b, NULL, NULL, NULL)) != NULL) {
        int ok = X509_STORE_add_crl(store, crl);
        X509_CRL_free(crl);
        if (ok != 1)
            return -2;
        count++;
    }
    if (count == 0 || ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE)
        return -1;
    ERR_clear_error();
    return count;
}

/* The flags are not the store's: it also serves to find issuers elsewhere. */
int sk_tls_crl_load(sk_tls_ctx *c, const char *file, skua_error *err) {
    if (!file)
        return 0;
    c->crl_file = sk_strdup(file);
    if (!c->crl_file)
        return sk_fail_nomem(err);
    BIO *b = BIO_new_file(file, "r");
    int count = b ? read_lists(b, SSL_CTX_get_cert_store(c->ssl)) : -1;
    int rc = count > 0     ? 0
             : count == -1 ? sk_tls_fail_file(err, "crl_file", file)
                           : sk_fail_nomem(err);
    BIO_free(b);
    ERR_clear_error();
    if (rc == 0)
        X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(c->ssl),
                                    X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL);
    return rc;
}
