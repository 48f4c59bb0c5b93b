/* net/tls_openssl_pins.c - pinned public keys: sha256//BASE64, as curl writes the digests of RFC
 * 7469 2.4, with ';' between. */
#include "net/tls_openssl.h"

#include "base/base64.h"
#include "base/fail.h"
#include "base/mem.h"

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

bool sk_tls_pins_have(const sk_tls_ctx *c, const X509 *cert) {
    unsigned char digest[DIGEST];
    bool found = false;
    if (!digest_key(cert, digest))
        return false;
    for (size_t i = 0; i < c->pin_count; i++)
        found |= memcmp(c->pins + i * DIGEST, digest, DIGEST) == 0;
    return found;
}

void sk_tls_pins_refuse(sk_tls *s, const X509 *peer) {
    char own[SK_TLS_PIN_TEXT];
    sk_tls_pin(peer, own);
    sk_tls_refuse(s, &(sk_tls_refusal){.code = SKUA_E_TLS_PIN, .cert = peer},
                  "%s; the peer's own is %s",
                  s->ctx->insecure
                      ? "the key of the certificate is not among the pins (none else is verified)"
                      : "no key of the certificate chain is among the pins",
                  own);
}

/* ---- reading them ---- */

static int fail_piece(skua_error *err, skua_str piece, const char *problem) {
    return sk_fail(err, SKUA_E_INVALID_ARGUMENT, SKUA_PHASE_TLS, "pins: \"%.*s\" %s",
                   (int)(piece.len < 80 ? piece.len : 80), piece.ptr, problem);
}

/* Decodes into room for three bytes more than a digest, as much as its characters can hold. */
static int read_pin(skua_str piece, unsigned char out[DIGEST], skua_error *err) {
    unsigned char digest[SK_BASE64_LEN(DIGEST) / 4 * 3];
    bool prefixed = piece.len >= PREFIX_LEN && memcmp(piece.ptr, PREFIX, PREFIX_LEN) == 0;
    if (!prefixed)
        return fail_piece(err, piece, "is not of the form sha256//BASE64");
    skua_str text = {piece.ptr + PREFIX_LEN, piece.len - PREFIX_LEN};
    if (text.len != SK_BASE64_LEN(DIGEST) || sk_base64_decode(text, digest) != DIGEST)
        return fail_piece(err, piece, "is not the base64 of a SHA-256, which is 44 characters");
    memcpy(out, digest, DIGEST);
    return 0;
}

/* "" is no list of no pins: what was to give them, a variable perhaps, is empty. */
int sk_tls_pins_load(sk_tls_ctx *c, const char *pins, skua_error *err) {
    size_t most = 1;
    if (!pins)
        return 0;
    for (const char *p = pins; *p; p++)
        most += *p == ';';
    c->pins = sk_alloc(most * DIGEST);
    if (!c->pins)
        return sk_fail_nomem(err);
    for (const char *p = pins; c->pin_count < most; c->pin_count++) {
        skua_str piece = {p, strcspn(p, ";")};
        int rc = read_pin(piece, c->pins + c->pin_count * DIGEST, err);
        if (rc != 0)
            return rc;
        p += piece.len + 1;
    }
    return 0;
}
