/* The loop, its poller and the pair when there is no memory: told, nothing lost, nothing leaked. */
#include "../nomem.h"
#include "net/loop.h"
#include "net/pair.h"
#include "net/tcp.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#define ENOUGH 20 /* more than a case allocates */

static int free_descriptor(void) {
    int fd = dup(2);
    close(fd);
    return fd;
}

static void loop_is_made_or_not(void **state) {
    (void)state;
    for (sk_poller_kind kind = SK_POLLER_EPOLL; kind <= SK_POLLER_POLL; kind++) {
        int before = free_descriptor();
        int nth = 0;
        sk_loop *l;
        do {
            nomem_fail_from(++nth);
            errno = 0;
            l = sk_loop_new(kind, NULL);
            assert_int_equal(nomem_stop(), !l);
            assert_true(l || errno == ENOMEM);
            if (!l)
                assert_int_equal(free_descriptor(), before);
        } while (!l && nth < ENOUGH);
        assert_non_null(l);
        assert_true(nth > 2);
        sk_loop_free(l);
    }
}

static void ring(sk_timer *t) {
    (void)t;
}

static void timer_without_a_list_is_not_armed(void **state) {
    (void)state;
    sk_loop *l = sk_loop_new(SK_POLLER_BEST, NULL);
    assert_non_null(l);
    sk_timer a = {.fn = ring}, b = {.fn = ring};
    nomem_fail_from(1);
    assert_int_equal(sk_loop_arm(l, &a, 10), -ENOMEM);
    assert_int_equal(a.deadline, 0);
    assert_true(nomem_stop());
    assert_int_equal(sk_loop_arm(l, &a, 10), 0);
    nomem_fail_from(1);
    assert_int_equal(sk_loop_arm(l, &b, 10), 0); /* the length has a list */
    sk_loop_cancel(l, &a);
    sk_loop_cancel(l, &b);
    assert_int_equal(sk_loop_arm(l, &a, 20), 0); /* takes the empty list over */
    assert_false(nomem_happened);
    assert_int_equal(sk_loop_arm(l, &b, 30), -ENOMEM);
    assert_true(nomem_stop());
    sk_loop_cancel(l, &a);
    sk_loop_free(l);
}

/* Growing fails at any point; what was in stays in, and the next try succeeds. */
static void poll_poller_grows_or_not(void **state) {
    (void)state;
    for (int nth = 1; nth <= 3; nth++) {
        sk_poller *p = sk_poller_new(SK_POLLER_POLL);
        assert_non_null(p);
        int ends[2];
        sk_ready r[2];
        assert_int_equal(pipe(ends), 0);
        nomem_fail_from(nth);
        assert_int_equal(sk_poller_add(p, ends[1], SKUA_WANT_WRITE, NULL), -ENOMEM);
        assert_true(nomem_stop());
        assert_int_equal(sk_poller_wait(p, r, 2, 0), 0);
        assert_int_equal(sk_poller_add(p, ends[1], SKUA_WANT_WRITE, NULL), 0);
        assert_int_equal(sk_poller_wait(p, r, 2, 0), 1);
        sk_poller_free(p);
        close(ends[0]);
        close(ends[1]);
    }
}

static void pair_is_made_or_not(void **state) {
    (void)state;
    int nth = 0;
    sk_pair *p;
    do {
        nomem_fail_from(++nth);
        p = sk_pair_new(4096, NULL);
        assert_int_equal(nomem_stop(), !p);
    } while (!p && nth < ENOUGH);
    assert_int_equal(nth, 4);
    for (int i = 0; i < 2; i++) {
        skua_stream *s = sk_pair_end(p, i);
        s->ops->close(s);
    }
    sk_pair_free(p);
}

static void tcp_leaves_the_descriptor_open(void **state) {
    (void)state;
    int fd = dup(2);
    assert_true(fd >= 0);
    nomem_fail_from(1);
    assert_null(sk_tcp_new(fd));
    assert_true(nomem_stop());
    assert_int_equal(close(fd), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(loop_is_made_or_not),
        cmocka_unit_test(timer_without_a_list_is_not_armed),
        cmocka_unit_test(poll_poller_grows_or_not),
        cmocka_unit_test(pair_is_made_or_not),
        cmocka_unit_test(tcp_leaves_the_descriptor_open),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
