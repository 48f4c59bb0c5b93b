/* net/tls_openssl.h - what the tls_openssl files share, and nobody else sees. */
#ifndef SK_NET_TLS_OPENSSL_H
#define SK_NET_TLS_OPENSSL_H

#include "base/buf.h"
#include "base/line.h"
#include "net/tls.h"

/* Without its oldest names, among them macros that would turn our sk_free into OpenSSL's own. */
#define OPENSSL_NO_DEPRECATED
#include <openssl/ssl.h>
#include <stdatomic.h>

/* Settings, loaded. Nothing in it changes after loading but the counter and bundle_loaded. */
struct sk_tls_ctx {
    atomic_uint refs;
    SSL_CTX *ssl;
    BIO_METHOD *bio;
    char *server_name; /* to verify in place of the host; or NULL */
    char *bundle;      /* the system's authorities in one file, read when first missed; or NULL */
    atomic_bool bundle_loaded;
    char *trust; /* where authorities are looked for, for messages */
    bool trust_found;
    bool server;
    bool insecure;
    unsigned char *alpn; /* as it goes on the wire: length, name, length, name ... */
    unsigned alpn_len;
};

typedef struct sk_tls {
    skua_stream base;
    skua_stream *below;
    sk_tls_ctx *ctx;
    SSL *ssl;
    sk_tls_scratch *scratch;
    sk_buf in;       /* ciphertext that came and is not yet decrypted */
    sk_buf out;      /* ciphertext that is not yet sent */
    X509 *rejected;  /* the certificate that failed, with its depth in the chain */
    skua_error *why; /* the failure that every later call repeats; may lack memory to be kept */
    int failed;      /* its code */
    int write_failed;
    int rejected_depth;
    bool up;      /* the handshake is done */
    bool plain;   /* it failed: the peer sent an HTTP request in the clear */
    bool blocked; /* the stream below did not take all of `out` */
    char host[];  /* whom a client means; "" on a server */
} sk_tls;

/* Ciphertext passes through here within one call. Only `in` outlives a call, as what its holder
 * will go on with; another stream that needs the place sends it home first. */
struct sk_tls_scratch {
    unsigned holders; /* whoever made it, and the streams */
    sk_buf in;
    sk_buf out;
    sk_tls *holder;
    bool dry;    /* the stream below had no more in this call */
    int io_code; /* how the stream below ended or failed in this call: SKUA_E_TLS_EOF for an end */
    skua_error io;
    char gathered[SSL3_RT_MAX_PLAIN_LENGTH];
};

static inline sk_tls *sk_tls_of(skua_stream *s) {
    return (sk_tls *)(void *)s;
}

/* tls_openssl.c: the table of a stream that has ended or failed */
extern const skua_stream_ops sk_tls_ended_ops;

/* tls_openssl_shake.c: the handshake, and failing */
int sk_tls_shake(sk_tls *s);
int sk_tls_stopped(sk_tls *s, int rc, skua_error *err);
void sk_tls_set_failed(sk_tls *s, int ssl_error);
int sk_tls_repeat_failure(const sk_tls *s, skua_error *err);

/* tls_openssl_write.c: plaintext into records */
bool sk_tls_can_send(const sk_tls *s);
ptrdiff_t sk_tls_writev(skua_stream *base, const skua_str *pieces, size_t count, skua_error *err);

/* tls_openssl_bio.c: ciphertext between OpenSSL and the stream below */
BIO_METHOD *sk_tls_bio_method(void);
void sk_tls_enter(sk_tls *s); /* at the begin of each call that lets OpenSSL work */
bool sk_tls_in_is_dry(const sk_tls *s);
bool sk_tls_out_room(sk_tls *s, size_t plaintext);
int sk_tls_flush(sk_tls *s, skua_error *err);
bool sk_tls_hold_back(sk_tls *s);
void sk_tls_forget(sk_tls *s); /* the stream goes away */

/* tls_openssl_trust.c: which authorities are believed */
int sk_tls_trust_load(sk_tls_ctx *c, const skua_tls_opts *opts, skua_error *err);

/* tls_openssl_host.c: the host that a certificate must be for */
skua_str sk_tls_host_bare(skua_str host);
bool sk_tls_host_is_address(const char *host);
int sk_tls_host_expect(sk_tls *s, skua_error *err); /* verify s->host */
/* "a.example, *.b.example, 192.0.2.1", of subjectAltName */
sk_line sk_tls_host_names(const X509 *cert);

/* tls_openssl_pins.c: digests of public keys */
#define SK_TLS_PIN_TEXT 53 /* "sha256//" with 44 characters behind it, terminated */
/* "" where there is no memory */
void sk_tls_pin(const X509 *cert, char out[SK_TLS_PIN_TEXT]);

/* tls_openssl_fail.c: OpenSSL's failures in words */
int sk_tls_explain(const sk_tls *s, int ssl_error, skua_error *out);
int sk_tls_fail_file(skua_error *err, const char *what, const char *path);
int sk_tls_fail_queue(skua_error *err, const char *what);
void sk_tls_subject(const X509 *cert, char *out, size_t cap);

#endif
