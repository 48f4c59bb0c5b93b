/* Cookies, read and written. */
#include "base/str.h"
#include "wire/cookie.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void b05_reading(void **state) {
    (void)state;
    static const struct {
        const char *field, *name, *value; /* NULL: none */
    } cases[] = {
        {"a=1", "a", "1"},         {"a=1; b=2", "b", "2"},
        {"a=1;b=2", "b", "2"},     {"  a = 1 ;\tb\t=\t2", "b", "2"},
        {"a=1; a=2", "a", "1"},    {"A=1", "a", NULL},
        {"ab=1; xa=2", "a", NULL}, {"a", "a", NULL},
        {"a=", "a", ""},           {"=x; a=1", "a", "1"},
        {"=x", "", "x"},           {"a=b=c", "a", "b=c"},
        {"a=\"x y\"", "a", "x y"}, {"a=\"", "a", "\""},
        {"a=\"\"", "a", ""},       {";;; ;a=1;", "a", "1"},
        {"", "a", NULL},           {"a=\xc3\xbc, x", "a", "\xc3\xbc, x"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        skua_str value = {NULL, 0};
        bool found = sk_cookie_find(sk_str(cases[i].field), sk_str(cases[i].name), &value);
        assert_int_equal(found, cases[i].value != NULL);
        if (found)
            assert_true(sk_str_eq(value, sk_str(cases[i].value)));
    }
}

static void expect(const skua_cookie *c, bool secure, const char *expected) {
    sk_buf out = {.data = NULL};
    assert_null(sk_cookie_fault(c, secure));
    sk_cookie_append(&out, c, secure);
    sk_buf_append(&out, "", 1);
    assert_string_equal(sk_buf_head(&out), expected);
    sk_buf_free(&out);
}

static void b05_writing(void **state) {
    (void)state;
    expect(&(skua_cookie){.name = "a", .value = "1"}, false, "a=1; Path=/; HttpOnly; SameSite=Lax");
    expect(&(skua_cookie){.name = "a"}, true, "a=; Path=/; Secure; HttpOnly; SameSite=Lax");
    expect(&(skua_cookie){.name = "a",
                          .value = "1",
                          .path = "/x",
                          .domain = "example.org",
                          .max_age_s = 60,
                          .script_readable = 1,
                          .same_site = SKUA_SAME_SITE_STRICT},
           false, "a=1; Path=/x; Domain=example.org; Max-Age=60; SameSite=Strict");
    expect(&(skua_cookie){.name = "__Host-a",
                          .max_age_s = SKUA_FOREVER,
                          .same_site = SKUA_SAME_SITE_NONE},
           true, "__Host-a=; Path=/; Max-Age=34560000; Secure; HttpOnly; SameSite=None");
    expect(&(skua_cookie){.name = "a", .max_age_s = INT64_MAX}, false,
           "a=; Path=/; Max-Age=34560000; HttpOnly; SameSite=Lax");
    expect(&(skua_cookie){.name = "a", .remove = 1}, false,
           "a=; Path=/; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly; SameSite=Lax");
}

static void b05_what_is_refused(void **state) {
    (void)state;
    static char longest[4097];
    memset(longest, 'x', sizeof longest - 1);
    const skua_cookie wrong[] = {
        {.name = NULL},
        {.name = ""},
        {.name = "a b"},
        {.name = "a;b"},
        {.name = "a=b"},
        {.name = "a", .value = "x y"},
        {.name = "a", .value = "x;y"},
        {.name = "a", .value = "x,y"},
        {.name = "a", .value = "\"x\""},
        {.name = "a", .value = "x\\y"},
        {.name = "a", .value = "x\r\ny"},
        {.name = "a", .value = "\xc3\xbc"},
        {.name = "a", .value = longest},
        {.name = "a", .path = "x"},
        {.name = "a", .path = ""},
        {.name = "a", .path = "/;Domain=x"},
        {.name = "a", .path = "/\n"},
        {.name = "a", .domain = ""},
        {.name = "a", .domain = "x;y"},
        {.name = "a", .domain = "x y"},
        {.name = "a", .same_site = (skua_same_site)3},
        {.name = "a", .same_site = SKUA_SAME_SITE_NONE},
        {.name = "a", .max_age_s = -2},
        {.name = "__Secure-a"},
        {.name = "__host-a"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_non_null(sk_cookie_fault(&wrong[i], false));
    assert_non_null(sk_cookie_fault(&(skua_cookie){.name = "__Host-a", .domain = "x"}, true));
    assert_non_null(sk_cookie_fault(&(skua_cookie){.name = "__HOST-a", .path = "/x"}, true));
    assert_null(sk_cookie_fault(&(skua_cookie){.name = "__Secure-a", .path = "/x"}, true));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(b05_reading),
        cmocka_unit_test(b05_writing),
        cmocka_unit_test(b05_what_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
