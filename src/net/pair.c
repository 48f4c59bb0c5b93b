/* net/pair.c - two streams joined in memory, with scripted faults and a manual clock.
 *
 * Each end has an inbox, which the other end's writes fill. Nothing happens by itself: an end that
 * waits gives the other its turn, until there is something to read or room to write; when nobody
 * has anything left to do the wait is over, and the clock stands where it would have ended. */
#include "net/pair.h"

#include "base/buf.h"
#include "base/fail.h"
#include "base/mem.h"
#include "sys/clock.h"

#include <stdio.h>
#include <string.h>

/* A turn that says for ever that there is more to do is a broken test: it ends as a time-out. */
#define TURNS_MAX 100000

typedef struct fault {
    sk_fault_kind kind;
    unsigned countdown; /* calls until it is met; 0: it has been */
    size_t arg;
} fault;

typedef struct end {
    skua_stream base;
    sk_pair *pair;
    struct end *peer;
    sk_buf inbox;
    bool shut; /* it has ended its sending direction */
    bool closed;
    fault read_fault, write_fault;
    unsigned reads, writes;
    sk_pair_turn_fn *turn;
    void *turn_user;
} end;

struct sk_pair {
    end ends[2];
    size_t capacity;
    sk_manual_clock *clock;
    int holders; /* both ends and the test */
};

static int64_t manual_now(void *user) {
    return ((sk_manual_clock *)user)->now_ms;
}

skua_clock sk_manual_clock_face(sk_manual_clock *c) {
    return (skua_clock){.now_ms = manual_now, .user = c};
}

static void release(sk_pair *p) {
    if (--p->holders == 0)
        sk_free(p);
}

/* ---- faults ---- */

/* The fault that this call meets. Short and again pass; the others stay. */
static sk_fault_kind meet(fault *f, size_t *len) {
    if (f->countdown > 0 && --f->countdown > 0)
        return SK_FAULT_NONE;
    sk_fault_kind kind = f->kind;
    if (kind == SK_FAULT_SHORT && *len > f->arg)
        *len = f->arg;
    if (kind == SK_FAULT_SHORT || kind == SK_FAULT_AGAIN)
        f->kind = SK_FAULT_NONE;
    return kind;
}

static sk_fault_kind met(const fault *f) {
    return f->countdown == 0 ? f->kind : SK_FAULT_NONE;
}

static fault new_fault(unsigned nth, sk_fault_kind kind, size_t arg) {
    /* To move nothing would be the end of the stream, not a short call. */
    return (fault){.kind = kind, .countdown = nth > 0 ? nth : 1, .arg = arg > 0 ? arg : 1};
}

void sk_pair_fault_read(sk_pair *p, int which, unsigned nth, sk_fault_kind kind, size_t arg) {
    p->ends[which].read_fault = new_fault(nth, kind, arg);
}

void sk_pair_fault_write(sk_pair *p, int which, unsigned nth, sk_fault_kind kind, size_t arg) {
    p->ends[which].write_fault = new_fault(nth, kind, arg);
}

/* ---- the stream ---- */

static ptrdiff_t pair_read(skua_stream *s, void *buf, size_t len, skua_error *err) {
    end *e = (end *)s;
    e->reads++;
    switch (meet(&e->read_fault, &len)) {
    case SK_FAULT_AGAIN:
    case SK_FAULT_STALL:
        return SKUA_E_AGAIN;
    case SK_FAULT_RESET:
        return sk_fail_plain(err, SKUA_E_CONNECTION_RESET, SKUA_PHASE_RECV);
    case SK_FAULT_EOF:
        return 0;
    default:
        break;
    }
    size_t n = sk_buf_len(&e->inbox);
    if (n == 0)
        return e->peer->shut || e->peer->closed ? 0 : SKUA_E_AGAIN;
    if (n > len)
        n = len;
    memcpy(buf, sk_buf_head(&e->inbox), n);
    sk_buf_consume(&e->inbox, n);
    return (ptrdiff_t)n;
}

static size_t room(const end *e) {
    size_t used = sk_buf_len(&e->peer->inbox);
    return used < e->pair->capacity ? e->pair->capacity - used : 0;
}

static ptrdiff_t deliver(end *e, const skua_str *pieces, size_t count, size_t most) {
    size_t sent = 0;
    for (size_t i = 0; i < count && sent < most; i++) {
        size_t n = pieces[i].len < most - sent ? pieces[i].len : most - sent;
        sk_buf_append(&e->peer->inbox, pieces[i].ptr, n);
        sent += n;
    }
    return (ptrdiff_t)sent;
}

