/* A connection's life: keep-alive, pipelining, bodies, refusals, time-outs, lingering. */
#include "over_pair.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define HOST         "Host: h\r\n"
#define GET          "GET / HTTP/1.1\r\n" HOST "\r\n"

static int calls; /* of the handler */

static int hello(skua_request *q, skua_reply *a, void *user) {
    (void)q;
    (void)user;
    calls++;
    return skua_reply_bytes(a, 200, NULL, "hello", 5);
}

static int echo(skua_request *q, skua_reply *a, void *user) {
    size_t len;
    const char *body = skua_request_body(q, &len);
    (void)user;
    calls++;
    return skua_reply_bytes(a, 200, NULL, body, len);
}

static void start_with(over_pair *p, size_t capacity) {
    assert_int_equal(op_route(p, "GET /{$}", hello, NULL), 0);
    assert_int_equal(op_route(p, "POST /echo", echo, NULL), 0);
    assert_true(op_connect(p, capacity));
    calls = 0;
}

static void start(over_pair *p) {
    op_init(p);
    start_with(p, 65536);
}

static int count_of(const char *text, const char *what) {
    int n = 0;
    for (; (text = strstr(text, what)) != NULL; text += strlen(what))
        n++;
    return n;
}

/* ---- what an idle connection costs ---- */

static void an_idle_connection_is_small(void **state) {
    (void)state;
    assert_true(sizeof(sk_sconn) + 16 <= 320);
    over_pair p;
    start(&p);
    op_say(&p, GET);
    assert_null(p.conn->exchange);
    assert_null(p.conn->in.data);
    assert_null(p.conn->out.data);
    assert_null(p.conn->extra);
    op_free(&p);
}

/* ---- one after the other ---- */

static void requests_follow_each_other(void **state) {
    (void)state;
    over_pair p;
    start(&p);
    for (int i = 1; i <= 3; i++) {
        op_say(&p, GET);
        assert_int_equal(op_status(op_heard(&p), 0), 200);
        assert_int_equal(calls, i);
        assert_true(op_is_open(&p));
    }
    op_free(&p);
}

static void pipelined_replies_leave_in_one_write(void **state) {
    (void)state;
    over_pair p;
    start(&p);
    op_say(&p, GET "GET /nix HTTP/1.1\r\n" HOST "\r\n"
                   "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 3\r\n\r\nabc" GET);
    const char *text = op_heard(&p);
    assert_int_equal(sk_pair_writes(p.pair, 1), 1);
    static const int statuses[] = {200, 404, 200, 200, 0};
    for (int i = 0; i < (int)COUNT(statuses); i++)
        assert_int_equal(op_status(text, i), statuses[i]);
    assert_non_null(strstr(text, "\r\n\r\nabcHTTP/1.1 200"));
    op_free(&p);
}

static void many_pipelined_requests_are_all_answered(void **state) {
    (void)state;
    enum { REQUESTS = 5000 };
    over_pair p;
    start(&p);
    char *all = malloc(REQUESTS * (sizeof GET - 1));
    assert_non_null(all);
    for (size_t i = 0; i < REQUESTS; i++)
        memcpy(all + i * (sizeof GET - 1), GET, sizeof GET - 1);
    op_send(&p, all, REQUESTS * (sizeof GET - 1));
    assert_int_equal(calls, REQUESTS);
    assert_int_equal(count_of(op_heard(&p), "HTTP/1.1 200"), REQUESTS);
    assert_true(sk_pair_writes(p.pair, 1) < 100);
    free(all);
    op_free(&p);
}

/* A peer that sends and does not read gets no more replies than fit. */
static void a_peer_that_does_not_read_holds_itself_up(void **state) {
    (void)state;
    over_pair p;
    op_init(&p);
    start_with(&p, 200);
    skua_str piece = SK_LIT(GET);
    for (int i = 0; i < 100; i++) {
        p.client->ops->writev(p.client, &piece, 1, NULL);
        op_turn(&p);
    }
    assert_true(calls < 20);
    assert_true(p.conn->blocked);
    int before = calls;
    op_turn(&p);
    assert_int_equal(calls, before);
    op_settle(&p); /* it reads at last */
    assert_true(calls > before);
    assert_int_equal(count_of(op_heard(&p), "HTTP/1.1 200"), calls);
    op_free(&p);
}

