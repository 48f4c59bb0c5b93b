/* Replies that are made elsewhere, where something comes late, fails or goes both ways at once:
 * what was promised to be called is, and nobody waits for ever. */
#include "raw_client.h"
#include "scene.h"

#include <poll.h>
#include <sched.h>
#include <sys/socket.h>

#define MUCH   (64u << 10)
#define STREAM "POST /body HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"

static void note_event(skua_reply *a, void *user) {
    (void)a;
    sem_post(&((stage *)user)->told);
}

/* ---- what is asked for late ---- */

static void on_room_may_be_set_after_the_refusal(void **state) {
    (void)state;
    static scene s;
    static char much[MUCH];
    open_scene(&s, ONE_WORKER, "/later", SKUA_OPTS(skua_route_opts, .fn = defer, .user = &s.st));
    rc_say(&s.c, GET("/later"));
    wait_for(&s.st.in);
    skua_reply_send_response(s.st.reply, 200);
    skua_reply_end_headers(s.st.reply);
    while (skua_reply_write(s.st.reply, much, sizeof much) == 0)
        ;
    size_t heard = 0;
    /* All but what is beyond the mark has left, and there is room, before anybody asks for it. */
    while (skua_reply_write(s.st.reply, "", 0) == 0 && heard < 2 * MUCH) {
        rc_more(&s.c);
        heard += s.c.len;
        s.c.len = 0;
    }
    assert_int_equal(skua_reply_on_room(s.st.reply, note_event, &s.st), 0);
    while (sem_trywait(&s.st.told) != 0) {
        struct pollfd p = {.fd = s.c.fd, .events = POLLIN};
        if (poll(&p, 1, 0) == 1)
            rc_more(&s.c);
        s.c.len = 0;
    }
    skua_reply_finish(s.st.reply);
    close_scene(&s);
}

/* The test waits until the connection has gone. */
static void lose_client(scene *s) {
    rc_close(&s->c);
    while (!skua_reply_is_gone(s->st.reply))
        sched_yield();
}

static void on_gone_says_that_it_is_too_late(void **state) {
    (void)state;
    static scene s;
    open_scene(&s, ONE_WORKER, "/later", SKUA_OPTS(skua_route_opts, .fn = defer, .user = &s.st));
    rc_say(&s.c, GET("/later"));
    wait_for(&s.st.in);
    lose_client(&s);
    assert_int_equal(skua_reply_on_gone(s.st.reply, note_event, &s.st), SKUA_E_BROKEN_PIPE);
    skua_reply_finish(s.st.reply);
    running_finish(&s.r);
    assert_int_not_equal(sem_trywait(&s.st.told), 0);
}

/* ---- sources ---- */

static ptrdiff_t nothing_yet(void *buf, size_t cap, void *user) {
    (void)buf;
    (void)cap;
    (void)user;
    return SKUA_E_AGAIN;
}

static void done(void *user) {
    sem_post(&((stage *)user)->told);
}

static void a_source_for_nobody_is_refused(void **state) {
    (void)state;
    static scene s;
    open_scene(&s, ONE_WORKER, "/later", SKUA_OPTS(skua_route_opts, .fn = defer, .user = &s.st));
    rc_say(&s.c, GET("/later"));
    wait_for(&s.st.in);
    skua_reply_send_response(s.st.reply, 200);
    skua_reply_end_headers(s.st.reply);
    running_stop(&s.r); /* the connection is closed, the reply still the test's */
    assert_int_equal(skua_reply_stream(s.st.reply, nothing_yet, done, &s.st), SKUA_E_BROKEN_PIPE);
    assert_int_not_equal(sem_trywait(&s.st.told), 0);
    assert_int_equal(skua_reply_finish(s.st.reply), SKUA_E_BROKEN_PIPE);
    rc_close(&s.c);
    skua_server_free(s.r.s);
}

static int fail_at_end(skua_request *q, const void *data, ptrdiff_t len, void *user) {
    (void)q;
    (void)data;
    return len > 0 && atomic_load(&((stage *)user)->seen) == 0 ? 0 : SKUA_E_OS;
}

static int both_ways(skua_request *q, skua_reply *a, void *user) {
    skua_reply_send_response(a, 200);
    skua_reply_end_headers(a);
    skua_request_on_body(q, fail_at_end, user);
    return skua_reply_stream(a, nothing_yet, done, user);
}

