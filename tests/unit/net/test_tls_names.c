/* The host that a certificate is for: RFC 9525, name by name. */
#include "tls_zoo.h"

#include <openssl/x509_vfy.h>

#define L63 "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffggg"
#define LONG_HOST                                                                                  \
    L63 "." L63 "." L63 "."                                                                        \
        "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeee.example"
#define RAW(s) .raw_san = (s), .raw_len = sizeof(s) - 1

static const cert_spec certs[] = {
    {.file = "wild", .cn = "wild", .san = "DNS:*.b.example", .issuer = "ca"},
    {.file = "wild-idn", .cn = "wild", .san = "DNS:*.xn--bcher-kva.example", .issuer = "ca"},
    {.file = "partial", .cn = "p", .san = "DNS:w*.b.example,DNS:*w.b.example", .issuer = "ca"},
    {.file = "partial-idn", .cn = "p", .san = "DNS:xn--*.b.example", .issuer = "ca"},
    {.file = "inner", .cn = "i", .san = "DNS:x.*.example,DNS:*.*.b.example", .issuer = "ca"},
    {.file = "broad", .cn = "b", .san = "DNS:*,DNS:*.example", .issuer = "ca"},
    {.file = "suffix", .cn = "s", .san = "DNS:.b.example", .issuer = "ca"},
    {.file = "blank", .cn = "blank", RAW(" a.example"), .issuer = "ca"},
    {.file = "dotted", .cn = "dotted", .san = "DNS:a.example.", .issuer = "ca"},
    {.file = "nul", .cn = "nul", RAW("a.example\0.evil.example"), .issuer = "ca"},
    {.file = "nul-end", .cn = "nul", RAW("a.example\0"), .issuer = "ca"},
    {.file = "line-end", .cn = "lf", RAW("a.example\nb.example"), .issuer = "ca"},
    {.file = "empty", .cn = "empty", RAW(""), .issuer = "ca"},
    {.file = "u-label",
     .cn = "u",
     RAW("b\xc3\xbc"
         "cher.example"),
     .issuer = "ca"},
    {.file = "a-label", .cn = "a", .san = "DNS:XN--bcher-kva.example", .issuer = "ca"},
    {.file = "underscore", .cn = "us", .san = "DNS:x_y.b.example", .issuer = "ca"},
    {.file = "long", .cn = "long", .san = "DNS:" LONG_HOST, .issuer = "ca"},
    {.file = "ip", .cn = "ip", .san = "IP:127.0.0.1,IP:::1,IP:2001:db8::1", .issuer = "ca"},
    {.file = "ip-as-dns", .cn = "127.0.0.1", .san = "DNS:127.0.0.1,DNS:::1", .issuer = "ca"},
    {.file = "ip-wild", .cn = "w", .san = "DNS:*.0.0.1", .issuer = "ca"},
    {.file = "ip-cn", .cn = "127.0.0.1", .issuer = "ca"},
    {.file = "cn-only", .cn = "a.example", .issuer = "ca"},
    {.file = "cn-wild", .cn = "*.b.example", .issuer = "ca"},
    {.file = "cn-beside-dns", .cn = "a.example", .san = "DNS:b.example", .issuer = "ca"},
    {.file = "cn-beside-ip", .cn = "a.example", .san = "IP:127.0.0.1", .issuer = "ca"},
    {.file = "cn-beside-mail", .cn = "a.example", .san = "email:a@a.example", .issuer = "ca"},
    {.file = "uri", .cn = "uri", .san = "URI:https://a.example/", .issuer = "ca"},
    {.file = "nameless", .cn = "", .san = "DNS:a.example", .issuer = "ca"},
};

static int begin(void **state) {
    if (common_begin(state) != 0)
        return -1;
    certs_make_all(certs, ZOO_COUNT(certs));
    return 0;
}

#define NOT_FOR  .verify = X509_V_ERR_HOSTNAME_MISMATCH
#define NOT_AT   .verify = X509_V_ERR_IP_ADDRESS_MISMATCH
#define NO_NAME  "names no host in its subjectAltName, and its common name does not count"
#define WILDCARD "; a wildcard is the whole left-most label, has two more behind it"

