/* The store of TLS sessions: what it gives, what gives way, and several threads at it. */
#include "sys/thread.h"
#include "tls_ends.h"

#include <time.h>

/* A session of TLS 1.2 that ends in so many seconds. It is known by its context. */
static SSL_SESSION *made(unsigned char name, long seconds) {
    SSL_SESSION *s = SSL_SESSION_new();
    assert_non_null(s);
    SSL_SESSION_set_protocol_version(s, TLS1_2_VERSION);
    SSL_SESSION_set_time(s, (long)time(NULL) - 1000);
    SSL_SESSION_set_timeout(s, 1000 + seconds);
    SSL_SESSION_set1_id_context(s, &name, 1);
    return s;
}

static const unsigned char *key_of(unsigned n) {
    static _Thread_local unsigned char key[SK_TLS_KEY_BYTES];
    memset(key, 0, sizeof key);
    memcpy(key, &n, sizeof n);
    return key;
}

static void put(skua_tls_sessions *t, unsigned key, unsigned char name, long seconds) {
    SSL_SESSION *s = made(name, seconds);
    sk_tls_sessions_put(t, key_of(key), s);
    SSL_SESSION_free(s);
}

/* The name of what is taken; 0: nothing. */
static int take(skua_tls_sessions *t, unsigned key) {
    SSL_SESSION *s = sk_tls_sessions_take(t, key_of(key));
    unsigned len = 0;
    int name = s ? SSL_SESSION_get0_id_context(s, &len)[0] : 0;
    SSL_SESSION_free(s);
    return name;
}

static void a02_gives_the_newest_and_each_once(void **state) {
    (void)state;
    skua_tls_sessions *t = skua_tls_sessions_new(0);
    put(t, 1, 'a', 100);
    put(t, 1, 'b', 100);
    put(t, 2, 'c', 100);
    assert_int_equal(take(t, 3), 0);
    assert_int_equal(take(t, 1), 'b');
    assert_int_equal(take(t, 1), 'a');
    assert_int_equal(take(t, 1), 0);
    assert_int_equal(take(t, 2), 'c');
    skua_tls_sessions_free(t);
}

static void a02_what_has_ended_is_not_given(void **state) {
    (void)state;
    skua_tls_sessions *t = skua_tls_sessions_new(0);
    put(t, 1, 'a', 100);
    put(t, 1, 'b', 0);
    put(t, 1, 'c', -1);
    assert_int_equal(take(t, 1), 'a');
    assert_int_equal(take(t, 1), 0);
    skua_tls_sessions_free(t);
}

static void a02_one_server_keeps_four(void **state) {
    (void)state;
    skua_tls_sessions *t = skua_tls_sessions_new(0);
    put(t, 2, 'x', 100);
    for (unsigned char n = 'a'; n <= 'z'; n++)
        put(t, 1, n, 100);
    for (int n = 'z'; n > 'v'; n--)
        assert_int_equal(take(t, 1), n);
    assert_int_equal(take(t, 1), 0);
    assert_int_equal(take(t, 2), 'x');
    skua_tls_sessions_free(t);
}

static void a02_the_oldest_give_way(void **state) {
    (void)state;
    enum { MAX = 100, ALL = 250 };
    skua_tls_sessions *t = skua_tls_sessions_new(MAX);
    for (unsigned i = 0; i < ALL; i++)
        put(t, i, 'a', 100);
    for (unsigned i = 0; i < ALL; i++)
        assert_int_equal(take(t, i), i < ALL - MAX ? 0 : 'a');
    skua_tls_sessions_free(t);
    t = skua_tls_sessions_new(1);
    put(t, 1, 'a', 100);
    put(t, 2, 'b', 100);
    assert_int_equal(take(t, 1), 0);
    assert_int_equal(take(t, 2), 'b');
    skua_tls_sessions_free(t);
}

