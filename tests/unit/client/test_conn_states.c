/* client/conn.c - every call in every state, as http.client has it (CPython 3.14): what it gives,
 * and which state follows. Where skua differs it is stricter (send belongs behind a head that was
 * ended), or it latches: a field that was refused does not leave without its request. */
#include "base/str.h"
#include "client/conn.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cmocka.h>

/* ---- a server that answers whatever has a head, one connection after the other ---- */

static int listener;
static char origin[64];
static pthread_t server;

static void serve(int fd) {
    static const char keeps[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    static const char closes[] =
        "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok";
    static const char old[] = "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok";
    char got[4096];
    size_t len = 0;
    for (;;) {
        ssize_t n = recv(fd, got + len, sizeof got - 1 - len, 0);
        if (n <= 0)
            return;
        len += (size_t)n;
        got[len] = '\0';
        if (!strstr(got, "\r\n\r\n"))
            continue;
        const char *answer = strstr(got, " /close") ? closes : strstr(got, " /old") ? old : keeps;
        send(fd, answer, strlen(answer), MSG_NOSIGNAL);
        if (answer != keeps)
            return;
        len = 0;
    }
}

static void *serve_all(void *user) {
    int fd;
    (void)user;
    while ((fd = accept(listener, NULL, NULL)) >= 0) {
        /* What Nagle's algorithm holds back would be lost by a close that resets. */
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &(struct timeval){.tv_sec = 20},
                   sizeof(struct timeval));
        serve(fd);
        close(fd);
    }
    return NULL;
}

static int start_server(void **state) {
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof at;
    (void)state;
    listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(listener, (struct sockaddr *)&at, len) != 0 || listen(listener, 64) != 0 ||
        getsockname(listener, (struct sockaddr *)&at, &len) != 0)
        return -1;
    snprintf(origin, sizeof origin, "http://127.0.0.1:%d", ntohs(at.sin_port));
    return pthread_create(&server, NULL, serve_all, NULL);
}

static int stop_server(void **state) {
    (void)state;
    shutdown(listener, SHUT_RDWR);
    pthread_join(server, NULL);
    close(listener);
    return 0;
}

/* ---- states ---- */

typedef struct walk {
    skua_conn *c;
    skua_response *earlier; /* unread */
    skua_error err;
} walk;

static void ask(walk *w, const char *target) {
    assert_int_equal(skua_conn_request(w->c, "GET", target, NULL, NULL, 0, &w->err), 0);
}

static skua_response *answer(walk *w) {
    skua_response *r = skua_conn_getresponse(w->c, &w->err);
    if (!r)
        print_error("%s\n", w->err.msg);
    assert_non_null(r);
    return r;
}

static void read_it(skua_response *r) {
    const char *data;
    size_t len;
    assert_int_equal(skua_response_read_all(r, 0, &data, &len, NULL), 0);
    assert_string_equal(data, "ok");
    skua_response_free(r);
}

static void fresh(walk *w) {
    (void)w;
}

static void kept(walk *w) {
    ask(w, "/");
    read_it(answer(w));
}

static void started(walk *w) {
    assert_int_equal(skua_conn_putrequest(w->c, "GET", "/"), 0);
}

static void wrong(walk *w) {
    started(w);
    assert_int_equal(skua_conn_putheader(w->c, "X", "a\r\nb: c"), SKUA_E_INVALID_ARGUMENT);
}

static void sent(walk *w) {
    ask(w, "/");
}

static void post(walk *w, const char *name, const char *value) {
    assert_int_equal(skua_conn_putrequest(w->c, "POST", "/"), 0);
    assert_int_equal(skua_conn_putheader(w->c, name, value), 0);
    assert_int_equal(skua_conn_endheaders(w->c), 0);
}

static void body_due(walk *w) {
    post(w, "Content-Length", "1");
}

static void chunks_due(walk *w) {
    post(w, "Transfer-Encoding", "chunked");
}

static void unread(walk *w) {
    ask(w, "/");
    w->earlier = answer(w);
}

static void started_unread(walk *w) {
    unread(w);
    started(w);
}

