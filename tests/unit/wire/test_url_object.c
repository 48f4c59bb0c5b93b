/* wire/url_object: skua_url_parse, skua_url_join and the accessors. */
#include <setjmp.h>
#include <skua/url.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static skua_url *parse(const char *text) {
    skua_url *u = NULL;
    skua_error err;
    if (skua_url_parse(text, &u, &err) != 0)
        fail_msg("refused: %s", err.msg);
    return u;
}

static void assert_string(const char *got, const char *expected) {
    if (expected)
        assert_string_equal(got, expected);
    else
        assert_null(got);
}

static void pieces(void **state) {
    (void)state;
    static const struct {
        const char *text, *normal, *scheme, *host, *authority, *target, *path, *query, *fragment;
        int port;
    } cases[] = {
        {"http://example.org", "http://example.org/", "http", "example.org", "example.org", "/",
         "/", NULL, NULL, 80},
        {"HTTP://EXAMPLE.org:80/%7Ea", "http://example.org/%7Ea", "http", "example.org",
         "example.org", "/%7Ea", "/%7Ea", NULL, NULL, 80},
        {"https://h:443?q#f", "https://h/?q#f", "https", "h", "h", "/?q", "/", "q", "f", 443},
        {"https://h:80/", "https://h:80/", "https", "h", "h:80", "/", "/", NULL, NULL, 80},
        {"http://h:443/", "http://h:443/", "http", "h", "h:443", "/", "/", NULL, NULL, 443},
        {"http://h:/", "http://h/", "http", "h", "h", "/", "/", NULL, NULL, 80},
        {"http://h:0/", "http://h:0/", "http", "h", "h:0", "/", "/", NULL, NULL, 0},
        {"http://h:65535/", "http://h:65535/", "http", "h", "h:65535", "/", "/", NULL, NULL, 65535},
        {"http://h:0080/", "http://h/", "http", "h", "h", "/", "/", NULL, NULL, 80},
        {"http://h/?", "http://h/?", "http", "h", "h", "/?", "/", "", NULL, 80},
        {"http://h/#", "http://h/#", "http", "h", "h", "/", "/", NULL, "", 80},
        {"http://h/a/../b/./c", "http://h/a/../b/./c", "http", "h", "h", "/a/../b/./c",
         "/a/../b/./c", NULL, NULL, 80},
        {"http://h//x", "http://h//x", "http", "h", "h", "//x", "//x", NULL, NULL, 80},
        {"http://1.2.3.4/", "http://1.2.3.4/", "http", "1.2.3.4", "1.2.3.4", "/", "/", NULL, NULL,
         80},
        {"http://[2001:DB8::1]:8080/", "http://[2001:db8::1]:8080/", "http", "2001:db8::1",
         "[2001:db8::1]:8080", "/", "/", NULL, NULL, 8080},
        {"http://[FE80::1%25Eth0]/", "http://[fe80::1%25Eth0]/", "http", "fe80::1%Eth0",
         "[fe80::1]", "/", "/", NULL, NULL, 80},
        {"http://h/a[1]?{x|y}=\"\\\"#^", "http://h/a%5B1%5D?%7Bx%7Cy%7D=%22%5C%22#%5E", "http", "h",
         "h", "/a%5B1%5D?%7Bx%7Cy%7D=%22%5C%22", "/a%5B1%5D", "%7Bx%7Cy%7D=%22%5C%22", "%5E", 80},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        skua_url *u = parse(cases[i].text);
        assert_string_equal(skua_url_text(u), cases[i].normal);
        assert_string_equal(skua_url_scheme(u), cases[i].scheme);
        assert_string_equal(skua_url_host(u), cases[i].host);
        assert_int_equal(skua_url_port(u), cases[i].port);
        assert_string_equal(skua_url_authority(u), cases[i].authority);
        assert_string_equal(skua_url_target(u), cases[i].target);
        assert_string_equal(skua_url_path(u), cases[i].path);
        assert_string(skua_url_query(u), cases[i].query);
        assert_string(skua_url_fragment(u), cases[i].fragment);
        skua_url *again = parse(skua_url_text(u));
        assert_string_equal(skua_url_text(again), skua_url_text(u));
        skua_url_free(again);
        skua_url_free(u);
    }
}

