/* Threads run, are joined, and leave the program's signals alone. */
#include "sys/poller.h"
#include "sys/thread.h"
#include "sys/wake.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>

#include <cmocka.h>

static void *get_mask(void *arg) {
    pthread_sigmask(SIG_BLOCK, NULL, arg);
    return NULL;
}

static void signals_go_to_the_programs_threads(void **state) {
    (void)state;
    sigset_t before, after, inside;
    pthread_sigmask(SIG_BLOCK, NULL, &before);
    sk_thread t;
    assert_int_equal(sk_thread_start(&t, get_mask, &inside), 0);
    sk_thread_join(t);
    pthread_sigmask(SIG_BLOCK, NULL, &after);

    static const int blocked[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGALRM, SIGCHLD, SIGUSR1};
    for (size_t i = 0; i < sizeof blocked / sizeof *blocked; i++) {
        assert_true(sigismember(&inside, blocked[i]));
        assert_int_equal(sigismember(&after, blocked[i]), sigismember(&before, blocked[i]));
    }
    static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
        assert_false(sigismember(&inside, faults[i]));
}

static void *set_wake(void *arg) {
    sk_wake_set(arg);
    return NULL;
}

static void detached_thread_runs(void **state) {
    (void)state;
    static sk_wake done;
    assert_int_equal(sk_wake_init(&done), 0);
    assert_int_equal(sk_thread_start_detached(set_wake, &done), 0);
    assert_int_equal(sk_poll_one(done.read_fd, SKUA_WANT_READ, 10000, NULL), 0);
    sk_wake_clear(&done); /* what orders the close behind the thread's write */
    sk_wake_close(&done);
}

typedef struct counter {
    sk_mutex lock;
    int value;
} counter;

static void *count(void *arg) {
    counter *c = arg;
    for (int i = 0; i < 10000; i++) {
        sk_mutex_lock(&c->lock);
        c->value++;
        sk_mutex_unlock(&c->lock);
    }
    return NULL;
}

static void lock_keeps_others_out(void **state) {
    (void)state;
    counter c = {.value = 0};
    assert_int_equal(sk_mutex_init(&c.lock), 0);
    sk_thread t[4];
    for (int i = 0; i < 4; i++)
        assert_int_equal(sk_thread_start(&t[i], count, &c), 0);
    for (int i = 0; i < 4; i++)
        sk_thread_join(t[i]);
    assert_int_equal(c.value, 40000);
    sk_mutex_free(&c.lock);
}

static void there_is_a_processor(void **state) {
    (void)state;
    assert_in_range(sk_thread_cpus(), 1, 65536);
}

static bool is_pending(void) {
    sigset_t set;
    sigpending(&set);
    return sigismember(&set, SIGPIPE) == 1;
}

static void sigpipe_is_held_back_and_dropped(void **state) {
    (void)state;
    sk_sigpipe before;
    sigset_t mask;
    sk_sigpipe_hold(&before);
    assert_int_equal(pthread_kill(pthread_self(), SIGPIPE), 0);
    assert_true(is_pending());
    sk_sigpipe_let_go(&before);
    assert_false(is_pending());
    pthread_sigmask(SIG_BLOCK, NULL, &mask);
    assert_false(sigismember(&mask, SIGPIPE));
}

/* One that the program has kept for itself stays. */
static void a_sigpipe_of_before_stays(void **state) {
    (void)state;
    sk_sigpipe outer, inner;
    sk_sigpipe_hold(&outer);
    assert_int_equal(pthread_kill(pthread_self(), SIGPIPE), 0);
    sk_sigpipe_hold(&inner);
    sk_sigpipe_let_go(&inner);
    assert_true(is_pending());
    sk_sigpipe_let_go(&outer);
    assert_false(is_pending());
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signals_go_to_the_programs_threads),
        cmocka_unit_test(detached_thread_runs),
        cmocka_unit_test(lock_keeps_others_out),
        cmocka_unit_test(there_is_a_processor),
        cmocka_unit_test(sigpipe_is_held_back_and_dropped),
        cmocka_unit_test(a_sigpipe_of_before_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
