/* Our client and our server, while the stream of either end fails, or memory runs out: requests
 * with small and large bodies on a kept connection, in the clear, over TLS, and over TLS where both
 * show a certificate. */
#include "joined.h"

static sk_tls_ctx *anyone, *known;

static int begin(void **state) {
    static const cert_spec certs[] = {
        {.file = "ca", .cn = "Test Authority", .ca = true},
        {.file = "good", .cn = "good", .san = "DNS:a.example", .issuer = "ca"},
        {.file = "client", .cn = "somebody", .usage = "clientAuth", .issuer = "ca"},
    };
    skua_error err;
    if (certs_begin(state) != 0)
        return -1;
    certs_make_all(certs, sizeof certs / sizeof *certs);
    anyone = sk_tls_server_ctx(SKUA_OPTS(skua_tls_opts, .cert_file = certs_path("good")), &err);
    known = sk_tls_server_ctx(
        SKUA_OPTS(skua_tls_opts, .cert_file = certs_path("good"), .ca_file = certs_path("ca")),
        &err);
    for (size_t i = 0; i < LARGE; i++)
        large[i] = (char)('a' + i % 26);
    return anyone && known ? 0 : -1;
}

static int end(void **state) {
    sk_tls_ctx_unref(anyone);
    sk_tls_ctx_unref(known);
    return certs_end(state);
}

/* ---- the server ---- */

static int echo(skua_request *q, skua_reply *a, void *user) {
    size_t len;
    const char *body = skua_request_body(q, &len);
    (void)user;
    return skua_reply_bytes(a, 200, "text/plain", body, len);
}

/* Deferred, the certificate is still there. */
static int echo_to_somebody(skua_request *q, skua_reply *a, void *user) {
    skua_certificate c = {.size = sizeof c};
    int rc = skua_request_certificate(q, &c);
    if (rc != 0)
        return rc;
    assert_string_equal(c.subject, "CN=somebody");
    rc = skua_reply_defer(a);
    if (rc != 0)
        return rc;
    rc = skua_request_certificate(q, &c);
    if (rc == 0)
        echo(q, a, user);
    skua_reply_finish(a);
    return 0;
}

static void prepare(over_pair *p) {
    assert_int_equal(op_route(p, "POST /", echo, NULL), 0);
}

static void prepare_for_somebody(over_pair *p) {
    assert_int_equal(op_route(p, "POST /", echo_to_somebody, NULL), 0);
}

/* ---- what they say ---- */

static int ask(joined *j, size_t len) {
    int rc = skua_conn_request(j->conn, "POST", "/", NULL, large, len, &j->err);
    skua_response *r = rc == 0 ? skua_conn_getresponse(j->conn, &j->err) : NULL;
    return hear(j, r, large, len);
}

static int converse(joined *j) {
    int rc = ask(j, 5);
    if (rc == 0)
        rc = ask(j, LARGE);
    return rc != 0 ? rc : ask(j, 1);
}

static const conversation conversations[] = {
    {.name = "in the clear", .prepare = prepare, .say = converse},
    {.name = "over TLS", .prepare = prepare, .say = converse, .tls = &anyone},
    {.name = "both known", .prepare = prepare_for_somebody, .say = converse, .tls = &known},
};

static void memory_runs_out(void **state) {
    (void)state;
    for (size_t i = 0; i < 3; i++)
        run_out_of_memory(&conversations[i]);
}

static void each_fault_without_tls(void **state) {
    (void)state;
    meet_all(&conversations[0]);
}

static void each_fault_over_tls(void **state) {
    (void)state;
    meet_all(&conversations[1]);
}

static void b14_each_fault_where_both_show_a_certificate(void **state) {
    (void)state;
    meet_all(&conversations[2]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_runs_out),
        cmocka_unit_test(each_fault_without_tls),
        cmocka_unit_test(each_fault_over_tls),
        cmocka_unit_test(b14_each_fault_where_both_show_a_certificate),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
