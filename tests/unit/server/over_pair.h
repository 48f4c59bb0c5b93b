/* over_pair.h - for tests of the server: one connection over the in-memory pair, with a manual
 * clock. The test is the client. Include it after the C headers and cmocka.h. */
#ifndef SK_TEST_OVER_PAIR_H
#define SK_TEST_OVER_PAIR_H

#include "base/str.h"
#include "net/pair.h"
#include "server/conn.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define OVER_PAIR_TURNS 10000

typedef struct over_pair {
    sk_manual_clock clock;
    skua_clock face;
    sk_server_settings settings;
    sk_router *router;
    sk_worker *worker;
    sk_pair *pair;
    skua_stream *client;
    sk_sconn *conn; /* see op_is_open */
    sk_buf heard;   /* what the client has read */
    bool ended;     /* the server has ended its direction */
    bool (*rest)(
        void); /* wait until other threads wait: has one of them run? NULL: there are none */
} over_pair;

static inline void op_init(over_pair *p) {
    *p = (over_pair){.clock = {.now_ms = 1000}};
    p->face = sk_manual_clock_face(&p->clock);
    p->router = sk_router_new();
    p->settings = (sk_server_settings){
        .limits = {.line_max = 1024, .block_max = 4096, .fields_max = 20, .chunk_line_max = 64},
        .header_ms = 10000,
        .body_ms = 30000,
        .write_ms = 20000,
        .idle_ms = 75000,
        .tls_ms = 10000,
        .body_max = 100000,
        .clock = &p->face,
        .router = p->router,
    };
}

static inline int op_route(over_pair *p, const char *pattern, skua_handler_fn *fn, void *user) {
    const char *what;
    return sk_router_add(p->router, pattern, &(sk_route){.fn = fn, .user = user}, &what);
}

/* Connect. False: no memory. */
static inline bool op_connect(over_pair *p, size_t capacity) {
    if (!p->worker)
        p->worker = sk_worker_new(&p->settings, NULL);
    p->pair = p->worker ? sk_pair_new(capacity, &p->clock) : NULL;
    if (!p->pair)
        return false;
    p->client = sk_pair_end(p->pair, 0);
    p->conn = sk_sconn_open_stream(p->worker, sk_pair_end(p->pair, 1));
    p->ended = false;
    sk_buf_clear(&p->heard);
    return p->conn != NULL;
}

static inline bool op_is_open(const over_pair *p) {
    return !sk_list_empty(&p->worker->conns);
}

static inline void op_turn(over_pair *p) {
    if (!op_is_open(p))
        return;
    sk_session_readable(&p->conn->session);
    sk_sconn_turn(p->conn);
}

static inline bool op_listen(over_pair *p) {
    bool any = false;
    char *to;
    ptrdiff_t n = 0;
    while ((to = sk_buf_reserve(&p->heard, 4096)) != NULL &&
           (n = p->client->ops->read(p->client, to, 4096, NULL)) > 0) {
        sk_buf_commit(&p->heard, (size_t)n);
        any = true;
    }
    if (n == 0)
        p->ended = true;
    return any;
}

static inline bool op_rest(const over_pair *p) {
    return p->rest && p->rest();
}

/* Let both ends do what they can: until nothing has come of it twice, for a fault may have made one
 * turn a vain one. */
static inline void op_settle(over_pair *p) {
    for (int i = 0, quiet = 0; i < OVER_PAIR_TURNS && quiet < 2; i++) {
        op_turn(p);
        sk_loop_step(p->worker->loop, 0);
        bool busy = op_rest(p) || (op_is_open(p) && p->conn->yield);
        quiet = op_listen(p) || busy ? 0 : quiet + 1;
    }
}

/* Send, and let the server do what it can. What does not fit is sent when there is room. */
static inline void op_send(over_pair *p, const char *data, size_t len) {
    for (int i = 0; len > 0 && i < OVER_PAIR_TURNS; i++) {
        skua_str piece = {data, len};
        ptrdiff_t n = p->client->ops->writev(p->client, &piece, 1, NULL);
        if (n > 0) {
            data += n;
            len -= (size_t)n;
        } else if (n != SKUA_E_AGAIN) {
            break;
        }
        if (len > 0) {
            op_turn(p);
            op_rest(p);
            op_listen(p);
        }
    }
    op_settle(p);
}

static inline void op_say(over_pair *p, const char *text) {
    op_send(p, text, strlen(text));
}

static inline void op_shut(over_pair *p) {
    p->client->ops->shutdown(p->client, NULL);
    op_settle(p);
}

static inline void op_wait(over_pair *p, int64_t ms) {
    p->clock.now_ms += ms;
    sk_loop_step(p->worker->loop, 0);
    op_rest(p);
    op_listen(p);
}

/* What was heard since the last call, terminated. */
static inline const char *op_heard(over_pair *p) {
    char *end = sk_buf_reserve(&p->heard, 1);
    if (!end)
        return "";
    *end = '\0';
    const char *text = sk_buf_head(&p->heard);
    p->heard.start = p->heard.end = 0;
    return text;
}

static inline void op_disconnect(over_pair *p) {
    if (!p->pair)
        return;
    p->client->ops->close(p->client);
    if (p->worker && op_is_open(p))
        sk_sconn_close(p->conn);
    op_rest(p);
    sk_pair_free(p->pair);
    p->pair = NULL;
}

static inline void op_free(over_pair *p) {
    op_disconnect(p);
    sk_worker_free(p->worker);
    sk_router_free(p->router);
    sk_buf_free(&p->heard);
}

/* The status of the nth reply in the text, from 0; 0 where there is none. */
static inline int op_status(const char *text, int nth) {
    static const char line[] = "HTTP/1.1 ";
    for (; (text = strstr(text, line)) != NULL; text += sizeof line) {
        if (nth-- == 0)
            return (int)strtol(text + sizeof line - 1, NULL, 10);
    }
    return 0;
}

#endif
