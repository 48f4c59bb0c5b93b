/* client/response_peek.c - looking ahead in a body: peek, and lines, whose end must be found before
 * they are given out. */
#include "client/response.h"

#include "base/fail.h"

#define AHEAD 8192u /* what is looked at ahead, at most, beyond what a line needs */

/* Have more ahead: 1, 0 at the end, or a failure. */
static int look_ahead(skua_response *r) {
    if (r->failed)
        return r->failed;
    char *to = sk_buf_reserve(&r->ahead, AHEAD);
    if (!to) {
        r->ahead.failed = false;
        sk_fail_nomem(&r->failure);
        return sk_response_fail(r);
    }
    ptrdiff_t n = sk_response_pull(r, to, AHEAD);
    if (n <= 0)
        return (int)n;
    sk_buf_commit(&r->ahead, (size_t)n);
    return 1;
}

int skua_response_peek(skua_response *r, const char **data, size_t *len, skua_error *err) {
    if (!r)
        return sk_fail_absent(err, "a response is needed");
    if (!data || !len)
        return sk_fail(err, SKUA_E_INVALID_ARGUMENT, SKUA_PHASE_NONE,
                       "places for data and len are needed");
    int rc = sk_buf_len(&r->ahead) > 0 ? 1 : look_ahead(r);
    if (rc < 0)
        return sk_response_report(r, err);
    *data = rc > 0 ? sk_buf_head(&r->ahead) : "";
    *len = sk_buf_len(&r->ahead);
    return 0;
}

/* How long the line at the front is, its end included, or as much of it as there is room for. 0:
 * its end has not been found in what is ahead, of which *searched bytes need no second look. */
static size_t line_length(const sk_buf *ahead, size_t room, size_t *searched) {
    size_t len = sk_buf_len(ahead);
    if (len > room)
        len = room;
    const char *head = sk_buf_head(ahead);
    const char *end = len > *searched ? memchr(head + *searched, '\n', len - *searched) : NULL;
    *searched = len;
    if (end)
        return (size_t)(end - head) + 1;
    return len == room ? room : 0;
}

/* Have a line ahead: its length, 0 at the end, or a failure, which leaves what there is of it where
 * it is. */
static ptrdiff_t find_line(skua_response *r, size_t room) {
    size_t searched = 0;
    for (;;) {
        size_t line = line_length(&r->ahead, room, &searched);
        if (line > 0)
            return (ptrdiff_t)line;
        int rc = look_ahead(r);
        if (rc <= 0)
            return rc < 0 ? rc : (ptrdiff_t)sk_buf_len(&r->ahead);
    }
}

ptrdiff_t skua_response_readline(skua_response *r, char *buf, size_t cap, skua_error *err) {
    if (!r)
        return sk_fail_absent(err, "a response is needed");
    if (!buf || cap < 2)
        return sk_fail(err, SKUA_E_INVALID_ARGUMENT, SKUA_PHASE_NONE,
                       "room for a byte and a terminator is needed");
    ptrdiff_t n = find_line(r, cap - 1);
    if (n < 0)
        return sk_response_report(r, err);
    if (n > 0)
        memcpy(buf, sk_buf_head(&r->ahead), (size_t)n);
    sk_buf_consume(&r->ahead, (size_t)n);
    buf[n] = '\0';
    return n;
}
