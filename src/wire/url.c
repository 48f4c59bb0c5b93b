/* wire/url.c - URI references taken apart, as views (RFC 3986).
 *
 *     scheme :  // userinfo @ host : port   path   ? query   # fragment
 *
 * Each part is cut at the first character that can end it and then held against the characters
 * that may stand in it. Schemes have no meaning here: that http needs a host is said elsewhere. */
#include "wire/url.h"

#include "base/str.h"
#include "wire/ipv6.h"
#include "wire/percent.h"

#include <string.h>

/* ---- characters ---- */

#define U 1u   /* unreserved */
#define S 2u   /* sub-delims */
#define C 4u   /* : */
#define A 8u   /* @ */
#define P 16u  /* / */
#define Q 32u  /* ? */
#define X 64u  /* should be escaped, is tolerated */
#define B 128u /* the backslash: the same, but not in a path */
#define N 256u /* beyond ASCII */
/* clang-format off */
static const unsigned char classes[128] = {
/*  0  1  2  3  4  5  6  7   8  9  a  b  c  d  e  f */
    0, 0, 0, 0, 0, 0, 0, 0,  0, 0, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0,  0, 0, 0, 0, 0, 0, 0, 0,
    0, S, X, 0, S, 0, S, S,  S, S, S, S, S, U, U, P, /*  !"#$%&'()*+,-./ */
    U, U, U, U, U, U, U, U,  U, U, C, S, X, S, X, Q, /* 0123456789:;<=>? */
    A, U, U, U, U, U, U, U,  U, U, U, U, U, U, U, U, /* @ABCDEFGHIJKLMNO */
    U, U, U, U, U, U, U, U,  U, U, U, X, B, X, X, U, /* PQRSTUVWXYZ[\]^_ */
    X, U, U, U, U, U, U, U,  U, U, U, U, U, U, U, U, /* `abcdefghijklmno */
    U, U, U, U, U, U, U, U,  U, U, U, X, X, X, U, 0, /* pqrstuvwxyz{|}~  */
};
/* clang-format on */
enum {
    IN_ZONE = U,
    IN_USERINFO = U | S | C,
    IN_REG_NAME = U | S,
    IN_INTERNATIONAL_NAME = IN_REG_NAME | N,
    IN_PATH = U | S | C | A | P | X,
    IN_QUERY = IN_PATH | Q | B,
};
#undef U
#undef S
#undef C
#undef A
#undef P
#undef Q
#undef X
#undef B

static unsigned class_of(char c) {
    return (unsigned char)c < sizeof classes ? classes[(unsigned char)c] : N;
}
#undef N

static bool is_one_of(char c, const char *set) {
    while (*set && *set != c)
        set++;
    return *set != '\0';
}

/* RFC 3986 3.1 */
static bool is_scheme(skua_str s) {
    bool fits = s.len > 0 && sk_is_alpha(s.ptr[0]);
    for (size_t i = 1; fits && i < s.len; i++)
        fits = sk_is_alpha(s.ptr[i]) || sk_is_digit(s.ptr[i]) || is_one_of(s.ptr[i], "+-.");
    return fits;
}

/* Value of the percent-escape that begins at s.ptr[i]; -1 if it is none. */
static int escape_value(skua_str s, size_t i) {
    if (s.len - i < 3)
        return -1;
    int high = sk_hex_value(s.ptr[i + 1]), low = sk_hex_value(s.ptr[i + 2]);
    return high < 0 || low < 0 ? -1 : high * 16 + low;
}

/* ---- the parts ---- */

typedef struct judge {
    unsigned in_host; /* what may stand in a host that is no literal */
    const char *what; /* what is wrong, and where */
    const char *at;
} judge;

static bool refuse(judge *j, const char *what, const char *at) {
    j->what = what;
    j->at = at;
    return false;
}

static bool check(skua_str s, unsigned allowed, const char *what, judge *j) {
    for (size_t i = 0; i < s.len; i++) {
        if (class_of(s.ptr[i]) & allowed)
            continue;
        if (s.ptr[i] != '%')
            return refuse(j, what, s.ptr + i);
        if (escape_value(s, i) < 0)
            return refuse(j, "a '%' without two hexadecimal digits", s.ptr + i);
        i += 2;
    }
    return true;
}