static void every_split_gives_the_same(void **state) {
    (void)state;
    static const char request[] =
        "\r\nPOST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n"
        "3\r\nabc\r\n0\r\nX: y\r\n\r\nGET / HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n";
    for (size_t at = 0; at < sizeof request - 1; at++) {
        over_pair p;
        start(&p);
        op_send(&p, request, at);
        op_say(&p, request + at);
        const char *text = op_heard(&p);
        assert_int_equal(op_status(text, 0), 200);
        assert_int_equal(op_status(text, 1), 200);
        assert_non_null(strstr(text, "\r\n\r\nabcHTTP/1.1"));
        assert_false(op_is_open(&p));
        op_free(&p);
    }
    over_pair p;
    start(&p);
    for (size_t at = 0; at < sizeof request - 1; at++)
        op_send(&p, request + at, 1);
    assert_int_equal(op_status(op_heard(&p), 1), 200);
    assert_false(op_is_open(&p));
    op_free(&p);
}

typedef struct persistence {
    const char *request;
    bool open;
    const char *field; /* of the reply, or NULL */
} persistence;

static void b10_persistence_follows_the_version(void **state) {
    (void)state;
    static const persistence cases[] = {
        {GET, true, NULL},
        {"GET / HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n", false, "Connection: close"},
        {"GET / HTTP/1.0\r\n\r\n", false, NULL},
        {"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", true, "Connection: keep-alive"},
        {"GET / HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n", false, NULL},
        {"GET / HTTP/1.7\r\n" HOST "\r\n", true, NULL},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        over_pair p;
        start(&p);
        op_say(&p, cases[i].request);
        const char *text = op_heard(&p);
        assert_int_equal(op_status(text, 0), 200);
        assert_int_equal(op_is_open(&p), cases[i].open);
        assert_int_equal(strstr(text, "\r\nConnection:") != NULL, cases[i].field != NULL);
        if (cases[i].field)
            assert_non_null(strstr(text, cases[i].field));
        op_free(&p);
    }
}

/* ---- refusals ---- */

typedef struct refusal {
    const char *request;
    int status;
    bool closes;
} refusal;

static void refuse_all(const refusal *cases, size_t count) {
    for (size_t i = 0; i < count; i++) {
        over_pair p;
        start(&p);
        op_say(&p, cases[i].request);
        const char *text = op_heard(&p);
        assert_int_equal(op_status(text, 0), cases[i].status);
        assert_int_equal(op_status(text, 1), 0);
        assert_int_equal(calls, 0);
        assert_int_equal(p.ended, cases[i].closes);
        assert_int_equal(strstr(text, "\r\nConnection: close\r\n") != NULL, cases[i].closes);
        op_free(&p);
    }
}

#define CHUNKED "Transfer-Encoding: chunked\r\n\r\n"

