/* client/conn.c - the states of a connection object, and what may be done in which.
 *
 *              putrequest             endheaders              getresponse
 *     IDLE ---------------> STARTED ---------------> SENT -----------------> IDLE
 *      |                    ^    |                   ^  |
 *      |                    +----+ putheader         +--+ send
 *      +------------------- request ---------------> SENT
 *
 * Those are http.client's, as is this: while the response that getresponse gave is unread another
 * request may be sent, but not be answered. Beside the states stands what latched: the first
 * failure of putrequest, putheader, endheaders and send, which getresponse reports. A request that
 * failed is forgotten, and its connection with it, so that the object is IDLE and connects anew. */
#include "client/conn.h"

#include "base/fail.h"
#include "base/str.h"
#include "client/trace.h"
#include "coding/decoder.h"

#define SPARE_MAX (64u << 10) /* of a body that is kept to be sent again */

/* ---- failing ---- */

static int no_conn(skua_error *err) {
    return sk_fail_absent(err, "a connection is needed");
}

static int refuse(skua_conn *c, skua_error *err, int code) {
    return sk_peer_fail(&c->peer, err, code, SKUA_PHASE_STATE, "%s", skua_error_text(code));
}

/* Keep what failure says, once. A wrong argument names no host yet. */
static int latch(skua_conn *c, int rc) {
    if (rc != 0 && c->latched == 0) {
        if (c->failure.phase == SKUA_PHASE_NONE || c->failure.phase == SKUA_PHASE_MEMORY)
            sk_peer_blame(&c->peer, SKUA_PHASE_NONE, &c->failure);
        c->latched = rc;
    }
    return rc;
}

/* Report what failure says, and be ready for another request: without the connection, where part of
 * the failed one may be on it. */
static int give_up(skua_conn *c, skua_error *err) {
    int rc = c->failure.code;
    if (err)
        *err = c->failure;
    c->trip.timeline.at.total = sk_timeline_since(&c->trip.timeline, c->settings->o.clock);
    if (c->trip.channel)
        sk_conn_close_channel(c);
    sk_conn_forget(c);
    return rc;
}

/* Did the peer go away, so that it may have said why? */
static bool is_loss(int code) {
    return code == SKUA_E_BROKEN_PIPE || code == SKUA_E_CONNECTION_RESET;
}

/* The peer went away while it was sent to. What it has left behind counts: an answer, or the TLS
 * alert that says why. */
static int hear_out(skua_conn *c, int loss, sk_bound call) {
    skua_error said;
    int rc = sk_round_trip_await(&c->trip, call, &said);
    if (rc == SKUA_E_TLS)
        c->failure = said;
    return rc == 0 || rc == SKUA_E_TLS ? rc : loss;
}

/* ---- connecting ---- */

/* A kept connection that the peer has closed meanwhile is as good as none. */
static bool can_send(const skua_conn *c) {
    if (!c->channel || !sk_channel_is_open(c->channel))
        return false;
    return c->channel->reader || sk_channel_is_fresh(c->channel);
}

static int ensure_channel(skua_conn *c, sk_bound call, skua_error *err) {
    if (can_send(c)) {
        if (c->channel->reused)
            sk_trace_line(c->settings, SKUA_TRACE_INFO, "using the connection to %s again",
                          c->peer.target);
        return 0;
    }
    sk_conn_close_channel(c);
    return sk_conn_dial(c, call, err);
}

/* ---- a request, step by step ---- */

static void begin(skua_conn *c) {
    sk_conn_forget(c);
    sk_conn_begin_timeline(c);
    c->state = SK_CONN_STARTED;
}

int skua_conn_putrequest(skua_conn *c, const char *method, const char *target) {
    if (!c)
        return SKUA_E_INVALID_ARGUMENT;
    if (c->state != SK_CONN_IDLE)
        return SKUA_E_CANNOT_SEND_REQUEST;
    begin(c);
    return latch(c, sk_draft_begin(&c->trip.draft, method, target, &c->failure));
}

