/* Patterns for the names of files. */
#include "base/str.h"
#include "server/glob.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void b11_patterns(void **state) {
    (void)state;
    static const struct {
        const char *pattern, *path;
        bool taken;
    } cases[] = {
        {"*.css", "a.css", true},
        {"*.css", "deep/down/a.CSS", true},
        {"*.css", "a.css.gz", false},
        {".css", "x/a.css", true},
        {".css", "a.CSS", true},
        {".css", ".css", true},
        {".css", "css", false},
        {".tar.gz", "a.tar.gz", true},
        {".t?t", "a.txt", false}, /* a pattern like any other */
        {".t?t", "x/.txt", true},
        {"a", "a", true},
        {"a", "x/a", true},
        {"a", "ab", false},
        {"a?", "ab", true},
        {"a?", "a", false},
        {"*", "", true},
        {"*", "a/b", true},
        {"**a**", "xay", true},
        {"assets/*", "assets/a/b.js", true},
        {"assets/*", "assets", false},
        {"assets/*", "x/assets/a", false},
        {"*/b", "x/y/b", true},
        {"a*b*c", "a-b-b-c", true},
        {"a*b*c", "a-b-b-", false},
        {"[a]", "a", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (sk_glob_takes(cases[i].pattern, sk_str(cases[i].path)) != cases[i].taken)
            fail_msg("%s and %s", cases[i].pattern, cases[i].path);
    }
}

/* What takes a naive search ages. */
static void b11_many_stars(void **state) {
    (void)state;
    char path[5000];
    memset(path, 'a', sizeof path);
    assert_false(sk_glob_takes("*a*a*a*a*a*a*a*a*a*a*a*a*b", (skua_str){path, sizeof path}));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(b11_patterns),
        cmocka_unit_test(b11_many_stars),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
