/* Both kinds of poller do the same: each case runs over epoll and over poll. */
#include "../alarms.h"
#include "sys/clock.h"
#include "sys/poller.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define PATIENCE_MS 10000
#define BOTH        (SKUA_WANT_READ | SKUA_WANT_WRITE)

static const sk_poller_kind kinds[] = {SK_POLLER_EPOLL, SK_POLLER_POLL, SK_POLLER_BEST};

#define EACH_KIND(p)                                                                               \
    for (size_t kind_ = 0; kind_ < sizeof kinds / sizeof *kinds; kind_++)                          \
        for (sk_poller *p = sk_poller_new(kinds[kind_]); p; sk_poller_free(p), p = NULL)

static void socket_pair(int ends[2]) {
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
}

static void every_kind_can_be_made(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        sk_poller *p = sk_poller_new(kinds[i]);
        assert_non_null(p);
        assert_int_equal(sk_poller_fd(p) >= 0, kinds[i] != SK_POLLER_POLL);
        sk_poller_free(p);
    }
    sk_poller_free(NULL);
}

static void tells_what_is_ready(void **state) {
    (void)state;
    EACH_KIND(p) {
        int ends[2];
        char tag, byte;
        sk_ready r[4];
        socket_pair(ends);
        assert_int_equal(sk_poller_add(p, ends[0], SKUA_WANT_READ, &tag), 0);
        assert_int_equal(sk_poller_wait(p, r, 4, 0), 0);
        assert_int_equal(write(ends[1], "x", 1), 1);
        for (int i = 0; i < 2; i++) { /* level-triggered: told again */
            assert_int_equal(sk_poller_wait(p, r, 4, PATIENCE_MS), 1);
            assert_ptr_equal(r[0].user, &tag);
            assert_int_equal(r[0].events, SKUA_WANT_READ);
        }
        assert_int_equal(sk_poller_modify(p, ends[0], BOTH, &byte), 0);
        assert_int_equal(sk_poller_wait(p, r, 4, PATIENCE_MS), 1);
        assert_ptr_equal(r[0].user, &byte);
        assert_int_equal(r[0].events, BOTH);
        assert_int_equal(read(ends[0], &byte, 1), 1);
        assert_int_equal(sk_poller_wait(p, r, 4, PATIENCE_MS), 1);
        assert_int_equal(r[0].events, SKUA_WANT_WRITE);
        assert_int_equal(sk_poller_remove(p, ends[0]), 0);
        assert_int_equal(sk_poller_remove(p, ends[0]), 0);
        assert_int_equal(sk_poller_wait(p, r, 4, 0), 0);
        close(ends[0]);
        close(ends[1]);
    }
}

static void one_of_many_can_pause(void **state) {
    (void)state;
    EACH_KIND(p) {
        const unsigned wanted = SKUA_WANT_READ | SK_POLLER_ONE_OF_MANY;
        int ends[2];
        char tag;
        sk_ready r[4];
        socket_pair(ends);
        assert_int_equal(sk_poller_add(p, ends[0], wanted, &tag), 0);
        assert_int_equal(write(ends[1], "x", 1), 1);
        for (int i = 0; i < 2; i++) {
            assert_int_equal(sk_poller_wait(p, r, 4, PATIENCE_MS), 1);
            assert_int_equal(r[0].events, SKUA_WANT_READ);
            assert_int_equal(sk_poller_modify(p, ends[0], 0, &tag), 0);
            assert_int_equal(sk_poller_wait(p, r, 4, 0), 0);
            assert_int_equal(sk_poller_modify(p, ends[0], wanted, &tag), 0);
        }
        assert_int_equal(sk_poller_remove(p, ends[0]), 0);
        close(ends[0]);
        close(ends[1]);
    }
}

static void hang_up_shows_as_both(void **state) {
    (void)state;
    EACH_KIND(p) {
        int ends[2];
        sk_ready r[4];
        socket_pair(ends);
        assert_int_equal(sk_poller_add(p, ends[0], SKUA_WANT_READ, NULL), 0);
        close(ends[1]);
        assert_int_equal(sk_poller_wait(p, r, 4, PATIENCE_MS), 1);
        assert_int_equal(r[0].events, BOTH);
        sk_poller_remove(p, ends[0]);
        close(ends[0]);
    }
}

static void who_wants_nothing_is_told_nothing(void **state) {
    (void)state;
    EACH_KIND(p) {
        int zero[2], later[2];
        sk_ready r[4];
        socket_pair(zero);
        socket_pair(later);
        assert_int_equal(sk_poller_add(p, zero[0], 0, NULL), 0);
        assert_int_equal(sk_poller_add(p, later[0], SKUA_WANT_READ, NULL), 0);
        assert_int_equal(sk_poller_modify(p, later[0], 0, NULL), 0);
        assert_int_equal(sk_poller_modify(p, later[0], 0, NULL), 0);
        close(zero[1]);
        close(later[1]);
        assert_int_equal(sk_poller_wait(p, r, 4, 0), 0);
        assert_int_equal(sk_poller_modify(p, zero[0], SKUA_WANT_READ, &zero), 0);
        assert_int_equal(sk_poller_wait(p, r, 4, PATIENCE_MS), 1);
        assert_ptr_equal(r[0].user, &zero);
        sk_poller_remove(p, zero[0]);
        sk_poller_remove(p, later[0]);
        close(zero[0]);
        close(later[0]);
    }
}

