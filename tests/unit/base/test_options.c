/* base/options: structs of older, newer and careless programs. */
#include "base/options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

typedef struct known_opts {
    size_t size;
    int64_t first;
    int64_t second;
} known_opts;

typedef struct older_opts {
    size_t size;
    int64_t first;
} older_opts;

typedef struct newer_opts {
    size_t size;
    int64_t first;
    int64_t second;
    int64_t third;
} newer_opts;

static void none_are_all_defaults(void **state) {
    (void)state;
    known_opts to = {.first = 7, .second = 8};
    assert_int_equal(sk_options_copy(&to, sizeof to, NULL, NULL), 0);
    assert_int_equal(to.first, 0);
    assert_int_equal(to.second, 0);
}

static void an_older_program_has_fewer_fields(void **state) {
    (void)state;
    known_opts to = {.second = 8};
    older_opts from = {.size = sizeof from, .first = 5};
    assert_int_equal(sk_options_copy(&to, sizeof to, &from, NULL), 0);
    assert_int_equal(to.first, 5);
    assert_int_equal(to.second, 0);
}

static void a_newer_program_may_leave_the_rest_alone(void **state) {
    (void)state;
    known_opts to;
    newer_opts from = {.size = sizeof from, .first = 5, .second = 6};
    assert_int_equal(sk_options_copy(&to, sizeof to, &from, NULL), 0);
    assert_int_equal(to.first, 5);
    assert_int_equal(to.second, 6);
}

static void what_is_not_known_is_refused(void **state) {
    (void)state;
    known_opts to;
    skua_error err;
    newer_opts from = {.size = sizeof from, .third = 1};
    assert_int_equal(sk_options_copy(&to, sizeof to, &from, &err), SKUA_E_INVALID_ARGUMENT);
    assert_non_null(strstr(err.msg, skua_version()));
}

static void a_size_is_needed(void **state) {
    (void)state;
    known_opts to;
    skua_error err;
    known_opts from = {.first = 5};
    assert_int_equal(sk_options_copy(&to, sizeof to, &from, &err), SKUA_E_INVALID_ARGUMENT);
    assert_non_null(strstr(err.msg, "SKUA_OPTS"));
    from.size = sizeof from.size - 1;
    assert_int_equal(sk_options_copy(&to, sizeof to, &from, NULL), SKUA_E_INVALID_ARGUMENT);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(none_are_all_defaults),
        cmocka_unit_test(an_older_program_has_fewer_fields),
        cmocka_unit_test(a_newer_program_may_leave_the_rest_alone),
        cmocka_unit_test(what_is_not_known_is_refused),
        cmocka_unit_test(a_size_is_needed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
