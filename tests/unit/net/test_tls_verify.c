/* Whom a TLS client believes, and what it says when it does not. */
#include "tls_ends.h"

#include <openssl/x509_vfy.h>

static const cert_spec certs[] = {
    {.file = "ca", .cn = "Test Authority", .ca = true},
    {.file = "other-ca", .cn = "Other Authority", .ca = true},
    {.file = "sub-ca", .cn = "Sub Authority", .issuer = "ca", .ca = true},
    {.file = "good", .cn = "good", .san = "DNS:a.example,DNS:localhost", .issuer = "ca"},
    {.file = "chain", .cn = "chain", .san = "DNS:a.example", .issuer = "sub-ca"},
    {.file = "expired",
     .cn = "old",
     .san = "DNS:a.example",
     .issuer = "ca",
     .from_days = -9,
     .to_days = -3},
    {.file = "future",
     .cn = "young",
     .san = "DNS:a.example",
     .issuer = "ca",
     .from_days = 2,
     .to_days = 9},
    {.file = "self", .cn = "self", .san = "DNS:a.example"},
    {.file = "unknown", .cn = "unknown", .san = "DNS:a.example", .issuer = "other-ca"},
    {.file = "wild", .cn = "wild", .san = "DNS:*.b.example", .issuer = "ca"},
    {.file = "partial",
     .cn = "partial",
     .san = "DNS:w*.b.example,DNS:*w.b.example",
     .issuer = "ca"},
    {.file = "inner", .cn = "inner", .san = "DNS:x.*.example,DNS:*.*.b.example", .issuer = "ca"},
    {.file = "broad", .cn = "broad", .san = "DNS:*,DNS:*.example", .issuer = "ca"},
    {.file = "ip", .cn = "ip", .san = "IP:127.0.0.1,IP:::1", .issuer = "ca"},
    {.file = "ip-as-dns", .cn = "127.0.0.1", .san = "DNS:127.0.0.1", .issuer = "ca"},
    {.file = "cn-only", .cn = "a.example", .issuer = "ca"},
    {.file = "cn-beside", .cn = "a.example", .san = "IP:127.0.0.1", .issuer = "ca"},
    {.file = "client-use",
     .cn = "client",
     .san = "DNS:a.example",
     .issuer = "ca",
     .usage = "clientAuth"},
    {.file = "server-use",
     .cn = "server",
     .san = "DNS:a.example",
     .issuer = "ca",
     .usage = "serverAuth"},
    {.file = "not-ca", .cn = "by a server", .san = "DNS:a.example", .issuer = "good"},
};

static int begin(void **state) {
    if (certs_begin(state) != 0)
        return -1;
    for (size_t i = 0; i < sizeof certs / sizeof *certs; i++)
        certs_make(&certs[i]);
    return 0;
}

static void shake_with(ends *e, const skua_tls_opts *client, const char *cert, const char *host) {
    ends_open(e, 65536, client, SKUA_OPTS(skua_tls_opts, .cert_file = certs_path(cert)), host);
    ends_shake(e);
}

