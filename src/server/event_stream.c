/* server/event_stream.c - server-sent events (WHATWG HTML 9.2): text in lines, and a comment now
 * and then where there is none. */
#include "base/fail.h"
#include "base/options.h"
#include "server/deferral.h"
#include "server/reply_parts.h"

#include <inttypes.h>

#define HEARTBEAT_MS 15000

bool sk_deferral_is_event_stream(sk_deferral *d) {
    sk_mutex_lock(&d->lock);
    bool is = d->heartbeat_ms != 0;
    sk_mutex_unlock(&d->lock);
    return is;
}

int64_t sk_deferral_heartbeat_ms(sk_deferral *d) {
    sk_mutex_lock(&d->lock);
    int64_t ms = d->heartbeat_ms > 0 ? d->heartbeat_ms : -1;
    sk_mutex_unlock(&d->lock);
    return ms;
}

int skua_reply_events(skua_reply *a, int64_t heartbeat_ms) {
    if (!a || heartbeat_ms < SKUA_FOREVER)
        return SKUA_E_INVALID_ARGUMENT;
    skua_reply_send_header(a, "Content-Type", "text/event-stream");
    skua_reply_send_header(a, "Cache-Control", "no-store");
    skua_reply_send_response(a, 200);
    int rc = skua_reply_end_headers(a);
    if (rc == 0)
        rc = skua_reply_defer(a);
    if (rc != 0)
        return rc;
    sk_deferral *d = sk_exchange_of_reply(a)->deferral;
    sk_mutex_lock(&d->lock);
    d->heartbeat_ms = heartbeat_ms ? heartbeat_ms : HEARTBEAT_MS;
    sk_deferral_post(d);
    sk_mutex_unlock(&d->lock);
    return 0;
}

static bool is_one_line(const char *text) {
    return !text || !text[strcspn(text, "\r\n")];
}

static void put_line(sk_buf *out, const char *name, skua_str value) {
    sk_buf_printf(out, "%s: ", name);
    sk_buf_append_str(out, value);
    sk_buf_append(out, "\n", 1);
}

/* CR, LF and CRLF end a line alike. */
static void put_data(sk_buf *out, const char *data) {
    for (;;) {
        size_t len = strcspn(data, "\r\n");
        put_line(out, "data", (skua_str){data, len});
        data += len;
        if (!*data)
            return;
        data += data[0] == '\r' && data[1] == '\n' ? 2 : 1;
    }
}

static void put_event(sk_buf *out, const skua_event *e) {
    if (e->name)
        put_line(out, "event", sk_str(e->name));
    if (e->id)
        put_line(out, "id", sk_str(e->id));
    if (e->retry_ms > 0)
        sk_buf_printf(out, "retry: %" PRId64 "\n", e->retry_ms);
    if (e->data)
        put_data(out, e->data);
    sk_buf_append(out, "\n", 1);
}

int skua_reply_event(skua_reply *a, const skua_event *event) {
    skua_event e;
    if (!a || !event || sk_options_copy(&e, sizeof e, event, NULL) != 0)
        return SKUA_E_INVALID_ARGUMENT;
    bool empty = !e.name && !e.id && !e.data && e.retry_ms <= 0;
    if (empty || !is_one_line(e.name) || !is_one_line(e.id))
        return SKUA_E_INVALID_ARGUMENT;
    sk_buf out = {0};
    put_event(&out, &e);
    int rc = out.failed ? sk_reply_latch(a, SKUA_E_NOMEM)
                        : skua_reply_write(a, sk_buf_head(&out), sk_buf_len(&out));
    sk_buf_free(&out);
    return rc;
}
