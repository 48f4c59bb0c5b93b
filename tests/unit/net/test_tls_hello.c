/* What a client costs a server before it has shaken hands: silence, long greetings, crumbs. */
#include "tls_visit.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* The client is the test itself, which writes on its end of the net. */
static void open_server(ends *e) {
    ends_open(e, 1 << 20, SKUA_OPTS(skua_tls_opts, .ca_file = certs_path("ca")),
              SKUA_OPTS(skua_tls_opts, .cert_file = certs_path("good")), "a.example");
}

static void say(ends *e, const void *p, size_t len) {
    skua_stream *net = sk_pair_end(e->net, CLIENT);
    assert_int_equal(net->ops->writev(net, &(skua_str){p, len}, 1, NULL), len);
}

static int hear(ends *e) {
    return sk_tls_handshake(e->end[SERVER], &e->err[SERVER]);
}

static void expect_alert(ends *e, int description) {
    unsigned char raw[64];
    skua_stream *net = sk_pair_end(e->net, CLIENT);
    assert_int_equal(net->ops->read(net, raw, sizeof raw, NULL), 7);
    assert_memory_equal(raw, "\x15\x03\x03\x00\x02\x02", 6);
    assert_int_equal(raw[6], description);
}

static void b14_a_silent_client_is_no_work_for_openssl(void **state) {
    (void)state;
    ends e;
    open_server(&e);
    assert_int_equal(hear(&e), SKUA_E_AGAIN);
    assert_true(SSL_in_before(ends_tls(&e, SERVER)->ssl));
    say(&e, "\x16", 1);
    assert_int_equal(hear(&e), SKUA_E_AGAIN);
    assert_false(SSL_in_before(ends_tls(&e, SERVER)->ssl));
    ends_close(&e);
    open_server(&e);
    skua_stream *net = sk_pair_end(e.net, CLIENT);
    net->ops->shutdown(net, NULL);
    assert_int_equal(hear(&e), SKUA_E_TLS_EOF);
    ends_close(&e);
}

/* Whole, and a byte at a time. The last byte decides. */
static void expect_heard(const char *bytes, size_t len, bool fits) {
    for (int crumbs = 0; crumbs < 2; crumbs++) {
        ends e;
        open_server(&e);
        for (size_t at = 0; crumbs && at < len - 1; at++) {
            say(&e, bytes + at, 1);
            assert_int_equal(hear(&e), SKUA_E_AGAIN);
        }
        say(&e, bytes + (crumbs ? len - 1 : 0), crumbs ? 1 : len);
        int rc = hear(&e);
        if (rc != (fits ? SKUA_E_AGAIN : SKUA_E_TLS))
            fail_msg("%zu bytes: %d, %s", len, rc, e.err[SERVER].msg);
        if (!fits) {
            assert_non_null(strstr(e.err[SERVER].msg, "a ClientHello of 16 KiB or more"));
            expect_alert(&e, SSL_AD_ILLEGAL_PARAMETER);
        }
        ends_close(&e);
    }
}

