/* wire/url_object: parsing and joining with the nth allocation failing. */
#include "../nomem.h"

#include <setjmp.h>
#include <skua/url.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void parse_fails_cleanly(void **state) {
    (void)state;
    for (int n = 1;; n++) {
        skua_url *u = NULL;
        skua_error err;
        nomem_fail_from(n);
        int rc = skua_url_parse("http://example.org/a?b={c}#d", &u, &err);
        if (!nomem_stop()) {
            assert_int_equal(rc, 0);
            skua_url_free(u);
            assert_true(n > 1); /* it does allocate */
            return;
        }
        assert_int_equal(rc, SKUA_E_NOMEM);
        assert_int_equal(err.code, SKUA_E_NOMEM);
        assert_int_equal(err.phase, SKUA_PHASE_MEMORY);
        assert_null(u);
    }
}

static void join_fails_cleanly(void **state) {
    (void)state;
    skua_url *base = NULL;
    char reference[2000];
    memset(reference, '{', sizeof reference); /* grows while it is being escaped */
    reference[sizeof reference - 1] = '\0';
    assert_int_equal(skua_url_parse("http://example.org/a/b?c#d", &base, NULL), 0);
    for (int n = 1;; n++) {
        skua_url *u = NULL;
        skua_error err;
        nomem_fail_from(n);
        int rc = skua_url_join(base, reference, &u, &err);
        if (!nomem_stop()) {
            assert_int_equal(rc, 0);
            skua_url_free(u);
            assert_true(n > 2);
            break;
        }
        assert_int_equal(rc, SKUA_E_NOMEM);
        assert_int_equal(err.code, SKUA_E_NOMEM);
        assert_null(u);
    }
    assert_string_equal(skua_url_text(base), "http://example.org/a/b?c#d");
    skua_url_free(base);
}

/* The host goes through buffers of its own; libidn2 has an allocator of its own, too. */
static void a_host_with_escapes_fails_cleanly(void **state) {
    (void)state;
    static const char *const texts[] = {"http://ex%61mple/", "http://b%C3%BCcher.example/"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        for (int n = 1;; n++) {
            skua_url *u = NULL;
            skua_error err;
            nomem_fail_from(n);
            int rc = skua_url_parse(texts[i], &u, &err);
            if (!nomem_stop()) {
                skua_url_free(u);
                assert_true(rc == 0 || (!SK_HAVE_IDN && rc == SKUA_E_INVALID_URL));
                assert_true(n > 1);
                break;
            }
            assert_int_equal(rc, SKUA_E_NOMEM);
            assert_int_equal(err.code, SKUA_E_NOMEM);
            assert_null(u);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parse_fails_cleanly),
        cmocka_unit_test(join_fails_cleanly),
        cmocka_unit_test(a_host_with_escapes_fails_cleanly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
