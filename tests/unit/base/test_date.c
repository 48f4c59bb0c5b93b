/* base/date: every day there is, the three forms, and what is none. */
#include "base/date.h"
#include "base/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define DAY   INT64_C(86400)
#define FIRST (INT64_C(-62167219200)) /* 0000-01-01T00:00:00 */
#define LAST  INT64_C(253402300799)   /* 9999-12-31T23:59:59 */
#define NOW   INT64_C(1770000000)     /* February 2026 */

static void assert_formats(int64_t t, const char *expected) {
    char out[SK_DATE_LEN + 1];
    out[SK_DATE_LEN] = '#'; /* must stay */
    sk_date_format(t, out);
    assert_int_equal(out[SK_DATE_LEN], '#');
    assert_memory_equal(out, expected, SK_DATE_LEN);
}

static void a_line_holds_it(void **state) {
    (void)state;
    char line[SK_DATE_LINE_LEN + 1] = {0};
    sk_date_format_line(784111777, line);
    assert_string_equal(line, "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n");
}

static void known_moments(void **state) {
    (void)state;
    assert_formats(784111777, "Sun, 06 Nov 1994 08:49:37 GMT");
    assert_formats(0, "Thu, 01 Jan 1970 00:00:00 GMT");
    assert_formats(-1, "Wed, 31 Dec 1969 23:59:59 GMT");
    assert_formats(951782400, "Tue, 29 Feb 2000 00:00:00 GMT");
    assert_formats(951868800, "Wed, 01 Mar 2000 00:00:00 GMT");
    assert_formats(2147483648, "Tue, 19 Jan 2038 03:14:08 GMT");
    assert_formats(4107542400, "Mon, 01 Mar 2100 00:00:00 GMT");
    assert_formats(FIRST, "Sat, 01 Jan 0000 00:00:00 GMT");
    assert_formats(LAST, "Fri, 31 Dec 9999 23:59:59 GMT");
}

static void out_of_range_is_clamped(void **state) {
    (void)state;
    assert_formats(FIRST - 1, "Sat, 01 Jan 0000 00:00:00 GMT");
    assert_formats(INT64_MIN, "Sat, 01 Jan 0000 00:00:00 GMT");
    assert_formats(LAST + 1, "Fri, 31 Dec 9999 23:59:59 GMT");
    assert_formats(INT64_MAX, "Fri, 31 Dec 9999 23:59:59 GMT");
}

