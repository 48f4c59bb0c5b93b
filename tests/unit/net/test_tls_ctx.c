/* TLS settings: what is refused, and how that is said. */
#include "sys/thread.h"
#include "tls_ends.h"

#include <sys/stat.h>

static void write_file(const char *file, const char *content) {
    FILE *f = fopen(certs_path(file), "w");
    assert_non_null(f);
    fputs(content, f);
    fclose(f);
}

static void write_encrypted_key(const char *from, const char *to, const char *password) {
    EVP_PKEY *key;
    X509_free(certs_read(from, &key));
    FILE *f = fopen(certs_path(to), "w");
    assert_non_null(f);
    assert_int_equal(PEM_write_PKCS8PrivateKey(f, key, EVP_aes_256_cbc(), password,
                                               (int)strlen(password), NULL, NULL),
                     1);
    fclose(f);
    EVP_PKEY_free(key);
}

static int begin(void **state) {
    if (common_begin(state) != 0)
        return -1;
    certs_make(&(cert_spec){.file = "weak", .cn = "weak", .rsa_bits = 1024});
    write_encrypted_key("good", "locked", "sesame");
    write_file("empty", "");
    write_file("text", "not a certificate\n");
    return mkdir(certs_path("dir"), 0700);
}

static int end(void **state) {
    rmdir(certs_path("dir"));
    return certs_end(state);
}

static void expect(sk_tls_ctx *c, const skua_error *err, int code, const char *file,
                   const char *says) {
    assert_null(c);
    if (err->code != code || !strstr(err->msg, says) || (file && !strstr(err->msg, file)))
        fail_msg("%d, %s", err->code, err->msg);
}

