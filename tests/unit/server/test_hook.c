/* Functions of the program around its handlers, and its own error pages. */
#include "over_pair.h"

#define HOST      "Host: h\r\n"
#define GET(path) "GET " path " HTTP/1.1\r\n" HOST "\r\n"

static int hello(skua_request *q, skua_reply *a, void *user) {
    (void)q;
    ++*(int *)user;
    return skua_reply_text(a, 200, "hello");
}

static int count(skua_request *q, skua_reply *a, void *user) {
    (void)q;
    (void)a;
    ++*(int *)user;
    return 0;
}

static int forbid(skua_request *q, skua_reply *a, void *user) {
    (void)user;
    return skua_request_header(q, "Authorization") ? 0 : skua_reply_send_error(a, 403, NULL);
}

static int fail_always(skua_request *q, skua_reply *a, void *user) {
    (void)q;
    (void)a;
    (void)user;
    return SKUA_E_OS;
}

static int add_field(skua_request *q, skua_reply *a, void *user) {
    char text[32];
    snprintf(text, sizeof text, "%s %d", skua_request_method(q), skua_reply_status(a));
    return skua_reply_send_header(a, user, text);
}

static int add(over_pair *p, sk_hooks *list, const char *prefix, sk_hook given) {
    return sk_hooks_add(p->settings.callbacks, list, prefix, &given);
}

static void start(over_pair *p, int *calls) {
    op_init(p);
    p->settings.callbacks = sk_callbacks_new();
    assert_non_null(p->settings.callbacks);
    assert_int_equal(op_route(p, "/", hello, calls), 0);
    assert_int_equal(op_route(p, "GET /nothing/{$}", fail_always, NULL), 0);
}

static void finish(over_pair *p) {
    op_free(p);
    sk_callbacks_unref(p->settings.callbacks);
}

static void before_sees_its_paths_and_may_take_them(void **state) {
    (void)state;
    over_pair p;
    int calls = 0, seen = 0;
    start(&p, &calls);
    assert_int_equal(
        add(&p, &p.settings.callbacks->before, "/", (sk_hook){.fn = count, .user = &seen}), 0);
    assert_int_equal(
        add(&p, &p.settings.callbacks->before, "/secret/", (sk_hook){.fn = forbid, .user = NULL}),
        0);
    assert_int_equal(
        add(&p, &p.settings.callbacks->before, "/secret/", (sk_hook){.fn = count, .user = &seen}),
        0);
    assert_true(op_connect(&p, 65536));
    op_say(&p, GET("/") GET("/secret/x") GET("/secret")
                   GET("/secretive") "GET /secret/x HTTP/1.1\r\n" HOST "Authorization: x\r\n\r\n");
    const char *text = op_heard(&p);
    static const int statuses[] = {200, 403, 403, 200, 200, 0};
    for (int i = 0; i < 6; i++)
        assert_int_equal(op_status(text, i), statuses[i]);
    assert_int_equal(calls, 3);
    assert_int_equal(seen, 6);
    finish(&p);
}

static void a_body_that_before_has_refused_is_not_taken_for_a_request(void **state) {
    (void)state;
    over_pair p;
    int calls = 0;
    start(&p, &calls);
    assert_int_equal(
        add(&p, &p.settings.callbacks->before, "/", (sk_hook){.fn = forbid, .user = NULL}), 0);
    assert_true(op_connect(&p, 65536));
    op_say(&p, "POST / HTTP/1.1\r\n" HOST "Content-Length: 60\r\n\r\n" GET("/smuggled"));
    const char *text = op_heard(&p);
    assert_int_equal(op_status(text, 0), 403);
    assert_int_equal(op_status(text, 1), 0);
    assert_non_null(strstr(text, "Connection: close\r\n"));
    assert_true(p.ended);
    finish(&p);
}

