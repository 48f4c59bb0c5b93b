/* Dialling when there is no memory: told as that, with nothing left open. */
#include "../nomem.h"
#include "base/str.h"
#include "net/dial.h"
#include "sys/clock.h"
#include "sys/poller.h"

#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>

#define PATIENCE_MS 10000
#define ENOUGH      20 /* more than a dial allocates */

static int free_descriptor(void) {
    int fd = dup(2);
    close(fd);
    return fd;
}

static int dial(const sk_dial_opts *o, skua_error *err) {
    sk_dial *d = sk_dial_start(o, 0, err);
    if (!d)
        return err->code;
    int rc;
    while ((rc = sk_dial_step(d, 0, err)) == SKUA_E_AGAIN) {
        skua_want w;
        int64_t deadline;
        if (sk_dial_wants(d, &w, 1, &deadline) == 1)
            assert_int_equal(sk_poll_one(w.fd, w.events, PATIENCE_MS, NULL), 0);
    }
    sk_dial_free(d);
    return rc;
}

/* With each allocation failing in turn, until none is left to fail. */
static void check_each(const sk_dial_opts *o, int at_least) {
    int before = free_descriptor();
    int nth = 0, rc;
    bool failed;
    do {
        skua_error err = {.code = 0};
        nomem_fail_from(++nth);
        rc = dial(o, &err);
        failed = nomem_stop();
        if (failed) {
            assert_int_equal(rc, SKUA_E_NOMEM);
            assert_int_equal(err.code, SKUA_E_NOMEM);
            assert_string_equal(err.msg, "memory: out of memory");
            assert_int_equal(free_descriptor(), before);
        }
    } while (failed && nth < ENOUGH);
    assert_true(nth > at_least);
    assert_true(rc >= 0);
    sk_socket_close(rc);
}

static void each_allocation_may_fail(void **state) {
    (void)state;
    sk_addr at;
    assert_true(sk_addr_parse(SK_LIT("127.0.0.1"), 0, &at));
    int l = sk_socket_listen(&at, &(sk_listen_opts){0});
    assert_true(l >= 0);
    assert_int_equal(sk_socket_local(l, &at), 0);
    sk_dial_opts o = {
        .host = "127.0.0.1",
        .port = sk_addr_port(&at),
        .resolve_ms = SKUA_FOREVER,
        .connect_ms = SKUA_FOREVER,
        .deadline = SK_NEVER,
    };
    check_each(&o, 3); /* the dial, the lookup's job, the attempts */
    o.addresses = &at;
    o.address_count = 1;
    check_each(&o, 2);
    sk_socket_close(l);
}

static void a_unix_path_too(void **state) {
    (void)state;
    sk_addr at;
    assert_int_equal(sk_addr_unix(SK_LIT("@skua-dial-nomem"), &at), 0);
    int l = sk_socket_listen(&at, &(sk_listen_opts){0});
    assert_true(l >= 0);
    const sk_dial_opts o = {
        .host = "unix:@skua-dial-nomem",
        .resolve_ms = SKUA_FOREVER,
        .connect_ms = SKUA_FOREVER,
        .deadline = SK_NEVER,
    };
    check_each(&o, 2);
    sk_socket_close(l);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_allocation_may_fail),
        cmocka_unit_test(a_unix_path_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
