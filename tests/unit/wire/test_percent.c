/* Percent-encoding of path segments and queries. */
#include "base/str.h"
#include "wire/percent.h"
#include "wire/url.h"

#include <setjmp.h>
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

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(segment),
        cmocka_unit_test(nothing),
        cmocka_unit_test(query),
        cmocka_unit_test(round_trip),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
