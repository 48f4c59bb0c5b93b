/* The stream over a socket: bytes, ends, errors with their words, and what it tells of itself. */
#include "base/str.h"
#include "net/tcp.h"
#include "sys/poller.h"
#include "sys/socket.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#define PATIENCE_MS 10000

typedef struct ends {
    sk_tcp near;
    skua_stream *s; /* near */
    int far;
} ends;

static void connect_ends(ends *e) {
    sk_addr at;
    assert_true(sk_addr_parse(SK_LIT("127.0.0.1"), 0, &at));
    int l = sk_socket_listen(&at, &(sk_listen_opts){0});
    assert_true(l >= 0);
    assert_int_equal(sk_socket_local(l, &at), 0);
    bool done;
    int fd = sk_socket_connect(&at, NULL, &done);
    assert_true(fd >= 0);
    assert_int_equal(sk_poll_one(l, SKUA_WANT_READ, PATIENCE_MS, NULL), 0);
    e->far = sk_socket_accept(l, NULL);
    assert_true(e->far >= 0);
    assert_int_equal(sk_poll_one(fd, SKUA_WANT_WRITE, PATIENCE_MS, NULL), 0);
    assert_int_equal(sk_socket_connect_result(fd), 0);
    sk_socket_close(l);
    sk_tcp_init(&e->near, fd);
    e->s = &e->near.base;
}

static void close_ends(ends *e) {
    sk_socket_close(e->far);
    e->s->ops->close(e->s);
}

static void wait_readable(const ends *e) {
    skua_want w = e->s->ops->want(e->s, SKUA_WANT_READ);
    assert_int_equal(w.events, SKUA_WANT_READ);
    assert_int_equal(sk_poll_one(w.fd, w.events, PATIENCE_MS, NULL), 0);
}

static void bytes_and_the_end(void **state) {
    (void)state;
    ends e;
    connect_ends(&e);
    char buf[16];
    skua_error err = {.code = 77};
    assert_true(e.s->ops->flags & SKUA_STREAM_SHORT_IS_DRY);
    assert_null(e.s->ops->wait);
    assert_int_equal(e.s->ops->read(e.s, buf, sizeof buf, &err), SKUA_E_AGAIN);

    const skua_str pieces[] = {SK_LIT("ab"), SK_LIT("c")};
    assert_int_equal(e.s->ops->writev(e.s, pieces, 2, &err), 3);
    assert_int_equal(sk_poll_one(e.far, SKUA_WANT_READ, PATIENCE_MS, NULL), 0);
    assert_int_equal(sk_socket_recv(e.far, buf, sizeof buf), 3);
    assert_memory_equal(buf, "abc", 3);
    assert_int_equal(sk_socket_send(e.far, pieces, 2), 3);
    wait_readable(&e);
    assert_int_equal(e.s->ops->read(e.s, buf, 2, &err), 2);
    assert_int_equal(e.s->ops->read(e.s, buf, sizeof buf, NULL), 1);

    assert_int_equal(e.s->ops->shutdown(e.s, &err), 0);
    assert_int_equal(sk_poll_one(e.far, SKUA_WANT_READ, PATIENCE_MS, NULL), 0);
    assert_int_equal(sk_socket_recv(e.far, buf, sizeof buf), 0);
    assert_int_equal(sk_socket_shutdown(e.far), 0);
    wait_readable(&e);
    assert_int_equal(e.s->ops->read(e.s, buf, sizeof buf, &err), 0);
    assert_int_equal(err.code, 77); /* untouched by success and by AGAIN */
    close_ends(&e);
}

static void full_stream_says_again(void **state) {
    (void)state;
    ends e;
    connect_ends(&e);
    static char block[65536];
    const skua_str piece = {block, sizeof block};
    ptrdiff_t n;
    int writes = 0;
    while ((n = e.s->ops->writev(e.s, &piece, 1, NULL)) > 0 && writes++ < 10000)
        ;
    assert_int_equal(n, SKUA_E_AGAIN);
    close_ends(&e);
}

static void reset_far(ends *e) {
    const struct linger now = {.l_onoff = 1};
    assert_int_equal(setsockopt(e->far, SOL_SOCKET, SO_LINGER, &now, sizeof now), 0);
    sk_socket_close(e->far);
    e->far = -1;
}

static void errors_say_what_and_where(void **state) {
    (void)state;
    ends e;
    connect_ends(&e);
    reset_far(&e);
    skua_error err;
    char byte;
    wait_readable(&e);
    assert_int_equal(e.s->ops->read(e.s, &byte, 1, &err), SKUA_E_CONNECTION_RESET);
    assert_int_equal(err.code, SKUA_E_CONNECTION_RESET);
    assert_int_equal(err.phase, SKUA_PHASE_RECV);
    assert_int_equal(err.os_errno, ECONNRESET);
    assert_string_equal(err.msg, "recv: connection reset by peer");

    const skua_str piece = SK_LIT("x");
    assert_int_equal(e.s->ops->writev(e.s, &piece, 1, &err), SKUA_E_BROKEN_PIPE);
    assert_int_equal(err.phase, SKUA_PHASE_SEND);
    assert_int_equal(err.os_errno, EPIPE);
    assert_string_equal(err.msg, "send: peer closed while we were sending");
    int64_t offset = 0;
    assert_int_equal(e.s->ops->sendfile(e.s, -1, &offset, 1, &err), SKUA_E_OS);
    assert_string_equal(err.msg, "send: Bad file descriptor");
    assert_int_equal(e.s->ops->writev(e.s, &piece, 1, NULL), SKUA_E_BROKEN_PIPE);
    assert_int_equal(e.s->ops->shutdown(e.s, &err), SKUA_E_NOT_CONNECTED);
    assert_int_equal(err.os_errno, ENOTCONN);
    close_ends(&e);
}

