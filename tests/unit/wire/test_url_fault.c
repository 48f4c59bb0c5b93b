/* wire/url_fault: a URL in a message, without what must not stand there. */
#include "base/str.h"
#include "wire/url.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void secrets_are_masked(void **state) {
    (void)state;
    static const char *const cases[][2] = {
        {"", ""},
        {"http://h/", "http://h/"},
        {"http://h:80/a?b#c", "http://h:80/a?b#c"},
        {"http://user:secret@h/", "http://***@h/"},
        {"http://token@h/", "http://***@h/"},
        {"http://@h/", "http://@h/"},
        {"user:secret@h", "***@h"},
        {"//user:secret@h/", "//***@h/"},
        {"http://user:s@cret@h/", "http://***@h/"},
        /* A password that ends the authority. */
        {"http://user:sec/ret@h/", "http://user:***@h/"},
        {"http://user:sec?ret@h/", "http://user:***@h/"},
        {"http://user:s@ec/ret@h/", "http://***@ec/ret@h/"},
        {"//user:secret@h://h", "//***@h://h"},
        {"user:sec://ret@h", "user:***@h"},
        /* What is no secret. */
        {"http://h/@me/x y", "http://h/@me/x y"},
        {"http://h:8080/@me/x y", "http://h:8080/@me/x y"},
        {"http://h/?mail=a:b@c", "http://h/?mail=a:b@c"},
        {"://", "://"},
        {"@", "@"},
        {":", ":"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char shown[SK_URL_SHOWN];
        sk_url_show(sk_str(cases[i][0]), shown);
        assert_string_equal(shown, cases[i][1]);
    }
    char shown[SK_URL_SHOWN];
    sk_url_show((skua_str){NULL, 0}, shown);
    assert_string_equal(shown, "");
}

static void long_ones_are_cut(void **state) {
    (void)state;
    char text[5000], shown[SK_URL_SHOWN];
    memset(text, 'x', sizeof text);
    memcpy(text, "http://h/", 9);
    for (size_t len = 150; len < sizeof text; len += len < 250 ? 1 : 997) {
        sk_url_show((skua_str){text, len}, shown);
        size_t n = strlen(shown);
        assert_int_equal(n, len < SK_URL_SHOWN ? len : SK_URL_SHOWN - 1);
        if (len < SK_URL_SHOWN) {
            assert_memory_equal(shown, text, len);
        } else {
            assert_memory_equal(shown, text, n - 3);
            assert_string_equal(shown + n - 3, "...");
        }
    }
    text[4000] = '@'; /* far behind what is shown: no secret comes from cutting first */
    memcpy(text, "http://user:secret", 18);
    sk_url_show((skua_str){text, sizeof text}, shown);
    assert_memory_equal(shown, "http://***@xxx", 14);
}

static void failures_name_the_url(void **state) {
    (void)state;
    skua_error err;
    assert_int_equal(sk_url_fail(&err, SK_LIT("http://u:p@h"), "%d of %s", 1, "it"),
                     SKUA_E_INVALID_URL);
    assert_string_equal(err.msg, "invalid URL \"http://***@h\": 1 of it");
    assert_int_equal(err.code, SKUA_E_INVALID_URL);
    sk_url_fail_at(&err, SK_LIT("a\tb"), "a tab", 1);
    assert_string_equal(err.msg, "invalid URL \"a?b\": a tab, at offset 1 (0x09)");
    sk_url_fail_at(&err, SK_LIT("http://u:p<@h"), "a <", 10); /* not a byte of a password */
    assert_string_equal(err.msg, "invalid URL \"http://***@h\": a <");
    sk_url_fail_at(&err, SK_LIT("a"), "an end", 1);
    assert_string_equal(err.msg, "invalid URL \"a\": an end, at its end");
    assert_int_equal(sk_url_fail(NULL, SK_LIT("a"), "b"), SKUA_E_INVALID_URL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(secrets_are_masked),
        cmocka_unit_test(long_ones_are_cut),
        cmocka_unit_test(failures_name_the_url),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
