/* client/draft.c - a request head while it is being put together. */
#include "client/draft.h"

#include "base/fail.h"
#include "base/str.h"
#include "wire/url.h"

static int refuse(skua_error *err, int code, const char *what) {
    return sk_fail(err, code, SKUA_PHASE_NONE, "%s", what);
}

/* RFC 9112 3.2: visible ASCII. What lies beyond is the caller's to escape. */
static bool is_target(skua_str s) {
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] <= 0x20 || s.ptr[i] >= 0x7f)
            return false;
    }
    return true;
}

static bool copy(sk_draft *d, skua_str from, skua_str *to) {
    *to = (skua_str){sk_arena_strndup(&d->mem, from.ptr, from.len), from.len};
    return to->ptr != NULL;
}

int sk_draft_begin(sk_draft *d, const char *method, const char *target, skua_error *err) {
    sk_arena_reset(&d->mem);
    *d = (sk_draft){.mem = d->mem, .length = -1};
    if (!method || !target)
        return refuse(err, SKUA_E_INVALID_ARGUMENT, "method and target are needed");
    if (!*target)
        target = "/";
    if (!sk_str_is_token(sk_str(method)))
        return sk_fail(err, SKUA_E_INVALID_ARGUMENT, SKUA_PHASE_NONE,
                       "the method \"%s\" is no token", method);
    if (!is_target(sk_str(target)))
        return sk_fail(err, SKUA_E_INVALID_ARGUMENT, SKUA_PHASE_NONE,
                       "the target \"%s\" holds a space, a control character or a byte beyond "
                       "ASCII: escape it",
                       target);
    if (!copy(d, sk_str(method), &d->method) || !copy(d, sk_str(target), &d->target))
        return sk_fail_nomem(err);
    return 0;
}

void sk_draft_free(sk_draft *d) {
    sk_arena_free(&d->mem);
    *d = (sk_draft){0};
}

/* ---- fields with a meaning for us ---- */

typedef int note_fn(sk_draft *d, skua_str value, skua_error *err);

static int note_host(sk_draft *d, skua_str value, skua_error *err) {
    (void)value;
    if (d->has_host) /* RFC 9112 3.2: whoever gets two answers 400 */
        return refuse(err, SKUA_E_INVALID_ARGUMENT, "more than one Host");
    d->has_host = true;
    return 0;
}

static int note_accept_encoding(sk_draft *d, skua_str value, skua_error *err) {
    (void)value;
    (void)err;
    d->has_accept_encoding = true;
    return 0;
}

static int note_user_agent(sk_draft *d, skua_str value, skua_error *err) {
    (void)value;
    (void)err;
    d->has_user_agent = true;
    return 0;
}

static int note_length(sk_draft *d, skua_str value, skua_error *err) {
    if (d->length >= 0)
        return refuse(err, SKUA_E_BAD_CONTENT_LENGTH, "more than one Content-Length");
    if (!sk_str_to_int64(value, &d->length)) {
        d->length = -1;
        return refuse(err, SKUA_E_BAD_CONTENT_LENGTH, "a Content-Length that is no number");
    }
    if (d->chunked) /* RFC 9112 6.2 */
        return refuse(err, SKUA_E_BAD_FRAMING, "Content-Length besides Transfer-Encoding");
    return 0;
}

static int note_coding(sk_draft *d, skua_str value, skua_error *err) {
    if (d->length >= 0) /* RFC 9112 6.2 */
        return refuse(err, SKUA_E_BAD_FRAMING, "Transfer-Encoding besides Content-Length");
    if (d->chunked || !sk_str_ieq(value, SK_LIT("chunked")))
        return refuse(err, SKUA_E_BAD_FRAMING, "a Transfer-Encoding other than chunked");
    d->chunked = true;
    return 0;
}

static int note_expect(sk_draft *d, skua_str value, skua_error *err) {
    (void)err;
    d->expects = sk_list_has_token(value, SK_LIT("100-continue"));
    return 0;
}

static int note(sk_draft *d, skua_str name, skua_str value, skua_error *err) {
    static const struct {
        skua_str name;
        note_fn *fn;
    } known[] = {
        {{"host", 4}, note_host},
        {{"content-length", 14}, note_length},
        {{"transfer-encoding", 17}, note_coding},
        {{"accept-encoding", 15}, note_accept_encoding},
        {{"user-agent", 10}, note_user_agent},
        {{"expect", 6}, note_expect},
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (sk_str_ieq(name, known[i].name))
            return known[i].fn(d, value, err);
    }
    return 0;
}