static void a02_names_are_compared_whole(void **state) {
    (void)state;
    static const zoo_row rows[] = {
        {.server = "good"},
        {"good", .host = "A.Example"},
        {"good", .host = "a.example."},
        {"good", .host = "localhost"},
        {.server = "nameless"},
        {"a-label", .host = "xn--bcher-kva.example"},
        {"underscore", .host = "x_y.b.example"},
        {"long", .host = LONG_HOST},
        {"good", .host = "b.example", NOT_FOR,
         .says = "tls: b.example: hostname mismatch: the certificate is not for this host, it "
                 "names a.example, localhost (depth 0, subject CN=good, store "},
        {"nameless", .host = "b.example", NOT_FOR, .says = "subject empty, store "},
        {"good", .host = "x.a.example", NOT_FOR, .says = "names a.example"},
        {"good", .host = "a.example.org", NOT_FOR, .says = "names a.example"},
        {"good", .host = "example", NOT_FOR, .says = "names a.example"},
        {"good", .host = "xa.example", NOT_FOR, .says = "names a.example"},
        {"good", .host = LONG_HOST, NOT_FOR, .says = "names a.example"},
        {"long", .host = "a.example", NOT_FOR, .says = "not for this host, it names " L63 "."},
        {"suffix", .host = "a.b.example", NOT_FOR, .says = "names .b.example"},
        {"blank", NULL, NOT_FOR, .says = "names \\x20a.example"},
        {"dotted", NULL, NOT_FOR, .says = "names a.example. ("},
        {"empty", NULL, NOT_FOR, .says = NO_NAME},
        {"nul", NULL, NOT_FOR, .says = "names a.example\\x00.evil.example ("},
        {"nul-end", NULL, NOT_FOR, .says = "names a.example\\x00 ("},
        {"line-end", NULL, NOT_FOR, .says = "names a.example\\x0ab.example ("},
        {"u-label", .host = "xn--bcher-kva.example", NOT_FOR,
         .says = "names b\\xc3\\xbccher.example; names stand there in their ASCII form (xn--) ("},
    };
    zoo_visit(rows, ZOO_COUNT(rows));
}

/* RFC 9525 6.3 */
static void a02_a_wildcard_is_one_whole_label(void **state) {
    (void)state;
    static const zoo_row rows[] = {
        {"wild", .host = "x.b.example"},
        {"wild", .host = "X.B.example."},
        {"wild", .host = "xn--bcher-kva.b.example"},
        {"wild-idn", .host = "x.XN--BCHER-KVA.example"},
        {"wild", .host = "b.example", NOT_FOR, .says = "names *.b.example" WILDCARD},
        {"wild", .host = "x.y.b.example", NOT_FOR, .says = "names *.b.example" WILDCARD},
        {"wild", .host = "x_y.b.example", NOT_FOR,
         .says = "and stands for one of letters, digits and hyphens ("},
        {"wild", .host = "x.c.example", NOT_FOR, .says = "names *.b.example (depth 0"},
        {"partial", .host = "www.b.example", NOT_FOR, .says = "*w.b.example" WILDCARD},
        {"partial", .host = "w.b.example", NOT_FOR, .says = WILDCARD},
        {"partial-idn", .host = "xn--bcher-kva.b.example", NOT_FOR, .says = WILDCARD},
        {"inner", .host = "x.y.example", NOT_FOR, .says = WILDCARD},
        {"inner", .host = "x.y.b.example", NOT_FOR, .says = WILDCARD},
        {"broad", .host = "example", NOT_FOR, .says = "names *, *.example"},
        {"broad", .host = "a.example", NOT_FOR, .says = WILDCARD},
        {"broad", .host = "localhost", NOT_FOR, .says = "names *, *.example"},
    };
    zoo_visit(rows, ZOO_COUNT(rows));
}

