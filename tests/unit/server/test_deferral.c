/* Replies that are finished after their handler has returned, handlers on the pool, and bodies that
 * are taken as they come; over loopback, with real threads. */
#include "raw_client.h"
#include "scene.h"
#include "sys/clock.h"

#include <sched.h>
#include <time.h>

/* ---- the pool ---- */

static int block(skua_request *q, skua_reply *a, void *user) {
    stage *st = user;
    (void)q;
    sem_post(&st->in);
    wait_for(&st->go);
    return skua_reply_text(a, 200, "slow");
}

static void a_handler_that_blocks_holds_nobody_up(void **state) {
    (void)state;
    static scene s;
    open_scene(&s, ONE_WORKER, "/slow",
               SKUA_OPTS(skua_route_opts, .fn = block, .user = &s.st, .kind = SKUA_HANDLER_POOL));
    static raw_client other;
    rc_say(&s.c, GET("/slow") GET("/quick"));
    wait_for(&s.st.in);
    rc_connect(&other, skua_server_url(s.r.s, 0));
    rc_say(&other, GET("/quick"));
    rc_expect(&other, "\r\n\r\nquick");
    assert_int_equal(s.c.len, 0);
    sem_post(&s.st.go);
    rc_expect(&s.c, "\r\n\r\nslow");
    rc_expect(&s.c, "\r\n\r\nquick"); /* the request behind it, in its turn */
    rc_close(&other);
    close_scene(&s);
}

static void a_full_queue_is_503(void **state) {
    (void)state;
    static scene s;
    open_scene(
        &s, SKUA_OPTS(skua_server_opts, .workers = 1, .pool_threads = 1, .pool_queue_max = 1),
        "/slow", SKUA_OPTS(skua_route_opts, .fn = block, .user = &s.st, .kind = SKUA_HANDLER_POOL));
    static raw_client c[3];
    for (int i = 0; i < 3; i++) {
        rc_connect(&c[i], skua_server_url(s.r.s, 0));
        rc_say(&c[i], GET("/slow"));
        if (i == 0)
            wait_for(&s.st.in);
        if (i == 1) { /* it is in the queue once the loop has answered another */
            static raw_client probe;
            rc_connect(&probe, skua_server_url(s.r.s, 0));
            rc_say(&probe, GET("/quick"));
            rc_expect(&probe, "quick");
            rc_close(&probe);
        }
    }
    rc_expect(&c[2], "HTTP/1.1 503 ");
    rc_expect(&c[2], "Retry-After: 1\r\n");
    rc_expect(&c[2], "</html>\n");
    rc_say(&c[2], GET("/quick")); /* and the connection goes on */
    rc_expect(&c[2], "\r\n\r\nquick");
    sem_post(&s.st.go);
    sem_post(&s.st.go);
    rc_expect(&c[0], "\r\n\r\nslow");
    rc_expect(&c[1], "\r\n\r\nslow");
    for (int i = 0; i < 3; i++)
        rc_close(&c[i]);
    close_scene(&s);
}

static int fail_late(skua_request *q, skua_reply *a, void *user) {
    (void)q;
    (void)a;
    return user ? SKUA_E_OS : 0;
}

static void a_pooled_handler_without_a_reply_is_500(void **state) {
    (void)state;
    running r;
    running_make(&r, ONE_WORKER);
    skua_route_with(
        r.s, "/code",
        SKUA_OPTS(skua_route_opts, .fn = fail_late, .user = "x", .kind = SKUA_HANDLER_POOL));
    skua_route_with(r.s, "/nothing",
                    SKUA_OPTS(skua_route_opts, .fn = fail_late, .kind = SKUA_HANDLER_POOL));
    running_start(&r, LOOPBACK, NULL);
    static raw_client c;
    rc_connect(&c, skua_server_url(r.s, 0));
    rc_say(&c, GET("/code") GET("/nothing"));
    rc_expect(&c, "HTTP/1.1 500 ");
    rc_expect(&c, "HTTP/1.1 500 ");
    rc_close(&c);
    running_finish(&r);
}

/* Reads the body and writes it back, at the same time. */
static int echo(skua_request *q, skua_reply *a, void *user) {
    char piece[5000];
    ptrdiff_t n = 1;
    (void)user;
    skua_reply_send_response(a, 200);
    skua_reply_end_headers(a);
    while (n > 0 && (n = skua_request_read(q, piece, sizeof piece)) > 0)
        skua_reply_write(a, piece, (size_t)n);
    return n < 0 ? (int)n : 0;
}

