/* client/conn_dial.c - making the channel of a connection: dial, shake hands; blocking, over the
 * machines below that are not. */
#include "client/conn.h"

#include "base/fail.h"
#include "client/trace.h"
#include "net/tcp.h"
#include "sys/poller.h"

#include <inttypes.h>

#define STAGGER_MS 250 /* RFC 8305 5 */
#define WANTS_MAX  (SK_DIAL_RACE_MAX + 1)

/* ---- a socket ---- */

/* A bound of the settings' clock as a moment of the monotonic one, which dialling goes by. */
static int64_t real_deadline(const skua_conn *c, sk_bound call, int64_t real_now) {
    if (call.at == SK_NEVER)
        return SK_NEVER;
    int64_t left = call.at - sk_clock_now(c->settings->o.clock);
    return sk_deadline(real_now, left > 0 ? left : 0);
}

static int wait_for_any(const skua_want *wants, int count, int timeout_ms, skua_error *err) {
    if (count <= 1)
        return sk_poll_one(count ? wants[0].fd : -1, count ? wants[0].events : 0, timeout_ms, err);
    sk_poller *p = sk_poller_new(SK_POLLER_POLL);
    if (!p)
        return sk_fail_nomem(err);
    int rc = 0;
    for (int i = 0; i < count && rc == 0; i++)
        rc = sk_poller_add(p, wants[i].fd, wants[i].events, NULL);
    sk_ready ready[WANTS_MAX];
    if (rc == 0)
        rc = sk_poller_wait(p, ready, WANTS_MAX, timeout_ms);
    sk_poller_free(p);
    return rc < 0 ? sk_fail_os(err, SKUA_E_OS, SKUA_PHASE_CONNECT, -rc, "waiting") : 0;
}

static int wait_for_dial(const sk_dial *d, skua_error *err) {
    skua_want wants[WANTS_MAX];
    int64_t deadline = SK_NEVER;
    int count = sk_dial_wants(d, wants, WANTS_MAX, &deadline);
    int rc = wait_for_any(wants, count, sk_until(sk_clock_ms(), deadline), err);
    return rc == SKUA_E_TIMEOUT ? 0 : rc; /* what it means is for the next step to say */
}

static void note_times(skua_conn *c, const sk_dial *d, double began) {
    skua_timings *at = &c->trip.timeline.at;
    double now = sk_timeline_since(&c->trip.timeline, c->settings->o.clock);
    int64_t resolved, connected;
    sk_dial_times(d, &resolved, &connected);
    double then = began + (double)resolved; /* whole milliseconds: not beyond what is known */
    at->resolve = resolved < 0 ? -1 : then < now ? then : now;
    at->connect = connected < 0 ? -1 : now;
}

/* The descriptor, or an error. */
static int dial(skua_conn *c, const sk_dial_opts *opts, skua_error *err) {
    double began = sk_timeline_since(&c->trip.timeline, c->settings->o.clock);
    sk_dial *d = sk_dial_start(opts, sk_clock_ms(), err);
    if (!d)
        return err->code;
    int fd = SKUA_E_AGAIN, rc = 0;
    while (rc == 0 && (fd = sk_dial_step(d, sk_clock_ms(), err)) == SKUA_E_AGAIN)
        rc = wait_for_dial(d, err);
    note_times(c, d, began);
    sk_dial_free(d);
    return rc != 0 ? rc : fd;
}

static int dial_origin(skua_conn *c, sk_bound call, skua_error *err) {
    const sk_settings *s = c->settings;
    bool is_unix = sk_origin_is_unix(&c->origin);
    if (!is_unix && c->origin.port == 0)
        return sk_fail(err, SKUA_E_INVALID_URL, SKUA_PHASE_CONNECT,
                       "port 0 is no port to connect to");
    const sk_override *o = is_unix ? NULL : sk_settings_override(s, c->origin.host, c->origin.port);
    sk_addr addresses[SK_DIAL_RACE_MAX];
    for (int i = 0; o && i < o->count; i++) {
        addresses[i] = o->at[i];
        sk_addr_set_port(&addresses[i], c->origin.port);
    }
    sk_trace_line(s, SKUA_TRACE_INFO, "connecting to %s%s", c->peer.target,
                  o ? " (address given)" : "");
    return dial(c,
                &(sk_dial_opts){.host = c->origin.host,
                                .port = c->origin.port,
                                .family = s->family,
                                .from = s->has_from ? &s->from : NULL,
                                .resolve_ms = s->o.resolve_timeout_ms,
                                .connect_ms = s->o.connect_timeout_ms,
                                .stagger_ms = STAGGER_MS,
                                .deadline = real_deadline(c, call, sk_clock_ms()),
                                .addresses = o ? addresses : NULL,
                                .address_count = o ? o->count : 0},
                err);
}

static int take_given(skua_conn *c, skua_stream **out, skua_error *err) {
    *out = c->given;
    c->given = NULL;
    if (*out)
        return 0;
    return sk_fail(err, SKUA_E_NOT_CONNECTED, SKUA_PHASE_CONNECT,
                   "the stream that was given is closed, and there is no other");
}

