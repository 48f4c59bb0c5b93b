/* What a handler reads of a request. */
#include "over_pair.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

/* Each test's handler checks, and answers 200; anything else is a failed check. */
static void serve(const char *pattern, skua_handler_fn *fn, const char *request) {
    over_pair p;
    op_init(&p);
    assert_int_equal(op_route(&p, pattern, fn, NULL), 0);
    assert_true(op_connect(&p, 65536));
    op_say(&p, request);
    assert_int_equal(op_status(op_heard(&p), 0), 200);
    op_free(&p);
}

static int check_line(skua_request *q, skua_reply *a, void *user) {
    (void)user;
    assert_string_equal(skua_request_method(q), "GET");
    assert_string_equal(skua_request_target(q), "/a%20b/../c%64?x=%20");
    assert_string_equal(skua_request_path(q), "/cd");
    assert_string_equal(skua_request_query(q), "x=%20");
    assert_string_equal(skua_request_host(q), "example.org:81");
    assert_string_equal(skua_request_client(q), "pair:0");
    assert_int_equal(skua_request_version(q), 11);
    assert_int_equal(skua_request_is_tls(q), 0);
    return skua_reply_text(a, 200, "ok");
}

static void the_request_line(void **state) {
    (void)state;
    serve("/", check_line, "GET /a%20b/../c%64?x=%20 HTTP/1.1\r\nHost: example.org:81\r\n\r\n");
}

static int check_absolute(skua_request *q, skua_reply *a, void *user) {
    (void)user;
    assert_string_equal(skua_request_method(q), "PROPFIND");
    assert_string_equal(skua_request_target(q), "http://other:8/x");
    assert_string_equal(skua_request_path(q), "/x");
    assert_null(skua_request_query(q));
    assert_string_equal(skua_request_host(q), "other:8");
    return skua_reply_text(a, 200, "ok");
}

static void an_absolute_target(void **state) {
    (void)state;
    serve("/", check_absolute, "PROPFIND http://other:8/x HTTP/1.1\r\nHost: h\r\n\r\n");
}

static int check_1_0(skua_request *q, skua_reply *a, void *user) {
    (void)user;
    assert_int_equal(skua_request_version(q), 10);
    assert_string_equal(skua_request_host(q), "");
    size_t count = 7;
    assert_non_null(skua_request_fields(q, &count));
    assert_int_equal(count, 0);
    assert_null(skua_request_fields(q, NULL)[0].name);
    return skua_reply_text(a, 200, "ok");
}

static void a_request_of_1_0(void **state) {
    (void)state;
    serve("/", check_1_0, "GET / HTTP/1.0\r\n\r\n");
}

static int check_fields(skua_request *q, skua_reply *a, void *user) {
    (void)user;
    assert_string_equal(skua_request_header(q, "x-one"), "1");
    assert_ptr_equal(skua_request_header(q, "X-ONE"), skua_request_header(q, "x-one"));
    assert_string_equal(skua_request_header(q, "X-Two"), "a, b, ");
    assert_string_equal(skua_request_header(q, "X-Empty"), "");
    assert_null(skua_request_header(q, "X-Nix"));
    size_t count;
    const skua_field *f = skua_request_fields(q, &count);
    assert_non_null(f);
    assert_int_equal(count, 6);
    static const char *const expected[][2] = {{"Host", "h"},  {"X-One", "1"}, {"X-Two", "a"},
                                              {"x-two", "b"}, {"X-Two", ""},  {"X-Empty", ""}};
    for (size_t i = 0; i < count; i++) {
        assert_string_equal(f[i].name, expected[i][0]);
        assert_string_equal(f[i].value, expected[i][1]);
    }
    assert_null(f[count].name);
    assert_ptr_equal(skua_request_fields(q, NULL), f);
    return skua_reply_text(a, 200, "ok");
}

static void fields(void **state) {
    (void)state;
    serve("/", check_fields,
          "GET / HTTP/1.1\r\nHost: h\r\nX-One:  1 \r\nX-Two: a\r\nx-two: b\r\nX-Two:\r\n"
          "X-Empty:  \r\n\r\n");
}

static int check_params(skua_request *q, skua_reply *a, void *user) {
    (void)user;
    assert_string_equal(skua_request_param(q, "one"), "a/b");
    assert_string_equal(skua_request_param(q, "two"), "c d/e");
    assert_null(skua_request_param(q, "three"));
    return skua_reply_text(a, 200, "ok");
}

static void params(void **state) {
    (void)state;
    serve("GET /p/{one}/{two...}", check_params,
          "GET /p/a%2Fb/c%20d/./e HTTP/1.1\r\nHost: h\r\n\r\n");
}

static int check_rest(skua_request *q, skua_reply *a, void *user) {
    (void)user;
    assert_string_equal(sk_request_rest(q), "x/y/");
    return skua_reply_text(a, 200, "ok");
}

static int check_rest_slash(skua_request *q, skua_reply *a, void *user) {
    (void)user;
    assert_null(sk_request_rest(q));
    assert_string_equal(skua_request_param(q, "r"), "x/../y");
    return skua_reply_text(a, 200, "ok");
}

