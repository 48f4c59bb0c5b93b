/* Resuming TLS sessions: which are taken for the same, and what becomes of them. */
#include "tls_ends.h"

#include <time.h>

#define PLACE "a.example:443"

static skua_tls_sessions *sessions;
static sk_tls_ctx *server; /* whoever asks later can open the tickets it gave earlier */

static sk_tls_ctx *server_for(skua_tls_opts o) {
    skua_error err;
    o.size = sizeof o;
    o.cert_file = o.cert_file ? o.cert_file : certs_path("good");
    return ctx_made(sk_tls_server_ctx(&o, &err), &err);
}

static int begin(void **state) {
    (void)state;
    sessions = skua_tls_sessions_new(0);
    server = server_for((skua_tls_opts){0});
    return sessions ? 0 : -1;
}

static int end(void **state) {
    (void)state;
    skua_tls_sessions_free(sessions);
    sk_tls_ctx_unref(server);
    return 0;
}

static sk_tls_ctx *client_for(skua_tls_opts o) {
    skua_error err;
    o.size = sizeof o;
    o.ca_file = o.ca_file ? o.ca_file : certs_path("ca");
    o.sessions = o.sessions ? o.sessions : sessions;
    return ctx_made(sk_tls_client_ctx(&o, &err), &err);
}

static void open_ends(ends *e, sk_tls_ctx *client, const char *host, const char *place) {
    sk_tls_ctx_ref(client);
    sk_tls_ctx_ref(server);
    ends_open_with(e, 65536, client, server, host);
    sk_tls_resume(e->end[CLIENT], place);
    ends_shake(e);
}

static bool is_resumed(ends *e) {
    skua_stream_info info = {.size = sizeof info};
    e->end[CLIENT]->ops->info(e->end[CLIENT], &info);
    assert_int_equal(info.tls_resumed, SSL_session_reused(ends_tls(e, SERVER)->ssl));
    return info.tls_resumed;
}

/* Connect, take the ticket, close; was a session resumed? */
static bool resumes_at(sk_tls_ctx *client, const char *host, const char *place) {
    ends e;
    open_ends(&e, client, host, place);
    assert_int_equal(e.rc[CLIENT], 0);
    bool resumed = is_resumed(&e);
    assert_int_equal(ends_read(&e, CLIENT, &(char){0}, 1), SKUA_E_AGAIN);
    ends_close(&e);
    return resumed;
}

static bool resumes(sk_tls_ctx *client) {
    return resumes_at(client, "a.example", PLACE);
}

static bool resumes_with(skua_tls_opts o) {
    sk_tls_ctx *c = client_for(o);
    bool resumed = resumes(c);
    sk_tls_ctx_unref(c);
    return resumed;
}

static void a02_sessions_are_resumed(void **state) {
    (void)state;
    static const int versions[] = {SKUA_TLS_1_2, SKUA_TLS_1_3};
    for (size_t i = 0; i < 2; i++) {
        skua_tls_opts o = {.max_version = versions[i]};
        assert_false(resumes_with(o));
        for (int turn = 0; turn < 3; turn++)
            assert_true(resumes_with(o));
    }
}

/* Settings keep their own where none are given. */
static void a02_each_has_its_own_by_default(void **state) {
    (void)state;
    skua_error err;
    const skua_tls_opts *o = SKUA_OPTS(skua_tls_opts, .ca_file = certs_path("ca"));
    sk_tls_ctx *one = ctx_made(sk_tls_client_ctx(o, &err), &err);
    sk_tls_ctx *other = ctx_made(sk_tls_client_ctx(o, &err), &err);
    assert_false(resumes(one));
    assert_false(resumes(other));
    assert_true(resumes(one));
    assert_true(resumes(other));
    sk_tls_ctx_unref(one);
    sk_tls_ctx_unref(other);
}

static void a02_who_asks_for_none_gets_none(void **state) {
    (void)state;
    ends e;
    sk_tls_ctx *c = client_for((skua_tls_opts){0});
    resumes(c);
    sk_tls_ctx_ref(c);
    sk_tls_ctx_ref(server);
    ends_open_with(&e, 65536, c, server, "a.example");
    ends_shake(&e);
    assert_false(is_resumed(&e));
    ends_close(&e);
    sk_tls_ctx_unref(c);
}

/* RFC 8446 C.4: a ticket is used once. */
static void a02_a_ticket_is_used_once(void **state) {
    (void)state;
    ends first, second;
    sk_tls_ctx *c = client_for((skua_tls_opts){0});
    resumes(c);
    open_ends(&first, c, "a.example", PLACE);
    open_ends(&second, c, "a.example", PLACE);
    assert_true(is_resumed(&first));
    assert_false(is_resumed(&second));
    ends_close(&first);
    ends_close(&second);
    sk_tls_ctx_unref(c);
}

