/* The client's way through a proxy under faults: in each scenario the nth allocation fails, for
 * every n; the nth read and the nth write is short, not ready, reset, ended or stalled. */
#include "../unit/client/answering.h"
#include "../unit/client/script.h"
#include "../unit/nomem.h"

#include <skua/client.h>

#define OK    "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
#define N_MAX 300

static const skua_field for_proxy[] = {{"X-Proxy", "1", SKUA_FIELD_SECRET}, {0}};
static const skua_field of_request[] = {
    {"Proxy-Authorization", "Basic eA==", 0}, {"X", "y", 0}, {0}};

static int get(script *s, const skua_field *fields) {
    int rc = skua_conn_request(s->conn, "GET", "/path", fields, NULL, 0, &s->err);
    if (rc != 0)
        return rc;
    skua_response *r = skua_conn_getresponse(s->conn, &s->err);
    if (!r)
        return s->err.code;
    const char *data = NULL;
    size_t len = 0;
    rc = skua_response_read_all(r, 0, &data, &len, &s->err);
    if (rc == 0)
        assert_string_equal(data, "hello");
    skua_response_free(r);
    return rc;
}

static int get_plain(script *s) {
    return get(s, NULL);
}

static int get_with_credentials(script *s) {
    return get(s, of_request);
}

static int set_tunnel(script *s) {
    int rc = skua_conn_set_tunnel(s->conn, "example.org:81", for_proxy, &s->err);
    return rc == 0 ? get(s, NULL) : rc;
}

static const step forwarded[] = {
    {EXPECT, "\r\n\r\n", 0}, {SEND, OK, 0}, {CLOSE, NULL, 0}, {END, NULL, 0}};
static const step tunnelled[] = {
    {EXPECT, "\r\n\r\n", 0},
    {SEND, "HTTP/1.1 103 E\r\nA: b\r\n\r\nHTTP/1.1 200 OK\r\nVia: 1.1 p\r\n\r\n", 0},
    {EXPECT, "\r\n\r\n", 0},
    {SEND, OK, 0},
    {CLOSE, NULL, 0},
    {END, NULL, 0}};
/* Bytes of the tunnel together with the head that opens it: an answer before the request. */
static const step hasty[] = {{EXPECT, "\r\n\r\n", 0},
                             {SEND, "HTTP/1.1 200 OK\r\n\r\n" OK, 0},
                             {EXPECT, "\r\n\r\n", 0},
                             {CLOSE, NULL, 0},
                             {END, NULL, 0}};

static const struct scenario {
    const char *name;
    const step *steps;
    const char *proxy;
    int tunnel;
    int (*run)(script *s);
} scenarios[] = {
    {"forward", forwarded, "http://user:password@proxy.example:3128", 0, get_plain},
    {"tunnel", tunnelled, "user:password@proxy.example", 1, get_plain},
    {"credentials", tunnelled, "proxy.example", 1, get_with_credentials},
    {"set_tunnel", tunnelled, NULL, 0, set_tunnel},
    {"hasty", hasty, "proxy.example", 1, get_plain},
};
#define SCENARIOS (sizeof scenarios / sizeof scenarios[0])

/* ---- running one ---- */

static int make_conn(script *s, const struct scenario *sc) {
    s->conn = skua_conn_new("http://example.org",
                            SKUA_OPTS(skua_conn_opts, .clock = &s->face, .user_agent = "test/1",
                                      .proxy = sc->proxy, .proxy_tunnel = sc->tunnel,
                                      .proxy_fields = for_proxy, .stream = sk_pair_end(s->pair, 0)),
                            &s->err);
    return s->conn ? 0 : s->err.code;
}

/* Was the connection never made, then its stream is still the caller's. */
static void finish(script *s) {
    if (!s->conn) {
        skua_stream *near = sk_pair_end(s->pair, 0);
        near->ops->close(near);
    }
    script_free(s);
}

