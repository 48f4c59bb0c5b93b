/* TLS settings that are kept up to date with their files: certificates, staples, ticket keys. */
#include "net/tls_keeper.h"
#include "sys/thread.h"
#include "tls_staples.h"
#include "tls_visit.h"

#include <stdatomic.h>
#include <sys/stat.h>

static const cert_spec certs[] = {
    {.file = "first", .cn = "first", .san = "DNS:a.example", .issuer = "ca"},
    {.file = "second", .cn = "second", .san = "DNS:a.example", .issuer = "ca", .to_days = 60},
};

static int begin(void **state) {
    if (common_begin(state) != 0)
        return -1;
    certs_make_all(certs, sizeof certs / sizeof *certs);
    return 0;
}

/* ---- files that change ---- */

static void write_file(const char *file, const void *data, size_t len) {
    char fresh[400];
    snprintf(fresh, sizeof fresh, "%s", certs_path("fresh"));
    FILE *f = fopen(fresh, "w");
    assert_non_null(f);
    assert_int_equal(fchmod(fileno(f), 0600), 0);
    assert_int_equal(fwrite(data, 1, len, f), len);
    fclose(f);
    assert_int_equal(rename(fresh, certs_path(file)), 0);
}

/* As tools that renew certificates do it: another file takes the name. */
static void copy_file(const char *from, const char *to) {
    char data[16384];
    FILE *f = fopen(certs_path(from), "r");
    assert_non_null(f);
    size_t len = fread(data, 1, sizeof data, f);
    fclose(f);
    write_file(to, data, len);
}

typedef struct notes {
    char last[600];
    int count;
} notes;

static void note(void *user, const char *line) {
    notes *n = user;
    snprintf(n->last, sizeof n->last, "%s", line);
    n->count++;
}

static sk_tls_keeper *keeper_of(const skua_tls_opts *o) {
    skua_error err;
    sk_tls_keeper *k = sk_tls_keeper_new(o, &err);
    if (!k)
        fail_msg("%s", err.msg);
    return k;
}

/* Who is shown to a client that comes at that time? */
static void expect_shown(sk_tls_keeper *k, int64_t now_ms, notes *n, const char *cn) {
    sk_tls_ctx *client = client_of(SKUA_OPTS(skua_tls_opts, .ca_file = certs_path("ca")));
    sk_tls_ctx *server = sk_tls_keeper_get(k, now_ms, note, n);
    visit v = {.session = NULL};
    visit_once(&v, client, server, "a.example");
    assert_string_equal(v.cn, cn);
    SSL_SESSION_free(v.session);
    sk_tls_ctx_unref(server);
    sk_tls_ctx_unref(client);
}

static void b03_changed_files_are_read_again(void **state) {
    (void)state;
    notes n = {.count = 0};
    copy_file("first", "cert");
    sk_tls_keeper *k = keeper_of(SKUA_OPTS(skua_tls_opts, .cert_file = certs_path("cert")));
    int64_t before = sk_tls_keeper_expiry(k, 0);
    expect_shown(k, 5000, &n, "first");
    copy_file("second", "cert");
    expect_shown(k, 5999, &n, "first"); /* looked at once a second */
    assert_int_equal(n.count, 0);
    expect_shown(k, 6000, &n, "second");
    assert_int_equal(n.count, 1);
    assert_non_null(strstr(n.last, "read again"));
    assert_int_equal(sk_tls_keeper_expiry(k, 0) - before, 30 * 86400);
    expect_shown(k, 9000, &n, "second");
    assert_int_equal(n.count, 1);
    sk_tls_keeper_free(k);
}

