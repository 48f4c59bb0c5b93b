/* Our client and our server, joined in memory, over TLS and without, while the stream of either end
 * fails, or memory runs out: the client gets all of what it asked for or an error that fits, the
 * server's connection ends, and nothing hangs. */
#include "../unit/net/tls_certs.h"
#include "../unit/nomem.h"
#include "../unit/server/over_pair.h"
#include "net/tls.h"

#include <skua/conn.h>
#include <skua/server.h>

#define MOST    400   /* faults are tried until one is not met; this is never reached */
#define LARGE   30000 /* more than one TLS record, and than the pair takes at once */
#define PIPE    9000
#define REFUSED (-1000) /* the server has said that something is wrong */

enum { CLIENT, SERVER };

static char large[LARGE];
static sk_tls_ctx *server_tls;

static int begin(void **state) {
    static const cert_spec certs[] = {
        {.file = "ca", .cn = "Test Authority", .ca = true},
        {.file = "good", .cn = "good", .san = "DNS:a.example", .issuer = "ca"},
    };
    skua_error err;
    if (certs_begin(state) != 0)
        return -1;
    certs_make_all(certs, sizeof certs / sizeof *certs);
    server_tls = sk_tls_server_ctx(SKUA_OPTS(skua_tls_opts, .cert_file = certs_path("good")), &err);
    for (size_t i = 0; i < LARGE; i++)
        large[i] = (char)('a' + i % 26);
    return server_tls ? 0 : -1;
}

static int end(void **state) {
    sk_tls_ctx_unref(server_tls);
    return certs_end(state);
}

/* ---- the two ends ---- */

typedef struct joined {
    over_pair p; /* the server; its client is ours */
    skua_conn *conn;
    skua_error err;
    bool trouble; /* it is nothing that both ends could live with */
} joined;

static int echo(skua_request *q, skua_reply *a, void *user) {
    size_t len;
    const char *body = skua_request_body(q, &len);
    (void)user;
    return skua_reply_bytes(a, 200, "text/plain", body, len);
}

/* More than one turn, for a fault may have made one a vain one. */
static bool serve(void *user) {
    over_pair *p = user;
    for (int i = 0; i < 3 && op_is_open(p); i++) {
        op_turn(p);
        sk_loop_step(p->worker->loop, 0);
    }
    return op_is_open(p) && p->conn->yield;
}

static void join(joined *j, bool tls) {
    over_pair *p = &j->p;
    op_init(p);
    assert_int_equal(op_route(p, "POST /", echo, NULL), 0);
    p->worker = sk_worker_new(&p->settings, NULL);
    p->pair = sk_pair_new(PIPE, &p->clock);
    assert_true(p->worker && p->pair);
    skua_stream *far = sk_pair_end(p->pair, SERVER);
    if (tls) {
        p->worker->scratch = sk_tls_scratch_new();
        far = sk_tls_server(server_tls, far, p->worker->scratch, &j->err);
    }
    p->conn = far ? sk_sconn_open_stream(p->worker, far) : NULL;
    assert_non_null(p->conn);
    p->conn->is_tls = tls;
    p->conn->state = tls ? SK_SCONN_HANDSHAKE : p->conn->state;
    sk_pair_set_turn(p->pair, SERVER, serve, p);
    j->conn = skua_conn_new(tls ? "https://a.example" : "http://a.example",
                            SKUA_OPTS(skua_conn_opts, .clock = &p->face,
                                      .stream = sk_pair_end(p->pair, CLIENT),
                                      .tls = SKUA_OPTS(skua_tls_opts, .ca_file = certs_path("ca"))),
                            &j->err);
    assert_non_null(j->conn);
}

/* The server has time to see that its client has gone. */
static void part(joined *j) {
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
}

/* ---- what they say ---- */

static int ask(joined *j, size_t len) {
    int rc = skua_conn_request(j->conn, "POST", "/", NULL, large, len, &j->err);
    skua_response *r = rc == 0 ? skua_conn_getresponse(j->conn, &j->err) : NULL;
    if (!r)
        return j->err.code;
    const char *data = NULL;
    size_t got = 0;
    rc = skua_response_read_all(r, 0, &data, &got, &j->err);
    int status = skua_response_status(r);
    if (rc == 0 && j->trouble && status >= 400) {
        rc = REFUSED;
    } else if (rc == 0) {
        assert_int_equal(status, 200);
        assert_int_equal(got, len);
        assert_memory_equal(data, large, len);
    }
    skua_response_free(r);
    return rc;
}

static int converse(joined *j) {
    int rc = ask(j, 5);
    if (rc == 0)
        rc = ask(j, LARGE);
    return rc != 0 ? rc : ask(j, 1);
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

static bool is_one_of(int rc, const int *codes) {
    while (*codes != 1 && *codes != rc)
        codes++;
    return *codes == rc;
}

/* The faults of one kind, of one end, in one direction. */
static void meet(bool tls, int which, fault_fn *set_fault, size_t kind) {
    count_fn *count = set_fault == sk_pair_fault_read ? sk_pair_reads : sk_pair_writes;
    unsigned n = 1;
    for (bool met = true; met && n < MOST; n++) {
        joined j = {.conn = NULL};
        join(&j, tls);
        j.trouble = faults[kind].kind >= SK_FAULT_RESET;
        set_fault(j.p.pair, which, n, faults[kind].kind, 1);
        int rc = converse(&j);
        met = count(j.p.pair, which) >= n;
        if (!is_one_of(rc, faults[kind].codes))
            fail_msg("fault %d at %s %u of end %d: %d %s", (int)faults[kind].kind,
                     count == sk_pair_reads ? "read" : "write", n, which, rc, j.err.msg);
        part(&j);
    }
    assert_in_range(n, 4, MOST - 1);
}

static void meet_all(bool tls) {
    for (size_t kind = 0; kind < sizeof faults / sizeof *faults; kind++) {
        for (int which = CLIENT; which <= SERVER; which++) {
            meet(tls, which, sk_pair_fault_read, kind);
            meet(tls, which, sk_pair_fault_write, kind);
        }
    }
}

/* Memory runs out at one end or the other. */
static void run_out_of_memory(bool tls) {
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
        joined j = {.conn = NULL};
        join(&j, tls);
        j.trouble = true;
        nomem_fail_from(n);
        int rc = converse(&j);
        met = nomem_stop();
        if (met ? rc != 0 && !is_one_of(rc, codes) : rc != 0)
            fail_msg("allocation %d: %d %s", n, rc, j.err.msg);
        part(&j);
    }
    assert_in_range(n, 4, MOST - 1);
}

static void memory_runs_out(void **state) {
    (void)state;
    run_out_of_memory(false);
    run_out_of_memory(true);
}

static void each_fault_without_tls(void **state) {
    (void)state;
    meet_all(false);
}

static void each_fault_over_tls(void **state) {
    (void)state;
    meet_all(true);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_runs_out),
        cmocka_unit_test(each_fault_without_tls),
        cmocka_unit_test(each_fault_over_tls),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
