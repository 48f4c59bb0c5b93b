/* server/reply_cookie.c - cookies that a reply sets. */
#include "base/options.h"
#include "server/conn.h"
#include "server/reply_parts.h"
#include "wire/cookie.h"

static int send_cookie(skua_reply *a, const skua_cookie *c, bool secure) {
    sk_buf text = {.data = NULL};
    sk_cookie_append(&text, c, secure);
    sk_buf_append(&text, "", 1);
    int rc = text.failed ? sk_reply_latch(a, SKUA_E_NOMEM)
                         : skua_reply_send_header(a, "Set-Cookie", sk_buf_head(&text));
    sk_buf_free(&text);
    return rc;
}

int skua_reply_set_cookie(skua_reply *a, const skua_cookie *cookie) {
    skua_cookie c;
    if (!a)
        return SKUA_E_INVALID_ARGUMENT;
    if (a->error)
        return a->error;
    bool secure = false;
    int rc = cookie ? sk_options_copy(&c, sizeof c, cookie, NULL) : SKUA_E_INVALID_ARGUMENT;
    if (rc == 0) {
        secure = c.secure || skua_request_is_tls(&sk_exchange_of_reply(a)->request);
        rc = sk_cookie_fault(&c, secure) ? SKUA_E_INVALID_ARGUMENT : 0;
    }
    return rc == 0 ? send_cookie(a, &c, secure) : sk_reply_latch(a, rc);
}