static void b03_the_last_good_pair_is_kept(void **state) {
    (void)state;
    notes n = {.count = 0};
    copy_file("first", "cert");
    copy_file("first", "key");
    sk_tls_keeper *k = keeper_of(
        SKUA_OPTS(skua_tls_opts, .cert_file = certs_path("cert"), .key_file = certs_path("key")));
    expect_shown(k, 0, &n, "first");
    copy_file("second", "cert"); /* its key will follow */
    expect_shown(k, 2000, &n, "first");
    assert_int_equal(n.count, 1);
    assert_non_null(strstr(n.last, "does not belong to the certificate"));
    assert_non_null(strstr(n.last, "last good"));
    expect_shown(k, 4000, &n, "first"); /* it is said once */
    assert_int_equal(n.count, 1);
    copy_file("second", "key");
    expect_shown(k, 6000, &n, "second");
    assert_int_equal(n.count, 2);
    unlink(certs_path("key"));
    expect_shown(k, 8000, &n, "second");
    assert_int_equal(n.count, 3);
    assert_non_null(strstr(n.last, "No such file"));
    skua_error err;
    assert_int_equal(sk_tls_keeper_reload(k, &err), SKUA_E_FILE_NOT_FOUND);
    assert_int_equal(sk_tls_keeper_reload(k, NULL), SKUA_E_FILE_NOT_FOUND);
    copy_file("second", "key");
    assert_int_equal(sk_tls_keeper_reload(k, &err), 0);
    expect_shown(k, 8001, &n, "second");
    sk_tls_keeper_free(k);
}

/* Options are the keeper's own; streams keep the settings that they began with. */
static void b03_reading_by_call_disturbs_nobody(void **state) {
    (void)state;
    char path[400];
    notes n = {.count = 0};
    skua_error err;
    copy_file("first", "cert");
    snprintf(path, sizeof path, "%s", certs_path("cert"));
    skua_tls_cert list[] = {{.cert_file = path}, {0}};
    sk_tls_keeper *k = keeper_of(SKUA_OPTS(skua_tls_opts, .certs = list));
    memset(path, 0, sizeof path);
    list[0].cert_file = NULL;
    sk_tls_ctx *client = client_of(SKUA_OPTS(skua_tls_opts, .ca_file = certs_path("ca")));
    sk_tls_ctx *server = sk_tls_keeper_get(k, 0, note, &n);
    visit v = {.session = NULL};
    visit_begin(&v, client, server, "a.example");
    sk_tls_ctx_unref(server);
    copy_file("second", "cert");
    assert_int_equal(sk_tls_keeper_reload(k, &err), 0);
    assert_int_equal(ends_write(&v.e, CLIENT, "x", 1), 1);
    char buf[4];
    assert_int_equal(ends_read(&v.e, SERVER, buf, sizeof buf), 1);
    visit_end(&v);
    /* Keys for tickets are kept: the session goes on, whoever is shown to newcomers. */
    server = sk_tls_keeper_get(k, 1, note, &n);
    visit_once(&v, client, server, "a.example");
    assert_true(v.resumed);
    sk_tls_ctx_unref(server);
    expect_shown(k, 1, &n, "second");
    SSL_SESSION_free(v.session);
    sk_tls_ctx_unref(client);
    sk_tls_keeper_free(k);
}

static int give_sesame(char *buf, int cap, void *user) {
    ++*(int *)user;
    return snprintf(buf, (size_t)cap, "sesame");
}

static void lock_key(const char *from, const char *to) {
    EVP_PKEY *key;
    X509_free(certs_read(from, &key));
    FILE *f = fopen(certs_path("fresh"), "w");
    assert_non_null(f);
    PEM_write_PKCS8PrivateKey(f, key, EVP_aes_256_cbc(), NULL, 0, NULL, (char[]){"sesame"});
    fclose(f);
    EVP_PKEY_free(key);
    assert_int_equal(rename(certs_path("fresh"), certs_path(to)), 0);
}

/* Nobody is asked for the pass phrase of a key that is known. */
static void b03_only_what_has_changed_is_read(void **state) {
    (void)state;
    int asked = 0;
    notes n = {.count = 0};
    copy_file("first", "cert");
    lock_key("first", "key");
    copy_file("good", "other");
    const skua_tls_cert list[] = {{.cert_file = certs_path("other")}, {0}};
    sk_tls_keeper *k = keeper_of(
        SKUA_OPTS(skua_tls_opts, .cert_file = certs_path("cert"), .key_file = certs_path("key"),
                  .key_password_fn = give_sesame, .key_password_user = &asked, .certs = list));
    assert_int_equal(asked, 1);
    copy_file("second", "other");
    expect_shown(k, 0, &n, "first");
    assert_int_equal(n.count, 1);
    assert_int_equal(asked, 1);
    lock_key("second", "key");
    copy_file("second", "cert");
    expect_shown(k, 1000, &n, "second");
    assert_int_equal(asked, 2);
    sk_tls_keeper_free(k);
}