/* What a step gives when it must not be done: what latched before it, or `code` in a state that is
 * not its own. */
static int barred(const skua_conn *c, sk_conn_state own, int code) {
    if (c->state != SK_CONN_IDLE && c->latched)
        return c->latched;
    return c->state == own ? 0 : code;
}

static int put_field(skua_conn *c, const skua_field *field) {
    if (!c)
        return SKUA_E_INVALID_ARGUMENT;
    int rc = barred(c, SK_CONN_STARTED, SKUA_E_CANNOT_SEND_HEADER);
    return rc != 0 ? rc : latch(c, sk_draft_add(&c->trip.draft, field, &c->failure));
}

int skua_conn_putheader(skua_conn *c, const char *name, const char *value) {
    return put_field(c, &(skua_field){name, value, 0});
}

int skua_conn_putheader_secret(skua_conn *c, const char *name, const char *value) {
    return put_field(c, &(skua_field){name, value, SKUA_FIELD_SECRET});
}

static int put_joined(skua_conn *c, const char *name, const char *const *values) {
    sk_buf all = {0};
    for (size_t i = 0; values[i]; i++) {
        sk_buf_append(&all, ", ", i > 0 ? 2 : 0);
        sk_buf_append_str(&all, sk_str(values[i]));
    }
    sk_buf_append(&all, "", 1);
    int rc = all.failed ? sk_fail_nomem(&c->failure)
                        : sk_draft_add(&c->trip.draft, &(skua_field){name, sk_buf_head(&all), 0},
                                       &c->failure);
    sk_buf_free(&all);
    return latch(c, rc);
}

int skua_conn_putheader_values(skua_conn *c, const char *name, const char *const *values) {
    if (!c)
        return SKUA_E_INVALID_ARGUMENT;
    int rc = barred(c, SK_CONN_STARTED, SKUA_E_CANNOT_SEND_HEADER);
    if (rc != 0)
        return rc;
    if (values && values[0])
        return put_joined(c, name, values);
    return latch(c, sk_fail(&c->failure, SKUA_E_INVALID_ARGUMENT, SKUA_PHASE_NONE,
                            "the values of %s are missing", name ? name : "a field"));
}

/* Send the head, unless it leaves together with a body that follows. */
static int start(skua_conn *c, sk_draft_body body, sk_bound call) {
    sk_round_trip *t = &c->trip;
    int rc = ensure_channel(c, call, &c->failure);
    sk_draft_frame frame = {.origin = &c->origin,
                            .via = sk_route_via(&c->route),
                            .withhold = c->route.kind == SK_ROUTE_TUNNEL,
                            .user_agent = c->settings->o.user_agent,
                            .accept_encoding =
                                c->settings->o.decode ? sk_decoder_accepts() : "identity",
                            .body = body};
    if (rc == 0)
        rc = sk_round_trip_write_head(t, c->channel, &frame, &c->failure);
    if (rc != 0 || (t->announced != 0 && !t->draft.expects))
        return rc;
    return sk_round_trip_send(t, (sk_piece){0}, call, &c->failure);
}

int skua_conn_endheaders(skua_conn *c) {
    if (!c)
        return SKUA_E_INVALID_ARGUMENT;
    int rc = barred(c, SK_CONN_STARTED, SKUA_E_CANNOT_SEND_HEADER);
    if (rc != 0)
        return rc;
    c->state = SK_CONN_SENT;
    return latch(c, start(c, (sk_draft_body){SK_BODY_NONE, 0}, sk_conn_call_bound(c)));
}

static int check_piece(skua_conn *c, const void *data, size_t len) {
    const sk_round_trip *t = &c->trip;
    if (!data)
        return sk_peer_fail(&c->peer, &c->failure, SKUA_E_INVALID_ARGUMENT, SKUA_PHASE_NONE,
                            "body bytes are needed");
    if (t->announced >= 0 && len > (uint64_t)(t->announced - t->taken))
        return sk_peer_fail(&c->peer, &c->failure, SKUA_E_IMPROPER_CONNECTION_STATE,
                            SKUA_PHASE_STATE, "more body than the head announced");
    return 0;
}

