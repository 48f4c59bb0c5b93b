/* wire/range.h - parts of a representation that a request asks for (RFC 9110 14). Pure. */
#ifndef SK_WIRE_RANGE_H
#define SK_WIRE_RANGE_H

#include "wire/conditional.h"

/* A request for more is answered whole: each part costs the sender more than it costs to ask. */
#define SK_RANGES_MAX 16

/* Bytes of a representation: at least one, and within its size. */
typedef struct sk_range {
    int64_t first;
    int64_t len;
} sk_range;

typedef struct sk_ranges {
    sk_range at[SK_RANGES_MAX]; /* in the order of the request */
    int count;
} sk_ranges;

typedef enum sk_range_verdict {
    SK_RANGE_WHOLE,        /* the field does not count: send everything */
    SK_RANGE_PARTS,        /* 206 */
    SK_RANGE_UNSATISFIABLE /* 416: nothing that was asked for is there */
} sk_range_verdict;

/* Judge the value of Range (ptr NULL: there is none) against a size. *out is set for
 * SK_RANGE_PARTS: those that can be satisfied. Answered whole is what is malformed, in another unit
 * than bytes, what overlaps, and what names more than SK_RANGES_MAX ranges. */
sk_range_verdict sk_range_judge(skua_str field, int64_t size, sk_ranges *out);

/* Does If-Range (ptr NULL: there is none) let Range count (RFC 9110 13.1.5)? `now` (Unix seconds)
 * is the time of the message. */
bool sk_range_applies(skua_str if_range, const sk_validators *v, int64_t now);

#endif
