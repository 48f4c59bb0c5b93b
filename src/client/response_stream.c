/* client/response_stream.c - the stream that a response came over: its descriptor, and taking it
 * over where it is no longer HTTP's. */
#include "client/response.h"

#include "base/fail.h"

static bool is_open(const skua_response *r) {
    return r && r->body.channel && sk_channel_is_open(r->body.channel);
}

int skua_response_fd(const skua_response *r) {
    if (!is_open(r))
        return -1;
    skua_stream *s = r->body.channel->session.stream;
    return s->ops->want(s, SKUA_WANT_READ).fd;
}

static int check(const skua_response *r, skua_error *err) {
    if (!r)
        return sk_fail_absent(err, "a response is needed");
    if (!r->body.switched)
        return sk_peer_fail(&r->peer, err, SKUA_E_IMPROPER_CONNECTION_STATE, SKUA_PHASE_STATE,
                            "status %d does not switch to another protocol", r->head.status);
    if (!is_open(r))
        return sk_peer_fail(&r->peer, err, SKUA_E_NOT_CONNECTED, SKUA_PHASE_STATE,
                            "the stream has been taken or closed already");
    return 0;
}

skua_stream *skua_response_take_stream(skua_response *r, skua_error *err) {
    skua_error local;
    if (check(r, err ? err : &local) != 0)
        return NULL;
    skua_stream *taken = sk_channel_take_stream(r->body.channel);
    if (taken)
        sk_response_detach(r, false); /* there is nothing left to close */
    else
        sk_fail_nomem(err);
    return taken;
}
