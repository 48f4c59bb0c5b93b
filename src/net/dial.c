/* net/dial.c - from a name to a connected socket (RFC 8305).
 *
 *     RESOLVING --addresses--> RACING --one is connected--> done
 *         |                      |  an attempt begins every stagger_ms, and at once when one fails;
 *         v                      v  at most SK_DIAL_RACE_MAX at a time: a later one ends the oldest
 *       error                  error, when all have failed or connect_ms has passed
 *
 * What goes into an error is put together in net/dial_report.c. */
#include "base/fail.h"
#include "base/mem.h"
#include "base/str.h"
#include "net/dial_state.h"
#include "net/network_policy.h"
#include "sys/clock.h"

#include <errno.h>

#define STAGGER_MIN_MS 10 /* RFC 8305 5: never less */
#define BUSY_RETRY_MS  10

/* ---- the order of the addresses ---- */

static sk_family family_of(const sk_addr *a) {
    if (a->ss.ss_family == AF_INET)
        return SK_FAMILY_V4;
    return a->ss.ss_family == AF_INET6 ? SK_FAMILY_V6 : SK_FAMILY_ANY;
}

typedef struct candidates {
    const sk_addr *addrs;
    int count;
    sk_family wanted; /* SK_FAMILY_ANY: all */
    sk_family first;  /* of the first wanted one */
} candidates;

/* The next wanted address from i on that is, or is not, of the first family; count at the end. */
static int find(const candidates *c, int i, bool of_first) {
    for (; i < c->count; i++) {
        sk_family f = family_of(&c->addrs[i]);
        bool wanted = c->wanted == SK_FAMILY_ANY || f == c->wanted;
        if (wanted && (f == c->first) == of_first)
            break;
    }
    return i;
}

/* RFC 8305 4: the families take turns, beginning with that of the first address; within a family
 * the order stays. */
static int order_addresses(sk_dial *d, const sk_addr *addrs, int count) {
    d->attempts = sk_zalloc((size_t)count * sizeof *d->attempts);
    if (!d->attempts)
        return SKUA_E_NOMEM;
    candidates c = {addrs, count, d->family, d->family};
    if (c.wanted == SK_FAMILY_ANY)
        c.first = family_of(&addrs[0]);
    int at[2] = {find(&c, 0, true), find(&c, 0, false)};
    for (int turn = 0; at[0] < count || at[1] < count; turn = !turn) {
        if (at[turn] >= count)
            turn = !turn;
        d->attempts[d->count++] = (sk_dial_attempt){.to = addrs[at[turn]], .fd = -1};
        at[turn] = find(&c, at[turn] + 1, turn == 0);
    }
    return 0;
}

/* ---- starting ---- */

static int begin_race(sk_dial *d, const sk_addr *addrs, int count, int64_t now) {
    d->resolved_ms = now - d->started;
    d->phase_started = now;
    d->phase_end = sk_earlier(sk_deadline(now, d->connect_ms), d->deadline);
    d->next_at = now;
    return order_addresses(d, addrs, count);
}

static int begin_unix(sk_dial *d, skua_str path, int64_t now, skua_error *err) {
    sk_addr a;
    int rc = sk_addr_unix(path, &a);
    if (rc != 0)
        return sk_fail(err, rc, SKUA_PHASE_CONNECT, "%s: the path is empty or too long", d->host);
    d->is_unix = true;
    d->has_from = false;
    d->family = SK_FAMILY_ANY;
    rc = begin_race(d, &a, 1, now);
    return rc == 0 ? 0 : sk_fail_nomem(err);
}

/* 0, or any other number when err is filled. */
static int begin(sk_dial *d, const sk_dial_opts *o, int64_t now, skua_error *err) {
    const skua_str scheme = SK_LIT("unix:");
    if (o->address_count > 0)
        return begin_race(d, o->addresses, o->address_count, now) == 0 ? 0 : sk_fail_nomem(err);
    if (strncmp(d->host, scheme.ptr, scheme.len) == 0)
        return begin_unix(d, sk_str(d->host + scheme.len), now, err);
    d->phase_started = now;
    d->phase_end = sk_earlier(sk_deadline(now, o->resolve_ms), o->deadline);
    d->resolve = sk_resolve_start(d->host, d->port, d->family, o->lookup, o->lookup_user, err);
    return d->resolve ? 0 : SKUA_E_RESOLVE;
}

