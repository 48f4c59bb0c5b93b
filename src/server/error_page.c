/* server/error_page.c - the small HTML page that names an error. */
#include "server/error_page.h"

#include "base/str.h"
#include <skua/status.h>

static const char *escape_of(char c) {
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    default:
        return NULL;
    }
}

/* Whatever a request brought into the text must stay text. NULL: no memory. */
static const char *escaped(sk_arena *arena, const char *text) {
    size_t len = 0;
    for (const char *p = text; *p; p++)
        len += escape_of(*p) ? strlen(escape_of(*p)) : 1;
    char *out = sk_arena_alloc(arena, len + 1);
    if (!out)
        return NULL;
    char *to = out;
    for (const char *p = text; *p; p++) {
        const char *escape = escape_of(*p);
        size_t n = escape ? strlen(escape) : 1;
        memcpy(to, escape ? escape : p, n);
        to += n;
    }
    *to = '\0';
    return out;
}

skua_str sk_error_page(sk_arena *arena, int status, const char *explain) {
    const char *reason = skua_status_reason(status);
    const char *more = explain ? escaped(arena, explain) : "";
    if (!more)
        return (skua_str){NULL, 0};
    const char *page = sk_arena_printf(
        arena,
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\">"
        "<title>%d %s</title></head>\n<body>\n<h1>%d %s</h1>\n%s%s%s</body>\n"
        "</html>\n",
        status, reason, status, reason, *more ? "<p>" : "", more, *more ? "</p>\n" : "");
    return sk_str(page);
}
