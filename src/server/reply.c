/* server/reply.c - the reply as a handler writes it.
 *
 *     FRESH --send_response--> NAMED --end_headers--> OPEN --(handler returns)--> DONE
 *       ^                        |
 *       +---- interim (1xx) -----+            one-call replies go from FRESH to DONE's edge
 *
 * Fields wait in a list until the head is complete; the wire machine then writes it into the
 * connection's output, where the body follows. Nothing is sent from here unless much is queued. */
#include "server/compression.h"
#include "server/conn.h"
#include "server/deferral.h"
#include "server/reply_coding.h"
#include "server/reply_parts.h"
#include "server/reply_way.h"
#include "sys/file.h"

#include <skua/status.h>
#include <stdarg.h>

#define SLICE       (64u << 10) /* of a large body, appended and sent before the next */
#define FIELD_PLAIN (1u << 31)  /* beside the public flags: one of our own, which frames nothing */

static sk_arena *arena_of(skua_reply *a) {
    return &sk_exchange_of_reply(a)->arena;
}

int sk_reply_latch(skua_reply *a, int code) {
    if (a->error == 0)
        a->error = code;
    return a->error;
}

void sk_reply_init(skua_reply *a) {
    *a = (skua_reply){.file = -1};
}

void sk_reply_release(skua_reply *a) {
    if (a->shared)
        sk_open_file_release(a->shared);
    else
        sk_file_close(a->file);
    a->file = -1;
    a->shared = NULL;
    sk_reply_coding_free(a->coding);
    a->coding = NULL;
}

/* ---- fields ---- */

static bool make_room(sk_arena *arena, sk_field_list *list) {
    uint32_t cap = list->cap > 0 ? list->cap * 2 : 8;
    skua_field *at = sk_arena_alloc(arena, cap * sizeof *at);
    if (!at)
        return false;
    if (list->count > 0)
        memcpy(at, list->at, list->count * sizeof *at);
    list->at = at;
    list->cap = cap;
    return true;
}

static int push_field(skua_reply *a, sk_field_list *list, skua_field field) {
    bool full = list->count + 1 >= list->cap; /* the end is marked */
    if (!field.name || !field.value || (full && !make_room(arena_of(a), list)))
        return SKUA_E_NOMEM;
    list->at[list->count++] = field;
    list->at[list->count] = (skua_field){0};
    return 0;
}

static int add_field(skua_reply *a, sk_field_list *list, const char *name, const char *value) {
    const skua_field copy = {.name = sk_arena_strndup(arena_of(a), name, strlen(name)),
                             .value = sk_arena_strndup(arena_of(a), value, strlen(value))};
    return push_field(a, list, copy);
}

static bool is_field(const char *name, const char *value) {
    return name && value && sk_str_is_token(sk_str(name)) && sk_str_is_field_value(sk_str(value));
}

