/* server/reply.c - the reply as a handler writes it.
 *
 *     FRESH --send_response--> NAMED --end_headers--> OPEN --(handler returns)--> DONE
 *       ^                        |
 *       +---- interim (1xx) -----+            one-call replies go from FRESH to DONE's edge
 *
 * Fields wait in a list until the head is complete; the wire machine then writes it into the
 * connection's output, where the body follows. Nothing is sent from here unless much is queued. */
#include "server/reply.h"

#include "base/fail.h"
#include "server/conn.h"
#include "server/error_page.h"
#include "server/reply_way.h"
#include "sys/file.h"

#include <skua/status.h>
#include <stdarg.h>

#define SLICE (64u << 10) /* of a large body, appended and sent before the next */

static sk_session *session_of(skua_reply *a) {
    return &sk_exchange_of_reply(a)->conn->session;
}

static sk_arena *arena_of(skua_reply *a) {
    return &sk_exchange_of_reply(a)->arena;
}

static int latch(skua_reply *a, int code) {
    if (a->error == 0)
        a->error = code;
    return a->error;
}

void sk_reply_init(skua_reply *a) {
    *a = (skua_reply){.file = -1};
}

void sk_reply_release(skua_reply *a) {
    sk_file_close(a->file);
    a->file = -1;
}

/* ---- fields ---- */

static int add_field(skua_reply *a, sk_field_list *list, const char *name, const char *value) {
    if (list->count + 1 >= list->cap) { /* the end is marked */
        uint32_t cap = list->cap > 0 ? list->cap * 2 : 8;
        skua_field *at = sk_arena_alloc(arena_of(a), cap * sizeof *at);
        if (!at)
            return SKUA_E_NOMEM;
        if (list->count > 0)
            memcpy(at, list->at, list->count * sizeof *at);
        list->at = at;
        list->cap = cap;
    }
    skua_field field = {.name = sk_arena_strndup(arena_of(a), name, strlen(name)),
                        .value = sk_arena_strndup(arena_of(a), value, strlen(value))};
    if (!field.name || !field.value)
        return SKUA_E_NOMEM;
    list->at[list->count++] = field;
    list->at[list->count] = (skua_field){0};
    return 0;
}

static bool is_field(const char *name, const char *value) {
    return name && value && sk_str_is_token(sk_str(name)) && sk_str_is_field_value(sk_str(value));
}

static unsigned given_by(const char *name) {
    static const struct {
        skua_str name;
        unsigned given;
    } known[] = {
        {{"Date", 4}, SK_GIVEN_DATE},
        {{"Server", 6}, SK_GIVEN_SERVER},
        {{"Content-Type", 12}, SK_GIVEN_TYPE},
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (sk_str_ieq(known[i].name, sk_str(name)))
            return known[i].given;
    }
    return 0;
}

int skua_reply_send_header(skua_reply *a, const char *name, const char *value) {
    if (a->error)
        return a->error;
    if (a->state > SK_REPLY_NAMED)
        return latch(a, SKUA_E_STATE);
    if (!is_field(name, value))
        return latch(a, SKUA_E_INVALID_ARGUMENT);
    int rc = add_field(a, &a->fields, name, value);
    if (rc != 0)
        return latch(a, rc);
    if (!a->interim)
        a->given |= given_by(name);
    return 0;
}

int skua_reply_send_trailer(skua_reply *a, const char *name, const char *value) {
    if (a->error)
        return a->error;
    if (a->state != SK_REPLY_OPEN)
        return latch(a, SKUA_E_STATE);
    if (!is_field(name, value) || !sk_h1_may_trail(sk_str(name)))
        return latch(a, SKUA_E_INVALID_ARGUMENT);
    if (sk_exchange_of_reply(a)->request.head.version == 10)
        return 0;
    if (a->framing != SK_BODY_CHUNKED)
        return latch(a, SKUA_E_STATE);
    int rc = add_field(a, &a->trailers, name, value);
    return rc == 0 ? 0 : latch(a, rc);
}

