/* server/deferred_reply.c - the public calls about a reply that is finished later. */
#include "server/deferral.h"
#include "server/reply_coding.h"
#include "server/worker.h"

static sk_deferral *deferral_of(skua_reply *a) {
    return sk_exchange_of_reply(a)->deferral;
}

int skua_reply_defer(skua_reply *a) {
    if (!a)
        return SKUA_E_INVALID_ARGUMENT;
    if (a->hooking || a->paging)
        return SKUA_E_STATE;
    sk_deferral *d = deferral_of(a);
    if (!d) {
        /* What was written so far is not to wait for what comes some time. */
        int rc = sk_reply_coding_flush(a);
        if (rc == 0)
            rc = sk_deferral_begin(sk_exchange_of_reply(a));
        if (rc != 0 && a->error == 0)
            a->error = rc;
        return rc;
    }
    sk_mutex_lock(&d->lock);
    if (d->kept) {
        *d->kept = true;
        d->kept = NULL;
        d->pooled = false;
    }
    sk_mutex_unlock(&d->lock);
    return 0;
}

int skua_reply_finish(skua_reply *a) {
    if (!a)
        return SKUA_E_INVALID_ARGUMENT;
    sk_deferral *d = deferral_of(a);
    if (!d)
        return SKUA_E_STATE;
    int rc = a->error;
    sk_deferral_finish(d, 0);
    return rc;
}

int skua_reply_is_gone(skua_reply *a) {
    sk_deferral *d = a ? deferral_of(a) : NULL;
    if (!d)
        return !a;
    sk_mutex_lock(&d->lock);
    bool gone = !d->conn || d->told_gone;
    sk_mutex_unlock(&d->lock);
    return gone;
}

/* 0, with the lock of the reply's deferral held. */
static int lock(skua_reply *a, sk_deferral **d) {
    if (!a)
        return SKUA_E_INVALID_ARGUMENT;
    *d = deferral_of(a);
    if (!*d)
        return SKUA_E_STATE;
    sk_mutex_lock(&(*d)->lock);
    return 0;
}

int skua_reply_on_gone(skua_reply *a, skua_reply_event_fn *fn, void *user) {
    sk_deferral *d;
    int rc = lock(a, &d);
    if (rc != 0)
        return rc;
    if (d->conn && !d->told_gone)
        d->on_gone = (sk_deferral_event){fn, user};
    else
        rc = SKUA_E_BROKEN_PIPE;
    sk_mutex_unlock(&d->lock);
    return rc;
}

int skua_reply_on_room(skua_reply *a, skua_reply_event_fn *fn, void *user) {
    sk_deferral *d;
    int rc = lock(a, &d);
    if (rc != 0)
        return rc;
    d->on_room = (sk_deferral_event){fn, user};
    if (d->told_full) /* and there may be room by now */
        sk_deferral_post(d);
    sk_mutex_unlock(&d->lock);
    return 0;
}
