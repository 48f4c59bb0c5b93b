/* The certificates that a peer sends, as a program sees them; and the lines a trace has of it all.
 */
#include "tls_ends.h"

#include <time.h>

static void open_and_shake(ends *e, const char *cert, skua_tls_opts client) {
    client.size = sizeof client;
    if (!client.insecure_skip_verify)
        client.ca_file = certs_path("ca");
    ends_open(e, 65536, &client, SKUA_OPTS(skua_tls_opts, .cert_file = certs_path(cert)),
              "a.example");
    ends_shake(e);
}

static skua_certificate certificate(ends *e, size_t index) {
    skua_certificate c = {.size = sizeof c};
    assert_int_equal(sk_tls_certificate(e->end[CLIENT], index, &c), 0);
    return c;
}

static void a02_the_chain_can_be_read(void **state) {
    (void)state;
    ends e;
    certs_make(&(cert_spec){.file = "middle", .cn = "Middle", .issuer = "ca", .ca = true});
    certs_make(&(cert_spec){.file = "leaf",
                            .cn = "leaf",
                            .san = "DNS:a.example,IP:192.0.2.1,IP:2001:db8::1,email:x@y",
                            .issuer = "middle"});
    open_and_shake(&e, "leaf", (skua_tls_opts){0});
    assert_int_equal(e.rc[CLIENT], 0);
    skua_certificate own = certificate(&e, 0), above = certificate(&e, 1);
    assert_string_equal(own.subject, "CN=leaf");
    assert_string_equal(own.issuer, "CN=Middle");
    assert_string_equal(own.names, "a.example, 192.0.2.1, 2001:db8::1");
    assert_string_equal(above.subject, "CN=Middle");
    assert_string_equal(above.issuer, "CN=Test Authority");
    assert_string_equal(above.names, "");
    int64_t now = time(NULL);
    assert_in_range(own.not_before, now - 86400 - 600, now - 86400 + 600);
    assert_in_range(own.not_after, now + 30 * 86400 - 600, now + 30 * 86400 + 600);
    skua_certificate none;
    assert_int_equal(sk_tls_certificate(e.end[CLIENT], 2, &none), SKUA_E_INVALID_ARGUMENT);
    assert_int_equal(sk_tls_certificate(e.end[CLIENT], SIZE_MAX, &none), SKUA_E_INVALID_ARGUMENT);
    assert_int_equal(sk_tls_certificate(e.end[SERVER], 0, &none), SKUA_E_INVALID_ARGUMENT);
    ends_close(&e);
}

/* Held against what OpenSSL's own functions make of the file. */
static void a02_its_digests_and_its_bytes(void **state) {
    (void)state;
    ends e;
    EVP_PKEY *key;
    unsigned char *der = NULL, got[8192], digest[32];
    char hex[65], serial[64], pin[SK_TLS_PIN_TEXT];
    X509 *cert = certs_read("good", &key);
    int len = i2d_X509(cert, &der);
    open_and_shake(&e, "good", (skua_tls_opts){0});
    skua_certificate own = certificate(&e, 0);
    EVP_Digest(der, (size_t)len, digest, NULL, EVP_sha256(), NULL);
    for (size_t i = 0; i < 32; i++)
        snprintf(hex + 2 * i, 3, "%02x", digest[i]);
    assert_string_equal(own.sha256, hex);
    snprintf(serial, sizeof serial, "%04lx", ASN1_INTEGER_get(X509_get0_serialNumber(cert)));
    assert_string_equal(own.serial, serial);
    sk_tls_pin(cert, pin);
    assert_string_equal(own.pin, pin);

    memset(got, 'x', sizeof got);
    assert_int_equal(sk_tls_certificate_der(e.end[CLIENT], 0, NULL, 0), len);
    assert_int_equal(sk_tls_certificate_der(e.end[CLIENT], 0, got, (size_t)len - 1), len);
    assert_int_equal(got[0], 'x');
    assert_int_equal(sk_tls_certificate_der(e.end[CLIENT], 0, got, (size_t)len), len);
    assert_memory_equal(got, der, (size_t)len);
    assert_int_equal(got[len], 'x');
    assert_int_equal(sk_tls_certificate_der(e.end[CLIENT], 1, got, sizeof got),
                     SKUA_E_INVALID_ARGUMENT);
    OPENSSL_free(der);
    X509_free(cert);
    EVP_PKEY_free(key);
    ends_close(&e);
}

