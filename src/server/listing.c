/* server/listing.c - a directory as an HTML page.
 *
 *     heading    /static/photos/2024/         each step a link, the last one the page itself
 *     table      Name, Size, Modified         a row for the parent, then one for each entry
 *     footer     2 directories, 14 files
 *
 * Names come from whoever may write into the directory: as text they are escaped, in links they are
 * percent-encoded, and no script runs on the page. Sorting by the reader's choice is not done. */
#include "server/listing.h"

#include "base/date.h"
#include "base/str.h"
#include "server/html.h"
#include "wire/percent.h"

#include <stdlib.h>

/* The hash in the policy is that of this text; a test holds the two together. */
#define STYLE                                                                                      \
    ":root{color-scheme:light dark;--line:#8884;--dim:#666;--link:#0b57d0}"                        \
    "@media(prefers-color-scheme:dark){:root{--dim:#aaa;--link:#8ab4f8}}"                          \
    "body{font:1rem/1.5 system-ui,sans-serif;max-width:56rem;margin:2rem auto;padding:0 1rem}"     \
    "h1{font-size:1.25rem;font-weight:600;overflow-wrap:anywhere}"                                 \
    "h1,footer{padding:0 .5rem}"                                                                   \
    "a{color:var(--link);text-decoration:none;unicode-bidi:isolate}"                               \
    "a:hover,a:focus{text-decoration:underline}"                                                   \
    "[aria-current]{color:inherit}"                                                                \
    "table{border-collapse:collapse;width:100%}"                                                   \
    "th{font-weight:400;text-align:left}"                                                          \
    "th,.n,footer{color:var(--dim);font-size:.875rem}"                                             \
    "th,td{border-bottom:1px solid var(--line);padding:.375rem .5rem}"                             \
    "td:first-child{overflow-wrap:anywhere;width:100%}"                                            \
    ".d a{font-weight:600}"                                                                        \
    ".n{font-variant-numeric:tabular-nums;text-align:right;white-space:nowrap}"                    \
    "tbody tr:hover{background:var(--line)}"                                                       \
    "@media(max-width:36rem){.t{display:none}}"

const char sk_listing_policy[] =
    "default-src 'none'; style-src 'sha256-wKePLHGBxtyzIM5yAj3kZd97a7N4T7z+dvYvSk8C9R8='; base-uri "
    "'none'; form-action 'none'";

/* ---- order ---- */

static int compare_names(const char *a, const char *b) {
    size_t i = 0;
    while (a[i] != '\0' && sk_lower(a[i]) == sk_lower(b[i]))
        i++;
    int order = (unsigned char)sk_lower(a[i]) - (unsigned char)sk_lower(b[i]);
    return order != 0 ? order : strcmp(a, b);
}

static int compare_entries(const void *left, const void *right) {
    const sk_dir_entry *a = left, *b = right;
    if (a->is_dir != b->is_dir)
        return a->is_dir ? -1 : 1;
    return compare_names(a->name, b->name);
}

void sk_listing_sort(sk_directory *d) {
    if (d->count > 0)
        qsort(d->entries, d->count, sizeof *d->entries, compare_entries);
}

/* ---- pieces ---- */

static void put(sk_buf *out, const char *text) {
    sk_buf_append_str(out, sk_str(text));
}

/* "17 B", "1.5 KiB" */
static void put_size(sk_buf *out, int64_t size) {
    static const char units[] = "KMGTPE";
    if (size < 1024) {
        sk_buf_printf(out, "%d B", size < 0 ? 0 : (int)size);
        return;
    }
    unsigned unit = 0;
    while (unit < sizeof units - 2 && size >> (10 * (unit + 2)) > 0)
        unit++;
    /* Cut, not rounded: 1023.99 KiB must not become 1024.0. */
    unsigned whole = (unsigned)(size >> (10 * (unit + 1)));
    unsigned tenth = (unsigned)(size >> (10 * unit) & 1023) * 10 / 1024;
    sk_buf_printf(out, "%u.%u %ciB", whole, tenth, units[unit]);
}

