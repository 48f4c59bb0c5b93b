/* SHA-256, against the examples of FIPS 180-4 and RFC 6234. */
#include <setjmp.h>
#include <skua/tls.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void known_answers(void **state) {
    (void)state;
    static const struct {
        const char *text, *hex;
    } cases[] = {
        {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
         "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char whole[65], bytewise[65];
        skua_sha256 *a = skua_sha256_new(), *b = skua_sha256_new();
        skua_sha256_update(a, cases[i].text, strlen(cases[i].text));
        for (const char *p = cases[i].text; *p; p++)
            skua_sha256_update(b, p, 1);
        skua_sha256_final(a, whole);
        skua_sha256_final(b, bytewise);
        assert_string_equal(whole, cases[i].hex);
        assert_string_equal(bytewise, cases[i].hex);
    }
}

static void a_million_letters(void **state) {
    (void)state;
    char hex[65];
    char *a = malloc(1000000);
    memset(a, 'a', 1000000);
    skua_sha256 *h = skua_sha256_new();
    skua_sha256_update(h, a, 1000000);
    skua_sha256_final(h, hex);
    assert_string_equal(hex, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    free(a);
}

static void no_digest_is_no_crash(void **state) {
    (void)state;
    char hex[65] = "x";
    skua_sha256_update(NULL, "abc", 3);
    skua_sha256_final(NULL, hex);
    assert_string_equal(hex, "");
    skua_sha256_free(NULL);
    skua_sha256 *h = skua_sha256_new();
    assert_non_null(h);
    skua_sha256_free(h);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_answers),
        cmocka_unit_test(a_million_letters),
        cmocka_unit_test(no_digest_is_no_crash),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