unsigned sk_reply_given_by(const char *name) {
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

int sk_reply_own_field(skua_reply *a, const char *name, const char *value, unsigned given) {
    if (a->error)
        return a->error;
    if (a->state > SK_REPLY_NAMED)
        return sk_reply_latch(a, SKUA_E_STATE);
    const skua_field field = {.name = name, .value = value, .flags = FIELD_PLAIN};
    int rc = push_field(a, &a->fields, field);
    if (rc != 0)
        return sk_reply_latch(a, rc);
    if (!a->interim)
        a->given |= given;
    return 0;
}

int skua_reply_send_header(skua_reply *a, const char *name, const char *value) {
    if (a->error)
        return a->error;
    if (a->state > SK_REPLY_NAMED)
        return sk_reply_latch(a, SKUA_E_STATE);
    if (!is_field(name, value))
        return sk_reply_latch(a, SKUA_E_INVALID_ARGUMENT);
    int rc = add_field(a, &a->fields, name, value);
    if (rc != 0)
        return sk_reply_latch(a, rc);
    if (!a->interim)
        a->given |= sk_reply_given_by(name);
    return 0;
}

int skua_reply_send_trailer(skua_reply *a, const char *name, const char *value) {
    if (a->error)
        return a->error;
    if (a->state != SK_REPLY_OPEN)
        return sk_reply_latch(a, SKUA_E_STATE);
    if (!is_field(name, value) || !sk_h1_may_trail(sk_str(name)))
        return sk_reply_latch(a, SKUA_E_INVALID_ARGUMENT);
    if (sk_exchange_of_reply(a)->request.head.version == 10)
        return 0;
    if (a->framing != SK_BODY_CHUNKED)
        return sk_reply_latch(a, SKUA_E_STATE);
    int rc = add_field(a, &a->trailers, name, value);
    return rc == 0 ? 0 : sk_reply_latch(a, rc);
}

/* ---- heads ---- */

/* In a one-call reply the body at hand decides the framing. */
static bool is_left_out(const skua_reply *a, skua_str name) {
    return a->whole && (sk_str_ieq(name, SK_LIT("Content-Length")) ||
                        sk_str_ieq(name, SK_LIT("Transfer-Encoding")));
}

static bool is_given(const skua_reply *a, skua_str name) {
    for (uint32_t i = a->skipped; i < a->fields.count; i++) {
        if (sk_str_ieq(sk_str(a->fields.at[i].name), name))
            return true;
    }
    return false;
}

static void put_own_fields(skua_reply *a, sk_reply_way *w) {
    sk_h1 *m = &w->conn->session.h1;
    const sk_server_settings *settings = w->conn->worker->settings;
    skua_str server = settings->server_header, id_name = settings->request_id_header;
    skua_request *q = &sk_exchange_of_reply(a)->request;
    char date[SK_DATE_LINE_LEN];
    if (!(a->given & SK_GIVEN_DATE)) /* RFC 9110 6.6.1 */
        sk_h1_plain_line(m, w->out, sk_reply_way_date_line(w, date));
    if (server.len > 0 && !(a->given & SK_GIVEN_SERVER))
        sk_h1_field(m, w->out, SK_LIT("Server"), server);
    if (id_name.len > 0 && !is_given(a, id_name))
        sk_h1_field(m, w->out, id_name, sk_str(skua_request_id(q)));
}

static void put_field(skua_reply *a, sk_reply_way *w, const skua_field *f) {
    sk_h1 *m = &w->conn->session.h1;
    skua_str name = sk_str(f->name), value = sk_str(f->value);
    if (f->flags & FIELD_PLAIN)
        sk_h1_plain_field(m, w->out, name, value);
    else if (!is_left_out(a, name))
        sk_h1_valid_field(m, w->out, name, value);
}

/* Let the program's hooks add to the head, once. */
static int hook(skua_reply *a) {
    sk_exchange *x = sk_exchange_of_reply(a);
    if (a->hooked || a->unhooked || !x->callbacks || !x->request.path.text)
        return 0;
    a->hooked = a->hooking = true;
    int rc = sk_hooks_after(&x->callbacks->after, &x->request, a);
    if (rc == 0)
        rc = a->error;
    a->hooking = false;
    a->unhooked = rc != 0;
    return rc;
}

/* A body that nobody wants is not read, and what follows it not told from it. */
static bool leaves_body(skua_reply *a) {
    const sk_exchange *x = sk_exchange_of_reply(a);
    if (!x->request.streamed || a->interim)
        return false;
    return !x->deferral || (a->status >= 400 && !x->deferral->body.wanted);
}

static int put_head(skua_reply *a, sk_body body, int64_t length) {
    sk_reply_way w;
    int rc = a->interim ? 0 : hook(a);
    if (rc == 0)
        rc = sk_reply_way_begin(&w, a);
    if (rc != 0)
        return rc;
    sk_h1 *m = &w.conn->session.h1;
    if (a->close || leaves_body(a))
        sk_h1_set_close(m);
    sk_h1_start_response(m, w.out, a->status, sk_str(skua_status_reason(a->status)));
    if (!a->interim)
        put_own_fields(a, &w);
    for (uint32_t i = a->skipped; i < a->fields.count; i++)
        put_field(a, &w, &a->fields.at[i]);
    rc = sk_h1_finish_head(m, w.out, body, length);
    a->framing = m->send_body;
    sk_reply_way_end(&w);
    return rc;
}

int skua_reply_status(const skua_reply *a) {
    return a ? a->status : 0;
}

int skua_reply_send_response(skua_reply *a, int status) {
    if (a->error)
        return a->error;
    if (a->state != SK_REPLY_FRESH)
        return sk_reply_latch(a, SKUA_E_STATE);
    if (status < 100 || status > 599)
        return sk_reply_latch(a, SKUA_E_INVALID_ARGUMENT);
    if (status == SKUA_STATUS_SWITCHING_PROTOCOLS)
        return sk_reply_latch(a, SKUA_E_UNSUPPORTED);
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
    return rc == 0 ? 0 : sk_reply_latch(a, rc);
}

int sk_reply_open_body(skua_reply *a, sk_body body, int64_t length) {
    int rc = put_head(a, body, length);
    if (rc != 0)
        return sk_reply_latch(a, rc);
    a->state = SK_REPLY_OPEN;
    return 0;
}

/* The hooks come first, here and below: what they add may decide. */
static int code_stream(skua_reply *a) {
    int rc = hook(a);
    return rc == 0 ? sk_reply_code_stream(a) : sk_reply_latch(a, rc);
}

int skua_reply_end_headers(skua_reply *a) {
    if (a->error)
        return a->error;
    if (a->state != SK_REPLY_NAMED)
        return sk_reply_latch(a, SKUA_E_STATE);
    if (a->interim)
        return end_interim(a);
    int rc = sk_compression_is_on(a) ? code_stream(a) : 0;
    return rc == 0 ? sk_reply_open_body(a, SK_BODY_CHUNKED, 0) : rc;
}

int skua_reply_close_connection(skua_reply *a) {
    if (a->error)
        return a->error;
    if (a->state > SK_REPLY_NAMED)
        return sk_reply_latch(a, SKUA_E_STATE);
    a->close = true;
    return 0;
}

/* ---- bodies ---- */

/* RFC 9110 15.3.5, 15.3.6, 15.4.5 */
bool sk_reply_is_bodiless(int status) {
    return status == SKUA_STATUS_NO_CONTENT || status == SKUA_STATUS_RESET_CONTENT ||
           status == SKUA_STATUS_NOT_MODIFIED;
}

bool sk_reply_body_is_sent(skua_reply *a) {
    const sk_head *head = &sk_exchange_of_reply(a)->request.head;
    return !sk_str_eq(head->method, SK_LIT("HEAD")) && !sk_reply_is_bodiless(a->status);
}

/* Returns how many bytes go out for it, or an error. */
static ptrdiff_t put_slice(skua_reply *a, skua_str slice, bool first, bool last) {
    if (!a->coding) {
        int rc = sk_reply_way_data(a, slice.ptr, slice.len, first);
        return rc == 0 ? (ptrdiff_t)slice.len : rc;
    }
    /* Nobody knows when the next write of a reply that is made elsewhere comes. */
    bool at_once = last && sk_exchange_of_reply(a)->deferral && !a->poured;
    return sk_reply_coding_write(a, slice, at_once ? SK_ENCODE_FLUSH : SK_ENCODE_ON, first);
}

static int put_body(skua_reply *a, const char *data, size_t len) {
    const char *from = data;
    while (len > 0) {
        size_t n = len < SLICE ? len : SLICE;
        ptrdiff_t sent = put_slice(a, (skua_str){from, n}, from == data, n == len);
        if (sent == SKUA_E_AGAIN)
            return SKUA_E_AGAIN;
        if (sent < 0)
            return sk_reply_latch(a, (int)sent);
        from += n;
        len -= n;
        a->body_bytes += sk_reply_body_is_sent(a) ? sent : 0;
    }
    return 0;
}

int sk_reply_pour(skua_reply *a, const char *data, size_t len) {
    return a->error ? a->error : put_body(a, data, len);
}

int skua_reply_write(skua_reply *a, const void *data, size_t len) {
    if (a->error)
        return a->error;
    if (a->state != SK_REPLY_OPEN || a->file >= 0 || a->poured)
        return sk_reply_latch(a, SKUA_E_STATE);
    return put_body(a, data, len);
}

static int code_whole(skua_reply *a, sk_buf *room, skua_str *body) {
    int rc = hook(a);
    return rc == 0 ? sk_reply_code_whole(a, room, body) : sk_reply_latch(a, rc);
}

int sk_reply_whole(skua_reply *a, int status, const void *data, size_t len) {
    if (a->error)
        return a->error;
    if (a->state != SK_REPLY_FRESH)
        return sk_reply_latch(a, SKUA_E_STATE);
    if (status < 200 || status > 599)
        return sk_reply_latch(a, SKUA_E_INVALID_ARGUMENT);
    a->status = status;
    a->whole = true;
    sk_buf coded = {0};
    skua_str body = {data, len};
    int rc = sk_compression_is_on(a) ? code_whole(a, &coded, &body) : 0;
    if (rc == 0)
        rc = sk_reply_open_body(a, SK_BODY_LENGTH, (int64_t)body.len);
    if (rc == 0)
        rc = skua_reply_write(a, body.ptr, body.len);
    sk_buf_free(&coded);
    return rc;
}

int skua_reply_bytes(skua_reply *a, int status, const char *type, const void *data, size_t len) {
    if (a->error)
        return a->error;
    if (type && !(a->given & SK_GIVEN_TYPE) && a->state == SK_REPLY_FRESH) {
        if (!sk_str_is_field_value(sk_str(type)))
            return sk_reply_latch(a, SKUA_E_INVALID_ARGUMENT);
        const char *copy = sk_arena_strndup(arena_of(a), type, strlen(type));
        int rc = sk_reply_own_field(a, "Content-Type", copy, SK_GIVEN_TYPE);
        if (rc != 0)
            return rc;
    }
    return sk_reply_whole(a, status, data, len);
}

int skua_reply_json(skua_reply *a, int status, const char *json) {
    if (!json)
        return sk_reply_latch(a, SKUA_E_INVALID_ARGUMENT);
    return skua_reply_bytes(a, status, "application/json", json, strlen(json));
}

int skua_reply_text(skua_reply *a, int status, const char *fmt, ...) {
    if (a->error)
        return a->error;
    va_list ap;
    va_start(ap, fmt);
    const char *text = sk_arena_vprintf(arena_of(a), fmt, ap);
    va_end(ap);
    if (!text)
        return sk_reply_latch(a, SKUA_E_NOMEM);
    return skua_reply_bytes(a, status, "text/plain; charset=utf-8", text, strlen(text));
}