/* RFC 9525 6.5: byte for byte, and only with an iPAddress. */
static void a02_an_address_matches_an_address(void **state) {
    (void)state;
    static const zoo_row rows[] = {
        {"ip", .host = "127.0.0.1"},
        {"ip", .host = "::1"},
        {"ip", .host = "[::1]"},
        {"ip", .host = "::1%lo"},
        {"ip", .host = "0:0:0:0:0:0:0:1"},
        {"ip", .host = "[2001:DB8:0::1]"},
        {"ip", .host = "127.0.0.2", NOT_AT,
         .says = "IP address mismatch: the certificate is not for this host, it names 127.0.0.1, "
                 "::1, 2001:db8::1 (depth 0"},
        {"ip", .host = "::2", NOT_AT, .says = "names 127.0.0.1, ::1"},
        {"ip", .host = "::ffff:127.0.0.1", NOT_AT, .says = "names 127.0.0.1, ::1"},
        {"ip", .host = "localhost", NOT_FOR, .says = "names 127.0.0.1, ::1"},
        {"good", .host = "127.0.0.1", NOT_AT, .says = "names a.example, localhost ("},
        {"ip-as-dns", .host = "127.0.0.1", NOT_AT,
         .says = "names 127.0.0.1, ::1; an address must stand there as IP, not as DNS ("},
        {"ip-as-dns", .host = "[::1]", NOT_AT,
         .says = "an address must stand there as IP, not as DNS ("},
        {"ip-wild", .host = "127.0.0.1", NOT_AT, .says = "names *.0.0.1 ("},
        {"ip-cn", .host = "127.0.0.1", NOT_AT, .says = NO_NAME},
    };
    zoo_visit(rows, ZOO_COUNT(rows));
}

/* RFC 9525 2 */
static void a02_the_common_name_does_not_count(void **state) {
    (void)state;
    static const zoo_row rows[] = {
        {"cn-only", NULL, NOT_FOR, .says = NO_NAME},
        {"cn-wild", .host = "x.b.example", NOT_FOR, .says = NO_NAME},
        {"cn-beside-dns", NULL, NOT_FOR, .says = "names b.example ("},
        {"cn-beside-ip", NULL, NOT_FOR, .says = "names 127.0.0.1 ("},
        {"cn-beside-mail", NULL, NOT_FOR, .says = NO_NAME},
        {"uri", NULL, NOT_FOR, .says = NO_NAME},
    };
    zoo_visit(rows, ZOO_COUNT(rows));
}

/* With hundreds of names the message still says where it looked, and for which certificate. */
static void a19_many_names_leave_room_for_the_rest(void **state) {
    (void)state;
    char san[8000];
    int n = 0;
    for (int i = 0; i < 300; i++)
        n += snprintf(san + n, sizeof san - (size_t)n, "%sDNS:host-%d.example", i ? "," : "", i);
    certs_make(&(cert_spec){.file = "many", .cn = "many", .san = san, .issuer = "ca"});
    static const zoo_row rows[] = {
        {"many", .host = "host-299.example"},
        {"many", .host = "host-300.example", NOT_FOR,
         .says = "... (depth 0, subject CN=many, store /tmp/"},
    };
    zoo_visit(rows, ZOO_COUNT(rows));
}

/* A host that begins with a dot would stand for all names below it. */
static void a02_a_host_is_one_host(void **state) {
    (void)state;
    static const char *const none[] = {NULL, "", ".", "[]", ".b.example", "..", "..b.example"};
    skua_error err;
    sk_pair *net = sk_pair_new(1024, NULL);
    sk_tls_scratch *scratch = sk_tls_scratch_new();
    sk_tls_ctx *c = zoo_client(&(zoo_row){0});
    for (size_t i = 0; i < ZOO_COUNT(none); i++) {
        err.code = 0;
        assert_null(sk_tls_client(c, sk_pair_end(net, 0), none[i], scratch, &err));
        assert_int_equal(err.code, SKUA_E_INVALID_ARGUMENT);
    }
    for (int i = 0; i < 2; i++)
        sk_pair_end(net, i)->ops->close(sk_pair_end(net, i));
    sk_pair_free(net);
    sk_tls_scratch_free(scratch);
    sk_tls_ctx_unref(c);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a02_names_are_compared_whole),
        cmocka_unit_test(a02_a_wildcard_is_one_whole_label),
        cmocka_unit_test(a02_an_address_matches_an_address),
        cmocka_unit_test(a02_the_common_name_does_not_count),
        cmocka_unit_test(a02_a_host_is_one_host),
        cmocka_unit_test(a19_many_names_leave_room_for_the_rest),
    };
    return cmocka_run_group_tests(tests, begin, certs_end);
}
