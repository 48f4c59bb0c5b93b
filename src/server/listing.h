/* server/listing.h - a directory as an HTML page. Pure: the entries come in. */
#ifndef SK_SERVER_LISTING_H
#define SK_SERVER_LISTING_H

#include "base/buf.h"
#include "sys/directory.h"

/* The value of Content-Security-Policy that goes with the page: it may load nothing and run
 * nothing, and the one style sheet it has is named by its hash. */
extern const char sk_listing_policy[];

/* Directories first, each group by name, upper and lower case alike. */
void sk_listing_sort(sk_directory *d);

/* Append the page. `mount` is the path of the route, decoded ("/static/"); `path` is what follows
 * it, without a "/" at either end. All links are relative, so the page works behind a proxy that
 * changes the path. */
void sk_listing_append(sk_buf *out, const sk_directory *d, skua_str mount, skua_str path);

#endif
