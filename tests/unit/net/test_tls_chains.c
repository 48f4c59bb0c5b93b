/* The chain from a server to an authority: who may vouch for whom, until when, and how strongly. */
#include "tls_zoo.h"

#include <openssl/x509_vfy.h>

#define HOST .san = "DNS:a.example"

static const cert_spec certs[] = {
    {.file = "other-ca", .cn = "Other Authority", .ca = true},
    {.file = "sub-ca", .cn = "Sub Authority", .issuer = "ca", .ca = true},
    {.file = "sub-sub-ca", .cn = "Sub Sub Authority", .issuer = "sub-ca", .ca = true},
    {.file = "old-ca", .cn = "Old Authority", .from_days = -9, .to_days = -3, .ca = true},
    {.file = "other-sub", .cn = "Other Sub", .issuer = "other-ca", .ca = true},
    /* dates */
    {.file = "expired", .cn = "old", HOST, .issuer = "ca", .from_days = -9, .to_days = -3},
    {.file = "future", .cn = "young", HOST, .issuer = "ca", .from_days = 2, .to_days = 9},
    {.file = "old-sub",
     .cn = "Old Sub",
     .issuer = "ca",
     .from_days = -9,
     .to_days = -3,
     .ca = true},
    {.file = "young-sub",
     .cn = "Young Sub",
     .issuer = "ca",
     .from_days = 3,
     .to_days = 9,
     .ca = true},
    {.file = "by-old-sub", .cn = "x", HOST, .issuer = "old-sub"},
    {.file = "by-young-sub", .cn = "x", HOST, .issuer = "young-sub"},
    {.file = "by-old-ca", .cn = "x", HOST, .issuer = "old-ca"},
    /* who vouches */
    {.file = "self", .cn = "self", HOST},
    {.file = "unknown", .cn = "unknown", HOST, .issuer = "other-ca"},
    {.file = "unknown-sub", .cn = "unknown", HOST, .issuer = "other-sub"},
    {.file = "unknown-whole",
     .cn = "unknown",
     HOST,
     .issuer = "other-sub",
     .sends = "other-sub other-ca"},
    {.file = "unknown-root", .cn = "unknown", HOST, .issuer = "other-ca", .sends = "other-ca"},
    {.file = "chain", .cn = "chain", HOST, .issuer = "sub-ca"},
    {.file = "chain-3", .cn = "chain", HOST, .issuer = "sub-sub-ca", .sends = "sub-sub-ca sub-ca"},
    {.file = "alone", .cn = "alone", HOST, .issuer = "sub-ca", .sends = ""},
    {.file = "gap", .cn = "gap", HOST, .issuer = "sub-sub-ca", .sends = "sub-sub-ca"},
    {.file = "wrong-one", .cn = "alone", HOST, .issuer = "sub-ca", .sends = "other-sub"},
    {.file = "shuffled", .cn = "x", HOST, .issuer = "sub-sub-ca", .sends = "ca sub-ca sub-sub-ca"},
    {.file = "crowded",
     .cn = "x",
     HOST,
     .issuer = "sub-ca",
     .sends = "other-ca other-sub self sub-ca sub-ca ca"},
    {.file = "forged", .cn = "x", HOST, .issuer = "ca", .forged = true},
    {.file = "forged-sub", .cn = "Forged Sub", .issuer = "ca", .ca = true, .forged = true},
    {.file = "by-forged-sub", .cn = "x", HOST, .issuer = "forged-sub"},
    /* one name, one key, two issuers; and a new authority that the old one vouches for, too */
    {.file = "sub-crossed",
     .cn = "Sub Authority",
     .issuer = "other-ca",
     .key_of = "sub-ca",
     .ca = true},
    {.file = "crossed", .cn = "x", HOST, .issuer = "sub-ca", .sends = "sub-crossed"},
    {.file = "crossed-both", .cn = "x", HOST, .issuer = "sub-ca", .sends = "sub-crossed sub-ca"},
    {.file = "new-ca", .cn = "New Authority", .ca = true},
    {.file = "new-by-old",
     .cn = "New Authority",
     .issuer = "old-ca",
     .key_of = "new-ca",
     .ca = true},
    {.file = "new-by-ca", .cn = "New Authority", .issuer = "ca", .key_of = "new-ca", .ca = true},
    {.file = "new-chain-old", .cn = "x", HOST, .issuer = "new-ca", .sends = "new-by-old"},
    {.file = "new-chain", .cn = "x", HOST, .issuer = "new-ca", .sends = "new-by-ca"},
    /* one name, two keys */
    {.file = "twin-ca", .cn = "Twin", .ca = true, .key_ids = true},
    {.file = "twin-ca-2", .cn = "Twin", .ca = true, .key_ids = true},
    {.file = "by-twin-2", .cn = "x", HOST, .issuer = "twin-ca-2", .key_ids = true},
    /* who may vouch */
    {.file = "not-ca", .cn = "x", HOST, .issuer = "good"},
    {.file = "no-basic", .cn = "No Basic", .issuer = "ca", .basic = "", .key_usage = "keyCertSign"},
    {.file = "by-no-basic", .cn = "x", HOST, .issuer = "no-basic"},
    {.file = "v1", .cn = "Version One", .issuer = "ca", .version1 = true},
    {.file = "by-v1", .cn = "x", HOST, .issuer = "v1"},
    {.file = "v1-root", .cn = "Version One Root", .version1 = true},
    {.file = "by-v1-root", .cn = "x", HOST, .issuer = "v1-root"},
    {.file = "no-sign",
     .cn = "No Sign",
     .issuer = "ca",
     .ca = true,
     .key_usage = "critical,digitalSignature"},
    {.file = "by-no-sign", .cn = "x", HOST, .issuer = "no-sign"},
    {.file = "short", .cn = "Short", .issuer = "ca", .basic = "critical,CA:TRUE,pathlen:0"},
    {.file = "by-short", .cn = "x", HOST, .issuer = "short"},
    {.file = "too-deep", .cn = "Too Deep", .issuer = "short", .ca = true},
    {.file = "by-too-deep", .cn = "x", HOST, .issuer = "too-deep", .sends = "too-deep short"},
    /* names */
    {.file = "only-a",
     .cn = "Only A",
     .issuer = "ca",
     .ca = true,
     .names = "critical,permitted;DNS:a.example"},
    {.file = "only-b",
     .cn = "Only B",
     .issuer = "ca",
     .ca = true,
     .names = "critical,permitted;DNS:b.example"},
    {.file = "not-a",
     .cn = "Not A",
     .issuer = "ca",
     .ca = true,
     .names = "critical,excluded;DNS:a.example"},
    {.file = "only-net",
     .cn = "Net",
     .issuer = "ca",
     .ca = true,
     .names = "critical,permitted;IP:10.0.0.0/255.0.0.0"},
    {.file = "by-only-a", .cn = "x", .san = "DNS:x.a.example", .issuer = "only-a"},
    {.file = "by-only-b", .cn = "x", HOST, .issuer = "only-b"},
    {.file = "by-not-a", .cn = "x", HOST, .issuer = "not-a"},
    {.file = "ip-by-net", .cn = "x", .san = "IP:10.1.2.3", .issuer = "only-net"},
    {.file = "ip-not-by-net", .cn = "x", .san = "IP:127.0.0.1", .issuer = "only-net"},
    /* purposes */
    {.file = "client-use", .cn = "client", HOST, .issuer = "ca", .usage = "clientAuth"},
    {.file = "server-use", .cn = "server", HOST, .issuer = "ca", .usage = "serverAuth"},
    {.file = "both-uses", .cn = "both", HOST, .issuer = "ca", .usage = "clientAuth,serverAuth"},
    {.file = "any-use", .cn = "any", HOST, .issuer = "ca", .usage = "anyExtendedKeyUsage"},
    {.file = "code-use",
     .cn = "code",
     HOST,
     .issuer = "ca",
     .usage = "codeSigning,emailProtection"},
    {.file = "list-signer", .cn = "x", HOST, .issuer = "ca", .key_usage = "critical,cRLSign"},
    {.file = "client-sub", .cn = "Client Sub", .issuer = "ca", .ca = true, .usage = "clientAuth"},
    {.file = "by-client-sub", .cn = "x", HOST, .issuer = "client-sub"},
    {.file = "critical", .cn = "x", HOST, .issuer = "ca", .unknown = true},
    /* strength */
    {.file = "rsa-1024", .cn = "weak", HOST, .issuer = "ca", .rsa_bits = 1024},
    {.file = "rsa-2048", .cn = "x", HOST, .issuer = "ca", .rsa_bits = 2048},
    {.file = "p-384", .cn = "x", HOST, .issuer = "ca", .curve = "P-384"},
    {.file = "ed25519", .cn = "x", HOST, .issuer = "ca", .curve = "ED25519"},
    {.file = "weak-sub", .cn = "Weak Sub", .issuer = "ca", .ca = true, .rsa_bits = 1024},
    {.file = "by-weak-sub", .cn = "x", HOST, .issuer = "weak-sub"},
    {.file = "weak-ca", .cn = "Weak Authority", .ca = true, .rsa_bits = 1024},
    {.file = "by-weak-ca", .cn = "x", HOST, .issuer = "weak-ca"},
    {.file = "sha1", .cn = "weak", HOST, .issuer = "ca", .digest = "SHA1"},
    {.file = "md5-ca", .cn = "RSA Authority", .ca = true, .rsa_bits = 2048, .digest = "MD5"},
    {.file = "md5", .cn = "weak", HOST, .issuer = "md5-ca", .digest = "MD5"},
    {.file = "by-md5-ca", .cn = "x", HOST, .issuer = "md5-ca"},
    {.file = "sha1-sub", .cn = "SHA-1 Sub", .issuer = "ca", .ca = true, .digest = "SHA1"},
    {.file = "by-sha1-sub", .cn = "x", HOST, .issuer = "sha1-sub"},
};

