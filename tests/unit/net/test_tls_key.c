/* An end's own certificate: keys of every kind, encrypted or not, and who is asked for the pass
 * phrase. */
#include "tls_ends.h"

#define PHRASE "sesame"

static const cert_spec own_certs[] = {
    {.file = "ec", .cn = "ec", .issuer = "ca"},
    {.file = "rsa", .cn = "rsa", .issuer = "ca", .rsa_bits = 2048},
    {.file = "ed", .cn = "ed", .issuer = "ca", .curve = "ED25519"},
    {.file = "middle", .cn = "Middle", .issuer = "ca", .ca = true},
    {.file = "below", .cn = "below", .issuer = "middle"},
};

/* PKCS#8, as OpenSSL writes it today, or the older form, with the encryption in PEM's headers. */
static void write_key(const char *from, bool traditional) {
    char file[80];
    EVP_PKEY *key;
    X509_free(certs_read(from, &key));
    snprintf(file, sizeof file, "%s.%s", from, traditional ? "old" : "p8");
    BIO *b = BIO_new_file(certs_path(file), "w");
    assert_non_null(b);
    int ok = traditional ? PEM_write_bio_PrivateKey_traditional(b, key, EVP_aes_128_cbc(), NULL, 0,
                                                                NULL, (void *)PHRASE)
                         : PEM_write_bio_PKCS8PrivateKey(b, key, EVP_aes_256_cbc(), PHRASE,
                                                         (int)strlen(PHRASE), NULL, NULL);
    assert_int_equal(ok, 1);
    BIO_free(b);
    EVP_PKEY_free(key);
}

/* The certificate alone, without key and chain. */
static void write_alone(const char *from, const char *to) {
    EVP_PKEY *key;
    X509 *cert = certs_read(from, &key);
    FILE *f = fopen(certs_path(to), "w");
    assert_non_null(f);
    PEM_write_X509(f, cert);
    fclose(f);
    X509_free(cert);
    EVP_PKEY_free(key);
}

static int begin(void **state) {
    if (common_begin(state) != 0)
        return -1;
    for (size_t i = 0; i < sizeof own_certs / sizeof *own_certs; i++)
        certs_make(&own_certs[i]);
    write_key("ec", true);
    write_key("ec", false);
    write_key("rsa", true);
    write_key("rsa", false);
    write_key("ed", false); /* it has no older form */
    write_alone("below", "alone");
    return 0;
}

typedef struct asking {
    const char *answer; /* NULL: refuses */
    int times;
    int length; /* to claim in place of its own; 0: its own */
} asking;

static int answer(char *buf, int cap, void *user) {
    asking *a = user;
    a->times++;
    if (!a->answer)
        return -1;
    assert_true((int)strlen(a->answer) <= cap);
    memcpy(buf, a->answer, strlen(a->answer));
    return a->length ? a->length : (int)strlen(a->answer);
}

/* A client shows the certificate to a server that demands one. */
static void show(ends *e, skua_tls_opts client) {
    client.size = sizeof client;
    client.ca_file = certs_path("ca");
    ends_open(e, 65536, &client, SKUA_OPTS(skua_tls_opts, .cert_file = certs_path("good")),
              "a.example");
    SSL_set_verify(ends_tls(e, SERVER)->ssl, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
                   NULL);
    X509_STORE *store = SSL_CTX_get_cert_store(e->ctx[SERVER]->ssl);
    assert_int_equal(X509_STORE_load_file(store, certs_path("ca")), 1);
    ends_shake(e);
}

static void expect_shown(skua_tls_opts client, const char *subject) {
    static const int versions[] = {SKUA_TLS_1_2, SKUA_TLS_1_3};
    for (size_t i = 0; i < 2; i++) {
        ends e;
        skua_stream_info info = {.size = sizeof info};
        client.max_version = versions[i];
        show(&e, client);
        assert_int_equal(e.rc[SERVER], 0);
        e.end[SERVER]->ops->info(e.end[SERVER], &info);
        assert_string_equal(info.tls_subject, subject);
        ends_close(&e);
    }
}

