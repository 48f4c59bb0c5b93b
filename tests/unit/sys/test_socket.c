/* Sockets on loopback: connecting, listening, moving bytes, and that nothing raises SIGPIPE, which
 * would end this very program. */
#include "../own_host.h"
#include "base/str.h"
#include "sys/poller.h"
#include "sys/socket.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define PATIENCE_MS 10000

static sk_addr address(const char *host, int port) {
    sk_addr a;
    assert_true(sk_addr_parse(sk_str(host), port, &a));
    return a;
}

/* A listener on a port of its own; *at is told which. */
static int listener(const char *host, const sk_listen_opts *opts, sk_addr *at) {
    *at = address(host, 0);
    int fd = sk_socket_listen(at, opts);
    assert_true(fd >= 0);
    assert_int_equal(sk_socket_local(fd, at), 0);
    return fd;
}

static int accept_one(int fd, sk_addr *peer) {
    assert_int_equal(sk_poll_one(fd, SKUA_WANT_READ, PATIENCE_MS, NULL), 0);
    int conn = sk_socket_accept(fd, peer);
    assert_true(conn >= 0);
    return conn;
}

static int connect_to(const sk_addr *to) {
    bool done;
    int fd = sk_socket_connect(to, NULL, &done);
    assert_true(fd >= 0);
    assert_int_equal(sk_poll_one(fd, SKUA_WANT_WRITE, PATIENCE_MS, NULL), 0);
    assert_int_equal(sk_socket_connect_result(fd), 0);
    return fd;
}

/* Two ends of one TCP connection. */
static void connected(int ends[2]) {
    sk_addr at;
    int l = listener("127.0.0.1", &(sk_listen_opts){0}, &at);
    ends[0] = connect_to(&at);
    ends[1] = accept_one(l, NULL);
    sk_socket_close(l);
}

static void close_both(const int ends[2]) {
    sk_socket_close(ends[0]);
    sk_socket_close(ends[1]);
}

static int option(int fd, int level, int name) {
    int value = -1;
    socklen_t len = sizeof value;
    assert_int_equal(getsockopt(fd, level, name, &value, &len), 0);
    return value;
}

static bool has_v6(void) {
    sk_addr at = address("::1", 0);
    int fd = sk_socket_listen(&at, &(sk_listen_opts){0});
    sk_socket_close(fd);
    return fd >= 0;
}

static void both_ends_are_set_up(void **state) {
    (void)state;
    int ends[2];
    connected(ends);
    for (int i = 0; i < 2; i++) {
        assert_true(fcntl(ends[i], F_GETFL) & O_NONBLOCK);
        assert_true(fcntl(ends[i], F_GETFD) & FD_CLOEXEC);
        assert_int_not_equal(option(ends[i], IPPROTO_TCP, TCP_NODELAY), 0);
        assert_int_not_equal(option(ends[i], SOL_SOCKET, SO_KEEPALIVE), 0);
    }
    sk_addr local, peer;
    assert_int_equal(sk_socket_local(ends[0], &local), 0);
    assert_int_equal(sk_socket_peer(ends[1], &peer), 0);
    assert_int_equal(local.len, peer.len);
    assert_memory_equal(&local.ss, &peer.ss, local.len);
    close_both(ends);
}

static void bytes_go_through_and_end(void **state) {
    (void)state;
    int ends[2];
    char buf[64];
    connected(ends);
    assert_int_equal(sk_socket_recv(ends[1], buf, sizeof buf), -EAGAIN);

    const skua_str pieces[] = {SK_LIT("GET "), {NULL, 0}, SK_LIT("/"), SK_LIT("")};
    assert_int_equal(sk_socket_send(ends[0], pieces, 4), 5);
    assert_int_equal(sk_poll_one(ends[1], SKUA_WANT_READ, PATIENCE_MS, NULL), 0);
    assert_int_equal(sk_socket_recv(ends[1], buf, sizeof buf), 5);
    assert_memory_equal(buf, "GET /", 5);

    assert_int_equal(sk_socket_shutdown(ends[0]), 0);
    assert_int_equal(sk_poll_one(ends[1], SKUA_WANT_READ, PATIENCE_MS, NULL), 0);
    assert_int_equal(sk_socket_recv(ends[1], buf, sizeof buf), 0);
    close_both(ends);
}

static void more_pieces_than_one_call_takes(void **state) {
    (void)state;
    int ends[2];
    connected(ends);
    skua_str pieces[100];
    for (size_t i = 0; i < 100; i++)
        pieces[i] = i < 60 ? SK_LIT("") : SK_LIT("ab");
    /* Empty ones must not use a call up, or it would move nothing for ever. */
    assert_int_equal(sk_socket_send(ends[0], pieces, 100), 32);
    close_both(ends);
}

