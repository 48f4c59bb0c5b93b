/* base/date.h - HTTP dates (RFC 9110 5.6.7). Pure: the time comes in as an argument. */
#ifndef SK_BASE_DATE_H
#define SK_BASE_DATE_H

#include <skua/types.h>
#include <stdbool.h>

#define SK_DATE_LEN      29 /* "Sun, 06 Nov 1994 08:49:37 GMT" */
#define SK_DATE_LINE_LEN (6 + SK_DATE_LEN + 2)

/* Write an IMF-fixdate, SK_DATE_LEN bytes and no terminator. Seconds outside the years 0..9999 are
 * clamped. */
void sk_date_format(int64_t unix_seconds, char out[SK_DATE_LEN]);
/* The same as a field line, "Date: " and CRLF around it, SK_DATE_LINE_LEN bytes. */
void sk_date_format_line(int64_t unix_seconds, char out[SK_DATE_LINE_LEN]);
/* Read any of the three forms: IMF-fixdate, RFC 850 and asctime. `now` (Unix seconds) settles the
 * century of a two-digit year: a date more than 50 years ahead is taken for the past. */
bool sk_date_parse(skua_str s, int64_t now, int64_t *unix_seconds);

#endif
