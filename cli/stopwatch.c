/* stopwatch.c - the time that passes. */
#include "stopwatch.h"

#include <time.h>

double cli_now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

void cli_sleep_ms(int64_t ms) {
    if (ms <= 0)
        return;
    struct timespec wait = {ms / 1000, (long)(ms % 1000) * 1000000};
    nanosleep(&wait, NULL);
}
