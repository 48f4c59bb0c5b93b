/* floor_server.h - what the servers that mark the floor have in common: they listen, wait and reply
 * as a server must, and decide nothing. */
#ifndef FLOOR_SERVER_H
#define FLOOR_SERVER_H

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define FLOOR_ROOM   (1 << 18) /* bytes moved at once */
#define FLOOR_EVENTS 256
#define FLOOR_BODY   (64 << 10) /* the largest canned body */

static inline void floor_die(const char *what) {
    perror(what);
    exit(1);
}

static inline int floor_listen(int port, bool defer) {
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int yes = 1, seconds = 10;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes); /* accepted sockets inherit it */
    if (defer)
        setsockopt(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, &seconds, sizeof seconds);
    if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof at) != 0 || listen(fd, SOMAXCONN) != 0)
        floor_die("floor: listen");
    return fd;
}

static inline size_t floor_head(char *to, size_t room, long long body) {
    return (size_t)snprintf(to, room,
                            "HTTP/1.1 200 OK\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\n"
                            "Content-Type: text/plain\r\nContent-Length: %lld\r\n\r\n",
                            body);
}

/* Open a file to be sent; *size is its. */
static inline int floor_open(const char *path, int64_t *size) {
    struct stat st;
    int file = open(path, O_RDONLY);
    if (file < 0 || fstat(file, &st) != 0)
        floor_die(path);
    *size = st.st_size;
    return file;
}

/* A canned reply: its length. */
static inline size_t floor_reply(char to[FLOOR_BODY + 512], size_t body) {
    if (body > FLOOR_BODY)
        floor_die("floor: body too large");
    size_t len = floor_head(to, 512, (long long)body);
    memset(to + len, 'x', body);
    return len + body;
}

/* How many heads end in it. */
static inline size_t floor_heads(const char *p, size_t len) {
    size_t count = 0;
    const char *end = p + len;
    while ((p = memmem(p, (size_t)(end - p), "\r\n\r\n", 4))) {
        count++;
        p += 4;
    }
    return count;
}

static inline void floor_watch(int epoll, int fd, uint32_t events, void *user) {
    struct epoll_event e = {.events = events, .data.ptr = user};
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &e) != 0)
        floor_die("floor: epoll_ctl");
}

static inline void floor_rewatch(int epoll, int fd, uint32_t events, void *user) {
    struct epoll_event e = {.events = events, .data.ptr = user};
    epoll_ctl(epoll, EPOLL_CTL_MOD, fd, &e);
}

/* Serve for ever: accept(epoll, listener) where somebody has come, ready(epoll, its user) where a
 * connection is ready. */
static inline void floor_serve(int listener, void (*accept_all)(int epoll, int listener),
                               void (*ready)(int epoll, void *user)) {
    struct epoll_event events[FLOOR_EVENTS];
    int epoll = epoll_create1(0);
    signal(SIGPIPE, SIG_IGN);
    floor_watch(epoll, listener, EPOLLIN, NULL);
    for (;;) {
        int n = epoll_wait(epoll, events, FLOOR_EVENTS, -1);
        for (int i = 0; i < n; i++) {
            if (events[i].data.ptr)
                ready(epoll, events[i].data.ptr);
            else
                accept_all(epoll, listener);
        }
    }
}

#endif
