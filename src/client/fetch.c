/* client/fetch.c - a request in one call: a connection, the request, and where it is sent on to.
 *
 *     connect --> request --> response --a redirect--> the next URL --+
 *        ^                       |                                    |
 *        |                       +--> handed to the caller            |
 *        +------------------------------------------------------------+
 */
#include "base/fail.h"
#include "base/mem.h"
#include "base/options.h"
#include "base/str.h"
#include "client/client.h"
#include "client/conn.h"
#include "client/field_list.h"
#include "client/redirect.h"

#include <string.h>

typedef struct fetch {
    sk_settings *settings;
    bool own_settings; /* made for this call: they go with the response */
    int redirects_max;
    sk_bound life;
    double began;
    /* The request as it stands; redirects change it. */
    skua_url *url;
    const char *method;
    sk_body_source body;
    skua_field *fields;
    skua_conn *conn; /* to the URL's origin */
    bool idempotent; /* what was asked for */
    bool answered;   /* with a redirect */
    sk_hops hops;
} fetch;

/* ---- beginning and ending ---- */

static int copy_fields(fetch *f, const skua_field *from, skua_error *err) {
    size_t count = sk_field_list_count(from);
    f->fields = sk_zalloc((count + 1) * sizeof *f->fields);
    if (!f->fields)
        return sk_fail_nomem(err);
    if (count > 0)
        memcpy(f->fields, from, count * sizeof *from);
    return 0;
}

/* The client's settings; without a client those of a default one, for this call alone. */
static int take_settings(fetch *f, const skua_client *c, int64_t timeout_ms, skua_error *err) {
    static const skua_client defaults = {.timeout_ms = SK_CLIENT_TIMEOUT_MS,
                                         .redirects_max = SK_CLIENT_REDIRECTS};
    const skua_client *from = c ? c : &defaults;
    f->own_settings = !c;
    f->settings = c ? c->settings : sk_settings_new(NULL, err);
    if (!f->settings)
        return SKUA_E_NOMEM;
    f->redirects_max = from->redirects_max;
    const skua_conn_opts *o = &f->settings->o;
    f->life = sk_bound_first(sk_bound_in(o->clock, o->deadline_ms),
                             sk_bound_in(o->clock, timeout_ms ? timeout_ms : from->timeout_ms));
    f->began = sk_timeline_clock(o->clock);
    return 0;
}

/* The body is opened once for all that is sent: it goes back to where it began. */
static int take_body(fetch *f, const skua_call *call, skua_error *err) {
    bool bytes = call->body || call->body_len > 0;
    skua_body plain = {.size = sizeof plain, .data = call->body, .len = (int64_t)call->body_len};
    plain.kind = bytes ? SKUA_BODY_BYTES : SKUA_BODY_NONE;
    if (bytes && call->body_from)
        return sk_fail(err, SKUA_E_INVALID_ARGUMENT, SKUA_PHASE_NONE,
                       "body and body_from exclude each other");
    int rc = sk_body_open(&f->body, call->body_from ? call->body_from : &plain, err);
    bool none = rc != 0 || f->body.from.kind == SKUA_BODY_NONE;
    f->method = call->method ? call->method : (none ? "GET" : "POST");
    f->idempotent = sk_method_is_idempotent(sk_str(f->method));
    return rc;
}

static int begin(fetch *f, const skua_client *c, const skua_call *call, skua_error *err) {
    if (!call->url)
        return sk_fail(err, SKUA_E_INVALID_ARGUMENT, SKUA_PHASE_NONE, "a URL is needed");
    if (call->timeout_ms < SKUA_FOREVER)
        return sk_fail(err, SKUA_E_INVALID_ARGUMENT, SKUA_PHASE_NONE, "timeout_ms is negative");
    int rc = skua_url_parse(call->url, &f->url, err);
    if (rc == 0)
        rc = take_body(f, call, err);
    if (rc == 0)
        rc = copy_fields(f, call->fields, err);
    return rc == 0 ? take_settings(f, c, call->timeout_ms, err) : rc;
}

static void end(fetch *f) {
    skua_conn_free(f->conn);
    sk_body_close(&f->body);
    skua_url_free(f->url);
    sk_free(f->fields);
    sk_hops_free(&f->hops);
    if (f->own_settings)
        sk_settings_free(f->settings);
}

/* ---- one request ---- */

static int ensure_conn(fetch *f, skua_error *err) {
    if (f->conn)
        return 0;
    sk_conn_plan plan = {.settings = f->settings, .life = f->life, .count_from = f->began};
    int rc = sk_origin_of_url(&plan.origin, f->url, err);
    if (rc == 0 && plan.origin.https && (rc = sk_settings_load_tls(f->settings, NULL, err)) != 0)
        sk_origin_free(&plan.origin);
    if (rc != 0)
        return rc;
    f->conn = sk_conn_make(&plan, err);
    return f->conn ? 0 : SKUA_E_NOMEM;
}

