/* TLS settings, sessions and certificates without memory: nothing leaks, the error says so, and
 * what is thrift alone is done without. */
#include "../nomem.h"
#include "tls_ends.h"

static skua_tls_sessions *sessions;

static sk_tls_ctx *client_ctx(skua_error *err) {
    return sk_tls_client_ctx(
        SKUA_OPTS(skua_tls_opts, .ca_file = certs_path("ca"), .cert_file = certs_path("good"),
                  .ciphers = "ECDHE+AESGCM:ECDHE+CHACHA20",
                  .ciphersuites = "TLS_AES_128_GCM_SHA256", .sni = "front.example",
                  .sessions = sessions, .keylog_file = certs_path("keys")),
        err);
}

static void ignore(const void *user, const char *line) {
    (void)user, (void)line;
}

/* One connection, whose session comes from the last one's. 0 or the failure. */
static int connect_once(sk_pair *net, sk_tls_ctx *client, sk_tls_ctx *server, bool *resumed) {
    skua_certificate cert;
    sk_tls_scratch *scratch[2] = {sk_tls_scratch_new(), sk_tls_scratch_new()};
    skua_stream *end[2] = {sk_pair_end(net, CLIENT), sk_pair_end(net, SERVER)};
    skua_error err = {0};
    int rc = scratch[0] && scratch[1] ? 0 : SKUA_E_NOMEM;
    for (int i = 0; i < 2 && rc == 0; i++) {
        skua_stream *s = i == CLIENT ? sk_tls_client(client, end[i], "a.example", scratch[i], &err)
                                     : sk_tls_server(server, end[i], scratch[i], &err);
        end[i] = s ? s : end[i];
        rc = s ? 0 : err.code;
    }
    if (rc == 0) {
        sk_tls_tell_to(end[CLIENT], ignore, NULL);
        sk_tls_resume(end[CLIENT], "a.example:443");
    }
    for (int turn = 0; rc == 0 && turn < 6; turn++) {
        rc = sk_tls_handshake(end[turn % 2], &err);
        rc = rc == SKUA_E_AGAIN ? 0 : rc;
    }
    if (rc == 0) {
        ptrdiff_t n = end[CLIENT]->ops->read(end[CLIENT], &(char){0}, 1, &err);
        rc = n == SKUA_E_AGAIN ? 0 : (int)n;
    }
    if (rc == 0) {
        skua_stream_info info = {.size = sizeof info};
        end[CLIENT]->ops->info(end[CLIENT], &info);
        *resumed = info.tls_resumed;
        rc = sk_tls_certificate(end[CLIENT], 0, &cert);
    }
    for (int i = 0; i < 2; i++) {
        end[i]->ops->close(end[i]);
        sk_tls_scratch_free(scratch[i]);
    }
    return rc;
}

static int play(int nth, int *resumptions) {
    skua_error err = {0};
    sessions = skua_tls_sessions_new(0);
    sk_tls_ctx *server =
        sk_tls_server_ctx(SKUA_OPTS(skua_tls_opts, .cert_file = certs_path("good")), &err);
    assert_non_null(server);
    sk_pair *nets[] = {sk_pair_new(65536, NULL), sk_pair_new(65536, NULL),
                       sk_pair_new(65536, NULL)};
    nomem_fail_once(nth);
    sk_tls_ctx *client = client_ctx(&err);
    int rc = client ? 0 : err.code;
    int used = 0;
    while (used < 3 && rc == 0) {
        bool resumed = false;
        rc = connect_once(nets[used++], client, server, &resumed);
        *resumptions += resumed;
    }
    nomem_stop();
    for (int i = 0; i < 3; i++) {
        for (int k = 0; i >= used && k < 2; k++)
            sk_pair_end(nets[i], k)->ops->close(sk_pair_end(nets[i], k));
        sk_pair_free(nets[i]);
    }
    sk_tls_ctx_unref(client);
    sk_tls_ctx_unref(server);
    skua_tls_sessions_free(sessions);
    return rc;
}

static void a02_every_allocation_may_fail(void **state) {
    (void)state;
    int refused = 0, without = 0, nth = 1;
    for (;; nth++) {
        int resumptions = 0;
        assert_true(nth < 2000);
        int rc = play(nth, &resumptions);
        if (!nomem_happened) {
            assert_int_equal(rc, 0);
            assert_int_equal(resumptions, 2);
            break;
        }
        assert_true(rc == 0 || rc == SKUA_E_NOMEM);
        refused += rc != 0;
        without += rc == 0 && resumptions < 2;
    }
    assert_true(refused > 5);
    assert_true(without > 0); /* a session that could not be kept costs a full handshake alone */
}

static void a02_a_store_may_fail(void **state) {
    (void)state;
    for (int nth = 1;; nth++) {
        nomem_fail_from(nth);
        skua_tls_sessions *t = skua_tls_sessions_new(1000);
        bool failed = nomem_stop();
        assert_int_equal(!t, failed);
        skua_tls_sessions_free(t);
        if (!failed)
            break;
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a02_every_allocation_may_fail),
        cmocka_unit_test(a02_a_store_may_fail),
    };
    return cmocka_run_group_tests(tests, common_begin, certs_end);
}
