/* get_resume.c - -C: whether a response is the rest that was asked for (RFC 9110 14).
 *
 *     206 from the offset on        it is
 *     200 with just `offset` bytes  all of it is there already
 *     416                           the same: nothing lies behind the offset
 *     anything else                 no ranges are served; the file stays as it is */
#include "get.h"

#include "exit_status.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* The first byte of "bytes 5-9/10" (RFC 9110 14.4); -1 for what is none. */
static int64_t first_byte(const char *content_range) {
    if (!content_range || strncasecmp(content_range, "bytes", 5) != 0)
        return -1;
    const char *at = content_range + 5 + strspn(content_range + 5, " \t:");
    size_t digits = strspn(at, "0123456789");
    return digits > 0 && digits < 19 && at[digits] == '-' ? strtoll(at, NULL, 10) : -1;
}

int get_resume_check(get_transfer *t, int *done) {
    skua_response *r = t->response;
    if (t->resume_from <= 0)
        return 0;
    int code = skua_response_status(r);
    int64_t length = skua_response_content_length(r);
    if (code == SKUA_STATUS_PARTIAL_CONTENT &&
        first_byte(skua_response_header(r, "Content-Range")) == t->resume_from)
        return 0;
    *done = code == SKUA_STATUS_RANGE_NOT_SATISFIABLE ||
            (code == SKUA_STATUS_OK && length == t->resume_from);
    if (*done)
        return 0;
    return get_fail(&t->err, CLI_EXIT_RANGE, SKUA_E_HTTP,
                    "%.300s: cannot go on from byte %" PRId64 ": the server answers %d %s",
                    skua_url_text(t->url), t->resume_from, code, skua_response_reason(r));
}
