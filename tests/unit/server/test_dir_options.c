/* What a directory route can be told: compressed files in place of their originals, types, caching,
 * fields, dot files, and pages for what is not there. */
#include "dir_world.h"

static int start(void **state) {
    (void)state;
    make_world();
    put_dir("sub");
    put_dir(".well-known");
    put_dir(".git");
    put_at("app.js", "original", 1000000000);
    put_at("app.js.br", "in br", 1000000000);
    put_at("app.js.zst", "in zstd", 1000000001);
    put_at("app.js.gz", "in gzip", 1000000000);
    put_at("old.css", "original", 1000000000);
    put_at("old.css.gz", "stale", 999999999);
    set_time("app.js.br", 1000000000, 0); /* a program that keeps whole seconds */
    put_at("plain.html", "plain", 1000000000);
    put_at("index.html", "the application", 1000000000);
    put_at("404.html", "nothing here", 1000000000);
    put_at("404.html.br", "nothing, in br", 1000000000);
    put_at(".env", "SECRET=1", 1000000000);
    put_at(".git/config", "config", 1000000000);
    put_at(".well-known/security.txt", "contact", 1000000000);
    put_at("sub/x.js", "x", 1000000000);
    put_at("sub/y.UNKNOWN", "y", 1000000000);
    skua_server *s = world.server;
    skua_route_dir(s, "/plain/", in_tree(""), NULL);
    skua_route_dir(s, "/pre/", in_tree(""), SKUA_OPTS(skua_dir_opts, .precompressed = 1));
    skua_route_dir(s, "/dot/", in_tree(""), SKUA_OPTS(skua_dir_opts, .dotfiles = 1, .list = 1));
    skua_route_dir(
        s, "/rules/", in_tree(""),
        SKUA_OPTS(skua_dir_opts, .cache_control = "no-cache",
                  .cache_rules = (const skua_dir_rule[]){{"sub/*", "max-age=1"},
                                                         {"*.js", "max-age=2, immutable"},
                                                         {".css", "max-age=3"},
                                                         {NULL, NULL}},
                  .types = (const skua_dir_rule[]){{".unknown", "text/x-made-up"},
                                                   {"app.?s", "text/javascript; charset=ascii"},
                                                   {NULL, NULL}},
                  .fields = (const skua_field[]){{"X-One", "1", 0},
                                                 {"Access-Control-Allow-Origin", "*", 0},
                                                 {NULL, NULL, 0}}));
    skua_route_dir(s, "/spa/", in_tree(""),
                   SKUA_OPTS(skua_dir_opts, .fallback = "index.html", .not_found_page = "404.html",
                             .list = 1, .precompressed = 1));
    return start_world();
}

static int stop(void **state) {
    (void)state;
    return stop_world();
}

/* ---- compressed files ---- */

static void b11_precompressed(void **state) {
    (void)state;
    static const struct {
        const char *accept, *coding, *body;
    } cases[] = {
        {"", NULL, "original"},
        {"Accept-Encoding: gzip, deflate, br, zstd\r\n", "br", "in br"},
        {"Accept-Encoding: gzip, deflate, zstd\r\n", "zstd", "in zstd"},
        {"Accept-Encoding: gzip\r\n", "gzip", "in gzip"},
        {"Accept-Encoding: x-gzip\r\n", "gzip", "in gzip"},
        {"Accept-Encoding: br;q=0.5, gzip;q=0.8\r\n", "gzip", "in gzip"},
        {"Accept-Encoding: br;q=0.5\r\nAccept-Encoding: gzip;q=0.8\r\n", "gzip", "in gzip"},
        {"Accept-Encoding: br;q=0, *\r\n", "zstd", "in zstd"},
        {"Accept-Encoding: *;q=0\r\n", NULL, "original"},
        {"Accept-Encoding: identity, gzip;q=0.5\r\n", NULL, "original"},
        {"Accept-Encoding: identity;q=0, gzip;q=0.5\r\n", "gzip", "in gzip"},
        {"Accept-Encoding: identity;q=0\r\n", NULL, "original"},
        {"Accept-Encoding: deflate\r\n", NULL, "original"},
        {"Accept-Encoding:\r\n", NULL, "original"},
    };
    for (size_t i = 0; i < 4 * COUNT(cases); i++) {
        answer a = ask("GET", "/pre/app.js", cases[i % COUNT(cases)].accept);
        assert_int_equal(a.status, 200);
        assert_string_equal(a.body, cases[i % COUNT(cases)].body);
        assert_field(&a, "Content-Type", "text/javascript; charset=utf-8");
        assert_field(&a, "Vary", "Accept-Encoding");
        if (cases[i % COUNT(cases)].coding)
            assert_field(&a, "Content-Encoding", cases[i % COUNT(cases)].coding);
        else
            assert_null(field(&a, "Content-Encoding"));
        free(a.head);
    }
}

