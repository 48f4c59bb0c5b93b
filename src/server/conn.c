/* server/conn.c - one connection of a server, over any stream.
 *
 *     accepted -> HANDSHAKE (TLS) -> HEAD <--------------------------------+
 *                                    |  |  \                               |
 *                   body announced   |  |   \ refused, time-out            |
 *                 BODY <-------------+  |    +---------------+             |
 *                   | whole             | no body            |             |
 *                   +-----> handler <---+                    |             |
 *                              | replied                     |             |
 *                              +--> FILE (pumped) --+        |             |
 *                              |                    v        |             |
 *                              +--------------> exchange over -- go on ----+
 *                                                   | close  |
 *                                                   v        v
 *                                                   ENDING (output leaves)
 *                                                   |        | the peer may still be sending
 *                                                closed <- LINGER
 *
 * A turn lasts from a wake-up until nothing more can be done. During it the input and output are
 * the worker's buffers, so all replies that one read sets off leave in one send, at its end. What
 * is left then (a partial head, output the peer has not taken) moves to buffers of the connection's
 * own, which are given back when they are drained. While output is left no further request is
 * begun. */
#include "server/conn.h"

#include "base/mem.h"
#include "server/reply.h"
#include "sys/clock.h"
#include <skua/status.h>

#include <inttypes.h>

#define QUEUE_MAX   (64u << 10) /* output that is sent before anything is added to it */
#define TURN_MAX    (1 << 20)   /* bytes moved in a turn, after which others have theirs */
#define SHARED_READ (16u << 10) /* the least room for a read into the worker's buffer */
#define OWN_READ    512u        /* and into the connection's: slow peers are to cost little */
#define BODY_READ   (16u << 10)
#define BUFFER_KEPT (256u << 10) /* of the worker's output: what is larger is given back */
#define LINGER_MS   2000
#define LINGER_MAX  (256u << 10)
#define SPARE_CONNS 64u

typedef enum step {
    ON,   /* the state may have changed: take its next step */
    WAIT, /* for the stream, or the timer */
    CLOSE
} step;

static size_t queued(const sk_sconn *c) {
    return sk_buf_len(c->session.out);
}

/* ---- buffers ---- */

static void share_input(sk_sconn *c) {
    if (c->session.in == &c->in && sk_buf_len(&c->in) == 0) {
        sk_buf_free(&c->in);
        c->session.in = &c->worker->in;
        c->session.read_size = SHARED_READ;
    }
}

static void share_output(sk_sconn *c) {
    if (c->session.out == &c->out && sk_buf_len(&c->out) == 0) {
        sk_buf_free(&c->out);
        c->session.out = &c->worker->out;
    }
}

static void begin_turn(sk_sconn *c) {
    sk_worker *w = c->worker;
    sk_buf_clear(&w->in);
    sk_buf_clear(&w->out);
    c->session.in = &c->in;
    c->session.read_size = OWN_READ;
    c->session.out = &c->out;
    share_input(c);
    share_output(c);
    c->blocked = c->yield = false;
    w->turn_moved = c->session.received + c->session.sent;
}

static bool turn_is_over(const sk_sconn *c) {
    return c->session.received + c->session.sent - c->worker->turn_moved > TURN_MAX;
}

/* Much is handed over as it is, little is copied. */
static bool move_buffer(sk_buf *from, sk_buf *to) {
    if (from->cap > QUEUE_MAX && sk_buf_len(from) > QUEUE_MAX / 2) {
        *to = *from;
        *from = (sk_buf){0};
        return true;
    }
    sk_buf_append(to, sk_buf_head(from), sk_buf_len(from));
    return !to->failed;
}

/* False: no memory. */
static bool end_turn(sk_sconn *c) {
    sk_worker *w = c->worker;
    bool kept = true;
    if (c->session.in == &w->in && sk_buf_len(&w->in) > 0)
        kept = move_buffer(&w->in, &c->in);
    if (c->session.out == &w->out && sk_buf_len(&w->out) > 0)
        kept = move_buffer(&w->out, &c->out) && kept;
    if (sk_buf_len(&c->in) == 0)
        sk_buf_free(&c->in);
    if (w->out.cap > BUFFER_KEPT)
        sk_buf_free(&w->out);
    c->session.in = &c->in;
    c->session.out = &c->out;
    return kept;
}

