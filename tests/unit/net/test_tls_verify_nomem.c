/* Loading what a client believes, and refusing a peer, without memory: nothing leaks, and nobody is
 * believed for it. OpenSSL's own allocations are not ours to fail. */
#include "../nomem.h"
#include "tls_ends.h"

static const cert_spec certs[] = {
    {.file = "self", .cn = "self", .san = "DNS:a.example"},
    {.file = "must",
     .cn = "must",
     .san = "DNS:a.example",
     .issuer = "ca",
     .feature = "status_request"},
};

static void write_list(void) {
    EVP_PKEY *key;
    X509 *issuer = certs_read("ca", &key);
    X509_CRL *crl = X509_CRL_new();
    ASN1_TIME *from = X509_gmtime_adj(NULL, -3600), *to = X509_gmtime_adj(NULL, 3600);
    X509_CRL_set_version(crl, X509_CRL_VERSION_2);
    X509_CRL_set_issuer_name(crl, X509_get_subject_name(issuer));
    X509_CRL_set1_lastUpdate(crl, from);
    X509_CRL_set1_nextUpdate(crl, to);
    assert_true(X509_CRL_sign(crl, key, EVP_sha256()) > 0);
    FILE *f = fopen(certs_path("list"), "w");
    assert_non_null(f);
    PEM_write_X509_CRL(f, crl);
    fclose(f);
    ASN1_TIME_free(from);
    ASN1_TIME_free(to);
    X509_CRL_free(crl);
    X509_free(issuer);
    EVP_PKEY_free(key);
}

static int begin(void **state) {
    if (common_begin(state) != 0)
        return -1;
    certs_make_all(certs, sizeof certs / sizeof *certs);
    write_list();
    return 0;
}

#define ZEROS "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

static void loading_fails_cleanly(void **state) {
    (void)state;
    for (int n = 1;; n++) {
        skua_error err = {0};
        nomem_fail_from(n);
        sk_tls_ctx *c =
            sk_tls_client_ctx(SKUA_OPTS(skua_tls_opts, .ca_file = certs_path("ca"),
                                        .trust = SKUA_TLS_TRUST_ADD, .crl_file = certs_path("list"),
                                        .pins = "sha256//" ZEROS "=;sha256//" ZEROS "="),
                              &err);
        bool failed = nomem_stop();
        sk_tls_ctx_unref(c);
        if (!failed) {
            assert_non_null(c);
            assert_true(n > 5);
            return;
        }
        assert_true(c || err.code == SKUA_E_NOMEM);
    }
}

typedef struct refusal {
    const char *server, *pins, *crl;
    int code;
    bool worded; /* by us alone */
} refusal;

/* Returns whether an allocation failed. */
static bool refuse_from(const refusal *r, int n) {
    ends e;
    ends_open(&e, 65536,
              SKUA_OPTS(skua_tls_opts, .ca_file = certs_path("ca"), .pins = r->pins,
                        .crl_file = r->crl ? certs_path(r->crl) : NULL),
              SKUA_OPTS(skua_tls_opts, .cert_file = certs_path(r->server)), "a.example");
    e.rc[CLIENT] = SKUA_E_AGAIN;
    for (int turn = 0; turn < 100 && e.rc[CLIENT] == SKUA_E_AGAIN; turn++) {
        nomem_fail_from(n);
        e.rc[CLIENT] = sk_tls_handshake(e.end[CLIENT], &e.err[CLIENT]);
        if (nomem_stop())
            break;
        sk_tls_handshake(e.end[SERVER], NULL);
    }
    bool failed = nomem_happened;
    /* A refusal without its words is one all the same, where OpenSSL has found the cause itself. */
    if (failed && r->worded)
        assert_int_equal(e.rc[CLIENT], SKUA_E_NOMEM);
    else if (e.rc[CLIENT] != SKUA_E_NOMEM || !failed)
        assert_int_equal(e.rc[CLIENT], r->code);
    skua_error again;
    assert_int_equal(sk_tls_handshake(e.end[CLIENT], &again), e.rc[CLIENT]);
    assert_int_equal(again.code, e.err[CLIENT].code);
    ends_close(&e);
    return failed;
}

static void refusing_fails_cleanly(void **state) {
    (void)state;
    static const refusal refusals[] = {
        {"self", NULL, NULL, SKUA_E_TLS_CERTIFICATE, false},
        {"must", NULL, "list", SKUA_E_TLS_CERTIFICATE, true},
        {"good", "sha256//" ZEROS "=", NULL, SKUA_E_TLS_PIN, true},
    };
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        int n = 1;
        while (refuse_from(&refusals[i], n))
            n++;
        assert_true(n > 1);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(loading_fails_cleanly),
        cmocka_unit_test(refusing_fails_cleanly),
    };
    return cmocka_run_group_tests(tests, begin, certs_end);
}
