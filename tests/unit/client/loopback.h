/* loopback.h - a server in a thread of its own, on a loopback socket, that follows a script for
 * each connection it accepts, one after the other. */
#ifndef SK_TEST_LOOPBACK_H
#define SK_TEST_LOOPBACK_H

#include "script.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

/* Of script.h's steps: EXPECT, SEND, CLOSE, RESET, and END: read until the client closes. */
typedef struct loopback {
    const step *const *connections; /* NULL at the end */
    int listener;
    int port;
    char origin[64];        /* "http://127.0.0.1:port" */
    char got[8][64 * 1024]; /* what each connection brought */
    int accepted;
    pthread_t thread;
} loopback;

/* Waits are bounded, far beyond what a machine may stand still, and what is sent leaves at once:
 * what Nagle's algorithm holds back (behind TLS tickets that the peer has not acknowledged) is lost
 * by a close that resets. Accepted sockets inherit it. */
static inline void loopback_bound(int fd) {
    const struct timeval patience = {.tv_sec = 20};
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
}

/* Read until the text has come behind `from`, or the client has closed. */
static inline size_t loopback_expect(int fd, char *got, size_t from, const char *text) {
    size_t len = strlen(got);
    char *found = NULL;
    while (!(text && (found = strstr(got + from, text)))) {
        ssize_t n = recv(fd, got + len, 64 * 1024 - 1 - len, 0);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return len;
        len += (size_t)n;
        got[len] = '\0';
    }
    return (size_t)(found - got) + strlen(text);
}

static inline void loopback_connection(int fd, const step *at, char *got) {
    size_t seen = 0;
    for (;; at++) {
        if (at->kind == EXPECT || at->kind == END)
            seen = loopback_expect(fd, got, seen, at->text);
        else if (at->kind == SEND)
            send(fd, at->text, at->len ? at->len : strlen(at->text), MSG_NOSIGNAL);
        else if (at->kind == RESET)
            setsockopt(fd, SOL_SOCKET, SO_LINGER, &(struct linger){1, 0}, sizeof(struct linger));
        if (at->kind == END || at->kind == CLOSE || at->kind == RESET)
            break;
    }
    close(fd);
}

static inline void *loopback_main(void *user) {
    loopback *l = user;
    for (int i = 0; l->connections[i]; i++) {
        int fd;
        while ((fd = accept(l->listener, NULL, NULL)) < 0 && errno == EINTR)
            ;
        if (fd < 0)
            break;
        loopback_bound(fd);
        l->accepted++;
        loopback_connection(fd, l->connections[i], l->got[i]);
    }
    return NULL;
}

static inline loopback *loopback_start(const step *const *connections) {
    loopback *l = calloc(1, sizeof *l);
    assert_non_null(l);
    l->connections = connections;
    l->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof at;
    loopback_bound(l->listener);
    assert_int_equal(bind(l->listener, (struct sockaddr *)&at, len), 0);
    assert_int_equal(listen(l->listener, 8), 0);
    getsockname(l->listener, (struct sockaddr *)&at, &len);
    l->port = ntohs(at.sin_port);
    snprintf(l->origin, sizeof l->origin, "http://127.0.0.1:%d", l->port);
    assert_int_equal(pthread_create(&l->thread, NULL, loopback_main, l), 0);
    return l;
}

/* A port that is taken, so that nobody else can, and does not listen. */
static inline int refusing_socket(int *port) {
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&at, len), 0);
    getsockname(fd, (struct sockaddr *)&at, &len);
    *port = ntohs(at.sin_port);
    return fd;
}

/* The connections of the script must all have been made. */
static inline void loopback_end(loopback *l) {
    int planned = 0;
    while (l->connections[planned])
        planned++;
    pthread_join(l->thread, NULL);
    assert_int_equal(l->accepted, planned);
    close(l->listener);
    free(l);
}

#endif
