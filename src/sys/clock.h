/* sys/clock.h - the time. */
#ifndef SK_SYS_CLOCK_H
#define SK_SYS_CLOCK_H

#include <skua/types.h>

#define SK_NEVER INT64_MAX

/* The monotonic clock, in milliseconds. */
int64_t sk_clock_ms(void);
/* The same, through a clock that may be NULL. */
int64_t sk_clock_now(const skua_clock *clock);
/* The same within some milliseconds (the system's tick), and never ahead of it, for a fraction of
 * the cost. */
int64_t sk_clock_now_coarse(const skua_clock *clock);
/* In microseconds, for measuring; a clock that is given knows only milliseconds. */
int64_t sk_clock_now_us(const skua_clock *clock);
/* Seconds since 1970. */
int64_t sk_clock_unix(void);
/* Milliseconds since 1970. */
int64_t sk_clock_unix_ms(void);
/* now + ms, where ms < 0 (SKUA_FOREVER) is SK_NEVER; never overflows. */
int64_t sk_deadline(int64_t now, int64_t ms);
/* The earlier. */
static inline int64_t sk_earlier(int64_t a, int64_t b) {
    return a < b ? a : b;
}
/* What is left until the deadline as a time-out for poll: -1 for SK_NEVER, 0 when it has passed,
 * rounded so that waiting for it never ends early. */
int sk_until(int64_t now, int64_t deadline);

#endif
