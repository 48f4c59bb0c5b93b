/* base/version: the string and the numbers say the same. */
#include <setjmp.h>
#include <skua/types.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static void string_and_numbers_agree(void **state) {
    (void)state;
    char numbers[32];
    int n = snprintf(numbers, sizeof numbers, "%d.%d.%d", SKUA_VERSION_MAJOR, SKUA_VERSION_MINOR,
                     SKUA_VERSION_PATCH);
    assert_true(n > 0);
    assert_string_equal(skua_version(), numbers);
    assert_string_equal(SKUA_VERSION, numbers);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(string_and_numbers_agree)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
