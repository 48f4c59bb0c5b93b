/* server/hook.h - functions of the program around its handlers: they see requests before these, or
 * replies before they go out, for a part of the paths. */
#ifndef SK_SERVER_HOOK_H
#define SK_SERVER_HOOK_H

#include "base/arena.h"
#include "server/exchange.h"
#include "server/log_sink.h"

#include <skua/server.h>
#include <stdatomic.h>

typedef struct sk_hook sk_hook;
struct sk_hook {
    sk_hook *next;
    skua_str prefix; /* begins and ends with "/" */
    skua_handler_fn *fn;
    void *user;
};

/* In the order in which they are to be called. */
typedef struct sk_hooks {
    sk_hook *first;
    sk_hook **last;
} sk_hooks;

/* All that a program has called around its handlers, and done with their replies. Counted: a reply
 * that is finished later may outlive its server. */
typedef struct sk_callbacks {
    atomic_uint refs;
    sk_hooks before;
    sk_hooks after;
    skua_error_page_fn *error_page;
    void *user;                               /* of error_page */
    const struct sk_compression *compression; /* server/compression.h; NULL: none */
    sk_log_sink sink;
    sk_arena arena;
} sk_callbacks;

/* NULL: no memory. */
sk_callbacks *sk_callbacks_new(void);
void sk_callbacks_ref(sk_callbacks *c);
void sk_callbacks_unref(sk_callbacks *c); /* NULL is fine */

/* To one of the two lists: 0, SKUA_E_INVALID_ARGUMENT (the prefix) or SKUA_E_NOMEM. */
int sk_hooks_add(sk_callbacks *c, sk_hooks *h, const char *prefix, const sk_hook *given);
/* Call those that the path is theirs, until one begins a reply, defers it or fails. 0, or what the
 * last one failed with. */
int sk_hooks_before(const sk_hooks *h, skua_request *q, skua_reply *a);
/* Call all that the path is theirs. 0, or the first failure. */
int sk_hooks_after(const sk_hooks *h, skua_request *q, skua_reply *a);

#endif
