/* server/reply.h - what the server does with a reply, beside the handler's calls. */
#ifndef SK_SERVER_REPLY_H
#define SK_SERVER_REPLY_H

#include "server/exchange.h"

typedef enum sk_reply_end {
    SK_REPLY_COMPLETE,
    SK_REPLY_FILE, /* the rest of a file is to be sent: then complete */
    SK_REPLY_CUT   /* it cannot be completed: the connection must end here */
} sk_reply_end;

void sk_reply_init(skua_reply *a);
/* The handler has returned rc: complete its reply, or answer 500 in its place. */
sk_reply_end sk_reply_finish(skua_reply *a, int rc);
/* Answer with an error page, in place of a handler. `allow` (may be NULL) is the value of Allow. */
sk_reply_end sk_reply_refuse(skua_reply *a, int status, const char *allow, const char *explain);
/* The same with 503 and Retry-After. */
sk_reply_end sk_reply_busy(skua_reply *a);
/* Answer with a status alone. */
sk_reply_end sk_reply_bare(skua_reply *a, int status);
/* Answer without a body, with Allow (RFC 9110 9.3.7). */
sk_reply_end sk_reply_options(skua_reply *a, const char *allow);
/* Go on to the next piece of a reply's file; the text before it is appended to the output. 0, or
 * an error of the wire machine. While pieces_left > 0, and with no reply deferred. */
int sk_reply_next_piece(skua_reply *a);
/* Give back what a reply holds beside the arena. */
void sk_reply_release(skua_reply *a);

#endif
