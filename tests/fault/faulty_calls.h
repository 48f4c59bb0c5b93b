/* faulty_calls.h - for tests over real sockets: the nth system call of a kind, or the nth
 * allocation, fails in the threads of one end. Include it once, in a file that is linked with the
 * wrapped calls below and malloc's (as tests/fault/test_sockets*.c are).
 *
 *     faulty_end = AT_SERVER;              in each thread that is that end's
 *     faulty_begin(AT_SERVER, &fault, n);  the nth such call there
 *     ...
 *     met = faulty_stop(); */
#ifndef SK_TEST_FAULTY_CALLS_H
#define SK_TEST_FAULTY_CALLS_H

#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/sendfile.h>
#include <sys/socket.h>

/* In place of errno: so much of it was done; nothing is left to come. */
enum { FAULTY_SHORT = -1, FAULTY_END = -2 };

typedef enum faulty_call {
    CALL_RECV,
    CALL_SEND,
    CALL_SENDFILE,
    CALL_SOCKET,
    CALL_CONNECT,
    CALL_ACCEPT,
    CALL_POLL,
    CALL_EPOLL,
    CALL_ALLOC
} faulty_call;

enum { AT_NOBODY, AT_CLIENT, AT_SERVER };

typedef struct faulty {
    faulty_call call;
    int error;     /* errno, or one of the above */
    bool harmless; /* nothing comes of it */
} faulty;

static _Thread_local int faulty_end;

static struct {
    atomic_int end, call, error;
    atomic_int left; /* calls until it is met */
    atomic_bool met;
} faulty_now;

static inline void faulty_begin(int end, const faulty *f, int nth) {
    faulty_now.call = (int)f->call;
    faulty_now.error = f->error;
    faulty_now.left = nth;
    faulty_now.met = false;
    faulty_now.end = end;
}

/* Has it been met? */
static inline bool faulty_stop(void) {
    faulty_now.end = AT_NOBODY;
    return faulty_now.met;
}

/* What this call is to meet; 0: nothing. */
static int faulty_meets(faulty_call call) {
    if (faulty_end == AT_NOBODY || faulty_now.end != faulty_end || faulty_now.call != (int)call)
        return 0;
    if (atomic_fetch_sub(&faulty_now.left, 1) != 1)
        return 0;
    faulty_now.met = true;
    return faulty_now.error;
}

/* Of a call that moves bytes: true, and its result; or how much of it is to be done. What ends a
 * connection ends it. */
static bool faulty_moves(faulty_call call, int fd, size_t *len, ssize_t *result) {
    int error = faulty_meets(call);
    if (error == FAULTY_SHORT)
        *len = 1;
    if (error == 0 || error == FAULTY_SHORT)
        return false;
    if (error != EINTR && error != EAGAIN)
        shutdown(fd, SHUT_RDWR);
    errno = error > 0 ? error : 0;
    *result = error > 0 ? -1 : 0;
    return true;
}

ssize_t __real_recv(int fd, void *buf, size_t len, int flags);
ssize_t __wrap_recv(int fd, void *buf, size_t len, int flags);
ssize_t __real_send(int fd, const void *buf, size_t len, int flags);
ssize_t __wrap_send(int fd, const void *buf, size_t len, int flags);
ssize_t __real_sendmsg(int fd, const struct msghdr *m, int flags);
ssize_t __wrap_sendmsg(int fd, const struct msghdr *m, int flags);
ssize_t __real_sendfile64(int fd, int file, off_t *offset, size_t len);
ssize_t __wrap_sendfile64(int fd, int file, off_t *offset, size_t len);
int __real_socket(int domain, int type, int protocol);
int __wrap_socket(int domain, int type, int protocol);
int __real_connect(int fd, const struct sockaddr *at, socklen_t len);
int __wrap_connect(int fd, const struct sockaddr *at, socklen_t len);
int __real_accept4(int fd, struct sockaddr *from, socklen_t *len, int flags);
int __wrap_accept4(int fd, struct sockaddr *from, socklen_t *len, int flags);
int __real_poll(struct pollfd *fds, nfds_t count, int ms);
int __wrap_poll(struct pollfd *fds, nfds_t count, int ms);
int __real_epoll_wait(int fd, struct epoll_event *events, int max, int ms);
int __wrap_epoll_wait(int fd, struct epoll_event *events, int max, int ms);
void *__real_malloc(size_t n);
void *__wrap_malloc(size_t n);
void *__real_calloc(size_t count, size_t n);
void *__wrap_calloc(size_t count, size_t n);
void *__real_realloc(void *p, size_t n);
void *__wrap_realloc(void *p, size_t n);

ssize_t __wrap_recv(int fd, void *buf, size_t len, int flags) {
    ssize_t n;
    return faulty_moves(CALL_RECV, fd, &len, &n) ? n : __real_recv(fd, buf, len, flags);
}

ssize_t __wrap_send(int fd, const void *buf, size_t len, int flags) {
    ssize_t n;
    return faulty_moves(CALL_SEND, fd, &len, &n) ? n : __real_send(fd, buf, len, flags);
}

ssize_t __wrap_sendmsg(int fd, const struct msghdr *m, int flags) {
    ssize_t n;
    size_t len = 0;
    if (faulty_moves(CALL_SEND, fd, &len, &n))
        return n;
    return len == 0 ? __real_sendmsg(fd, m, flags)
                    : __real_send(fd, m->msg_iov[0].iov_base, len, flags);
}

ssize_t __wrap_sendfile64(int fd, int file, off_t *offset, size_t len) {
    ssize_t n;
    return faulty_moves(CALL_SENDFILE, fd, &len, &n) ? n : __real_sendfile64(fd, file, offset, len);
}

/* 0, or -1 with errno. */
static int faulty_fails(faulty_call call) {
    int error = faulty_meets(call);
    errno = error != 0 ? error : errno;
    return error != 0 ? -1 : 0;
}

int __wrap_socket(int domain, int type, int protocol) {
    return faulty_fails(CALL_SOCKET) ? -1 : __real_socket(domain, type, protocol);
}

/* One that is interrupted goes on by itself (POSIX.1-2017, connect). */
int __wrap_connect(int fd, const struct sockaddr *at, socklen_t len) {
    int error = faulty_meets(CALL_CONNECT);
    int rc = error == 0 || error == EINTR ? __real_connect(fd, at, len) : -1;
    errno = error != 0 ? error : errno;
    return error != 0 ? -1 : rc;
}

int __wrap_accept4(int fd, struct sockaddr *from, socklen_t *len, int flags) {
    return faulty_fails(CALL_ACCEPT) ? -1 : __real_accept4(fd, from, len, flags);
}

int __wrap_poll(struct pollfd *fds, nfds_t count, int ms) {
    return faulty_fails(CALL_POLL) ? -1 : __real_poll(fds, count, ms);
}

int __wrap_epoll_wait(int fd, struct epoll_event *events, int max, int ms) {
    return faulty_fails(CALL_EPOLL) ? -1 : __real_epoll_wait(fd, events, max, ms);
}

void *__wrap_malloc(size_t n) {
    return faulty_fails(CALL_ALLOC) ? NULL : __real_malloc(n);
}

void *__wrap_calloc(size_t count, size_t n) {
    return faulty_fails(CALL_ALLOC) ? NULL : __real_calloc(count, n);
}

void *__wrap_realloc(void *p, size_t n) {
    return faulty_fails(CALL_ALLOC) ? NULL : __real_realloc(p, n);
}

#endif
