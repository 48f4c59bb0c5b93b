/* server/deferral_body.c - a request's body on its way to a handler that takes it as it comes: from
 * the loop to a callback there, or to a thread of the pool, which waits for it. */
#include "server/deferral.h"

#define READ_AGAIN                                                                                 \
    (SK_DEFERRAL_MARK / 2) /* what a full buffer is emptied to before more is read                 \
                            */

/* ---- in the loop's thread ---- */

bool sk_deferral_wants_body(sk_deferral *d) {
    const sk_deferral_body *b = &d->body;
    sk_mutex_lock(&d->lock);
    bool wants = b->wanted && !b->over && !b->paused && !d->finished;
    sk_mutex_unlock(&d->lock);
    return wants;
}

static void keep(sk_deferral *d, const char *data, size_t len) {
    sk_deferral_body *b = &d->body;
    sk_buf_append(&b->in, data, len);
    b->paused = sk_buf_len(&b->in) >= SK_DEFERRAL_MARK;
    if (b->in.failed) {
        b->over = true;
        b->failed = SKUA_E_NOMEM;
    }
}

/* Called without the lock, which is held before and afterwards. */
static void call(sk_deferral *d, const char *data, ptrdiff_t len) {
    sk_deferral_body *b = &d->body;
    sk_deferral_unlock_to_tell(d);
    int rc = b->fn(&d->exchange->request, data, len, b->user);
    sk_deferral_lock_again(d);
    if (rc == SKUA_E_AGAIN) {
        b->paused = !b->resumed;
    } else if (rc < 0 && !d->finished) {
        b->over = true;
        d->finished = true;
        d->result = rc;
        sk_deferral_post(d);
    }
}

void sk_deferral_give_body(sk_deferral *d, const char *data, ptrdiff_t len) {
    sk_deferral_body *b = &d->body;
    sk_mutex_lock(&d->lock);
    b->over = len <= 0;
    b->failed = len < 0 ? (int)len : 0;
    b->resumed = false;
    if (d->finished)
        b->over = true;
    else if (b->fn)
        call(d, data, len);
    else if (len > 0)
        keep(d, data, (size_t)len);
    sk_cond_tell_all(&d->moved);
    sk_mutex_unlock(&d->lock);
}

void sk_deferral_break_body(sk_deferral *d) {
    if (!d->body.over)
        sk_deferral_give_body(d, NULL, SKUA_E_BROKEN_PIPE);
}

/* ---- the finisher's side ---- */

static void want(sk_deferral *d) {
    if (d->body.wanted)
        return;
    d->body.wanted = true;
    sk_deferral_post(d);
}

static ptrdiff_t take(sk_deferral *d, void *buf, size_t len) {
    sk_deferral_body *b = &d->body;
    size_t have = sk_buf_len(&b->in);
    size_t n = have < len ? have : len;
    memcpy(buf, sk_buf_head(&b->in), n);
    sk_buf_consume(&b->in, n);
    if (b->paused && have - n <= READ_AGAIN) {
        b->paused = false;
        sk_deferral_post(d);
    }
    return (ptrdiff_t)n;
}

static ptrdiff_t read_waiting(sk_deferral *d, void *buf, size_t len) {
    sk_deferral_body *b = &d->body;
    want(d);
    while (sk_buf_len(&b->in) == 0 && !b->over && d->conn)
        sk_cond_wait(&d->moved, &d->lock);
    if (sk_buf_len(&b->in) > 0)
        return take(d, buf, len);
    if (b->over)
        return b->failed;
    return SKUA_E_BROKEN_PIPE;
}

/* The body is at hand: what of it was not read yet. */
static ptrdiff_t read_whole(skua_request *q, void *buf, size_t len) {
    size_t left = sk_buf_len(&q->body) - q->body_read;
    size_t n = left < len ? left : len;
    if (n > 0)
        memcpy(buf, sk_buf_head(&q->body) + q->body_read, n);
    q->body_read += n;
    return (ptrdiff_t)n;
}

ptrdiff_t skua_request_read(skua_request *q, void *buf, size_t len) {
    if (!q || (!buf && len > 0))
        return SKUA_E_INVALID_ARGUMENT;
    sk_deferral *d = sk_exchange_of_request(q)->deferral;
    if (!q->streamed)
        return read_whole(q, buf, len);
    if (!d)
        return SKUA_E_STATE;
    sk_mutex_lock(&d->lock);
    ptrdiff_t n = SKUA_E_STATE;
    if (d->pooled && !d->body.fn)
        n = len > 0 ? read_waiting(d, buf, len) : 0;
    sk_mutex_unlock(&d->lock);
    return n;
}

int skua_request_on_body(skua_request *q, skua_request_body_fn *fn, void *user) {
    if (!q || !fn)
        return SKUA_E_INVALID_ARGUMENT;
    sk_exchange *x = sk_exchange_of_request(q);
    int rc = q->streamed ? skua_reply_defer(&x->reply) : SKUA_E_STATE;
    if (rc != 0)
        return rc;
    sk_deferral *d = x->deferral;
    sk_mutex_lock(&d->lock);
    rc = d->body.wanted ? SKUA_E_STATE : 0;
    if (rc == 0) {
        d->body.fn = fn;
        d->body.user = user;
        want(d);
    }
    sk_mutex_unlock(&d->lock);
    return rc;
}

int skua_request_resume(skua_request *q) {
    if (!q)
        return SKUA_E_INVALID_ARGUMENT;
    sk_deferral *d = sk_exchange_of_request(q)->deferral;
    if (!d)
        return SKUA_E_STATE;
    sk_mutex_lock(&d->lock);
    int rc = d->body.fn ? 0 : SKUA_E_STATE;
    d->body.resumed = true;
    if (rc == 0 && d->body.paused) {
        d->body.paused = false;
        sk_deferral_post(d);
    }
    sk_mutex_unlock(&d->lock);
    return rc;
}
