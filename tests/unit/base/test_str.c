/* base/str: character classes, comparing, numbers, comma-separated lists. */
#include "base/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* The definitions of RFC 9110 5.6.2 and 5.5, spelt out apart from the table. */
static bool defined_tchar(int c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c != 0 && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

static bool defined_value(int c) {
    return c == '\t' || (c >= 0x20 && c != 0x7f);
}

static void every_byte_has_its_class(void **state) {
    (void)state;
    for (int c = 0; c < 256; c++) {
        char byte = (char)c;
        skua_str s = {&byte, 1};
        assert_int_equal(sk_is_tchar(byte), defined_tchar(c));
        assert_int_equal(sk_str_is_token(s), defined_tchar(c));
        assert_int_equal(sk_str_is_field_value(s), defined_value(c));
    }
}

/* Each byte at each place of each length: the wide path and the narrow one must agree. */
static void field_values_of_every_length(void **state) {
    (void)state;
    char text[50];
    for (size_t len = 1; len <= sizeof text; len++) {
        memset(text, 'v', sizeof text);
        assert_true(sk_str_is_field_value((skua_str){text, len}));
        for (size_t at = 0; at < len; at++) {
            for (int c = 0; c < 256; c++) {
                text[at] = (char)c;
                assert_int_equal(sk_str_is_field_value((skua_str){text, len}), defined_value(c));
            }
            text[at] = 'v';
        }
    }
    text[20] = '\n'; /* just behind the end */
    assert_true(sk_str_is_field_value((skua_str){text, 20}));
}

static void tokens(void **state) {
    (void)state;
    assert_true(sk_str_is_token(SK_LIT("Content-Type")));
    assert_true(sk_str_is_field_value(SK_LIT("")));
    assert_false(sk_str_is_token(SK_LIT("")));
    assert_false(sk_str_is_token(SK_LIT("Content Type")));
    assert_false(sk_str_is_token(SK_LIT("name:")));
    assert_false(sk_str_is_token(SK_LIT("na\0me")));
    assert_false(sk_str_is_token(SK_LIT("n\xc3\xa4me")));
}

static void hex_values(void **state) {
    (void)state;
    for (int c = 0; c < 256; c++) {
        const char *digits = "0123456789abcdefABCDEF";
        const char *found = c ? strchr(digits, c) : NULL;
        int index = found ? (int)(found - digits) : -1;
        assert_int_equal(sk_hex_value((char)c), index >= 16 ? index - 6 : index);
    }
}

static void equality(void **state) {
    (void)state;
    assert_true(sk_str_eq((skua_str){NULL, 0}, SK_LIT("")));
    assert_true(sk_str_eq(SK_LIT("a\0b"), SK_LIT("a\0b")));
    assert_false(sk_str_eq(SK_LIT("a\0b"), SK_LIT("a\0c")));
    assert_false(sk_str_eq(SK_LIT("abc"), SK_LIT("ab")));
    assert_false(sk_str_eq(SK_LIT("abc"), SK_LIT("ABC")));
    assert_int_equal(sk_str(NULL).len, 0);
    assert_int_equal(sk_str("four").len, 4);
}

/* Do texts that differ in these bytes alone, wherever they stand, count as equal or not? */
static void check_pair(int a, int b, bool equal) {
    static const size_t lengths[] = {1, 7, 8, 9, 16, 21};
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        size_t len = lengths[i], step = len > 8 ? 4 : 1;
        for (size_t at = 0; at < len; at += step) {
            char x[21], y[21];
            memset(x, 'K', sizeof x);
            memset(y, 'k', sizeof y);
            x[at] = (char)a;
            y[at] = (char)b;
            assert_int_equal(sk_str_ieq((skua_str){x, len}, (skua_str){y, len}), equal);
        }
    }
}

