/* client/redirect.c - what a redirect makes of a request (RFC 9110 15.4). */
#include "client/redirect.h"

#include "base/buf.h"
#include "base/fail.h"
#include "base/str.h"
#include "wire/percent.h"
#include "wire/url.h"

#include <skua/status.h>

static bool redirects(int status) {
    static const int known[] = {301, 302, 303, 307, 308};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (known[i] == status)
            return true;
    }
    return false;
}

const char *sk_redirect_location(const skua_response *r) {
    if (!redirects(skua_response_status(r)))
        return NULL;
    /* The first, should there be several: joined they are no URL. */
    for (const skua_field *f = skua_response_fields(r, NULL); f->name; f++) {
        if (sk_str_ieq(sk_str(f->name), SK_LIT("location")))
            return f->value;
    }
    return NULL;
}

const char *sk_redirect_method(int status, const char *method) {
    bool post = strcmp(method, "POST") == 0, head = strcmp(method, "HEAD") == 0;
    if ((status == 301 || status == 302) && post) /* RFC 9110 15.4.2, 15.4.3 */
        return "GET";
    if (status == 303 && !head) /* RFC 9110 15.4.4 */
        return "GET";
    return method;
}

/* ---- the target ---- */

/* Many servers write Location in UTF-8 or with spaces, unescaped; what they mean is plain. In a
 * host too, escapes are UTF-8. What is wrong with the rest, the parser says. */
static void escape(sk_buf *out, const char *location) {
    sk_percent_append(out, sk_str(location),
                      &(const sk_percent_kept){.marks = "!\"#$%&'()*+,/:;<=>?@[\\]^`{|}\t"});
    sk_buf_append(out, "", 1);
}

/* Does the reference have a scheme that is not ours? */
static bool leaves_http(const char *reference) {
    sk_url_parts parts;
    const char *what;
    size_t at;
    if (!sk_url_split(sk_str(reference), &parts, &what, &at) || !parts.scheme.ptr)
        return false;
    return !sk_str_ieq(parts.scheme, SK_LIT("http")) && !sk_str_ieq(parts.scheme, SK_LIT("https"));
}

static int resolve(const skua_url *from, const char *reference, skua_url **to, skua_error *err) {
    if (leaves_http(reference)) {
        char shown[SK_URL_SHOWN];
        sk_url_show(sk_str(reference), shown);
        return sk_fail(err, SKUA_E_UNSAFE_REDIRECT, SKUA_PHASE_RECV,
                       "redirected to \"%s\", which is not http", shown);
    }
    skua_error failure;
    int rc = skua_url_join(from, reference, to, &failure);
    if (rc == SKUA_E_NOMEM)
        return sk_fail_nomem(err);
    if (rc != 0)
        return sk_fail(err, rc, SKUA_PHASE_RECV, "redirected: %s", failure.msg);
    bool secure = strcmp(skua_url_scheme(from), "https") == 0;
    if (!secure || strcmp(skua_url_scheme(*to), "https") == 0)
        return 0;
    rc = sk_fail(err, SKUA_E_UNSAFE_REDIRECT, SKUA_PHASE_RECV,
                 "redirected from https to http: \"%s\"", skua_url_text(*to));
    skua_url_free(*to);
    return rc;
}

int sk_redirect_url(const skua_url *from, const char *location, skua_url **to, skua_error *err) {
    sk_buf reference = {0};
    escape(&reference, location);
    skua_url *url = NULL;
    int rc =
        reference.failed ? sk_fail_nomem(err) : resolve(from, sk_buf_head(&reference), &url, err);
    sk_buf_free(&reference);
    if (rc == 0)
        *to = url;
    return rc;
}

/* ---- the fields ---- */

typedef bool drop_fn(const skua_field *f);

static void drop(skua_field *fields, drop_fn *dropped) {
    skua_field *to = fields;
    for (skua_field *f = fields; f->name; f++) {
        if (!dropped(f))
            *to++ = *f;
    }
    *to = (skua_field){0};
}

static bool is_one_of(const char *name, const char *const *names) {
    for (; *names; names++) {
        if (sk_str_ieq(sk_str(name), sk_str(*names)))
            return true;
    }
    return false;
}

static bool is_of_body(const skua_field *f) {
    static const char *const names[] = {"Transfer-Encoding", "Trailer", "Expect", "Digest",
                                        "Last-Modified",     NULL};
    skua_str name = sk_str(f->name), prefix = SK_LIT("content-");
    bool content = name.len > prefix.len && sk_str_ieq((skua_str){name.ptr, prefix.len}, prefix);
    return content || is_one_of(f->name, names);
}

static bool is_of_origin(const skua_field *f) {
    static const char *const names[] = {"Authorization", "Proxy-Authorization", "Cookie", "Host",
                                        NULL};
    return (f->flags & SKUA_FIELD_SECRET) || is_one_of(f->name, names);
}

static bool is_of_proxy(const skua_field *f) {
    return sk_str_ieq(sk_str(f->name), SK_LIT("Proxy-Authorization"));
}

void sk_redirect_drop_body_fields(skua_field *fields) {
    drop(fields, is_of_body);
}

void sk_redirect_drop_origin_fields(skua_field *fields) {
    drop(fields, is_of_origin);
}

void sk_redirect_drop_proxy_fields(skua_field *fields) {
    drop(fields, is_of_proxy);
}
