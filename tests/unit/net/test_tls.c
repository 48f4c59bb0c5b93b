/* The TLS stream: bytes, records, ends. */
#include "tls_ends.h"

static void says_hello(void **state) {
    (void)state;
    ends e;
    char buf[64];
    ends_connect(&e, 65536);
    assert_int_equal(ends_read(&e, SERVER, buf, sizeof buf), SKUA_E_AGAIN);
    assert_int_equal(ends_write(&e, CLIENT, "hello", 5), 5);
    assert_int_equal(ends_read(&e, SERVER, buf, sizeof buf), 5);
    assert_memory_equal(buf, "hello", 5);
    assert_int_equal(ends_write(&e, SERVER, "welcome", 7), 7);
    assert_int_equal(ends_read(&e, CLIENT, buf, sizeof buf), 7);
    assert_memory_equal(buf, "welcome", 7);
    assert_int_equal(ends_read(&e, CLIENT, buf, sizeof buf), SKUA_E_AGAIN);
    ends_close(&e);
}

static void tells_about_itself(void **state) {
    (void)state;
    ends e;
    ends_connect(&e, 65536);
    skua_stream_info c = {.size = sizeof c}, s = {.size = sizeof s};
    e.end[CLIENT]->ops->info(e.end[CLIENT], &c);
    e.end[SERVER]->ops->info(e.end[SERVER], &s);
    assert_string_equal(c.tls_version, "TLSv1.3");
    assert_string_equal(c.alpn, "http/1.1");
    assert_string_equal(c.tls_subject, "CN=good");
    assert_string_equal(c.peer, "pair:1");
    assert_string_equal(c.tls_cipher, s.tls_cipher);
    assert_true(strncmp(c.tls_cipher, "TLS_", 4) == 0);
    assert_string_equal(s.tls_subject, "");
    assert_string_equal(s.alpn, "http/1.1");
    ends_close(&e);
}

static void handshake_waits_for_the_peer(void **state) {
    (void)state;
    ends e;
    ends_open(&e, 65536, SKUA_OPTS(skua_tls_opts, .ca_file = certs_path("ca")),
              SKUA_OPTS(skua_tls_opts, .cert_file = certs_path("good")), "a.example");
    for (int i = 0; i < 3; i++) {
        assert_int_equal(sk_tls_handshake(e.end[CLIENT], &e.err[CLIENT]), SKUA_E_AGAIN);
        assert_int_equal(sk_tls_handshake(e.end[SERVER], &e.err[SERVER]),
                         SKUA_E_AGAIN); /* until the client's last flight */
        assert_int_equal(e.end[CLIENT]->ops->want(e.end[CLIENT], SKUA_WANT_WRITE).events,
                         SKUA_WANT_READ);
        if (i == 0)
            sk_pair_fault_read(e.net, CLIENT, 1, SK_FAULT_STALL, 0);
    }
    ends_close(&e);
}

/* A handshake that nobody asked for by name happens within the first write and read. Each end of
 * it leaves together with what follows. */
static void handshake_rides_along(void **state) {
    (void)state;
    ends e;
    char buf[64];
    ends_open(&e, 65536, SKUA_OPTS(skua_tls_opts, .ca_file = certs_path("ca")),
              SKUA_OPTS(skua_tls_opts, .cert_file = certs_path("good")), "a.example");
    assert_int_equal(ends_write(&e, CLIENT, "ask", 3), SKUA_E_AGAIN);
    assert_int_equal(ends_read(&e, SERVER, buf, sizeof buf), SKUA_E_AGAIN);
    assert_int_equal(ends_write(&e, CLIENT, "ask", 3), 3);
    assert_int_equal(ends_read(&e, SERVER, buf, sizeof buf), 3);
    assert_int_equal(e.end[SERVER]->ops->want(e.end[SERVER], SKUA_WANT_READ).events,
                     SKUA_WANT_READ | SKUA_WANT_WRITE); /* its ticket is still here */
    assert_int_equal(ends_write(&e, SERVER, "answer", 6), 6);
    assert_int_equal(ends_read(&e, CLIENT, buf, sizeof buf), 6);
    assert_int_equal(sk_pair_writes(e.net, CLIENT), 2);
    assert_int_equal(sk_pair_writes(e.net, SERVER), 2);
    assert_int_equal(ends_tls(&e, SERVER)->out.cap, 0);
    ends_close(&e);
}

