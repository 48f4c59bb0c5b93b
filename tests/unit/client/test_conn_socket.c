/* client/conn.c and client/conn_dial.c over real sockets: connecting, keeping, losing and
 * replacing connections. */
#include "../alarms.h"
#include "client/conn.h"
#include "loopback.h"
#include "net/stream_wait.h"
#include "stalls.h"

#include <errno.h>

#define OK "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

static const step serve_one[] = {{EXPECT, "\r\n\r\n", 0}, {SEND, OK, 0}, {END, NULL, 0}};
static const step serve_two[] = {
    {EXPECT, "\r\n\r\n", 0}, {SEND, OK, 0}, {EXPECT, "\r\n\r\n", 0}, {SEND, OK, 0}, {END, NULL, 0}};
static const step serve_one_and_close[] = {
    {EXPECT, "\r\n\r\n", 0}, {SEND, OK, 0}, {CLOSE, NULL, 0}};
static const step die_at_the_second[] = {
    {EXPECT, "\r\n\r\n", 0}, {SEND, OK, 0}, {EXPECT, "\r\n\r\n", 0}, {CLOSE, NULL, 0}};
static const step reset_at_the_second[] = {
    {EXPECT, "\r\n\r\n", 0}, {SEND, OK, 0}, {EXPECT, "\r\n\r\n", 0}, {RESET, NULL, 0}};

static skua_conn *connected_to(const char *where) {
    skua_error err;
    skua_conn *c = skua_conn_new(where, NULL, &err);
    if (!c)
        print_error("%s\n", err.msg);
    assert_non_null(c);
    return c;
}

static void exchange(skua_conn *c, const char *method, const char *body) {
    skua_error err = {0};
    int rc = skua_conn_request(c, method, "/", NULL, body, body ? strlen(body) : 0, &err);
    skua_response *r = rc == 0 ? skua_conn_getresponse(c, &err) : NULL;
    if (!r)
        print_error("%s\n", err.msg);
    assert_non_null(r);
    assert_body(r, "ok");
    skua_response_free(r);
}

static void two_requests_share_a_connection(void **state) {
    (void)state;
    loopback *l = loopback_start((const step *const[]){serve_two, NULL});
    skua_conn *c = connected_to(l->origin);
    exchange(c, "GET", NULL);
    exchange(c, "POST", "body");
    skua_timings t;
    skua_conn_timings(c, &t);
    assert_true(t.connect < 0); /* not again */
    skua_conn_free(c);
    loopback_end(l);
}

static void a_kept_connection_that_was_closed_is_replaced(void **state) {
    (void)state;
    loopback *l = loopback_start((const step *const[]){serve_one_and_close, serve_one, NULL});
    skua_conn *c = connected_to(l->origin);
    exchange(c, "GET", NULL);
    skua_stream *kept = c->channel->session.stream;
    assert_int_equal(sk_stream_wait(kept, SKUA_WANT_READ, 5000, NULL), 0); /* the end is there */
    exchange(c, "POST", "body");
    skua_conn_free(c);
    loopback_end(l);
}

static void one_that_dies_under_an_idempotent_request_is_replaced(void **state) {
    (void)state;
    static const step *const scripts[] = {die_at_the_second, reset_at_the_second};
    for (size_t i = 0; i < 2; i++) {
        loopback *l = loopback_start((const step *const[]){scripts[i], serve_one, NULL});
        skua_conn *c = connected_to(l->origin);
        exchange(c, "GET", NULL);
        exchange(c, "PUT", "body");
        assert_non_null(strstr(l->got[1], "\r\n\r\nbody"));
        skua_conn_free(c);
        loopback_end(l);
    }
}