/* ---- sending ---- */

static step flush(sk_sconn *c) {
    int rc = queued(c) > 0 ? sk_session_flush(&c->session, NULL) : 0;
    c->blocked = rc == SKUA_E_AGAIN;
    if (rc == 0)
        share_output(c);
    return rc == 0 ? ON : c->blocked ? WAIT : CLOSE;
}

int sk_sconn_relieve(sk_sconn *c) {
    if (c->blocked || queued(c) <= QUEUE_MAX)
        return 0;
    return flush(c) == CLOSE ? SKUA_E_BROKEN_PIPE : 0;
}

/* ---- the end of an exchange ---- */

static int64_t now_us(const sk_sconn *c) {
    return sk_clock_now(c->worker->settings->clock) * 1000;
}

static const char *or_dash(const char *text) {
    return *text ? text : "-";
}

static void report(sk_sconn *c) {
    const sk_server_settings *settings = c->worker->settings;
    sk_exchange *x = c->exchange;
    if (!settings->access)
        return;
    skua_access a = {
        .client = sk_sconn_client(c),
        .method = or_dash(skua_request_method(&x->request)),
        .target = or_dash(skua_request_target(&x->request)),
        .version = x->request.head.version,
        .status = x->reply.status,
        .body_bytes = x->reply.body_bytes,
        .duration_us = x->begun_us ? now_us(c) - x->begun_us : 0,
        .is_tls = c->is_tls,
    };
    settings->access(settings->user, &a);
}

static void drop_exchange(sk_sconn *c) {
    if (c->exchange)
        sk_worker_take_back(c->worker, c->exchange);
    c->exchange = NULL;
}

static step end_connection(sk_sconn *c) {
    c->state = SK_CONN_ENDING;
    c->timer_kind = SK_CONN_NO_TIMER;
    return ON;
}

/* Is there anything from the peer that was not read, or may there be? Closing a socket on it would
 * reset the connection, and take the reply away from the peer (RFC 9112 9.6). */
static bool may_be_sending(const sk_sconn *c) {
    return !c->session.eof && (sk_buf_len(c->session.in) > 0 || !c->session.dry);
}

/* The reply is complete: the request's end is taken, which needs no reading, and what comes next
 * decided. */
static step exchange_over(sk_sconn *c) {
    sk_h1 *m = &c->session.h1;
    sk_event ev = {.head = &c->worker->trailers};
    report(c);
    drop_exchange(c);
    if (!sk_h1_closing(m) && !sk_h1_recv_idle(m) && sk_session_next(&c->session, &ev, NULL) != 0)
        return CLOSE;
    if (!sk_h1_can_cycle(m)) {
        c->linger |= may_be_sending(c);
        return end_connection(c);
    }
    sk_h1_cycle(m);
    c->state = SK_CONN_HEAD;
    return ON;
}

static step replied(sk_sconn *c, sk_reply_end end) {
    if (end == SK_REPLY_COMPLETE)
        return exchange_over(c);
    if (end == SK_REPLY_FILE) {
        c->state = SK_CONN_FILE;
        return ON;
    }
    report(c);
    drop_exchange(c);
    c->linger |= may_be_sending(c);
    return end_connection(c);
}

/* ---- refusing ---- */

static int status_of_error(int code) {
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
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        if (table[i].code == code)
            return table[i].status;
    return 0;
}

/* Answer and close: after this request nobody can say where the next one begins. */
static step refuse_and_close(sk_sconn *c, int status, const char *explain) {
    sk_h1_set_close(&c->session.h1);
    c->linger = true;
    return replied(c, sk_reply_refuse(&c->exchange->reply, status, NULL, explain));
}