/* A kept connection: one write and one read below for a request, as many for its answer. */
static void small_exchange_is_one_write_and_one_read(void **state) {
    (void)state;
    ends e;
    char buf[65536];
    ends_connect(&e, 1 << 20);
    ends_read(&e, CLIENT, buf, sizeof buf); /* the ticket */
    unsigned writes = sk_pair_writes(e.net, SERVER), reads = sk_pair_reads(e.net, SERVER);
    for (int i = 0; i < 10; i++) {
        skua_str answer[] = {{"HTTP/1.1 200 OK\r\n", 17}, {"\r\n", 2}, {"", 0}, {"body", 4}};
        assert_int_equal(ends_write(&e, CLIENT, "GET / HTTP/1.1\r\n\r\n", 18), 18);
        assert_int_equal(ends_read(&e, SERVER, buf, sizeof buf), 18);
        assert_int_equal(e.end[SERVER]->ops->writev(e.end[SERVER], answer, 4, NULL), 23);
        assert_int_equal(ends_read(&e, CLIENT, buf, sizeof buf), 23);
        assert_memory_equal(buf, "HTTP/1.1 200 OK\r\n\r\nbody", 23);
    }
    assert_int_equal(sk_pair_writes(e.net, SERVER) - writes, 10);
    assert_int_equal(sk_pair_reads(e.net, SERVER) - reads, 10);
    ends_close(&e);
}

/* One record: what one SSL_write made comes back whole from one record. */
static void small_pieces_share_a_record(void **state) {
    (void)state;
    ends e;
    char raw[4096];
    ends_connect(&e, 65536);
    skua_str pieces[] = {{"head", 4}, {"", 0}, {"and", 3}, {"body", 4}};
    assert_int_equal(e.end[CLIENT]->ops->writev(e.end[CLIENT], pieces, 4, NULL), 11);
    skua_stream *below = sk_pair_end(e.net, SERVER);
    ptrdiff_t n = below->ops->read(below, raw, sizeof raw, NULL);
    assert_int_equal(n, 5 + 11 + 1 + 16); /* header, text, type, tag: RFC 8446 5.2 */
    ends_close(&e);
}

static void fill_pattern(unsigned char *p, size_t len) {
    uint32_t x = 1;
    for (size_t i = 0; i < len; i++) {
        x = x * 1664525u + 1013904223u;
        p[i] = (unsigned char)(x >> 24);
    }
}

/* Move len bytes each way at once, in pieces and reads of many sizes. */
static void transfer(size_t capacity, size_t len, size_t read_size) {
    ends e;
    unsigned char *data = malloc(len), *got[2] = {malloc(len), malloc(len)};
    size_t sent[2] = {0}, have[2] = {0};
    fill_pattern(data, len);
    ends_connect(&e, capacity);
    for (int turn = 0; have[0] < len || have[1] < len; turn++) {
        int i = turn % 2;
        size_t left = len - sent[i], head = left < 100 ? left : 100;
        skua_str pieces[2] = {{(char *)data + sent[i], head},
                              {(char *)data + sent[i] + head, left - head}};
        assert_true(turn < 4000000);
        ptrdiff_t n = left ? e.end[i]->ops->writev(e.end[i], pieces, 2, &e.err[i]) : 0;
        assert_true(n >= 0 || n == SKUA_E_AGAIN);
        sent[i] += n > 0 ? (size_t)n : 0;
        size_t most = len - have[i] < read_size ? len - have[i] : read_size;
        n = most ? ends_read(&e, i, got[i] + have[i], most) : ends_read(&e, i, &(char){0}, 1);
        assert_true(n > 0 || n == SKUA_E_AGAIN);
        have[i] += n > 0 ? (size_t)n : 0;
    }
    assert_memory_equal(data, got[0], len);
    assert_memory_equal(data, got[1], len);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(ends_tls(&e, i)->in.cap, 0);
        assert_int_equal(ends_tls(&e, i)->out.cap, 0);
        free(got[i]);
    }
    free(data);
    ends_close(&e);
}

static void transfers(void **state) {
    (void)state;
    transfer(1 << 20, 5000000, 65536);
    transfer(100000, 1000000, 300000);
    transfer(10000, 300000, 17);
    transfer(37, 40000, 4096);
    transfer(1, 3000, 1);
}

