/* client/proxy.c - the URL of a proxy taken apart. */
#include "client/proxy.h"

#include "base/buf.h"
#include "base/fail.h"
#include "base/mem.h"
#include "base/str.h"
#include "wire/url.h"

#include <skua/auth.h>
#include <string.h>

void sk_proxy_free(sk_proxy *p) {
    sk_origin_free(&p->at);
    sk_free(p->authorization);
    *p = (sk_proxy){0};
}

static int invalid(skua_error *err, const char *what) {
    return sk_fail(err, SKUA_E_INVALID_ARGUMENT, SKUA_PHASE_NONE, "proxy: %s", what);
}

/* ---- the parts ---- */

static int check_scheme(skua_str scheme, skua_error *err) {
    if (sk_str_ieq(scheme, SK_LIT("http")) || sk_str_ieq(scheme, SK_LIT("https")))
        return 0;
    return sk_fail(err, SKUA_E_UNSUPPORTED, SKUA_PHASE_NONE,
                   "proxy: %.*s is not supported: http and https are", (int)scheme.len, scheme.ptr);
}

static int check_parts(const sk_url_parts *u, skua_error *err) {
    int rc = check_scheme(u->scheme, err);
    if (rc != 0)
        return rc;
    if (u->host.len == 0)
        return invalid(err, "the URL has no host");
    bool bare = u->path.len == 0 || sk_str_eq(u->path, SK_LIT("/"));
    return bare && !u->query.ptr && !u->fragment.ptr ? 0 : invalid(err, "its URL has a path");
}

/* With the scheme that it has when it says none. */
static void complete(sk_buf *b, const char *text) {
    if (!strstr(text, "://"))
        sk_buf_append_str(b, SK_LIT("http://"));
    sk_buf_append_str(b, sk_str(text));
    sk_buf_append(b, "", 1);
}

/* ---- where it is ---- */

static int parse_origin(sk_proxy *p, const sk_url_parts *u, skua_error *err) {
    sk_buf b = {0};
    const char *brackets[] = {u->ipv6 ? "[" : "", u->ipv6 ? "]" : ""};
    sk_buf_append_str(&b, u->scheme);
    sk_buf_printf(&b, "://%s", brackets[0]);
    sk_buf_append_str(&b, u->host);
    sk_buf_printf(&b, "%s:", brackets[1]);
    sk_buf_append_str(&b, u->port.ptr ? u->port : SK_LIT(""));
    sk_buf_append(&b, "", 1);
    skua_error failure;
    int rc = b.failed ? sk_fail_nomem(err) : sk_origin_parse(&p->at, sk_buf_head(&b), &failure);
    if (rc != 0 && !b.failed)
        rc = rc == SKUA_E_NOMEM ? sk_fail_nomem(err) : invalid(err, failure.msg);
    sk_buf_free(&b);
    return rc;
}

/* ---- who asks ---- */

/* A decoded, terminated copy; NULL: *rc says why. */
static char *decoded(skua_str s, int *rc) {
    char *out = sk_alloc(s.len + 1);
    ptrdiff_t n = out ? sk_url_decode(s, out) : 0;
    *rc = !out ? SKUA_E_NOMEM : (n < 0 ? SKUA_E_INVALID_ARGUMENT : 0);
    if (*rc == 0) {
        out[n] = '\0';
        return out;
    }
    sk_free(out);
    return NULL;
}

static int encode(sk_proxy *p, const char *user, const char *password) {
    size_t cap = SKUA_AUTH_BASIC_SIZE(strlen(user) + strlen(password));
    p->authorization = sk_alloc(cap);
    return p->authorization ? skua_auth_basic(user, password, p->authorization, cap) : SKUA_E_NOMEM;
}

/* RFC 7617; RFC 3986 3.2.1: "user:password", percent-encoded. */
static int parse_user(sk_proxy *p, skua_str userinfo, skua_error *err) {
    if (!userinfo.ptr)
        return 0;
    const char *colon = userinfo.len > 0 ? memchr(userinfo.ptr, ':', userinfo.len) : NULL;
    size_t user_len = colon ? (size_t)(colon - userinfo.ptr) : userinfo.len;
    skua_str rest = colon ? (skua_str){colon + 1, userinfo.len - user_len - 1} : SK_LIT("");
    int rc;
    char *user = decoded((skua_str){userinfo.ptr, user_len}, &rc), *password = NULL;
    if (rc == 0)
        password = decoded(rest, &rc);
    if (rc == 0)
        rc = encode(p, user, password);
    sk_free(user);
    sk_free(password);
    if (rc == SKUA_E_NOMEM)
        return sk_fail_nomem(err);
    return rc == 0 ? 0 : invalid(err, "user or password hold what Basic credentials cannot carry");
}

/* ---- the whole ---- */

static int parse(sk_proxy *p, skua_str text, skua_error *err) {
    sk_url_parts u = {0};
    const char *what;
    size_t at;
    if (!sk_url_split(text, &u, &what, &at))
        return invalid(err, what);
    int rc = check_parts(&u, err);
    if (rc == 0)
        rc = parse_origin(p, &u, err);
    return rc == 0 ? parse_user(p, u.userinfo, err) : rc;
}

int sk_proxy_parse(sk_proxy *p, const char *text, skua_error *err) {
    sk_proxy made = {0};
    sk_buf b = {0};
    complete(&b, text);
    int rc = b.failed ? sk_fail_nomem(err) : parse(&made, sk_str(sk_buf_head(&b)), err);
    sk_buf_free(&b);
    if (rc == 0)
        *p = made;
    else
        sk_proxy_free(&made);
    return rc;
}

/* ---- fields for it ---- */

static bool is_barred(skua_str name, bool host_allowed) {
    static const skua_str names[] = {
        {"content-length", 14}, {"transfer-encoding", 17}, {"connection", 10}, {"host", 4}};
    size_t n = sizeof names / sizeof names[0] - (host_allowed ? 1 : 0);
    for (size_t i = 0; i < n; i++) {
        if (sk_str_ieq(name, names[i]))
            return true;
    }
    return false;
}

int sk_proxy_check_fields(const skua_field *fields, bool host_allowed, skua_error *err) {
    for (const skua_field *f = fields; f && f->name; f++) {
        bool fits = sk_str_is_token(sk_str(f->name)) && f->value &&
                    sk_str_is_field_value(sk_str(f->value)); /* RFC 9110 5.1, 5.5 */
        if (!fits || is_barred(sk_str(f->name), host_allowed))
            return sk_fail(err, SKUA_E_INVALID_ARGUMENT, SKUA_PHASE_NONE,
                           "the field \"%s\" cannot be sent to a proxy%s", f->name,
                           fits ? ": it is not the caller's" : "");
    }
    return 0;
}
