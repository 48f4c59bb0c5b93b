/* Peers that do not do as they should: rubbish, alerts, cuts and changes within the handshake, and
 * what they may send behind it. */
#include "tls_ends.h"

enum { FLIGHT = 16384 };

static void open_ends(ends *e, int version) {
    ends_open(e, 1 << 20,
              SKUA_OPTS(skua_tls_opts, .ca_file = certs_path("ca"), .max_version = version),
              SKUA_OPTS(skua_tls_opts, .cert_file = certs_path("good")), "a.example");
}

static void send_raw(ends *e, const void *p, size_t len) {
    skua_stream *below = sk_pair_end(e->net, SERVER);
    skua_str all = {p, len};
    assert_int_equal(below->ops->writev(below, &all, 1, NULL), len);
}

/* The client's greeting is answered by these bytes, and then the peer is gone. */
static int answered_by(ends *e, const void *p, size_t len) {
    skua_stream *below = sk_pair_end(e->net, SERVER);
    int rc = sk_tls_handshake(e->end[CLIENT], &e->err[CLIENT]);
    assert_int_equal(rc, SKUA_E_AGAIN);
    if (len > 0)
        send_raw(e, p, len);
    below->ops->shutdown(below, NULL);
    for (int i = 0; i < 3 && rc == SKUA_E_AGAIN; i++)
        rc = sk_tls_handshake(e->end[CLIENT], &e->err[CLIENT]);
    return rc;
}

static void expect_answer_fails(const char *answer, size_t len, int code, const char *says) {
    ends e;
    open_ends(&e, 0);
    int rc = answered_by(&e, answer, len);
    if (rc != code || !strstr(e.err[CLIENT].msg, says) ||
        strncmp(e.err[CLIENT].msg, "tls: a.example: ", 16) != 0)
        fail_msg("%d, %s", rc, e.err[CLIENT].msg);
    assert_int_equal(e.err[CLIENT].retry_safe, 1);
    /* And it stays so. */
    assert_int_equal(sk_tls_handshake(e.end[CLIENT], &e.err[CLIENT]), code);
    ends_close(&e);
}

