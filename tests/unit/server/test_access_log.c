/* The logs of a server that runs. */
#include "raw_client.h"
#include "running.h"

#include <stdatomic.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct place {
    char dir[64], access[96], errors[96];
} place;

static void place_make(place *p) {
    snprintf(p->dir, sizeof p->dir, "/tmp/skua-server-logs-XXXXXX");
    assert_non_null(mkdtemp(p->dir));
    snprintf(p->access, sizeof p->access, "%s/access", p->dir);
    snprintf(p->errors, sizeof p->errors, "%s/errors", p->dir);
}

/* What the file holds, which then goes; terminated. */
static const char *place_take(const char *path) {
    static char text[65536];
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    text[fread(text, 1, sizeof text - 1, f)] = '\0';
    fclose(f);
    unlink(path);
    return text;
}

static int hello(skua_request *q, skua_reply *a, void *user) {
    (void)q;
    (void)user;
    return skua_reply_text(a, 200, "hello");
}

static int give_up(skua_request *q, skua_reply *a, void *user) {
    (void)q;
    (void)a;
    (void)user;
    return SKUA_E_OS;
}

static void expect(const char *text, const char *part) {
    if (!strstr(text, part))
        fail_msg("no \"%s\" in \"%s\"", part, text);
}

static void b09_files(void **state) {
    (void)state;
    place p;
    running r;
    raw_client c;
    place_make(&p);
    running_make(&r, SKUA_OPTS(skua_server_opts, .workers = 2, .access_log_file = p.access,
                               .access_format = SKUA_ACCESS_JSON, .error_log_file = p.errors,
                               .log_level = SKUA_LOG_DEBUG));
    skua_route(r.s, "GET /hello", hello, NULL);
    skua_route(r.s, "GET /fail", give_up, NULL);
    running_start(&r, "http://127.0.0.1:0", NULL);
    rc_connect(&c, skua_server_url(r.s, 0));
    rc_say(&c, "GET /hello?token=x HTTP/1.1\r\nHost: h\r\nUser-Agent: tea\r\nReferer: /r\r\n"
               "Authorization: Basic secret\r\nCookie: secret=secret\r\n\r\n");
    rc_expect(&c, "hello");
    rc_say(&c, "GET /fail?key=x HTTP/1.1\r\nHost: h\r\n\r\n");
    rc_expect(&c, "500 ");
    rc_say(&c, "GET / \x01 HTTP/1.1\r\n\r\n");
    rc_expect(&c, "400 ");
    rc_expect_end(&c);
    rc_close(&c);
    running_finish(&r);
    const char *text = place_take(p.access);
    expect(text, "\"client\":\"127.0.0.1:");
    expect(text, "\"method\":\"GET\",\"target\":\"/hello?token=***\",\"version\":\"HTTP/1.1\","
                 "\"status\":200,\"bytes\":5,\"duration_us\":");
    expect(text, ",\"request_id\":\"");
    expect(text, "\"referer\":\"/r\",\"user_agent\":\"tea\"}\n");
    expect(text, "\"target\":\"/fail?key=***\",\"version\":\"HTTP/1.1\",\"status\":500,");
    expect(text, "\"status\":400,");
    assert_null(strstr(text, "secret"));
    text = place_take(p.errors);
    expect(text, " debug: 127.0.0.1:");
    expect(text, ": answered 400: ");
    expect(text, " warn: 127.0.0.1:");
    expect(text, ": GET /fail?key=***: the handler failed: ");
    assert_int_equal(rmdir(p.dir), 0);
}

/* A server that is stepped writes as well; and so much of the error log as was asked for. */
static void b09_stepped_and_levels(void **state) {
    (void)state;
    place p;
    raw_client c;
    skua_error err;
    place_make(&p);
    skua_server *s =
        skua_server_new(SKUA_OPTS(skua_server_opts, .access_log_file = p.access,
                                  .error_log_file = p.errors, .log_level = SKUA_LOG_ERROR),
                        &err);
    skua_route(s, "GET /fail", give_up, NULL);
    skua_server_listen(s, "http://127.0.0.1:0", NULL);
    assert_int_equal(skua_server_start(s, &err), 0);
    rc_connect(&c, skua_server_url(s, 0));
    rc_say(&c, "GET /fail HTTP/1.0\r\n\r\n");
    while (sk_poll_one(c.fd, SKUA_WANT_READ, 0, NULL) != 0)
        assert_int_equal(skua_server_step(s, 10, &err), 1);
    skua_server_reopen_logs(s);
    skua_server_free(s);
    rc_close(&c);
    expect(place_take(p.access), "\"GET /fail HTTP/1.0\" 500 ");
    assert_string_equal(place_take(p.errors), "");
    assert_int_equal(rmdir(p.dir), 0);
}

/* ---- lines of the program's own ---- */

static int complain(skua_request *q, skua_reply *a, void *user) {
    (void)user;
    skua_request_log(q, SKUA_LOG_WARN, "it is %s", "odd");
    skua_request_log(q, SKUA_LOG_DEBUG, "nobody hears this");
    return skua_reply_text(a, 200, "hello");
}