static void copy_file(const char *from, const char *to) {
    char buf[65536];
    FILE *f = fopen(certs_path(from), "r"), *g = fopen(certs_path(to), "w");
    assert_non_null(f);
    assert_non_null(g);
    fwrite(buf, 1, fread(buf, 1, sizeof buf, f), g);
    fclose(f);
    fclose(g);
}

static void refused_across(skua_tls_opts one, skua_tls_opts other, size_t i) {
    skua_tls_sessions_free(sessions);
    sessions = skua_tls_sessions_new(0); /* without what the last case left */
    resumes_with(one);
    if (resumes_with(other))
        fail_msg("case %zu: a session of other settings was resumed", i);
    if (!resumes_with(one))
        fail_msg("case %zu: its own session was not resumed", i);
}

/* Above all: what nobody verified is not taken for verified. */
static void a02_settings_that_judge_otherwise_share_nothing(void **state) {
    (void)state;
    char copy[400], good[400];
    copy_file("ca", "ca-copy");
    copy_file("ca", "12345678.0"); /* so that it passes for a directory of authorities */
    snprintf(copy, sizeof copy, "%s", certs_path("ca-copy"));
    snprintf(good, sizeof good, "%s", certs_path("good"));
    char pin[SK_TLS_PIN_TEXT];
    EVP_PKEY *key;
    X509 *cert = certs_read("good", &key);
    sk_tls_pin(cert, pin);
    X509_free(cert);
    EVP_PKEY_free(key);
    const skua_tls_opts plain = {0};
    const skua_tls_opts others[] = {
        {.insecure_skip_verify = 1},
        {.server_name = "localhost"},
        {.server_name = "a.example"},
        {.sni = "b.example"},
        {.sni = ""},
        {.alpn = "http/1.1,h2"},
        {.alpn = ""},
        {.min_version = SKUA_TLS_1_3},
        {.max_version = SKUA_TLS_1_3},
        {.ciphers = "ECDHE-ECDSA-AES128-GCM-SHA256"},
        {.ciphersuites = "TLS_AES_256_GCM_SHA384"},
        {.ca_file = copy},
        {.ca_dir = certs_dir},
        {.trust = SKUA_TLS_TRUST_ADD},
        {.cert_file = good},
        {.pins = pin},
        {.ocsp = SKUA_OCSP_OFF},
    };
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        refused_across(plain, others[i], i);
        refused_across(others[i], plain, i);
    }
}

/* The name of a file is not what stands in it. */
static void a02_a_changed_file_is_another(void **state) {
    (void)state;
    certs_make(&(cert_spec){.file = "more", .cn = "Another Authority", .ca = true});
    copy_file("ca", "both");
    const skua_tls_opts o = {.ca_file = certs_path("both")};
    assert_false(resumes_with(o));
    assert_true(resumes_with(o));
    char text[65536];
    FILE *f = fopen(certs_path("more"), "r"), *g = fopen(certs_path("both"), "a");
    fwrite(text, 1, fread(text, 1, sizeof text, f), g);
    fclose(f);
    fclose(g);
    assert_false(resumes_with(o));
}

static void a02_another_host_or_port_is_another(void **state) {
    (void)state;
    sk_tls_ctx *c = client_for((skua_tls_opts){0});
    assert_false(resumes_at(c, "a.example", PLACE));
    assert_false(resumes_at(c, "a.example", "a.example:8443"));
    assert_false(resumes_at(c, "localhost", PLACE));
    assert_true(resumes_at(c, "a.example", PLACE));
    sk_tls_ctx_unref(c);
}

static void a02_a_rejected_ticket_costs_nothing(void **state) {
    (void)state;
    static const int versions[] = {SKUA_TLS_1_2, SKUA_TLS_1_3};
    for (size_t i = 0; i < 2; i++) {
        skua_tls_opts o = {.max_version = versions[i]};
        assert_false(resumes_with(o));
        sk_tls_ctx_unref(server);
        server = server_for((skua_tls_opts){0}); /* with keys of its own for tickets */
        assert_false(resumes_with(o));
        assert_true(resumes_with(o));
    }
}

/* RFC 8446 4.6.1: the server says for how long. */
static void a02_a_lifetime_is_honoured(void **state) {
    (void)state;
    static const struct {
        int version;
        long lifetime;
    } cases[] = {{SKUA_TLS_1_2, 100}, {SKUA_TLS_1_3, 100}, {SKUA_TLS_1_3, 7200}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ends e;
        SSL_CTX_set_timeout(server->ssl, cases[i].lifetime);
        sk_tls_ctx *c = client_for((skua_tls_opts){.max_version = cases[i].version});
        open_ends(&e, c, "a.example", PLACE);
        assert_int_equal(ends_read(&e, CLIENT, &(char){0}, 1), SKUA_E_AGAIN);
        SSL_SESSION *session = sk_tls_sessions_take(sessions, ends_tls(&e, CLIENT)->key);
        assert_non_null(session);
        SSL_SESSION_set_time(session, (long)time(NULL) - cases[i].lifetime + 50);
        sk_tls_sessions_put(sessions, ends_tls(&e, CLIENT)->key, session);
        SSL_SESSION_set_time(session, (long)time(NULL) - cases[i].lifetime);
        sk_tls_sessions_put(sessions, ends_tls(&e, CLIENT)->key, session);
        SSL_SESSION_free(session);
        session = sk_tls_sessions_take(sessions, ends_tls(&e, CLIENT)->key);
        assert_non_null(session);
        assert_true(SSL_SESSION_get_time(session) > (long)time(NULL) - cases[i].lifetime);
        SSL_SESSION_free(session);
        ends_close(&e);
        sk_tls_ctx_unref(c);
    }
}

