/* wire/h1.c - the HTTP/1 machine: receiving, and the life of an exchange. Sending is in h1_send.c.
 *
 * The two directions are two machines that share a connection.
 *
 *   receiving                                       sending (h1_send.c)
 *
 *   IDLE --(client: a request was sent)--+          IDLE <-------------------+
 *                                        v           | start                 |
 *   +--------------------------------> HEAD <-+     HEAD --interim finish----+
 *   |                    interim (1xx) |  +---+      | finish
 *   |         +-----------+------------+---------+   v
 *   |         v           v            v         |  BODY <-+ data
 *   |      LENGTH     CHUNK_LINE <-+  CLOSE      |   |  +---+
 *   |         |        |     |     |   | eof     |   | end, or the length is reached
 *   |         |        v 0   v     |   |         |   v
 *   |         |   TRAILERS CHUNK_DATA  |         |  DONE --start (client), cycle (server)--> ...
 *   |         |        |     |     |   |         |
 *   |         |        |   CHUNK_END   |         |  Both go to SWITCHED after 101, and after 2xx to
 *   |         v        v               v         |  CONNECT: what follows is not HTTP.
 *   |        END <-----+---------------+---------+
 *   |         v
 *   +------ DONE      cycle (server), or the next request is sent already (client)
 *
 *   Any receiving state goes to FAILED at an error, and stays there.
 */
#include "base/cold.h"
#include "wire/h1_state.h"

#define SIZE_LIMIT_MAX (UINT32_C(1) << 30) /* a head must fit into a buffer */

const char *sk_h1_limits_fault(const sk_h1_limits *limits) {
    if (limits->line_max > SIZE_LIMIT_MAX)
        return "line_max_bytes is more than 1 GiB";
    if (limits->block_max > SIZE_LIMIT_MAX)
        return "head_max_bytes is more than 1 GiB";
    if (limits->fields_max > UINT16_MAX) /* sk_h1_keys */
        return "fields_max is more than 65535";
    return NULL;
}

void sk_h1_init(sk_h1 *m, sk_role role, const sk_h1_limits *limits) {
    *m = (sk_h1){.limits = limits, .role = (uint8_t)role, .send_state = SK_H1_SEND_IDLE};
    m->recv_state = role == SK_SERVER ? SK_H1_RECV_HEAD : SK_H1_RECV_IDLE;
}

void sk_h1_feed(sk_h1 *m, const char *bytes, size_t len) {
    m->in = bytes;
    m->in_len = len > UINT32_MAX ? UINT32_MAX : (uint32_t)len;
    m->used = 0;
}

void sk_h1_eof(sk_h1 *m) {
    m->flags |= SK_H1_EOF;
}

SK_COLD static sk_event_kind fail(sk_h1 *m, sk_event *ev, int code, const char *what) {
    m->recv_state = SK_H1_RECV_FAILED;
    m->error = (int16_t)code;
    m->what = what;
    m->flags |= SK_H1_CLOSE;
    ev->error = code;
    ev->what = what;
    return SK_EV_ERROR;
}

static uint32_t available(const sk_h1 *m) {
    return m->in_len - m->used;
}

/* More input is needed to go on within a message; is there any to come? */
static sk_event_kind need(sk_h1 *m, sk_event *ev, const char *cut_short) {
    if (!(m->flags & SK_H1_EOF))
        return SK_EV_NEED;
    return fail(m, ev, SKUA_E_INCOMPLETE_READ, cut_short);
}

/* ---- heads ---- */

/* RFC 9112 2.2: empty lines before a request line are passed over. False: one may have begun. */
static bool skip_empty_lines(sk_h1 *m) {
    while (available(m) >= 2 && m->in[m->used] == '\r' && m->in[m->used + 1] == '\n')
        m->used += 2;
    return available(m) != 1 || m->in[m->used] != '\r';
}

static sk_h1_input input(const sk_h1 *m) {
    return (sk_h1_input){.bytes = m->in + m->used, .len = available(m), .limits = m->limits};
}

