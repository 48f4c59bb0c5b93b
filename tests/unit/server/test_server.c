/* The server object over loopback: listeners, workers, TLS, shortage of descriptors, stopping. */
#include "../own_host.h"
#include "net/tcp.h"
#include "net/tls.h"
#include "raw_client.h"
#include "running.h"
#include "wait_for.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define GET          "GET / HTTP/1.1\r\nHost: h\r\n\r\n"
#define GET_CLOSE    "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"

static int hello(skua_request *q, skua_reply *a, void *user) {
    return skua_reply_text(a, 200, "hello%s %s", user ? (const char *)user : "",
                           skua_request_is_tls(q) ? "tls" : "plain");
}

static void start(running *r, const skua_server_opts *opts, const char *where,
                  const skua_tls_opts *tls) {
    running_make(r, opts);
    assert_int_equal(skua_route(r->s, "/", hello, NULL), 0);
    running_start(r, where, tls);
}

static void ask(raw_client *c, const char *url) {
    rc_connect(c, url);
    rc_say(c, GET);
    rc_expect(c, "\r\n\r\nhello plain");
}

/* ---- running ---- */

static void many_connections_on_several_workers(void **state) {
    (void)state;
    running r;
    start(&r, SKUA_OPTS(skua_server_opts, .workers = 3), "http://127.0.0.1:0", NULL);
    static raw_client clients[40];
    for (int round = 0; round < 3; round++) {
        for (size_t i = 0; i < COUNT(clients); i++) {
            if (round == 0)
                rc_connect(&clients[i], skua_server_url(r.s, 0));
            rc_say(&clients[i], GET);
        }
    }
    for (size_t i = 0; i < COUNT(clients); i++) {
        for (int round = 0; round < 3; round++)
            rc_expect(&clients[i], "\r\n\r\nhello plain");
        rc_close(&clients[i]);
    }
    running_finish(&r);
}

