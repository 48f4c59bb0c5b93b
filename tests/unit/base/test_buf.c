/* base/buf: appending, taking, growing, and the latch. */
#include "base/buf.h"
#include "base/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static void assert_content(const sk_buf *b, const char *text) {
    assert_true(sk_str_eq(sk_buf_str(b), sk_str(text)));
    assert_int_equal(sk_buf_len(b), strlen(text));
}

static void a_new_buffer_is_empty(void **state) {
    (void)state;
    sk_buf b = {0};
    assert_int_equal(sk_buf_len(&b), 0);
    sk_buf_append(&b, NULL, 0);
    sk_buf_consume(&b, 0);
    sk_buf_consume(&b, 10);
    assert_null(b.data);
    assert_false(b.failed);
    sk_buf_free(&b);
}

static void reserving_nothing_is_no_failure(void **state) {
    (void)state;
    sk_buf b = {0};
    assert_non_null(sk_buf_reserve(&b, 0));
    assert_false(b.failed);
    sk_buf_free(&b);
}

static void appends(void **state) {
    (void)state;
    sk_buf b = {0};
    sk_buf_append(&b, "GET ", 4);
    sk_buf_append_str(&b, SK_LIT("/x "));
    sk_buf_append_uint(&b, 0);
    sk_buf_append(&b, " ", 1);
    sk_buf_append_uint(&b, UINT64_MAX);
    sk_buf_append(&b, " ", 1);
    sk_buf_append_hex(&b, 0);
    sk_buf_append(&b, " ", 1);
    sk_buf_append_hex(&b, UINT64_MAX);
    sk_buf_append(&b, " ", 1);
    sk_buf_append_hex(&b, 0x1a0);
    sk_buf_printf(&b, " %s=%d", "n", -5);
    assert_content(&b, "GET /x 0 18446744073709551615 0 ffffffffffffffff 1a0 n=-5");
    sk_buf_free(&b);
    assert_null(b.data);
    sk_buf_append(&b, "again", 5);
    assert_content(&b, "again");
    sk_buf_free(&b);
}

static void numbers_at_each_power_of_ten(void **state) {
    (void)state;
    uint64_t v = 1;
    for (int i = 0; i < 20; i++, v *= 10) {
        char below[32], exact[32];
        snprintf(below, sizeof below, "%llu", (unsigned long long)(v - 1));
        snprintf(exact, sizeof exact, "%llu", (unsigned long long)v);
        sk_buf b = {0};
        sk_buf_append_uint(&b, v - 1);
        assert_content(&b, below);
        sk_buf_clear(&b);
        sk_buf_append_uint(&b, v);
        assert_content(&b, exact);
        sk_buf_free(&b);
    }
}

static void printf_of_every_length_around_the_room(void **state) {
    (void)state;
    for (int n = 0; n < 600; n++) {
        sk_buf b = {0};
        sk_buf_append(&b, "ab", 2);
        sk_buf_printf(&b, "%*s", n, "");
        assert_int_equal(sk_buf_len(&b), 2 + n);
        sk_buf_append(&b, "!", 1);
        assert_int_equal(sk_buf_head(&b)[2 + n], '!');
        sk_buf_free(&b);
    }
}

static void consuming(void **state) {
    (void)state;
    sk_buf b = {0};
    sk_buf_append(&b, "abcdef", 6);
    sk_buf_consume(&b, 2);
    assert_content(&b, "cdef");
    sk_buf_truncate(&b, 3);
    assert_content(&b, "cde");
    sk_buf_consume(&b, 3);
    assert_int_equal(sk_buf_len(&b), 0);
    assert_int_equal(b.start, 0); /* begins anew */
    sk_buf_append(&b, "xy", 2);
    sk_buf_consume(&b, 100);
    assert_int_equal(sk_buf_len(&b), 0);
    sk_buf_free(&b);
}

static void reserve_then_commit(void **state) {
    (void)state;
    sk_buf b = {0};
    char *to = sk_buf_reserve(&b, 100);
    memcpy(to, "0123456789", 10);
    sk_buf_commit(&b, 10);
    assert_content(&b, "0123456789");
    assert_ptr_equal(sk_buf_reserve(&b, 90), to + 10); /* there already */
    sk_buf_free(&b);
}

static void taken_room_is_used_again(void **state) {
    (void)state;
    sk_buf b = {0};
    char *first = sk_buf_reserve(&b, 200);
    memset(first, 'x', 200);
    sk_buf_commit(&b, 200);
    uint32_t cap = b.cap;
    for (int i = 0; i < 1000; i++) {
        sk_buf_consume(&b, 150);
        memset(sk_buf_reserve(&b, 150), 'y', 150);
        sk_buf_commit(&b, 150);
    }
    assert_int_equal(b.cap, cap);
    assert_int_equal(sk_buf_len(&b), 200);
    sk_buf_free(&b);
}

/* A queue that fills as fast as it drains: the order holds, and memory stays within a small
 * multiple of what it holds. */
static void a_long_queue_stays_in_order(void **state) {
    (void)state;
    sk_buf b = {0};
    uint32_t in = 0, out = 0;
    for (int i = 0; i < 20000; i++) {
        sk_buf_append(&b, &in, sizeof in);
        in++;
    }
    for (int i = 0; i < 200000; i++) {
        uint32_t v;
        memcpy(&v, sk_buf_head(&b), sizeof v);
        assert_int_equal(v, out);
        out++;
        sk_buf_consume(&b, sizeof v);
        sk_buf_append(&b, &in, sizeof in);
        in++;
    }
    assert_false(b.failed);
    assert_int_equal(sk_buf_len(&b), 80000);
    assert_true(b.cap <= 4 * 80000 + 4096);
    sk_buf_free(&b);
}

static void too_much_latches(void **state) {
    (void)state;
    const size_t sizes[] = {(size_t)1 << 31, ((size_t)1 << 31) + 1, UINT32_MAX, SIZE_MAX};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        sk_buf b = {0};
        sk_buf_append(&b, "keep", 4);
        assert_null(sk_buf_reserve(&b, sizes[i]));
        assert_true(b.failed);
        sk_buf_append(&b, "lost", 4);
        sk_buf_append_uint(&b, 1);
        sk_buf_append_hex(&b, 1);
        sk_buf_printf(&b, "%d", 1);
        assert_null(sk_buf_reserve(&b, 1));
        assert_content(&b, "keep");
        sk_buf_clear(&b);
        assert_false(b.failed);
        sk_buf_append(&b, "new", 3);
        assert_content(&b, "new");
        sk_buf_free(&b);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_buffer_is_empty),
        cmocka_unit_test(reserving_nothing_is_no_failure),
        cmocka_unit_test(appends),
        cmocka_unit_test(numbers_at_each_power_of_ten),
        cmocka_unit_test(printf_of_every_length_around_the_room),
        cmocka_unit_test(consuming),
        cmocka_unit_test(reserve_then_commit),
        cmocka_unit_test(taken_room_is_used_again),
        cmocka_unit_test(a_long_queue_stays_in_order),
        cmocka_unit_test(too_much_latches),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
