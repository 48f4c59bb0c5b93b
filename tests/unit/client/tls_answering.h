/* tls_answering.h - a TLS server in a thread of its own that answers every request alike, on a TCP
 * port of loopback or a Unix socket; "/close" is answered with "Connection: close". */
#ifndef SK_TEST_TLS_ANSWERING_H
#define SK_TEST_TLS_ANSWERING_H

#include "net/tcp.h"
#include "net/tls.h"
#include "sys/poller.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

typedef struct tls_answering {
    sk_tls_ctx *ctx;
    int listener;
    int port;
    int accepted;
    pthread_t thread;
} tls_answering;

static inline bool tls_answering_wait(skua_stream *s, unsigned events) {
    skua_want w = s->ops->want(s, events);
    return sk_poll_one(w.fd, w.events, 20000, NULL) == 0;
}

static inline bool tls_answering_send(skua_stream *s, const char *text) {
    skua_str rest = {text, strlen(text)};
    while (rest.len > 0) {
        ptrdiff_t n = s->ops->writev(s, &rest, 1, NULL);
        if (n < 0 && (n != SKUA_E_AGAIN || !tls_answering_wait(s, SKUA_WANT_WRITE)))
            return false;
        rest.ptr += n > 0 ? n : 0;
        rest.len -= n > 0 ? (size_t)n : 0;
    }
    return true;
}

/* The next request is in got; false: there is none. */
static inline bool tls_answering_hear(skua_stream *s, char got[4096]) {
    size_t len = 0;
    got[0] = '\0';
    while (!strstr(got, "\r\n\r\n")) {
        ptrdiff_t n = s->ops->read(s, got + len, 4095 - len, NULL);
        if (n == 0 || (n < 0 && (n != SKUA_E_AGAIN || !tls_answering_wait(s, SKUA_WANT_READ))))
            return false;
        len += n > 0 ? (size_t)n : 0;
        got[len] = '\0';
    }
    return true;
}

static inline void tls_answering_one(skua_stream *s) {
    char got[4096];
    while (tls_answering_hear(s, got)) {
        bool last = strncmp(got, "GET /close ", 11) == 0;
        if (!tls_answering_send(
                s, last ? "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok"
                        : "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok") ||
            last)
            break;
    }
    s->ops->shutdown(s, NULL);
    s->ops->close(s);
}

static inline void *tls_answering_main(void *user) {
    tls_answering *a = user;
    sk_tls_scratch *scratch = sk_tls_scratch_new();
    int fd;
    while ((fd = accept4(a->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1},
                   sizeof(int)); /* none of a Unix socket */
        a->accepted++;
        tls_answering_one(sk_tls_server(a->ctx, sk_tcp_new(fd), scratch, NULL));
    }
    sk_tls_scratch_free(scratch);
    return NULL;
}

/* 0, or -1 when something failed. `path` NULL: on a port. */
static inline int tls_answering_start(tls_answering *a, sk_tls_ctx *ctx, const char *path) {
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    struct sockaddr *at = path ? (struct sockaddr *)&un : (struct sockaddr *)&in;
    socklen_t len = path ? sizeof un : sizeof in;
    if (path)
        snprintf(un.sun_path, sizeof un.sun_path, "%s", path);
    *a = (tls_answering){.ctx = ctx};
    a->listener = socket(at->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(a->listener, at, len) != 0 || listen(a->listener, 64) != 0 ||
        getsockname(a->listener, at, &len) != 0)
        return -1;
    a->port = path ? 0 : ntohs(in.sin_port);
    return pthread_create(&a->thread, NULL, tls_answering_main, a) == 0 ? 0 : -1;
}

static inline void tls_answering_end(tls_answering *a) {
    shutdown(a->listener, SHUT_RDWR); /* wakes the accept */
    pthread_join(a->thread, NULL);
    close(a->listener);
}

#endif
