/* The client under faults: in each scenario the nth allocation fails, for every n; the nth read and
 * the nth write is short, not ready, reset, ended or stalled. The error is the right one, and
 * nothing leaks or hangs. */
#include "../unit/client/answering.h"
#include "../unit/client/bodies.h"
#include "../unit/client/script.h"
#include "../unit/nomem.h"

#include <skua/client.h>

#define OK           "HTTP/1.1 200 OK\r\n"
#define N_MAX        200
#define NOT_THE_BODY (-1000) /* no error, and yet wrong */

/* ---- scenarios ---- */

/* Send a request and read its response. Returns 0 or the code. */
static int get(script *s, const char *method, const char *body, const char *expected) {
    const skua_field fields[] = {{"X-One", "1", 0}, {"X-Two", "2", SKUA_FIELD_SECRET}, {0}};
    int rc =
        skua_conn_request(s->conn, method, "/path", fields, body, body ? strlen(body) : 0, &s->err);
    if (rc != 0)
        return rc;
    skua_response *r = skua_conn_getresponse(s->conn, &s->err);
    if (!r)
        return s->err.code;
    const char *data = NULL;
    size_t len = 0;
    rc = skua_response_read_all(r, 0, &data, &len, &s->err);
    bool joined = skua_response_header(r, "X-Many") != NULL;
    if (rc == 0 && strcmp(data, expected) != 0)
        rc = NOT_THE_BODY;
    skua_response_free(r);
    return rc == 0 && !joined ? SKUA_E_NOMEM : rc;
}

static int get_once(script *s) {
    return get(s, "GET", NULL, "hello");
}

static int post(script *s) {
    return get(s, "POST", "a body of some length", "hello");
}

static int get_twice(script *s) {
    int rc = get(s, "GET", NULL, "hello");
    return rc != 0 ? rc : get(s, "PUT", "again", "hello");
}

static int upload(script *s) {
    skua_conn_putrequest(s->conn, "POST", "/");
    skua_conn_putheader(s->conn, "Transfer-Encoding", "chunked");
    skua_conn_endheaders(s->conn);
    skua_conn_send(s->conn, "hello ", 6);
    skua_conn_send(s->conn, "world", 5);
    skua_response *r = skua_conn_getresponse(s->conn, &s->err);
    if (!r)
        return s->err.code;
    char buf[8];
    ptrdiff_t n = 1;
    while (n > 0)
        n = skua_response_read(r, buf, sizeof buf, &s->err);
    skua_response_free(r);
    return (int)n;
}

/* Peek, then line by line; what they give is put together again. */
static int lines(script *s) {
    int rc = skua_conn_request(s->conn, "GET", "/", NULL, NULL, 0, &s->err);
    if (rc != 0)
        return rc;
    skua_response *r = skua_conn_getresponse(s->conn, &s->err);
    if (!r)
        return s->err.code;
    const char *data;
    size_t len, at = 0;
    char got[32] = "";
    ptrdiff_t n = skua_response_peek(r, &data, &len, &s->err);
    bool right = n != 0 || (len > 0 && data[0] == 'o');
    while (n >= 0 && (n = skua_response_readline(r, got + at, 12, &s->err)) > 0)
        at += (size_t)n;
    skua_response_free(r);
    return n == 0 && !(right && strcmp(got, "one\ntwo\nthree") == 0) ? NOT_THE_BODY : (int)n;
}

/* The first response is freed unread. */
static int get_behind_unread(script *s) {
    int rc = skua_conn_request(s->conn, "GET", "/", NULL, NULL, 0, &s->err);
    if (rc != 0)
        return rc;
    skua_response *r = skua_conn_getresponse(s->conn, &s->err);
    if (!r)
        return s->err.code;
    skua_response_free(r);
    return get(s, "PUT", "again", "hello");
}

static int take_over(script *s) {
    int rc = skua_conn_request(s->conn, "GET", "/", NULL, NULL, 0, &s->err);
    if (rc != 0)
        return rc;
    skua_response *r = skua_conn_getresponse(s->conn, &s->err);
    if (!r)
        return s->err.code;
    skua_stream *t = skua_response_take_stream(r, &s->err);
    skua_response_free(r);
    if (!t)
        return s->err.code;
    t->ops->close(t);
    return 0;
}

