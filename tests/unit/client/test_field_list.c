/* client/field_list.c - lists of fields. */
#include "base/str.h"
#include "client/field_list.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static const skua_field list[] = {{"A", "1", 0}, {"b", "2", SKUA_FIELD_SECRET}, {"a", "3", 0}, {0}};

static void counting_and_finding(void **state) {
    (void)state;
    assert_int_equal(sk_field_list_count(list), 3);
    assert_int_equal(sk_field_list_count(NULL), 0);
    assert_ptr_equal(sk_field_list_find(list, "a"), &list[0]);
    assert_ptr_equal(sk_field_list_find(list, "B"), &list[1]);
    assert_null(sk_field_list_find(list, "c"));
    assert_null(sk_field_list_find(NULL, "a"));
    assert_true(sk_field_list_is_secret(list, SK_LIT("B")));
    assert_false(sk_field_list_is_secret(list, SK_LIT("A")));
    assert_false(sk_field_list_is_secret(NULL, SK_LIT("A")));
}

static void copying(void **state) {
    (void)state;
    sk_arena mem = {0};
    const skua_field *copy = NULL;
    assert_int_equal(sk_field_list_copy(&mem, list, &copy), 0);
    assert_int_equal(sk_field_list_count(copy), 3);
    assert_string_equal(copy[1].name, "b");
    assert_string_equal(copy[1].value, "2");
    assert_int_equal(copy[1].flags, SKUA_FIELD_SECRET);
    assert_ptr_not_equal(copy[1].name, list[1].name);
    assert_int_equal(sk_field_list_copy(&mem, NULL, &copy), 0);
    assert_null(copy->name);
    sk_arena_free(&mem);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counting_and_finding),
        cmocka_unit_test(copying),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
