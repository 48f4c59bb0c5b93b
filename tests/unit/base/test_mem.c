/* base/mem: blocks and terminated copies. */
#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void zalloc_gives_zeros(void **state) {
    (void)state;
    unsigned char *p = sk_zalloc(1000);
    assert_non_null(p);
    for (size_t i = 0; i < 1000; i++)
        assert_int_equal(p[i], 0);
    sk_free(p);
}

static void realloc_keeps_the_content(void **state) {
    (void)state;
    char *p = sk_realloc(NULL, 4);
    assert_non_null(p);
    memcpy(p, "abc", 4);
    p = sk_realloc(p, 100000);
    assert_non_null(p);
    assert_string_equal(p, "abc");
    sk_free(p);
}

static void copies_are_terminated_and_apart(void **state) {
    (void)state;
    char text[] = "hello";
    char *whole = sk_strdup(text), *part = sk_strndup(text, 3), *none = sk_strndup(NULL, 0);
    text[0] = 'X';
    assert_string_equal(whole, "hello");
    assert_string_equal(part, "hel");
    assert_string_equal(none, "");
    sk_free(whole);
    sk_free(part);
    sk_free(none);
    sk_free(NULL);
}

static void strndup_keeps_nul_bytes(void **state) {
    (void)state;
    char *p = sk_strndup("a\0b", 3);
    assert_memory_equal(p, "a\0b", 4);
    sk_free(p);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(zalloc_gives_zeros),
        cmocka_unit_test(realloc_keeps_the_content),
        cmocka_unit_test(copies_are_terminated_and_apart),
        cmocka_unit_test(strndup_keeps_nul_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
