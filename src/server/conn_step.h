/* server/conn_step.h - what the parts of a connection share: conn.c, conn_turn.c, conn_request.c,
 * conn_deferred.c, conn_reply.c, conn_report.c. */
#ifndef SK_SERVER_CONN_STEP_H
#define SK_SERVER_CONN_STEP_H

#include "base/cold.h"
#include "server/conn.h"
#include "server/reply.h"

#define SK_SCONN_LINGER_MS 2000

/* What a step leaves to be done. */
typedef enum sk_step {
    SK_STEP_ON,   /* the state may have changed: take its next step */
    SK_STEP_WAIT, /* for the stream, or the timer */
    SK_STEP_CLOSE
} sk_step;

#define SK_SCONN_QUEUE_MAX (64u << 10) /* output that is sent before anything is added to it */
#define SK_SCONN_READ      (16u << 10) /* the least room for a read into the worker's buffer */

/* ---- conn_turn.c: buffers during a turn ---- */

/* Use the worker's buffers, or the connection's own where they hold something. */
void sk_sconn_begin_turn(sk_sconn *c);
/* Put away what is left in the worker's. False: no memory. */
bool sk_sconn_end_turn(sk_sconn *c);
/* Has it moved so many bytes that others should have their turn? */
bool sk_sconn_turn_is_over(const sk_sconn *c);
/* Go back to the worker's input when the connection's own is used up: before reading. */
void sk_sconn_share_input(sk_sconn *c);
/* Send the output. ON when it has left, WAIT (and blocked) when the peer takes no more. */
sk_step sk_sconn_flush(sk_sconn *c);
static inline size_t sk_sconn_queued(const sk_sconn *c) {
    return sk_buf_len(c->session.out);
}

/* ---- conn_wait.c: what it waits for, and how long ---- */

/* 0; SKUA_E_NOMEM; SKUA_E_TIMEOUT: the peer takes what is sent too slowly. */
int sk_sconn_set_timer(sk_sconn *c);
/* False: no memory. */
bool sk_sconn_set_watch(sk_sconn *c);
/* The time for sending is over. Has the peer taken of what was sent before, and not too slowly?
 * Then the time begins anew. */
bool sk_sconn_takes_on(sk_sconn *c);
/* See that the timers are as long as a drain allows. False: no memory. */
bool sk_sconn_wait_less(sk_sconn *c);
/* NULL: no memory. */
sk_sconn_extra *sk_sconn_extra_of(sk_sconn *c);

/* ---- conn_proxy.c: what a proxy says, before all else ---- */

sk_step sk_sconn_step_proxy(sk_sconn *c);

/* ---- conn.c ---- */

/* Its stream is ready, or its time is over: a turn. */
void sk_sconn_on_ready(sk_watch *w, unsigned events);
void sk_sconn_on_timer(sk_timer *t);

/* Begin to count the time of the exchange under way. False: no memory. */
bool sk_sconn_limit_exchange(sk_sconn *c);

/* ---- conn_request.c: from a request's head to its handler ---- */

sk_step sk_sconn_step_head(sk_sconn *c);
sk_step sk_sconn_step_body(sk_sconn *c);

/* Of the body of the request under way; -1: no end. */
int64_t sk_sconn_body_max(const sk_sconn *c);
/* Tell a client that waits for it to send its body. 0, or an error of the wire machine. */
int sk_sconn_send_continue(sk_sconn *c);

/* ---- conn_deferred.c: a reply that is made elsewhere ---- */

sk_step sk_sconn_run_on_pool(sk_sconn *c);
/* The handler has deferred its reply: go on to wait for it. */
sk_step sk_sconn_await_reply(sk_sconn *c);
sk_step sk_sconn_step_deferred(sk_sconn *c);
/* While it waits: is the body read? Else: may what comes behind the request be read? */
bool sk_sconn_wants_body(const sk_sconn *c);
bool sk_sconn_reads_ahead(const sk_sconn *c);
void sk_sconn_body_timed_out(sk_sconn *c);
void sk_sconn_heartbeat(sk_sconn *c);
/* A reply without an end, as far as anybody knows. */
bool sk_sconn_is_event_stream(const sk_sconn *c);
/* The worker drains: the reply says that it is the last one. An event stream is told that it is
 * over. */
void sk_sconn_drain_deferred(sk_sconn *c);
/* After how long without a byte; -1: never. */
int64_t sk_sconn_heartbeat_ms(const sk_sconn *c);

/* ---- conn_report.c: what is told of an exchange ---- */

/* The request's head has come: note what is told later, if anybody asks. */
void sk_sconn_note(sk_sconn *c);
/* The reply is over; `cut`: and not whole. */
void sk_sconn_report(sk_sconn *c, bool cut);
/* The connection ends before the reply, if that was not reported already. Of one that is somebody
 * else's to finish nothing is looked at. */
void sk_sconn_report_unfinished(sk_sconn *c);

/* The request is refused: because the server lacks what it takes (`code` SKUA_E_NOMEM or
 * SKUA_E_OS), else for a reason of the client's; NULL is what the status says. */
SK_COLD void sk_sconn_tell_refused(sk_sconn *c, int status, int code, const char *why);

/* ---- conn_reply.c: from the reply to the end of the exchange ---- */

/* The reply has come so far: go on to its file, the next request or the end. */
sk_step sk_sconn_replied(sk_sconn *c, sk_reply_end end);
sk_step sk_sconn_step_file(sk_sconn *c);
/* What is left of the request's body is not read: the connection ends with the reply. */
void sk_sconn_leave_body(sk_sconn *c);
/* Answer and close: after this request nobody can say where the next one begins. */
SK_COLD sk_step sk_sconn_refuse(sk_sconn *c, int status, const char *explain);
/* The same with 503 and Retry-After, where the connection may go on: nothing was done. `code` says
 * why. */
SK_COLD sk_step sk_sconn_refuse_busy(sk_sconn *c, int code);
/* The same for a request that broke off, or whose head or body is wrong. */
SK_COLD sk_step sk_sconn_refuse_error(sk_sconn *c, int code, const char *what);
/* The exchange has taken all the time that its route gives it. */
SK_COLD sk_step sk_sconn_overdue(sk_sconn *c);
/* The status that answers an error; 0 where there is nobody to answer. */
SK_COLD int sk_sconn_status_of(int code);
void sk_sconn_drop_exchange(sk_sconn *c);
/* Let the output leave, then close or linger. */
sk_step sk_sconn_end(sk_sconn *c);
int64_t sk_sconn_now_us(const sk_sconn *c);

#endif
