/* client/conn_request.c - a request at once: its head, its framing, its body. */
#include "client/conn.h"

#include "base/fail.h"
#include "base/str.h"

#define SPARE_MAX ((int64_t)64 << 10) /* of bytes that are copied, to be sent again */

/* ---- the body, and what frames it ---- */

static int take_body(skua_conn *c, const sk_conn_message *q) {
    if (!q->source && !q->body)
        return 0;
    int rc = q->source ? 0 : sk_body_open(&c->body, q->body, &c->failure);
    sk_body_source *s = q->source ? q->source : &c->body;
    c->source = s->from.kind == SKUA_BODY_NONE ? NULL : s;
    return rc;
}

/* CPython's rule: a body has a length, or is chunked; these methods have one even without a body.
 */
static sk_draft_body framing_of(const skua_conn *c) {
    static const skua_str with_body[] = {{"PUT", 3}, {"POST", 4}, {"PATCH", 5}};
    const sk_draft *d = &c->trip.draft;
    const sk_body_source *s = c->source;
    if (s && s->length >= 0 && !d->no_length)
        return (sk_draft_body){SK_BODY_LENGTH, s->length};
    if (s && s->length != 0)
        return (sk_draft_body){SK_BODY_CHUNKED, 0};
    for (size_t i = 0; i < sizeof with_body / sizeof with_body[0] && !d->no_length; i++) {
        if (sk_str_ieq(d->method, with_body[i]))
            return (sk_draft_body){SK_BODY_LENGTH, 0};
    }
    return (sk_draft_body){SK_BODY_NONE, 0};
}

/* The caller's own Content-Length is what is sent. */
static int check_length(skua_conn *c) {
    const sk_draft *d = &c->trip.draft;
    sk_body_source *s = c->source;
    if (!s)
        return 0;
    bool bytes = s->from.kind == SKUA_BODY_BYTES;
    if (bytes && s->length > 0 && d->no_length && d->length < 0 && !d->chunked)
        return sk_fail(&c->failure, SKUA_E_INVALID_ARGUMENT, SKUA_PHASE_NONE,
                       "a body of bytes without Content-Length or Transfer-Encoding");
    if (d->length < 0 || d->length == s->length)
        return 0;
    if (bytes || s->from.len > 0)
        return sk_fail(&c->failure, SKUA_E_INVALID_ARGUMENT, SKUA_PHASE_NONE,
                       "a body of %lld bytes that is not as long as its Content-Length",
                       (long long)s->length);
    sk_body_limit(s, d->length);
    return 0;
}

static int draft(skua_conn *c, const sk_conn_message *q) {
    sk_draft *d = &c->trip.draft;
    int rc = sk_draft_begin(d, q->method, q->target, &c->failure);
    for (const skua_field *f = q->fields; rc == 0 && f && f->name; f++)
        rc = sk_draft_add(d, f, &c->failure);
    if (rc == 0)
        rc = take_body(c, q);
    if (rc == 0)
        rc = check_length(c);
    if (rc == 0)
        c->framing = framing_of(c);
    return rc;
}

/* ---- sending ---- */

int sk_conn_request(skua_conn *c, const sk_conn_message *q, skua_error *err) {
    if (c->state != SK_CONN_IDLE)
        return sk_conn_refuse(c, err, SKUA_E_CANNOT_SEND_REQUEST);
    sk_conn_begin(c);
    sk_bound call = sk_conn_call_bound(c);
    int rc = draft(c, q);
    if (rc == 0)
        rc = sk_conn_transmit(c, call);
    if (sk_conn_may_replay(c, rc))
        rc = sk_conn_replay(c, rc, call);
    if (rc == 0) {
        c->state = SK_CONN_SENT;
        return 0;
    }
    sk_conn_latch(c, rc);
    sk_conn_give_up(c, err);
    c->latched = rc; /* for whoever looks for the outcome in getresponse alone */
    return rc;
}

/* A kept connection may prove dead only when the answer is due: be able to send once more then. The
 * bytes themselves are the caller's again. */
static void keep_spare(skua_conn *c) {
    if (!c->source)
        return;
    if (c->trip.channel->reused && c->source->length <= SPARE_MAX)
        sk_buf_append(&c->spare, c->source->from.data, (size_t)c->source->length);
    else
        c->spare.failed = true;
    if (c->spare.failed)
        c->source = NULL;
    else
        c->source->from.data = sk_buf_head(&c->spare);
}

int skua_conn_request(skua_conn *c, const char *method, const char *target,
                      const skua_field *fields, const void *body, size_t body_len,
                      skua_error *err) {
    if (!c)
        return sk_fail_absent(err, "a connection is needed");
    sk_conn_message q = {.method = method, .target = target, .fields = fields};
    const skua_body bytes = {
        .size = sizeof bytes, .kind = SKUA_BODY_BYTES, .data = body, .len = (int64_t)body_len};
    if (body || body_len > 0)
        q.body = &bytes;
    int rc = sk_conn_request(c, &q, err);
    if (rc == 0)
        keep_spare(c);
    return rc;
}

int skua_conn_request_body(skua_conn *c, const char *method, const char *target,
                           const skua_field *fields, const skua_body *body, skua_error *err) {
    if (!c)
        return sk_fail_absent(err, "a connection is needed");
    return sk_conn_request(
        c, &(sk_conn_message){.method = method, .target = target, .fields = fields, .body = body},
        err);
}
