/* What slow, greedy or numerous peers run into: each limit of a server or a route, and what it is
 * answered with. */
#include "over_pair.h"
#include "raw_client.h"
#include "running.h"
#include "wait_for.h"

#include <poll.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <time.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define LOOPBACK     "http://127.0.0.1:0"
#define HOST         "Host: h\r\n"
#define GET          "GET / HTTP/1.1\r\n" HOST "\r\n"
#define POST(length) "POST / HTTP/1.1\r\n" HOST "Content-Length: " length "\r\n\r\n"
#define RATE         240
#define GRACE_MS     20000

static int hello(skua_request *q, skua_reply *a, void *user) {
    (void)q;
    (void)user;
    return skua_reply_text(a, 200, "hello");
}

#define MUCH 60000

static int much(skua_request *q, skua_reply *a, void *user) {
    static char body[MUCH];
    (void)q;
    (void)user;
    memset(body, 'x', sizeof body);
    return skua_reply_bytes(a, 200, "text/plain", body, sizeof body);
}

static void start(over_pair *p, const sk_route *route) {
    const char *what;
    op_init(p);
    p->settings.rate_min = RATE;
    p->settings.rate_grace_ms = GRACE_MS;
    sk_route given = *route;
    given.fn = given.fn ? given.fn : hello;
    assert_int_equal(sk_router_add(p->router, "/", &given, &what), 0);
    assert_true(op_connect(p, 512));
}

/* ---- what a request may be ---- */

static void b01_what_is_too_much_has_its_status(void **state) {
    (void)state;
    static char line[3000], field[3000], block[12000], fields[2000];
    memset(line, 'a', sizeof line - 1);
    memset(field, 'a', sizeof field - 1);
    snprintf(block, sizeof block, "GET / HTTP/1.1\r\n" HOST);
    for (int i = 0; i < 10; i++)
        snprintf(block + strlen(block), sizeof block - strlen(block), "A%d: %.900s\r\n", i, field);
    snprintf(fields, sizeof fields, "GET / HTTP/1.1\r\n" HOST);
    for (int i = 0; i < 30; i++)
        snprintf(fields + strlen(fields), sizeof fields - strlen(fields), "A: b\r\n");
    static char long_line[4000], long_field[4000];
    snprintf(long_line, sizeof long_line, "GET /%s HTTP/1.1\r\n" HOST "\r\n", line);
    snprintf(long_field, sizeof long_field, "GET / HTTP/1.1\r\n" HOST "A: %s\r\n\r\n", field);
    const struct {
        const char *said;
        int status;
    } cases[] = {
        {POST("100001"), 413}, {long_line, 414}, {long_field, 431}, {block, 431}, {fields, 431},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        over_pair p;
        start(&p, &(sk_route){0});
        op_say(&p, cases[i].said);
        if (cases[i].said == block || cases[i].said == fields)
            op_say(&p, "\r\n");
        const char *heard = op_heard(&p);
        assert_int_equal(op_status(heard, 0), cases[i].status);
        assert_non_null(strstr(heard, "Connection: close"));
        op_free(&p);
    }
}

/* ---- time-outs ---- */

static void b01_a_head_and_a_body_have_their_time(void **state) {
    (void)state;
    static const struct {
        const char *said;
        int64_t ms;
        int status; /* 0: nobody to answer */
    } cases[] = {
        {"GET / HT", 10000, 408}, {POST("5") "ab", 30000, 408}, {"", 10000, 0}, {GET, 75000, 0}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        over_pair p;
        start(&p, &(sk_route){0});
        op_say(&p, cases[i].said);
        op_heard(&p);
        op_wait(&p, cases[i].ms - 1);
        assert_false(p.ended);
        op_wait(&p, 1);
        op_settle(&p);
        assert_true(p.ended);
        assert_int_equal(op_status(op_heard(&p), 0), cases[i].status);
        op_free(&p);
    }
}

static void b01_a_route_may_have_other_time_outs(void **state) {
    (void)state;
    over_pair p;
    start(&p, &(sk_route){.limits.body_ms = 500});
    op_say(&p, POST("5") "ab");
    op_wait(&p, 499);
    assert_false(p.ended);
    op_wait(&p, 1);
    op_settle(&p);
    assert_int_equal(op_status(op_heard(&p), 0), 408);
    op_free(&p);

    start(&p, &(sk_route){.fn = much, .limits.write_ms = 500});
    skua_str piece = SK_LIT(GET);
    p.client->ops->writev(p.client, &piece, 1, NULL);
    op_turn(&p);
    assert_true(p.conn->blocked);
    p.clock.now_ms += 499;
    sk_loop_step(p.worker->loop, 0);
    assert_true(op_is_open(&p));
    p.clock.now_ms += 1;
    sk_loop_step(p.worker->loop, 0);
    assert_false(op_is_open(&p)); /* the server's own time-out is 20 s */
    op_free(&p);
}