static void a02_whoever_does_not_speak_tls(void **state) {
    (void)state;
    static const struct {
        const char *answer;
        int code;
        const char *says;
    } cases[] = {
        {"HTTP/1.1 400 Bad Request\r\n\r\n", SKUA_E_TLS, "does not speak TLS on this port"},
        {"SSH-2.0-OpenSSH_9.2\r\n", SKUA_E_TLS, "does not speak TLS on this port"},
        {"220 mail.example ESMTP\r\n", SKUA_E_TLS, "does not speak TLS on this port"},
        {"\xff\xff\xff\xff\xff\xff\xff\xff", SKUA_E_TLS, "does not speak TLS on this port"},
        {"x", SKUA_E_TLS_EOF, "closed the connection during the handshake"},
        {"", SKUA_E_TLS_EOF, "closed the connection during the handshake"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        expect_answer_fails(cases[i].answer, strlen(cases[i].answer), cases[i].code, cases[i].says);
}

static void a02_alerts_are_named(void **state) {
    (void)state;
    static const struct {
        unsigned char alert;
        const char *says;
    } cases[] = {
        {40, "handshake_failure"},        {70, "protocol_version"},
        {71, "insufficient_security"},    {80, "internal_error"},
        {86, "inappropriate_fallback"},   {112, "unrecognized_name"},
        {120, "no_application_protocol"}, {200, "alert"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char alert[] = {0x15, 3, 3, 0, 2, 2, (char)cases[i].alert};
        expect_answer_fails(alert, sizeof alert, SKUA_E_TLS, cases[i].says);
    }
}

/* A server's first flight as it stands in the pair, taken out of it. */
static size_t take_flight(ends *e, char flight[FLIGHT]) {
    assert_int_equal(sk_tls_handshake(e->end[CLIENT], &e->err[CLIENT]), SKUA_E_AGAIN);
    assert_int_equal(sk_tls_handshake(e->end[SERVER], &e->err[SERVER]), SKUA_E_AGAIN);
    skua_stream *below = sk_pair_end(e->net, CLIENT);
    ptrdiff_t n = below->ops->read(below, flight, FLIGHT, NULL);
    assert_in_range(n, 500, FLIGHT - 1);
    return (size_t)n;
}

static void cut_at(int version, size_t at, size_t *len) {
    ends e;
    char flight[FLIGHT];
    open_ends(&e, version);
    *len = take_flight(&e, flight);
    if (at > 0)
        send_raw(&e, flight, at);
    skua_stream *below = sk_pair_end(e.net, SERVER);
    below->ops->shutdown(below, NULL);
    assert_int_equal(sk_tls_handshake(e.end[CLIENT], &e.err[CLIENT]), SKUA_E_TLS_EOF);
    assert_non_null(strstr(e.err[CLIENT].msg, "during the handshake"));
    ends_close(&e);
}

static void a02_cuts_within_the_handshake(void **state) {
    (void)state;
    static const int versions[] = {SKUA_TLS_1_2, SKUA_TLS_1_3};
    for (size_t v = 0; v < 2; v++) {
        size_t len = 1;
        for (size_t at = 0; at < len - 1; at += 41)
            cut_at(versions[v], at, &len);
    }
}

/* Whatever is changed on the way: the handshake ends, and the two have never agreed on anything. */
static void change_at(int version, size_t at, size_t *len) {
    ends e;
    char flight[FLIGHT];
    open_ends(&e, version);
    *len = take_flight(&e, flight);
    flight[at] ^= 0x11;
    send_raw(&e, flight, *len);
    e.rc[CLIENT] = sk_tls_handshake(e.end[CLIENT], &e.err[CLIENT]);
    if (e.rc[CLIENT] == SKUA_E_AGAIN || e.rc[CLIENT] == 0) {
        e.rc[SERVER] = sk_tls_handshake(e.end[SERVER], &e.err[SERVER]);
        if (e.rc[SERVER] == 0)
            fail_msg("byte %zu of %zu was changed, and nobody noticed", at, *len);
    }
    assert_int_not_equal(e.rc[CLIENT], SKUA_E_NOMEM);
    ends_close(&e);
}

static void a02_changes_within_the_handshake(void **state) {
    (void)state;
    static const int versions[] = {SKUA_TLS_1_2, SKUA_TLS_1_3};
    for (size_t v = 0; v < 2; v++) {
        size_t len = 12;
        for (size_t at = 11; at < len; at += 23) /* not the record's own version */
            change_at(versions[v], at, &len);
    }
}

/* ---- behind the handshake ---- */

static void connect_ends(ends *e, int version) {
    open_ends(e, version);
    ends_shake(e);
    assert_int_equal(e->rc[CLIENT], 0);
    assert_int_equal(e->rc[SERVER], 0);
}

/* What OpenSSL has to say on the server's side is said. */
static int server_speaks(ends *e) {
    sk_tls *s = ends_tls(e, SERVER);
    sk_tls_enter(s);
    int rc = SSL_do_handshake(s->ssl);
    assert_int_equal(sk_tls_flush(s, NULL), 0);
    return rc;
}

static void expect_talk(ends *e) {
    char buf[16];
    assert_int_equal(ends_write(e, SERVER, "there", 5), 5);
    assert_int_equal(ends_read(e, CLIENT, buf, sizeof buf), 5);
    assert_int_equal(ends_write(e, CLIENT, "here", 4), 4);
    assert_int_equal(ends_read(e, SERVER, buf, sizeof buf), 4);
    assert_memory_equal(buf, "here", 4);
}

/* RFC 5246 7.4.1.1: a client that will not may say no_renegotiation, and goes on. */
static void a02_renegotiation_is_refused(void **state) {
    (void)state;
    ends e;
    connect_ends(&e, SKUA_TLS_1_2);
    SSL *ssl = ends_tls(&e, SERVER)->ssl;
    SSL_clear_options(ssl, SSL_OP_NO_RENEGOTIATION);
    assert_int_equal(SSL_renegotiate(ssl), 1);
    server_speaks(&e);
    assert_int_equal(ends_read(&e, CLIENT, &(char){0}, 1), SKUA_E_AGAIN);
    assert_false(SSL_in_init(ends_tls(&e, CLIENT)->ssl));
    /* This server insists, which ends it at its end; ours has kept what it had. */
    assert_int_equal(ends_read(&e, SERVER, &(char){0}, 1), SKUA_E_TLS);
    assert_int_equal(ends_tls(&e, CLIENT)->failed, 0);
    ends_close(&e);
}

static void a02_a_client_cannot_renegotiate_either(void **state) {
    (void)state;
    ends e;
    connect_ends(&e, SKUA_TLS_1_2);
    sk_tls *c = ends_tls(&e, CLIENT);
    SSL_clear_options(c->ssl, SSL_OP_NO_RENEGOTIATION);
    assert_int_equal(SSL_renegotiate(c->ssl), 1);
    sk_tls_enter(c);
    assert_int_equal(SSL_do_handshake(c->ssl), -1);
    assert_int_equal(sk_tls_flush(c, NULL), 0);
    assert_int_equal(ends_read(&e, SERVER, &(char){0}, 1), SKUA_E_AGAIN);
    assert_int_equal(ends_read(&e, CLIENT, &(char){0}, 1), SKUA_E_TLS); /* it was told no */
    ends_close(&e);
}

/* RFC 8446 4.6.3 */
static void a02_keys_are_updated(void **state) {
    (void)state;
    ends e;
    connect_ends(&e, SKUA_TLS_1_3);
    for (int i = 0; i < 40; i++) {
        SSL_key_update(ends_tls(&e, SERVER)->ssl,
                       i % 2 ? SSL_KEY_UPDATE_REQUESTED : SSL_KEY_UPDATE_NOT_REQUESTED);
        assert_int_equal(server_speaks(&e), 1);
        assert_int_equal(ends_read(&e, CLIENT, &(char){0}, 1), SKUA_E_AGAIN);
        expect_talk(&e);
    }
    ends_close(&e);
}

static void a02_many_tickets_are_taken(void **state) {
    (void)state;
    ends e;
    connect_ends(&e, SKUA_TLS_1_3);
    for (int i = 0; i < 100; i++) {
        assert_int_equal(SSL_new_session_ticket(ends_tls(&e, SERVER)->ssl), 1);
        assert_int_equal(server_speaks(&e), 1);
    }
    assert_int_equal(ends_read(&e, CLIENT, &(char){0}, 1), SKUA_E_AGAIN);
    expect_talk(&e);
    assert_int_equal(ends_tls(&e, CLIENT)->in.cap, 0);
    ends_close(&e);
}

/* OpenSSL answers each and goes on: without a bound a peer could keep a server's thread to itself.
 */
static void b14_records_without_data_come_to_an_end(void **state) {
    (void)state;
    ends e;
    connect_ends(&e, SKUA_TLS_1_3);
    sk_tls *c = ends_tls(&e, CLIENT);
    for (int i = 0; i < 300; i++) {
        sk_tls_enter(c);
        SSL_key_update(c->ssl, SSL_KEY_UPDATE_NOT_REQUESTED);
        assert_int_equal(SSL_do_handshake(c->ssl), 1);
        assert_int_equal(sk_tls_flush(c, NULL), 0);
    }
    assert_int_equal(ends_write(&e, CLIENT, "x", 1), 1);
    assert_int_equal(ends_read(&e, SERVER, &(char){0}, 1), SKUA_E_TLS);
    assert_non_null(strstr(e.err[SERVER].msg, "record after record without data"));
    ends_close(&e);
}

static void b14_each_record_with_data_pays_for_one_without(void **state) {
    (void)state;
    ends e;
    char buf[16];
    connect_ends(&e, SKUA_TLS_1_3);
    sk_tls *c = ends_tls(&e, CLIENT);
    for (int i = 0; i < 600; i++) {
        sk_tls_enter(c);
        SSL_key_update(c->ssl, SSL_KEY_UPDATE_NOT_REQUESTED);
        assert_int_equal(SSL_do_handshake(c->ssl), 1);
        assert_int_equal(ends_write(&e, CLIENT, "x", 1), 1);
        assert_int_equal(ends_read(&e, SERVER, buf, sizeof buf), 1);
        assert_int_equal(ends_read(&e, SERVER, buf, sizeof buf), SKUA_E_AGAIN);
    }
    ends_close(&e);
}

/* A fast peer has what it sends taken in pieces, between which others have their turn. */
static void b14_one_read_takes_no_more_than_its_share(void **state) {
    (void)state;
    enum { SENT = 1 << 20, SHARE = 320 << 10 };
    static char data[256 << 10], buf[SENT];
    ends e;
    ends_open(&e, 2 * SENT, SKUA_OPTS(skua_tls_opts, .ca_file = certs_path("ca")),
              SKUA_OPTS(skua_tls_opts, .cert_file = certs_path("good")), "a.example");
    ends_shake(&e);
    for (size_t at = 0; at < SENT; at += sizeof data)
        assert_int_equal(ends_write(&e, CLIENT, data, sizeof data), sizeof data);
    int reads = 0;
    for (ptrdiff_t n, got = 0; got < SENT; got += n) {
        n = ends_read(&e, SERVER, buf, sizeof buf);
        assert_in_range(n, 1, SHARE);
        reads++;
    }
    assert_in_range(reads, 4, 5);
    assert_int_equal(ends_read(&e, SERVER, buf, sizeof buf), SKUA_E_AGAIN);
    ends_close(&e);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a02_whoever_does_not_speak_tls),
        cmocka_unit_test(a02_alerts_are_named),
        cmocka_unit_test(a02_cuts_within_the_handshake),
        cmocka_unit_test(a02_changes_within_the_handshake),
        cmocka_unit_test(a02_renegotiation_is_refused),
        cmocka_unit_test(a02_a_client_cannot_renegotiate_either),
        cmocka_unit_test(a02_keys_are_updated),
        cmocka_unit_test(a02_many_tickets_are_taken),
        cmocka_unit_test(b14_records_without_data_come_to_an_end),
        cmocka_unit_test(b14_each_record_with_data_pays_for_one_without),
        cmocka_unit_test(b14_one_read_takes_no_more_than_its_share),
    };
    return cmocka_run_group_tests(tests, common_begin, certs_end);
}
