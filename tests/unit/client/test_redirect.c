/* client/redirect.c - what a redirect makes of a request. */
#include "client/redirect.h"
#include "script.h"

static void methods(void **state) {
    (void)state;
    static const struct {
        int status;
        const char *from, *to;
    } cases[] = {
        {301, "GET", "GET"},   {301, "POST", "GET"},  {302, "POST", "GET"},  {302, "PUT", "PUT"},
        {301, "HEAD", "HEAD"}, {303, "POST", "GET"},  {303, "PUT", "GET"},   {303, "DELETE", "GET"},
        {303, "HEAD", "HEAD"}, {307, "POST", "POST"}, {308, "POST", "POST"}, {308, "GET", "GET"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_string_equal(sk_redirect_method(cases[i].status, cases[i].from), cases[i].to);
}

static void locations(void **state) {
    (void)state;
    static const struct {
        const char *from, *location, *to;
        int code;
    } cases[] = {
        {"http://a/b/c?d", "/x", "http://a/x", 0},
        {"http://a/b/c?d", "x", "http://a/b/x", 0},
        {"http://a/b/c?d", "../x?y", "http://a/x?y", 0},
        {"http://a/b#f", "/x", "http://a/x#f", 0},
        {"http://a/b#f", "/x#g", "http://a/x#g", 0},
        {"http://a/b", "//c/d", "http://c/d", 0},
        {"http://a/b", "https://c:8443/d", "https://c:8443/d", 0},
        {"https://a/b", "https://c/d", "https://c/d", 0},
        {"http://a/b", "/a b/\xc3\xa9", "http://a/a%20b/%C3%A9", 0},
#if SK_HAVE_IDN
        {"http://a/b", "http://b\u00fccher.example/\u00fc", "http://xn--bcher-kva.example/%C3%BC",
         0},
        {"http://a/b", "//b%C3%BCcher.example", "http://xn--bcher-kva.example/", 0},
#endif
        {"http://a/b", "//\xff/", NULL, SKUA_E_INVALID_URL},
        {"https://a/b", "http://a/b", NULL, SKUA_E_UNSAFE_REDIRECT},
        {"http://a/b", "ftp://a/b", NULL, SKUA_E_UNSAFE_REDIRECT},
        {"http://a/b", "file:///etc/passwd", NULL, SKUA_E_UNSAFE_REDIRECT},
        {"http://a/b", "http://[", NULL, SKUA_E_INVALID_URL},
        {"http://a/b", "http://u:p@c/", NULL, SKUA_E_INVALID_URL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        skua_url *from = NULL, *to = NULL;
        skua_error err = {0};
        assert_int_equal(skua_url_parse(cases[i].from, &from, NULL), 0);
        int rc = sk_redirect_url(from, cases[i].location, &to, &err);
        assert_int_equal(rc, cases[i].code);
        if (rc == 0)
            assert_string_equal(skua_url_text(to), cases[i].to);
        else
            assert_true(err.code == rc && !to && strstr(err.msg, "redirected") != NULL);
        skua_url_free(from);
        skua_url_free(to);
    }
}

static void assert_names(const skua_field *f, const char *const *names) {
    for (; *names; names++, f++)
        assert_string_equal(f->name, *names);
    assert_null(f->name);
}

static void fields_that_must_not_go_along(void **state) {
    (void)state;
    const skua_field all[] = {{"authorization", "a", 0}, {"Accept", "a", 0},
                              {"Cookie", "a", 0},        {"X-Key", "a", SKUA_FIELD_SECRET},
                              {"Content-Type", "a", 0},  {"X", "a", 0},
                              {"HOST", "a", 0},          {"Proxy-Authorization", "a", 0},
                              {"Expect", "a", 0},        {0}};
    skua_field f[10];
    memcpy(f, all, sizeof all);
    sk_redirect_drop_origin_fields(f);
    assert_names(f, (const char *const[]){"Accept", "Content-Type", "X", "Expect", NULL});
    sk_redirect_drop_body_fields(f);
    assert_names(f, (const char *const[]){"Accept", "X", NULL});
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(methods),
        cmocka_unit_test(locations),
        cmocka_unit_test(fields_that_must_not_go_along),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
