/* net/tls_openssl_pins.c - digests of public keys: sha256//BASE64, as curl writes what RFC 7469 2.4
 * defines. */
#include "net/tls_openssl.h"

#include "base/base64.h"

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <string.h>

#define PREFIX     "sha256//"
#define PREFIX_LEN (sizeof PREFIX - 1)
#define DIGEST     32

_Static_assert(SK_TLS_PIN_TEXT == PREFIX_LEN + SK_BASE64_LEN(DIGEST) + 1, "one size of text");

/* RFC 7469 2.4: of the SubjectPublicKeyInfo in DER. */
static bool digest_key(const X509 *cert, unsigned char out[DIGEST]) {
    unsigned char *der = NULL;
    int len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(cert), &der);
    bool ok = len > 0 && EVP_Digest(der, (size_t)len, out, NULL, EVP_sha256(), NULL) == 1;
    OPENSSL_free(der);
    return ok;
}

void sk_tls_pin(const X509 *cert, char out[SK_TLS_PIN_TEXT]) {
    unsigned char digest[DIGEST];
    memset(out, 0, SK_TLS_PIN_TEXT);
    if (!digest_key(cert, digest))
        return;
    memcpy(out, PREFIX, PREFIX_LEN);
    sk_base64_encode(digest, DIGEST, out + PREFIX_LEN);
}
