/* Where authorities come from: files, directories, the system; what is wrong with them. */
#include "tls_zoo.h"

#include <openssl/x509_vfy.h>
#include <sys/stat.h>

static const cert_spec certs[] = {
    {.file = "other-ca", .cn = "Other Authority", .ca = true},
    {.file = "sub-ca", .cn = "Sub Authority", .issuer = "ca", .ca = true},
    {.file = "chain", .cn = "chain", .san = "DNS:a.example", .issuer = "sub-ca"},
    {.file = "unknown", .cn = "unknown", .san = "DNS:a.example", .issuer = "other-ca"},
};

static void write_file(const char *file, const char *content) {
    FILE *f = fopen(certs_path(file), "w");
    assert_non_null(f);
    fputs(content, f);
    fclose(f);
}

static void append(const char *to, const char *cert) {
    EVP_PKEY *key;
    X509 *c = certs_read(cert, &key);
    FILE *f = fopen(certs_path(to), "a");
    assert_non_null(f);
    fputs("# what people write above a certificate\n", f);
    PEM_write_X509(f, c);
    fclose(f);
    X509_free(c);
    EVP_PKEY_free(key);
}

static void write_der(const char *to, const char *cert) {
    EVP_PKEY *key;
    X509 *c = certs_read(cert, &key);
    FILE *f = fopen(certs_path(to), "w");
    assert_non_null(f);
    i2d_X509_fp(f, c);
    fclose(f);
    X509_free(c);
    EVP_PKEY_free(key);
}

static int begin(void **state) {
    if (common_begin(state) != 0)
        return -1;
    certs_make_all(certs, ZOO_COUNT(certs));
    write_file("empty", "");
    write_file("text", "not a certificate\n");
    write_file("damaged", "");
    append("damaged", "ca");
    FILE *f = fopen(certs_path("damaged"), "a");
    assert_non_null(f);
    fputs("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", f);
    fclose(f);
    write_der("der", "ca");
    append("bundle", "other-ca");
    append("bundle", "ca");
    return mkdir(certs_path("dir"), 0700) || mkdir(certs_path("a:b"), 0700);
}

static int end(void **state) {
    rmdir(certs_path("dir"));
    rmdir(certs_path("a:b"));
    return certs_end(state);
}

static void a19_bad_authorities_are_named(void **state) {
    (void)state;
    static const struct {
        const char *file, *dir;
        int code;
        const char *says;
    } cases[] = {
        {"missing", NULL, SKUA_E_FILE_NOT_FOUND, "/missing: No such file or directory"},
        {"text", NULL, SKUA_E_TLS, "/text: holds no certificate in PEM form"},
        {"empty", NULL, SKUA_E_TLS, "/empty: holds no certificate in PEM form: it is empty"},
        {"dir", NULL, SKUA_E_TLS, "/dir: holds no certificate in PEM form: it is a directory"},
        {"der", NULL, SKUA_E_TLS,
         "/der: holds no certificate in PEM form: it is in DER form, which openssl with -inform "
         "DER converts"},
        {"damaged", NULL, SKUA_E_TLS, "ca_file "},
        {NULL, "missing", SKUA_E_FILE_NOT_FOUND, "/missing: no such directory"},
        {NULL, "good", SKUA_E_FILE_NOT_FOUND, "/good: no such directory"},
        {NULL, "dir", SKUA_E_TLS,
         "/dir: no certificate in it has a hashed name: run openssl rehash on it"},
        {NULL, "a:b", SKUA_E_INVALID_ARGUMENT, "/a:b: OpenSSL takes ':' for the end"},
    };
    for (size_t i = 0; i < ZOO_COUNT(cases); i++) {
        skua_error err = {0};
        const char *file = cases[i].file ? certs_path(cases[i].file) : NULL;
        const char *dir = cases[i].dir ? certs_path(cases[i].dir) : NULL;
        const skua_tls_opts *o = SKUA_OPTS(skua_tls_opts, .ca_file = file, .ca_dir = dir);
        assert_null(sk_tls_client_ctx(o, &err));
        if (err.code != cases[i].code || !strstr(err.msg, cases[i].says))
            fail_msg("%d, %s", err.code, err.msg);
        assert_null(sk_tls_client_ctx(o, NULL));
    }
}

static void shake_with(ends *e, const skua_tls_opts *client, const char *cert) {
    ends_open(e, 65536, client, SKUA_OPTS(skua_tls_opts, .cert_file = certs_path(cert)),
              "a.example");
    ends_shake(e);
}

/* As c_rehash does it. */
static void link_by_hash(const char *cert) {
    EVP_PKEY *key;
    X509 *c = certs_read(cert, &key);
    char name[32];
    snprintf(name, sizeof name, "%08lx.0", X509_subject_name_hash(c));
    unlink(certs_path(name));
    assert_int_equal(symlink(certs_path(cert), certs_path(name)), 0);
    X509_free(c);
    EVP_PKEY_free(key);
}