/* "06 Nov 1994 08:49": what stands in an HTTP date between the day's name and the seconds. */
static void put_time(sk_buf *out, int64_t unix_seconds) {
    char date[SK_DATE_LEN];
    sk_date_format(unix_seconds, date);
    sk_buf_append(out, date + 5, 17);
}

static void put_count(sk_buf *out, size_t n, const char *one, const char *many) {
    sk_buf_append_uint(out, n);
    put(out, n == 1 ? one : many);
}

/* Take the first segment off a path. */
static skua_str take_segment(skua_str *path) {
    const char *end = path->len > 0 ? memchr(path->ptr, '/', path->len) : NULL;
    skua_str segment = {path->ptr, end ? (size_t)(end - path->ptr) : path->len};
    size_t taken = segment.len + (end != NULL);
    path->ptr += taken;
    path->len -= taken;
    return segment;
}

static size_t count_segments(skua_str path) {
    size_t n = 0;
    for (; path.len > 0; n++)
        take_segment(&path);
    return n;
}

/* ---- the page ---- */

static void put_head(sk_buf *out, skua_str mount, skua_str path) {
    put(out, "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
             "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
             "<title>");
    sk_html_append_text(out, mount);
    sk_html_append_text(out, path);
    put(out, path.len > 0 ? "/</title>\n" : "</title>\n");
    put(out, "<style>" STYLE "</style>\n</head>\n<body>\n");
}

/* One step of the heading, `up` levels above the page. */
static void put_step(sk_buf *out, skua_str text, size_t up) {
    put(out, "<a href=\"");
    put(out, up == 0 ? "./\" aria-current=\"page" : "");
    for (size_t i = 0; i < up; i++)
        put(out, "../");
    put(out, "\">");
    sk_html_append_text(out, text);
    put(out, "</a>");
}

static void put_heading(sk_buf *out, skua_str mount, skua_str path) {
    size_t up = count_segments(path);
    put(out, "<h1><nav aria-label=\"Path\">");
    put_step(out, mount, up);
    while (up > 0) {
        put_step(out, take_segment(&path), --up);
        put(out, "/");
    }
    put(out, "</nav></h1>\n");
}

static void put_entry(sk_buf *out, const sk_dir_entry *e) {
    skua_str name = sk_str(e->name);
    const char *slash = e->is_dir ? "/" : "";
    put(out, e->is_dir ? "<tr class=\"d\"><td><a href=\"" : "<tr><td><a href=\"");
    sk_percent_append_segment(out, name);
    put(out, slash);
    put(out, "\">");
    sk_html_append_text(out, name);
    put(out, slash);
    put(out, "</a></td><td class=\"n\">");
    if (!e->is_dir)
        put_size(out, e->size);
    put(out, "</td><td class=\"n t\">");
    put_time(out, e->mtime);
    put(out, "</td></tr>\n");
}

static void put_table(sk_buf *out, const sk_directory *d, bool has_parent) {
    put(out,
        "<table>\n<thead><tr><th scope=\"col\">Name</th><th scope=\"col\" class=\"n\">Size</th>"
        "<th scope=\"col\" class=\"n t\">Modified (UTC)</th></tr></thead>\n<tbody>\n");
    if (has_parent)
        put(out, "<tr class=\"d\"><td><a href=\"../\">../</a></td><td></td>"
                 "<td class=\"t\"></td></tr>\n");
    for (size_t i = 0; i < d->count; i++)
        put_entry(out, &d->entries[i]);
    put(out, "</tbody>\n</table>\n");
}

static void put_footer(sk_buf *out, const sk_directory *d) {
    size_t dirs = 0;
    for (size_t i = 0; i < d->count; i++)
        dirs += d->entries[i].is_dir;
    put(out, "<footer><p>");
    put_count(out, dirs, " directory, ", " directories, ");
    put_count(out, d->count - dirs, " file", " files");
    put(out,
        d->cut ? ". There is more: not all of it is shown.</p></footer>\n" : "</p></footer>\n");
}

void sk_listing_append(sk_buf *out, const sk_directory *d, skua_str mount, skua_str path) {
    put_head(out, mount, path);
    put_heading(out, mount, path);
    put_table(out, d, path.len > 0);
    put_footer(out, d);
    put(out, "</body>\n</html>\n");
}