/* Walk through all 3.6 million days with a calendar that only knows how to step to the next. */
static void every_day_of_ten_thousand_years(void **state) {
    (void)state;
    static const char *const week[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char *const names[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int weekday = 6, wrong = 0;
    int64_t t = FIRST;
    for (int year = 0; year < 10000; year++) {
        bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
        for (int month = 0; month < 12; month++) {
            int length = lengths[month] + (month == 1 && leap);
            for (int day = 1; day <= length; day++, t += DAY, weekday = (weekday + 1) % 7) {
                char expected[64], got[SK_DATE_LEN];
                int64_t back = 0;
                int64_t second = t + (t & 0xffff); /* some second of the day */
                memcpy(expected, week[weekday], 3);
                memcpy(expected + 3, ", .. ", 5);
                expected[5] = (char)('0' + day / 10);
                expected[6] = (char)('0' + day % 10);
                memcpy(expected + 8, names[month], 3);
                expected[11] = ' ';
                for (int i = 0, y = year; i < 4; i++, y /= 10)
                    expected[15 - i] = (char)('0' + y % 10);
                sk_date_format(second, got);
                wrong += memcmp(got, expected, 16) != 0;
                wrong += !sk_date_parse((skua_str){got, SK_DATE_LEN}, NOW, &back);
                wrong += back != second;
            }
        }
    }
    assert_int_equal(wrong, 0);
    assert_int_equal(t, LAST + 1);
}

static void every_second_of_a_day(void **state) {
    (void)state;
    for (int64_t s = 0; s < DAY; s++) {
        char got[SK_DATE_LEN];
        int64_t back = 0;
        sk_date_format(784080000 + s, got);
        assert_true(sk_date_parse((skua_str){got, SK_DATE_LEN}, NOW, &back));
        assert_int_equal(back, 784080000 + s);
    }
}

static void assert_parses(const char *text, int64_t now, int64_t expected) {
    int64_t t = -7;
    if (!sk_date_parse(sk_str(text), now, &t))
        fail_msg("refused: %s", text);
    if (t != expected)
        fail_msg("%s: %lld, not %lld", text, (long long)t, (long long)expected);
}

static void the_three_forms(void **state) {
    (void)state;
    assert_parses("Sun, 06 Nov 1994 08:49:37 GMT", NOW, 784111777);
    assert_parses("Sunday, 06-Nov-94 08:49:37 GMT", NOW, 784111777);
    assert_parses("Sun Nov  6 08:49:37 1994", NOW, 784111777);
    assert_parses("Wed Nov 16 08:49:37 1994", NOW, 784111777 + 10 * DAY);
    assert_parses("Mon, 06 Nov 1994 08:49:37 GMT", NOW, 784111777); /* the name need not match */
    assert_parses("Wednesday, 06-Nov-94 08:49:37 GMT", NOW, 784111777);
}

static void leap_seconds_and_leap_days(void **state) {
    (void)state;
    assert_parses("Sat, 31 Dec 2016 23:59:60 GMT", NOW, 1483228800);
    assert_parses("Tue, 29 Feb 2000 00:00:00 GMT", NOW, 951782400);
    assert_parses("Tuesday, 29-Feb-00 00:00:00 GMT", NOW, 951782400);
}

static void two_digit_years(void **state) {
    (void)state;
    const int64_t y1999 = 915148800, y2000 = 946684800; /* 1 January */
    /* now is 2 February 2026, 02:40:00: fifty years on is 2076 */
    assert_parses("Monday, 02-Feb-76 02:40:00 GMT", NOW, 3347836800);
    assert_parses("Monday, 02-Feb-76 02:40:01 GMT", NOW, 192076801);
    assert_parses("Monday, 31-Dec-75 00:00:00 GMT", NOW, 3344976000);
    assert_parses("Friday, 01-Jan-99 00:00:00 GMT", NOW, y1999);
    assert_parses("Saturday, 01-Jan-00 00:00:00 GMT", NOW, y2000);
    /* Across a turn of the century, seen from 1999. */
    assert_parses("Saturday, 01-Jan-00 00:00:00 GMT", y1999, y2000);
    assert_parses("Friday, 01-Jan-99 00:00:00 GMT", y1999, y1999);
    assert_parses("Friday, 01-Jan-49 00:00:00 GMT", y1999, 2493072000);
    assert_parses("Friday, 01-Jan-50 00:00:00 GMT", y1999, -631152000);
}

static void refused(void **state) {
    (void)state;
    static const char *const cases[] = {
        "",
        "0",
        "784111777",
        "Sun, 06 Nov 1994 08:49:37",
        "Sun, 06 Nov 1994 08:49:37 UTC",
        "Sun, 06 Nov 1994 08:49:37 gmt",
        "Sun, 06 Nov 1994 08:49:37 GMT ",
        " Sun, 06 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:37 +0000",
        "sun, 06 Nov 1994 08:49:37 GMT",
        "Sun, 06 nov 1994 08:49:37 GMT",
        "Sun,06 Nov 1994 08:49:37 GMT",
        "Sun, 6 Nov 1994 08:49:37 GMT",
        "Sun,  6 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 94 08:49:37 GMT",
        "Sun, 06 Nov 1994 8:49:37 GMT",
        "Sun, 06 Nov 1994 08:49 GMT",
        "Xyz, 06 Nov 1994 08:49:37 GMT",
        "Sun, 06 Xyz 1994 08:49:37 GMT",
        "Sun, 00 Nov 1994 08:49:37 GMT",
        "Sun, 31 Nov 1994 08:49:37 GMT",
        "Sun, 32 Dec 1994 08:49:37 GMT",
        "Sun, 29 Feb 1994 08:49:37 GMT",
        "Sun, 29 Feb 1900 08:49:37 GMT",
        "Sun, 30 Feb 2000 08:49:37 GMT",
        "Sun, 06 Nov 1994 24:00:00 GMT",
        "Sun, 06 Nov 1994 08:60:37 GMT",
        "Sun, 06 Nov 1994 08:49:61 GMT",
        "Sun, -6 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov +994 08:49:37 GMT",
        "Sunday, 06 Nov 1994 08:49:37 GMT",
        "Sunday, 06-Nov-1994 08:49:37 GMT",
        "Sun, 06-Nov-94 08:49:37 GMT",
        "Sunday, 06-Nov-94 08:49:37",
        "Sunday, 29-Feb-01 08:49:37 GMT",
        "Sun Nov 6 08:49:37 1994",
        "Sun Nov 06 08:49:37 94",
        "Sun Nov  6 08:49:37 1994 GMT",
        "Sun Nov   6 08:49:37 1994",
        "Sun Nov  6 08:49:37 1994\n",
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t t = -7;
        if (sk_date_parse(sk_str(cases[i]), NOW, &t))
            fail_msg("accepted: %s", cases[i]);
        assert_int_equal(t, -7);
    }
    int64_t t;
    assert_false(sk_date_parse(SK_LIT("Sun, 06 Nov 1994 08:49:37 GMT\0"), NOW, &t));
    assert_false(sk_date_parse((skua_str){NULL, 0}, NOW, &t));
}

static void every_truncation_is_refused(void **state) {
    (void)state;
    static const char *const forms[] = {"Sun, 06 Nov 1994 08:49:37 GMT",
                                        "Sunday, 06-Nov-94 08:49:37 GMT",
                                        "Sun Nov  6 08:49:37 1994"};
    for (size_t i = 0; i < 3; i++) {
        for (size_t len = 0; len < strlen(forms[i]); len++) {
            int64_t t;
            assert_false(sk_date_parse((skua_str){forms[i], len}, NOW, &t));
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_holds_it),
        cmocka_unit_test(known_moments),
        cmocka_unit_test(out_of_range_is_clamped),
        cmocka_unit_test(every_day_of_ten_thousand_years),
        cmocka_unit_test(every_second_of_a_day),
        cmocka_unit_test(the_three_forms),
        cmocka_unit_test(leap_seconds_and_leap_days),
        cmocka_unit_test(two_digit_years),
        cmocka_unit_test(refused),
        cmocka_unit_test(every_truncation_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
