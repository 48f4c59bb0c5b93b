/* client/conn_stats.c - what a connection object has done, in numbers. */
#include "client/conn.h"

#include <string.h>

void skua_conn_statistics(const skua_conn *c, skua_conn_stats *out) {
    if (!out || out->size < sizeof out->size)
        return;
    skua_conn_stats all = {0};
    if (c) {
        all = c->stats;
        for (const sk_link *l = c->channels.next; l != &c->channels; l = l->next) {
            const sk_channel *ch = SK_CONTAINER(l, sk_channel, siblings);
            all.sent_bytes += (uint64_t)ch->session.sent;
            all.received_bytes += (uint64_t)ch->session.received;
        }
    }
    all.size = out->size;
    memcpy(out, &all, out->size < sizeof all ? out->size : sizeof all);
}