static sk_dial *new_dial(const sk_dial_opts *o, int64_t now) {
    size_t size = strlen(o->host) + 1;
    sk_dial *d = sk_zalloc(sizeof *d + size);
    if (!d)
        return NULL;
    memcpy(d->host, o->host, size);
    d->port = o->port;
    d->family = o->family;
    if (o->from) {
        d->has_from = true;
        d->from = *o->from;
        /* Addresses of the other family could not be reached from there. */
        if (d->family == SK_FAMILY_ANY)
            d->family = family_of(o->from);
    }
    d->connect_ms = o->connect_ms;
    d->stagger_ms = o->stagger_ms;
    if (d->stagger_ms >= 0 && d->stagger_ms < STAGGER_MIN_MS)
        d->stagger_ms = STAGGER_MIN_MS;
    d->public_only = o->public_only;
    d->deadline = o->deadline;
    d->started = now;
    d->resolved_ms = d->connected_ms = -1;
    return d;
}

sk_dial *sk_dial_start(const sk_dial_opts *opts, int64_t now, skua_error *err) {
    if (!opts->host || opts->host[0] == '\0') {
        sk_fail(err, SKUA_E_INVALID_ARGUMENT, SKUA_PHASE_RESOLVE, "no host name");
        return NULL;
    }
    sk_dial *d = new_dial(opts, now);
    if (!d) {
        sk_fail_nomem(err);
        return NULL;
    }
    if (begin(d, opts, now, err) == 0)
        return d;
    sk_dial_free(d);
    return NULL;
}

/* ---- resolving ---- */

static int step_resolve(sk_dial *d, int64_t now, skua_error *err) {
    const sk_addr *addrs;
    int eai, count;
    if (!sk_resolve_done(d->resolve, &eai, &addrs, &count))
        return now < d->phase_end ? SKUA_E_AGAIN : sk_dial_report_timeout(d, now, err);
    if (eai != 0)
        return sk_dial_report_resolve(d, eai, err);
    int rc = begin_race(d, addrs, count, now);
    sk_resolve_release(d->resolve);
    d->resolve = NULL;
    return rc == 0 ? 0 : sk_fail_nomem(err);
}

/* ---- racing ---- */

static void end_attempt(sk_dial *d, sk_dial_attempt *a, sk_dial_result result, int64_t now) {
    sk_socket_close(a->fd);
    a->fd = -1;
    a->result = result;
    a->ended = now;
    d->racing--;
}

/* See how those under way are doing. Returns the descriptor of one that is connected, or -1. */
static int check_attempts(sk_dial *d, int64_t now) {
    for (int i = 0; i < d->next; i++) {
        sk_dial_attempt *a = &d->attempts[i];
        if (a->result != SK_DIAL_UNDER_WAY)
            continue;
        int failure = sk_socket_connect_result(a->fd);
        if (failure == EINPROGRESS)
            continue;
        if (failure == 0) {
            int fd = a->fd;
            a->fd = -1;
            end_attempt(d, a, SK_DIAL_CONNECTED, now);
            return fd;
        }
        a->os_errno = failure;
        end_attempt(d, a, SK_DIAL_FAILED, now);
        d->next_at = now;
    }
    return -1;
}

static void end_oldest(sk_dial *d, int64_t now) {
    sk_dial_attempt *a = d->attempts;
    while (a->result != SK_DIAL_UNDER_WAY)
        a++;
    end_attempt(d, a, SK_DIAL_OVERTAKEN, now);
}

