/* net/tls_keeper.h - a server's TLS settings, kept up to date with the files that they come from.
 *
 *     files change --seen by `get`, at most once a second--.
 *     reload by call --------------------------------------+--> read whole --> in use from then on
 *                                                                    '--fails--> the last good stay
 *
 * Streams hold the settings that they began with. */
#ifndef SK_NET_TLS_KEEPER_H
#define SK_NET_TLS_KEEPER_H

#include "net/tls.h"

typedef struct sk_tls_keeper sk_tls_keeper;

/* NULL: err is filled. Options are copied. */
sk_tls_keeper *sk_tls_keeper_new(const skua_tls_opts *opts, skua_error *err);
void sk_tls_keeper_free(sk_tls_keeper *k); /* NULL is fine */

/* ---- any thread ---- */

/* The settings for a stream that begins now (of the monotonic clock), counted: see
 * sk_tls_ctx_unref. What is told of files goes to fn. */
sk_tls_ctx *sk_tls_keeper_get(sk_tls_keeper *k, int64_t now_ms, sk_tls_note_fn *fn, void *user);
/* Read all files again. 0, or as sk_tls_server_ctx: then nothing has changed. */
int sk_tls_keeper_reload(sk_tls_keeper *k, skua_error *err);
/* As sk_tls_ctx_expiry. */
int64_t sk_tls_keeper_expiry(sk_tls_keeper *k, size_t index);

#endif