static int later(skua_request *q, skua_reply *a, void *user) {
    (void)q;
    *(skua_reply **)user = a;
    return skua_reply_defer(a);
}

/* The time between two requests is not that of a reply, whose request has come meanwhile. */
static void b01_a_deferred_reply_has_all_the_time_there_is(void **state) {
    (void)state;
    over_pair p;
    skua_reply *reply = NULL;
    start(&p, &(sk_route){.fn = later, .user = &reply});
    for (int i = 0; i < 2; i++) {
        op_say(&p, GET);
        op_wait(&p, 200000);
        assert_true(op_is_open(&p));
        assert_int_equal(skua_reply_text(reply, 200, "late"), 0);
        assert_int_equal(skua_reply_finish(reply), 0);
        op_settle(&p);
        assert_int_equal(op_status(op_heard(&p), 0), 200);
    }
    op_free(&p);
}

/* ---- pace ---- */

/* Send a byte each so many ms: after how many is it over? */
static int64_t trickle(over_pair *p, int64_t every_ms, size_t bytes) {
    static const char body[] =
        "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
        "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
        "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
        "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx";
    int64_t ms = 0;
    assert_true(bytes < sizeof body);
    while (!p->ended && ms < 3 * GRACE_MS) {
        op_wait(p, every_ms);
        ms += every_ms;
        op_send(p, body, bytes);
    }
    return ms;
}

static void b01_a_body_that_trickles_is_408(void **state) {
    (void)state;
    over_pair p;
    start(&p, &(sk_route){0});
    op_say(&p, POST("90000"));
    int64_t ms = trickle(&p, 1000, RATE - 1);
    assert_in_range(ms, GRACE_MS, GRACE_MS + 1000);
    assert_int_equal(op_status(op_heard(&p), 0), 408);
    op_free(&p);

    start(&p, &(sk_route){0}); /* just fast enough */
    op_say(&p, POST("90000"));
    assert_int_equal(trickle(&p, 1000, RATE), 3 * GRACE_MS);
    assert_false(p.ended);
    op_free(&p);

    start(&p, &(sk_route){.limits.rate_min = SKUA_FOREVER}); /* the route does not mind */
    op_say(&p, POST("90000"));
    assert_int_equal(trickle(&p, 1000, 1), 3 * GRACE_MS);
    assert_false(p.ended);
    op_free(&p);
}

/* Take some bytes of a reply each second. After how many seconds is it over? */
static int sip(over_pair *p, size_t bytes) {
    int seconds = 0;
    char some[1024];
    skua_str piece = SK_LIT(GET);
    p->client->ops->writev(p->client, &piece, 1, NULL);
    op_turn(p);
    while (op_is_open(p) && p->conn->blocked && seconds < 3 * GRACE_MS / 1000) {
        p->clock.now_ms += 1000;
        seconds++;
        p->client->ops->read(p->client, some, bytes, NULL);
        op_turn(p);
        sk_loop_step(p->worker->loop, 0);
    }
    return seconds;
}

static void b01_a_reply_that_is_sipped_is_cut(void **state) {
    (void)state;
    over_pair p;
    start(&p, &(sk_route){.fn = much});
    assert_in_range(sip(&p, RATE - 1), GRACE_MS / 1000, GRACE_MS / 1000 + 1);
    assert_false(op_is_open(&p));
    op_free(&p);

    start(&p, &(sk_route){.fn = much});
    assert_int_equal(sip(&p, RATE), 3 * GRACE_MS / 1000);
    assert_true(op_is_open(&p));
    op_free(&p);
}

/* ---- a whole exchange ---- */

typedef struct stage {
    sem_t in;
    skua_reply *reply;
    atomic_int gone;
} stage;

static void note_gone(skua_reply *a, void *user) {
    (void)a;
    atomic_store(&((stage *)user)->gone, 1);
}

static int defer(skua_request *q, skua_reply *a, void *user) {
    stage *st = user;
    (void)q;
    int rc = skua_reply_defer(a);
    skua_reply_on_gone(a, note_gone, st);
    st->reply = a;
    sem_post(&st->in);
    return rc;
}