static void *drink(void *arg) {
    raw_client *c = arg;
    size_t total = 0;
    while (!strstr(c->heard, "0\r\n\r\n")) {
        if (c->len > 1000) { /* the end may be cut in two */
            memmove(c->heard, c->heard + c->len - 10, 11);
            total += c->len - 10;
            c->len = 10;
        }
        if (!rc_more(c))
            break;
    }
    return (void *)(total + c->len);
}

static void a_streamed_body_and_its_echo_are_unbounded(void **state) {
    (void)state;
    static scene s;
    open_scene(&s, ONE_WORKER, "POST /echo",
               SKUA_OPTS(skua_route_opts, .fn = echo, .kind = SKUA_HANDLER_POOL, .stream_body = 1));
    static char piece[10001];
    memset(piece, 'e', sizeof piece - 1);
    rc_say(&s.c, "POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n");
    sk_thread drinker;
    assert_int_equal(sk_thread_start(&drinker, drink, &s.c), 0);
    for (int i = 0; i < 800; i++) {
        rc_say(&s.c, "2710\r\n");
        rc_say(&s.c, piece);
        rc_say(&s.c, "\r\n");
    }
    rc_say(&s.c, "0\r\n\r\n");
    sk_thread_join(drinker);
    assert_non_null(strstr(s.c.heard, "0\r\n\r\n"));
    s.c.len = 0;
    rc_say(&s.c, GET("/quick"));
    rc_expect(&s.c, "\r\n\r\nquick");
    close_scene(&s);
}

static int read_trailers(skua_request *q, skua_reply *a, void *user) {
    char piece[8];
    size_t count = 0;
    (void)user;
    while (skua_request_read(q, piece, sizeof piece) > 0)
        ;
    const skua_field *f = skua_request_trailers(q, &count);
    return skua_reply_text(a, 200, "%zu %s", count, count > 0 ? f[0].value : "none");
}

