/* Stapled OCSP responses, and certificates that demand one. */
#include "tls_staples.h"
#include "tls_zoo.h"

#include <openssl/x509_vfy.h>

#define HOST .san = "DNS:a.example"

static const cert_spec certs[] = {
    {.file = "sub-ca", .cn = "Sub Authority", .issuer = "ca", .ca = true},
    {.file = "other-ca", .cn = "Other Authority", .ca = true},
    {.file = "chain", .cn = "chain", HOST, .issuer = "sub-ca"},
    {.file = "must", .cn = "must", HOST, .issuer = "ca", .feature = "status_request"},
    {.file = "other-feature", .cn = "x", HOST, .issuer = "ca", .feature = "17"},
    {.file = "expired", .cn = "x", HOST, .issuer = "ca", .from_days = -9, .to_days = -3},
    {.file = "responder", .cn = "Responder", .issuer = "ca", .usage = "OCSPSigning"},
    {.file = "no-responder", .cn = "No Responder", .issuer = "ca", .usage = "serverAuth"},
    {.file = "plain-responder", .cn = "Plain", .issuer = "ca"},
    {.file = "old-responder",
     .cn = "Old Responder",
     .issuer = "ca",
     .usage = "OCSPSigning",
     .from_days = -9,
     .to_days = -3},
    {.file = "other-responder",
     .cn = "Other Responder",
     .issuer = "other-ca",
     .usage = "OCSPSigning"},
    {.file = "deep-responder", .cn = "Deep Responder", .issuer = "sub-ca", .usage = "OCSPSigning"},
};

static int begin(void **state) {
    if (common_begin(state) != 0)
        return -1;
    certs_make_all(certs, ZOO_COUNT(certs));
    return 0;
}

typedef struct staple_case {
    zoo_row row;
    staple_spec staple;
} staple_case;

static void visit(const staple_case *cases, size_t count) {
    for (size_t i = 0; i < count; i++) {
        der d = staple_make(&cases[i].staple);
        zoo_row row = cases[i].row;
        row.staple = d.data;
        row.staple_len = d.len;
        zoo_visit(&row, 1);
        OPENSSL_free(d.data);
    }
}

#define REVOKED V_OCSP_CERTSTATUS_REVOKED
#define FAILED  .verify = X509_V_ERR_OCSP_VERIFY_FAILED
#define NEEDED  .verify = X509_V_ERR_OCSP_VERIFY_NEEDED

static void a02_a_good_staple_is_believed(void **state) {
    (void)state;
    static const staple_case cases[] = {
        {{.server = "good"}, {.bare = true}},
        {{"good", .ocsp = SKUA_OCSP_REQUIRE}, {0}},
        {{"good", .ocsp = SKUA_OCSP_REQUIRE}, {.digest = "SHA256"}},
        {{"good", .ocsp = SKUA_OCSP_REQUIRE}, {.signer = "responder"}},
        {{"good", .ocsp = SKUA_OCSP_REQUIRE}, {.beside = "must"}},
        {{"chain", .ocsp = SKUA_OCSP_REQUIRE}, {.cert = "chain", .issuer = "sub-ca", .bare = true}},
        {{"must", .ocsp = SKUA_OCSP_REQUIRE}, {.cert = "must"}},
        {{.server = "must"}, {.cert = "must", .signer = "responder"}},
        /* Clocks differ: by five minutes at most. */
        {{.server = "good"}, {.from_minutes = 4, .to_minutes = 60}},
        {{.server = "good"}, {.from_minutes = -60, .to_minutes = -4}},
        {{.server = "good"}, {.endless = true}},
        {{.server = "good"}, {.endless = true, .from_minutes = -1400}},
    };
    visit(cases, ZOO_COUNT(cases));
}

#define NOT_SIGNED                                                                                 \
    "OCSP verification failed: the stapled response is not signed by the issuer, nor by whom it "  \
    "certified for that ("