static void b11_precompressed_is_off(void **state) {
    (void)state;
    answer a = ask("GET", "/plain/app.js", "Accept-Encoding: gzip, br\r\n");
    assert_string_equal(a.body, "original");
    assert_null(field(&a, "Vary"));
    free(a.head);
}

/* One that is older, and one that is not there, are passed over, also for the next best. */
static void b11_precompressed_is_stale(void **state) {
    (void)state;
    for (int i = 0; i < 4; i++) {
        answer a = ask("GET", "/pre/old.css", "Accept-Encoding: gzip, br\r\n");
        assert_string_equal(a.body, "original");
        assert_field(&a, "Vary", "Accept-Encoding");
        assert_null(field(&a, "Content-Encoding"));
        free(a.head);
        a = ask("GET", "/pre/plain.html", "Accept-Encoding: gzip, br\r\n");
        assert_string_equal(a.body, "plain");
        assert_field(&a, "Vary", "Accept-Encoding");
        free(a.head);
    }
    /* Where there is no original, a compressed one does not stand for it. */
    put_file("lonely.txt.gz", "x");
    answer a = ask("GET", "/pre/lonely.txt", "Accept-Encoding: gzip\r\n");
    assert_int_equal(a.status, 404);
    free(a.head);
    a = ask("GET", "/pre/lonely.txt.gz", "Accept-Encoding: gzip\r\n");
    assert_field(&a, "Content-Type", "application/gzip");
    assert_null(field(&a, "Content-Encoding"));
    free(a.head);
}

/* Each variant has an ETag of its own, and ranges are of what is sent. */
static void b11_precompressed_validators_and_ranges(void **state) {
    (void)state;
    char fields[512], etag[128];
    answer a = ask("GET", "/pre/app.js", "");
    keep(etag, sizeof etag, field(&a, "ETag"));
    free(a.head);
    snprintf(fields, sizeof fields, "Accept-Encoding: gzip\r\nIf-None-Match: %s\r\n", etag);
    a = ask("GET", "/pre/app.js", fields);
    assert_int_equal(a.status, 200);
    assert_string_equal(a.body, "in gzip");
    keep(etag, sizeof etag, field(&a, "ETag"));
    free(a.head);
    snprintf(fields, sizeof fields, "Accept-Encoding: gzip\r\nIf-None-Match: %s\r\n", etag);
    a = ask("GET", "/pre/app.js", fields);
    assert_int_equal(a.status, 304);
    assert_field(&a, "Vary", "Accept-Encoding");
    assert_field(&a, "ETag", etag);
    free(a.head);
    snprintf(fields, sizeof fields, "Accept-Encoding: gzip\r\nRange: bytes=3-\r\nIf-Range: %s\r\n",
             etag);
    a = ask("GET", "/pre/app.js", fields);
    assert_int_equal(a.status, 206);
    assert_string_equal(a.body, "gzip");
    assert_field(&a, "Content-Range", "bytes 3-6/7");
    assert_field(&a, "Content-Encoding", "gzip");
    free(a.head);
    snprintf(fields, sizeof fields, "Range: bytes=0-1\r\nIf-Range: %s\r\n", etag);
    a = ask("GET", "/pre/app.js", fields);
    assert_int_equal(a.status, 200); /* the range was of another variant */
    assert_string_equal(a.body, "original");
    free(a.head);
}

/* ---- types, caching, fields ---- */

static void b11_rules(void **state) {
    (void)state;
    static const struct {
        const char *path, *cache_control, *type;
    } cases[] = {
        {"/rules/app.js", "max-age=2, immutable", "text/javascript; charset=ascii"},
        {"/rules/sub/x.js", "max-age=1", "text/javascript; charset=utf-8"},
        {"/rules/sub/y.UNKNOWN", "max-age=1", "text/x-made-up"},
        {"/rules/old.css", "max-age=3", "text/css; charset=utf-8"},
        {"/rules/plain.html", "no-cache", "text/html; charset=utf-8"},
        {"/rules/", "no-cache", "text/html; charset=utf-8"},
    };
    for (size_t i = 0; i < 4 * COUNT(cases); i++) {
        answer a = ask("GET", cases[i % COUNT(cases)].path, "");
        assert_int_equal(a.status, 200);
        assert_field(&a, "Cache-Control", cases[i % COUNT(cases)].cache_control);
        assert_field(&a, "Content-Type", cases[i % COUNT(cases)].type);
        free(a.head);
    }
}

static void b11_added_fields(void **state) {
    (void)state;
    static const char *const paths[] = {"/rules/app.js", "/rules/none", "/rules/sub", "/rules",
                                        "/rules/.env"};
    for (size_t i = 0; i < COUNT(paths); i++) {
        answer a = ask("GET", paths[i], "");
        assert_field(&a, "X-One", "1");
        assert_field(&a, "Access-Control-Allow-Origin", "*");
        free(a.head);
    }
}

/* ---- dot files ---- */

