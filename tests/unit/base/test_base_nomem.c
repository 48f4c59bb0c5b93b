/* base: what each allocating function does when there is no memory. */
#include "../nomem.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/mem.h"
#include "base/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void mem_gives_null(void **state) {
    (void)state;
    char *kept = sk_strdup("kept");
    nomem_fail_from(1);
    assert_null(sk_alloc(1));
    assert_null(sk_zalloc(1));
    assert_null(sk_realloc(kept, 1000));
    assert_null(sk_strdup("x"));
    assert_null(sk_strndup("x", 1));
    assert_true(nomem_stop());
    assert_string_equal(kept, "kept");
    sk_free(kept);
}

static void a_buffer_latches_and_keeps_what_it_has(void **state) {
    (void)state;
    sk_buf b = {0};
    nomem_fail_from(1);
    sk_buf_append(&b, "x", 1);
    assert_true(nomem_stop());
    assert_true(b.failed);
    assert_int_equal(sk_buf_len(&b), 0);
    sk_buf_append(&b, "x", 1); /* memory is back; the latch holds */
    assert_int_equal(sk_buf_len(&b), 0);
    sk_buf_clear(&b);

    sk_buf_append(&b, "..keep", 6);
    sk_buf_consume(&b, 2);
    nomem_fail_from(1);
    assert_null(sk_buf_reserve(&b, 100000));
    sk_buf_printf(&b, "%0*d", 100000, 1);
    assert_true(nomem_stop());
    assert_true(b.failed);
    assert_true(sk_str_eq(sk_buf_str(&b), SK_LIT("keep")));
    sk_buf_free(&b);
    assert_false(b.failed);
}

static void an_arena_gives_null_and_goes_on(void **state) {
    (void)state;
    sk_arena a = {0};
    nomem_fail_from(1);
    assert_null(sk_arena_alloc(&a, 10));
    assert_null(sk_arena_alloc(&a, 100000));
    assert_null(sk_arena_zalloc(&a, 10));
    assert_null(sk_arena_strndup(&a, "x", 1));
    assert_null(sk_arena_printf(&a, "%d", 1));
    assert_true(nomem_stop());
    sk_arena_reset(&a);
    char *text = sk_arena_strndup(&a, "kept", 4);
    nomem_fail_from(1);
    assert_null(sk_arena_alloc(&a, 100000));
    char *small = sk_arena_strndup(&a, "small", 5); /* fits into the chunk there is */
    assert_true(nomem_stop());
    assert_string_equal(text, "kept");
    assert_string_equal(small, "small");
    sk_arena_free(&a);
}

/* Take all that an allocation count allows, reset, and take it again: no more is needed. */
static void a_warm_arena_allocates_nothing(void **state) {
    (void)state;
    sk_arena a = {0};
    assert_non_null(sk_arena_alloc(&a, 4000));
    sk_arena_reset(&a);
    nomem_fail_from(1);
    for (int round = 0; round < 100; round++) {
        assert_non_null(sk_arena_alloc(&a, 4000));
        assert_non_null(sk_arena_printf(&a, "%d", round));
        sk_arena_reset(&a);
    }
    assert_false(nomem_stop());
    sk_arena_free(&a);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mem_gives_null),
        cmocka_unit_test(a_buffer_latches_and_keeps_what_it_has),
        cmocka_unit_test(an_arena_gives_null_and_goes_on),
        cmocka_unit_test(a_warm_arena_allocates_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
