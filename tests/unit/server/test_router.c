/* Patterns and the search among them: what is the most specific, and what is refused. */
#include "base/str.h"
#include "server/router.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static int handler(skua_request *q, skua_reply *a, void *user) {
    (void)q;
    (void)a;
    (void)user;
    return 0;
}

/* A router whose routes have their own patterns as user. */
static sk_router *router_of(const char *const *patterns, size_t count) {
    sk_router *r = sk_router_new();
    assert_non_null(r);
    for (size_t i = 0; i < count; i++) {
        const char *what;
        assert_int_equal(
            sk_router_add(r, patterns[i],
                          &(sk_route){.fn = handler, .user = (void *)(uintptr_t)patterns[i]},
                          &what),
            0);
    }
    return r;
}

/* Which pattern takes the request, with the first parameter behind it, or the status. */
static const char *found(const sk_router *r, const char *method, const char *target) {
    static char text[256];
    sk_arena arena = {0};
    sk_path path;
    skua_str query;
    sk_route_match m;
    assert_int_equal(sk_path_parse(sk_str(target), &arena, &path, &query), 0);
    int status = sk_router_find(r, sk_str(method), &path, &m);
    if (status != 200)
        snprintf(text, sizeof text, "%d", status);
    else
        snprintf(text, sizeof text, "%s", (const char *)m.route->user);
    for (uint32_t i = 0; status == 200 && i < m.route->name_count; i++) {
        bool rest = m.route->named_rest && i == m.route->name_count - 1;
        skua_str value = rest ? sk_str(path.text + path.segments[m.rest].at)
                              : sk_path_segment(&path, m.segment[i]);
        size_t len = strlen(text);
        snprintf(text + len, sizeof text - len, " %s=%.*s", m.route->names[i], (int)value.len,
                 value.ptr);
    }
    sk_arena_free(&arena);
    return text;
}

typedef struct expected {
    const char *method, *target, *found;
} expected;

static void check(const char *const *patterns, size_t pattern_count, const expected *cases,
                  size_t count) {
    sk_router *r = router_of(patterns, pattern_count);
    for (size_t i = 0; i < count; i++) {
        assert_string_equal(found(r, cases[i].method, cases[i].target), cases[i].found);
    }
    sk_router_free(r);
    /* The order in which they were added makes no difference. */
    const char *turned[16];
    for (size_t i = 0; i < pattern_count; i++)
        turned[i] = patterns[pattern_count - 1 - i];
    r = router_of(turned, pattern_count);
    for (size_t i = 0; i < count; i++)
        assert_string_equal(found(r, cases[i].method, cases[i].target), cases[i].found);
    sk_router_free(r);
}

static void b04_the_most_specific_wins(void **state) {
    static const char *const patterns[] = {
        "/",       "GET /a",    "GET /a/{x}",        "GET /a/b",    "GET /a/{x}/c",
        "/files/", "/only/{$}", "GET /t/{y}/{z...}", "POST /a/{x}",
    };
    static const expected cases[] = {
        {"GET", "/", "/"},
        {"GET", "/nix", "/"},
        {"GET", "/a", "GET /a"},
        {"GET", "/a/", "/"},
        {"GET", "/a/q", "GET /a/{x} x=q"},
        {"GET", "/a/b", "GET /a/b"},
        {"HEAD", "/a/b", "GET /a/b"},
        {"POST", "/a/b", "POST /a/{x} x=b"},
        {"GET", "/a/b/c", "GET /a/{x}/c x=b"},
        {"GET", "/a/b/d", "/"},
        {"GET", "/files", "/"},
        {"GET", "/files/", "/files/"},
        {"GET", "/files/x/y", "/files/"},
        {"GET", "/only/", "/only/{$}"},
        {"GET", "/only/x", "/"},
        {"GET", "/t/1/", "GET /t/{y}/{z...} y=1 z="},
        {"GET", "/t/1/2/3/", "GET /t/{y}/{z...} y=1 z=2/3/"},
        {"GET", "/t/1", "/"},
        {"GET", "/t//2", "/"},
        {"GET", "/a%2Fb", "/"},
        {"GET", "/a/x%2Fy", "GET /a/{x} x=x/y"},
        {"GET", "/%61/%62", "GET /a/b"},
        {"BREW", "/nix", "/"},
    };
    (void)state;
    check(patterns, COUNT(patterns), cases, COUNT(cases));
}

static void b04_methods_are_told_apart(void **state) {
    static const char *const patterns[] = {"GET /x",   "POST /x", "/any",
                                           "PURGE /y", "HEAD /z", "GET /z"};
    static const expected cases[] = {
        {"GET", "/x", "GET /x"},     {"POST", "/x", "POST /x"}, {"PUT", "/x", "405"},
        {"get", "/x", "501"},        {"HEAD", "/x", "GET /x"},  {"HEAD", "/y", "405"},
        {"PURGE", "/y", "PURGE /y"}, {"PURGE", "/x", "405"},    {"BREW", "/x", "501"},
        {"BREW", "/any", "/any"},    {"TRACE", "/any", "405"},  {"GET", "/nix", "404"},
        {"BREW", "/nix", "501"},     {"HEAD", "/z", "HEAD /z"}, {"GET", "/z", "GET /z"},
    };
    (void)state;
    check(patterns, COUNT(patterns), cases, COUNT(cases));
}

