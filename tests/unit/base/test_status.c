/* base/status: registered reason phrases, and none for the rest. */
#include <limits.h>
#include <setjmp.h>
#include <skua/status.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void registered_codes(void **state) {
    (void)state;
    int registered = 0;
#define CHECK(name, code, reason)                                                                  \
    assert_int_equal(SKUA_STATUS_##name, code);                                                    \
    assert_string_equal(skua_status_reason(code), reason);                                         \
    registered++;
    SKUA_STATUS_MAP(CHECK)
#undef CHECK
    assert_string_equal(skua_status_reason(404), "Not Found");
    int found = 0;
    for (int status = -1000; status < 2000; status++)
        found += skua_status_reason(status)[0] != '\0';
    assert_int_equal(found, registered);
}

static void other_codes(void **state) {
    (void)state;
    static const int others[] = {INT_MIN, -1, 0, 99, 104, 299, 306, 509, 512, 599, 1000, INT_MAX};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        assert_string_equal(skua_status_reason(others[i]), "");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(registered_codes),
        cmocka_unit_test(other_codes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
