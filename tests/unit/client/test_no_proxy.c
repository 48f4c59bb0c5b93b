/* client/no_proxy.c - which hosts a list covers. */
#include "base/str.h"
#include "client/no_proxy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>

#include <cmocka.h>

static void which_entry_covers_a_host(void **state) {
    (void)state;
    static const struct {
        const char *list, *host;
        int port;
        const char *entry; /* NULL: none */
    } cases[] = {
        {"", "example.org", 80, NULL},
        {" , ,, ", "example.org", 80, NULL},
        {"*", "example.org", 80, "*"},
        {"*", "::1", 80, "*"},
        {"a, *", "192.0.2.1", 80, "*"},
        {"*:81", "example.org", 80, NULL},
        {"*:80", "example.org", 80, "*:80"},
        /* names */
        {"example.org", "example.org", 80, "example.org"},
        {"EXAMPLE.org", "example.ORG", 80, "EXAMPLE.org"},
        {"example.org", "www.example.org", 80, "example.org"},
        {"example.org", "a.b.example.org", 80, "example.org"},
        {"example.org", "badexample.org", 80, NULL},
        {"example.org", "example.org.evil", 80, NULL},
        {"example.org", "org", 80, NULL},
        {".example.org", "www.example.org", 80, ".example.org"},
        {".example.org", "example.org", 80, ".example.org"},
        {".example.org", "badexample.org", 80, NULL},
        {"*.example.org", "www.example.org", 80, "*.example.org"},
        {"*.example.org", "badexample.org", 80, NULL},
        {"*example.org", "badexample.org", 80, NULL},
        {"example.org.", "example.org", 80, "example.org."},
        {"example.org", "example.org.", 80, "example.org"},
        {"example.org.", "www.example.org.", 80, "example.org."},
        {".", "example.org", 80, NULL},
        {"..", "example.org", 80, NULL},
        {"*.", "example.org", 80, NULL},
        {"localhost", "localhost", 80, "localhost"},
        {"localhost", "app.localhost", 80, "localhost"},
        {"localhost", "127.0.0.1", 80, NULL},
        {"127.0.0.1", "localhost", 80, NULL},
        /* separators */
        {"a,b", "b", 80, "b"},
        {"a b", "b", 80, "b"},
        {"a,\t b ,c", "c", 80, "c"},
        {"a;b", "b", 80, NULL},
        {"b, b", "b", 80, "b"},
        /* ports */
        {"example.org:8080", "example.org", 8080, "example.org:8080"},
        {"example.org:8080", "www.example.org", 8080, "example.org:8080"},
        {"example.org:8080", "example.org", 80, NULL},
        {"example.org:", "example.org", 80, "example.org:"},
        {"example.org:x", "example.org", 80, NULL},
        {"example.org:-80", "example.org", 80, NULL},
        {"example.org:65536", "example.org", 80, NULL},
        {":80", "example.org", 80, NULL},
        {"192.0.2.1:80", "192.0.2.1", 80, "192.0.2.1:80"},
        {"192.0.2.1:81", "192.0.2.1", 80, NULL},
        {"[::1]:80", "::1", 80, "[::1]:80"},
        {"[::1]:81", "::1", 80, NULL},
        {"[::1]:", "::1", 80, "[::1]:"},
        {"[::1]x", "::1", 80, NULL},
        {"[::1", "::1", 80, NULL},
        {"[]", "::1", 80, NULL},
        {"[", "::1", 80, NULL},
        /* addresses */
        {"192.0.2.1", "192.0.2.1", 80, "192.0.2.1"},
        {"192.0.2.1", "192.0.2.10", 80, NULL},
        {"2.1", "192.0.2.1", 80, NULL},
        {".2.1", "192.0.2.1", 80, NULL},
        {"192.0.2.1", "www.192.0.2.1", 80, NULL},
        {"::1", "::1", 80, "::1"},
        {"[::1]", "::1", 80, "[::1]"},
        {"0:0:0:0:0:0:0:1", "::1", 80, "0:0:0:0:0:0:0:1"},
        {"fe80::1", "fe80::1%eth0", 80, "fe80::1"},
        {"FE80::A", "fe80::a", 80, "FE80::A"},
        {"10.0.0.1", "::ffff:10.0.0.1", 80, "10.0.0.1"},
        {"::ffff:10.0.0.1", "10.0.0.1", 80, "::ffff:10.0.0.1"},
        /* blocks */
        {"10.0.0.0/8", "10.1.2.3", 80, "10.0.0.0/8"},
        {"10.0.0.0/8", "11.1.2.3", 80, NULL},
        {"10.9.9.9/8", "10.1.2.3", 80, "10.9.9.9/8"},
        {"172.16.0.0/12", "172.31.255.255", 80, "172.16.0.0/12"},
        {"172.16.0.0/12", "172.32.0.0", 80, NULL},
        {"0.0.0.0/0", "8.8.8.8", 80, "0.0.0.0/0"},
        {"0.0.0.0/0", "::1", 80, NULL},
        {"0.0.0.0/0", "example.org", 80, NULL},
        {"192.0.2.1/32", "192.0.2.1", 80, "192.0.2.1/32"},
        {"192.0.2.1/32", "192.0.2.2", 80, NULL},
        {"192.0.2.1/33", "192.0.2.1", 80, NULL},
        {"192.0.2.1/", "192.0.2.1", 80, NULL},
        {"192.0.2.1/-1", "192.0.2.1", 80, NULL},
        {"192.0.2.1/0x8", "192.0.2.1", 80, NULL},
        {"192.0.2.0/255.255.255.0", "192.0.2.1", 80, NULL},
        {"fc00::/7", "fd12::1", 80, "fc00::/7"},
        {"fc00::/7", "fe80::1", 80, NULL},
        {"2001:db8::/32", "2001:db8:1::", 80, "2001:db8::/32"},
        {"::/0", "::1", 80, "::/0"},
        {"::/0", "10.0.0.1", 80, NULL},
        {"::/129", "::1", 80, NULL},
        {"::ffff:10.0.0.0/104", "10.1.2.3", 80, "::ffff:10.0.0.0/104"},
        {"::ffff:10.0.0.0/8", "10.1.2.3", 80, NULL},
        {"10.0.0.0/8", "::ffff:10.1.2.3", 80, "10.0.0.0/8"},
        {"[fc00::/7]:80", "fd12::1", 80, "[fc00::/7]:80"},
        {"10.0.0.0/8:80", "10.0.0.1", 80, "10.0.0.0/8:80"},
        {"example.org/8", "example.org", 80, NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        skua_str found =
            sk_no_proxy_find(sk_str(cases[i].list), sk_str(cases[i].host), cases[i].port);
        if (!sk_str_eq(found, sk_str(cases[i].entry)) || !found.ptr != !cases[i].entry)
            fail_msg("\"%s\", %s:%d: \"%.*s\"", cases[i].list, cases[i].host, cases[i].port,
                     (int)found.len, found.ptr ? found.ptr : "");
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(which_entry_covers_a_host),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