static void sent_unread(walk *w) {
    unread(w);
    sent(w);
}

static void closing_unread(walk *w) {
    ask(w, "/close");
    w->earlier = answer(w);
}

static void old_unread(walk *w) {
    ask(w, "/old");
    w->earlier = answer(w);
}

static void failed(walk *w) {
    assert_int_equal(skua_conn_request(w->c, "G T", "/", NULL, NULL, 0, &w->err),
                     SKUA_E_INVALID_ARGUMENT);
}

/* ---- calls ---- */

static int do_connect(walk *w) {
    return skua_conn_connect(w->c, &w->err);
}

static int do_close(walk *w) {
    skua_conn_close(w->c);
    return 0;
}

static int do_putrequest(walk *w) {
    return skua_conn_putrequest(w->c, "GET", "/");
}

static int do_putheader(walk *w) {
    return skua_conn_putheader(w->c, "A", "b");
}

static int do_endheaders(walk *w) {
    return skua_conn_endheaders(w->c);
}

static int do_send(walk *w) {
    return skua_conn_send(w->c, "x", 1);
}

static int do_trailers(walk *w) {
    return skua_conn_sendtrailers(w->c, NULL);
}

static int do_request(walk *w) {
    return skua_conn_request(w->c, "GET", "/", NULL, NULL, 0, &w->err);
}

static int do_getresponse(walk *w) {
    skua_response *r = skua_conn_getresponse(w->c, &w->err);
    int rc = r ? 0 : w->err.code;
    if (r)
        read_it(r);
    return rc;
}

/* ---- what follows from what ---- */

typedef struct outcome {
    int code;
    sk_conn_state next;
} outcome;

#define CALLS 9
static const struct {
    const char *name;
    int (*call)(walk *w);
} calls[CALLS] = {
    {"connect", do_connect},       {"close", do_close},           {"putrequest", do_putrequest},
    {"putheader", do_putheader},   {"endheaders", do_endheaders}, {"send", do_send},
    {"sendtrailers", do_trailers}, {"request", do_request},       {"getresponse", do_getresponse},
};

#define IDLE    SK_CONN_IDLE
#define STARTED SK_CONN_STARTED
#define SENT    SK_CONN_SENT
#define REQUEST SKUA_E_CANNOT_SEND_REQUEST
#define HEADER  SKUA_E_CANNOT_SEND_HEADER
#define NOT_YET SKUA_E_RESPONSE_NOT_READY
#define ORDER   SKUA_E_IMPROPER_CONNECTION_STATE
#define BAD     SKUA_E_INVALID_ARGUMENT

/* clang-format off */
#define FROM_IDLE \
    {{0, IDLE}, {0, IDLE}, {0, STARTED}, {HEADER, IDLE}, {HEADER, IDLE}, {ORDER, IDLE}, \
     {ORDER, IDLE}, {0, SENT}, {NOT_YET, IDLE}}
#define FROM_STARTED \
    {{0, STARTED}, {0, IDLE}, {REQUEST, STARTED}, {0, STARTED}, {0, SENT}, {ORDER, STARTED}, \
     {ORDER, STARTED}, {REQUEST, STARTED}, {NOT_YET, STARTED}}