static void broken_requests_are_refused(void **state) {
    (void)state;
    static const refusal cases[] = {
        {"GET /\r\n\r\n", 400, true},
        {"GET / HTTP/1.1\r\n\r\n", 400, true},
        {"GET / HTTP/1.1\n" HOST "\r\n", 400, true},
        {"GET / HTTP/1.1\r\n" HOST " folded\r\n\r\n", 400, true},
        {"GET / HTTP/1.1\r\n" HOST "A : b\r\n\r\n", 400, true},
        {"GET / HTTP/1.1\r\n" HOST HOST "\r\n", 400, true},
        {"GET /../x HTTP/1.1\r\n" HOST "\r\n", 400, true},
        {"GET /%zz HTTP/1.1\r\n" HOST "\r\n", 400, true},
        {"GET /%00 HTTP/1.1\r\n" HOST "\r\n", 400, true},
        {"GET * HTTP/1.1\r\n" HOST "\r\n", 400, true},
        {"GET / HTTP/2.0\r\n" HOST "\r\n", 505, true},
        {"POST /echo HTTP/1.1\r\n" HOST "Content-Length: 1\r\nContent-Length: 1\r\n\r\n", 400,
         true},
        {"POST /echo HTTP/1.1\r\n" HOST "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
         400, true},
        {"POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: gzip, chunked\r\n\r\n", 501, true},
        {"POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\nx\r\n", 400, true},
        {"POST /echo HTTP/1.1\r\n" HOST "Content-Length: 100001\r\n\r\n", 413, true},
        {"POST /echo HTTP/1.1\r\n" HOST "Expect: 100-continue\r\nContent-Length: 100001\r\n\r\n",
         413, true},
        {"POST /echo HTTP/1.1\r\n" HOST "Expect: tea\r\nContent-Length: 1\r\n\r\n", 417, true},
        {"CONNECT h:80 HTTP/1.1\r\nHost: h:80\r\n\r\nbytes", 501, true},
        /* Well-formed, and not here: the connection goes on. */
        {"GET /nix HTTP/1.1\r\n" HOST "\r\n", 404, false},
        {"PUT / HTTP/1.1\r\n" HOST "\r\n", 405, false},
        {"TRACE / HTTP/1.1\r\n" HOST "\r\n", 405, false},
        {"BREW / HTTP/1.1\r\n" HOST "\r\n", 501, false},
        {"POST /nix HTTP/1.1\r\n" HOST "Content-Length: 3\r\n\r\nabc", 404, false},
        {"POST /nix HTTP/1.1\r\n" HOST CHUNKED "3\r\nabc\r\n0\r\n\r\n", 404, false},
        {"POST /nix HTTP/1.1\r\n" HOST CHUNKED "3\r\nabcd\r\n0\r\n\r\n", 400, true},
        /* But not where a body follows that is large, or may never come. */
        {"POST /nix HTTP/1.1\r\n" HOST "Content-Length: 65537\r\n\r\n", 404, true},
        {"POST /nix HTTP/1.1\r\n" HOST "Content-Length: 3\r\nExpect: 100-continue\r\n\r\n", 404,
         true},
    };
    refuse_all(cases, COUNT(cases));
}

/* Chunks do not say how many there will be. */
static void a_refused_body_is_read_up_to_a_limit(void **state) {
    (void)state;
    static char chunk[40000];
    over_pair p;
    memset(chunk, 'a', sizeof chunk);
    start(&p);
    op_say(&p, "POST /nix HTTP/1.1\r\n" HOST CHUNKED);
    op_say(&p, "9c40\r\n");
    op_send(&p, chunk, sizeof chunk);
    assert_string_equal(op_heard(&p), "");
    op_say(&p, "\r\n9c40\r\n");
    op_send(&p, chunk, sizeof chunk);
    const char *text = op_heard(&p);
    assert_int_equal(op_status(text, 0), 404);
    assert_non_null(strstr(text, "\r\nConnection: close\r\n"));
    assert_true(p.ended);
    op_free(&p);
}

static void limits_are_kept(void **state) {
    (void)state;
    char line[1400] = "GET /", field[1400] = "GET / HTTP/1.1\r\n" HOST "A: ", many[1000] = "",
         head[6000] = "";
    memset(line + 5, 'a', 1200);
    memset(field + strlen(field), 'a', 1200);
    strcpy(many, "GET / HTTP/1.1\r\n" HOST);
    for (int i = 0; i < 21; i++)
        strcat(many, "A: b\r\n");
    strcpy(head, "GET / HTTP/1.1\r\n" HOST);
    for (int i = 0; i < 6; i++) {
        strcat(head, "A: ");
        memset(head + strlen(head), 'a', 900);
        strcat(head, "\r\n");
    }
    const refusal cases[] = {
        {line, 414, true}, {field, 431, true}, {many, 431, true}, {head, 431, true}};
    refuse_all(cases, COUNT(cases));
}