static int defer_begun(skua_request *q, skua_reply *a, void *user) {
    skua_reply_send_response(a, 200);
    skua_reply_end_headers(a);
    skua_reply_write(a, "begun", 5);
    return defer(q, a, user);
}

static void note_access(void *user, const skua_access *a) {
    snprintf(user, 64, "%s %s %d", a->method, a->target, a->status);
}

static void b01_an_exchange_that_takes_too_long_is_503(void **state) {
    (void)state;
    static raw_client c;
    static char line[64];
    running r;
    stage st = {.reply = NULL};
    sem_init(&st.in, 0, 0);
    running_make(&r,
                 SKUA_OPTS(skua_server_opts, .workers = 1, .access = note_access, .user = line));
    skua_route_with(
        r.s, "/", SKUA_OPTS(skua_route_opts, .fn = defer, .user = &st, .exchange_timeout_ms = 100));
    running_start(&r, LOOPBACK, NULL);
    rc_connect(&c, skua_server_url(r.s, 0));
    rc_say(&c, GET);
    wait_for(&st.in);
    rc_expect(&c, "HTTP/1.1 503 ");
    rc_expect(&c, "Connection: close\r\n");
    rc_expect(&c, "</html>");
    rc_expect_end(&c);
    assert_int_equal(atomic_load(&st.gone), 1);
    assert_int_equal(skua_reply_text(st.reply, 200, "late"), SKUA_E_BROKEN_PIPE);
    skua_reply_finish(st.reply);
    rc_close(&c);
    running_finish(&r);
    assert_string_equal(line, "GET / 503");
    sem_destroy(&st.in);
}

static void b01_one_whose_reply_was_begun_is_cut(void **state) {
    (void)state;
    static raw_client c;
    running r;
    stage st = {.reply = NULL};
    sem_init(&st.in, 0, 0);
    running_make(&r, SKUA_OPTS(skua_server_opts, .workers = 1));
    skua_route_with(
        r.s, "/",
        SKUA_OPTS(skua_route_opts, .fn = defer_begun, .user = &st, .exchange_timeout_ms = 100));
    running_start(&r, LOOPBACK, NULL);
    rc_connect(&c, skua_server_url(r.s, 0));
    rc_say(&c, GET);
    wait_for(&st.in);
    rc_expect(&c, "begun\r\n");
    rc_expect_end(&c);
    assert_int_equal(c.len, 0); /* no last chunk: it does not look whole */
    skua_reply_finish(st.reply);
    rc_close(&c);
    running_finish(&r);
    sem_destroy(&st.in);
}

static void b01_one_whose_body_takes_too_long_is_408(void **state) {
    (void)state;
    over_pair p;
    start(&p, &(sk_route){.limits.exchange_ms = 1000});
    op_say(&p, POST("50") "ab");
    for (int i = 0; i < 9; i++) {
        op_wait(&p, 100);
        op_say(&p, "c");
    }
    assert_false(p.ended);
    op_wait(&p, 100);
    op_settle(&p);
    assert_int_equal(op_status(op_heard(&p), 0), 408);
    op_free(&p);
}

static void b01_one_that_is_over_in_time_is_left_alone(void **state) {
    (void)state;
    over_pair p;
    start(&p, &(sk_route){.limits.exchange_ms = 1000});
    op_say(&p, GET);
    op_wait(&p, 1000);
    op_say(&p, GET);
    assert_int_equal(op_status(op_heard(&p), 1), 200);
    assert_true(op_is_open(&p));
    op_free(&p);
}

/* ---- as options of a route ---- */

static ptrdiff_t fill(void *buf, size_t cap, void *user) {
    (void)user;
    memset(buf, 'x', cap);
    return (ptrdiff_t)cap;
}

static int pour(skua_request *q, skua_reply *a, void *user) {
    (void)q;
    skua_reply_send_response(a, 200);
    skua_reply_end_headers(a);
    return skua_reply_stream(a, fill, NULL, user);
}

/* Byte by byte, until there is an answer or all has been sent. */
static void drip(raw_client *c, int bytes) {
    while (bytes-- > 0 && sk_poll_one(c->fd, SKUA_WANT_READ, 10, NULL) != 0)
        rc_say(c, "x");
}

#define POST_TO(path, length) "POST " path " HTTP/1.1\r\n" HOST "Content-Length: " length "\r\n\r\n"
#define ROUTE(...)                                                                                 \
    { .size = sizeof(skua_route_opts), __VA_ARGS__ }

