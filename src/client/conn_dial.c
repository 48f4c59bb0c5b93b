/* client/conn_dial.c - making the channel of a connection; blocking, over the machines below that
 * are not.
 *
 *     a socket --> [TLS to the proxy] --> [a tunnel] --> [TLS to the origin] --> the channel
 *
 * An error names the hop that failed: the proxy, or the origin. */
#include "client/conn.h"

#include "base/fail.h"
#include "client/trace.h"
#include "net/stream_wait.h"
#include "net/tcp.h"
#include "sys/poller.h"

#include <stdio.h>
#include <string.h>

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
    if (resolved >= 0)
        sk_trace_phase(c->settings, "resolved", at->resolve);
    if (connected >= 0)
        sk_trace_phase(c->settings, "connected", at->connect);
}

static void note_attempts(skua_conn *c, const sk_dial *d) {
    c->attempt_count = sk_dial_attempts(d, sk_clock_ms(), c->attempts,
                                        (int)(sizeof c->attempts / sizeof c->attempts[0]));
}

/* The descriptor, or an error. */
static int dial(skua_conn *c, const sk_dial_opts *opts, skua_error *err) {
    double began = sk_timeline_since(&c->trip.timeline, c->settings->o.clock);
    c->attempt_count = 0;
    sk_dial *d = sk_dial_start(opts, sk_clock_ms(), err);
    if (!d)
        return err->code;
    int fd = SKUA_E_AGAIN, rc = 0;
    while (rc == 0 && (fd = sk_dial_step(d, sk_clock_ms(), err)) == SKUA_E_AGAIN)
        rc = wait_for_dial(d, err);
    note_times(c, d, began);
    note_attempts(c, d);
    sk_dial_free(d);
    return rc != 0 ? rc : fd;
}

/* ---- where to ---- */

static bool is_proxied(const skua_conn *c) {
    return c->route.kind != SK_ROUTE_STRAIGHT;
}

/* Whom a socket is opened to. */
static const sk_origin *next_hop(const skua_conn *c) {
    return is_proxied(c) ? &c->route.proxy.at : &c->origin;
}

