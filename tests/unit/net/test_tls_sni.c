/* Several certificates of one server: which one a client is shown. */
#include "tls_visit.h"

static const cert_spec certs[] = {
    {.file = "a-ec", .cn = "a-ec", .san = "DNS:a.example,DNS:www.a.example", .issuer = "ca"},
    {.file = "a-rsa",
     .cn = "a-rsa",
     .san = "DNS:www.a.example,DNS:A.example",
     .issuer = "ca",
     .rsa_bits = 2048},
    {.file = "b-ec", .cn = "b-ec", .san = "DNS:*.b.example", .issuer = "ca"},
    {.file = "b-rsa", .cn = "b-rsa", .san = "DNS:*.b.example", .issuer = "ca", .rsa_bits = 2048},
    {.file = "exact", .cn = "exact", .san = "DNS:exact.b.example", .issuer = "ca"},
    {.file = "nameless", .cn = "a.example", .issuer = "ca"},
    {.file = "sub-ca", .cn = "Sub", .issuer = "ca", .ca = true},
    {.file = "chained", .cn = "chained", .san = "DNS:c.example", .issuer = "sub-ca"},
};

static int begin(void **state) {
    if (common_begin(state) != 0)
        return -1;
    certs_make_all(certs, sizeof certs / sizeof *certs);
    return 0;
}

#define RSA_ONLY   "ECDHE-RSA-AES128-GCM-SHA256"
#define ECDSA_ONLY "ECDHE-ECDSA-AES128-GCM-SHA256"

typedef struct ask {
    const char *sni;
    const char *ciphers; /* of TLS 1.2; NULL: TLS 1.3 */
    const char *shown;   /* CN */
} ask;

static void ask_each(sk_tls_ctx *server, const ask *asks, size_t count) {
    for (size_t i = 0; i < count; i++) {
        sk_tls_ctx *client =
            client_of(SKUA_OPTS(skua_tls_opts, .ca_file = certs_path("ca"), .sni = asks[i].sni,
                                .insecure_skip_verify = 1, .ciphers = asks[i].ciphers,
                                .max_version = asks[i].ciphers ? SKUA_TLS_1_2 : 0));
        visit v = {.session = NULL};
        visit_once(&v, client, server, "a.example");
        if (strcmp(v.cn, asks[i].shown) != 0)
            fail_msg("%s is shown %s", asks[i].sni, v.cn);
        SSL_SESSION_free(v.session);
        sk_tls_ctx_unref(client);
    }
}

#define CERT(name) ((skua_tls_cert){.cert_file = certs_path(name)})

static void b03_certificates_are_chosen_by_name(void **state) {
    (void)state;
    const skua_tls_cert list[] = {CERT("b-ec"), CERT("exact"), CERT("chained"), {0}};
    sk_tls_ctx *server =
        server_of(SKUA_OPTS(skua_tls_opts, .cert_file = certs_path("a-ec"), .certs = list));
    static const ask asks[] = {
        {"a.example", NULL, "a-ec"},
        {"www.a.example", NULL, "a-ec"},
        {"x.b.example", NULL, "b-ec"},
        {"X.B.EXAMPLE", NULL, "b-ec"},
        {"exact.b.example", NULL, "exact"},
        {"c.example", NULL, "chained"},
        {"x.b.example", ECDSA_ONLY, "b-ec"},
        /* A wildcard stands for one label. */
        {"b.example", NULL, "a-ec"},
        {"x.y.b.example", NULL, "a-ec"},
        {"unknown.example", NULL, "a-ec"},
        {"", NULL, "a-ec"},
        {"", ECDSA_ONLY, "a-ec"},
    };
    ask_each(server, asks, sizeof asks / sizeof *asks);
    sk_tls_ctx_unref(server);
}

static void b03_ecdsa_and_rsa_side_by_side(void **state) {
    (void)state;
    const skua_tls_cert list[] = {CERT("a-ec"), CERT("a-rsa"), CERT("b-rsa"),
                                  CERT("b-ec"), CERT("exact"), {0}};
    sk_tls_ctx *server = server_of(SKUA_OPTS(skua_tls_opts, .certs = list));
    static const ask asks[] = {
        {"a.example", RSA_ONLY, "a-rsa"},
        {"a.example", ECDSA_ONLY, "a-ec"},
        {"x.b.example", RSA_ONLY, "b-rsa"},
        {"x.b.example", ECDSA_ONLY, "b-ec"},
        /* The exact name first; for the kind that it has not, the wildcard. */
        {"exact.b.example", ECDSA_ONLY, "exact"},
        {"exact.b.example", RSA_ONLY, "b-rsa"},
        {"unknown.example", RSA_ONLY, "a-rsa"},
        {"unknown.example", ECDSA_ONLY, "a-ec"},
        {"", RSA_ONLY, "a-rsa"},
    };
    ask_each(server, asks, sizeof asks / sizeof *asks);
    sk_tls_ctx_unref(server);
}

