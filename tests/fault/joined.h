/* joined.h - our client and our server, joined in memory, over TLS and without, for tests in which
 * the stream of either end fails, or memory runs out: the client gets all of what it asked for or
 * an error that fits, the server's connection ends, and nothing hangs. Include it once. */
#ifndef SK_TEST_JOINED_H
#define SK_TEST_JOINED_H

#include "../unit/net/tls_certs.h"
#include "../unit/nomem.h"
#include "../unit/server/over_pair.h"
#include "net/tls.h"

#include <skua/conn.h>
#include <skua/server.h>

#define MOST    600   /* faults are tried until one is not met; this is never reached */
#define LARGE   30000 /* more than one TLS record, and than the pair takes at once */
#define PIPE    9000
#define REFUSED (-1000) /* the server has said that something is wrong */

enum { CLIENT, SERVER };

typedef struct conversation conversation;

typedef struct joined {
    const conversation *about;
    over_pair p; /* the server; its client is ours */
    skua_conn *conn;
    skua_error err;
    bool trouble; /* it is nothing that both ends could live with */
} joined;

/* What the two have to say to each other. */
struct conversation {
    const char *name;
    void (*prepare)(over_pair *p); /* the routes */
    int (*say)(joined *j);         /* 0, REFUSED, or a code: of the client's end */
    void (*undo)(void);            /* once both ends have gone; NULL: nothing */
    sk_tls_ctx *const *tls;        /* the server's; NULL: plain */
    int decode;                    /* as skua_conn_opts */
};

static char large[LARGE + 1];

/* ---- the two ends ---- */

/* More than one turn, for a fault may have made one a vain one. */
static inline bool serve(void *user) {
    over_pair *p = user;
    for (int i = 0; i < 3 && op_is_open(p); i++) {
        op_turn(p);
        sk_loop_step(p->worker->loop, 0);
    }
    return op_is_open(p) && p->conn->yield;
}

static inline void join_server(joined *j) {
    over_pair *p = &j->p;
    skua_stream *far = sk_pair_end(p->pair, SERVER);
    const bool tls = j->about->tls != NULL;
    if (tls) {
        p->worker->scratch = sk_tls_scratch_new();
        far = sk_tls_server(*j->about->tls, far, p->worker->scratch, &j->err);
    }
    p->conn = far ? sk_sconn_open_stream(p->worker, far) : NULL;
    assert_non_null(p->conn);
    p->conn->is_tls = tls;
    p->conn->state = tls ? SK_SCONN_HANDSHAKE : p->conn->state;
    sk_pair_set_turn(p->pair, SERVER, serve, p);
}

static inline void join(joined *j, const conversation *about) {
    over_pair *p = &j->p;
    const skua_tls_opts tls = {.size = sizeof tls,
                               .ca_file = about->tls ? certs_path("ca") : NULL,
                               .cert_file = about->tls ? certs_path("client") : NULL};
    *j = (joined){.about = about};
    op_init(p);
    about->prepare(p);
    p->worker = sk_worker_new(&p->settings, NULL);
    p->pair = sk_pair_new(PIPE, &p->clock);
    assert_true(p->worker && p->pair);
    join_server(j);
    j->conn = skua_conn_new(about->tls ? "https://a.example" : "http://a.example",
                            SKUA_OPTS(skua_conn_opts, .clock = &p->face,
                                      .stream = sk_pair_end(p->pair, CLIENT),
                                      .decode = about->decode, .tls = &tls),
                            &j->err);
    assert_non_null(j->conn);
}

/* The server has time to see that its client has gone. */
static inline void part(joined *j) {
    skua_conn_free(j->conn);
    for (int i = 0; i < 20 && op_is_open(&j->p); i++) {
        op_turn(&j->p);
        j->p.clock.now_ms += 40000;
        sk_loop_step(j->p.worker->loop, 0);
    }
    assert_false(op_is_open(&j->p));
    sk_pair_free(j->p.pair);
    sk_worker_free(j->p.worker);
    sk_router_free(j->p.router);
    if (j->about->undo)
        j->about->undo();
}

/* ---- what they say ---- */

