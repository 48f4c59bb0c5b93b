/* server/listing_json.c - a directory as JSON (RFC 8259), in ASCII. */
#include "server/listing.h"

#include "base/json_text.h"
#include "base/str.h"
#include "wire/percent.h"

#include <inttypes.h>

static void put(sk_buf *out, const char *text) {
    sk_buf_append_str(out, sk_str(text));
}

/* ---- values ---- */

static bool is_markup(char c) {
    return c == '<' || c == '>' || c == '&';
}

/* Markup is escaped as well, for whoever puts the text into a page. */
static void put_text(sk_buf *out, skua_str s) {
    while (s.len > 0) {
        char character[SK_JSON_CHARACTER_MAX];
        size_t n = sk_json_take(&s, character);
        if (is_markup(character[0]))
            sk_buf_printf(out, "\\u%04x", (unsigned)character[0]);
        else
            sk_buf_append(out, character, n);
    }
}

/* ---- members ---- */

static void put_entry(sk_buf *out, const sk_dir_entry *e) {
    put(out, "{\"name\":\"");
    put_text(out, sk_str(e->name));
    put(out, e->is_dir ? "\",\"type\":\"directory\"" : "\",\"type\":\"file\"");
    if (!e->is_dir)
        sk_buf_printf(out, ",\"size\":%" PRId64, e->size);
    sk_buf_printf(out, ",\"mtime\":%" PRId64 ",\"href\":\"", e->mtime);
    sk_percent_append_segment(out, sk_str(e->name));
    put(out, e->is_dir ? "/\"}" : "\"}");
}

void sk_listing_append_json(sk_buf *out, const sk_listing *l) {
    const sk_directory *d = l->directory;
    put(out, "{\"path\":\"");
    put_text(out, l->mount);
    put_text(out, l->path);
    put(out, l->path.len > 0 ? "/\",\"entries\":[" : "\",\"entries\":[");
    for (size_t i = 0; i < d->count; i++) {
        put(out, i > 0 ? ",\n" : "\n");
        put_entry(out, &d->entries[i]);
    }
    put(out, d->cut ? "],\"truncated\":true}\n" : "],\"truncated\":false}\n");
}