static int plain_stream(skua_conn *c, sk_bound call, skua_stream **out, skua_error *err) {
    if (c->was_given)
        return take_given(c, out, err);
    int fd = dial_origin(c, call, err);
    if (fd < 0)
        return fd;
    *out = sk_tcp_new(fd);
    if (*out)
        return 0;
    sk_socket_close(fd);
    return sk_fail_nomem(err);
}

/* ---- TLS ---- */

static void warn(const skua_conn *c) {
    const char *keylog = sk_tls_ctx_keylog(c->settings->tls);
    if (sk_tls_ctx_insecure(c->settings->tls))
        sk_trace_line(c->settings, SKUA_TRACE_WARNING,
                      "certificate verification is off: %s may be anyone", c->peer.target);
    if (keylog)
        sk_trace_line(c->settings, SKUA_TRACE_WARNING,
                      "the keys of this connection are written to %s: whoever has them can read it",
                      keylog);
}

static void tell(const void *settings, const char *line) {
    sk_trace_line(settings, SKUA_TRACE_TLS, "%s", line);
}

static int wrap(skua_conn *c, skua_stream **stream, skua_error *err) {
    warn(c);
    if (!c->scratch)
        c->scratch = sk_tls_scratch_new();
    if (!c->scratch)
        return sk_fail_nomem(err);
    skua_stream *tls = sk_tls_client(c->settings->tls, *stream, c->origin.host, c->scratch, err);
    if (!tls)
        return err->code;
    sk_tls_resume(tls, c->peer.target);
    if (c->settings->o.trace)
        sk_tls_tell_to(tls, tell, c->settings);
    *stream = tls;
    return 0;
}

static int shake_hands(sk_channel *ch, sk_bound call, skua_error *err) {
    sk_bound until = sk_channel_within(ch, call, ch->settings->o.tls_timeout_ms);
    for (;;) {
        int rc = sk_tls_handshake(ch->session.stream, err);
        if (rc == SKUA_E_AGAIN)
            rc = sk_channel_wait(ch, SKUA_WANT_READ, until, err);
        else
            return rc;
        if (rc == SKUA_E_TIMEOUT)
            return sk_peer_fail(&ch->peer, err, rc, SKUA_PHASE_TLS,
                                "handshake not complete within %" PRId64 " ms", until.ms);
        if (rc != 0)
            return rc;
    }
}

/* ---- the channel ---- */

static skua_stream_info describe(skua_stream *stream) {
    skua_stream_info info = {.size = sizeof info};
    if (stream->ops->info)
        stream->ops->info(stream, &info);
    return info;
}

static sk_channel *new_channel(skua_conn *c, skua_stream *stream, skua_error *err) {
    skua_stream_info info = describe(stream);
    sk_peer peer = c->peer;
    memcpy(peer.address, info.peer, sizeof peer.address);
    sk_channel *ch = sk_channel_new(stream, c->settings, &peer, c->life, &c->stats);
    if (!ch) {
        stream->ops->close(stream);
        sk_fail_nomem(err);
        return NULL;
    }
    sk_list_push_back(&c->channels, &ch->siblings);
    sk_trace_line(c->settings, SKUA_TRACE_INFO, "connected to %s", info.peer);
    return ch;
}

static int secure(skua_conn *c, sk_channel *ch, sk_bound call, skua_error *err) {
    int rc = shake_hands(ch, call, err);
    if (rc != 0)
        return rc;
    c->trip.timeline.at.tls = sk_timeline_since(&c->trip.timeline, c->settings->o.clock);
    skua_stream_info info = describe(ch->session.stream);
    sk_trace_line(c->settings, SKUA_TRACE_INFO, "%s, %s, certificate of %s", info.tls_version,
                  info.tls_cipher, info.tls_subject);
    return 0;
}

static int connect_channel(skua_conn *c, sk_bound call, skua_error *err) {
    skua_stream *stream = NULL;
    int rc = plain_stream(c, call, &stream, err);
    if (rc != 0)
        return rc;
    if (c->origin.https && (rc = wrap(c, &stream, err)) != 0) {
        stream->ops->close(stream);
        return rc;
    }
    sk_channel *ch = new_channel(c, stream, err);
    if (!ch)
        return SKUA_E_NOMEM;
    rc = c->origin.https ? secure(c, ch, call, err) : 0;
    if (rc == 0) {
        c->stats.connects++;
        c->channel = ch;
        return 0;
    }
    sk_peer_blame(&ch->peer, SKUA_PHASE_NONE, err);
    sk_channel_release(ch);
    return rc;
}

int sk_conn_dial(skua_conn *c, sk_bound call, skua_error *err) {
    const skua_conn_opts *o = &c->settings->o;
    sk_bound all = sk_bound_in(sk_clock_now(o->clock), o->establish_timeout_ms);
    int rc = connect_channel(c, sk_bound_first(call, all), err);
    if (rc == 0)
        return 0;
    sk_peer_blame(&c->peer, SKUA_PHASE_NONE, err);
    err->retry_safe = 1; /* nothing of a request has left */
    return rc;
}
