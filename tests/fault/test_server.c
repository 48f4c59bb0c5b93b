/* The server while memory runs out and the stream fails: each request gets a right status or its
 * connection is closed, nothing leaks, and the next connection is served. */
#include "matrix.h"

#include <setjmp.h>
#include <skua/server.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#define HOST  "Host: h\r\n"
#define LARGE 40000

static int params(skua_request *q, skua_reply *a, void *user) {
    (void)user;
    skua_request_fields(q, NULL);
    const char *joined = skua_request_header(q, "X-A");
    const char *name = skua_request_param(q, "name");
    return skua_reply_text(a, 200, "%s %s %s", name ? name : "", joined ? joined : "",
                           skua_request_target(q));
}

static int echo(skua_request *q, skua_reply *a, void *user) {
    size_t len;
    const char *body = skua_request_body(q, &len);
    (void)user;
    skua_reply_send_response(a, 200);
    skua_reply_send_header(a, "X-B", "c");
    skua_reply_end_headers(a);
    skua_reply_write(a, body, len);
    return skua_reply_send_trailer(a, "X-C", "d");
}

static int file(skua_request *q, skua_reply *a, void *user) {
    (void)q;
    skua_reply_send_response(a, 200);
    return sk_reply_file(a, dup(fileno(user)), NULL, 0, LARGE);
}

static const char *const requests[] = {
    "GET /p/a%20b HTTP/1.1\r\n" HOST "X-A: 1\r\nX-A: 2\r\n\r\nGET /nix HTTP/1.1\r\n" HOST "\r\n",
    "POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n3\r\nab",
    "c\r\n0\r\nX: y\r\n\r\n",
    "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 4\r\nExpect: 100-continue\r\n\r\n",
    "abcd",
    "GET /file HTTP/1.1\r\n" HOST "\r\n",
    "PUT /file HTTP/1.1\r\n" HOST "\r\nOPTIONS * HTTP/1.1\r\n" HOST "\r\n",
    "bad\r\n\r\n",
    NULL,
};
static const int statuses[] = {200, 404, 200, 100, 200, 200, 405, 204, 400, 0};

static void note(void *user, const skua_access *a) {
    (void)user;
    assert_non_null(a->client);
    assert_non_null(a->method);
    assert_non_null(a->target);
    assert_true(a->status >= 200);
}

static FILE *large;

static void open_large(void) {
    large = tmpfile();
    assert_non_null(large);
    for (int i = 0; i < LARGE; i++)
        fputc('f', large);
    fflush(large);
}

static void close_large(void) {
    fclose(large);
}

static void prepare(over_pair *p) {
    open_large();
    p->settings.access = note;
    assert_int_equal(op_route(p, "GET /p/{name}", params, NULL), 0);
    assert_int_equal(op_route(p, "POST /echo", echo, NULL), 0);
    assert_int_equal(op_route(p, "GET /file", file, large), 0);
}

static const matrix all = {
    .prepare = prepare, .undo = close_large, .requests = requests, .statuses = statuses};

static void each_fault_in_turn(void **state) {
    (void)state;
    matrix_run(&all);
}

static void a_warm_connection_needs_no_memory(void **state) {
    (void)state;
    over_pair p;
    matrix_start(&all, &p);
    p.settings.access = NULL;
    matrix_connect(&all, &p);
    matrix_open(&p);
    assert_non_null(p.conn);
    for (size_t i = 0; i < 2; i++)
        op_say(&p, requests[0]);
    op_heard(&p);
    nomem_fail_from(1);
    op_say(&p, requests[0]);
    assert_false(nomem_stop());
    const char *text = op_heard(&p);
    assert_int_equal(op_status(text, 0), 200);
    assert_int_equal(op_status(text, 1), 404);
    op_free(&p);
    close_large();
}

/* ---- the whole object ---- */

/* Set up, run and stop a server. 0, or the first failure. */
static int live_and_die(void) {
    skua_error err = {0};
    skua_server *s =
        skua_server_new(SKUA_OPTS(skua_server_opts, .workers = 1, .server_header = "test"), &err);
    if (!s)
        return err.code;
    int route = skua_route(s, "GET /p/{name}", params, NULL);
    int dir = skua_route_dir(s, "/d/", "/", NULL);
    int listening = skua_server_listen(s, "http://127.0.0.1:0", NULL);
    int latched = skua_server_check(s, NULL);
    assert_int_equal(latched != 0, route != 0 || dir != 0 || listening != 0);
    skua_server_stop(s); /* so that it returns */
    int rc = skua_server_run(s, &err);
    if (latched != 0)
        assert_int_equal(rc, latched);
    assert_int_equal(rc, rc == 0 ? 0 : err.code);
    skua_server_free(s);
    return rc;
}

static void a_server_that_cannot_be_made(void **state) {
    (void)state;
    int n = 1, rc;
    for (bool met = true; met && n < MATRIX_MOST; n++) {
        nomem_fail_from(n);
        rc = live_and_die();
        met = nomem_stop();
        /* Some can be done without: the timer that bounds a stop, for one. */
        assert_true(rc == 0 || (met && rc == SKUA_E_NOMEM));
    }
    assert_in_range(n, 10, MATRIX_MOST - 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_fault_in_turn),
        cmocka_unit_test(a_warm_connection_needs_no_memory),
        cmocka_unit_test(a_server_that_cannot_be_made),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