int skua_conn_send(skua_conn *c, const void *data, size_t len) {
    if (!c)
        return SKUA_E_INVALID_ARGUMENT;
    int rc = barred(c, SK_CONN_SENT, SKUA_E_IMPROPER_CONNECTION_STATE);
    if (rc != 0 || len == 0)
        return rc;
    rc = check_piece(c, data, len);
    if (rc == 0)
        rc = sk_round_trip_send(&c->trip, (sk_piece){.at = data, .left = len},
                                sk_conn_call_bound(c), &c->failure);
    return latch(c, rc);
}

/* ---- a request at once ---- */

/* The body of skua_conn_request; NULL is none, or one that skua_conn_send brings. */
typedef struct whole {
    const void *body;
    size_t len;
} whole;

/* CPython's rule: a body has a length; these methods have one even without a body. */
static sk_draft_body framing_of(const sk_draft *d, whole w) {
    static const skua_str with_body[] = {{"PUT", 3}, {"POST", 4}, {"PATCH", 5}};
    if (w.body)
        return (sk_draft_body){SK_BODY_LENGTH, (int64_t)w.len};
    if (d->no_length)
        return (sk_draft_body){SK_BODY_NONE, 0};
    for (size_t i = 0; i < sizeof with_body / sizeof with_body[0]; i++) {
        if (sk_str_ieq(d->method, with_body[i]))
            return (sk_draft_body){SK_BODY_LENGTH, 0};
    }
    return (sk_draft_body){SK_BODY_NONE, 0};
}

static int draft(skua_conn *c, const char *method, const char *target, const skua_field *fields,
                 whole w) {
    sk_draft *d = &c->trip.draft;
    int rc = sk_draft_begin(d, method, target, &c->failure);
    for (const skua_field *f = fields; rc == 0 && f && f->name; f++)
        rc = sk_draft_add(d, f, &c->failure);
    if (rc != 0)
        return rc;
    if (w.len > 0 && d->no_length && d->length < 0 && !d->chunked)
        return sk_fail(&c->failure, SKUA_E_INVALID_ARGUMENT, SKUA_PHASE_NONE,
                       "a body of %zu bytes without Content-Length or Transfer-Encoding", w.len);
    bool bad = (!w.body && w.len > 0) || w.len > INT64_MAX ||
               (w.body && d->length >= 0 && (uint64_t)d->length != w.len);
    if (!bad)
        return 0;
    return sk_fail(&c->failure, SKUA_E_INVALID_ARGUMENT, SKUA_PHASE_NONE,
                   "a body of %zu bytes that is missing or not as long as its Content-Length",
                   w.len);
}

static int transmit(skua_conn *c, whole w, sk_bound call) {
    sk_round_trip *t = &c->trip;
    int rc = start(c, framing_of(&t->draft, w), call);
    if (rc == 0 && w.body && t->announced != 0)
        rc = sk_round_trip_send(t, (sk_piece){w.body, w.len, true}, call, &c->failure);
    return is_loss(rc) && t->channel ? hear_out(c, rc, call) : rc;
}

/* The kept connection was dead, and the request may be sent twice: once more, on a new one. */
static int transmit_again(skua_conn *c, whole w, sk_bound call) {
    sk_trace_line(c->settings, SKUA_TRACE_INFO, "the kept connection was dead: once more");
    sk_conn_close_channel(c);
    sk_round_trip_reset(&c->trip);
    return transmit(c, w, call);
}

static bool may_repeat(const skua_conn *c, int code) {
    return sk_round_trip_died_unanswered(&c->trip, code) && !c->was_given &&
           sk_draft_is_idempotent(&c->trip.draft);
}

/* A kept connection may prove dead only when the answer is due: be able to send once more then. */
static void keep_spare(skua_conn *c, whole w) {
    const sk_round_trip *t = &c->trip;
    bool whole_known = w.body || t->announced == 0;
    if (!whole_known || w.len > SPARE_MAX || !t->channel->reused)
        return;
    sk_buf_append(&c->body, w.body, w.len);
    c->repeatable = !c->body.failed;
}