/* A request that broke off, or whose head or body is wrong. */
static step refuse_error(sk_sconn *c, int code, const char *what) {
    int status = status_of_error(code);
    skua_request *q = &c->exchange->request;
    if (status == 0) { /* the stream has failed: there is nobody to answer */
        drop_exchange(c);
        return CLOSE;
    }
    if (c->state != SK_CONN_HEAD)
        return refuse_and_close(c, status, what);
    /* The head was not accepted, so the wire machine does not know its method. */
    bool bare = sk_str_eq(q->head.method, SK_LIT("HEAD"));
    q->head = (sk_head){.fields = {.at = c->exchange->fields}};
    if (!bare)
        return refuse_and_close(c, status, what);
    sk_h1_set_close(&c->session.h1);
    c->linger = true;
    return replied(c, sk_reply_bare(&c->exchange->reply, status));
}

/* ---- a request ---- */

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

/* Find the route. 200, or the status that refuses the request. */
static int find_route(const sk_sconn *c, skua_request *q) {
    sk_route_match match;
    if (sk_str_eq(q->head.method, SK_LIT("CONNECT")))
        return SKUA_STATUS_NOT_IMPLEMENTED;
    int rc = sk_path_parse(q->head.target, sk_request_arena(q), &q->path, &q->query);
    if (rc != 0)
        return status_of_error(rc);
    int status = sk_router_find(c->worker->settings->router, q->head.method, &q->path, &match);
    if (status == 200 && !take_params(q, &match))
        return SKUA_STATUS_SERVICE_UNAVAILABLE;
    return status;
}

/* 200, or the status that refuses what the head announces. */
static int check_announced(const sk_sconn *c, const sk_head *head) {
    /* RFC 9110 10.1.1: an expectation we do not know cannot be met. 1.0 has none. */
    if (head->version >= 11 && !head->expect_continue &&
        sk_fields_find(&head->fields, SK_LIT("Expect")))
        return SKUA_STATUS_EXPECTATION_FAILED;
    if (head->body == SK_BODY_LENGTH && head->content_length > c->worker->settings->body_max)
        return SKUA_STATUS_CONTENT_TOO_LARGE;
    return 200;
}

/* No handler takes the request: 404, 405, 501 and so on, and OPTIONS, which the routes answer. */
static step answer_without_route(sk_sconn *c, int status) {
    skua_request *q = &c->exchange->request;
    skua_reply *a = &c->exchange->reply;
    bool star = q->path.text && q->path.count == 0;
    const char *allow = NULL;
    if (status == 405 || star) {
        allow = sk_router_allow(c->worker->settings->router, star ? NULL : &q->path,
                                sk_request_arena(q));
        if (!allow)
            status = SKUA_STATUS_SERVICE_UNAVAILABLE;
        else if (sk_str_eq(q->head.method, SK_LIT("OPTIONS")))
            status = SKUA_STATUS_NO_CONTENT;
    }
    /* Without a path the target was bad, or CONNECT's: what follows may be anything. */
    if (has_body(&q->head) || !q->path.text) {
        sk_h1_set_close(&c->session.h1);
        c->linger = true;
    }
    return replied(c, status == 204 ? sk_reply_options(a, allow)
                                    : sk_reply_refuse(a, status, allow, NULL));
}

static step run_handler(sk_sconn *c) {
    sk_exchange *x = c->exchange;
    const sk_route *route = x->request.route;
    int rc = route->fn(&x->request, &x->reply, route->user);
    return replied(c, sk_reply_finish(&x->reply, rc));
}

/* RFC 9110 10.1.1: not where the body has begun to come without it. */
static int send_continue(sk_sconn *c) {
    sk_session *s = &c->session;
    if (!c->exchange->request.head.expect_continue || sk_buf_len(s->in) > 0)
        return 0;
    sk_h1_start_response(&s->h1, s->out, SKUA_STATUS_CONTINUE, SK_LIT("Continue"));
    return sk_h1_finish_head(&s->h1, s->out, SK_BODY_NONE, 0);
}