static ptrdiff_t pair_writev(skua_stream *s, const skua_str *pieces, size_t count,
                             skua_error *err) {
    end *e = (end *)s;
    e->writes++;
    size_t most = room(e);
    switch (meet(&e->write_fault, &most)) {
    case SK_FAULT_AGAIN:
    case SK_FAULT_STALL:
        return SKUA_E_AGAIN;
    case SK_FAULT_RESET:
        return sk_fail_plain(err, SKUA_E_CONNECTION_RESET, SKUA_PHASE_SEND);
    case SK_FAULT_EOF:
        return sk_fail_plain(err, SKUA_E_BROKEN_PIPE, SKUA_PHASE_SEND);
    default:
        break;
    }
    if (e->shut || e->peer->closed)
        return sk_fail_plain(err, SKUA_E_BROKEN_PIPE, SKUA_PHASE_SEND);
    return most == 0 ? SKUA_E_AGAIN : deliver(e, pieces, count, most);
}

static int pair_shutdown(skua_stream *s, skua_error *err) {
    (void)err;
    ((end *)s)->shut = true;
    return 0;
}

static void pair_close(skua_stream *s) {
    end *e = (end *)s;
    e->closed = true;
    sk_buf_free(&e->inbox);
    release(e->pair);
}

static skua_want pair_want(skua_stream *s, unsigned events) {
    (void)s;
    return (skua_want){.fd = -1, .events = events};
}

static void pair_info(skua_stream *s, skua_stream_info *info) {
    const end *e = (end *)s;
    int which = e == &e->pair->ends[1];
    snprintf(info->local, sizeof info->local, "pair:%d", which);
    snprintf(info->peer, sizeof info->peer, "pair:%d", !which);
}

/* ---- waiting ---- */

static bool readable(const end *e) {
    sk_fault_kind f = met(&e->read_fault);
    if (f != SK_FAULT_NONE)
        return f != SK_FAULT_STALL;
    return sk_buf_len(&e->inbox) > 0 || e->peer->shut || e->peer->closed;
}

static bool writable(const end *e) {
    sk_fault_kind f = met(&e->write_fault);
    if (f != SK_FAULT_NONE)
        return f != SK_FAULT_STALL;
    return e->shut || e->peer->closed || room(e) > 0;
}

static bool ready(const end *e, unsigned events) {
    return ((events & SKUA_WANT_READ) && readable(e)) ||
           ((events & SKUA_WANT_WRITE) && writable(e));
}

static int pair_wait(skua_stream *s, unsigned events, int timeout_ms, skua_error *err) {
    end *e = (end *)s;
    for (int turns = 0; turns < TURNS_MAX; turns++) {
        if (ready(e, events))
            return 0;
        if (!e->peer->turn || !e->peer->turn(e->peer->turn_user))
            break;
    }
    if (ready(e, events))
        return 0;
    if (timeout_ms < 0)
        return sk_fail(err, SKUA_E_STATE, SKUA_PHASE_STATE,
                       "waiting without end for a peer that has nothing to do");
    if (e->pair->clock)
        e->pair->clock->now_ms = sk_deadline(e->pair->clock->now_ms, timeout_ms);
    return sk_fail_plain(err, SKUA_E_TIMEOUT, SKUA_PHASE_NONE);
}

static const skua_stream_ops pair_ops = {
    .size = sizeof(skua_stream_ops),
    .flags = SKUA_STREAM_SHORT_IS_DRY,
    .read = pair_read,
    .writev = pair_writev,
    .shutdown = pair_shutdown,
    .close = pair_close,
    .want = pair_want,
    .info = pair_info,
    .wait = pair_wait,
};

/* ---- the pair ---- */

sk_pair *sk_pair_new(size_t capacity, sk_manual_clock *clock) {
    sk_pair *p = sk_zalloc(sizeof *p);
    if (!p)
        return NULL;
    p->capacity = capacity;
    p->clock = clock;
    p->holders = 3;
    for (int i = 0; i < 2; i++) {
        end *e = &p->ends[i];
        e->base.ops = &pair_ops;
        e->pair = p;
        e->peer = &p->ends[!i];
        /* All that will ever be needed, so that no write can fail for want of memory. */
        sk_buf_reserve(&e->inbox, capacity);
    }
    if (!p->ends[0].inbox.failed && !p->ends[1].inbox.failed)
        return p;
    sk_buf_free(&p->ends[0].inbox);
    sk_buf_free(&p->ends[1].inbox);
    sk_free(p);
    return NULL;
}

void sk_pair_free(sk_pair *p) {
    if (p)
        release(p);
}

skua_stream *sk_pair_end(sk_pair *p, int which) {
    return &p->ends[which].base;
}

void sk_pair_set_turn(sk_pair *p, int which, sk_pair_turn_fn *fn, void *user) {
    p->ends[which].turn = fn;
    p->ends[which].turn_user = user;
}

unsigned sk_pair_reads(const sk_pair *p, int which) {
    return p->ends[which].reads;
}

unsigned sk_pair_writes(const sk_pair *p, int which) {
    return p->ends[which].writes;
}
