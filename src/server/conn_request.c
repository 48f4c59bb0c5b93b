/* server/conn_request.c - one request, from its head to its handler.
 *
 *     head -> route -> what it announces -> (body) -> handler
 *
 * Each step may refuse it. Where there is no route, a small body is read all the same: the refusal
 * is then no reason to close, and what is malformed is not taken for the next request. What comes
 * of the reply is in conn_reply.c. */
#include "base/cold.h"
#include "server/conn_step.h"

#include <skua/status.h>

#define BODY_READ        (16u << 10) /* room for a read, until there is more of the body than that */
#define BODY_REFUSED_MAX (64 << 10)  /* of a body that is read for the sake of what is behind it */

/* ---- routes ---- */

static bool has_body(const sk_head *head) {
    return head->body == SK_BODY_CHUNKED ||
           (head->body == SK_BODY_LENGTH && head->content_length > 0);
}

/* Copy the parameters. False: no memory. */
static bool take_params(skua_request *q, const sk_route_match *match) {
    const sk_route *route = match->route;
    sk_arena *arena = sk_request_arena(q);
    q->route = route;
    q->rest = match->rest;
    if (route->name_count == 0)
        return true;
    q->params = sk_arena_alloc(arena, route->name_count * sizeof *q->params);
    for (uint32_t i = 0; q->params && i < route->name_count; i++) {
        if (route->named_rest && i == route->name_count - 1) {
            q->params[i] = q->path.text + q->path.segments[match->rest].at;
            continue;
        }
        skua_str s = sk_path_segment(&q->path, match->segment[i]);
        q->params[i] = sk_arena_strndup(arena, s.ptr, s.len);
        if (!q->params[i])
            return false;
    }
    return q->params != NULL;
}

/* RFC 9110 7.4: an https resource is asked for over what is not secured. A gateway that we trust
 * may have ended TLS: one that has named its client by PROXY, or comes by a Unix socket. */
static bool is_misdirected(sk_sconn *c, skua_str target) {
    static const skua_str https = SK_LIT("https:");
    skua_str scheme = {target.ptr, target.len < https.len ? target.len : https.len};
    return !c->is_tls && sk_str_ieq(scheme, https) && !c->vouched &&
           strncmp(sk_sconn_client(c), "unix:", 5) != 0;
}

/* Find the route. 200, or the status that refuses the request. */
static int find_route(sk_sconn *c, skua_request *q) {
    sk_route_match match;
    if (sk_str_eq(q->head.method, SK_LIT("CONNECT")))
        return SKUA_STATUS_NOT_IMPLEMENTED;
    int rc = sk_path_parse(q->head.target, sk_request_arena(q), &q->path, &q->query);
    if (rc != 0)
        return sk_sconn_status_of(rc);
    if (is_misdirected(c, q->head.target))
        return SKUA_STATUS_MISDIRECTED_REQUEST;
    int status = sk_router_find(c->worker->settings->router, q->head.method, &q->path, &match);
    if (status == SKUA_STATUS_OK && !take_params(q, &match))
        return SKUA_STATUS_SERVICE_UNAVAILABLE;
    return status;
}

int64_t sk_sconn_body_max(const sk_sconn *c) {
    const skua_request *q = &c->exchange->request;
    if (q->refused)
        return BODY_REFUSED_MAX;
    int64_t max = q->route ? q->route->limits.body_max : 0; /* NULL: a hook takes it */
    return max != 0 ? max : c->worker->settings->body_max;
}

/* RFC 9110 10.1.1: an expectation we do not know cannot be met. 1.0 has none. */
static bool can_meet(const sk_head *head) {
    const sk_field *field = sk_fields_find(&head->fields, SK_LIT("Expect"));
    if (head->version < 11)
        return true;
    for (; field; field = sk_fields_find_next(&head->fields, field, SK_LIT("Expect"))) {
        skua_str rest = field->value, member;
        if (!head->expect_continue)
            return false;
        while (sk_list_next(&rest, &member)) {
            if (!sk_str_ieq(member, SK_LIT("100-continue")))
                return false;
        }
    }
    return true;
}

/* 200, or the status that refuses what the head announces. */
static int check_announced(const sk_sconn *c, const sk_head *head) {
    if (!can_meet(head))
        return SKUA_STATUS_EXPECTATION_FAILED;
    int64_t max = sk_sconn_body_max(c);
    if (max >= 0 && head->body == SK_BODY_LENGTH && head->content_length > max)
        return SKUA_STATUS_CONTENT_TOO_LARGE;
    return SKUA_STATUS_OK;
}

