/* base/line: adding, cutting, hiding. */
#include "base/line.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void pieces_stand_one_behind_the_other(void **state) {
    (void)state;
    sk_line l = {.len = 0};
    assert_string_equal(l.text, "");
    sk_line_add(&l, "%s:%d", "host", 80);
    sk_line_add(&l, "%s", "");
    sk_line_add(&l, ", %c", 'x');
    assert_string_equal(l.text, "host:80, x");
    assert_int_equal(l.len, strlen(l.text));
}

static void what_does_not_fit_is_cut(void **state) {
    (void)state;
    sk_line l = {.len = 0};
    char long_text[2 * sizeof l.text];
    memset(long_text, 'a', sizeof long_text - 1);
    long_text[sizeof long_text - 1] = '\0';
    sk_line_add(&l, "b%s", long_text);
    assert_int_equal(l.len, sizeof l.text - 1);
    assert_int_equal(strlen(l.text), sizeof l.text - 1);
    assert_memory_equal(l.text, "baaa", 4);
    sk_line_add(&l, "c");
    assert_int_equal(l.len, sizeof l.text - 1);
    assert_null(strchr(l.text, 'c'));
}

static void control_characters_are_hidden(void **state) {
    (void)state;
    sk_line l = {.len = 0};
    sk_line_add(&l, "a\033[2Jb\r\n\x7f\xc3\xa9");
    sk_line_hide_controls(&l);
    assert_string_equal(l.text, "a?[2Jb???\xc3\xa9");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_stand_one_behind_the_other),
        cmocka_unit_test(what_does_not_fit_is_cut),
        cmocka_unit_test(control_characters_are_hidden),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
