/* net/tls_openssl.h - what the tls_openssl files share, and nobody else sees. */
#ifndef SK_NET_TLS_OPENSSL_H
#define SK_NET_TLS_OPENSSL_H

#include "base/buf.h"
#include "base/line.h"
#include "net/tls.h"
#include "sys/file.h"

/* Without its oldest names, among them macros that would turn our sk_free into OpenSSL's own. */
#define OPENSSL_NO_DEPRECATED
#include <openssl/ssl.h>
#include <stdatomic.h>

/* What a session is kept under: a digest of where it came from and by what settings. */
#define SK_TLS_KEY_BYTES 32

/* The OCSP response that is stapled for a certificate. */
typedef struct sk_tls_staple {
    char *file; /* NULL: none is given */
    unsigned char *der;
    size_t len;
    int64_t until; /* seconds since 1970 */
    char *fault;   /* why there is none now; or NULL */
    bool told;     /* that it has expired, or of its fault: by one thread at a time */
} sk_tls_staple;

/* A server's certificate. */
typedef struct sk_tls_pair {
    X509 *cert;
    EVP_PKEY *key;
    STACK_OF(X509) * chain;
    sk_file_info cert_seen; /* before it was read; all zero: it could not be seen */
    sk_file_info key_seen;
    sk_tls_staple staple;
} sk_tls_pair;

/* Whom a certificate is for, in lower case; ".b.example" stands for "*.b.example". */
typedef struct sk_tls_cert_name {
    char *text;
    size_t pair;
} sk_tls_cert_name;

typedef struct sk_tls_tickets sk_tls_tickets; /* tls_openssl_tickets.c */

/* What only a server has. */
typedef struct sk_tls_serving {
    sk_tls_pair *pairs; /* the first is the default */
    size_t pair_count;
    sk_tls_cert_name *names; /* sorted */
    size_t name_count;
    sk_tls_tickets *tickets;
    bool needs_client; /* a client without a certificate is refused */
} sk_tls_serving;

/* Settings, loaded. Nothing in it changes after loading but the counter, bundle_loaded, what a
 * staple's `told` says, and the keys in `tickets`, which are shared with other settings. */
struct sk_tls_ctx {
    atomic_uint refs;
    SSL_CTX *ssl;
    char *server_name; /* to verify in place of the host; or NULL */
    char *sni;         /* to send in place of the name that is verified; "": none; or NULL */
    char *bundle;      /* the system's authorities in one file, read when first missed; or NULL */
    atomic_bool bundle_loaded;
    char *trust; /* where authorities are looked for, for messages */
    bool trust_found;
    unsigned char *pins; /* digests of keys, one behind the other; or NULL */
    size_t pin_count;
    char *crl_file; /* or NULL */
    skua_tls_ocsp ocsp;
    bool server;
    bool insecure;
    unsigned char *alpn; /* as it goes on the wire: length, name, length, name ... */
    unsigned alpn_len;
    skua_tls_sessions *sessions;              /* a client's */
    unsigned char identity[SK_TLS_KEY_BYTES]; /* of the settings, as far as sessions go */
    char *keylog_file;                        /* or NULL */
    int keylog_fd;
    sk_tls_serving serving;
};

/* How far a client's flight has been looked at: see tls_openssl_hello.c. */
typedef struct sk_tls_hello {
    uint16_t left;   /* bytes of the record */
    uint8_t record;  /* bytes of the record's header that have come */
    uint8_t message; /* and of the first message's */
    bool other;      /* the record is no handshake's */
} sk_tls_hello;

typedef struct sk_tls {
    skua_stream base;
    skua_stream *below;
    sk_tls_ctx *ctx;
    SSL *ssl;
    sk_tls_scratch *scratch;
    sk_buf in;       /* ciphertext that came and is not yet decrypted */
    sk_buf out;      /* ciphertext that is not yet sent */
    skua_error *why; /* the failure that every later call repeats; may lack memory to be kept.
                        Before there is one: why the peer's certificate is being refused */
    int failed;      /* its code */
    int write_failed;
    sk_tls_tell_fn *tell; /* NULL: nobody listens */
    const void *tell_user;
    unsigned char *key; /* what its sessions are kept under; NULL: it keeps none */
    bool up;            /* the handshake is done */
    bool plain;         /* it failed: the peer sent an HTTP request in the clear */
    bool blocked;       /* the stream below did not take all of `out` */
    bool untidy;        /* OpenSSL may hold a buffer that it no longer needs */
    uint16_t barren;    /* records without data; see sk_tls_note_data */
    sk_tls_hello hello;
    char host[]; /* whom a client means; "" on a server */
} sk_tls;

/* Ciphertext passes through here within one call. Only `in` outlives a call, as what its holder
 * will go on with; another stream that needs the place sends it home first. */
