/* Handlers on the pool, which read and write blocking, with each fault in turn: what they wait for
 * ends, each of them returns, each request gets a right status or its connection is closed, and the
 * next connection is served by the same thread. */
#include "at_rest.h"
#include "callbacks.h"
#include "matrix.h"

#include <skua/server.h>
#include <stdio.h>

#define HOST     "Host: h\r\n"
#define GET      " HTTP/1.1\r\n" HOST "\r\n"
#define CAPACITY 30000
#define PIECE    (90u << 10)
#define PIECES   7     /* after three it has to wait, and again after three more */
#define UPLOAD   70000 /* more than what is under way */

static sk_pool *pool;
static char piece[PIECE];
static unsigned under_way; /* handlers: all of them return */

static void begin_pool(over_pair *p) {
    pool = sk_pool_new(1, 4);
    assert_non_null(pool);
    p->settings.pool = pool;
    p->rest = at_rest;
    memset(piece, 'p', sizeof piece);
    under_way = 0;
}

static void end_pool(void) {
    sk_pool_free(pool);
    at_rest_forget();
    assert_int_equal(under_way, 0);
    drop_callbacks();
}

static void route(over_pair *p, const char *pattern, skua_handler_fn *fn, bool streams) {
    const char *what;
    const sk_route r = {.fn = fn, .pooled = true, .stream_body = streams};
    assert_int_equal(sk_router_add(p->router, pattern, &r, &what), 0);
}

static void run(void (*prepare)(over_pair *p), const char *const *requests, const int *statuses) {
    matrix_run(&(matrix){.prepare = prepare,
                         .undo = end_pool,
                         .requests = requests,
                         .statuses = statuses,
                         .capacity = CAPACITY});
}

/* ---- replies ---- */

static int whole(skua_request *q, skua_reply *a, void *user) {
    size_t len;
    const char *body = skua_request_body(q, &len);
    (void)user;
    skua_reply_set_cookie(a, SKUA_OPTS(skua_cookie, .name = "c", .value = "v"));
    return skua_reply_text(a, 200, "%s %s %.*s", skua_request_id(q), skua_request_client(q),
                           (int)len, body);
}

static int large(skua_request *q, skua_reply *a, void *user) {
    (void)q;
    (void)user;
    return skua_reply_bytes(a, 200, "text/plain", piece, sizeof piece);
}

static int in_steps(skua_request *q, skua_reply *a, void *user) {
    (void)q;
    (void)user;
    under_way++;
    skua_reply_send_response(a, 200);
    skua_reply_send_header(a, "Content-Type", "text/plain");
    skua_reply_send_header(a, "Trailer", "X-Last");
    skua_reply_end_headers(a);
    int rc = 0;
    for (int i = 0; i < PIECES && rc == 0; i++)
        rc = skua_reply_write(a, piece, sizeof piece);
    if (rc == 0)
        rc = skua_reply_send_trailer(a, "X-Last", "1");
    under_way--;
    return rc;
}

static int early(skua_request *q, skua_reply *a, void *user) {
    (void)q;
    (void)user;
    skua_reply_send_response(a, 103);
    skua_reply_send_header(a, "Link", "</style.css>; rel=preload");
    int rc = skua_reply_end_headers(a);
    return rc == 0 ? skua_reply_send_error(a, 403, "no") : rc;
}

static void prepare_replies(over_pair *p) {
    begin_pool(p);
    route(p, "/whole", whole, false);
    route(p, "GET /large", large, false);
    route(p, "GET /steps", in_steps, false);
    route(p, "GET /early", early, false);
}

static void whole_replies(void **state) {
    (void)state;
    static const char *const requests[] = {
        "GET /whole" GET "GET /nix" GET,
        "POST /whole HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\nhel",
        "lo",
        "GET /large" GET "HEAD /large" GET,
        "GET /early" GET,
        NULL,
    };
    static const int statuses[] = {200, 404, 200, 200, 200, 103, 403, 0};
    run(prepare_replies, requests, statuses);
}

static void replies_in_steps(void **state) {
    (void)state;
    static const char *const requests[] = {"GET /steps" GET, "HEAD /steps" GET, NULL};
    static const int statuses[] = {200, 200, 0};
    run(prepare_replies, requests, statuses);
}

static void prepare_compressed(over_pair *p) {
    prepare_replies(p);
    make_compression(p);
}

static void compressed_replies(void **state) {
    (void)state;
    static const char *const requests[] = {
        "GET /steps HTTP/1.1\r\n" HOST "Accept-Encoding: gzip\r\n\r\n",
        "GET /large HTTP/1.1\r\n" HOST "Accept-Encoding: gzip\r\n\r\n",
        NULL,
    };
    static const int statuses[] = {200, 200, 0};
    run(prepare_compressed, requests, statuses);
}

/* ---- bodies that are read piece by piece ---- */

static int count(skua_request *q, skua_reply *a, void *user) {
    char some[700];
    size_t total = 0;
    ptrdiff_t n;
    (void)user;
    under_way++;
    while ((n = skua_request_read(q, some, sizeof some)) > 0)
        total += (size_t)n;
    size_t trailers;
    skua_request_trailers(q, &trailers);
    under_way--;
    return n < 0 ? (int)n : skua_reply_text(a, 200, "%zu %zu", total, trailers);
}

