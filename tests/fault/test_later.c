/* Replies that take their time, with each fault in turn: bodies that are paused, replies that wait
 * for room, event streams that are silent, exchanges that take too long, and small replies of all
 * kinds on the way. What is to be told is told once, and what was deferred is finished once. */
#include "matrix.h"

#include <skua/server.h>

#define HOST  "Host: h\r\n"
#define GET   " HTTP/1.1\r\n" HOST "\r\n"
#define PIECE 60000 /* five of them are more than may wait */

static skua_reply *waiting; /* deferred, and not finished */
static skua_request *paused;
static char piece[PIECE];

static void nothing_waits(void) {
    assert_null(waiting);
    assert_null(paused);
}

static void finish(skua_reply *a) {
    assert_ptr_equal(a, waiting);
    waiting = NULL;
    paused = NULL;
    skua_reply_finish(a);
}

/* ---- bodies that are paused ---- */

static int on_body(skua_request *q, const void *data, ptrdiff_t len, void *user) {
    skua_reply *a = user;
    (void)data;
    paused = NULL;
    if (len > 0) {
        paused = q;
        return SKUA_E_AGAIN;
    }
    if (len == 0)
        skua_reply_text(a, 200, "taken");
    finish(a);
    return 0;
}

static int take(skua_request *q, skua_reply *a, void *user) {
    (void)user;
    int rc = skua_request_on_body(q, on_body, a);
    waiting = rc == 0 ? a : NULL;
    return rc;
}

static void resume(over_pair *p) {
    for (skua_request *q; (q = paused) != NULL;) {
        paused = NULL;
        skua_request_resume(q);
        op_settle(p);
    }
}

static void prepare_paused(over_pair *p) {
    const char *what;
    const sk_route r = {.fn = take, .stream_body = true};
    assert_int_equal(sk_router_add(p->router, "POST /take", &r, &what), 0);
}

static void bodies_that_are_paused(void **state) {
    (void)state;
    static const char *const requests[] = {
        "POST /take HTTP/1.1\r\n" HOST "Content-Length: 10\r\n\r\n12345",
        "67890",
        "POST /take HTTP/1.1\r\n" HOST
        "Transfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\n4\r\nefgh\r\n",
        "0\r\n\r\n",
        NULL,
    };
    static const int statuses[] = {200, 200, 0};
    matrix_run(&(matrix){.prepare = prepare_paused,
                         .later = resume,
                         .undo = nothing_waits,
                         .requests = requests,
                         .statuses = statuses});
}

/* ---- replies that wait for room ---- */

static int pieces_left;

/* Write until it is full; with the last piece it is finished. */
static void write_on(skua_reply *a, void *user) {
    int rc = 0;
    (void)user;
    while (pieces_left > 0 && (rc = skua_reply_write(a, piece, sizeof piece)) == 0)
        pieces_left--;
    if (rc != SKUA_E_AGAIN)
        finish(a);
}

static void is_gone(skua_reply *a, void *user) {
    (void)user;
    finish(a);
}

static int write_much(skua_request *q, skua_reply *a, void *user) {
    (void)q;
    (void)user;
    int rc = skua_reply_defer(a);
    if (rc != 0)
        return rc;
    waiting = a;
    pieces_left = 10;
    skua_reply_send_response(a, 200);
    skua_reply_end_headers(a);
    skua_reply_on_room(a, write_on, NULL);
    if (skua_reply_on_gone(a, is_gone, NULL) == 0)
        write_on(a, NULL);
    else
        finish(a);
    return 0;
}

static void prepare_much(over_pair *p) {
    memset(piece, 'p', sizeof piece);
    assert_int_equal(op_route(p, "GET /much", write_much, NULL), 0);
}

static void replies_that_wait_for_room(void **state) {
    (void)state;
    static const char *const requests[] = {"GET /much" GET, "GET /nix" GET, NULL};
    static const int statuses[] = {200, 404, 0};
    matrix_run(&(matrix){.prepare = prepare_much,
                         .undo = nothing_waits,
                         .requests = requests,
                         .statuses = statuses,
                         .capacity = 30000});
}

/* ---- event streams that are silent ---- */

static int be_silent(skua_request *q, skua_reply *a, void *user) {
    (void)q;
    (void)user;
    int rc = skua_reply_events(a, 1000);
    waiting = rc == 0 ? a : NULL;
    if (rc == 0 && skua_reply_on_gone(a, is_gone, NULL) != 0)
        finish(a);
    return rc;
}