static void a_refused_peer_gets_its_reply(void **state) {
    (void)state;
    running r;
    start(&r, SKUA_OPTS(skua_server_opts, .workers = 1), "http://127.0.0.1:0", NULL);
    for (int i = 0; i < 20; i++) {
        static raw_client c;
        rc_connect(&c, skua_server_url(r.s, 0));
        rc_say(&c, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999\r\n\r\n");
        static char junk[200001];
        memset(junk, 'x', sizeof junk - 1);
        rc_say(&c, junk);
        rc_expect(&c, "HTTP/1.1 413 ");
        rc_expect(&c, "</html>\n");
        rc_expect_end(&c);
        rc_close(&c);
    }
    running_finish(&r);
}

static void silent_peers_do_not_hold_others_up(void **state) {
    (void)state;
    running r;
    start(
        &r,
        SKUA_OPTS(skua_server_opts, .workers = 1, .header_timeout_ms = 200, .idle_timeout_ms = 200),
        "http://127.0.0.1:0", NULL);
    static raw_client slow, idle, c;
    rc_connect(&slow, skua_server_url(r.s, 0));
    rc_say(&slow, "GET / HT");
    ask(&idle, skua_server_url(r.s, 0));
    ask(&c, skua_server_url(r.s, 0));
    rc_expect(&slow, "HTTP/1.1 408 ");
    rc_expect_end(&slow);
    rc_expect_end(&idle);
    rc_close(&slow);
    rc_close(&idle);
    rc_close(&c);
    running_finish(&r);
}

static void a_unix_socket_is_served(void **state) {
    (void)state;
    running r;
    char where[64], dir[] = "/tmp/skua-unix-XXXXXX";
    assert_non_null(mkdtemp(dir));
    snprintf(where, sizeof where, "unix:%s/s", dir);
    start(&r, SKUA_OPTS(skua_server_opts, .workers = 2), where, NULL);
    assert_string_equal(skua_server_url(r.s, 0), where);
    sk_addr at;
    assert_int_equal(sk_addr_unix(sk_str(where + strlen("unix:")), &at), 0);
    static raw_client c;
    for (int i = 0; i < 10; i++) {
        rc_connect_to(&c, &at);
        rc_say(&c, GET_CLOSE);
        rc_expect(&c, "\r\n\r\nhello plain");
        rc_expect_end(&c);
        rc_close(&c);
    }
    running_finish(&r);
    unlink(where + strlen("unix:"));
    rmdir(dir);
}

static void two_servers_in_one_process(void **state) {
    (void)state;
    running a, b;
    start(&a, NULL, "http://127.0.0.1:0", NULL);
    start(&b, NULL, "http://127.0.0.1:0", NULL);
    static raw_client c;
    ask(&c, skua_server_url(b.s, 0));
    rc_close(&c);
    running_finish(&b);
    ask(&c, skua_server_url(a.s, 0));
    rc_close(&c);
    running_finish(&a);
}

/* ---- stopping ---- */

static void stopping_refuses_newcomers_and_closes_the_idle(void **state) {
    (void)state;
    running r;
    char where[64];
    snprintf(where, sizeof where, "http://%s:0", own_host());
    start(&r, NULL, where, NULL);
    static raw_client c;
    sk_addr at;
    bool done;
    assert_true(sk_addr_parse(sk_str(own_host()), rc_port(skua_server_url(r.s, 0)), &at));
    rc_connect_to(&c, &at);
    rc_say(&c, GET);
    rc_expect(&c, "\r\n\r\nhello plain");
    skua_server_stop(r.s);
    rc_expect_end(&c);
    rc_close(&c);
    sk_thread_join(r.thread);
    assert_int_equal(r.rc, 0);
    int fd = sk_socket_connect(&at, NULL, &done);
    if (fd >= 0) {
        assert_int_equal(sk_poll_one(fd, SKUA_WANT_WRITE, PATIENCE_MS, NULL), 0);
        assert_int_equal(sk_socket_connect_result(fd), ECONNREFUSED);
        sk_socket_close(fd);
    } else {
        assert_int_equal(fd, -ECONNREFUSED);
    }
    assert_int_equal(skua_server_run(r.s, NULL), SKUA_E_STATE); /* it is over */
    skua_server_free(r.s);
}

#define MUCH (16u << 20) /* more than sockets hold */

static int much(skua_request *q, skua_reply *a, void *user) {
    static const char zeros[65536];
    (void)q;
    skua_reply_send_response(a, 200);
    skua_reply_end_headers(a);
    for (unsigned sent = 0; sent < MUCH; sent += sizeof zeros)
        skua_reply_write(a, zeros, sizeof zeros);
    sem_post(user);
    return 0;
}

/* A reply that nobody reads holds a stop up, for a second. */
static void stopping_does_not_wait_for_ever(void **state) {
    (void)state;
    running r = {0};
    sem_t written;
    sem_init(&written, 0, 0);
    r.s = skua_server_new(SKUA_OPTS(skua_server_opts, .workers = 1), &r.err);
    assert_non_null(r.s);
    assert_int_equal(skua_route(r.s, "/", much, &written), 0);
    assert_int_equal(skua_server_listen(r.s, "http://127.0.0.1:0", NULL), 0);
    assert_int_equal(sk_thread_start(&r.thread, running_thread, &r), 0);
    static raw_client c;
    rc_connect(&c, skua_server_url(r.s, 0));
    rc_say(&c, GET);
    while (sem_wait(&written) != 0)
        ;
    running_finish(&r);
    rc_close(&c);
    sem_destroy(&written);
}

static skua_server *signalled;

static void on_signal(int number) {
    (void)number;
    skua_server_stop(signalled);
}

static void a_signal_handler_may_stop(void **state) {
    (void)state;
    skua_error err;
    signalled = skua_server_new(SKUA_OPTS(skua_server_opts, .workers = 2), &err);
    assert_non_null(signalled);
    skua_server_listen(signalled, "http://127.0.0.1:0", NULL);
    struct sigaction act = {.sa_handler = on_signal}, before;
    assert_int_equal(sigaction(SIGALRM, &act, &before), 0);
    timer_t timer;
    assert_int_equal(timer_create(CLOCK_MONOTONIC, NULL, &timer), 0);
    struct itimerspec when = {.it_value = {.tv_nsec = 20000000}};
    assert_int_equal(timer_settime(timer, 0, &when, NULL), 0);
    assert_int_equal(skua_server_run(signalled, &err), 0);
    timer_delete(timer);
    sigaction(SIGALRM, &before, NULL);
    skua_server_free(signalled);
}

static void a_stop_before_the_run_counts(void **state) {
    (void)state;
    skua_server *s = skua_server_new(NULL, NULL);
    assert_non_null(s);
    assert_int_equal(skua_server_listen(s, "http://127.0.0.1:0", NULL), 0);
    skua_server_stop(s);
    assert_int_equal(skua_server_run(s, NULL), 0);
    skua_server_free(s);
    skua_server_stop(NULL);
    skua_server_free(NULL);
}

/* ---- what latches ---- */

static void why_there_is_no_server_is_what_run_reports(void **state) {
    (void)state;
    skua_error err;
    skua_server *s = skua_server_new(&(const skua_server_opts){0}, &err); /* options without size */
    assert_null(s);
    assert_int_equal(skua_server_run(s, &err), SKUA_E_INVALID_ARGUMENT);
    assert_non_null(strstr(err.msg, "size"));
    err = (skua_error){0};
    assert_int_equal(skua_server_run(NULL, &err), SKUA_E_INVALID_ARGUMENT);
    assert_string_equal(err.msg, "a server is needed");
}

static void failures_latch(void **state) {
    (void)state;
    skua_error err;
    skua_server *s = skua_server_new(NULL, &err);
    assert_non_null(s);
    assert_int_equal(skua_server_check(s, &err), 0);
    assert_int_equal(skua_server_run(s, &err), SKUA_E_STATE);
    assert_non_null(strstr(err.msg, "listener"));
    assert_int_equal(skua_route(s, "GET a", hello, NULL), SKUA_E_INVALID_ARGUMENT);
    assert_int_equal(skua_server_listen(s, "gopher://x", NULL), SKUA_E_INVALID_URL);
    assert_int_equal(skua_server_check(s, &err), SKUA_E_INVALID_ARGUMENT);
    assert_non_null(strstr(err.msg, "route \"GET a\": the path must begin with \"/\""));
    assert_int_equal(skua_server_listen(s, "http://127.0.0.1:0", NULL), 0);
    assert_int_equal(skua_server_run(s, &err), SKUA_E_INVALID_ARGUMENT);
    assert_int_equal(skua_route(NULL, "/", hello, NULL), SKUA_E_INVALID_ARGUMENT);
    assert_int_equal(skua_route(s, NULL, hello, NULL), SKUA_E_INVALID_ARGUMENT);
    assert_int_equal(skua_route(s, "/", NULL, NULL), SKUA_E_INVALID_ARGUMENT);
    assert_null(skua_server_url(s, 1));
    skua_server_free(s);
}

static void nothing_is_changed_while_it_runs(void **state) {
    (void)state;
    running r;
    static raw_client c;
    start(&r, NULL, "http://127.0.0.1:0", NULL);
    ask(&c, skua_server_url(r.s, 0)); /* it runs */
    rc_close(&c);
    assert_int_equal(skua_route(r.s, "/x", hello, NULL), SKUA_E_STATE);
    assert_int_equal(skua_server_listen(r.s, "http://127.0.0.1:0", NULL), SKUA_E_STATE);
    assert_int_equal(skua_server_run(r.s, NULL), SKUA_E_STATE);
    running_finish(&r);
}

static void options_are_checked(void **state) {
    (void)state;
    skua_error err;
    const skua_server_opts bad[] = {
        {.size = sizeof(skua_server_opts), .workers = -1},
        {.size = sizeof(skua_server_opts), .header_timeout_ms = -2},
        {.size = sizeof(skua_server_opts), .body_max_bytes = -7},
        {.size = sizeof(skua_server_opts), .server_header = "a\r\nb"},
        {.size = sizeof(skua_server_opts), .workers = 1025},
        {.size = sizeof(skua_server_opts), .fields_max = 65536},
        {.size = sizeof(skua_server_opts), .line_max_bytes = UINT32_MAX},
        {.size = sizeof(skua_server_opts), .head_max_bytes = UINT32_MAX},
        {.size = 0},
    };
    for (size_t i = 0; i < COUNT(bad); i++) {
        assert_null(skua_server_new(&bad[i], &err));
        assert_int_equal(err.code, SKUA_E_INVALID_ARGUMENT);
    }
}

/* ---- TLS ---- */

static skua_local_ca_files files;
static char ca_dir[] = "/tmp/skua-server-XXXXXX";

static int make_certificate(void **state) {
    (void)state;
    skua_error err;
    if (!mkdtemp(ca_dir))
        return -1;
    return skua_local_ca_ensure(SKUA_OPTS(skua_local_ca_opts, .dir = ca_dir), &files, &err);
}

static int remove_certificate(void **state) {
    (void)state;
    char command[256];
    snprintf(command, sizeof command, "rm -rf -- %s", ca_dir);
    return system(command) == 0 ? 0 : -1;
}

#define LINES 16

/* Each line has a place of its own, so that the next does not overwrite what is being read. */
typedef struct log_lines {
    sem_t said;
    sk_mutex lock;
    char line[LINES][256];
    int written; /* of the server's thread */
    int read;
} log_lines;

static void note_line(void *user, const char *line) {
    log_lines *l = user;
    sk_mutex_lock(&l->lock); /* several workers may call */
    if (l->written < LINES)
        snprintf(l->line[l->written++], sizeof l->line[0], "%s", line);
    sk_mutex_unlock(&l->lock);
    sem_post(&l->said);
}

static void log_init(log_lines *l) {
    *l = (log_lines){0};
    sem_init(&l->said, 0, 0);
    assert_int_equal(sk_mutex_init(&l->lock), 0);
}

static void log_free(log_lines *l) {
    sem_destroy(&l->said);
    sk_mutex_free(&l->lock);
}

static const char *wait_for_line(log_lines *l) {
    wait_for(&l->said);
    assert_in_range(l->read, 0, LINES - 1);
    return l->line[l->read++];
}

static void start_tls(running *r, log_lines *l, int64_t tls_timeout_ms) {
    log_init(l);
    start(r,
          SKUA_OPTS(skua_server_opts, .workers = 1, .log = note_line, .user = l,
                    .tls_timeout_ms = tls_timeout_ms),
          "https://127.0.0.1:0",
          SKUA_OPTS(skua_tls_opts, .cert_file = files.cert_file, .key_file = files.key_file));
}

static int step(skua_stream *s, int rc, unsigned events) {
    skua_want want = s->ops->want(s, events);
    if (rc == SKUA_E_AGAIN)
        assert_int_equal(sk_poll_one(want.fd, want.events, PATIENCE_MS, NULL), 0);
    return rc == SKUA_E_AGAIN;
}

static void https(void **state) {
    (void)state;
    running r;
    log_lines l;
    skua_error err;
    start_tls(&r, &l, 0);
    assert_memory_equal(skua_server_url(r.s, 0), "https://127.0.0.1:", 18);
    sk_tls_ctx *ctx = sk_tls_client_ctx(SKUA_OPTS(skua_tls_opts, .ca_file = files.ca_file), &err);
    sk_tls_scratch *scratch = sk_tls_scratch_new();
    assert_non_null(ctx);
    assert_non_null(scratch);
    static raw_client c;
    rc_connect(&c, skua_server_url(r.s, 0));
    skua_stream *s = sk_tls_client(ctx, sk_tcp_new(c.fd), "127.0.0.1", scratch, &err);
    assert_non_null(s);
    skua_str piece = SK_LIT(GET GET_CLOSE);
    ptrdiff_t n;
    while (step(s, (int)(n = s->ops->writev(s, &piece, 1, &err)), SKUA_WANT_WRITE))
        ;
    assert_int_equal(n, piece.len);
    char text[4096];
    size_t len = 0;
    while ((n = s->ops->read(s, text + len, sizeof text - 1 - len, &err)) != 0) {
        step(s, (int)n, SKUA_WANT_READ);
        assert_true(n > 0 || n == SKUA_E_AGAIN); /* 0: it ended with close_notify */
        len += n > 0 ? (size_t)n : 0;
    }
    text[len] = '\0';
    const char *first = strstr(text, "\r\n\r\nhello tls");
    assert_non_null(first);
    assert_non_null(strstr(first + 4, "\r\n\r\nhello tls"));
    s->ops->close(s);
    sk_tls_ctx_unref(ctx);
    sk_tls_scratch_free(scratch);
    running_finish(&r);
    log_free(&l);
}

static void failed_handshakes_cost_the_others_nothing(void **state) {
    (void)state;
    running r;
    log_lines l;
    start_tls(&r, &l, 300);
    static raw_client junk, silent;
    rc_connect(&silent, skua_server_url(r.s, 0));
    rc_connect(&junk, skua_server_url(r.s, 0));
    rc_say(&junk, "this is no TLS record, nor anything like it");
    rc_expect_end(&junk);
    rc_expect_end(&silent); /* its time is over */
    const char *first = wait_for_line(&l), *second = wait_for_line(&l);
    bool junk_first = strstr(second, "no handshake") != NULL; /* or the machine stood still */
    assert_non_null(strstr(junk_first ? first : second, "tls"));
    assert_non_null(strstr(junk_first ? second : first, "no handshake"));
    rc_close(&junk);
    rc_close(&silent);
    running_finish(&r);
    log_free(&l);
}

/* ---- shortage ---- */

/* There are no descriptors for a while. */
static void pause_once(running *r, log_lines *l, raw_client *c) {
    ask(c, skua_server_url(r->s, 0)); /* it runs, and has all it needs */
    rc_close(c);
    struct rlimit before, few;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    rc_connect(c, skua_server_url(r->s, 0));
    few = before;
    few.rlim_cur = (rlim_t)c->fd + 1;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
    rc_say(c, GET);
    assert_non_null(strstr(wait_for_line(l), "accepting pauses"));
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    rc_expect(c, "\r\n\r\nhello plain"); /* it was kept in the queue */
    rc_close(c);
}

static void accepting_pauses_without_descriptors(void **state) {
    (void)state;
    running r;
    log_lines l;
    log_init(&l);
    start(&r, SKUA_OPTS(skua_server_opts, .workers = 1, .log = note_line, .user = &l),
          "http://127.0.0.1:0", NULL);
    static raw_client c;
    pause_once(&r, &l, &c);
    running_finish(&r);
    log_free(&l);
}

/* Whoever comes gets the descriptor of a large file that is kept open. */
static void files_that_are_open_give_way_to_newcomers(void **state) {
    (void)state;
    running r;
    char dir[] = "/tmp/skua-test-XXXXXX", path[64];
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/large", dir);
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_int_equal(ftruncate(fd, 100000), 0);
    close(fd);
    running_make(&r, SKUA_OPTS(skua_server_opts, .workers = 1));
    assert_int_equal(skua_route(r.s, "/{$}", hello, NULL), 0);
    assert_int_equal(skua_route_dir(r.s, "/files/", dir, NULL), 0);
    running_start(&r, "http://127.0.0.1:0", NULL);
    static raw_client c, late;
    rc_connect(&c, skua_server_url(r.s, 0));
    for (int i = 0; i < 3; i++) {
        rc_say(&c, "HEAD /files/large HTTP/1.1\r\nHost: h\r\n\r\n");
        rc_expect(&c, "HTTP/1.1 200 ");
        rc_expect(&c, "\r\n\r\n");
    }
    rc_connect(&late, skua_server_url(r.s, 0));
    struct rlimit before, few;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    int next = dup(late.fd);
    close(next);
    few = before;
    few.rlim_cur = (rlim_t)next;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
    rc_say(&late, GET);
    bool heard = false;
    for (int i = 0; i < 50 && !heard; i++) { /* the file is asked for all the time */
        rc_say(&c, "HEAD /files/large HTTP/1.1\r\nHost: h\r\n\r\n");
        rc_expect(&c, "HTTP/1.1 ");
        rc_expect(&c, "\r\n\r\n");
        heard = sk_poll_one(late.fd, SKUA_WANT_READ, 100, NULL) == 0;
    }
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_true(heard);
    rc_expect(&late, "\r\n\r\nhello plain");
    rc_close(&late);
    rc_close(&c);
    running_finish(&r);
    unlink(path);
    rmdir(dir);
}

/* Each worker watches its neighbour's listener as well, and is told of who comes if the neighbour
 * does not wait. One that goes on watching its own after a pause is told behind its neighbour. */
static void a_worker_that_has_paused_misses_no_newcomer(void **state) {
    (void)state;
    running r;
    log_lines l;
    log_init(&l);
    start(&r, SKUA_OPTS(skua_server_opts, .workers = 2, .log = note_line, .user = &l),
          "http://127.0.0.1:0", NULL);
    static raw_client c[20];
    pause_once(&r, &l, &c[0]);
    for (size_t i = 0; i < COUNT(c); i++) {
        ask(&c[i], skua_server_url(r.s, 0));
        sk_poll_one(c[i].fd, SKUA_WANT_READ, 5, NULL); /* nothing comes, and both wait again */
    }
    for (size_t i = 0; i < COUNT(c); i++)
        rc_close(&c[i]);
    running_finish(&r);
    log_free(&l);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(many_connections_on_several_workers),
        cmocka_unit_test(a_refused_peer_gets_its_reply),
        cmocka_unit_test(silent_peers_do_not_hold_others_up),
        cmocka_unit_test(a_unix_socket_is_served),
        cmocka_unit_test(two_servers_in_one_process),
        cmocka_unit_test(stopping_refuses_newcomers_and_closes_the_idle),
        cmocka_unit_test(stopping_does_not_wait_for_ever),
        cmocka_unit_test(a_signal_handler_may_stop),
        cmocka_unit_test(a_stop_before_the_run_counts),
        cmocka_unit_test(why_there_is_no_server_is_what_run_reports),
        cmocka_unit_test(failures_latch),
        cmocka_unit_test(nothing_is_changed_while_it_runs),
        cmocka_unit_test(options_are_checked),
        cmocka_unit_test(https),
        cmocka_unit_test(failed_handshakes_cost_the_others_nothing),
        cmocka_unit_test(accepting_pauses_without_descriptors),
        cmocka_unit_test(files_that_are_open_give_way_to_newcomers),
        cmocka_unit_test(a_worker_that_has_paused_misses_no_newcomer),
    };
    return cmocka_run_group_tests(tests, make_certificate, remove_certificate);
}