static void a02_encrypted_keys_of_every_kind(void **state) {
    (void)state;
    static const struct {
        const char *cert, *key, *subject;
    } cases[] = {
        {"ec", "ec.old", "CN=ec"},   {"ec", "ec.p8", "CN=ec"}, {"rsa", "rsa.old", "CN=rsa"},
        {"rsa", "rsa.p8", "CN=rsa"}, {"ed", "ed.p8", "CN=ed"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char cert[400], key[400];
        asking a = {.answer = PHRASE};
        snprintf(cert, sizeof cert, "%s", certs_path(cases[i].cert));
        snprintf(key, sizeof key, "%s", certs_path(cases[i].key));
        expect_shown((skua_tls_opts){.cert_file = cert, .key_file = key, .key_password = PHRASE},
                     cases[i].subject);
        expect_shown((skua_tls_opts){.cert_file = cert,
                                     .key_file = key,
                                     .key_password_fn = answer,
                                     .key_password_user = &a},
                     cases[i].subject);
        assert_int_equal(a.times, 2); /* once for each settings */
    }
}

static void a02_plain_keys_ask_nobody(void **state) {
    (void)state;
    static const char *const certs[] = {"ec", "rsa", "ed"};
    for (size_t i = 0; i < 3; i++) {
        char cert[400], subject[16];
        asking a = {.answer = PHRASE};
        snprintf(cert, sizeof cert, "%s", certs_path(certs[i]));
        snprintf(subject, sizeof subject, "CN=%s", certs[i]);
        expect_shown(
            (skua_tls_opts){.cert_file = cert, .key_password_fn = answer, .key_password_user = &a},
            subject);
        assert_int_equal(a.times, 0);
    }
}

static void a02_a_given_pass_phrase_comes_first(void **state) {
    (void)state;
    asking a = {.answer = "another"};
    skua_error err;
    skua_tls_opts o = {.size = sizeof o,
                       .cert_file = certs_path("ec"),
                       .key_file = certs_path("ec.p8"),
                       .key_password = PHRASE,
                       .key_password_fn = answer,
                       .key_password_user = &a};
    sk_tls_ctx_unref(ctx_made(sk_tls_server_ctx(&o, &err), &err));
    assert_int_equal(a.times, 0);
}

static void a02_pass_phrases_that_do_not_fit(void **state) {
    (void)state;
    static const struct {
        const char *password;
        bool asks;
        asking a;
        const char *says;
    } cases[] = {
        {NULL, false, {0}, "is encrypted, and no key_password is given"},
        {"wrong", false, {0}, "key_password is wrong"},
        {"", false, {0}, "key_password is wrong"},
        {NULL, true, {.answer = NULL}, "is encrypted, and key_password_fn gave no pass phrase"},
        {NULL, true, {.answer = "wrong"}, "the pass phrase from key_password_fn is wrong"},
        {NULL, true, {.answer = PHRASE, .length = 1 << 20}, "key_password_fn gave no pass phrase"},
    };
    static const char *const keys[] = {"ec.old", "ec.p8"};
    for (size_t i = 0; i < 2 * sizeof cases / sizeof *cases; i++) {
        skua_error err;
        asking a = cases[i / 2].a;
        skua_tls_opts o = {.size = sizeof o,
                           .cert_file = certs_path("ec"),
                           .key_file = certs_path(keys[i % 2]),
                           .key_password = cases[i / 2].password,
                           .key_password_fn = cases[i / 2].asks ? answer : NULL,
                           .key_password_user = &a};
        assert_null(sk_tls_client_ctx(&o, &err));
        assert_int_equal(err.code, SKUA_E_TLS);
        if (!strstr(err.msg, cases[i / 2].says) || !strstr(err.msg, keys[i % 2]))
            fail_msg("case %zu: %s", i, err.msg);
    }
    char *longest = malloc(5000);
    memset(longest, 'x', 4999);
    longest[4999] = '\0';
    skua_error err;
    skua_tls_opts o = {.size = sizeof o,
                       .cert_file = certs_path("ec"),
                       .key_file = certs_path("ec.p8"),
                       .key_password = longest};
    assert_null(sk_tls_client_ctx(&o, &err));
    assert_non_null(strstr(err.msg, "key_password is too long"));
    free(longest);
}

static void a02_a_key_of_another_certificate(void **state) {
    (void)state;
    static const char *const keys[] = {"rsa", "ed", "good", "rsa.p8"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        skua_error err;
        skua_tls_opts o = {.size = sizeof o,
                           .cert_file = certs_path("ec"),
                           .key_file = certs_path(keys[i]),
                           .key_password = PHRASE};
        assert_null(sk_tls_client_ctx(&o, &err));
        if (!strstr(err.msg, "does not belong to the certificate in"))
            fail_msg("%s: %s", keys[i], err.msg);
    }
}

/* Its chain goes along where it stands in the file; without it the server does not know what to
 * make of the certificate, and says so. */
static void a02_a_chain_goes_along(void **state) {
    (void)state;
    char whole[400], alone[400];
    snprintf(whole, sizeof whole, "%s", certs_path("below"));
    snprintf(alone, sizeof alone, "%s", certs_path("alone"));
    expect_shown((skua_tls_opts){.cert_file = whole}, "CN=below");
    ends e;
    show(&e, (skua_tls_opts){.cert_file = alone, .key_file = whole});
    assert_int_equal(e.rc[SERVER], SKUA_E_TLS_CERTIFICATE);
    assert_int_equal(ends_read(&e, CLIENT, &(char){0}, 1), SKUA_E_TLS);
    assert_non_null(strstr(e.err[CLIENT].msg, "does not believe who signed our certificate"));
    ends_close(&e);
}

static void a02_a_server_that_wants_one_says_so(void **state) {
    (void)state;
    ends e;
    show(&e, (skua_tls_opts){0});
    assert_int_equal(ends_read(&e, CLIENT, &(char){0}, 1), SKUA_E_TLS);
    assert_non_null(strstr(e.err[CLIENT].msg, "it asks for a client certificate"));
    ends_close(&e);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a02_encrypted_keys_of_every_kind),
        cmocka_unit_test(a02_plain_keys_ask_nobody),
        cmocka_unit_test(a02_a_given_pass_phrase_comes_first),
        cmocka_unit_test(a02_pass_phrases_that_do_not_fit),
        cmocka_unit_test(a02_a_key_of_another_certificate),
        cmocka_unit_test(a02_a_chain_goes_along),
        cmocka_unit_test(a02_a_server_that_wants_one_says_so),
    };
    return cmocka_run_group_tests(tests, begin, certs_end);
}