/* What a response comes to: 0 where it is a 200 with that body. */
static inline int hear(joined *j, skua_response *r, const char *body, size_t len) {
    if (!r)
        return j->err.code;
    const char *data = NULL;
    size_t got = 0;
    int rc = skua_response_read_all(r, 0, &data, &got, &j->err);
    int status = skua_response_status(r);
    if (rc == 0 && j->trouble && status >= 400) {
        rc = REFUSED;
    } else if (rc == 0) {
        assert_int_equal(status, 200);
        assert_int_equal(got, len);
        assert_memory_equal(data, body, len);
    }
    skua_response_free(r);
    return rc;
}

/* ---- the faults ---- */

typedef void fault_fn(sk_pair *p, int which, unsigned nth, sk_fault_kind kind, size_t arg);
typedef unsigned count_fn(const sk_pair *p, int which);

/* What the client may hear of it. */
static const struct {
    sk_fault_kind kind;
    int codes[10]; /* 1 at the end */
} faults[] = {
    {SK_FAULT_SHORT, {0, 1}},
    {SK_FAULT_AGAIN, {0, 1}},
    {SK_FAULT_RESET,
     {0, REFUSED, SKUA_E_CONNECTION_RESET, SKUA_E_NOT_CONNECTED, SKUA_E_REMOTE_DISCONNECTED,
      SKUA_E_INCOMPLETE_READ, SKUA_E_TLS_EOF, SKUA_E_BROKEN_PIPE, 1}},
    {SK_FAULT_EOF,
     {0, REFUSED, SKUA_E_NOT_CONNECTED, SKUA_E_REMOTE_DISCONNECTED, SKUA_E_INCOMPLETE_READ,
      SKUA_E_TLS_EOF, SKUA_E_BROKEN_PIPE, 1}},
    {SK_FAULT_STALL,
     {0, REFUSED, SKUA_E_TIMEOUT, SKUA_E_REMOTE_DISCONNECTED, SKUA_E_INCOMPLETE_READ,
      SKUA_E_NOT_CONNECTED, SKUA_E_TLS_EOF, 1}},
};

static inline bool is_one_of(int rc, const int *codes) {
    while (*codes != 1 && *codes != rc)
        codes++;
    return *codes == rc;
}

/* The faults of one kind, of one end, in one direction. */
static inline void meet(const conversation *about, int which, fault_fn *set_fault, size_t kind) {
    count_fn *count = set_fault == sk_pair_fault_read ? sk_pair_reads : sk_pair_writes;
    unsigned n = 1;
    for (bool met = true; met && n < MOST; n++) {
        joined j;
        join(&j, about);
        j.trouble = faults[kind].kind >= SK_FAULT_RESET;
        set_fault(j.p.pair, which, n, faults[kind].kind, 1);
        int rc = about->say(&j);
        met = count(j.p.pair, which) >= n;
        if (!is_one_of(rc, faults[kind].codes))
            fail_msg("%s: fault %d at %s %u of end %d: %d %s", about->name, (int)faults[kind].kind,
                     count == sk_pair_reads ? "read" : "write", n, which, rc, j.err.msg);
        part(&j);
    }
    assert_in_range(n, 2, MOST - 1);
}

static inline void meet_all(const conversation *about) {
    for (size_t kind = 0; kind < sizeof faults / sizeof *faults; kind++) {
        for (int which = CLIENT; which <= SERVER; which++) {
            meet(about, which, sk_pair_fault_read, kind);
            meet(about, which, sk_pair_fault_write, kind);
        }
    }
}

/* Memory runs out at one end or the other. */
static inline void run_out_of_memory(const conversation *about) {
    static const int codes[] = {REFUSED,
                                SKUA_E_NOMEM,
                                SKUA_E_REMOTE_DISCONNECTED,
                                SKUA_E_INCOMPLETE_READ,
                                SKUA_E_NOT_CONNECTED,
                                SKUA_E_TLS_EOF,
                                SKUA_E_BROKEN_PIPE,
                                1};
    int n = 1;
    for (bool met = true; met && n < MOST; n++) {
        joined j;
        join(&j, about);
        j.trouble = true;
        nomem_fail_from(n);
        int rc = about->say(&j);
        met = nomem_stop();
        if (met ? rc != 0 && !is_one_of(rc, codes) : rc != 0)
            fail_msg("%s: allocation %d: %d %s", about->name, n, rc, j.err.msg);
        part(&j);
    }
    assert_in_range(n, 2, MOST - 1);
}

#endif