static void a_hook_that_fails_is_500(void **state) {
    (void)state;
    over_pair p;
    int calls = 0;
    start(&p, &calls);
    assert_int_equal(
        add(&p, &p.settings.callbacks->before, "/x/", (sk_hook){.fn = fail_always, .user = NULL}),
        0);
    assert_int_equal(
        add(&p, &p.settings.callbacks->after, "/y/", (sk_hook){.fn = fail_always, .user = NULL}),
        0);
    assert_true(op_connect(&p, 65536));
    op_say(&p, GET("/x/") GET("/y/"));
    const char *text = op_heard(&p);
    assert_int_equal(op_status(text, 0), 500);
    assert_int_equal(op_status(text, 1), 500);
    finish(&p);
}

static void after_adds_to_each_final_head_once(void **state) {
    (void)state;
    over_pair p;
    int calls = 0;
    start(&p, &calls);
    assert_int_equal(
        add(&p, &p.settings.callbacks->after, "/", (sk_hook){.fn = add_field, .user = "X-All"}), 0);
    assert_int_equal(add(&p, &p.settings.callbacks->after, "/nothing/",
                         (sk_hook){.fn = add_field, .user = "X-Some"}),
                     0);
    assert_true(op_connect(&p, 65536));
    op_say(&p, GET("/a") GET("/nothing/") "BREW /a HTTP/1.1\r\n" HOST "\r\n");
    const char *text = op_heard(&p);
    assert_non_null(strstr(text, "X-All: GET 200\r\n"));
    assert_non_null(strstr(text, "X-All: GET 500\r\nX-Some: GET 500\r\n"));
    assert_non_null(strstr(text, "X-All: BREW 200\r\n"));
    int found = 0;
    for (const char *at = text; (at = strstr(at, "X-")) != NULL; at++)
        found++;
    assert_int_equal(found, 4);
    finish(&p);
}

static int page(skua_request *q, skua_reply *a, int status, const char *explain, void *user) {
    (void)user;
    if (status == 413)
        return 0; /* the server's own */
    if (status == 431)
        return skua_reply_send_error(a, status, "its own again");
    const char *path = skua_request_path(q);
    return skua_reply_text(a, status, "page of %d, %s, %s", status, path ? path : "no path",
                           explain ? explain : "no text");
}

static void b07_error_pages_are_the_programs(void **state) {
    (void)state;
    over_pair p;
    int calls = 0;
    start(&p, &calls);
    p.settings.callbacks->error_page = page;
    static const struct {
        const char *request, *says;
    } cases[] = {
        {GET("/nothing/"), "page of 500, /nothing/, no text"},
        {"GET http://[/ HTTP/1.1\r\n" HOST "\r\n", "page of 400, no path, "},
        {"POST / HTTP/1.1\r\n" HOST "Content-Length: 999999\r\n\r\n", "<h1>413 Content Too Large"},
        {"GET / HTTP/1.1\r\n" HOST "Content-Length: x\r\n\r\n", "page of 400, no path, "},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_true(op_connect(&p, 65536));
        op_say(&p, cases[i].request);
        const char *text = op_heard(&p);
        if (!strstr(text, cases[i].says))
            fail_msg("%zu: %s", i, text);
        op_disconnect(&p);
    }
    finish(&p);
}

static void hooks_are_checked_when_they_are_added(void **state) {
    (void)state;
    skua_error err;
    skua_server *s = skua_server_new(NULL, &err);
    static const char *const bad[] = {"/x", "", "x", "x/", NULL};
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(skua_server_before(s, bad[i], count, NULL), SKUA_E_INVALID_ARGUMENT);
    assert_int_equal(skua_server_before(s, "/", NULL, NULL), SKUA_E_INVALID_ARGUMENT);
    assert_int_equal(skua_server_check(s, &err), SKUA_E_INVALID_ARGUMENT);
    assert_non_null(strstr(err.msg, "hook for \"/x\""));
    skua_server_free(s);
    assert_int_equal(skua_server_after(NULL, "/", count, NULL), SKUA_E_INVALID_ARGUMENT);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(before_sees_its_paths_and_may_take_them),
        cmocka_unit_test(a_body_that_before_has_refused_is_not_taken_for_a_request),
        cmocka_unit_test(a_hook_that_fails_is_500),
        cmocka_unit_test(after_adds_to_each_final_head_once),
        cmocka_unit_test(b07_error_pages_are_the_programs),
        cmocka_unit_test(hooks_are_checked_when_they_are_added),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
