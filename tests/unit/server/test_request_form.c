/* Cookies, parameters and forms of a request, and cookies of a reply. */
#include "over_pair.h"

/* Each test's handler checks, and answers 200; anything else is a failed check. */
static void serve(skua_handler_fn *fn, const char *request, const char *expected) {
    over_pair p;
    op_init(&p);
    assert_int_equal(op_route(&p, "/", fn, NULL), 0);
    assert_true(op_connect(&p, 65536));
    op_say(&p, request);
    const char *heard = op_heard(&p);
    assert_int_equal(op_status(heard, 0), 200);
    if (expected && !strstr(heard, expected))
        fail_msg("no \"%s\" in \"%s\"", expected, heard);
    op_free(&p);
}

static int check_cookies(skua_request *q, skua_reply *a, void *user) {
    (void)user;
    assert_string_equal(skua_request_cookie(q, "a"), "1");
    assert_string_equal(skua_request_cookie(q, "b"), "x y");
    assert_string_equal(skua_request_cookie(q, "c"), "3");
    assert_null(skua_request_cookie(q, "d"));
    assert_int_equal(skua_reply_set_cookie(a, SKUA_OPTS(skua_cookie, .name = "s", .value = "t")),
                     0);
    return skua_reply_text(a, 200, "ok");
}

static void b05_cookies(void **state) {
    (void)state;
    serve(check_cookies,
          "GET / HTTP/1.1\r\nHost: h\r\nCookie: a=1; b=\"x y\"\r\nCookie: c=3; a=4\r\n\r\n",
          "\r\nSet-Cookie: s=t; Path=/; HttpOnly; SameSite=Lax\r\n");
}

static int check_refused(skua_request *q, skua_reply *a, void *user) {
    (void)q;
    (void)user;
    assert_int_equal(skua_reply_set_cookie(NULL, NULL), SKUA_E_INVALID_ARGUMENT);
    assert_int_equal(
        skua_reply_set_cookie(a, SKUA_OPTS(skua_cookie, .name = "__Host-s", .value = "t")),
        SKUA_E_INVALID_ARGUMENT);
    return skua_reply_text(a, 200, "ok"); /* it latches */
}

static void b05_a_wrong_cookie_latches(void **state) {
    (void)state;
    over_pair p;
    op_init(&p);
    assert_int_equal(op_route(&p, "/", check_refused, NULL), 0);
    assert_true(op_connect(&p, 65536));
    op_say(&p, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_int_equal(op_status(op_heard(&p), 0), 500);
    op_free(&p);
}

static int check_query(skua_request *q, skua_reply *a, void *user) {
    (void)user;
    assert_string_equal(skua_request_query_param(q, "q"), "tea & cake");
    assert_string_equal(skua_request_query_param(q, "n"), "");
    assert_null(skua_request_query_param(q, "x"));
    assert_int_equal(skua_form_count(skua_request_query_form(q, NULL)), 3);
    assert_ptr_equal(skua_request_query_form(q, NULL), skua_request_query_form(q, NULL));
    return skua_reply_text(a, 200, "ok");
}

static int check_no_query(skua_request *q, skua_reply *a, void *user) {
    (void)user;
    assert_null(skua_request_query_param(q, "q"));
    assert_int_equal(skua_form_count(skua_request_query_form(q, NULL)), 0);
    return skua_reply_text(a, 200, "ok");
}

static void b05_query(void **state) {
    (void)state;
    serve(check_query, "GET /?q=tea+%26+cake&n&q=2 HTTP/1.1\r\nHost: h\r\n\r\n", NULL);
    serve(check_no_query, "GET / HTTP/1.1\r\nHost: h\r\n\r\n", NULL);
    serve(check_no_query, "GET /? HTTP/1.1\r\nHost: h\r\n\r\n", NULL);
}

static int check_form(skua_request *q, skua_reply *a, void *user) {
    (void)user;
    const skua_form *f = skua_request_form(q, NULL);
    assert_non_null(f);
    assert_string_equal(skua_form_get(f, "a"), "1 2");
    assert_string_equal(skua_form_get(f, "b"), "\xc3\xbc");
    assert_ptr_equal(skua_request_form(q, NULL), f);
    return skua_reply_text(a, 200, "ok");
}

static int check_no_form(skua_request *q, skua_reply *a, void *user) {
    (void)user;
    skua_error err;
    assert_null(skua_request_form(q, &err));
    assert_int_equal(err.code, SKUA_E_UNSUPPORTED);
    return skua_reply_text(a, 200, "ok");
}

static void b05_form(void **state) {
    (void)state;
    serve(check_form,
          "POST / HTTP/1.1\r\nHost: h\r\nContent-Type: Application/X-www-form-urlencoded ; x=y\r\n"
          "Content-Length: 14\r\n\r\na=1+2&b=%C3%BC",
          NULL);
    serve(check_no_form,
          "POST / HTTP/1.1\r\nHost: h\r\nContent-Type: text/plain\r\nContent-Length: 3\r\n\r\na=1",
          NULL);
    serve(check_no_form, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\na=1", NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(b05_cookies),
        cmocka_unit_test(b05_a_wrong_cookie_latches),
        cmocka_unit_test(b05_query),
        cmocka_unit_test(b05_form),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
