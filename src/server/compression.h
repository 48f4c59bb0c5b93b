/* server/compression.h - which replies are compressed, and what their heads say of it. */
#ifndef SK_SERVER_COMPRESSION_H
#define SK_SERVER_COMPRESSION_H

#include "server/hook.h"

/* What a server's options say. */
typedef struct sk_compression {
    int64_t min_bytes;
    const char *const *types; /* patterns, NULL-terminated */
} sk_compression;

/* Made in the arena; NULL: no memory. */
const sk_compression *sk_compression_new(const skua_server_opts *o, sk_arena *arena);

/* Does the server compress at all? */
static inline bool sk_compression_is_on(const skua_reply *a) {
    const sk_callbacks *c = sk_exchange_of_reply(a)->callbacks;
    return c && c->compression;
}

/* Choose a coding for a reply whose fields are complete, where it is on: its place among
 * sk_encoder_names, or -1 in *which: none. Where the client's Accept-Encoding has decided, Vary
 * says so. `length` is the body's; -1: not known. 0, or what is latched. */
int sk_compression_choose(skua_reply *a, int64_t length, int *which);
/* Have the head say that this coding is applied, and no more how long the body is. 0, or what is
 * latched. */
int sk_compression_declare(skua_reply *a, int which);
/* The value of the Content-Length that was given; -1: there is none, or it is no number. */
int64_t sk_compression_length(const skua_reply *a);

#endif
