/* client/settings.c - checking, completing and copying the options of connections. */
#include "client/settings.h"

#include "base/fail.h"
#include "base/mem.h"
#include "base/options.h"
#include "base/str.h"
#include "client/field_list.h"
#include "client/proxy.h"
#include "client/trace.h"

#include <string.h>

#define CHUNK_LINE_MAX 16384u

static const struct {
    const char *name;
    size_t at;
    int64_t value;
} times[] = {
    {"timeout_ms", offsetof(skua_conn_opts, timeout_ms), SKUA_FOREVER},
    {"resolve_timeout_ms", offsetof(skua_conn_opts, resolve_timeout_ms), 5000},
    {"connect_timeout_ms", offsetof(skua_conn_opts, connect_timeout_ms), 10000},
    {"tls_timeout_ms", offsetof(skua_conn_opts, tls_timeout_ms), 10000},
    {"establish_timeout_ms", offsetof(skua_conn_opts, establish_timeout_ms), SKUA_FOREVER},
    {"first_byte_timeout_ms", offsetof(skua_conn_opts, first_byte_timeout_ms), 60000},
    {"idle_timeout_ms", offsetof(skua_conn_opts, idle_timeout_ms), 30000},
    {"deadline_ms", offsetof(skua_conn_opts, deadline_ms), SKUA_FOREVER},
    {"continue_timeout_ms", offsetof(skua_conn_opts, continue_timeout_ms), 1000},
    {"keep_alive_timeout_ms", offsetof(skua_conn_opts, keep_alive_timeout_ms), 60000},
    {"drain_timeout_ms", offsetof(skua_conn_opts, drain_timeout_ms), 50},
    {"decoded_max_bytes", offsetof(skua_conn_opts, decoded_max_bytes), SKUA_FOREVER},
};

static const struct {
    size_t at;
    uint32_t value;
} limits[] = {
    {offsetof(skua_conn_opts, line_max_bytes), 65536},
    {offsetof(skua_conn_opts, head_max_bytes), 262144},
    {offsetof(skua_conn_opts, fields_max), 100},
    {offsetof(skua_conn_opts, drain_max_bytes), 262144},
    {offsetof(skua_conn_opts, decoded_ratio_max), 200},
};

static int refuse(skua_error *err, const char *text, const char *value) {
    return sk_fail(err, SKUA_E_INVALID_ARGUMENT, SKUA_PHASE_NONE, "%s: \"%s\"", text, value);
}

static int complete(skua_conn_opts *o, skua_error *err) {
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
        int64_t *value = (int64_t *)(void *)((char *)o + times[i].at);
        if (*value < SKUA_FOREVER)
            return sk_fail(err, SKUA_E_INVALID_ARGUMENT, SKUA_PHASE_NONE, "%s is negative",
                           times[i].name);
        if (*value == 0)
            *value = times[i].value;
    }
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        uint32_t *value = (uint32_t *)(void *)((char *)o + limits[i].at);
        if (*value == 0)
            *value = limits[i].value;
    }
    if (o->debuglevel == 0 && o->trace)
        o->debuglevel = SK_TRACE_LEVEL_ALL;
    return 0;
}

static int set_limits(sk_settings *s, skua_error *err) {
    s->limits = (sk_h1_limits){.line_max = s->o.line_max_bytes,
                               .block_max = s->o.head_max_bytes,
                               .fields_max = s->o.fields_max,
                               .chunk_line_max = CHUNK_LINE_MAX};
    const char *fault = sk_h1_limits_fault(&s->limits);
    return fault ? sk_fail(err, SKUA_E_INVALID_ARGUMENT, SKUA_PHASE_NONE, "%s", fault) : 0;
}

