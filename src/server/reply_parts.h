/* server/reply_parts.h - what the files of a reply share: reply.c, reply_page.c, reply_file.c,
 * reply_end.c. */
#ifndef SK_SERVER_REPLY_PARTS_H
#define SK_SERVER_REPLY_PARTS_H

#include "base/cold.h"
#include "server/reply.h"

/* Keep the first failure; returns it. */
SK_COLD int sk_reply_latch(skua_reply *a, int code);
/* Add a field that frames nothing, whose name and value are right (a NULL one is no memory), and
 * live until the head has gone out: they are not copied. `given` is what sk_reply_given_by would
 * say. */
int sk_reply_own_field(skua_reply *a, const char *name, const char *value, unsigned given);
/* SK_GIVEN_* of a field's name, or 0. */
unsigned sk_reply_given_by(const char *name);
/* Forget the Content-Type that was given. */
void sk_reply_drop_type(skua_reply *a);
/* Does a status have no body? RFC 9110 15.3.5, 15.3.6, 15.4.5 */
bool sk_reply_is_bodiless(int status);
/* Send the head, with how the body is framed. 0, or what is latched. */
int sk_reply_open_body(skua_reply *a, sk_body body, int64_t length);
/* Does the body go out? To HEAD, and with some statuses, the wire machine drops it. */
bool sk_reply_body_is_sent(skua_reply *a);
/* Reply with a body that is at hand. */
int sk_reply_whole(skua_reply *a, int status, const void *data, size_t len);
/* Write body bytes from a source. As skua_reply_write. */
int sk_reply_pour(skua_reply *a, const char *data, size_t len);
/* Reply with the page of a status. */
int sk_reply_page(skua_reply *a, int status, const char *explain);

#endif