/* Read what answers an upload, to its end. */
static int upload_answered(script *s, int rc) {
    skua_response *r = rc == 0 ? skua_conn_getresponse(s->conn, &s->err) : NULL;
    if (!r)
        return s->err.code;
    char buf[8];
    ptrdiff_t n = 1;
    while (n > 0)
        n = skua_response_read(r, buf, sizeof buf, &s->err);
    skua_response_free(r);
    return (int)n;
}

static int upload_file(script *s) {
    FILE *file = tmpfile();
    assert_non_null(file);
    fprintf(file, "%0100000dTHE END", 0);
    rewind(file);
    int rc = skua_conn_request_body(s->conn, "PUT", "/", NULL,
                                    SKUA_OPTS(skua_body, .kind = SKUA_BODY_FD, .fd = fileno(file)),
                                    &s->err);
    rc = upload_answered(s, rc);
    fclose(file);
    return rc;
}

static int upload_calls(script *s) {
    bodies_spring spring = {.len = 20000, .step = 7000};
    const skua_field fields[] = {{"Expect", "100-continue", 0}, {0}};
    int rc =
        skua_conn_request_body(s->conn, "PUT", "/", fields,
                               SKUA_OPTS(skua_body, .kind = SKUA_BODY_CALLBACK, .read = bodies_read,
                                         .rewind = bodies_rewind, .user = &spring),
                               &s->err);
    return upload_answered(s, rc);
}

/* Step by step, from a FILE and from a descriptor. */
static int upload_files_in_steps(script *s) {
    FILE *file = tmpfile(), *other = tmpfile();
    assert_true(file && other);
    fprintf(file, "%0100000d", 0);
    rewind(file);
    fprintf(other, "%0100000dTHE END", 0);
    rewind(other);
    skua_conn_putrequest(s->conn, "PUT", "/");
    skua_conn_putheader(s->conn, "Transfer-Encoding", "chunked");
    skua_conn_endheaders(s->conn);
    skua_conn_send_file(s->conn, file);
    skua_conn_send_fd(s->conn, fileno(other), 0);
    int rc = upload_answered(s, 0);
    fclose(file);
    fclose(other);
    return rc;
}

static int upload_trailers(script *s) {
    const skua_field trailers[] = {{"X-Sum", "1", 0}, {0}};
    const char *const values[] = {"a", "b", NULL};
    skua_conn_putrequest(s->conn, "PUT", "/");
    skua_conn_putheader(s->conn, "Transfer-Encoding", "chunked");
    skua_conn_putheader_values(s->conn, "X-Both", values);
    skua_conn_endheaders(s->conn);
    skua_conn_send(s->conn, "hello", 5);
    skua_conn_sendtrailers(s->conn, trailers);
    return upload_answered(s, 0);
}

#define MANY "X-Many: a\r\nX-Many: b\r\n"

static const step length[] = {{EXPECT, "\r\n\r\n", 0},
                              {SEND, OK MANY "Content-Length: 5\r\n\r\nhello", 0},
                              {CLOSE, NULL, 0},
                              {END, NULL, 0}};
static const step chunked[] = {{EXPECT, "\r\n\r\n", 0},
                               {SEND, "HTTP/1.1 103 Early\r\nLink: x\r\n\r\n", 0},
                               {SEND, OK MANY "Transfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n", 0},
                               {SEND, "3\r\nllo\r\n0\r\nX-Sum: 1\r\n\r\n", 0},
                               {CLOSE, NULL, 0},
                               {END, NULL, 0}};
static const step until_close[] = {{EXPECT, "\r\n\r\n", 0},
                                   {SEND, OK MANY "\r\nhel", 0},
                                   {SEND, "lo", 0},
                                   {CLOSE, NULL, 0},
                                   {END, NULL, 0}};