/* ---- staples ---- */

static void write_staple(const staple_spec *s) {
    der d = staple_make(s);
    write_file("staple", d.data, (size_t)d.len);
    OPENSSL_free(d.data);
}

/* Is one stapled that the client believes? */
static bool is_stapled(sk_tls_keeper *k, int64_t now_ms, notes *n) {
    sk_tls_ctx *client =
        client_of(SKUA_OPTS(skua_tls_opts, .ca_file = certs_path("ca"), .ocsp = SKUA_OCSP_REQUIRE));
    sk_tls_ctx *server = sk_tls_keeper_get(k, now_ms, note, n);
    visit v = {.session = NULL};
    visit_begin(&v, client, server, "a.example");
    bool stapled = v.e.rc[CLIENT] == 0;
    if (!stapled)
        assert_non_null(strstr(v.e.err[CLIENT].msg, "the server sent none"));
    visit_end(&v);
    SSL_SESSION_free(v.session);
    sk_tls_ctx_unref(client);
    sk_tls_ctx_unref(server);
    return stapled;
}

static void b03_a_fresh_staple_is_served(void **state) {
    (void)state;
    notes n = {.count = 0};
    copy_file("first", "cert");
    write_staple(&(staple_spec){.cert = "first"});
    const skua_tls_cert list[] = {
        {.cert_file = certs_path("cert"), .ocsp_file = certs_path("staple")}, {0}};
    sk_tls_keeper *k =
        keeper_of(SKUA_OPTS(skua_tls_opts, .cert_file = certs_path("good"), .certs = list));
    sk_tls_keeper *only = keeper_of(SKUA_OPTS(skua_tls_opts, .cert_file = certs_path("cert"),
                                              .ocsp_file = certs_path("staple")));
    assert_true(is_stapled(only, 0, &n));
    assert_false(is_stapled(k, 0, &n)); /* a.example is in "good", too, which comes first */
    assert_int_equal(n.count, 0);
    /* One whose time is over is not served; that is said once. */
    write_staple(&(staple_spec){.cert = "first", .from_minutes = -90, .to_minutes = -30});
    assert_false(is_stapled(only, 1000, &n));
    assert_int_equal(n.count, 2);
    assert_non_null(strstr(n.last, "has expired: not served"));
    assert_false(is_stapled(only, 2000, &n));
    assert_int_equal(n.count, 2);
    write_staple(&(staple_spec){.cert = "first"});
    assert_true(is_stapled(only, 3000, &n));
    /* A certificate is renewed, and its staple is not there yet. */
    copy_file("second", "cert");
    assert_false(is_stapled(only, 4000, &n));
    assert_non_null(strstr(n.last, "is about another certificate: not served"));
    expect_shown(only, 4001, &n, "second");
    write_staple(&(staple_spec){.cert = "second"});
    assert_true(is_stapled(only, 5000, &n));
    sk_tls_keeper_free(only);
    sk_tls_keeper_free(k);
}

static void b03_a_staple_that_is_none_is_named(void **state) {
    (void)state;
    static const struct {
        staple_spec staple;
        const char *says;
    } cases[] = {
        {{.cert = "second"}, "is about another certificate"},
        {{.cert = "first", .status = V_OCSP_CERTSTATUS_REVOKED}, "the certificate is revoked"},
        {{.cert = "first", .status = V_OCSP_CERTSTATUS_UNKNOWN}, "does not know the certificate"},
        {{.answer = OCSP_RESPONSE_STATUS_TRYLATER}, "holds no answer"},
        {{.cert = "first", .more = 3}, "is no OCSP response in DER form"},
    };
    const kept_path cert = path_kept("first"), staple = path_kept("staple");
    skua_error err;
    const skua_tls_opts o = {.size = sizeof o, .cert_file = cert.text, .ocsp_file = staple.text};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        write_staple(&cases[i].staple);
        assert_null(sk_tls_keeper_new(&o, &err));
        if (err.code != SKUA_E_TLS || !strstr(err.msg, cases[i].says))
            fail_msg("%d, %s", err.code, err.msg);
    }
    unlink(certs_path("staple"));
    assert_null(sk_tls_keeper_new(&o, &err));
    assert_int_equal(err.code, SKUA_E_FILE_NOT_FOUND);
}

