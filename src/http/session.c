/* http/session.c - the driver: it moves bytes between a stream and a wire machine, and never waits
 * but in sk_session_wait. What the events mean is the owner's business. */
#include "http/session.h"

#include "base/fail.h"
#include "net/stream_wait.h"
#include "sys/file.h"

#include <inttypes.h>
#include <stddef.h>

#define AHEAD_MAX   (64u << 10) /* beyond the body under way */
#define READ_SIZE   16384u      /* room for a read, unless the owner says otherwise */
#define DIRECT_MIN  4096u       /* a smaller read goes through the buffer: others may follow it */
#define SMALL_PIECE 4096u       /* body bytes that are cheaper to copy than to send by themselves */
#define FILE_PIECE  (128u << 10) /* of a file, read at once where the stream cannot send files */
#define PIECE_MAX   (1u << 30)   /* of body, framed as one chunk */

void sk_session_init(sk_session *s, skua_stream *stream, sk_role role, const sk_h1_limits *limits) {
    *s = (sk_session){.stream = stream, .read_size = READ_SIZE};
    sk_h1_init(&s->h1, role, limits);
}

/* ---- receiving ---- */

/* Read into p. As a stream's read, with 0 for the end noted. */
static ptrdiff_t read_some(sk_session *s, void *p, size_t room, skua_error *err) {
    if (s->dry)
        return SKUA_E_AGAIN;
    const skua_stream_ops *ops = s->stream->ops;
    ptrdiff_t n = (s->waits ? ops->read_waiting : ops->read)(s->stream, p, room, err);
    s->in_vain = s->waits && n == SKUA_E_AGAIN;
    s->waits = false;
    if (n > 0) {
        s->received += n;
        /* Asked for now: a stream that met its end within the read says something else. */
        s->dry = (size_t)n < room && (s->stream->ops->flags & SKUA_STREAM_SHORT_IS_DRY);
    } else if (n == 0) {
        s->eof = true;
        sk_h1_eof(&s->h1);
    } else if (n == SKUA_E_AGAIN) {
        s->dry = true;
    }
    return n;
}

/* How much to read: of a body as much as there is room for. What may not be wanted before long, and
 * has to be kept until then, is read by less. */
static size_t room_to_read(const sk_session *s) {
    size_t room = s->in->cap - s->in->end;
    return room > AHEAD_MAX && sk_h1_direct(&s->h1) < room ? AHEAD_MAX : room;
}

static int fill(sk_session *s, skua_error *err) {
    char *p = sk_buf_reserve(s->in, s->read_size);
    if (!p)
        return sk_fail_nomem(err);
    ptrdiff_t n = read_some(s, p, room_to_read(s), err);
    if (n < 0)
        return (int)n;
    sk_buf_commit(s->in, (size_t)n);
    return 0;
}

int sk_session_read_ahead(sk_session *s, skua_error *err) {
    return fill(s, err);
}

/* Take the machine one event further with what is in the buffer. */
static sk_event_kind pull(sk_session *s, sk_event *ev) {
    size_t len = sk_buf_len(s->in);
    if (len == 0 && sk_h1_awaits_head(&s->h1)) /* as nearly always, to begin with */
        return SK_EV_NEED;
    sk_h1_feed(&s->h1, len ? sk_buf_head(s->in) : "", len);
    sk_event_kind kind = sk_h1_next(&s->h1, ev);
    sk_buf_consume(s->in, sk_h1_consumed(&s->h1));
    return kind;
}

/* What is beyond a limit is told with the limit. */
static int fail_parse(const sk_session *s, const sk_event *ev, skua_error *err) {
    static const struct {
        int code;
        size_t at;
        const char *unit;
    } limits[] = {
        {SKUA_E_LINE_TOO_LONG, offsetof(sk_h1_limits, line_max), " bytes"},
        {SKUA_E_FIELD_TOO_LONG, offsetof(sk_h1_limits, line_max), " bytes"},
        {SKUA_E_HEAD_TOO_LARGE, offsetof(sk_h1_limits, block_max), " bytes"},
        {SKUA_E_TOO_MANY_FIELDS, offsetof(sk_h1_limits, fields_max), ""},
    };
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        const char *limit = (const char *)s->h1.limits + limits[i].at;
        if (limits[i].code == ev->error)
            return sk_fail(err, ev->error, SKUA_PHASE_RECV, "%s of %" PRIu32 "%s", ev->what,
                           *(const uint32_t *)(const void *)limit, limits[i].unit);
    }
    return sk_fail(err, ev->error, SKUA_PHASE_RECV, "%s", ev->what);
}

