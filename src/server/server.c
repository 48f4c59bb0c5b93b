/* server/server.c - the server object: options, routes and listeners that are collected. Whatever
 * fails meanwhile latches, and skua_server_run returns it. How it runs is in server_run.c. */
#include "base/fail.h"
#include "base/line.h"
#include "base/mem.h"
#include "base/options.h"
#include "server/compression.h"
#include "server/server_state.h"

#include <errno.h>
#include <stdarg.h>
#include <stddef.h>

#define BODY_MAX       (INT64_C(2000) << 20) /* what a buffer can hold */
#define CHUNK_LINE_MAX 4096u
#define WORKERS_MAX    1024
#define POOL_THREADS   16
#define POOL_QUEUE_MAX 1024

/* ---- options ---- */

static int64_t or_default(int64_t given, int64_t otherwise) {
    return given == 0 ? otherwise : given;
}

static uint32_t or_default_count(uint32_t given, uint32_t otherwise) {
    return given == 0 ? otherwise : given;
}

/* NULL, or what is wrong. */
static const char *wrong_with(const skua_server_opts *o) {
    const struct {
        int64_t value;
        const char *wrong;
    } none_below_forever[] = {
        {o->header_timeout_ms, "header_timeout_ms is negative"},
        {o->body_timeout_ms, "body_timeout_ms is negative"},
        {o->write_timeout_ms, "write_timeout_ms is negative"},
        {o->idle_timeout_ms, "idle_timeout_ms is negative"},
        {o->tls_timeout_ms, "tls_timeout_ms is negative"},
        {o->body_max_bytes, "body_max_bytes is negative"},
        {o->drain_grace_ms, "drain_grace_ms is negative"},
        {o->min_rate_bytes_per_s, "min_rate_bytes_per_s is negative"},
        {o->min_rate_grace_ms, "min_rate_grace_ms is negative"},
    };
    for (size_t i = 0; i < sizeof none_below_forever / sizeof none_below_forever[0]; i++) {
        if (none_below_forever[i].value < SKUA_FOREVER)
            return none_below_forever[i].wrong;
    }
    if (o->pool_threads < 0 || o->pool_threads > WORKERS_MAX)
        return "pool_threads is negative, or more than 1024";
    if (o->access_format < SKUA_ACCESS_COMBINED || o->access_format > SKUA_ACCESS_JSON)
        return "access_format is none of SKUA_ACCESS_COMBINED, _COMMON and _JSON";
    if (o->log_level < SKUA_LOG_DEFAULT || o->log_level > SKUA_LOG_DEBUG)
        return "log_level is none of skua_log_level";
    if (o->workers < 0 || o->workers > WORKERS_MAX)
        return "workers is negative, or more than 1024";
    if (o->server_header && !sk_str_is_field_value(sk_str(o->server_header)))
        return "server_header is no field value";
    if (o->request_id_header && (!sk_str_is_token(sk_str(o->request_id_header)) ||
                                 !sk_h1_may_trail(sk_str(o->request_id_header))))
        return "request_id_header is no name of a field, or one with a meaning of its own";
    return sk_h1_limits_fault(&(sk_h1_limits){.line_max = o->line_max_bytes,
                                              .block_max = o->head_max_bytes,
                                              .fields_max = o->fields_max});
}

