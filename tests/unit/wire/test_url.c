/* wire/url: references taken apart, authorities, decoding, dot segments, escapes. */
#include "base/str.h"
#include "wire/url.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static bool same(skua_str s, const char *expected) {
    return expected ? s.ptr && sk_str_eq(s, sk_str(expected)) : !s.ptr;
}

typedef struct split_case {
    const char *text;
    const char *scheme, *userinfo, *host, *port, *path, *query, *fragment;
    bool ipv6;
} split_case;

static void splits(void **state) {
    (void)state;
    static const split_case cases[] = {
        {.text = "", .path = ""},
        {.text = "http://h", .scheme = "http", .host = "h", .path = ""},
        {.text = "http://h?", .scheme = "http", .host = "h", .path = "", .query = ""},
        {.text = "http://h#", .scheme = "http", .host = "h", .path = "", .fragment = ""},
        {.text = "http://h#?/:@", .scheme = "http", .host = "h", .path = "", .fragment = "?/:@"},
        {.text = "a+-.1://u:p@h:80/p?q?/#f",
         .scheme = "a+-.1",
         .userinfo = "u:p",
         .host = "h",
         .port = "80",
         .path = "/p",
         .query = "q?/",
         .fragment = "f"},
        {.text = "http://h:/", .scheme = "http", .host = "h", .port = "", .path = "/"},
        {.text = "http://:80/", .scheme = "http", .host = "", .port = "80", .path = "/"},
        {.text = "http:///x", .scheme = "http", .host = "", .path = "/x"},
        {.text = "http://@/", .scheme = "http", .userinfo = "", .host = "", .path = "/"},
        {.text = "http:x", .scheme = "http", .path = "x"},
        {.text = "http:/x", .scheme = "http", .path = "/x"},
        {.text = "mailto:a@b", .scheme = "mailto", .path = "a@b"},
        {.text = "//h:1/x", .host = "h", .port = "1", .path = "/x"},
        {.text = "///x", .host = "", .path = "/x"},
        {.text = "/a//b:c", .path = "/a//b:c"},
        {.text = "./a:b", .path = "./a:b"},
        {.text = "?q:a", .path = "", .query = "q:a"},
        {.text = "#f", .path = "", .fragment = "f"},
        {.text = "..", .path = ".."},
        {.text = "http://1.2.3.4/", .scheme = "http", .host = "1.2.3.4", .path = "/"},
        {.text = "http://999.2.3.4", .scheme = "http", .host = "999.2.3.4", .path = ""},
        {.text = "http://a%7Eb/", .scheme = "http", .host = "a%7Eb", .path = "/"},
        {.text = "//[::1]", .host = "::1", .path = "", .ipv6 = true},
        {.text = "//[::1]:8/x", .host = "::1", .port = "8", .path = "/x", .ipv6 = true},
        {.text = "//[fe80::1%25eth0]/", .host = "fe80::1%25eth0", .path = "/", .ipv6 = true},
        {.text = "/%00%fF", .path = "/%00%fF"},
        {.text = "/!$&'()*+,;=:@-._~/", .path = "/!$&'()*+,;=:@-._~/"},
        {.text = "/\"<>[]^`{|}?\\\"[]#\\{",
         .path = "/\"<>[]^`{|}",
         .query = "\\\"[]",
         .fragment = "\\{"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const split_case *c = &cases[i];
        sk_url_parts u;
        const char *what = "";
        size_t at = 0;
        if (!sk_url_split(sk_str(c->text), &u, &what, &at))
            fail_msg("refused: %s: %s at %zu", c->text, what, at);
        if (!same(u.scheme, c->scheme) || !same(u.userinfo, c->userinfo) ||
            !same(u.host, c->host) || !same(u.port, c->port) || !same(u.path, c->path) ||
            !same(u.query, c->query) || !same(u.fragment, c->fragment) || u.ipv6 != c->ipv6)
            fail_msg("taken apart wrongly: %s", c->text);
    }
}

static void refuses(void **state) {
    (void)state;
    static const struct {
        const char *text, *what;
        size_t at;
    } cases[] = {
        {"1a:b", "no scheme in front of the first colon", 2},
        {":x", "no scheme in front of the first colon", 0},
        {"a_b:c", "no scheme in front of the first colon", 3},
        {"h%41:c", "no scheme in front of the first colon", 4},
        {"http://h/a b", "a character that is not allowed in the path", 10},
        {"http://h/a\\b", "a character that is not allowed in the path", 10},
        {"/\x7f", "a character that is not allowed in the path", 1},
        {"/\x80", "a character that is not allowed in the path", 1},
        {"/\r\n", "a character that is not allowed in the path", 1},
        {"/?a b", "a character that is not allowed in the query", 3},
        {"/?\xc3\xa9", "a character that is not allowed in the query", 2},
        {"#a#b", "a character that is not allowed in the fragment", 2},
        {"/#\t", "a character that is not allowed in the fragment", 2},
        {"/%", "a '%' without two hexadecimal digits", 1},
        {"/a%4", "a '%' without two hexadecimal digits", 2},
        {"/%4g?", "a '%' without two hexadecimal digits", 1},
        {"/%?", "a '%' without two hexadecimal digits", 1},
        {"//%zz/", "a '%' without two hexadecimal digits", 2},
        {"//h\\x/", "a character that is not allowed in the host", 3},
        {"//h h/", "a character that is not allowed in the host", 3},
        {"//a@b@c/", "a character that is not allowed in the host", 5},
        {"//<h>/", "a character that is not allowed in the host", 2},
        {"//a[::1]/", "a character that is not allowed in the host", 3},
        {"//a{@h/", "a character that is not allowed in user information", 3},
        {"//h:8a/", "a port that is not in digits", 5},
        {"//h:-1/", "a port that is not in digits", 4},
        {"//h:80:80/", "a port that is not in digits", 6},
        {"//[::1]80/", "something between an IPv6 address and its port", 7},
        {"//[::1/", "a bracket that is not closed", 2},
        {"//[", "a bracket that is not closed", 2},
        {"//[]/", "a malformed IPv6 address", 3},
        {"//[:1]/", "a malformed IPv6 address", 3},
        {"//[1.2.3.4]/", "a malformed IPv6 address", 3},
        {"//[v1.x]/", "a malformed IPv6 address", 3},
        {"//[fe80::1%eth0]/", "an IPv6 zone that is not written as %25 and a name", 10},
        {"//[fe80::1%25]/", "an IPv6 zone that is not written as %25 and a name", 10},
        {"//[fe80::1%25a%41]/", "a character that is not allowed in an IPv6 zone", 14},
        {"//[fe80::1%25a b]/", "a character that is not allowed in an IPv6 zone", 14},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        sk_url_parts u;
        const char *what = NULL;
        size_t at = 999;
        if (sk_url_split(sk_str(cases[i].text), &u, &what, &at))
            fail_msg("accepted: %s", cases[i].text);
        assert_string_equal(what, cases[i].what);
        if (at != cases[i].at)
            fail_msg("%s: at %zu", cases[i].text, at);
    }
    sk_url_parts u;
    const char *what;
    size_t at;
    assert_false(sk_url_split(SK_LIT("/a\0b"), &u, &what, &at));
    assert_int_equal(at, 2);
}

/* Which single bytes each part takes, by the grammar of RFC 3986 and what browsers add to it. */
static void every_byte_in_every_part(void **state) {
    (void)state;
    static const char unreserved[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~!$&'()*+,;=";
    static const struct {
        const char *before, *more; /* more: allowed there besides unreserved and sub-delims */
    } parts[] = {
        {"http://h/x", "/:@?#\"<>[]^`{|}"},
        {"http://h/?x", "/:@?#\"<>[]^`{|}\\"},
        {"http://h/#x", "/:@?\"<>[]^`{|}\\"},
        {"http://h", ":@/?#"}, /* these end the host */
    };
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        for (int c = 0; c < 256; c++) {
            char text[32];
            size_t len = strlen(parts[i].before);
            memcpy(text, parts[i].before, len);
            text[len] = (char)c;
            bool allowed = c && (strchr(unreserved, c) || strchr(parts[i].more, c));
            sk_url_parts u;
            const char *what;
            size_t at = len;
            if (sk_url_split((skua_str){text, len + 1}, &u, &what, &at) != allowed || at != len)
                fail_msg("%s and 0x%02x", parts[i].before, (unsigned)c);
        }
    }
}

static void ports(void **state) {
    (void)state;
    int port = 7;
    assert_true(sk_url_port(SK_LIT(""), &port) && port == -1);
    assert_true(sk_url_port((skua_str){NULL, 0}, &port) && port == -1);
    assert_true(sk_url_port(SK_LIT("0"), &port) && port == 0);
    assert_true(sk_url_port(SK_LIT("65535"), &port) && port == 65535);
    assert_true(sk_url_port(SK_LIT("0000000000000000000000000080"), &port) && port == 80);
    assert_false(sk_url_port(SK_LIT("65536"), &port));
    assert_false(sk_url_port(SK_LIT("18446744073709551696"), &port));
    assert_false(sk_url_port(SK_LIT("-1"), &port));
    assert_false(sk_url_port(SK_LIT("8 "), &port));
    assert_int_equal(port, 80);
}

static void authorities(void **state) {
    (void)state;
    static const struct {
        const char *text, *host; /* NULL: refused */
        int port;
    } cases[] = {
        {"example.org", "example.org", -1},
        {"example.org:", "example.org", -1},
        {"Example.ORG:8080", "Example.ORG", 8080},
        {"1.2.3.4:0", "1.2.3.4", 0},
        {"[::1]", "::1", -1},
        {"[::1]:65535", "::1", 65535},
        {"a_b", "a_b", -1},
        {"a%20b", "a%20b", -1},
        {"", "", -1},
        {":80", NULL, 0},
        {":", NULL, 0},
        {"h:65536", NULL, 0},
        {"h:8o", NULL, 0},
        {"h:80:", NULL, 0},
        {"h:+80", NULL, 0},
        {"u@h", NULL, 0},
        {"h/", NULL, 0},
        {"h?", NULL, 0},
        {"h#", NULL, 0},
        {"h h", NULL, 0},
        {"h ", NULL, 0},
        {" h", NULL, 0},
        {"h\t", NULL, 0},
        {"h\\", NULL, 0},
        {"h,h", "h,h", -1}, /* a sub-delim; a repeated Host is another matter */
        {"h%2", NULL, 0},
        {"h\xc3\xa9", NULL, 0},
        {"::1", NULL, 0},
        {"[::1", NULL, 0},
        {"[::1]x", NULL, 0},
        {"[]", NULL, 0},
        {"[fe80::1%25eth0]", NULL, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        skua_str host = SK_LIT("untouched");
        int port = -7;
        bool ok = sk_url_check_authority(sk_str(cases[i].text), &host, &port);
        if (ok != (cases[i].host != NULL))
            fail_msg("%s: %d", cases[i].text, ok);
        assert_true(sk_str_eq(host, sk_str(ok ? cases[i].host : "untouched")));
        assert_int_equal(port, ok ? cases[i].port : -7);
        assert_int_equal(sk_url_check_authority(sk_str(cases[i].text), NULL, NULL), ok);
    }
}

static void decoding(void **state) {
    (void)state;
    static const struct {
        const char *text, *decoded; /* NULL: refused */
    } cases[] = {
        {"", ""},
        {"/a+b", "/a+b"},
        {"/%41%62c", "/Abc"},
        {"%2e%2E/%2f", "..//"},
        {"%25%32%35", "%25"}, /* once, not twice */
        {"%c3%A9", "\xc3\xa9"},
        {"%ff%01", "\xff\x01"},
        {"%00", NULL},
        {"a%00b", NULL},
        {"%", NULL},
        {"%4", NULL},
        {"%4g", NULL},
        {"%g4", NULL},
        {"%%41", NULL},
        {"% 41", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char out[64];
        skua_str s = sk_str(cases[i].text);
        ptrdiff_t n = sk_url_decode(s, out);
        if (!cases[i].decoded) {
            assert_int_equal(n, -1);
            continue;
        }
        assert_int_equal(n, strlen(cases[i].decoded));
        assert_memory_equal(out, cases[i].decoded, (size_t)n);
        memcpy(out, s.ptr, s.len); /* in place */
        assert_int_equal(sk_url_decode((skua_str){out, s.len}, out), n);
        assert_memory_equal(out, cases[i].decoded, (size_t)n);
    }
    char out[8];
    assert_int_equal(sk_url_decode(SK_LIT("a\0b"), out), -1);
}

static void dot_segments(void **state) {
    (void)state;
    static const char *const cases[][2] = {
        {"", ""},
        {"/", "/"},
        {"/.", "/"},
        {"/..", "/"},
        {"/./", "/"},
        {"/../", "/"},
        {"/a/b/c/./../../g", "/a/g"}, /* RFC 3986 5.2.4 */
        {"mid/content=5/../6", "mid/6"},
        {"/a/.", "/a/"},
        {"/a/..", "/"},
        {"/a/b/..", "/a/"},
        {"/a/b/../..", "/"},
        {"/a/b/../../..", "/"},
        {"/../../a", "/a"},
        {"/a/../../b", "/b"},
        {"/...", "/..."},
        {"/.a/..b/c..", "/.a/..b/c.."},
        {"/a//../b", "/a/b"},
        {"//..", "/"},
        {"//../a", "/a"},
        {"/a/..//b", "//b"},
        {"/a/./b/./", "/a/b/"},
        {".", ""},
        {"..", ""},
        {"./a", "a"},
        {"../a", "a"},
        {"../.././a", "a"},
        {"..//a", "/a"},
        {"a/../b", "/b"}, /* as the algorithm of 5.2.4 has it */
        {"a/..", "/"},
        {"a", "a"},
        {"/%2e%2e/a", "/%2e%2e/a"}, /* escapes are not looked into */
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char path[64];
        size_t len = strlen(cases[i][0]);
        memcpy(path, cases[i][0], len);
        len = sk_url_remove_dots(path, len);
        if (len != strlen(cases[i][1]) || memcmp(path, cases[i][1], len) != 0)
            fail_msg("%s: %.*s", cases[i][0], (int)len, path);
    }
}

static void escaping(void **state) {
    (void)state;
    sk_buf b = {0};
    sk_url_append_escaped(&b, SK_LIT("/a%20\"<>[\\]^`{|}~?x=/"));
    assert_true(sk_str_eq(sk_buf_str(&b), SK_LIT("/a%20%22%3C%3E%5B%5C%5D%5E%60%7B%7C%7D~?x=/")));
    sk_buf_clear(&b);
    sk_url_append_escaped(&b, (skua_str){NULL, 0});
    assert_int_equal(sk_buf_len(&b), 0);
    assert_false(b.failed);
    sk_buf_free(&b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(splits),
        cmocka_unit_test(refuses),
        cmocka_unit_test(every_byte_in_every_part),
        cmocka_unit_test(ports),
        cmocka_unit_test(authorities),
        cmocka_unit_test(decoding),
        cmocka_unit_test(dot_segments),
        cmocka_unit_test(escaping),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
