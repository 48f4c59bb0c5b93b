/* client/conn_life.c - the life of a connection object, from its making to its end; what happens on
 * it in between is in conn.c. */
#include "client/conn.h"

#include "base/fail.h"
#include "base/mem.h"
#include "base/options.h"

/* ---- making and ending ---- */

void sk_conn_begin_timeline(skua_conn *c) {
    double now = c->count_from >= 0 ? c->count_from : sk_timeline_clock(c->settings->o.clock);
    sk_timeline_begin(&c->trip.timeline, now);
}

skua_conn *sk_conn_make(sk_conn_plan *plan, skua_error *err) {
    skua_conn *c = sk_zalloc(sizeof *c);
    if (!c) {
        sk_origin_free(&plan->origin);
        sk_fail_nomem(err);
        return NULL;
    }
    c->settings = plan->settings;
    c->own_settings = plan->own_settings;
    c->origin = plan->origin;
    if (sk_route_choose(&c->route, c->settings, &c->origin, err) != 0) {
        sk_origin_free(&c->origin);
        sk_free(c);
        return NULL;
    }
    c->given = plan->given;
    c->was_given = plan->given != NULL;
    c->life = plan->life;
    sk_origin_name(&c->origin, &c->peer);
    sk_list_init(&c->channels);
    c->count_from = plan->count_from;
    sk_conn_begin_timeline(c);
    return c;
}

static skua_conn *make(sk_settings *s, const char *where, const skua_conn_opts *o,
                       skua_error *err) {
    sk_conn_plan plan = {.settings = s, .own_settings = s, .given = o->stream, .count_from = -1};
    if (sk_origin_parse(&plan.origin, where, err) != 0)
        return NULL;
    if (plan.origin.https && sk_settings_load_tls(s, o->tls, err) != 0) {
        sk_origin_free(&plan.origin);
        return NULL;
    }
    plan.life = sk_bound_in(s->o.clock, s->o.deadline_ms);
    return sk_conn_make(&plan, err);
}

skua_conn *skua_conn_new(const char *where, const skua_conn_opts *opts, skua_error *err) {
    skua_conn_opts all;
    if (!where) {
        sk_fail(err, SKUA_E_INVALID_ARGUMENT, SKUA_PHASE_NONE, "a place to connect to is needed");
        return NULL;
    }
    if (sk_options_copy(&all, sizeof all, opts, err) != 0)
        return NULL;
    sk_settings *s = sk_settings_new(opts, err);
    if (!s)
        return NULL;
    skua_conn *c = make(s, where, &all, err);
    if (!c)
        sk_settings_free(s);
    return c;
}

void sk_conn_drop_channel(skua_conn *c) {
    sk_channel_release(c->channel);
    c->channel = NULL;
}

void sk_conn_close_channel(skua_conn *c) {
    if (c->channel)
        sk_channel_close(c->channel);
    sk_conn_drop_channel(c);
}

void sk_conn_forget(skua_conn *c) {
    sk_round_trip_reset(&c->trip);
    sk_body_close(&c->body);
    sk_buf_free(&c->spare);
    c->source = NULL;
    c->replayed = false;
    c->latched = 0;
    c->state = SK_CONN_IDLE;
}

void skua_conn_close(skua_conn *c) {
    if (!c)
        return;
    sk_conn_forget(c);
    while (!sk_list_empty(&c->channels))
        sk_channel_close(SK_CONTAINER(c->channels.next, sk_channel, siblings));
    sk_conn_drop_channel(c);
}

void skua_conn_free(skua_conn *c) {
    if (!c)
        return;
    skua_conn_close(c);
    if (c->given)
        c->given->ops->close(c->given);
    sk_round_trip_free(&c->trip);
    sk_tls_scratch_free(c->scratch);
    sk_tunnel_free(c->tunnel);
    sk_route_free(&c->route);
    sk_origin_free(&c->origin);
    sk_settings_free(c->own_settings);
    sk_free(c);
}

/* ---- connecting ---- */

sk_bound sk_conn_call_bound(const skua_conn *c) {
    const skua_conn_opts *o = &c->settings->o;
    return sk_bound_first(c->life, sk_bound_in(o->clock, o->timeout_ms));
}

int skua_conn_set_deadline(skua_conn *c, int64_t deadline_ms) {
    if (!c || deadline_ms < SKUA_FOREVER)
        return SKUA_E_INVALID_ARGUMENT;
    int64_t ms = deadline_ms == 0 ? SKUA_FOREVER : deadline_ms;
    c->life = sk_bound_in(c->settings->o.clock, ms);
    for (sk_link *at = c->channels.next; at != &c->channels; at = at->next)
        SK_CONTAINER(at, sk_channel, siblings)->life = c->life;
    return 0;
}

int skua_conn_connect(skua_conn *c, skua_error *err) {
    if (!c)
        return sk_fail_absent(err, "a connection is needed");
    if (c->channel && sk_channel_is_open(c->channel))
        return 0;
    sk_conn_drop_channel(c);
    skua_error failure;
    if (c->state == SK_CONN_IDLE)
        sk_conn_begin_timeline(c);
    int rc = sk_conn_dial(c, sk_conn_call_bound(c), &failure);
    if (rc != 0 && err)
        *err = failure;
    return rc;
}

/* ---- tracing ---- */

void skua_conn_set_debuglevel(skua_conn *c, int level) {
    /* Only a client's calls share settings, and their connections are nobody's to set. */
    if (c && c->own_settings)
        c->own_settings->o.debuglevel = level;
}

/* ---- asking ---- */

int skua_conn_info(skua_conn *c, skua_stream_info *out) {
    if (!c || !out || out->size < sizeof out->size)
        return SKUA_E_INVALID_ARGUMENT;
    if (!c->channel || !sk_channel_is_open(c->channel))
        return SKUA_E_NOT_CONNECTED;
    size_t size = out->size < sizeof *out ? out->size : sizeof *out;
    skua_stream *stream = c->channel->session.stream;
    skua_stream_info info = {.size = sizeof info};
    if (stream->ops->info)
        stream->ops->info(stream, &info);
    info.size = out->size;
    memcpy(out, &info, size);
    return 0;
}

void skua_conn_timings(const skua_conn *c, skua_timings *out) {
    if (!out)
        return;
    if (!c) {
        *out = (skua_timings){-1, -1, -1, -1, -1, -1, -1};
        return;
    }
    *out = c->trip.timeline.at;
    if (out->total < 0)
        out->total = sk_timeline_since(&c->trip.timeline, c->settings->o.clock);
}
