/* Where a server listens: the words, the addresses they stand for, and what cannot be had. */
#include "../own_host.h"
#include "raw_client.h"
#include "server/listener.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void refused(const char *where, int code) {
    skua_error err;
    sk_listener *l = sk_listener_new(where, NULL, 2, &err);
    if (l)
        fail_msg("%s was taken", where);
    assert_int_equal(err.code, code);
    assert_non_null(strstr(err.msg, where));
}

static void bad_words_are_refused(void **state) {
    (void)state;
    static const char *const cases[] = {
        "",
        "127.0.0.1:80",
        "ftp://127.0.0.1",
        "http://",
        "http://:80",
        "http://h:65536",
        "http://h:x",
        "http://u@127.0.0.1",
        "http://h/x",
        "http://127.0.0.1?",
        "http://[::1",
        "http://h h",
        "unix:",
        "http://127.0.0.1:0/x",
        "fd:",
        "fd:x",
        "fd:-1",
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        refused(cases[i], SKUA_E_INVALID_URL);
}

static void tls_settings_belong_to_https(void **state) {
    (void)state;
    skua_error err;
    const skua_listen_opts tls = {.size = sizeof tls,
                                  .tls = SKUA_OPTS(skua_tls_opts, .cert_file = "/nonexistent.pem")};
    assert_null(sk_listener_new("http://127.0.0.1:0", &tls, 1, &err));
    assert_int_equal(err.code, SKUA_E_INVALID_URL);
    assert_null(sk_listener_new("https://127.0.0.1:0", &tls, 1, &err));
    assert_non_null(strstr(err.msg, "/nonexistent.pem"));
    assert_null(sk_listener_new("https://127.0.0.1:0", NULL, 1, &err));
    assert_int_equal(err.code, SKUA_E_INVALID_ARGUMENT);
    assert_non_null(strstr(err.msg, "listen on https://127.0.0.1:0"));
}

static void each_worker_has_its_own(void **state) {
    (void)state;
    sk_listener *l = sk_listener_new("http://127.0.0.1:0", NULL, 3, NULL);
    assert_non_null(l);
    assert_int_equal(l->fd_count, 3);
    int port = rc_port(l->url);
    assert_in_range(port, 1, 65535);
    for (uint32_t i = 0; i < 3; i++) {
        sk_addr at;
        assert_int_equal(sk_socket_local(l->fds[i], &at), 0);
        assert_int_equal(sk_addr_port(&at), port);
    }
    char expected[64];
    snprintf(expected, sizeof expected, "http://127.0.0.1:%d/", port);
    assert_string_equal(l->url, expected);
    sk_listener_free(l);
}

static void a_port_that_is_taken_is_an_error(void **state) {
    (void)state;
    static const uint32_t workers[] = {1, 4};
    for (size_t i = 0; i < COUNT(workers); i++) {
        skua_error err;
        char where[64];
        snprintf(where, sizeof where, "http://%s:0", own_host());
        sk_listener *l = sk_listener_new(where, NULL, workers[i], NULL);
        assert_non_null(l);
        for (size_t k = 0; k < COUNT(workers); k++) {
            assert_null(sk_listener_new(l->url, NULL, workers[k], &err));
            assert_int_equal(err.code, SKUA_E_ADDRESS_IN_USE);
        }
        sk_listener *again;
        char *url = strdup(l->url);
        sk_listener_free(l);
        again = sk_listener_new(url, NULL, workers[i], &err);
        assert_non_null(again);
        assert_string_equal(again->url, url);
        sk_listener_free(again);
        free(url);
    }
}

static void a_name_is_all_its_addresses(void **state) {
    (void)state;
    skua_error err;
    sk_listener *l = sk_listener_new("http://localhost:0", NULL, 2, &err);
    assert_non_null(l);
    assert_memory_equal(l->url, "http://localhost:", 17);
    assert_true(l->fd_count >= 2 && l->fd_count % 2 == 0);
    static raw_client c;
    rc_connect(&c, l->url); /* 127.0.0.1 is one of them */
    rc_close(&c);
    sk_listener_free(l);
    assert_null(sk_listener_new("http://no-such-name.invalid:0", NULL, 2, &err));
    assert_int_equal(err.code, SKUA_E_RESOLVE);
}

static void a_star_is_all_addresses(void **state) {
    (void)state;
    skua_error err;
    sk_listener *l = sk_listener_new("http://*:0", NULL, 2, &err);
    assert_non_null(l);
    static raw_client c;
    rc_connect(&c, l->url); /* IPv4, whatever the family of the socket */
    rc_close(&c);
    sk_listener_free(l);
}

static void a_unix_socket_is_shared(void **state) {
    (void)state;
    skua_error err;
    char where[64], dir[] = "/tmp/skua-listen-XXXXXX";
    assert_non_null(mkdtemp(dir));
    snprintf(where, sizeof where, "unix:%s/s", dir);
    sk_listener *l = sk_listener_new(where, NULL, 4, &err);
    assert_non_null(l);
    assert_int_equal(l->fd_count, 1);
    assert_true(l->shared);
    assert_string_equal(l->url, where);
    assert_null(sk_listener_new(where, NULL, 4, &err));
    assert_int_equal(err.code, SKUA_E_ADDRESS_IN_USE);
    sk_listener_free(l);
    l = sk_listener_new(where, NULL, 4, &err); /* over the one left behind */
    assert_non_null(l);
    sk_listener_free(l);
    unlink(where + strlen("unix:"));
    rmdir(dir);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_words_are_refused),
        cmocka_unit_test(tls_settings_belong_to_https),
        cmocka_unit_test(each_worker_has_its_own),
        cmocka_unit_test(a_port_that_is_taken_is_an_error),
        cmocka_unit_test(a_name_is_all_its_addresses),
        cmocka_unit_test(a_star_is_all_addresses),
        cmocka_unit_test(a_unix_socket_is_shared),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
