/* sys/socket.c - making sockets and moving bytes through them. It waits in sk_socket_recv_waiting
 * alone. */
#include "sys/socket.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define SEND_PIECES 16
#define SEND_FLAGS  (MSG_NOSIGNAL | MSG_DONTWAIT)

static bool is_inet(int family) {
    return family == AF_INET || family == AF_INET6;
}

static int set_option(int fd, int level, int name, int value) {
    return setsockopt(fd, level, name, &value, sizeof value) == 0 ? 0 : -errno;
}

/* TCP sends at once and notices dead peers. Accepted sockets inherit both from their listener. */
static void send_at_once(int fd) {
    set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    set_option(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
}

static int new_socket(int family) {
    int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    if (is_inet(family))
        send_at_once(fd);
    return fd;
}

static int bind_to(int fd, const sk_addr *at) {
    return bind(fd, (const struct sockaddr *)&at->ss, at->len) == 0 ? 0 : -errno;
}

static int bind_source(int fd, const sk_addr *from) {
    /* Where the port is free to choose, it need only be unique per destination, so that many
     * connections from one address do not run out of ports. */
    if (sk_addr_port(from) == 0)
        set_option(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1);
    return bind_to(fd, from);
}

int sk_socket_connect(const sk_addr *to, const sk_addr *from, bool *done) {
    *done = false;
    int fd = new_socket(to->ss.ss_family);
    if (fd < 0)
        return fd;
    int rc = from ? bind_source(fd, from) : 0;
    if (rc == 0 && connect(fd, (const struct sockaddr *)&to->ss, to->len) != 0)
        rc = -errno;
    if (rc == 0)
        *done = true;
    /* After a signal the connect goes on by itself. */
    if (rc == 0 || rc == -EINPROGRESS || rc == -EINTR)
        return fd;
    close(fd);
    return rc;
}

/* A connect to a free port of this machine may be given that very port as its own and meet itself:
 * what looks connected is nobody. */
static bool is_self(int fd, const sk_addr *peer) {
    sk_addr local;
    return is_inet(peer->ss.ss_family) && sk_socket_local(fd, &local) == 0 &&
           local.len == peer->len && memcmp(&local.ss, &peer->ss, local.len) == 0;
}

int sk_socket_connect_result(int fd) {
    int failure = 0;
    socklen_t len = sizeof failure;
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &failure, &len) != 0)
        return errno;
    if (failure != 0)
        return failure;
    sk_addr peer;
    int rc = sk_socket_peer(fd, &peer);
    if (rc == -ENOTCONN)
        return EINPROGRESS;
    if (rc == 0 && is_self(fd, &peer))
        return ECONNREFUSED;
    return -rc;
}

/* Remove the file of a Unix socket that nobody listens on any more. */
static bool remove_stale(const sk_addr *at) {
    const struct sockaddr_un *un = (const struct sockaddr_un *)(const void *)&at->ss;
    struct stat st;
    if (at->ss.ss_family != AF_UNIX || un->sun_path[0] == '\0' || lstat(un->sun_path, &st) != 0 ||
        !S_ISSOCK(st.st_mode))
        return false;
    bool done;
    int fd = sk_socket_connect(at, NULL, &done);
    if (fd >= 0)
        close(fd);
    return fd == -ECONNREFUSED && unlink(un->sun_path) == 0;
}

static int listen_options(int fd, int family, const sk_listen_opts *opts) {
    if (!is_inet(family))
        return 0;
    int rc = set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1);
    if (rc == 0 && opts->reuse_port)
        rc = set_option(fd, SOL_SOCKET, SO_REUSEPORT, 1);
    /* Said either way: the system's default can be changed. */
    if (rc == 0 && family == AF_INET6)
        rc = set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, opts->v6_only);
    if (rc == 0 && opts->defer_seconds > 0)
        rc = set_option(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, opts->defer_seconds);
    return rc;
}

static const char *path_of(const sk_addr *at) {
    const struct sockaddr_un *un = (const struct sockaddr_un *)(const void *)&at->ss;
    return at->ss.ss_family == AF_UNIX && un->sun_path[0] ? un->sun_path : NULL;
}

/* Bind; a file never has, not even for a moment, a wider mode than it is to have. */
static int bind_with_mode(int fd, const sk_addr *at, unsigned mode) {
    const char *path = mode ? path_of(at) : NULL;
    if (path && fchmod(fd, mode) != 0)
        return -errno;
    int rc = bind_to(fd, at);
    if (rc == -EADDRINUSE && remove_stale(at))
        rc = bind_to(fd, at);
    if (rc == 0 && path && chmod(path, mode) != 0) /* past the umask */
        rc = -errno;
    return rc;
}

