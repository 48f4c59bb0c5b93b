/* client/body.h - where the bytes of a request's body come from: memory, a descriptor, a FILE or a
 * callback. They are pulled piece by piece; what has been read and not been taken stands in a
 * buffer.
 *
 *     open --> fill --> take --+--> settle --> close
 *               ^  |           |       |
 *               |  +--(end)----+       |
 *               +--------------+       |
 *               +------- rewind <------+
 */
#ifndef SK_CLIENT_BODY_H
#define SK_CLIENT_BODY_H

#include <skua/conn.h>
#include <stdbool.h>

#define SK_BODY_PIECE ((size_t)64 << 10)

typedef struct sk_body_source {
    skua_body from; /* its kind is SKUA_BODY_NONE where there is no body */
    int64_t length; /* -1: not known before its end */
    int64_t taken;  /* of it */
    const char *at; /* what may be taken now */
    size_t left;
    bool ended;             /* nothing follows that */
    bool regular;           /* a descriptor of a regular file, read by offset */
    int64_t start;          /* where the descriptor or FILE stood; -1: it cannot seek */
    uint64_t device, inode; /* which file that is */
    char *room;             /* SK_BODY_PIECE bytes, once they are needed */
} sk_body_source;

/* Begin. The struct is copied; what it points to is borrowed until the source is closed. 0,
 * SKUA_E_INVALID_ARGUMENT, SKUA_E_OS or SKUA_E_NOMEM. */
int sk_body_open(sk_body_source *s, const skua_body *from, skua_error *err);
/* Its length is known from elsewhere: no more is taken, and less is a failure. Before anything is
 * taken. */
void sk_body_limit(sk_body_source *s, int64_t length);
/* See to it that there is something to take, unless it has ended: then left is 0. Waits for a
 * descriptor, timeout_ms at most (-1: no end); a FILE or a callback takes the time it takes. 0,
 * SKUA_E_OS, SKUA_E_CANCELLED, SKUA_E_INCOMPLETE_READ, SKUA_E_TIMEOUT (unexplained) or
 * SKUA_E_NOMEM. */
int sk_body_fill(sk_body_source *s, int timeout_ms, skua_error *err);
void sk_body_take(sk_body_source *s, size_t n);
/* Would what is left be better sent by sendfile? From offset start + taken, length - taken bytes,
 * to be told by sk_body_take as well. */
bool sk_body_is_file(const sk_body_source *s);
/* Can it be sent again? */
bool sk_body_can_rewind(const sk_body_source *s);
/* Back to its beginning. 0, SKUA_E_OS or SKUA_E_CANCELLED. */
int sk_body_rewind(sk_body_source *s, skua_error *err);
/* Leave a descriptor or FILE that can seek behind what was taken, as if it had been read so far and
 * no further. */
void sk_body_settle(sk_body_source *s);
/* One that was never opened (zeroed) is fine. */
void sk_body_close(sk_body_source *s);

#endif