/* What one writev takes is bounded, and while the stream below has not taken that nothing more. */
static void writes_are_bounded(void **state) {
    (void)state;
    ends e;
    size_t len = 1 << 20;
    char *data = calloc(1, len), *got = malloc(len);
    ends_connect(&e, 50000);
    ends_read(&e, CLIENT, got, 1);
    ptrdiff_t n = ends_write(&e, CLIENT, data, len);
    assert_int_equal(n, 256 * 1024);
    assert_int_equal(ends_write(&e, CLIENT, data, len), SKUA_E_AGAIN);
    assert_int_equal(e.end[CLIENT]->ops->want(e.end[CLIENT], SKUA_WANT_READ).events,
                     SKUA_WANT_READ | SKUA_WANT_WRITE);
    /* A reader that only reads still sends what was accepted. */
    size_t have = 0;
    while (have < (size_t)n) {
        ptrdiff_t more = ends_read(&e, SERVER, got, len);
        assert_true(more > 0);
        have += (size_t)more;
        assert_int_equal(ends_read(&e, CLIENT, got, 1), SKUA_E_AGAIN);
    }
    assert_int_equal(have, n);
    assert_int_equal(e.end[CLIENT]->ops->want(e.end[CLIENT], SKUA_WANT_READ).events,
                     SKUA_WANT_READ);
    free(data);
    free(got);
    ends_close(&e);
}

static void close_notify_is_the_end(void **state) {
    (void)state;
    ends e;
    char buf[64];
    ends_connect(&e, 65536);
    ends_write(&e, CLIENT, "last", 4);
    assert_int_equal(e.end[CLIENT]->ops->shutdown(e.end[CLIENT], &e.err[CLIENT]), 0);
    assert_int_equal(ends_write(&e, CLIENT, "more", 4), SKUA_E_STATE);
    assert_true(e.end[SERVER]->ops->flags & SKUA_STREAM_SHORT_IS_DRY);
    assert_int_equal(ends_read(&e, SERVER, buf, sizeof buf), 4);
    /* The end came in the same read: nothing will become readable to announce it. */
    assert_false(e.end[SERVER]->ops->flags & SKUA_STREAM_SHORT_IS_DRY);
    assert_int_equal(ends_read(&e, SERVER, buf, sizeof buf), 0);
    assert_int_equal(ends_read(&e, SERVER, buf, sizeof buf), 0);
    /* RFC 8446 6.1: the other direction stays open. */
    assert_int_equal(ends_write(&e, SERVER, "bye", 3), 3);
    assert_int_equal(ends_read(&e, CLIENT, buf, sizeof buf), 3);
    assert_int_equal(e.end[SERVER]->ops->shutdown(e.end[SERVER], &e.err[SERVER]), 0);
    assert_int_equal(ends_read(&e, CLIENT, buf, sizeof buf), 0);
    ends_close(&e);
}

static void truncation_is_told_apart(void **state) {
    (void)state;
    ends e;
    char buf[64];
    ends_connect(&e, 65536);
    ends_write(&e, CLIENT, "half a mess", 11);
    skua_stream *below = sk_pair_end(e.net, CLIENT);
    below->ops->shutdown(below, NULL);
    ptrdiff_t n = ends_read(&e, SERVER, buf, sizeof buf);
    assert_int_equal(n, 11);
    for (int i = 0; i < 2; i++) {
        memset(&e.err[SERVER], 0, sizeof e.err[SERVER]);
        assert_int_equal(ends_read(&e, SERVER, buf, sizeof buf), SKUA_E_TLS_EOF);
        assert_int_equal(e.err[SERVER].code, SKUA_E_TLS_EOF);
        assert_non_null(strstr(e.err[SERVER].msg, "without close_notify"));
    }
    /* It may have ended its direction only. */
    assert_int_equal(ends_write(&e, SERVER, "answer", 6), 6);
    assert_int_equal(ends_read(&e, CLIENT, buf, sizeof buf), 6);
    ends_close(&e);
}

