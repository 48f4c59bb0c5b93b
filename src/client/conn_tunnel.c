/* client/conn_tunnel.c - the tunnel of a connection: asking for it, blocking, and what came of it.
 */
#include "client/conn.h"

#include "base/fail.h"
#include "base/str.h"
#include "client/field_list.h"
#include "client/trace.h"

#include <inttypes.h>
#include <string.h>

static const char authorization[] = "Proxy-Authorization";

/* ---- what is asked ---- */

/* RFC 9110 9.3.6: host and port, the latter even where it is the default. */
static void write_target(const sk_origin *o, sk_buf *out) {
    int usual = o->https ? SKUA_HTTPS_PORT : SKUA_HTTP_PORT;
    sk_buf_append_str(out, sk_str(o->authority));
    if (o->port == usual)
        sk_buf_printf(out, ":%d", o->port);
    sk_buf_append(out, "", 1);
}

/* A request under way may bring credentials for the proxy: they are for CONNECT, and do not go
 * through the tunnel. */
static const char *credentials_of(const skua_conn *c) {
    const sk_draft_field *f = c->state == SK_CONN_IDLE ? NULL : c->trip.draft.first;
    while (f && !sk_str_ieq(f->name, sk_str(authorization)))
        f = f->next;
    return f ? f->value.ptr : NULL;
}

/* The fields of CONNECT; nothing that is meant for the origin is among them. NULL: no memory. */
static skua_field *put_together(const skua_conn *c, sk_arena *mem) {
    const skua_field *given = c->route.fields;
    const char *credentials = credentials_of(c), *agent = c->settings->o.user_agent;
    size_t room = sk_field_list_count(given) + 3, n = 0;
    skua_field *all = sk_arena_zalloc(mem, room * sizeof *all);
    if (!all)
        return NULL;
    if (agent && !sk_field_list_find(given, "User-Agent"))
        all[n++] = (skua_field){"User-Agent", agent, 0};
    if (credentials)
        all[n++] = (skua_field){authorization, credentials, SKUA_FIELD_SECRET};
    for (const skua_field *f = given; f->name; f++) {
        if (!credentials || !sk_str_ieq(sk_str(f->name), sk_str(authorization)))
            all[n++] = *f;
    }
    return all;
}

static void trace_answer(void *user, const sk_head *head) {
    const skua_conn *c = user;
    sk_trace_received(c->settings, head, sk_field_list_is_secret, c->route.fields);
}

static int ask(skua_conn *c, skua_stream *proxy, skua_error *err) {
    sk_arena mem = {0};
    sk_buf target = {0};
    write_target(&c->origin, &target);
    skua_field *fields = put_together(c, &mem);
    int rc = fields && !target.failed ? 0 : sk_fail_nomem(err);
    if (rc == 0) {
        c->tunnel = sk_tunnel_new(&(sk_tunnel_opts){.proxy = proxy,
                                                    .target = sk_buf_head(&target),
                                                    .fields = fields,
                                                    .limits = &c->settings->limits,
                                                    .on_head = trace_answer,
                                                    .user = c},
                                  err);
        rc = c->tunnel ? 0 : err->code;
    }
    if (rc == 0)
        sk_trace_sent(c->settings, sk_tunnel_head(c->tunnel), sk_field_list_is_secret, fields);
    sk_buf_free(&target);
    sk_arena_free(&mem);
    return rc;
}

/* ---- the answer ---- */

static int explain_timeout(const skua_conn *c, sk_bound until, skua_error *err) {
    return sk_fail(err, SKUA_E_TIMEOUT, SKUA_PHASE_TUNNEL,
                   sk_tunnel_begun(c->tunnel)
                       ? "the answer to CONNECT was not complete within %" PRId64 " ms"
                       : "no answer to CONNECT within %" PRId64 " ms",
                   until.ms);
}