static void judges(void **state) {
    (void)state;
    static const struct {
        const char *cert, *host;
        int verify; /* 0: believed */
        int depth;
        const char *says;
    } cases[] = {
        {"good", "a.example", 0, 0, NULL},
        {"good", "A.Example", 0, 0, NULL},
        {"good", "a.example.", 0, 0, NULL},
        {"good", "localhost", 0, 0, NULL},
        {"chain", "a.example", 0, 0, NULL},
        {"server-use", "a.example", 0, 0, NULL},
        {"good", "b.example", X509_V_ERR_HOSTNAME_MISMATCH, 0,
         "tls: b.example: hostname mismatch: the certificate is not for this host, it names "
         "a.example, "
         "localhost (depth 0, subject CN=good, store "},
        {"good", "x.a.example", X509_V_ERR_HOSTNAME_MISMATCH, 0, "not for this host"},
        {"good", "a.example.org", X509_V_ERR_HOSTNAME_MISMATCH, 0, "not for this host"},
        {"good", "127.0.0.1", X509_V_ERR_IP_ADDRESS_MISMATCH, 0, "not for this host"},
        {"expired", "a.example", X509_V_ERR_CERT_HAS_EXPIRED, 0,
         "tls: a.example: certificate has expired, 3 days ago (depth 0, subject CN=old, store "},
        {"future", "a.example", X509_V_ERR_CERT_NOT_YET_VALID, 0,
         "is not yet valid, only in "},
        {"self", "a.example", X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, 0,
         "tls: a.example: self-signed certificate: nobody else vouches for it, and it is not in "
         "the "
         "store (depth 0, subject CN=self, store "},
        {"unknown", "a.example", X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, 0,
         "unable to get local issuer certificate: the server did not send the intermediate "
         "certificate of its issuer (CN=Other Authority), or that is an authority which is not "
         "trusted here (depth 0, subject CN=unknown, store "},
        {"not-ca", "a.example", X509_V_ERR_INVALID_CA, 1,
         "invalid CA certificate: it signed the one below without being an authority "},
        {"client-use", "a.example", X509_V_ERR_INVALID_PURPOSE, 0,
         "its extended key usage is not serverAuth but TLS Web Client Authentication"},
        /* RFC 9525 6.3: a wildcard is the whole left-most label, and matches one label. */
        {"wild", "x.b.example", 0, 0, NULL},
        {"wild", "X.B.example.", 0, 0, NULL},
        {"wild", "b.example", X509_V_ERR_HOSTNAME_MISMATCH, 0,
         "it names *.b.example; a wildcard is"},
        {"wild", "x.y.b.example", X509_V_ERR_HOSTNAME_MISMATCH, 0, "not for this host"},
        {"partial", "www.b.example", X509_V_ERR_HOSTNAME_MISMATCH, 0, "not for this host"},
        {"inner", "x.y.example", X509_V_ERR_HOSTNAME_MISMATCH, 0, "not for this host"},
        {"inner", "x.y.b.example", X509_V_ERR_HOSTNAME_MISMATCH, 0, "not for this host"},
        {"broad", "example", X509_V_ERR_HOSTNAME_MISMATCH, 0, "not for this host"},
        {"broad", "a.example", X509_V_ERR_HOSTNAME_MISMATCH, 0, "not for this host"},
        /* RFC 9525 6.2, 6.5: an address only matches an iPAddress. */
        {"ip", "127.0.0.1", 0, 0, NULL},
        {"ip", "::1", 0, 0, NULL},
        {"ip", "[::1]", 0, 0, NULL},
        {"ip", "::1%lo", 0, 0, NULL},
        {"ip", "127.0.0.2", X509_V_ERR_IP_ADDRESS_MISMATCH, 0, "it names 127.0.0.1, ::1 ("},
        {"ip", "localhost", X509_V_ERR_HOSTNAME_MISMATCH, 0, "not for this host"},
        {"ip-as-dns", "127.0.0.1", X509_V_ERR_IP_ADDRESS_MISMATCH, 0,
         "it names 127.0.0.1; an address must stand there as IP, not as DNS"},
        /* RFC 9525 1.4: the common name does not count. */
        {"cn-only", "a.example", X509_V_ERR_HOSTNAME_MISMATCH, 0,
         "names no host in its subjectAltName, and its common name does not count"},
        {"cn-beside", "a.example", X509_V_ERR_HOSTNAME_MISMATCH, 0, "it names 127.0.0.1 ("},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ends e;
        const skua_error *err = &e.err[CLIENT];
        shake_with(&e, SKUA_OPTS(skua_tls_opts, .ca_file = certs_path("ca")), cases[i].cert,
                   cases[i].host);
        bool as_told = err->tls_verify == cases[i].verify && err->tls_depth == cases[i].depth &&
                       (!cases[i].says || strstr(err->msg, cases[i].says));
        if (!as_told || e.rc[CLIENT] != (cases[i].verify ? SKUA_E_TLS_CERTIFICATE : 0))
            fail_msg("%s for %s: %d, %d at %d: %s", cases[i].cert, cases[i].host, e.rc[CLIENT],
                     err->tls_verify, err->tls_depth, err->msg);
        if (cases[i].verify) {
            assert_int_equal(err->code, SKUA_E_TLS_CERTIFICATE);
            assert_int_equal(err->phase, SKUA_PHASE_TLS);
            assert_true(strncmp(err->tls_subject, "CN=", 3) == 0);
            assert_int_equal(e.rc[SERVER], SKUA_E_TLS); /* the alert reached it */
            assert_non_null(strstr(e.err[SERVER].msg, "the peer sent the alert"));
        }
        ends_close(&e);
    }
}

