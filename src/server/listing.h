/* server/listing.h - a directory as an HTML page, and as JSON. Pure: the entries come in. */
#ifndef SK_SERVER_LISTING_H
#define SK_SERVER_LISTING_H

#include "base/buf.h"
#include "sys/directory.h"

/* The value of Content-Security-Policy that goes with the page: it may load nothing and run
 * nothing, and the one style sheet it has is named by its hash. Only where it has a form may it
 * send one, to where it came from. */
const char *sk_listing_policy(bool form);

typedef enum sk_listing_key {
    SK_LISTING_NAME,
    SK_LISTING_SIZE,
    SK_LISTING_DATE,
    SK_LISTING_KEYS
} sk_listing_key;

typedef struct sk_listing_order {
    sk_listing_key key;
    bool down;
} sk_listing_order;

/* What a listing shows, and of what: `mount` is the path of the route, decoded ("/static/"); `path`
 * is what follows it, without a "/" at either end. */
typedef struct sk_listing {
    const sk_directory *directory;
    skua_str mount;
    skua_str path;
    sk_listing_order order;
    bool form; /* the page has one that posts files to its own URL */
} sk_listing;

/* ---- listing_order.c ---- */

/* The name of a key in a query. */
const char *sk_listing_key_name(sk_listing_key key);
/* "sort=size&order=desc": what a query asks for; by name where it asks for nothing that is known.
 * Sizes and dates begin with the largest and the latest, unless it says otherwise. */
sk_listing_order sk_listing_order_of(skua_str query);
/* Directories first, each group in order; what is alike in it, by name. */
void sk_listing_sort(sk_directory *d, sk_listing_order order);

/* ---- listing.c ---- */

/* Append the page. All links are relative, so the page works behind a proxy that changes the
 * path. */
void sk_listing_append_html(sk_buf *out, const sk_listing *l);

/* ---- listing_json.c ---- */

/* Append an object (RFC 8259): "path"; "entries", each with "name", "type" ("directory" or "file"),
 * "size" (of a file, in bytes), "mtime" (Unix seconds), "href" (relative); "truncated". Bytes of a
 * name that are no UTF-8 stand there as U+FFFD: the href has them all. */
void sk_listing_append_json(sk_buf *out, const sk_listing *l);

#endif
