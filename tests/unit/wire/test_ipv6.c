/* wire/ipv6: what is an address, and what only looks like one. */
#include "base/str.h"
#include "wire/ipv6.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const char *const addresses[] = {
    "::",
    "::1",
    "1::",
    "1:2:3:4:5:6:7:8",
    "1:2:3:4:5:6:7::",
    "::2:3:4:5:6:7:8",
    "1:2:3::5:6:7:8",
    "1::3:4:5:6:7:8",
    "2001:db8::8a2e:370:7334",
    "2001:DB8::FfFf",
    "0:0:0:0:0:0:0:0",
    "0001:0002:0003:0004:0005:0006:0007:0008",
    "::1.2.3.4",
    "::ffff:255.255.255.255",
    "1:2:3:4:5:6:0.0.0.0",
    "1::6:1.2.3.4",
    "::2:3:4:5:6:1.2.3.4",
    "fe80::",
};

static const char *const others[] = {
    "",
    ":",
    ":::",
    "::::",
    "1",
    "1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:8:9",
    "1:2:3:4:5:6:7:8::",
    "::1:2:3:4:5:6:7:8",
    "1:2:3:4::5:6:7:8", /* "::" stands for one group at least */
    "1::2::3",
    ":1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:",
    "1:2:3:4:5:6:7:8:",
    ":1::",
    "1:::2",
    "12345::",
    "00001::",
    "g::",
    "::-1",
    "::1 ",
    " ::1",
    "::1%25eth0",
    "::1/64",
    "[::1]",
    "1.2.3.4",
    "::1.2.3",
    "::1.2.3.4.5",
    "::1.2.3.256",
    "::1.2.3.04",
    "::01.2.3.4",
    "::1.2..4",
    "::1.2.3.",
    "::.1.2.3",
    "::1.2.3.a",
    "::1.2.3.4:1",
    "1.2.3.4::",
    "1:2:3:4:5:6:7:1.2.3.4",
    "1:2:3:4:5:1.2.3.4",
    "::1234.2.3.4",
    "::fffff:1.2.3.4",
    "::a.2.3.4",
    "v1.a",
};

static void right(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof addresses / sizeof addresses[0]; i++) {
        if (!sk_ipv6_is_address(sk_str(addresses[i])))
            fail_msg("refused: %s", addresses[i]);
        assert_false(sk_ipv6_is_address((skua_str){addresses[i], 0}));
    }
}

static void wrong(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        if (sk_ipv6_is_address(sk_str(others[i])))
            fail_msg("accepted: %s", others[i]);
    }
    assert_false(sk_ipv6_is_address(SK_LIT("::1\0")));
}

static bool system_says(const char *text) {
    struct in6_addr ignored;
    return inet_pton(AF_INET6, text, &ignored) == 1;
}

/* Every address with one character replaced, taken out or put in, against the C library. */
static void agrees_with_the_system(void **state) {
    (void)state;
    static const char alphabet[] = ":.0159afFg%";
    for (size_t i = 0; i < sizeof addresses / sizeof addresses[0]; i++) {
        const char *a = addresses[i];
        size_t len = strlen(a);
        for (size_t at = 0; at <= len; at++) {
            for (size_t k = 0; k < sizeof alphabet; k++) { /* the last is the terminator: cut */
                for (size_t skip = 0; skip <= 1 && at + skip <= len; skip++) {
                    char text[64] = "";
                    memcpy(text, a, at);
                    text[at] = alphabet[k];
                    if (alphabet[k])
                        strcpy(text + at + 1, a + at + skip);
                    else
                        strcpy(text + at, a + at + skip);
                    if (sk_ipv6_is_address(sk_str(text)) != system_says(text))
                        fail_msg("%s: the system says %d", text, system_says(text));
                }
            }
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(right),
        cmocka_unit_test(wrong),
        cmocka_unit_test(agrees_with_the_system),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