static const struct {
    const char *name;
    void (*reach)(walk *w);
    outcome of[CALLS];
} states[] = {
    {"fresh", fresh, FROM_IDLE},
    {"kept", kept, FROM_IDLE},
    {"unread", unread, FROM_IDLE},
    {"unread, closing", closing_unread, FROM_IDLE},
    {"unread, HTTP/1.0", old_unread, FROM_IDLE},
    {"started", started, FROM_STARTED},
    {"started, one unread", started_unread, FROM_STARTED},
    {"wrong", wrong,
     {{0, STARTED}, {0, IDLE}, {REQUEST, STARTED}, {BAD, STARTED}, {BAD, STARTED}, {BAD, STARTED},
      {BAD, STARTED}, {REQUEST, STARTED}, {BAD, IDLE}}},
    {"failed", failed,
     {{0, IDLE}, {0, IDLE}, {0, STARTED}, {HEADER, IDLE}, {HEADER, IDLE}, {ORDER, IDLE},
      {ORDER, IDLE}, {0, SENT}, {BAD, IDLE}}},
    {"sent", sent,
     {{0, SENT}, {0, IDLE}, {REQUEST, SENT}, {HEADER, SENT}, {HEADER, SENT}, {ORDER, SENT},
      {ORDER, SENT}, {REQUEST, SENT}, {0, IDLE}}},
    {"sent, one unread", sent_unread,
     {{0, SENT}, {0, IDLE}, {REQUEST, SENT}, {HEADER, SENT}, {HEADER, SENT}, {ORDER, SENT},
      {ORDER, SENT}, {REQUEST, SENT}, {NOT_YET, SENT}}},
    {"body due", body_due,
     {{0, SENT}, {0, IDLE}, {REQUEST, SENT}, {HEADER, SENT}, {HEADER, SENT}, {0, SENT},
      {ORDER, SENT}, {REQUEST, SENT}, {0, IDLE}}},
    {"chunks due", chunks_due,
     {{0, SENT}, {0, IDLE}, {REQUEST, SENT}, {HEADER, SENT}, {HEADER, SENT}, {0, SENT},
      {0, SENT}, {REQUEST, SENT}, {0, IDLE}}},
};
/* clang-format on */

static walk *reach(size_t state) {
    walk *w = calloc(1, sizeof *w);
    assert_non_null(w);
    w->c = skua_conn_new(origin, NULL, &w->err);
    assert_non_null(w->c);
    states[state].reach(w);
    return w;
}

/* A refusal of the order changes nothing: what was under way comes to its end. */
static void finish(walk *w) {
    if (w->earlier)
        read_it(w->earlier);
    w->earlier = NULL;
    if (w->c->state == STARTED)
        assert_int_equal(skua_conn_endheaders(w->c), 0);
    if (w->c->state == SENT)
        read_it(answer(w));
}

static bool is_refusal(int code) {
    return code == REQUEST || code == HEADER || code == NOT_YET;
}

static void check(size_t state, size_t call) {
    walk *w = reach(state);
    outcome expected = states[state].of[call];
    int code = calls[call].call(w);
    if (code != expected.code || w->c->state != expected.next)
        print_error("%s, %s: %s (%d), state %d\n", states[state].name, calls[call].name,
                    skua_error_name(code), code, (int)w->c->state);
    assert_int_equal(code, expected.code);
    assert_int_equal(w->c->state, expected.next);
    if (is_refusal(code) && states[state].reach != wrong)
        finish(w);
    skua_response_free(w->earlier);
    skua_conn_close(w->c); /* and whatever it was, the object can be used again */
    kept(w);
    skua_conn_free(w->c);
    free(w);
}

static void a12_every_call_in_every_state(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof states / sizeof states[0]; i++) {
        for (size_t k = 0; k < CALLS; k++)
            check(i, k);
    }
}

static void a12_getresponse_twice(void **state) {
    (void)state;
    walk *w = reach(0);
    sent(w);
    skua_response *r = answer(w);
    assert_null(skua_conn_getresponse(w->c, &w->err));
    assert_int_equal(w->err.code, NOT_YET);
    assert_string_equal(skua_error_name(w->err.code), "ResponseNotReady");
    read_it(r);
    assert_null(skua_conn_getresponse(w->c, &w->err));
    assert_int_equal(w->err.code, NOT_YET);
    skua_conn_free(w->c);
    free(w);
}

/* As in http.client, a request may be sent while a response is unread, and be answered after. */
static void a12_the_next_is_answered_once_the_earlier_is_read(void **state) {
    (void)state;
    walk *w = reach(0);
    sent_unread(w);
    assert_null(skua_conn_getresponse(w->c, &w->err));
    assert_int_equal(w->err.code, NOT_YET);
    finish(w);
    skua_conn_free(w->c);
    free(w);
}

