/* server/listing_json.c - a directory as JSON (RFC 8259), in ASCII. */
#include "server/listing.h"

#include "base/str.h"
#include "base/utf8.h"
#include "wire/percent.h"

#include <inttypes.h>

static void put(sk_buf *out, const char *text) {
    sk_buf_append_str(out, sk_str(text));
}

/* ---- values ---- */

/* RFC 8259 7: what lies past U+FFFF is a pair of surrogates. */
static void put_escaped(sk_buf *out, uint32_t c) {
    if (c < 0x10000)
        sk_buf_printf(out, "\\u%04" PRIx32, c);
    else
        sk_buf_printf(out, "\\u%04" PRIx32 "\\u%04" PRIx32, 0xd800 + ((c - 0x10000) >> 10),
                      0xdc00 + (c & 0x3ff));
}

/* "<" and "&" are escaped as well, for whoever puts the text into a page. */
static bool is_plain(uint32_t c) {
    return c >= 0x20 && c < 0x7f && c != '"' && c != '\\' && c != '<' && c != '>' && c != '&';
}

static void put_text(sk_buf *out, skua_str s) {
    while (s.len > 0) {
        uint32_t c = 0xfffd; /* what stands where the bytes are no UTF-8 */
        size_t n = sk_utf8_decode(s, &c);
        n = n > 0 ? n : 1;
        if (is_plain(c))
            sk_buf_append(out, s.ptr, 1);
        else
            put_escaped(out, c);
        s = (skua_str){s.ptr + n, s.len - n};
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
