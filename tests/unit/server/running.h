/* running.h - for tests of the server over loopback: a server that runs in a thread. Include it
 * after raw_client.h. */
#ifndef SK_TEST_RUNNING_H
#define SK_TEST_RUNNING_H

#include "sys/thread.h"

typedef struct running {
    skua_server *s;
    sk_thread thread;
    skua_error err;
    int rc;
} running;

static inline void *running_thread(void *arg) {
    running *r = arg;
    r->rc = skua_server_run(r->s, &r->err);
    return NULL;
}

/* Make the server: routes can be added. */
static inline void running_make(running *r, const skua_server_opts *opts) {
    *r = (running){0};
    r->s = skua_server_new(opts, &r->err);
    assert_non_null(r->s);
}

static inline void running_start(running *r, const char *where, const skua_tls_opts *tls) {
    assert_int_equal(skua_server_listen(r->s, where, tls), 0);
    assert_int_equal(sk_thread_start(&r->thread, running_thread, r), 0);
}

/* Stop it, and wait until it has. */
static inline void running_stop(running *r) {
    skua_server_stop(r->s);
    sk_thread_join(r->thread);
    assert_int_equal(r->rc, 0);
}

static inline void running_finish(running *r) {
    running_stop(r);
    skua_server_free(r->s);
}

#endif
