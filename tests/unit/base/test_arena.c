/* base/arena: blocks, large blocks, texts, and what a reset keeps. */
#include "base/arena.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void blocks_are_aligned_and_apart(void **state) {
    (void)state;
    sk_arena a = {0};
    unsigned char *blocks[300];
    for (size_t i = 0; i < 300; i++) {
        blocks[i] = sk_arena_alloc(&a, i + 1);
        assert_non_null(blocks[i]);
        assert_int_equal((uintptr_t)blocks[i] % _Alignof(max_align_t), 0);
        memset(blocks[i], (int)(i & 0xff), i + 1);
    }
    for (size_t i = 0; i < 300; i++) {
        for (size_t k = 0; k <= i; k++)
            assert_int_equal(blocks[i][k], i & 0xff);
    }
    sk_arena_free(&a);
    assert_null(a.chunks);
}

static void sizes_around_a_chunk(void **state) {
    (void)state;
    for (size_t n = 8100; n < 8300; n++) {
        sk_arena a = {0};
        char *one = sk_arena_alloc(&a, n), *two = sk_arena_alloc(&a, n);
        assert_non_null(one);
        assert_non_null(two);
        memset(one, 1, n);
        memset(two, 2, n);
        assert_int_equal(one[n - 1], 1);
        sk_arena_free(&a);
    }
}

static void a_large_block_leaves_the_small_ones_their_room(void **state) {
    (void)state;
    sk_arena a = {0};
    char *before = sk_arena_alloc(&a, 16);
    char *large = sk_arena_alloc(&a, 1000000);
    char *after = sk_arena_alloc(&a, 16);
    memset(large, 'x', 1000000);
    assert_ptr_equal(after, before + 16);
    sk_arena_free(&a);
}

static void zalloc_gives_zeros_also_in_used_memory(void **state) {
    (void)state;
    sk_arena a = {0};
    memset(sk_arena_alloc(&a, 500), 0xff, 500);
    sk_arena_reset(&a);
    unsigned char *p = sk_arena_zalloc(&a, 500);
    for (size_t i = 0; i < 500; i++)
        assert_int_equal(p[i], 0);
    sk_arena_free(&a);
}

static void texts(void **state) {
    (void)state;
    sk_arena a = {0};
    assert_string_equal(sk_arena_strndup(&a, "hello", 4), "hell");
    assert_string_equal(sk_arena_strndup(&a, NULL, 0), "");
    assert_string_equal(sk_arena_printf(&a, "%s/%d", "a", 42), "a/42");
    assert_string_equal(sk_arena_printf(&a, "%s", ""), "");
    char *wide = sk_arena_printf(&a, "%*d", 20000, 7);
    assert_int_equal(strlen(wide), 20000);
    assert_int_equal(wide[19999], '7');
    sk_arena_free(&a);
}

static void a_reset_keeps_one_chunk(void **state) {
    (void)state;
    sk_arena a = {0};
    for (int i = 0; i < 100; i++)
        assert_non_null(sk_arena_alloc(&a, 1000));
    sk_arena_alloc(&a, 100000);
    sk_arena_reset(&a);
    assert_non_null(a.chunks);
    const sk_arena_chunk *kept = a.chunks;
    for (int round = 0; round < 10; round++) {
        for (int i = 0; i < 8; i++)
            assert_non_null(sk_arena_alloc(&a, 1000));
        assert_ptr_equal(a.chunks, kept); /* no second one was made */
        sk_arena_reset(&a);
    }
    sk_arena_free(&a);
}

static void a_reset_gives_large_chunks_back(void **state) {
    (void)state;
    sk_arena a = {0};
    assert_non_null(sk_arena_alloc(&a, 100000));
    assert_non_null(sk_arena_alloc(&a, 100000));
    sk_arena_reset(&a);
    assert_null(a.chunks);
    assert_non_null(sk_arena_alloc(&a, 10));
    sk_arena_free(&a);
    sk_arena_reset(&a); /* of an empty one */
    assert_null(a.chunks);
}

static void sizes_that_cannot_be(void **state) {
    (void)state;
    sk_arena a = {0};
    assert_null(sk_arena_alloc(&a, SIZE_MAX));
    assert_null(sk_arena_alloc(&a, SIZE_MAX - 15));
    assert_null(sk_arena_zalloc(&a, (size_t)PTRDIFF_MAX + 1));
    assert_non_null(sk_arena_alloc(&a, 0));
    sk_arena_free(&a);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_are_aligned_and_apart),
        cmocka_unit_test(sizes_around_a_chunk),
        cmocka_unit_test(a_large_block_leaves_the_small_ones_their_room),
        cmocka_unit_test(zalloc_gives_zeros_also_in_used_memory),
        cmocka_unit_test(texts),
        cmocka_unit_test(a_reset_keeps_one_chunk),
        cmocka_unit_test(a_reset_gives_large_chunks_back),
        cmocka_unit_test(sizes_that_cannot_be),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