/* No handler takes the request: 404, 405, 501 and so on, and OPTIONS, which the routes answer. */
SK_COLD static sk_step answer_without_route(sk_sconn *c) {
    skua_request *q = &c->exchange->request;
    int status = q->refused;
    skua_reply *a = &c->exchange->reply;
    bool star = q->path.text && q->path.count == 0;
    const char *allow = NULL;
    if (status == SKUA_STATUS_METHOD_NOT_ALLOWED || star) {
        allow = sk_router_allow(c->worker->settings->router, star ? NULL : &q->path,
                                sk_request_arena(q));
        if (!allow)
            status = SKUA_STATUS_SERVICE_UNAVAILABLE;
        else if (sk_str_eq(q->head.method, SK_LIT("OPTIONS")))
            status = SKUA_STATUS_NO_CONTENT;
    }
    if (status == SKUA_STATUS_SERVICE_UNAVAILABLE)
        sk_sconn_tell_refused(c, status, SKUA_E_NOMEM, NULL);
    else if (status >= SKUA_STATUS_BAD_REQUEST)
        sk_sconn_tell_refused(c, status, 0, NULL);
    return sk_sconn_replied(c, status == SKUA_STATUS_NO_CONTENT
                                   ? sk_reply_options(a, allow)
                                   : sk_reply_refuse(a, status, allow, NULL));
}

static sk_step handler_returned(sk_sconn *c, int rc) {
    sk_exchange *x = c->exchange;
    if (x->deferral)
        return sk_sconn_await_reply(c);
    if (x->request.streamed) /* and nobody wanted it */
        sk_sconn_leave_body(c);
    return sk_sconn_replied(c, sk_reply_finish(&x->reply, rc));
}

static sk_step run_handler(sk_sconn *c) {
    sk_exchange *x = c->exchange;
    const sk_route *route = x->request.route;
    if (route->pooled)
        return sk_sconn_run_on_pool(c);
    return handler_returned(c, route->fn(&x->request, &x->reply, route->user));
}

int sk_sconn_send_continue(sk_sconn *c) {
    sk_session *s = &c->session;
    sk_h1_start_response(&s->h1, s->out, SKUA_STATUS_CONTINUE, SK_LIT("Continue"));
    return sk_h1_finish_head(&s->h1, s->out, SK_BODY_NONE, 0);
}

static sk_step begin_body(sk_sconn *c) {
    c->state = SK_SCONN_BODY;
    int rc = sk_request_keep(&c->exchange->request);
    /* RFC 9110 10.1.1: not where the body has begun to come without it. */
    if (rc == 0 && c->exchange->request.head.expect_continue && sk_buf_len(c->session.in) == 0)
        rc = sk_sconn_send_continue(c);
    return rc == 0 ? SK_STEP_ON : sk_sconn_refuse_error(c, rc, NULL);
}

/* Is it a small body, and sure to come? */
static bool may_pass_over(const sk_head *head) {
    return !head->expect_continue &&
           (head->body == SK_BODY_CHUNKED || head->content_length <= BODY_REFUSED_MAX);
}

/* There is no route: answer, behind the body if it may be passed over. */
SK_COLD static sk_step refuse_route(sk_sconn *c, int status) {
    skua_request *q = &c->exchange->request;
    q->refused = status;
    if (q->path.text && has_body(&q->head) && may_pass_over(&q->head))
        return begin_body(c);
    /* Without a path the target was bad, or CONNECT's: what follows may be anything. */
    if (has_body(&q->head) || !q->path.text)
        sk_sconn_leave_body(c);
    return answer_without_route(c);
}

/* Does a hook take the request? Its body, if there is one, is then not read. */
static bool answer_by_hook(sk_sconn *c, sk_step *next) {
    sk_exchange *x = c->exchange;
    if (!x->callbacks || !x->callbacks->before.first)
        return false;
    x->request.streamed = has_body(&x->request.head); /* and nobody reads it */
    int rc = sk_hooks_before(&x->callbacks->before, &x->request, &x->reply);
    bool taken = rc != 0 || x->reply.state != SK_REPLY_FRESH || x->reply.error || x->deferral;
    if (taken)
        *next = handler_returned(c, rc);
    else
        x->request.streamed = false;
    return taken;
}

/* RFC 9112 9.6: whoever means to close says so. Requests that are here already, behind this one,
 * are answered first. */
static void announce_end(sk_sconn *c) {
    if (has_body(&c->exchange->request.head) || sk_buf_len(c->session.in) == 0)
        sk_h1_set_close(&c->session.h1);
}

static sk_step begin_request(sk_sconn *c) {
    skua_request *q = &c->exchange->request;
    c->served = true;
    sk_count(&c->worker->counts.requests, 1);
    c->timer_kind = SK_SCONN_NO_TIMER;
    if (c->worker->draining)
        announce_end(c);
    sk_sconn_note(c);
    int status = find_route(c, q);
    sk_step s;
    if (q->path.text && answer_by_hook(c, &s))
        return s;
    if (status != SKUA_STATUS_OK)
        return refuse_route(c, status);
    status = check_announced(c, &q->head);
    if (status != SKUA_STATUS_OK)
        return sk_sconn_refuse(c, status, NULL);
    if (q->route->limits.exchange_ms > 0 && !sk_sconn_limit_exchange(c))
        return sk_sconn_refuse_error(c, SKUA_E_NOMEM, NULL);
    q->streamed = q->route->stream_body && has_body(&q->head);
    return has_body(&q->head) && !q->streamed ? begin_body(c) : run_handler(c);
}

