/* server/html.c - text into HTML. */
#include "server/html.h"

#include "base/str.h"

static const char *reference_of(char c) {
    static const struct {
        char c;
        const char *reference;
    } table[] = {
        {'&', "&amp;"}, {'<', "&lt;"}, {'>', "&gt;"}, {'"', "&quot;"}, {'\'', "&#39;"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        if (table[i].c == c)
            return table[i].reference;
    }
    return NULL;
}

void sk_html_append_text(sk_buf *out, skua_str text) {
    size_t from = 0;
    for (size_t i = 0; i < text.len; i++) {
        const char *reference = reference_of(text.ptr[i]);
        if (!reference)
            continue;
        sk_buf_append(out, text.ptr + from, i - from);
        sk_buf_append_str(out, sk_str(reference));
        from = i + 1;
    }
    if (from < text.len)
        sk_buf_append(out, text.ptr + from, text.len - from);
}
