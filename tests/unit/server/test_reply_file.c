/* A handler's reply from a file that the program names: inline, deferred and on the pool. */
#include "dir_world.h"

/* ---- handlers ---- */

static const char *path_of(const skua_request *q) {
    const char *name = skua_request_param(q, "name");
    return strcmp(name, "none") == 0 ? "/nonexistent/skua" : in_tree(name);
}

static int plain(skua_request *q, skua_reply *a, void *user) {
    (void)user;
    return skua_reply_file(a, q, path_of(q), NULL);
}

static int with_options(skua_request *q, skua_reply *a, void *user) {
    (void)user;
    skua_reply_send_header(a, "Content-Disposition", "attachment");
    return skua_reply_file(
        a, q, path_of(q),
        SKUA_OPTS(skua_file_opts, .type = "text/x-own", .cache_control = "max-age=9"));
}

static int with_type_given(skua_request *q, skua_reply *a, void *user) {
    (void)user;
    skua_reply_send_header(a, "Content-Type", "text/x-given");
    return skua_reply_file(a, q, path_of(q), SKUA_OPTS(skua_file_opts, .type = "text/x-own"));
}

static int deferred(skua_request *q, skua_reply *a, void *user) {
    (void)user;
    assert_int_equal(skua_reply_defer(a), 0);
    assert_int_equal(skua_reply_file(a, q, path_of(q), NULL), 0);
    return skua_reply_finish(a);
}

static int misused(skua_request *q, skua_reply *a, void *user) {
    (void)user;
    const char *name = skua_request_param(q, "name");
    if (strcmp(name, "twice") == 0) {
        skua_reply_text(a, 200, "%s", "once");
        assert_int_equal(skua_reply_file(a, q, in_tree("a.txt"), NULL), SKUA_E_STATE);
        return 0;
    }
    bool null = strcmp(name, "null") == 0;
    const skua_file_opts o = {.size = sizeof o, .type = "a\nb"};
    assert_int_equal(skua_reply_file(a, q, null ? NULL : in_tree("a.txt"), null ? NULL : &o),
                     SKUA_E_INVALID_ARGUMENT);
    return 0;
}

/* ---- the world ---- */

static const struct {
    const char *pattern;
    skua_handler_fn *fn;
    skua_handler_kind kind;
} routes[] = {
    {"/inline/{name}", plain, SKUA_HANDLER_INLINE},
    {"/pool/{name}", plain, SKUA_HANDLER_POOL},
    {"/deferred/{name}", deferred, SKUA_HANDLER_INLINE},
    {"/options/{name}", with_options, SKUA_HANDLER_INLINE},
    {"/given/{name}", with_type_given, SKUA_HANDLER_INLINE},
    {"/misused/{name}", misused, SKUA_HANDLER_INLINE},
};
static const char *const ways[] = {"/inline", "/pool", "/deferred"};

static int start(void **state) {
    (void)state;
    make_world();
    put_file("a.txt", "0123456789");
    put_file("large.iso", "");
    assert_int_equal(truncate(in_tree("large.iso"), 3000000), 0);
    put_dir("sub");
    for (size_t i = 0; i < COUNT(routes); i++)
        skua_route_with(world.server, routes[i].pattern,
                        SKUA_OPTS(skua_route_opts, .fn = routes[i].fn, .kind = routes[i].kind));
    return start_world();
}

static int stop(void **state) {
    (void)state;
    return stop_world();
}

static answer ask_way(size_t way, const char *method, const char *name, const char *fields) {
    char target[128];
    snprintf(target, sizeof target, "%s/%s", ways[way], name);
    return ask(method, target, fields);
}

/* ---- tests ---- */

