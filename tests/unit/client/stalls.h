/* stalls.h - for tests of time-outs by the true clock, on a machine that may stand still. */
#ifndef SK_TEST_STALLS_H
#define SK_TEST_STALLS_H

#include "script.h"
#include "sys/clock.h"

/* Where a stall lasts longer than a short time-out, that ends what comes before the phase it is to
 * end. So a case that is not met is tried again, at most twice, each time with four times as long.
 */
static inline void stalls_endure(bool (*met)(const void *user, int64_t ms), const void *user,
                                 int64_t ms) {
    for (int tries = 1; !met(user, ms); tries++, ms *= 4) {
        print_message("not met with %d ms\n", (int)ms);
        assert_in_range(tries, 1, 2);
    }
}

/* Options with this one of their times set. */
static inline skua_conn_opts stalls_opts(size_t at, int64_t ms) {
    skua_conn_opts o = {.size = sizeof o};
    memcpy((char *)&o + at, &ms, sizeof ms);
    return o;
}

/* That it is not sooner over is certain; it may be later, but for another reason not be. */
static inline bool stalls_took(int64_t began, int64_t ms) {
    int64_t took = sk_clock_ms() - began;
    assert_true(took >= ms);
    return took < ms + 1000;
}

#endif