static const step posted[] = {{EXPECT, "some length", 0},
                              {SEND, OK MANY "Content-Length: 5\r\n\r\nhello", 0},
                              {CLOSE, NULL, 0},
                              {END, NULL, 0}};
static const step kept[] = {
    {EXPECT, "\r\n\r\n", 0}, {SEND, OK MANY "Content-Length: 5\r\n\r\nhello", 0},
    {EXPECT, "again", 0},    {SEND, OK MANY "Content-Length: 5\r\n\r\nhello", 0},
    {CLOSE, NULL, 0},        {END, NULL, 0}};
static const step uploaded[] = {
    {EXPECT, "0\r\n\r\n", 0}, {SEND, OK "\r\n", 0}, {CLOSE, NULL, 0}, {END, NULL, 0}};

static const step in_lines[] = {{EXPECT, "\r\n\r\n", 0},
                                {SEND, OK "Transfer-Encoding: chunked\r\n\r\n6\r\none\ntw\r\n", 0},
                                {SEND, "7\r\no\nthree\r\n0\r\n\r\n", 0},
                                {CLOSE, NULL, 0},
                                {END, NULL, 0}};
static const step unread[] = {{EXPECT, "\r\n\r\n", 0},
                              {SEND, OK "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", 0},
                              {SEND, "0\r\n\r\n", 0},
                              {EXPECT, "again", 0},
                              {SEND, OK MANY "Content-Length: 5\r\n\r\nhello", 0},
                              {CLOSE, NULL, 0},
                              {END, NULL, 0}};
