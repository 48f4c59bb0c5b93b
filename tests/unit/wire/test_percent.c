/* Percent-encoding of path segments and queries. */
#include "base/str.h"
#include "wire/percent.h"
#include "wire/url.h"

#include <setjmp.h>
#include <skua/url.h>
#include <stdarg.h>

#include <cmocka.h>

typedef void append_fn(sk_buf *out, skua_str s);

static void check(append_fn *append, skua_str in, const char *expected) {
    sk_buf out = {0};
    append(&out, in);
    assert_false(out.failed);
    assert_int_equal(sk_buf_len(&out), strlen(expected));
    assert_memory_equal(sk_buf_head(&out), expected, strlen(expected));
    sk_buf_free(&out);
}

static void segment(void **state) {
    (void)state;
    static const char *const cases[][2] = {
        {"plain-name_1.0~x", "plain-name_1.0~x"},
        {"a b", "a%20b"},
        {"a/b", "a%2Fb"},
        {"a\\b", "a%5Cb"},
        {"50%", "50%25"},
        {"a%20b", "a%2520b"}, /* a decoded text is encoded again, whatever it looks like */
        {"a?b#c", "a%3Fb%23c"},
        {"x:y", "x%3Ay"}, /* a relative link must not begin with a scheme */
        {"<\"'&>", "%3C%22%27%26%3E"},
        {"\r\n\t", "%0D%0A%09"},
        {"\xc3\xa9\xff", "%C3%A9%FF"},
        {"%", "%25"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        check(sk_percent_append_segment, sk_str(cases[i][0]), cases[i][1]);
    check(sk_percent_append_segment, (skua_str){"a\0b", 3}, "a%00b");
}

static void nothing(void **state) {
    (void)state;
    sk_buf out = {0};
    sk_percent_append_segment(&out, SK_LIT(""));
    sk_percent_append_query(&out, (skua_str){NULL, 0});
    assert_int_equal(sk_buf_len(&out), 0);
    assert_false(out.failed);
    sk_buf_free(&out);
}

static void query(void **state) {
    (void)state;
    static const char *const cases[][2] = {
        {"a=1&b=/x?y", "a=1&b=/x?y"},
        {"q=%20+%c3", "q=%20+%c3"},
        {"a=<b>|\"", "a=%3Cb%3E%7C%22"},
        {"a\r\nSet-Cookie: x", "a%0D%0ASet-Cookie:%20x"},
        {"a#b", "a%23b"},
        {"100%", "100%25"}, /* what is no escape becomes one */
        {"%4", "%254"},
        {"%4g%41", "%254g%41"},
        {"\xff", "%FF"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        check(sk_percent_append_query, sk_str(cases[i][0]), cases[i][1]);
}

/* Every byte but NUL comes back from the decoder as it went in. */
static void round_trip(void **state) {
    (void)state;
    char all[255], back[3 * sizeof all];
    for (size_t i = 0; i < sizeof all; i++)
        all[i] = (char)(i + 1);
    sk_buf out = {0};
    sk_percent_append_segment(&out, (skua_str){all, sizeof all});
    assert_true(sk_buf_len(&out) <= sizeof back);
    assert_int_equal(sk_url_decode(sk_buf_str(&out), back), sizeof all);
    assert_memory_equal(back, all, sizeof all);
    sk_buf_free(&out);
}

/* urllib.parse.quote(text, safe) */
static void a22_quote(void **state) {
    (void)state;
    static const char *const cases[][3] = {
        {"", NULL, ""},
        {"/a b/\xc3\xa4", NULL, "/a%20b/%C3%A4"},
        {"/a b/\xc3\xa4", "", "%2Fa%20b%2F%C3%A4"},
        {"abc-._~", NULL, "abc-._~"},
        {"a+b&c=d?e#f", "&=", "a%2Bb&c=d%3Fe%23f"},
        {"100%", NULL, "100%25"},
        {"%20", "%", "%20"},
        {"\x01\x7f\n", NULL, "%01%7F%0A"},
        {"\xc3\xa9", "\xc3\xa9", "%C3%A9"}, /* only ASCII is ever safe */
        {"!*'();:@&=+$,/?#[]", "!*'();:@&=+$,/?#[]", "!*'();:@&=+$,/?#[]"},
        {"\"<>\\^`{|}", NULL, "%22%3C%3E%5C%5E%60%7B%7C%7D"},
        {"\xf0\x9d\x84\x9e", "/", "%F0%9D%84%9E"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char out[64];
        assert_int_equal(skua_url_quote(cases[i][0], cases[i][1], out, sizeof out),
                         strlen(cases[i][2]));
        assert_string_equal(out, cases[i][2]);
    }
}

/* urllib.parse.unquote_to_bytes(text) */
static void a22_unquote(void **state) {
    (void)state;
    static const char *const cases[][2] = {
        {"", ""},
        {"abc", "abc"},
        {"a%20b", "a b"},
        {"%C3%A9", "\xc3\xa9"},
        {"%zz", "%zz"},
        {"%", "%"},
        {"%4", "%4"},
        {"100%25", "100%"},
        {"a+b", "a+b"},
        {"%2B%2f", "+/"},
        {"%41%6", "A%6"},
        {"%%41", "%A"},
        {"\xc3\xa9%20", "\xc3\xa9 "},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char out[64], same[64];
        assert_int_equal(skua_url_unquote(cases[i][0], out, sizeof out), strlen(cases[i][1]));
        assert_string_equal(out, cases[i][1]);
        strcpy(same, cases[i][0]);
        assert_int_equal(skua_url_unquote(same, same, sizeof same), strlen(cases[i][1]));
        assert_string_equal(same, cases[i][1]);
    }
    char out[4];
    assert_int_equal(skua_url_unquote("a%00b", out, sizeof out), 3);
    assert_memory_equal(out, "a\0b", 4);
}

static void cut_where_there_is_no_room(void **state) {
    (void)state;
    char out[5] = "....";
    assert_int_equal(skua_url_quote("a b", NULL, out, sizeof out), 5);
    assert_string_equal(out, "a%20");
    assert_int_equal(skua_url_unquote("abcdef", out, 3), 6);
    assert_string_equal(out, "ab");
    assert_int_equal(skua_url_quote("a b", NULL, NULL, 0), 5);
    assert_int_equal(skua_url_unquote("a%20b", NULL, 0), 3);
    assert_int_equal(skua_url_quote(NULL, NULL, out, sizeof out), 0);
    assert_string_equal(out, "");
    assert_int_equal(skua_url_unquote(NULL, out, sizeof out), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(segment),
        cmocka_unit_test(nothing),
        cmocka_unit_test(query),
        cmocka_unit_test(round_trip),
        cmocka_unit_test(a22_quote),
        cmocka_unit_test(a22_unquote),
        cmocka_unit_test(cut_where_there_is_no_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
