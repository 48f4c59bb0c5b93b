/* alarms.h - for tests of calls that signals interrupt. */
#ifndef SK_TEST_ALARMS_H
#define SK_TEST_ALARMS_H

#include <signal.h>
#include <stdbool.h>
#include <sys/time.h>

static inline void alarms_ignore(int number) {
    (void)number;
}

/* One SIGALRM after 5 ms, and then every 5 ms, until told to stop. */
static inline void alarms(bool on) {
    const struct sigaction action = {.sa_handler = on ? alarms_ignore : SIG_DFL};
    const struct timeval every = {.tv_usec = on ? 5000 : 0};
    const struct itimerval timer = {.it_interval = every, .it_value = every};
    if (on)
        sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &timer, NULL);
    if (!on)
        sigaction(SIGALRM, &action, NULL);
}

#endif