/* ---- heads ---- */

/* In a one-call reply the body at hand decides the framing. */
static bool is_left_out(const skua_reply *a, const skua_field *f) {
    if (!a->whole)
        return false;
    skua_str name = sk_str(f->name);
    return sk_str_ieq(name, SK_LIT("Content-Length")) ||
           sk_str_ieq(name, SK_LIT("Transfer-Encoding"));
}

static void put_own_fields(skua_reply *a, sk_reply_way *w) {
    sk_h1 *m = &w->conn->session.h1;
    skua_str server = w->conn->worker->settings->server_header;
    char date[SK_DATE_LEN];
    if (!(a->given & SK_GIVEN_DATE)) /* RFC 9110 6.6.1 */
        sk_h1_field(m, w->out, SK_LIT("Date"), sk_reply_way_date(w, date));
    if (server.len > 0 && !(a->given & SK_GIVEN_SERVER))
        sk_h1_field(m, w->out, SK_LIT("Server"), server);
}

static int put_head(skua_reply *a, sk_body body, int64_t length) {
    sk_reply_way w;
    int rc = sk_reply_way_begin(&w, a);
    if (rc != 0)
        return rc;
    sk_h1 *m = &w.conn->session.h1;
    if (a->close)
        sk_h1_set_close(m);
    sk_h1_start_response(m, w.out, a->status, sk_str(skua_status_reason(a->status)));
    if (!a->interim)
        put_own_fields(a, &w);
    for (uint32_t i = a->skipped; i < a->fields.count; i++) {
        const skua_field *f = &a->fields.at[i];
        if (!is_left_out(a, f))
            sk_h1_field(m, w.out, sk_str(f->name), sk_str(f->value));
    }
    rc = sk_h1_finish_head(m, w.out, body, length);
    a->framing = m->send_body;
    sk_reply_way_end(&w);
    return rc;
}

int skua_reply_send_response(skua_reply *a, int status) {
    if (a->error)
        return a->error;
    if (a->state != SK_REPLY_FRESH)
        return latch(a, SKUA_E_STATE);
    if (status < 100 || status > 599)
        return latch(a, SKUA_E_INVALID_ARGUMENT);
    if (status == SKUA_STATUS_SWITCHING_PROTOCOLS)
        return latch(a, SKUA_E_UNSUPPORTED);
    a->state = SK_REPLY_NAMED;
    a->status = status;
    a->interim = status < 200;
    a->skipped = a->interim ? a->fields.count : 0;
    return 0;
}

static int end_interim(skua_reply *a) {
    int rc = put_head(a, SK_BODY_NONE, 0);
    a->fields.count = a->skipped;
    a->skipped = 0;
    a->interim = false;
    a->state = SK_REPLY_FRESH;
    return rc == 0 ? 0 : latch(a, rc);
}

static int open_body(skua_reply *a, sk_body body, int64_t length) {
    int rc = put_head(a, body, length);
    if (rc != 0)
        return latch(a, rc);
    a->state = SK_REPLY_OPEN;
    return 0;
}

int skua_reply_end_headers(skua_reply *a) {
    if (a->error)
        return a->error;
    if (a->state != SK_REPLY_NAMED)
        return latch(a, SKUA_E_STATE);
    return a->interim ? end_interim(a) : open_body(a, SK_BODY_CHUNKED, 0);
}

int skua_reply_close_connection(skua_reply *a) {
    if (a->error)
        return a->error;
    if (a->state > SK_REPLY_NAMED)
        return latch(a, SKUA_E_STATE);
    a->close = true;
    return 0;
}

/* ---- bodies ---- */

/* RFC 9110 15.3.5, 15.3.6, 15.4.5 */
static bool is_bodiless(int status) {
    return status == SKUA_STATUS_NO_CONTENT || status == SKUA_STATUS_RESET_CONTENT ||
           status == SKUA_STATUS_NOT_MODIFIED;
}

