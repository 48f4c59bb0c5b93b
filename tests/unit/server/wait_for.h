/* wait_for.h - for tests with threads: wait, within bounds, for what another one does. Include it
 * after raw_client.h. */
#ifndef SK_TEST_WAIT_FOR_H
#define SK_TEST_WAIT_FOR_H

#include <errno.h>
#include <semaphore.h>
#include <time.h>

static inline void wait_for(sem_t *s) {
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += PATIENCE_MS / 1000;
    int rc;
    while ((rc = sem_timedwait(s, &until)) != 0 && errno == EINTR)
        ;
    assert_int_equal(rc, 0);
}

#endif