static int begin(void **state) {
    if (common_begin(state) != 0)
        return -1;
    certs_make_all(certs, ZOO_COUNT(certs));
    return 0;
}

static void a19_dates_count_at_each_depth(void **state) {
    (void)state;
    static const zoo_row rows[] = {
        {"expired", .verify = X509_V_ERR_CERT_HAS_EXPIRED,
         .says = "tls: a.example: certificate has expired, 3 days ago (depth 0, subject CN=old, "
                 "store "},
        {"future", .verify = X509_V_ERR_CERT_NOT_YET_VALID,
         .says = "certificate is not yet valid, only in "},
        {"future", .verify = X509_V_ERR_CERT_NOT_YET_VALID, .says = "; is the clock here right? ("},
        {"by-old-sub", .verify = X509_V_ERR_CERT_HAS_EXPIRED, .depth = 1,
         .says = "3 days ago (depth 1, subject CN=Old Sub"},
        {"by-young-sub", .verify = X509_V_ERR_CERT_NOT_YET_VALID, .depth = 1,
         .says = "(depth 1, subject CN=Young Sub"},
        {"by-old-ca", .ca = "old-ca", .verify = X509_V_ERR_CERT_HAS_EXPIRED, .depth = 1,
         .says = "(depth 1, subject CN=Old Authority"},
        {"expired", .ca = "expired", .verify = X509_V_ERR_CERT_HAS_EXPIRED, .says = "3 days ago"},
    };
    zoo_visit(rows, ZOO_COUNT(rows));
}