static void set_settings(skua_server *s, const skua_server_opts *o) {
    int64_t body_max = or_default(o->body_max_bytes, 1 << 20);
    s->settings = (sk_server_settings){
        .limits = {.line_max = or_default_count(o->line_max_bytes, 16384),
                   .block_max = or_default_count(o->head_max_bytes, 65536),
                   .fields_max = or_default_count(o->fields_max, 100),
                   .chunk_line_max = CHUNK_LINE_MAX},
        .header_ms = or_default(o->header_timeout_ms, 10000),
        .body_ms = or_default(o->body_timeout_ms, 30000),
        .write_ms = or_default(o->write_timeout_ms, 30000),
        .idle_ms = or_default(o->idle_timeout_ms, 75000),
        .tls_ms = or_default(o->tls_timeout_ms, 10000),
        .rate_min = or_default(o->min_rate_bytes_per_s, 240),
        .rate_grace_ms = or_default(o->min_rate_grace_ms, 20000),
        .drain_grace_ms = or_default(o->drain_grace_ms, 500),
        .body_max = body_max < 0 || body_max > BODY_MAX ? BODY_MAX : body_max,
        .access = o->access,
        .log = o->log,
        .log_level = o->log_level == SKUA_LOG_DEFAULT ? SKUA_LOG_INFO : o->log_level,
        .user = o->user,
    };
    if (o->clock) {
        s->clock = *o->clock;
        s->settings.clock = &s->clock;
    }
    s->pool_threads = o->pool_threads > 0 ? (uint32_t)o->pool_threads : POOL_THREADS;
    s->pool_queue_max = or_default_count(o->pool_queue_max, POOL_QUEUE_MAX);
    s->worker_count = o->workers > 0 ? (uint32_t)o->workers : (uint32_t)sk_thread_cpus();
}

static bool add_compression(sk_callbacks *c, const skua_server_opts *o) {
    c->compression = sk_compression_new(o, &c->arena);
    return c->compression != NULL;
}

static int open_logs(skua_server *s, const skua_server_opts *o, skua_error *err) {
    const sk_logs_opts opts = {.access_path = o->access_log_file,
                               .format = o->access_format,
                               .error_path = o->error_log_file,
                               .log = o->log,
                               .user = o->user,
                               .level = s->settings.log_level};
    int rc = sk_logs_new(&opts, &s->logs, err);
    sk_log_sink *sink = &s->settings.callbacks->sink;
    sink->logs = s->logs;
    sink->log = opts.log;
    sink->user = opts.user;
    sink->level = opts.level;
    return rc;
}

static int init(skua_server *s, const skua_server_opts *o, skua_error *err) {
    set_settings(s, o);
    s->router = sk_router_new();
    s->settings.router = s->router;
    s->settings.callbacks = sk_callbacks_new();
    if (!s->router || !s->settings.callbacks)
        return sk_fail_nomem(err);
    s->settings.callbacks->error_page = o->error_page;
    s->settings.callbacks->user = o->user;
    if (o->compress && !add_compression(s->settings.callbacks, o))
        return sk_fail_nomem(err);
    if (o->server_header && !(s->server_header = sk_strdup(o->server_header)))
        return sk_fail_nomem(err);
    s->settings.server_header = sk_str(s->server_header);
    if (o->request_id_header && !(s->request_id_header = sk_strdup(o->request_id_header)))
        return sk_fail_nomem(err);
    s->settings.request_id_header = sk_str(s->request_id_header);
    s->settings.trust_request_id = o->trust_request_id != 0;
    if (o->connections_max > 0 || o->connections_per_address_max > 0) {
        s->settings.census = sk_census_new(o->connections_max, o->connections_per_address_max);
        if (!s->settings.census)
            return sk_fail_nomem(err);
    }
    s->ending = sk_ending_new();
    if (!s->ending)
        return sk_fail_os(err, SKUA_E_OS, SKUA_PHASE_NONE, errno, "cannot make a server");
    return open_logs(s, o, err);
}

skua_server *skua_server_new(const skua_server_opts *opts, skua_error *err) {
    skua_server_opts o;
    if (sk_options_copy(&o, sizeof o, opts, err) != 0 || sk_options_judge(wrong_with(&o), err) != 0)
        return NULL;
    skua_server *s = sk_zalloc(sizeof *s);
    if (!s) {
        sk_fail_nomem(err);
        return NULL;
    }
    if (init(s, &o, err) == 0)
        return s;
    skua_server_free(s);
    return NULL;
}

static void free_listeners(skua_server *s) {
    for (uint32_t i = 0; i < s->listener_count; i++)
        sk_listener_free(s->listeners[i]);
    sk_free(s->listeners);
}

