/* server/pool.h - threads for what may block: as many as are needed at one time, up to a bound, and
 * a queue before them with a bound of its own. */
#ifndef SK_SERVER_POOL_H
#define SK_SERVER_POOL_H

#include <stdbool.h>
#include <stdint.h>

/* Something to be done; embed it. */
typedef struct sk_job {
    void (*fn)(struct sk_job *j);
    struct sk_job *next;
} sk_job;

typedef struct sk_pool sk_pool;

/* NULL: no memory. */
sk_pool *sk_pool_new(uint32_t threads_max, uint32_t queue_max);
/* Have j->fn(j) called in a thread of the pool. Any thread. 0; SKUA_E_STATE: the queue is full;
 * SKUA_E_OS: there is no thread, and none can be had. */
int sk_pool_submit(sk_pool *p, sk_job *j);
/* Waits until all that was submitted is done. NULL is fine. */
void sk_pool_free(sk_pool *p);

#endif