static void passes_on_failures_from_below(void **state) {
    (void)state;
    ends e;
    char buf[64];
    ends_connect(&e, 65536);
    ends_write(&e, CLIENT, "x", 1);
    sk_pair_fault_read(e.net, SERVER, 2, SK_FAULT_RESET, 0);
    assert_int_equal(ends_read(&e, SERVER, buf, sizeof buf), 1);
    assert_int_equal(e.err[SERVER].code, 0);
    assert_int_equal(ends_read(&e, SERVER, buf, sizeof buf), SKUA_E_CONNECTION_RESET);
    assert_int_equal(e.err[SERVER].phase, SKUA_PHASE_RECV);
    assert_int_equal(ends_write(&e, SERVER, "x", 1), SKUA_E_CONNECTION_RESET);
    sk_pair_fault_write(e.net, CLIENT, 1, SK_FAULT_EOF, 0);
    assert_int_equal(ends_write(&e, CLIENT, "x", 1), SKUA_E_BROKEN_PIPE);
    assert_int_equal(e.err[CLIENT].phase, SKUA_PHASE_SEND);
    assert_int_equal(ends_write(&e, CLIENT, "x", 1), SKUA_E_BROKEN_PIPE);
    assert_int_equal(e.end[CLIENT]->ops->shutdown(e.end[CLIENT], NULL), SKUA_E_BROKEN_PIPE);
    ends_close(&e);
}

/* A peer that refused our last bytes may have said why before. */
static void reads_what_came_before_a_broken_write(void **state) {
    (void)state;
    ends e;
    char buf[64];
    char *data = calloc(1, 100000);
    ends_connect(&e, 50000);
    assert_int_equal(ends_write(&e, CLIENT, data, 100000), 100000);
    ends_write(&e, SERVER, "too large", 9);
    sk_pair_fault_write(e.net, CLIENT, 1, SK_FAULT_EOF, 0);
    assert_int_equal(ends_read(&e, CLIENT, buf, sizeof buf), 9);
    assert_int_equal(ends_write(&e, CLIENT, "x", 1), SKUA_E_BROKEN_PIPE);
    free(data);
    ends_close(&e);
}

static void a_changed_record_is_refused(void **state) {
    (void)state;
    ends e;
    char raw[256], buf[64];
    ends_connect(&e, 65536);
    ends_write(&e, CLIENT, "pay 10", 6);
    skua_stream *to = sk_pair_end(e.net, CLIENT), *from = sk_pair_end(e.net, SERVER);
    ptrdiff_t n = from->ops->read(from, raw, sizeof raw, NULL);
    assert_true(n > 6);
    raw[6] ^= 1;
    to->ops->writev(to, &(skua_str){raw, (size_t)n}, 1, NULL);
    assert_int_equal(ends_read(&e, SERVER, buf, sizeof buf), SKUA_E_TLS);
    assert_non_null(strstr(e.err[SERVER].msg, "bad record mac"));
    assert_int_equal(ends_write(&e, SERVER, "x", 1), SKUA_E_TLS);
    /* The peer is told. */
    assert_int_equal(ends_read(&e, CLIENT, buf, sizeof buf), SKUA_E_TLS);
    assert_non_null(strstr(e.err[CLIENT].msg, "bad_record_mac"));
    ends_close(&e);
}

/* Two connections of one thread share its buffers; what one left there must not reach the other. */
static void connections_share_scratch(void **state) {
    (void)state;
    ends a, b;
    char buf[100000], data[50000];
    fill_pattern((unsigned char *)data, sizeof data);
    ends_connect(&a, 1 << 20);
    ends_open(&b, 1 << 20, SKUA_OPTS(skua_tls_opts, .ca_file = certs_path("ca")),
              SKUA_OPTS(skua_tls_opts, .cert_file = certs_path("good")), "a.example");
    for (int i = 0; i < 2; i++) {
        sk_tls_scratch_free(ends_tls(&b, i)->scratch);
        ends_tls(&b, i)->scratch = a.scratch[i];
        a.scratch[i]->holders++;
        BIO_up_ref(a.scratch[i]->bio);
        SSL_set_bio(ends_tls(&b, i)->ssl, a.scratch[i]->bio, a.scratch[i]->bio);
    }
    ends_shake(&b);
    assert_int_equal(b.rc[CLIENT], 0);
    ends_write(&a, CLIENT, data, sizeof data);
    ends_write(&b, CLIENT, data + 7, 30000);
    for (size_t at = 0; at < 30000; at += 1000) {
        assert_int_equal(ends_read(&a, SERVER, buf, 1000), 1000);
        assert_memory_equal(buf, data + at, 1000);
        assert_int_equal(ends_read(&b, SERVER, buf, 1000), 1000);
        assert_memory_equal(buf, data + 7 + at, 1000);
    }
    b.end[SERVER]->ops->close(b.end[SERVER]);
    b.end[SERVER] = NULL;
    assert_int_equal(ends_read(&a, SERVER, buf, sizeof buf), 20000);
    assert_memory_equal(buf, data + 30000, 20000);
    assert_int_equal(ends_tls(&a, SERVER)->in.cap, 0);
    ends_close(&b);
    ends_close(&a);
}