#define NOT_SENT "the server did not send the intermediate certificate of its issuer "

static void a19_somebody_trusted_must_vouch(void **state) {
    (void)state;
    static const zoo_row rows[] = {
        {.server = "chain"},
        {.server = "chain-3"},
        {.server = "shuffled"},
        {.server = "crowded"},
        {"self", .ca = "self"},
        {"chain", .ca = "sub-ca"},
        {"alone", .ca = "sub-ca"},
        {"good", .ca = "good"},
        {"unknown", .ca = "other-ca"},
        {"self", .verify = X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT,
         .says = "tls: a.example: self-signed certificate: nobody else vouches for it, and it is "
                 "not in the store (depth 0, subject CN=self, store /tmp/"},
        {"unknown", .verify = X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
         .says = NOT_SENT "(CN=Other Authority), or that is an authority which is not trusted here "
                          "(depth 0, subject CN=unknown, store /tmp/"},
        {"alone", .verify = X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
         .says = NOT_SENT "(CN=Sub Authority)"},
        {"wrong-one", .verify = X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
         .says = NOT_SENT "(CN=Sub Authority)"},
        {"unknown-sub", .verify = X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, .depth = 1,
         .says = "signed by CN=Other Authority, who is not trusted here (depth 1, subject CN=Other "
                 "Sub, store /tmp/"},
        {"gap", .verify = X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, .depth = 1,
         .says =
             "signed by CN=Sub Authority, who is not trusted here (depth 1, subject CN=Sub Sub"},
        {"unknown-root", .verify = X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, .depth = 1,
         .says = "the authority at the chain's end is not trusted here (depth 1, subject CN=Other "
                 "Authority, store /tmp/"},
        {"unknown-whole", .verify = X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, .depth = 2,
         .says = "(depth 2, subject CN=Other Authority"},
        {"chain", .ca = "good", .verify = X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, .depth = 1,
         .says = "signed by CN=Test Authority, who is not trusted here (depth 1, "},
        {"forged", .verify = X509_V_ERR_CERT_SIGNATURE_FAILURE,
         .says = "certificate signature failure: altered, or signed by another key than its "
                 "issuer's (depth 0"},
        {"by-forged-sub", .verify = X509_V_ERR_CERT_SIGNATURE_FAILURE, .depth = 1,
         .says = "(depth 1, subject CN=Forged Sub"},
    };
    zoo_visit(rows, ZOO_COUNT(rows));
}

