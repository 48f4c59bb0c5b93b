/* client/response.c - the life of a response. */
#include "client/response.h"

#include "base/mem.h"

#include <stddef.h>
#include <string.h>

skua_response *sk_response_new(void) {
    sk_arena mem = {0};
    skua_response *r = sk_arena_alloc(&mem, sizeof *r);
    if (!r)
        return NULL;
    memset(r, 0, offsetof(skua_response, peer));
    r->mem = mem;
    r->timeline.at.total = -1;
    return r;
}

int skua_response_done(const skua_response *r) {
    return !r || (r->body.done && sk_buf_len(&r->ahead) == 0 && sk_response_decoded(r));
}

int skua_response_upload_cut(const skua_response *r, int64_t *sent_bytes) {
    if (sent_bytes)
        *sent_bytes = r ? r->upload_sent : 0;
    return r && r->upload_cut;
}

void skua_response_timings(const skua_response *r, skua_timings *out) {
    if (!out)
        return;
    if (!r) {
        *out = (skua_timings){-1, -1, -1, -1, -1, -1, -1};
        return;
    }
    *out = r->timeline.at;
    const sk_channel *ch = r->body.channel;
    if (out->total < 0)
        out->total = ch && sk_channel_is_open(ch)
                         ? sk_timeline_since(&r->timeline, ch->settings->o.clock)
                         : out->head;
}

void skua_response_free(skua_response *r) {
    if (!r)
        return;
    sk_response_let_go(r);
    skua_conn_free(r->owned);
    sk_response_stop_decoding(r);
    sk_buf_free(&r->ahead);
    sk_free(r->all.data);
    sk_hops_free(&r->hops);
    sk_arena mem = r->mem;
    sk_arena_free(&mem);
}