/* Does the body go out? To HEAD, and with some statuses, the wire machine drops it. */
static bool is_sent(skua_reply *a) {
    const sk_head *head = &sk_exchange_of_reply(a)->request.head;
    return !sk_str_eq(head->method, SK_LIT("HEAD")) && !is_bodiless(a->status);
}

int skua_reply_write(skua_reply *a, const void *data, size_t len) {
    if (a->error)
        return a->error;
    if (a->state != SK_REPLY_OPEN || a->file >= 0)
        return latch(a, SKUA_E_STATE);
    const char *from = data;
    while (len > 0) {
        size_t n = len < SLICE ? len : SLICE;
        int rc = sk_reply_way_data(a, from, n, from == data);
        if (rc == SKUA_E_AGAIN)
            return rc;
        if (rc != 0)
            return latch(a, rc);
        from += n;
        len -= n;
        a->body_bytes += is_sent(a) ? (int64_t)n : 0;
    }
    return 0;
}

static int whole(skua_reply *a, int status, const void *data, size_t len) {
    if (a->error)
        return a->error;
    if (a->state != SK_REPLY_FRESH)
        return latch(a, SKUA_E_STATE);
    if (status < 200 || status > 599)
        return latch(a, SKUA_E_INVALID_ARGUMENT);
    a->status = status;
    a->whole = true;
    int rc = open_body(a, SK_BODY_LENGTH, (int64_t)len);
    return rc == 0 ? skua_reply_write(a, data, len) : rc;
}

int skua_reply_bytes(skua_reply *a, int status, const char *type, const void *data, size_t len) {
    if (a->error)
        return a->error;
    if (type && !(a->given & SK_GIVEN_TYPE) && a->state == SK_REPLY_FRESH) {
        int rc = skua_reply_send_header(a, "Content-Type", type);
        if (rc != 0)
            return rc;
    }
    return whole(a, status, data, len);
}

int skua_reply_text(skua_reply *a, int status, const char *fmt, ...) {
    if (a->error)
        return a->error;
    va_list ap;
    va_start(ap, fmt);
    const char *text = sk_arena_vprintf(arena_of(a), fmt, ap);
    va_end(ap);
    if (!text)
        return latch(a, SKUA_E_NOMEM);
    return skua_reply_bytes(a, status, "text/plain; charset=utf-8", text, strlen(text));
}

/* ---- redirects and errors ---- */

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

static int page(skua_reply *a, int status, const char *explain) {
    if (status < 200 || status > 599)
        return latch(a, SKUA_E_INVALID_ARGUMENT);
    skua_str html = sk_error_page(arena_of(a), status, explain);
    if (!html.ptr)
        return latch(a, SKUA_E_NOMEM);
    return skua_reply_bytes(a, status, "text/html; charset=utf-8", html.ptr, html.len);
}

int skua_reply_redirect(skua_reply *a, int status, const char *location) {
    if (a->error)
        return a->error;
    if (!is_redirect(status) || !location || !is_reference(location))
        return latch(a, SKUA_E_INVALID_ARGUMENT);
    int rc = skua_reply_send_header(a, "Location", location);
    return rc == 0 ? page(a, status, NULL) : rc;
}

/* The page has a type of its own, whatever was meant for the reply that did not come to be. */
static void drop_type(skua_reply *a) {
    uint32_t kept = 0;
    for (uint32_t i = 0; i < a->fields.count; i++) {
        if (given_by(a->fields.at[i].name) != SK_GIVEN_TYPE)
            a->fields.at[kept++] = a->fields.at[i];
    }
    a->fields.count = kept;
    a->given &= ~(unsigned)SK_GIVEN_TYPE;
}

int skua_reply_send_error(skua_reply *a, int status, const char *explain) {
    if (a->error)
        return a->error;
    if (a->state != SK_REPLY_FRESH)
        return latch(a, SKUA_E_STATE);
    drop_type(a);
    if (is_bodiless(status))
        return whole(a, status, NULL, 0);
    return page(a, status, explain);
}

/* ---- files ---- */