static void a02_crossed_signatures_find_a_way(void **state) {
    (void)state;
    static const zoo_row rows[] = {
        {"crossed", .ca = "other-ca"},
        {.server = "crossed-both"},
        {"crossed-both", .ca = "other-ca"},
        {"crossed-both", .ca = "good", .verify = X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
         .depth = 1},
        {"crossed", .verify = X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, .depth = 1,
         .says = "signed by CN=Other Authority, who is not trusted here"},
        {"new-chain", .ca = "new-ca"},
        {.server = "new-chain"},
        {"new-chain-old", .ca = "new-ca"}, /* the expired way is not taken */
        {"new-chain-old", .ca = "old-ca", .verify = X509_V_ERR_CERT_HAS_EXPIRED, .depth = 2,
         .says = "(depth 2, subject CN=Old Authority"},
        {"by-twin-2", .ca = "twin-ca-2"},
        {"by-twin-2", .ca = "twin-ca", .verify = X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
         .says = "(CN=Twin)"},
    };
    zoo_visit(rows, ZOO_COUNT(rows));
}

#define NO_AUTHORITY "invalid CA certificate: it signed the one below without being an authority "

static void a19_only_authorities_vouch(void **state) {
    (void)state;
    static const zoo_row rows[] = {
        {.server = "by-short"},
        {"not-ca", .verify = X509_V_ERR_INVALID_CA, .depth = 1,
         .says = NO_AUTHORITY "(basicConstraints) (depth 1, subject CN=good"},
        {"by-no-basic", .verify = X509_V_ERR_INVALID_CA, .depth = 1, .says = NO_AUTHORITY},
        {"by-v1", .verify = X509_V_ERR_INVALID_CA, .depth = 1, .says = NO_AUTHORITY},
        {"by-v1-root", .ca = "v1-root"}, /* it is in the store */
        {"by-no-sign", .verify = X509_V_ERR_INVALID_CA, .depth = 1, .says = NO_AUTHORITY},
        {"by-too-deep", .verify = X509_V_ERR_PATH_LENGTH_EXCEEDED, .depth = 2,
         .says = "path length constraint exceeded: more authorities stand below it than it allows "
                 "(pathlen) (depth 2, subject CN=Short"},
    };
    zoo_visit(rows, ZOO_COUNT(rows));
}

#define NOT_ITS_NAMES ": an authority above it may not vouch for its names (name constraints) ("

static void a19_authorities_keep_to_their_names(void **state) {
    (void)state;
    static const zoo_row rows[] = {
        {"by-only-a", "x.a.example", .code = 0},
        {"ip-by-net", "10.1.2.3", .code = 0},
        {"by-only-b", .verify = X509_V_ERR_PERMITTED_VIOLATION,
         .says = "permitted subtree violation" NOT_ITS_NAMES},
        {"by-not-a", .verify = X509_V_ERR_EXCLUDED_VIOLATION,
         .says = "excluded subtree violation" NOT_ITS_NAMES},
        {"ip-not-by-net", "127.0.0.1", .verify = X509_V_ERR_PERMITTED_VIOLATION,
         .says = NOT_ITS_NAMES},
    };
    zoo_visit(rows, ZOO_COUNT(rows));
}

