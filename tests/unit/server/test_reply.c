/* What a handler writes, and what goes out. */
#include "over_pair.h"
#include "server/reply.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#define GET      "GET / HTTP/1.1\r\nHost: h\r\n\r\n"
#define GET_1_0  "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"
#define HEAD     "HEAD / HTTP/1.1\r\nHost: h\r\n\r\n"
#define DATE     "Date: "
#define DATE_LEN (sizeof "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n" - 1)

/* All that comes back, with the line of its Date taken out. The connection stays open or not. */
static const char *answer(over_pair *p, skua_handler_fn *fn, void *user, const char *request) {
    op_init(p);
    assert_int_equal(op_route(p, "/", fn, user), 0);
    assert_true(op_connect(p, 1 << 20));
    op_say(p, request);
    char *text = (char *)(uintptr_t)op_heard(p);
    for (char *date; (date = strstr(text, DATE)) != NULL;)
        memmove(date, date + DATE_LEN, strlen(date + DATE_LEN) + 1);
    return text;
}

/* The same, compared, with the server's state behind it. */
static void expect(skua_handler_fn *fn, void *user, const char *request, const char *reply,
                   bool open) {
    over_pair p;
    assert_string_equal(answer(&p, fn, user, request), reply);
    assert_int_equal(!p.ended, open);
    op_free(&p);
}

static void expect_500(skua_handler_fn *fn, void *user) {
    over_pair p;
    const char *text = answer(&p, fn, user, GET GET);
    assert_int_equal(op_status(text, 0), 500);
    assert_int_equal(op_status(text, 1), 500); /* the connection goes on */
    assert_true(op_is_open(&p));
    op_free(&p);
}

/* ---- one call ---- */

static int text(skua_request *q, skua_reply *a, void *user) {
    (void)q;
    return skua_reply_text(a, 200, "%s %d\n", (const char *)user, 7);
}

static int typed_text(skua_request *q, skua_reply *a, void *user) {
    (void)q;
    (void)user;
    skua_reply_send_header(a, "Content-Type", "text/csv");
    skua_reply_send_header(a, "Content-Length", "99");
    skua_reply_send_header(a, "X-A", " b ");
    return skua_reply_text(a, 201, "1,2");
}

static int bytes(skua_request *q, skua_reply *a, void *user) {
    (void)q;
    (void)user;
    return skua_reply_bytes(a, 200, "image/x", "a\nb", 3);
}

static int json(skua_request *q, skua_reply *a, void *user) {
    (void)q;
    return skua_reply_json(a, 200, user);
}

static void one_call(void **state) {
    (void)state;
    expect(json, "{\"a\":1}", GET,
           "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 7\r\n"
           "\r\n{\"a\":1}",
           true);
    expect_500(json, NULL);
    expect(text, "hi", GET,
           "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 5\r\n"
           "\r\nhi 7\n",
           true);
    expect(text, "hi", HEAD,
           "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 5\r\n"
           "\r\n",
           true);
    expect(typed_text, NULL, GET,
           "HTTP/1.1 201 Created\r\nContent-Type: text/csv\r\nX-A: b\r\nContent-Length: 3\r\n"
           "\r\n1,2",
           true);
    expect(bytes, NULL, GET_1_0,
           "HTTP/1.1 200 OK\r\nContent-Type: image/x\r\nContent-Length: 3\r\n"
           "Connection: keep-alive\r\n\r\na\nb",
           true);
}

static int redirect(skua_request *q, skua_reply *a, void *user) {
    (void)q;
    return skua_reply_redirect(a, 302, user);
}

