/* server/listing_order.c - in which order a directory is shown. */
#include "server/listing.h"

#include "base/str.h"

#include <stdlib.h>

static const skua_str names[SK_LISTING_KEYS] = {{"name", 4}, {"size", 4}, {"date", 4}};

const char *sk_listing_key_name(sk_listing_key key) {
    return names[key].ptr;
}

/* ---- the query ---- */

/* The value of a parameter; ptr NULL: it is not there. No value that is known here needs an
 * escape. */
static skua_str value_of(skua_str query, skua_str name) {
    while (query.len > 0) {
        const char *end = memchr(query.ptr, '&', query.len);
        skua_str pair = {query.ptr, end ? (size_t)(end - query.ptr) : query.len};
        size_t gone = pair.len + (end != NULL);
        query = (skua_str){query.ptr + gone, query.len - gone};
        if (pair.len > name.len && pair.ptr[name.len] == '=' &&
            sk_str_eq((skua_str){pair.ptr, name.len}, name))
            return (skua_str){pair.ptr + name.len + 1, pair.len - name.len - 1};
    }
    return (skua_str){NULL, 0};
}

sk_listing_order sk_listing_order_of(skua_str query) {
    skua_str key = value_of(query, SK_LIT("sort")), way = value_of(query, SK_LIT("order"));
    sk_listing_order order = {.key = SK_LISTING_NAME};
    for (int i = 0; i < SK_LISTING_KEYS; i++) {
        if (sk_str_eq(key, names[i]))
            order.key = (sk_listing_key)i;
    }
    order.down = order.key != SK_LISTING_NAME;
    if (sk_str_eq(way, SK_LIT("asc")) || sk_str_eq(way, SK_LIT("desc")))
        order.down = way.len == 4;
    return order;
}

/* ---- comparing ---- */

static int compare_names(const char *a, const char *b) {
    size_t i = 0;
    while (a[i] != '\0' && sk_lower(a[i]) == sk_lower(b[i]))
        i++;
    int order = (unsigned char)sk_lower(a[i]) - (unsigned char)sk_lower(b[i]);
    return order != 0 ? order : strcmp(a, b);
}

static int compare_numbers(int64_t a, int64_t b) {
    return (a > b) - (a < b);
}

/* The size of a directory says nothing. */
static int compare_by(sk_listing_key key, const sk_dir_entry *a, const sk_dir_entry *b) {
    if (key == SK_LISTING_DATE)
        return compare_numbers(a->mtime, b->mtime);
    if (key == SK_LISTING_SIZE && !a->is_dir)
        return compare_numbers(a->size, b->size);
    return key == SK_LISTING_NAME ? compare_names(a->name, b->name) : 0;
}

static int compare(const void *left, const void *right, sk_listing_order o) {
    const sk_dir_entry *a = left, *b = right;
    if (a->is_dir != b->is_dir)
        return a->is_dir ? -1 : 1;
    int order = compare_by(o.key, a, b);
    if (order != 0)
        return o.down ? -order : order;
    return compare_names(a->name, b->name);
}

/* qsort hands nothing on. */
#define COMPARE(function, key, down)                                                               \
    static int function(const void *a, const void *b) {                                            \
        return compare(a, b, (sk_listing_order){key, down});                                       \
    }
COMPARE(by_name, SK_LISTING_NAME, false)
COMPARE(by_name_down, SK_LISTING_NAME, true)
COMPARE(by_size, SK_LISTING_SIZE, false)
COMPARE(by_size_down, SK_LISTING_SIZE, true)
COMPARE(by_date, SK_LISTING_DATE, false)
COMPARE(by_date_down, SK_LISTING_DATE, true)
#undef COMPARE

void sk_listing_sort(sk_directory *d, sk_listing_order order) {
    static int (*const functions[SK_LISTING_KEYS][2])(const void *, const void *) = {
        {by_name, by_name_down}, {by_size, by_size_down}, {by_date, by_date_down}};
    if (d->count > 0)
        qsort(d->entries, d->count, sizeof *d->entries, functions[order.key][order.down]);
}