static void every_allocation_may_fail(void **state) {
    (void)state;
    for (size_t i = 0; i < SCENARIOS; i++) {
        bool failed = true;
        int n = 1;
        for (; failed && n < N_MAX; n++) {
            script *s = script_prepare(scenarios[i].steps, 1 << 16);
            nomem_fail_from(n);
            int rc = make_conn(s, &scenarios[i]);
            if (rc == 0)
                rc = scenarios[i].run(s);
            failed = nomem_stop();
            if (rc != (failed ? SKUA_E_NOMEM : 0))
                print_error("%s, allocation %d: %d: %s\n", scenarios[i].name, n, rc, s->err.msg);
            assert_int_equal(rc, failed ? SKUA_E_NOMEM : 0);
            finish(s);
        }
        assert_in_range(n, 5, N_MAX - 1);
    }
}

static int fetch(const char *proxy, skua_error *err) {
    skua_client *c = skua_client_new(
        SKUA_OPTS(skua_client_opts,
                  .conn = SKUA_OPTS(skua_conn_opts, .proxy = proxy, .proxy_fields = for_proxy)),
        err);
    skua_response *r = c ? skua_get(c, "http://nosuch.invalid/", err) : NULL;
    int rc = r ? 0 : err->code;
    skua_response_free(r);
    skua_client_free(c);
    return rc;
}

static void every_allocation_of_a_call_may_fail(void **state) {
    (void)state;
    answering server;
    assert_int_equal(answering_start(&server), 0);
    bool failed = true;
    for (int n = 1; failed && n<20 * N_MAX; n += n> N_MAX ? 37 : 1) { /* then inside OpenSSL */
        skua_error err = {0};
        nomem_fail_from(n);
        int rc = fetch(server.origin, &err);
        failed = nomem_stop();
        if (failed && rc != SKUA_E_NOMEM && rc != 0 && rc != SKUA_E_TLS)
            fail_msg("allocation %d: %d: %s", n, rc, err.msg);
        assert_true(failed || rc == 0);
    }
    assert_false(failed);
    answering_end(&server);
}

/* ---- reads and writes ---- */

typedef void fault_fn(sk_pair *p, int which, unsigned nth, sk_fault_kind kind, size_t arg);

/* Is the failure told whole? */
static void check_failure(const script *s, const struct scenario *sc, unsigned nth, int rc) {
    if (s->err.code != rc || !s->err.msg[0] || s->err.phase == SKUA_PHASE_NONE)
        fail_msg("%s, fault %u: %d: %s", sc->name, nth, rc, s->err.msg);
}

static void every_fault(fault_fn *fault, unsigned (*count)(const sk_pair *, int)) {
    static const sk_fault_kind kinds[] = {SK_FAULT_SHORT, SK_FAULT_AGAIN, SK_FAULT_RESET,
                                          SK_FAULT_EOF, SK_FAULT_STALL};
    for (size_t i = 0; i < SCENARIOS * sizeof kinds / sizeof *kinds; i++) {
        const struct scenario *sc = &scenarios[i % SCENARIOS];
        sk_fault_kind kind = kinds[i / SCENARIOS];
        bool met = true;
        for (unsigned nth = 1; met && nth < 50; nth++) {
            script *s = script_prepare(sc->steps, 1 << 16);
            assert_int_equal(make_conn(s, sc), 0);
            fault(s->pair, 0, nth, kind, 1);
            int rc = sc->run(s);
            met = count(s->pair, 0) >= nth;
            bool harmless = !met || kind == SK_FAULT_SHORT || kind == SK_FAULT_AGAIN;
            if (harmless)
                assert_int_equal(rc, 0);
            else if (rc != 0)
                check_failure(s, sc, nth, rc);
            finish(s);
        }
        assert_false(met);
    }
}

static void every_read_may_fail(void **state) {
    (void)state;
    every_fault(sk_pair_fault_read, sk_pair_reads);
}

static void every_write_may_fail(void **state) {
    (void)state;
    every_fault(sk_pair_fault_write, sk_pair_writes);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_allocation_may_fail),
        cmocka_unit_test(every_allocation_of_a_call_may_fail),
        cmocka_unit_test(every_read_may_fail),
        cmocka_unit_test(every_write_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
