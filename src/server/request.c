/* server/request.c - the request as a handler reads it: terminated strings, made when asked for.
 *
 * A head consists of views into the input. Where a view is asked for as a string, it is copied into
 * the arena and the view is pointed at the copy. A view that is terminated already can be told by
 * the byte behind it: in the input that byte is never NUL, for a head may not hold one. */
#include "server/conn.h"
#include "server/deferral.h"
#include "server/router.h"

/* The skua_request that a public call gets as const is always part of an exchange, which is not. */
static skua_request *writable(const skua_request *q) {
    return &sk_exchange_of_request(q)->request;
}

/* NULL: no memory. */
static const char *terminated(const skua_request *q, skua_str *view) {
    if (view->len == 0)
        return "";
    if (view->ptr[view->len] != '\0') {
        const char *copy = sk_arena_strndup(sk_request_arena(q), view->ptr, view->len);
        if (!copy)
            return NULL;
        view->ptr = copy;
    }
    return view->ptr;
}

static const char *or_empty(const char *text) {
    return text ? text : "";
}

/* The usual methods need no copy. */
static const char *common_method(skua_str method) {
    static const skua_str common[] = {{"GET", 3}, {"HEAD", 4}, {"POST", 4}, {"PUT", 3}};
    for (size_t i = 0; i < sizeof common / sizeof common[0]; i++) {
        if (sk_str_eq(common[i], method))
            return common[i].ptr;
    }
    return NULL;
}

const char *skua_request_method(const skua_request *q) {
    const char *common = common_method(q->head.method);
    return common ? common : or_empty(terminated(q, &writable(q)->head.method));
}

const char *skua_request_target(const skua_request *q) {
    return or_empty(terminated(q, &writable(q)->head.target));
}

const char *skua_request_path(const skua_request *q) {
    return q->path.text;
}

const char *skua_request_query(const skua_request *q) {
    return q->query.ptr ? or_empty(terminated(q, &writable(q)->query)) : NULL;
}

int skua_request_version(const skua_request *q) {
    return q->head.version;
}

const char *skua_request_host(const skua_request *q) {
    return or_empty(terminated(q, &writable(q)->head.host));
}

/* ---- fields ---- */

/* All values of that name, from the first on, joined (RFC 9110 5.2). */
static const char *joined(skua_request *q, const sk_field *first, skua_str name) {
    size_t len = 0;
    for (const sk_field *f = first; f; f = sk_fields_find_next(&q->head.fields, f, name))
        len += f->value.len + 2;
    char *text = sk_arena_alloc(sk_request_arena(q), len + 1);
    char *to = text;
    for (const sk_field *f = first; text && f; f = sk_fields_find_next(&q->head.fields, f, name)) {
        if (f != first) {
            memcpy(to, ", ", 2);
            to += 2;
        }
        memcpy(to, f->value.ptr, f->value.len);
        to += f->value.len;
    }
    if (text)
        *to = '\0';
    return text;
}

const char *skua_request_header(skua_request *q, const char *name) {
    skua_str wanted = sk_str(name);
    const sk_field *f = sk_fields_find(&q->head.fields, wanted);
    if (!f)
        return NULL;
    if (sk_fields_find_next(&q->head.fields, f, wanted))
        return joined(q, f, wanted);
    return terminated(q, &q->head.fields.at[f - q->head.fields.at].value);
}

const skua_field *skua_request_fields(skua_request *q, size_t *count) {
    uint32_t n = q->head.fields.count;
    skua_field *list = q->fields;
    if (!list)
        list = sk_arena_zalloc(sk_request_arena(q), (n + 1) * sizeof *list);
    for (uint32_t i = 0; list && !q->fields && i < n; i++) {
        sk_field *f = &q->head.fields.at[i];
        list[i].name = terminated(q, &f->name);
        list[i].value = terminated(q, &f->value);
        if (!list[i].name || !list[i].value)
            return NULL;
    }
    q->fields = list;
    if (list && count)
        *count = n;
    return list;
}

int sk_request_take_trailers(skua_request *q, const sk_head *from) {
    return sk_head_copy_make(&q->trailers, &q->trailer_mem, from);
}

const skua_field *skua_request_trailers(const skua_request *q, size_t *count) {
    return sk_head_copy_fields(q ? &q->trailers : NULL, count);
}

/* ---- what the route took ---- */

const char *skua_request_param(const skua_request *q, const char *name) {
    for (uint32_t i = 0; q->route && i < q->route->name_count; i++) {
        if (strcmp(q->route->names[i], name) == 0)
            return q->params[i];
    }
    return NULL;
}

const char *sk_request_rest(const skua_request *q) {
    if (q->rest >= q->path.count)
        return "";
    for (uint32_t i = q->rest; i < q->path.count; i++) {
        if (q->path.segments[i].slash)
            return NULL;
    }
    return q->path.text + q->path.segments[q->rest].at;
}

/* ---- the rest ---- */

const char *skua_request_body(const skua_request *q, size_t *len) {
    if (len)
        *len = sk_buf_len(&q->body);
    return sk_buf_len(&q->body) > 0 ? sk_buf_head(&q->body) : "";
}

const char *skua_request_client(skua_request *q) {
    sk_exchange *x = sk_exchange_of_request(q);
    return x->deferral ? x->deferral->client : sk_sconn_client(x->conn);
}

int skua_request_is_tls(const skua_request *q) {
    const sk_exchange *x = sk_exchange_of_request(q);
    return x->deferral ? x->deferral->is_tls : x->conn->is_tls;
}

/* 0, and *out is filled, or there is none. */
static int describe_peer(const sk_exchange *x, skua_certificate *out) {
    if (x->deferral)
        return x->deferral->peer ? sk_tls_peer_describe(x->deferral->peer, out)
                                 : SKUA_E_NOT_CONNECTED;
    skua_stream *s = x->conn->session.stream;
    int rc = sk_tls_is(s) ? sk_tls_certificate(s, 0, out) : SKUA_E_INVALID_ARGUMENT;
    return rc == SKUA_E_INVALID_ARGUMENT ? SKUA_E_NOT_CONNECTED : rc;
}

int skua_request_certificate(skua_request *q, skua_certificate *out) {
    skua_certificate all;
    if (!q || !out || out->size < sizeof out->size)
        return SKUA_E_INVALID_ARGUMENT;
    int rc = describe_peer(sk_exchange_of_request(q), &all);
    if (rc != 0)
        return rc;
    all.size = out->size;
    memcpy(out, &all, out->size < sizeof all ? out->size : sizeof all);
    return 0;
}

int sk_request_keep(skua_request *q) {
    bool kept = terminated(q, &q->head.method) && terminated(q, &q->head.target) &&
                terminated(q, &q->head.host) && (!q->query.ptr || terminated(q, &q->query));
    for (uint32_t i = 0; kept && i < q->head.fields.count; i++) {
        sk_field *f = &q->head.fields.at[i];
        kept = terminated(q, &f->name) && terminated(q, &f->value);
    }
    return kept ? 0 : SKUA_E_NOMEM;
}