static void b05_trailers_behind_a_streamed_body_are_read(void **state) {
    (void)state;
    static scene s;
    open_scene(&s, ONE_WORKER, "POST /",
               SKUA_OPTS(skua_route_opts, .fn = read_trailers, .kind = SKUA_HANDLER_POOL,
                         .stream_body = 1));
    rc_say(&s.c, "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n");
    rc_say(&s.c, "0\r\nX-Sum: 42\r\n\r\n");
    rc_expect(&s.c, "\r\n\r\n1 42");
    rc_say(&s.c, "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
    rc_expect(&s.c, "\r\n\r\n0 none");
    close_scene(&s);
}

static int read_some(skua_request *q, skua_reply *a, void *user) {
    stage *st = user;
    char piece[8];
    ptrdiff_t n = 1;
    while ((n = skua_request_read(q, piece, sizeof piece)) > 0)
        st->len += (size_t)n;
    atomic_store(&st->code, (int)n);
    sem_post(&st->in);
    return skua_reply_text(a, n == 0 ? 200 : 400, "%zu", st->len);
}

static void a_body_at_hand_is_read_as_well(void **state) {
    (void)state;
    static scene s;
    open_scene(&s, ONE_WORKER, "POST /",
               SKUA_OPTS(skua_route_opts, .fn = read_some, .user = &s.st));
    rc_say(&s.c, "POST / HTTP/1.1\r\n" HOST "Content-Length: 20\r\n\r\n0123456789abcdefghij");
    rc_expect(&s.c, "\r\n\r\n20");
    close_scene(&s);
}

static void a_streamed_body_has_its_limit_and_its_time(void **state) {
    (void)state;
    static scene s;
    open_scene(&s, SKUA_OPTS(skua_server_opts, .workers = 1, .body_timeout_ms = 100), "POST /",
               SKUA_OPTS(skua_route_opts, .fn = read_some, .user = &s.st, .kind = SKUA_HANDLER_POOL,
                         .stream_body = 1, .body_max_bytes = 10));
    rc_say(&s.c,
           "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\nb\r\n01234567890\r\n");
    wait_for(&s.st.in);
    assert_int_equal(atomic_load(&s.st.code), SKUA_E_BODY_TOO_LARGE);
    rc_expect(&s.c, "HTTP/1.1 400 ");
    rc_expect(&s.c, "Connection: close\r\n");
    rc_expect_end(&s.c);
    connect_again(&s);
    rc_say(&s.c, "POST / HTTP/1.1\r\n" HOST "Content-Length: 9\r\n\r\n0123");
    wait_for(&s.st.in);
    assert_int_equal(atomic_load(&s.st.code), SKUA_E_TIMEOUT);
    rc_expect_end(&s.c);
    connect_again(&s);
    rc_say(&s.c, "POST / HTTP/1.1\r\n" HOST "Content-Length: 11\r\n\r\n");
    rc_expect(&s.c, "HTTP/1.1 413 "); /* announced: the handler is not troubled */
    close_scene(&s);
}

static void b08_continue_is_said_when_the_body_is_wanted(void **state) {
    (void)state;
    running r;
    stage st;
    stage_init(&st);
    running_make(&r, ONE_WORKER);
    skua_route_with(r.s, "POST /read",
                    SKUA_OPTS(skua_route_opts, .fn = read_some, .user = &st,
                              .kind = SKUA_HANDLER_POOL, .stream_body = 1));
    skua_route_with(
        r.s, "POST /refuse",
        SKUA_OPTS(skua_route_opts, .fn = quick, .kind = SKUA_HANDLER_POOL, .stream_body = 1));
    running_start(&r, LOOPBACK, NULL);
    static raw_client c;
    rc_connect(&c, skua_server_url(r.s, 0));
    rc_say(&c, "POST /read HTTP/1.1\r\n" HOST "Content-Length: 3\r\nExpect: 100-continue\r\n\r\n");
    rc_expect(&c, "HTTP/1.1 100 Continue\r\n\r\n");
    rc_say(&c, "abc");
    rc_expect(&c, "\r\n\r\n3");
    rc_say(&c,
           "POST /refuse HTTP/1.1\r\n" HOST "Content-Length: 3\r\nExpect: 100-continue\r\n\r\n");
    rc_expect(&c, "HTTP/1.1 200 ");
    rc_expect_end(&c);
    assert_null(strstr(c.heard, "100 Continue"));
    rc_close(&c);
    running_finish(&r);
}

/* ---- deferred ---- */

static void a_reply_is_finished_by_another_thread(void **state) {
    (void)state;
    static scene s;
    open_scene(&s, ONE_WORKER, "POST /later/{name}",
               SKUA_OPTS(skua_route_opts, .fn = defer, .user = &s.st));
    for (int i = 0; i < 3; i++) {
        rc_say(&s.c, "POST /later/you HTTP/1.1\r\n" HOST "Content-Length: 4\r\n\r\nbody");
        wait_for(&s.st.in);
        assert_int_equal(skua_reply_is_gone(s.st.reply), 0);
        assert_non_null(strstr(skua_request_client(s.st.request), "127.0.0.1:"));
        assert_int_equal(skua_reply_text(s.st.reply, 200, "%s %s %s",
                                         skua_request_param(s.st.request, "name"),
                                         skua_request_header(s.st.request, "host"),
                                         skua_request_body(s.st.request, NULL)),
                         0);
        assert_int_equal(skua_reply_finish(s.st.reply), 0);
        rc_expect(&s.c, "\r\n\r\nyou h body");
    }
    close_scene(&s);
}

static void a_deferred_reply_leaves_as_it_is_written(void **state) {
    (void)state;
    static scene s;
    open_scene(&s, ONE_WORKER, "/later", SKUA_OPTS(skua_route_opts, .fn = defer, .user = &s.st));
    rc_say(&s.c, GET("/later"));
    wait_for(&s.st.in);
    skua_reply_send_response(s.st.reply, 103);
    skua_reply_send_header(s.st.reply, "Link", "</a.css>; rel=preload");
    skua_reply_end_headers(s.st.reply);
    rc_expect(&s.c, "HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n");
    skua_reply_send_response(s.st.reply, 200);
    skua_reply_end_headers(s.st.reply);
    rc_expect(&s.c, "\r\n\r\n");
    for (int i = 0; i < 5; i++) {
        assert_int_equal(skua_reply_write(s.st.reply, "piece", 5), 0);
        rc_expect(&s.c, "5\r\npiece\r\n");
    }
    skua_reply_send_trailer(s.st.reply, "X-End", "yes");
    skua_reply_finish(s.st.reply);
    rc_expect(&s.c, "0\r\nX-End: yes\r\n\r\n");
    close_scene(&s);
}

static void on_event(skua_reply *a, void *user) {
    stage *st = user;
    assert_ptr_equal(a, st->reply);
    atomic_fetch_add(&st->seen, 1);
    sem_post(&st->told);
}

static void a_client_that_goes_is_told_of(void **state) {
    (void)state;
    static scene s;
    open_scene(&s, ONE_WORKER, "/later", SKUA_OPTS(skua_route_opts, .fn = defer, .user = &s.st));
    rc_say(&s.c, GET("/later"));
    wait_for(&s.st.in);
    assert_int_equal(skua_reply_on_gone(s.st.reply, on_event, &s.st), 0);
    rc_close(&s.c);
    wait_for(&s.st.told);
    assert_int_equal(skua_reply_is_gone(s.st.reply), 1);
    skua_reply_send_response(s.st.reply, 200);
    skua_reply_end_headers(s.st.reply);
    static char much[100000];
    int rc = 0;
    int64_t until = sk_clock_ms() + PATIENCE_MS;
    while (rc != SKUA_E_BROKEN_PIPE && sk_clock_ms() < until) {
        rc = skua_reply_write(s.st.reply, much, sizeof much);
        sched_yield();
    }
    assert_int_equal(rc, SKUA_E_BROKEN_PIPE);
    assert_int_equal(skua_reply_finish(s.st.reply), SKUA_E_BROKEN_PIPE);
    assert_int_equal(atomic_load(&s.st.seen), 1);
    running_finish(&s.r);
}

static void finish_it(skua_reply *a, void *user) {
    stage *st = user;
    skua_reply_finish(a);
    sem_post(&st->told);
}

static void the_callback_may_finish(void **state) {
    (void)state;
    static scene s;
    open_scene(&s, ONE_WORKER, "/later", SKUA_OPTS(skua_route_opts, .fn = defer, .user = &s.st));
    rc_say(&s.c, GET("/later"));
    wait_for(&s.st.in);
    skua_reply_on_gone(s.st.reply, finish_it, &s.st);
    rc_close(&s.c);
    wait_for(&s.st.told);
    rc_connect(&s.c, skua_server_url(s.r.s, 0));
    rc_say(&s.c, GET("/quick"));
    rc_expect(&s.c, "quick");
    close_scene(&s);
}

static void a_reply_outlives_its_server(void **state) {
    (void)state;
    static scene s;
    open_scene(&s, ONE_WORKER, "/later", SKUA_OPTS(skua_route_opts, .fn = defer, .user = &s.st));
    rc_say(&s.c, GET("/later"));
    wait_for(&s.st.in);
    running_finish(&s.r);
    rc_close(&s.c);
    assert_int_equal(skua_reply_is_gone(s.st.reply), 1);
    assert_int_equal(skua_reply_text(s.st.reply, 200, "late"), SKUA_E_BROKEN_PIPE);
    assert_string_equal(skua_request_path(s.st.request), "/later");
    skua_request_log(s.st.request, SKUA_LOG_ERROR, "nobody is told");
    assert_int_equal(skua_reply_finish(s.st.reply), SKUA_E_BROKEN_PIPE);
}

static void a_full_reply_takes_nothing_until_there_is_room(void **state) {
    (void)state;
    static scene s;
    open_scene(&s, ONE_WORKER, "/later", SKUA_OPTS(skua_route_opts, .fn = defer, .user = &s.st));
    static char much[60000];
    memset(much, 'm', sizeof much);
    rc_say(&s.c, "GET /later HTTP/1.0\r\n\r\n");
    wait_for(&s.st.in);
    skua_reply_on_room(s.st.reply, on_event, &s.st);
    skua_reply_send_response(s.st.reply, 200);
    skua_reply_end_headers(s.st.reply);
    size_t written = 0, heard = 0;
    for (int rounds = 0; rounds < 3; rounds++) {
        while (skua_reply_write(s.st.reply, much, sizeof much) == 0)
            written += sizeof much;
        /* Mostly there is no room a moment later either; where there is, that is told. */
        int rc = skua_reply_write(s.st.reply, much, sizeof much);
        assert_true(rc == SKUA_E_AGAIN || rc == 0);
        written += rc == 0 ? sizeof much : 0;
        while (sem_trywait(&s.st.told) != 0) {
            rc_more(&s.c);
            heard += s.c.len;
            s.c.len = 0;
        }
    }
    skua_reply_finish(s.st.reply);
    while (rc_more(&s.c)) {
        heard += s.c.len;
        s.c.len = 0;
    }
    heard += s.c.len;
    assert_true(heard > written && heard < written + 500); /* the head */
    close_scene(&s);
}

static int keep_from_pool(skua_request *q, skua_reply *a, void *user) {
    defer(q, a, user);
    return SKUA_E_OS; /* is not looked at */
}

static void a_pooled_handler_may_defer(void **state) {
    (void)state;
    static scene s;
    open_scene(
        &s, ONE_WORKER, "/later",
        SKUA_OPTS(skua_route_opts, .fn = keep_from_pool, .user = &s.st, .kind = SKUA_HANDLER_POOL));
    rc_say(&s.c, GET("/later"));
    wait_for(&s.st.in);
    skua_reply_text(s.st.reply, 201, "at last");
    skua_reply_finish(s.st.reply);
    rc_expect(&s.c, "HTTP/1.1 201 ");
    rc_expect(&s.c, "at last");
    close_scene(&s);
}

/* ---- bodies by callback ---- */

static int take_piece(skua_request *q, const void *data, ptrdiff_t len, void *user) {
    stage *st = user;
    (void)q;
    if (len > 0) {
        memcpy(st->body + st->len, data, (size_t)len);
        st->len += (size_t)len;
        sem_post(&st->told);
        return atomic_load(&st->seen) ? SKUA_E_AGAIN : 0;
    }
    atomic_store(&st->code, (int)len);
    skua_reply_text(st->reply, len == 0 ? 200 : 400, "%.*s", (int)st->len, st->body);
    skua_reply_finish(st->reply);
    sem_post(&st->in);
    return 0;
}

static int by_callback(skua_request *q, skua_reply *a, void *user) {
    stage *st = user;
    st->reply = a;
    st->request = q;
    return skua_request_on_body(q, take_piece, st);
}

static void a_body_comes_piece_by_piece(void **state) {
    (void)state;
    static scene s;
    open_scene(&s, ONE_WORKER, "POST /",
               SKUA_OPTS(skua_route_opts, .fn = by_callback, .user = &s.st, .stream_body = 1));
    rc_say(&s.c, "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
    wait_for(&s.st.told);
    rc_say(&s.c, "3\r\ndef\r\n0\r\n\r\n" GET("/quick"));
    rc_expect(&s.c, "\r\n\r\nabcdef");
    rc_expect(&s.c, "\r\n\r\nquick");
    close_scene(&s);
}

static void a_body_can_be_paused(void **state) {
    (void)state;
    static scene s;
    open_scene(&s, ONE_WORKER, "POST /",
               SKUA_OPTS(skua_route_opts, .fn = by_callback, .user = &s.st, .stream_body = 1));
    atomic_store(&s.st.seen, 1);
    rc_say(&s.c, "POST / HTTP/1.1\r\n" HOST
                 "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n");
    wait_for(&s.st.told);
    assert_int_not_equal(sem_trywait(&s.st.told), 0);
    atomic_store(&s.st.seen, 0);
    assert_int_equal(skua_request_resume(s.st.request), 0);
    rc_expect(&s.c, "\r\n\r\nabcdef");
    close_scene(&s);
}

static void a_body_that_breaks_off_is_told(void **state) {
    (void)state;
    static scene s;
    open_scene(&s, ONE_WORKER, "POST /",
               SKUA_OPTS(skua_route_opts, .fn = by_callback, .user = &s.st, .stream_body = 1));
    rc_say(&s.c, "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\nxyz\r\n");
    wait_for(&s.st.in);
    assert_int_equal(atomic_load(&s.st.code), SKUA_E_BAD_CHUNK);
    rc_expect(&s.c, "HTTP/1.1 400 ");
    rc_expect_end(&s.c);
    connect_again(&s);
    rc_say(&s.c, "POST / HTTP/1.1\r\n" HOST "Content-Length: 9\r\n\r\n0123");
    wait_for(&s.st.told);
    rc_close(&s.c);
    wait_for(&s.st.in);
    assert_true(atomic_load(&s.st.code) < 0);
    running_finish(&s.r);
}

/* ---- sources and event streams ---- */

typedef struct source {
    sem_t asked;
    sem_t done;
    atomic_int left;
    skua_reply *reply;
    int code; /* at its end */
} source;

static ptrdiff_t give(void *buf, size_t cap, void *user) {
    source *s = user;
    int left = atomic_load(&s->left);
    if (left == 0)
        return s->code;
    if (left < 0) {
        sem_post(&s->asked);
        return SKUA_E_AGAIN;
    }
    size_t n = cap < (size_t)left ? cap : (size_t)left;
    memset(buf, 's', n);
    atomic_fetch_sub(&s->left, (int)n);
    return (ptrdiff_t)n;
}

static void source_done(void *user) {
    sem_post(&((source *)user)->done);
}

static int pour(skua_request *q, skua_reply *a, void *user) {
    source *s = user;
    (void)q;
    s->reply = a;
    skua_reply_send_response(a, 200);
    skua_reply_end_headers(a);
    int rc = skua_reply_stream(a, give, source_done, s);
    assert_int_equal(skua_request_version(q) >= 10, 1);
    return rc;
}

static void source_init(source *s, int left, int code) {
    *s = (source){.code = code};
    sem_init(&s->asked, 0, 0);
    sem_init(&s->done, 0, 0);
    atomic_init(&s->left, left);
}

static void a_source_is_asked_as_fast_as_the_client_reads(void **state) {
    (void)state;
    enum { SIZE = 30000000 };
    static scene s;
    source src;
    source_init(&src, SIZE, 0);
    open_scene(&s, ONE_WORKER, "/", SKUA_OPTS(skua_route_opts, .fn = pour, .user = &src));
    rc_say(&s.c, "GET / HTTP/1.0\r\n\r\n");
    rc_expect(&s.c, "\r\n\r\n");
    assert_int_not_equal(sem_trywait(&src.done), 0);
    size_t heard = s.c.len;
    do {
        heard += s.c.len;
        s.c.len = 0;
    } while (rc_more(&s.c));
    wait_for(&src.done);
    assert_true(heard >= SIZE);
    close_scene(&s);
}

static void a_dry_source_is_asked_again_when_it_says_so(void **state) {
    (void)state;
    static scene s;
    source src;
    source_init(&src, -1, 0);
    open_scene(&s, ONE_WORKER, "/", SKUA_OPTS(skua_route_opts, .fn = pour, .user = &src));
    rc_say(&s.c, GET("/") GET("/quick"));
    wait_for(&src.asked);
    assert_int_not_equal(sem_trywait(&src.asked), 0);
    atomic_store(&src.left, 3);
    assert_int_equal(skua_reply_resume(src.reply), 0);
    rc_expect(&s.c, "\r\n\r\n3\r\nsss\r\n0\r\n\r\n");
    rc_expect(&s.c, "\r\n\r\nquick");
    wait_for(&src.done);
    close_scene(&s);
}

static void a_source_that_fails_cuts_and_one_that_is_left_is_done(void **state) {
    (void)state;
    static scene s;
    source src;
    source_init(&src, 5, SKUA_E_OS);
    open_scene(&s, ONE_WORKER, "/", SKUA_OPTS(skua_route_opts, .fn = pour, .user = &src));
    rc_say(&s.c, GET("/"));
    rc_expect(&s.c, "5\r\nsssss\r\n");
    rc_expect_end(&s.c);
    assert_int_equal(s.c.len, 0);
    wait_for(&src.done);
    atomic_store(&src.left, -1);
    connect_again(&s);
    rc_say(&s.c, GET("/"));
    wait_for(&src.asked);
    running_stop(&s.r); /* the server ends it */
    wait_for(&src.done);
    rc_close(&s.c);
    skua_server_free(s.r.s);
}

static int events(skua_request *q, skua_reply *a, void *user) {
    stage *st = user;
    (void)q;
    st->reply = a;
    int rc = skua_reply_events(a, 50);
    sem_post(&st->in);
    return rc;
}

static void events_are_lines_and_silence_is_a_heartbeat(void **state) {
    (void)state;
    static scene s;
    open_scene(&s, ONE_WORKER, "/", SKUA_OPTS(skua_route_opts, .fn = events, .user = &s.st));
    rc_say(&s.c, GET("/"));
    wait_for(&s.st.in);
    rc_expect(&s.c, "Content-Type: text/event-stream\r\nCache-Control: no-store\r\n");
    rc_expect(&s.c, "3\r\n:\n\n\r\n");
    rc_expect(&s.c, "3\r\n:\n\n\r\n");
    assert_int_equal(skua_reply_event(s.st.reply, SKUA_OPTS(skua_event, .name = "tick", .id = "7",
                                                            .retry_ms = 100,
                                                            .data = "one\ntwo\r\nthree\rfour\n")),
                     0);
    rc_expect(&s.c, "event: tick\nid: 7\nretry: 100\ndata: one\ndata: two\ndata: three\n"
                    "data: four\ndata: \n\n");
    assert_int_equal(skua_reply_event(s.st.reply, SKUA_OPTS(skua_event, .name = "a\nb")),
                     SKUA_E_INVALID_ARGUMENT);
    assert_int_equal(skua_reply_event(s.st.reply, &(skua_event){.size = sizeof(skua_event)}),
                     SKUA_E_INVALID_ARGUMENT);
    assert_int_equal(skua_reply_event(s.st.reply, SKUA_OPTS(skua_event, .data = "")), 0);
    rc_expect(&s.c, "data: \n\n");
    skua_reply_finish(s.st.reply);
    rc_expect(&s.c, "0\r\n\r\n");
    close_scene(&s);
}

static void calls_out_of_place_are_refused(void **state) {
    (void)state;
    assert_int_equal(skua_reply_defer(NULL), SKUA_E_INVALID_ARGUMENT);
    assert_int_equal(skua_reply_finish(NULL), SKUA_E_INVALID_ARGUMENT);
    assert_int_equal(skua_reply_is_gone(NULL), 1);
    assert_int_equal(skua_request_read(NULL, NULL, 0), SKUA_E_INVALID_ARGUMENT);
    assert_int_equal(skua_request_on_body(NULL, take_piece, NULL), SKUA_E_INVALID_ARGUMENT);
    assert_int_equal(skua_request_resume(NULL), SKUA_E_INVALID_ARGUMENT);
    skua_error err;
    skua_server *s = skua_server_new(NULL, &err);
    assert_int_equal(skua_route_with(s, "/", NULL), SKUA_E_INVALID_ARGUMENT);
    assert_int_equal(skua_route_with(NULL, "/", NULL), SKUA_E_INVALID_ARGUMENT);
    skua_server_free(s);
    s = skua_server_new(NULL, &err);
    assert_int_equal(skua_route_with(s, "/x", SKUA_OPTS(skua_route_opts, .fn = quick, .kind = 7)),
                     SKUA_E_INVALID_ARGUMENT);
    assert_int_not_equal(skua_server_check(s, &err), 0);
    assert_non_null(strstr(err.msg, "route \"/x\": kind"));
    skua_server_free(s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_handler_that_blocks_holds_nobody_up),
        cmocka_unit_test(a_full_queue_is_503),
        cmocka_unit_test(a_pooled_handler_without_a_reply_is_500),
        cmocka_unit_test(a_streamed_body_and_its_echo_are_unbounded),
        cmocka_unit_test(b05_trailers_behind_a_streamed_body_are_read),
        cmocka_unit_test(a_body_at_hand_is_read_as_well),
        cmocka_unit_test(a_streamed_body_has_its_limit_and_its_time),
        cmocka_unit_test(b08_continue_is_said_when_the_body_is_wanted),
        cmocka_unit_test(a_reply_is_finished_by_another_thread),
        cmocka_unit_test(a_deferred_reply_leaves_as_it_is_written),
        cmocka_unit_test(a_client_that_goes_is_told_of),
        cmocka_unit_test(the_callback_may_finish),
        cmocka_unit_test(a_reply_outlives_its_server),
        cmocka_unit_test(a_full_reply_takes_nothing_until_there_is_room),
        cmocka_unit_test(a_pooled_handler_may_defer),
        cmocka_unit_test(a_body_comes_piece_by_piece),
        cmocka_unit_test(a_body_can_be_paused),
        cmocka_unit_test(a_body_that_breaks_off_is_told),
        cmocka_unit_test(a_source_is_asked_as_fast_as_the_client_reads),
        cmocka_unit_test(a_dry_source_is_asked_again_when_it_says_so),
        cmocka_unit_test(a_source_that_fails_cuts_and_one_that_is_left_is_done),
        cmocka_unit_test(events_are_lines_and_silence_is_a_heartbeat),
        cmocka_unit_test(calls_out_of_place_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
