/* server/reply_coding.h - a reply's body, compressed on its way out. */
#ifndef SK_SERVER_REPLY_CODING_H
#define SK_SERVER_REPLY_CODING_H

#include "base/buf.h"
#include "coding/encoder.h"
#include "server/exchange.h"

/* Before the head of a body that is at hand, where compression is on: if the reply is to be
 * compressed, *body is from then on what `room` holds. 0, or what is latched. */
int sk_reply_code_whole(skua_reply *a, sk_buf *room, skua_str *body);
/* Before the head of a body that is written piece by piece, likewise: a->coding is there if it is
 * to be compressed. 0, or what is latched. */
int sk_reply_code_stream(skua_reply *a);

/* Code a piece, and append what comes of it to what goes out, as sk_reply_way_data. Returns how
 * many bytes that is, or an error: SKUA_E_AGAIN, with nothing taken; SKUA_E_STATE, where it is more
 * than was announced; SKUA_E_BROKEN_PIPE, SKUA_E_NOMEM. Any thread. */
ptrdiff_t sk_reply_coding_write(skua_reply *a, skua_str piece, sk_encode_to to, bool first);
/* Let out what was written so far; nothing, where that has happened or the body is not coded. 0, or
 * an error. */
int sk_reply_coding_flush(skua_reply *a);
/* End the body: append what is left of it. 0, SKUA_E_NOMEM, or SKUA_E_STATE: it is shorter than was
 * announced. */
int sk_reply_coding_end(skua_reply *a, sk_buf *tail);
void sk_reply_coding_free(sk_reply_coding *k); /* NULL is fine */

#endif
