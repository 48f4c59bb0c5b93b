/* From targets to paths: every spelling of a dot segment, and what a decoded "/" is not. */
#include "base/str.h"
#include "server/path.h"

#include <setjmp.h>
#include <skua/error.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

typedef struct good {
    const char *target, *path, *query; /* query NULL: none */
    uint32_t segments;
} good;

static void paths_are_decoded(void **state) {
    static const good cases[] = {
        {"/", "/", NULL, 1},
        {"/a", "/a", NULL, 1},
        {"/a/", "/a/", NULL, 2},
        {"/a/b", "/a/b", NULL, 2},
        {"/a?x=1", "/a", "x=1", 1},
        {"/a?", "/a", "", 1},
        {"/a?x?/../y", "/a", "x?/../y", 1},
        {"/%61%2fb", "/a/b", NULL, 1},
        {"/a%2Fb/c", "/a/b/c", NULL, 2},
        {"/a+b%20c", "/a+b c", NULL, 1},
        {"/%25%32%65", "/%2e", NULL, 1}, /* once */
        {"//", "//", NULL, 2},
        {"//a", "//a", NULL, 2},
        {"/a//b", "/a//b", NULL, 3},
        {"/.", "/", NULL, 1},
        {"/./", "/", NULL, 1},
        {"/a/.", "/a/", NULL, 2},
        {"/a/..", "/", NULL, 1},
        {"/a/../", "/", NULL, 1},
        {"/a/../b", "/b", NULL, 1},
        {"/a/b/../../c", "/c", NULL, 1},
        {"/a/%2e%2E/b", "/b", NULL, 1},
        {"/a/.%2e/b", "/b", NULL, 1},
        {"/a/%2e/b", "/a/b", NULL, 2},
        {"/a/.../b", "/a/.../b", NULL, 3},
        {"/a/..b", "/a/..b", NULL, 2},
        {"/a//../b", "/a/b", NULL, 2},
        {"/a/..%2f..%2fb", "/a/../../b", NULL, 2}, /* one segment, with slashes in it */
        {"/\xc3\xa9", "/\xc3\xa9", NULL, 1},
        {"http://h", "/", NULL, 1},
        {"http://h?x", "/", "x", 1},
        {"https://h:8/a/b?c", "/a/b", "c", 2},
        {"HTTP://h/a/../b", "/b", NULL, 1},
        {"*", "*", NULL, 0},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        sk_arena arena = {0};
        sk_path path;
        skua_str query;
        assert_int_equal(sk_path_parse(sk_str(cases[i].target), &arena, &path, &query), 0);
        assert_string_equal(path.text, cases[i].path);
        assert_int_equal(path.len, strlen(cases[i].path));
        assert_int_equal(path.count, cases[i].segments);
        assert_int_equal(query.ptr != NULL, cases[i].query != NULL);
        assert_true(sk_str_eq(query, sk_str(cases[i].query)));
        sk_arena_free(&arena);
    }
}

static void bad_paths_are_refused(void **state) {
    static const char *const cases[] = {
        "/..",     "/../a",  "/a/../..",     "/%2e%2e",   "/a/../../b",
        "/.%2e/a", "/%",     "/%2",          "/%zz",      "/a/%00",
        "/a%00b",  "/%2g/b", "ftp://h/",     "mailto:me", "h:80",
        "a/b",     "",       "http://h/%zz", "/./..",     "/a/%2e%2e/%2e%2e/b",
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        sk_arena arena = {0};
        sk_path path;
        skua_str query;
        assert_int_equal(sk_path_parse(sk_str(cases[i]), &arena, &path, &query), SKUA_E_BAD_TARGET);
        sk_arena_free(&arena);
    }
}

static void segments_keep_their_slashes(void **state) {
    sk_arena arena = {0};
    sk_path path;
    skua_str query;
    (void)state;
    assert_int_equal(sk_path_parse(SK_LIT("/x/a%2Fb/c"), &arena, &path, &query), 0);
    assert_true(sk_str_eq(sk_path_segment(&path, 0), SK_LIT("x")));
    assert_true(sk_str_eq(sk_path_segment(&path, 1), SK_LIT("a/b")));
    assert_true(sk_str_eq(sk_path_segment(&path, 2), SK_LIT("c")));
    assert_false(path.segments[0].slash);
    assert_true(path.segments[1].slash);
    assert_false(path.segments[2].slash);
    sk_arena_free(&arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths_are_decoded),
        cmocka_unit_test(bad_paths_are_refused),
        cmocka_unit_test(segments_keep_their_slashes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