/* What comes goes back at once. */
static int echo(skua_request *q, skua_reply *a, void *user) {
    char some[700];
    ptrdiff_t n = 0;
    (void)user;
    under_way++;
    skua_reply_send_response(a, 200);
    int rc = skua_reply_end_headers(a);
    while (rc == 0 && (n = skua_request_read(q, some, sizeof some)) > 0)
        rc = skua_reply_write(a, some, (size_t)n);
    under_way--;
    return n < 0 ? (int)n : rc;
}

/* Of the body it takes a piece, and of the rest it wants nothing. */
static int enough(skua_request *q, skua_reply *a, void *user) {
    char some[10];
    (void)user;
    ptrdiff_t n = skua_request_read(q, some, sizeof some);
    return n < 0 ? (int)n : skua_reply_send_error(a, 413, NULL);
}

static void prepare_uploads(over_pair *p) {
    begin_pool(p);
    route(p, "POST /count", count, true);
    route(p, "POST /echo", echo, true);
    route(p, "POST /enough", enough, true);
}

#define LONG_UPLOAD(path) "POST " path " HTTP/1.1\r\n" HOST "Content-Length: 70000\r\n\r\n"

static const char *a_long_upload(const char *head) {
    static char text[UPLOAD + 200];
    int len = snprintf(text, sizeof text, "%s", head);
    memset(text + len, 'u', UPLOAD);
    text[len + UPLOAD] = '\0';
    return text;
}

static void bodies_read_piece_by_piece(void **state) {
    (void)state;
    const char *const requests[] = {
        a_long_upload(LONG_UPLOAD("/count")),
        "POST /count HTTP/1.1\r\n" HOST
        "Transfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n",
        "4\r\nabcd\r\n",
        "0\r\nX: y\r\n\r\n",
        "GET /count" GET,
        NULL,
    };
    static const int statuses[] = {200, 100, 200, 405, 0};
    run(prepare_uploads, requests, statuses);
}

static void bodies_sent_back_as_they_come(void **state) {
    (void)state;
    const char *const requests[] = {
        "POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\n",
        "5\r\nefghi\r\n0\r\n\r\n",
        a_long_upload(LONG_UPLOAD("/echo")),
        NULL,
    };
    static const int statuses[] = {200, 200, 0};
    run(prepare_uploads, requests, statuses);
}

static void bodies_of_which_enough_was_read(void **state) {
    (void)state;
    const char *const requests[] = {a_long_upload(LONG_UPLOAD("/enough")), NULL};
    static const int statuses[] = {413, 0};
    run(prepare_uploads, requests, statuses);
}

/* ---- what the pool leaves for later ---- */

static skua_reply *waiting;

static int keep(skua_request *q, skua_reply *a, void *user) {
    (void)q;
    (void)user;
    int rc = skua_reply_defer(a);
    if (rc == 0)
        waiting = a;
    return rc;
}

static void finish_later(over_pair *p) {
    skua_reply *a = waiting;
    (void)p;
    waiting = NULL;
    if (!a)
        return;
    skua_reply_text(a, 200, "late");
    skua_reply_finish(a);
}

static void prepare_kept(over_pair *p) {
    begin_pool(p);
    route(p, "GET /keep", keep, false);
}

static void replies_that_outlive_their_handler(void **state) {
    (void)state;
    static const char *const requests[] = {"GET /keep" GET, "GET /keep" GET, NULL};
    static const int statuses[] = {200, 200, 0};
    matrix_run(&(matrix){.prepare = prepare_kept,
                         .later = finish_later,
                         .undo = end_pool,
                         .requests = requests,
                         .statuses = statuses,
                         .capacity = CAPACITY});
}

/* ---- no thread ---- */

static void without_a_thread_the_server_is_busy(void **state) {
    (void)state;
    over_pair p;
    const matrix m = {.prepare = prepare_uploads};
    matrix_start(&m, &p);
    rest.no_threads = true;
    matrix_connect(&m, &p);
    matrix_open(&p);
    op_say(&p, "POST /count HTTP/1.1\r\n" HOST "Content-Length: 3\r\n\r\nabc");
    const char *heard = op_heard(&p);
    assert_int_equal(op_status(heard, 0), 503);
    assert_non_null(strstr(heard, "Retry-After: "));
    rest.no_threads = false;
    op_disconnect(&p);
    matrix_connect(&m, &p);
    matrix_open(&p);
    op_say(&p, "POST /count HTTP/1.1\r\n" HOST "Content-Length: 3\r\n\r\nabc");
    assert_int_equal(op_status(op_heard(&p), 0), 200);
    op_free(&p);
    end_pool();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_replies),
        cmocka_unit_test(replies_in_steps),
        cmocka_unit_test(compressed_replies),
        cmocka_unit_test(bodies_read_piece_by_piece),
        cmocka_unit_test(bodies_sent_back_as_they_come),
        cmocka_unit_test(bodies_of_which_enough_was_read),
        cmocka_unit_test(replies_that_outlive_their_handler),
        cmocka_unit_test(without_a_thread_the_server_is_busy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
