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
} builder;

/* What one look at each byte tells of a path. */
typedef struct shape {
    size_t len; /* to the query, or to the end */
    uint32_t slashes;
    bool plain; /* it says what it means: no escape, no dot segment */
} shape;

static shape look_at(skua_str path) {
    static const bool tells[256] = {['/'] = true, ['%'] = true, ['\0'] = true};
    const char *at = path.ptr, *end = at + path.len;
    shape s = {.plain = true};
    for (; at < end && *at != '?'; at++) {
        if (!tells[(unsigned char)*at])
            continue;
        s.slashes += *at == '/';
        s.plain = s.plain && *at == '/' && !(at + 1 < end && at[1] == '.');
    }
    s.len = (size_t)(at - path.ptr);
    return s;
}

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

/* In the origin form the path may have its query behind it still. */
static bool split_target(skua_str target, skua_str *path, skua_str *query) {
    if (target.len == 0 || target.ptr[0] != '/')
        return split_absolute(target, path, query);
    *path = target;
    *query = (skua_str){NULL, 0};
    return true;
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

/* A plain path is its own decoding. */
static void take_plain(builder *b, skua_str path) {
    const uint32_t len = (uint32_t)path.len;
    memcpy(b->text, path.ptr, len);
    b->len = len;
    for (uint32_t at = 0; at < len;) {
        uint32_t from = ++at;
        while (at < len && path.ptr[at] != '/')
            at++;
        b->segments[b->count++] = (sk_segment){.at = from, .len = at - from};
    }
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
    shape s = look_at(path);
    if (s.len < path.len)
        *query = (skua_str){path.ptr + s.len + 1, path.len - s.len - 1};
    path.len = s.len;
    if (path.len > UINT32_MAX / 2)
        return SKUA_E_BAD_TARGET;
    builder b = {0};
    b.segments = sk_arena_alloc(arena, s.slashes * sizeof *b.segments);
    b.text = sk_arena_alloc(arena, path.len + 1);
    if (!b.segments || !b.text)
        return SKUA_E_NOMEM;
    if (s.plain)
        take_plain(&b, path);
    else if (!add_all(&b, path))
        return SKUA_E_BAD_TARGET;
    b.text[b.len] = '\0';
    *out = (sk_path){b.text, b.len, b.count, b.segments};
    return 0;
}
