/* server/route_pattern.c - taking the pattern of a route apart.
 *
 *     "GET /a/{x}/c"    literals and a parameter       "/a/{$}"          "/a/" alone
 *     "/a/"             all paths that go on there     "/a/{rest...}"    the same, with a name
 */
#include "server/route_pattern.h"

#include "base/str.h"

static bool is_name(skua_str s) {
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        if (!(c == '_' || sk_is_alpha(c) || (i > 0 && sk_is_digit(c))))
            return false;
    }
    return s.len > 0;
}

static const char *add_name(sk_route_pattern *p, skua_str name) {
    if (!is_name(name))
        return "a parameter's name is letters, digits and '_'";
    for (uint32_t i = 0; i < p->name_count; i++) {
        if (sk_str_eq(p->name[i], name))
            return "a parameter's name is used twice";
    }
    p->name[p->name_count++] = name;
    return NULL;
}

static const char *parse_braces(sk_route_pattern *p, skua_str inside, bool last) {
    if (sk_str_eq(inside, SK_LIT("$"))) {
        if (!last)
            return "\"{$}\" stands only at the end";
        p->segment[p->count++] = SK_LIT("");
        return NULL;
    }
    if (inside.len > 3 && memcmp(inside.ptr + inside.len - 3, "...", 3) == 0) {
        if (!last)
            return "\"{name...}\" stands only at the end";
        inside.len -= 3;
        p->rest = p->named_rest = true;
        return add_name(p, inside);
    }
    p->segment[p->count++] = (skua_str){NULL, 0};
    return add_name(p, inside);
}

static const char *parse_segment(sk_route_pattern *p, skua_str s, bool last) {
    if (p->count == SK_ROUTE_SEGMENTS_MAX)
        return "the path has too many segments";
    if (s.len >= 2 && s.ptr[0] == '{' && s.ptr[s.len - 1] == '}')
        return parse_braces(p, (skua_str){s.ptr + 1, s.len - 2}, last);
    if (memchr(s.ptr, '{', s.len) || memchr(s.ptr, '}', s.len))
        return "a parameter takes a whole segment";
    if (s.len == 0 && last) {
        p->rest = true;
        return NULL;
    }
    if (sk_str_eq(s, SK_LIT(".")) || sk_str_eq(s, SK_LIT("..")))
        return "no request's path has dot segments";
    p->segment[p->count++] = s;
    return NULL;
}

const char *sk_route_pattern_parse(sk_route_pattern *p, const char *text) {
    const char *path = text;
    const char *space = strchr(text, ' ');
    *p = (sk_route_pattern){0};
    if (space) {
        p->method = (skua_str){text, (size_t)(space - text)};
        if (!sk_str_is_token(p->method))
            return "the method is no token";
        path = space + strspn(space, " ");
    }
    if (*path != '/')
        return "the path must begin with \"/\"";
    while (*path == '/') {
        size_t len = strcspn(path + 1, "/");
        bool last = path[1 + len] == '\0';
        const char *what = parse_segment(p, (skua_str){path + 1, len}, last);
        if (what)
            return what;
        path += 1 + len;
    }
    return NULL;
}
