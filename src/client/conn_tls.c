/* client/conn_tls.c - TLS to one hop of a connection, the proxy or the origin; blocking. */
#include "client/conn.h"

#include "base/fail.h"
#include "client/trace.h"

#include <inttypes.h>

static int shake_hands(const skua_conn *c, const sk_conn_leg *leg, sk_bound call,
                       skua_stream *stream, skua_error *err) {
    sk_bound until = sk_conn_within(c, call, c->settings->o.tls_timeout_ms);
    for (;;) {
        int rc = sk_tls_handshake(stream, err);
        if (rc == SKUA_E_AGAIN)
            rc = sk_conn_wait(c, stream, SKUA_WANT_READ, until, err);
        else
            return rc;
        if (rc == SKUA_E_TIMEOUT)
            return sk_peer_fail(leg->peer, err, rc, SKUA_PHASE_TLS,
                                "handshake not complete within %" PRId64 " ms", until.ms);
        if (rc != 0)
            return rc;
    }
}

static void warn(const skua_conn *c, const sk_conn_leg *leg) {
    const char *keylog = sk_tls_ctx_keylog(leg->tls);
    if (sk_tls_ctx_insecure(leg->tls))
        sk_trace_line(c->settings, SKUA_TRACE_WARNING,
                      "certificate verification is off: %s may be anyone", leg->peer->target);
    if (keylog)
        sk_trace_line(c->settings, SKUA_TRACE_WARNING,
                      "the keys of this connection are written to %s: whoever has them can read it",
                      keylog);
}

static void tell(const void *settings, const char *line) {
    sk_trace_line(settings, SKUA_TRACE_TLS, "%s", line);
}

int sk_conn_secure(const skua_conn *c, const sk_conn_leg *leg, sk_bound call, skua_stream **stream,
                   skua_error *err) {
    warn(c, leg);
    skua_stream *tls = sk_tls_client(leg->tls, *stream, leg->host, leg->scratch, err);
    if (!tls)
        return err->code;
    *stream = tls;
    sk_tls_resume(tls, leg->peer->target);
    if (sk_trace_is_on(c->settings, SKUA_TRACE_TLS))
        sk_tls_tell_to(tls, tell, c->settings);
    return shake_hands(c, leg, call, tls, err);
}
