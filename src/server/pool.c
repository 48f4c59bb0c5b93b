/* server/pool.c - threads for what may block. One is started where a job finds all others at work;
 * they end with the pool. */
#include "server/pool.h"

#include "base/mem.h"
#include "sys/thread.h"

#include <skua/error.h>

struct sk_pool {
    sk_mutex lock;
    sk_cond work; /* there is a job, or the end */
    sk_job *first;
    sk_job **last;
    uint32_t queued;
    uint32_t queue_max;
    uint32_t idle;
    uint32_t started;
    uint32_t threads_max;
    bool ending;
    sk_thread threads[];
};

static sk_job *next_job(sk_pool *p) {
    p->idle++;
    while (!p->first && !p->ending)
        sk_cond_wait(&p->work, &p->lock);
    p->idle--;
    sk_job *j = p->first;
    if (!j)
        return NULL;
    p->first = j->next;
    if (!p->first)
        p->last = &p->first;
    p->queued--;
    return j;
}

static void *work(void *arg) {
    sk_pool *p = arg;
    sk_mutex_lock(&p->lock);
    for (sk_job *j; (j = next_job(p)) != NULL;) {
        sk_mutex_unlock(&p->lock);
        j->fn(j);
        sk_mutex_lock(&p->lock);
    }
    sk_mutex_unlock(&p->lock);
    return NULL;
}

sk_pool *sk_pool_new(uint32_t threads_max, uint32_t queue_max) {
    sk_pool *p = sk_zalloc(sizeof *p + threads_max * sizeof p->threads[0]);
    if (!p)
        return NULL;
    p->last = &p->first;
    p->threads_max = threads_max;
    p->queue_max = queue_max;
    if (sk_mutex_init(&p->lock) == 0) {
        if (sk_cond_init(&p->work) == 0)
            return p;
        sk_mutex_free(&p->lock);
    }
    sk_free(p);
    return NULL;
}

/* With the lock held. Is there, or will there be, a thread for one more job? */
static bool has_thread(sk_pool *p) {
    if (p->idle > p->queued || p->started == p->threads_max)
        return true;
    if (sk_thread_start(&p->threads[p->started], work, p) == 0)
        p->started++;
    return p->started > 0;
}

int sk_pool_submit(sk_pool *p, sk_job *j) {
    j->next = NULL;
    sk_mutex_lock(&p->lock);
    int rc = p->queued >= p->queue_max ? SKUA_E_STATE : has_thread(p) ? 0 : SKUA_E_OS;
    if (rc == 0) {
        *p->last = j;
        p->last = &j->next;
        p->queued++;
        sk_cond_tell_one(&p->work);
    }
    sk_mutex_unlock(&p->lock);
    return rc;
}

void sk_pool_free(sk_pool *p) {
    if (!p)
        return;
    sk_mutex_lock(&p->lock);
    p->ending = true;
    sk_cond_tell_all(&p->work);
    sk_mutex_unlock(&p->lock);
    for (uint32_t i = 0; i < p->started; i++)
        sk_thread_join(p->threads[i]);
    sk_cond_free(&p->work);
    sk_mutex_free(&p->lock);
    sk_free(p);
}
