/* server/path.c - from a request target to decoded segments. */
#include "server/path.h"

#include "base/str.h"
#include "wire/url.h"

#include <skua/error.h>

/* The path as it grows: every segment is decoded behind the ones before it. */
typedef struct builder {
    char *text;
    uint32_t len;
    uint32_t count;
    sk_segment *segments;
    bool plain; /* there is nothing to decode in it */
} builder;

static bool split_absolute(skua_str target, skua_str *path, skua_str *query) {
    sk_url_parts parts;
    const char *what;
    size_t at;
    if (!sk_url_split(target, &parts, &what, &at))
        return false;
    if (!sk_str_ieq(parts.scheme, SK_LIT("http")) && !sk_str_ieq(parts.scheme, SK_LIT("https")))
        return false;
    *path = parts.path.len > 0 ? parts.path : SK_LIT("/");
    *query = parts.query;
    return true;
}

static bool split_target(skua_str target, skua_str *path, skua_str *query) {
    if (target.len == 0 || target.ptr[0] != '/')
        return split_absolute(target, path, query);
    const char *mark = memchr(target.ptr, '?', target.len);
    *path = target;
    *query = (skua_str){NULL, 0};
    if (mark) {
        path->len = (size_t)(mark - target.ptr);
        *query = (skua_str){mark + 1, target.len - path->len - 1};
    }
    return path->len <= UINT32_MAX / 2;
}

static uint32_t count_slashes(skua_str s) {
    uint32_t n = 0;
    for (size_t i = 0; i < s.len; i++)
        n += s.ptr[i] == '/';
    return n;
}

static bool is_dots(const builder *b, sk_segment seg, uint32_t dots) {
    return seg.len == dots && b->text[seg.at] == '.' && b->text[seg.at + dots - 1] == '.';
}

static void push(builder *b, sk_segment seg) {
    b->segments[b->count++] = seg;
    b->len = seg.at + seg.len;
}

static void push_empty(builder *b) {
    b->text[b->len] = '/';
    push(b, (sk_segment){.at = b->len + 1});
}

/* False for a bad escape. */
static bool decode(const builder *b, skua_str raw, sk_segment *seg) {
    char *to = b->text + seg->at;
    seg->len = (uint32_t)raw.len;
    if (b->plain) {
        memcpy(to, raw.ptr, raw.len);
        return true;
    }
    ptrdiff_t len = sk_url_decode(raw, to);
    if (len < 0)
        return false;
    seg->len = (uint32_t)len;
    seg->slash = len > 0 && memchr(to, '/', (size_t)len) != NULL;
    return true;
}

/* False for a bad escape, and for ".." at the root. */
static bool add_segment(builder *b, skua_str raw, bool last) {
    b->text[b->len] = '/';
    sk_segment seg = {.at = b->len + 1};
    if (!decode(b, raw, &seg))
        return false;
    bool up = is_dots(b, seg, 2);
    if (!up && !is_dots(b, seg, 1)) {
        push(b, seg);
        return true;
    }
    if (up) {
        if (b->count == 0)
            return false;
        b->len = b->segments[--b->count].at - 1;
    }
    /* RFC 3986 5.2.4: a dot segment at the end leaves its "/". */
    if (last)
        push_empty(b);
    return true;
}

static bool add_all(builder *b, skua_str path) {
    const char *at = path.ptr, *end = path.ptr + path.len;
    while (at < end) {
        const char *from = at + 1;
        const char *slash = memchr(from, '/', (size_t)(end - from));
        at = slash ? slash : end;
        if (!add_segment(b, (skua_str){from, (size_t)(at - from)}, at == end))
            return false;
    }
    return true;
}

int sk_path_parse(skua_str target, sk_arena *arena, sk_path *out, skua_str *query) {
    skua_str path;
    if (sk_str_eq(target, SK_LIT("*"))) {
        *out = (sk_path){.text = "*", .len = 1};
        *query = (skua_str){NULL, 0};
        return 0;
    }
    if (!split_target(target, &path, query) || path.ptr[0] != '/')
        return SKUA_E_BAD_TARGET;
    builder b = {0};
    b.plain = !memchr(path.ptr, '%', path.len) && !memchr(path.ptr, '\0', path.len);
    b.segments = sk_arena_alloc(arena, count_slashes(path) * sizeof *b.segments);
    b.text = sk_arena_alloc(arena, path.len + 1);
    if (!b.segments || !b.text)
        return SKUA_E_NOMEM;
    if (!add_all(&b, path))
        return SKUA_E_BAD_TARGET;
    b.text[b.len] = '\0';
    *out = (sk_path){b.text, b.len, b.count, b.segments};
    return 0;
}
