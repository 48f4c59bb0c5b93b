/* net/tcp.c - the stream over a connected socket, TCP or Unix. */
#include "net/tcp.h"

#include "base/fail.h"
#include "base/mem.h"
#include "sys/socket.h"

#include <errno.h>
#include <string.h>

/* "recv: connection reset by peer": our own text where the errno has a code, else the system's. */
static int fail(skua_error *err, skua_phase phase, int os_errno) {
    int otherwise = os_errno == ENOTCONN ? SKUA_E_NOT_CONNECTED : SKUA_E_OS;
    int code = sk_errno_code(os_errno, otherwise);
    char room[SK_ERRNO_TEXT];
    if (code == SKUA_E_OS)
        sk_fail(err, code, phase, "%s", sk_errno_text(os_errno, room));
    else
        sk_fail_plain(err, code, phase);
    if (err)
        err->os_errno = os_errno;
    return code;
}

static ptrdiff_t moved(ptrdiff_t n, skua_phase phase, skua_error *err) {
    if (n >= 0)
        return n;
    return n == -EAGAIN ? SKUA_E_AGAIN : fail(err, phase, (int)-n);
}

static ptrdiff_t tcp_read(skua_stream *s, void *buf, size_t len, skua_error *err) {
    return moved(sk_socket_recv(((sk_tcp *)s)->fd, buf, len), SKUA_PHASE_RECV, err);
}

/* Let the socket wait in reading, or no longer. 0 or -errno. */
static int let_wait(sk_tcp *t, bool waits) {
    int rc = t->waits == waits ? 0 : sk_socket_let_wait(t->fd, waits ? SKUA_READ_WAITING_MS : 0);
    if (rc == 0)
        t->waits = waits;
    return rc;
}

static ptrdiff_t tcp_read_waiting(skua_stream *s, void *buf, size_t len, skua_error *err) {
    sk_tcp *t = (sk_tcp *)s;
    if (let_wait(t, true) != 0)
        return tcp_read(s, buf, len, err);
    return moved(sk_socket_recv_waiting(t->fd, buf, len), SKUA_PHASE_RECV, err);
}

static ptrdiff_t tcp_writev(skua_stream *s, const skua_str *pieces, size_t count, skua_error *err) {
    sk_tcp *t = (sk_tcp *)s;
    ptrdiff_t n =
        t->more ? sk_socket_send_ahead(t->fd, pieces, count) : sk_socket_send(t->fd, pieces, count);
    t->more = false;
    return moved(n, SKUA_PHASE_SEND, err);
}

static void tcp_more(skua_stream *s) {
    ((sk_tcp *)s)->more = true;
}

static ptrdiff_t tcp_sendfile(skua_stream *s, int fd, int64_t *offset, size_t len,
                              skua_error *err) {
    sk_tcp *t = (sk_tcp *)s;
    int rc = let_wait(t, false); /* sendfile cannot be told not to wait for one call */
    if (rc != 0)
        return fail(err, SKUA_PHASE_SEND, -rc);
    ptrdiff_t n = t->sigpipe_held ? sk_socket_sendfile_held(t->fd, fd, offset, len)
                                  : sk_socket_sendfile(t->fd, fd, offset, len);
    return moved(n, SKUA_PHASE_SEND, err);
}

static int tcp_shutdown(skua_stream *s, skua_error *err) {
    int rc = sk_socket_shutdown(((sk_tcp *)s)->fd);
    return rc == 0 ? 0 : fail(err, SKUA_PHASE_SEND, -rc);
}

static void tcp_close(skua_stream *s) {
    sk_tcp *t = (sk_tcp *)s;
    sk_socket_close(t->fd);
    t->fd = -1;
    if (t->allocated)
        sk_free(t);
}

static skua_want tcp_want(skua_stream *s, unsigned events) {
    return (skua_want){.fd = ((sk_tcp *)s)->fd, .events = events};
}

static void tcp_info(skua_stream *s, skua_stream_info *info) {
    int fd = ((sk_tcp *)s)->fd;
    sk_addr a;
    if (sk_socket_local(fd, &a) == 0)
        sk_addr_format((const struct sockaddr *)&a.ss, a.len, info->local);
    if (sk_socket_peer(fd, &a) == 0)
        sk_addr_format((const struct sockaddr *)&a.ss, a.len, info->peer);
}

_Static_assert(sizeof((skua_stream_info *)0)->peer >= SK_ADDR_TEXT, "an address must fit");

static const skua_stream_ops tcp_ops = {
    .size = sizeof(skua_stream_ops),
    .flags = SKUA_STREAM_SHORT_IS_DRY,
    .read = tcp_read,
    .writev = tcp_writev,
    .shutdown = tcp_shutdown,
    .close = tcp_close,
    .want = tcp_want,
    .info = tcp_info,
    .sendfile = tcp_sendfile,
    .more = tcp_more,
    .read_waiting = tcp_read_waiting,
};

void sk_tcp_init(sk_tcp *t, int fd) {
    *t = (sk_tcp){.base.ops = &tcp_ops, .fd = fd};
}

skua_stream *sk_tcp_new(int fd) {
    sk_tcp *t = sk_alloc(sizeof *t);
    if (!t)
        return NULL;
    sk_tcp_init(t, fd);
    t->allocated = true;
    return &t->base;
}