static step begin_body(sk_sconn *c) {
    c->state = SK_CONN_BODY;
    int rc = sk_request_keep(&c->exchange->request);
    if (rc == 0)
        rc = send_continue(c);
    return rc == 0 ? ON : refuse_error(c, rc, NULL);
}

static step begin_request(sk_sconn *c) {
    skua_request *q = &c->exchange->request;
    c->served = true;
    c->timer_kind = SK_CONN_NO_TIMER;
    if (c->worker->settings->access) {
        c->exchange->begun_us = now_us(c);
        skua_request_method(q); /* the copies are made while the views are good */
        skua_request_target(q);
    }
    int status = find_route(c, q);
    if (status != 200)
        return answer_without_route(c, status);
    status = check_announced(c, &q->head);
    if (status != 200)
        return refuse_and_close(c, status, NULL);
    return has_body(&q->head) ? begin_body(c) : run_handler(c);
}

/* ---- the states ---- */

static step step_handshake(sk_sconn *c) {
    skua_error err;
    int rc = sk_tls_handshake(c->session.stream, &err);
    if (rc == SKUA_E_AGAIN)
        return WAIT;
    if (rc != 0) {
        sk_worker_log(c->worker, "%s", err.msg);
        return CLOSE;
    }
    c->state = SK_CONN_HEAD;
    c->timer_kind = SK_CONN_NO_TIMER;
    return ON;
}

/* May a request be begun now? ON if so. */
static step may_begin(sk_sconn *c) {
    if (c->blocked)
        return WAIT;
    if (queued(c) > QUEUE_MAX)
        return flush(c);
    return ON;
}

static step step_head(sk_sconn *c) {
    step s = may_begin(c);
    if (s != ON)
        return s;
    if (c->worker->stopping)
        return end_connection(c);
    if (turn_is_over(c)) {
        c->yield = true;
        return WAIT;
    }
    share_input(c);
    c->exchange = sk_worker_lend(c->worker, c);
    if (!c->exchange)
        return CLOSE;
    skua_error err;
    sk_event ev = {.head = &c->exchange->request.head};
    int rc = sk_session_next(&c->session, &ev, &err);
    if (rc == 0 && ev.kind == SK_EV_HEAD)
        return begin_request(c);
    if (rc != 0 && rc != SKUA_E_AGAIN)
        return refuse_error(c, rc, ev.what);
    drop_exchange(c);
    return rc == 0 ? end_connection(c) : WAIT;
}

/* How much to read at once: the buffer grows with what has come, not with what was announced. */
static size_t body_room(const sk_sconn *c) {
    const skua_request *q = &c->exchange->request;
    size_t have = sk_buf_len(&q->body);
    size_t room = have > BODY_READ ? have : BODY_READ;
    int64_t most =
        q->head.body == SK_BODY_LENGTH ? q->head.content_length : c->worker->settings->body_max;
    uint64_t left = (uint64_t)most - have;
    return left < room ? (size_t)left + 1 : room; /* one more: it shows a body that is too long */
}

static step body_complete(sk_sconn *c) {
    sk_buf *body = &c->exchange->request.body;
    char *end = sk_buf_reserve(body, 1);
    if (!end)
        return refuse_error(c, SKUA_E_NOMEM, NULL);
    *end = '\0';
    return run_handler(c);
}

/* Take some of the body. ON: the same again. */
static step take_body(sk_sconn *c, bool *complete) {
    sk_buf *body = &c->exchange->request.body;
    size_t room = body_room(c);
    char *to = sk_buf_reserve(body, room);
    if (!to)
        return refuse_error(c, SKUA_E_NOMEM, NULL);
    sk_event ev = {.head = &c->worker->trailers};
    ptrdiff_t n = sk_session_body(&c->session, to, room, &ev, NULL);
    if (n == SKUA_E_AGAIN)
        return WAIT;
    if (n < 0)
        return refuse_error(c, (int)n, ev.what);
    sk_buf_commit(body, (size_t)n);
    if (sk_buf_len(body) > (uint64_t)c->worker->settings->body_max)
        return refuse_error(c, SKUA_E_BODY_TOO_LARGE, NULL);
    *complete = n == 0 && ev.kind == SK_EV_END;
    return ON;
}

