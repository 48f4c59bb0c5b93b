/* server/reply_way.c - a reply's way to its connection, and the waiting where that is full. */
#include "server/reply_way.h"

#include "server/deferral.h"
#include "sys/clock.h"

int sk_reply_way_begin(sk_reply_way *w, const skua_reply *a) {
    sk_exchange *x = sk_exchange_of_reply(a);
    sk_deferral *d = x->deferral;
    if (!d) {
        *w = (sk_reply_way){.conn = x->conn, .out = x->conn->session.out};
        return 0;
    }
    sk_mutex_lock(&d->lock);
    *w = (sk_reply_way){.conn = d->conn, .out = &d->out, .deferral = d};
    if (d->conn)
        return 0;
    sk_mutex_unlock(&d->lock);
    return SKUA_E_BROKEN_PIPE;
}

void sk_reply_way_end(sk_reply_way *w) {
    if (!w->deferral)
        return;
    sk_deferral_post(w->deferral);
    sk_mutex_unlock(&w->deferral->lock);
}

skua_str sk_reply_way_date_line(const sk_reply_way *w, char room[SK_DATE_LINE_LEN]) {
    if (!w->deferral)
        return sk_worker_date_line(w->conn->worker);
    sk_date_format_line(sk_clock_unix(), room);
    return (skua_str){room, SK_DATE_LINE_LEN};
}

static int write_inline(sk_sconn *c, const char *data, size_t len) {
    int rc = sk_h1_data(&c->session.h1, c->session.out, data, len);
    return rc == 0 ? sk_sconn_relieve(c) : rc;
}

static bool is_full(const sk_deferral *d) {
    return sk_buf_len(&d->out) >= SK_DEFERRAL_MARK;
}

/* With the lock held. 0 when there is room. */
static int wait_for_room(sk_deferral *d, bool first) {
    if (!is_full(d) || (!d->pooled && !first))
        return 0;
    d->told_full = !d->pooled;
    while (d->pooled && is_full(d) && d->conn)
        sk_cond_wait(&d->moved, &d->lock);
    return is_full(d) && d->conn ? SKUA_E_AGAIN : 0;
}

/* With the lock held. */
static int append(sk_deferral *d, const char *data, size_t len) {
    int rc = d->conn ? sk_h1_data(&d->conn->session.h1, &d->out, data, len) : SKUA_E_BROKEN_PIPE;
    if (rc == 0)
        sk_deferral_post(d);
    return rc;
}

int sk_reply_way_data(skua_reply *a, const char *data, size_t len, bool first) {
    sk_exchange *x = sk_exchange_of_reply(a);
    sk_deferral *d = x->deferral;
    if (!d)
        return write_inline(x->conn, data, len);
    sk_mutex_lock(&d->lock);
    int rc = wait_for_room(d, first);
    if (rc == 0)
        rc = append(d, data, len);
    sk_mutex_unlock(&d->lock);
    return rc;
}

int sk_reply_way_room(skua_reply *a, bool first) {
    sk_deferral *d = sk_exchange_of_reply(a)->deferral;
    if (!d)
        return 0;
    sk_mutex_lock(&d->lock);
    int rc = wait_for_room(d, first);
    if (rc == 0 && !d->conn)
        rc = SKUA_E_BROKEN_PIPE;
    sk_mutex_unlock(&d->lock);
    return rc;
}

int sk_reply_way_append(skua_reply *a, const char *data, size_t len) {
    sk_exchange *x = sk_exchange_of_reply(a);
    sk_deferral *d = x->deferral;
    if (!d)
        return write_inline(x->conn, data, len);
    sk_mutex_lock(&d->lock);
    int rc = append(d, data, len);
    sk_mutex_unlock(&d->lock);
    return rc;
}
