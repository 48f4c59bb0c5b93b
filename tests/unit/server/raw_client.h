/* raw_client.h - for tests of the server over loopback: a socket that says what it is told and
 * waits, within bounds, for what comes back. Include it after the C headers and cmocka.h. */
#ifndef SK_TEST_RAW_CLIENT_H
#define SK_TEST_RAW_CLIENT_H

#include "base/str.h"
#include "sys/poller.h"
#include "sys/socket.h"

#include <errno.h>
#include <setjmp.h>
#include <skua/server.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define PATIENCE_MS 10000

typedef struct raw_client {
    int fd;
    char heard[65536]; /* terminated */
    size_t len;
    bool ended; /* the server has ended the connection */
} raw_client;

/* The port in "http://127.0.0.1:8080/". */
static inline int rc_port(const char *url) {
    const char *colon = strrchr(url, ':');
    assert_non_null(colon);
    return (int)strtol(colon + 1, NULL, 10);
}

static inline void rc_connect_to(raw_client *c, const sk_addr *at) {
    bool done;
    c->fd = sk_socket_connect(at, NULL, &done);
    assert_true(c->fd >= 0);
    assert_int_equal(sk_poll_one(c->fd, SKUA_WANT_WRITE, PATIENCE_MS, NULL), 0);
    assert_int_equal(sk_socket_connect_result(c->fd), 0);
    c->len = 0;
    c->heard[0] = '\0';
    c->ended = false;
}

static inline void rc_connect(raw_client *c, const char *url) {
    sk_addr at;
    assert_true(sk_addr_parse(SK_LIT("127.0.0.1"), rc_port(url), &at));
    rc_connect_to(c, &at);
}

static inline void rc_close(raw_client *c) {
    sk_socket_close(c->fd);
    c->fd = -1;
}

/* To a server that has gone it is said in vain: what is expected next shows that. */
static inline void rc_say(raw_client *c, const char *text) {
    skua_str piece = sk_str(text);
    while (piece.len > 0) {
        ptrdiff_t n = sk_socket_send(c->fd, &piece, 1);
        if (n == -EPIPE || n == -ECONNRESET)
            return;
        if (n < 0)
            assert_int_equal(sk_poll_one(c->fd, SKUA_WANT_WRITE, PATIENCE_MS, NULL), 0);
        piece.ptr += n > 0 ? n : 0;
        piece.len -= n > 0 ? (size_t)n : 0;
    }
}

/* Wait for bytes. False at the end. */
static inline bool rc_more(raw_client *c) {
    assert_true(c->len < sizeof c->heard - 1);
    assert_int_equal(sk_poll_one(c->fd, SKUA_WANT_READ, PATIENCE_MS, NULL), 0);
    ptrdiff_t n = sk_socket_recv(c->fd, c->heard + c->len, sizeof c->heard - 1 - c->len);
    c->ended = n <= 0;
    c->len += n > 0 ? (size_t)n : 0;
    c->heard[c->len] = '\0';
    return n > 0;
}

/* Wait until that was heard, and forget it and all before it. */
static inline void rc_expect(raw_client *c, const char *text) {
    const char *at;
    while ((at = strstr(c->heard, text)) == NULL) {
        if (!rc_more(c))
            fail_msg("the end came before \"%s\": \"%s\"", text, c->heard);
    }
    size_t used = (size_t)(at - c->heard) + strlen(text);
    c->len -= used;
    memmove(c->heard, c->heard + used, c->len + 1);
}

static inline void rc_expect_end(raw_client *c) {
    while (rc_more(c))
        ;
}

#endif
