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

#include <stdio.h>

/* ---- failing ---- */

int sk_conn_refuse(skua_conn *c, skua_error *err, int code) {
    skua_error local;
    if (!err)
        err = &local;
    sk_peer_fail(&c->peer, err, code, SKUA_PHASE_STATE, "%s", skua_error_text(code));
    /* A request that is refused has done nothing; a response is refused to one that may have. */
    err->maybe_seen = code == SKUA_E_RESPONSE_NOT_READY && sk_round_trip_was_sent(&c->trip);
    err->retry_safe = !err->maybe_seen || sk_draft_is_idempotent(&c->trip.draft);
    return code;
}

int sk_conn_latch(skua_conn *c, int rc) {
    if (rc != 0 && c->latched == 0) {
        /* A wrong argument names no host yet. */
        if (c->failure.phase == SKUA_PHASE_NONE || c->failure.phase == SKUA_PHASE_MEMORY)
            sk_peer_blame(&c->peer, SKUA_PHASE_NONE, &c->failure);
        c->latched = rc;
    }
    return rc;
}

/* What a person must know before he sends the request again. */
static void judge(const skua_conn *c, skua_error *err) {
    bool lost = sk_conn_is_loss(err->code) || err->code == SKUA_E_REMOTE_DISCONNECTED;
    err->maybe_seen = sk_round_trip_was_sent(&c->trip);
    err->retry_safe = !err->maybe_seen || sk_draft_is_idempotent(&c->trip.draft);
    if (!lost)
        return;
    const char *what = !err->maybe_seen  ? "nothing of the request had been sent"
                       : err->retry_safe ? "the request may have been seen, and may be sent again"
                                         : "the request may have been seen, and acted on";
    size_t at = strlen(err->msg);
    snprintf(err->msg + at, sizeof err->msg - at, "; %s", what);
}

int sk_conn_give_up(skua_conn *c, skua_error *err) {
    int rc = c->failure.code;
    if (c->state != SK_CONN_IDLE) /* else it is an older one that is told again */
        judge(c, &c->failure);
    if (err)
        *err = c->failure;
    c->trip.timeline.at.total = sk_timeline_since(&c->trip.timeline, c->settings->o.clock);
    if (c->trip.channel)
        sk_conn_close_channel(c);
    sk_conn_forget(c);
    return rc;
}

/* ---- a request, step by step ---- */

void sk_conn_begin(skua_conn *c) {
    c->latched = 0; /* all else has been forgotten with the request before */
    sk_conn_begin_timeline(c);
    c->state = SK_CONN_STARTED;
}

int skua_conn_putrequest(skua_conn *c, const char *method, const char *target) {
    if (!c)
        return SKUA_E_INVALID_ARGUMENT;
    if (c->state != SK_CONN_IDLE)
        return SKUA_E_CANNOT_SEND_REQUEST;
    sk_conn_begin(c);
    return sk_conn_latch(c, sk_draft_begin(&c->trip.draft, method, target, &c->failure));
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
    return rc != 0 ? rc : sk_conn_latch(c, sk_draft_add(&c->trip.draft, field, &c->failure));
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
    return sk_conn_latch(c, rc);
}

int skua_conn_putheader_values(skua_conn *c, const char *name, const char *const *values) {
    if (!c)
        return SKUA_E_INVALID_ARGUMENT;
    int rc = barred(c, SK_CONN_STARTED, SKUA_E_CANNOT_SEND_HEADER);
    if (rc != 0)
        return rc;
    if (values && values[0])
        return put_joined(c, name, values);
    return sk_conn_latch(c, sk_fail(&c->failure, SKUA_E_INVALID_ARGUMENT, SKUA_PHASE_NONE,
                                    "the values of %s are missing", name ? name : "a field"));
}

int skua_conn_endheaders(skua_conn *c) {
    if (!c)
        return SKUA_E_INVALID_ARGUMENT;
    int rc = barred(c, SK_CONN_STARTED, SKUA_E_CANNOT_SEND_HEADER);
    if (rc != 0)
        return rc;
    c->state = SK_CONN_SENT;
    c->framing = (sk_draft_body){SK_BODY_NONE, 0};
    return sk_conn_latch(c, sk_conn_start(c, sk_conn_call_bound(c)));
}

/* ---- a body, step by step ---- */

static int send_bytes(skua_conn *c, const void *data, size_t len) {
    if (!data)
        return sk_peer_fail(&c->peer, &c->failure, SKUA_E_INVALID_ARGUMENT, SKUA_PHASE_NONE,
                            "body bytes are needed");
    int rc = sk_conn_check_room(c, len);
    return rc != 0 ? rc
                   : sk_round_trip_send(&c->trip, (sk_piece){.at = data, .left = len},
                                        sk_conn_call_bound(c), &c->failure);
}

int skua_conn_send(skua_conn *c, const void *data, size_t len) {
    if (!c)
        return SKUA_E_INVALID_ARGUMENT;
    int rc = barred(c, SK_CONN_SENT, SKUA_E_IMPROPER_CONNECTION_STATE);
    return rc != 0 || len == 0 ? rc : sk_conn_latch(c, send_bytes(c, data, len));
}

