/* server/conn_open.c - how a connection is opened and closed, and who is at its other end. */
#include "base/mem.h"
#include "server/conn_step.h"

#define SPARE_CONNS 64u

/* ---- memory ---- */

static sk_sconn *new_conn(sk_worker *w) {
    sk_sconn *c = w->spare_conns;
    if (c) {
        w->spare_conns = (sk_sconn *)(void *)c->link.next;
        w->spare_conn_count--;
    } else {
        c = sk_alloc(sizeof *c);
    }
    if (!c)
        return NULL;
    *c = (sk_sconn){.worker = w, .state = SK_SCONN_HEAD};
    c->watch = (sk_watch){.fn = sk_sconn_on_ready, .fd = -1};
    c->tcp.fd = -1;
    c->timer.fn = sk_sconn_on_timer;
    sk_list_push_back(&w->conns, &c->link);
    sk_count(&w->counts.connections, 1);
    sk_count(&w->counts.open, 1);
    return c;
}

static void free_conn(sk_sconn *c) {
    sk_worker *w = c->worker;
    sk_list_remove(&c->link);
    sk_count(&w->counts.open, -1);
    if (w->spare_conn_count >= SPARE_CONNS) {
        sk_free(c);
        return;
    }
    c->link.next = (sk_link *)(void *)w->spare_conns;
    w->spare_conns = c;
    w->spare_conn_count++;
}

void sk_sconn_free_spares(sk_worker *w) {
    while (w->spare_conns) {
        sk_sconn *c = w->spare_conns;
        w->spare_conns = (sk_sconn *)(void *)c->link.next;
        sk_free(c);
    }
}

/* ---- closing ---- */

void sk_sconn_close(sk_sconn *c) {
    sk_worker *w = c->worker;
    sk_sconn_drop_exchange(c);
    sk_loop_cancel(w->loop, &c->timer);
    if (c->watched)
        sk_loop_remove(w->loop, &c->watch);
    sk_buf_free(&c->in);
    sk_buf_free(&c->out);
    if (c->blocked) /* the system would keep what a peer that reads nothing is to read */
        sk_socket_reset_on_close(c->tcp.fd);
    if (c->extra)
        sk_census_leave_place(w->settings->census, c->extra->place);
    if (c->counted)
        sk_census_leave(w->settings->census);
    sk_free(c->extra);
    c->session.stream->ops->close(c->session.stream);
    free_conn(c);
    sk_worker_resume_accepting(w);
}

void sk_sconn_stop(sk_sconn *c) {
    bool replying = c->state == SK_SCONN_FILE || c->state == SK_SCONN_ENDING ||
                    c->state == SK_SCONN_LINGER || c->state == SK_SCONN_DEFERRED || c->blocked;
    if (replying)
        return;
    *(sk_sconn_is_under_way(c) ? &c->worker->ended.cut : &c->worker->ended.idle) += 1;
    if (!c->is_tls || c->state != SK_SCONN_HEAD) {
        sk_sconn_close(c);
        return;
    }
    sk_sconn_end(c); /* TLS may hold the end of a reply, and says when it is over */
    sk_sconn_turn(c);
}

void sk_sconn_drain(sk_sconn *c) {
    if (c->state == SK_SCONN_DEFERRED)
        sk_sconn_drain_deferred(c);
    else if (c->exchange && !sk_h1_send_begun(&c->session.h1))
        sk_h1_set_close(&c->session.h1);
    if (!sk_sconn_wait_less(c))
        sk_sconn_close(c);
}

bool sk_sconn_is_under_way(const sk_sconn *c) {
    return c->exchange || sk_buf_len(&c->in) > 0 || sk_buf_len(&c->out) > 0;
}

/* ---- opening ---- */

static void use_stream(sk_sconn *c, skua_stream *stream) {
    sk_session_init(&c->session, stream, SK_SERVER, &c->worker->settings->limits);
}

sk_sconn *sk_sconn_open_stream(sk_worker *w, skua_stream *stream) {
    sk_sconn *c = new_conn(w);
    if (c)
        use_stream(c, stream);
    else
        stream->ops->close(stream);
    return c;
}

/* Put TLS over the socket's stream. False: no memory, or the like. */
static bool wrap(sk_sconn *c, sk_tls_ctx *tls) {
    sk_worker *w = c->worker;
    if (!w->scratch)
        w->scratch = sk_tls_scratch_new();
    skua_stream *stream = NULL;
    if (w->scratch)
        stream = sk_tls_server(tls, &c->tcp.base, w->scratch, NULL);
    if (!stream)
        return false;
    use_stream(c, stream);
    c->is_tls = true;
    c->state = SK_SCONN_HANDSHAKE;
    return true;
}

static bool take_place(sk_sconn *c, sk_census_place *place) {
    if (!place)
        return true;
    if (!sk_sconn_extra_of(c)) {
        sk_census_leave_place(c->worker->settings->census, place);
        return false;
    }
    c->extra->place = place;
    return true;
}

int sk_sconn_open(sk_worker *w, const sk_arrival *a) {
    sk_tcp tcp;
    sk_tcp_init(&tcp, a->fd);
    tcp.sigpipe_held = w->sigpipe_held;
    sk_sconn *c = new_conn(w);
    if (!c) {
        tcp.base.ops->close(&tcp.base);
        sk_census_leave_place(w->settings->census, a->place);
        sk_census_leave(w->settings->census);
        return SKUA_E_NOMEM;
    }
    c->tcp = tcp;
    c->counted = w->settings->census != NULL;
    use_stream(c, &c->tcp.base);
    if (!take_place(c, a->place) || (a->tls && !wrap(c, a->tls))) {
        sk_sconn_close(c);
        return SKUA_E_NOMEM;
    }
    if (a->proxied)
        c->state = SK_SCONN_PROXY;
    sk_sconn_turn(c);
    return 0;
}

const char *sk_sconn_client(sk_sconn *c) {
    skua_stream *stream = c->session.stream;
    if (c->extra && c->extra->client[0])
        return c->extra->client;
    if (!stream->ops->info || !sk_sconn_extra_of(c))
        return "";
    skua_stream_info info = {.size = sizeof info};
    stream->ops->info(stream, &info);
    memcpy(c->extra->client, info.peer, sizeof c->extra->client);
    return c->extra->client;
}