static step step_body(sk_sconn *c) {
    bool complete = false;
    while (!complete) {
        if (turn_is_over(c)) {
            c->yield = true;
            return WAIT;
        }
        share_input(c);
        step s = take_body(c, &complete);
        if (s != ON || c->state != SK_CONN_BODY)
            return s;
    }
    return body_complete(c);
}

static step cut_file(sk_sconn *c, const char *why) {
    sk_worker_log(c->worker, "%s: sending a file: %s", sk_sconn_client(c), why);
    report(c);
    return CLOSE;
}

static step step_file(sk_sconn *c) {
    skua_reply *a = &c->exchange->reply;
    skua_error err;
    while (a->file_left > 0) {
        if (turn_is_over(c)) {
            c->yield = true;
            return WAIT;
        }
        ptrdiff_t n =
            sk_session_sendfile(&c->session, a->file, &a->file_at, (size_t)a->file_left, &err);
        c->blocked = n == SKUA_E_AGAIN;
        if (c->blocked)
            return WAIT;
        if (n <= 0)
            return cut_file(c, n == 0 ? "it has become shorter" : err.msg);
        a->file_left -= n;
        a->body_bytes += n;
    }
    return replied(c, sk_reply_finish(a, 0));
}

static step step_ending(sk_sconn *c) {
    step s = flush(c);
    if (s != ON)
        return s;
    if (!c->linger && !c->is_tls)
        return CLOSE;
    int rc = c->session.stream->ops->shutdown(c->session.stream, NULL);
    if (!c->linger || (rc != 0 && rc != SKUA_E_AGAIN))
        return CLOSE;
    c->blocked = rc == SKUA_E_AGAIN;
    if (c->blocked)
        return WAIT;
    c->state = SK_CONN_LINGER;
    return ON;
}

/* Read and drop, so that the peer gets the reply rather than a reset. */
static step step_linger(sk_sconn *c) {
    skua_stream *stream = c->session.stream;
    sk_buf *sink = &c->worker->in;
    sk_buf_free(&c->in);
    sk_buf_clear(sink);
    c->session.in = sink;
    while (c->dropped < LINGER_MAX) {
        char *to = sk_buf_reserve(sink, SHARED_READ);
        ptrdiff_t n = to ? stream->ops->read(stream, to, SHARED_READ, NULL) : SKUA_E_NOMEM;
        if (n == SKUA_E_AGAIN)
            return WAIT;
        if (n <= 0)
            return CLOSE;
        c->dropped += (uint32_t)n;
    }
    return CLOSE;
}

typedef step step_fn(sk_sconn *c);
static step_fn *const steps[] = {
    [SK_CONN_HANDSHAKE] = step_handshake, [SK_CONN_HEAD] = step_head,
    [SK_CONN_BODY] = step_body,           [SK_CONN_FILE] = step_file,
    [SK_CONN_ENDING] = step_ending,       [SK_CONN_LINGER] = step_linger,
};

/* ---- waiting ---- */

static sk_conn_timer timer_due(const sk_sconn *c) {
    static const uint8_t by_state[] = {
        [SK_CONN_HANDSHAKE] = SK_CONN_TIMER_TLS, [SK_CONN_HEAD] = SK_CONN_TIMER_IDLE,
        [SK_CONN_BODY] = SK_CONN_TIMER_BODY,     [SK_CONN_FILE] = SK_CONN_TIMER_WRITE,
        [SK_CONN_ENDING] = SK_CONN_TIMER_WRITE,  [SK_CONN_LINGER] = SK_CONN_TIMER_LINGER,
    };
    if (c->yield)
        return SK_CONN_TIMER_YIELD;
    if (c->blocked && c->state != SK_CONN_BODY)
        return SK_CONN_TIMER_WRITE;
    if (c->state == SK_CONN_HEAD && (!c->served || sk_buf_len(&c->in) > 0))
        return SK_CONN_TIMER_HEADER;
    return (sk_conn_timer)by_state[c->state];
}