/* The proxy has to reach the origin in that time, as we would have. */
static int await(const skua_conn *c, skua_stream *proxy, sk_bound call, skua_error *err) {
    sk_bound until = sk_conn_within(c, call, c->settings->o.connect_timeout_ms);
    for (;;) {
        int rc = sk_tunnel_step(c->tunnel, err);
        if (rc == SKUA_E_AGAIN)
            rc = sk_conn_wait(c, proxy, sk_tunnel_wants(c->tunnel), until, err);
        else
            return rc;
        if (rc == SKUA_E_TIMEOUT)
            return explain_timeout(c, until, err);
        if (rc != 0)
            return rc;
    }
}

int sk_conn_open_tunnel(skua_conn *c, sk_bound call, skua_stream **stream, skua_error *err) {
    int rc = ask(c, *stream, err);
    if (rc == 0)
        rc = await(c, *stream, call, err);
    if (rc != 0)
        return rc;
    skua_stream *within = sk_tunnel_take(c->tunnel);
    if (!within)
        return sk_fail_nomem(err);
    *stream = within;
    return 0;
}

/* ---- the interface ---- */

/* "host", "host:port", "[v6]:port", for the scheme of the connection. */
static int parse_where(const skua_conn *c, const char *where, sk_origin *to, skua_error *err) {
    if (strstr(where, "://") || strncmp(where, "unix:", 5) == 0)
        return sk_fail(err, SKUA_E_INVALID_URL, SKUA_PHASE_NONE,
                       "a tunnel leads to a host and a port, not to \"%s\"", where);
    sk_buf url = {0};
    sk_buf_printf(&url, "http%s://%s", c->origin.https ? "s" : "", where);
    sk_buf_append(&url, "", 1);
    int rc = url.failed ? sk_fail_nomem(err) : sk_origin_parse(to, sk_buf_head(&url), err);
    sk_buf_free(&url);
    return rc;
}

static int set_tunnel(skua_conn *c, const char *where, const skua_field *fields, skua_error *err) {
    sk_origin to;
    int rc = sk_proxy_check_fields(fields, true, err);
    if (rc == 0)
        rc = parse_where(c, where, &to, err);
    if (rc != 0)
        return rc;
    /* The proxy is what the connection was made for, whatever was set before. */
    const sk_origin *proxy = c->tunnel_set ? &c->route.proxy.at : &c->origin;
    rc = sk_route_set_tunnel(&c->route, c->settings, proxy, fields, err);
    if (rc != 0) {
        sk_origin_free(&to);
        return rc;
    }
    sk_origin_free(&c->origin);
    c->origin = to;
    c->tunnel_set = true;
    sk_origin_name(&c->origin, &c->peer);
    return 0;
}

int skua_conn_set_tunnel(skua_conn *c, const char *where, const skua_field *fields,
                         skua_error *err) {
    skua_error own;
    if (!c || !where)
        return sk_fail_absent(err, "a connection, and a host for the tunnel, are needed");
    if (!err)
        err = &own;
    if (c->channel && sk_channel_is_open(c->channel))
        return sk_peer_fail(&c->peer, err, SKUA_E_IMPROPER_CONNECTION_STATE, SKUA_PHASE_STATE,
                            "connected already: a tunnel is set up before that");
    if (c->settings->o.proxy && *c->settings->o.proxy)
        return sk_peer_fail(&c->peer, err, SKUA_E_INVALID_ARGUMENT, SKUA_PHASE_STATE,
                            "the option proxy makes a tunnel by itself");
    return set_tunnel(c, where, fields, err);
}

int skua_conn_tunnel_status(const skua_conn *c) {
    return c && c->tunnel ? sk_tunnel_status(c->tunnel) : 0;
}

const skua_field *skua_conn_tunnel_headers(const skua_conn *c, size_t *count) {
    static const skua_field none[1];
    if (c && c->tunnel)
        return sk_tunnel_fields(c->tunnel, count);
    if (count)
        *count = 0;
    return none;
}
