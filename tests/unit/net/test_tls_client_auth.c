/* A server that asks for certificates: whom it lets in, and what it says to the others. */
#include "tls_visit.h"

#include <openssl/x509_vfy.h>
#include <sys/stat.h>

static const cert_spec certs[] = {
    {.file = "other-ca", .cn = "Other Authority", .ca = true},
    {.file = "client", .cn = "client", .issuer = "ca", .usage = "clientAuth"},
    {.file = "stranger", .cn = "stranger", .issuer = "other-ca"},
    {.file = "late", .cn = "late", .issuer = "ca", .from_days = -9, .to_days = -3},
    {.file = "for-servers", .cn = "for servers", .issuer = "ca", .usage = "serverAuth"},
};

static int begin(void **state) {
    if (common_begin(state) != 0)
        return -1;
    certs_make_all(certs, sizeof certs / sizeof *certs);
    return 0;
}

static sk_tls_ctx *asking(skua_tls_client_auth how) {
    return server_of(SKUA_OPTS(skua_tls_opts, .cert_file = certs_path("good"),
                               .ca_file = certs_path("ca"), .client_auth = how));
}

static sk_tls_ctx *showing(const char *cert, int version) {
    return client_of(SKUA_OPTS(skua_tls_opts, .ca_file = certs_path("ca"),
                               .cert_file = cert ? certs_path(cert) : NULL,
                               .max_version = version));
}

static const int versions[] = {SKUA_TLS_1_2, SKUA_TLS_1_3};

static void b03_a_client_is_known_by_its_certificate(void **state) {
    (void)state;
    for (int i = 0; i < 4; i++) {
        sk_tls_ctx *server = asking((skua_tls_client_auth)(i / 2));
        sk_tls_ctx *client = showing("client", versions[i % 2]);
        visit v = {.session = NULL};
        skua_certificate c;
        for (int turn = 0; turn < 2; turn++) { /* the second is resumed */
            visit_begin(&v, client, server, "a.example");
            assert_int_equal(v.e.rc[SERVER], 0);
            assert_int_equal(v.resumed, turn);
            assert_int_equal(sk_tls_certificate(v.e.end[SERVER], 0, &c), 0);
            assert_string_equal(c.subject, "CN=client");
            sk_tls_peer *p = sk_tls_peer_hold(v.e.end[SERVER]);
            visit_end(&v);
            assert_int_equal(sk_tls_peer_describe(p, &c), 0); /* it outlives the stream */
            assert_string_equal(c.subject, "CN=client");
            sk_tls_peer_free(p);
        }
        SSL_SESSION_free(v.session);
        sk_tls_ctx_unref(client);
        sk_tls_ctx_unref(server);
    }
}

static void b03_a_client_without_one_is_refused_or_let_in(void **state) {
    (void)state;
    for (int i = 0; i < 2; i++) {
        sk_tls_ctx *client = showing(NULL, versions[i]);
        sk_tls_ctx *server = asking(SKUA_CLIENT_AUTH_REQUIRED);
        visit v = {.session = NULL};
        visit_begin(&v, client, server, "a.example");
        assert_int_equal(v.e.rc[SERVER], SKUA_E_TLS);
        assert_non_null(strstr(v.e.err[SERVER].msg, "the client sent no certificate"));
        char buf[1]; /* in TLS 1.3 the client is done before it hears of it */
        ends_read(&v.e, CLIENT, buf, 1);
        const char *alert = versions[i] == SKUA_TLS_1_3 ? "certificate_required" : "handshake_fail";
        assert_non_null(strstr(v.e.err[CLIENT].msg, alert));
        visit_end(&v);
        sk_tls_ctx_unref(server);

        server = asking(SKUA_CLIENT_AUTH_OPTIONAL);
        visit_begin(&v, client, server, "a.example");
        assert_int_equal(v.e.rc[SERVER], 0);
        assert_null(sk_tls_peer_hold(v.e.end[SERVER]));
        visit_end(&v);
        SSL_SESSION_free(v.session);
        sk_tls_ctx_unref(server);
        sk_tls_ctx_unref(client);
    }
}