static int check_rest_none(skua_request *q, skua_reply *a, void *user) {
    (void)user;
    assert_string_equal(sk_request_rest(q), "");
    return skua_reply_text(a, 200, "ok");
}

static void rests(void **state) {
    (void)state;
    serve("/p/{r...}", check_rest, "GET /p/x/z/../y/ HTTP/1.1\r\nHost: h\r\n\r\n");
    serve("/p/{r...}", check_rest_slash, "GET /p/x%2F..%2fy HTTP/1.1\r\nHost: h\r\n\r\n");
    serve("/p/{r...}", check_rest_none, "GET /p/ HTTP/1.1\r\nHost: h\r\n\r\n");
    serve("/p/", check_rest, "GET /p/x/y/ HTTP/1.1\r\nHost: h\r\n\r\n");
}

static int check_body(skua_request *q, skua_reply *a, void *user) {
    (void)user;
    size_t len = 0;
    const char *body = skua_request_body(q, &len);
    assert_int_equal(len, 5);
    assert_memory_equal(body, "a\0b\r\n", 6); /* with the NUL behind it */
    /* What was read while the body came in is still right. */
    assert_string_equal(skua_request_method(q), "POST");
    assert_string_equal(skua_request_target(q), "/x?y");
    assert_string_equal(skua_request_query(q), "y");
    assert_string_equal(skua_request_host(q), "h");
    assert_string_equal(skua_request_header(q, "X-A"), "b");
    return skua_reply_text(a, 200, "ok");
}

static void serve_pieces(const char *const *pieces, const size_t *lens, size_t count) {
    over_pair p;
    op_init(&p);
    assert_int_equal(op_route(&p, "/", check_body, NULL), 0);
    assert_true(op_connect(&p, 65536));
    for (size_t i = 0; i < count; i++)
        op_send(&p, pieces[i], lens[i]);
    assert_int_equal(op_status(op_heard(&p), 0), 200);
    op_free(&p);
}

static void bodies(void **state) {
    (void)state;
#define PIECE_COUNT 4
    static const char *const counted[PIECE_COUNT] = {
        "POST /x?y HTTP/1.1\r\nHost: h\r\nX-A: b\r\nContent-Length: 5\r\n\r\n", "a\0b", "\r", "\n"};
    serve_pieces(counted, (const size_t[]){strlen(counted[0]), 3, 1, 1}, PIECE_COUNT);
    static const char *const chunked[PIECE_COUNT] = {
        "POST /x?y HTTP/1.1\r\nHost: h\r\nX-A: b\r\nTransfer-Encoding: chunked\r\n\r\n2\r\na\0",
        "\r\n3\r\nb\r\n", "\r\n", "0\r\nX-A: trailer\r\n\r\n"};
    serve_pieces(chunked, (const size_t[]){strlen(chunked[0]) + 1, 8, 2, 19}, PIECE_COUNT);
}

static int show_trailers(skua_request *q, skua_reply *a, void *user) {
    size_t count = 7;
    const skua_field *f = skua_request_trailers(q, &count);
    (void)user;
    assert_null(f[count].name);
    assert_string_equal(skua_request_header(q, "X-A"), "b"); /* the head's */
    return skua_reply_text(a, 200, "%zu%s%s%s%s", count, count > 0 ? f[0].name : "",
                           count > 0 ? f[0].value : "", count > 1 ? f[1].name : "",
                           count > 1 ? f[1].value : "");
}

#define CHUNKED "POST /x HTTP/1.1\r\nHost: h\r\nX-A: b\r\nTransfer-Encoding: chunked\r\n\r\n"

static void b05_trailers_of_a_request_are_read(void **state) {
    (void)state;
    over_pair p;
    op_init(&p);
    assert_int_equal(op_route(&p, "/", show_trailers, NULL), 0);
    assert_true(op_connect(&p, 65536));
    op_say(&p, CHUNKED "1\r\nx\r\n0\r\nX-A: trailer\r\nX-B:\r\n\r\n");
    assert_non_null(strstr(op_heard(&p), "\r\n\r\n2X-AtrailerX-B"));
    op_say(&p, CHUNKED "0\r\n\r\n"); /* those of the request before are gone */
    assert_non_null(strstr(op_heard(&p), "\r\n\r\n0"));
    op_free(&p);
    size_t count = 7;
    assert_null(skua_request_trailers(NULL, &count)[0].name);
    assert_int_equal(count, 0);
}

static int check_no_body(skua_request *q, skua_reply *a, void *user) {
    (void)user;
    size_t len = 7;
    assert_string_equal(skua_request_body(q, &len), "");
    assert_int_equal(len, 0);
    assert_string_equal(skua_request_body(q, NULL), "");
    return skua_reply_text(a, 200, "ok");
}

static void no_body(void **state) {
    (void)state;
    serve("/", check_no_body, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    serve("/", check_no_body, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n");
    serve("/", check_no_body,
          "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_request_line),
        cmocka_unit_test(an_absolute_target),
        cmocka_unit_test(a_request_of_1_0),
        cmocka_unit_test(fields),
        cmocka_unit_test(params),
        cmocka_unit_test(rests),
        cmocka_unit_test(bodies),
        cmocka_unit_test(no_body),
        cmocka_unit_test(b05_trailers_of_a_request_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
