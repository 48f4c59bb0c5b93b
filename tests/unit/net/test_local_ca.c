/* The local authority: made once, kept, told when it is damaged; its certificate renewed. */
#include "tls_ends.h"

#include <errno.h>
#include <skua/tls.h>
#include <sys/stat.h>
#include <sys/wait.h>

static char base_dir[64];
static char ca_dir[96];

static int begin(void **state) {
    (void)state;
    snprintf(base_dir, sizeof base_dir, "/tmp/skua-ca-XXXXXX");
    if (!mkdtemp(base_dir))
        return -1;
    snprintf(ca_dir, sizeof ca_dir, "%s/data/ca", base_dir);
    return 0;
}

static void remove_files(const char *dir) {
    char path[512];
    DIR *d = opendir(dir);
    for (struct dirent *e; d && (e = readdir(d)) != NULL;) {
        snprintf(path, sizeof path, "%s/%s", dir, e->d_name);
        unlink(path);
    }
    if (d)
        closedir(d);
}

static int end(void **state) {
    (void)state;
    char data[96];
    snprintf(data, sizeof data, "%s/data", base_dir);
    remove_files(ca_dir);
    rmdir(ca_dir);
    rmdir(data);
    return rmdir(base_dir);
}

static const char *file(const char *name) {
    static char path[160];
    snprintf(path, sizeof path, "%s/%s", ca_dir, name);
    return path;
}

static skua_local_ca_files ensured(const char *const *names) {
    skua_local_ca_files f;
    skua_error err;
    int rc = skua_local_ca_ensure(SKUA_OPTS(skua_local_ca_opts, .dir = ca_dir, .names = names), &f,
                                  &err);
    if (rc != 0)
        fail_msg("%s", err.msg);
    return f;
}

static void refused(const char *const *names, int code, const char *says) {
    skua_local_ca_files f;
    skua_error err = {0};
    memset(&f, 0x55, sizeof f);
    assert_int_equal(skua_local_ca_ensure(
                         SKUA_OPTS(skua_local_ca_opts, .dir = ca_dir, .names = names), &f, &err),
                     code);
    assert_int_equal(err.code, code);
    if (!strstr(err.msg, says))
        fail_msg("%s", err.msg);
    assert_int_equal(f.ca_file[0], 0x55); /* untouched */
}

static X509 *read_cert(const char *path) {
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    X509 *c = PEM_read_X509(f, NULL, NULL, NULL);
    fclose(f);
    assert_non_null(c);
    return c;
}

static unsigned mode_of(const char *path) {
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    return st.st_mode & 07777;
}

static void makes_and_keeps(void **state) {
    (void)state;
    skua_local_ca_files f = ensured(NULL);
    assert_true(f.ca_made && f.cert_made);
    assert_string_equal(f.ca_file, file("ca.pem"));
    assert_int_equal(mode_of(ca_dir), 0700);
    assert_int_equal(mode_of(file("ca-key.pem")), 0600);
    assert_int_equal(mode_of(f.key_file), 0600);
    f = ensured(NULL);
    assert_false(f.ca_made || f.cert_made);
}

static void certificates_are_as_promised(void **state) {
    (void)state;
    static const char *const names[] = {"localhost", "*.dev.example", "10.1.2.3", "fe80::1", NULL};
    skua_local_ca_files f = ensured(names);
    X509 *ca = read_cert(f.ca_file), *cert = read_cert(f.cert_file);
    int days, seconds;
    assert_int_equal(X509_check_ca(ca), 1);
    assert_int_equal(X509_get_pathlen(ca), 0);
    assert_int_equal(X509_get_key_usage(ca), KU_KEY_CERT_SIGN | KU_CRL_SIGN);
    assert_int_equal(X509_get_key_usage(cert), KU_DIGITAL_SIGNATURE);
    assert_int_equal(X509_get_extended_key_usage(cert), XKU_SSL_SERVER);
    assert_int_equal(X509_verify(cert, X509_get0_pubkey(ca)), 1);
    assert_int_equal(X509_check_issued(ca, cert), X509_V_OK);
    assert_int_equal(
        ASN1_OCTET_STRING_cmp(X509_get0_authority_key_id(cert), X509_get0_subject_key_id(ca)), 0);
    assert_int_equal(
        ASN1_TIME_diff(&days, &seconds, X509_get0_notBefore(cert), X509_get0_notAfter(cert)), 1);
    assert_int_equal(days, 397);
    ASN1_TIME_diff(&days, &seconds, NULL, X509_get0_notAfter(ca));
    assert_in_range(days, 3650, 3653);
    assert_in_range(ASN1_STRING_length(X509_get0_serialNumber(cert)), 16, 16);
    assert_int_not_equal(ASN1_INTEGER_cmp(X509_get0_serialNumber(cert), X509_get0_serialNumber(ca)),
                         0);
    assert_int_equal(X509_check_host(cert, "x.dev.example", 0, 0, NULL), 1);
    assert_int_equal(X509_check_ip_asc(cert, "10.1.2.3", 0), 1);
    assert_int_equal(X509_check_ip_asc(cert, "fe80::1", 0), 1);
    assert_int_equal(X509_check_ip_asc(cert, "127.0.0.1", 0), 0);
    X509_free(ca);
    X509_free(cert);
}

