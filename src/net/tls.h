/* net/tls.h - TLS over another stream. Everything the library knows of a TLS implementation stands
 * behind this page, so that another can take OpenSSL's place. */
#ifndef SK_NET_TLS_H
#define SK_NET_TLS_H

#include <skua/stream.h>
#include <skua/tls.h>
#include <stdbool.h>

/* Settings, loaded: shared by any number of streams and threads; counted. */
typedef struct sk_tls_ctx sk_tls_ctx;

/* Load certificates and trust. opts may be NULL. The error names the file and what is wrong with it
 * (missing, not PEM, key does not match, pass phrase). NULL on failure. */
sk_tls_ctx *sk_tls_client_ctx(const skua_tls_opts *opts, skua_error *err);
sk_tls_ctx *sk_tls_server_ctx(const skua_tls_opts *opts, skua_error *err);
/* The same from files that may have changed, to take the place of `old`: keys for tickets that are
 * its own are kept, and a staple that cannot be used is no failure. */
sk_tls_ctx *sk_tls_server_ctx_again(const sk_tls_ctx *old, const skua_tls_opts *opts,
                                    skua_error *err);
void sk_tls_ctx_ref(sk_tls_ctx *c);
void sk_tls_ctx_unref(sk_tls_ctx *c); /* NULL is fine */
/* To be called now and then, by one thread at a time: have a server's keys for tickets turn with
 * the time (of the monotonic clock), and tell of staples that are not served any more. */
typedef void sk_tls_note_fn(void *user, const char *line);
void sk_tls_ctx_look_after(sk_tls_ctx *c, int64_t now_ms, sk_tls_note_fn *fn, void *user);
/* When a server's certificate ends, seconds since 1970; negative: there is none of that index. */
int64_t sk_tls_ctx_expiry(const sk_tls_ctx *c, size_t index);
/* Is verification switched off? */
bool sk_tls_ctx_insecure(const sk_tls_ctx *c);

/* Where the keys of connections are logged; NULL: nowhere. */
const char *sk_tls_ctx_keylog(const sk_tls_ctx *c);

/* Buffers that all TLS streams of one thread share: ciphertext passes through them within one call,
 * and only what is left over is kept by the stream. They stay until they are freed and the last
 * stream that uses them is closed: a stream that is handed to a program may outlive its maker. */
typedef struct sk_tls_scratch sk_tls_scratch;
sk_tls_scratch *sk_tls_scratch_new(void); /* NULL: no memory */
void sk_tls_scratch_free(sk_tls_scratch *s);

/* Wrap `below`, which the new stream then owns (on failure it stays the caller's). A client names
 * the host it means; `scratch` is used by one thread alone.
 *
 * The stream's read and writev shake hands as far as needed by themselves; sk_tls_handshake does
 * only that. Left to them, the end of a handshake leaves together with the first request or
 * answer: one write below less at each end.
 *
 * A read's 0 is a close_notify; an end without one is SKUA_E_TLS_EOF, after which writing may still
 * work. One writev accepts up to 256 KiB and gives all its records to the stream below in one call;
 * what is not taken there is kept, counts as written, and adds SKUA_WANT_WRITE to whatever is
 * wanted: any later call sends it, shutdown says 0 once it is gone, close drops it. shutdown sends
 * close_notify, then ends the direction below; close sends nothing. */
skua_stream *sk_tls_client(sk_tls_ctx *c, skua_stream *below, const char *host,
                           sk_tls_scratch *scratch, skua_error *err);
skua_stream *sk_tls_server(sk_tls_ctx *c, skua_stream *below, sk_tls_scratch *scratch,
                           skua_error *err);
/* 0 when done and sent, SKUA_E_AGAIN (see want), or an error: SKUA_E_TLS_CERTIFICATE with verify
 * code, depth, subject and the store that was searched; SKUA_E_TLS; what the stream below said. */
int sk_tls_handshake(skua_stream *s, skua_error *err);
/* Before the handshake of a client: resume an earlier session with the same place ("host:port"), if
 * there is one that was begun by equal settings, and keep those that this connection brings. */
void sk_tls_resume(skua_stream *s, const char *place);
/* Before the handshake: be told what it settles, the certificates, alerts and tickets, line by
 * line, until fn is NULL. */
typedef void sk_tls_tell_fn(const void *user, const char *line);
void sk_tls_tell_to(skua_stream *s, sk_tls_tell_fn *fn, const void *user);
/* Is this a TLS stream? The calls above and below are for such alone. */
bool sk_tls_is(const skua_stream *s);
/* The certificate at `index` in the chain that the peer sent, 0 its own: to the caller's struct,
 * whole, and its DER into buf where it fits. 0, the length of the DER, or SKUA_E_INVALID_ARGUMENT:
 * no such; SKUA_E_NOMEM. */
int sk_tls_certificate(skua_stream *s, size_t index, skua_certificate *out);
ptrdiff_t sk_tls_certificate_der(skua_stream *s, size_t index, void *buf, size_t cap);
/* The peer's own certificate, to be looked at when the stream may be gone. NULL: it has shown none.
 * Whoever holds it frees it; NULL is fine. Any thread. */
typedef struct sk_tls_peer sk_tls_peer;
sk_tls_peer *sk_tls_peer_hold(skua_stream *s);
int sk_tls_peer_describe(const sk_tls_peer *p, skua_certificate *out); /* 0 or SKUA_E_NOMEM */
void sk_tls_peer_free(sk_tls_peer *p);
/* Is the handshake done? */
bool sk_tls_is_up(const skua_stream *s);
/* Has the handshake failed because the peer sent an HTTP request in the clear? */
bool sk_tls_heard_http(const skua_stream *s);
/* After the handshake: "TLSv1.3". Static. */
const char *sk_tls_version(const skua_stream *s);
/* Free the stream and give back the one below, which is the caller's again. Nothing is sent. */
skua_stream *sk_tls_unwrap(skua_stream *s);

#endif