/* The server's own would not be felt within PATIENCE_MS. */
static void b01_the_limits_of_a_route_are_those_it_was_given(void **state) {
    (void)state;
    static raw_client c;
    static const struct {
        const char *pattern, *request;
        int drops;
        const char *status; /* NULL: a reset, which who does not read sees as well */
        skua_route_opts opts;
    } cases[] = {
        {"/large", POST_TO("/large", "4"), 0, " 413 ", ROUTE(.fn = hello, .body_max_bytes = 3)},
        {"/late", POST_TO("/late", "4"), 0, " 408 ", ROUTE(.fn = hello, .body_timeout_ms = 50)},
        {"/slow", POST_TO("/slow", "999"), 998, " 408 ",
         ROUTE(.fn = hello, .min_rate_bytes_per_s = 1000)},
        {"/unread", "GET /unread HTTP/1.1\r\n" HOST "\r\n", 0, NULL,
         ROUTE(.fn = pour, .write_timeout_ms = 50, .min_rate_bytes_per_s = SKUA_FOREVER)},
    };
    running r;
    running_make(&r, SKUA_OPTS(skua_server_opts, .workers = 1, .min_rate_grace_ms = 50));
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_int_equal(skua_route_with(r.s, cases[i].pattern, &cases[i].opts), 0);
    running_start(&r, LOOPBACK, NULL);
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct pollfd reset = {0};
        rc_connect(&c, skua_server_url(r.s, 0));
        rc_say(&c, cases[i].request);
        drip(&c, cases[i].drops);
        reset.fd = c.fd;
        if (cases[i].status)
            rc_expect(&c, cases[i].status);
        else
            assert_int_equal(poll(&reset, 1, PATIENCE_MS), 1);
        rc_close(&c);
    }
    running_finish(&r);
}

/* ---- connections ---- */

static void too_many(const skua_server_opts *opts) {
    static raw_client c[3];
    running r;
    running_make(&r, opts);
    skua_route(r.s, "/", hello, NULL);
    running_start(&r, LOOPBACK, NULL);
    for (int i = 0; i < 2; i++) {
        rc_connect(&c[i], skua_server_url(r.s, 0));
        rc_say(&c[i], GET);
        rc_expect(&c[i], "hello");
    }
    rc_connect(&c[2], skua_server_url(r.s, 0));
    rc_say(&c[2], GET);
    rc_expect(&c[2], "HTTP/1.1 503 ");
    rc_expect(&c[2], "Retry-After: ");
    rc_expect_end(&c[2]);
    rc_close(&c[2]);
    rc_say(&c[0], "GET / HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n");
    rc_expect_end(&c[0]);
    rc_close(&c[0]);
    rc_say(&c[1], GET); /* whoever is in is served, and there is room for one more */
    rc_expect(&c[1], "hello");
    for (bool in = false; !in;) { /* once its worker has closed the first one */
        rc_connect(&c[0], skua_server_url(r.s, 0));
        rc_say(&c[0], GET);
        rc_expect(&c[0], "HTTP/1.1 ");
        rc_expect(&c[0], "\r\n\r\n");
        in = !sk_poll_one(c[0].fd, SKUA_WANT_READ, 0, NULL) || strstr(c[0].heard, "hello") != NULL;
        if (in && !strstr(c[0].heard, "hello"))
            in = rc_more(&c[0]);
        rc_close(&c[0]);
    }
    rc_close(&c[1]);
    running_finish(&r);
}

static void b02_more_connections_than_allowed_are_503(void **state) {
    (void)state;
    too_many(SKUA_OPTS(skua_server_opts, .workers = 2, .connections_max = 2));
    too_many(SKUA_OPTS(skua_server_opts, .workers = 2, .connections_per_address_max = 2));
}

