/* client/draft.h - a request head while it is being put together. Nothing of it is on the wire, so
 * what is wrong with it can still be refused whole, and it can be written twice. */
#ifndef SK_CLIENT_DRAFT_H
#define SK_CLIENT_DRAFT_H

#include "base/arena.h"
#include "base/buf.h"
#include "client/origin.h"
#include "http/session.h"

typedef struct sk_draft_field {
    struct sk_draft_field *next;
    skua_str name, value;
    unsigned flags;
} sk_draft_field;

typedef struct sk_draft {
    sk_arena mem;
    skua_str method, target;
    sk_draft_field *first, *last;
    /* What the caller's own fields say. */
    int64_t length; /* Content-Length; -1 */
    bool chunked;
    bool expects; /* Expect: 100-continue */
    bool has_host, has_accept_encoding, has_user_agent;
    /* Defaults that he does not want: fields without a value. */
    bool no_host, no_accept_encoding, no_user_agent, no_length;
} sk_draft;

/* How the body is found by whoever reads it, where no field of the caller's says it. */
typedef struct sk_draft_body {
    sk_body kind;
    int64_t length;
} sk_draft_body;

/* A proxy that the request goes to in place of the origin (RFC 9112 3.2.2): it is told the whole
 * URL, and what is meant for it alone. */
typedef struct sk_draft_via {
    const skua_field *fields; /* ends with a NULL name; NULL: none */
} sk_draft_via;

/* What a head is written with, beside what the caller said. */
typedef struct sk_draft_frame {
    const sk_origin *origin;
    const sk_draft_via *via;     /* NULL: straight to the origin */
    bool withhold;               /* Proxy-Authorization is for whom it has been told already */
    const char *user_agent;      /* NULL: none */
    const char *accept_encoding; /* what is asked for where the caller does not say */
    sk_draft_body body;
} sk_draft_frame;

/* Begin anew. SKUA_E_INVALID_ARGUMENT (method, target) or SKUA_E_NOMEM. */
int sk_draft_begin(sk_draft *d, const char *method, const char *target, skua_error *err);
/* A field without a value takes a default out. SKUA_E_INVALID_ARGUMENT, SKUA_E_BAD_CONTENT_LENGTH,
 * SKUA_E_BAD_FRAMING or SKUA_E_NOMEM. */
int sk_draft_add(sk_draft *d, const skua_field *field, skua_error *err);
void sk_draft_free(sk_draft *d);
bool sk_draft_method_is(const sk_draft *d, skua_str method);
/* RFC 9110 9.2.2: may it be done twice? */
bool sk_method_is_idempotent(skua_str method);
static inline bool sk_draft_is_idempotent(const sk_draft *d) {
    return sk_method_is_idempotent(d->method);
}
/* Was a field of this name marked as a secret? A sk_trace_secret_fn. */
bool sk_draft_is_secret(const void *draft, skua_str name);
/* The pieces of the URL that it is for; what is not needed of them is empty. */
#define SK_DRAFT_URL_PIECES 3
void sk_draft_url(const sk_draft *d, const sk_origin *origin, skua_str url[SK_DRAFT_URL_PIECES]);
/* Write it: what the caller did not bring (Host, Accept-Encoding, User-Agent) ahead of what he
 * did. Returns 0 or a code. */
int sk_draft_write(const sk_draft *d, const sk_draft_frame *frame, sk_session *to);

#endif
