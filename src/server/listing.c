/* server/listing.c - a directory as an HTML page.
 *
 *     heading    /static/photos/2024/         each step a link, the last one the page itself
 *     form       Upload files                 where the route takes them
 *     table      Name, Size, Modified         links that sort; a row for the parent, then the
 *                                             entries
 *     footer     2 directories, 14 files
 *
 * Names come from whoever may write into the directory: as text they are escaped, in links they are
 * percent-encoded, and no script runs on the page: it is sorted anew by asking for it again. */
#include "server/listing.h"

#include "base/date.h"
#include "base/str.h"
#include "server/html.h"
#include "wire/percent.h"

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
    "th{font-weight:400;text-align:left;white-space:nowrap}"                                       \
    "th a{color:inherit}"                                                                          \
    "[aria-sort] a{font-weight:600}"                                                               \
    "[aria-sort=ascending] a::after{content:' \\2191'}"                                            \
    "[aria-sort=descending] a::after{content:' \\2193'}"                                           \
    "th,.n,footer{color:var(--dim);font-size:.875rem}"                                             \
    "th,td{border-bottom:1px solid var(--line);padding:.375rem .5rem}"                             \
    "td:first-child{overflow-wrap:anywhere;width:100%}"                                            \
    ".d a{font-weight:600}"                                                                        \
    ".n{font-variant-numeric:tabular-nums;text-align:right;white-space:nowrap}"                    \
    "tbody tr:hover{background:var(--line)}"                                                       \
    "form,label{display:flex;flex-wrap:wrap;align-items:center;gap:.5rem}"                         \
    "form{border:1px solid var(--line);border-radius:.5rem;font-size:.875rem;"                     \
    "justify-content:space-between;margin-bottom:.75rem;padding:.5rem}"                            \
    "input{max-width:100%}"                                                                        \
    "input,button,::file-selector-button{font:inherit}"                                            \
    "button,::file-selector-button{padding:.25rem .75rem}"                                         \
    "@media(max-width:36rem){.t{display:none}}"

#define POLICY                                                                                     \
    "default-src 'none'; style-src 'sha256-2fqfQ8SJbfdufRKUZGFD6R5JSaefies3uor4eDDdrBA='; "        \
    "base-uri 'none'; form-action "

/* A page that is a form lies in nobody's frame, where it could be taken for another. */
const char *sk_listing_policy(bool form) {
    return form ? POLICY "'self'; frame-ancestors 'none'" : POLICY "'none'";
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

/* A head is a link that sorts by its column; the one that is sorted by turns the order round. */
static void put_column(sk_buf *out, sk_listing_key key, sk_listing_order now) {
    static const struct {
        const char *title, *classes;
        bool down; /* what it begins with: as sk_listing_order_of has it */
    } columns[SK_LISTING_KEYS] = {
        [SK_LISTING_NAME] = {"Name", "", false},
        [SK_LISTING_SIZE] = {"Size", " class=\"n\"", true},
        [SK_LISTING_DATE] = {"Modified (UTC)", " class=\"n t\"", true},
    };
    const char *sorted = now.down ? " aria-sort=\"descending\"" : " aria-sort=\"ascending\"";
    bool down = now.key == key ? !now.down : columns[key].down;
    sk_buf_printf(out, "<th scope=\"col\"%s%s><a href=\"?sort=%s&amp;order=%s\">%s</a></th>",
                  columns[key].classes, now.key == key ? sorted : "", sk_listing_key_name(key),
                  down ? "desc" : "asc", columns[key].title);
}

static void put_table(sk_buf *out, const sk_listing *l) {
    put(out, "<table>\n<thead><tr>");
    for (int key = 0; key < SK_LISTING_KEYS; key++)
        put_column(out, (sk_listing_key)key, l->order);
    put(out, "</tr></thead>\n<tbody>\n");
    if (l->path.len > 0)
        put(out, "<tr class=\"d\"><td><a href=\"../\">../</a></td><td></td>"
                 "<td class=\"t\"></td></tr>\n");
    for (size_t i = 0; i < l->directory->count; i++)
        put_entry(out, &l->directory->entries[i]);
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

/* Without an action it goes to the page's own URL. */
static void put_form(sk_buf *out) {
    put(out, "<form method=\"post\" enctype=\"multipart/form-data\">\n"
             "<label>Add files <input type=\"file\" name=\"file\" multiple required></label>\n"
             "<button>Upload</button>\n</form>\n");
}

void sk_listing_append_html(sk_buf *out, const sk_listing *l) {
    put_head(out, l->mount, l->path);
    put_heading(out, l->mount, l->path);
    if (l->form)
        put_form(out);
    put_table(out, l);
    put_footer(out, l->directory);
    put(out, "</body>\n</html>\n");
}