static void b02_addresses_are_counted_apart(void **state) {
    (void)state;
    sk_census *c = sk_census_new(0, 2);
    sk_census_place *place[4];
    sk_addr a, b, mapped, net, same_net, other_net, local;
    assert_non_null(c);
    assert_true(sk_census_asks_where(c));
    assert_false(sk_census_asks_where(NULL));
    assert_true(sk_addr_parse(SK_LIT("192.0.2.1"), 1, &a));
    assert_true(sk_addr_parse(SK_LIT("::ffff:192.0.2.1"), 2, &mapped));
    assert_true(sk_addr_parse(SK_LIT("192.0.2.2"), 1, &b));
    assert_true(sk_addr_parse(SK_LIT("2001:db8::1"), 1, &net));
    assert_true(sk_addr_parse(SK_LIT("2001:db8::2:3"), 1, &same_net));
    assert_true(sk_addr_parse(SK_LIT("2001:db8:0:1::1"), 1, &other_net));
    assert_int_equal(sk_addr_unix(SK_LIT("/x"), &local), 0);
    assert_int_equal(sk_census_enter_place(c, &a, &place[0]), 0);
    assert_int_equal(sk_census_enter_place(c, &mapped, &place[1]), 0);
    assert_ptr_equal(place[0], place[1]);
    assert_int_equal(sk_census_enter_place(c, &a, &place[2]), SKUA_E_STATE);
    assert_null(place[2]);
    assert_int_equal(sk_census_enter_place(c, &b, &place[2]), 0);
    sk_census_leave_place(c, place[2]);
    sk_census_leave_place(c, place[0]);
    assert_int_equal(sk_census_enter_place(c, &a, &place[0]), 0);
    sk_census_leave_place(c, place[0]);
    sk_census_leave_place(c, place[1]);

    assert_int_equal(sk_census_enter_place(c, &net, &place[0]), 0);
    assert_int_equal(sk_census_enter_place(c, &same_net, &place[1]), 0);
    assert_int_equal(sk_census_enter_place(c, &net, &place[2]), SKUA_E_STATE);
    assert_int_equal(sk_census_enter_place(c, &other_net, &place[2]), 0);
    assert_int_equal(sk_census_enter_place(c, &local, &place[3]), 0);
    assert_null(place[3]);
    sk_census_leave_place(c, place[3]);
    sk_census_leave_place(c, place[0]);
    sk_census_free(c); /* with places in it */
}

/* ---- descriptors ---- */

#define CROWD 200

static int64_t cpu_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* As with `ulimit -n 64`: far more come than there are descriptors for. Nothing spins, nothing
 * dies, and each is served in its turn. */
static void b02_few_descriptors_serve_many_in_turn(void **state) {
    (void)state;
    static raw_client c[CROWD];
    running r;
    struct rlimit before, few;
    running_make(&r, SKUA_OPTS(skua_server_opts, .workers = 1));
    skua_route(r.s, "/", hello, NULL);
    running_start(&r, LOOPBACK, NULL);
    rc_connect(&c[0], skua_server_url(r.s, 0));
    rc_say(&c[0], GET);
    rc_expect(&c[0], "hello"); /* it runs, and has all it needs */
    for (int i = 1; i < CROWD; i++)
        rc_connect(&c[i],
                   skua_server_url(r.s, 0)); /* their kind waits in the queue without bytes */
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    few = before;
    few.rlim_cur = (rlim_t)c[CROWD - 1].fd + 8; /* room for a few of the server's */
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
    for (int i = 1; i < CROWD; i++)
        rc_say(&c[i], GET);
    int64_t cpu = cpu_ms();
    sk_poll_one(c[0].fd, SKUA_WANT_READ, 500, NULL); /* nothing comes: half a second of shortage */
    assert_true(cpu_ms() - cpu < 250);
    for (int i = 1; i < CROWD; i++) {
        rc_expect(&c[i], "hello");
        rc_close(&c[i]);
    }
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    rc_say(&c[0], GET); /* who was there is still served */
    rc_expect(&c[0], "hello");
    rc_close(&c[0]);
    running_finish(&r);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(b01_what_is_too_much_has_its_status),
        cmocka_unit_test(b01_a_head_and_a_body_have_their_time),
        cmocka_unit_test(b01_a_route_may_have_other_time_outs),
        cmocka_unit_test(b01_a_deferred_reply_has_all_the_time_there_is),
        cmocka_unit_test(b01_a_body_that_trickles_is_408),
        cmocka_unit_test(b01_a_reply_that_is_sipped_is_cut),
        cmocka_unit_test(b01_an_exchange_that_takes_too_long_is_503),
        cmocka_unit_test(b01_one_whose_reply_was_begun_is_cut),
        cmocka_unit_test(b01_one_whose_body_takes_too_long_is_408),
        cmocka_unit_test(b01_one_that_is_over_in_time_is_left_alone),
        cmocka_unit_test(b01_the_limits_of_a_route_are_those_it_was_given),
        cmocka_unit_test(b02_more_connections_than_allowed_are_503),
        cmocka_unit_test(b02_addresses_are_counted_apart),
        cmocka_unit_test(b02_few_descriptors_serve_many_in_turn),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