static void names_the_file_and_the_cause(void **state) {
    (void)state;
    static const struct {
        const char *cert, *key, *password;
        int code;
        const char *file, *says;
    } cases[] = {
        {"missing", NULL, NULL, SKUA_E_FILE_NOT_FOUND, "/missing", "No such file"},
        {"empty", NULL, NULL, SKUA_E_TLS, "cert_file ", "holds no certificate"},
        {"text", NULL, NULL, SKUA_E_TLS, "/text", "holds no certificate"},
        {"dir", NULL, NULL, SKUA_E_TLS, "/dir", "holds no certificate"},
        {"good", "missing", NULL, SKUA_E_FILE_NOT_FOUND, "key_file ", "No such file"},
        {"good", "text", NULL, SKUA_E_TLS, "/text", "holds no private key"},
        {"good", "ca", NULL, SKUA_E_TLS, "/ca", "does not belong to the certificate in"},
        {"good", "locked", NULL, SKUA_E_TLS, "/locked", "no key_password is given"},
        {"good", "locked", "wrong", SKUA_E_TLS, "/locked", "key_password is wrong"},
        {"weak", NULL, NULL, SKUA_E_TLS, "/weak", "key too small"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *key = cases[i].key ? certs_path(cases[i].key) : NULL;
        skua_error err = {0};
        const skua_tls_opts *o = SKUA_OPTS(skua_tls_opts, .cert_file = certs_path(cases[i].cert),
                                           .key_file = key, .key_password = cases[i].password);
        expect(sk_tls_server_ctx(o, &err), &err, cases[i].code, cases[i].file, cases[i].says);
        expect(sk_tls_client_ctx(o, &err), &err, cases[i].code, cases[i].file, cases[i].says);
        assert_null(sk_tls_server_ctx(o, NULL));
    }
}

static void opens_an_encrypted_key(void **state) {
    (void)state;
    skua_error err;
    sk_tls_ctx *c = ctx_made(
        sk_tls_server_ctx(SKUA_OPTS(skua_tls_opts, .cert_file = certs_path("good"),
                                    .key_file = certs_path("locked"), .key_password = "sesame"),
                          &err),
        &err);
    sk_tls_ctx_ref(c);
    sk_tls_ctx_unref(c);
    sk_tls_ctx_unref(c);
    sk_tls_ctx_unref(NULL);
}

static void refuses_what_it_cannot_keep(void **state) {
    (void)state;
    skua_error err;
    const char *good = certs_path("good");
    expect(sk_tls_server_ctx(NULL, &err), &err, SKUA_E_INVALID_ARGUMENT, NULL, "cert_file");
    expect(sk_tls_server_ctx(&(skua_tls_opts){.cert_file = good}, &err), &err,
           SKUA_E_INVALID_ARGUMENT, NULL, "size");
    expect(sk_tls_server_ctx(SKUA_OPTS(skua_tls_opts, .cert_file = good, .min_version = 11), &err),
           &err, SKUA_E_INVALID_ARGUMENT, NULL, "min_version");
    expect(sk_tls_client_ctx(SKUA_OPTS(skua_tls_opts, .ticket_key_file = good), &err), &err,
           SKUA_E_INVALID_ARGUMENT, NULL, "ticket_key_file is for servers");
    expect(sk_tls_client_ctx(SKUA_OPTS(skua_tls_opts, .key_file = good), &err), &err,
           SKUA_E_INVALID_ARGUMENT, NULL, "without a cert_file");
    char name[300];
    memset(name, 'a', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    expect(sk_tls_client_ctx(SKUA_OPTS(skua_tls_opts, .alpn = name), &err), &err,
           SKUA_E_INVALID_ARGUMENT, NULL, "alpn");
}

static void refuses_bad_authorities(void **state) {
    (void)state;
    static const struct {
        const char *file, *dir;
        int code;
        const char *says;
    } cases[] = {
        {"missing", NULL, SKUA_E_FILE_NOT_FOUND, "ca_file "},
        {"text", NULL, SKUA_E_TLS, "/text"},
        {"empty", NULL, SKUA_E_TLS, "/empty"},
        {NULL, "missing", SKUA_E_FILE_NOT_FOUND, "ca_dir "},
        {NULL, "good", SKUA_E_FILE_NOT_FOUND, "no such directory"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        skua_error err;
        const char *file = cases[i].file ? certs_path(cases[i].file) : NULL;
        const char *dir = cases[i].dir ? certs_path(cases[i].dir) : NULL;
        expect(sk_tls_client_ctx(SKUA_OPTS(skua_tls_opts, .ca_file = file, .ca_dir = dir), &err),
               &err, cases[i].code, NULL, cases[i].says);
    }
}

/* An older program's options are shorter: what lies behind them is not looked at. */
static void reads_no_more_options_than_there_are(void **state) {
    (void)state;
    skua_error err;
    skua_tls_opts o = {.size = offsetof(skua_tls_opts, key_file),
                       .cert_file = certs_path("good"),
                       .key_file = "/nonexistent"};
    sk_tls_ctx_unref(ctx_made(sk_tls_server_ctx(&o, &err), &err));
}

/* A client shows its certificate when a server asks. */
static void client_can_have_a_certificate(void **state) {
    (void)state;
    ends e;
    ends_open(
        &e, 65536,
        SKUA_OPTS(skua_tls_opts, .ca_file = certs_path("ca"), .cert_file = certs_path("good")),
        SKUA_OPTS(skua_tls_opts, .cert_file = certs_path("good")), "a.example");
    SSL_set_verify(ends_tls(&e, SERVER)->ssl, SSL_VERIFY_PEER, NULL);
    X509_STORE *store = SSL_CTX_get_cert_store(e.ctx[SERVER]->ssl);
    assert_int_equal(X509_STORE_load_file(store, certs_path("ca")), 1);
    ends_shake(&e);
    assert_int_equal(e.rc[SERVER], 0);
    skua_stream_info info = {.size = sizeof info};
    e.end[SERVER]->ops->info(e.end[SERVER], &info);
    assert_string_equal(info.tls_subject, "CN=good");
    ends_close(&e);
}

static void tickets_resume(void **state) {
    (void)state;
    ends e;
    char buf[8];
    ends_connect(&e, 65536);
    ends_read(&e, CLIENT, buf, sizeof buf);
    SSL_SESSION *session = SSL_get1_session(ends_tls(&e, CLIENT)->ssl);
    /* OpenSSL drops the session of a connection that ends without. */
    assert_int_equal(e.end[CLIENT]->ops->shutdown(e.end[CLIENT], NULL), 0);
    assert_true(SSL_SESSION_is_resumable(session));
    sk_tls_ctx *client = e.ctx[CLIENT], *server = e.ctx[SERVER];
    sk_tls_ctx_ref(client);
    sk_tls_ctx_ref(server);
    ends_close(&e);
    ends_open_with(&e, 65536, client, server, "a.example");
    SSL_set_session(ends_tls(&e, CLIENT)->ssl, session);
    ends_shake(&e);
    assert_int_equal(e.rc[CLIENT], 0);
    assert_true(SSL_session_reused(ends_tls(&e, SERVER)->ssl));
    ends_close(&e);
    SSL_SESSION_free(session);
}

/* Settings are for any number of threads; the bundle is read by whoever misses it first. */
typedef struct share {
    sk_tls_ctx *client, *server;
    int good;
} share;

static void *shake_alone(void *arg) {
    share *v = arg;
    for (int i = 0; i < 3; i++) {
        ends e;
        sk_tls_ctx_ref(v->client);
        sk_tls_ctx_ref(v->server);
        ends_open_with(&e, 65536, v->client, v->server, "a.example");
        ends_shake(&e);
        v->good += e.rc[CLIENT] == 0;
        ends_close(&e);
    }
    sk_tls_ctx_unref(v->client);
    sk_tls_ctx_unref(v->server);
    return NULL;
}

static void threads_share_settings(void **state) {
    (void)state;
    enum { THREADS = 4 };
    sk_thread t[THREADS];
    share v[THREADS];
    skua_error err;
    setenv("SSL_CERT_FILE", certs_path("ca"), 1);
    sk_tls_ctx *client = ctx_made(sk_tls_client_ctx(NULL, &err), &err);
    sk_tls_ctx *server = ctx_made(
        sk_tls_server_ctx(SKUA_OPTS(skua_tls_opts, .cert_file = certs_path("good")), &err), &err);
    for (int i = 0; i < THREADS; i++) {
        v[i] = (share){client, server, 0};
        sk_tls_ctx_ref(client);
        sk_tls_ctx_ref(server);
        assert_int_equal(sk_thread_start(&t[i], shake_alone, &v[i]), 0);
    }
    sk_tls_ctx_unref(client);
    sk_tls_ctx_unref(server);
    for (int i = 0; i < THREADS; i++) {
        sk_thread_join(t[i]);
        assert_int_equal(v[i].good, 3);
    }
    unsetenv("SSL_CERT_FILE");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_the_file_and_the_cause),
        cmocka_unit_test(opens_an_encrypted_key),
        cmocka_unit_test(refuses_what_it_cannot_keep),
        cmocka_unit_test(refuses_bad_authorities),
        cmocka_unit_test(reads_no_more_options_than_there_are),
        cmocka_unit_test(client_can_have_a_certificate),
        cmocka_unit_test(tickets_resume),
        cmocka_unit_test(threads_share_settings),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
