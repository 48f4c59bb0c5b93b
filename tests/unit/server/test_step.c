/* A server that is stepped from a foreign loop, several in one process, and how connections spread
 * over workers. */
#include "raw_client.h"
#include "running.h"

#include <poll.h>
#include <stdatomic.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define LOOPBACK     "http://127.0.0.1:0"
#define HOST         "Host: h\r\n"
#define GET(path)    "GET " path " HTTP/1.1\r\n" HOST "\r\n"

static int hello(skua_request *q, skua_reply *a, void *user) {
    (void)q;
    return skua_reply_text(a, 200, "hello from %s", (const char *)user);
}

static skua_server *started(const char *name) {
    skua_error err;
    skua_server *s = skua_server_new(SKUA_OPTS(skua_server_opts, .idle_timeout_ms = 100), &err);
    assert_non_null(s);
    skua_route(s, "/", hello, (void *)(uintptr_t)name);
    skua_server_listen(s, LOOPBACK, NULL);
    assert_int_equal(skua_server_start(s, &err), 0);
    return s;
}

/* Take what has come. */
static void listen_to(raw_client *c) {
    ptrdiff_t n = sk_socket_recv(c->fd, c->heard + c->len, sizeof c->heard - 1 - c->len);
    c->ended = n == 0;
    c->len += n > 0 ? (size_t)n : 0;
    c->heard[c->len] = '\0';
}

/* What a program's own loop does: wait for all of them at once, and step those that have
 * something to do. */
static void poll_and_step(skua_server *const *servers, size_t count) {
    struct pollfd fds[4];
    int64_t wait = PATIENCE_MS;
    for (size_t i = 0; i < count; i++) {
        fds[i] = (struct pollfd){.fd = skua_server_fd(servers[i]), .events = POLLIN};
        int64_t ms = skua_server_next_ms(servers[i]);
        wait = ms >= 0 && ms < wait ? ms : wait;
    }
    assert_true(poll(fds, count, (int)wait) >= 0);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(skua_server_step(servers[i], 0, NULL), 1);
}

static void b01_servers_are_stepped_from_a_foreign_loop(void **state) {
    (void)state;
    static raw_client c[2];
    skua_server *const servers[] = {started("one"), started("two")};
    static const char *const expected[] = {"hello from one", "hello from two"};
    for (size_t i = 0; i < COUNT(servers); i++) {
        assert_true(skua_server_fd(servers[i]) >= 0);
        rc_connect(&c[i], skua_server_url(servers[i], 0));
        rc_say(&c[i], GET("/"));
    }
    for (size_t i = 0; i < COUNT(servers); i++) {
        /* What one step did for the other is heard before the next is waited for. */
        for (listen_to(&c[i]); !strstr(c[i].heard, expected[i]); listen_to(&c[i]))
            poll_and_step(servers, COUNT(servers));
    }
    for (size_t i = 0; i < COUNT(servers); i++) {
        /* Its time to be idle is over: a timer's work. */
        for (listen_to(&c[i]); !c[i].ended; listen_to(&c[i]))
            poll_and_step(servers, COUNT(servers));
        rc_close(&c[i]);
    }
    for (size_t i = 0; i < COUNT(servers); i++) {
        int rc = 1;
        skua_server_stop(servers[i]);
        while (rc == 1)
            rc = skua_server_step(servers[i], SKUA_FOREVER, NULL);
        assert_int_equal(rc, 0);
        assert_int_equal(skua_server_step(servers[i], 0, NULL), 0);
        assert_int_equal(skua_server_fd(servers[i]), -1);
        assert_int_equal(skua_server_next_ms(servers[i]), -1);
        skua_server_free(servers[i]);
    }
}

/* A socket of the program's own, which it serves itself, byte for byte: one turn of its loop.
 * Returns whether somebody was answered. */
static bool serve_raw(skua_server *s, int listener) {
    struct pollfd fds[] = {{.fd = skua_server_fd(s), .events = POLLIN},
                           {.fd = listener, .events = POLLIN}};
    assert_true(poll(fds, COUNT(fds), PATIENCE_MS) > 0);
    assert_int_equal(skua_server_step(s, 0, NULL), 1);
    if (!fds[1].revents)
        return false;
    static const skua_str answer = {"raw\n", 4};
    int fd = sk_socket_accept(listener, NULL);
    assert_true(fd >= 0);
    assert_int_equal(sk_socket_send(fd, &answer, 1), 4);
    sk_socket_close(fd);
    return true;
}