static int check_field(skua_str name, const char *value, skua_error *err) {
    if (!sk_str_is_token(name)) /* RFC 9110 5.1 */
        return sk_fail(err, SKUA_E_INVALID_ARGUMENT, SKUA_PHASE_NONE,
                       "the field name \"%s\" is no token", name.ptr ? name.ptr : "");
    if (!value || !sk_str_is_field_value(sk_str(value))) /* RFC 9110 5.5 */
        return sk_fail(err, SKUA_E_INVALID_ARGUMENT, SKUA_PHASE_NONE, "the value of %s %s",
                       name.ptr,
                       value ? "holds a line end or another control character" : "is missing");
    return 0;
}

int sk_draft_add(sk_draft *d, const skua_field *field, skua_error *err) {
    skua_str name = sk_str(field->name);
    int rc = check_field(name, field->value, err);
    if (rc != 0)
        return rc;
    skua_str value = sk_str_trim(sk_str(field->value));
    rc = note(d, name, value, err);
    if (rc != 0)
        return rc;
    sk_draft_field *f = sk_arena_zalloc(&d->mem, sizeof *f);
    if (!f || !copy(d, name, &f->name) || !copy(d, value, &f->value))
        return sk_fail_nomem(err);
    f->flags = field->flags;
    if (d->last)
        d->last->next = f;
    else
        d->first = f;
    d->last = f;
    return 0;
}

/* ---- what it is ---- */

bool sk_draft_method_is(const sk_draft *d, skua_str method) {
    return sk_str_eq(d->method, method);
}

bool sk_draft_is_idempotent(const sk_draft *d) {
    static const skua_str methods[] = {{"GET", 3}, {"HEAD", 4},   {"OPTIONS", 7},
                                       {"PUT", 3}, {"DELETE", 6}, {"TRACE", 5}};
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
        if (sk_str_eq(d->method, methods[i]))
            return true;
    }
    return false;
}

bool sk_draft_is_secret(const void *draft, skua_str name) {
    const sk_draft *d = draft;
    for (const sk_draft_field *f = d->first; f; f = f->next) {
        if ((f->flags & SKUA_FIELD_SECRET) && sk_str_ieq(f->name, name))
            return true;
    }
    return false;
}

/* ---- writing ---- */

/* RFC 9112 3.2: Host names the authority of the target: that of an absolute URL or of CONNECT, else
 * the origin's. */
static skua_str host_value(const sk_draft *d, const sk_origin *origin) {
    sk_url_parts parts;
    const char *what;
    size_t at;
    if (sk_draft_method_is(d, SK_LIT("CONNECT")))
        return d->target;
    bool has_scheme = d->target.ptr[0] != '/' && sk_url_split(d->target, &parts, &what, &at) &&
                      parts.scheme.ptr && parts.host.ptr && parts.host.len > 0;
    if (!has_scheme)
        return sk_str(origin->authority);
    const char *from = parts.ipv6 ? parts.host.ptr - 1 : parts.host.ptr;
    const char *to = parts.host.ptr + parts.host.len + (parts.ipv6 ? 1 : 0);
    if (parts.port.ptr && parts.port.len > 0)
        to = parts.port.ptr + parts.port.len;
    return (skua_str){from, (size_t)(to - from)};
}

int sk_draft_write(const sk_draft *d, const sk_origin *origin, const char *user_agent,
                   sk_draft_body body, sk_session *to) {
    sk_h1 *m = &to->h1;
    sk_h1_start_request(m, to->out, d->method, d->target, 11);
    if (!d->has_host)
        sk_h1_field(m, to->out, SK_LIT("Host"), host_value(d, origin));
    if (!d->has_accept_encoding)
        sk_h1_field(m, to->out, SK_LIT("Accept-Encoding"), SK_LIT("identity"));
    if (user_agent && !d->has_user_agent)
        sk_h1_field(m, to->out, SK_LIT("User-Agent"), sk_str(user_agent));
    for (const sk_draft_field *f = d->first; f; f = f->next)
        sk_h1_field(m, to->out, f->name, f->value);
    return sk_h1_finish_head(m, to->out, body.kind, body.length);
}