static void a_source_is_done_with_where_the_body_fails(void **state) {
    (void)state;
    static scene s;
    open_scene(&s, ONE_WORKER, "/body",
               SKUA_OPTS(skua_route_opts, .fn = both_ways, .user = &s.st, .stream_body = 1));
    rc_say(&s.c, STREAM);
    rc_expect(&s.c, "HTTP/1.1 200 ");
    rc_say(&s.c, "0\r\n\r\n");
    wait_for(&s.st.told);
    rc_expect_end(&s.c);
    close_scene(&s);
    assert_int_not_equal(sem_trywait(&s.st.told), 0); /* once */
}

/* ---- bodies ---- */

static int take_and_fail(skua_request *q, skua_reply *a, void *user) {
    (void)a;
    return skua_request_on_body(q, fail_at_end, user);
}

static void a_callback_that_fails_is_500_at_once(void **state) {
    (void)state;
    static scene s;
    open_scene(&s, ONE_WORKER, "/body",
               SKUA_OPTS(skua_route_opts, .fn = take_and_fail, .user = &s.st, .stream_body = 1));
    rc_say(&s.c, STREAM "0\r\n\r\n");
    rc_expect(&s.c, "HTTP/1.1 500 ");
    connect_again(&s);
    atomic_store(&s.st.seen, 1);
    rc_say(&s.c, STREAM); /* and no more */
    rc_expect(&s.c, "HTTP/1.1 500 ");
    close_scene(&s);
}

static int collect(skua_request *q, const void *data, ptrdiff_t len, void *user) {
    stage *st = user;
    (void)q;
    (void)data;
    st->len += len > 0 ? (size_t)len : 0;
    if (len <= 0) {
        skua_reply_text(st->reply, 200, "%zu", st->len);
        skua_reply_finish(st->reply);
    }
    return 0;
}

static int by_hook(skua_request *q, skua_reply *a, void *user) {
    stage *st = user;
    st->reply = a;
    return skua_request_on_body(q, collect, st);
}

/* No route, no limits of a route: the server's hold. */
static void a_hook_may_take_a_body_that_no_route_is_for(void **state) {
    (void)state;
    static stage st;
    running r;
    raw_client c;
    stage_init(&st);
    running_make(&r, SKUA_OPTS(skua_server_opts, .workers = 1, .body_max_bytes = 5));
    skua_server_before(r.s, "/", by_hook, &st);
    running_start(&r, LOOPBACK, NULL);
    rc_connect(&c, skua_server_url(r.s, 0));
    rc_say(&c, "POST /nowhere HTTP/1.1\r\n" HOST "Content-Length: 3\r\n\r\nabc");
    rc_expect(&c, "\r\n\r\n3");
    st.len = 0;
    rc_say(&c, "POST /nowhere HTTP/1.1\r\n" HOST "Content-Length: 6\r\n\r\nabcdef");
    rc_expect(&c, "\r\n\r\n0");
    rc_close(&c);
    running_finish(&r);
}

/* ---- a loop that has nothing to do ---- */

/* Step until there is nothing to do for a while. False: there always is. */
static bool comes_to_rest(skua_server *s) {
    for (int i = 0; i < 1000; i++) {
        struct pollfd p = {.fd = skua_server_fd(s), .events = POLLIN};
        if (poll(&p, 1, 20) == 0 && skua_server_next_ms(s) != 0)
            return true;
        skua_server_step(s, 0, NULL);
    }
    return false;
}

static int write_much(skua_request *q, skua_reply *a, void *user) {
    static char much[MUCH];
    int rc = defer(q, a, user);
    skua_reply_send_response(a, 200);
    skua_reply_end_headers(a);
    while (rc == 0)
        rc = skua_reply_write(a, much, sizeof much);
    return 0;
}

static int write_much_and_read(skua_request *q, skua_reply *a, void *user) {
    stage *st = user;
    st->reply = a;
    skua_request_on_body(q, collect, st);
    return write_much(q, a, user);
}

/* Step until the peer's not reading has stopped what is to be sent. */
static void rests_while_the_client_does_not_read(skua_handler_fn *fn, const char *request,
                                                 const char *more) {
    static stage st;
    raw_client c;
    stage_init(&st);
    skua_server *s = skua_server_new(NULL, NULL);
    skua_route_with(s, "/body",
                    SKUA_OPTS(skua_route_opts, .fn = fn, .user = &st, .stream_body = 1));
    skua_server_listen(s, LOOPBACK, NULL);
    assert_int_equal(skua_server_start(s, NULL), 0);
    rc_connect(&c, skua_server_url(s, 0));
    assert_int_equal(setsockopt(c.fd, SOL_SOCKET, SO_RCVBUF, &(int){4096}, sizeof(int)), 0);
    rc_say(&c, request);
    while (sem_trywait(&st.in) != 0)
        skua_server_step(s, PATIENCE_MS, NULL);
    for (int refused = 0; refused < 5;) { /* until all ways are full */
        static char much[MUCH];
        refused = skua_reply_write(st.reply, much, sizeof much) == 0 ? 0 : refused + 1;
        skua_server_step(s, 0, NULL);
    }
    rc_say(&c, more);
    assert_true(comes_to_rest(s));
    size_t read = st.len;
    skua_reply_finish(st.reply);
    rc_close(&c);
    skua_server_free(s);
    if (fn == write_much_and_read)
        assert_int_equal(read, 6); /* a body is read whether or not its client reads */
}