static void bad_descriptors_are_refused(void **state) {
    (void)state;
    EACH_KIND(p) {
        int ends[2];
        socket_pair(ends);
        assert_int_equal(sk_poller_add(p, -1, SKUA_WANT_READ, NULL), -EBADF);
        assert_int_equal(sk_poller_add(p, ends[0], SKUA_WANT_READ, NULL), 0);
        assert_int_equal(sk_poller_add(p, ends[0], SKUA_WANT_READ, NULL), -EEXIST);
        close(ends[0]);
        close(ends[1]);
    }
}

#define MANY 40

/* With fewer places than descriptors that are ready, all must come up in turn. */
static void none_is_passed_over_for_ever(void **state) {
    (void)state;
    EACH_KIND(p) {
        int ends[MANY][2];
        bool seen[MANY] = {false};
        for (int i = 0; i < MANY; i++) {
            socket_pair(ends[i]);
            assert_int_equal(sk_poller_add(p, ends[i][0], SKUA_WANT_WRITE, &seen[i]), 0);
        }
        for (int round = 0; round < MANY; round++) {
            sk_ready r[3];
            assert_int_equal(sk_poller_wait(p, r, 3, PATIENCE_MS), 3);
            for (int i = 0; i < 3; i++)
                *(bool *)r[i].user = true;
        }
        for (int i = 0; i < MANY; i++) {
            assert_true(seen[i]);
            sk_poller_remove(p, ends[i][0]);
            close(ends[i][0]);
            close(ends[i][1]);
        }
    }
}

/* The packed array of the poll kind must keep its index right while its members come and go. */
static void members_come_and_go(void **state) {
    (void)state;
    EACH_KIND(p) {
        int ends[MANY][2];
        sk_ready r[MANY];
        for (int i = 0; i < MANY; i++) {
            socket_pair(ends[i]);
            assert_int_equal(sk_poller_add(p, ends[i][0], SKUA_WANT_WRITE, &ends[i]), 0);
        }
        for (int i = 0; i < MANY; i += 2)
            assert_int_equal(sk_poller_remove(p, ends[i][0]), 0);
        for (int i = 1; i < MANY; i += 4)
            assert_int_equal(sk_poller_modify(p, ends[i][0], 0, &ends[i]), 0);
        assert_int_equal(sk_poller_wait(p, r, MANY, PATIENCE_MS), MANY / 4);
        for (int i = 0; i < MANY / 4; i++)
            assert_int_equal(((int(*)[2])r[i].user - ends) % 4, 3);
        for (int i = 0; i < MANY; i++) {
            sk_poller_remove(p, ends[i][0]);
            close(ends[i][0]);
            close(ends[i][1]);
        }
        assert_int_equal(sk_poller_wait(p, r, MANY, 0), 0);
    }
}

static void poller_fd_is_readable_when_another_is(void **state) {
    (void)state;
    sk_poller *p = sk_poller_new(SK_POLLER_EPOLL);
    int ends[2];
    socket_pair(ends);
    assert_int_equal(sk_poller_add(p, ends[0], SKUA_WANT_READ, NULL), 0);
    assert_int_equal(sk_poll_one(sk_poller_fd(p), SKUA_WANT_READ, 0, NULL), SKUA_E_TIMEOUT);
    assert_int_equal(write(ends[1], "x", 1), 1);
    assert_int_equal(sk_poll_one(sk_poller_fd(p), SKUA_WANT_READ, PATIENCE_MS, NULL), 0);
    sk_poller_free(p);
    close(ends[0]);
    close(ends[1]);
}

static void interruption_is_no_error(void **state) {
    (void)state;
    alarms(true);
    EACH_KIND(p) {
        sk_ready r[4];
        assert_int_equal(sk_poller_wait(p, r, 4, PATIENCE_MS), 0);
    }
    alarms(false);
}

static void one_waits_its_time_in_spite_of_interruptions(void **state) {
    (void)state;
    int ends[2];
    socket_pair(ends);
    skua_error err;
    alarms(true);
    int64_t before = sk_clock_ms();
    int rc = sk_poll_one(ends[0], SKUA_WANT_READ, 40, &err);
    int64_t took = sk_clock_ms() - before;
    alarms(false);
    assert_int_equal(rc, SKUA_E_TIMEOUT);
    assert_int_equal(err.code, SKUA_E_TIMEOUT);
    assert_string_equal(err.msg, "timed out");
    assert_in_range((uintmax_t)took, 40, PATIENCE_MS);
    close(ends[0]);
    close(ends[1]);
}

static void one_is_told_of_readiness_and_hang_up(void **state) {
    (void)state;
    int ends[2];
    socket_pair(ends);
    assert_int_equal(sk_poll_one(ends[0], SKUA_WANT_READ, 0, NULL), SKUA_E_TIMEOUT);
    assert_int_equal(sk_poll_one(ends[0], SKUA_WANT_WRITE, -1, NULL), 0);
    assert_int_equal(sk_poll_one(ends[0], BOTH, -1, NULL), 0);
    close(ends[1]);
    assert_int_equal(sk_poll_one(ends[0], SKUA_WANT_READ, -1, NULL), 0);
    close(ends[0]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_can_be_made),
        cmocka_unit_test(tells_what_is_ready),
        cmocka_unit_test(one_of_many_can_pause),
        cmocka_unit_test(hang_up_shows_as_both),
        cmocka_unit_test(who_wants_nothing_is_told_nothing),
        cmocka_unit_test(bad_descriptors_are_refused),
        cmocka_unit_test(none_is_passed_over_for_ever),
        cmocka_unit_test(members_come_and_go),
        cmocka_unit_test(poller_fd_is_readable_when_another_is),
        cmocka_unit_test(interruption_is_no_error),
        cmocka_unit_test(one_waits_its_time_in_spite_of_interruptions),
        cmocka_unit_test(one_is_told_of_readiness_and_hang_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