/* Is it worth parsing the block at hand? The first time always; after that only when the search,
 * which goes on where it ended, has found the end or something wrong. So a head that comes byte by
 * byte costs no more than its length. Once more when the first line is there: behind one that is
 * wrong nothing more may come. And at the end of the input: what is wrong with a block cut short
 * must not depend on the pieces it came in. Returns 1, 0, or a code. */
static int block_ready(sk_h1 *m, sk_h1_input *in) {
    bool in_first_line = m->line_at == 0;
    int ready = m->scanned == 0 ? 1 : sk_h1_scan_block(in, &m->scanned, &m->line_at);
    bool first_line_came = in_first_line && m->line_at > 0;
    return ready == 0 && (first_line_came || (m->flags & SK_H1_EOF)) ? 1 : ready;
}

/* An incomplete block: remember how far it was looked at. */
static int block_incomplete(sk_h1 *m, sk_h1_input *in) {
    return m->scanned == 0 ? sk_h1_scan_block(in, &m->scanned, &m->line_at) : 0;
}

/* Parse a head or trailer section, unless it is known to be incomplete. As sk_h1_parse_head. */
static ptrdiff_t parse_block(sk_h1 *m, sk_h1_input *in, sk_head *head, sk_h1_keys *keys) {
    int ready = block_ready(m, in);
    if (ready == 0)
        return 0;
    const char *found = in->what;
    ptrdiff_t n = keys ? sk_h1_parse_head(in, (sk_role)m->role, head, keys)
                       : sk_h1_parse_trailers(in, (sk_role)m->role, &head->fields);
    if (n == 0 && ready < 0) { /* only the search has seen what is wrong */
        in->what = found;
        return ready;
    }
    if (n == 0)
        n = block_incomplete(m, in);
    if (n > 0) {
        m->scanned = m->line_at = 0;
        m->used += (uint32_t)n;
    }
    return n;
}

/* The connection ended before a head was complete. */
static sk_event_kind head_cut_short(sk_h1 *m, sk_event *ev, bool begun) {
    if (!begun)
        return SK_EV_CLOSED;
    if (m->role == SK_CLIENT && !memchr(m->in + m->used, '\n', available(m)))
        return fail(m, ev, SKUA_E_BAD_STATUS_LINE, "closed within the status line");
    return fail(m, ev, SKUA_E_INCOMPLETE_READ, "closed within the head");
}

static const uint8_t state_of_body[] = {
    [SK_BODY_NONE] = SK_H1_RECV_END,
    [SK_BODY_LENGTH] = SK_H1_RECV_LENGTH,
    [SK_BODY_CHUNKED] = SK_H1_RECV_CHUNK_LINE,
    [SK_BODY_CLOSE] = SK_H1_RECV_CLOSE,
};

static sk_event_kind head_received(sk_h1 *m, const sk_head *head) {
    if (m->role == SK_CLIENT && head->status < 200 && !head->upgrade)
        return SK_EV_INFO;
    if (m->role == SK_SERVER) {
        m->method = (uint8_t)sk_h1_method_of(head->method);
        if (head->version == 10)
            m->flags |= SK_H1_PEER_10;
    }
    if (!head->keep_alive)
        m->flags |= SK_H1_CLOSE;
    m->recv_state = state_of_body[head->body];
    m->recv_left = head->body == SK_BODY_LENGTH ? (uint64_t)head->content_length : 0;
    if (m->recv_state == SK_H1_RECV_LENGTH && m->recv_left == 0)
        m->recv_state = SK_H1_RECV_END;
    if (m->role == SK_CLIENT && head->upgrade) {
        m->recv_state = m->send_state = SK_H1_SWITCHED;
        m->flags |= SK_H1_CLOSE;
        return SK_EV_UPGRADE;
    }
    return SK_EV_HEAD;
}

