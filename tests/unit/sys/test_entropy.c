/* sys/entropy: bytes come, and others each time; a system that has none says so. */
#include "deny.h"
#include "sys/entropy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>

#include <cmocka.h>

static void every_byte_is_filled(void **state) {
    (void)state;
    unsigned char all[1000], seen[sizeof all] = {0};
    for (int round = 0; round < 20; round++) { /* a byte stays 0 in all of them once in 2^160 */
        memset(all, 0, sizeof all);
        assert_int_equal(sk_entropy_fill(all, sizeof all), 0);
        for (size_t i = 0; i < sizeof all; i++)
            seen[i] |= all[i];
    }
    assert_null(memchr(seen, 0, sizeof seen));
    assert_int_equal(sk_entropy_fill(NULL, 0), 0);
}

static void no_two_are_the_same(void **state) {
    (void)state;
    char a[16], b[16];
    assert_int_equal(sk_entropy_fill(a, sizeof a), 0);
    assert_int_equal(sk_entropy_fill(b, sizeof b), 0);
    assert_memory_not_equal(a, b, sizeof a);
}

static int refused(void *arg) {
    (void)arg;
    char a[16];
    return sk_entropy_fill(a, sizeof a) == -ENOSYS ? 0 : 1;
}

static void a_system_without(void **state) {
    (void)state;
    int rc = without_syscall(SYS_getrandom, ENOSYS, refused, NULL);
    if (rc == DENY_CANNOT)
        skip();
    assert_int_equal(rc, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_byte_is_filled),
        cmocka_unit_test(no_two_are_the_same),
        cmocka_unit_test(a_system_without),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