int sk_session_next(sk_session *s, sk_event *ev, skua_error *err) {
    s->span_len = 0;
    for (;;) {
        sk_event_kind kind = pull(s, ev);
        if (kind == SK_EV_ERROR)
            return fail_parse(s, ev, err);
        if (kind != SK_EV_NEED)
            return 0;
        int rc = fill(s, err);
        if (rc != 0)
            return rc;
    }
}

static size_t take_span(sk_session *s, void *dst, size_t len) {
    uint32_t n = s->span_len < len ? s->span_len : (uint32_t)len;
    memcpy(dst, s->in->data + s->span_at, n);
    s->span_at += n;
    s->span_len -= n;
    return n;
}

/* Read past the buffer, if the body allows it. As read_some; SKUA_E_UNSUPPORTED: it does not. */
static ptrdiff_t read_direct(sk_session *s, void *dst, size_t len, skua_error *err) {
    uint64_t allowed = len >= DIRECT_MIN ? sk_h1_direct(&s->h1) : 0;
    if (allowed == 0 || s->eof)
        return SKUA_E_UNSUPPORTED;
    ptrdiff_t n = read_some(s, dst, allowed < len ? (size_t)allowed : len, err);
    if (n > 0)
        sk_h1_skip(&s->h1, (uint64_t)n);
    return n;
}

ptrdiff_t sk_session_body(sk_session *s, void *dst, size_t len, sk_event *ev, skua_error *err) {
    for (;;) {
        if (s->span_len > 0)
            return (ptrdiff_t)take_span(s, dst, len);
        ptrdiff_t n = read_direct(s, dst, len, err);
        if (n > 0 || (n < 0 && n != SKUA_E_UNSUPPORTED))
            return n;
        int rc = sk_session_next(s, ev, err);
        if (rc != 0)
            return rc;
        if (ev->kind != SK_EV_DATA)
            return 0;
        s->span_at = (uint32_t)(ev->data.ptr - s->in->data);
        s->span_len = (uint32_t)ev->data.len;
    }
}

/* ---- sending ---- */

/* Send what is in out, and data behind it. Returns how many of data were taken, once out is empty
 * and some were; 0 when out is empty and there is no data. */
static ptrdiff_t send_with(sk_session *s, const char *data, size_t len, skua_error *err) {
    for (;;) {
        size_t queued = sk_buf_len(s->out);
        skua_str pieces[2] = {{queued ? sk_buf_head(s->out) : "", queued}, {data, len}};
        if (queued + len == 0)
            return 0;
        size_t first = queued ? 0 : 1;
        size_t count = (len ? 2u : 1u) - first;
        ptrdiff_t n = s->stream->ops->writev(s->stream, pieces + first, count, err);
        if (n < 0)
            return n;
        s->sent += n;
        size_t of_queue = (size_t)n < queued ? (size_t)n : queued;
        sk_buf_consume(s->out, of_queue);
        if ((size_t)n > of_queue)
            return n - (ptrdiff_t)of_queue;
    }
}

int sk_session_flush(sk_session *s, skua_error *err) {
    return (int)send_with(s, NULL, 0, err);
}

/* Begin a piece of body, or go on with the one begun. Returns how many bytes it takes from data of
 * this length; 0 when they are to be dropped; or an error. */
static ptrdiff_t begin_piece(sk_session *s, size_t len, skua_error *err) {
    if (len > PIECE_MAX)
        len = PIECE_MAX;
    if (s->piece_left == 0) {
        int rc = sk_h1_data_begin(&s->h1, s->out, len);
        if (rc == SKUA_E_NOMEM)
            return sk_fail_nomem(err);
        if (rc < 0)
            return sk_fail(err, rc, SKUA_PHASE_SEND, "more body than was announced");
        if (rc == 0)
            return 0;
        s->piece_left = (uint32_t)len;
    }
    return (ptrdiff_t)(len < s->piece_left ? len : s->piece_left);
}