static int file_of(const char *text) {
    char name[] = "/tmp/skua-tcp-XXXXXX";
    int file = mkstemp(name);
    assert_true(file >= 0);
    unlink(name);
    assert_int_equal(write(file, text, strlen(text)), (ssize_t)strlen(text));
    return file;
}

static void file_is_sent(void **state) {
    (void)state;
    ends e;
    connect_ends(&e);
    int file = file_of("0123456789");
    int64_t offset = 4;
    char buf[16];
    assert_int_equal(e.s->ops->sendfile(e.s, file, &offset, 100, NULL), 6);
    assert_int_equal(offset, 10);
    assert_int_equal(e.s->ops->sendfile(e.s, file, &offset, 100, NULL), 0);
    assert_int_equal(sk_poll_one(e.far, SKUA_WANT_READ, PATIENCE_MS, NULL), 0);
    assert_int_equal(sk_socket_recv(e.far, buf, sizeof buf), 6);
    assert_memory_equal(buf, "456789", 6);
    close(file);
    close_ends(&e);
}

/* Held back or not, the head comes before the file, in a thread that holds SIGPIPE back as well. */
static void a_head_leaves_with_its_file(void **state) {
    (void)state;
    ends e;
    connect_ends(&e);
    const skua_str head = SK_LIT("head ");
    char buf[16];
    int64_t offset = 0;
    int file = file_of("body");
    e.s->ops->more(e.s);
    assert_int_equal(e.s->ops->writev(e.s, &head, 1, NULL), 5);
    ((sk_tcp *)e.s)->sigpipe_held = true;
    assert_int_equal(e.s->ops->sendfile(e.s, file, &offset, 4, NULL), 4);
    for (ptrdiff_t len = 0, n; len < 9; len += n) {
        assert_int_equal(sk_poll_one(e.far, SKUA_WANT_READ, PATIENCE_MS, NULL), 0);
        n = sk_socket_recv(e.far, buf + len, sizeof buf - (size_t)len);
        assert_true(n > 0);
    }
    assert_memory_equal(buf, "head body", 9);
    close(file);
    close_ends(&e);
}

/* A read that waits changes the socket, and what does not wait still does not. */
static void reading_may_wait(void **state) {
    (void)state;
    ends e;
    connect_ends(&e);
    static char block[65536];
    const skua_str piece = {block, sizeof block};
    char buf[16];
    assert_int_equal(e.s->ops->read_waiting(e.s, buf, sizeof buf, NULL), SKUA_E_AGAIN);
    assert_int_equal(sk_socket_send(e.far, &SK_LIT("abc"), 1), 3);
    wait_readable(&e);
    assert_int_equal(e.s->ops->read_waiting(e.s, buf, sizeof buf, NULL), 3);
    assert_memory_equal(buf, "abc", 3);

    assert_int_equal(e.s->ops->read(e.s, buf, sizeof buf, NULL), SKUA_E_AGAIN);
    ptrdiff_t n;
    while ((n = e.s->ops->writev(e.s, &piece, 1, NULL)) > 0)
        ;
    assert_int_equal(n, SKUA_E_AGAIN);
    char name[] = "/tmp/skua-tcp-XXXXXX";
    int file = mkstemp(name);
    assert_true(file >= 0);
    unlink(name);
    assert_int_equal(write(file, block, sizeof block), sizeof block);
    do { /* what is under way makes room for a while */
        int64_t offset = 0;
        n = e.s->ops->sendfile(e.s, file, &offset, sizeof block, NULL);
    } while (n > 0);
    assert_int_equal(n, SKUA_E_AGAIN);
    close(file);

    assert_int_equal(sk_socket_shutdown(e.far), 0);
    wait_readable(&e);
    assert_int_equal(e.s->ops->read_waiting(e.s, buf, sizeof buf, NULL), 0);
    close_ends(&e);
}

static void both_addresses_are_told(void **state) {
    (void)state;
    ends e;
    connect_ends(&e);
    skua_stream_info info = {.size = sizeof info};
    e.s->ops->info(e.s, &info);
    sk_addr a;
    char text[SK_ADDR_TEXT];
    assert_int_equal(sk_socket_local(e.far, &a), 0);
    sk_addr_format((const struct sockaddr *)&a.ss, a.len, text);
    assert_string_equal(info.peer, text);
    assert_int_equal(sk_socket_peer(e.far, &a), 0);
    sk_addr_format((const struct sockaddr *)&a.ss, a.len, text);
    assert_string_equal(info.local, text);
    assert_string_equal(info.tls_version, "");
    close_ends(&e);
}

static void stream_of_its_own_closes_its_descriptor(void **state) {
    (void)state;
    int fds[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
    skua_stream *s = sk_tcp_new(fds[0]);
    assert_non_null(s);
    assert_int_equal(s->ops->want(s, SKUA_WANT_WRITE).fd, fds[0]);
    s->ops->close(s);
    char byte;
    assert_int_equal(sk_socket_recv(fds[1], &byte, 1), 0);
    sk_socket_close(fds[1]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_and_the_end),
        cmocka_unit_test(full_stream_says_again),
        cmocka_unit_test(errors_say_what_and_where),
        cmocka_unit_test(file_is_sent),
        cmocka_unit_test(a_head_leaves_with_its_file),
        cmocka_unit_test(reading_may_wait),
        cmocka_unit_test(both_addresses_are_told),
        cmocka_unit_test(stream_of_its_own_closes_its_descriptor),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