struct sk_tls_scratch {
    unsigned holders; /* whoever made it, and the streams */
    BIO_METHOD *method;
    BIO *bio; /* of all the streams: it reads and writes for the holder */
    sk_buf in;
    sk_buf out;
    sk_tls *holder;
    size_t read; /* below, in this call */
    bool dry;    /* the stream below had no more in this call, or is not asked for any */
    bool waits;  /* this call may wait for the stream below */
    int io_code; /* how the stream below ended or failed in this call: SKUA_E_TLS_EOF for an end */
    skua_error io;
    const char *refused; /* what of the peer's is refused here, rather than below; or NULL */
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
void sk_tls_enter(sk_tls *s); /* at the begin of each call that lets OpenSSL work */
/* The peer goes too far, and what it sent is read no further. `why` is static. */
void sk_tls_refuse_more(sk_tls *s, const char *why);
void sk_tls_note_data(sk_tls *s); /* a record had some: it pays for itself and for one without */
bool sk_tls_has_come(sk_tls *s);  /* anything to be decrypted, or the end */
bool sk_tls_in_is_dry(const sk_tls *s);
bool sk_tls_out_room(sk_tls *s, size_t plaintext);
int sk_tls_flush(sk_tls *s, skua_error *err);
bool sk_tls_hold_back(sk_tls *s);
void sk_tls_forget(sk_tls *s); /* the stream goes away */

/* tls_openssl_hello.c: is what a server is sent, a piece at a time, no ClientHello that is too
 * long? False: the failure is set. */
bool sk_tls_hello_fits(sk_tls *s, const char *p, size_t len);
void sk_tls_hello_answered(sk_tls *s); /* another may come */

/* tls_openssl_ctx.c */
SSL_CTX *sk_tls_ssl_ctx_new(bool server); /* with no setting but the security level */

/* tls_openssl_offer.c: versions, cipher suites, ALPN */
int sk_tls_offer_set(sk_tls_ctx *c, const skua_tls_opts *o, skua_error *err);

/* tls_openssl_key.c: an end's own certificate */
int sk_tls_key_load(SSL_CTX *ssl, const skua_tls_opts *o, skua_error *err);

/* tls_openssl_keylog.c */
int sk_tls_keylog_open(sk_tls_ctx *c, const char *path, skua_error *err);
void sk_tls_keylog_close(sk_tls_ctx *c);

/* tls_openssl_sessions.c: the store. What is put is copied; what is taken is gone from it. */
void sk_tls_sessions_put(skua_tls_sessions *t, const unsigned char key[SK_TLS_KEY_BYTES],
                         SSL_SESSION *session);
SSL_SESSION *sk_tls_sessions_take(skua_tls_sessions *t, const unsigned char key[SK_TLS_KEY_BYTES]);
void sk_tls_sessions_drop(skua_tls_sessions *t, const unsigned char key[SK_TLS_KEY_BYTES]);
skua_tls_sessions *sk_tls_sessions_hold(skua_tls_sessions *t);

/* tls_openssl_session.c: which sessions a client's stream may use, and what becomes of them */
int sk_tls_session_setup(sk_tls_ctx *c, const skua_tls_opts *o, skua_error *err);
void sk_tls_session_settled(sk_tls *s); /* the handshake is done */
void sk_tls_session_failed(sk_tls *s);
/* What stands in the store of the settings, and the digest of what was added. */
void sk_tls_session_add_store(sk_buf *b, const sk_tls_ctx *c);
bool sk_tls_session_digest(const sk_buf *b, unsigned char out[SK_TLS_KEY_BYTES]);

/* tls_openssl_tell.c: lines for whoever follows what goes on */
void sk_tls_tell(const sk_tls *s, const char *fmt, ...) SKUA_PRINTF(2, 3);
void sk_tls_tell_settled(const sk_tls *s); /* all of a handshake that is done */
void sk_tls_tell_chain(const sk_tls *s);

/* tls_openssl_certificate.c */
X509 *sk_tls_chain_at(const sk_tls *s, size_t index); /* or NULL */
bool sk_tls_unix_time(const ASN1_TIME *t, int64_t *out);

/* tls_openssl_verify.c: whether a peer is believed */
int sk_tls_verify_load(sk_tls_ctx *c, const skua_tls_opts *opts, skua_error *err);
void sk_tls_verify_peer(sk_tls_ctx *c, int mode); /* SSL_VERIFY_ */

/* tls_openssl_pairs.c: a server's certificates. `old` are the settings that these take the place
 * of, or NULL. */
int sk_tls_pairs_load(sk_tls_ctx *c, const skua_tls_opts *o, const sk_tls_ctx *old,
                      skua_error *err);
void sk_tls_pairs_free(sk_tls_ctx *c);
const sk_tls_pair *sk_tls_pairs_find(const sk_tls_ctx *c, const X509 *cert); /* or NULL */

/* tls_openssl_sni.c: which of them a client is shown */
int sk_tls_sni_set(sk_tls_ctx *c, skua_error *err);
void sk_tls_sni_free(sk_tls_ctx *c);

/* tls_openssl_staple_server.c: the OCSP response that a server staples */
int sk_tls_staple_load(sk_tls_pair *p, const char *file, skua_error *err); /* NULL: none */
void sk_tls_staple_free(sk_tls_staple *t);
int sk_tls_staple_serve(sk_tls_ctx *c, skua_error *err);
/* Say once that there is none to be served, if so. */
void sk_tls_staple_tell(sk_tls_staple *t, sk_tls_note_fn *fn, void *user);

/* tls_openssl_tickets.c: the keys that a server's session tickets are encrypted with */
int sk_tls_tickets_load(sk_tls_ctx *c, const char *file, const sk_tls_ctx *old, skua_error *err);
void sk_tls_tickets_turn(sk_tls_tickets *t, int64_t now_ms);
void sk_tls_tickets_unref(sk_tls_tickets *t); /* NULL is fine */

/* tls_openssl_client_auth.c: a server that asks for certificates */
int sk_tls_client_auth_load(sk_tls_ctx *c, const skua_tls_opts *o, skua_error *err);

/* tls_openssl_trust.c: which authorities are believed */
int sk_tls_trust_load(sk_tls_ctx *c, const skua_tls_opts *opts, skua_error *err);
bool sk_tls_bundle_is_out(const sk_tls_ctx *c); /* is there a bundle that is not read yet? */
void sk_tls_bundle_load(sk_tls_ctx *c, X509_STORE *store);

/* tls_openssl_host.c: the host that a certificate must be for */
skua_str sk_tls_host_bare(skua_str host);
bool sk_tls_host_is_address(const char *host);
int sk_tls_host_expect(sk_tls *s, skua_error *err); /* verify s->host */
/* "a.example, *.b.example, 192.0.2.1", of subjectAltName; whole names, and ", ..." where there are
 * more */
sk_line sk_tls_host_names(const X509 *cert);
/* ": the certificate is not for this host, it names a.example", and a rule that a name comes near
 */
void sk_tls_host_mismatch(const char *host, const X509 *cert, sk_line *out);

/* tls_openssl_pins.c: digests of public keys */
#define SK_TLS_PIN_TEXT 53 /* "sha256//" with 44 characters behind it, terminated */
/* "" where there is no memory */
void sk_tls_pin(const X509 *cert, char out[SK_TLS_PIN_TEXT]);
int sk_tls_pins_load(sk_tls_ctx *c, const char *pins, skua_error *err); /* NULL: none */
bool sk_tls_pins_have(const sk_tls_ctx *c, const X509 *cert);
void sk_tls_pins_refuse(sk_tls *s, const X509 *peer);

/* tls_openssl_crl.c: revocation lists */
int sk_tls_crl_load(sk_tls_ctx *c, const char *file, skua_error *err); /* NULL: none */

/* tls_openssl_ocsp.c: the stapled response */
int sk_tls_ocsp_load(sk_tls_ctx *c, skua_tls_ocsp how, skua_error *err);

/* tls_openssl_refusal.c: why a peer's certificate is refused, in words */
typedef struct sk_tls_refusal {
    int code;   /* SKUA_E_TLS_CERTIFICATE or SKUA_E_TLS_PIN */
    int verify; /* X509_V_ERR_*, or 0 */
    int depth;
    const X509 *cert; /* or NULL */
} sk_tls_refusal;
/* Keep why, for the handshake that now ends: the rule, which certificate, which store. */
void sk_tls_refuse(sk_tls *s, const sk_tls_refusal *r, const char *rule, ...) SKUA_PRINTF(3, 4);
void sk_tls_refuse_chain(sk_tls *s, X509_STORE_CTX *x); /* as X509_verify_cert found it */
void sk_tls_forgive(sk_tls *s);
bool sk_tls_issuer_missing(int verify);               /* is it for want of an authority? */
void sk_tls_add_when(sk_line *l, const ASN1_TIME *t); /* "3 days ago", "in 2 hours" */
void sk_tls_name(const X509_NAME *name, char *out, size_t cap);
void sk_tls_subject(const X509 *cert, char *out, size_t cap);

/* tls_openssl_fail.c: OpenSSL's failures in words */
/* Whom a message is about, and what the stream below knows of it. */
void sk_tls_peer_name(const sk_tls *s, char *out, size_t cap, skua_stream_info *info);
int sk_tls_explain(const sk_tls *s, int ssl_error, skua_error *out);
int sk_tls_fail_file(skua_error *err, const char *what, const char *path);
int sk_tls_fail_queue(skua_error *err, const char *what);

#endif
