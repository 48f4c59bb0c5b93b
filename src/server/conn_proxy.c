/* server/conn_proxy.c - a connection that a proxy passes on, and says whose it is: the PROXY header
 * that comes before all else, TLS included. What follows it must not be read here, since it may be
 * TLS's: it is looked at first, and then taken as far as it is the header's. */
#include "server/conn_step.h"
#include "wire/proxy_protocol.h"

#include <errno.h>

static sk_step refuse(sk_sconn *c, const char *why) {
    sk_sconn_tell(c, SKUA_LOG_WARN, "%s", why);
    return SK_STEP_CLOSE;
}

/* From here on it is the client's, not the proxy's. False: there are enough from there, or no
 * memory. */
static bool take_identity(sk_sconn *c, const sk_proxy_header *h) {
    sk_worker *w = c->worker;
    sk_addr from;
    if (h->address_len == 0)
        return true;
    if (!sk_sconn_extra_of(c))
        return false;
    sk_addr_from_bytes(h->source, h->address_len, h->source_port, &from);
    sk_addr_format((const struct sockaddr *)&from.ss, from.len, c->extra->client);
    int rc = sk_census_enter_place(w->settings->census, &from, &c->extra->place);
    if (rc == SKUA_E_STATE)
        sk_worker_turn_away(w, c->tcp.fd, c->is_tls);
    return rc == 0;
}

static sk_step go_on(sk_sconn *c, const sk_proxy_header *h) {
    sk_buf_clear(c->session.in);
    if (!take_identity(c, h))
        return SK_STEP_CLOSE;
    c->vouched = true;
    c->state = c->is_tls ? SK_SCONN_HANDSHAKE : SK_SCONN_HEAD;
    c->timer_kind = SK_SCONN_NO_TIMER;
    return SK_STEP_ON;
}

sk_step sk_sconn_step_proxy(sk_sconn *c) {
    sk_buf *in = c->session.in;
    sk_proxy_header h;
    const char *what = "";
    size_t have = sk_buf_len(in);
    size_t room = SK_PROXY_HEADER_MAX - have; /* more than that the parser refuses */
    char *to = sk_buf_reserve(in, room);
    ptrdiff_t n = to ? sk_socket_peek(c->tcp.fd, to, room) : -ENOMEM;
    if (n == -EAGAIN)
        return SK_STEP_WAIT;
    if (n <= 0)
        return SK_STEP_CLOSE;
    ptrdiff_t whole = sk_proxy_protocol_parse(sk_buf_head(in), have + (size_t)n, &h, &what);
    if (whole < 0)
        return refuse(c, what);
    size_t of_header = whole > 0 ? (size_t)whole - have : (size_t)n;
    if (sk_socket_recv(c->tcp.fd, to, of_header) != (ptrdiff_t)of_header)
        return SK_STEP_CLOSE;
    sk_buf_commit(in, of_header);
    return whole > 0 ? go_on(c, &h) : SK_STEP_ON;
}