static void b07_head_gets_no_body_with_its_refusal(void **state) {
    (void)state;
    static const char *const requests[] = {
        "HEAD / HTTP/1.1\r\n\r\n", "HEAD /nix HTTP/1.1\r\n" HOST "\r\n",
        "HEAD / HTTP/1.1\r\n" HOST "Content-Length: x\r\n\r\n",
        "HEAD / HTTP/1.1\r\n" HOST "Content-Length: 100001\r\n\r\n"};
    for (size_t i = 0; i < COUNT(requests); i++) {
        over_pair p;
        start(&p);
        op_say(&p, requests[i]);
        const char *text = op_heard(&p);
        assert_true(op_status(text, 0) >= 400);
        assert_string_equal(strstr(text, "\r\n\r\n"), "\r\n\r\n");
        op_free(&p);
    }
}

static void options_are_told(void **state) {
    (void)state;
    static const char *const targets[] = {"/", "*", "/echo"};
    static const char *const allowed[] = {"GET, HEAD, OPTIONS", NULL, "POST, OPTIONS"};
    for (size_t i = 0; i < COUNT(targets); i++) {
        over_pair p;
        char request[100];
        start(&p);
        snprintf(request, sizeof request, "OPTIONS %s HTTP/1.1\r\n" HOST "\r\n", targets[i]);
        op_say(&p, request);
        const char *text = op_heard(&p);
        assert_int_equal(op_status(text, 0), 204);
        const char *allow = strstr(text, "\r\nAllow: ");
        assert_non_null(allow);
        if (allowed[i])
            assert_memory_equal(allow + 9, allowed[i], strlen(allowed[i]));
        assert_true(op_is_open(&p));
        op_free(&p);
    }
}

/* ---- bodies ---- */

static void a_body_over_the_cap_is_refused(void **state) {
    (void)state;
    over_pair p;
    start(&p);
    op_say(&p, "POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n");
    char chunk[1030] = "3fe\r\n";
    memset(chunk + 5, 'a', 1022);
    memcpy(chunk + 1027, "\r\n", 3);
    for (int i = 0; i < 100 && op_is_open(&p) && !p.ended; i++)
        op_say(&p, chunk);
    assert_int_equal(op_status(op_heard(&p), 0), 413);
    assert_true(p.ended);
    assert_int_equal(calls, 0);
    op_free(&p);
}

static void a_body_of_the_cap_is_taken(void **state) {
    (void)state;
    over_pair p;
    start(&p);
    char *body = malloc(100000);
    assert_non_null(body);
    memset(body, 'b', 100000);
    op_say(&p, "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 100000\r\n\r\n");
    op_send(&p, body, 100000);
    const char *text = op_heard(&p);
    assert_int_equal(op_status(text, 0), 200);
    assert_memory_equal(strstr(text, "\r\n\r\n") + 4, body, 100000);
    assert_true(op_is_open(&p));
    free(body);
    op_free(&p);
}

static void b08_continue_is_sent_when_it_is_due(void **state) {
    (void)state;
    over_pair p;
    start(&p);
    static const char expecting[] =
        "POST /echo HTTP/1.1\r\n" HOST "Expect: 100-continue\r\nContent-Length: 3\r\n\r\n";
    op_say(&p, expecting);
    assert_string_equal(op_heard(&p), "HTTP/1.1 100 Continue\r\n\r\n");
    op_say(&p, "abc");
    assert_int_equal(op_status(op_heard(&p), 0), 200);
    /* The body has begun already. */
    char all[200];
    snprintf(all, sizeof all, "%sa", expecting);
    op_say(&p, all);
    assert_string_equal(op_heard(&p), "");
    op_say(&p, "bc");
    assert_int_equal(op_status(op_heard(&p), 0), 200);
    /* 1.0 knows no expectations. */
    op_say(&p, "POST /echo HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n");
    assert_string_equal(op_heard(&p), "");
    op_say(&p, "abc");
    assert_int_equal(op_status(op_heard(&p), 0), 200);
    op_free(&p);
}

static int many(skua_request *q, skua_reply *a, void *user) {
    static char bytes[200000];
    (void)q;
    (void)user;
    return skua_reply_bytes(a, 200, NULL, bytes, sizeof bytes);
}

