/* server/router.c - patterns compiled to a trie of path segments, and searched.
 *
 *     "GET /a/{x}/c"  "/a/"  "GET /a/b"
 *
 *     root - "a" - (rest: "/a/")
 *              \ - "b"      (here: GET)
 *              \ - {param} - "c"  (here: GET)
 *
 * A search goes down depth first: a literal child before the parameter, both before the rest. The
 * first route on that way that takes the method is the most specific one. */
#include "server/router.h"

#include "base/buf.h"
#include "base/mem.h"
#include "base/str.h"
#include "server/route_pattern.h"

#include <skua/status.h>

typedef struct node node;
struct node {
    skua_str literal;
    node **children; /* literals, in the order of compare() */
    uint32_t count;
    uint32_t cap;
    node *param;
    const sk_route *here; /* for a path that ends here */
    const sk_route *rest; /* for all paths that go on behind this node */
};

struct sk_router {
    sk_arena arena;
    node root;
};

/* Methods that are known without a route of theirs. CONNECT is known and never served. */
static const skua_str known_methods[] = {
    SK_LIT("GET"),    SK_LIT("HEAD"),  SK_LIT("POST"),    SK_LIT("PUT"),
    SK_LIT("DELETE"), SK_LIT("PATCH"), SK_LIT("OPTIONS"), SK_LIT("TRACE"),
};
/* The first of them that a route for every method is said to allow. */
#define ALLOWED_BY_ANY 7u
#define METHODS_MAX    64u

sk_router *sk_router_new(void) {
    return sk_zalloc(sizeof(sk_router));
}

void sk_router_free(sk_router *r) {
    if (!r)
        return;
    sk_arena_free(&r->arena);
    sk_free(r);
}

/* ---- adding ---- */

static int compare(skua_str a, skua_str b) {
    if (a.len != b.len)
        return a.len < b.len ? -1 : 1;
    return a.len == 0 ? 0 : memcmp(a.ptr, b.ptr, a.len);
}

