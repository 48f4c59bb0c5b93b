/* Ranges of bytes: the cases of RFC 9110 14, and what is not answered in parts. */
#include "base/str.h"
#include "wire/range.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define NOW          ((int64_t)1700000000)

/* "2+3 7+1": first and length of each part; "whole"; "416". */
static const char *judged(const char *field, int64_t size) {
    static char text[1024];
    sk_ranges r;
    sk_range_verdict v = sk_range_judge(sk_str(field), size, &r);
    if (v != SK_RANGE_PARTS)
        return v == SK_RANGE_WHOLE ? "whole" : "416";
    size_t n = 0;
    for (int i = 0; i < r.count; i++)
        n += (size_t)snprintf(text + n, sizeof text - n, "%s%lld+%lld", i > 0 ? " " : "",
                              (long long)r.at[i].first, (long long)r.at[i].len);
    return text;
}

static void b11_ranges(void **state) {
    (void)state;
    static const struct {
        const char *field;
        int64_t size;
        const char *result;
    } cases[] = {
        {NULL, 10, "whole"},
        {"bytes=0-0", 10, "0+1"},
        {"bytes=2-4", 10, "2+3"},
        {"BYTES=2-4", 10, "2+3"},
        {"bytes=0-9", 10, "0+10"},
        {"bytes=5-", 10, "5+5"},
        {"bytes=5-100", 10, "5+5"},
        {"bytes=5-99999999999999999999999999", 10, "5+5"},
        {"bytes=-3", 10, "7+3"},
        {"bytes=-10", 10, "0+10"},
        {"bytes=-99999999999999999999999999", 10, "0+10"},
        {"bytes=0-0,-1", 10, "0+1 9+1"},
        {"bytes=-1, 0-0", 10, "9+1 0+1"},
        {"bytes=, 0-1 ,\t,3-4,", 10, "0+2 3+2"},
        {"bytes=0-1,2-3", 10, "0+2 2+2"},
        {"bytes=0-1,20-30", 10, "0+2"},
        {"bytes=000000000000000000000000001-2", 10, "1+2"},
        {"bytes=0-9223372036854775807", INT64_MAX, "0+9223372036854775807"},
        /* nothing of it is there */
        {"bytes=10-", 10, "416"},
        {"bytes=10-20", 10, "416"},
        {"bytes=99999999999999999999999999-", 10, "416"},
        {"bytes=-0", 10, "416"},
        {"bytes=10-,11-12", 10, "416"},
        {"bytes=0-", 0, "416"},
        {"bytes=-0", 0, "416"},
        {"bytes=-1", 0, "whole"},
        /* overlapping, too many */
        {"bytes=0-4,4-5", 10, "whole"},
        {"bytes=0-,0-,0-", 10, "whole"},
        {"bytes=-5,-1", 10, "whole"},
        {"bytes=0-0,1-1,2-2,3-3,4-4,5-5,6-6,7-7,8-8,9-9,10-10,11-11,12-12,13-13,14-14,15-15", 99,
         "0+1 1+1 2+1 3+1 4+1 5+1 6+1 7+1 8+1 9+1 10+1 11+1 12+1 13+1 14+1 15+1"},
        {"bytes=0-0,1-1,2-2,3-3,4-4,5-5,6-6,7-7,8-8,9-9,10-10,11-11,12-12,13-13,14-14,15-15,16-16",
         99, "whole"},
        {"bytes=90-,91-,92-,93-,94-,95-,96-,97-,98-,99-,90-,90-,90-,90-,90-,90-,90-", 10, "whole"},
        /* malformed, or no bytes */
        {"", 10, "whole"},
        {"bytes", 10, "whole"},
        {"bytes=", 10, "whole"},
        {"bytes=,", 10, "whole"},
        {"bytes =0-1", 10, "whole"},
        {"bytes= 0-1", 10, "0+2"},
        {"bytes=0 -1", 10, "whole"},
        {"bytes=0- 1", 10, "whole"},
        {"bytes=-", 10, "whole"},
        {"bytes=5", 10, "whole"},
        {"bytes=5-4", 10, "whole"},
        {"bytes=20-19", 10, "whole"},
        {"bytes=+1-2", 10, "whole"},
        {"bytes=1--2", 10, "whole"},
        {"bytes=--2", 10, "whole"},
        {"bytes=0x1-2", 10, "whole"},
        {"bytes=0-1;2-3", 10, "whole"},
        {"bytes=0-1,x", 10, "whole"},
        {"bytes=0-1, bytes=2-3", 10, "whole"},
        {"lines=0-1", 10, "whole"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        const char *got = judged(cases[i].field, cases[i].size);
        if (strcmp(got, cases[i].result) != 0)
            fail_msg("%s of %lld: %s", cases[i].field, (long long)cases[i].size, got);
    }
}

static void b11_if_range(void **state) {
    (void)state;
    static const struct {
        const char *field;
        bool applies;
    } cases[] = {
        {NULL, true},
        {"\"a\"", true},
        {" \"a\" ", true},
        {"\"b\"", false},
        {"W/\"a\"", false},
        {"\"a\", \"b\"", false},
        {"*", false},
        {"", false},
        {"a", false},
        {"Sun, 06 Nov 1994 08:49:37 GMT", true},
        {"Sunday, 06-Nov-94 08:49:37 GMT", true},
        {"Sun, 06 Nov 1994 08:49:36 GMT", false},
        {"Sun, 06 Nov 1994 08:49:38 GMT", false},
    };
    sk_validators v = {
        .exists = true, .has_modified = true, .modified = 784111777, .etag = SK_LIT("\"a\"")};
    for (size_t i = 0; i < COUNT(cases); i++) {
        if (sk_range_applies(sk_str(cases[i].field), &v, NOW) != cases[i].applies)
            fail_msg("%s", cases[i].field);
    }
    v.etag = SK_LIT("W/\"a\"");
    assert_false(sk_range_applies(SK_LIT("W/\"a\""), &v, NOW));
    assert_false(sk_range_applies(SK_LIT("\"a\""), &v, NOW));
    v = (sk_validators){.exists = true};
    assert_false(sk_range_applies(SK_LIT("\"a\""), &v, NOW));
    assert_false(sk_range_applies(SK_LIT("Thu, 01 Jan 1970 00:00:00 GMT"), &v, NOW));
    /* within the second that it names, the file may change again */
    v = (sk_validators){.exists = true, .has_modified = true, .modified = 784111777};
    assert_false(sk_range_applies(SK_LIT("Sun, 06 Nov 1994 08:49:37 GMT"), &v, 784111777));
    assert_true(sk_range_applies(SK_LIT("Sun, 06 Nov 1994 08:49:37 GMT"), &v, 784111778));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(b11_ranges),
        cmocka_unit_test(b11_if_range),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