static void bad_patterns_are_refused(void **state) {
    static const char *const cases[] = {
        "",       "x",       "GET",    "GET x",    "GE T /",      "G@T /x", "/{}",
        "/{1a}",  "/a{b}",   "/{a}b",  "/{a}/{a}", "/{a...}/b",   "/{$}/b", "/{a b}",
        "/{...}", "/a/../b", "/a/./b", " /a",      "/{a}/{a...}",
    };
    (void)state;
    sk_router *r = sk_router_new();
    for (size_t i = 0; i < COUNT(cases); i++) {
        const char *what = NULL;
        assert_int_equal(
            sk_router_add(r, cases[i], &(sk_route){.fn = handler, .user = NULL}, &what),
            SKUA_E_INVALID_ARGUMENT);
        assert_non_null(what);
    }
    char deep[256] = "";
    for (int i = 0; i < 40; i++)
        strcat(deep, "/a");
    const char *what;
    assert_int_equal(sk_router_add(r, deep, &(sk_route){.fn = handler, .user = NULL}, &what),
                     SKUA_E_INVALID_ARGUMENT);
    sk_router_free(r);
}

static void two_that_take_the_same_are_refused(void **state) {
    static const char *const pairs[][2] = {
        {"GET /a", "GET /a"},    {"/a", "/a"},     {"GET /{x}", "GET /{y}"},
        {"/a/", "/a/{rest...}"}, {"/{$}", "/{$}"}, {"GET /a/{x}/", "GET /a/{y}/{z...}"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(pairs); i++) {
        sk_router *r = router_of(&pairs[i][0], 1);
        const char *what;
        assert_int_equal(
            sk_router_add(r, pairs[i][1], &(sk_route){.fn = handler, .user = NULL}, &what),
            SKUA_E_INVALID_ARGUMENT);
        assert_string_equal(what, "another route takes the same requests");
        sk_router_free(r);
    }
}

/* A fallback and what stands beside it, in either order. */
static void a_fallback_gives_way(void **state) {
    static const struct {
        const char *other, *method, *found;
    } cases[] = {
        {"GET /b", "GET", "GET /a"},  {"GET /a", "GET", "route"},   {"GET /a", "HEAD", "route"},
        {"/a", "GET", "route"},       {"HEAD /a", "HEAD", "route"}, {"HEAD /a", "GET", "GET /a"},
        {"POST /a", "GET", "GET /a"}, {"POST /a", "POST", "route"}, {"/{x}", "GET", "GET /a"},
        {"POST /a", "DELETE", "405"}, {"/", "GET", "GET /a"},       {"GET /b", "HEAD", "GET /a"},
    };
    (void)state;
    for (size_t i = 0; i < 2 * COUNT(cases); i++) {
        sk_router *r = sk_router_new();
        const char *what, *other = cases[i / 2].other;
        assert_non_null(r);
        if (i % 2)
            assert_int_equal(
                sk_router_add(r, other, &(sk_route){.fn = handler, .user = (void *)"route"}, &what),
                0);
        assert_int_equal(
            sk_router_add(r, "GET /a",
                          &(sk_route){.fn = handler, .user = (void *)"GET /a", .gives_way = true},
                          &what),
            0);
        if (!(i % 2))
            assert_int_equal(
                sk_router_add(r, other, &(sk_route){.fn = handler, .user = (void *)"route"}, &what),
                0);
        if (strncmp(found(r, cases[i / 2].method, "/a"), cases[i / 2].found,
                    strlen(cases[i / 2].found)) != 0)
            fail_msg("%s beside the fallback: %s", other, found(r, cases[i / 2].method, "/a"));
        assert_int_equal(sk_router_add(r, "GET /a",
                                       &(sk_route){.fn = handler, .user = NULL, .gives_way = true},
                                       &what),
                         SKUA_E_INVALID_ARGUMENT);
        sk_router_free(r);
    }
}

static void many_routes_are_found(void **state) {
    (void)state;
    sk_router *r = sk_router_new();
    char patterns[300][16];
    for (int i = 0; i < 300; i++) {
        const char *what;
        snprintf(patterns[i], sizeof patterns[i], "/%d/x", i * 7 % 300);
        assert_int_equal(
            sk_router_add(r, patterns[i], &(sk_route){.fn = handler, .user = patterns[i]}, &what),
            0);
    }
    for (int i = 0; i < 300; i++)
        assert_string_equal(found(r, "GET", patterns[i]), patterns[i]);
    sk_router_free(r);
}

static void b04_allow_names_what_a_path_has(void **state) {
    static const char *const patterns[] = {"GET /x", "POST /x", "DELETE /{y}", "/any"};
    sk_router *r = router_of(patterns, COUNT(patterns));
    sk_arena arena = {0};
    sk_path path;
    skua_str query;
    (void)state;
    assert_int_equal(sk_path_parse(SK_LIT("/x"), &arena, &path, &query), 0);
    const char *allow = sk_router_allow(r, &path, &arena);
    assert_non_null(allow);
    static const char *const both[] = {"GET", "HEAD", "POST", "DELETE", "OPTIONS"};
    for (size_t i = 0; i < COUNT(both); i++)
        assert_true(sk_list_has_token(sk_str(allow), sk_str(both[i])));
    assert_false(sk_list_has_token(sk_str(allow), SK_LIT("PUT")));
    allow = sk_router_allow(r, NULL, &arena);
    assert_true(sk_list_has_token(sk_str(allow), SK_LIT("PUT")));
    assert_false(sk_list_has_token(sk_str(allow), SK_LIT("TRACE")));
    sk_arena_free(&arena);
    sk_router_free(r);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(b04_the_most_specific_wins),
        cmocka_unit_test(b04_methods_are_told_apart),
        cmocka_unit_test(bad_patterns_are_refused),
        cmocka_unit_test(two_that_take_the_same_are_refused),
        cmocka_unit_test(a_fallback_gives_way),
        cmocka_unit_test(many_routes_are_found),
        cmocka_unit_test(b04_allow_names_what_a_path_has),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
