/* base/utf8: every character there and back, and every kind of bytes that are none. */
#include "base/str.h"
#include "base/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static size_t encode(uint32_t c, char out[4]) {
    size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    static const unsigned lead[] = {0, 0, 0xc0, 0xe0, 0xf0};
    for (size_t i = n; i-- > 1; c >>= 6)
        out[i] = (char)(0x80 | (c & 0x3f));
    out[0] = (char)(lead[n] | c);
    return n;
}

static void every_character(void **state) {
    (void)state;
    for (uint32_t c = 0; c <= 0x10ffff + 0x1000; c++) {
        char text[4];
        uint32_t got = 0;
        size_t n = encode(c, text);
        bool is_one = c <= 0x10ffff && (c < 0xd800 || c > 0xdfff);
        if (sk_utf8_decode((skua_str){text, n}, &got) != (is_one ? n : 0) || (is_one && got != c))
            fail_msg("U+%04X", (unsigned)c);
        if (sk_utf8_decode((skua_str){text, n - 1}, &got) != 0)
            fail_msg("U+%04X, cut", (unsigned)c);
    }
}

static void no_characters(void **state) {
    (void)state;
    static const char *const cases[] = {
        "\x80",         "\xbf",         "\xc0\x80",         "\xc1\xbf",         "\xc3",
        "\xc3(",        "\xc3\xc3",     "\xe0\x80\x80",     "\xe0\x9f\xbf",     "\xe2\x82",
        "\xe2\x82\x28", "\xed\xa0\x80", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf8\x88\x80\x80",
        "\xfe",         "\xff",
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint32_t c = 42;
        assert_int_equal(sk_utf8_decode(sk_str(cases[i]), &c), 0);
        assert_int_equal(c, 42);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_character),
        cmocka_unit_test(no_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
