/* answering.h - a server in a thread of its own that answers every request alike until it is ended,
 * one connection after the other, and allocates nothing. */
#ifndef SK_TEST_ANSWERING_H
#define SK_TEST_ANSWERING_H

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

typedef struct answering {
    int listener;
    char origin[64];
    pthread_t thread;
} answering;

/* "/" is redirected to "/there", which is "ok". */
static inline void answering_one(int fd) {
    static const char there[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    static const char here[] =
        "HTTP/1.1 302 Found\r\nLocation: /there\r\nContent-Length: 0\r\n\r\n";
    char got[4096];
    size_t len = 0;
    for (;;) {
        ssize_t n = recv(fd, got + len, sizeof got - 1 - len, 0);
        if (n <= 0)
            break;
        len += (size_t)n;
        got[len] = '\0';
        if (!strstr(got, "\r\n\r\n"))
            continue;
        const char *answer = strncmp(got, "GET / ", 6) == 0 ? here : there;
        send(fd, answer, strlen(answer), MSG_NOSIGNAL);
        len = 0;
    }
    close(fd);
}

static inline void *answering_main(void *user) {
    const answering *a = user;
    int fd;
    while ((fd = accept(a->listener, NULL, NULL)) >= 0) {
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &(struct timeval){.tv_sec = 20},
                   sizeof(struct timeval));
        answering_one(fd);
    }
    return NULL;
}

/* 0, or -1 when something failed. */
static inline int answering_start(answering *a) {
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof at;
    a->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(a->listener, (struct sockaddr *)&at, len) != 0 || listen(a->listener, 64) != 0 ||
        getsockname(a->listener, (struct sockaddr *)&at, &len) != 0)
        return -1;
    snprintf(a->origin, sizeof a->origin, "http://127.0.0.1:%d", ntohs(at.sin_port));
    return pthread_create(&a->thread, NULL, answering_main, a) == 0 ? 0 : -1;
}

static inline void answering_end(answering *a) {
    shutdown(a->listener, SHUT_RDWR); /* wakes the accept */
    pthread_join(a->thread, NULL);
    close(a->listener);
}

#endif
