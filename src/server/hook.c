/* server/hook.c - functions of the program around its handlers. */
#include "server/hook.h"

#include "base/mem.h"
#include "base/str.h"

sk_callbacks *sk_callbacks_new(void) {
    sk_callbacks *c = sk_zalloc(sizeof *c);
    if (!c || sk_log_sink_init(&c->sink) != 0) {
        sk_free(c);
        return NULL;
    }
    atomic_init(&c->refs, 1);
    return c;
}

void sk_callbacks_ref(sk_callbacks *c) {
    atomic_fetch_add_explicit(&c->refs, 1, memory_order_relaxed);
}

void sk_callbacks_unref(sk_callbacks *c) {
    if (!c || atomic_fetch_sub_explicit(&c->refs, 1, memory_order_acq_rel) != 1)
        return;
    sk_arena_free(&c->arena);
    sk_log_sink_free(&c->sink);
    sk_free(c);
}

int sk_hooks_add(sk_callbacks *c, sk_hooks *h, const char *prefix, const sk_hook *given) {
    size_t len = prefix ? strlen(prefix) : 0;
    if (!given->fn || len == 0 || prefix[0] != '/' || prefix[len - 1] != '/')
        return SKUA_E_INVALID_ARGUMENT;
    sk_hook *hook = sk_arena_zalloc(&c->arena, sizeof *hook);
    const char *copy = sk_arena_strndup(&c->arena, prefix, len);
    if (!hook || !copy)
        return SKUA_E_NOMEM;
    *hook = (sk_hook){.prefix = {copy, len}, .fn = given->fn, .user = given->user};
    if (!h->last)
        h->last = &h->first;
    *h->last = hook;
    h->last = &hook->next;
    return 0;
}

/* "/api/" is for "/api" as well: a redirect there is as much its affair. */
static bool covers(const sk_hook *hook, const skua_request *q) {
    const char *path = q->path.text;
    size_t len = hook->prefix.len;
    return strncmp(path, hook->prefix.ptr, len) == 0 ||
           (strncmp(path, hook->prefix.ptr, len - 1) == 0 && path[len - 1] == '\0');
}

int sk_hooks_before(const sk_hooks *h, skua_request *q, skua_reply *a) {
    for (const sk_hook *i = h->first; i; i = i->next) {
        int rc = covers(i, q) ? i->fn(q, a, i->user) : 0;
        if (rc < 0)
            return rc;
        if (a->state != SK_REPLY_FRESH || a->error || sk_exchange_of_reply(a)->deferral)
            return 0;
    }
    return 0;
}

int sk_hooks_after(const sk_hooks *h, skua_request *q, skua_reply *a) {
    for (const sk_hook *i = h->first; i; i = i->next) {
        int rc = covers(i, q) ? i->fn(q, a, i->user) : 0;
        if (rc < 0)
            return rc;
    }
    return 0;
}
