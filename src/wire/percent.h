/* wire/percent.h - percent-encoding (RFC 3986 2.1). Decoding is sk_url_decode. */
#ifndef SK_WIRE_PERCENT_H
#define SK_WIRE_PERCENT_H

#include "base/buf.h"

/* Append one decoded segment of a path. All but unreserved characters is encoded, so that the
 * result is safe in a URI, in a field value and in an HTML attribute alike. */
void sk_percent_append_segment(sk_buf *out, skua_str segment);
/* Append a query as it was received: what a query may hold stays, escapes included, and any other
 * byte is encoded (RFC 3986 3.4). */
void sk_percent_append_query(sk_buf *out, skua_str query);

#endif