static void drop(skua_str *s, size_t n) {
    s->ptr += n;
    s->len -= n;
}

/* Take all before the first of the stops off the front. */
static skua_str cut(skua_str *rest, const char *stops) {
    size_t n = 0;
    while (n < rest->len && !is_one_of(rest->ptr[n], stops))
        n++;
    skua_str piece = {rest->ptr, n};
    drop(rest, n);
    return piece;
}

static bool starts_with(skua_str s, char c) {
    return s.len > 0 && s.ptr[0] == c;
}

static bool split_scheme(skua_str *rest, sk_url_parts *u, judge *j) {
    skua_str all = *rest;
    skua_str first = cut(rest, ":/?#");
    if (!starts_with(*rest, ':')) {
        *rest = all;
        return true;
    }
    /* RFC 3986 4.2: nor may the first segment of a relative path hold a colon. */
    if (!is_scheme(first))
        return refuse(j, "no scheme in front of the first colon", rest->ptr);
    u->scheme = first;
    drop(rest, 1);
    return true;
}

/* RFC 6874: "%25" and the zone; of its characters only those that need no escape. */
static bool check_literal(skua_str host, judge *j) {
    const char *percent = host.len > 0 ? memchr(host.ptr, '%', host.len) : NULL;
    skua_str address = {host.ptr, percent ? (size_t)(percent - host.ptr) : host.len};
    if (!sk_ipv6_is_address(address))
        return refuse(j, "a malformed IPv6 address", host.ptr);
    if (!percent)
        return true;
    skua_str zone = {percent, host.len - address.len};
    if (zone.len < 4 || memcmp(zone.ptr, "%25", 3) != 0)
        return refuse(j, "an IPv6 zone that is not written as %25 and a name", percent);
    drop(&zone, 3);
    for (size_t i = 0; i < zone.len; i++) {
        if (!(class_of(zone.ptr[i]) & IN_ZONE))
            return refuse(j, "a character that is not allowed in an IPv6 zone", zone.ptr + i);
    }
    return true;
}

static bool split_literal(skua_str *rest, sk_url_parts *u, judge *j) {
    const char *bracket = rest->ptr;
    drop(rest, 1);
    u->host = cut(rest, "]");
    u->ipv6 = true;
    if (rest->len == 0)
        return refuse(j, "a bracket that is not closed", bracket);
    drop(rest, 1);
    if (rest->len > 0 && rest->ptr[0] != ':')
        return refuse(j, "something between an IPv6 address and its port", rest->ptr);
    return check_literal(u->host, j);
}

/* host [":" port], all of it. */
static bool split_host_port(skua_str rest, sk_url_parts *u, judge *j) {
    if (starts_with(rest, '[')) {
        if (!split_literal(&rest, u, j))
            return false;
    } else {
        u->host = cut(&rest, ":");
        if (!check(u->host, j->in_host, "a character that is not allowed in the host", j))
            return false;
    }
    if (rest.len == 0)
        return true;
    drop(&rest, 1);
    u->port = rest;
    for (size_t i = 0; i < rest.len; i++) {
        if (!sk_is_digit(rest.ptr[i]))
            return refuse(j, "a port that is not in digits", rest.ptr + i);
    }
    return true;
}

static bool split_authority(skua_str *rest, sk_url_parts *u, judge *j) {
    if (rest->len < 2 || memcmp(rest->ptr, "//", 2) != 0)
        return true;
    drop(rest, 2);
    skua_str authority = cut(rest, "/?#");
    skua_str after = authority;
    skua_str before = cut(&after, "@");
    if (after.len > 0) {
        u->userinfo = before;
        if (!check(before, IN_USERINFO, "a character that is not allowed in user information", j))
            return false;
        drop(&after, 1);
        authority = after;
    }
    return split_host_port(authority, u, j);
}

static bool split_path_on(skua_str *rest, sk_url_parts *u, judge *j) {
    u->path = cut(rest, "?#");
    if (!check(u->path, IN_PATH, "a character that is not allowed in the path", j))
        return false;
    if (starts_with(*rest, '?')) {
        drop(rest, 1);
        u->query = cut(rest, "#");
        if (!check(u->query, IN_QUERY, "a character that is not allowed in the query", j))
            return false;
    }
    if (starts_with(*rest, '#')) {
        drop(rest, 1);
        u->fragment = *rest;
        return check(*rest, IN_QUERY, "a character that is not allowed in the fragment", j);
    }
    return true;
}