static void one_that_dies_under_another_is_an_error(void **state) {
    (void)state;
    loopback *l = loopback_start((const step *const[]){die_at_the_second, serve_one, NULL});
    skua_conn *c = connected_to(l->origin);
    skua_error err;
    exchange(c, "GET", NULL);
    assert_int_equal(skua_conn_request(c, "POST", "/", NULL, "body", 4, &err), 0);
    assert_null(skua_conn_getresponse(c, &err));
    assert_int_equal(err.code, SKUA_E_REMOTE_DISCONNECTED);
    assert_int_equal(err.retry_safe, 0);
    assert_int_equal(err.maybe_seen, 1);
    assert_non_null(strstr(err.msg, "the request may have been seen, and acted on"));
    exchange(c, "GET", NULL);
    skua_conn_free(c);
    loopback_end(l);
}

static void one_that_dies_under_steps_may_be_tried_again_by_the_caller(void **state) {
    (void)state;
    loopback *l = loopback_start((const step *const[]){die_at_the_second, NULL});
    skua_conn *c = connected_to(l->origin);
    skua_error err;
    exchange(c, "GET", NULL);
    skua_conn_putrequest(c, "PUT", "/");
    skua_conn_putheader(c, "Content-Length", "1");
    skua_conn_endheaders(c);
    skua_conn_send(c, "x", 1); /* nobody but the caller has it */
    assert_null(skua_conn_getresponse(c, &err));
    assert_int_equal(err.code, SKUA_E_REMOTE_DISCONNECTED);
    assert_int_equal(err.retry_safe, 1);
    assert_int_equal(err.maybe_seen, 1);
    skua_conn_free(c);
    loopback_end(l);
}

static void steps_without_a_body_are_repeated(void **state) {
    (void)state;
    loopback *l = loopback_start((const step *const[]){die_at_the_second, serve_one, NULL});
    skua_conn *c = connected_to(l->origin);
    skua_error err;
    skua_conn_stats stats = {.size = sizeof stats};
    exchange(c, "GET", NULL);
    skua_conn_putrequest(c, "GET", "/");
    skua_conn_putheader(c, "X", "y");
    skua_conn_endheaders(c);
    skua_response *r = skua_conn_getresponse(c, &err);
    assert_non_null(r);
    assert_non_null(strstr(l->got[1], "\r\nX: y\r\n"));
    skua_response_free(r);
    skua_conn_statistics(c, &stats);
    assert_int_equal(stats.requests, 2);
    assert_int_equal(stats.replayed, 1);
    assert_int_equal(stats.connects, 2);
    skua_conn_free(c);
    loopback_end(l);
}

static void a_fresh_connection_that_dies_is_not_tried_again(void **state) {
    (void)state;
    static const step die[] = {{EXPECT, "\r\n\r\n", 0}, {CLOSE, NULL, 0}};
    loopback *l = loopback_start((const step *const[]){die, NULL});
    skua_conn *c = connected_to(l->origin);
    skua_error err;
    assert_int_equal(skua_conn_request(c, "GET", "/", NULL, NULL, 0, &err), 0);
    assert_null(skua_conn_getresponse(c, &err));
    assert_int_equal(err.code, SKUA_E_REMOTE_DISCONNECTED);
    assert_int_equal(err.retry_safe, 1); /* by whoever wants to */
    assert_int_equal(err.maybe_seen, 1);
    assert_string_equal(err.address, l->origin + 7);
    skua_conn_free(c);
    loopback_end(l);
}

/* The peer answers in the middle of the upload and resets: what it said has arrived. */
static void an_answer_ahead_of_a_reset_is_heard(void **state) {
    (void)state;
    static const step refuse[] = {{EXPECT, "\r\n\r\n", 0},
                                  {SEND, "HTTP/1.1 413 No\r\nContent-Length: 0\r\n\r\n", 0},
                                  {CLOSE, NULL, 0}};
    static char body[8 << 20];
    loopback *l = loopback_start((const step *const[]){refuse, NULL});
    skua_conn *c = connected_to(l->origin);
    skua_error err;
    int rc = skua_conn_request(c, "POST", "/", NULL, body, sizeof body, &err);
    if (rc != 0)
        print_error("%s\n", err.msg);
    assert_int_equal(rc, 0);
    skua_response *r = skua_conn_getresponse(c, &err);
    assert_non_null(r);
    assert_int_equal(skua_response_status(r), 413);
    skua_response_free(r);
    skua_conn_free(c);
    loopback_end(l);
}