static void piece_sent(sk_session *s, size_t n) {
    s->piece_left -= (uint32_t)n;
    if (s->piece_left == 0)
        sk_h1_data_end(&s->h1, s->out);
}

ptrdiff_t sk_session_write(sk_session *s, const void *data, size_t len, skua_error *err) {
    ptrdiff_t n = begin_piece(s, len, err);
    if (n <= 0)
        return n < 0 ? n : (ptrdiff_t)len;
    if ((size_t)n <= SMALL_PIECE && sk_buf_len(s->out) <= SMALL_PIECE) {
        sk_buf_append(s->out, data, (size_t)n);
        if (s->out->failed)
            return sk_fail_nomem(err);
    } else {
        n = send_with(s, data, (size_t)n, err);
        if (n < 0)
            return n;
    }
    piece_sent(s, (size_t)n);
    return n;
}

/* Through the output buffer, for a stream that cannot send files. */
static ptrdiff_t send_read(sk_session *s, int fd, int64_t *offset, size_t len, skua_error *err) {
    size_t room = len < FILE_PIECE ? len : FILE_PIECE;
    char *p = sk_buf_reserve(s->out, room);
    if (!p)
        return sk_fail_nomem(err);
    ptrdiff_t n = sk_file_read_at(fd, p, room, *offset);
    if (n < 0)
        return sk_fail_os(err, SKUA_E_OS, SKUA_PHASE_SEND, (int)-n, "reading a file");
    sk_buf_commit(s->out, (size_t)n);
    *offset += n;
    return n;
}

ptrdiff_t sk_session_sendfile(sk_session *s, int fd, int64_t *offset, size_t len, skua_error *err) {
    const skua_stream_ops *ops = s->stream->ops;
    if (ops->sendfile && ops->more && len > 0 && sk_buf_len(s->out) > 0)
        ops->more(s->stream); /* the head leaves with the first bytes of its body */
    int rc = sk_session_flush(s, err);
    if (rc != 0)
        return rc;
    ptrdiff_t n = begin_piece(s, len, err);
    if (n <= 0)
        return n < 0 ? n : (ptrdiff_t)len;
    if (!s->stream->ops->sendfile) {
        n = send_read(s, fd, offset, (size_t)n, err);
    } else {
        n = s->stream->ops->sendfile(s->stream, fd, offset, (size_t)n, err);
        if (n > 0)
            s->sent += n;
    }
    if (n <= 0)
        return n;
    piece_sent(s, (size_t)n);
    if (s->stream->ops->sendfile)
        return n;
    rc = sk_session_flush(s, err);
    return rc == 0 || rc == SKUA_E_AGAIN ? n : rc;
}

/* ---- waiting ---- */

skua_want sk_session_want(const sk_session *s, unsigned events) {
    if (sk_buf_len(s->out) > 0)
        events |= SKUA_WANT_WRITE;
    return s->stream->ops->want(s->stream, events);
}

/* Reading that waits is one system call in place of two. It has a time of its own, which must fit
 * into that there is; where it waited in vain, what is left of that is waited for exactly. */
static bool can_wait_in_read(const sk_session *s, unsigned events, int timeout_ms) {
    bool fits = timeout_ms < 0 || timeout_ms >= 2 * SKUA_READ_WAITING_MS;
    return s->patient && !s->in_vain && fits && events == SKUA_WANT_READ &&
           sk_stream_can_read_waiting(s->stream);
}

int sk_session_wait(sk_session *s, unsigned events, int timeout_ms, skua_error *err) {
    if (sk_buf_len(s->out) > 0)
        events |= SKUA_WANT_WRITE;
    s->waits = can_wait_in_read(s, events, timeout_ms);
    if (s->waits) {
        s->dry = false;
        return 0;
    }
    int rc = sk_stream_wait(s->stream, events, timeout_ms, err);
    if (rc == 0)
        s->dry = false;
    return rc;
}