int sk_socket_listen(const sk_addr *at, const sk_listen_opts *opts) {
    int fd = new_socket(at->ss.ss_family);
    if (fd < 0)
        return fd;
    int rc = listen_options(fd, at->ss.ss_family, opts);
    if (rc == 0)
        rc = bind_with_mode(fd, at, opts->mode);
    if (rc == 0 && listen(fd, opts->backlog > 0 ? opts->backlog : SOMAXCONN) != 0)
        rc = -errno;
    if (rc == 0)
        return fd;
    close(fd);
    return rc;
}

static int get_option(int fd, int name, int *value) {
    socklen_t len = sizeof *value;
    return getsockopt(fd, SOL_SOCKET, name, value, &len) == 0 ? 0 : -errno;
}

int sk_socket_adopt(int fd) {
    int listens = 0, type = 0;
    sk_addr at;
    int rc = get_option(fd, SO_ACCEPTCONN, &listens);
    if (rc == 0)
        rc = get_option(fd, SO_TYPE, &type);
    if (rc == 0)
        rc = sk_socket_local(fd, &at);
    if (rc != 0)
        return rc;
    if (!listens || type != SOCK_STREAM)
        return -EINVAL;
    if (fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK) != 0 ||
        fcntl(fd, F_SETFD, FD_CLOEXEC) != 0)
        return -errno;
    if (is_inet(at.ss.ss_family))
        send_at_once(fd);
    return 0;
}

void sk_socket_file_note(sk_socket_file *f, const sk_addr *at) {
    struct stat st;
    const char *path = path_of(at);
    *f = (sk_socket_file){.path = ""};
    if (!path || lstat(path, &st) != 0 || strlen(path) >= sizeof f->path)
        return;
    memcpy(f->path, path, strlen(path) + 1);
    f->device = st.st_dev;
    f->inode = st.st_ino;
}

void sk_socket_file_remove(sk_socket_file *f) {
    struct stat st;
    if (f->path[0] && lstat(f->path, &st) == 0 && st.st_dev == f->device && st.st_ino == f->inode)
        unlink(f->path);
    f->path[0] = '\0';
}

int sk_socket_dup(int fd) {
    int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    return copy >= 0 ? copy : -errno;
}

int sk_socket_accept(int fd, sk_addr *peer) {
    for (;;) {
        sk_addr from = {.len = sizeof from.ss};
        int conn =
            accept4(fd, (struct sockaddr *)&from.ss, &from.len, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (conn >= 0) {
            if (peer)
                *peer = from;
            return conn;
        }
        if (errno != EINTR && errno != ECONNABORTED && errno != EPROTO)
            return -errno;
    }
}

/* A filter that drops what would begin a connection (SYN without ACK), and lets all else through:
 * handshakes that are under way come to their end. Closing the socket with one of them half done
 * would reset a connection that its client takes for open. */
static int drop_beginnings(int fd) {
    enum { FLAGS_AT = 13, SYN = 0x02, ACK = 0x10 };
    struct sock_filter steps[] = {
        BPF_STMT(BPF_LD | BPF_B | BPF_ABS, FLAGS_AT),
        BPF_STMT(BPF_ALU | BPF_AND | BPF_K, SYN | ACK),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYN, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, 0),
        BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
    };
    const struct sock_fprog filter = {.len = sizeof steps / sizeof steps[0], .filter = steps};
    return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter) == 0 ? 0 : -errno;
}

bool sk_socket_let_none_in(int fd) {
    sk_addr at;
    if (sk_socket_local(fd, &at) != 0)
        return false;
    if (!is_inet(at.ss.ss_family)) {
        shutdown(fd, SHUT_RD); /* who is in the queue stays there */
        return false;
    }
    set_option(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, 0);
    drop_beginnings(fd); /* where that cannot be, a newcomer may be reset when it is closed */
    return true;
}

int sk_socket_local(int fd, sk_addr *out) {
    *out = (sk_addr){.len = sizeof out->ss};
    return getsockname(fd, (struct sockaddr *)&out->ss, &out->len) == 0 ? 0 : -errno;
}