static void refusal_stays(void **state) {
    (void)state;
    ends e;
    char buf[8];
    shake_with(&e, SKUA_OPTS(skua_tls_opts, .ca_file = certs_path("ca")), "self", "a.example");
    for (int i = 0; i < 3; i++) {
        skua_error err = {0};
        int rc = i == 0   ? sk_tls_handshake(e.end[CLIENT], &err)
                 : i == 1 ? (int)e.end[CLIENT]->ops->read(e.end[CLIENT], buf, sizeof buf, &err)
                          : (int)e.end[CLIENT]->ops->writev(e.end[CLIENT], &(skua_str){"secret", 6},
                                                            1, &err);
        assert_int_equal(rc, SKUA_E_TLS_CERTIFICATE);
        assert_string_equal(err.msg, e.err[CLIENT].msg);
    }
    ends_close(&e);
}

static void a_name_can_be_given(void **state) {
    (void)state;
    ends e;
    shake_with(&e,
               SKUA_OPTS(skua_tls_opts, .ca_file = certs_path("ca"), .server_name = "a.example"),
               "good", "10.0.0.1");
    assert_int_equal(e.rc[CLIENT], 0);
    assert_string_equal(SSL_get_servername(ends_tls(&e, SERVER)->ssl, TLSEXT_NAMETYPE_host_name),
                        "a.example");
    ends_close(&e);
}

/* RFC 6066 3: no address in server_name. */
static void asks_for_names_alone(void **state) {
    (void)state;
    ends e;
    shake_with(&e, SKUA_OPTS(skua_tls_opts, .ca_file = certs_path("ca")), "ip", "127.0.0.1");
    assert_null(SSL_get_servername(ends_tls(&e, SERVER)->ssl, TLSEXT_NAMETYPE_host_name));
    ends_close(&e);
    shake_with(&e, SKUA_OPTS(skua_tls_opts, .ca_file = certs_path("ca")), "good", "a.example.");
    assert_string_equal(SSL_get_servername(ends_tls(&e, SERVER)->ssl, TLSEXT_NAMETYPE_host_name),
                        "a.example");
    ends_close(&e);
}

static void needs_a_name(void **state) {
    (void)state;
    static const char *const none[] = {NULL, "", ".", "[]"};
    skua_error err;
    sk_pair *net = sk_pair_new(1024, NULL);
    sk_tls_scratch *scratch = sk_tls_scratch_new();
    sk_tls_ctx *c = sk_tls_client_ctx(SKUA_OPTS(skua_tls_opts, .ca_file = certs_path("ca")), &err);
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        err.code = 0;
        assert_null(sk_tls_client(c, sk_pair_end(net, 0), none[i], scratch, &err));
        assert_int_equal(err.code, SKUA_E_INVALID_ARGUMENT);
    }
    for (int i = 0; i < 2; i++)
        sk_pair_end(net, i)->ops->close(sk_pair_end(net, i));
    sk_pair_free(net);
    sk_tls_scratch_free(scratch);
    sk_tls_ctx_unref(c);
}

static void can_be_told_not_to_verify(void **state) {
    (void)state;
    static const char *const bad[] = {"self", "expired", "unknown", "wild"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        ends e;
        shake_with(&e, SKUA_OPTS(skua_tls_opts, .insecure_skip_verify = 1), bad[i], "a.example");
        assert_int_equal(e.rc[CLIENT], 0);
        assert_true(sk_tls_ctx_insecure(e.ctx[CLIENT]));
        ends_close(&e);
    }
}

static void believes_what_is_named(void **state) {
    (void)state;
    ends e;
    shake_with(&e, SKUA_OPTS(skua_tls_opts, .ca_file = certs_path("self")), "self", "a.example");
    assert_int_equal(e.rc[CLIENT], 0);
    ends_close(&e);
    shake_with(&e, SKUA_OPTS(skua_tls_opts, .ca_file = certs_path("sub-ca")), "chain", "a.example");
    assert_int_equal(e.rc[CLIENT], 0);
    ends_close(&e);
    shake_with(&e, SKUA_OPTS(skua_tls_opts, .ca_file = certs_path("good")), "chain", "a.example");
    assert_int_equal(e.rc[CLIENT], SKUA_E_TLS_CERTIFICATE);
    ends_close(&e);
}

/* As c_rehash does it. */
static void link_by_hash(const char *cert, const char *dir) {
    EVP_PKEY *key;
    X509 *c = certs_read(cert, &key);
    char name[256];
    snprintf(name, sizeof name, "%s/%08lx.0", dir, X509_subject_name_hash(c));
    unlink(name);
    assert_int_equal(symlink(certs_path(cert), name), 0);
    X509_free(c);
    EVP_PKEY_free(key);
}