static void equality_without_case(void **state) {
    (void)state;
    assert_true(sk_str_ieq((skua_str){NULL, 0}, SK_LIT("")));
    assert_true(sk_str_ieq(SK_LIT("Transfer-Encoding"), SK_LIT("tRANSFER-eNCODING")));
    assert_false(sk_str_ieq(SK_LIT("chunked"), SK_LIT("chunkeds")));
    assert_false(sk_str_ieq(SK_LIT("chunked"), SK_LIT("chunkee")));
    /* Only letters have a case: '@' and '`', '[' and '{', 0xc4 and 0xe4 differ by the same bit. */
    for (int a = 0; a < 256; a++) {
        for (int b = 0; b < 256; b++) {
            bool letters = ((a | 0x20) >= 'a' && (a | 0x20) <= 'z') && (a | 0x20) == (b | 0x20);
            check_pair(a, b, a == b || letters);
        }
    }
}

static void trimming(void **state) {
    (void)state;
    assert_true(sk_str_eq(sk_str_trim(SK_LIT(" \t a b\t ")), SK_LIT("a b")));
    assert_true(sk_str_eq(sk_str_trim(SK_LIT("x")), SK_LIT("x")));
    assert_true(sk_str_eq(sk_str_trim(SK_LIT("\rx\n")), SK_LIT("\rx\n")));
    assert_int_equal(sk_str_trim(SK_LIT(" \t \t")).len, 0);
    assert_int_equal(sk_str_trim((skua_str){NULL, 0}).len, 0);
}

static void numbers(void **state) {
    (void)state;
    static const struct {
        const char *text;
        int64_t value; /* -1: refused */
    } cases[] = {
        {"0", 0},
        {"00", 0},
        {"0042", 42},
        {"9223372036854775807", INT64_MAX},
        {"000000000000000000009223372036854775807", INT64_MAX},
        {"9223372036854775808", -1},
        {"9223372036854775810", -1},
        {"18446744073709551616", -1},
        {"99999999999999999999999", -1},
        {"", -1},
        {"+1", -1},
        {"-1", -1},
        {" 1", -1},
        {"1 ", -1},
        {"1,1", -1},
        {"0x10", -1},
        {"1.0", -1},
        {"\xd9\xa1", -1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t v = 7;
        assert_int_equal(sk_str_to_int64(sk_str(cases[i].text), &v), cases[i].value >= 0);
        assert_int_equal(v, cases[i].value >= 0 ? cases[i].value : 7);
    }
    int64_t v;
    assert_false(sk_str_to_int64(SK_LIT("1\0"), &v));
}

static void lists(void **state) {
    (void)state;
    skua_str rest = SK_LIT(" , a,\t b c ,,d\t,"), e;
    assert_true(sk_list_next(&rest, &e) && sk_str_eq(e, SK_LIT("a")));
    assert_true(sk_list_next(&rest, &e) && sk_str_eq(e, SK_LIT("b c")));
    assert_true(sk_list_next(&rest, &e) && sk_str_eq(e, SK_LIT("d")));
    assert_false(sk_list_next(&rest, &e));
    assert_false(sk_list_next(&rest, &e));
    assert_true(sk_str_eq(e, SK_LIT("d"))); /* untouched */
    rest = (skua_str){NULL, 0};
    assert_false(sk_list_next(&rest, &e));
    rest = SK_LIT(",, ,\t");
    assert_false(sk_list_next(&rest, &e));
}

static void tokens_in_lists(void **state) {
    (void)state;
    static const struct {
        const char *list;
        bool has_close;
    } cases[] = {
        {"close", true},      {"CLOSE", true},           {"keep-alive, Close", true},
        {",close,", true},    {"a ,\tclose\t, b", true}, {"", false},
        {"closed", false},    {"clos", false},           {"close;x", false},
        {"not close", false}, {"keep-alive", false},     {",", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(sk_list_has_token(sk_str(cases[i].list), SK_LIT("close")),
                         cases[i].has_close);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_byte_has_its_class),
        cmocka_unit_test(field_values_of_every_length),
        cmocka_unit_test(tokens),
        cmocka_unit_test(hex_values),
        cmocka_unit_test(equality),
        cmocka_unit_test(equality_without_case),
        cmocka_unit_test(trimming),
        cmocka_unit_test(numbers),
        cmocka_unit_test(lists),
        cmocka_unit_test(tokens_in_lists),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