int sk_socket_peer(int fd, sk_addr *out) {
    *out = (sk_addr){.len = sizeof out->ss};
    return getpeername(fd, (struct sockaddr *)&out->ss, &out->len) == 0 ? 0 : -errno;
}

static ptrdiff_t receive(int fd, void *buf, size_t len, int flags) {
    ssize_t n;
    do
        n = recv(fd, buf, len, flags);
    while (n < 0 && errno == EINTR);
    return n < 0 ? -errno : n;
}

ptrdiff_t sk_socket_recv(int fd, void *buf, size_t len) {
    return receive(fd, buf, len, MSG_DONTWAIT);
}

ptrdiff_t sk_socket_peek(int fd, void *buf, size_t len) {
    return receive(fd, buf, len, MSG_DONTWAIT | MSG_PEEK);
}

ptrdiff_t sk_socket_recv_waiting(int fd, void *buf, size_t len) {
    ssize_t n = recv(fd, buf, len, 0);
    if (n < 0 && errno == EINTR) /* begun anew, the time would be, too */
        return -EAGAIN;
    return n < 0 ? -errno : n;
}

int sk_socket_let_wait(int fd, int ms) {
    const struct timeval time = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};
    int flags = fcntl(fd, F_GETFL);
    int wanted = ms > 0 ? flags & ~O_NONBLOCK : flags | O_NONBLOCK;
    if (flags < 0 || (ms > 0 && setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time) != 0) ||
        fcntl(fd, F_SETFL, wanted) != 0)
        return -errno;
    return 0;
}

/* Empty pieces are left out, so that a send of nothing but them cannot pass for no progress. */
static size_t to_iov(struct iovec *iov, const skua_str *pieces, size_t count) {
    size_t used = 0;
    for (size_t i = 0; i < count && used < SEND_PIECES; i++) {
        if (pieces[i].len == 0)
            continue;
        /* An iovec has no const, but sendmsg only reads. */
        iov[used++] = (struct iovec){(void *)(uintptr_t)pieces[i].ptr, pieces[i].len};
    }
    return used;
}

static ptrdiff_t transmit(int fd, const skua_str *pieces, size_t count, int flags) {
    struct iovec iov[SEND_PIECES];
    struct msghdr m = {.msg_iov = iov};
    m.msg_iovlen = to_iov(iov, pieces, count);
    ssize_t n;
    do
        n = m.msg_iovlen == 1 ? send(fd, iov[0].iov_base, iov[0].iov_len, flags | SEND_FLAGS)
                              : sendmsg(fd, &m, flags | SEND_FLAGS);
    while (n < 0 && errno == EINTR);
    return n < 0 ? -errno : n;
}

ptrdiff_t sk_socket_send(int fd, const skua_str *pieces, size_t count) {
    return transmit(fd, pieces, count, 0);
}

ptrdiff_t sk_socket_send_ahead(int fd, const skua_str *pieces, size_t count) {
    return transmit(fd, pieces, count, MSG_MORE);
}

ptrdiff_t sk_socket_sendfile_held(int fd, int file, int64_t *offset, size_t len) {
    ssize_t n;
    do
        n = sendfile(fd, file, offset, len);
    while (n < 0 && errno == EINTR);
    return n < 0 ? -errno : n;
}

/* sendfile has no MSG_NOSIGNAL: the signal is held back in this thread and, when it came, taken. It
 * also comes where the connection is reset in the midst of it: then some bytes were sent, and no
 * error is told. */
ptrdiff_t sk_socket_sendfile(int fd, int file, int64_t *offset, size_t len) {
    sigset_t pipe_signal, before;
    sigemptyset(&pipe_signal);
    sigaddset(&pipe_signal, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe_signal, &before);
    ptrdiff_t result = sk_socket_sendfile_held(fd, file, offset, len);
    if (result == -EPIPE || (result >= 0 && (size_t)result < len))
        sigtimedwait(&pipe_signal, NULL, &(struct timespec){0});
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return result;
}

int sk_socket_shutdown(int fd) {
    return shutdown(fd, SHUT_WR) == 0 ? 0 : -errno;
}

int64_t sk_socket_untaken(int fd) {
    int bytes;
    return fd >= 0 && ioctl(fd, SIOCOUTQ, &bytes) == 0 ? bytes : 0;
}

void sk_socket_reset_on_close(int fd) {
    const struct linger none = {.l_onoff = 1, .l_linger = 0};
    if (fd >= 0)
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &none, sizeof none);
}

void sk_socket_close(int fd) {
    if (fd >= 0)
        close(fd);
}
