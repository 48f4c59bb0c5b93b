/* Pinned public keys. */
#include "tls_zoo.h"

static const cert_spec certs[] = {
    {.file = "sub-ca", .cn = "Sub Authority", .issuer = "ca", .ca = true},
    {.file = "other-ca", .cn = "Other Authority", .ca = true},
    {.file = "chain", .cn = "chain", .san = "DNS:a.example", .issuer = "sub-ca"},
    {.file = "crowded", .cn = "x", .san = "DNS:a.example", .issuer = "ca", .sends = "other-ca"},
    {.file = "renewed", .cn = "new", .san = "DNS:a.example", .issuer = "ca", .key_of = "chain"},
    {.file = "unknown", .cn = "unknown", .san = "DNS:a.example", .issuer = "other-ca"},
    {.file = "rsa", .cn = "rsa", .san = "DNS:a.example", .issuer = "ca", .rsa_bits = 2048},
};

static int begin(void **state) {
    if (common_begin(state) != 0)
        return -1;
    certs_make_all(certs, ZOO_COUNT(certs));
    return 0;
}

/* "sha256//..." of what a file holds; some of these live at once. */
static const char *pin_of(const char *file) {
    static char pins[4][SK_TLS_PIN_TEXT];
    static unsigned turn;
    char *p = pins[turn++ % 4];
    EVP_PKEY *key;
    X509 *c = certs_read(file, &key);
    sk_tls_pin(c, p);
    X509_free(c);
    EVP_PKEY_free(key);
    return p;
}

/* As openssl pkey -pubin -outform der | openssl dgst -sha256 -binary | base64 makes it. */
static void a02_a_pin_is_of_the_key_alone(void **state) {
    (void)state;
    static const char key[] = "-----BEGIN PUBLIC KEY-----\n"
                              "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE54digsZlBA5T1esOlrNXUdq3Z1TZ\n"
                              "L+QGczN4IMGtCB4Qioc53vi7Pg0ixTqWaPW1GEV6RCXdHm9wdu+z6C4qIg==\n"
                              "-----END PUBLIC KEY-----\n";
    BIO *b = BIO_new_mem_buf(key, -1);
    EVP_PKEY *k = PEM_read_bio_PUBKEY(b, NULL, NULL, NULL);
    X509 *c = X509_new();
    char pin[SK_TLS_PIN_TEXT];
    assert_int_equal(X509_set_pubkey(c, k), 1);
    sk_tls_pin(c, pin);
    assert_string_equal(pin, "sha256//2v3IXuiWmw+2E+xbhgYk9tpdpxpSVRTUbQf46+lYAOg=");
    X509_free(c);
    EVP_PKEY_free(k);
    BIO_free(b);
    assert_string_equal(pin_of("renewed"), pin_of("chain"));
    assert_string_not_equal(pin_of("good"), pin_of("chain"));
}

typedef struct pin_case {
    const char *server;
    const char *pins[3]; /* of these certificates */
    bool insecure;
    int code, verify;
} pin_case;

static void meet(const pin_case *c) {
    char pins[200] = "", says[200] = "";
    for (int i = 0; c->pins[i]; i++) {
        strcat(pins, i ? ";" : "");
        strcat(pins, pin_of(c->pins[i]));
    }
    if (c->code == SKUA_E_TLS_PIN)
        snprintf(says, sizeof says, "%s; the peer's own is %s (depth 0",
                 c->insecure ? "is not among the pins (none else is verified)"
                             : "tls: a.example: no key of the certificate chain is among the pins",
                 pin_of(c->server));
    zoo_row row = {c->server,       .pins = pins,        .insecure = c->insecure,
                   .code = c->code, .verify = c->verify, .says = says};
    zoo_visit(&row, 1);
}

static void a02_one_pin_must_be_in_the_chain(void **state) {
    (void)state;
    static const pin_case cases[] = {
        {"chain", {"chain"}, false, 0, 0},
        {"chain", {"sub-ca"}, false, 0, 0},
        {"chain", {"ca"}, false, 0, 0},
        {"chain", {"other-ca", "chain"}, false, 0, 0},
        {"chain", {"chain", "other-ca"}, false, 0, 0},
        {"renewed", {"chain"}, false, 0, 0},
        {"rsa", {"rsa"}, false, 0, 0},
        {"chain", {"good"}, false, SKUA_E_TLS_PIN, 0},
        {"chain", {"good", "other-ca"}, false, SKUA_E_TLS_PIN, 0},
        {"crowded", {"other-ca"}, false, SKUA_E_TLS_PIN, 0}, /* sent, but not of the chain */
        {"unknown",
         {"unknown"},
         false,
         SKUA_E_TLS_CERTIFICATE,
         X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY},
        /* Unverified, whoever sends an issuer's certificate does not have its key. */
        {"unknown", {"unknown"}, true, 0, 0},
        {"chain", {"chain"}, true, 0, 0},
        {"chain", {"sub-ca"}, true, SKUA_E_TLS_PIN, 0},
        {"chain", {"good"}, true, SKUA_E_TLS_PIN, 0},
    };
    for (size_t i = 0; i < ZOO_COUNT(cases); i++)
        meet(&cases[i]);
}