static sk_event_kind next_head(sk_h1 *m, sk_event *ev) {
    bool begun = m->role == SK_CLIENT || m->scanned > 0 || skip_empty_lines(m);
    sk_h1_input in = input(m);
    sk_h1_keys keys;
    ptrdiff_t n = begun && in.len > 0 ? parse_block(m, &in, ev->head, &keys) : 0;
    if (n < 0)
        return fail(m, ev, (int)n, in.what);
    if (n == 0)
        return m->flags & SK_H1_EOF ? head_cut_short(m, ev, in.len > 0) : SK_EV_NEED;
    const char *what = NULL;
    int rc = m->role == SK_SERVER
                 ? sk_h1_frame_request(ev->head, &keys, &what)
                 : sk_h1_frame_response(ev->head, &keys, (sk_h1_method)m->method, &what);
    return rc != 0 ? fail(m, ev, rc, what) : head_received(m, ev->head);
}

/* ---- bodies ---- */

/* Give out what is there, at most recv_left. */
static sk_event_kind span(sk_h1 *m, sk_event *ev, uint8_t state_behind) {
    uint32_t n = available(m);
    if (n > m->recv_left)
        n = (uint32_t)m->recv_left;
    ev->data = (skua_str){m->in + m->used, n};
    m->used += n;
    m->recv_left -= n;
    if (m->recv_left == 0)
        m->recv_state = state_behind;
    return SK_EV_DATA;
}

static sk_event_kind next_length(sk_h1 *m, sk_event *ev) {
    if (available(m) == 0)
        return need(m, ev, "closed within a body of known length");
    return span(m, ev, SK_H1_RECV_END);
}

static sk_event_kind next_until_close(sk_h1 *m, sk_event *ev) {
    if (available(m) > 0) {
        m->recv_left = UINT64_MAX;
        return span(m, ev, SK_H1_RECV_CLOSE);
    }
    if (!(m->flags & SK_H1_EOF))
        return SK_EV_NEED;
    m->recv_state = SK_H1_RECV_END;
    return SK_EV_AGAIN;
}

static sk_event_kind next_chunk_line(sk_h1 *m, sk_event *ev) {
    static const char cut_short[] = "closed within a chunked body";
    sk_h1_input in = input(m);
    uint64_t size = 0;
    ptrdiff_t n = in.len > 0 ? sk_h1_parse_chunk_line(&in, &size) : 0;
    if (n < 0)
        return fail(m, ev, (int)n, in.what);
    if (n == 0)
        return need(m, ev, cut_short);
    m->used += (uint32_t)n;
    m->recv_left = size;
    m->recv_state = size > 0 ? SK_H1_RECV_CHUNK_DATA : SK_H1_RECV_TRAILERS;
    return SK_EV_AGAIN;
}

static sk_event_kind next_chunk_data(sk_h1 *m, sk_event *ev) {
    if (available(m) == 0)
        return need(m, ev, "closed within a chunk");
    return span(m, ev, SK_H1_RECV_CHUNK_END);
}

static sk_event_kind next_chunk_end(sk_h1 *m, sk_event *ev) {
    const char *p = m->in + m->used;
    if ((available(m) > 0 && p[0] != '\r') || (available(m) > 1 && p[1] != '\n'))
        return fail(m, ev, SKUA_E_BAD_CHUNK, "a chunk that is longer than its size");
    if (available(m) < 2)
        return need(m, ev, "closed within a chunked body");
    m->used += 2;
    m->recv_state = SK_H1_RECV_CHUNK_LINE;
    return SK_EV_AGAIN;
}

static sk_event_kind next_trailers(sk_h1 *m, sk_event *ev) {
    sk_h1_input in = input(m);
    ptrdiff_t n = in.len > 0 ? parse_block(m, &in, ev->head, NULL) : 0;
    if (n < 0)
        return fail(m, ev, (int)n, in.what);
    if (n == 0)
        return need(m, ev, "closed within the trailer section");
    m->recv_state = SK_H1_RECV_END;
    return ev->head->fields.count > 0 ? SK_EV_TRAILERS : SK_EV_AGAIN;
}

/* ---- between messages ---- */

/* A client's next response begins: to the request that was sent ahead of it. */
static void expect_response(sk_h1 *m) {
    m->recv_state = SK_H1_RECV_HEAD;
    m->method = m->next_method;
    m->flags &= (uint16_t)~SK_H1_SENT_AHEAD;
}

static sk_event_kind next_end(sk_h1 *m, sk_event *ev) {
    (void)ev;
    m->recv_state = SK_H1_RECV_DONE;
    if (m->flags & SK_H1_SENT_AHEAD)
        expect_response(m);
    return SK_EV_END;
}

