/* A set makes the descriptor readable until it is cleared, whatever carries it. */
#include "deny.h"
#include "sys/poller.h"
#include "sys/wake.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <sys/syscall.h>

#include <cmocka.h>

static bool is_set(const sk_wake *w) {
    return sk_poll_one(w->read_fd, SKUA_WANT_READ, 0, NULL) == 0;
}

/* 0, or the number of the step that went wrong. */
static int walk_through(void *is_pipe) {
    sk_wake w;
    if (sk_wake_init(&w) != 0)
        return 1;
    if ((w.read_fd != w.write_fd) != *(bool *)is_pipe)
        return 2;
    if (is_set(&w))
        return 3;
    sk_wake_clear(&w);
    sk_wake_set(&w);
    if (!is_set(&w))
        return 4;
    for (int i = 0; i < 100000; i++)
        sk_wake_set(&w); /* fills the pipe, and must not block */
    sk_wake_clear(&w);
    if (is_set(&w))
        return 5;
    sk_wake_set(&w);
    if (!is_set(&w))
        return 6;
    sk_wake_close(&w);
    sk_wake_close(&w);
    return w.read_fd == -1 && w.write_fd == -1 ? 0 : 7;
}

static void eventfd_is_set_and_cleared(void **state) {
    (void)state;
    bool is_pipe = false;
    assert_int_equal(walk_through(&is_pipe), 0);
}

static void pipe_stands_in_for_eventfd(void **state) {
    (void)state;
    bool is_pipe = true;
    int rc = without_syscall(SYS_eventfd2, ENOSYS, walk_through, &is_pipe);
    if (rc == DENY_CANNOT)
        skip();
    assert_int_equal(rc, 0);
}

static sk_wake signalled;

static void on_signal(int number) {
    (void)number;
    sk_wake_set(&signalled);
}

static void signal_handler_may_set(void **state) {
    (void)state;
    assert_int_equal(sk_wake_init(&signalled), 0);
    struct sigaction before, action = {.sa_handler = on_signal};
    assert_int_equal(sigaction(SIGUSR1, &action, &before), 0);
    errno = EILSEQ;
    raise(SIGUSR1);
    assert_int_equal(errno, EILSEQ);
    assert_true(is_set(&signalled));
    sigaction(SIGUSR1, &before, NULL);
    sk_wake_close(&signalled);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(eventfd_is_set_and_cleared),
        cmocka_unit_test(pipe_stands_in_for_eventfd),
        cmocka_unit_test(signal_handler_may_set),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
