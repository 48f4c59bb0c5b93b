/* The TLS stream without memory: nothing leaks, nothing is lost, the error says so. OpenSSL's own
 * allocations are not ours to fail. */
#include "../nomem.h"
#include "tls_ends.h"

enum { DATA = 300000 };
static unsigned char data[DATA], got[DATA];

typedef struct scene {
    sk_pair *net[2]; /* two connections on one pair of scratches */
    sk_tls_ctx *ctx[2];
    sk_tls_scratch *scratch[2];
    skua_stream *end[2][2];
    skua_error err;
} scene;

static int open_scene(scene *v) {
    v->ctx[CLIENT] =
        sk_tls_client_ctx(SKUA_OPTS(skua_tls_opts, .ca_file = certs_path("ca"),
                                    .trust = SKUA_TLS_TRUST_ADD, .server_name = "a.example"),
                          &v->err);
    if (!v->ctx[CLIENT])
        return v->err.code;
    v->ctx[SERVER] =
        sk_tls_server_ctx(SKUA_OPTS(skua_tls_opts, .cert_file = certs_path("good")), &v->err);
    if (!v->ctx[SERVER])
        return v->err.code;
    for (int i = 0; i < 2; i++) {
        v->scratch[i] = sk_tls_scratch_new();
        if (!v->scratch[i])
            return SKUA_E_NOMEM;
    }
    for (int c = 0; c < 2; c++) {
        v->end[c][CLIENT] = sk_tls_client(v->ctx[CLIENT], sk_pair_end(v->net[c], CLIENT), "x",
                                          v->scratch[CLIENT], &v->err);
        if (!v->end[c][CLIENT])
            return v->err.code;
        v->end[c][SERVER] = sk_tls_server(v->ctx[SERVER], sk_pair_end(v->net[c], SERVER),
                                          v->scratch[SERVER], &v->err);
        if (!v->end[c][SERVER])
            return v->err.code;
    }
    return 0;
}

static void close_scene(scene *v) {
    for (int c = 0; c < 2; c++) {
        for (int i = 0; i < 2; i++) {
            /* A stream that was not made left the one below to us. */
            skua_stream *s = v->end[c][i] ? v->end[c][i] : sk_pair_end(v->net[c], i);
            s->ops->close(s);
        }
        sk_pair_free(v->net[c]);
    }
    for (int i = 0; i < 2; i++) {
        sk_tls_scratch_free(v->scratch[i]);
        sk_tls_ctx_unref(v->ctx[i]);
    }
}

/* Move the data over the first connection, a little at a time over the second in between, so that
 * each kind of left-over occurs. */
static int talk(scene *v) {
    size_t sent = 0, have = 0;
    for (int turn = 0; have < DATA; turn++) {
        skua_stream **first = v->end[0], **second = v->end[1];
        skua_str pieces[2] = {
            {(char *)data + sent, (DATA - sent) / 2},
            {(char *)data + sent + (DATA - sent) / 2, DATA - sent - (DATA - sent) / 2}};
        assert_true(turn < 100000);
        ptrdiff_t n = sent < DATA ? first[CLIENT]->ops->writev(first[CLIENT], pieces, 2, &v->err)
                                  : first[CLIENT]->ops->read(first[CLIENT], &(char){0}, 1, &v->err);
        if (n < 0 && n != SKUA_E_AGAIN)
            return (int)n;
        sent += n > 0 ? (size_t)n : 0;
        n = first[SERVER]->ops->read(first[SERVER], got + have,
                                     DATA - have < 5000 ? DATA - have : 5000, &v->err);
        if (n < 0 && n != SKUA_E_AGAIN)
            return (int)n;
        have += n > 0 ? (size_t)n : 0;
        assert_memory_equal(got, data, have);
        n = second[CLIENT]->ops->writev(second[CLIENT], &(skua_str){"0123456789", 10}, 1, &v->err);
        if (n < 0 && n != SKUA_E_AGAIN)
            return (int)n;
        n = second[SERVER]->ops->read(second[SERVER], &(char[4]){0}, 4, &v->err);
        if (n < 0 && n != SKUA_E_AGAIN)
            return (int)n;
    }
    return 0;
}

static int play(int nth, bool from_then_on) {
    scene v = {.net = {sk_pair_new(40000, NULL), sk_pair_new(40000, NULL)}};
    if (from_then_on)
        nomem_fail_from(nth);
    else
        nomem_fail_once(nth);
    int rc = open_scene(&v);
    if (rc == 0)
        rc = talk(&v);
    nomem_stop();
    if (rc != 0)
        assert_true(!v.err.code || v.err.code == rc);
    close_scene(&v);
    return rc;
}

static void every_allocation_may_fail(void **state) {
    (void)state;
    int survived = 0, nth = 1;
    for (size_t i = 0; i < DATA; i++)
        data[i] = (unsigned char)(i * 7 + i / 251);
    for (;; nth++) {
        assert_true(nth < 2000);
        int rc = play(nth, false);
        if (!nomem_happened)
            break;
        assert_true(rc == 0 || rc == SKUA_E_NOMEM);
        survived += rc == 0;
    }
    /* Where a copy was for thrift alone, the buffer itself changed hands. */
    assert_true(survived > 0);
    assert_true(nth - survived > 10);
}

static void memory_may_stay_away(void **state) {
    (void)state;
    for (int nth = 1; nth < 200; nth++) {
        int rc = play(nth, true);
        if (!nomem_happened)
            break;
        assert_true(rc == 0 || rc == SKUA_E_NOMEM);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_allocation_may_fail),
        cmocka_unit_test(memory_may_stay_away),
    };
    return cmocka_run_group_tests(tests, common_begin, certs_end);
}
