/* client/conn_certificate.c - the certificates of a connection's peer. */
#include "client/conn.h"

/* The TLS stream of an open connection: 0, or why there is none. */
static int find_tls(const skua_conn *c, skua_stream **out) {
    if (!c)
        return SKUA_E_INVALID_ARGUMENT;
    if (!c->channel || !sk_channel_is_open(c->channel))
        return SKUA_E_NOT_CONNECTED;
    *out = c->channel->session.stream;
    return sk_tls_is(*out) ? 0 : SKUA_E_INVALID_ARGUMENT;
}

int skua_conn_certificate(skua_conn *c, size_t index, skua_certificate *out) {
    skua_certificate all;
    skua_stream *tls;
    if (!out || out->size < sizeof out->size)
        return SKUA_E_INVALID_ARGUMENT;
    int rc = find_tls(c, &tls);
    if (rc == 0)
        rc = sk_tls_certificate(tls, index, &all);
    if (rc != 0)
        return rc;
    all.size = out->size;
    memcpy(out, &all, out->size < sizeof all ? out->size : sizeof all);
    return 0;
}

ptrdiff_t skua_conn_certificate_der(skua_conn *c, size_t index, void *buf, size_t cap) {
    skua_stream *tls;
    int rc = find_tls(c, &tls);
    if (rc != 0)
        return rc;
    return buf || cap == 0 ? sk_tls_certificate_der(tls, index, buf, cap) : SKUA_E_INVALID_ARGUMENT;
}