static const step switched[] = {
    {EXPECT, "\r\n\r\n", 0},
    {SEND, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\nahead", 0},
    {CLOSE, NULL, 0},
    {END, NULL, 0}};
#if SK_HAVE_ZLIB
/* "hello" as gzip has it, in a block of its own (RFC 1951 3.2.4). */
#define HELLO_GZIP "\x1f\x8b\x08\0\0\0\0\0\0\x03\x01\x05\0\xfa\xffhello\x86\xa6\x10\x36\x05\0\0\0"
static const char coded_answer[] =
    OK MANY "Content-Encoding: gzip\r\nContent-Length: 28\r\n\r\n" HELLO_GZIP;
static const step coded[] = {{EXPECT, "\r\n\r\n", 0},
                             {SEND, coded_answer, sizeof coded_answer - 1},
                             {CLOSE, NULL, 0},
                             {END, NULL, 0}};
#endif

static const step all_uploaded[] = {{EXPECT, "\r\n\r\n", 0},
                                    {EXPECT, "THE END", 0},
                                    {SEND, OK "\r\n", 0},
                                    {CLOSE, NULL, 0},
                                    {END, NULL, 0}};
static const step continued[] = {{EXPECT, "\r\n\r\n", 0},  {SEND, "HTTP/1.1 100 Go\r\n\r\n", 0},
                                 {EXPECT, "0\r\n\r\n", 0}, {SEND, OK "\r\n", 0},
                                 {CLOSE, NULL, 0},         {END, NULL, 0}};
static const step trailed[] = {
    {EXPECT, "X-Sum: 1\r\n\r\n", 0}, {SEND, OK "\r\n", 0}, {CLOSE, NULL, 0}, {END, NULL, 0}};

static const struct scenario {
    const char *name;
    const step *steps;
    int (*run)(script *s);
} scenarios[] = {
    {"length", length, get_once},
    {"chunked", chunked, get_once},
    {"until close", until_close, get_once},
    {"post", posted, post},
    {"two requests", kept, get_twice},
    {"steps", uploaded, upload},
    {"a file", all_uploaded, upload_file},
    {"a callback", continued, upload_calls},
    {"files in steps", all_uploaded, upload_files_in_steps},
    {"trailers", trailed, upload_trailers},
    {"lines", in_lines, lines},
    {"unread", unread, get_behind_unread},
    {"switched", switched, take_over},
#if SK_HAVE_ZLIB
    {"coded", coded, get_once},
#endif
};
#define SCENARIOS (sizeof scenarios / sizeof scenarios[0])

/* ---- running one ---- */

static int make_conn(script *s) {
    const skua_resolve_entry entries[] = {{"other", 0, "127.0.0.1"}, {0}};
    s->conn =
        skua_conn_new("http://example.org",
                      SKUA_OPTS(skua_conn_opts, .clock = &s->face, .user_agent = "test/1",
                                .resolve = entries, .decode = 1, .stream = sk_pair_end(s->pair, 0)),
                      &s->err);
    return s->conn ? 0 : s->err.code;
}

/* Was the connection never made, then its stream is still the caller's. */
static void finish(script *s) {
    if (!s->conn) {
        skua_stream *near = sk_pair_end(s->pair, 0);
        near->ops->close(near);
    }
    script_free(s);
}

static void check_failure(const script *s, const struct scenario *sc, int n, int rc) {
    if (rc == 0)
        return;
    if (rc == NOT_THE_BODY || s->err.code != rc || !s->err.msg[0])
        print_error("%s, n %d: %d: %s\n", sc->name, n, rc, s->err.msg);
    assert_int_not_equal(rc, NOT_THE_BODY);
    assert_int_equal(s->err.code, rc);
    assert_true(s->err.msg[0] != '\0');
}

/* ---- no memory ---- */

static void every_allocation_may_fail(void **state) {
    (void)state;
    for (size_t i = 0; i < SCENARIOS; i++) {
        bool failed = true;
        int n = 1;
        for (; failed && n < N_MAX; n++) {
            script *s = script_prepare(scenarios[i].steps, 1 << 16);
            nomem_fail_from(n);
            int rc = make_conn(s);
            if (rc == 0)
                rc = scenarios[i].run(s);
            failed = nomem_stop();
            if (rc != (failed ? SKUA_E_NOMEM : 0))
                print_error("%s, allocation %d: %d: %s\n", scenarios[i].name, n, rc, s->err.msg);
            assert_int_equal(rc, failed ? SKUA_E_NOMEM : 0);
            finish(s);
        }
        assert_in_range(n, 5, N_MAX - 1);
    }
}

/* A whole call over a socket, a redirect in it. Returns 0 or the code. */
static int fetch(const char *url, skua_error *err) {
    const skua_resolve_entry entries[] = {{"nowhere.invalid", 0, "127.0.0.1"}, {0}};
    skua_client *c = skua_client_new(
        SKUA_OPTS(skua_client_opts, .conn = SKUA_OPTS(skua_conn_opts, .resolve = entries)), err);
    skua_response *r = c ? skua_get(c, url, err) : NULL;
    int rc = r ? 0 : err->code;
    skua_response_free(r);
    skua_client_free(c);
    return rc;
}

static int fetch_without_client(const char *url, skua_error *err) {
    skua_response *r = skua_get(NULL, url, err);
    const char *data;
    size_t len;
    int rc = r ? skua_response_read_all(r, 0, &data, &len, err) : err->code;
    skua_response_free(r);
    return rc;
}

static void every_allocation_of_a_call_may_fail(void **state) {
    (void)state;
    int (*const calls[])(const char *, skua_error *) = {fetch_without_client, fetch};
    answering server;
    assert_int_equal(answering_start(&server), 0);
    for (size_t i = 0; i < 2; i++) {
        bool failed = true;
        int n = 1;
        for (; failed && n < 20 * N_MAX; n++) {
            skua_error err = {0};
            nomem_fail_from(n);
            int rc = calls[i](server.origin, &err);
            failed = nomem_stop();
            /* OpenSSL goes on without some of what it could not allocate, and says of the rest that
             * a file does not load. */
            bool right = rc == SKUA_E_NOMEM || (i == 1 && (rc == 0 || rc == SKUA_E_TLS));
            if (failed && !right)
                print_error("call %zu, allocation %d: %d: %s\n", i, n, rc, err.msg);
            assert_true(failed ? right : rc == 0);
            if (i == 1 && n > N_MAX)
                n += 37; /* inside of OpenSSL a sample will do */
        }
        assert_false(failed);
    }
    answering_end(&server);
}

/* ---- reads and writes ---- */

typedef void fault_fn(sk_pair *p, int which, unsigned nth, sk_fault_kind kind, size_t arg);

/* Run it with the fault; *met tells whether it came to that. */
static int run_with(const struct scenario *sc, fault_fn *fault, unsigned nth, sk_fault_kind kind,
                    bool *met) {
    script *s = script_prepare(sc->steps, 1 << 16);
    assert_int_equal(make_conn(s), 0);
    fault(s->pair, 0, nth, kind, 1);
    int rc = sc->run(s);
    bool reads = fault == sk_pair_fault_read;
    unsigned calls = reads ? sk_pair_reads(s->pair, 0) : sk_pair_writes(s->pair, 0);
    *met = calls >= nth;
    check_failure(s, sc, (int)nth, rc);
    assert_in_range(s->clock.now_ms, 1000, 400000);
    finish(s);
    return rc;
}

static bool is_one_of(int rc, const int *codes) {
    while (*codes != 1 && *codes != rc)
        codes++;
    return *codes == rc;
}

static void try_fault(fault_fn *fault, sk_fault_kind kind, const int *codes) {
    for (size_t i = 0; i < SCENARIOS; i++) {
        bool met = true;
        for (unsigned n = 1; met && n < N_MAX; n++) {
            int rc = run_with(&scenarios[i], fault, n, kind, &met);
            if (!is_one_of(rc, codes))
                print_error("%s, call %u, fault %d: %d\n", scenarios[i].name, n, (int)kind, rc);
            assert_true(is_one_of(rc, codes));
        }
        assert_false(met);
    }
}

static void short_and_late_calls_change_nothing(void **state) {
    (void)state;
    const int fine[] = {0, 1};
    try_fault(sk_pair_fault_read, SK_FAULT_SHORT, fine);
    try_fault(sk_pair_fault_read, SK_FAULT_AGAIN, fine);
    try_fault(sk_pair_fault_write, SK_FAULT_SHORT, fine);
    try_fault(sk_pair_fault_write, SK_FAULT_AGAIN, fine);
}

static void resets_are_reported(void **state) {
    (void)state;
    /* NOT_CONNECTED: the kept connection is dead, and the stream that was given cannot be
     * replaced. 0: behind the last that mattered. */
    const int reset[] = {0, SKUA_E_CONNECTION_RESET, SKUA_E_NOT_CONNECTED, 1};
    try_fault(sk_pair_fault_read, SK_FAULT_RESET, reset);
    try_fault(sk_pair_fault_write, SK_FAULT_RESET, reset);
}

static void ends_are_reported(void **state) {
    (void)state;
    const int ended[] = {0, SKUA_E_REMOTE_DISCONNECTED, SKUA_E_INCOMPLETE_READ,
                         SKUA_E_NOT_CONNECTED, 1};
    /* Not where the body ends with the connection: that cannot be told from being cut. */
    for (size_t i = 0; i < SCENARIOS; i++) {
        bool met = true;
        for (unsigned n = 1; met && n < N_MAX && scenarios[i].steps != until_close; n++)
            assert_true(is_one_of(
                run_with(&scenarios[i], sk_pair_fault_read, n, SK_FAULT_EOF, &met), ended));
    }
    const int pipe[] = {0, SKUA_E_BROKEN_PIPE, 1};
    try_fault(sk_pair_fault_write, SK_FAULT_EOF, pipe);
}

static void stalls_end_as_time_outs(void **state) {
    (void)state;
    /* NOT_CONNECTED: what was unread did not come in time, and its connection went with it. */
    const int late[] = {0, SKUA_E_TIMEOUT, SKUA_E_NOT_CONNECTED, 1};
    try_fault(sk_pair_fault_read, SK_FAULT_STALL, late);
    try_fault(sk_pair_fault_write, SK_FAULT_STALL, late);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_allocation_may_fail),
        cmocka_unit_test(every_allocation_of_a_call_may_fail),
        cmocka_unit_test(short_and_late_calls_change_nothing),
        cmocka_unit_test(resets_are_reported),
        cmocka_unit_test(ends_are_reported),
        cmocka_unit_test(stalls_end_as_time_outs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