static void believes_a_directory(void **state) {
    (void)state;
    ends e;
    link_by_hash("ca", certs_dir);
    shake_with(&e, SKUA_OPTS(skua_tls_opts, .ca_dir = certs_dir), "chain", "a.example");
    assert_int_equal(e.rc[CLIENT], 0);
    ends_close(&e);
    shake_with(&e, SKUA_OPTS(skua_tls_opts, .ca_dir = certs_dir), "unknown", "a.example");
    assert_int_equal(e.rc[CLIENT], SKUA_E_TLS_CERTIFICATE);
    assert_non_null(strstr(e.err[CLIENT].msg, certs_dir));
    ends_close(&e);
}

static void finds_the_systems_store(void **state) {
    (void)state;
    static const struct {
        const char *file, *dir; /* below the tests' directory */
        bool found;
    } cases[] = {
        {"ca", NULL, true},       {NULL, "", true},       {"ca", "", true},
        {"missing", "", true},    {"other-ca", "", true}, {"other-ca", NULL, false},
        {"missing", NULL, false},
    };
    link_by_hash("ca", certs_dir);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ends e;
        unsetenv("SSL_CERT_FILE");
        unsetenv("SSL_CERT_DIR");
        if (cases[i].file)
            setenv("SSL_CERT_FILE", certs_path(cases[i].file), 1);
        if (cases[i].dir)
            setenv("SSL_CERT_DIR", certs_dir, 1);
        shake_with(&e, NULL, "good", "a.example");
        assert_int_equal(e.rc[CLIENT], cases[i].found ? 0 : SKUA_E_TLS_CERTIFICATE);
        if (!cases[i].found)
            assert_non_null(strstr(e.err[CLIENT].msg, certs_path(cases[i].file)));
        ends_close(&e);
    }
    unsetenv("SSL_CERT_FILE");
    unsetenv("SSL_CERT_DIR");
}

static void no_store_is_no_trust(void **state) {
    (void)state;
    ends e;
    setenv("SSL_CERT_FILE", "/nonexistent/bundle.pem", 1);
    setenv("SSL_CERT_DIR", "/nonexistent/one:/nonexistent/two", 1);
    shake_with(&e, NULL, "good", "a.example");
    assert_int_equal(e.rc[CLIENT], SKUA_E_TLS_CERTIFICATE);
    assert_string_equal(e.err[CLIENT].msg,
                        "tls: a.example: certificate cannot be verified: no certificate "
                        "authorities found (depth 0, subject CN=good, looked at "
                        "/nonexistent/bundle.pem, "
                        "/nonexistent/one:/nonexistent/two)");
    ends_close(&e);
    unsetenv("SSL_CERT_FILE");
    unsetenv("SSL_CERT_DIR");
}

static void trust_is_replaced_or_added(void **state) {
    (void)state;
    ends e;
    setenv("SSL_CERT_FILE", certs_path("ca"), 1);
    shake_with(&e, SKUA_OPTS(skua_tls_opts, .ca_file = certs_path("other-ca")), "good",
               "a.example");
    assert_int_equal(e.rc[CLIENT], SKUA_E_TLS_CERTIFICATE);
    ends_close(&e);
    for (int i = 0; i < 2; i++) {
        shake_with(&e,
                   SKUA_OPTS(skua_tls_opts, .ca_file = certs_path("other-ca"),
                             .trust = SKUA_TLS_TRUST_ADD),
                   i == 0 ? "good" : "unknown", "a.example");
        assert_int_equal(e.rc[CLIENT], 0);
        ends_close(&e);
    }
    unsetenv("SSL_CERT_FILE");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(judges),
        cmocka_unit_test(refusal_stays),
        cmocka_unit_test(a_name_can_be_given),
        cmocka_unit_test(asks_for_names_alone),
        cmocka_unit_test(needs_a_name),
        cmocka_unit_test(can_be_told_not_to_verify),
        cmocka_unit_test(believes_what_is_named),
        cmocka_unit_test(believes_a_directory),
        cmocka_unit_test(finds_the_systems_store),
        cmocka_unit_test(no_store_is_no_trust),
        cmocka_unit_test(trust_is_replaced_or_added),
    };
    return cmocka_run_group_tests(tests, begin, certs_end);
}
