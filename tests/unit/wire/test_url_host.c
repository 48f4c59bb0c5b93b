/* wire/url_host: the host of a URL in the form that is looked up. */
#include "base/str.h"
#include "wire/url.h"

#include <setjmp.h>
#include <skua/url.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define BUECHER "b\u00fccher"

static void check(const char *text, const char *host, const char *normal) {
    skua_url *u = NULL;
    skua_error err;
    if (skua_url_parse(text, &u, &err) != 0)
        fail_msg("%s", err.msg);
    assert_string_equal(skua_url_host(u), host);
    assert_string_equal(skua_url_text(u), normal);
    skua_url_free(u);
}

static void refuse(const char *text, const char *expected) {
    char marker;
    skua_url *u = (skua_url *)(void *)&marker;
    skua_error err;
    assert_int_equal(skua_url_parse(text, &u, &err), SKUA_E_INVALID_URL);
    assert_string_equal(err.msg, expected);
    assert_ptr_equal(u, &marker);
}

static void escapes(void **state) {
    (void)state;
    check("http://ex%61mple%2eOrg/%61", "example.org", "http://example.org/%61");
    check("http://a%7Eb%2D_/", "a~b-_", "http://a~b-_/");
    check("http://%31%32%37.0.0.1/", "127.0.0.1", "http://127.0.0.1/");
    check("http://a!b/", "a!b", "http://a!b/");
    refuse("http://a%2fb/", "invalid URL \"http://a%2fb/\": the host \"a%2fb\": an escape in it is "
                            "for neither a letter, a digit nor UTF-8");
    static const char *const others[] = {"http://%00/",   "http://a%40b/",    "http://a%3a80/",
                                         "http://a%21b/", "http://%25/",      "http://a%0d%0a/",
                                         "http://a%7F/x", "http://%5b::1%5d/"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        skua_url *u = NULL;
        assert_int_equal(skua_url_parse(others[i], &u, NULL), SKUA_E_INVALID_URL);
    }
}

static void a_long_host_with_an_escape(void **state) {
    (void)state;
    char text[8 + 300] = "http://%61";
    skua_url *u = NULL;
    memset(text + 10, 'a', 252);
    assert_int_equal(skua_url_parse(text, &u, NULL), 0);
    assert_int_equal(strlen(skua_url_host(u)), 253);
    skua_url_free(u);
    u = NULL;
    text[10 + 252] = 'a';
    assert_int_equal(skua_url_parse(text, &u, NULL), SKUA_E_INVALID_URL);
    assert_null(u);
}

#if SK_HAVE_IDN

static void international_names(void **state) {
    (void)state;
    check("http://" BUECHER ".example", "xn--bcher-kva.example", "http://xn--bcher-kva.example/");
    check("HTTPS://B\u00dcCHER.EXAMPLE:8443/a", "xn--bcher-kva.example",
          "https://xn--bcher-kva.example:8443/a");
    check("http://b%C3%bccher.ex%61mple/", "xn--bcher-kva.example",
          "http://xn--bcher-kva.example/");
    check("http://b%C3\xbc"
          "cher/",
          "xn--bcher-kva", "http://xn--bcher-kva/");
    check("http://xn--bcher-kva.example/", "xn--bcher-kva.example",
          "http://xn--bcher-kva.example/");
    skua_url *base = NULL, *joined = NULL;
    assert_int_equal(skua_url_parse("http://" BUECHER "/a/b", &base, NULL), 0);
    assert_string_equal(skua_url_authority(base), "xn--bcher-kva");
    assert_int_equal(skua_url_join(base, "c", &joined, NULL), 0);
    assert_string_equal(skua_url_text(joined), "http://xn--bcher-kva/a/c");
    skua_url_free(joined);
    assert_int_equal(skua_url_join(base, "//" BUECHER ".x:81", &joined, NULL), 0);
    assert_string_equal(skua_url_text(joined), "http://xn--bcher-kva.x:81/");
    skua_url_free(joined);
    skua_url_free(base);
}

static void names_that_are_none(void **state) {
    (void)state;
    refuse("http://a\u200db/", "invalid URL \"http://a\u200db/\": the host \"a\u200db\": it holds "
                               "a joiner where none may be");
    refuse("http://%ff/", "invalid URL \"http://%ff/\": the host \"%ff\": it is not UTF-8");
    /* Only a host is looked up. */
    refuse("http://h/\u00fc", "invalid URL \"http://h/\u00fc\": a character that is not allowed in "
                              "the path, at offset 9 (0xc3)");
    refuse("http://[::\u00fc]/", "invalid URL \"http://[::\u00fc]/\": a malformed IPv6 address, at "
                                 "offset 8 (':')");
    refuse("http://h:\u0661/", "invalid URL \"http://h:\u0661/\": a port that is not in digits, at "
                               "offset 9 (0xd9)");
}

#else

static void international_names(void **state) {
    (void)state;
    refuse("http://" BUECHER "/",
           "invalid URL \"http://" BUECHER "/\": the host \"" BUECHER "\": this build has no "
           "libidn2, which international names need");
    check("http://xn--bcher-kva/", "xn--bcher-kva", "http://xn--bcher-kva/");
}

static void names_that_are_none(void **state) {
    (void)state;
}

#endif

/* What a server reads stays in ASCII: only a client's user writes names as people do. */
static void others_than_clients_take_ascii_alone(void **state) {
    (void)state;
    sk_url_parts u;
    const char *what;
    size_t at;
    assert_false(sk_url_split(sk_str("http://" BUECHER "/"), &u, &what, &at));
    assert_string_equal(what, "a character that is not allowed in the host");
    assert_int_equal(at, 8);
    assert_false(sk_url_check_authority(sk_str(BUECHER), NULL, NULL));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(escapes),
        cmocka_unit_test(a_long_host_with_an_escape),
        cmocka_unit_test(international_names),
        cmocka_unit_test(names_that_are_none),
        cmocka_unit_test(others_than_clients_take_ascii_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