void skua_server_free(skua_server *s) {
    if (!s)
        return;
    sk_server_shut(s);
    if (s->settings.callbacks)
        sk_log_sink_close(&s->settings.callbacks->sink);
    for (sk_owned *o = s->owned, *next; o; o = next) {
        next = o->next;
        o->free_fn(o->ptr);
        sk_free(o);
    }
    free_listeners(s);
    sk_router_free(s->router);
    sk_callbacks_unref(s->settings.callbacks);
    sk_free(s->server_header);
    sk_free(s->request_id_header);
    sk_logs_free(s->logs);
    sk_ending_free(s->ending);
    sk_census_free(s->settings.census);
    sk_free(s);
}

/* ---- setting up ---- */

int sk_server_latch(skua_server *s, const skua_error *err) {
    if (s->failure.code == 0)
        s->failure = *err;
    return err->code;
}

int sk_server_fail(skua_server *s, int code, const char *fmt, ...) {
    skua_error err;
    sk_line text = {.len = 0};
    va_list ap;
    va_start(ap, fmt);
    sk_line_vadd(&text, fmt, ap);
    va_end(ap);
    sk_fail(&err, code, SKUA_PHASE_NONE, "%s", text.text);
    return sk_server_latch(s, &err);
}

int sk_server_own(skua_server *s, void *ptr, void (*free_fn)(void *ptr)) {
    sk_owned *o = sk_alloc(sizeof *o);
    if (!o)
        return sk_server_fail(s, SKUA_E_NOMEM, "%s", skua_error_text(SKUA_E_NOMEM));
    *o = (sk_owned){.next = s->owned, .ptr = ptr, .free_fn = free_fn};
    s->owned = o;
    return 0;
}

/* 0, or a code that is to be latched with the pattern. */
static int route_added(skua_server *s, const char *pattern, int rc, const char *what) {
    if (rc == 0)
        return 0;
    return sk_server_fail(s, rc, "route \"%s\": %s", pattern, what ? what : skua_error_text(rc));
}

static int add_route(skua_server *s, const char *pattern, const sk_route *given) {
    const char *what = NULL;
    if (atomic_load(&s->phase) != SK_SERVER_SET_UP)
        return SKUA_E_STATE;
    if (!pattern || !given->fn)
        return sk_server_fail(s, SKUA_E_INVALID_ARGUMENT, "a route without %s",
                              pattern ? "a handler" : "a pattern");
    int rc = sk_router_add(s->router, pattern, given, &what);
    return route_added(s, pattern, rc, what);
}

int skua_route(skua_server *s, const char *pattern, skua_handler_fn *fn, void *user) {
    return s ? add_route(s, pattern, &(sk_route){.fn = fn, .user = user}) : SKUA_E_INVALID_ARGUMENT;
}

int sk_server_route_fallback(skua_server *s, const char *pattern, skua_handler_fn *fn, void *user) {
    return add_route(s, pattern, &(sk_route){.fn = fn, .user = user, .gives_way = true});
}

static int add_hook(skua_server *s, sk_hooks *hooks, const char *prefix, const sk_hook *given) {
    if (atomic_load(&s->phase) != SK_SERVER_SET_UP)
        return SKUA_E_STATE;
    int rc = sk_hooks_add(s->settings.callbacks, hooks, prefix, given);
    if (rc == 0)
        return 0;
    return sk_server_fail(s, rc, "hook for \"%s\": %s", prefix ? prefix : "",
                          rc == SKUA_E_NOMEM ? skua_error_text(rc)
                          : given->fn        ? "the prefix must begin and end with \"/\""
                                             : "no function");
}

int skua_server_before(skua_server *s, const char *prefix, skua_handler_fn *fn, void *user) {
    sk_hook given = {.fn = fn, .user = user};
    return s ? add_hook(s, &s->settings.callbacks->before, prefix, &given)
             : SKUA_E_INVALID_ARGUMENT;
}

