/* client/proxy_env.c - which proxy the environment names for a URL.
 *
 *     no_proxy, NO_PROXY: covers the host ---> none
 *     else, the first that is set: http_proxy, HTTP_PROXY, all_proxy, ALL_PROXY
 *          (for https URLs https_proxy and HTTPS_PROXY)
 *
 * As curl and Go have it: lower case comes first, and a variable that is empty is as good as none.
 * CGI hands a request's field "Proxy" to programs as HTTP_PROXY, so that one does not count in
 * CGI's environment (CVE-2016-5385, "httpoxy"). */
#include "client/proxy_env.h"

#include "base/fail.h"
#include "base/str.h"
#include "client/no_proxy.h"

#include <skua/conn.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct environment {
    sk_env_fn *get;
    void *user;
} environment;

static const char *value_of(const environment *e, const char *name) {
    const char *value = e->get(e->user, name);
    return value && *value ? value : NULL;
}

/* Could whoever sends a request have set it? */
static bool is_tainted(const environment *e, const char *name) {
    return strcmp(name, "HTTP_PROXY") == 0 && e->get(e->user, "REQUEST_METHOD");
}

/* The first of the names that is set: its value, and *name. */
static const char *first_of(const environment *e, const char *const *names, const char **name) {
    for (; *names; names++) {
        const char *value = is_tainted(e, *names) ? NULL : value_of(e, *names);
        *name = *names;
        if (value)
            return value;
    }
    return NULL;
}

/* Does no_proxy cover the host? Then the rule is said. */
static bool is_exempt(const sk_proxy_query *q, const environment *e, sk_proxy_choice *c) {
    static const char *const names[] = {"no_proxy", "NO_PROXY", NULL};
    const char *name;
    const char *list = first_of(e, names, &name);
    if (!list)
        return false;
    skua_str entry = sk_no_proxy_find(sk_str(list), sk_str(q->host), q->port);
    bool v6 = strchr(q->host, ':') != NULL;
    if (entry.ptr)
        snprintf(c->rule, sizeof c->rule, "the entry \"%.*s\" of %s covers %s%s%s:%d",
                 entry.len < 128 ? (int)entry.len : 128, entry.ptr, name, v6 ? "[" : "", q->host,
                 v6 ? "]" : "", q->port);
    return entry.ptr != NULL;
}

static void say_none(const sk_proxy_query *q, const environment *e, sk_proxy_choice *c) {
    bool tainted = !q->https && is_tainted(e, "HTTP_PROXY") && value_of(e, "HTTP_PROXY");
    const char *scheme = q->https ? "https" : "http";
    snprintf(c->rule, sizeof c->rule, "neither %s_proxy nor all_proxy is set%s", scheme,
             tainted ? "; HTTP_PROXY is not believed beside REQUEST_METHOD: a request may have "
                       "brought it"
                     : "");
}

sk_proxy_choice sk_proxy_env_choose(const sk_proxy_query *q, sk_env_fn *env, void *user) {
    static const char *const names[][5] = {
        {"http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY", NULL},
        {"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", NULL},
    };
    const environment e = {env, user};
    sk_proxy_choice c = {0};
    const char *name, *proxy = first_of(&e, names[q->https], &name);
    if (!proxy) {
        say_none(q, &e, &c);
    } else if (!is_exempt(q, &e, &c)) {
        c.proxy = proxy;
        snprintf(c.rule, sizeof c.rule, "%s is set", name);
    }
    return c;
}

const char *sk_proxy_env_process(void *user, const char *name) {
    (void)user;
    return secure_getenv(name);
}

/* ---- the interface ---- */

static int put(char *to, size_t cap, const char *text, skua_error *err) {
    size_t len = strlen(text);
    if (!to)
        return 0;
    if (len >= cap)
        return sk_fail(err, SKUA_E_INVALID_ARGUMENT, SKUA_PHASE_NONE,
                       "skua_proxy_for_url: the proxy needs %zu bytes", len + 1);
    memcpy(to, text, len + 1);
    return 0;
}

int skua_proxy_for_url(const char *url, char *proxy, size_t proxy_cap, char *rule, size_t rule_cap,
                       skua_error *err) {
    skua_url *u = NULL;
    int rc = skua_url_parse(url, &u, err);
    if (rc != 0)
        return rc;
    const sk_proxy_query q = {.https = strcmp(skua_url_scheme(u), "https") == 0,
                              .host = skua_url_host(u),
                              .port = skua_url_port(u)};
    sk_proxy_choice c = sk_proxy_env_choose(&q, sk_proxy_env_process, NULL);
    rc = put(proxy, proxy_cap, c.proxy ? c.proxy : "", err);
    if (rc == 0 && rule)
        snprintf(rule, rule_cap, "%s", c.rule);
    skua_url_free(u);
    return rc;
}