static void a09_a_closed_object_connects_anew(void **state) {
    (void)state;
    loopback *l = loopback_start((const step *const[]){serve_one, serve_one, NULL});
    skua_conn *c = connected_to(l->origin);
    skua_error err;
    exchange(c, "GET", NULL);
    skua_conn_close(c);
    skua_stream_info info = {.size = sizeof info};
    assert_int_equal(skua_conn_info(c, &info), SKUA_E_NOT_CONNECTED);
    assert_int_equal(skua_conn_connect(c, &err), 0);
    exchange(c, "GET", NULL);
    skua_conn_free(c);
    loopback_end(l);
}

static void a_name_can_be_given_its_address(void **state) {
    (void)state;
    loopback *l = loopback_start((const step *const[]){serve_one, NULL});
    char where[64];
    snprintf(where, sizeof where, "nowhere.invalid:%d", l->port);
    /* The first address refuses; the second is raced and wins. */
    const skua_resolve_entry entries[] = {{"NOWHERE.invalid", l->port, "[::1], 127.0.0.1"}, {0}};
    skua_error err;
    skua_conn *c = skua_conn_new(where,
                                 SKUA_OPTS(skua_conn_opts, .resolve = entries,
                                           .source_address = "127.0.0.1", .ip_version = 4),
                                 &err);
    assert_non_null(c);
    exchange(c, "GET", NULL);
    assert_non_null(strstr(l->got[0], "Host: nowhere.invalid:"));
    skua_conn_free(c);
    loopback_end(l);
}

static void a09_a_refused_connection_says_where(void **state) {
    (void)state;
    int port;
    int nobody = refusing_socket(&port);
    char where[64];
    snprintf(where, sizeof where, "http://127.0.0.1:%d", port);
    skua_conn *c = connected_to(where);
    skua_error err;
    assert_int_equal(skua_conn_request(c, "POST", "/", NULL, "x", 1, &err),
                     SKUA_E_CONNECTION_REFUSED);
    assert_int_equal(err.phase, SKUA_PHASE_CONNECT);
    assert_int_equal(err.retry_safe, 1);
    assert_int_equal(err.attempts, 1);
    assert_string_equal(err.attempt[0].address, where + 7);
    assert_string_equal(err.target, where + 7);
    assert_non_null(strstr(err.msg, "connection refused"));
    skua_conn_free(c);
    close(nobody);
}

