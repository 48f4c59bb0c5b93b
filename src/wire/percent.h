/* wire/percent.h - percent-encoding (RFC 3986 2.1): the one place that writes escapes. Paths that
 * are to be strictly decoded go through sk_url_decode. */
#ifndef SK_WIRE_PERCENT_H
#define SK_WIRE_PERCENT_H

#include "base/buf.h"

/* RFC 3986 2.3: letters, digits and "-._~". An escape for one means the same. */
bool sk_percent_is_unreserved(char c);

/* What stays as it is beside unreserved characters, which always do. */
typedef struct sk_percent_kept {
    const char *marks; /* these, as far as they are ASCII */
    bool escapes;      /* what is an escape already */
    bool plus;         /* and a space, as '+' */
} sk_percent_kept;

/* Encode s into out, as much as goes into cap bytes. Returns the length of all of it. */
size_t sk_percent_encode(skua_str s, const sk_percent_kept *kept, char *out, size_t cap);
void sk_percent_append(sk_buf *out, skua_str s, const sk_percent_kept *kept);

/* Append one decoded segment of a path. All but unreserved characters is encoded, so that the
 * result is safe in a URI, in a field value and in an HTML attribute alike. */
void sk_percent_append_segment(sk_buf *out, skua_str segment);
/* Append a query as it was received: what a query may hold stays, escapes included, and any other
 * byte is encoded (RFC 3986 3.4). */
void sk_percent_append_query(sk_buf *out, skua_str query);

/* Decode as much as goes into cap bytes; a '%' that begins no escape stays, and '+' is a space
 * where asked. Returns the length of all of it, which is never above s.len. Any byte may come out;
 * out may be s.ptr. */
size_t sk_percent_decode(skua_str s, bool plus_is_space, char *out, size_t cap);

#endif