static void serves_what_clients_believe(void **state) {
    (void)state;
    ends e;
    skua_local_ca_files f = ensured(NULL);
    static const char *const hosts[] = {"localhost", "127.0.0.1", "::1"};
    for (size_t i = 0; i < 3; i++) {
        ends_open(&e, 65536, SKUA_OPTS(skua_tls_opts, .ca_file = f.ca_file),
                  SKUA_OPTS(skua_tls_opts, .cert_file = f.cert_file, .key_file = f.key_file),
                  hosts[i]);
        ends_shake(&e);
        assert_int_equal(e.rc[CLIENT], 0);
        ends_close(&e);
    }
}

/* Over the same key, so that a reader finds a pair that fits at any moment. */
static void other_names_make_another_certificate(void **state) {
    (void)state;
    static const char *const names[] = {"a.example", NULL};
    ensured(NULL);
    X509 *before = read_cert(file("cert.pem"));
    skua_local_ca_files f = ensured(names);
    assert_true(f.cert_made && !f.ca_made);
    X509 *after = read_cert(f.cert_file);
    assert_int_equal(X509_check_host(after, "a.example", 0, 0, NULL), 1);
    assert_int_equal(EVP_PKEY_eq(X509_get0_pubkey(before), X509_get0_pubkey(after)), 1);
    f = ensured(names);
    assert_false(f.cert_made);
    X509_free(before);
    X509_free(after);
}

