/* wire/cookie.c - cookies as a server sees them (RFC 6265, with draft-ietf-httpbis-rfc6265bis where
 * browsers follow that). */
#include "wire/cookie.h"

#include "base/str.h"

#define PAIR_MAX      4096 /* rfc6265bis 5.6: of name and value; browsers drop what is longer */
#define ATTRIBUTE_MAX 1024 /* likewise, of an attribute */
#define MOST_AGE_S    (INT64_C(400) * 24 * 60 * 60) /* rfc6265bis 5.5: what browsers cut others to */

/* ---- reading ---- */

/* Take what stands before the next ";", and that, off *rest. */
static skua_str take_pair(skua_str *rest) {
    const char *end = memchr(rest->ptr, ';', rest->len);
    skua_str pair = {rest->ptr, end ? (size_t)(end - rest->ptr) : rest->len};
    size_t used = pair.len + (end ? 1 : 0);
    *rest = (skua_str){rest->ptr + used, rest->len - used};
    return pair;
}

static skua_str without_quotes(skua_str s) {
    bool quoted = s.len >= 2 && s.ptr[0] == '"' && s.ptr[s.len - 1] == '"';
    return quoted ? (skua_str){s.ptr + 1, s.len - 2} : s;
}

bool sk_cookie_find(skua_str field, skua_str name, skua_str *value) {
    while (field.len > 0) {
        skua_str pair = take_pair(&field);
        const char *equals = pair.len > 0 ? memchr(pair.ptr, '=', pair.len) : NULL;
        if (!equals)
            continue;
        size_t at = (size_t)(equals - pair.ptr);
        if (!sk_str_eq(sk_str_trim((skua_str){pair.ptr, at}), name))
            continue;
        *value = without_quotes(sk_str_trim((skua_str){equals + 1, pair.len - at - 1}));
        return true;
    }
    return false;
}

/* ---- writing ---- */

/* RFC 6265 4.1.1: cookie-octet. */
static bool is_value(skua_str s) {
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.ptr[i];
        if (c <= 0x20 || c >= 0x7f || strchr("\",;\\", c))
            return false;
    }
    return true;
}

/* RFC 6265 4.1.1: av-octets, which begin with "/" where they are to have a meaning. */
static bool is_path(skua_str s) {
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.ptr[i];
        if (c < 0x20 || c >= 0x7f || c == ';')
            return false;
    }
    return s.len > 0 && s.ptr[0] == '/' && s.len <= ATTRIBUTE_MAX;
}

static bool is_domain(skua_str s) {
    for (size_t i = 0; i < s.len; i++) {
        if (!sk_is_alpha(s.ptr[i]) && !sk_is_digit(s.ptr[i]) && s.ptr[i] != '-' && s.ptr[i] != '.')
            return false;
    }
    return s.len > 0 && s.len <= ATTRIBUTE_MAX;
}

static bool begins(const char *name, const char *prefix) {
    size_t len = strlen(prefix);
    return strlen(name) >= len && sk_str_ieq((skua_str){name, len}, sk_str(prefix));
}

static const char *prefix_fault(const skua_cookie *c, bool secure) {
    /* rfc6265bis 4.1.3: browsers refuse such cookies otherwise, whatever the case. */
    if (begins(c->name, "__Secure-") && !secure)
        return "the name begins with \"__Secure-\", and the cookie is not secure";
    if (!begins(c->name, "__Host-"))
        return NULL;
    if (!secure)
        return "the name begins with \"__Host-\", and the cookie is not secure";
    if (c->domain || (c->path && strcmp(c->path, "/") != 0))
        return "the name begins with \"__Host-\", and the cookie has a domain, or a path but \"/\"";
    return NULL;
}

const char *sk_cookie_fault(const skua_cookie *c, bool secure) {
    if (!c->name || !sk_str_is_token(sk_str(c->name)))
        return "the name is no token";
    if (!is_value(sk_str(c->value)))
        return "the value has a control, a space, a quote, or one of \",;\\\"";
    if (strlen(c->name) + sk_str(c->value).len > PAIR_MAX)
        return "name and value have more than 4096 bytes";
    if (c->path && !is_path(sk_str(c->path)))
        return "the path does not begin with \"/\", is too long, or has a control or a \";\"";
    if (c->domain && !is_domain(sk_str(c->domain)))
        return "the domain is no name of a host";
    if (c->same_site < SKUA_SAME_SITE_LAX || c->same_site > SKUA_SAME_SITE_NONE)
        return "same_site is none of skua_same_site";
    if (c->same_site == SKUA_SAME_SITE_NONE && !secure)
        return "SKUA_SAME_SITE_NONE, and the cookie is not secure";
    if (c->max_age_s < SKUA_FOREVER)
        return "max_age_s is negative";
    return prefix_fault(c, secure);
}

static void append_age(sk_buf *out, const skua_cookie *c) {
    if (c->remove) {
        sk_buf_append_str(out, SK_LIT("; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT"));
    } else if (c->max_age_s != 0) {
        bool most = c->max_age_s < 0 || c->max_age_s > MOST_AGE_S;
        sk_buf_append_str(out, SK_LIT("; Max-Age="));
        sk_buf_append_uint(out, (uint64_t)(most ? MOST_AGE_S : c->max_age_s));
    }
}

void sk_cookie_append(sk_buf *out, const skua_cookie *c, bool secure) {
    static const skua_str sites[] = {
        [SKUA_SAME_SITE_LAX] = {"; SameSite=Lax", 14},
        [SKUA_SAME_SITE_STRICT] = {"; SameSite=Strict", 17},
        [SKUA_SAME_SITE_NONE] = {"; SameSite=None", 15},
    };
    sk_buf_append_str(out, sk_str(c->name));
    sk_buf_append_str(out, SK_LIT("="));
    sk_buf_append_str(out, sk_str(c->value));
    sk_buf_append_str(out, SK_LIT("; Path="));
    sk_buf_append_str(out, sk_str(c->path ? c->path : "/"));
    if (c->domain) {
        sk_buf_append_str(out, SK_LIT("; Domain="));
        sk_buf_append_str(out, sk_str(c->domain));
    }
    append_age(out, c);
    if (secure)
        sk_buf_append_str(out, SK_LIT("; Secure"));
    if (!c->script_readable)
        sk_buf_append_str(out, SK_LIT("; HttpOnly"));
    sk_buf_append_str(out, sites[c->same_site]);
}