static void a02_all_of_one_server_are_dropped(void **state) {
    (void)state;
    skua_tls_sessions *t = skua_tls_sessions_new(0);
    put(t, 1, 'a', 100);
    put(t, 1, 'b', 100);
    put(t, 2, 'c', 100);
    sk_tls_sessions_drop(t, key_of(1));
    assert_int_equal(take(t, 1), 0);
    assert_int_equal(take(t, 2), 'c');
    skua_tls_sessions_free(t);
}

static void a02_whoever_holds_it_keeps_it(void **state) {
    (void)state;
    skua_tls_sessions *t = skua_tls_sessions_new(0);
    skua_tls_sessions *held = sk_tls_sessions_hold(t);
    put(t, 1, 'a', 100);
    skua_tls_sessions_free(t);
    assert_int_equal(take(held, 1), 'a');
    put(held, 1, 'b', 100);
    skua_tls_sessions_free(held);
    skua_tls_sessions_free(NULL);
}

/* ---- threads ---- */

enum { THREADS = 4, ROUNDS = 8 };

typedef struct shared {
    sk_tls_ctx *client, *server;
    skua_tls_sessions *sessions;
    int resumed;
} shared;

static void one_connection(shared *v) {
    ends e;
    skua_stream_info info = {.size = sizeof info};
    sk_tls_ctx_ref(v->client);
    sk_tls_ctx_ref(v->server);
    ends_open_with(&e, 65536, v->client, v->server, "a.example");
    sk_tls_resume(e.end[CLIENT], "a.example:443");
    ends_shake(&e);
    assert_int_equal(e.rc[CLIENT], 0);
    e.end[CLIENT]->ops->info(e.end[CLIENT], &info);
    v->resumed += info.tls_resumed;
    ends_read(&e, CLIENT, &(char){0}, 1); /* the ticket */
    ends_close(&e);
}

static void *connect_often(void *arg) {
    shared *v = arg;
    for (int i = 0; i < ROUNDS; i++) {
        one_connection(v);
        put(v->sessions, (unsigned)i, 'x', 100);
        take(v->sessions, (unsigned)(i + 1));
    }
    sk_tls_ctx_unref(v->client);
    sk_tls_ctx_unref(v->server);
    return NULL;
}

static void a02_threads_share_a_store(void **state) {
    (void)state;
    sk_thread t[THREADS];
    shared v[THREADS];
    skua_error err;
    int resumed = 0;
    skua_tls_sessions *sessions = skua_tls_sessions_new(0);
    sk_tls_ctx *client = ctx_made(
        sk_tls_client_ctx(
            SKUA_OPTS(skua_tls_opts, .ca_file = certs_path("ca"), .sessions = sessions), &err),
        &err);
    sk_tls_ctx *server = ctx_made(
        sk_tls_server_ctx(SKUA_OPTS(skua_tls_opts, .cert_file = certs_path("good")), &err), &err);
    for (int i = 0; i < THREADS; i++) {
        v[i] = (shared){client, server, sessions, 0};
        sk_tls_ctx_ref(client);
        sk_tls_ctx_ref(server);
        assert_int_equal(sk_thread_start(&t[i], connect_often, &v[i]), 0);
    }
    sk_tls_ctx_unref(client);
    sk_tls_ctx_unref(server);
    for (int i = 0; i < THREADS; i++) {
        sk_thread_join(t[i]);
        resumed += v[i].resumed;
    }
    skua_tls_sessions_free(sessions);
    /* Each connection brings a ticket, so that at most the first of each thread finds none. */
    assert_in_range(resumed, THREADS * (ROUNDS - 1), THREADS * ROUNDS - 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a02_gives_the_newest_and_each_once),
        cmocka_unit_test(a02_what_has_ended_is_not_given),
        cmocka_unit_test(a02_one_server_keeps_four),
        cmocka_unit_test(a02_the_oldest_give_way),
        cmocka_unit_test(a02_all_of_one_server_are_dropped),
        cmocka_unit_test(a02_whoever_holds_it_keeps_it),
        cmocka_unit_test(a02_threads_share_a_store),
    };
    return cmocka_run_group_tests(tests, common_begin, certs_end);
}
