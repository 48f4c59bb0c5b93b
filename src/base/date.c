/* base/date.c - HTTP dates (RFC 9110 5.6.7), by arithmetic on the Gregorian calendar.
 *
 * The C library's functions are not used: they have a locale, a time zone, or a lock. Day numbers
 * here count from 1 January of the year 0. */
#include "base/date.h"

#include "base/str.h"

#define DAY_SECONDS    86400
#define UNIX_EPOCH_DAY 719528 /* 1 January 1970 */
#define YEAR_MAX       9999

typedef struct civil {
    int year;
    int month; /* 0..11 */
    int day;   /* 1..31 */
    int hour, minute, second;
} civil;

static const char short_days[7][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
static const char *const long_days[7] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                         "Thursday", "Friday", "Saturday"};
static const char months[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                   "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
static const int days_before_month[13] = {0,   31,  59,  90,  120, 151, 181,
                                          212, 243, 273, 304, 334, 365};

/* ---- the calendar ---- */

static bool is_leap(int year) {
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

/* Days in the years 0..year-1. The year 0 is a leap year, so each quotient rounds up. */
static int days_before_year(int year) {
    return 365 * year + (year + 3) / 4 - (year + 99) / 100 + (year + 399) / 400;
}

/* Days of the year before the month; month 12 is the end of the year. */
static int days_before(int year, int month) {
    return days_before_month[month] + (month > 1 && is_leap(year));
}

static int days_in_month(const civil *c) {
    return days_before(c->year, c->month + 1) - days_before(c->year, c->month);
}

static int64_t to_unix(const civil *c) {
    int64_t day = days_before_year(c->year) + days_before(c->year, c->month) + c->day - 1;
    int seconds = (c->hour * 60 + c->minute) * 60 + c->second;
    return (day - UNIX_EPOCH_DAY) * DAY_SECONDS + seconds;
}

/* Seconds outside the years 0..9999 are clamped. Returns the day number. */
static int from_unix(int64_t unix_seconds, civil *c) {
    const int64_t epoch = (int64_t)UNIX_EPOCH_DAY * DAY_SECONDS;
    const int64_t end = (int64_t)days_before_year(YEAR_MAX + 1) * DAY_SECONDS - epoch;
    if (unix_seconds < -epoch)
        unix_seconds = -epoch;
    if (unix_seconds >= end)
        unix_seconds = end - 1;
    int day = (int)((unix_seconds + epoch) / DAY_SECONDS);
    int seconds = (int)((unix_seconds + epoch) % DAY_SECONDS);

    c->year = (int)((int64_t)day * 400 / 146097); /* 400 years have 146097 days */
    c->year += days_before_year(c->year + 1) <= day;
    c->year -= days_before_year(c->year) > day;
    int in_year = day - days_before_year(c->year);
    c->month = in_year / 31; /* at most one too early */
    c->month += days_before(c->year, c->month + 1) <= in_year;
    c->day = in_year - days_before(c->year, c->month) + 1;
    c->hour = seconds / 3600;
    c->minute = seconds / 60 % 60;
    c->second = seconds % 60;
    return day;
}

/* ---- writing ---- */

static char *put_text(char *to, const char *text, size_t n) {
    memcpy(to, text, n);
    return to + n;
}

static char *put_two(char *to, int v, char after) {
    to[0] = (char)('0' + v / 10);
    to[1] = (char)('0' + v % 10);
    to[2] = after;
    return to + 3;
}

void sk_date_format(int64_t unix_seconds, char out[SK_DATE_LEN]) {
    civil c;
    int day = from_unix(unix_seconds, &c);
    char *to = put_text(out, short_days[(day + 6) % 7], 3); /* the first day was a Saturday */
    to = put_text(to, ", ", 2);
    to = put_two(to, c.day, ' ');
    to = put_text(to, months[c.month], 3);
    *to++ = ' ';
    to = put_two(to, c.year / 100, ' ') - 1;
    to = put_two(to, c.year % 100, ' ');
    to = put_two(to, c.hour, ':');
    to = put_two(to, c.minute, ':');
    to = put_two(to, c.second, ' ');
    put_text(to, "GMT", 3);
}

void sk_date_format_line(int64_t unix_seconds, char out[SK_DATE_LINE_LEN]) {
    char *value = put_text(out, "Date: ", 6);
    sk_date_format(unix_seconds, value);
    put_text(value + SK_DATE_LEN, "\r\n", 2);
}

/* ---- reading: each function takes its piece off the front, or fails ---- */

static bool take(skua_str *s, skua_str piece) {
    if (s->len < piece.len || memcmp(s->ptr, piece.ptr, piece.len) != 0)
        return false;
    s->ptr += piece.len;
    s->len -= piece.len;
    return true;
}

static bool take_number(skua_str *s, size_t digits, int *out) {
    int v = 0;
    if (s->len < digits)
        return false;
    for (size_t i = 0; i < digits; i++) {
        if (!sk_is_digit(s->ptr[i]))
            return false;
        v = v * 10 + (s->ptr[i] - '0');
    }
    s->ptr += digits;
    s->len -= digits;
    *out = v;
    return true;
}

static bool take_short_day(skua_str *s) {
    for (int i = 0; i < 7; i++) {
        if (take(s, (skua_str){short_days[i], 3}))
            return true;
    }
    return false;
}

static bool take_long_day(skua_str *s) {
    for (int i = 0; i < 7; i++) {
        if (take(s, sk_str(long_days[i])))
            return true;
    }
    return false;
}

static bool take_month(skua_str *s, int *month) {
    for (int i = 0; i < 12; i++) {
        if (take(s, (skua_str){months[i], 3})) {
            *month = i;
            return true;
        }
    }
    return false;
}

static bool take_time(skua_str *s, civil *c) {
    return take_number(s, 2, &c->hour) && take(s, SK_LIT(":")) && take_number(s, 2, &c->minute) &&
           take(s, SK_LIT(":")) && take_number(s, 2, &c->second);
}

/* RFC 9110 5.6.7: IMF-fixdate, "Sun, 06 Nov 1994 08:49:37 GMT". */
static bool parse_imf(skua_str s, civil *c) {
    return take_short_day(&s) && take(&s, SK_LIT(", ")) && take_number(&s, 2, &c->day) &&
           take(&s, SK_LIT(" ")) && take_month(&s, &c->month) && take(&s, SK_LIT(" ")) &&
           take_number(&s, 4, &c->year) && take(&s, SK_LIT(" ")) && take_time(&s, c) &&
           take(&s, SK_LIT(" GMT")) && s.len == 0;
}

/* RFC 9110 5.6.7: asctime-date, "Sun Nov  6 08:49:37 1994". */
static bool parse_asctime(skua_str s, civil *c) {
    return take_short_day(&s) && take(&s, SK_LIT(" ")) && take_month(&s, &c->month) &&
           take(&s, SK_LIT(" ")) &&
           (take(&s, SK_LIT(" ")) ? take_number(&s, 1, &c->day) : take_number(&s, 2, &c->day)) &&
           take(&s, SK_LIT(" ")) && take_time(&s, c) && take(&s, SK_LIT(" ")) &&
           take_number(&s, 4, &c->year) && s.len == 0;
}

static int64_t second_of_year(const civil *c) {
    return ((c->month * INT64_C(31) + c->day) * 24 + c->hour) * 3600 + c->minute * 60 + c->second;
}

/* RFC 9110 5.6.7: a two-digit year that appears to be more than 50 years ahead MUST be taken for
 * the most recent year in the past with the same last two digits. */
static void settle_century(civil *c, int64_t now) {
    civil today;
    from_unix(now, &today);
    int limit = today.year + 50;
    c->year = limit - (limit - c->year) % 100;
    if (c->year == limit && second_of_year(c) > second_of_year(&today))
        c->year -= 100;
}

/* RFC 9110 5.6.7: rfc850-date, "Sunday, 06-Nov-94 08:49:37 GMT". */
static bool parse_rfc850(skua_str s, civil *c, int64_t now) {
    if (!(take_long_day(&s) && take(&s, SK_LIT(", ")) && take_number(&s, 2, &c->day) &&
          take(&s, SK_LIT("-")) && take_month(&s, &c->month) && take(&s, SK_LIT("-")) &&
          take_number(&s, 2, &c->year) && take(&s, SK_LIT(" ")) && take_time(&s, c) &&
          take(&s, SK_LIT(" GMT")) && s.len == 0))
        return false;
    settle_century(c, now);
    return c->year >= 0 && c->year <= YEAR_MAX;
}

/* Second 60 is a leap second (RFC 9110 5.6.7); it is the first of the next minute to us. */
static bool exists(const civil *c) {
    return c->month >= 0 && c->month < 12 && c->day >= 1 && c->day <= days_in_month(c) &&
           c->hour <= 23 && c->minute <= 59 && c->second <= 60;
}

bool sk_date_parse(skua_str s, int64_t now, int64_t *unix_seconds) {
    civil c = {0};
    bool parsed = parse_imf(s, &c) || parse_rfc850(s, &c, now) || parse_asctime(s, &c);
    if (!parsed || !exists(&c))
        return false;
    *unix_seconds = to_unix(&c);
    return true;
}
