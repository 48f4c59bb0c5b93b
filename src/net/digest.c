/* net/digest.c - SHA-256 for programs; the TLS library brings it. */
#include "base/mem.h"

#include <skua/tls.h>

/* Its oldest names would turn our sk_free into OpenSSL's own. */
#define OPENSSL_NO_DEPRECATED
#include <openssl/evp.h>

struct skua_sha256 {
    EVP_MD_CTX *ctx;
};

skua_sha256 *skua_sha256_new(void) {
    skua_sha256 *h = sk_zalloc(sizeof *h);
    if (!h)
        return NULL;
    h->ctx = EVP_MD_CTX_new();
    if (h->ctx && EVP_DigestInit_ex(h->ctx, EVP_sha256(), NULL) == 1)
        return h;
    skua_sha256_free(h);
    return NULL;
}

/* Once the digest is begun, OpenSSL's SHA-256 cannot fail; should it, final gives no digest rather
 * than a wrong one. */
void skua_sha256_update(skua_sha256 *h, const void *data, size_t len) {
    if (!h || !h->ctx || EVP_DigestUpdate(h->ctx, data, len) == 1)
        return;
    EVP_MD_CTX_free(h->ctx);
    h->ctx = NULL;
}

void skua_sha256_final(skua_sha256 *h, char hex[65]) {
    static const char digits[] = "0123456789abcdef";
    unsigned char raw[32];
    unsigned len = 0;
    char *to = hex;
    if (h && h->ctx && EVP_DigestFinal_ex(h->ctx, raw, &len) == 1) {
        for (unsigned i = 0; i < len; i++) {
            *to++ = digits[raw[i] >> 4];
            *to++ = digits[raw[i] & 15];
        }
    }
    *to = '\0';
    skua_sha256_free(h);
}

void skua_sha256_free(skua_sha256 *h) {
    if (!h)
        return;
    EVP_MD_CTX_free(h->ctx);
    sk_free(h);
}
