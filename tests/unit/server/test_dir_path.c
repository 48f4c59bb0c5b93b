/* What a path may name below a directory. */
#include "base/str.h"
#include "server/dir_path.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void shown(void **state) {
    (void)state;
    static const struct {
        const char *rest, *path;
        bool slash;
    } cases[] = {
        {"", "", true},
        {"a", "a", false},
        {"a/", "a", true},
        {"a/b.txt", "a/b.txt", false},
        {"a/b/c/", "a/b/c", true},
        {"a.", "a.", false},
        {"a..b", "a..b", false},
        {"a/b..", "a/b..", false},
        {" ", " ", false},
        {"~", "~", false},
        {"a b", "a b", false},
        {"%2e%2e", "%2e%2e", false}, /* decoded once: this is a name */
        {"a\\b", "a\\b", false},
        {"\\..\\x", "\\..\\x", false},
        {"C:", "C:", false},
        {"\xc3\xa9", "\xc3\xa9", false},
        {"line\nend", "line\nend", false},
        {".well-known", ".well-known", false},
        {".well-known/", ".well-known", true},
        {".well-known/security.txt", ".well-known/security.txt", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        sk_dir_path got;
        if (!sk_dir_path_map(sk_str(cases[i].rest), false, &got))
            fail_msg("refused: %s", cases[i].rest);
        assert_true(sk_str_eq(got.path, sk_str(cases[i].path)));
        assert_int_equal(got.slash, cases[i].slash);
    }
}

static void refused(void **state) {
    (void)state;
    static const skua_str cases[] = {
        SK_LIT("/"),
        SK_LIT("//"),
        SK_LIT("/etc/passwd"),
        SK_LIT("//example.org"),
        SK_LIT("a//"),
        SK_LIT("a//b"),
        SK_LIT("a///"),
        SK_LIT("."),
        SK_LIT("./"),
        SK_LIT(".."),
        SK_LIT("../"),
        SK_LIT("../x"),
        SK_LIT("a/.."),
        SK_LIT("a/../b"),
        SK_LIT("a/./b"),
        SK_LIT("a/."),
        SK_LIT("..."),
        SK_LIT("..\\x"),
        SK_LIT(".git/config"),
        SK_LIT(".env"),
        SK_LIT("a/.htaccess"),
        SK_LIT("a/.well-known/x"), /* RFC 8615 3: only at the root */
        SK_LIT(".well-knownx"),
        SK_LIT(".Well-Known/x"),
        SK_LIT(".well-known/.x"),
        SK_LIT("\0"),
        SK_LIT("a\0b"),
        SK_LIT("a.html\0.png"),
        SK_LIT("a/\0"),
        SK_LIT("a/b\0/c"),
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        sk_dir_path got = {{"untouched", 9}, false};
        if (sk_dir_path_map(cases[i], false, &got))
            fail_msg("let through: %s", cases[i].ptr);
        assert_string_equal(got.path.ptr, "untouched");
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shown),
        cmocka_unit_test(refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