static void a_blocked_reply_does_not_spin_for_the_next_request(void **state) {
    (void)state;
    rests_while_the_client_does_not_read(write_much, GET("/body"), GET("/quick"));
}

static void a_blocked_reply_lets_the_body_be_read(void **state) {
    (void)state;
    rests_while_the_client_does_not_read(write_much_and_read, STREAM, "3\r\ndef\r\n");
}

/* ---- replies of the server's own ---- */

static int defer_page(skua_request *q, skua_reply *a, int status, const char *explain, void *user) {
    (void)q;
    (void)status;
    (void)explain;
    atomic_store(&((stage *)user)->code, skua_reply_defer(a));
    return 0;
}

static int defer_hook(skua_request *q, skua_reply *a, void *user) {
    (void)q;
    atomic_store(&((stage *)user)->seen, skua_reply_defer(a));
    return 0;
}

static void nobody_defers_a_reply_of_the_servers_own(void **state) {
    (void)state;
    static stage st;
    running r;
    raw_client c;
    stage_init(&st);
    running_make(&r,
                 SKUA_OPTS(skua_server_opts, .workers = 1, .error_page = defer_page, .user = &st));
    skua_route(r.s, "/quick", quick, NULL);
    skua_server_after(r.s, "/", defer_hook, &st);
    running_start(&r, LOOPBACK, NULL);
    rc_connect(&c, skua_server_url(r.s, 0));
    rc_say(&c, GET("/nowhere") GET("/quick"));
    rc_expect(&c, "HTTP/1.1 404 ");
    rc_expect(&c, "</html>\n");
    rc_expect(&c, "\r\n\r\nquick");
    assert_int_equal(atomic_load(&st.code), SKUA_E_STATE);
    assert_int_equal(atomic_load(&st.seen), SKUA_E_STATE);
    rc_close(&c);
    running_finish(&r);
}

static int name_request(skua_request *q, skua_reply *a, void *user) {
    (void)user;
    skua_reply_send_header(a, "X-Path", skua_request_path(q));
    return skua_reply_send_header(a, "X-Origin", skua_request_header(q, "Origin"));
}

/* The reply that takes the place of one that takes too long is of the same request. */
static void the_hooks_see_the_request_that_took_too_long(void **state) {
    (void)state;
    static stage st;
    running r;
    raw_client c;
    stage_init(&st);
    running_make(&r, ONE_WORKER);
    skua_route_with(
        r.s, "/a/",
        SKUA_OPTS(skua_route_opts, .fn = defer, .user = &st, .exchange_timeout_ms = 50));
    skua_server_after(r.s, "/a/", name_request, NULL);
    running_start(&r, LOOPBACK, NULL);
    rc_connect(&c, skua_server_url(r.s, 0));
    rc_say(&c, "GET /a/%62?q HTTP/1.1\r\n" HOST "Origin: o\r\n\r\n");
    rc_expect(&c, "HTTP/1.1 503 ");
    rc_expect(&c, "X-Path: /a/b\r\nX-Origin: o\r\n");
    skua_reply_finish(st.reply);
    rc_close(&c);
    running_finish(&r);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(on_room_may_be_set_after_the_refusal),
        cmocka_unit_test(on_gone_says_that_it_is_too_late),
        cmocka_unit_test(a_source_for_nobody_is_refused),
        cmocka_unit_test(a_source_is_done_with_where_the_body_fails),
        cmocka_unit_test(a_callback_that_fails_is_500_at_once),
        cmocka_unit_test(a_hook_may_take_a_body_that_no_route_is_for),
        cmocka_unit_test(a_blocked_reply_does_not_spin_for_the_next_request),
        cmocka_unit_test(a_blocked_reply_lets_the_body_be_read),
        cmocka_unit_test(the_hooks_see_the_request_that_took_too_long),
        cmocka_unit_test(nobody_defers_a_reply_of_the_servers_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