/* May a request be begun now? ON if so. */
static sk_step may_begin(sk_sconn *c) {
    if (c->blocked)
        return SK_STEP_WAIT;
    if (sk_sconn_queued(c) > SK_SCONN_QUEUE_MAX)
        return sk_sconn_flush(c);
    return SK_STEP_ON;
}

sk_step sk_sconn_step_head(sk_sconn *c) {
    sk_step s = may_begin(c);
    if (s != SK_STEP_ON)
        return s;
    if (c->worker->stopping)
        return sk_sconn_end(c);
    if (sk_sconn_turn_is_over(c)) {
        c->yield = true;
        return SK_STEP_WAIT;
    }
    sk_sconn_share_input(c);
    if (sk_session_is_dry(&c->session))
        return SK_STEP_WAIT;
    c->exchange = sk_worker_lend(c->worker, c);
    if (!c->exchange)
        return SK_STEP_CLOSE;
    c->exchange->first_byte = c->session.received - (int64_t)sk_buf_len(c->session.in);
    skua_error err;
    sk_event ev = {.head = &c->exchange->request.head};
    int rc = sk_session_next(&c->session, &ev, &err);
    if (rc == 0 && ev.kind == SK_EV_HEAD)
        return begin_request(c);
    if (rc != 0 && rc != SKUA_E_AGAIN)
        return sk_sconn_refuse_error(c, rc, ev.what);
    sk_sconn_drop_exchange(c);
    return rc == 0 ? sk_sconn_end(c) : SK_STEP_WAIT;
}

/* ---- bodies ---- */

/* How much to read at once: the buffer grows with what has come, not with what was announced. */
static size_t body_room(const sk_sconn *c) {
    const skua_request *q = &c->exchange->request;
    size_t have = sk_buf_len(&q->body);
    size_t room = have > BODY_READ ? have : BODY_READ;
    int64_t most = q->head.body == SK_BODY_LENGTH ? q->head.content_length : sk_sconn_body_max(c);
    uint64_t left = (uint64_t)most - have;
    return left < room ? (size_t)left + 1 : room; /* one more: it shows a body that is too long */
}

static sk_step body_complete(sk_sconn *c) {
    sk_buf *body = &c->exchange->request.body;
    if (c->exchange->request.refused)
        return answer_without_route(c);
    char *end = sk_buf_reserve(body, 1);
    if (!end)
        return sk_sconn_refuse_error(c, SKUA_E_NOMEM, NULL);
    *end = '\0';
    return run_handler(c);
}

static sk_step body_too_long(sk_sconn *c) {
    if (!c->exchange->request.refused)
        return sk_sconn_refuse_error(c, SKUA_E_BODY_TOO_LARGE, NULL);
    sk_sconn_leave_body(c);
    return answer_without_route(c);
}

/* Take some of the body. ON: the same again. */
static sk_step take_body(sk_sconn *c, bool *complete) {
    sk_buf *body = &c->exchange->request.body;
    size_t room = body_room(c);
    char *to = sk_buf_reserve(body, room);
    if (!to)
        return sk_sconn_refuse_error(c, SKUA_E_NOMEM, NULL);
    sk_event ev = {.head = &c->worker->trailers};
    ptrdiff_t n = sk_session_body(&c->session, to, room, &ev, NULL);
    if (n == SKUA_E_AGAIN)
        return SK_STEP_WAIT;
    if (n < 0)
        return sk_sconn_refuse_error(c, (int)n, ev.what);
    sk_buf_commit(body, (size_t)n);
    if (sk_buf_len(body) > (uint64_t)sk_sconn_body_max(c))
        return body_too_long(c);
    if (n == 0 && ev.kind == SK_EV_TRAILERS &&
        sk_request_take_trailers(&c->exchange->request, ev.head) != 0)
        return sk_sconn_refuse_error(c, SKUA_E_NOMEM, NULL);
    *complete = n == 0 && ev.kind == SK_EV_END;
    return SK_STEP_ON;
}

sk_step sk_sconn_step_body(sk_sconn *c) {
    bool complete = false;
    while (!complete) {
        /* What is left of a span lies in the input, which neither goes nor changes until then. */
        bool between = c->session.span_len == 0;
        if (between && sk_sconn_turn_is_over(c)) {
            c->yield = true;
            return SK_STEP_WAIT;
        }
        if (between)
            sk_sconn_share_input(c);
        sk_step s = take_body(c, &complete);
        if (s != SK_STEP_ON || c->state != SK_SCONN_BODY)
            return s;
    }
    return body_complete(c);
}