static void count_line(void *user, const char *line) {
    (void)line;
    atomic_fetch_add((atomic_int *)user, 1);
}

static void b09_a_program_has_lines_of_its_own(void **state) {
    (void)state;
    place p;
    running r;
    raw_client c;
    atomic_int told = 0;
    place_make(&p);
    running_make(&r, SKUA_OPTS(skua_server_opts, .workers = 2, .error_log_file = p.errors,
                               .log = count_line, .user = &told));
    skua_route(r.s, "GET /", complain, NULL);
    skua_server_log(r.s, SKUA_LOG_INFO, "before\x1b[2J\n%d", 1);
    running_start(&r, "http://127.0.0.1:0", NULL);
    rc_connect(&c, skua_server_url(r.s, 0));
    for (int i = 0; i < 100; i++) {
        rc_say(&c, "GET /tea?key=x HTTP/1.1\r\nHost: h\r\n\r\n");
        rc_expect(&c, "hello");
        skua_server_log(r.s, (skua_log_level)77, "meanwhile");
    }
    rc_close(&c);
    running_stop(&r);
    skua_server_log(r.s, SKUA_LOG_ERROR, "after");
    skua_server_log(NULL, SKUA_LOG_ERROR, "nothing");
    skua_request_log(NULL, SKUA_LOG_ERROR, "nothing");
    skua_server_free(r.s);
    const char *text = place_take(p.errors);
    expect(text, " info: before\\x1B[2J\\x0A1\n");
    expect(text, " info: meanwhile\n");
    expect(text, ": GET /tea?key=***: it is odd\n");
    expect(text, " error: after\n");
    assert_null(strstr(text, "nobody hears this"));
    assert_int_equal(atomic_load(&told), 202); /* of the request, and the program's */
    assert_int_equal(rmdir(p.dir), 0);
}

/* ---- counts ---- */

static skua_server_stats stats_of(const skua_server *s) {
    skua_server_stats stats = {.size = sizeof stats};
    skua_server_statistics(s, &stats);
    return stats;
}

static void b09_what_is_counted(void **state) {
    (void)state;
    running r;
    static raw_client c[3];
    running_make(&r, SKUA_OPTS(skua_server_opts, .workers = 2, .connections_max = 2));
    skua_route(r.s, "GET /{$}", hello, NULL);
    assert_int_equal(stats_of(r.s).connections, 0);
    running_start(&r, "http://127.0.0.1:0", NULL);
    for (int i = 0; i < 2; i++) {
        rc_connect(&c[i], skua_server_url(r.s, 0));
        rc_say(&c[i], "GET / HTTP/1.1\r\nHost: h\r\n\r\nGET /x HTTP/1.1\r\nHost: h\r\n\r\n");
        rc_expect(&c[i], "hello");
        rc_expect(&c[i], "404 ");
    }
    rc_connect(&c[2], skua_server_url(r.s, 0));
    rc_say(&c[2], "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    rc_expect(&c[2], "503 ");
    skua_server_stats stats = stats_of(r.s);
    assert_int_equal(stats.connections, 2);
    assert_int_equal(stats.connections_open, 2);
    assert_int_equal(stats.turned_away, 1);
    assert_int_equal(stats.requests, 4);
    running_stop(&r);
    stats = stats_of(r.s); /* and nothing is forgotten */
    assert_int_equal(stats.connections, 2);
    assert_int_equal(stats.connections_open, 0);
    assert_int_equal(stats.requests, 4);
    assert_int_equal(stats.access_lines_dropped + stats.error_lines_dropped, 0);
    skua_server_free(r.s);
    stats.size = sizeof stats.size + sizeof stats.connections; /* an older program */
    skua_server_statistics(NULL, &stats);
    assert_int_equal(stats.connections, 0);
    assert_int_equal(stats.requests, 4);
    for (int i = 0; i < 3; i++)
        rc_close(&c[i]);
}

static void b09_refused_options(void **state) {
    (void)state;
    skua_error err;
    assert_null(
        skua_server_new(SKUA_OPTS(skua_server_opts, .access_log_file = "/nowhere/at/all"), &err));
    assert_int_equal(err.code, SKUA_E_FILE_NOT_FOUND);
    assert_null(
        skua_server_new(SKUA_OPTS(skua_server_opts, .access_format = (skua_access_format)3), &err));
    assert_int_equal(err.code, SKUA_E_INVALID_ARGUMENT);
    assert_null(skua_server_new(SKUA_OPTS(skua_server_opts, .log_level = (skua_log_level)5), &err));
    assert_int_equal(err.code, SKUA_E_INVALID_ARGUMENT);
    skua_server_reopen_logs(NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(b09_files),
        cmocka_unit_test(b09_stepped_and_levels),
        cmocka_unit_test(b09_a_program_has_lines_of_its_own),
        cmocka_unit_test(b09_what_is_counted),
        cmocka_unit_test(b09_refused_options),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