static void a02_also_of_whom_nobody_verified(void **state) {
    (void)state;
    ends e;
    certs_make(&(cert_spec){.file = "self", .cn = "self"});
    open_and_shake(&e, "self", (skua_tls_opts){.insecure_skip_verify = 1});
    assert_int_equal(e.rc[CLIENT], 0);
    assert_string_equal(certificate(&e, 0).subject, "CN=self");
    assert_string_equal(certificate(&e, 0).issuer, "CN=self");
    ends_close(&e);
}

/* A certificate of our own making, whose text nobody has looked at: with what a name, an issuer and
 * a number had better not hold. */
static void make_odd(const char *file, const char *const *names, size_t count) {
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *c = certs_draft(&(cert_spec){.cn = "odd"}, key);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(c), "O", MBSTRING_UTF8,
                               (const unsigned char *)"a\nb\x1b[31m, \xc3\xbc", -1, -1, 0);
    X509_set_issuer_name(c, X509_get_subject_name(c));
    unsigned char number[40];
    memset(number, 0xab, sizeof number);
    ASN1_STRING_set(X509_get_serialNumber(c), number, sizeof number);
    GENERAL_NAMES *all = GENERAL_NAMES_new();
    for (size_t i = 0; i < count; i++) {
        GENERAL_NAME *g = GENERAL_NAME_new();
        ASN1_IA5STRING *text = ASN1_IA5STRING_new();
        char spelt[64];
        size_t len = strlen(names[i]);
        for (size_t k = 0; k < len; k++)
            spelt[k] = names[i][k] == '|' ? '\0' : names[i][k]; /* "|" stands for a NUL */
        ASN1_STRING_set(text, spelt, (int)len);
        GENERAL_NAME_set0_value(g, GEN_DNS, text);
        sk_GENERAL_NAME_push(all, g);
    }
    X509_add1_ext_i2d(c, NID_subject_alt_name, all, 0, 0);
    GENERAL_NAMES_free(all);
    assert_true(X509_sign(c, key, EVP_sha256()) > 0);
    FILE *f = fopen(certs_path(file), "w");
    assert_non_null(f);
    PEM_write_X509(f, c);
    PEM_write_PrivateKey(f, key, NULL, NULL, 0, NULL, NULL);
    fclose(f);
    X509_free(c);
    EVP_PKEY_free(key);
}

static void a02_odd_text_is_escaped(void **state) {
    (void)state;
    ends e;
    static const char *const names[] = {"a.example|evil", "b\ncontrol", "c, d.example", "e\\f", ""};
    make_odd("odd", names, sizeof names / sizeof *names);
    open_and_shake(&e, "odd", (skua_tls_opts){.insecure_skip_verify = 1});
    skua_certificate own = certificate(&e, 0);
    assert_string_equal(own.names,
                        "a.example\\x00evil, b\\x0acontrol, c\\x2c\\x20d.example, e\\x5cf, ");
    for (const char *p = own.subject; *p; p++)
        assert_true(*p >= ' ' && *p < 0x7f);
    assert_non_null(strstr(own.subject, "a\\0Ab\\1B[31m\\, \\C3\\BC"));
    assert_int_equal(strlen(own.serial), 60);
    ends_close(&e);
}

static void a02_a_long_list_ends_between_two_names(void **state) {
    (void)state;
    ends e;
    static char room[100][24];
    const char *names[100];
    for (size_t i = 0; i < 100; i++) {
        snprintf(room[i], sizeof room[i], "host-%zu.example", i);
        names[i] = room[i];
    }
    make_odd("many", names, 100);
    open_and_shake(&e, "many", (skua_tls_opts){.insecure_skip_verify = 1});
    skua_certificate own = certificate(&e, 0);
    size_t len = strlen(own.names);
    assert_true(len > 480 && len < sizeof own.names);
    assert_string_equal(own.names + len - 5, ", ...");
    assert_memory_equal(own.names + len - 5 - 8, ".example", 8);
    ends_close(&e);
}

/* ---- what a trace hears ---- */

static char told[16384];