int skua_server_after(skua_server *s, const char *prefix, skua_handler_fn *fn, void *user) {
    sk_hook given = {.fn = fn, .user = user};
    return s ? add_hook(s, &s->settings.callbacks->after, prefix, &given) : SKUA_E_INVALID_ARGUMENT;
}

/* NULL, or what is wrong. */
static const char *wrong_with_route(const skua_route_opts *o) {
    if (o->kind != SKUA_HANDLER_INLINE && o->kind != SKUA_HANDLER_POOL)
        return "kind is neither SKUA_HANDLER_INLINE nor SKUA_HANDLER_POOL";
    if (o->body_max_bytes < SKUA_FOREVER)
        return "body_max_bytes is negative";
    if (o->body_timeout_ms < SKUA_FOREVER || o->write_timeout_ms < SKUA_FOREVER ||
        o->exchange_timeout_ms < SKUA_FOREVER || o->min_rate_bytes_per_s < SKUA_FOREVER)
        return "a time-out or rate is negative";
    return NULL;
}

/* A body that is gathered has to fit a buffer. */
static int64_t body_max_of(const skua_route_opts *o) {
    if (o->stream_body)
        return o->body_max_bytes ? o->body_max_bytes : SKUA_FOREVER;
    return o->body_max_bytes < 0 || o->body_max_bytes > BODY_MAX ? BODY_MAX : o->body_max_bytes;
}

int skua_route_with(skua_server *s, const char *pattern, const skua_route_opts *opts) {
    skua_route_opts o;
    skua_error err;
    if (!s)
        return SKUA_E_INVALID_ARGUMENT;
    const char *wrong = err.msg;
    if (sk_options_copy(&o, sizeof o, opts, &err) == 0)
        wrong = wrong_with_route(&o);
    if (wrong)
        return route_added(s, pattern ? pattern : "", SKUA_E_INVALID_ARGUMENT, wrong);
    return add_route(s, pattern,
                     &(sk_route){.fn = o.fn,
                                 .user = o.user,
                                 .pooled = o.kind == SKUA_HANDLER_POOL,
                                 .stream_body = o.stream_body != 0,
                                 .uncompressed = o.no_compress != 0,
                                 .limits = {.body_max = body_max_of(&o),
                                            .body_ms = o.body_timeout_ms,
                                            .write_ms = o.write_timeout_ms,
                                            .rate_min = o.min_rate_bytes_per_s,
                                            .exchange_ms = o.exchange_timeout_ms}});
}

int skua_server_listen(skua_server *s, const char *where, const skua_tls_opts *tls) {
    return skua_server_listen_with(s, where, SKUA_OPTS(skua_listen_opts, .tls = tls));
}

int skua_server_listen_with(skua_server *s, const char *where, const skua_listen_opts *opts) {
    skua_error err;
    skua_listen_opts o;
    if (!s)
        return SKUA_E_INVALID_ARGUMENT;
    if (atomic_load(&s->phase) != SK_SERVER_SET_UP)
        return SKUA_E_STATE;
    if (!where)
        return sk_server_fail(s, SKUA_E_INVALID_URL, "nothing to listen on");
    if (sk_options_copy(&o, sizeof o, opts, &err) != 0)
        return sk_server_latch(s, &err);
    sk_listener **list = sk_realloc(s->listeners, (s->listener_count + 1) * sizeof *s->listeners);
    if (!list)
        return sk_server_fail(s, SKUA_E_NOMEM, "%s", skua_error_text(SKUA_E_NOMEM));
    s->listeners = list;
    sk_listener *l = sk_listener_new(where, &o, s->worker_count, &err);
    if (!l)
        return sk_server_latch(s, &err);
    s->listeners[s->listener_count++] = l;
    return 0;
}

const char *skua_server_url(const skua_server *s, size_t index) {
    return s && index < s->listener_count ? s->listeners[index]->url : NULL;
}

int skua_server_check(const skua_server *s, skua_error *err) {
    if (!s)
        return sk_fail_absent(err, "a server is needed");
    if (s->failure.code != 0 && err)
        *err = s->failure;
    return s->failure.code;
}