static skua_response *request(fetch *f, skua_error *err) {
    if (ensure_conn(f, err) != 0)
        return NULL;
    if (f->conn->route.kind == SK_ROUTE_STRAIGHT) /* there is no proxy that it could be for */
        sk_redirect_drop_proxy_fields(f->fields);
    const sk_conn_message message = {.method = f->method,
                                     .target = skua_url_target(f->url),
                                     .fields = f->fields,
                                     .source = &f->body};
    if (sk_conn_request(f->conn, &message, err) != 0)
        return NULL;
    return skua_conn_getresponse(f->conn, err);
}

/* ---- going on ---- */

/* RFC 9110 4.3.1 */
static bool same_origin(const skua_url *a, const skua_url *b) {
    return strcmp(skua_url_scheme(a), skua_url_scheme(b)) == 0 &&
           strcmp(skua_url_host(a), skua_url_host(b)) == 0 && skua_url_port(a) == skua_url_port(b);
}

static void move_to(fetch *f, skua_url *to) {
    if (!same_origin(f->url, to)) {
        sk_redirect_drop_origin_fields(f->fields);
        if (!sk_conn_move(f->conn, to)) {
            skua_conn_free(f->conn);
            f->conn = NULL;
        }
    }
    skua_url_free(f->url);
    f->url = to;
}

static void change_method(fetch *f, int status) {
    const char *method = sk_redirect_method(status, f->method);
    if (strcmp(method, f->method) == 0)
        return;
    f->method = method;
    sk_body_close(&f->body);
    sk_redirect_drop_body_fields(f->fields);
}

/* The body goes along where the method stays. */
static int rewind_body(fetch *f, skua_error *err) {
    if (sk_body_can_rewind(&f->body))
        return sk_body_rewind(&f->body, err);
    sk_fail(err, SKUA_E_UNSAFE_REDIRECT, SKUA_PHASE_NONE,
            "redirected, but the body cannot be sent a second time");
    return sk_peer_blame(&f->conn->peer, SKUA_PHASE_NONE, err);
}

static int follow(fetch *f, skua_response *r, const char *location, skua_error *err) {
    skua_url *to = NULL;
    int rc = sk_redirect_url(f->url, location, &to, err);
    if (rc != 0)
        return sk_peer_blame(&f->conn->peer, SKUA_PHASE_NONE, err);
    int status = skua_response_status(r);
    rc = sk_hops_add(&f->hops, status, skua_url_text(f->url)) == 0 ? 0 : sk_fail_nomem(err);
    if (rc == 0) {
        change_method(f, status);
        rc = rewind_body(f, err);
    }
    if (rc != 0) {
        skua_url_free(to);
        return rc;
    }
    skua_response_free(r);
    move_to(f, to);
    return 0;
}

static int too_many(const fetch *f, const char *location, skua_error *err) {
    return sk_peer_fail(&f->conn->peer, err, SKUA_E_TOO_MANY_REDIRECTS, SKUA_PHASE_LIMIT,
                        "more than %d redirects, the last to \"%s\"", f->redirects_max, location);
}

/* The response gets the connection, and the URL it came from. */
static skua_response *hand_over(fetch *f, skua_response *r, skua_error *err) {
    skua_str url = sk_str(skua_url_text(f->url));
    if (sk_response_set_url(r, &url, 1) != 0) {
        sk_fail_nomem(err);
        skua_response_free(r);
        return NULL;
    }
    if (f->own_settings)
        f->conn->own_settings = f->settings;
    f->own_settings = false;
    r->owned = f->conn;
    f->conn = NULL;
    r->hops = f->hops;
    f->hops = (sk_hops){0};
    return r;
}

static skua_response *run(fetch *f, skua_error *err) {
    for (int hops = 0;; hops++) {
        skua_response *r = request(f, err);
        if (!r)
            return NULL;
        const char *location =
            f->redirects_max == SKUA_REDIRECTS_NONE ? NULL : sk_redirect_location(r);
        if (!location)
            return hand_over(f, r, err);
        f->answered = true;
        int rc =
            hops == f->redirects_max ? too_many(f, location, err) : follow(f, r, location, err);
        if (rc != 0) {
            skua_response_free(r);
            return NULL;
        }
    }
}

/* The flags speak of the whole call, whose first request a redirect has answered. */
static void judge(const fetch *f, skua_error *err) {
    if (f->answered)
        err->maybe_seen = 1;
    err->retry_safe = !err->maybe_seen || f->idempotent;
}

skua_response *skua_fetch(skua_client *c, const skua_call *call, skua_error *err) {
    skua_call all;
    skua_error unused;
    if (!err)
        err = &unused;
    if (sk_options_copy(&all, sizeof all, call, err) != 0)
        return NULL;
    fetch f = {0};
    skua_response *r = begin(&f, c, &all, err) == 0 ? run(&f, err) : NULL;
    if (!r)
        judge(&f, err);
    end(&f);
    return r;
}

skua_response *skua_get(skua_client *c, const char *url, skua_error *err) {
    return skua_fetch(c, SKUA_OPTS(skua_call, .url = url), err);
}
