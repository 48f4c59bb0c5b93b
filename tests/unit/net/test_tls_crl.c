/* Revocation lists that a client was given. */
#include "tls_zoo.h"

#include <openssl/x509_vfy.h>

static const cert_spec certs[] = {
    {.file = "sub-ca", .cn = "Sub Authority", .issuer = "ca", .ca = true},
    {.file = "chain", .cn = "chain", .san = "DNS:a.example", .issuer = "sub-ca"},
    {.file = "bad", .cn = "bad", .san = "DNS:a.example", .issuer = "ca"},
    {.file = "bad-leaf", .cn = "bad", .san = "DNS:a.example", .issuer = "sub-ca"},
    {.file = "bad-sub", .cn = "Bad Sub", .issuer = "ca", .ca = true},
    {.file = "by-bad-sub", .cn = "x", .san = "DNS:a.example", .issuer = "bad-sub"},
    {.file = "self", .cn = "self", .san = "DNS:a.example"},
    {.file = "no-lists", .cn = "No Lists", .issuer = "ca", .ca = true, .key_usage = "keyCertSign"},
    {.file = "by-no-lists", .cn = "x", .san = "DNS:a.example", .issuer = "no-lists"},
};

/* A revocation list, put behind what the file has already. */
typedef struct list_spec {
    const char *file, *issuer;
    const char *revoked[3];   /* certificates */
    int from_hours, to_hours; /* 0, 0: an hour ago, in a day */
    bool forged;              /* not the issuer's signature */
    bool endless;             /* without nextUpdate */
} list_spec;

static void add_revoked(X509_CRL *crl, const char *cert) {
    EVP_PKEY *key;
    X509 *c = certs_read(cert, &key);
    X509_REVOKED *r = X509_REVOKED_new();
    ASN1_TIME *when = X509_gmtime_adj(NULL, -2 * 86400L);
    X509_REVOKED_set_serialNumber(r, X509_get_serialNumber(c));
    X509_REVOKED_set_revocationDate(r, when);
    X509_CRL_add0_revoked(crl, r);
    ASN1_TIME_free(when);
    X509_free(c);
    EVP_PKEY_free(key);
}

static void add_list(const list_spec *s) {
    EVP_PKEY *key;
    X509 *issuer = certs_read(s->issuer, &key);
    X509_CRL *crl = X509_CRL_new();
    bool given = s->from_hours || s->to_hours;
    ASN1_TIME *from = X509_gmtime_adj(NULL, 3600L * (given ? s->from_hours : -1));
    ASN1_TIME *to = X509_gmtime_adj(NULL, 3600L * (given ? s->to_hours : 24));
    X509_CRL_set_version(crl, X509_CRL_VERSION_2);
    X509_CRL_set_issuer_name(crl, X509_get_subject_name(issuer));
    X509_CRL_set1_lastUpdate(crl, from);
    if (!s->endless)
        X509_CRL_set1_nextUpdate(crl, to);
    for (int i = 0; s->revoked[i]; i++)
        add_revoked(crl, s->revoked[i]);
    EVP_PKEY *signer = s->forged ? EVP_EC_gen("P-256") : key;
    assert_true(X509_CRL_sign(crl, signer, EVP_sha256()) > 0);
    FILE *f = fopen(certs_path(s->file), "a");
    assert_non_null(f);
    PEM_write_X509_CRL(f, crl);
    fclose(f);
    if (s->forged)
        EVP_PKEY_free(signer);
    ASN1_TIME_free(from);
    ASN1_TIME_free(to);
    X509_CRL_free(crl);
    X509_free(issuer);
    EVP_PKEY_free(key);
}

static const list_spec lists[] = {
    {.file = "lists", .issuer = "ca", .revoked = {"bad", "bad-sub"}},
    {.file = "lists", .issuer = "sub-ca", .revoked = {"bad-leaf"}},
    {.file = "lists", .issuer = "bad-sub"},
    {.file = "lists", .issuer = "no-lists"},
    {.file = "ca-list", .issuer = "ca"},
    {.file = "sub-list", .issuer = "sub-ca", .revoked = {"bad-leaf"}},
    {.file = "old-list", .issuer = "ca", .from_hours = -96, .to_hours = -72},
    {.file = "young-list", .issuer = "ca", .from_hours = 5, .to_hours = 72},
    {.file = "endless-list", .issuer = "ca", .revoked = {"bad"}, .endless = true},
    {.file = "forged-list", .issuer = "ca", .forged = true},
    /* The newer one counts. */
    {.file = "two-lists", .issuer = "ca", .from_hours = -96, .to_hours = -72},
    {.file = "two-lists", .issuer = "ca", .revoked = {"bad"}},
};

static int begin(void **state) {
    if (common_begin(state) != 0)
        return -1;
    certs_make_all(certs, ZOO_COUNT(certs));
    for (size_t i = 0; i < ZOO_COUNT(lists); i++)
        add_list(&lists[i]);
    return 0;
}