static bool split(skua_str text, unsigned in_host, sk_url_parts *out, const char **what,
                  size_t *at) {
    sk_url_parts u = {0};
    judge j = {.in_host = in_host};
    skua_str rest = text;
    if (!split_scheme(&rest, &u, &j) || !split_authority(&rest, &u, &j) ||
        !split_path_on(&rest, &u, &j)) {
        *what = j.what;
        *at = (size_t)(j.at - text.ptr);
        return false;
    }
    *out = u;
    return true;
}

bool sk_url_split(skua_str text, sk_url_parts *out, const char **what, size_t *at) {
    return split(text, IN_REG_NAME, out, what, at);
}

bool sk_url_split_international(skua_str text, sk_url_parts *out, const char **what, size_t *at) {
    return split(text, IN_INTERNATIONAL_NAME, out, what, at);
}

bool sk_url_port(skua_str digits, int *port) {
    int64_t v = -1;
    if (digits.len > 0 && (!sk_str_to_int64(digits, &v) || v > 65535))
        return false;
    *port = (int)v;
    return true;
}

/* What nearly all of them are, in one go: a name, and perhaps a port. */
static bool is_plain_authority(skua_str s) {
    size_t name = 0;
    int number = -1;
    while (name < s.len && class_of(s.ptr[name]) & IN_REG_NAME)
        name++;
    if (name == 0 || name == s.len)
        return name > 0;
    for (size_t i = name + 1; i < s.len; i++) {
        if (!sk_is_digit(s.ptr[i]))
            return false;
    }
    return s.ptr[name] == ':' &&
           sk_url_port((skua_str){s.ptr + name + 1, s.len - name - 1}, &number);
}

bool sk_url_check_authority(skua_str s, skua_str *host, int *port) {
    if (!host && !port && is_plain_authority(s))
        return true;
    sk_url_parts u = {0};
    judge j = {.in_host = IN_REG_NAME};
    int number;
    if (!split_host_port(s, &u, &j) || !sk_url_port(u.port, &number))
        return false;
    if (u.host.len == 0 && s.len > 0)
        return false;
    if (u.ipv6 && memchr(u.host.ptr, '%', u.host.len))
        return false;
    if (host)
        *host = u.host;
    if (port)
        *port = number;
    return true;
}

/* ---- rewriting ---- */

void sk_url_append_escaped(sk_buf *out, skua_str s) {
    /* What sk_url_split lets pass but for what it merely tolerates. */
    sk_percent_append(out, s, &(const sk_percent_kept){.marks = "!$&'()*+,;=:@/?%"});
}

ptrdiff_t sk_url_decode(skua_str s, char *out) {
    char *to = out;
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        if (c == '%') {
            int v = escape_value(s, i);
            c = v < 0 ? '\0' : (char)v;
            i += 2;
        }
        if (c == '\0')
            return -1;
        *to++ = c;
    }
    return to - out;
}

/* 1 for ".", 2 for "..", else 0. */
static int dots(const char *segment, size_t len) {
    bool only = len <= 2;
    for (size_t i = 0; only && i < len; i++)
        only = segment[i] == '.';
    return only ? (int)len : 0;
}

/* RFC 3986 5.2.4, with the output buffer growing over the part of the input that is done. */
size_t sk_url_remove_dots(char *path, size_t len) {
    size_t done = 0;
    for (size_t at = 0; at < len;) {
        size_t slash = path[at] == '/';
        size_t end = at + slash;
        while (end < len && path[end] != '/')
            end++;
        int n = dots(path + at + slash, end - at - slash);
        if (n == 0) { /* 2E: an ordinary segment */
            memmove(path + done, path + at, end - at);
            done += end - at;
        } else if (slash) { /* 2B, 2C: "/." goes, "/.." takes the segment before it along */
            while (n == 2 && done > 0 && path[--done] != '/')
                continue;
            if (end == len)
                path[done++] = '/';
        } else if (end < len) { /* 2A: "./" or "../" at the very beginning */
            end++;
        }
        at = end; /* 2D: "." or ".." alone just goes */
    }
    return done;
}
