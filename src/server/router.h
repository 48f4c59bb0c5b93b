/* server/router.h - which handler a request belongs to. */
#ifndef SK_SERVER_ROUTER_H
#define SK_SERVER_ROUTER_H

#include "server/path.h"

#include <skua/server.h>

/* Parameters and segments that a pattern may have. It bounds the search's depth too. */
#define SK_ROUTE_SEGMENTS_MAX 32

/* 0: the server's; SKUA_FOREVER: none. */
typedef struct sk_route_limits {
    int64_t body_max;
    int64_t body_ms;
    int64_t write_ms;
    int64_t rate_min;    /* bytes a second */
    int64_t exchange_ms; /* the server has none */
} sk_route_limits;

typedef struct sk_route sk_route;
struct sk_route {
    skua_str method; /* empty: every one */
    skua_handler_fn *fn;
    void *user;
    bool pooled;       /* fn may block */
    bool stream_body;  /* fn is called before the body has come */
    bool uncompressed; /* whatever the server's options say */
    sk_route_limits limits;
    const char *const *names; /* of the parameters, in their order */
    uint32_t name_count;
    bool named_rest;      /* the last name takes the rest */
    bool gives_way;       /* to any other route of the same path that takes the method */
    const sk_route *next; /* the same path for another method */
};

typedef struct sk_router sk_router;

/* What a search has found. */
typedef struct sk_route_match {
    const sk_route *route;                   /* NULL: see sk_router_find */
    uint32_t segment[SK_ROUTE_SEGMENTS_MAX]; /* which one each parameter took */
    uint32_t rest;                           /* the first segment of the rest */
} sk_route_match;

/* NULL: no memory. */
sk_router *sk_router_new(void);
void sk_router_free(sk_router *r);
/* Add a route; `given` holds what the pattern does not say. One that gives way may stand beside
 * another of the same path and method. 0, SKUA_E_INVALID_ARGUMENT with *what (static text),
 * SKUA_E_NOMEM. */
int sk_router_add(sk_router *r, const char *pattern, const sk_route *given, const char **what);
/* Find the most specific route: 200 and *out, or the status that refuses the request: 404, 405,
 * 501 (a method nobody knows). */
int sk_router_find(const sk_router *r, skua_str method, const sk_path *path, sk_route_match *out);
/* The value of Allow for a path, or for the whole server where path is NULL. NULL: no memory. */
const char *sk_router_allow(const sk_router *r, const sk_path *path, sk_arena *arena);

#endif
