/* server/conn_reply.c - a reply's way out, and the end of its exchange: what is refused, what is
 * sent from a file, what is logged, and whether the connection goes on. */
#include "server/conn_step.h"
#include "server/deferral.h"
#include "sys/clock.h"

#include <skua/status.h>

int64_t sk_sconn_now_us(const sk_sconn *c) {
    return sk_clock_now_us(c->worker->settings->clock);
}

/* The reply is somebody else's to finish: it is not looked at. */
static void abandon(sk_sconn *c) {
    sk_deferral_abandon(c->exchange->deferral);
}

/* What of its reply is still to leave, does so by the limits of the route. */
static void note_route(sk_sconn *c) {
    const sk_route *route = c->exchange->request.route;
    bool own = route && (route->limits.write_ms || route->limits.rate_min);
    if (c->extra || (own && sk_sconn_queued(c) > 0 && sk_sconn_extra_of(c)))
        c->extra->route = own ? route : NULL;
}

void sk_sconn_drop_exchange(sk_sconn *c) {
    if (c->exchange)
        sk_sconn_report_unfinished(c);
    if (c->exchange)
        sk_loop_cancel(c->worker->loop, &c->exchange->timer);
    if (c->exchange && c->exchange->deferral)
        abandon(c);
    else if (c->exchange)
        sk_worker_take_back(c->worker, c->exchange);
    c->exchange = NULL;
}

sk_step sk_sconn_end(sk_sconn *c) {
    c->state = SK_SCONN_ENDING;
    c->timer_kind = SK_SCONN_NO_TIMER;
    return SK_STEP_ON;
}

/* Is there anything from the peer that was not read, or may there be? Closing a socket on it would
 * reset the connection, and take the reply away from the peer (RFC 9112 9.6). */
static bool may_be_sending(const sk_sconn *c) {
    return !c->session.eof && (sk_buf_len(c->session.in) > 0 || !c->session.dry);
}

/* The reply is complete: the request's end is taken, which needs no reading, and what comes next
 * decided. */
static sk_step exchange_over(sk_sconn *c) {
    sk_h1 *m = &c->session.h1;
    sk_event ev = {.head = &c->worker->trailers};
    sk_sconn_report(c, false);
    c->worker->ended.finished += c->worker->draining ? 1 : 0;
    note_route(c);
    bool unforeseen = c->exchange->reply.close; /* the peer may have sent more meanwhile */
    sk_sconn_drop_exchange(c);
    if (!sk_h1_closing(m) && !sk_h1_take_end(m) && !sk_h1_recv_idle(m) &&
        sk_session_next(&c->session, &ev, NULL) != 0)
        return SK_STEP_CLOSE;
    if (!sk_h1_can_cycle(m)) {
        c->linger |= unforeseen || may_be_sending(c);
        return sk_sconn_end(c);
    }
    sk_h1_cycle(m);
    c->state = SK_SCONN_HEAD;
    return SK_STEP_ON;
}

sk_step sk_sconn_replied(sk_sconn *c, sk_reply_end end) {
    if (end == SK_REPLY_COMPLETE)
        return exchange_over(c);
    if (end == SK_REPLY_FILE) {
        c->state = SK_SCONN_FILE;
        return SK_STEP_ON;
    }
    sk_sconn_report(c, true);
    sk_sconn_drop_exchange(c);
    c->cut = true;
    return sk_sconn_end(c);
}

/* ---- refusing ---- */

int sk_sconn_status_of(int code) {
    static const struct {
        int code, status;
    } table[] = {
        {SKUA_E_BAD_REQUEST_LINE, 400},
        {SKUA_E_BAD_FIELD, 400},
        {SKUA_E_BAD_LINE_END, 400},
        {SKUA_E_BAD_CONTENT_LENGTH, 400},
        {SKUA_E_BAD_FRAMING, 400},
        {SKUA_E_BAD_CHUNK, 400},
        {SKUA_E_BAD_HOST, 400},
        {SKUA_E_BAD_TARGET, 400},
        {SKUA_E_INCOMPLETE_READ, 400},
        {SKUA_E_TIMEOUT, 408},
        {SKUA_E_BODY_TOO_LARGE, 413},
        {SKUA_E_LINE_TOO_LONG, 414},
        {SKUA_E_FIELD_TOO_LONG, 431},
        {SKUA_E_TOO_MANY_FIELDS, 431},
        {SKUA_E_HEAD_TOO_LARGE, 431},
        {SKUA_E_UNKNOWN_TRANSFER_ENCODING, 501},
        {SKUA_E_NOMEM, 503},
        {SKUA_E_UNKNOWN_PROTOCOL, 505},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        if (table[i].code == code)
            return table[i].status;
    }
    return 0;
}

void sk_sconn_leave_body(sk_sconn *c) {
    sk_h1_set_close(&c->session.h1);
    c->linger = true;
}

sk_step sk_sconn_refuse(sk_sconn *c, int status, const char *explain) {
    sk_sconn_tell_refused(c, status, 0, explain);
    sk_sconn_leave_body(c);
    return sk_sconn_replied(c, sk_reply_refuse(&c->exchange->reply, status, NULL, explain));
}

sk_step sk_sconn_refuse_busy(sk_sconn *c, int code) {
    sk_sconn_tell_refused(c, SKUA_STATUS_SERVICE_UNAVAILABLE, code, "the pool's queue is full");
    if (c->exchange->request.streamed)
        sk_sconn_leave_body(c);
    return sk_sconn_replied(c, sk_reply_busy(&c->exchange->reply));
}

