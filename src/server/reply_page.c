/* server/reply_page.c - replies whose page is made here: redirects and errors. */
#include "server/conn.h"
#include "server/error_page.h"
#include "server/reply_parts.h"

#include <skua/status.h>

static sk_arena *arena_of(skua_reply *a) {
    return &sk_exchange_of_reply(a)->arena;
}

/* The characters of a URI reference (RFC 3986 2), no more: neither the field nor whoever puts it
 * into a page can be led astray. */
static bool is_reference(const char *s) {
    static const char marks[] = "-._~:/?#[]@!$&'()*+,;=%";
    for (const char *p = s; *p; p++) {
        char c = *p;
        bool ok = sk_is_alpha(c) || sk_is_digit(c) || strchr(marks, c);
        if (!ok || (c == '%' && (sk_hex_value(p[1]) < 0 || sk_hex_value(p[2]) < 0)))
            return false;
    }
    return *s != '\0';
}

static bool is_redirect(int status) {
    return status == 300 || status == 301 || status == 302 || status == 303 || status == 307 ||
           status == 308;
}

/* Ask the program for a page of its own. Has it made one, or failed? */
static bool ask_program(skua_reply *a, int status, const char *explain, int *rc) {
    sk_exchange *x = sk_exchange_of_reply(a);
    const sk_callbacks *c = x->callbacks;
    if (!c || !c->error_page || a->paging || status < 400)
        return false;
    a->paging = true;
    *rc = c->error_page(&x->request, a, status, explain, c->user);
    a->paging = false;
    if (*rc >= 0)
        *rc = a->error;
    return *rc != 0 || a->state != SK_REPLY_FRESH;
}

int sk_reply_page(skua_reply *a, int status, const char *explain) {
    int rc;
    if (status < 200 || status > 599)
        return sk_reply_latch(a, SKUA_E_INVALID_ARGUMENT);
    if (ask_program(a, status, explain, &rc))
        return rc == 0 ? 0 : sk_reply_latch(a, rc);
    skua_str html = sk_error_page(arena_of(a), status, explain);
    if (!html.ptr)
        return sk_reply_latch(a, SKUA_E_NOMEM);
    return skua_reply_bytes(a, status, "text/html; charset=utf-8", html.ptr, html.len);
}

int skua_reply_redirect(skua_reply *a, int status, const char *location) {
    if (a->error)
        return a->error;
    if (!is_redirect(status) || !location || !is_reference(location))
        return sk_reply_latch(a, SKUA_E_INVALID_ARGUMENT);
    int rc = skua_reply_send_header(a, "Location", location);
    return rc == 0 ? sk_reply_page(a, status, NULL) : rc;
}

void sk_reply_drop_type(skua_reply *a) {
    uint32_t kept = 0;
    for (uint32_t i = 0; i < a->fields.count; i++) {
        if (sk_reply_given_by(a->fields.at[i].name) != SK_GIVEN_TYPE)
            a->fields.at[kept++] = a->fields.at[i];
    }
    a->fields.count = kept;
    a->given &= ~(unsigned)SK_GIVEN_TYPE;
}

int skua_reply_send_error(skua_reply *a, int status, const char *explain) {
    if (a->error)
        return a->error;
    if (a->state != SK_REPLY_FRESH)
        return sk_reply_latch(a, SKUA_E_STATE);
    /* The page has a type of its own, whatever was meant for the reply that did not come to be. */
    sk_reply_drop_type(a);
    if (sk_reply_is_bodiless(status))
        return sk_reply_whole(a, status, NULL, 0);
    return sk_reply_page(a, status, explain);
}
