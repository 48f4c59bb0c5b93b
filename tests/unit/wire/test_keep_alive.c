/* wire/keep_alive: what a peer says of how long it waits. */
#include "wire/keep_alive.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static int64_t timeout(const char *first, const char *second) {
    sk_field list[] = {{SK_LIT("Date"), SK_LIT("timeout=1")},
                       {SK_LIT("Keep-Alive"), sk_str(first)},
                       {SK_LIT("keep-alive"), sk_str(second)}};
    return sk_keep_alive_timeout(&(sk_fields){.at = list, .count = 3});
}

static void a13_the_timeout_is_found(void **state) {
    (void)state;
    static const struct {
        const char *value;
        int64_t seconds;
    } cases[] = {
        {"timeout=5", 5},
        {"timeout=5, max=100", 5},
        {"max=100,\tTimeout = 7 ", 7},
        {"timeout=0", 0},
        {"timeout=9, timeout=3", 3},
        {"timeout=99999999999", SK_KEEP_ALIVE_MAX},
        {"timeout=99999999999999999999", -1},
        {"timeout=", -1},
        {"timeout=-1", -1},
        {"timeout=\"5\"", -1},
        {"timeout=5s", -1},
        {"timeout", -1},
        {"=5", -1},
        {"xtimeout=5", -1},
        {"max=100", -1},
        {"", -1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(timeout(cases[i].value, ""), cases[i].seconds);
}

static void a13_the_least_of_several_counts(void **state) {
    (void)state;
    assert_int_equal(timeout("timeout=9", "timeout=4"), 4);
    assert_int_equal(timeout("timeout=4", "timeout=9"), 4);
    assert_int_equal(timeout("max=1", "timeout=9"), 9);
    assert_int_equal(sk_keep_alive_timeout(&(sk_fields){0}), -1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a13_the_timeout_is_found),
        cmocka_unit_test(a13_the_least_of_several_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
