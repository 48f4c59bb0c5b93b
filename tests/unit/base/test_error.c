/* base/error: each code of the list, and the numbers between them. */
#include <limits.h>
#include <setjmp.h>
#include <skua/error.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void every_code_has_its_row(void **state) {
    (void)state;
#define CHECK(name, code, python, cls, text)                                                       \
    assert_int_equal(SKUA_E_##name, code);                                                         \
    assert_string_equal(skua_error_name(code), python);                                            \
    assert_string_equal(skua_error_text(code), text);                                              \
    assert_int_equal(skua_error_class_of(code), SKUA_CLASS_##cls);
    SKUA_ERROR_MAP(CHECK)
#undef CHECK
    assert_string_equal(skua_error_name(SKUA_E_BAD_STATUS_LINE), "BadStatusLine");
    assert_int_equal(skua_error_class_of(SKUA_E_TIMEOUT), SKUA_CLASS_TIMEOUT);
}

static void no_two_codes_are_the_same(void **state) {
    (void)state;
    static const int codes[] = {
#define CODE(name, code, python, cls, text) code,
        SKUA_ERROR_MAP(CODE)
#undef CODE
    };
    const size_t count = sizeof codes / sizeof codes[0];
    for (size_t i = 0; i < count; i++) {
        assert_true(codes[i] < 0);
        for (size_t k = i + 1; k < count; k++)
            assert_int_not_equal(codes[i], codes[k]);
    }
}

static void success_is_no_error(void **state) {
    (void)state;
    assert_string_equal(skua_error_name(0), "");
    assert_string_equal(skua_error_text(0), "success");
    assert_int_equal(skua_error_class_of(0), SKUA_CLASS_NONE);
}

static void other_numbers_are_unknown(void **state) {
    (void)state;
    static const int numbers[] = {1, 404, -10, -19, -79, -99, -1000, INT_MIN, INT_MAX};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        assert_string_equal(skua_error_name(numbers[i]), "UnknownError");
        assert_string_equal(skua_error_text(numbers[i]), "unknown error");
        assert_int_equal(skua_error_class_of(numbers[i]), SKUA_CLASS_NONE);
    }
}

static void phases(void **state) {
    (void)state;
    static const char *const names[] = {"",     "resolve", "connect", "tls",   "send",   "wait",
                                        "recv", "decode",  "limit",   "state", "memory", "tunnel"};
    for (int i = 0; i <= SKUA_PHASE_TUNNEL; i++)
        assert_string_equal(skua_phase_name((skua_phase)i), names[i]);
    assert_string_equal(skua_phase_name((skua_phase)(SKUA_PHASE_TUNNEL + 1)), "");
    assert_string_equal(skua_phase_name((skua_phase)-1), "");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_code_has_its_row),
        cmocka_unit_test(no_two_codes_are_the_same),
        cmocka_unit_test(success_is_no_error),
        cmocka_unit_test(other_numbers_are_unknown),
        cmocka_unit_test(phases),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