static void a02_listed_certificates_are_refused(void **state) {
    (void)state;
    static const zoo_row rows[] = {
        {"good", .crl = "lists"},
        {"chain", .crl = "lists"},
        {"good", .crl = "endless-list"},
        {"good", .crl = "two-lists"},
        {"good", .crl = "lists", .ca = "good"}, /* it is in the store itself */
        {"good", .crl = "old-list", .ca = "good"},
        {"good", .crl = "sub-list", .ca = "good"},
        {"bad", .crl = "lists", .ca = "bad", .verify = X509_V_ERR_CERT_REVOKED},
        {"self", .crl = "lists", .ca = "self"},
        {"chain", .crl = "sub-list", .ca = "sub-ca"}, /* who is trusted needs no list */
        {"bad", .crl = "lists", .insecure = true},
        {"bad", .crl = "lists", .verify = X509_V_ERR_CERT_REVOKED,
         .says =
             "tls: a.example: certificate revoked: its issuer has taken it back (crl_file /tmp/"},
        {"bad", .crl = "lists", .verify = X509_V_ERR_CERT_REVOKED,
         .says = ", list of CN=Test Authority) (depth 0, subject CN=bad, store /tmp/"},
        {"bad", .crl = "endless-list", .verify = X509_V_ERR_CERT_REVOKED},
        {"bad", .crl = "two-lists", .verify = X509_V_ERR_CERT_REVOKED},
        {"bad-leaf", .crl = "lists", .verify = X509_V_ERR_CERT_REVOKED,
         .says = "list of CN=Sub Authority"},
        {"bad-leaf", .crl = "sub-list", .ca = "sub-ca", .verify = X509_V_ERR_CERT_REVOKED},
        {"by-bad-sub", .crl = "lists", .verify = X509_V_ERR_CERT_REVOKED, .depth = 1,
         .says = "(depth 1, subject CN=Bad Sub"},
    };
    zoo_visit(rows, ZOO_COUNT(rows));
}

static void a19_each_issuer_needs_a_list_of_now(void **state) {
    (void)state;
    static const zoo_row rows[] = {
        {"good", .crl = "sub-list", .verify = X509_V_ERR_UNABLE_TO_GET_CRL,
         .says = "unable to get certificate CRL: crl_file /tmp/"},
        {"good", .crl = "sub-list", .verify = X509_V_ERR_UNABLE_TO_GET_CRL,
         .says = "/sub-list has no revocation list of CN=Test Authority (depth 0, subject CN=good"},
        {"chain", .crl = "ca-list", .verify = X509_V_ERR_UNABLE_TO_GET_CRL,
         .says = "has no revocation list of CN=Sub Authority"},
        {"chain", .crl = "sub-list", .verify = X509_V_ERR_UNABLE_TO_GET_CRL, .depth = 1,
         .says = "has no revocation list of CN=Test Authority (depth 1, subject CN=Sub Authority"},
        {"good", .crl = "old-list", .verify = X509_V_ERR_CRL_HAS_EXPIRED,
         .says = "CRL has expired, 3 days ago: a newer one is needed (crl_file /tmp/"},
        {"good", .crl = "young-list", .verify = X509_V_ERR_CRL_NOT_YET_VALID,
         .says = "CRL is not yet valid, only in "},
        {"good", .crl = "forged-list", .verify = X509_V_ERR_CRL_SIGNATURE_FAILURE,
         .says = "CRL signature failure: altered, or signed by another key than its issuer's "
                 "(crl_file /tmp/"},
        {"by-no-lists", .crl = "lists", .verify = X509_V_ERR_KEYUSAGE_NO_CRL_SIGN,
         .says = "key usage does not include CRL signing (crl_file /tmp/"},
    };
    zoo_visit(rows, ZOO_COUNT(rows));
}

static void write_file(const char *file, const char *content) {
    FILE *f = fopen(certs_path(file), "a");
    assert_non_null(f);
    fputs(content, f);
    fclose(f);
}

static void a19_bad_lists_are_named(void **state) {
    (void)state;
    static const struct {
        const char *file;
        int code;
        const char *says;
    } cases[] = {
        {"missing", SKUA_E_FILE_NOT_FOUND, "crl_file "},
        {"empty", SKUA_E_TLS, "/empty: holds no revocation list in PEM form: it is empty"},
        {"ca", SKUA_E_TLS, "/ca: holds no revocation list in PEM form"},
        {"der", SKUA_E_TLS, "it is in DER form, which openssl with -inform DER converts"},
        {"damaged", SKUA_E_TLS, "crl_file "},
    };
    write_file("empty", "");
    write_file("der", "0\x82\x01");
    add_list(&(list_spec){.file = "damaged", .issuer = "ca"});
    write_file("damaged", "-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n");
    for (size_t i = 0; i < ZOO_COUNT(cases); i++) {
        skua_error err = {0};
        const skua_tls_opts *o = SKUA_OPTS(skua_tls_opts, .ca_file = certs_path("ca"),
                                           .crl_file = certs_path(cases[i].file));
        assert_null(sk_tls_client_ctx(o, &err));
        if (err.code != cases[i].code || !strstr(err.msg, cases[i].says))
            fail_msg("%d, %s", err.code, err.msg);
    }
    skua_error err = {0};
    assert_null(sk_tls_server_ctx(
        SKUA_OPTS(skua_tls_opts, .cert_file = certs_path("good"), .crl_file = certs_path("lists")),
        &err));
    assert_int_equal(err.code, SKUA_E_INVALID_ARGUMENT);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a02_listed_certificates_are_refused),
        cmocka_unit_test(a19_each_issuer_needs_a_list_of_now),
        cmocka_unit_test(a19_bad_lists_are_named),
    };
    return cmocka_run_group_tests(tests, begin, certs_end);
}