static int begin_file(skua_reply *a, int64_t offset, int64_t length) {
    if (a->error)
        return a->error;
    if (a->state != SK_REPLY_NAMED || a->interim)
        return latch(a, SKUA_E_STATE);
    a->whole = true;
    int rc = open_body(a, SK_BODY_LENGTH, length);
    if (rc != 0 || length == 0 || !is_sent(a))
        return rc;
    a->file_at = offset;
    a->file_left = length;
    return 0;
}

int sk_reply_file(skua_reply *a, int fd, int64_t offset, int64_t length) {
    if (a->file >= 0) {
        sk_file_close(fd);
        return latch(a, SKUA_E_STATE);
    }
    a->file = fd;
    int rc = begin_file(a, offset, length);
    if (rc != 0)
        a->file_left = 0;
    if (a->file_left == 0)
        sk_reply_release(a);
    return rc;
}

/* ---- the end ---- */

static sk_reply_end close_message(skua_reply *a) {
    sk_session *s = session_of(a);
    const skua_field *trailers = a->trailers.count > 0 ? a->trailers.at : NULL;
    a->state = SK_REPLY_DONE;
    return sk_h1_end(&s->h1, s->out, trailers) == 0 ? SK_REPLY_COMPLETE : SK_REPLY_CUT;
}

/* Forget all that was said, but that the connection is to end: another reply takes its place. */
static void start_over(skua_reply *a) {
    bool close = a->close;
    sk_reply_release(a);
    sk_reply_init(a);
    a->close = close;
}

sk_reply_end sk_reply_bare(skua_reply *a, int status) {
    start_over(a);
    a->status = status;
    a->whole = true;
    if (open_body(a, SK_BODY_LENGTH, 0) != 0)
        return SK_REPLY_CUT;
    return close_message(a);
}

/* A page with what was given for its head. */
static sk_reply_end refuse(skua_reply *a, int status, const char *explain) {
    if (page(a, status, explain) == 0)
        return close_message(a);
    if (sk_h1_send_begun(&session_of(a)->h1))
        return SK_REPLY_CUT;
    /* Without memory for a page a status is still better than silence. */
    return sk_reply_bare(a, status);
}

sk_reply_end sk_reply_refuse(skua_reply *a, int status, const char *allow, const char *explain) {
    start_over(a);
    if (allow)
        skua_reply_send_header(a, "Allow", allow);
    return refuse(a, status, explain);
}

sk_reply_end sk_reply_busy(skua_reply *a) {
    start_over(a);
    skua_reply_send_header(a, "Retry-After", "1");
    return refuse(a, SKUA_STATUS_SERVICE_UNAVAILABLE, NULL);
}

sk_reply_end sk_reply_options(skua_reply *a, const char *allow) {
    skua_reply_send_header(a, "Allow", allow);
    if (whole(a, SKUA_STATUS_NO_CONTENT, NULL, 0) != 0)
        return sk_reply_refuse(a, SKUA_STATUS_INTERNAL_SERVER_ERROR, NULL, NULL);
    return close_message(a);
}

static void log_failure(skua_reply *a, int rc) {
    sk_exchange *x = sk_exchange_of_reply(a);
    const char *why = rc < 0 ? skua_error_text(rc) : "no reply";
    sk_worker_log(x->conn->worker, "%s %s: the handler failed: %s",
                  skua_request_method(&x->request), skua_request_target(&x->request), why);
}

sk_reply_end sk_reply_finish(skua_reply *a, int rc) {
    if (rc >= 0)
        rc = a->error;
    if (rc == 0 && a->state == SK_REPLY_OPEN) {
        if (a->file_left > 0)
            return SK_REPLY_FILE;
        return close_message(a);
    }
    if (rc != SKUA_E_BROKEN_PIPE) /* the peer has gone: no fault of the handler's */
        log_failure(a, rc);
    if (sk_h1_send_begun(&session_of(a)->h1))
        return SK_REPLY_CUT;
    return sk_reply_refuse(a, SKUA_STATUS_INTERNAL_SERVER_ERROR, NULL, NULL);
}