/* Send without reading or giving the server a turn. */
static void put(over_pair *p, const char *data, size_t len) {
    skua_str piece = {data, len};
    assert_int_equal(p->client->ops->writev(p->client, &piece, 1, NULL), (ptrdiff_t)len);
}

/* The larger part of a chunk waits in the connection's own buffer, to its last byte, and the body
 * takes it in several steps. */
static void a_chunk_that_waited_is_taken_whole(void **state) {
    static const char head[] = "GET /many HTTP/1.1\r\n" HOST "\r\nPOST /echo HTTP/1.1\r\n" HOST
                               "Transfer-Encoding: chunked\r\n\r\nc350\r\n";
    static char body[50000 + 1];
    (void)state;
    over_pair p;
    op_init(&p);
    assert_int_equal(op_route(&p, "GET /many", many, NULL), 0);
    start_with(&p, 65536);
    for (size_t i = 0; i < sizeof body - 1; i++)
        body[i] = (char)('a' + i % 23);
    put(&p, head, sizeof head - 1);
    put(&p, body, 40000);
    op_turn(&p);
    assert_true(p.conn->blocked);
    op_settle(&p);
    op_heard(&p);
    put(&p, body + 40000, 10000);
    op_say(&p, "\r\n0\r\n\r\n");
    assert_non_null(strstr(op_heard(&p), body));
    op_free(&p);
}

static void a_body_cut_short_is_400(void **state) {
    (void)state;
    over_pair p;
    start(&p);
    op_say(&p, "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 3\r\n\r\nab");
    op_shut(&p);
    assert_int_equal(op_status(op_heard(&p), 0), 400);
    assert_false(op_is_open(&p));
    op_free(&p);
}

static void an_end_between_requests_is_silent(void **state) {
    (void)state;
    over_pair p;
    start(&p);
    op_shut(&p);
    assert_string_equal(op_heard(&p), "");
    assert_false(op_is_open(&p));
    op_disconnect(&p);
    assert_true(op_connect(&p, 65536));
    skua_str piece = SK_LIT(GET);
    p.client->ops->writev(p.client, &piece, 1, NULL);
    op_shut(&p); /* half-closed: the reply still goes out */
    assert_int_equal(op_status(op_heard(&p), 0), 200);
    assert_false(op_is_open(&p));
    op_free(&p);
}

/* ---- time-outs ---- */

static void the_head_has_a_deadline(void **state) {
    (void)state;
    over_pair p;
    start(&p);
    op_settle(&p); /* the first turn arms it */
    static const char request[] = "GET / HTTP/1.1\r\nHo";
    for (size_t i = 0; i < 9; i++) { /* each byte is progress, and makes no difference */
        op_send(&p, request + i, 1);
        op_wait(&p, 1000);
        assert_true(op_is_open(&p));
    }
    op_wait(&p, 1000);
    const char *text = op_heard(&p);
    assert_int_equal(op_status(text, 0), 408);
    assert_non_null(strstr(text, "\r\nConnection: close\r\n"));
    assert_true(p.ended);
    op_free(&p);
}

static void the_deadline_of_a_later_head_begins_with_it(void **state) {
    (void)state;
    over_pair p;
    start(&p);
    op_say(&p, GET);
    op_heard(&p);
    op_wait(&p, 60000);
    op_say(&p, "GE");
    op_wait(&p, 9999);
    assert_string_equal(op_heard(&p), "");
    assert_true(op_is_open(&p));
    op_wait(&p, 1);
    assert_int_equal(op_status(op_heard(&p), 0), 408);
    op_free(&p);
}

static void silence_ends_silently(void **state) {
    (void)state;
    over_pair p;
    start(&p);
    op_settle(&p);
    op_wait(&p, 9999);
    assert_true(op_is_open(&p));
    op_wait(&p, 1);
    assert_false(op_is_open(&p));
    assert_string_equal(op_heard(&p), "");
    op_disconnect(&p);
    assert_true(op_connect(&p, 65536));
    op_say(&p, GET);
    op_heard(&p);
    op_wait(&p, 74999);
    op_say(&p, "\r\n"); /* passed over, and no sign of a request */
    assert_true(op_is_open(&p));
    op_wait(&p, 1);
    assert_false(op_is_open(&p));
    assert_string_equal(op_heard(&p), "");
    op_free(&p);
}