/* TLS in TLS, as through a proxy that is spoken to over TLS. What the outer one has read by itself
 * nobody is told of: the inner one leaves nothing there when it comes back short. */
static void a_short_read_has_emptied_what_is_below(void **state) {
    (void)state;
    enum { LEN = 300000 }; /* a little more than a server's call reads */
    ends outer, inner = {0};
    ends_connect(&outer, 4 << 20);
    skua_error err;
    for (int i = 0; i < 2; i++)
        inner.scratch[i] = sk_tls_scratch_new();
    inner.ctx[CLIENT] = ctx_made(
        sk_tls_client_ctx(SKUA_OPTS(skua_tls_opts, .ca_file = certs_path("ca")), &err), &err);
    inner.ctx[SERVER] = ctx_made(
        sk_tls_server_ctx(SKUA_OPTS(skua_tls_opts, .cert_file = certs_path("good")), &err), &err);
    inner.end[CLIENT] = sk_tls_client(inner.ctx[CLIENT], outer.end[CLIENT], "a.example",
                                      inner.scratch[CLIENT], &err);
    inner.end[SERVER] =
        sk_tls_server(inner.ctx[SERVER], outer.end[SERVER], inner.scratch[SERVER], &err);
    ends_shake(&inner);
    assert_int_equal(inner.rc[SERVER], 0);
    char *data = calloc(1, LEN), *got = malloc(LEN);
    for (size_t sent = 0; sent < LEN;) {
        ptrdiff_t n = ends_write(&inner, SERVER, data, LEN - sent);
        assert_true(n > 0);
        sent += (size_t)n;
    }
    skua_stream *s = inner.end[CLIENT];
    for (size_t have = 0; have < LEN;) {
        assert_int_equal(s->ops->wait(s, SKUA_WANT_READ, 0, &err), 0);
        ptrdiff_t n = ends_read(&inner, CLIENT, got, LEN);
        assert_true(n > 0);
        have += (size_t)n;
    }
    free(data);
    free(got);
    for (int i = 0; i < 2; i++)
        outer.end[i] = NULL; /* the inner one closes it */
    ends_close(&inner);
    ends_close(&outer);
}

/* The structure an idle connection has here; OpenSSL's own share is far greater. */
static void an_idle_connection_owns_no_buffer(void **state) {
    (void)state;
    ends e;
    char buf[64];
    ends_connect(&e, 65536);
    ends_write(&e, CLIENT, "x", 1);
    ends_read(&e, SERVER, buf, sizeof buf);
    assert_true(sizeof(sk_tls) <= 160);
    for (int i = 0; i < 2; i++) {
        assert_null(ends_tls(&e, i)->in.data);
        assert_null(ends_tls(&e, i)->out.data);
        assert_null(ends_tls(&e, i)->why);
    }
    ends_close(&e);
}

static void speaks_1_2(void **state) {
    (void)state;
    ends e;
    char buf[64];
    ends_open(&e, 65536, SKUA_OPTS(skua_tls_opts, .ca_file = certs_path("ca")),
              SKUA_OPTS(skua_tls_opts, .cert_file = certs_path("good")), "a.example");
    SSL_set_max_proto_version(ends_tls(&e, CLIENT)->ssl, TLS1_2_VERSION);
    ends_shake(&e);
    assert_int_equal(e.rc[CLIENT], 0);
    skua_stream_info info = {.size = sizeof info};
    e.end[CLIENT]->ops->info(e.end[CLIENT], &info);
    assert_string_equal(info.tls_version, "TLSv1.2");
    assert_true(strncmp(info.tls_cipher, "ECDHE-ECDSA-", 12) == 0);
    ends_write(&e, CLIENT, "hello", 5);
    assert_int_equal(ends_read(&e, SERVER, buf, sizeof buf), 5);
    ends_write(&e, SERVER, "hello", 5);
    assert_int_equal(e.end[SERVER]->ops->shutdown(e.end[SERVER], NULL), 0);
    assert_int_equal(ends_read(&e, CLIENT, buf, sizeof buf), 5);
    assert_int_equal(ends_read(&e, CLIENT, buf, sizeof buf), 0);
    ends_close(&e);
}