static void b11_reply_file(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT(ways); i++) {
        answer a = ask_way(i, "GET", "a.txt", "");
        assert_int_equal(a.status, 200);
        assert_string_equal(a.body, "0123456789");
        assert_field(&a, "Content-Type", "text/plain; charset=utf-8");
        assert_field(&a, "Accept-Ranges", "bytes");
        assert_non_null(field(&a, "Last-Modified"));
        char fields[256], etag[128];
        keep(etag, sizeof etag, field(&a, "ETag"));
        snprintf(fields, sizeof fields, "If-None-Match: %s\r\n", etag);
        free(a.head);
        a = ask_way(i, "GET", "a.txt", fields);
        assert_int_equal(a.status, 304);
        free(a.head);
        a = ask_way(i, "HEAD", "a.txt", "");
        assert_int_equal(a.status, 200);
        assert_field(&a, "Content-Length", "10");
        assert_int_equal(a.body_len, 0);
        free(a.head);
        a = ask_way(i, "GET", "a.txt", "Range: bytes=-3\r\n");
        assert_int_equal(a.status, 206);
        assert_string_equal(a.body, "789");
        free(a.head);
        a = ask_way(i, "GET", "a.txt", "Range: bytes=10-\r\n");
        assert_int_equal(a.status, 416);
        free(a.head);
    }
}

static void b11_reply_large_file(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT(ways); i++) {
        answer a = ask_way(i, "GET", "large.iso", "");
        assert_int_equal(a.body_len, 3000000);
        free(a.head);
        a = ask_way(i, "GET", "large.iso", "Range: bytes=1000000-\r\n");
        assert_int_equal(a.body_len, 2000000);
        free(a.head);
        a = ask_way(i, "GET", "large.iso", "Range: bytes=0-999999,2000000-\r\n");
        assert_int_equal(a.status, 206);
        char length[32];
        snprintf(length, sizeof length, "%zu", a.body_len);
        assert_field(&a, "Content-Length", length);
        assert_true(a.body_len > 2000000);
        free(a.head);
        a = ask_way(i, "HEAD", "large.iso", "");
        assert_field(&a, "Content-Length", "3000000");
        assert_int_equal(a.body_len, 0);
        free(a.head);
    }
}

static void b11_reply_file_that_is_none(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT(ways); i++) {
        answer a = ask_way(i, "GET", "none", "");
        assert_int_equal(a.status, 404);
        free(a.head);
        a = ask_way(i, "GET", "sub", "");
        assert_int_equal(a.status, 404);
        free(a.head);
    }
}

static void b11_reply_file_options(void **state) {
    (void)state;
    answer a = ask("GET", "/options/a.txt", "");
    assert_field(&a, "Content-Type", "text/x-own");
    assert_field(&a, "Cache-Control", "max-age=9");
    assert_field(&a, "Content-Disposition", "attachment");
    free(a.head);
    a = ask("GET", "/given/a.txt", "");
    assert_field(&a, "Content-Type", "text/x-given");
    free(a.head);
    a = ask("GET", "/given/a.txt", "Range: bytes=0-0,2-2\r\n");
    assert_int_equal(strncmp(field(&a, "Content-Type"), "multipart/byteranges", 20), 0);
    assert_non_null(strstr(a.body, "Content-Type: text/x-given\r\n"));
    free(a.head);
    a = ask("GET", "/given/none", "");
    assert_int_equal(a.status, 404);
    assert_field(&a, "Content-Type", "text/html; charset=utf-8");
    free(a.head);
}

/* What a handler does for another method is its own affair: there is nothing to be compared. */
static void b11_reply_file_to_post(void **state) {
    (void)state;
    answer a = ask("POST", "/inline/a.txt",
                   "Content-Length: 0\r\nIf-None-Match: *\r\nRange: bytes=1-2\r\n");
    assert_int_equal(a.status, 200);
    assert_string_equal(a.body, "0123456789");
    free(a.head);
}

static void b11_reply_file_misused(void **state) {
    (void)state;
    assert_body("/misused/twice", "once");
    assert_status("/misused/null", 500);
    assert_status("/misused/value", 500);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(b11_reply_file),
        cmocka_unit_test(b11_reply_large_file),
        cmocka_unit_test(b11_reply_file_that_is_none),
        cmocka_unit_test(b11_reply_file_options),
        cmocka_unit_test(b11_reply_file_to_post),
        cmocka_unit_test(b11_reply_file_misused),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
