/* server/request_form.c - cookies, parameters and forms out of a request: taken apart when they are
 * first asked for. */
#include "base/fail.h"
#include "server/exchange.h"
#include "wire/cookie.h"

/* ---- cookies ---- */

const char *skua_request_cookie(skua_request *q, const char *name) {
    const skua_str field = SK_LIT("Cookie");
    const sk_field *f = sk_fields_find(&q->head.fields, field);
    for (; f; f = sk_fields_find_next(&q->head.fields, f, field)) {
        skua_str value;
        if (sk_cookie_find(f->value, sk_str(name), &value))
            return sk_arena_strndup(sk_request_arena(q), value.ptr, value.len);
    }
    return NULL;
}

/* ---- forms ---- */

const skua_form *skua_request_query_form(skua_request *q, skua_error *err) {
    if (!q->query_form)
        skua_form_parse(q->query.ptr, q->query.len, &q->query_form, err);
    return q->query_form;
}

const char *skua_request_query_param(skua_request *q, const char *name) {
    return q->query.len > 0 ? skua_form_get(skua_request_query_form(q, NULL), name) : NULL;
}

/* Does the type, whatever its parameters, say that the body is a form? */
static bool is_form(skua_request *q) {
    skua_str type = sk_str(skua_request_header(q, "Content-Type"));
    const char *end = type.len > 0 ? memchr(type.ptr, ';', type.len) : NULL;
    if (end)
        type.len = (size_t)(end - type.ptr);
    return sk_str_ieq(sk_str_trim(type), SK_LIT(SKUA_FORM_TYPE));
}

const skua_form *skua_request_form(skua_request *q, skua_error *err) {
    if (q->form)
        return q->form;
    if (q->streamed) {
        sk_fail(err, SKUA_E_STATE, SKUA_PHASE_NONE, "the body is streamed, not at hand");
        return NULL;
    }
    if (!is_form(q)) {
        sk_fail(err, SKUA_E_UNSUPPORTED, SKUA_PHASE_NONE, "the body's type is not %s",
                SKUA_FORM_TYPE);
        return NULL;
    }
    size_t len;
    const char *body = skua_request_body(q, &len);
    skua_form_parse(body, len, &q->form, err);
    return q->form;
}

void sk_request_release(skua_request *q) {
    skua_form_free(q->query_form);
    skua_form_free(q->form);
    q->query_form = q->form = NULL;
    if (q->trailers.fields)
        sk_arena_free(&q->trailer_mem);
    q->trailers = (sk_head_copy){0};
}
