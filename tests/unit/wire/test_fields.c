/* wire/fields: finding by name, and tokens across several fields. */
#include "wire/fields.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static sk_field list[] = {
    {SK_LIT("Host"), SK_LIT("a")},
    {SK_LIT("Connection"), SK_LIT("keep-alive")},
    {SK_LIT("X"), SK_LIT("")},
    {SK_LIT("CONNECTION"), SK_LIT("foo, Upgrade")},
    {SK_LIT("connection-x"), SK_LIT("close")},
    {SK_LIT("x"), SK_LIT("2")},
};
static const sk_fields fields = {.at = list, .count = sizeof list / sizeof list[0]};

static void find(void **state) {
    (void)state;
    assert_ptr_equal(sk_fields_find(&fields, SK_LIT("host")), &list[0]);
    assert_ptr_equal(sk_fields_find(&fields, SK_LIT("connection")), &list[1]);
    assert_ptr_equal(sk_fields_find(&fields, SK_LIT("x")), &list[2]);
    assert_null(sk_fields_find(&fields, SK_LIT("Hos")));
    assert_null(sk_fields_find(&fields, SK_LIT("Hostt")));
    assert_null(sk_fields_find(&fields, SK_LIT("")));
}

static void find_next(void **state) {
    (void)state;
    const skua_str name = SK_LIT("Connection");
    assert_ptr_equal(sk_fields_find_next(&fields, &list[1], name), &list[3]);
    assert_null(sk_fields_find_next(&fields, &list[3], name));
    assert_ptr_equal(sk_fields_find_next(&fields, &list[2], SK_LIT("X")), &list[5]);
    assert_null(sk_fields_find_next(&fields, &list[5], SK_LIT("X"))); /* behind the last */
}

static void has_token(void **state) {
    (void)state;
    assert_true(sk_fields_has_token(&fields, SK_LIT("connection"), SK_LIT("Keep-Alive")));
    assert_true(sk_fields_has_token(&fields, SK_LIT("connection"), SK_LIT("upgrade")));
    assert_true(sk_fields_has_token(&fields, SK_LIT("connection"), SK_LIT("foo")));
    assert_false(sk_fields_has_token(&fields, SK_LIT("connection"), SK_LIT("close")));
    assert_false(sk_fields_has_token(&fields, SK_LIT("upgrade"), SK_LIT("upgrade")));
}

static void none(void **state) {
    (void)state;
    const sk_fields empty = {0};
    assert_null(sk_fields_find(&empty, SK_LIT("host")));
    assert_false(sk_fields_has_token(&empty, SK_LIT("connection"), SK_LIT("close")));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(find),
        cmocka_unit_test(find_next),
        cmocka_unit_test(has_token),
        cmocka_unit_test(none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
