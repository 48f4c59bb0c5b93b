/* server/log_line.h - the lines of the two logs, as bytes: pure functions.
 *
 * Whatever a peer has sent is escaped: a line is always one line, in printable ASCII, and no quote
 * within a field ends it. What is too long is cut, and ends with "...". */
#ifndef SK_SERVER_LOG_LINE_H
#define SK_SERVER_LOG_LINE_H

#include <skua/server.h>

#define SK_LOG_LINE_MAX 8192

/* The line about an exchange, its end included, secrets in URLs masked. Returns its length. */
size_t sk_log_access(const skua_access *a, skua_access_format format, int64_t unix_ms,
                     char out[SK_LOG_LINE_MAX]);
/* That so many lines are missing here. */
size_t sk_log_access_dropped(uint64_t count, skua_access_format format, int64_t unix_ms,
                             char out[SK_LOG_LINE_MAX]);
/* A line of the error log. */
size_t sk_log_error(skua_log_level level, const char *text, int64_t unix_ms,
                    char out[SK_LOG_LINE_MAX]);

/* A URL, or the part of one that a request names, without its secrets: "***" stands for the user
 * information, and for the values of parameters of the query that are named as tokens, keys and
 * passwords mostly are. As much as goes into cap bytes. Returns their number. */
size_t sk_log_mask_url(const char *url, char *out, size_t cap);

#endif
