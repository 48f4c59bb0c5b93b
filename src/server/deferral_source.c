/* server/deferral_source.c - a reply's body that a function gives, piece by piece, on the loop. */
#include "server/deferral.h"

#include "server/reply_parts.h"

/* ---- in the loop's thread ---- */

bool sk_deferral_has_source(sk_deferral *d) {
    sk_mutex_lock(&d->lock);
    bool has = d->source.fn && !d->source.dry && !d->finished;
    d->source.resumed = false;
    sk_mutex_unlock(&d->lock);
    return has;
}

void sk_deferral_source_dry(sk_deferral *d) {
    sk_mutex_lock(&d->lock);
    d->source.dry = !d->source.resumed;
    sk_mutex_unlock(&d->lock);
}

void sk_deferral_leave_source(sk_deferral *d) {
    void (*done)(void *user) = d->source.done;
    d->source.done = NULL;
    if (done)
        done(d->source.user);
}

void sk_deferral_source_over(sk_deferral *d, int result) {
    sk_deferral_leave_source(d);
    sk_mutex_lock(&d->lock);
    d->finished = true;
    d->result = result;
    sk_mutex_unlock(&d->lock);
}

/* ---- the program's side ---- */

int skua_reply_stream(skua_reply *a, skua_reply_source_fn *fn, void (*done)(void *user),
                      void *user) {
    if (!a || !fn)
        return SKUA_E_INVALID_ARGUMENT;
    if (a->error)
        return a->error;
    if (a->state != SK_REPLY_OPEN || a->file >= 0 || a->poured)
        return sk_reply_latch(a, SKUA_E_STATE);
    int rc = skua_reply_defer(a);
    if (rc != 0)
        return rc;
    sk_deferral *d = sk_exchange_of_reply(a)->deferral;
    sk_mutex_lock(&d->lock);
    rc = d->conn ? 0 : SKUA_E_BROKEN_PIPE;
    if (rc == 0) {
        a->poured = true;
        d->source = (sk_deferral_source){.fn = fn, .done = done, .user = user};
        sk_deferral_post(d);
    }
    sk_mutex_unlock(&d->lock);
    return rc == 0 ? 0 : sk_reply_latch(a, rc);
}

int skua_reply_resume(skua_reply *a) {
    if (!a)
        return SKUA_E_INVALID_ARGUMENT;
    sk_deferral *d = sk_exchange_of_reply(a)->deferral;
    if (!d)
        return SKUA_E_STATE;
    sk_mutex_lock(&d->lock);
    int rc = d->source.fn ? 0 : SKUA_E_STATE;
    d->source.resumed = true;
    if (rc == 0 && d->source.dry) {
        d->source.dry = false;
        sk_deferral_post(d);
    }
    sk_mutex_unlock(&d->lock);
    return rc;
}