static void b15_a_raw_socket_and_a_server_share_a_loop(void **state) {
    (void)state;
    static raw_client http, raw;
    skua_server *s = started("skua");
    sk_addr at;
    assert_true(sk_addr_parse(SK_LIT("127.0.0.1"), 0, &at));
    int listener = sk_socket_listen(&at, &(sk_listen_opts){.backlog = 1});
    assert_true(listener >= 0);
    assert_int_equal(sk_socket_local(listener, &at), 0);
    rc_connect(&http, skua_server_url(s, 0));
    rc_say(&http, GET("/"));
    rc_connect_to(&raw, &at);
    bool answered = false;
    while (!answered || !strstr(http.heard, "hello from skua")) {
        answered |= serve_raw(s, listener);
        listen_to(&http);
    }
    rc_expect(&raw, "raw\n");
    rc_expect_end(&raw);
    rc_close(&raw);
    rc_close(&http);
    sk_socket_close(listener);
    skua_server_free(s);
}

static void b01_a_started_server_may_be_freed(void **state) {
    (void)state;
    static raw_client c;
    skua_server *s = started("one");
    rc_connect(&c, skua_server_url(s, 0));
    rc_say(&c, GET("/"));
    assert_int_equal(skua_server_step(s, SKUA_FOREVER, NULL), 1);
    skua_server_free(s);
    rc_close(&c);
}

static void b01_what_was_not_started_is_not_stepped(void **state) {
    (void)state;
    skua_error err;
    skua_server *s = skua_server_new(NULL, &err);
    assert_int_equal(skua_server_start(s, &err), SKUA_E_STATE);
    assert_non_null(strstr(err.msg, "listener"));
    assert_int_equal(skua_server_step(s, 0, &err), SKUA_E_STATE);
    assert_int_equal(skua_server_fd(s), -1);
    skua_server_listen(s, LOOPBACK, NULL);
    assert_int_equal(skua_server_start(s, NULL), 0);
    assert_int_equal(skua_server_start(s, &err), SKUA_E_STATE);
    assert_int_equal(skua_server_run(s, &err), SKUA_E_STATE);
    assert_int_equal(skua_server_step(s, -2, &err), SKUA_E_INVALID_ARGUMENT);
    skua_server_free(s);
    assert_int_equal(skua_server_step(NULL, 0, &err), SKUA_E_INVALID_ARGUMENT);
    assert_int_equal(skua_server_start(NULL, NULL), SKUA_E_INVALID_ARGUMENT);
    assert_int_equal(skua_server_fd(NULL), -1);
    assert_int_equal(skua_server_next_ms(NULL), -1);
}

/* Whoever steps it would wait for himself, also before the first step. */
static void b01_who_steps_does_not_wait_for_a_drain(void **state) {
    (void)state;
    skua_server *s = started("one");
    assert_int_equal(skua_server_drain(s, SKUA_FOREVER, NULL), SKUA_E_STATE);
    skua_server_begin_drain(s, SKUA_FOREVER);
    while (skua_server_step(s, SKUA_FOREVER, NULL) == 1)
        ;
    skua_server_free(s);
}

/* ---- spreading ---- */

#define WORKERS     2
#define CONNECTIONS 64

typedef struct spread {
    sk_mutex lock;
    sk_thread seen[WORKERS];
    int connections[WORKERS];
    int workers;
} spread;

static int count(skua_request *q, skua_reply *a, void *user) {
    spread *s = user;
    (void)q;
    sk_mutex_lock(&s->lock);
    int i = 0;
    while (i < s->workers && !sk_thread_is_self(s->seen[i]))
        i++;
    if (i == s->workers)
        s->seen[s->workers++] = sk_thread_self();
    s->connections[i]++;
    sk_mutex_unlock(&s->lock);
    return skua_reply_text(a, 200, "counted");
}

/* No worker stays without: the kernel spreads by a hash, so 64 on two leave one with none once in
 * 2^63. */
static void b02_connections_spread_over_the_workers(void **state) {
    (void)state;
    static raw_client c[CONNECTIONS];
    spread s = {.workers = 0};
    running r;
    sk_mutex_init(&s.lock);
    running_make(&r, SKUA_OPTS(skua_server_opts, .workers = WORKERS));
    skua_route(r.s, "/", count, &s);
    running_start(&r, LOOPBACK, NULL);
    for (int i = 0; i < CONNECTIONS; i++) {
        rc_connect(&c[i], skua_server_url(r.s, 0));
        rc_say(&c[i], GET("/"));
    }
    for (int i = 0; i < CONNECTIONS; i++) {
        rc_expect(&c[i], "counted");
        rc_close(&c[i]);
    }
    running_finish(&r);
    assert_int_equal(s.workers, WORKERS);
    print_message("%d connections: %d and %d\n", CONNECTIONS, s.connections[0], s.connections[1]);
    sk_mutex_free(&s.lock);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(b01_servers_are_stepped_from_a_foreign_loop),
        cmocka_unit_test(b15_a_raw_socket_and_a_server_share_a_loop),
        cmocka_unit_test(b01_a_started_server_may_be_freed),
        cmocka_unit_test(b01_what_was_not_started_is_not_stepped),
        cmocka_unit_test(b01_who_steps_does_not_wait_for_a_drain),
        cmocka_unit_test(b02_connections_spread_over_the_workers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
