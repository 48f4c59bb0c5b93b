/* PROXY protocol headers, whole, in pieces, and wrong. */
#include "wire/proxy_protocol.h"

#include <setjmp.h>
#include <skua/error.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define SIGNATURE    "\r\n\r\n\0\r\nQUIT\n"
#define BYTES(text)  (text), sizeof(text) - 1

typedef struct good {
    const char *bytes;
    size_t len;
    size_t address_len;
    unsigned char source[16];
    int port;
} good;

static const good goods[] = {
    {BYTES("PROXY TCP4 192.0.2.1 198.51.100.255 49152 443\r\n"), 4, {192, 0, 2, 1}, 49152},
    {BYTES("PROXY TCP4 0.0.0.0 255.255.255.255 0 65535\r\n"), 4, {0}, 0},
    {BYTES("PROXY TCP6 2001:db8::1 ::1 1 2\r\n"), 16, {0x20, 1, 0xd, 0xb8, [15] = 1}, 1},
    {BYTES("PROXY TCP6 :: 1:2:3:4:5:6:7:8 1 2\r\n"), 16, {0}, 1},
    {BYTES("PROXY TCP6 FE80::aB ::1 1 2\r\n"), 16, {0xfe, 0x80, [15] = 0xab}, 1},
    {BYTES("PROXY TCP6 ::ffff:192.0.2.1 ::1 1 2\r\n"),
     16,
     {[10] = 0xff, [11] = 0xff, [12] = 192, [13] = 0, [14] = 2, [15] = 1},
     1},
    {BYTES("PROXY TCP6 1:2:3:4:5:6:7:8 ::1 1 2\r\n"),
     16,
     {0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7, 0, 8},
     1},
    {BYTES("PROXY UNKNOWN\r\n"), 0, {0}, 0},
    {BYTES("PROXY UNKNOWN whatever it says\r\n"), 0, {0}, 0},
    {BYTES(SIGNATURE "\x21\x11\0\x0c\xc0\0\x02\x01\xc6\x33\x64\x01\xc0\0\x01\xbb"),
     4,
     {192, 0, 2, 1},
     49152},
    {BYTES(SIGNATURE "\x21\x11\0\x10\xc0\0\x02\x01\xc6\x33\x64\x01\xc0\0\x01\xbb\x04\0\x01x"),
     4,
     {192, 0, 2, 1},
     49152},
    {BYTES(SIGNATURE "\x21\x21\0\x24"
                     "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01"
                     "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\0\x01\0\x02"),
     16,
     {0x20, 1, 0xd, 0xb8, [15] = 1},
     1},
    {BYTES(SIGNATURE "\x20\0\0\0"), 0, {0}, 0},
    {BYTES(SIGNATURE "\x20\x11\0\x04"
                     "abcd"),
     0,
     {0},
     0},
    {BYTES(SIGNATURE "\x21\0\0\0"), 0, {0}, 0},
};

static void headers_are_read_however_they_come(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT(goods); i++) {
        const good *g = &goods[i];
        sk_proxy_header h = {.source_port = -1};
        const char *what;
        for (size_t len = 0; len < g->len; len++) {
            if (sk_proxy_protocol_parse(g->bytes, len, &h, &what) != 0)
                fail_msg("%zu: %zu of %zu bytes", i, len, g->len);
            assert_int_equal(h.source_port, -1);
        }
        char more[300];
        memset(more, 'x', sizeof more);
        memcpy(more, g->bytes, g->len);
        assert_int_equal(sk_proxy_protocol_parse(more, sizeof more, &h, &what), g->len);
        assert_int_equal(h.address_len, g->address_len);
        assert_memory_equal(h.source, g->source, g->address_len);
        assert_int_equal(h.source_port, g->port);
    }
}

static void what_is_none_is_refused(void **state) {
    (void)state;
    static const struct {
        const char *bytes;
        size_t len;
    } cases[] = {
        {BYTES("GET / HTTP/1.1\r\n")},
        {BYTES("proxy TCP4 192.0.2.1 198.51.100.1 1 2\r\n")},
        {BYTES("PROXY TCP4 192.0.2.1 198.51.100.1 1 2\n")},
        {BYTES("PROXY  TCP4 192.0.2.1 198.51.100.1 1 2\r\n")},
        {BYTES("PROXY TCP4 192.0.2.1  198.51.100.1 1 2\r\n")},
        {BYTES("PROXY TCP4 192.0.2.1 198.51.100.1 1 2 \r\n")},
        {BYTES("PROXY TCP4 192.0.2.1 198.51.100.1 1\r\n")},
        {BYTES("PROXY TCP4 192.0.2.256 198.51.100.1 1 2\r\n")},
        {BYTES("PROXY TCP4 192.0.2.01 198.51.100.1 1 2\r\n")},
        {BYTES("PROXY TCP4 192.0.2 198.51.100.1 1 2\r\n")},
        {BYTES("PROXY TCP4 192.0.2.1.1 198.51.100.1 1 2\r\n")},
        {BYTES("PROXY TCP4 192.0.2.1 198.51.100.1 01 2\r\n")},
        {BYTES("PROXY TCP4 192.0.2.1 198.51.100.1 +1 2\r\n")},
        {BYTES("PROXY TCP4 192.0.2.1 198.51.100.1 1 65536\r\n")},
        {BYTES("PROXY TCP4 ::1 ::1 1 2\r\n")},
        {BYTES("PROXY TCP6 192.0.2.1 198.51.100.1 1 2\r\n")},
        {BYTES("PROXY TCP6 ::1%eth0 ::1 1 2\r\n")},
        {BYTES("PROXY TCP6 1::2::3 ::1 1 2\r\n")},
        {BYTES("PROXY UDP4 192.0.2.1 198.51.100.1 1 2\r\n")},
        {BYTES("PROXY UNKNOWNS\r\n")},
        {BYTES("PROXY \r\n")},
        {BYTES("PROXY UNKNOWN "
               "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
               "xxxxxxxxxxxxxxxxxx")},
        {BYTES(SIGNATURE "\x11\x11\0\0")},
        {BYTES(SIGNATURE "\x22\x11\0\0")},
        {BYTES(SIGNATURE "\x21\x41\0\0")},
        {BYTES(SIGNATURE "\x21\x13\0\0")},
        {BYTES(SIGNATURE "\x21\x10\0\0")},
        {BYTES(SIGNATURE "\x21\x11\0\x0b")},
        {BYTES(SIGNATURE "\x21\x21\0\x23")},
        {BYTES(SIGNATURE "\x21\x11\xff\xff")},
        {BYTES("\r\n\r\nGET")},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        sk_proxy_header h = {.source_port = -1};
        const char *what = NULL;
        if (sk_proxy_protocol_parse(cases[i].bytes, cases[i].len, &h, &what) != SKUA_E_BAD_FRAMING)
            fail_msg("taken: %s", cases[i].bytes);
        assert_non_null(what);
        assert_int_equal(h.source_port, -1);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(headers_are_read_however_they_come),
        cmocka_unit_test(what_is_none_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
