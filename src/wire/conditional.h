/* wire/conditional.h - preconditions of a request (RFC 9110 13). Pure: values in, verdict out.
 *
 * If-Range stands with ranges: see range.h. */
#ifndef SK_WIRE_CONDITIONAL_H
#define SK_WIRE_CONDITIONAL_H

#include <skua/types.h>
#include <stdbool.h>

/* An entity tag (RFC 9110 8.8.3). */
typedef struct sk_etag {
    skua_str opaque; /* with its quotes */
    bool weak;
} sk_etag;

/* Read one entity tag that is the whole text. */
bool sk_etag_parse(skua_str s, sk_etag *out);
/* Take the next entity tag off a comma-separated list; empty elements are passed over. False at the
 * end, and where the list is malformed: no more is taken from it then. */
bool sk_etag_next(skua_str *list, sk_etag *out);
/* RFC 9110 8.8.3.2: both strong and the same; the same, weak or not. */
bool sk_etag_strong_eq(const sk_etag *a, const sk_etag *b);
bool sk_etag_weak_eq(const sk_etag *a, const sk_etag *b);

/* The fields of a request, repeated ones joined with a comma. A NULL ptr is an absent field. */
typedef struct sk_conditions {
    skua_str if_match, if_none_match, if_modified_since, if_unmodified_since;
} sk_conditions;

/* What is known of the selected representation. All zero: there is none. */
typedef struct sk_validators {
    bool exists;
    bool has_modified;
    int64_t modified; /* Unix seconds, as Last-Modified says it */
    skua_str etag;    /* as ETag says it; a NULL ptr: none */
} sk_validators;

/* Judge the preconditions in the order of RFC 9110 13.2.2. `is_read`: the method is GET or HEAD.
 * `now` (Unix seconds) settles the century of a two-digit year. Returns 0 to go on, 304 or 412.
 *
 * To be called where the answer without preconditions would be 2xx (RFC 9110 13.2.1). */
int sk_conditional_evaluate(const sk_conditions *c, const sk_validators *v, bool is_read,
                            int64_t now);

#endif
