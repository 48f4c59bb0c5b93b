/* A TLS client and a TLS server, joined in memory. */
#ifndef SK_TEST_TLS_ENDS_H
#define SK_TEST_TLS_ENDS_H

#include "net/pair.h"
#include "net/tls_openssl.h"
#include "tls_certs.h"

enum { CLIENT, SERVER };

typedef struct ends {
    sk_pair *net;
    sk_tls_ctx *ctx[2];
    sk_tls_scratch *scratch[2];
    skua_stream *end[2];
    skua_error err[2];
    int rc[2];
} ends;

static inline sk_tls_ctx *ctx_made(sk_tls_ctx *c, const skua_error *err) {
    if (!c)
        print_error("%s\n", err->msg);
    assert_non_null(c);
    return c;
}

/* Over settings that are now the ends'. */
static inline void ends_open_with(ends *e, size_t capacity, sk_tls_ctx *client, sk_tls_ctx *server,
                                  const char *host) {
    *e = (ends){.net = sk_pair_new(capacity, NULL), .ctx = {client, server}};
    assert_non_null(e->net);
    for (int i = 0; i < 2; i++) {
        e->scratch[i] = sk_tls_scratch_new();
        assert_non_null(e->scratch[i]);
    }
    e->end[CLIENT] = sk_tls_client(client, sk_pair_end(e->net, CLIENT), host, e->scratch[CLIENT],
                                   &e->err[CLIENT]);
    e->end[SERVER] =
        sk_tls_server(server, sk_pair_end(e->net, SERVER), e->scratch[SERVER], &e->err[SERVER]);
    assert_non_null(e->end[CLIENT]);
    assert_non_null(e->end[SERVER]);
}

static inline void ends_open(ends *e, size_t capacity, const skua_tls_opts *client,
                             const skua_tls_opts *server, const char *host) {
    skua_error err;
    sk_tls_ctx *c = ctx_made(sk_tls_client_ctx(client, &err), &err);
    sk_tls_ctx *s = ctx_made(sk_tls_server_ctx(server, &err), &err);
    ends_open_with(e, capacity, c, s, host);
}

static inline void ends_close(ends *e) {
    for (int i = 0; i < 2; i++) {
        if (e->end[i])
            e->end[i]->ops->close(e->end[i]);
        sk_tls_scratch_free(e->scratch[i]);
        sk_tls_ctx_unref(e->ctx[i]);
    }
    sk_pair_free(e->net);
}

/* Both shake hands until each is done or has failed: see rc and err. */
static inline void ends_shake(ends *e) {
    e->rc[CLIENT] = e->rc[SERVER] = SKUA_E_AGAIN;
    for (int turn = 0; turn < 20000; turn++) {
        int i = turn % 2;
        if (e->rc[i] == SKUA_E_AGAIN)
            e->rc[i] = sk_tls_handshake(e->end[i], &e->err[i]);
        else if (e->rc[!i] != SKUA_E_AGAIN)
            return;
        else if (e->rc[i] == 0) /* room for the peer's ticket */
            assert_int_equal(e->end[i]->ops->read(e->end[i], &(char){0}, 1, NULL), SKUA_E_AGAIN);
        else
            sk_pair_end(e->net, i)->ops->shutdown(sk_pair_end(e->net, i), NULL);
    }
    fail_msg("the handshake does not end");
}

static inline void ends_connect(ends *e, size_t capacity) {
    ends_open(e, capacity, SKUA_OPTS(skua_tls_opts, .ca_file = certs_path("ca")),
              SKUA_OPTS(skua_tls_opts, .cert_file = certs_path("good")), "a.example");
    ends_shake(e);
    assert_int_equal(e->rc[CLIENT], 0);
    assert_int_equal(e->rc[SERVER], 0);
}

static inline ptrdiff_t ends_write(ends *e, int i, const void *p, size_t len) {
    skua_str piece = {p, len};
    return e->end[i]->ops->writev(e->end[i], &piece, 1, &e->err[i]);
}

static inline ptrdiff_t ends_read(ends *e, int i, void *p, size_t len) {
    return e->end[i]->ops->read(e->end[i], p, len, &e->err[i]);
}

static inline sk_tls *ends_tls(ends *e, int i) {
    return (sk_tls *)(void *)e->end[i];
}

static inline int common_begin(void **state) {
    static const cert_spec common_certs[] = {
        {.file = "ca", .cn = "Test Authority", .ca = true},
        {.file = "good", .cn = "good", .san = "DNS:a.example,DNS:localhost", .issuer = "ca"},
    };
    if (certs_begin(state) != 0)
        return -1;
    for (size_t i = 0; i < sizeof common_certs / sizeof *common_certs; i++)
        certs_make(&common_certs[i]);
    return 0;
}

#endif