/* Checked here, on what is about to be dialled, wherever the address came from. */
static bool forbid_attempt(sk_dial *d, sk_dial_attempt *a, int64_t now) {
    char room[SK_NETWORK_POLICY_TEXT];
    if (!d->public_only || !sk_network_policy_fault(&a->to, room))
        return false;
    a->result = SK_DIAL_FORBIDDEN;
    a->os_errno = EACCES;
    a->began = a->ended = now;
    d->next++;
    d->next_at = now;
    return true;
}

/* Begin the next attempt. Returns its descriptor if it is connected already, or -1. */
static int begin_attempt(sk_dial *d, int64_t now) {
    sk_dial_attempt *a = &d->attempts[d->next];
    bool done;
    if (forbid_attempt(d, a, now))
        return -1;
    int fd = sk_socket_connect(&a->to, d->has_from ? &d->from : NULL, &done);
    if (a->result == SK_DIAL_WAITING)
        a->began = now;
    if (fd == -EAGAIN) {
        /* A Unix listener whose queue is full refuses instead of queueing. */
        a->result = SK_DIAL_BUSY;
        d->next_at = now + BUSY_RETRY_MS;
        return -1;
    }
    d->next++;
    a->ended = now;
    if (fd < 0) {
        a->os_errno = -fd;
        a->result = SK_DIAL_FAILED;
        d->next_at = now;
        return -1;
    }
    d->next_at = sk_deadline(now, d->stagger_ms);
    if (done) {
        a->result = SK_DIAL_CONNECTED;
        return fd;
    }
    a->fd = fd;
    a->result = SK_DIAL_UNDER_WAY;
    d->racing++;
    return -1;
}

static int begin_due_attempts(sk_dial *d, int64_t now) {
    int fd = -1;
    while (fd < 0 && d->next < d->count && d->next_at <= now) {
        if (d->racing == SK_DIAL_RACE_MAX)
            end_oldest(d, now);
        fd = begin_attempt(d, now);
    }
    return fd;
}

static void close_attempts(sk_dial *d) {
    for (int i = 0; i < d->next; i++) {
        sk_socket_close(d->attempts[i].fd);
        d->attempts[i].fd = -1;
    }
}

static int step_race(sk_dial *d, int64_t now, skua_error *err) {
    int fd = check_attempts(d, now);
    if (fd < 0 && now < d->phase_end)
        fd = begin_due_attempts(d, now);
    if (fd >= 0) {
        d->connected_ms = now - d->started;
        close_attempts(d);
        return fd;
    }
    if (d->racing == 0 && d->next == d->count)
        return sk_dial_report_failed(d, now, err);
    return now < d->phase_end ? SKUA_E_AGAIN : sk_dial_report_timeout(d, now, err);
}

int sk_dial_step(sk_dial *d, int64_t now, skua_error *err) {
    int rc = d->resolve ? step_resolve(d, now, err) : 0;
    return rc == 0 ? step_race(d, now, err) : rc;
}

int sk_dial_wants(const sk_dial *d, skua_want *out, int cap, int64_t *deadline) {
    int n = 0;
    *deadline = d->phase_end;
    if (d->resolve) {
        int fd = sk_resolve_fd(d->resolve);
        if (fd < 0)
            *deadline = d->phase_started; /* done already */
        else if (cap > 0)
            out[n++] = (skua_want){.fd = fd, .events = SKUA_WANT_READ};
        return n;
    }
    if (d->next < d->count)
        *deadline = sk_earlier(*deadline, d->next_at);
    for (int i = 0; i < d->next && n < cap; i++) {
        if (d->attempts[i].result == SK_DIAL_UNDER_WAY)
            out[n++] = (skua_want){.fd = d->attempts[i].fd, .events = SKUA_WANT_WRITE};
    }
    return n;
}

void sk_dial_times(const sk_dial *d, int64_t *resolved_ms, int64_t *connected_ms) {
    *resolved_ms = d->resolved_ms;
    *connected_ms = d->connected_ms;
}

void sk_dial_free(sk_dial *d) {
    if (!d)
        return;
    sk_resolve_release(d->resolve);
    if (d->attempts)
        close_attempts(d);
    sk_free(d->attempts);
    sk_free(d);
}