static void full_socket_says_again(void **state) {
    (void)state;
    int ends[2];
    connected(ends);
    static char block[65536];
    const skua_str piece = {block, sizeof block};
    ptrdiff_t n;
    int sends = 0;
    while ((n = sk_socket_send(ends[0], &piece, 1)) > 0 && sends++ < 10000)
        ;
    assert_int_equal(n, -EAGAIN);
    close_both(ends);
}

static void what_the_peer_has_not_taken(void **state) {
    (void)state;
    int ends[2];
    connected(ends);
    static char block[1 << 20];
    const skua_str piece = {block, sizeof block};
    int64_t left = 0;
    for (int sends = 0; sk_socket_send(ends[0], &piece, 1) > 0 && sends < 10000; sends++)
        ;
    int64_t before = sk_socket_untaken(ends[0]);
    assert_in_range(before, 1, INT32_MAX);
    for (int tries = 0; (left = sk_socket_untaken(ends[0])) == before && tries < 10000; tries++) {
        sk_poll_one(ends[1], SKUA_WANT_READ, 1, NULL);
        sk_socket_recv(ends[1], block, sizeof block);
    }
    assert_true(left < before);
    close_both(ends);
    assert_int_equal(sk_socket_untaken(-1), 0);
}

static void reset_by_peer(int fd) {
    sk_socket_reset_on_close(fd);
    sk_socket_close(fd);
}

static void send_to_a_closed_peer_raises_no_signal(void **state) {
    (void)state;
    int ends[2];
    connected(ends);
    reset_by_peer(ends[1]);
    const skua_str piece = SK_LIT("x");
    const skua_str pieces[] = {piece, piece};
    char byte;
    assert_int_equal(sk_poll_one(ends[0], SKUA_WANT_READ, PATIENCE_MS, NULL), 0);
    assert_int_equal(sk_socket_recv(ends[0], &byte, 1), -ECONNRESET);
    assert_int_equal(sk_socket_send(ends[0], &piece, 1), -EPIPE);
    assert_int_equal(sk_socket_send(ends[0], pieces, 2), -EPIPE);
    sk_socket_close(ends[0]);
}

static int file_of(const char *text) {
    char name[] = "/tmp/skua-socket-XXXXXX";
    int file = mkstemp(name);
    assert_true(file >= 0);
    unlink(name);
    assert_int_equal(write(file, text, strlen(text)), (ssize_t)strlen(text));
    return file;
}

static void sendfile_advances_its_offset(void **state) {
    (void)state;
    int ends[2];
    char buf[64];
    connected(ends);
    int file = file_of("0123456789");
    int64_t offset = 3;
    assert_int_equal(sk_socket_sendfile(ends[0], file, &offset, 4), 4);
    assert_int_equal(offset, 7);
    assert_int_equal(sk_socket_sendfile(ends[0], file, &offset, 100), 3);
    assert_int_equal(sk_socket_sendfile(ends[0], file, &offset, 100), 0);
    for (ptrdiff_t len = 0, n; len < 7; len += n) {
        assert_int_equal(sk_poll_one(ends[1], SKUA_WANT_READ, PATIENCE_MS, NULL), 0);
        n = sk_socket_recv(ends[1], buf + len, sizeof buf - (size_t)len);
        assert_true(n > 0);
    }
    assert_memory_equal(buf, "3456789", 7);
    close(file);
    close_both(ends);
}

static void sendfile_to_a_closed_peer_raises_no_signal(void **state) {
    (void)state;
    int ends[2];
    connected(ends);
    reset_by_peer(ends[1]);
    char byte;
    assert_int_equal(sk_poll_one(ends[0], SKUA_WANT_READ, PATIENCE_MS, NULL), 0);
    assert_int_equal(sk_socket_recv(ends[0], &byte, 1), -ECONNRESET);
    int file = file_of("text");
    int64_t offset = 0;
    assert_int_equal(sk_socket_sendfile(ends[0], file, &offset, 4), -EPIPE);
    assert_int_equal(offset, 0);

    /* Nor is one left behind for later, nor the mask changed. */
    sigset_t set;
    sigpending(&set);
    assert_false(sigismember(&set, SIGPIPE));
    pthread_sigmask(SIG_BLOCK, NULL, &set);
    assert_false(sigismember(&set, SIGPIPE));
    close(file);
    sk_socket_close(ends[0]);
}

