/* Text within a string of JSON. */
#include "base/json_text.h"
#include "base/str.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void check(skua_str s, const char *expected) {
    char text[256];
    size_t len = 0;
    while (s.len > 0) {
        char character[SK_JSON_CHARACTER_MAX];
        size_t n = sk_json_take(&s, character);
        assert_in_range(n, 1, SK_JSON_CHARACTER_MAX);
        memcpy(text + len, character, n);
        len += n;
    }
    text[len] = '\0';
    assert_string_equal(text, expected);
}

static void characters(void **state) {
    (void)state;
    check(SK_LIT("plain / text~"), "plain / text~");
    check(SK_LIT("\"\\"), "\\\"\\\\");
    check(SK_LIT("\n\0\x1f\x7f"), "\\u000a\\u0000\\u001f\\u007f");
    check(SK_LIT("\xc3\xbc"), "\\u00fc");
    check(SK_LIT("\xf0\x9f\x90\xa6"), "\\ud83d\\udc26");
    check(SK_LIT("\xc3(\xff"), "\\ufffd(\\ufffd");
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(characters)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
