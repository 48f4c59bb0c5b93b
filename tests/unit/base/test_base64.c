/* base/base64: RFC 4648's own vectors, every byte, and texts that are not what encoding gives. */
#include "base/base64.h"
#include "base/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static void vectors_of_the_rfc(void **state) {
    (void)state;
    static const char *const cases[][2] = {
        {"", ""},
        {"f", "Zg=="},
        {"fo", "Zm8="},
        {"foo", "Zm9v"},
        {"foob", "Zm9vYg=="},
        {"fooba", "Zm9vYmE="},
        {"foobar", "Zm9vYmFy"},
        {"\xfb\xff\xbf", "+/+/"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        skua_str plain = sk_str(cases[i][0]), coded = sk_str(cases[i][1]);
        char text[16], back[16];
        assert_int_equal(SK_BASE64_LEN(plain.len), coded.len);
        sk_base64_encode(plain.ptr, plain.len, text);
        assert_memory_equal(text, coded.ptr, coded.len);
        assert_int_equal(sk_base64_decode(coded, back), plain.len);
        assert_memory_equal(back, plain.ptr, plain.len);
    }
}

static void every_byte_comes_back(void **state) {
    (void)state;
    unsigned char all[256];
    for (size_t i = 0; i < sizeof all; i++)
        all[i] = (unsigned char)i;
    for (size_t len = 0; len <= sizeof all; len++) {
        size_t coded = SK_BASE64_LEN(len);
        char *text = malloc(coded + 1); /* no larger: the sanitizer sees one byte too many */
        unsigned char *back = malloc(len + 1);
        sk_base64_encode(all, len, text);
        assert_int_equal(sk_base64_decode((skua_str){text, coded}, back), len);
        assert_memory_equal(back, all, len);
        free(back);
        free(text);
    }
}

static void only_what_encoding_gives_is_decoded(void **state) {
    (void)state;
    static const char *const cases[] = {
        "Z",
        "Zg",
        "Zg=",
        "Zg==Zg==",
        "Zg==\n",
        " Zg==",
        "Z===",
        "====",
        "=g==",
        "Zm=v",
        "Zh==" /* a bit too many */,
        "Zm9=",
        "Zm-_",
        "Zm9v!m9v",
        "Zm\xc3\xa9",
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char back[16];
        assert_int_equal(sk_base64_decode(sk_str(cases[i]), back), -1);
    }
    char back[4];
    assert_int_equal(sk_base64_decode((skua_str){"Zm\0v", 4}, back), -1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vectors_of_the_rfc),
        cmocka_unit_test(every_byte_comes_back),
        cmocka_unit_test(only_what_encoding_gives_is_decoded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