static void a01_unix_sockets_are_spoken_to(void **state) {
    (void)state;
    loopback *l = loopback_start((const step *const[]){NULL});
    pthread_join(l->thread, NULL);
    close(l->listener);
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    char folder[] = "/tmp/skua-test-XXXXXX";
    assert_non_null(mkdtemp(folder));
    snprintf(at.sun_path, sizeof at.sun_path, "%s/s", folder);
    l->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    loopback_bound(l->listener);
    assert_int_equal(bind(l->listener, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(l->listener, 1), 0);
    l->connections = (const step *const[]){serve_one, NULL};
    assert_int_equal(pthread_create(&l->thread, NULL, loopback_main, l), 0);
    char where[128];
    snprintf(where, sizeof where, "unix:%s", at.sun_path);
    skua_conn *c = connected_to(where);
    exchange(c, "GET", NULL);
    assert_non_null(strstr(l->got[0], "Host: localhost\r\n"));
    skua_conn_free(c);
    loopback_end(l);
    unlink(at.sun_path);
    rmdir(folder);
}

/* ---- time ---- */

typedef struct hole {
    const loopback *l;
    const char *scheme;
    size_t option; /* which time-out is set */
    skua_phase phase;
} hole;

static bool is_left_in_time(const void *user, int64_t ms) {
    const hole *h = user;
    const skua_conn_opts opts = stalls_opts(h->option, ms);
    skua_error err = {0};
    char where[64];
    snprintf(where, sizeof where, "%s%s", h->scheme, h->l->origin + 4);
    int64_t began = sk_clock_ms();
    skua_conn *c = skua_conn_new(where, &opts, &err);
    assert_non_null(c);
    if (skua_conn_request(c, "GET", "/", NULL, NULL, 0, &err) == 0)
        assert_null(skua_conn_getresponse(c, &err));
    assert_int_equal(err.code, SKUA_E_TIMEOUT);
    skua_conn_free(c);
    return stalls_took(began, ms) && err.phase == h->phase;
}

/* The kernel completes the handshake for a listener that never accepts: a black hole. */
static void a09_a_black_hole_is_left_in_time(void **state) {
    (void)state;
    loopback *l = loopback_start((const step *const[]){NULL});
    pthread_join(l->thread, NULL);
    const hole holes[] = {
        {l, "http", offsetof(skua_conn_opts, timeout_ms), SKUA_PHASE_WAIT},
        {l, "http", offsetof(skua_conn_opts, first_byte_timeout_ms), SKUA_PHASE_WAIT},
        {l, "http", offsetof(skua_conn_opts, deadline_ms), SKUA_PHASE_WAIT},
        {l, "https", offsetof(skua_conn_opts, tls_timeout_ms), SKUA_PHASE_TLS},
        {l, "https", offsetof(skua_conn_opts, timeout_ms), SKUA_PHASE_TLS},
    };
    for (size_t i = 0; i < sizeof holes / sizeof holes[0]; i++)
        stalls_endure(is_left_in_time, &holes[i], 150);
    pthread_create(&l->thread, NULL, loopback_main, l);
    loopback_end(l);
}

typedef struct silence {
    const step *steps;
    size_t option;
    skua_phase phase;
} silence;

/* On a connection that is used again reading waits by itself, for less time than there is. */
static bool is_left_when_silent(const void *user, int64_t ms) {
    const silence *s = user;
    loopback *l = loopback_start((const step *const[]){s->steps, NULL});
    const skua_conn_opts opts = stalls_opts(s->option, ms);
    skua_error err = {0};
    const char *data;
    size_t len;
    bool met = false;
    skua_conn *c = skua_conn_new(l->origin, &opts, &err);
    assert_non_null(c);
    for (int i = 0; i < 2; i++) {
        int64_t began = sk_clock_ms();
        int rc = skua_conn_request(c, "GET", "/", NULL, NULL, 0, &err);
        skua_response *r = rc == 0 ? skua_conn_getresponse(c, &err) : NULL;
        if (r)
            rc = skua_response_read_all(r, 0, &data, &len, &err);
        if (!r || rc != 0)
            assert_int_equal(err.code, SKUA_E_TIMEOUT);
        met = (!r || rc != 0) && i == 1 && err.phase == s->phase && stalls_took(began, ms);
        skua_response_free(r);
        if (err.code != 0)
            break;
    }
    skua_conn_free(c);
    loopback_end(l);
    return met;
}

static void leave_what_goes_silent(void) {
    static const step fall_silent[] = {
        {EXPECT, "\r\n\r\n", 0}, {SEND, OK, 0}, {EXPECT, "\r\n\r\n", 0}, {END, NULL, 0}};
    static const step stop_within[] = {{EXPECT, "\r\n\r\n", 0},
                                       {SEND, OK, 0},
                                       {EXPECT, "\r\n\r\n", 0},
                                       {SEND, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx", 0},
                                       {END, NULL, 0}};
    static const struct {
        silence of;
        int64_t ms;
    } cases[] = {
        {{fall_silent, offsetof(skua_conn_opts, timeout_ms), SKUA_PHASE_WAIT}, 50},
        {{fall_silent, offsetof(skua_conn_opts, first_byte_timeout_ms), SKUA_PHASE_WAIT}, 250},
        {{stop_within, offsetof(skua_conn_opts, idle_timeout_ms), SKUA_PHASE_RECV}, 250},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        stalls_endure(is_left_when_silent, &cases[i].of, cases[i].ms);
}

static void a09_a_kept_connection_that_goes_silent_is_left_in_time(void **state) {
    (void)state;
    leave_what_goes_silent();
}

/* What waits is interrupted every 5 ms, here and at the server, and waits no longer for it. */
static void a09_signals_prolong_no_wait(void **state) {
    (void)state;
    alarms(true);
    leave_what_goes_silent();
    alarms(false);
}

/* ---- a socket of the program's own ---- */

/* A stream, by nothing but the public interface and the system's calls. */
typedef struct raw_stream {
    skua_stream base;
    int fd;
    int closed;
} raw_stream;

static ptrdiff_t raw_result(ssize_t n) {
    if (n >= 0)
        return n;
    return errno == EAGAIN ? SKUA_E_AGAIN : SKUA_E_OS;
}

static ptrdiff_t raw_read(skua_stream *s, void *buf, size_t len, skua_error *err) {
    (void)err;
    return raw_result(recv(((raw_stream *)(void *)s)->fd, buf, len, MSG_DONTWAIT));
}

static ptrdiff_t raw_writev(skua_stream *s, const skua_str *pieces, size_t count, skua_error *err) {
    (void)err;
    (void)count; /* the others are asked for again */
    return raw_result(send(((raw_stream *)(void *)s)->fd, pieces[0].ptr, pieces[0].len,
                           MSG_DONTWAIT | MSG_NOSIGNAL));
}

static int raw_shutdown(skua_stream *s, skua_error *err) {
    (void)err;
    return shutdown(((raw_stream *)(void *)s)->fd, SHUT_WR) == 0 ? 0 : SKUA_E_OS;
}

static void raw_close(skua_stream *s) {
    raw_stream *r = (raw_stream *)(void *)s;
    close(r->fd);
    r->closed++;
}

static skua_want raw_want(skua_stream *s, unsigned events) {
    return (skua_want){((raw_stream *)(void *)s)->fd, events};
}

static void b15_a_raw_socket_is_a_stream(void **state) {
    (void)state;
    static const skua_stream_ops ops = {.size = sizeof ops,
                                        .read = raw_read,
                                        .writev = raw_writev,
                                        .shutdown = raw_shutdown,
                                        .close = raw_close,
                                        .want = raw_want};
    loopback *l = loopback_start((const step *const[]){serve_two, NULL});
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)l->port)};
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    raw_stream raw = {.base.ops = &ops, .fd = socket(AF_INET, SOCK_STREAM, 0)};
    assert_int_equal(connect(raw.fd, (const struct sockaddr *)&at, sizeof at), 0);
    skua_error err;
    skua_conn *c =
        skua_conn_new("http://example.org", SKUA_OPTS(skua_conn_opts, .stream = &raw.base), &err);
    assert_non_null(c);
    exchange(c, "GET", NULL);
    exchange(c, "POST", "body");
    skua_conn_free(c);
    assert_int_equal(raw.closed, 1);
    loopback_end(l);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_requests_share_a_connection),
        cmocka_unit_test(a_kept_connection_that_was_closed_is_replaced),
        cmocka_unit_test(one_that_dies_under_an_idempotent_request_is_replaced),
        cmocka_unit_test(one_that_dies_under_another_is_an_error),
        cmocka_unit_test(one_that_dies_under_steps_may_be_tried_again_by_the_caller),
        cmocka_unit_test(steps_without_a_body_are_repeated),
        cmocka_unit_test(a_fresh_connection_that_dies_is_not_tried_again),
        cmocka_unit_test(an_answer_ahead_of_a_reset_is_heard),
        cmocka_unit_test(a09_a_closed_object_connects_anew),
        cmocka_unit_test(a_name_can_be_given_its_address),
        cmocka_unit_test(a09_a_refused_connection_says_where),
        cmocka_unit_test(a01_unix_sockets_are_spoken_to),
        cmocka_unit_test(a09_a_black_hole_is_left_in_time),
        cmocka_unit_test(a09_a_kept_connection_that_goes_silent_is_left_in_time),
        cmocka_unit_test(a09_signals_prolong_no_wait),
        cmocka_unit_test(b15_a_raw_socket_is_a_stream),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