/* The alert is all that leaves. */
static void a02_no_byte_leaves_without_its_pin(void **state) {
    (void)state;
    ends e;
    ends_open(&e, 65536,
              SKUA_OPTS(skua_tls_opts, .insecure_skip_verify = 1, .pins = pin_of("good")),
              SKUA_OPTS(skua_tls_opts, .cert_file = certs_path("chain")), "a.example");
    ptrdiff_t sent = SKUA_E_AGAIN, got = SKUA_E_AGAIN;
    char buf[64];
    for (int turn = 0; turn < 100 && (sent == SKUA_E_AGAIN || got == SKUA_E_AGAIN); turn++) {
        if (sent == SKUA_E_AGAIN)
            sent = ends_write(&e, CLIENT, "GET / HTTP/1.1", 14);
        if (got == SKUA_E_AGAIN)
            got = ends_read(&e, SERVER, buf, sizeof buf);
    }
    assert_int_equal(sent, SKUA_E_TLS_PIN);
    assert_int_equal(got, SKUA_E_TLS);
    assert_int_equal(e.err[CLIENT].code, SKUA_E_TLS_PIN);
    assert_non_null(strstr(e.err[SERVER].msg, "the peer sent the alert"));
    ends_close(&e);
}

#define ZEROS "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

static void a19_malformed_pins_are_named(void **state) {
    (void)state;
    static const char good[] = "sha256//" ZEROS "=";
    static const struct {
        const char *pins, *says;
    } cases[] = {
        {"", "pins: \"\" is not of the form sha256//BASE64"},
        {";", "pins: \"\" is not"},
        {"sha256//" ZEROS "=;", "pins: \"\" is not"},
        {";sha256//" ZEROS "=", "pins: \"\" is not"},
        {"sha256//" ZEROS "=;;sha256//" ZEROS "=", "pins: \"\" is not"},
        {"sha256/" ZEROS "=", "pins: \"sha256/" ZEROS "=\" is not of the form sha256//BASE64"},
        {"sha1//" ZEROS "=", "\"sha1//"},
        {"SHA256//" ZEROS "=", "\"SHA256//"},
        {ZEROS "=", "\"" ZEROS "=\""},
        {"/etc/pin.pem", "\"/etc/pin.pem\""},
        {"sha256//", "\"sha256//\" is not the base64 of a SHA-256, which is 44 characters"},
        {"sha256//AAAA", "\"sha256//AAAA\" is not the base64 of a SHA-256"},
        {"sha256//" ZEROS, "is not the base64"},
        {"sha256//" ZEROS "==", "is not the base64"},
        {"sha256//" ZEROS "A", "is not the base64"}, /* 33 bytes */
        {"sha256//" ZEROS " ", "is not the base64"},
        {"sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB=", "is not the base64"},
        {"sha256//" ZEROS "=, sha256//" ZEROS "=", "is not the base64"},
        {"sha256//" ZEROS "=; sha256//" ZEROS "=", "pins: \" sha256//"},
    };
    skua_error err;
    sk_tls_ctx_unref(ctx_made(
        sk_tls_client_ctx(SKUA_OPTS(skua_tls_opts, .insecure_skip_verify = 1, .pins = good), &err),
        &err));
    for (size_t i = 0; i < ZOO_COUNT(cases); i++) {
        err.code = 0;
        const skua_tls_opts *o = SKUA_OPTS(skua_tls_opts, .pins = cases[i].pins);
        assert_null(sk_tls_client_ctx(o, &err));
        assert_int_equal(err.code, SKUA_E_INVALID_ARGUMENT);
        if (!strstr(err.msg, cases[i].says))
            fail_msg("%s: %s", cases[i].pins, err.msg);
    }
    assert_null(sk_tls_server_ctx(
        SKUA_OPTS(skua_tls_opts, .cert_file = certs_path("good"), .pins = good), &err));
    assert_int_equal(err.code, SKUA_E_INVALID_ARGUMENT);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a02_a_pin_is_of_the_key_alone),
        cmocka_unit_test(a02_one_pin_must_be_in_the_chain),
        cmocka_unit_test(a02_no_byte_leaves_without_its_pin),
        cmocka_unit_test(a19_malformed_pins_are_named),
    };
    return cmocka_run_group_tests(tests, begin, certs_end);
}
