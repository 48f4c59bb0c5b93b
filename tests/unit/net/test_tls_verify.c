/* What a TLS client asks for, and how a refusal stays. Whom it believes: test_tls_names.c,
 * test_tls_chains.c, test_tls_trust.c, test_tls_pins.c, test_tls_revoked.c. */
#include "tls_ends.h"

static const cert_spec certs[] = {
    {.file = "self", .cn = "self", .san = "DNS:a.example"},
    {.file = "ip", .cn = "ip", .san = "IP:127.0.0.1", .issuer = "ca"},
};

static int begin(void **state) {
    if (common_begin(state) != 0)
        return -1;
    certs_make_all(certs, sizeof certs / sizeof *certs);
    return 0;
}

static void shake_with(ends *e, const skua_tls_opts *client, const char *cert, const char *host) {
    ends_open(e, 65536, client, SKUA_OPTS(skua_tls_opts, .cert_file = certs_path(cert)), host);
    ends_shake(e);
}

static void refusal_stays(void **state) {
    (void)state;
    ends e;
    char buf[8];
    shake_with(&e, SKUA_OPTS(skua_tls_opts, .ca_file = certs_path("ca")), "self", "a.example");
    for (int i = 0; i < 3; i++) {
        skua_error err = {0};
        int rc = i == 0   ? sk_tls_handshake(e.end[CLIENT], &err)
                 : i == 1 ? (int)e.end[CLIENT]->ops->read(e.end[CLIENT], buf, sizeof buf, &err)
                          : (int)e.end[CLIENT]->ops->writev(e.end[CLIENT], &(skua_str){"secret", 6},
                                                            1, &err);
        assert_int_equal(rc, SKUA_E_TLS_CERTIFICATE);
        assert_string_equal(err.msg, e.err[CLIENT].msg);
    }
    ends_close(&e);
}

static void a_name_can_be_given(void **state) {
    (void)state;
    ends e;
    shake_with(&e,
               SKUA_OPTS(skua_tls_opts, .ca_file = certs_path("ca"), .server_name = "a.example"),
               "good", "10.0.0.1");
    assert_int_equal(e.rc[CLIENT], 0);
    assert_string_equal(SSL_get_servername(ends_tls(&e, SERVER)->ssl, TLSEXT_NAMETYPE_host_name),
                        "a.example");
    ends_close(&e);
}

/* RFC 6066 3: no address in server_name. */
static void asks_for_names_alone(void **state) {
    (void)state;
    ends e;
    shake_with(&e, SKUA_OPTS(skua_tls_opts, .ca_file = certs_path("ca")), "ip", "127.0.0.1");
    assert_null(SSL_get_servername(ends_tls(&e, SERVER)->ssl, TLSEXT_NAMETYPE_host_name));
    ends_close(&e);
    shake_with(&e, SKUA_OPTS(skua_tls_opts, .ca_file = certs_path("ca")), "good", "a.example.");
    assert_string_equal(SSL_get_servername(ends_tls(&e, SERVER)->ssl, TLSEXT_NAMETYPE_host_name),
                        "a.example");
    ends_close(&e);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refusal_stays),
        cmocka_unit_test(a_name_can_be_given),
        cmocka_unit_test(asks_for_names_alone),
    };
    return cmocka_run_group_tests(tests, begin, certs_end);
}
