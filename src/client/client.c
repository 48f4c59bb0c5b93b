/* client/client.c - the settings that calls share. */
#include "client/client.h"

#include "base/fail.h"
#include "base/mem.h"
#include "base/options.h"

static int check(const skua_client_opts *o, skua_error *err) {
    if (o->conn && o->conn->size >= offsetof(skua_conn_opts, stream) + sizeof o->conn->stream &&
        o->conn->stream)
        return sk_fail(err, SKUA_E_INVALID_ARGUMENT, SKUA_PHASE_NONE,
                       "a client makes its connections itself: no stream can be given");
    if (o->timeout_ms < SKUA_FOREVER)
        return sk_fail(err, SKUA_E_INVALID_ARGUMENT, SKUA_PHASE_NONE, "timeout_ms is negative");
    if (o->redirects_max < 0 && o->redirects_max != SKUA_REDIRECTS_NONE)
        return sk_fail(err, SKUA_E_INVALID_ARGUMENT, SKUA_PHASE_NONE,
                       "redirects_max is a number, or SKUA_REDIRECTS_NONE");
    return 0;
}

skua_client *skua_client_new(const skua_client_opts *opts, skua_error *err) {
    skua_client_opts o;
    skua_conn_opts conn;
    if (sk_options_copy(&o, sizeof o, opts, err) != 0 || check(&o, err) != 0 ||
        sk_options_copy(&conn, sizeof conn, o.conn, err) != 0)
        return NULL;
    skua_client *c = sk_zalloc(sizeof *c);
    if (!c) {
        sk_fail_nomem(err);
        return NULL;
    }
    c->timeout_ms = o.timeout_ms ? o.timeout_ms : SK_CLIENT_TIMEOUT_MS;
    c->redirects_max = o.redirects_max ? o.redirects_max : SK_CLIENT_REDIRECTS;
    c->settings = sk_settings_new(o.conn, err);
    /* Now, and not with the first call: from here on nothing is written that threads share. */
    if (!c->settings || sk_settings_load_tls(c->settings, conn.tls, err) != 0) {
        skua_client_free(c);
        return NULL;
    }
    return c;
}

void skua_client_free(skua_client *c) {
    if (!c)
        return;
    sk_settings_free(c->settings);
    sk_free(c);
}
