/* wire/auth: the value of the Basic scheme. */
#include <setjmp.h>
#include <skua/auth.h>
#include <skua/error.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void user_and_password(void **state) {
    (void)state;
    static const char *const cases[][3] = {
        {"Aladdin", "open sesame", "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="}, /* RFC 7617 2 */
        {"test", "123\xc2\xa3", "Basic dGVzdDoxMjPCow=="},                /* RFC 7617 2.1 */
        {"", "", "Basic Og=="},
        {"u", "", "Basic dTo="},
        {"", "p:q", "Basic OnA6cQ=="},
        {"user", "pass", "Basic dXNlcjpwYXNz"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *user = cases[i][0], *password = cases[i][1];
        size_t size = SKUA_AUTH_BASIC_SIZE(strlen(user) + strlen(password));
        assert_int_equal(size, strlen(cases[i][2]) + 1);
        char *out = malloc(size); /* no larger: the sanitizer sees one byte too many */
        assert_int_equal(skua_auth_basic(user, password, out, size), 0);
        assert_string_equal(out, cases[i][2]);
        strcpy(out, "kept");
        assert_int_equal(skua_auth_basic(user, password, out, size - 1), SKUA_E_INVALID_ARGUMENT);
        assert_string_equal(out, "kept");
        free(out);
    }
}

static void what_the_scheme_cannot_carry(void **state) {
    (void)state;
    static const char *const cases[][2] = {
        {"a:b", "p"}, {":", ""}, {"u\n", "p"}, {"u", "p\r"}, {"u", "\x7f"}, {"u\t", "p"},
    };
    char out[64] = "kept";
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(skua_auth_basic(cases[i][0], cases[i][1], out, sizeof out),
                         SKUA_E_INVALID_ARGUMENT);
        assert_string_equal(out, "kept");
    }
    assert_int_equal(skua_auth_basic(NULL, "p", out, sizeof out), SKUA_E_INVALID_ARGUMENT);
    assert_int_equal(skua_auth_basic("u", NULL, out, sizeof out), SKUA_E_INVALID_ARGUMENT);
    assert_int_equal(skua_auth_basic("u", "p", NULL, 100), SKUA_E_INVALID_ARGUMENT);
    assert_int_equal(skua_auth_basic("u", "p", out, 0), SKUA_E_INVALID_ARGUMENT);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(user_and_password),
        cmocka_unit_test(what_the_scheme_cannot_carry),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