bool sk_h1_take_end(sk_h1 *m) {
    sk_event unused;
    return m->recv_state == SK_H1_RECV_END && next_end(m, &unused) == SK_EV_END;
}

static sk_event_kind next_between(sk_h1 *m, sk_event *ev) {
    (void)ev;
    if (available(m) > 0)
        return SK_EV_PAUSED;
    return m->flags & SK_H1_EOF ? SK_EV_CLOSED : SK_EV_NEED;
}

static sk_event_kind next_failed(sk_h1 *m, sk_event *ev) {
    return fail(m, ev, m->error, m->what);
}

typedef sk_event_kind step_fn(sk_h1 *m, sk_event *ev);
static step_fn *const steps[] = {
    [SK_H1_RECV_IDLE] = next_between,
    [SK_H1_RECV_HEAD] = next_head,
    [SK_H1_RECV_LENGTH] = next_length,
    [SK_H1_RECV_CLOSE] = next_until_close,
    [SK_H1_RECV_CHUNK_LINE] = next_chunk_line,
    [SK_H1_RECV_CHUNK_DATA] = next_chunk_data,
    [SK_H1_RECV_CHUNK_END] = next_chunk_end,
    [SK_H1_RECV_TRAILERS] = next_trailers,
    [SK_H1_RECV_END] = next_end,
    [SK_H1_RECV_DONE] = next_between,
    [SK_H1_SWITCHED] = next_between,
    [SK_H1_RECV_FAILED] = next_failed,
};

sk_event_kind sk_h1_next(sk_h1 *m, sk_event *ev) {
    do
        ev->kind = steps[m->recv_state](m, ev);
    while (ev->kind == SK_EV_AGAIN);
    return ev->kind;
}

bool sk_h1_awaits_head(const sk_h1 *m) {
    return m->recv_state == SK_H1_RECV_HEAD && !(m->flags & SK_H1_EOF);
}

uint64_t sk_h1_direct(const sk_h1 *m) {
    if (available(m) > 0)
        return 0;
    if (m->recv_state == SK_H1_RECV_CLOSE)
        return UINT64_MAX;
    bool counted = m->recv_state == SK_H1_RECV_LENGTH || m->recv_state == SK_H1_RECV_CHUNK_DATA;
    return counted ? m->recv_left : 0;
}

void sk_h1_skip(sk_h1 *m, uint64_t n) {
    if (m->recv_state == SK_H1_RECV_CLOSE)
        return;
    m->recv_left -= n;
    if (m->recv_left == 0)
        m->recv_state = m->recv_state == SK_H1_RECV_LENGTH ? SK_H1_RECV_END : SK_H1_RECV_CHUNK_END;
}

bool sk_h1_recv_idle(const sk_h1 *m) {
    return m->recv_state == SK_H1_RECV_IDLE || m->recv_state == SK_H1_RECV_DONE;
}

bool sk_h1_recv_started(const sk_h1 *m) {
    return m->recv_state == SK_H1_RECV_HEAD && (m->scanned > 0 || available(m) > 0);
}

/* ---- the exchange ---- */

void sk_h1_request_sent(sk_h1 *m) {
    if (sk_h1_recv_idle(m))
        expect_response(m);
    else
        m->flags |= SK_H1_SENT_AHEAD;
}

bool sk_h1_can_cycle(const sk_h1 *m) {
    return sk_h1_recv_idle(m) && m->send_state == SK_H1_SEND_DONE && !(m->flags & SK_H1_CLOSE);
}

void sk_h1_cycle(sk_h1 *m) {
    m->recv_state = SK_H1_RECV_HEAD;
    m->send_state = SK_H1_SEND_IDLE;
    m->flags &= SK_H1_EOF;
    m->method = SK_H1_OTHER;
}

bool sk_h1_closing(const sk_h1 *m) {
    return (m->flags & SK_H1_CLOSE) != 0;
}

void sk_h1_set_close(sk_h1 *m) {
    m->flags |= SK_H1_CLOSE;
}