static void redirects(void **state) {
    (void)state;
    over_pair p;
    const char *reply = answer(&p, redirect, "/x?y=%20#z", GET);
    assert_int_equal(op_status(reply, 0), 302);
    assert_non_null(strstr(reply, "\r\nLocation: /x?y=%20#z\r\n"));
    op_free(&p);
    static const char *const bad[] = {"", "a b", "a\r\nb", "<a>", "\xc3\xa9", "a\"b", "%zz", "%2"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        expect_500(redirect, (void *)(uintptr_t)bad[i]);
}

static int send_error(skua_request *q, skua_reply *a, void *user) {
    (void)q;
    skua_reply_send_header(a, "WWW-Authenticate", "Basic");
    skua_reply_send_header(a, "Content-Type", "image/x");
    return skua_reply_send_error(a, *(int *)user, "<&\">");
}

static void b07_errors(void **state) {
    (void)state;
    int status = 401;
    over_pair p;
    const char *reply = answer(&p, send_error, &status, GET);
    assert_int_equal(op_status(reply, 0), 401);
    assert_non_null(strstr(reply, "\r\nWWW-Authenticate: Basic\r\n"));
    assert_non_null(strstr(reply, "\r\nContent-Type: text/html; charset=utf-8\r\n"));
    assert_null(strstr(reply, "image/x"));
    assert_non_null(strstr(reply, "<h1>401 Unauthorized</h1>\n<p>&lt;&amp;&quot;&gt;</p>"));
    op_free(&p);
    status = 404;
    reply = answer(&p, send_error, &status, HEAD);
    assert_int_equal(op_status(reply, 0), 404);
    assert_string_equal(strstr(reply, "\r\n\r\n"), "\r\n\r\n");
    op_free(&p);
    status = 204;
    expect(send_error, &status, GET, "HTTP/1.1 204 No Content\r\nWWW-Authenticate: Basic\r\n\r\n",
           true);
    status = 304;
    expect(send_error, &status, GET, "HTTP/1.1 304 Not Modified\r\nWWW-Authenticate: Basic\r\n\r\n",
           true);
    status = 205;
    expect(send_error, &status, GET,
           "HTTP/1.1 205 Reset Content\r\nContent-Length: 0\r\nWWW-Authenticate: Basic\r\n\r\n",
           true);
}

/* ---- step by step ---- */

typedef struct steps {
    const char *length; /* Content-Length, or NULL */
    const char *body;
    bool trailer;
    bool close;
    int rc;
} steps;

static int step_by_step(skua_request *q, skua_reply *a, void *user) {
    const steps *s = user;
    (void)q;
    skua_reply_send_header(a, "X-Before", "1");
    skua_reply_send_response(a, 200);
    skua_reply_send_header(a, "X-After", "2");
    if (s->length)
        skua_reply_send_header(a, "Content-Length", s->length);
    if (s->close)
        skua_reply_close_connection(a);
    skua_reply_end_headers(a);
    int rc = 0;
    for (const char *p = s->body; *p; p++)
        rc = skua_reply_write(a, p, 1);
    if (s->trailer)
        rc = skua_reply_send_trailer(a, "X-Sum", "3");
    return s->rc ? s->rc : rc;
}

#define STEPS_HEAD "HTTP/1.1 200 OK\r\nX-Before: 1\r\nX-After: 2\r\n"

static void b06_steps_with_a_length(void **state) {
    (void)state;
    expect(step_by_step, &(steps){.length = "2", .body = "ab"}, GET,
           STEPS_HEAD "Content-Length: 2\r\n\r\nab", true);
    expect(step_by_step, &(steps){.length = "2", .body = "ab"}, HEAD,
           STEPS_HEAD "Content-Length: 2\r\n\r\n", true);
    /* Less than announced, or more, or a failure in the middle: cut. */
    expect(step_by_step, &(steps){.length = "2", .body = "a"}, GET,
           STEPS_HEAD "Content-Length: 2\r\n\r\na", false);
    expect(step_by_step, &(steps){.length = "1", .body = "ab"}, GET,
           STEPS_HEAD "Content-Length: 1\r\n\r\na", false);
    expect(step_by_step, &(steps){.length = "2", .body = "a", .rc = SKUA_E_OS}, GET,
           STEPS_HEAD "Content-Length: 2\r\n\r\na", false);
    expect_500(step_by_step, &(steps){.length = "-2", .body = ""});
}

static void b06_steps_without_a_length(void **state) {
    (void)state;
    expect(step_by_step, &(steps){.body = "ab"}, GET,
           STEPS_HEAD "Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n1\r\nb\r\n0\r\n\r\n", true);
    expect(step_by_step, &(steps){.body = "a", .trailer = true}, GET,
           STEPS_HEAD "Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nX-Sum: 3\r\n\r\n", true);
    expect(step_by_step, &(steps){.body = "a", .close = true}, GET,
           STEPS_HEAD "Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n1\r\na\r\n0\r\n\r\n",
           false);
    expect(step_by_step, &(steps){.body = "a", .rc = SKUA_E_OS}, GET,
           STEPS_HEAD "Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n", false);
}

/* RFC 9112 6.1: no chunks to 1.0; trailers are dropped. */
static void b10_steps_to_1_0(void **state) {
    (void)state;
    expect(step_by_step, &(steps){.body = "ab", .trailer = true}, GET_1_0, STEPS_HEAD "\r\nab",
           false);
    expect(step_by_step, &(steps){.length = "2", .body = "ab"}, GET_1_0,
           STEPS_HEAD "Content-Length: 2\r\nConnection: keep-alive\r\n\r\nab", true);
}

static int hints(skua_request *q, skua_reply *a, void *user) {
    (void)q;
    (void)user;
    skua_reply_send_header(a, "X-Both", "no");
    skua_reply_send_response(a, 103);
    skua_reply_send_header(a, "Link", "</x>");
    skua_reply_end_headers(a);
    skua_reply_send_response(a, 204);
    return skua_reply_end_headers(a);
}

static void interim_responses(void **state) {
    (void)state;
    expect(hints, NULL, GET,
           "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"
           "HTTP/1.1 204 No Content\r\nX-Both: no\r\n\r\n",
           true);
    expect(hints, NULL, GET_1_0,
           "HTTP/1.1 204 No Content\r\nX-Both: no\r\nConnection: keep-alive\r\n\r\n", true);
}

/* ---- misuse ---- */

static int nothing(skua_request *q, skua_reply *a, void *user) {
    (void)q;
    (void)a;
    (void)user;
    return 0;
}

static int named_only(skua_request *q, skua_reply *a, void *user) {
    (void)q;
    (void)user;
    return skua_reply_send_response(a, 200);
}

static int failing(skua_request *q, skua_reply *a, void *user) {
    (void)q;
    (void)user;
    skua_reply_send_header(a, "Content-Length", "5");
    return SKUA_E_OS;
}

static int bad_field(skua_request *q, skua_reply *a, void *user) {
    const char *const *field = user;
    (void)q;
    assert_int_equal(skua_reply_send_header(a, field[0], field[1]), SKUA_E_INVALID_ARGUMENT);
    assert_int_equal(skua_reply_text(a, 200, "x"), SKUA_E_INVALID_ARGUMENT); /* it latched */
    return 0;
}

static int wrong_order(skua_request *q, skua_reply *a, void *user) {
    (void)q;
    switch (*(int *)user) {
    case 0:
        return skua_reply_write(a, "x", 1);
    case 1:
        return skua_reply_end_headers(a);
    case 2:
        skua_reply_send_response(a, 200);
        return skua_reply_send_response(a, 200);
    case 3:
        return skua_reply_send_response(a, 99);
    case 4:
        return skua_reply_text(a, 100, "x");
    case 5:
        skua_reply_send_response(a, 200);
        return skua_reply_text(a, 200, "x");
    case 6:
        return skua_reply_send_trailer(a, "X", "y");
    case 7:
        return skua_reply_redirect(a, 200, "/");
    case 8:
        return skua_reply_send_response(a, 101);
    default:
        return skua_reply_bytes(a, 200, "a\r\nb", "x", 1);
    }
}

static int trailer_out_of_place(skua_request *q, skua_reply *a, void *user) {
    (void)q;
    skua_reply_send_response(a, 200);
    skua_reply_end_headers(a);
    *(int *)user = skua_reply_send_trailer(a, "Content-Length", "1");
    return 0;
}

/* RFC 9110 6.5.1 */
static void what_must_not_trail_is_refused(void **state) {
    (void)state;
    int rc = 0;
    expect(trailer_out_of_place, &rc, GET, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
           false);
    assert_int_equal(rc, SKUA_E_INVALID_ARGUMENT);
}

static void b06_a_response_cannot_be_split(void **state) {
    (void)state;
    static const char *const fields[][2] = {
        {"A b", "x"},  {"", "x"},          {"A:", "x"},           {"A\r\nB", "x"},
        {"A\n", "x"},  {"A", "x\r\nB: y"}, {"A", "x\ny"},         {"A", "x\ry"},
        {"A", "\x01"}, {"A", "x\x7f"},     {"A", "x\r\n\r\n<p>"}, {"A\xe4", "x"},
    };
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        expect_500(bad_field, (void *)(uintptr_t)fields[i]);
}

static void misuse_is_500(void **state) {
    (void)state;
    expect_500(nothing, NULL);
    expect_500(named_only, NULL);
    expect_500(failing, NULL);
    for (int i = 0; i <= 9; i++)
        expect_500(wrong_order, &i);
}

/* ---- large bodies and files ---- */

#define LARGE 1000000

static int large(skua_request *q, skua_reply *a, void *user) {
    (void)q;
    return skua_reply_bytes(a, 200, NULL, user, LARGE);
}

static char *pattern(void) {
    char *data = malloc(LARGE);
    assert_non_null(data);
    for (size_t i = 0; i < LARGE; i++)
        data[i] = (char)('a' + i % 23 + i / 10007 % 3);
    return data;
}

static void expect_large(over_pair *p, const char *data, size_t len) {
    const char *body = strstr(op_heard(p), "\r\n\r\n");
    assert_non_null(body);
    assert_int_equal(strlen(body + 4), len);
    assert_memory_equal(body + 4, data, len);
    assert_true(op_is_open(p));
}

static void a_large_body_waits_for_its_reader(void **state) {
    (void)state;
    char *data = pattern();
    data[LARGE - 1] = '\0';
    over_pair p;
    op_init(&p);
    assert_int_equal(op_route(&p, "/", large, data), 0);
    assert_true(op_connect(&p, 3000));
    data[LARGE - 1] = 'z';
    op_say(&p, GET);
    expect_large(&p, data, LARGE);
    op_free(&p);
    free(data);
}

typedef struct file {
    FILE *f;
    int64_t at, len;
} file;

static int send_file(skua_request *q, skua_reply *a, void *user) {
    const file *f = user;
    (void)q;
    skua_reply_send_response(a, 200);
    skua_reply_send_header(a, "X-A", "b");
    return sk_reply_file(a, dup(fileno(f->f)), NULL, f->at, f->len);
}

static file make_file(const char *data) {
    file f = {.f = tmpfile(), .len = LARGE};
    assert_non_null(f.f);
    assert_int_equal(fwrite(data, 1, LARGE, f.f), LARGE);
    fflush(f.f);
    return f;
}

static void files_are_sent(void **state) {
    (void)state;
    char *data = pattern();
    file f = make_file(data);
    static const int64_t lens[] = {0, 1, 16384, 16385, LARGE - 5};
    for (size_t i = 0; i < sizeof lens / sizeof *lens; i++) {
        f.at = 5;
        f.len = lens[i];
        over_pair p;
        op_init(&p);
        assert_int_equal(op_route(&p, "/", send_file, &f), 0);
        assert_true(op_connect(&p, 50000));
        op_say(&p, GET);
        expect_large(&p, data + 5, (size_t)f.len);
        op_say(&p, HEAD);
        expect_large(&p, "", 0);
        op_free(&p);
    }
    fclose(f.f);
    free(data);
}

static void a_file_that_shrinks_cuts_the_connection(void **state) {
    (void)state;
    char *data = pattern();
    file f = make_file(data);
    static const int64_t lens[] = {100, 16384, LARGE};
    for (size_t i = 0; i < sizeof lens / sizeof *lens; i++) {
        f.at = LARGE - 50;
        f.len = lens[i];
        over_pair p;
        const char *reply = answer(&p, send_file, &f, GET GET);
        assert_int_equal(op_status(reply, 0), 200);
        assert_int_equal(op_status(reply, 1), 0);
        assert_true(p.ended);
        op_free(&p);
    }
    fclose(f.f);
    free(data);
}

static int two_files(skua_request *q, skua_reply *a, void *user) {
    const file *f = user;
    (void)q;
    skua_reply_send_response(a, 200);
    sk_reply_file(a, dup(fileno(f->f)), NULL, 0, LARGE);
    return sk_reply_file(a, dup(fileno(f->f)), NULL, 0, 10);
}

static int file_without_response(skua_request *q, skua_reply *a, void *user) {
    const file *f = user;
    (void)q;
    return sk_reply_file(a, dup(fileno(f->f)), NULL, 0, 10);
}

static void a_file_is_a_whole_body(void **state) {
    (void)state;
    char *data = pattern();
    file f = make_file(data);
    over_pair p;
    const char *reply = answer(&p, two_files, &f, GET GET);
    assert_int_equal(op_status(reply, 0), 200);
    assert_int_equal(op_status(reply, 1), 0);
    assert_true(p.ended);
    op_free(&p);
    expect_500(file_without_response, &f);
    fclose(f.f);
    free(data);
}

static void fields_of_the_servers_own(void **state) {
    (void)state;
    over_pair p;
    op_init(&p);
    p.settings.server_header = SK_LIT("skua-test");
    assert_int_equal(op_route(&p, "/", text, "hi"), 0);
    assert_true(op_connect(&p, 65536));
    op_say(&p, GET);
    const char *reply = op_heard(&p);
    assert_non_null(strstr(reply, "\r\nServer: skua-test\r\n"));
    assert_non_null(strstr(reply, "\r\nDate: "));
    op_say(&p, "GET bad\r\n\r\n");
    reply = op_heard(&p);
    assert_int_equal(op_status(reply, 0), 400);
    assert_non_null(strstr(reply, "\r\nServer: skua-test\r\n"));
    op_free(&p);
}

static int own_fields(skua_request *q, skua_reply *a, void *user) {
    (void)q;
    (void)user;
    skua_reply_send_header(a, "date", "Sun, 06 Nov 1994 08:49:37 GMT");
    skua_reply_send_header(a, "SERVER", "mine");
    return skua_reply_bytes(a, 200, NULL, "", 0);
}

static void fields_of_the_handlers_win(void **state) {
    (void)state;
    over_pair p;
    op_init(&p);
    p.settings.server_header = SK_LIT("skua-test");
    assert_int_equal(op_route(&p, "/", own_fields, NULL), 0);
    assert_true(op_connect(&p, 65536));
    op_say(&p, GET);
    assert_string_equal(op_heard(&p), "HTTP/1.1 200 OK\r\ndate: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
                                      "SERVER: mine\r\nContent-Length: 0\r\n\r\n");
    op_free(&p);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_call),
        cmocka_unit_test(redirects),
        cmocka_unit_test(b07_errors),
        cmocka_unit_test(b06_steps_with_a_length),
        cmocka_unit_test(b06_steps_without_a_length),
        cmocka_unit_test(b10_steps_to_1_0),
        cmocka_unit_test(interim_responses),
        cmocka_unit_test(what_must_not_trail_is_refused),
        cmocka_unit_test(b06_a_response_cannot_be_split),
        cmocka_unit_test(misuse_is_500),
        cmocka_unit_test(a_large_body_waits_for_its_reader),
        cmocka_unit_test(files_are_sent),
        cmocka_unit_test(a_file_that_shrinks_cuts_the_connection),
        cmocka_unit_test(a_file_is_a_whole_body),
        cmocka_unit_test(fields_of_the_servers_own),
        cmocka_unit_test(fields_of_the_handlers_win),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
