/* client/multipart: a form put together with the nth allocation failing. */
#include "../nomem.h"

#include <setjmp.h>
#include <skua/multipart.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* This program's own file, which is there to be read. */
static const char self[] = "/proc/self/exe";

static void a_form_is_whole_or_an_error(void **state) {
    (void)state;
    for (int n = 1;; n++) {
        skua_error err;
        skua_body body;
        nomem_fail_from(n);
        skua_multipart *m = skua_multipart_new(&err);
        skua_multipart_add(m, "name", "value");
        skua_multipart_add_file(m, "file", self, NULL, NULL);
        skua_multipart_add_bytes(m, "bytes", "x", NULL, "y", 1);
        skua_multipart_add_file(m, "again", self, NULL, NULL);
        int rc = m ? skua_multipart_body(m, &body, &err) : err.code;
        bool failed = nomem_stop();
        skua_multipart_free(m);
        if (!failed) {
            assert_int_equal(rc, 0);
            assert_true(n > 3);
            return;
        }
        assert_int_equal(rc, SKUA_E_NOMEM);
        assert_int_equal(err.code, SKUA_E_NOMEM);
    }
}

/* Not a field fits, the last boundary among them. */
static void each_part_is_larger_than_what_there_is(void **state) {
    (void)state;
    char value[5000];
    memset(value, 'v', sizeof value - 1);
    value[sizeof value - 1] = '\0';
    skua_multipart *m = skua_multipart_new(NULL);
    assert_int_equal(skua_multipart_add(m, "small", "1"), 0);
    nomem_fail_from(1);
    assert_int_equal(skua_multipart_add(m, "large", value), SKUA_E_NOMEM);
    assert_true(nomem_stop());
    assert_int_equal(skua_multipart_add(m, "small", "1"), SKUA_E_NOMEM);
    skua_body body = {.len = 42};
    assert_int_equal(skua_multipart_body(m, &body, NULL), SKUA_E_NOMEM);
    assert_int_equal(body.len, 42);
    skua_multipart_free(m);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_form_is_whole_or_an_error),
        cmocka_unit_test(each_part_is_larger_than_what_there_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