static void a_body_may_be_slow_but_not_stop(void **state) {
    (void)state;
    over_pair p;
    start(&p);
    op_say(&p, "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 100\r\n\r\n");
    for (int i = 0; i < 5; i++) {
        op_wait(&p, 29999);
        assert_true(op_is_open(&p));
        op_say(&p, "a");
    }
    op_wait(&p, 30000);
    assert_int_equal(op_status(op_heard(&p), 0), 408);
    assert_true(p.ended);
    op_free(&p);
}

static void a_peer_that_stops_reading_is_cut_off(void **state) {
    (void)state;
    over_pair p;
    op_init(&p);
    start_with(&p, 40);
    skua_str piece = SK_LIT("GET / HTTP/1.0\r\n\r\n");
    p.client->ops->writev(p.client, &piece, 1, NULL);
    op_turn(&p);
    p.clock.now_ms += 19999;
    sk_loop_step(p.worker->loop, 0);
    assert_true(op_is_open(&p));
    char some[10];
    p.client->ops->read(p.client, some, sizeof some, NULL);
    op_turn(&p); /* progress: the time begins anew */
    p.clock.now_ms += 19999;
    sk_loop_step(p.worker->loop, 0);
    assert_true(op_is_open(&p));
    p.clock.now_ms += 1;
    sk_loop_step(p.worker->loop, 0);
    assert_false(op_is_open(&p));
    op_free(&p);
}

static void forever_has_no_end(void **state) {
    (void)state;
    over_pair p;
    op_init(&p);
    p.settings.header_ms = p.settings.idle_ms = SKUA_FOREVER;
    start_with(&p, 65536);
    op_say(&p, "GET");
    op_wait(&p, INT64_C(1) << 40);
    assert_true(op_is_open(&p));
    op_say(&p, " / HTTP/1.1\r\n" HOST "\r\n");
    op_wait(&p, INT64_C(1) << 40);
    assert_true(op_is_open(&p));
    op_free(&p);
}

/* ---- lingering ---- */

static void a_refused_peer_gets_time_to_read(void **state) {
    (void)state;
    over_pair p;
    start(&p);
    op_say(&p, "bad\r\n\r\n");
    assert_int_equal(op_status(op_heard(&p), 0), 400);
    assert_true(p.ended);
    assert_true(op_is_open(&p));
    op_say(&p, GET); /* dropped */
    assert_string_equal(op_heard(&p), "");
    op_wait(&p, 1999);
    assert_true(op_is_open(&p));
    op_wait(&p, 1);
    assert_false(op_is_open(&p));
    op_free(&p);
}

static void lingering_ends_with_the_peer(void **state) {
    (void)state;
    over_pair p;
    start(&p);
    op_say(&p, "bad\r\n\r\n");
    op_shut(&p);
    assert_false(op_is_open(&p));
    op_free(&p);
}

static int shutdowns_in_vain;

static int busy_shutdown(skua_stream *stream, skua_error *err) {
    (void)stream;
    (void)err;
    return shutdowns_in_vain-- > 0 ? SKUA_E_AGAIN : 0;
}

/* Give the connection a stream that is TLS as far as ending goes. */
static void pretend_tls(over_pair *p, skua_stream_ops *ops) {
    *ops = *p->conn->session.stream->ops;
    ops->shutdown = busy_shutdown;
    p->conn->session.stream->ops = ops;
    p->conn->is_tls = true;
}

/* A TLS stream has taken all output, but the socket has not: its tail must not be lost. */
static void what_tls_holds_leaves_before_the_end(void **state) {
    (void)state;
    over_pair p;
    start(&p);
    op_say(&p, GET);
    skua_stream_ops ops;
    pretend_tls(&p, &ops);
    shutdowns_in_vain = 2;
    op_wait(&p, 75000);
    assert_int_equal(shutdowns_in_vain, 1);
    assert_true(op_is_open(&p));
    op_turn(&p);
    assert_true(op_is_open(&p));
    op_turn(&p);
    assert_false(op_is_open(&p));
    op_free(&p);
}

