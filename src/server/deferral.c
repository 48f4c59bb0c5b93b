/* server/deferral.c - where a connection and whoever finishes its reply meet. */
#include "server/deferral.h"

#include "base/mem.h"
#include "server/conn.h"
#include "server/reply.h"

#define COPY_MAX (16u << 10) /* more is handed over as it is */

static void free_deferral(sk_deferral *d) {
    sk_callbacks_unref(d->callbacks);
    sk_buf_free(&d->out);
    sk_buf_free(&d->body.in);
    sk_tls_peer_free(d->peer);
    sk_cond_free(&d->moved);
    sk_mutex_free(&d->lock);
    sk_free(d);
}

/* Nobody has to do with either any more. */
static void free_all(sk_deferral *d) {
    sk_exchange *x = d->exchange;
    free_deferral(d);
    if (!x)
        return;
    x->deferral = NULL;
    sk_exchange_free(x);
}

/* ---- the call in the loop's thread ---- */

static void on_call(sk_call *call) {
    sk_deferral *d = SK_CONTAINER(call, sk_deferral, call);
    sk_mutex_lock(&d->lock);
    d->posted = false;
    sk_sconn *c = d->conn;
    bool orphan = !c && d->finished;
    sk_mutex_unlock(&d->lock);
    if (c)
        sk_sconn_turn(c);
    else if (orphan)
        free_all(d);
}

void sk_deferral_post(sk_deferral *d) {
    if (d->posted || !d->conn)
        return;
    d->posted = true;
    sk_loop_post(d->conn->worker->loop, &d->call);
}

/* ---- beginning and finishing ---- */

static bool init(sk_deferral *d) {
    if (sk_mutex_init(&d->lock) != 0)
        return false;
    if (sk_cond_init(&d->moved) == 0)
        return true;
    sk_mutex_free(&d->lock);
    return false;
}

/* What the request gives out must not need the connection any more. */
static bool detach_request(sk_exchange *x, sk_deferral *d) {
    const char *client = sk_sconn_client(x->conn);
    d->client = sk_arena_strndup(&x->arena, client, strlen(client));
    d->is_tls = x->conn->is_tls;
    skua_stream *s = x->conn->session.stream;
    d->peer = sk_tls_is(s) ? sk_tls_peer_hold(s) : NULL;
    return d->client && sk_request_keep(&x->request) == 0 && *skua_request_id(&x->request);
}

int sk_deferral_begin(sk_exchange *x) {
    sk_deferral *d = sk_zalloc(sizeof *d);
    if (!d || !init(d)) {
        sk_free(d);
        return SKUA_E_NOMEM;
    }
    d->call.fn = on_call;
    d->exchange = x;
    d->conn = x->conn;
    if (!detach_request(x, d)) {
        free_deferral(d);
        return SKUA_E_NOMEM;
    }
    d->callbacks = x->callbacks;
    if (d->callbacks)
        sk_callbacks_ref(d->callbacks);
    x->deferral = d;
    return 0;
}

void sk_deferral_finish(sk_deferral *d, int result) {
    sk_mutex_lock(&d->lock);
    /* What the callbacks use may go as soon as this returns. */
    while (d->telling && !sk_thread_is_self(d->teller))
        sk_cond_wait(&d->moved, &d->lock);
    d->finished = true;
    d->result = result;
    sk_deferral_post(d);
    bool orphan = !d->conn && !d->posted;
    sk_mutex_unlock(&d->lock);
    if (orphan)
        free_all(d);
}

/* ---- the worker's side ---- */

static void move(sk_buf *from, sk_buf *to) {
    if (sk_buf_len(to) == 0 && sk_buf_len(from) > COPY_MAX) {
        sk_buf old = *to;
        *to = *from;
        *from = old;
        sk_buf_clear(from);
        return;
    }
    sk_buf_append_str(to, sk_buf_str(from));
    sk_buf_clear(from);
}

void sk_deferral_unlock_to_tell(sk_deferral *d) {
    d->telling = true;
    d->teller = sk_thread_self();
    sk_mutex_unlock(&d->lock);
}

void sk_deferral_lock_again(sk_deferral *d) {
    sk_mutex_lock(&d->lock);
    d->telling = false;
    sk_cond_tell_all(&d->moved);
}

static void tell(sk_deferral *d, sk_deferral_event event) {
    if (!event.fn || d->finished)
        return;
    sk_deferral_unlock_to_tell(d);
    event.fn(&d->exchange->reply, event.user);
    sk_deferral_lock_again(d);
}

bool sk_deferral_collect(sk_deferral *d, sk_buf *out) {
    sk_mutex_lock(&d->lock);
    bool any = sk_buf_len(&d->out) > 0;
    bool finished = d->finished;
    if (any) {
        move(&d->out, out);
        sk_cond_tell_all(&d->moved);
    }
    if (d->told_full && d->on_room.fn) {
        d->told_full = false;
        tell(d, d->on_room);
    }
    sk_mutex_unlock(&d->lock);
    return finished;
}

int sk_deferral_end(sk_deferral *d) {
    int result = d->result;
    sk_deferral_leave_source(d);
    sk_mutex_lock(&d->lock);
    d->exchange->deferral = NULL;
    d->exchange = NULL;
    d->conn = NULL;
    bool free_now = !d->posted; /* else the call does it */
    sk_mutex_unlock(&d->lock);
    if (free_now)
        free_deferral(d);
    return result;
}

void sk_deferral_tell_gone(sk_deferral *d) {
    sk_mutex_lock(&d->lock);
    bool first = !d->told_gone;
    d->told_gone = true;
    sk_cond_tell_all(&d->moved);
    if (first)
        tell(d, d->on_gone);
    sk_mutex_unlock(&d->lock);
}

void sk_deferral_abandon(sk_deferral *d) {
    sk_deferral_break_body(d);
    sk_deferral_tell_gone(d);
    sk_mutex_lock(&d->lock);
    d->conn = NULL; /* from here on nobody posts, or gives it a source */
    bool ours = d->finished || d->source.fn;
    sk_cond_tell_all(&d->moved);
    sk_mutex_unlock(&d->lock);
    if (!ours)
        return; /* whoever finishes it frees it, and may have by now */
    sk_deferral_source_over(d, SKUA_E_BROKEN_PIPE);
    if (!d->posted)
        free_all(d);
}

bool sk_deferral_is_abandoned(sk_deferral *d) {
    sk_mutex_lock(&d->lock);
    bool abandoned = !d->conn;
    sk_mutex_unlock(&d->lock);
    return abandoned;
}

bool sk_deferral_take_over(sk_deferral *d) {
    sk_mutex_lock(&d->lock);
    bool posted = d->posted;
    bool mine = !d->finished && !sk_h1_send_begun(&d->conn->session.h1);
    if (mine) {
        d->conn = NULL;
        d->posted = true; /* the finisher does not free it while we still have to do with it */
    }
    sk_mutex_unlock(&d->lock);
    if (!mine)
        return false;
    sk_deferral_break_body(d);
    sk_deferral_tell_gone(d);
    sk_mutex_lock(&d->lock);
    d->posted = posted;
    bool orphan = d->finished && !d->posted;
    sk_mutex_unlock(&d->lock);
    if (orphan)
        free_all(d);
    return true;
}