static void b14_a_long_greeting_is_refused_by_its_header(void **state) {
    (void)state;
    static const struct {
        const char *bytes;
        size_t len;
        bool fits;
    } cases[] = {
#define CASE(bytes, fits) {bytes, sizeof(bytes) - 1, fits}
        CASE("\x16\x03\x01\x00\x04\x01\x00\x3f\xff", true),
        CASE("\x16\x03\x01\x00\x04\x01\x00\x40", false),
        CASE("\x16\x03\x01\x00\x04\x01\x01", false),
        /* The header in several records. */
        CASE("\x16\x03\x01\x00\x01\x01\x16\x03\x01\x00\x02\x00\x3f", true),
        CASE("\x16\x03\x01\x00\x01\x01\x16\x03\x01\x00\x02\x00\x40", false),
#undef CASE
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        expect_heard(cases[i].bytes, cases[i].len, cases[i].fits);
}

/* RFC 8446 4.1.4: a client that is asked for another key share greets a second time. */
static void b14_a_second_greeting_is_judged_as_well(void **state) {
    (void)state;
    unsigned char hello[4096];
    ends e;
    open_server(&e);
    SSL_set1_groups_list(ends_tls(&e, CLIENT)->ssl, "P-521:X25519");
    assert_int_equal(sk_tls_handshake(e.end[CLIENT], &e.err[CLIENT]), SKUA_E_AGAIN);
    assert_int_equal(hear(&e), SKUA_E_AGAIN);
    skua_stream *net = sk_pair_end(e.net, CLIENT);
    ptrdiff_t n = net->ops->read(net, hello, sizeof hello, NULL);
    assert_true(n > 7 && hello[0] == 0x16 && hello[5] == SSL3_MT_SERVER_HELLO);
    say(&e, "\x14\x03\x03\x00\x01\x01\x16\x03\x03\x00\x04\x01\x00\x40\x00", 15);
    assert_int_equal(hear(&e), SKUA_E_TLS);
    assert_non_null(strstr(e.err[SERVER].msg, "a ClientHello of 16 KiB or more"));
    ends_close(&e);
}

/* A client that resumes a session of TLS 1.2 sends its Finished next, whose first bytes are random:
 * here those of a long greeting. */
static void b14_what_is_encrypted_is_no_greeting(void **state) {
    (void)state;
    unsigned char flight[256];
    sk_tls_ctx *client = client_of(
        SKUA_OPTS(skua_tls_opts, .ca_file = certs_path("ca"), .max_version = SKUA_TLS_1_2));
    sk_tls_ctx *server = server_of(SKUA_OPTS(skua_tls_opts, .cert_file = certs_path("good")));
    visit v = {0};
    visit_once(&v, client, server, "a.example");
    ends e;
    ends_open_with(&e, 65536, client, server, "a.example");
    assert_int_equal(SSL_set_session(ends_tls(&e, CLIENT)->ssl, v.session), 1);
    SSL_SESSION_free(v.session);
    assert_int_equal(sk_tls_handshake(e.end[CLIENT], &e.err[CLIENT]), SKUA_E_AGAIN);
    assert_int_equal(hear(&e), SKUA_E_AGAIN);
    assert_int_equal(sk_tls_handshake(e.end[CLIENT], &e.err[CLIENT]), 0);
    skua_stream *net = sk_pair_end(e.net, SERVER);
    ptrdiff_t n = net->ops->read(net, flight, sizeof flight, NULL);
    assert_true(n > 13 && flight[0] == SSL3_RT_CHANGE_CIPHER_SPEC && flight[6] == 0x16);
    flight[11] = SSL3_MT_CLIENT_HELLO;
    flight[12] = 0xff;
    say(&e, flight, (size_t)n);
    assert_int_equal(hear(&e), SKUA_E_TLS);
    assert_null(strstr(e.err[SERVER].msg, "ClientHello"));
    ends_close(&e);
}

/* Each costs OpenSSL the work for a record. */
static void b14_crumbs_of_a_greeting_come_to_an_end(void **state) {
    (void)state;
    enum { CRUMBS = 3000, SIZE = 6 };
    static char bytes[CRUMBS * SIZE];
    ends e;
    for (size_t i = 0; i < CRUMBS; i++)
        memcpy(bytes + i * SIZE, "\x16\x03\x01\x00\x01", SIZE);
    bytes[5] = SSL3_MT_CLIENT_HELLO;
    bytes[2 * SIZE + 5] = 0x3f;
    open_server(&e);
    say(&e, bytes, sizeof bytes / 2);
    assert_int_equal(hear(&e), SKUA_E_AGAIN);
    say(&e, bytes + sizeof bytes / 2, sizeof bytes / 2);
    assert_int_equal(hear(&e), SKUA_E_TLS);
    assert_non_null(strstr(e.err[SERVER].msg, "record after record"));
    ends_close(&e);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(b14_a_silent_client_is_no_work_for_openssl),
        cmocka_unit_test(b14_a_long_greeting_is_refused_by_its_header),
        cmocka_unit_test(b14_a_second_greeting_is_judged_as_well),
        cmocka_unit_test(b14_what_is_encrypted_is_no_greeting),
        cmocka_unit_test(b14_crumbs_of_a_greeting_come_to_an_end),
    };
    return cmocka_run_group_tests(tests, common_begin, certs_end);
}