static int broken(skua_request *q, skua_reply *a, void *user) {
    (void)q;
    (void)user;
    skua_reply_send_response(a, 200);
    skua_reply_end_headers(a);
    skua_reply_write(a, "half", 4);
    return SKUA_E_OS;
}

/* A body that ends with the connection looks whole behind a close_notify. */
static void a_reply_that_is_cut_does_not_look_whole(void **state) {
    (void)state;
    over_pair p;
    skua_stream_ops ops;
    op_init(&p);
    assert_int_equal(op_route(&p, "GET /", broken, NULL), 0);
    assert_true(op_connect(&p, 50000));
    pretend_tls(&p, &ops);
    shutdowns_in_vain = 1;
    op_say(&p, "GET / HTTP/1.0\r\n\r\n");
    assert_false(op_is_open(&p));
    assert_int_equal(shutdowns_in_vain, 1); /* it was not called */
    op_free(&p);
}

/* What TLS holds leaves before an idle connection is closed. */
static void stopping_ends_tls_in_order(void **state) {
    (void)state;
    over_pair p;
    skua_stream_ops ops;
    start(&p);
    op_say(&p, GET);
    pretend_tls(&p, &ops);
    shutdowns_in_vain = 1;
    sk_worker_stop(p.worker);
    assert_true(op_is_open(&p));
    op_turn(&p);
    assert_false(op_is_open(&p));
    op_free(&p);
}

static void lingering_drops_only_so_much(void **state) {
    (void)state;
    over_pair p;
    start(&p);
    op_say(&p, "bad\r\n\r\n");
    char junk[16384];
    memset(junk, 'x', sizeof junk);
    size_t sent = 0;
    for (; op_is_open(&p) && sent < (size_t)100 << 20; sent += sizeof junk)
        op_send(&p, junk, sizeof junk);
    assert_true(sent >= (size_t)64 << 20 && sent <= (size_t)65 << 20);
    op_free(&p);
}

/* ---- stopping ---- */

static void stopping_closes_what_is_idle(void **state) {
    (void)state;
    static const char *const said[] = {
        "", GET, "GET", "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 3\r\n\r\nab"};
    for (size_t i = 0; i < COUNT(said); i++) {
        over_pair p;
        start(&p);
        op_say(&p, said[i]);
        sk_worker_stop(p.worker);
        assert_false(op_is_open(&p));
        op_free(&p);
    }
}

static void stopping_lets_replies_leave(void **state) {
    (void)state;
    over_pair p;
    op_init(&p);
    start_with(&p, 60);
    skua_str piece = SK_LIT(GET GET);
    p.client->ops->writev(p.client, &piece, 1, NULL);
    op_turn(&p);
    assert_true(p.conn->blocked);
    sk_worker_stop(p.worker);
    assert_true(op_is_open(&p));
    op_settle(&p);
    assert_false(op_is_open(&p));
    assert_non_null(strstr(op_heard(&p), "\r\n\r\nhello"));
    op_free(&p);
}

static void stopping_waits_a_second(void **state) {
    (void)state;
    over_pair p;
    op_init(&p);
    start_with(&p, 60);
    skua_str piece = SK_LIT(GET);
    p.client->ops->writev(p.client, &piece, 1, NULL);
    op_turn(&p);
    sk_worker_stop(p.worker);
    p.clock.now_ms += 999;
    sk_loop_step(p.worker->loop, 0);
    assert_false(p.worker->cut);
    p.clock.now_ms += 1;
    sk_loop_step(p.worker->loop, 0);
    assert_true(p.worker->cut);
    op_free(&p);
}

/* ---- the access log ---- */

typedef struct entry {
    int calls;
    char line[256];
} entry;

