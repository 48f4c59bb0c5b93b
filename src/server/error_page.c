/* server/error_page.c - the small HTML page that names an error. It has no style of its own: it is
 * told to be dark where its reader likes that, and legible on a telephone. */
#include "server/error_page.h"

#include "base/str.h"
#include "server/html.h"

#include <skua/status.h>

/* The paragraph that explains. Whatever a request brought into the text stays text. */
static void append_paragraph(sk_buf *out, const char *explain) {
    sk_buf_append_str(out, SK_LIT("<p>"));
    sk_html_append_text(out, sk_str(explain));
    sk_buf_append_str(out, SK_LIT("</p>\n"));
}

skua_str sk_error_page(sk_arena *arena, int status, const char *explain) {
    const char *reason = skua_status_reason(status);
    const char *page = NULL;
    sk_buf more = {0};
    if (explain && *explain)
        append_paragraph(&more, explain);
    if (!more.failed)
        page = sk_arena_printf(arena,
                               "<!DOCTYPE html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\">"
                               "<meta name=\"viewport\" content=\"width=device-width\">"
                               "<meta name=\"color-scheme\" content=\"light dark\">"
                               "<title>%d %s</title></head>\n<body>\n<h1>%d %s</h1>\n%.*s</body>\n"
                               "</html>\n",
                               status, reason, status, reason, (int)sk_buf_len(&more),
                               sk_buf_len(&more) > 0 ? sk_buf_head(&more) : "");
    sk_buf_free(&more);
    return sk_str(page);
}
