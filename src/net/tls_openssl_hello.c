/* net/tls_openssl_hello.c - how long a ClientHello may be, judged before OpenSSL makes room for it:
 * OpenSSL does so on the word of the message's header, up to 128 KiB for nine bytes.
 *
 *     record header (5 bytes) --> fragment --used up--> record header ...
 *                                    | of a handshake
 *                                    v
 *              first bytes of a message: its type, its length --4 have come--> judged
 *
 * A second one may come when the first was answered (RFC 8446 4.1.2): it is begun anew then. In TLS
 * 1.2 none does, and what comes instead may be encrypted: it is not looked at. */
#include "net/tls_openssl.h"

#define JUDGED     4     /* bytes of the message's header */
#define LENGTH_END 16384 /* a message is shorter; in BoringSSL, too */

/* The next byte of the message's header. False: the message is too long. */
static bool take(sk_tls_hello *h, unsigned char byte) {
    bool fits = true;
    if (h->message == 0 && byte != SSL3_MT_CLIENT_HELLO)
        h->message = JUDGED - 1; /* another has bounds of its own */
    else if (h->message == 1)
        fits = byte == 0;
    else if (h->message == 2)
        fits = byte < LENGTH_END >> 8;
    h->message++;
    return fits;
}

/* The next byte of a record's header. */
static void begin_record(sk_tls_hello *h, unsigned char byte) {
    if (h->record == 0)
        h->other = byte != SSL3_RT_HANDSHAKE;
    if (h->record >= 3)
        h->left = (uint16_t)(h->left << 8 | byte);
    h->record++;
}

static bool fits(sk_tls_hello *h, const unsigned char *p, size_t len) {
    while (len > 0 && h->message < JUDGED) {
        size_t step = 1;
        if (h->record < SSL3_RT_HEADER_LENGTH) {
            begin_record(h, *p);
        } else if (h->other) {
            step = len < h->left ? len : h->left;
            h->left = (uint16_t)(h->left - step);
        } else {
            if (!take(h, *p))
                return false;
            h->left--;
        }
        if (h->record == SSL3_RT_HEADER_LENGTH && h->left == 0)
            h->record = 0;
        p += step;
        len -= step;
    }
    return true;
}

bool sk_tls_hello_fits(sk_tls *s, const char *p, size_t len) {
    /* RFC 8446 6: illegal_parameter, in a record. */
    static const char alert[] = {SSL3_RT_ALERT,           3, 3, 0, 2, SSL3_AL_FATAL,
                                 SSL_AD_ILLEGAL_PARAMETER};
    if (s->up || !s->ctx->server || fits(&s->hello, (const unsigned char *)p, len))
        return true;
    sk_buf_append(&s->scratch->out, alert, sizeof alert);
    s->scratch->out.failed = false; /* without memory it ends without a word */
    sk_tls_refuse_more(s, "a ClientHello of 16 KiB or more");
    return false;
}

void sk_tls_hello_answered(sk_tls *s) {
    if (SSL_version(s->ssl) >= TLS1_3_VERSION)
        s->hello = (sk_tls_hello){0};
}
