/* What either end offers: versions, cipher suites, the name in the clear; and what is refused. */
#include "tls_ends.h"

static void expect_refused(skua_tls_opts o, const char *option, const char *value) {
    skua_error err;
    o.size = sizeof o;
    assert_null(sk_tls_client_ctx(&o, &err));
    if (err.code != SKUA_E_INVALID_ARGUMENT || !strstr(err.msg, option) || !strstr(err.msg, value))
        fail_msg("%d, %s", err.code, err.msg);
    o.cert_file = certs_path("good");
    if (o.sni)
        return;
    assert_null(sk_tls_server_ctx(&o, &err));
    assert_int_equal(err.code, SKUA_E_INVALID_ARGUMENT);
}

static void a02_bad_values_are_named(void **state) {
    (void)state;
    static const struct {
        skua_tls_opts opts;
        const char *option, *value;
    } cases[] = {
        {{.min_version = 11}, "min_version", "11"},
        {{.max_version = 771}, "max_version", "771"},
        {{.max_version = -1}, "max_version", "-1"},
        {{.min_version = SKUA_TLS_1_3, .max_version = SKUA_TLS_1_2}, "min_version", "max_version"},
        {{.ciphers = ""}, "ciphers", "\"\""},
        {{.ciphers = "BOGUS"}, "ciphers", "\"BOGUS\""},
        {{.ciphers = "ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-AES256-GCM-SHA348"},
         "ciphers",
         "\"ECDHE-RSA-AES256-GCM-SHA348\""},
        {{.ciphers = "TLS_AES_128_GCM_SHA256"}, "ciphers", "TLS 1.2"},
        {{.ciphers = "!ALL"}, "ciphers", "\"!ALL\""},
        {{.ciphers = "aNULL"}, "ciphers", "authenticates"},
        {{.ciphers = "aNULL:eNULL:@SECLEVEL=0"}, "ciphers", "authenticates"},
        {{.ciphersuites = ""}, "ciphersuites", "empty"},
        {{.ciphersuites = "TLS_AES_128_GCM_SHA256:TLS_BOGUS"}, "ciphersuites", "\"TLS_BOGUS\""},
        {{.ciphersuites = "ECDHE-RSA-AES128-GCM-SHA256"}, "ciphersuites", "TLS 1.3"},
        {{.sni = "192.0.2.1"}, "sni", "192.0.2.1"},
        {{.sni = "[::1]"}, "sni", "[::1]"},
        {{.sni = "::1"}, "sni", "::1"},
        {{.sni = "two words"}, "sni", "two words"},
        {{.sni = "b\xc3\xbc"
                 "cher.example"},
         "sni",
         "cher.example"},
        {{.sni = "a\nb"}, "sni", "a?b"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        expect_refused(cases[i].opts, cases[i].option, cases[i].value);
    char name[300];
    memset(name, 'a', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    expect_refused((skua_tls_opts){.sni = name}, "sni", "aaa");
}

static void open_and_shake(ends *e, skua_tls_opts client, skua_tls_opts server) {
    client.size = server.size = sizeof client;
    client.ca_file = certs_path("ca");
    server.cert_file = certs_path("good");
    ends_open(e, 65536, &client, &server, "a.example");
    ends_shake(e);
}

static skua_stream_info info_of(ends *e) {
    skua_stream_info info = {.size = sizeof info};
    e->end[CLIENT]->ops->info(e->end[CLIENT], &info);
    return info;
}

static void a02_versions_are_kept_within(void **state) {
    (void)state;
    static const struct {
        int client_min, client_max, server_min, server_max;
        const char *met; /* or NULL */
    } cases[] = {
        {0, 0, 0, 0, "TLSv1.3"},
        {0, SKUA_TLS_1_2, 0, 0, "TLSv1.2"},
        {0, 0, 0, SKUA_TLS_1_2, "TLSv1.2"},
        {SKUA_TLS_1_2, SKUA_TLS_1_2, 0, 0, "TLSv1.2"},
        {SKUA_TLS_1_3, SKUA_TLS_1_3, 0, 0, "TLSv1.3"},
        {SKUA_TLS_1_3, 0, 0, SKUA_TLS_1_2, NULL},
        {0, SKUA_TLS_1_2, SKUA_TLS_1_3, 0, NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ends e;
        open_and_shake(
            &e,
            (skua_tls_opts){.min_version = cases[i].client_min, .max_version = cases[i].client_max},
            (skua_tls_opts){.min_version = cases[i].server_min,
                            .max_version = cases[i].server_max});
        assert_int_equal(e.rc[CLIENT], cases[i].met ? 0 : SKUA_E_TLS);
        if (cases[i].met)
            assert_string_equal(info_of(&e).tls_version, cases[i].met);
        else
            assert_non_null(strstr(e.err[CLIENT].msg, "version"));
        ends_close(&e);
    }
}

static void a02_cipher_suites_are_chosen_from_the_list(void **state) {
    (void)state;
    ends e;
    open_and_shake(
        &e,
        (skua_tls_opts){.max_version = SKUA_TLS_1_2, .ciphers = "ECDHE-ECDSA-AES256-GCM-SHA384"},
        (skua_tls_opts){0});
    assert_int_equal(e.rc[CLIENT], 0);
    assert_string_equal(info_of(&e).tls_cipher, "ECDHE-ECDSA-AES256-GCM-SHA384");
    ends_close(&e);
    open_and_shake(&e, (skua_tls_opts){.ciphersuites = "TLS_CHACHA20_POLY1305_SHA256"},
                   (skua_tls_opts){0});
    assert_int_equal(e.rc[CLIENT], 0);
    assert_string_equal(info_of(&e).tls_cipher, "TLS_CHACHA20_POLY1305_SHA256");
    ends_close(&e);
    open_and_shake(&e, (skua_tls_opts){0},
                   (skua_tls_opts){.ciphersuites = "TLS_AES_128_GCM_SHA256"});
    assert_string_equal(info_of(&e).tls_cipher, "TLS_AES_128_GCM_SHA256");
    ends_close(&e);
}

static void a02_no_cipher_suite_in_common(void **state) {
    (void)state;
    ends e;
    open_and_shake(
        &e,
        (skua_tls_opts){.max_version = SKUA_TLS_1_2, .ciphers = "ECDHE-ECDSA-AES256-GCM-SHA384"},
        (skua_tls_opts){.ciphers = "ECDHE-ECDSA-AES128-GCM-SHA256"});
    assert_int_equal(e.rc[CLIENT], SKUA_E_TLS);
    assert_non_null(strstr(e.err[CLIENT].msg, "handshake_failure"));
    assert_non_null(strstr(e.err[SERVER].msg, "no cipher suite in common"));
    ends_close(&e);
}

/* A list that lets everything in still has nobody believed without a certificate. */
static void a02_no_list_goes_round_the_certificate(void **state) {
    (void)state;
    ends e;
    open_and_shake(&e,
                   (skua_tls_opts){.max_version = SKUA_TLS_1_2, .ciphers = "ALL:eNULL:@SECLEVEL=0"},
                   (skua_tls_opts){.ciphers = "ALL:eNULL:@SECLEVEL=0"});
    assert_int_equal(e.rc[CLIENT], 0);
    assert_non_null(SSL_get0_peer_certificate(ends_tls(&e, CLIENT)->ssl));
    STACK_OF(SSL_CIPHER) *all = SSL_get_ciphers(ends_tls(&e, CLIENT)->ssl);
    assert_true(sk_SSL_CIPHER_num(all) > 20);
    for (int i = 0; i < sk_SSL_CIPHER_num(all); i++) {
        const SSL_CIPHER *c = sk_SSL_CIPHER_value(all, i);
        assert_int_not_equal(SSL_CIPHER_get_auth_nid(c), NID_auth_null);
        assert_int_not_equal(SSL_CIPHER_get_cipher_nid(c), NID_undef);
    }
    ends_close(&e);
}

/* The name in the clear is one thing, the name that is verified another. */
static void a02_sni_is_sent_in_place_of_the_name(void **state) {
    (void)state;
    static const struct {
        const char *sni, *server_name, *sent;
        int rc;
    } cases[] = {
        {NULL, NULL, "a.example", 0},
        {"front.example", NULL, "front.example", 0},
        {"", NULL, NULL, 0},
        {"front.example", "localhost", "front.example", 0},
        {"a.example", "other.example", "a.example", SKUA_E_TLS_CERTIFICATE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ends e;
        open_and_shake(&e,
                       (skua_tls_opts){.sni = cases[i].sni, .server_name = cases[i].server_name},
                       (skua_tls_opts){0});
        const char *sent = SSL_get_servername(ends_tls(&e, SERVER)->ssl, TLSEXT_NAMETYPE_host_name);
        assert_int_equal(e.rc[CLIENT], cases[i].rc);
        if (cases[i].sent)
            assert_string_equal(sent, cases[i].sent);
        else
            assert_null(sent);
        ends_close(&e);
    }
}

static void a02_a_server_takes_no_options_of_clients(void **state) {
    (void)state;
    skua_error err;
    skua_tls_sessions *sessions = skua_tls_sessions_new(0);
    const char *good = certs_path("good");
    assert_null(sk_tls_server_ctx(SKUA_OPTS(skua_tls_opts, .cert_file = good, .sni = "a"), &err));
    assert_string_equal(err.msg, "tls: sni is for clients");
    assert_null(
        sk_tls_server_ctx(SKUA_OPTS(skua_tls_opts, .cert_file = good, .sessions = sessions), &err));
    assert_string_equal(err.msg, "tls: sessions is for clients");
    skua_tls_sessions_free(sessions);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a02_bad_values_are_named),
        cmocka_unit_test(a02_versions_are_kept_within),
        cmocka_unit_test(a02_cipher_suites_are_chosen_from_the_list),
        cmocka_unit_test(a02_no_cipher_suite_in_common),
        cmocka_unit_test(a02_no_list_goes_round_the_certificate),
        cmocka_unit_test(a02_sni_is_sent_in_place_of_the_name),
        cmocka_unit_test(a02_a_server_takes_no_options_of_clients),
    };
    return cmocka_run_group_tests(tests, common_begin, certs_end);
}
