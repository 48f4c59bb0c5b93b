/* server/path.h - the path of a request target, in the form that routes are matched against.
 *
 * The raw path is split at "/" first, and each segment is then decoded on its own. So "%2F" is a
 * byte within a segment and never makes a new one: "/a%2Fb" is one segment, "a/b", and does not
 * match the route "/a/b". "%2e%2e" is the same as ".." (RFC 3986 2.3: an encoded unreserved
 * character is equivalent), and dot segments are removed after decoding, so that no spelling of
 * them survives. A path that climbs above its root is refused rather than clipped. */
#ifndef SK_SERVER_PATH_H
#define SK_SERVER_PATH_H

#include "base/arena.h"

#include <stdbool.h>
#include <stdint.h>

/* A segment's place in the decoded text. The "/" before it is not part of it. */
typedef struct sk_segment {
    uint32_t at;
    uint32_t len;
    bool slash; /* it holds a decoded "/" */
} sk_segment;

typedef struct sk_path {
    const char *text; /* decoded, terminated; begins with "/", or is "*" */
    uint32_t len;
    uint32_t count; /* of segments; "/" has one, an empty one; "*" has none */
    sk_segment *segments;
} sk_path;

/* Split a target (origin or absolute form, or "*") into path and query and decode the path.
 * 0, SKUA_E_BAD_TARGET or SKUA_E_NOMEM. */
int sk_path_parse(skua_str target, sk_arena *arena, sk_path *out, skua_str *query);

static inline skua_str sk_path_segment(const sk_path *p, uint32_t i) {
    return (skua_str){p->text + p->segments[i].at, p->segments[i].len};
}

#endif