static void refuses_old_versions(void **state) {
    (void)state;
    ends e;
    ends_open(
        &e, 65536, SKUA_OPTS(skua_tls_opts, .ca_file = certs_path("ca")),
        SKUA_OPTS(skua_tls_opts, .cert_file = certs_path("good"), .min_version = SKUA_TLS_1_3),
        "a.example");
    SSL_set_max_proto_version(ends_tls(&e, CLIENT)->ssl, TLS1_2_VERSION);
    ends_shake(&e);
    assert_int_equal(e.rc[SERVER], SKUA_E_TLS);
    assert_non_null(strstr(e.err[SERVER].msg, "too old"));
    assert_int_equal(e.rc[CLIENT], SKUA_E_TLS);
    assert_non_null(strstr(e.err[CLIENT].msg, "protocol_version"));
    assert_int_equal(e.err[CLIENT].phase, SKUA_PHASE_TLS);
    assert_int_equal(e.err[CLIENT].retry_safe, 1);
    ends_close(&e);
}

static void alpn_must_meet(void **state) {
    (void)state;
    static const struct {
        const char *client, *server, *chosen; /* NULL: refused */
    } cases[] = {
        {NULL, NULL, "http/1.1"},
        {"h2,http/1.1", NULL, "http/1.1"},
        {"http/1.1, h2", "h2,http/1.1", "h2"},
        {"", NULL, ""},
        {NULL, "", ""},
        {"h2", "http/1.1", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ends e;
        ends_open(
            &e, 65536,
            SKUA_OPTS(skua_tls_opts, .ca_file = certs_path("ca"), .alpn = cases[i].client),
            SKUA_OPTS(skua_tls_opts, .cert_file = certs_path("good"), .alpn = cases[i].server),
            "a.example");
        ends_shake(&e);
        skua_stream_info info = {.size = sizeof info};
        e.end[CLIENT]->ops->info(e.end[CLIENT], &info);
        if (cases[i].chosen) {
            assert_int_equal(e.rc[CLIENT], 0);
            assert_string_equal(info.alpn, cases[i].chosen);
        } else {
            assert_int_equal(e.rc[CLIENT], SKUA_E_TLS);
            assert_non_null(strstr(e.err[CLIENT].msg, "no_application_protocol"));
            assert_non_null(strstr(e.err[SERVER].msg, "ALPN"));
        }
        ends_close(&e);
    }
}

static int choose_freely(SSL *ssl, const unsigned char **out, unsigned char *len,
                         const unsigned char *offered, unsigned offered_len, void *user) {
    (void)ssl, (void)offered, (void)offered_len, (void)user;
    *out = (const unsigned char *)"spdy/1";
    *len = 6;
    return SSL_TLSEXT_ERR_OK;
}

/* RFC 7301 3.2. OpenSSL sees to it. */
static void alpn_is_chosen_among_the_offered(void **state) {
    (void)state;
    ends e;
    ends_open(&e, 65536, SKUA_OPTS(skua_tls_opts, .ca_file = certs_path("ca")),
              SKUA_OPTS(skua_tls_opts, .cert_file = certs_path("good")), "a.example");
    SSL_CTX_set_alpn_select_cb(e.ctx[SERVER]->ssl, choose_freely, NULL);
    ends_shake(&e);
    assert_int_equal(e.rc[CLIENT], SKUA_E_TLS);
    assert_int_equal(ends_write(&e, CLIENT, "x", 1), SKUA_E_TLS);
    ends_close(&e);
}

static void plain_text_is_named(void **state) {
    (void)state;
    static const struct {
        int who; /* speaks plainly */
        const char *text, *says;
    } cases[] = {
        {SERVER, "HTTP/1.1 400 Bad Request\r\n\r\n", "does not speak TLS"},
        {SERVER, "SSH-2.0-OpenSSH_9.2\r\n", "does not speak TLS"},
        {CLIENT, "GET / HTTP/1.1\r\nHost: a\r\n\r\n", "plain HTTP request"},
        {CLIENT, "CONNECT a:443 HTTP/1.1\r\n\r\n", "plain CONNECT request"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ends e;
        int who = cases[i].who;
        ends_open(&e, 65536, SKUA_OPTS(skua_tls_opts, .ca_file = certs_path("ca")),
                  SKUA_OPTS(skua_tls_opts, .cert_file = certs_path("good")), "a.example");
        skua_stream *raw = sk_pair_end(e.net, who);
        skua_str text = {cases[i].text, strlen(cases[i].text)};
        raw->ops->writev(raw, &text, 1, NULL);
        assert_int_equal(sk_tls_handshake(e.end[!who], &e.err[!who]), SKUA_E_TLS);
        if (!strstr(e.err[!who].msg, cases[i].says))
            fail_msg("%s", e.err[!who].msg);
        assert_int_equal(sk_tls_heard_http(e.end[!who]), who == CLIENT);
        ends_close(&e);
    }
}

/* What was below is as good as before: the peer can be answered in the clear. */
static void plain_text_can_be_answered(void **state) {
    (void)state;
    ends e;
    char got[8] = "";
    ends_open(&e, 65536, SKUA_OPTS(skua_tls_opts, .ca_file = certs_path("ca")),
              SKUA_OPTS(skua_tls_opts, .cert_file = certs_path("good")), "a.example");
    skua_stream *raw = sk_pair_end(e.net, CLIENT);
    raw->ops->writev(raw, &(skua_str){"GET / HTTP/1.1\r\n\r\n", 18}, 1, NULL);
    assert_int_equal(sk_tls_handshake(e.end[SERVER], NULL), SKUA_E_TLS);
    e.end[SERVER] = sk_tls_unwrap(e.end[SERVER]);
    assert_ptr_equal(e.end[SERVER], sk_pair_end(e.net, SERVER));
    assert_int_equal(e.end[SERVER]->ops->writev(e.end[SERVER], &(skua_str){"no", 2}, 1, NULL), 2);
    assert_int_equal(raw->ops->read(raw, got, sizeof got, NULL), 2); /* and nothing before it */
    assert_string_equal(got, "no");
    ends_close(&e);
}

static void ends_within_the_handshake(void **state) {
    (void)state;
    ends e;
    skua_error *err = &e.err[CLIENT];
    ends_open(&e, 65536, SKUA_OPTS(skua_tls_opts, .ca_file = certs_path("ca")),
              SKUA_OPTS(skua_tls_opts, .cert_file = certs_path("good")), "a.example");
    sk_pair_fault_read(e.net, CLIENT, 1, SK_FAULT_EOF, 0);
    assert_int_equal(sk_tls_handshake(e.end[CLIENT], err), SKUA_E_TLS_EOF);
    assert_string_equal(err->msg,
                        "tls: a.example: the peer closed the connection during the handshake");
    assert_int_equal(ends_write(&e, CLIENT, "x", 1), SKUA_E_TLS_EOF);
    sk_pair_fault_read(e.net, SERVER, 1, SK_FAULT_RESET, 0);
    err = &e.err[SERVER];
    assert_int_equal(sk_tls_handshake(e.end[SERVER], err), SKUA_E_CONNECTION_RESET);
    assert_int_equal(err->phase, SKUA_PHASE_TLS);
    assert_string_equal(err->target, "pair:0");
    ends_close(&e);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(says_hello),
        cmocka_unit_test(tells_about_itself),
        cmocka_unit_test(handshake_waits_for_the_peer),
        cmocka_unit_test(handshake_rides_along),
        cmocka_unit_test(small_exchange_is_one_write_and_one_read),
        cmocka_unit_test(small_pieces_share_a_record),
        cmocka_unit_test(transfers),
        cmocka_unit_test(writes_are_bounded),
        cmocka_unit_test(close_notify_is_the_end),
        cmocka_unit_test(truncation_is_told_apart),
        cmocka_unit_test(passes_on_failures_from_below),
        cmocka_unit_test(reads_what_came_before_a_broken_write),
        cmocka_unit_test(a_changed_record_is_refused),
        cmocka_unit_test(connections_share_scratch),
        cmocka_unit_test(a_short_read_has_emptied_what_is_below),
        cmocka_unit_test(an_idle_connection_owns_no_buffer),
        cmocka_unit_test(speaks_1_2),
        cmocka_unit_test(refuses_old_versions),
        cmocka_unit_test(alpn_must_meet),
        cmocka_unit_test(alpn_is_chosen_among_the_offered),
        cmocka_unit_test(plain_text_is_named),
        cmocka_unit_test(plain_text_can_be_answered),
        cmocka_unit_test(ends_within_the_handshake),
    };
    return cmocka_run_group_tests(tests, common_begin, certs_end);
}