int skua_conn_request(skua_conn *c, const char *method, const char *target,
                      const skua_field *fields, const void *body, size_t body_len,
                      skua_error *err) {
    if (!c)
        return no_conn(err);
    if (c->state != SK_CONN_IDLE)
        return refuse(c, err, SKUA_E_CANNOT_SEND_REQUEST);
    whole w = {body, body_len};
    begin(c);
    sk_bound call = sk_conn_call_bound(c);
    int rc = draft(c, method, target, fields, w);
    if (rc == 0)
        rc = transmit(c, w, call);
    if (may_repeat(c, rc))
        rc = transmit_again(c, w, call);
    if (rc == 0) {
        c->state = SK_CONN_SENT;
        keep_spare(c, w);
        return 0;
    }
    latch(c, rc);
    give_up(c, err);
    c->latched = rc; /* for whoever looks for the outcome in getresponse alone */
    return rc;
}

/* ---- the response ---- */

static bool response_is_due(const skua_conn *c) {
    if (c->latched)
        return true;
    return c->state == SK_CONN_SENT && !(c->channel && c->channel->reader);
}

/* What latched stands, unless the peer has gone away and said more than that. */
static int salvage(skua_conn *c, sk_bound call) {
    const sk_round_trip *t = &c->trip;
    if (t->answered)
        return 0;
    return t->channel && is_loss(c->latched) ? hear_out(c, c->latched, call) : c->latched;
}

static int await(skua_conn *c, sk_bound call) {
    sk_round_trip *t = &c->trip;
    if (t->answered)
        return 0;
    int rc = sk_round_trip_send(t, (sk_piece){.last = true}, call, &c->failure);
    if (rc != 0)
        return is_loss(rc) ? (latch(c, rc), salvage(c, call)) : rc;
    return sk_round_trip_await(t, call, &c->failure);
}

static int await_or_repeat(skua_conn *c, sk_bound call) {
    int rc = c->latched ? salvage(c, call) : await(c, call);
    if (!may_repeat(c, rc))
        return rc;
    c->failure.retry_safe = 1; /* RFC 9110 9.2.2: twice is as good as once */
    if (!c->repeatable)
        return rc;
    c->latched = 0;
    size_t len = sk_buf_len(&c->body);
    rc = transmit_again(c, (whole){len ? sk_buf_head(&c->body) : NULL, len}, call);
    return rc == 0 ? await(c, call) : rc;
}

static int set_url(skua_conn *c) {
    sk_buf url = {0};
    sk_draft_url(&c->trip.draft, &c->origin, &url);
    sk_buf_append(&url, "", 1);
    int rc = url.failed ? SKUA_E_NOMEM : sk_response_set_url(c->trip.answer, sk_buf_head(&url));
    sk_buf_free(&url);
    return rc == 0 ? 0 : sk_fail_nomem(&c->failure);
}

/* The channel stays for the next request, unless this exchange ends it: the response then has it
 * for itself. */
static skua_response *hand_over(skua_conn *c) {
    sk_round_trip *t = &c->trip;
    const sk_h1 *m = &t->channel->session.h1;
    bool stays = !sk_h1_closing(m) && sk_h1_send_done(m);
    if (!stays && c->channel == t->channel)
        sk_conn_drop_channel(c);
    skua_response *r = sk_round_trip_take_answer(t);
    sk_conn_forget(c);
    return r;
}

skua_response *skua_conn_getresponse(skua_conn *c, skua_error *err) {
    if (!c) {
        no_conn(err);
        return NULL;
    }
    if (!response_is_due(c)) {
        refuse(c, err, SKUA_E_RESPONSE_NOT_READY);
        return NULL;
    }
    int rc = await_or_repeat(c, sk_conn_call_bound(c));
    if (rc == 0)
        rc = set_url(c);
    if (rc == 0)
        return hand_over(c);
    give_up(c, err);
    return NULL;
}
