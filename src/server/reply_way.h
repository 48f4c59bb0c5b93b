/* server/reply_way.h - a reply's way to its connection: straight into the connection's output while
 * the handler runs on the loop, else over the deferral, from whichever thread. */
#ifndef SK_SERVER_REPLY_WAY_H
#define SK_SERVER_REPLY_WAY_H

#include "base/date.h"
#include "server/conn.h"

typedef struct sk_reply_way {
    sk_sconn *conn; /* its wire machine may be used until the end */
    sk_buf *out;    /* to be written to */
    sk_deferral *deferral;
} sk_reply_way;

/* 0, or SKUA_E_BROKEN_PIPE: the client has gone. After 0 an end is due. */
int sk_reply_way_begin(sk_reply_way *w, const skua_reply *a);
void sk_reply_way_end(sk_reply_way *w);
/* A Date line of now; `room` is there for it. */
skua_str sk_reply_way_date_line(const sk_reply_way *w, char room[SK_DATE_LINE_LEN]);

/* Append a slice of the body, framed: room, then append, in one. */
int sk_reply_way_data(skua_reply *a, const char *data, size_t len, bool first);
/* Is there room for a slice? Where too much waits to leave, a thread of the pool waits,
 * and the first slice of a reply that was deferred is answered SKUA_E_AGAIN, with nothing taken. 0,
 * or SKUA_E_BROKEN_PIPE. */
int sk_reply_way_room(skua_reply *a, bool first);
/* Append it. 0, SKUA_E_BROKEN_PIPE, or as sk_h1_data. */
int sk_reply_way_append(skua_reply *a, const char *data, size_t len);

#endif