sk_step sk_sconn_refuse_error(sk_sconn *c, int code, const char *what) {
    int status = sk_sconn_status_of(code);
    skua_request *q = &c->exchange->request;
    if (status == 0) { /* the stream has failed: there is nobody to answer */
        sk_sconn_drop_exchange(c);
        return SK_STEP_CLOSE;
    }
    /* The head was not accepted, so the wire machine does not know its method. */
    bool unread = c->state == SK_SCONN_HEAD;
    bool bare = unread && sk_str_eq(q->head.method, SK_LIT("HEAD"));
    if (unread)
        q->head = (sk_head){.fields = {.at = c->exchange->fields}};
    sk_sconn_tell_refused(c, status, code, what ? what : skua_error_text(code));
    sk_sconn_leave_body(c);
    sk_reply_end end = bare ? sk_reply_bare(&c->exchange->reply, status)
                            : sk_reply_refuse(&c->exchange->reply, status, NULL, what);
    return sk_sconn_replied(c, end);
}

/* ---- what takes too long ---- */

/* ptr NULL: no memory. */
static skua_str copy(sk_arena *arena, skua_str s) {
    const char *text = sk_arena_strndup(arena, s.ptr, s.len);
    return (skua_str){text, text ? s.len : 0};
}

/* What hooks and pages may ask of a request, into one of another exchange, as far as there is
 * memory for it. */
static void copy_request(skua_request *to, const skua_request *from, sk_arena *arena) {
    to->id = copy(arena, sk_str(from->id)).ptr;
    to->head.version = from->head.version;
    to->head.method = copy(arena, from->head.method);
    to->head.target = copy(arena, from->head.target);
    to->head.host = copy(arena, from->head.host);
    for (uint32_t i = 0; i < from->head.fields.count; i++) {
        const sk_field *f = &from->head.fields.at[i];
        sk_field both = {.name = copy(arena, f->name), .value = copy(arena, f->value)};
        if (both.name.ptr && both.value.ptr)
            to->head.fields.at[to->head.fields.count++] = both;
    }
    if (to->head.target.ptr && sk_path_parse(to->head.target, arena, &to->path, &to->query) != 0)
        to->path = (sk_path){.text = NULL};
}

/* The reply is another's to make, and not begun: it is left to the handler, who is told that nobody
 * waits for it, and this one takes its place. False: no memory. */
static bool replace_exchange(sk_sconn *c) {
    const sk_exchange *old = c->exchange;
    sk_exchange *x = sk_worker_lend(c->worker, c);
    if (!x)
        return false;
    sk_access_note_copy(&x->note, &old->note, &x->arena);
    copy_request(&x->request, &old->request, &x->arena);
    if (sk_deferral_take_over(old->deferral)) {
        c->exchange = x;
        return true;
    }
    sk_worker_take_back(c->worker, x);
    return false;
}

sk_step sk_sconn_overdue(sk_sconn *c) {
    if (c->state == SK_SCONN_BODY)
        return sk_sconn_refuse_error(c, SKUA_E_TIMEOUT, NULL);
    if (c->state != SK_SCONN_DEFERRED) {
        c->blocked = true; /* its peer has not taken it, or it would be over */
        sk_sconn_tell(c, SKUA_LOG_DEBUG, "closed: the exchange took too long");
        return SK_STEP_CLOSE;
    }
    if (sk_deferral_collect(c->exchange->deferral, c->session.out))
        return SK_STEP_ON; /* it is finished this very moment */
    if (replace_exchange(c))
        return sk_sconn_refuse(c, SKUA_STATUS_SERVICE_UNAVAILABLE, "It took too long.");
    return SK_STEP_CLOSE;
}

/* ---- files ---- */

/* That a peer goes away is no news; that a file cannot be sent is. */
static sk_step cut_file(sk_sconn *c, int rc, const char *why) {
    if (rc != SKUA_E_CONNECTION_RESET && rc != SKUA_E_BROKEN_PIPE)
        sk_sconn_tell(c, SKUA_LOG_WARN, "sending a file: %s", why);
    sk_sconn_report(c, true);
    return SK_STEP_CLOSE;
}

/* Send of the piece under way. ON when all of it was taken. */
static sk_step send_piece(sk_sconn *c) {
    skua_reply *a = &c->exchange->reply;
    skua_error err;
    while (a->file_left > 0) {
        if (sk_sconn_turn_is_over(c)) {
            c->yield = true;
            return SK_STEP_WAIT;
        }
        ptrdiff_t n =
            sk_session_sendfile(&c->session, a->file, &a->file_at, (size_t)a->file_left, &err);
        c->blocked = n == SKUA_E_AGAIN;
        if (c->blocked)
            return SK_STEP_WAIT;
        if (n <= 0)
            return cut_file(c, (int)n, n == 0 ? "it has become shorter" : err.msg);
        a->file_left -= n;
        a->body_bytes += n;
    }
    return SK_STEP_ON;
}

sk_step sk_sconn_step_file(sk_sconn *c) {
    skua_reply *a = &c->exchange->reply;
    for (;;) {
        sk_step s = send_piece(c);
        if (s != SK_STEP_ON)
            return s;
        if (a->pieces_left == 0)
            return sk_sconn_replied(c, sk_reply_finish(a, 0));
        int rc = sk_reply_next_piece(a);
        if (rc != 0)
            return cut_file(c, rc, skua_error_text(rc));
    }
}