/* A port that is taken, so that nobody else can, and does not listen. */
static int refusing(sk_addr *at) {
    *at = address("127.0.0.1", 0);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (const struct sockaddr *)&at->ss, at->len), 0);
    assert_int_equal(sk_socket_local(fd, at), 0);
    return fd;
}

static void refused(void **state) {
    (void)state;
    sk_addr at;
    int nobody = refusing(&at);
    bool done = true;
    int fd = sk_socket_connect(&at, NULL, &done);
    assert_true(fd >= 0);
    assert_false(done);
    assert_int_equal(sk_poll_one(fd, SKUA_WANT_WRITE, PATIENCE_MS, NULL), 0);
    assert_int_equal(sk_socket_connect_result(fd), ECONNREFUSED);
    sk_socket_close(fd);
    sk_socket_close(nobody);
}

/* How many a listener has in its queue. */
static unsigned queued(int fd) {
    struct tcp_info info = {0};
    socklen_t len = sizeof info;
    assert_int_equal(getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len), 0);
    return info.tcpi_unacked;
}

static void not_connected_yet(void **state) {
    (void)state;
    sk_addr at;
    int l = listener("127.0.0.1", &(sk_listen_opts){.backlog = 1}, &at);
    /* A queue of one takes two, who are in it a moment after they know themselves connected; who
     * comes then is left unanswered. */
    int first = connect_to(&at);
    int second = connect_to(&at);
    bool done;
    for (int tries = 0; queued(l) < 2 && tries < PATIENCE_MS; tries++)
        poll(NULL, 0, 1);
    assert_int_equal(queued(l), 2);
    int third = sk_socket_connect(&at, NULL, &done);
    assert_true(third >= 0);
    assert_false(done);
    assert_int_equal(sk_socket_connect_result(third), EINPROGRESS);
    sk_socket_close(first);
    sk_socket_close(second);
    sk_socket_close(third);
    sk_socket_close(l);
}

/* From a port to that same port with nobody listening, TCP connects a socket with itself. */
static void a_connection_with_oneself_is_refused(void **state) {
    (void)state;
    sk_addr at;
    sk_socket_close(listener(own_host(), &(sk_listen_opts){0}, &at));
    bool done;
    int fd = sk_socket_connect(&at, &at, &done);
    assert_true(fd >= 0);
    assert_int_equal(sk_poll_one(fd, SKUA_WANT_WRITE, PATIENCE_MS, NULL), 0);
    assert_int_equal(sk_socket_connect_result(fd), ECONNREFUSED);
    sk_socket_close(fd);
}

static void source_address_is_used(void **state) {
    (void)state;
    sk_addr at, peer;
    int l = listener("127.0.0.1", &(sk_listen_opts){0}, &at);
    const sk_addr from = address("127.0.0.9", 0);
    bool done;
    int fd = sk_socket_connect(&at, &from, &done);
    assert_true(fd >= 0);
    int conn = accept_one(l, &peer);
    char text[SK_ADDR_TEXT];
    sk_addr_format((struct sockaddr *)&peer.ss, peer.len, text);
    assert_int_equal(strncmp(text, "127.0.0.9:", 10), 0);
    sk_socket_close(conn);
    sk_socket_close(fd);

    const sk_addr nobodys = address("192.0.2.1", 0);
    assert_int_equal(sk_socket_connect(&at, &nobodys, &done), -EADDRNOTAVAIL);
    sk_socket_close(l);
}

static void port_is_shared_only_on_request(void **state) {
    (void)state;
    sk_addr at;
    const sk_listen_opts shared = {.reuse_port = true};
    int a = listener("127.0.0.1", &shared, &at);
    int b = sk_socket_listen(&at, &shared);
    assert_true(b >= 0);
    assert_int_equal(sk_socket_listen(&at, &(sk_listen_opts){0}), -EADDRINUSE);
    sk_socket_close(a);
    sk_socket_close(b);
}

static void port_is_free_again_at_once(void **state) {
    (void)state;
    sk_addr at;
    int l = listener(own_host(), &(sk_listen_opts){0}, &at);
    int client = connect_to(&at);
    int conn = accept_one(l, NULL);
    sk_socket_close(conn); /* closing first leaves it in TIME_WAIT */
    sk_socket_close(l);
    sk_socket_close(client);
    l = sk_socket_listen(&at, &(sk_listen_opts){0});
    assert_true(l >= 0);
    sk_socket_close(l);
}