static void a09_close_ends_what_was_unread(void **state) {
    (void)state;
    walk *w = reach(0);
    unread(w);
    skua_conn_close(w->c);
    char byte;
    assert_int_equal(skua_response_read(w->earlier, &byte, 1, &w->err), SKUA_E_NOT_CONNECTED);
    skua_response_free(w->earlier);
    assert_int_equal(skua_conn_connect(w->c, &w->err), 0);
    assert_int_equal(skua_conn_connect(w->c, &w->err), 0);
    kept(w);
    skua_conn_free(w->c);
    free(w);
}

static skua_conn_stats stats_of(const walk *w) {
    skua_conn_stats s = {.size = sizeof s};
    skua_conn_statistics(w->c, &s);
    return s;
}

static void a13_connections_are_kept_unless_somebody_closes(void **state) {
    (void)state;
    static const struct {
        const char *target, *connection;
        uint64_t connects;
    } cases[] = {{"/", NULL, 1}, {"/", "close", 3}, {"/close", NULL, 3}, {"/old", NULL, 3}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        walk *w = reach(0);
        const skua_field fields[] = {{"Connection", cases[i].connection, 0}, {0}};
        for (int n = 0; n < 3; n++) {
            assert_int_equal(skua_conn_request(w->c, "GET", cases[i].target,
                                               cases[i].connection ? fields : NULL, NULL, 0,
                                               &w->err),
                             0);
            read_it(answer(w));
        }
        assert_int_equal(stats_of(w).connects, cases[i].connects);
        assert_int_equal(stats_of(w).requests, 3);
        skua_conn_free(w->c);
        free(w);
    }
}

static void a01_nothing_is_connected_before_it_is_needed(void **state) {
    (void)state;
    walk *w = reach(0);
    assert_int_equal(stats_of(w).connects, 0);
    started(w);
    assert_int_equal(stats_of(w).connects, 0);
    assert_int_equal(skua_conn_endheaders(w->c), 0);
    assert_int_equal(stats_of(w).connects, 1);
    finish(w);
    skua_conn_free(w->c);
    free(w);
}

static void a19_wrong_order_has_pythons_names(void **state) {
    (void)state;
    walk *w = reach(0);
    assert_null(skua_conn_getresponse(w->c, &w->err));
    assert_string_equal(skua_error_name(w->err.code), "ResponseNotReady");
    assert_string_equal(skua_error_name(do_putheader(w)), "CannotSendHeader");
    assert_string_equal(skua_error_name(do_endheaders(w)), "CannotSendHeader");
    started(w);
    assert_string_equal(skua_error_name(do_request(w)), "CannotSendRequest");
    assert_int_equal(skua_error_class_of(w->err.code), SKUA_CLASS_STATE);
    assert_int_equal(w->err.phase, SKUA_PHASE_STATE);
    assert_string_equal(w->err.msg, "state: 127.0.0.1: cannot start a request now");
    assert_int_equal(w->err.maybe_seen, 0);
    assert_int_equal(w->err.retry_safe, 1);
    skua_conn_free(w->c);
    free(w);
}

/* Its response is read beside it. */
static void a19_what_is_not_connected_says_so(void **state) {
    (void)state;
    walk *w = reach(0);
    closing_unread(w);
    skua_stream_info info = {.size = sizeof info};
    assert_int_equal(skua_conn_info(w->c, &info), SKUA_E_NOT_CONNECTED);
    assert_string_equal(skua_error_name(SKUA_E_NOT_CONNECTED), "NotConnected");
    read_it(w->earlier);
    skua_conn_free(w->c);
    free(w);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a12_every_call_in_every_state),
        cmocka_unit_test(a12_getresponse_twice),
        cmocka_unit_test(a12_the_next_is_answered_once_the_earlier_is_read),
        cmocka_unit_test(a09_close_ends_what_was_unread),
        cmocka_unit_test(a01_nothing_is_connected_before_it_is_needed),
        cmocka_unit_test(a19_wrong_order_has_pythons_names),
        cmocka_unit_test(a19_what_is_not_connected_says_so),
        cmocka_unit_test(a13_connections_are_kept_unless_somebody_closes),
    };
    return cmocka_run_group_tests(tests, start_server, stop_server);
}