static void tell(const void *user, const char *line) {
    assert_ptr_equal(user, told);
    size_t len = strlen(told);
    snprintf(told + len, sizeof told - len, "%s\n", line);
}

static void open_and_tell(ends *e, const char *cert, const skua_tls_opts *client,
                          const char *place) {
    told[0] = '\0';
    ends_open(e, 65536, client, SKUA_OPTS(skua_tls_opts, .cert_file = certs_path(cert)),
              "a.example");
    sk_tls_tell_to(e->end[CLIENT], tell, told);
    sk_tls_resume(e->end[CLIENT], place);
    ends_shake(e);
}

static void expect_told(const char *text) {
    if (!strstr(told, text))
        fail_msg("not told of \"%s\" in:\n%s", text, told);
}

static void a11_a_handshake_is_told(void **state) {
    (void)state;
    ends e;
    open_and_tell(&e, "good", SKUA_OPTS(skua_tls_opts, .ca_file = certs_path("ca")), "x");
    ends_read(&e, CLIENT, &(char){0}, 1);
    expect_told("TLSv1.3, TLS_AES_256_GCM_SHA384, group x25519, ALPN http/1.1, full handshake\n");
    expect_told("certificate 0: subject CN=good; issuer CN=Test Authority; not after ");
    expect_told("certificate verified for a.example by ");
    expect_told("session ticket: 7200 s\n");
    told[0] = '\0';
    e.end[SERVER]->ops->shutdown(e.end[SERVER], NULL);
    assert_int_equal(ends_read(&e, CLIENT, &(char){0}, 1), 0);
    expect_told("alert received: close notify, warning\n");
    sk_tls_tell_to(e.end[CLIENT], NULL, NULL);
    told[0] = '\0';
    e.end[CLIENT]->ops->shutdown(e.end[CLIENT], NULL);
    assert_string_equal(told, "");
    ends_close(&e);
}

static void a11_a_refusal_is_told_with_the_chain(void **state) {
    (void)state;
    ends e;
    certs_make(&(cert_spec){.file = "self", .cn = "se\nlf"});
    open_and_tell(&e, "self", SKUA_OPTS(skua_tls_opts, .ca_file = certs_path("ca")), "x");
    assert_int_equal(e.rc[CLIENT], SKUA_E_TLS_CERTIFICATE);
    expect_told("certificate 0: subject CN=se\\0Alf; issuer CN=se\\0Alf; not after ");
    expect_told("alert sent: ");
    ends_close(&e);
    open_and_tell(&e, "self", SKUA_OPTS(skua_tls_opts, .insecure_skip_verify = 1, .alpn = ""), "x");
    expect_told("ALPN none, full handshake");
    expect_told("certificate not verified\n");
    ends_close(&e);
}

static void a11_resuming_is_told(void **state) {
    (void)state;
    ends e;
    sk_tls_ctx *ctx[2];
    open_and_tell(&e, "good", SKUA_OPTS(skua_tls_opts, .ca_file = certs_path("ca")), "x");
    ends_read(&e, CLIENT, &(char){0}, 1);
    for (int i = 0; i < 2; i++)
        sk_tls_ctx_ref(ctx[i] = e.ctx[i]);
    ends_close(&e);
    told[0] = '\0';
    ends_open_with(&e, 65536, ctx[CLIENT], ctx[SERVER], "a.example");
    sk_tls_tell_to(e.end[CLIENT], tell, told);
    sk_tls_resume(e.end[CLIENT], "x");
    ends_shake(&e);
    expect_told(", session resumed\n");
    expect_told("certificate verified for a.example when the session began\n");
    ends_close(&e);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a02_the_chain_can_be_read),
        cmocka_unit_test(a02_its_digests_and_its_bytes),
        cmocka_unit_test(a02_also_of_whom_nobody_verified),
        cmocka_unit_test(a02_odd_text_is_escaped),
        cmocka_unit_test(a02_a_long_list_ends_between_two_names),
        cmocka_unit_test(a11_a_handshake_is_told),
        cmocka_unit_test(a11_a_refusal_is_told_with_the_chain),
        cmocka_unit_test(a11_resuming_is_told),
    };
    return cmocka_run_group_tests(tests, common_begin, certs_end);
}