static int send_from(skua_conn *c, const skua_body *from) {
    if (!c)
        return SKUA_E_INVALID_ARGUMENT;
    int rc = barred(c, SK_CONN_SENT, SKUA_E_IMPROPER_CONNECTION_STATE);
    if (rc != 0)
        return rc;
    sk_body_source s;
    rc = sk_body_open(&s, from, &c->failure);
    if (rc == 0)
        rc = sk_conn_check_room(c, s.length >= 0 ? (uint64_t)s.length : 0);
    if (rc == 0)
        rc = sk_conn_send_source(c, &s, false, sk_conn_call_bound(c));
    sk_body_settle(&s);
    sk_body_close(&s);
    return sk_conn_latch(c, rc);
}

int skua_conn_send_fd(skua_conn *c, int fd, int64_t len) {
    return send_from(c, SKUA_OPTS(skua_body, .kind = SKUA_BODY_FD, .fd = fd, .len = len));
}

int skua_conn_send_file(skua_conn *c, FILE *file) {
    return send_from(c, SKUA_OPTS(skua_body, .kind = SKUA_BODY_FILE, .file = file));
}

static int check_trailers(skua_conn *c, const skua_field *fields) {
    if (c->trip.announced >= 0 || sk_conn_check_room(c, 1) != 0)
        return sk_peer_fail(&c->peer, &c->failure, SKUA_E_IMPROPER_CONNECTION_STATE,
                            SKUA_PHASE_STATE, "trailers end a body that is chunked");
    for (const skua_field *f = fields; f && f->name; f++) {
        if (!sk_h1_may_trail(sk_str(f->name)) || !f->value ||
            !sk_str_is_field_value(sk_str(f->value)))
            return sk_fail(&c->failure, SKUA_E_INVALID_ARGUMENT, SKUA_PHASE_NONE,
                           "the field \"%s\" cannot be a trailer", f->name);
    }
    return 0;
}

int skua_conn_sendtrailers(skua_conn *c, const skua_field *fields) {
    if (!c)
        return SKUA_E_INVALID_ARGUMENT;
    int rc = barred(c, SK_CONN_SENT, SKUA_E_IMPROPER_CONNECTION_STATE);
    if (rc != 0)
        return rc;
    rc = check_trailers(c, fields);
    if (rc == 0)
        rc = sk_round_trip_send(&c->trip, (sk_piece){.last = true, .trailers = fields},
                                sk_conn_call_bound(c), &c->failure);
    return sk_conn_latch(c, rc);
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
    return t->channel && sk_conn_is_loss(c->latched) ? sk_conn_hear_out(c, c->latched, call)
                                                     : c->latched;
}

static int await(skua_conn *c, sk_bound call) {
    sk_round_trip *t = &c->trip;
    if (t->answered)
        return 0;
    int rc = sk_round_trip_all_sent(t)
                 ? 0
                 : sk_round_trip_send(t, (sk_piece){.last = true}, call, &c->failure);
    if (rc != 0)
        return sk_conn_is_loss(rc) ? (sk_conn_latch(c, rc), salvage(c, call)) : rc;
    return sk_round_trip_await(t, call, &c->failure);
}

static int await_or_replay(skua_conn *c, sk_bound call) {
    int rc = c->latched ? salvage(c, call) : await(c, call);
    if (!sk_conn_may_replay(c, rc))
        return rc;
    c->latched = 0;
    rc = sk_conn_replay(c, rc, call);
    return rc == 0 ? await(c, call) : rc;
}

static int set_url(skua_conn *c) {
    skua_str url[SK_DRAFT_URL_PIECES];
    sk_draft_url(&c->trip.draft, &c->origin, url);
    int rc = sk_response_set_url(c->trip.answer, url, SK_DRAFT_URL_PIECES);
    return rc == 0 ? 0 : sk_fail_nomem(&c->failure);
}

/* The channel stays for the next request, unless this exchange ends it: the response then has it
 * for itself. */
static skua_response *hand_over(skua_conn *c) {
    sk_round_trip *t = &c->trip;
    const sk_h1 *m = &t->channel->session.h1;
    bool stays = !sk_h1_closing(m) && sk_h1_send_done(m) && !t->cut;
    if (!stays && c->channel == t->channel)
        sk_conn_drop_channel(c);
    skua_response *r = sk_round_trip_take_answer(t);
    sk_conn_forget(c);
    return r;
}

skua_response *skua_conn_getresponse(skua_conn *c, skua_error *err) {
    if (!c) {
        sk_fail_absent(err, "a connection is needed");
        return NULL;
    }
    if (!response_is_due(c)) {
        sk_conn_refuse(c, err, SKUA_E_RESPONSE_NOT_READY);
        return NULL;
    }
    int rc = await_or_replay(c, sk_conn_call_bound(c));
    if (rc == 0)
        rc = set_url(c);
    if (rc == 0)
        return hand_over(c);
    sk_conn_give_up(c, err);
    return NULL;
}
