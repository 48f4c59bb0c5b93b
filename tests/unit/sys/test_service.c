/* What a service manager says through the environment, and is told. */
#include "sys/service.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

static void set_number(const char *name, long value) {
    char text[24];
    snprintf(text, sizeof text, "%ld", value);
    setenv(name, text, 1);
}

static void sockets_are_for_one_process(void **state) {
    (void)state;
    assert_int_equal(sk_service_sockets(), 0);
    setenv("LISTEN_FDS", "2", 1);
    assert_int_equal(sk_service_sockets(), 0);
    set_number("LISTEN_PID", (long)getppid());
    assert_int_equal(sk_service_sockets(), 0);
    set_number("LISTEN_PID", (long)getpid());
    assert_int_equal(sk_service_sockets(), 2);
    setenv("LISTEN_FDS", "-1", 1);
    assert_int_equal(sk_service_sockets(), 0);
    setenv("LISTEN_FDS", "x", 1);
    assert_int_equal(sk_service_sockets(), 0);
    assert_false(sk_service_socket_is(0, "a"));
    setenv("LISTEN_FDNAMES", "a:bc", 1);
    assert_true(sk_service_socket_is(0, "a"));
    assert_true(sk_service_socket_is(1, "bc"));
    assert_false(sk_service_socket_is(1, "b"));
    assert_false(sk_service_socket_is(2, "c"));
    unsetenv("LISTEN_FDS");
    unsetenv("LISTEN_PID");
    unsetenv("LISTEN_FDNAMES");
}

static void messages_are_heard(void **state) {
    (void)state;
    char dir[] = "/tmp/skua-notify-XXXXXX";
    assert_non_null(mkdtemp(dir));
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    snprintf(at.sun_path, sizeof at.sun_path, "%s/s", dir);
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    assert_int_equal(bind(fd, (const struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(sk_service_notify("READY=1"), -ENOENT);
    setenv("NOTIFY_SOCKET", "relative", 1);
    assert_int_equal(sk_service_notify("READY=1"), -EINVAL);
    setenv("NOTIFY_SOCKET", at.sun_path, 1);
    assert_int_equal(sk_service_notify("READY=1\nSTATUS=serving"), 0);
    char heard[64] = "";
    assert_int_equal(recv(fd, heard, sizeof heard - 1, 0), 22);
    assert_string_equal(heard, "READY=1\nSTATUS=serving");
    close(fd);
    assert_int_equal(sk_service_notify("READY=1"), -ECONNREFUSED);
    unsetenv("NOTIFY_SOCKET");
    unlink(at.sun_path);
    rmdir(dir);
}

static void a_watchdog_is_for_one_process(void **state) {
    (void)state;
    assert_int_equal(sk_service_watchdog_ms(), -1);
    setenv("WATCHDOG_USEC", "30000000", 1);
    assert_int_equal(sk_service_watchdog_ms(), 30000);
    set_number("WATCHDOG_PID", (long)getpid());
    assert_int_equal(sk_service_watchdog_ms(), 30000);
    set_number("WATCHDOG_PID", (long)getppid());
    assert_int_equal(sk_service_watchdog_ms(), -1);
    unsetenv("WATCHDOG_PID");
    setenv("WATCHDOG_USEC", "1", 1);
    assert_int_equal(sk_service_watchdog_ms(), 1);
    setenv("WATCHDOG_USEC", "0", 1);
    assert_int_equal(sk_service_watchdog_ms(), -1);
    unsetenv("WATCHDOG_USEC");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sockets_are_for_one_process),
        cmocka_unit_test(messages_are_heard),
        cmocka_unit_test(a_watchdog_is_for_one_process),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
