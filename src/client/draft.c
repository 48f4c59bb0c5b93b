/* client/draft.c - a request head while it is being put together. */
#include "client/draft.h"

#include "base/fail.h"
#include "base/str.h"
#include "wire/h1_scan.h"
#include "wire/url.h"

#include <stddef.h>

static int refuse(skua_error *err, int code, const char *what) {
    return sk_fail(err, code, SKUA_PHASE_NONE, "%s", what);
}

/* What lies beyond ASCII is the caller's to escape. */
static bool is_target(skua_str s) {
    return sk_h1_scan_target(s.ptr, s.ptr + s.len) == s.ptr + s.len;
}

static bool copy(sk_draft *d, skua_str from, skua_str *to) {
    const char *copied = sk_arena_strndup(&d->mem, from.ptr, from.len);
    if (copied)
        *to = (skua_str){copied, from.len};
    return copied != NULL;
}

static int start(sk_draft *d, skua_str method, skua_str target, skua_error *err) {
    if (!sk_str_is_token(method))
        return sk_fail(err, SKUA_E_INVALID_ARGUMENT, SKUA_PHASE_NONE,
                       "the method \"%s\" is no token", method.ptr);
    if (!is_target(target))
        return sk_fail(err, SKUA_E_INVALID_ARGUMENT, SKUA_PHASE_NONE,
                       "the target \"%s\" holds a space, a control character or a byte beyond "
                       "ASCII: escape it",
                       target.ptr);
    char *text = sk_arena_alloc(&d->mem, method.len + target.len);
    if (!text)
        return sk_fail_nomem(err);
    memcpy(text, method.ptr, method.len);
    memcpy(text + method.len, target.ptr, target.len);
    d->method = (skua_str){text, method.len};
    d->target = (skua_str){text + method.len, target.len};
    return 0;
}

