/* Addresses from text and to text. */
#include "base/str.h"
#include "sys/socket.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const char *text_of(const sk_addr *a) {
    static char text[SK_ADDR_TEXT];
    sk_addr_format((const struct sockaddr *)&a->ss, a->len, text);
    return text;
}

static void digits_there_and_back(void **state) {
    (void)state;
    static const struct {
        const char *host;
        int port;
        const char *text;
    } cases[] = {
        {"127.0.0.1", 80, "127.0.0.1:80"},
        {"255.255.255.255", 65535, "255.255.255.255:65535"},
        {"0.0.0.0", 0, "0.0.0.0:0"},
        {"::1", 443, "[::1]:443"},
        {"::", 8080, "[::]:8080"},
        {"2001:DB8::1", 1, "[2001:db8::1]:1"},
        {"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 65535,
         "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535"},
        {"::ffff:192.0.2.1", 80, "192.0.2.1:80"},
        {"fe80::1%lo", 80, "[fe80::1%lo]:80"},
        {"fe80::1%1", 80, "[fe80::1%lo]:80"},
        {"fe80::1%12345678", 80, "[fe80::1%12345678]:80"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        sk_addr a;
        assert_true(sk_addr_parse(sk_str(cases[i].host), cases[i].port, &a));
        assert_string_equal(text_of(&a), cases[i].text);
        assert_int_equal(sk_addr_port(&a), cases[i].port);
    }
}

static void names_are_no_addresses(void **state) {
    (void)state;
    static const char *const names[] = {
        "",
        "localhost",
        "1.2.3",
        "1.2.3.4.5",
        "256.1.1.1",
        "127.1",
        "0x7f.0.0.1",
        ":::",
        "[::1]",
        "::1%",
        "::1%nosuchif0",
        "fe80::1%-1",
        "1.2.3.4 ",
        " 1.2.3.4",
        "1.2.3.4%lo",
        "12345::",
        "::1%4294967296",
        "\xff",
        "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff%name-that-is-far-too-long-for-an-interface",
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        sk_addr a = {.len = 77};
        if (sk_addr_parse(sk_str(names[i]), 80, &a))
            fail_msg("\"%s\" was taken for an address", names[i]);
        assert_int_equal(a.len, 77);
    }
    sk_addr a;
    assert_false(sk_addr_parse((skua_str){"1.2.3.4\0", 8}, 80, &a));
    assert_false(sk_addr_parse(SK_LIT("1.2.3.4"), -1, &a));
    assert_false(sk_addr_parse(SK_LIT("1.2.3.4"), 65536, &a));
}

static void port_can_be_changed(void **state) {
    (void)state;
    sk_addr a;
    assert_true(sk_addr_parse(SK_LIT("::1"), 1, &a));
    sk_addr_set_port(&a, 65535);
    assert_string_equal(text_of(&a), "[::1]:65535");
    assert_int_equal(sk_addr_unix(SK_LIT("/run/x"), &a), 0);
    sk_addr_set_port(&a, 80);
    assert_int_equal(sk_addr_port(&a), 0);
    assert_string_equal(text_of(&a), "unix:/run/x");
}

static void unix_paths(void **state) {
    (void)state;
    sk_addr a;
    char path[200];
    memset(path, 'p', sizeof path);
    assert_int_equal(sk_addr_unix((skua_str){path, 107}, &a), 0);
    assert_int_equal(strlen(text_of(&a)), SK_ADDR_TEXT - 1); /* cut */
    assert_int_equal(strncmp(text_of(&a), "unix:ppp", 8), 0);
    assert_int_equal(sk_addr_unix((skua_str){path, 108}, &a), SKUA_E_INVALID_ARGUMENT);
    assert_int_equal(sk_addr_unix(SK_LIT(""), &a), SKUA_E_INVALID_ARGUMENT);
    assert_int_equal(sk_addr_unix(SK_LIT("@"), &a), SKUA_E_INVALID_ARGUMENT);
    assert_int_equal(sk_addr_unix(SK_LIT("/a\0b"), &a), SKUA_E_INVALID_ARGUMENT);
    assert_int_equal(sk_addr_unix(SK_LIT("@name"), &a), 0);
    assert_string_equal(text_of(&a), "unix:@name");
}

static void what_is_no_address_has_no_text(void **state) {
    (void)state;
    char text[SK_ADDR_TEXT] = "x";
    sk_addr_format(NULL, 0, text);
    assert_string_equal(text, "");
    sk_addr a = {.len = sizeof a.ss, .ss.ss_family = AF_APPLETALK};
    assert_string_equal(text_of(&a), "");
    a = (sk_addr){.len = 4, .ss.ss_family = AF_INET};
    assert_string_equal(text_of(&a), "");
    a = (sk_addr){.len = sizeof(sa_family_t), .ss.ss_family = AF_UNIX};
    assert_string_equal(text_of(&a), "unix:"); /* the unnamed end of a Unix connection */
}

static void the_bytes_of_an_address(void **state) {
    (void)state;
    static const unsigned char v4[] = {192, 0, 2, 1};
    static const unsigned char v6[] = {0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
    unsigned char got[16];
    sk_addr a;
    assert_true(sk_addr_parse(SK_LIT("192.0.2.1"), 80, &a));
    assert_int_equal(sk_addr_bytes(&a, got), sizeof v4);
    assert_memory_equal(got, v4, sizeof v4);
    assert_true(sk_addr_parse(SK_LIT("2001:db8::1"), 80, &a));
    assert_int_equal(sk_addr_bytes(&a, got), sizeof v6);
    assert_memory_equal(got, v6, sizeof v6);
    assert_int_equal(sk_addr_unix(SK_LIT("/run/x"), &a), 0);
    assert_int_equal(sk_addr_bytes(&a, got), 0);
}

static void prefixes(void **state) {
    (void)state;
    static const unsigned char a[] = {10, 0xaa, 0xff}, b[] = {10, 0xab, 0};
    assert_true(sk_addr_same_prefix(a, b, 0));
    assert_true(sk_addr_same_prefix(a, b, 8));
    assert_true(sk_addr_same_prefix(a, b, 15));
    assert_false(sk_addr_same_prefix(a, b, 16));
    assert_false(sk_addr_same_prefix(a, b, 17));
    assert_true(sk_addr_same_prefix(a, a, 24));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(digits_there_and_back),
        cmocka_unit_test(names_are_no_addresses),
        cmocka_unit_test(port_can_be_changed),
        cmocka_unit_test(the_bytes_of_an_address),
        cmocka_unit_test(prefixes),
        cmocka_unit_test(unix_paths),
        cmocka_unit_test(what_is_no_address_has_no_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
