/* A server while there is no memory: made, set up, stepped, drained and freed. Each failure is an
 * error, or a connection that is closed; nothing is lost. */
#include "../nomem.h"
#include "raw_client.h"

static int hello(skua_request *q, skua_reply *a, void *user) {
    (void)q;
    (void)user;
    return skua_reply_text(a, 200, "hello");
}

/* 0, or the first failure. */
static int set_up(skua_server **s) {
    skua_error err = {0};
    *s = skua_server_new(SKUA_OPTS(skua_server_opts, .connections_max = 10, .drain_grace_ms = 1,
                                   .connections_per_address_max = 10, .server_header = "x"),
                         &err);
    skua_route_with(*s, "/", SKUA_OPTS(skua_route_opts, .fn = hello, .exchange_timeout_ms = 1000));
    skua_server_listen_with(*s, "http://127.0.0.1:0",
                            SKUA_OPTS(skua_listen_opts, .proxy_protocol_from = "127.0.0.1"));
    return skua_server_start(*s, &err);
}

/* The server may have closed it. */
static void say(raw_client *c, const char *text) {
    const skua_str piece = sk_str(text);
    sk_socket_send(c->fd, &piece, 1);
}

/* A request in pieces, so that the connection has something to keep. */
static void serve(skua_server *s, raw_client *c) {
    rc_connect(c, skua_server_url(s, 0));
    say(c, "PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\nPOST / HTTP/1.1\r\nHost: h\r\n");
    assert_int_equal(skua_server_step(s, 1000, NULL), 1);
    say(c, "Content-Length: 2\r\n\r\na");
    for (int i = 0; i < 3; i++)
        assert_int_equal(skua_server_step(s, 10, NULL), 1);
    say(c, "b");
    assert_int_equal(skua_server_step(s, 10, NULL), 1);
    skua_server_begin_drain(s, 50);
    int rc = 1;
    while (rc == 1)
        rc = skua_server_step(s, SKUA_FOREVER, NULL);
    assert_int_equal(rc, 0);
    rc_close(c);
}

static void each_allocation_may_fail(void **state) {
    (void)state;
    static raw_client c;
    bool failed = true;
    for (int n = 1; failed && n < 200; n++) {
        skua_server *s;
        nomem_fail_once(n);
        int rc = set_up(&s);
        assert_true(rc == 0 || rc == SKUA_E_NOMEM);
        if (rc == 0)
            serve(s, &c);
        skua_server_free(s);
        failed = nomem_stop();
    }
    assert_false(failed);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