static void write_text(const char *name, const char *text) {
    FILE *f = fopen(file(name), "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static void start_anew(void) {
    remove_files(ca_dir);
    skua_local_ca_files f = ensured(NULL);
    assert_true(f.ca_made && f.cert_made);
}

static void a_damaged_authority_is_told(void **state) {
    (void)state;
    start_anew();
    write_text("ca.pem", "x");
    refused(NULL, SKUA_E_TLS, "ca.pem: holds no certificate");
    unlink(file("ca.pem"));
    refused(NULL, SKUA_E_TLS, "ca.pem: missing");
    start_anew();
    write_text("ca-key.pem", "x");
    refused(NULL, SKUA_E_TLS, "ca-key.pem: holds no key");
    unlink(file("ca-key.pem"));
    refused(NULL, SKUA_E_TLS, "ca-key.pem: missing");
    start_anew();
    char from[160];
    snprintf(from, sizeof from, "%s", file("key.pem"));
    assert_int_equal(rename(from, file("ca-key.pem")), 0);
    refused(NULL, SKUA_E_TLS, "ca-key.pem: is not the key of ca.pem");
    start_anew();
    assert_int_equal(chmod(file("ca-key.pem"), 0640), 0);
    refused(NULL, SKUA_E_PERMISSION, "ca-key.pem: others may read this key");
    start_anew();
}

static void a_damaged_certificate_is_made_again(void **state) {
    (void)state;
    static const char *const damaged[] = {"cert.pem", "key.pem"};
    for (size_t i = 0; i < 2; i++) {
        start_anew();
        write_text(damaged[i], "x");
        skua_local_ca_files f = ensured(NULL);
        assert_true(f.cert_made && !f.ca_made);
        assert_int_equal(mode_of(f.key_file), 0600);
        f = ensured(NULL);
        assert_false(f.cert_made);
    }
}

static void a_certificate_near_its_end_is_made_again(void **state) {
    (void)state;
    start_anew();
    EVP_PKEY *ca_key, *key;
    FILE *f = fopen(file("ca-key.pem"), "r");
    ca_key = PEM_read_PrivateKey(f, NULL, NULL, NULL);
    fclose(f);
    f = fopen(file("key.pem"), "r");
    key = PEM_read_PrivateKey(f, NULL, NULL, NULL);
    fclose(f);
    X509 *c = read_cert(file("cert.pem"));
    X509_gmtime_adj(X509_getm_notAfter(c), 29 * 86400L);
    assert_true(X509_sign(c, ca_key, EVP_sha256()) > 0);
    f = fopen(file("cert.pem"), "w");
    PEM_write_X509(f, c);
    fclose(f);
    assert_true(ensured(NULL).cert_made);
    assert_false(ensured(NULL).cert_made);
    X509_free(c);
    EVP_PKEY_free(key);
    EVP_PKEY_free(ca_key);
}

static void refuses_bad_arguments(void **state) {
    (void)state;
    static const char *const bad[] = {"",   "a b", "a,DNS:b",   "*",    "a.*", "-a..b", ".a",
                                      "a.", "a/b", "1.2.3.4:5", "a\nb", "*.",  "[::1]"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const char *const names[] = {"localhost", bad[i], NULL};
        refused(names, SKUA_E_INVALID_ARGUMENT, "neither a host name nor an address");
    }
    const char *const none[] = {NULL};
    refused(none, SKUA_E_INVALID_ARGUMENT, "no names");
    const char *many[102];
    for (int i = 0; i < 101; i++)
        many[i] = "localhost";
    many[101] = NULL;
    refused(many, SKUA_E_INVALID_ARGUMENT, "more than 100 names");
    skua_local_ca_files f;
    assert_int_equal(skua_local_ca_ensure(NULL, &f, NULL), SKUA_E_INVALID_ARGUMENT);
    char deep[700];
    memset(deep, 'a', sizeof deep - 1);
    deep[sizeof deep - 1] = '\0';
    assert_int_equal(skua_local_ca_ensure(SKUA_OPTS(skua_local_ca_opts, .dir = deep), &f, NULL),
                     SKUA_E_INVALID_ARGUMENT);
}

static void a_file_in_its_place_is_told(void **state) {
    (void)state;
    skua_local_ca_files f;
    skua_error err;
    char below[200];
    start_anew();
    snprintf(below, sizeof below, "%s/ca.pem/sub", ca_dir);
    assert_int_equal(skua_local_ca_ensure(SKUA_OPTS(skua_local_ca_opts, .dir = below), &f, &err),
                     SKUA_E_OS);
    assert_int_equal(err.os_errno, ENOTDIR);
    assert_non_null(strstr(err.msg, below));
}

/* Many makers at once: one authority, and files that fit each other. */
static void makers_do_not_clash(void **state) {
    (void)state;
    enum { MAKERS = 6 };
    pid_t pids[MAKERS];
    remove_files(ca_dir);
    for (int i = 0; i < MAKERS; i++) {
        pids[i] = fork();
        assert_true(pids[i] >= 0);
        if (pids[i] > 0)
            continue;
        skua_local_ca_files f;
        int made = 0;
        for (int round = 0; round < 5; round++) {
            const char *const names[] = {i % 2 ? "a.example" : "b.example", NULL};
            if (skua_local_ca_ensure(SKUA_OPTS(skua_local_ca_opts, .dir = ca_dir, .names = names),
                                     &f, NULL) != 0)
                _exit(99);
            made += f.ca_made;
        }
        _exit(made);
    }
    int made = 0;
    for (int i = 0; i < MAKERS; i++) {
        int status;
        assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
        assert_true(WIFEXITED(status));
        made += WEXITSTATUS(status);
    }
    assert_int_equal(made, 1);
    serves_what_clients_believe(state);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(makes_and_keeps),
        cmocka_unit_test(certificates_are_as_promised),
        cmocka_unit_test(serves_what_clients_believe),
        cmocka_unit_test(other_names_make_another_certificate),
        cmocka_unit_test(a_damaged_authority_is_told),
        cmocka_unit_test(a_damaged_certificate_is_made_again),
        cmocka_unit_test(a_certificate_near_its_end_is_made_again),
        cmocka_unit_test(refuses_bad_arguments),
        cmocka_unit_test(a_file_in_its_place_is_told),
        cmocka_unit_test(makers_do_not_clash),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