static int64_t timer_ms(const sk_server_settings *settings, sk_conn_timer kind) {
    switch (kind) {
    case SK_CONN_TIMER_TLS:
        return settings->tls_ms;
    case SK_CONN_TIMER_HEADER:
        return settings->header_ms;
    case SK_CONN_TIMER_IDLE:
        return settings->idle_ms;
    case SK_CONN_TIMER_BODY:
        return settings->body_ms;
    case SK_CONN_TIMER_WRITE:
        return settings->write_ms;
    case SK_CONN_TIMER_LINGER:
        return LINGER_MS;
    default:
        return 0;
    }
}

/* The time for progress starts anew with each; that for something whole does not. */
static bool is_for_progress(sk_conn_timer kind) {
    return kind == SK_CONN_TIMER_BODY || kind == SK_CONN_TIMER_WRITE;
}

static bool set_timer(sk_sconn *c) {
    sk_conn_timer kind = timer_due(c);
    bool moved = c->session.received + c->session.sent != c->worker->turn_moved;
    if (kind == (sk_conn_timer)c->timer_kind && !(is_for_progress(kind) && moved))
        return true;
    c->timer_kind = (uint8_t)kind;
    return sk_loop_arm(c->worker->loop, &c->timer, timer_ms(c->worker->settings, kind)) == 0;
}

static bool set_watch(sk_sconn *c) {
    bool only_write = (c->blocked && c->state != SK_CONN_BODY) || c->state == SK_CONN_FILE;
    skua_want want = sk_session_want(&c->session, only_write ? SKUA_WANT_WRITE : SKUA_WANT_READ);
    if (want.fd < 0)
        return true;
    if (c->watched)
        return sk_loop_want(c->worker->loop, &c->watch, want.events) == 0;
    c->watched = true;
    return sk_loop_add(c->worker->loop, &c->watch, want.fd, want.events) == 0;
}

/* Nothing more can be done now: send, put away what is left, and say what to wait for. */
static bool settle(sk_sconn *c) {
    if (!c->blocked && flush(c) == CLOSE)
        return false;
    return end_turn(c) && set_timer(c) && set_watch(c);
}

static void run(sk_sconn *c, step s) {
    while (s == ON)
        s = steps[c->state](c);
    if (s == CLOSE || !settle(c))
        sk_sconn_close(c);
}

void sk_sconn_turn(sk_sconn *c) {
    begin_turn(c);
    run(c, flush(c) == CLOSE ? CLOSE : ON);
}

static void on_ready(sk_watch *w, unsigned events) {
    sk_sconn *c = SK_CONTAINER(w, sk_sconn, watch);
    /* TLS may have had to write before it could read. */
    if ((events & SKUA_WANT_READ) || c->is_tls)
        sk_session_readable(&c->session);
    sk_sconn_turn(c);
}

static step on_time_out(sk_sconn *c, sk_conn_timer kind) {
    bool begun = c->state == SK_CONN_BODY || sk_buf_len(&c->in) > 0;
    switch (kind) {
    case SK_CONN_TIMER_YIELD:
        return ON;
    case SK_CONN_TIMER_TLS:
        sk_worker_log(c->worker, "tls: %s: no handshake within %" PRId64 " ms", sk_sconn_client(c),
                      c->worker->settings->tls_ms);
        return CLOSE;
    case SK_CONN_TIMER_IDLE:
        return end_connection(c);
    case SK_CONN_TIMER_HEADER:
    case SK_CONN_TIMER_BODY:
        if (!begun)
            return end_connection(c);
        if (!c->exchange)
            c->exchange = sk_worker_lend(c->worker, c);
        return c->exchange ? refuse_error(c, SKUA_E_TIMEOUT, NULL) : CLOSE;
    default:
        return CLOSE;
    }
}

static void on_timer(sk_timer *t) {
    sk_sconn *c = SK_CONTAINER(t, sk_sconn, timer);
    sk_conn_timer kind = (sk_conn_timer)c->timer_kind;
    c->timer_kind = SK_CONN_NO_TIMER;
    begin_turn(c);
    run(c, on_time_out(c, kind));
}