/* A session does not outlive the certificate that was judged. */
static void a02_a_session_ends_with_the_certificate(void **state) {
    (void)state;
    certs_make(&(cert_spec){.file = "old",
                            .cn = "old",
                            .san = "DNS:a.example",
                            .issuer = "ca",
                            .from_days = -9,
                            .to_days = -1});
    sk_tls_ctx_unref(server);
    server = server_for((skua_tls_opts){.cert_file = certs_path("old")});
    const skua_tls_opts o = {.insecure_skip_verify = 1};
    assert_false(resumes_with(o));
    assert_false(resumes_with(o));
}

static void a02_a_failure_forgets_the_sessions(void **state) {
    (void)state;
    ends e;
    char raw[4096];
    sk_tls_ctx *c = client_for((skua_tls_opts){0});
    resumes(c);
    open_ends(&e, c, "a.example", PLACE);
    assert_true(is_resumed(&e));
    assert_int_equal(ends_read(&e, CLIENT, raw, sizeof raw), SKUA_E_AGAIN); /* another ticket */
    static const char record[5 + 32] = "\x17\x03\x03\x00\x20 of no key that was agreed on";
    skua_str nonsense = {record, sizeof record};
    skua_stream *below = sk_pair_end(e.net, SERVER);
    below->ops->writev(below, &nonsense, 1, NULL);
    assert_int_equal(ends_read(&e, CLIENT, raw, sizeof raw), SKUA_E_TLS);
    ends_close(&e);
    assert_false(resumes(c));
    sk_tls_ctx_unref(c);
}

/* A connection that is cut is no reason: RFC 5246 7.2.1 gave that up. */
static void a02_a_cut_forgets_nothing(void **state) {
    (void)state;
    ends e;
    char raw[64];
    sk_tls_ctx *c = client_for((skua_tls_opts){.max_version = SKUA_TLS_1_2});
    open_ends(&e, c, "a.example", PLACE);
    skua_stream *below = sk_pair_end(e.net, SERVER);
    below->ops->shutdown(below, NULL);
    assert_int_equal(ends_read(&e, CLIENT, raw, sizeof raw), SKUA_E_TLS_EOF);
    ends_close(&e);
    assert_true(resumes(c));
    sk_tls_ctx_unref(c);
}

static void a02_the_chain_is_readable_after_resuming(void **state) {
    (void)state;
    ends e;
    skua_certificate cert;
    sk_tls_ctx *c = client_for((skua_tls_opts){0});
    resumes(c);
    open_ends(&e, c, "a.example", PLACE);
    assert_true(is_resumed(&e));
    assert_int_equal(sk_tls_certificate(e.end[CLIENT], 0, &cert), 0);
    assert_string_equal(cert.subject, "CN=good");
    assert_int_equal(SSL_get_verify_result(ends_tls(&e, CLIENT)->ssl), X509_V_OK);
    ends_close(&e);
    sk_tls_ctx_unref(c);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a02_sessions_are_resumed, begin, end),
        cmocka_unit_test_setup_teardown(a02_each_has_its_own_by_default, begin, end),
        cmocka_unit_test_setup_teardown(a02_who_asks_for_none_gets_none, begin, end),
        cmocka_unit_test_setup_teardown(a02_a_ticket_is_used_once, begin, end),
        cmocka_unit_test_setup_teardown(a02_settings_that_judge_otherwise_share_nothing, begin,
                                        end),
        cmocka_unit_test_setup_teardown(a02_a_changed_file_is_another, begin, end),
        cmocka_unit_test_setup_teardown(a02_another_host_or_port_is_another, begin, end),
        cmocka_unit_test_setup_teardown(a02_a_rejected_ticket_costs_nothing, begin, end),
        cmocka_unit_test_setup_teardown(a02_a_lifetime_is_honoured, begin, end),
        cmocka_unit_test_setup_teardown(a02_a_session_ends_with_the_certificate, begin, end),
        cmocka_unit_test_setup_teardown(a02_a_failure_forgets_the_sessions, begin, end),
        cmocka_unit_test_setup_teardown(a02_a_cut_forgets_nothing, begin, end),
        cmocka_unit_test_setup_teardown(a02_the_chain_is_readable_after_resuming, begin, end),
    };
    return cmocka_run_group_tests(tests, common_begin, certs_end);
}