static int set_family(sk_settings *s, skua_error *err) {
    static const struct {
        int version;
        sk_family family;
    } known[] = {{0, SK_FAMILY_ANY}, {4, SK_FAMILY_V4}, {6, SK_FAMILY_V6}};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (known[i].version == s->o.ip_version) {
            s->family = known[i].family;
            return 0;
        }
    }
    return sk_fail(err, SKUA_E_INVALID_ARGUMENT, SKUA_PHASE_NONE,
                   "ip_version is 4, 6 or 0 for either, not %d", s->o.ip_version);
}

static int set_source(sk_settings *s, skua_error *err) {
    const char *text = s->o.source_address;
    s->o.source_address = NULL;
    if (!text)
        return 0;
    s->has_from = sk_addr_parse(sk_str(text), 0, &s->from);
    return s->has_from ? 0 : refuse(err, "source_address is no IP address", text);
}

static int set_user_agent(sk_settings *s, skua_error *err) {
    const char *text = s->o.user_agent;
    if (!text)
        return 0;
    if (!sk_str_is_field_value(sk_str(text)))
        return refuse(err, "user_agent is no field value", text);
    s->o.user_agent = sk_arena_strndup(&s->mem, text, strlen(text));
    return s->o.user_agent ? 0 : sk_fail_nomem(err);
}

/* ---- overrides ---- */

static skua_str without_brackets(skua_str s) {
    if (s.len >= 2 && s.ptr[0] == '[' && s.ptr[s.len - 1] == ']')
        return (skua_str){s.ptr + 1, s.len - 2};
    return s;
}

static int copy_override(sk_settings *s, const skua_resolve_entry *e, skua_error *err) {
    sk_override *to = &s->overrides[s->override_count];
    to->port = e->port;
    to->count = 0;
    to->host = sk_arena_strndup(&s->mem, e->host, strlen(e->host));
    if (!to->host)
        return sk_fail_nomem(err);
    skua_str rest = sk_str(e->address), one;
    while (sk_list_next(&rest, &one)) {
        if (to->count == SK_DIAL_RACE_MAX)
            return sk_fail(err, SKUA_E_INVALID_ARGUMENT, SKUA_PHASE_NONE,
                           "resolve: more than %d addresses: \"%s\"", SK_DIAL_RACE_MAX, e->address);
        if (!sk_addr_parse(without_brackets(one), e->port, &to->at[to->count++]))
            return refuse(err, "resolve: no IP address", e->address);
    }
    if (to->count == 0)
        return refuse(err, "resolve: no address for", e->host);
    s->override_count++;
    return 0;
}

static int set_overrides(sk_settings *s, skua_error *err) {
    const skua_resolve_entry *list = s->o.resolve;
    s->o.resolve = NULL;
    size_t count = 0;
    while (list && list[count].host)
        count++;
    if (count == 0)
        return 0;
    s->overrides = sk_arena_zalloc(&s->mem, count * sizeof *s->overrides);
    if (!s->overrides)
        return sk_fail_nomem(err);
    int rc = 0;
    for (size_t i = 0; i < count && rc == 0; i++)
        rc = copy_override(s, &list[i], err);
    return rc;
}

const sk_override *sk_settings_override(const sk_settings *s, const char *host, int port) {
    for (size_t i = 0; i < s->override_count; i++) {
        const sk_override *o = &s->overrides[i];
        bool any = strcmp(o->host, "*") == 0;
        skua_str named = without_brackets(sk_str(o->host));
        if ((any || sk_str_ieq(named, sk_str(host))) && (o->port == 0 || o->port == port))
            return o;
    }
    return NULL;
}

/* ---- proxies ---- */

/* Whether there will be TLS to a proxy is known now, unless the environment decides. */
static int load_proxy_tls(sk_settings *s, bool https, skua_error *err) {
    const skua_tls_opts *tls = s->o.proxy_tls;
    s->o.proxy_tls = NULL;
    if (!https && (s->o.proxy || !s->o.proxy_from_env))
        return 0;
    skua_error failure;
    s->proxy_tls = sk_tls_client_ctx(tls, &failure);
    if (!s->proxy_tls && err)
        *err = failure;
    return s->proxy_tls ? 0 : failure.code;
}