static void a02_a_bundle_holds_several(void **state) {
    (void)state;
    static const char *const servers[] = {"good", "chain", "unknown"};
    for (size_t i = 0; i < ZOO_COUNT(servers); i++)
        zoo_meet(&(zoo_row){.server = servers[i], .ca = "bundle"}, TLS1_3_VERSION);
}

static void a02_a_hashed_directory_is_a_store(void **state) {
    (void)state;
    ends e;
    link_by_hash("ca");
    shake_with(&e, SKUA_OPTS(skua_tls_opts, .ca_dir = certs_dir), "chain");
    assert_int_equal(e.rc[CLIENT], 0);
    ends_close(&e);
    shake_with(&e, SKUA_OPTS(skua_tls_opts, .ca_dir = certs_dir), "unknown");
    assert_int_equal(e.rc[CLIENT], SKUA_E_TLS_CERTIFICATE);
    assert_non_null(strstr(e.err[CLIENT].msg, ", store /tmp/skua-tls-"));
    ends_close(&e);
    /* Both at once; then the message names both. */
    shake_with(&e, SKUA_OPTS(skua_tls_opts, .ca_dir = certs_dir, .ca_file = certs_path("other-ca")),
               "unknown");
    assert_int_equal(e.rc[CLIENT], 0);
    ends_close(&e);
    shake_with(&e, SKUA_OPTS(skua_tls_opts, .ca_dir = certs_dir, .ca_file = certs_path("good")),
               "unknown");
    assert_int_equal(e.rc[CLIENT], SKUA_E_TLS_CERTIFICATE);
    char both[200];
    snprintf(both, sizeof both, ", store %s/good, %s)", certs_dir, certs_dir);
    assert_non_null(strstr(e.err[CLIENT].msg, both));
    ends_close(&e);
}

static void a02_the_systems_store_is_found(void **state) {
    (void)state;
    static const struct {
        const char *file, *dir; /* below the tests' directory */
        bool found;
    } cases[] = {
        {"ca", NULL, true},       {NULL, "", true},       {"ca", "", true},
        {"missing", "", true},    {"other-ca", "", true}, {"other-ca", NULL, false},
        {"missing", NULL, false},
    };
    link_by_hash("ca");
    for (size_t i = 0; i < ZOO_COUNT(cases); i++) {
        ends e;
        unsetenv("SSL_CERT_FILE");
        unsetenv("SSL_CERT_DIR");
        if (cases[i].file)
            setenv("SSL_CERT_FILE", certs_path(cases[i].file), 1);
        if (cases[i].dir)
            setenv("SSL_CERT_DIR", certs_dir, 1);
        shake_with(&e, NULL, "good");
        assert_int_equal(e.rc[CLIENT], cases[i].found ? 0 : SKUA_E_TLS_CERTIFICATE);
        if (!cases[i].found)
            assert_non_null(strstr(e.err[CLIENT].msg, certs_path(cases[i].file)));
        assert_int_equal(ends_tls(&e, CLIENT)->why != NULL, !cases[i].found);
        ends_close(&e);
    }
    unsetenv("SSL_CERT_FILE");
    unsetenv("SSL_CERT_DIR");
}

static void a19_no_store_is_no_trust(void **state) {
    (void)state;
    ends e;
    setenv("SSL_CERT_FILE", "/nonexistent/bundle.pem", 1);
    setenv("SSL_CERT_DIR", "/nonexistent/one:/nonexistent/two", 1);
    shake_with(&e, NULL, "good");
    assert_int_equal(e.rc[CLIENT], SKUA_E_TLS_CERTIFICATE);
    assert_string_equal(e.err[CLIENT].msg,
                        "tls: a.example: certificate cannot be verified: no certificate "
                        "authorities found (depth 0, subject CN=good, looked at "
                        "/nonexistent/bundle.pem, /nonexistent/one:/nonexistent/two)");
    ends_close(&e);
    unsetenv("SSL_CERT_FILE");
    unsetenv("SSL_CERT_DIR");
}

static void a02_authorities_replace_or_add(void **state) {
    (void)state;
    ends e;
    setenv("SSL_CERT_FILE", certs_path("ca"), 1);
    shake_with(&e, SKUA_OPTS(skua_tls_opts, .ca_file = certs_path("other-ca")), "good");
    assert_int_equal(e.rc[CLIENT], SKUA_E_TLS_CERTIFICATE);
    ends_close(&e);
    for (int i = 0; i < 2; i++) {
        shake_with(&e,
                   SKUA_OPTS(skua_tls_opts, .ca_file = certs_path("other-ca"),
                             .trust = SKUA_TLS_TRUST_ADD),
                   i == 0 ? "good" : "unknown");
        assert_int_equal(e.rc[CLIENT], 0);
        ends_close(&e);
    }
    unsetenv("SSL_CERT_FILE");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a19_bad_authorities_are_named),
        cmocka_unit_test(a02_a_bundle_holds_several),
        cmocka_unit_test(a02_a_hashed_directory_is_a_store),
        cmocka_unit_test(a02_the_systems_store_is_found),
        cmocka_unit_test(a19_no_store_is_no_trust),
        cmocka_unit_test(a02_authorities_replace_or_add),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