/* ---- opening and closing ---- */

static sk_sconn *new_conn(sk_worker *w) {
    sk_sconn *c = w->spare_conns;
    if (c) {
        w->spare_conns = (sk_sconn *)(void *)c->link.next;
        w->spare_conn_count--;
    } else {
        c = sk_alloc(sizeof *c);
    }
    if (!c)
        return NULL;
    *c = (sk_sconn){.worker = w, .state = SK_CONN_HEAD};
    c->watch = (sk_watch){.fn = on_ready, .fd = -1};
    c->timer.fn = on_timer;
    sk_list_push_back(&w->conns, &c->link);
    return c;
}

static void free_conn(sk_sconn *c) {
    sk_worker *w = c->worker;
    sk_list_remove(&c->link);
    if (w->spare_conn_count >= SPARE_CONNS) {
        sk_free(c);
        return;
    }
    c->link.next = (sk_link *)(void *)w->spare_conns;
    w->spare_conns = c;
    w->spare_conn_count++;
}

void sk_sconn_free_spares(sk_worker *w) {
    while (w->spare_conns) {
        sk_sconn *c = w->spare_conns;
        w->spare_conns = (sk_sconn *)(void *)c->link.next;
        sk_free(c);
    }
}

void sk_sconn_close(sk_sconn *c) {
    sk_worker *w = c->worker;
    drop_exchange(c);
    sk_loop_cancel(w->loop, &c->timer);
    if (c->watched)
        sk_loop_remove(w->loop, &c->watch);
    sk_buf_free(&c->in);
    sk_buf_free(&c->out);
    sk_free(c->client);
    c->session.stream->ops->close(c->session.stream);
    free_conn(c);
    sk_worker_resume_accepting(w);
}

void sk_sconn_stop(sk_sconn *c) {
    bool replying = c->state == SK_CONN_FILE || c->state == SK_CONN_ENDING ||
                    c->state == SK_CONN_LINGER || c->blocked;
    if (!replying)
        sk_sconn_close(c);
}

static void use_stream(sk_sconn *c, skua_stream *stream) {
    sk_session_init(&c->session, stream, SK_SERVER, &c->worker->settings->limits);
}

sk_sconn *sk_sconn_open_stream(sk_worker *w, skua_stream *stream) {
    sk_sconn *c = new_conn(w);
    if (c)
        use_stream(c, stream);
    else
        stream->ops->close(stream);
    return c;
}

/* Put TLS over the socket's stream. False: no memory, or the like. */
static bool wrap(sk_sconn *c, sk_tls_ctx *tls) {
    sk_worker *w = c->worker;
    if (!w->scratch)
        w->scratch = sk_tls_scratch_new();
    skua_stream *stream = NULL;
    if (w->scratch)
        stream = sk_tls_server(tls, &c->tcp.base, w->scratch, NULL);
    if (!stream)
        return false;
    use_stream(c, stream);
    c->is_tls = true;
    c->state = SK_CONN_HANDSHAKE;
    return true;
}

int sk_sconn_open(sk_worker *w, int fd, sk_tls_ctx *tls) {
    sk_tcp tcp;
    sk_tcp_init(&tcp, fd);
    sk_sconn *c = new_conn(w);
    if (!c) {
        tcp.base.ops->close(&tcp.base);
        return SKUA_E_NOMEM;
    }
    c->tcp = tcp;
    use_stream(c, &c->tcp.base);
    if (tls && !wrap(c, tls)) {
        sk_sconn_close(c);
        return SKUA_E_NOMEM;
    }
    sk_sconn_turn(c);
    return 0;
}

const char *sk_sconn_client(sk_sconn *c) {
    skua_stream *stream = c->session.stream;
    if (c->client || !stream->ops->info)
        return c->client ? c->client : "";
    skua_stream_info info = {.size = sizeof info};
    stream->ops->info(stream, &info);
    c->client = sk_strdup(info.peer);
    return c->client ? c->client : "";
}