static void b03_a_refusal_names_the_rule(void **state) {
    (void)state;
    static const struct {
        const char *cert;
        int verify;
        const char *says;
    } cases[] = {
        {"stranger", X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
         "the client did not send the intermediate certificate of its issuer (CN=Other Authority)"},
        {"late", X509_V_ERR_CERT_HAS_EXPIRED, "certificate has expired, 3 days ago"},
        {"for-servers", X509_V_ERR_INVALID_PURPOSE, "extended key usage is not clientAuth but"},
    };
    for (size_t i = 0; i < 2 * sizeof cases / sizeof *cases; i++) {
        sk_tls_ctx *server = asking((skua_tls_client_auth)(i % 2));
        sk_tls_ctx *client = showing(cases[i / 2].cert, 0);
        visit v = {.session = NULL};
        visit_begin(&v, client, server, "a.example");
        assert_int_equal(v.e.rc[SERVER], SKUA_E_TLS_CERTIFICATE);
        assert_int_equal(v.e.err[SERVER].tls_verify, cases[i / 2].verify);
        if (!strstr(v.e.err[SERVER].msg, cases[i / 2].says) ||
            !strstr(v.e.err[SERVER].msg, certs_path("ca")))
            fail_msg("%s", v.e.err[SERVER].msg);
        visit_end(&v);
        sk_tls_ctx_unref(client);
        sk_tls_ctx_unref(server);
    }
}

/* What another server's rules have accepted counts nothing here, whatever keys they share. */
static void b03_a_session_belongs_to_the_rules_it_began_with(void **state) {
    (void)state;
    char keys[80] = "one and the same key for all of the servers";
    FILE *f = fopen(certs_path("keys"), "w");
    assert_non_null(f);
    assert_int_equal(fchmod(fileno(f), 0600), 0);
    assert_int_equal(fwrite(keys, sizeof keys, 1, f), 1);
    fclose(f);
    const kept_path paths[] = {path_kept("good"), path_kept("keys"), path_kept("ca"),
                               path_kept("other-ca")};
    const char *good = paths[0].text, *tickets = paths[1].text;
    const skua_tls_opts rules[] = {
        {.size = sizeof rules[0], .cert_file = good, .ticket_key_file = tickets},
        {.size = sizeof rules[0],
         .cert_file = good,
         .ticket_key_file = tickets,
         .ca_file = paths[2].text},
        {.size = sizeof rules[0],
         .cert_file = good,
         .ticket_key_file = tickets,
         .ca_file = paths[2].text,
         .client_auth = SKUA_CLIENT_AUTH_OPTIONAL},
        {.size = sizeof rules[0],
         .cert_file = good,
         .ticket_key_file = tickets,
         .ca_file = paths[3].text,
         .client_auth = SKUA_CLIENT_AUTH_OPTIONAL},
    };
    enum { COUNT = sizeof rules / sizeof *rules };
    for (int i = 0; i < 2 * COUNT * COUNT; i++) {
        int from = i / 2 / COUNT, to = i / 2 % COUNT;
        bool welcome = from < 3 && to < 3; /* the last one knows another authority */
        sk_tls_ctx *first = server_of(&rules[from]), *second = server_of(&rules[to]);
        sk_tls_ctx *client = showing(from < 3 ? "client" : NULL, versions[i % 2]);
        visit v = {.session = NULL};
        visit_once(&v, client, first, "a.example");
        visit_begin(&v, client, second, "a.example");
        assert_int_equal(v.resumed, from == to);
        assert_true(!welcome || v.e.rc[SERVER] == 0);
        visit_end(&v);
        SSL_SESSION_free(v.session);
        sk_tls_ctx_unref(client);
        sk_tls_ctx_unref(first);
        sk_tls_ctx_unref(second);
    }
}

static void b03_options_without_authorities_are_refused(void **state) {
    (void)state;
    skua_error err;
    const char *good = certs_path("good"), *ca = certs_path("ca");
    const skua_tls_opts wrong[] = {
        {.size = sizeof wrong[0], .cert_file = good, .client_auth = SKUA_CLIENT_AUTH_OPTIONAL},
        {.size = sizeof wrong[0], .cert_file = good, .crl_file = ca},
        {.size = sizeof wrong[0], .cert_file = good, .trust = SKUA_TLS_TRUST_ADD},
        {.size = sizeof wrong[0], .cert_file = good, .ca_file = ca, .trust = SKUA_TLS_TRUST_ADD},
        {.size = sizeof wrong[0],
         .cert_file = good,
         .ca_file = ca,
         .client_auth = (skua_tls_client_auth)2},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert_null(sk_tls_server_ctx(&wrong[i], &err));
        assert_int_equal(err.code, SKUA_E_INVALID_ARGUMENT);
    }
    assert_null(sk_tls_server_ctx(
        SKUA_OPTS(skua_tls_opts, .cert_file = good, .ca_file = certs_path("none")), &err));
    assert_int_equal(err.code, SKUA_E_FILE_NOT_FOUND);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(b03_a_client_is_known_by_its_certificate),
        cmocka_unit_test(b03_a_client_without_one_is_refused_or_let_in),
        cmocka_unit_test(b03_a_refusal_names_the_rule),
        cmocka_unit_test(b03_a_session_belongs_to_the_rules_it_began_with),
        cmocka_unit_test(b03_options_without_authorities_are_refused),
    };
    return cmocka_run_group_tests(tests, begin, certs_end);
}