/* ---- ticket keys ---- */

static void b03_a_file_of_ticket_keys_is_read_again(void **state) {
    (void)state;
    notes n = {.count = 0};
    char keys[160];
    memset(keys, 'a', 80);
    memset(keys + 80, 'b', 80);
    write_file("keys", keys, 80);
    sk_tls_keeper *k = keeper_of(SKUA_OPTS(skua_tls_opts, .cert_file = certs_path("first"),
                                           .ticket_key_file = certs_path("keys")));
    sk_tls_ctx *client = client_of(SKUA_OPTS(skua_tls_opts, .ca_file = certs_path("ca")));
    static const struct {
        int from, len;
        bool resumed;
    } turns[] = {{0, 80, false}, {0, 160, true}, {80, 80, false}, {0, 160, true}};
    visit v = {.session = NULL};
    for (size_t i = 0; i < sizeof turns / sizeof *turns; i++) {
        write_file("keys", keys + turns[i].from, (size_t)turns[i].len);
        sk_tls_ctx *server = sk_tls_keeper_get(k, (int64_t)i * 1000, note, &n);
        visit_once(&v, client, server, "a.example");
        assert_int_equal(v.resumed, turns[i].resumed);
        sk_tls_ctx_unref(server);
    }
    SSL_SESSION_free(v.session);
    sk_tls_ctx_unref(client);
    sk_tls_keeper_free(k);
}

/* ---- threads ---- */

typedef struct guest {
    sk_tls_keeper *k;
    sk_tls_ctx *client;
    atomic_int *now;
    int served;
} guest;

static void *visit_often(void *arg) {
    guest *g = arg;
    notes n = {.count = 0};
    for (int i = 0; i < 12; i++) {
        int now = atomic_fetch_add(g->now, 400);
        sk_tls_ctx *server = sk_tls_keeper_get(g->k, now, note, &n);
        visit v = {.session = NULL};
        visit_once(&v, g->client, server, "a.example");
        g->served += strcmp(v.cn, "first") == 0 || strcmp(v.cn, "second") == 0;
        SSL_SESSION_free(v.session);
        sk_tls_ctx_unref(server);
    }
    return NULL;
}

static void b03_threads_are_served_while_files_change(void **state) {
    (void)state;
    enum { THREADS = 3 };
    sk_thread t[THREADS];
    guest g[THREADS];
    atomic_int now = 0;
    copy_file("first", "cert");
    sk_tls_keeper *k = keeper_of(SKUA_OPTS(skua_tls_opts, .cert_file = certs_path("cert")));
    sk_tls_ctx *client = client_of(SKUA_OPTS(skua_tls_opts, .ca_file = certs_path("ca")));
    for (int i = 0; i < THREADS; i++) {
        g[i] = (guest){k, client, &now, 0};
        assert_int_equal(sk_thread_start(&t[i], visit_often, &g[i]), 0);
    }
    for (int i = 0; i < 20; i++) {
        copy_file(i % 2 ? "first" : "second", "cert");
        if (i % 3 == 0)
            assert_int_equal(sk_tls_keeper_reload(k, NULL), 0);
        assert_true(sk_tls_keeper_expiry(k, 0) > 0);
    }
    for (int i = 0; i < THREADS; i++) {
        sk_thread_join(t[i]);
        assert_int_equal(g[i].served, 12);
    }
    sk_tls_ctx_unref(client);
    sk_tls_keeper_free(k);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(b03_changed_files_are_read_again),
        cmocka_unit_test(b03_the_last_good_pair_is_kept),
        cmocka_unit_test(b03_reading_by_call_disturbs_nobody),
        cmocka_unit_test(b03_only_what_has_changed_is_read),
        cmocka_unit_test(b03_a_fresh_staple_is_served),
        cmocka_unit_test(b03_a_staple_that_is_none_is_named),
        cmocka_unit_test(b03_a_file_of_ticket_keys_is_read_again),
        cmocka_unit_test(b03_threads_are_served_while_files_change),
    };
    return cmocka_run_group_tests(tests, begin, certs_end);
}
