/* wire/url_fault.c - what is said of a URL that is refused. */
#include "wire/url.h"

#include "base/fail.h"
#include "base/line.h"
#include "base/str.h"

/* ---- hiding what is secret ---- */

/* Where c stands first; s.len where it does not. */
static size_t first_of(skua_str s, char c) {
    const char *p = s.len > 0 ? memchr(s.ptr, c, s.len) : NULL;
    return p ? (size_t)(p - s.ptr) : s.len;
}

static size_t last_of(skua_str s, char c) {
    for (size_t i = s.len; i-- > 0;) {
        if (s.ptr[i] == c)
            return i;
    }
    return s.len;
}

/* The scheme, if it looks like one, and the slashes. */
static size_t behind_scheme(skua_str url) {
    size_t colon = first_of(url, ':'), slash = first_of(url, '/');
    size_t at = slash == colon + 1 ? slash : 0;
    return url.len - at >= 2 && memcmp(url.ptr + at, "//", 2) == 0 ? at + 2 : 0;
}

static bool has_digits_only(skua_str s) {
    bool digits = true;
    for (size_t i = 0; digits && i < s.len; i++)
        digits = sk_is_digit(s.ptr[i]);
    return digits;
}

/* What lies between the scheme and an '@', and what a person may have meant to lie there: a
 * password with a slash ends the authority, and looks like a port.
 *
 *     http://user:pass@host/        http://user:pa/ss@host/
 *            ---------                          -----
 */
static skua_str secret_of(skua_str url) {
    if (url.len == 0)
        return url;
    size_t from = behind_scheme(url);
    skua_str rest = {url.ptr + from, url.len - from}, authority = rest;
    for (const char *stop = "/?#\\"; *stop; stop++)
        authority.len = first_of(authority, *stop);
    size_t at = last_of(authority, '@'), colon = first_of(authority, ':');
    if (at < authority.len)
        return (skua_str){rest.ptr, at};
    at = last_of(rest, '@');
    if (colon == authority.len || at == rest.len)
        return (skua_str){rest.ptr, 0};
    skua_str port = {rest.ptr + colon + 1, authority.len - colon - 1};
    return (skua_str){port.ptr, has_digits_only(port) ? 0 : at - colon - 1};
}

/* ---- saying it ---- */

static void add(sk_line *l, skua_str s) {
    sk_line_add(l, "%.*s", (int)(s.len < sizeof l->text ? s.len : sizeof l->text), s.ptr);
}

void sk_url_show(skua_str url, char out[SK_URL_SHOWN]) {
    skua_str secret = secret_of(url);
    sk_line l = {.len = 0};
    if (url.len > 0) {
        const char *behind = secret.ptr + secret.len;
        add(&l, (skua_str){url.ptr, (size_t)(secret.ptr - url.ptr)});
        add(&l, secret.len > 0 ? SK_LIT("***") : SK_LIT(""));
        add(&l, (skua_str){behind, (size_t)(url.ptr + url.len - behind)});
    }
    if (l.len >= SK_URL_SHOWN)
        memcpy(l.text + SK_URL_SHOWN - 4, "...", 4);
    memcpy(out, l.text, l.len < SK_URL_SHOWN ? l.len + 1 : SK_URL_SHOWN);
}

int sk_url_fail(skua_error *err, skua_str url, const char *fmt, ...) {
    char shown[SK_URL_SHOWN];
    sk_line l = {.len = 0};
    sk_url_show(url, shown);
    sk_line_add(&l, "invalid URL \"%s\": ", shown);
    va_list ap;
    va_start(ap, fmt);
    sk_line_vadd(&l, fmt, ap);
    va_end(ap);
    return sk_fail(err, SKUA_E_INVALID_URL, SKUA_PHASE_NONE, "%s", l.text);
}

int sk_url_fail_at(skua_error *err, skua_str url, const char *what, size_t at) {
    skua_str secret = secret_of(url);
    if (at >= url.len)
        return sk_url_fail(err, url, "%s, at its end", what);
    if (url.ptr + at >= secret.ptr && url.ptr + at < secret.ptr + secret.len)
        return sk_url_fail(err, url, "%s", what);
    unsigned char c = (unsigned char)url.ptr[at];
    if (c <= 0x20 || c >= 0x7f)
        return sk_url_fail(err, url, "%s, at offset %zu (0x%02x)", what, at, c);
    return sk_url_fail(err, url, "%s, at offset %zu ('%c')", what, at, c);
}
