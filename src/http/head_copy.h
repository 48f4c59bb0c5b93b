/* http/head_copy.h - a head or trailer section, copied out of the input: strings are terminated. */
#ifndef SK_HTTP_HEAD_COPY_H
#define SK_HTTP_HEAD_COPY_H

#include "base/arena.h"
#include "wire/event.h"

typedef struct sk_head_copy {
    int status, version;
    const char *reason; /* NULL for trailers, and of requests */
    skua_field *fields; /* ends with a NULL name */
    size_t count;
} sk_head_copy;

/* What `from` views is one run of bytes, as a session gives it; its reason is zero but in the head
 * of a response. 0 or SKUA_E_NOMEM; all of it is one block of the arena. */
int sk_head_copy_make(sk_head_copy *to, sk_arena *mem, const sk_head *from);
/* Its fields, an array that ends with a NULL name; empty where there is no head. */
const skua_field *sk_head_copy_fields(const sk_head_copy *head, size_t *count);

#endif