static void a19_a_certificate_has_its_purpose(void **state) {
    (void)state;
    static const zoo_row rows[] = {
        {.server = "server-use"},
        {.server = "both-uses"},
        {"client-use", .verify = X509_V_ERR_INVALID_PURPOSE,
         .says = "unsuitable certificate purpose: its extended key usage is not serverAuth but TLS "
                 "Web Client Authentication (depth 0, subject CN=client"},
        {"client-use", .ca = "client-use", .verify = X509_V_ERR_INVALID_PURPOSE,
         .says = "is not serverAuth but"},
        {"any-use", .verify = X509_V_ERR_INVALID_PURPOSE, .says = "but Any Extended Key Usage ("},
        {"code-use", .verify = X509_V_ERR_INVALID_PURPOSE,
         .says = "but Code Signing, E-mail Protection ("},
        {"by-client-sub", .verify = X509_V_ERR_INVALID_PURPOSE, .depth = 1,
         .says = "(depth 1, subject CN=Client Sub"},
        {"critical", .verify = X509_V_ERR_UNHANDLED_CRITICAL_EXTENSION,
         .says = "unhandled critical extension (depth 0"},
    };
    zoo_visit(rows, ZOO_COUNT(rows));
    /* With TLS 1.2 the server itself would not use this one. */
    zoo_meet(&(zoo_row){"list-signer", .verify = X509_V_ERR_INVALID_PURPOSE,
                        .says = "its key usage is not that of a TLS server ("},
             TLS1_3_VERSION);
}

static void a19_keys_and_signatures_are_strong(void **state) {
    (void)state;
    static const zoo_row rows[] = {
        {.server = "rsa-2048"},
        {.server = "p-384"},
        {.server = "ed25519"},
        {"by-md5-ca", .ca = "md5-ca"}, /* nobody rests on how it signed itself */
        {"rsa-1024", .verify = X509_V_ERR_EE_KEY_TOO_SMALL,
         .says = "EE certificate key too weak: RSA of 1024 bits (depth 0, subject CN=weak"},
        {"by-weak-sub", .verify = X509_V_ERR_CA_KEY_TOO_SMALL, .depth = 1,
         .says = "CA certificate key too weak: RSA of 1024 bits (depth 1, subject CN=Weak Sub"},
        {"by-weak-ca", .ca = "weak-ca", .verify = X509_V_ERR_CA_KEY_TOO_SMALL, .depth = 1,
         .says = "(depth 1, subject CN=Weak Authority"},
        {"sha1", .verify = X509_V_ERR_CA_MD_TOO_WEAK,
         .says = "digest algorithm too weak: signed with ecdsa-with-SHA1 (depth 0"},
        {"md5", .ca = "md5-ca", .verify = X509_V_ERR_CA_MD_TOO_WEAK, .says = "RSA-MD5 (depth 0"},
        {"by-sha1-sub", .verify = X509_V_ERR_CA_MD_TOO_WEAK, .depth = 1,
         .says = "ecdsa-with-SHA1 (depth 1, subject CN=SHA-1 Sub"},
    };
    zoo_visit(rows, ZOO_COUNT(rows));
}

static void a02_insecure_believes_anyone(void **state) {
    (void)state;
    static const char *const bad[] = {"self",       "expired",  "unknown",
                                      "client-use", "rsa-1024", "forged"};
    sk_tls_ctx *c = zoo_client(&(zoo_row){.insecure = true});
    assert_true(sk_tls_ctx_insecure(c));
    sk_tls_ctx_unref(c);
    for (size_t i = 0; i < ZOO_COUNT(bad); i++)
        zoo_meet(&(zoo_row){bad[i], .host = "b.example", .insecure = true}, TLS1_3_VERSION);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a19_dates_count_at_each_depth),
        cmocka_unit_test(a19_somebody_trusted_must_vouch),
        cmocka_unit_test(a02_crossed_signatures_find_a_way),
        cmocka_unit_test(a19_only_authorities_vouch),
        cmocka_unit_test(a19_authorities_keep_to_their_names),
        cmocka_unit_test(a19_a_certificate_has_its_purpose),
        cmocka_unit_test(a19_keys_and_signatures_are_strong),
        cmocka_unit_test(a02_insecure_believes_anyone),
    };
    return cmocka_run_group_tests(tests, begin, certs_end);
}