static void note(void *user, const skua_access *a) {
    entry *e = user;
    e->calls++;
    snprintf(e->line, sizeof e->line, "%s %s %s %d %d %d %d %d", a->client, a->method, a->target,
             a->version, a->status, (int)a->body_bytes, (int)a->duration_us, a->is_tls);
}

static void each_reply_is_logged(void **state) {
    (void)state;
    static const char *const cases[][2] = {
        {GET, "pair:0 GET / 11 200 5 0 0"},
        {"HEAD /?x HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", "pair:0 HEAD /?x 10 200 0 0 0"},
        {"GET /nix HTTP/1.1\r\n" HOST "\r\n", "pair:0 GET /nix 11 404 "},
        {"POST /echo HTTP/1.1\r\n" HOST "Content-Length: 3\r\n\r\nabc",
         "pair:0 POST /echo 11 200 3 0 0"},
        {"GET\r\n\r\n", "pair:0 - - 0 400 "},
    };
    over_pair p;
    entry e = {0};
    op_init(&p);
    p.settings.access = note;
    p.settings.user = &e;
    start_with(&p, 65536);
    for (size_t i = 0; i < COUNT(cases); i++) {
        op_say(&p, cases[i][0]);
        assert_int_equal(e.calls, i + 1);
        assert_memory_equal(e.line, cases[i][1], strlen(cases[i][1]));
    }
    op_free(&p);
}

static void durations_reach_from_head_to_reply(void **state) {
    (void)state;
    over_pair p;
    entry e = {0};
    op_init(&p);
    p.settings.access = note;
    p.settings.user = &e;
    start_with(&p, 65536);
    op_say(&p, "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 3\r\n\r\n");
    op_wait(&p, 1500);
    op_say(&p, "abc");
    assert_string_equal(e.line, "pair:0 POST /echo 11 200 3 1500000 0");
    op_free(&p);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_idle_connection_is_small),
        cmocka_unit_test(requests_follow_each_other),
        cmocka_unit_test(pipelined_replies_leave_in_one_write),
        cmocka_unit_test(many_pipelined_requests_are_all_answered),
        cmocka_unit_test(a_peer_that_does_not_read_holds_itself_up),
        cmocka_unit_test(every_split_gives_the_same),
        cmocka_unit_test(b10_persistence_follows_the_version),
        cmocka_unit_test(broken_requests_are_refused),
        cmocka_unit_test(a_refused_body_is_read_up_to_a_limit),
        cmocka_unit_test(limits_are_kept),
        cmocka_unit_test(b07_head_gets_no_body_with_its_refusal),
        cmocka_unit_test(options_are_told),
        cmocka_unit_test(a_body_over_the_cap_is_refused),
        cmocka_unit_test(a_body_of_the_cap_is_taken),
        cmocka_unit_test(b08_continue_is_sent_when_it_is_due),
        cmocka_unit_test(a_chunk_that_waited_is_taken_whole),
        cmocka_unit_test(a_body_cut_short_is_400),
        cmocka_unit_test(an_end_between_requests_is_silent),
        cmocka_unit_test(the_head_has_a_deadline),
        cmocka_unit_test(the_deadline_of_a_later_head_begins_with_it),
        cmocka_unit_test(silence_ends_silently),
        cmocka_unit_test(a_body_may_be_slow_but_not_stop),
        cmocka_unit_test(a_peer_that_stops_reading_is_cut_off),
        cmocka_unit_test(forever_has_no_end),
        cmocka_unit_test(a_refused_peer_gets_time_to_read),
        cmocka_unit_test(lingering_ends_with_the_peer),
        cmocka_unit_test(what_tls_holds_leaves_before_the_end),
        cmocka_unit_test(a_reply_that_is_cut_does_not_look_whole),
        cmocka_unit_test(stopping_ends_tls_in_order),
        cmocka_unit_test(lingering_drops_only_so_much),
        cmocka_unit_test(stopping_closes_what_is_idle),
        cmocka_unit_test(stopping_lets_replies_leave),
        cmocka_unit_test(stopping_waits_a_second),
        cmocka_unit_test(each_reply_is_logged),
        cmocka_unit_test(durations_reach_from_head_to_reply),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