static void refused_with_a_reason(void **state) {
    (void)state;
    static const char *const cases[][2] = {
        {"", "it does not begin with http:// or https://"},
        {"//x", "it does not begin with http:// or https://"},
        {"/x", "it does not begin with http:// or https://"},
        {"example.org", "it does not begin with http:// or https://"},
        {"example.org:80", "a scheme that is neither http nor https, at offset 0 ('e')"},
        {"ftp://x", "a scheme that is neither http nor https, at offset 0 ('f')"},
        {"httpx://x", "a scheme that is neither http nor https, at offset 0 ('h')"},
        {"1.2.3.4:80", "no scheme in front of the first colon, at offset 7 (':')"},
        {"http:", "no // and host behind the scheme, at its end"},
        {"http:example.org", "no // and host behind the scheme, at offset 5 ('e')"},
        {"http:/x", "no // and host behind the scheme, at offset 5 ('/')"},
        {"http://", "an empty host, at its end"},
        {"http:///x", "an empty host, at offset 7 ('/')"},
        {"http://:80/", "an empty host, at offset 7 (':')"},
        {"http://?q", "an empty host, at offset 7 ('?')"},
        {"http://u:p@h/", "user information in front of the host (send what skua_auth_basic makes "
                          "of it)"},
        {"http://@h/", "user information in front of the host (send what skua_auth_basic makes of "
                       "it), at offset 7 ('@')"},
        {"http://h:65536/", "a port above 65535, at offset 9 ('6')"},
        {"http://h:99999999999999999999/", "a port above 65535, at offset 9 ('9')"},
        {"http://h:x/", "a port that is not in digits, at offset 9 ('x')"},
        {"http://h/a b", "a character that is not allowed in the path, at offset 10 (0x20)"},
        {"http://h/\r\nX: y", "a character that is not allowed in the path, at offset 9 (0x0d)"},
        {"http://h/\xc3\xa9", "a character that is not allowed in the path, at offset 9 (0xc3)"},
        {"http://h/\\x", "a character that is not allowed in the path, at offset 9 ('\\')"},
        {"http://h\\x/", "a character that is not allowed in the host, at offset 8 ('\\')"},
        {"http://h/%zz", "a '%' without two hexadecimal digits, at offset 9 ('%')"},
        {"http://[::1/", "a bracket that is not closed, at offset 7 ('[')"},
        {"http://[::g]/", "a malformed IPv6 address, at offset 8 (':')"},
        {" http://h/", "no scheme in front of the first colon, at offset 5 (':')"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char marker;
        skua_url *u = (skua_url *)(void *)&marker;
        skua_error err;
        assert_int_equal(skua_url_parse(cases[i][0], &u, &err), SKUA_E_INVALID_URL);
        assert_ptr_equal(u, &marker); /* untouched */
        assert_int_equal(err.code, SKUA_E_INVALID_URL);
        assert_memory_equal(err.msg, "invalid URL \"", 13);
        const char *reason = strstr(err.msg + 13, "\": ");
        assert_non_null(reason);
        assert_string_equal(reason + 3, cases[i][1]);
        assert_int_equal(skua_url_parse(cases[i][0], &u, NULL), SKUA_E_INVALID_URL);
    }
}

static void null_arguments(void **state) {
    (void)state;
    skua_url *u = parse("http://h/"), *out = NULL;
    skua_error err;
    assert_int_equal(skua_url_parse(NULL, &out, &err), SKUA_E_INVALID_ARGUMENT);
    assert_int_equal(err.code, SKUA_E_INVALID_ARGUMENT);
    assert_int_equal(skua_url_parse("http://h/", NULL, NULL), SKUA_E_INVALID_ARGUMENT);
    assert_int_equal(skua_url_join(NULL, "x", &out, NULL), SKUA_E_INVALID_ARGUMENT);
    assert_int_equal(skua_url_join(u, NULL, &out, NULL), SKUA_E_INVALID_ARGUMENT);
    assert_int_equal(skua_url_join(u, "x", NULL, NULL), SKUA_E_INVALID_ARGUMENT);
    assert_null(out);
    skua_url_free(u);
    skua_url_free(NULL);
    assert_string_equal(skua_url_text(NULL), "");
    assert_string_equal(skua_url_scheme(NULL), "");
    assert_string_equal(skua_url_host(NULL), "");
    assert_string_equal(skua_url_authority(NULL), "");
    assert_string_equal(skua_url_target(NULL), "");
    assert_string_equal(skua_url_path(NULL), "");
    assert_null(skua_url_query(NULL));
    assert_null(skua_url_fragment(NULL));
    assert_int_equal(skua_url_port(NULL), 0);
}

static void assert_join(const char *base, const char *reference, const char *expected) {
    skua_url *b = parse(base), *u = NULL;
    skua_error err;
    int rc = skua_url_join(b, reference, &u, &err);
    if (!expected) {
        if (rc != SKUA_E_INVALID_URL)
            fail_msg("%s: accepted", reference);
        assert_null(u);
    } else if (rc != 0 || strcmp(skua_url_text(u), expected) != 0) {
        fail_msg("%s: %s, not %s", reference, rc ? err.msg : skua_url_text(u), expected);
    }
    skua_url_free(u);
    skua_url_free(b);
}

/* RFC 3986 5.4, all of it. An empty path of the base or the target is "/" here. */
static void examples_of_rfc_3986(void **state) {
    (void)state;
    static const char *const cases[][2] = {
        {"g:h", NULL}, /* another scheme */
        {"g", "http://a/b/c/g"},
        {"./g", "http://a/b/c/g"},
        {"g/", "http://a/b/c/g/"},
        {"/g", "http://a/g"},
        {"//g", "http://g/"},
        {"?y", "http://a/b/c/d;p?y"},
        {"g?y", "http://a/b/c/g?y"},
        {"#s", "http://a/b/c/d;p?q#s"},
        {"g#s", "http://a/b/c/g#s"},
        {"g?y#s", "http://a/b/c/g?y#s"},
        {";x", "http://a/b/c/;x"},
        {"g;x", "http://a/b/c/g;x"},
        {"g;x?y#s", "http://a/b/c/g;x?y#s"},
        {"", "http://a/b/c/d;p?q"},
        {".", "http://a/b/c/"},
        {"./", "http://a/b/c/"},
        {"..", "http://a/b/"},
        {"../", "http://a/b/"},
        {"../g", "http://a/b/g"},
        {"../..", "http://a/"},
        {"../../", "http://a/"},
        {"../../g", "http://a/g"},
        /* 5.4.2: abnormal ones */
        {"../../../g", "http://a/g"},
        {"../../../../g", "http://a/g"},
        {"/./g", "http://a/g"},
        {"/../g", "http://a/g"},
        {"g.", "http://a/b/c/g."},
        {".g", "http://a/b/c/.g"},
        {"g..", "http://a/b/c/g.."},
        {"..g", "http://a/b/c/..g"},
        {"./../g", "http://a/b/g"},
        {"./g/.", "http://a/b/c/g/"},
        {"g/./h", "http://a/b/c/g/h"},
        {"g/../h", "http://a/b/c/h"},
        {"g;x=1/./y", "http://a/b/c/g;x=1/y"},
        {"g;x=1/../y", "http://a/b/c/y"},
        {"g?y/./x", "http://a/b/c/g?y/./x"},
        {"g?y/../x", "http://a/b/c/g?y/../x"},
        {"g#s/./x", "http://a/b/c/g#s/./x"},
        {"g#s/../x", "http://a/b/c/g#s/../x"},
        {"http:g", NULL}, /* the strict reading: an http URL without a host */
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_join("http://a/b/c/d;p?q", cases[i][0], cases[i][1]);
}

static void other_joins(void **state) {
    (void)state;
    assert_join("http://a", "g", "http://a/g");
    assert_join("http://a?q", "", "http://a/?q");
    assert_join("http://a?q", "?", "http://a/?");
    assert_join("https://a:8443/x", "y", "https://a:8443/y");
    assert_join("https://a:8443/x", "//b/y", "https://b/y"); /* the port is not inherited */
    assert_join("https://a/", "http://B:80/../y", "http://b/y");
    assert_join("http://[::1]:8/x/", "../y", "http://[::1]:8/y");
    assert_join("http://[fe80::1%25e0]/x/", "y", "http://[fe80::1%25e0]/x/y");
    assert_join("http://a/b/../c", "", "http://a/c");
    assert_join("http://a/b/../c", "?x", "http://a/c?x");
    assert_join("http://a/x", "b|c?{d}", "http://a/b%7Cc?%7Bd%7D");
    assert_join("http://a/x{/y", "z", "http://a/x%7B/z");
    assert_join("http://a/", "/..//b", "http://a//b");
    assert_join("http://a/", "./b:c", "http://a/b:c");
    /* RFC 9110 10.2.2: the fragment is inherited. */
    assert_join("http://a/x#f", "/y", "http://a/y#f");
    assert_join("http://a/x#f", "/y#g", "http://a/y#g");
    assert_join("http://a/x#f", "/y#", "http://a/y#");
    assert_join("http://a/x#f", "https://b/", "https://b/#f");
    /* As strict as parsing. */
    assert_join("http://a/x", "b:c", NULL);
    assert_join("http://a/x", "b c", NULL);
    assert_join("http://a/x", "b\\c", NULL);
    assert_join("http://a/x", "\\\\b", NULL);
    assert_join("http://a/x", "//u@b/", NULL);
    assert_join("http://a/x", "//:80/", NULL);
    assert_join("http://a/x", "///y", NULL);
    assert_join("http://a/x", "//b:70000/", NULL);
    assert_join("http://a/x", "javascript:alert(1)", NULL);
    assert_join("http://a/x", "%", NULL);
}

/* "http://h/" and as many of c as it takes. */
static char *long_text(size_t len, char c) {
    char *text = malloc(len + 1);
    assert_non_null(text);
    memset(text, c, len);
    memcpy(text, "http://h/", 9);
    text[len] = '\0';
    return text;
}

static void length_limits(void **state) {
    (void)state;
    skua_error err;
    skua_url *u = NULL;
    char *fits = long_text(65535, 'x'), *over = long_text(65536, 'x'),
         *swells = long_text(30000, '{');
    assert_int_equal(skua_url_parse(fits, &u, &err), 0);
    assert_string_equal(skua_url_text(u), fits);
    skua_url *out = NULL;
    assert_int_equal(skua_url_join(u, "y#z", &out, &err), 0);
    skua_url_free(out);
    out = NULL;
    assert_int_equal(skua_url_join(u, "#z", &out, &err), SKUA_E_INVALID_URL);
    assert_int_equal(skua_url_join(u, over, &out, &err), SKUA_E_INVALID_URL);
    assert_int_equal(skua_url_parse(over, &out, &err), SKUA_E_INVALID_URL);
    assert_non_null(strstr(err.msg, "...\": longer than 65535 bytes"));
    assert_int_equal(skua_url_parse(swells, &out, &err), SKUA_E_INVALID_URL);
    assert_null(out);
    skua_url_free(u);
    free(fits);
    free(over);
    free(swells);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces),         cmocka_unit_test(refused_with_a_reason),
        cmocka_unit_test(null_arguments), cmocka_unit_test(examples_of_rfc_3986),
        cmocka_unit_test(other_joins),    cmocka_unit_test(length_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