static void b11_dotfiles(void **state) {
    (void)state;
    assert_status("/plain/.env", 404);
    assert_status("/plain/.git/config", 404);
    assert_body("/plain/.well-known/security.txt", "contact");
    assert_body("/dot/.env", "SECRET=1");
    assert_body("/dot/.git/config", "config");
    assert_status("/dot/..%2fsecret", 404);
    answer a = ask("GET", "/dot/.git/", "");
    assert_int_equal(a.status, 200);
    assert_non_null(strstr(a.body, "<a href=\"config\">"));
    assert_null(strstr(a.body, "href=\".\""));
    free(a.head);
}

/* ---- what is not there ---- */

static void b11_fallback(void **state) {
    (void)state;
    static const char *const paths[] = {"/spa/users", "/spa/users/7", "/spa/users/7/",
                                        "/spa/a.b/c"};
    for (size_t i = 0; i < COUNT(paths); i++)
        assert_body(paths[i], "the application");
    answer a = ask("GET", "/spa/users", "");
    assert_field(&a, "Content-Type", "text/html; charset=utf-8");
    char etag[128], fields[256];
    keep(etag, sizeof etag, field(&a, "ETag"));
    free(a.head);
    snprintf(fields, sizeof fields, "If-None-Match: %s\r\n", etag);
    a = ask("GET", "/spa/other", fields);
    assert_int_equal(a.status, 304);
    free(a.head);
    assert_body("/spa/app.js", "original");
    assert_status("/plain/users", 404);
}

static void b11_page_of_404(void **state) {
    (void)state;
    static const char *const paths[] = {"/spa/none.js", "/spa/sub/none.png", "/spa/.env",
                                        "/spa/a%2fb"};
    for (size_t i = 0; i < 3 * COUNT(paths); i++) {
        answer a = ask("GET", paths[i % COUNT(paths)], "Range: bytes=0-1\r\nIf-None-Match: *\r\n");
        assert_int_equal(a.status, 404);
        assert_string_equal(a.body, "nothing here");
        assert_field(&a, "Content-Type", "text/html; charset=utf-8");
        assert_null(field(&a, "ETag"));
        assert_null(field(&a, "Content-Range"));
        free(a.head);
    }
    answer a = ask("GET", "/spa/none.js", "Accept-Encoding: br\r\n");
    assert_int_equal(a.status, 404);
    assert_string_equal(a.body, "nothing, in br");
    assert_field(&a, "Content-Encoding", "br");
    assert_field(&a, "Vary", "Accept-Encoding");
    assert_field(&a, "Content-Type", "text/html; charset=utf-8");
    free(a.head);
    a = ask("HEAD", "/spa/none.js", "");
    assert_int_equal(a.status, 404);
    assert_field(&a, "Content-Length", "12");
    assert_int_equal(a.body_len, 0);
    free(a.head);
}

/* ---- wrong ones ---- */

static void b11_wrong_options(void **state) {
    (void)state;
    char www[512];
    snprintf(www, sizeof www, "%s", in_tree(""));
#define OPTS(...)                                                                                  \
    { .size = sizeof(skua_dir_opts), __VA_ARGS__ }
    const skua_dir_opts cases[] = {
        OPTS(.types = (const skua_dir_rule[]){{".x", "a\r\nb"}, {NULL, NULL}}),
        OPTS(.types = (const skua_dir_rule[]){{".x", NULL}, {NULL, NULL}}),
        OPTS(.cache_rules = (const skua_dir_rule[]){{"", "no-cache"}, {NULL, NULL}}),
        OPTS(.fields = (const skua_field[]){{"X Y", "1", 0}, {NULL, NULL, 0}}),
        OPTS(.fields = (const skua_field[]){{"X", "1\n", 0}, {NULL, NULL, 0}}),
        OPTS(.fields = (const skua_field[]){{"X", NULL, 0}, {NULL, NULL, 0}}),
        OPTS(.fields = (const skua_field[]){{"content-length", "1", 0}, {NULL, NULL, 0}}),
        OPTS(.fallback = "/index.html"),
        OPTS(.fallback = "../secret"),
        OPTS(.fallback = ""),
        OPTS(.not_found_page = "pages/"),
        OPTS(.not_found_page = "a//b"),
    };
#undef OPTS
    for (size_t i = 0; i < COUNT(cases); i++) {
        skua_error err;
        skua_server *s = skua_server_new(NULL, &err);
        if (skua_route_dir(s, "/", www, &cases[i]) != SKUA_E_INVALID_ARGUMENT)
            fail_msg("case %zu", i);
        skua_server_free(s);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(b11_precompressed),
        cmocka_unit_test(b11_precompressed_is_off),
        cmocka_unit_test(b11_precompressed_is_stale),
        cmocka_unit_test(b11_precompressed_validators_and_ranges),
        cmocka_unit_test(b11_rules),
        cmocka_unit_test(b11_added_fields),
        cmocka_unit_test(b11_dotfiles),
        cmocka_unit_test(b11_fallback),
        cmocka_unit_test(b11_page_of_404),
        cmocka_unit_test(b11_wrong_options),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