static void let_hearts_beat(over_pair *p) {
    for (int i = 0; i < 2 && waiting && p->pair; i++) {
        op_wait(p, 1001);
        op_settle(p);
    }
    if (waiting)
        finish(waiting);
}

static void prepare_silent(over_pair *p) {
    assert_int_equal(op_route(p, "GET /silent", be_silent, NULL), 0);
}

static void event_streams_that_are_silent(void **state) {
    (void)state;
    static const char *const requests[] = {"GET /silent" GET, "HEAD /silent" GET, "GET /nix" GET,
                                           NULL};
    static const int statuses[] = {200, 200, 404, 0};
    matrix_run(&(matrix){.prepare = prepare_silent,
                         .later = let_hearts_beat,
                         .undo = nothing_waits,
                         .requests = requests,
                         .statuses = statuses});
}

/* ---- exchanges that take too long ---- */

static int never_mind(skua_request *q, skua_reply *a, void *user) {
    (void)q;
    (void)user;
    int rc = skua_reply_defer(a);
    waiting = rc == 0 ? a : NULL;
    return rc;
}

/* The server has answered in its place by then. */
static void be_too_late(over_pair *p) {
    if (p->pair) {
        op_wait(p, 2001);
        op_settle(p);
    }
    if (!waiting)
        return;
    skua_reply_text(waiting, 200, "too late");
    finish(waiting);
}

static void prepare_late(over_pair *p) {
    const char *what;
    const sk_route r = {.fn = never_mind, .limits.exchange_ms = 2000};
    assert_int_equal(sk_router_add(p->router, "GET /late", &r, &what), 0);
}

static void exchanges_that_take_too_long(void **state) {
    (void)state;
    static const char *const requests[] = {"GET /late" GET, NULL};
    static const int statuses[] = {503, 0};
    matrix_run(&(matrix){.prepare = prepare_late,
                         .later = be_too_late,
                         .undo = nothing_waits,
                         .requests = requests,
                         .statuses = statuses});
}

/* ---- small replies ---- */

static int hint(skua_request *q, skua_reply *a, void *user) {
    (void)user;
    skua_reply_send_response(a, 103);
    skua_reply_send_header(a, "Link", "</style.css>; rel=preload");
    skua_reply_end_headers(a);
    skua_request_log(q, SKUA_LOG_WARN, "a hint");
    return skua_reply_json(a, 200, skua_request_query_param(q, "q") ? "{}" : "[]");
}

static int move(skua_request *q, skua_reply *a, void *user) {
    (void)user;
    skua_reply_send_header(a, "X-Id", skua_request_id(q));
    return skua_reply_redirect(a, 303, "/elsewhere?a=b");
}

static int end_it(skua_request *q, skua_reply *a, void *user) {
    (void)q;
    (void)user;
    skua_reply_close_connection(a);
    return skua_reply_send_error(a, 410, "<gone>");
}

static void hear_line(void *user, const char *line) {
    (void)user;
    assert_non_null(line);
}

static void prepare_small(over_pair *p) {
    p->settings.log = hear_line;
    p->settings.log_level = SKUA_LOG_DEBUG;
    p->settings.request_id_header = (skua_str)SK_LIT("X-Request-Id");
    p->settings.trust_request_id = true;
    assert_int_equal(op_route(p, "GET /hint", hint, NULL), 0);
    assert_int_equal(op_route(p, "/move", move, NULL), 0);
    assert_int_equal(op_route(p, "GET /end", end_it, NULL), 0);
}

static void small_replies(void **state) {
    (void)state;
    static const char *const requests[] = {
        "GET /hint?q=1 HTTP/1.1\r\n" HOST "X-Request-Id: its-own\r\n\r\nHEAD /hint" GET,
        "POST /move HTTP/1.1\r\n" HOST "Content-Length: 3\r\n\r\nabc",
        "GET /move HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
        "GET /end" GET "GET /hint" GET,
        NULL,
    };
    static const int statuses[] = {103, 200, 103, 200, 303, 303, 410, 0};
    matrix_run(&(matrix){.prepare = prepare_small, .requests = requests, .statuses = statuses});
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bodies_that_are_paused),
        cmocka_unit_test(replies_that_wait_for_room),
        cmocka_unit_test(event_streams_that_are_silent),
        cmocka_unit_test(exchanges_that_take_too_long),
        cmocka_unit_test(small_replies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
