/* scene.h - for tests of replies that are made elsewhere: a server with a route, a client of it,
 * and what the route's handlers and the test share. Include it after raw_client.h. */
#ifndef SK_TEST_SCENE_H
#define SK_TEST_SCENE_H

#include "running.h"
#include "wait_for.h"

#include <stdatomic.h>

#define LOOPBACK  "http://127.0.0.1:0"
#define HOST      "Host: h\r\n"
#define GET(path) "GET " path " HTTP/1.1\r\n" HOST "\r\n"

/* What the handlers of a test and the test itself share. */
typedef struct stage {
    sem_t in;   /* a handler has come so far */
    sem_t go;   /* it may go on */
    sem_t told; /* a callback was called */
    skua_reply *reply;
    skua_request *request;
    atomic_int seen;
    atomic_int code;
    char body[256];
    size_t len;
} stage;

static inline void stage_init(stage *st) {
    memset(st, 0, sizeof *st);
    sem_init(&st->in, 0, 0);
    sem_init(&st->go, 0, 0);
    sem_init(&st->told, 0, 0);
}

static inline int quick(skua_request *q, skua_reply *a, void *user) {
    (void)q;
    (void)user;
    return skua_reply_text(a, 200, "quick");
}

/* A server with a route, and a client of it. */
typedef struct scene {
    running r;
    stage st;
    raw_client c;
} scene;

static inline void open_scene(scene *s, const skua_server_opts *opts, const char *pattern,
                              const skua_route_opts *route) {
    stage_init(&s->st);
    running_make(&s->r, opts);
    assert_int_equal(skua_route(s->r.s, "/quick", quick, NULL), 0);
    assert_int_equal(skua_route_with(s->r.s, pattern, route), 0);
    running_start(&s->r, LOOPBACK, NULL);
    rc_connect(&s->c, skua_server_url(s->r.s, 0));
}

static inline void connect_again(scene *s) {
    rc_close(&s->c);
    rc_connect(&s->c, skua_server_url(s->r.s, 0));
}

static inline void close_scene(scene *s) {
    rc_close(&s->c);
    running_finish(&s->r);
}

#define ONE_WORKER SKUA_OPTS(skua_server_opts, .workers = 1)

/* A handler whose reply the test finishes. */
static inline int defer(skua_request *q, skua_reply *a, void *user) {
    stage *st = user;
    int rc = skua_reply_defer(a);
    st->reply = a;
    st->request = q;
    if (rc == 0)
        sem_post(&st->in);
    return rc;
}

#endif
