/* sys/clock.c - reading the time and reckoning with deadlines. It arms no timers: net/loop does. */
#include "sys/clock.h"

#include <limits.h>
#include <stddef.h>
#include <time.h>

int64_t sk_clock_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int64_t sk_clock_now(const skua_clock *clock) {
    return clock ? clock->now_ms(clock->user) : sk_clock_ms();
}

int64_t sk_clock_now_coarse(const skua_clock *clock) {
    if (clock)
        return clock->now_ms(clock->user);
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC_COARSE, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int64_t sk_clock_now_us(const skua_clock *clock) {
    if (clock)
        return clock->now_ms(clock->user) * 1000;
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

int64_t sk_clock_unix(void) {
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec;
}

int64_t sk_clock_unix_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int64_t sk_deadline(int64_t now, int64_t ms) {
    if (ms < 0)
        return SK_NEVER;
    return now > SK_NEVER - ms ? SK_NEVER : now + ms;
}

int sk_until(int64_t now, int64_t deadline) {
    if (deadline == SK_NEVER)
        return -1;
    if (deadline <= now)
        return 0;
    /* The clock is cut to whole milliseconds, so `now` is never later than the true time and the
     * difference never too short. */
    int64_t left = deadline - now;
    return left > INT_MAX ? INT_MAX : (int)left;
}