static int dial_hop(skua_conn *c, const sk_origin *to, sk_bound call, skua_error *err) {
    const sk_settings *s = c->settings;
    const char *host = s->unix_host ? s->unix_host : to->host;
    bool is_unix = s->unix_host || sk_origin_is_unix(to);
    if (!is_unix && to->port == 0)
        return sk_fail(err, SKUA_E_INVALID_URL, SKUA_PHASE_CONNECT,
                       "port 0 is no port to connect to");
    const sk_override *o = is_unix ? NULL : sk_settings_override(s, to->host, to->port);
    sk_addr addresses[SK_DIAL_RACE_MAX];
    for (int i = 0; o && i < o->count; i++) {
        addresses[i] = o->at[i];
        sk_addr_set_port(&addresses[i], to->port);
    }
    sk_peer peer;
    sk_origin_name(to, &peer);
    sk_trace_line(s, SKUA_TRACE_INFO, "connecting to %s%s%s", is_proxied(c) ? "the proxy " : "",
                  s->unix_host ? s->unix_host : peer.target, o ? " (address given)" : "");
    return dial(c,
                &(sk_dial_opts){.host = host,
                                .port = to->port,
                                .family = s->family,
                                .public_only = s->o.network == SKUA_NET_PUBLIC_ONLY,
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
    int fd = dial_hop(c, next_hop(c), call, err);
    if (fd < 0)
        return fd;
    *out = sk_tcp_new(fd);
    if (*out)
        return 0;
    sk_socket_close(fd);
    return sk_fail_nomem(err);
}

/* ---- on the way ---- */

sk_bound sk_conn_within(const skua_conn *c, sk_bound call, int64_t ms) {
    return sk_bound_first(call, sk_bound_in(c->settings->o.clock, ms));
}

int sk_conn_wait(const skua_conn *c, skua_stream *stream, unsigned events, sk_bound until,
                 skua_error *err) {
    int left = sk_bound_left(c->settings->o.clock, until);
    /* A peer that always has another byte makes every wait succeed: the bound is looked at here. */
    return left == 0 ? SKUA_E_TIMEOUT : sk_stream_wait(stream, events, left, err);
}

static skua_stream_info describe(skua_stream *stream) {
    skua_stream_info info = {.size = sizeof info};
    if (stream->ops->info)
        stream->ops->info(stream, &info);
    return info;
}

static void note_address(sk_peer *peer, skua_stream *stream) {
    skua_stream_info info = describe(stream);
    memcpy(peer->address, info.peer, sizeof peer->address);
}

static void trace_tls(const skua_conn *c, skua_stream *stream) {
    if (!sk_trace_is_on(c->settings, SKUA_TRACE_INFO))
        return;
    skua_stream_info info = describe(stream);
    sk_trace_line(c->settings, SKUA_TRACE_INFO, "%s, %s, certificate of %s", info.tls_version,
                  info.tls_cipher, info.tls_subject);
}

/* With buffers of its own: two streams of TLS, one within the other, cannot share any. */
static int secure_proxy(skua_conn *c, const sk_peer *proxy, sk_bound call, skua_stream **stream,
                        skua_error *err) {
    const sk_conn_leg leg = {.tls = c->settings->proxy_tls,
                             .host = c->route.proxy.at.host,
                             .peer = proxy,
                             .scratch = sk_tls_scratch_new()};
    if (!leg.scratch)
        return sk_fail_nomem(err);
    int rc = sk_conn_secure(c, &leg, call, stream, err);
    sk_tls_scratch_free(leg.scratch); /* the stream keeps it */
    if (rc != 0)
        return rc;
    trace_tls(c, *stream);
    sk_tls_tell_to(*stream, NULL, NULL); /* whoever takes what is within it over may outlive us */
    return 0;
}

static int pass_proxy(skua_conn *c, const sk_peer *proxy, sk_bound call, skua_stream **stream,
                      skua_error *err) {
    int rc = 0;
    if (c->route.proxy.at.https)
        rc = secure_proxy(c, proxy, call, stream, err);
    if (rc == 0 && c->route.kind == SK_ROUTE_TUNNEL)
        rc = sk_conn_open_tunnel(c, call, stream, err);
    return rc;
}

static int secure_origin(skua_conn *c, const sk_peer *origin, sk_bound call, skua_stream **stream,
                         skua_error *err) {
    if (!c->scratch)
        c->scratch = sk_tls_scratch_new();
    if (!c->scratch)
        return sk_fail_nomem(err);
    const sk_conn_leg leg = {c->settings->tls, c->origin.host, origin, c->scratch};
    int rc = sk_conn_secure(c, &leg, call, stream, err);
    if (rc != 0)
        return rc;
    c->trip.timeline.at.tls = sk_timeline_since(&c->trip.timeline, c->settings->o.clock);
    sk_trace_phase(c->settings, "TLS", c->trip.timeline.at.tls);
    trace_tls(c, *stream);
    return 0;
}

/* ---- the channel ---- */

/* The socket, and what of a proxy stands in front of the origin. */
static int reach_origin(skua_conn *c, sk_peer *peer, sk_bound call, skua_stream **out,
                        skua_error *err) {
    sk_peer proxy;
    sk_origin_name(next_hop(c), &proxy);
    int rc = plain_stream(c, call, out, err);
    if (rc == 0 && *out) {
        note_address(peer, *out);
        memcpy(proxy.address, peer->address, sizeof proxy.address);
        sk_trace_line(c->settings, SKUA_TRACE_INFO, "connected to %s", peer->address);
        rc = is_proxied(c) ? pass_proxy(c, &proxy, call, out, err) : 0;
    }
    if (rc == 0 || !is_proxied(c))
        return rc == 0 ? 0 : sk_peer_blame(peer, SKUA_PHASE_NONE, err);
    return sk_peer_blame_proxy(&proxy, peer, err);
}

/* Whether it is the origin or the proxy that does not answer, a client cannot tell. */
static void name_both(const skua_conn *c, sk_peer *peer) {
    sk_peer proxy;
    sk_origin_name(&c->route.proxy.at, &proxy);
    size_t len = strlen(peer->host);
    snprintf(peer->host + len, sizeof peer->host - len, " (proxy %s)", proxy.target);
}

static int open_stream(skua_conn *c, sk_peer *peer, sk_bound call, skua_stream **out,
                       skua_error *err) {
    int rc = reach_origin(c, peer, call, out, err);
    if (rc != 0)
        return rc;
    if (c->route.kind == SK_ROUTE_FORWARD)
        name_both(c, peer);
    if (c->origin.https && secure_origin(c, peer, call, out, err) != 0)
        return sk_peer_blame(peer, SKUA_PHASE_NONE, err);
    return 0;
}

static int connect_channel(skua_conn *c, sk_bound call, skua_error *err) {
    skua_stream *stream = NULL;
    sk_peer peer = c->peer;
    int rc = open_stream(c, &peer, call, &stream, err);
    if (rc == 0) {
        c->channel = sk_channel_new(stream, c->settings, &peer, c->life, &c->stats);
        rc = c->channel ? 0 : sk_fail_nomem(err);
    }
    if (rc != 0 || !c->channel) {
        if (stream)
            stream->ops->close(stream);
        return rc;
    }
    sk_list_push_back(&c->channels, &c->channel->siblings);
    c->stats.connects++;
    return 0;
}

int sk_conn_dial(skua_conn *c, sk_bound call, skua_error *err) {
    sk_tunnel_free(c->tunnel);
    c->tunnel = NULL;
    int rc = connect_channel(c, sk_conn_within(c, call, c->settings->o.establish_timeout_ms), err);
    if (rc != 0)
        err->retry_safe = 1; /* nothing of a request has left */
    return rc;
}

bool sk_conn_move(skua_conn *c, const skua_url *to) {
    sk_origin origin = {0};
    sk_route route = {0};
    bool usable = c->channel && sk_channel_is_open(c->channel);
    bool moves = usable && sk_origin_of_url(&origin, to, NULL) == 0 &&
                 sk_route_choose(&route, c->settings, &origin, NULL) == 0 &&
                 sk_route_is_shared(&c->route, &route);
    sk_route_free(&route);
    if (!moves) {
        sk_origin_free(&origin);
        return false;
    }
    sk_origin_free(&c->origin);
    c->origin = origin;
    sk_origin_name(&c->origin, &c->peer);
    sk_peer peer = c->peer;
    memcpy(peer.address, c->channel->peer.address, sizeof peer.address);
    name_both(c, &peer);
    c->channel->peer = peer;
    return true;
}

/* ---- asking ---- */

int skua_conn_attempts(const skua_conn *c, skua_attempt *out, int cap) {
    if (!c || !out || cap <= 0)
        return 0;
    int count = c->attempt_count < cap ? c->attempt_count : cap;
    memcpy(out, c->attempts, (size_t)count * sizeof *out);
    return count;
}