int sk_draft_begin(sk_draft *d, const char *method, const char *target, skua_error *err) {
    sk_arena_reset(&d->mem);
    *d = (sk_draft){.mem = d->mem, .length = -1};
    if (!method || !target)
        return refuse(err, SKUA_E_INVALID_ARGUMENT, "method and target are needed");
    return start(d, sk_str(method), *target ? sk_str(target) : SK_LIT("/"), err);
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

/* http.client's skip_host and skip_accept_encoding. Of no other name: a value that is missing there
 * is one that was looked for and not found. */
static int leave_out(sk_draft *d, skua_str name, skua_error *err) {
    static const struct {
        skua_str name;
        size_t at;
    } defaults[] = {
        {{"host", 4}, offsetof(sk_draft, no_host)},
        {{"accept-encoding", 15}, offsetof(sk_draft, no_accept_encoding)},
        {{"user-agent", 10}, offsetof(sk_draft, no_user_agent)},
        {{"content-length", 14}, offsetof(sk_draft, no_length)},
    };
    for (size_t i = 0; i < sizeof defaults / sizeof defaults[0]; i++) {
        if (sk_str_ieq(name, defaults[i].name)) {
            *(bool *)((char *)d + defaults[i].at) = true;
            return 0;
        }
    }
    return sk_fail(err, SKUA_E_INVALID_ARGUMENT, SKUA_PHASE_NONE, "the value of %s is missing",
                   name.ptr);
}

int sk_draft_add(sk_draft *d, const skua_field *field, skua_error *err) {
    skua_str name = sk_str(field->name);
    if (!sk_str_is_token(name)) /* RFC 9110 5.1 */
        return sk_fail(err, SKUA_E_INVALID_ARGUMENT, SKUA_PHASE_NONE,
                       "the field name \"%s\" is no token", name.ptr ? name.ptr : "");
    if (!field->value)
        return leave_out(d, name, err);
    skua_str value = sk_str_trim(sk_str(field->value));
    if (!sk_str_is_field_value(value)) /* RFC 9110 5.5 */
        return sk_fail(err, SKUA_E_INVALID_ARGUMENT, SKUA_PHASE_NONE,
                       "the value of %s holds a line end or another control character", name.ptr);
    int rc = note(d, name, value, err);
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

bool sk_method_is_idempotent(skua_str method) {
    static const skua_str methods[] = {{"GET", 3}, {"HEAD", 4},   {"OPTIONS", 7},
                                       {"PUT", 3}, {"DELETE", 6}, {"TRACE", 5}};
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
        if (sk_str_eq(method, methods[i]))
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

static bool has_field(const sk_draft *d, skua_str name) {
    const sk_draft_field *f = d->first;
    while (f && !sk_str_ieq(f->name, name))
        f = f->next;
    return f != NULL;
}

/* ---- writing ---- */

/* RFC 9112 3.2: Host names the authority of the target: that of an absolute URL or of CONNECT, else
 * the origin's. Target and origin have been looked at. */
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

void sk_draft_url(const sk_draft *d, const sk_origin *origin, skua_str url[SK_DRAFT_URL_PIECES]) {
    bool path = d->target.ptr[0] == '/' || d->target.ptr[0] == '?';
    bool absolute = !path && memchr(d->target.ptr, ':', d->target.len) &&
                    !sk_draft_method_is(d, SK_LIT("CONNECT"));
    for (int i = 0; i < SK_DRAFT_URL_PIECES; i++)
        url[i] = (skua_str){"", 0};
    if (!absolute) {
        url[0] = origin->https ? SK_LIT("https://") : SK_LIT("http://");
        url[1] = sk_str(origin->authority);
    }
    if (absolute || path)
        url[2] = d->target;
}

/* RFC 9112 3.2.2: a proxy MUST be given the absolute form; 3.2.3: but for CONNECT. */
static int start_line(const sk_draft *d, const sk_draft_frame *frame, sk_session *to) {
    if (!frame->via || sk_draft_method_is(d, SK_LIT("CONNECT"))) {
        sk_h1_start_request(&to->h1, to->out, d->method, d->target, 11);
        return 0;
    }
    sk_buf url = {0};
    skua_str pieces[SK_DRAFT_URL_PIECES];
    sk_draft_url(d, frame->origin, pieces);
    for (int i = 0; i < SK_DRAFT_URL_PIECES; i++)
        sk_buf_append_str(&url, pieces[i]);
    int rc = url.failed ? SKUA_E_NOMEM : 0;
    if (rc == 0)
        sk_h1_start_request(&to->h1, to->out, d->method, sk_buf_str(&url), 11);
    sk_buf_free(&url);
    return rc;
}

/* What the caller says himself wins. */
static void write_for_proxy(const sk_draft *d, const skua_field *fields, sk_session *to) {
    for (const skua_field *f = fields; f && f->name; f++) {
        if (!has_field(d, sk_str(f->name)))
            sk_h1_field(&to->h1, to->out, sk_str(f->name), sk_str(f->value));
    }
}

static bool has_content(const sk_draft *d, sk_draft_body body) {
    if (d->chunked || d->length >= 0)
        return d->length != 0;
    return body.kind == SK_BODY_CHUNKED || (body.kind == SK_BODY_LENGTH && body.length > 0);
}

static bool is_withheld(const sk_draft *d, const sk_draft_frame *frame, const sk_draft_field *f) {
    /* RFC 9110 10.1.1: MUST NOT expect 100-continue of a request without content. */
    if (d->expects && sk_str_ieq(f->name, SK_LIT("Expect")) && !has_content(d, frame->body))
        return true;
    return frame->withhold && sk_str_ieq(f->name, SK_LIT("Proxy-Authorization"));
}

/* Looked at when they were added. */
static void write_own(const sk_draft *d, const sk_draft_frame *frame, sk_session *to) {
    for (const sk_draft_field *f = d->first; f; f = f->next) {
        if (!is_withheld(d, frame, f))
            sk_h1_valid_field(&to->h1, to->out, f->name, f->value);
    }
}

static void write_defaults(const sk_draft *d, const sk_draft_frame *frame, sk_session *to) {
    sk_h1 *m = &to->h1;
    if (!d->has_host && !d->no_host)
        sk_h1_valid_field(m, to->out, SK_LIT("Host"), host_value(d, frame->origin));
    if (!d->has_accept_encoding && !d->no_accept_encoding)
        sk_h1_valid_field(m, to->out, SK_LIT("Accept-Encoding"), sk_str(frame->accept_encoding));
    if (frame->user_agent && !d->has_user_agent && !d->no_user_agent)
        sk_h1_valid_field(m, to->out, SK_LIT("User-Agent"), sk_str(frame->user_agent));
}

int sk_draft_write(const sk_draft *d, const sk_draft_frame *frame, sk_session *to) {
    int rc = start_line(d, frame, to);
    if (rc != 0)
        return rc;
    write_defaults(d, frame, to);
    if (frame->via)
        write_for_proxy(d, frame->via->fields, to);
    write_own(d, frame, to);
    return sk_h1_finish_head(&to->h1, to->out, frame->body.kind, frame->body.length);
}
