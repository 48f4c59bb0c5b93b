/* Time and deadlines: the edges at which arithmetic could overflow or a wait end early. */
#include "sys/clock.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void clock_does_not_go_back(void **state) {
    (void)state;
    int64_t last = sk_clock_ms();
    assert_true(last > 0);
    for (int i = 0; i < 1000; i++) {
        int64_t now = sk_clock_ms();
        assert_true(now >= last);
        last = now;
    }
}

static int64_t fixed(void *user) {
    return *(int64_t *)user;
}

static void clock_may_be_brought_along(void **state) {
    (void)state;
    int64_t time = 42;
    const skua_clock clock = {.now_ms = fixed, .user = &time};
    assert_int_equal(sk_clock_now(&clock), 42);
    int64_t before = sk_clock_ms();
    assert_in_range((uintmax_t)sk_clock_now(NULL), (uintmax_t)before, (uintmax_t)before + 60000);
    assert_int_equal(sk_clock_now_us(&clock), 42000);
    int64_t us = sk_clock_now_us(NULL);
    assert_in_range((uintmax_t)us, (uintmax_t)before * 1000, (uintmax_t)us + 60000000);
}

static void unix_time_is_of_this_century(void **state) {
    (void)state;
    assert_in_range((uintmax_t)sk_clock_unix(), 1700000000, 4102444800);
}

static void deadline_never_overflows(void **state) {
    (void)state;
    assert_true(sk_deadline(100, 50) == 150);
    assert_true(sk_deadline(100, 0) == 100);
    assert_true(sk_deadline(100, SKUA_FOREVER) == SK_NEVER);
    assert_true(sk_deadline(100, INT64_MAX) == SK_NEVER);
    assert_true(sk_deadline(INT64_MAX - 5, 6) == SK_NEVER);
    assert_true(sk_deadline(INT64_MAX - 5, 4) == INT64_MAX - 1);
    assert_true(sk_earlier(sk_deadline(1, 1), SK_NEVER) == 2);
}

static void until_fits_poll(void **state) {
    (void)state;
    assert_int_equal(sk_until(100, SK_NEVER), -1);
    assert_int_equal(sk_until(100, 100), 0);
    assert_int_equal(sk_until(100, 99), 0);
    assert_int_equal(sk_until(100, 101), 1);
    assert_int_equal(sk_until(0, (int64_t)INT_MAX + 1000), INT_MAX);
    assert_int_equal(sk_until(0, INT64_MIN), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(clock_does_not_go_back),
        cmocka_unit_test(clock_may_be_brought_along),
        cmocka_unit_test(unix_time_is_of_this_century),
        cmocka_unit_test(deadline_never_overflows),
        cmocka_unit_test(until_fits_poll),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