/* Where the literal is among the children, or belongs. */
static uint32_t position(const node *n, skua_str literal, bool *found) {
    uint32_t low = 0, high = n->count;
    *found = false;
    while (low < high) {
        uint32_t mid = (low + high) / 2;
        int order = compare(n->children[mid]->literal, literal);
        if (order == 0) {
            *found = true;
            return mid;
        }
        if (order < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

static node *new_node(sk_router *r, skua_str literal) {
    node *n = sk_arena_zalloc(&r->arena, sizeof *n);
    if (!n || !literal.ptr)
        return n;
    n->literal.ptr = sk_arena_strndup(&r->arena, literal.ptr, literal.len);
    n->literal.len = literal.len;
    return n->literal.ptr ? n : NULL;
}

static bool make_room(sk_router *r, node *n) {
    if (n->count < n->cap)
        return true;
    uint32_t cap = n->cap > 0 ? n->cap * 2 : 4;
    node **children = sk_arena_alloc(&r->arena, cap * sizeof(node *));
    if (!children)
        return false;
    if (n->count > 0)
        memcpy(children, n->children, n->count * sizeof(node *));
    n->children = children;
    n->cap = cap;
    return true;
}

/* The child for a segment of a pattern, made where it is missing. NULL: no memory. */
static node *child(sk_router *r, node *n, skua_str segment) {
    if (!segment.ptr) {
        if (!n->param)
            n->param = new_node(r, segment);
        return n->param;
    }
    bool found;
    uint32_t at = position(n, segment, &found);
    if (found)
        return n->children[at];
    node *made = new_node(r, segment);
    if (!made || !make_room(r, n))
        return NULL;
    memmove(n->children + at + 1, n->children + at, (n->count - at) * sizeof(node *));
    n->children[at] = made;
    n->count++;
    return made;
}

static sk_route *new_route(sk_router *r, const sk_route_pattern *p) {
    sk_route *route = sk_arena_zalloc(&r->arena, sizeof *route);
    const char **names = sk_arena_alloc(&r->arena, (p->name_count + 1) * sizeof *names);
    if (!route || !names)
        return NULL;
    for (uint32_t i = 0; i < p->name_count; i++) {
        names[i] = sk_arena_strndup(&r->arena, p->name[i].ptr, p->name[i].len);
        if (!names[i])
            return NULL;
    }
    route->method.ptr = sk_arena_strndup(&r->arena, p->method.ptr, p->method.len);
    route->method.len = p->method.len;
    route->names = names;
    route->name_count = p->name_count;
    route->named_rest = p->named_rest;
    return route->method.ptr ? route : NULL;
}

int sk_router_add(sk_router *r, const char *text, const sk_route *given, const char **what) {
    sk_route_pattern p;
    *what = sk_route_pattern_parse(&p, text);
    if (*what)
        return SKUA_E_INVALID_ARGUMENT;
    node *n = &r->root;
    for (uint32_t i = 0; n && i < p.count; i++)
        n = child(r, n, p.segment[i]);
    sk_route *route = n ? new_route(r, &p) : NULL;
    if (!route)
        return SKUA_E_NOMEM;
    const sk_route **list = p.rest ? &n->rest : &n->here;
    for (const sk_route *other = *list; other; other = other->next) {
        if (sk_str_eq(other->method, p.method) && other->gives_way == given->gives_way) {
            *what = "another route takes the same requests";
            return SKUA_E_INVALID_ARGUMENT;
        }
    }
    route->fn = given->fn;
    route->user = given->user;
    route->pooled = given->pooled;
    route->stream_body = given->stream_body;
    route->uncompressed = given->uncompressed;
    route->limits = given->limits;
    route->gives_way = given->gives_way;
    route->next = *list;
    *list = route;
    return 0;
}

/* ---- searching ---- */

/* A set of methods, in the order in which they were found. */
typedef struct methods {
    skua_str at[METHODS_MAX];
    uint32_t count;
} methods;

typedef struct search {
    const sk_path *path;
    skua_str method;
    bool head;
    bool trace;
    bool path_known; /* a route has this path, for whatever method */
    methods *allow;  /* given: collect, find nothing */
    sk_route_match *out;
    uint32_t params; /* taken on the way to here */
} search;

static void add_method(methods *set, skua_str method) {
    for (uint32_t i = 0; i < set->count; i++) {
        if (sk_str_eq(set->at[i], method))
            return;
    }
    if (set->count < METHODS_MAX)
        set->at[set->count++] = method;
}

static void add_methods(methods *set, const sk_route *list) {
    for (const sk_route *r = list; r; r = r->next) {
        if (r->method.len > 0)
            add_method(set, r->method);
        else
            for (uint32_t i = 0; i < ALLOWED_BY_ANY; i++)
                add_method(set, known_methods[i]);
        if (sk_str_eq(r->method, SK_LIT("GET")))
            add_method(set, SK_LIT("HEAD"));
    }
}

/* How well a route suits the method: it is for this one, it is GET's and answers HEAD as well, it
 * is for all, it gives way; 0: not at all. */
static int fit(const search *s, const sk_route *r) {
    bool own = sk_str_eq(r->method, s->method);
    bool by_get = s->head && sk_str_eq(r->method, SK_LIT("GET"));
    /* RFC 9110 9.3.8: TRACE would echo what a handler does not expect to be asked for. */
    bool by_all = r->method.len == 0 && !s->trace;
    if (r->gives_way)
        return own || by_get || by_all;
    return own ? 4 : by_get ? 3 : by_all ? 2 : 0;
}

/* Which of the routes of one path takes the method. */
static const sk_route *choose(search *s, const sk_route *list) {
    const sk_route *best = NULL;
    if (list)
        s->path_known = true;
    if (s->allow) {
        add_methods(s->allow, list);
        return NULL;
    }
    for (const sk_route *r = list; r; r = r->next) {
        if (fit(s, r) > (best ? fit(s, best) : 0))
            best = r;
    }
    return best;
}

static const sk_route *find(search *s, const node *n, uint32_t i) {
    if (i == s->path->count)
        return choose(s, n->here);
    skua_str segment = sk_path_segment(s->path, i);
    bool found;
    uint32_t at = position(n, segment, &found);
    const sk_route *r = found ? find(s, n->children[at], i + 1) : NULL;
    if (!r && n->param && segment.len > 0) {
        s->out->segment[s->params++] = i;
        r = find(s, n->param, i + 1);
        if (!r)
            s->params--;
    }
    if (!r && n->rest) {
        r = choose(s, n->rest);
        if (r)
            s->out->rest = i;
    }
    return r;
}

static bool uses_method(const node *n, skua_str method) {
    for (const sk_route *r = n->here; r; r = r->next) {
        if (sk_str_eq(r->method, method))
            return true;
    }
    for (const sk_route *r = n->rest; r; r = r->next) {
        if (sk_str_eq(r->method, method))
            return true;
    }
    for (uint32_t i = 0; i < n->count; i++) {
        if (uses_method(n->children[i], method))
            return true;
    }
    return n->param && uses_method(n->param, method);
}

static bool is_known_method(const sk_router *r, skua_str method) {
    for (size_t i = 0; i < sizeof known_methods / sizeof known_methods[0]; i++) {
        if (sk_str_eq(known_methods[i], method))
            return true;
    }
    return uses_method(&r->root, method);
}

int sk_router_find(const sk_router *r, skua_str method, const sk_path *path, sk_route_match *out) {
    search s = {.path = path, .method = method, .out = out};
    s.head = sk_str_eq(method, SK_LIT("HEAD"));
    s.trace = sk_str_eq(method, SK_LIT("TRACE"));
    out->rest = path->count;
    out->route = path->count > 0 ? find(&s, &r->root, 0) : NULL;
    if (out->route)
        return SKUA_STATUS_OK;
    /* RFC 9110 9.1: 501 for a method that is not known, 405 for one that is, but not here. */
    if (!is_known_method(r, method))
        return SKUA_STATUS_NOT_IMPLEMENTED;
    return s.path_known ? SKUA_STATUS_METHOD_NOT_ALLOWED : SKUA_STATUS_NOT_FOUND;
}

static void add_all_methods(methods *set, const node *n) {
    add_methods(set, n->here);
    add_methods(set, n->rest);
    for (uint32_t i = 0; i < n->count; i++)
        add_all_methods(set, n->children[i]);
    if (n->param)
        add_all_methods(set, n->param);
}

const char *sk_router_allow(const sk_router *r, const sk_path *path, sk_arena *arena) {
    methods set = {.count = 0};
    sk_route_match unused;
    search s = {.path = path, .allow = &set, .out = &unused};
    if (path)
        find(&s, &r->root, 0);
    else
        add_all_methods(&set, &r->root);
    add_method(&set, SK_LIT("OPTIONS"));
    size_t len = 1;
    for (uint32_t i = 0; i < set.count; i++)
        len += set.at[i].len + 2;
    char *text = sk_arena_alloc(arena, len);
    char *to = text;
    for (uint32_t i = 0; text && i < set.count; i++) {
        if (i > 0) {
            memcpy(to, ", ", 2);
            to += 2;
        }
        memcpy(to, set.at[i].ptr, set.at[i].len);
        to += set.at[i].len;
    }
    if (text)
        *to = '\0';
    return text;
}
