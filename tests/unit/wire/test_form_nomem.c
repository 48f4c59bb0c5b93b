/* wire/form: reading, building and writing with the nth allocation failing. */
#include "../nomem.h"

#include <setjmp.h>
#include <skua/form.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void parse_fails_cleanly(void **state) {
    (void)state;
    char text[3000];
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = i % 10 == 9 ? '&' : 'a';
    for (int n = 1;; n++) {
        skua_form *f = NULL;
        skua_error err;
        nomem_fail_from(n);
        int rc = skua_form_parse(text, sizeof text, &f, &err);
        if (!nomem_stop()) {
            assert_int_equal(rc, 0);
            assert_int_equal(skua_form_count(f), 300);
            skua_form_free(f);
            assert_true(n > 3);
            return;
        }
        assert_int_equal(rc, SKUA_E_NOMEM);
        assert_int_equal(err.code, SKUA_E_NOMEM);
        assert_null(f);
    }
}

/* A straight line: a form without memory is none, and what is missing shows at its end. */
static void building_latches(void **state) {
    (void)state;
    for (int n = 1;; n++) {
        size_t len = 99;
        nomem_fail_from(n);
        skua_form *f = skua_form_new(NULL);
        int first = skua_form_add(f, "name", "value");
        int second = skua_form_add(f, "other", "value");
        const char *text = skua_form_text(f, &len);
        if (!nomem_stop()) {
            assert_int_equal(first, 0);
            assert_int_equal(second, 0);
            assert_string_equal(text, "name=value&other=value");
            skua_form_free(f);
            assert_true(n > 3);
            return;
        }
        assert_null(text);
        assert_int_equal(len, 0);
        if (f && second == 0) { /* only the text had no memory: it can be asked for again */
            assert_string_equal(skua_form_text(f, &len), "name=value&other=value");
        } else if (f) {
            assert_int_equal(second, SKUA_E_NOMEM);
            assert_null(skua_form_text(f, &len));
        }
        skua_form_free(f);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parse_fails_cleanly),
        cmocka_unit_test(building_latches),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
