/* net/network_policy.c - which addresses are public; and that dialling asks. */
#include "base/str.h"
#include "net/dial.h"
#include "net/network_policy.h"
#include "sys/clock.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static sk_addr address(const char *host, int port) {
    sk_addr a;
    if (!sk_addr_parse(sk_str(host), port, &a))
        fail_msg("no address: %s", host);
    return a;
}

static void each_block_has_a_name(void **state) {
    (void)state;
    static const struct {
        const char *address, *fault;
    } cases[] = {
        {"0.0.0.0", "is \"this network\" (RFC 791)"},
        {"0.1.2.3", "is \"this network\" (RFC 791)"},
        {"10.0.0.0", "is private (RFC 1918)"},
        {"10.255.255.255", "is private (RFC 1918)"},
        {"100.64.0.1", "is shared behind carriers' NAT (RFC 6598)"},
        {"100.127.255.255", "is shared behind carriers' NAT (RFC 6598)"},
        {"127.0.0.1", "is loopback (RFC 1122)"},
        {"127.255.255.254", "is loopback (RFC 1122)"},
        {"169.254.169.254", "is link-local (RFC 3927)"},
        {"172.16.0.1", "is private (RFC 1918)"},
        {"172.31.255.255", "is private (RFC 1918)"},
        {"192.0.0.8", "is for protocol assignments (RFC 6890)"},
        {"192.0.2.1", "is for documentation (RFC 5737)"},
        {"192.88.99.1", "is of former 6to4 relays (RFC 7526)"},
        {"192.168.1.1", "is private (RFC 1918)"},
        {"198.18.0.1", "is for benchmarks (RFC 2544)"},
        {"198.19.255.255", "is for benchmarks (RFC 2544)"},
        {"198.51.100.1", "is for documentation (RFC 5737)"},
        {"203.0.113.1", "is for documentation (RFC 5737)"},
        {"224.0.0.1", "is multicast (RFC 5771)"},
        {"239.255.255.255", "is multicast (RFC 5771)"},
        {"240.0.0.1", "is reserved (RFC 1112)"},
        {"255.255.255.255", "is broadcast (RFC 919)"},
        {"::", "is unspecified (RFC 4291)"},
        {"::1", "is loopback (RFC 4291)"},
        {"::7f00:1", "is IPv4-compatible (RFC 4291)"},
        {"::808:808", "is IPv4-compatible (RFC 4291)"},
        {"::ffff:127.0.0.1", "is loopback (RFC 1122)"},
        {"::ffff:10.1.2.3", "is private (RFC 1918)"},
        {"::ffff:0:127.0.0.1", "is reserved (RFC 4291)"},
        {"64:ff9b::10.0.0.1", "holds an IPv4 address that is private (RFC 1918)"},
        {"64:ff9b::169.254.169.254", "holds an IPv4 address that is link-local (RFC 3927)"},
        {"64:ff9b:1::1", "is local NAT64 (RFC 8215)"},
        {"100::1", "is discard-only (RFC 6666)"},
        {"2001:0:7f00:1::", "holds an IPv4 address that is loopback (RFC 1122)"},
        {"2001:0:808:808::f5ff:fffe", "holds an IPv4 address that is private (RFC 1918)"},
        {"2001:2::1", "is for benchmarks (RFC 5180)"},
        {"2001:10::1", "is no address but an ORCHID (RFC 4843)"},
        {"2001:20::1", "is no address but an ORCHID (RFC 7343)"},
        {"2001:1ff::1", "is for protocol assignments (RFC 2928)"},
        {"2001:db8::1", "is for documentation (RFC 3849)"},
        {"2002:7f00:1::1", "holds an IPv4 address that is loopback (RFC 1122)"},
        {"2002:c0a8:101::", "holds an IPv4 address that is private (RFC 1918)"},
        {"3fff::1", "is for documentation (RFC 9637)"},
        {"4000::1", "is reserved (RFC 4291)"},
        {"5f00::1", "is for segment routing (RFC 9602)"},
        {"fc00::1", "is unique local (RFC 4193)"},
        {"fdff::1", "is unique local (RFC 4193)"},
        {"fe80::1", "is link-local (RFC 4291)"},
        {"febf::1", "is link-local (RFC 4291)"},
        {"fec0::1", "is site-local (RFC 3879)"},
        {"ff02::1", "is multicast (RFC 4291)"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char room[SK_NETWORK_POLICY_TEXT];
        sk_addr a = address(cases[i].address, 80);
        const char *fault = sk_network_policy_fault(&a, room);
        if (!fault)
            fail_msg("taken for public: %s", cases[i].address);
        assert_string_equal(fault, cases[i].fault);
    }
    char room[SK_NETWORK_POLICY_TEXT];
    sk_addr a;
    assert_int_equal(sk_addr_unix(SK_LIT("/run/x"), &a), 0);
    assert_string_equal(sk_network_policy_fault(&a, room), "is a Unix socket");
}

static void the_rest_is_public(void **state) {
    (void)state;
    static const char *const cases[] = {
        "1.1.1.1",
        "8.8.8.8",
        "9.255.255.255",
        "11.0.0.0",
        "100.63.255.255",
        "100.128.0.0",
        "126.255.255.255",
        "128.0.0.1",
        "169.253.1.1",
        "169.255.1.1",
        "172.15.255.255",
        "172.32.0.0",
        "192.0.1.1",
        "192.31.196.1",
        "192.167.255.255",
        "192.169.0.0",
        "198.17.255.255",
        "198.20.0.0",
        "223.255.255.255",
        "2000::1",
        "2001:200::1",
        "2001:4860::8888",
        "2606:4700::1111",
        "2a00:1450::1",
        "3ffe::1",
        "::ffff:8.8.8.8",
        "64:ff9b::8.8.8.8",
        "2002:808:808::1",
        "2001:0:808:808::f7f7:f7f7",
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char room[SK_NETWORK_POLICY_TEXT];
        sk_addr a = address(cases[i], 80);
        const char *fault = sk_network_policy_fault(&a, room);
        if (fault)
            fail_msg("%s %s", cases[i], fault);
    }
}

/* ---- dialling ---- */

static int dial(sk_dial_opts o, skua_error *err) {
    o.port = 80;
    o.resolve_ms = o.connect_ms = 5000;
    o.deadline = SK_NEVER;
    o.public_only = true;
    sk_dial *d = sk_dial_start(&o, 0, err);
    int rc = d ? sk_dial_step(d, 0, err) : err->code;
    sk_dial_free(d);
    return rc;
}

static void digits_are_asked_about(void **state) {
    (void)state;
    skua_error err;
    assert_int_equal(dial((sk_dial_opts){.host = "127.0.0.1"}, &err), SKUA_E_NETWORK_POLICY);
    assert_int_equal(err.phase, SKUA_PHASE_CONNECT);
    assert_int_equal(err.os_errno, EACCES);
    assert_int_equal(err.retry_safe, 1);
    assert_int_equal(err.attempts, 1);
    assert_int_equal(err.attempt[0].os_errno, EACCES);
    assert_string_equal(err.msg, "connect: 127.0.0.1:80: not allowed by the network policy: "
                                 "127.0.0.1 is loopback (RFC 1122)");
    assert_int_equal(dial((sk_dial_opts){.host = "::ffff:10.0.0.1"}, &err), SKUA_E_NETWORK_POLICY);
}

static void addresses_that_were_given_too(void **state) {
    (void)state;
    const sk_addr a[] = {address("::1", 1), address("10.0.0.1", 2)};
    skua_error err;
    sk_dial_opts o = {.host = "good.example", .addresses = a, .address_count = 2};
    assert_int_equal(dial(o, &err), SKUA_E_NETWORK_POLICY);
    assert_int_equal(err.attempts, 2);
    assert_string_equal(err.msg, "connect: good.example:80: not allowed by the network policy: "
                                 "[::1] is loopback (RFC 4291), 10.0.0.1 is private (RFC 1918)");
}

static void a_unix_socket_is_refused(void **state) {
    (void)state;
    skua_error err;
    assert_int_equal(dial((sk_dial_opts){.host = "unix:/run/x"}, &err), SKUA_E_NETWORK_POLICY);
    assert_string_equal(err.msg, "connect: unix:/run/x: not allowed by the network policy: "
                                 "unix:/run/x is a Unix socket");
}

/* From a loopback address nothing leaves the machine: the system refuses at once. */
static void one_that_is_public_is_tried(void **state) {
    (void)state;
    const sk_addr a[] = {address("127.0.0.1", 1), address("8.8.8.8", 2)};
    const sk_addr from = address("127.0.0.1", 0);
    skua_error err;
    sk_dial_opts o = {.host = "mixed.example", .addresses = a, .address_count = 2, .from = &from};
    int rc = dial(o, &err);
    assert_true(rc < 0 && rc != SKUA_E_NETWORK_POLICY && rc != SKUA_E_AGAIN);
    assert_int_equal(err.attempts, 2);
    assert_int_equal(err.attempt[0].os_errno, EACCES);
    assert_non_null(strstr(err.msg, "(127.0.0.1 is loopback (RFC 1122), 8.8.8.8:2: "));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_block_has_a_name),    cmocka_unit_test(the_rest_is_public),
        cmocka_unit_test(digits_are_asked_about),   cmocka_unit_test(addresses_that_were_given_too),
        cmocka_unit_test(a_unix_socket_is_refused), cmocka_unit_test(one_that_is_public_is_tried),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