static int copy_proxy(sk_settings *s, bool *https, skua_error *err) {
    sk_proxy p;
    const char *text = s->o.proxy;
    if (!text)
        return 0;
    s->o.proxy = sk_arena_strndup(&s->mem, text, strlen(text));
    if (!s->o.proxy)
        return sk_fail_nomem(err);
    if (!*text)
        return 0;
    int rc = sk_proxy_parse(&p, text, err);
    if (rc != 0)
        return rc;
    *https = p.at.https;
    sk_proxy_free(&p);
    return 0;
}

static int set_proxy(sk_settings *s, skua_error *err) {
    bool https = false;
    int rc = copy_proxy(s, &https, err);
    if (rc == 0)
        rc = load_proxy_tls(s, https, err);
    if (rc == 0)
        rc = sk_proxy_check_fields(s->o.proxy_fields, false, err);
    if (rc != 0 || !s->o.proxy_fields)
        return rc;
    rc = sk_field_list_copy(&s->mem, s->o.proxy_fields, &s->o.proxy_fields);
    return rc == 0 ? 0 : sk_fail_nomem(err);
}

static int set_unix_socket(sk_settings *s, skua_error *err) {
    const char *path = s->o.unix_socket;
    s->o.unix_socket = NULL;
    if (!path)
        return 0;
    if (!*path)
        return refuse(err, "unix_socket is no path", path);
    if (s->o.proxy && *s->o.proxy)
        return refuse(err, "there is a proxy besides unix_socket", path);
    s->unix_host = sk_arena_printf(&s->mem, "unix:%s", path);
    return s->unix_host ? 0 : sk_fail_nomem(err);
}

static int set_network(const sk_settings *s, skua_error *err) {
    if (s->o.network == SKUA_NET_ANY || s->o.network == SKUA_NET_PUBLIC_ONLY)
        return 0;
    return sk_fail(err, SKUA_E_INVALID_ARGUMENT, SKUA_PHASE_NONE,
                   "network is SKUA_NET_ANY or SKUA_NET_PUBLIC_ONLY, not %d", (int)s->o.network);
}

/* ---- the whole ---- */

static int fill(sk_settings *s, const skua_conn_opts *opts, skua_error *err) {
    int rc = sk_options_copy(&s->o, sizeof s->o, opts, err);
    s->o.tls = NULL;
    s->o.stream = NULL;
    if (rc == 0)
        rc = complete(&s->o, err);
    if (rc == 0)
        rc = set_limits(s, err);
    if (rc == 0)
        rc = set_family(s, err);
    if (rc == 0)
        rc = set_source(s, err);
    if (rc == 0)
        rc = set_user_agent(s, err);
    if (rc == 0)
        rc = set_overrides(s, err);
    if (rc == 0)
        rc = set_proxy(s, err);
    if (rc == 0)
        rc = set_unix_socket(s, err);
    if (rc == 0)
        rc = set_network(s, err);
    return rc;
}

sk_settings *sk_settings_new(const skua_conn_opts *opts, skua_error *err) {
    sk_settings *s = sk_zalloc(sizeof *s);
    if (!s) {
        sk_fail_nomem(err);
        return NULL;
    }
    if (fill(s, opts, err) == 0)
        return s;
    sk_settings_free(s);
    return NULL;
}

void sk_settings_free(sk_settings *s) {
    if (!s)
        return;
    sk_tls_ctx_unref(s->tls);
    sk_tls_ctx_unref(s->proxy_tls);
    sk_arena_free(&s->mem);
    sk_free(s);
}

int sk_settings_load_tls(sk_settings *s, const skua_tls_opts *tls, skua_error *err) {
    if (s->tls)
        return 0;
    skua_error failure;
    s->tls = sk_tls_client_ctx(tls, err ? err : &failure);
    return s->tls ? 0 : (err ? err : &failure)->code;
}
