/* http/session.h - the driver: a wire machine on a stream.
 *
 * It never blocks. Each call makes what progress it can; SKUA_E_AGAIN says that the stream must
 * first become ready, and sk_session_want says for what. A blocking caller then waits with
 * sk_session_wait, a loop with its poller: there is one driver, not one for each way.
 *
 * Buffers belong to the owner and are pointed at, so that a server's idle connection owns none and
 * all connections of a worker share one pair. Between calls the owner may move unconsumed input to
 * another buffer and point `in` there; likewise `out`. */
#ifndef SK_HTTP_SESSION_H
#define SK_HTTP_SESSION_H

#include "base/buf.h"
#include "wire/h1.h"

#include <skua/stream.h>

typedef struct sk_session {
    skua_stream *stream;
    sk_buf *in;       /* read, not consumed */
    sk_buf *out;      /* to be sent */
    int64_t received; /* bytes, as carried by the stream */
    int64_t sent;
    uint32_t span_at;        /* where in `in` the rest of the last data event's bytes begins, */
    uint32_t span_len;       /* and how many sk_session_body has not given out */
    uint32_t piece_left;     /* of a piece of body begun by sk_session_write */
    uint32_t read_size : 27; /* how much room a read has */
    bool dry : 1;            /* the last read came back short: wait before the next */
    bool eof : 1;
    bool patient : 1; /* sk_session_wait may leave the waiting to the read behind it */
    bool waits : 1;   /* it has: the next read waits by itself */
    bool in_vain : 1; /* the last one did, and nothing came */
    sk_h1 h1;
} sk_session;

/* The stream is borrowed: the owner closes it. */
void sk_session_init(sk_session *s, skua_stream *stream, sk_role role, const sk_h1_limits *limits);

/* The stream has become readable (or was waited for): reading makes sense again. */
static inline void sk_session_readable(sk_session *s) {
    s->dry = s->waits = false;
}

/* All that had come is used up, and there was no more: nothing can be got before the stream is
 * readable. */
static inline bool sk_session_is_dry(const sk_session *s) {
    return s->dry && !s->eof && sk_buf_len(s->in) == 0;
}

/* Get the next event, reading when the input is used up. Returns 0 with *ev (never SK_EV_NEED,
 * never SK_EV_ERROR), SKUA_E_AGAIN, or an error: the machine's (phase recv) or the stream's. Views
 * in *ev live until the next call on the session. Set ev->head first. */
int sk_session_next(sk_session *s, sk_event *ev, skua_error *err);

/* Read once, and leave what came in the input. 0 (the end is noted in eof), SKUA_E_AGAIN, or an
 * error. */
int sk_session_read_ahead(sk_session *s, skua_error *err);

/* Get body bytes into dst (len > 0), straight from the stream where nothing is buffered. Returns
 * how many (> 0); 0 when another event came, which is in *ev; SKUA_E_AGAIN; an error. */
ptrdiff_t sk_session_body(sk_session *s, void *dst, size_t len, sk_event *ev, skua_error *err);

/* Send what is in out. 0 when all is sent, SKUA_E_AGAIN, or an error. */
int sk_session_flush(sk_session *s, skua_error *err);

/* Take body bytes (len > 0), framed. Many are sent at once, what is in out ahead of them in the
 * same call; few are only appended to out: flush when no more follow. Returns how many of data were
 * taken (> 0): call again with the rest, the same rest, until all is taken; SKUA_E_AGAIN; an error.
 * Bytes that must not be sent (a response to HEAD) are taken and dropped. */
ptrdiff_t sk_session_write(sk_session *s, const void *data, size_t len, skua_error *err);

/* Send len bytes of a file from *offset as body (out is flushed first), within a body of known
 * length. Advances *offset. Returns as sk_session_write does; 0: the file ended early. */
ptrdiff_t sk_session_sendfile(sk_session *s, int fd, int64_t *offset, size_t len, skua_error *err);

/* What to wait for: `events` is what the owner wants to do next; writing is added while out holds
 * bytes. */
skua_want sk_session_want(const sk_session *s, unsigned events);

/* Block until sk_session_want(events) is there, timeout_ms at most (-1: no end): SKUA_E_TIMEOUT,
 * unexplained: the caller knows the phase and says it. A patient session may return at once and
 * wait in its next read, for less than that; whoever waits for SKUA_WANT_READ reads next. */
int sk_session_wait(sk_session *s, unsigned events, int timeout_ms, skua_error *err);

#endif