static void a19_a_bad_staple_is_refused(void **state) {
    (void)state;
    static const staple_case cases[] = {
        {{"good", .verify = X509_V_ERR_CERT_REVOKED,
          .says = "tls: a.example: certificate revoked: the stapled OCSP response says so, 2 days "
                  "ago (depth 0, subject CN=good, store /tmp/"},
         {.status = REVOKED}},
        {{"good", .verify = X509_V_ERR_CERT_REVOKED, .ocsp = SKUA_OCSP_REQUIRE},
         {.status = REVOKED, .signer = "responder"}},
        {{"good", .verify = X509_V_ERR_CERT_REVOKED}, /* an old one, too */
         {.status = REVOKED, .from_minutes = -9000, .to_minutes = -8000}},
        {{"good", .verify = X509_V_ERR_OCSP_CERT_UNKNOWN,
          .says = "the stapled response does not know the certificate ("},
         {.status = V_OCSP_CERTSTATUS_UNKNOWN}},
        {{"good", FAILED, .says = "the stapled response is too old: it expired 2 hours ago (depth"},
         {.from_minutes = -240, .to_minutes = -120}},
        {{"good", FAILED, .says = "is too old: it was made 2 days ago ("},
         {.from_minutes = -2880, .endless = true}},
        {{"good", FAILED, .says = "is not yet valid, only in "},
         {.from_minutes = 10, .to_minutes = 60}},
        {{"good", FAILED, .says = "is about another certificate ("}, {.cert = "must"}},
        {{"good", FAILED, .says = "is about another certificate ("},
         {.cert = "must", .beside = "expired"}},
        {{"good", FAILED, .says = "the stapled response cannot be read ("}, {.more = 3}},
        {{"good", FAILED, .says = NOT_SIGNED "signature failure)"}, {.flipped = true}},
        {{"good", FAILED, .says = NOT_SIGNED}, {.signer = "other-ca"}},
        {{"good", FAILED, .says = NOT_SIGNED "signer certificate not found)"},
         {.signer = "responder", .bare = true}},
        {{"good", FAILED, .says = NOT_SIGNED "missing ocspsigning usage)"},
         {.signer = "no-responder"}},
        {{"good", FAILED, .says = NOT_SIGNED}, {.signer = "plain-responder"}},
        {{"good", FAILED, .says = NOT_SIGNED}, {.signer = "good"}},
        {{"good", FAILED,
          .says = NOT_SIGNED "certificate verify error: Verify error: certificate has expired)"},
         {.signer = "old-responder"}},
        {{"good", FAILED, .says = NOT_SIGNED}, {.signer = "other-responder"}},
        {{"good", FAILED, .says = NOT_SIGNED}, {.signer = "deep-responder"}},
        {{"chain", FAILED, .says = NOT_SIGNED}, /* the root is not its issuer */
         {.cert = "chain", .issuer = "sub-ca", .signer = "ca"}},
        {{"must", FAILED, .says = "is about another certificate"}, {0}},
        /* What is wrong with the certificate itself is said first. */
        {{"expired", .verify = X509_V_ERR_CERT_HAS_EXPIRED}, {.cert = "expired"}},
    };
    visit(cases, ZOO_COUNT(cases));
    static const unsigned char garbage[] = "\x30\x03\x0a\x01";
    static const zoo_row rows[] = {
        {"good", .staple = garbage, .staple_len = 4, FAILED, .says = "cannot be read"},
        {"good", .staple = garbage, .staple_len = 1, FAILED, .says = "cannot be read"},
        {"good", .staple = garbage, .staple_len = 1, .ocsp = SKUA_OCSP_OFF},
        {"good", .staple = garbage, .staple_len = 1, .insecure = true},
    };
    zoo_visit(rows, ZOO_COUNT(rows));
}

/* RFC 7633 */
static void a02_a_certificate_may_demand_a_staple(void **state) {
    (void)state;
    static const zoo_row rows[] = {
        {.server = "good"},
        {.server = "other-feature"},
        {"must", .ocsp = SKUA_OCSP_OFF},
        {"must", .insecure = true},
        {"must", NEEDED,
         .says =
             "tls: a.example: OCSP verification needed: the certificate demands (must-staple, "
             "RFC 7633) a stapled response, and the server sent none (depth 0, subject CN=must"},
        {"good", .ocsp = SKUA_OCSP_REQUIRE, NEEDED,
         .says = "OCSP verification needed: the settings require a stapled response, and the "
                 "server sent none (depth 0, subject CN=good, store /tmp/"},
    };
    zoo_visit(rows, ZOO_COUNT(rows));
    static const staple_case cases[] = {
        /* An unsigned error is no staple, and no reason either. */
        {{.server = "good"}, {.answer = OCSP_RESPONSE_STATUS_TRYLATER}},
        {{.server = "good"}, {.answer = OCSP_RESPONSE_STATUS_UNAUTHORIZED}},
        {{"must", NEEDED,
          .says = "RFC 7633) a stapled response, and the server's says that its "
                  "responder has none now ("},
         {.answer = OCSP_RESPONSE_STATUS_TRYLATER}},
        {{"good", .ocsp = SKUA_OCSP_REQUIRE, NEEDED},
         {.answer = OCSP_RESPONSE_STATUS_INTERNALERROR}},
        /* Off is off. */
        {{"good", .ocsp = SKUA_OCSP_OFF}, {.status = REVOKED}},
        {{"good", .insecure = true}, {.status = REVOKED}},
        /* Who is in the store itself rests on nobody's word. */
        {{"good", .ca = "good"}, {.status = REVOKED}},
        {{"good", .ca = "good", .ocsp = SKUA_OCSP_REQUIRE, NEEDED,
          .says = "and nobody is known who could sign one ("},
         {0}},
    };
    visit(cases, ZOO_COUNT(cases));
}

static void a02_a_staple_is_asked_for_unless_off(void **state) {
    (void)state;
    assert_int_equal(zoo_meet(&(zoo_row){.server = "good"}, TLS1_3_VERSION), 1);
    assert_int_equal(zoo_meet(&(zoo_row){.server = "good"}, TLS1_2_VERSION), 1);
    assert_int_equal(zoo_meet(&(zoo_row){"good", .ocsp = SKUA_OCSP_OFF}, TLS1_3_VERSION), 0);
    assert_int_equal(zoo_meet(&(zoo_row){"good", .insecure = true}, TLS1_3_VERSION), 0);
    skua_error err;
    assert_null(sk_tls_client_ctx(
        SKUA_OPTS(skua_tls_opts, .ca_file = certs_path("ca"), .ocsp = (skua_tls_ocsp)3), &err));
    assert_int_equal(err.code, SKUA_E_INVALID_ARGUMENT);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a02_a_good_staple_is_believed),
        cmocka_unit_test(a19_a_bad_staple_is_refused),
        cmocka_unit_test(a02_a_certificate_may_demand_a_staple),
        cmocka_unit_test(a02_a_staple_is_asked_for_unless_off),
    };
    return cmocka_run_group_tests(tests, begin, certs_end);
}
