/* server/conn_turn.c - a connection's buffers during a turn, and the sending of what is queued.
 *
 * While a connection has its turn it reads into the worker's buffer and writes into the worker's.
 * What is left at the end moves to buffers of its own; they are given back when they are drained,
 * so that a connection at rest has none. */
#include "server/conn_step.h"

#define TURN_MAX    (1 << 20)    /* bytes moved in a turn, after which others have theirs */
#define OWN_READ    512u         /* room for a read into the connection's own buffer: slow peers */
#define BUFFER_KEPT (256u << 10) /* of the worker's output: what is larger is given back */

void sk_sconn_share_input(sk_sconn *c) {
    if (c->session.in == &c->in && sk_buf_len(&c->in) == 0) {
        sk_buf_free(&c->in);
        c->session.in = &c->worker->in;
        c->session.read_size = SK_SCONN_READ;
    }
}

static void share_output(sk_sconn *c) {
    if (c->session.out == &c->out && sk_buf_len(&c->out) == 0) {
        sk_buf_free(&c->out);
        c->session.out = &c->worker->out;
    }
}

void sk_sconn_begin_turn(sk_sconn *c) {
    sk_worker *w = c->worker;
    sk_buf_clear(&w->in);
    sk_buf_clear(&w->out);
    c->session.in = &c->in;
    c->session.read_size = OWN_READ;
    c->session.out = &c->out;
    sk_sconn_share_input(c);
    share_output(c);
    c->blocked = c->yield = false;
    w->turn_received = c->session.received;
    w->turn_sent = c->session.sent;
    w->turn_came = 0;
}

/* Mostly nothing is to be done: the request woke the loop, which told the first watch first. But a
 * request may have come later in the step: pipelined behind another, or on a new connection. */
void sk_sconn_catch_up(sk_sconn *c) {
    sk_worker *w = c->worker;
    if (c->exchange->first_byte < w->turn_came && sk_loop_first_is_told(w->loop))
        return;
    sk_loop_tell_first(w->loop);
    if (w->turn_came < c->session.received)
        w->turn_came = c->session.received;
}

bool sk_sconn_turn_is_over(const sk_sconn *c) {
    const sk_worker *w = c->worker;
    return c->session.received - w->turn_received + c->session.sent - w->turn_sent > TURN_MAX;
}

static bool copy_buffer(const sk_buf *from, sk_buf *to) {
    sk_buf_append(to, sk_buf_head(from), sk_buf_len(from));
    return !to->failed;
}

/* Much is handed over as it is, little is copied. */
static bool move_buffer(sk_buf *from, sk_buf *to) {
    if (from->cap > SK_SCONN_QUEUE_MAX && sk_buf_len(from) > SK_SCONN_QUEUE_MAX / 2) {
        *to = *from;
        *from = (sk_buf){0};
        return true;
    }
    return copy_buffer(from, to);
}

bool sk_sconn_end_turn(sk_sconn *c) {
    sk_worker *w = c->worker;
    bool kept = true;
    if (c->session.in == &w->in && sk_buf_len(&w->in) > 0)
        kept = copy_buffer(&w->in, &c->in); /* the worker's is larger by far than what is kept */
    if (c->session.out == &w->out && sk_buf_len(&w->out) > 0)
        kept = move_buffer(&w->out, &c->out) && kept;
    if (sk_buf_len(&c->in) == 0)
        sk_buf_free(&c->in);
    if (w->out.cap > BUFFER_KEPT)
        sk_buf_free(&w->out);
    c->session.in = &c->in;
    c->session.out = &c->out;
    return kept;
}

sk_step sk_sconn_flush(sk_sconn *c) {
    if (c->session.out->failed) /* something is missing in it */
        return SK_STEP_CLOSE;
    int rc = sk_sconn_queued(c) > 0 ? sk_session_flush(&c->session, NULL) : 0;
    c->blocked = rc == SKUA_E_AGAIN;
    if (rc == 0)
        share_output(c);
    return rc == 0 ? SK_STEP_ON : c->blocked ? SK_STEP_WAIT : SK_STEP_CLOSE;
}

int sk_sconn_relieve(sk_sconn *c) {
    if (c->blocked || sk_sconn_queued(c) <= SK_SCONN_QUEUE_MAX)
        return 0;
    return sk_sconn_flush(c) == SK_STEP_CLOSE ? SKUA_E_BROKEN_PIPE : 0;
}
