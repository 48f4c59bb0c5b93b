/* Weighing what a client accepts: codings and media types. */
#include "base/str.h"
#include "wire/accept.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const char *const codings[] = {"br", "zstd", "gzip", NULL};

static void b11_weights_of_codings(void **state) {
    (void)state;
    static const struct {
        const char *field, *coding;
        int weight;
    } cases[] = {
        {NULL, "gzip", 0},
        {NULL, "identity", 1},
        {"", "gzip", 0},
        {"", "identity", 1},
        {"gzip", "gzip", 1000},
        {"GZip", "gzip", 1000},
        {"x-gzip", "gzip", 1000},
        {"gzip", "identity", 1},
        {"gzip", "br", 0},
        {"gzip;q=0.5", "gzip", 500},
        {"gzip ; Q=0.125 , br", "gzip", 125},
        {"gzip;q=1.000", "gzip", 1000},
        {"gzip;q=1.", "gzip", 1000},
        {"gzip;q=0", "gzip", 0},
        {"gzip;q=0.000", "gzip", 0},
        {"*", "br", 1000},
        {"*;q=0.3", "identity", 300},
        {"*;q=0", "identity", 0},
        {"identity;q=0", "identity", 0},
        {"gzip;q=0, *", "gzip", 0},
        {"*, gzip;q=0", "gzip", 0},
        {"*;q=0, identity;q=0.2", "identity", 200},
        /* malformed: as if it were not there */
        {"gzip;q=2", "gzip", 0},
        {"gzip;q=1.001", "gzip", 0},
        {"gzip;q=0.1234", "gzip", 0},
        {"gzip;q=.5", "gzip", 0},
        {"gzip;q=-1", "gzip", 0},
        {"gzip;q=x, gzip", "gzip", 1000},
        {"gzip;q=", "gzip", 1000}, /* a parameter of its own, of which none is known */
        {";q=1, gzip", "gzip", 1000},
        {"gzi p", "gzip", 0},
        {"\"a, gzip\"", "gzip", 0},
        {"\"a, gzip", "gzip", 0},
        {"\"\\", "gzip", 0},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        int got = sk_accept_coding(sk_str(cases[i].field), sk_str(cases[i].coding));
        if (got != cases[i].weight)
            fail_msg("%s of %s: %d", cases[i].coding, cases[i].field, got);
    }
}

static void b11_best_coding(void **state) {
    (void)state;
    static const struct {
        const char *field;
        unsigned passed;
        int best;
    } cases[] = {
        {NULL, 0, -1},
        {"", 0, -1},
        {"gzip", 0, 2},
        {"gzip, deflate, br, zstd", 0, 0},
        {"gzip, deflate, br, zstd", 1, 1},
        {"gzip, deflate, br, zstd", 3, 2},
        {"gzip, deflate, br, zstd", 7, -1},
        {"gzip, br;q=0.9", 0, 2},
        {"gzip;q=0.1", 0, 2},
        {"gzip;q=0.5, identity", 0, -1},
        {"gzip;q=0.5, identity;q=0.5", 0, 2},
        {"identity;q=0, gzip;q=0.1", 0, 2},
        {"identity;q=0", 0, -1},
        {"*", 0, 0},
        {"*, br;q=0", 0, 1},
        {"*;q=0", 0, -1},
        {"*;q=0, zstd", 0, 1},
        {"deflate", 0, -1},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        int got = sk_accept_best_coding(sk_str(cases[i].field), codings, cases[i].passed);
        if (got != cases[i].best)
            fail_msg("%s: %d", cases[i].field, got);
    }
}

static void b11_preferred_type(void **state) {
    (void)state;
    static const struct {
        const char *field;
        bool json;
    } cases[] = {
        {NULL, false},
        {"", false},
        {"*/*", false},
        {"application/json", true},
        {"Application/JSON", true},
        {"application/*", true},
        {"application/json, text/plain, */*", true},
        {"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", false},
        {"text/html;q=0.5, application/json", true},
        {"text/html, application/json", false},
        {"text/html, application/json;q=0.9", false},
        {"text/*, application/json", true},
        {"text/*;q=0.3, */*;q=0.5, application/json;q=0.4", true},
        {"application/json;q=0", false},
        {"application/json;version=2", false},
        {"text/html;level=1, application/json;q=0.1", true},
        {"application/json;v=\"a,b;q=0\", */*", false},
        {"application/", false},
        {"application", false},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        bool got = sk_accept_prefers_type(sk_str(cases[i].field), SK_LIT("application/json"),
                                          SK_LIT("text/html"));
        if (got != cases[i].json)
            fail_msg("%s: %d", cases[i].field, got);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(b11_weights_of_codings),
        cmocka_unit_test(b11_best_coding),
        cmocka_unit_test(b11_preferred_type),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
