/* wire/form: pairs built, written and read. What is expected is what Python 3.11 gives. */
#include "base/str.h"

#include <setjmp.h>
#include <skua/form.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#define PAIRS 3

static skua_form *make(void) {
    skua_error err;
    skua_form *f = skua_form_new(&err);
    assert_non_null(f);
    return f;
}

/* urllib.parse.urlencode(pairs) */
static void a22_urlencode(void **state) {
    (void)state;
    static const struct {
        const char *pairs[PAIRS][2], *text;
    } cases[] = {
        {{{NULL}}, ""},
        {{{"q", "tea & cake"}}, "q=tea+%26+cake"},
        {{{"a", "1"}, {"a", "2"}}, "a=1&a=2"},
        {{{"", ""}}, "="},
        {{{"a", ""}}, "a="},
        {{{"\xc3\xa9\xe2\x82\xac", "\xf0\x9f\x98\x80"}}, "%C3%A9%E2%82%AC=%F0%9F%98%80"},
        {{{"~*-._", "!'()/:@"}}, "~%2A-._=%21%27%28%29%2F%3A%40"},
        {{{"x", "a+b%20\r\n"}}, "x=a%2Bb%2520%0D%0A"},
        {{{"n", "v=w&x;y#z"}}, "n=v%3Dw%26x%3By%23z"},
        /* The POST example of http.client's page. */
        {{{"@number", "12524"}, {"@type", "issue"}, {"@action", "show"}},
         "%40number=12524&%40type=issue&%40action=show"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        skua_form *f = make();
        size_t n = 0, len = 99;
        for (; n < PAIRS && cases[i].pairs[n][0]; n++)
            assert_int_equal(skua_form_add(f, cases[i].pairs[n][0], cases[i].pairs[n][1]), 0);
        assert_int_equal(skua_form_count(f), n);
        assert_string_equal(skua_form_text(f, &len), cases[i].text);
        assert_int_equal(len, strlen(cases[i].text));
        skua_form_free(f);
    }
}

/* urllib.parse.parse_qsl(text, keep_blank_values=True) */
static void a22_parse_qsl(void **state) {
    (void)state;
    static const struct {
        const char *text, *pairs[PAIRS][2];
    } cases[] = {
        {"", {{NULL}}},
        {"a=1", {{"a", "1"}}},
        {"a=1&b=2", {{"a", "1"}, {"b", "2"}}},
        {"a=1&a=2", {{"a", "1"}, {"a", "2"}}},
        {"a=", {{"a", ""}}},
        {"a", {{"a", ""}}},
        {"=1", {{"", "1"}}},
        {"=", {{"", ""}}},
        {"&", {{NULL}}},
        {"a=1&&b=2&", {{"a", "1"}, {"b", "2"}}},
        {"a=1;b=2", {{"a", "1;b=2"}}},
        {"a+b=c+d", {{"a b", "c d"}}},
        {"a%20b=c%2Bd", {{"a b", "c+d"}}},
        {"%zz=%", {{"%zz", "%"}}},
        {"a=%4", {{"a", "%4"}}},
        {"a=b=c", {{"a", "b=c"}}},
        {"%C3%A9=%e2%82%AC", {{"\xc3\xa9", "\xe2\x82\xac"}}},
        {"a=x%26y", {{"a", "x&y"}}},
        {"q=~*-._", {{"q", "~*-._"}}},
        {"%FF=%fe", {{"\xff", "\xfe"}}}, /* Python puts U+FFFD there; the bytes are given */
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        skua_form *f = NULL;
        size_t n = 0;
        assert_int_equal(skua_form_parse(cases[i].text, strlen(cases[i].text), &f, NULL), 0);
        for (; n < PAIRS && cases[i].pairs[n][0]; n++) {
            skua_str name, value;
            assert_int_equal(skua_form_at(f, n, &name, &value), 0);
            assert_string_equal(name.ptr, cases[i].pairs[n][0]);
            assert_string_equal(value.ptr, cases[i].pairs[n][1]);
            assert_int_equal(name.len, strlen(cases[i].pairs[n][0]));
            assert_int_equal(value.len, strlen(cases[i].pairs[n][1]));
        }
        assert_int_equal(skua_form_count(f), n);
        skua_form_free(f);
    }
}

static void the_first_of_a_name_is_found(void **state) {
    (void)state;
    skua_form *f = NULL;
    const char text[] = "a=1&b=&a=2&A=3&c=x%00y";
    assert_int_equal(skua_form_parse(text, sizeof text - 1, &f, NULL), 0);
    assert_string_equal(skua_form_get(f, "a"), "1");
    assert_string_equal(skua_form_get(f, "A"), "3");
    assert_string_equal(skua_form_get(f, "b"), "");
    assert_null(skua_form_get(f, "d"));
    assert_null(skua_form_get(f, NULL));
    assert_null(skua_form_get(f, "c")); /* as a string it would be cut */
    skua_str value;
    assert_int_equal(skua_form_at(f, 4, NULL, &value), 0);
    assert_true(sk_str_eq(value, SK_LIT("x\0y")));
    assert_int_equal(skua_form_at(f, 4, NULL, NULL), 0);
    assert_int_equal(skua_form_at(f, 5, NULL, &value), SKUA_E_INVALID_ARGUMENT);
    skua_form_free(f);
}

static void any_byte_goes_there_and_back(void **state) {
    (void)state;
    char all[256];
    for (size_t i = 0; i < sizeof all; i++)
        all[i] = (char)i;
    skua_form *f = make(), *back = NULL;
    size_t len;
    assert_int_equal(skua_form_add_bytes(f, "all", all, sizeof all), 0);
    assert_int_equal(skua_form_add_bytes(f, "none", NULL, 0), 0);
    const char *text = skua_form_text(f, &len);
    assert_ptr_equal(skua_form_text(f, NULL), text); /* not written twice */
    assert_int_equal(skua_form_parse(text, len, &back, NULL), 0);
    skua_str value;
    assert_int_equal(skua_form_at(back, 0, NULL, &value), 0);
    assert_true(sk_str_eq(value, (skua_str){all, sizeof all}));
    assert_string_equal(skua_form_get(back, "none"), "");
    /* What is added once the text was asked for is in the next one. */
    assert_int_equal(skua_form_add(back, "more", "1"), 0);
    assert_string_equal(strrchr(skua_form_text(back, NULL), '&'), "&more=1");
    skua_form_free(back);
    skua_form_free(f);
}

static void what_failed_is_kept(void **state) {
    (void)state;
    skua_form *f = make();
    size_t len = 99;
    assert_int_equal(skua_form_add(f, "a", "1"), 0);
    assert_int_equal(skua_form_add(f, "b", NULL), SKUA_E_INVALID_ARGUMENT);
    assert_int_equal(skua_form_add(f, "c", "3"), SKUA_E_INVALID_ARGUMENT);
    assert_null(skua_form_text(f, &len));
    assert_int_equal(len, 0);
    assert_int_equal(skua_form_count(f), 1);
    skua_form_free(f);
    f = make();
    assert_int_equal(skua_form_add(f, NULL, "1"), SKUA_E_INVALID_ARGUMENT);
    assert_null(skua_form_text(f, NULL));
    skua_form_free(f);
    f = make();
    assert_int_equal(skua_form_add_bytes(f, "a", NULL, 1), SKUA_E_INVALID_ARGUMENT);
    skua_form_free(f);
}

static void too_many_pairs(void **state) {
    (void)state;
    char text[2 * (SKUA_FORM_PAIRS_MAX + 1)];
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = i % 2 == 0 ? 'a' : '&';
    char marker;
    skua_form *f = (skua_form *)(void *)&marker;
    skua_error err;
    assert_int_equal(skua_form_parse(text, sizeof text, &f, &err), SKUA_E_TOO_MANY_FIELDS);
    assert_string_equal(err.msg, "limit: the form has more than 1000 fields");
    assert_ptr_equal(f, &marker);
    assert_int_equal(skua_form_parse(text, sizeof text - 2, &f, &err), 0);
    assert_int_equal(skua_form_count(f), SKUA_FORM_PAIRS_MAX);
    skua_form_free(f);
}

static void null_arguments(void **state) {
    (void)state;
    skua_form *f = NULL;
    skua_error err;
    size_t len = 99;
    assert_int_equal(skua_form_parse(NULL, 1, &f, &err), SKUA_E_INVALID_ARGUMENT);
    assert_int_equal(skua_form_parse("a", 1, NULL, &err), SKUA_E_INVALID_ARGUMENT);
    assert_int_equal(skua_form_parse(NULL, 0, &f, &err), 0);
    skua_form_free(f);
    skua_form_free(NULL);
    assert_int_equal(skua_form_add(NULL, "a", "b"), SKUA_E_INVALID_ARGUMENT);
    assert_int_equal(skua_form_count(NULL), 0);
    assert_int_equal(skua_form_at(NULL, 0, NULL, NULL), SKUA_E_INVALID_ARGUMENT);
    assert_null(skua_form_get(NULL, "a"));
    assert_null(skua_form_text(NULL, &len));
    assert_int_equal(len, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a22_urlencode),
        cmocka_unit_test(a22_parse_qsl),
        cmocka_unit_test(the_first_of_a_name_is_found),
        cmocka_unit_test(any_byte_goes_there_and_back),
        cmocka_unit_test(what_failed_is_kept),
        cmocka_unit_test(too_many_pairs),
        cmocka_unit_test(null_arguments),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