/* A certificate for other names is never shown in place of the default. */
static void b03_others_do_not_stand_in_for_the_default(void **state) {
    (void)state;
    static const char *const defaults[] = {"a-ec", "nameless"};
    for (size_t i = 0; i < 2; i++) {
        const skua_tls_cert list[] = {CERT(defaults[i]), CERT("b-rsa"), {0}};
        sk_tls_ctx *server = server_of(SKUA_OPTS(skua_tls_opts, .certs = list));
        sk_tls_ctx *client = client_of(SKUA_OPTS(skua_tls_opts, .insecure_skip_verify = 1,
                                                 .ciphers = RSA_ONLY, .max_version = SKUA_TLS_1_2));
        visit v = {.session = NULL};
        visit_begin(&v, client, server, "unknown.example");
        assert_int_equal(v.e.rc[SERVER], SKUA_E_TLS);
        assert_non_null(strstr(v.e.err[SERVER].msg, "no cipher suite in common"));
        visit_end(&v);
        sk_tls_ctx_unref(client);
        sk_tls_ctx_unref(server);
    }
}

/* The chain goes with its certificate, and the name is verified as that of any other. */
static void b03_a_chosen_certificate_is_verified_whole(void **state) {
    (void)state;
    const skua_tls_cert list[] = {CERT("a-ec"), CERT("chained"), {0}};
    sk_tls_ctx *server = server_of(SKUA_OPTS(skua_tls_opts, .certs = list));
    sk_tls_ctx *client = client_of(SKUA_OPTS(skua_tls_opts, .ca_file = certs_path("ca")));
    visit v = {.session = NULL};
    visit_once(&v, client, server, "c.example");
    assert_string_equal(v.cn, "chained");
    visit_once(&v, client, server, "c.example");
    assert_true(v.resumed);
    SSL_SESSION_free(v.session);
    sk_tls_ctx_unref(client);
    sk_tls_ctx_unref(server);
}

static void b03_each_certificate_needs_its_own_key(void **state) {
    (void)state;
    skua_error err;
    const skua_tls_cert swapped[] = {
        CERT("a-rsa"), {.cert_file = certs_path("a-ec"), .key_file = certs_path("a-rsa")}, {0}};
    assert_null(sk_tls_server_ctx(SKUA_OPTS(skua_tls_opts, .certs = swapped), &err));
    assert_int_equal(err.code, SKUA_E_TLS);
    assert_non_null(strstr(err.msg, "does not belong to the certificate in"));
    const skua_tls_cert missing[] = {CERT("a-rsa"), CERT("missing"), {0}};
    assert_null(sk_tls_server_ctx(SKUA_OPTS(skua_tls_opts, .certs = missing), &err));
    assert_int_equal(err.code, SKUA_E_FILE_NOT_FOUND);
    const skua_tls_cert none[] = {{0}};
    assert_null(sk_tls_server_ctx(SKUA_OPTS(skua_tls_opts, .certs = none), &err));
    assert_int_equal(err.code, SKUA_E_INVALID_ARGUMENT);
    const skua_tls_cert one[] = {CERT("a-rsa"), {0}};
    assert_null(sk_tls_server_ctx(
        SKUA_OPTS(skua_tls_opts, .certs = one, .key_file = certs_path("a-rsa")), &err));
    assert_int_equal(err.code, SKUA_E_INVALID_ARGUMENT);
    assert_non_null(strstr(err.msg, "key_file is given without a cert_file"));
}

static void b03_the_end_of_each_can_be_told(void **state) {
    (void)state;
    const skua_tls_cert list[] = {CERT("b-ec"), {0}};
    sk_tls_ctx *server =
        server_of(SKUA_OPTS(skua_tls_opts, .cert_file = certs_path("a-ec"), .certs = list));
    int64_t day = 86400, in = sk_tls_ctx_expiry(server, 1) - (int64_t)time(NULL);
    assert_in_range(in, 29 * day, 30 * day);
    assert_true(sk_tls_ctx_expiry(server, 0) > 0);
    assert_int_equal(sk_tls_ctx_expiry(server, 2), SKUA_E_INVALID_ARGUMENT);
    sk_tls_ctx_unref(server);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(b03_certificates_are_chosen_by_name),
        cmocka_unit_test(b03_ecdsa_and_rsa_side_by_side),
        cmocka_unit_test(b03_others_do_not_stand_in_for_the_default),
        cmocka_unit_test(b03_a_chosen_certificate_is_verified_whole),
        cmocka_unit_test(b03_each_certificate_needs_its_own_key),
        cmocka_unit_test(b03_the_end_of_each_can_be_told),
    };
    return cmocka_run_group_tests(tests, begin, certs_end);
}
