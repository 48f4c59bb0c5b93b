/* client/route.c - the way from here to an origin: which it is, and what a proxy on it is told. */
#include "client/route.h"

#include "base/fail.h"
#include "client/field_list.h"
#include "client/proxy_env.h"
#include "client/trace.h"

#include <string.h>

void sk_route_free(sk_route *r) {
    sk_proxy_free(&r->proxy);
    sk_arena_free(&r->mem);
    *r = (sk_route){0};
}

/* ---- what the proxy is told ---- */

/* The credentials of the proxy's URL, unless a field says something else; the option's fields; the
 * tunnel's own. */
static int gather(sk_route *r, const sk_settings *s, const skua_field *own, skua_error *err) {
    static const char name[] = "Proxy-Authorization";
    const skua_field *lists[] = {s->o.proxy_fields, own};
    size_t room = sk_field_list_count(lists[0]) + sk_field_list_count(lists[1]) + 2, n = 0;
    skua_field *all = sk_arena_zalloc(&r->mem, room * sizeof *all);
    if (!all || sk_field_list_copy(&r->mem, own, &lists[1]) != 0)
        return sk_fail_nomem(err);
    bool said = sk_field_list_find(lists[0], name) || sk_field_list_find(lists[1], name);
    if (r->proxy.authorization && !said)
        all[n++] = (skua_field){name, r->proxy.authorization, SKUA_FIELD_SECRET};
    for (size_t i = 0; i < 2; i++) {
        for (const skua_field *f = lists[i]; f && f->name; f++)
            all[n++] = *f;
    }
    r->fields = all;
    r->via.fields = all;
    return 0;
}

/* ---- which way ---- */

/* The proxy for an origin; NULL: none. */
static const char *proxy_for(const sk_settings *s, const sk_origin *to, sk_proxy_choice *c) {
    if (s->o.proxy || !s->o.proxy_from_env)
        return s->o.proxy && *s->o.proxy ? s->o.proxy : NULL;
    if (sk_origin_is_unix(to) || s->unix_host)
        return NULL;
    const sk_proxy_query q = {to->https, to->host, to->port};
    *c = sk_proxy_env_choose(&q, sk_proxy_env_process, NULL);
    sk_trace_line(s, SKUA_TRACE_INFO, "%s: %s", c->proxy ? "a proxy" : "no proxy", c->rule);
    return c->proxy;
}

int sk_route_choose(sk_route *r, const sk_settings *s, const sk_origin *to, skua_error *err) {
    *r = (sk_route){0};
    sk_proxy_choice choice = {0};
    const char *proxy = proxy_for(s, to, &choice);
    if (!proxy)
        return 0;
    if (sk_origin_is_unix(to))
        return sk_fail(err, SKUA_E_INVALID_ARGUMENT, SKUA_PHASE_NONE,
                       "%s cannot be reached through a proxy", to->host);
    int rc = sk_proxy_parse(&r->proxy, proxy, err);
    if (rc == 0)
        rc = gather(r, s, NULL, err);
    if (rc != 0) {
        sk_route_free(r);
        return rc;
    }
    r->kind = to->https || s->o.proxy_tunnel ? SK_ROUTE_TUNNEL : SK_ROUTE_FORWARD;
    return 0;
}

int sk_route_set_tunnel(sk_route *r, const sk_settings *s, const sk_origin *proxy,
                        const skua_field *fields, skua_error *err) {
    sk_route made = {.kind = SK_ROUTE_TUNNEL};
    int rc = sk_origin_copy(&made.proxy.at, proxy, err);
    made.proxy.at.https = false; /* http.client's: TLS begins within the tunnel */
    if (rc == 0)
        rc = gather(&made, s, fields, err);
    if (rc != 0) {
        sk_route_free(&made);
        return rc;
    }
    sk_route_free(r);
    *r = made;
    return 0;
}

bool sk_route_withholds(const sk_route *r, const sk_settings *s) {
    bool environment_has_none = r->kind == SK_ROUTE_STRAIGHT && !s->o.proxy && s->o.proxy_from_env;
    return r->kind == SK_ROUTE_TUNNEL || environment_has_none;
}

bool sk_route_is_shared(const sk_route *a, const sk_route *b) {
    const sk_proxy *p = &a->proxy, *q = &b->proxy;
    if (a->kind != SK_ROUTE_FORWARD || b->kind != SK_ROUTE_FORWARD)
        return false;
    bool same_user = !p->authorization == !q->authorization &&
                     (!p->authorization || strcmp(p->authorization, q->authorization) == 0);
    return same_user && p->at.https == q->at.https && p->at.port == q->at.port &&
           strcmp(p->at.host, q->at.host) == 0;
}
