/* server/route_pattern.h - the pattern of a route, taken apart. */
#ifndef SK_SERVER_ROUTE_PATTERN_H
#define SK_SERVER_ROUTE_PATTERN_H

#include "server/router.h"

/* A pattern taken apart: views into it. */
typedef struct sk_route_pattern {
    skua_str method;
    skua_str segment[SK_ROUTE_SEGMENTS_MAX]; /* literals; ptr NULL for a parameter */
    uint32_t count;
    skua_str name[SK_ROUTE_SEGMENTS_MAX];
    uint32_t name_count;
    bool rest;
    bool named_rest;
} sk_route_pattern;

/* NULL, or what is wrong with it; static. */
const char *sk_route_pattern_parse(sk_route_pattern *p, const char *text);

#endif