static void v6_listener_serves_v4_unless_told(void **state) {
    (void)state;
    if (!has_v6())
        skip();
    for (int only = 0; only < 2; only++) {
        sk_addr at;
        int l = listener("::", &(sk_listen_opts){.v6_only = only}, &at);
        sk_addr v4 = address(own_host(), sk_addr_port(&at));
        bool done;
        int fd = sk_socket_connect(&v4, NULL, &done);
        assert_true(fd >= 0);
        assert_int_equal(sk_poll_one(fd, SKUA_WANT_WRITE, PATIENCE_MS, NULL), 0);
        assert_int_equal(sk_socket_connect_result(fd), only ? ECONNREFUSED : 0);
        sk_socket_close(fd);
        sk_socket_close(l);
    }
}

static void accept_may_be_deferred(void **state) {
    (void)state;
    sk_addr at;
    int l = listener("127.0.0.1", &(sk_listen_opts){.defer_seconds = 5}, &at);
    assert_true(option(l, IPPROTO_TCP, TCP_DEFER_ACCEPT) > 0);
    int fd = connect_to(&at);
    assert_int_equal(sk_socket_accept(l, NULL), -EAGAIN);
    const skua_str piece = SK_LIT("x");
    assert_int_equal(sk_socket_send(fd, &piece, 1), 1);
    sk_socket_close(accept_one(l, NULL));
    sk_socket_close(fd);
    sk_socket_close(l);
}

/* A directory for Unix sockets; remove_folder takes the socket along. */
static sk_addr unix_in(char folder[], const char *name) {
    assert_non_null(mkdtemp(folder));
    char path[100];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    sk_addr a;
    assert_int_equal(sk_addr_unix(sk_str(path), &a), 0);
    return a;
}

static void remove_folder(const char *folder, const char *name) {
    char path[100];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    unlink(path);
    assert_int_equal(rmdir(folder), 0);
}

static void unix_socket_connects_at_once(void **state) {
    (void)state;
    char folder[] = "/tmp/skua-unix-XXXXXX";
    sk_addr at = unix_in(folder, "s");
    int l = sk_socket_listen(&at, &(sk_listen_opts){.reuse_port = true, .defer_seconds = 1});
    assert_true(l >= 0);
    bool done = false;
    int fd = sk_socket_connect(&at, NULL, &done);
    assert_true(fd >= 0);
    assert_true(done);
    assert_int_equal(sk_socket_connect_result(fd), 0);
    sk_socket_close(accept_one(l, NULL));
    sk_socket_close(fd);
    sk_socket_close(l);
    remove_folder(folder, "s");
}

static void stale_unix_socket_is_replaced(void **state) {
    (void)state;
    char folder[] = "/tmp/skua-unix-XXXXXX";
    sk_addr at = unix_in(folder, "s");
    int l = sk_socket_listen(&at, &(sk_listen_opts){0});
    assert_true(l >= 0);
    assert_int_equal(sk_socket_listen(&at, &(sk_listen_opts){0}), -EADDRINUSE);
    sk_socket_close(l); /* its file stays, and nobody answers */
    l = sk_socket_listen(&at, &(sk_listen_opts){0});
    assert_true(l >= 0);
    sk_socket_close(l);
    remove_folder(folder, "s");
}

static void another_file_is_not_replaced(void **state) {
    (void)state;
    char folder[] = "/tmp/skua-unix-XXXXXX";
    sk_addr at = unix_in(folder, "s");
    char path[100];
    snprintf(path, sizeof path, "%s/s", folder);
    int file = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    assert_true(file >= 0);
    close(file);
    assert_int_equal(sk_socket_listen(&at, &(sk_listen_opts){0}), -EADDRINUSE);
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    assert_true(S_ISREG(st.st_mode));
    remove_folder(folder, "s");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_ends_are_set_up),
        cmocka_unit_test(bytes_go_through_and_end),
        cmocka_unit_test(more_pieces_than_one_call_takes),
        cmocka_unit_test(full_socket_says_again),
        cmocka_unit_test(what_the_peer_has_not_taken),
        cmocka_unit_test(send_to_a_closed_peer_raises_no_signal),
        cmocka_unit_test(sendfile_advances_its_offset),
        cmocka_unit_test(sendfile_to_a_closed_peer_raises_no_signal),
        cmocka_unit_test(refused),
        cmocka_unit_test(not_connected_yet),
        cmocka_unit_test(a_connection_with_oneself_is_refused),
        cmocka_unit_test(source_address_is_used),
        cmocka_unit_test(port_is_shared_only_on_request),
        cmocka_unit_test(port_is_free_again_at_once),
        cmocka_unit_test(v6_listener_serves_v4_unless_told),
        cmocka_unit_test(accept_may_be_deferred),
        cmocka_unit_test(unix_socket_connects_at_once),
        cmocka_unit_test(stale_unix_socket_is_replaced),
        cmocka_unit_test(another_file_is_not_replaced),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
