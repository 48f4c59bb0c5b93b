/* wire/h1_send.c: what is written, what is refused, and the life of an exchange. */
#include "wire/h1.h"

#include <setjmp.h>
#include <skua/error.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static const sk_h1_limits limits = {1024, 4096, 16, 64};

typedef struct fixture {
    sk_h1 h1;
    sk_buf out;
    sk_head head;
    sk_field fields[16];
    sk_event ev;
} fixture;

static void begin(fixture *f, sk_role role) {
    *f = (fixture){0};
    f->head.fields = (sk_fields){.at = f->fields, .cap = 16};
    f->ev.head = &f->head;
    sk_h1_init(&f->h1, role, &limits);
}

static void expect_out(fixture *f, const char *text) {
    sk_buf_append(&f->out, "", 1);
    assert_string_equal(sk_buf_head(&f->out), text);
    sk_buf_clear(&f->out);
}

static void end(fixture *f) {
    sk_buf_free(&f->out);
}

static sk_event_kind feed(fixture *f, const char *text) {
    sk_h1_feed(&f->h1, text, strlen(text));
    return sk_h1_next(&f->h1, &f->ev);
}

static void start(fixture *f, const char *method) {
    sk_h1_start_request(&f->h1, &f->out, sk_str(method), SK_LIT("/x"), 11);
}

static void field(fixture *f, const char *name, const char *value) {
    sk_h1_field(&f->h1, &f->out, sk_str(name), sk_str(value));
}

static int finish(fixture *f, sk_body body, int64_t length) {
    return sk_h1_finish_head(&f->h1, &f->out, body, length);
}

static void status(fixture *f, int code, const char *reason) {
    sk_h1_start_response(&f->h1, &f->out, code, sk_str(reason));
}

/* A server that has read this request whole. */
static void serve(fixture *f, const char *request) {
    begin(f, SK_SERVER);
    assert_int_equal(feed(f, request), SK_EV_HEAD);
    while (sk_h1_next(&f->h1, &f->ev) == SK_EV_DATA)
        ;
    assert_int_equal(f->ev.kind, SK_EV_END);
}

/* ---- requests ---- */

static void request_without_body(void **state) {
    (void)state;
    fixture f;
    begin(&f, SK_CLIENT);
    start(&f, "GET");
    field(&f, "Host", "  a\t");
    assert_int_equal(finish(&f, SK_BODY_NONE, 0), 0);
    assert_true(sk_h1_send_done(&f.h1));
    expect_out(&f, "GET /x HTTP/1.1\r\nHost: a\r\n\r\n");
    end(&f);
}

static void request_with_length(void **state) {
    (void)state;
    fixture f;
    begin(&f, SK_CLIENT);
    start(&f, "PUT");
    assert_int_equal(finish(&f, SK_BODY_LENGTH, 5), 0);
    assert_int_equal(sk_h1_data(&f.h1, &f.out, "hel", 3), 0);
    assert_int_equal(sk_h1_data(&f.h1, &f.out, "lo!", 3), SKUA_E_STATE);
    assert_false(sk_h1_send_done(&f.h1));
    assert_int_equal(sk_h1_data(&f.h1, &f.out, "lo", 2), 0);
    assert_true(sk_h1_send_done(&f.h1));
    assert_int_equal(sk_h1_end(&f.h1, &f.out, NULL), 0);
    expect_out(&f, "PUT /x HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello");
    end(&f);
}

static void request_chunked_with_trailers(void **state) {
    (void)state;
    fixture f;
    begin(&f, SK_CLIENT);
    start(&f, "PUT");
    field(&f, "transfer-encoding", "Chunked");
    assert_int_equal(finish(&f, SK_BODY_NONE, 0), 0);
    assert_int_equal(sk_h1_data(&f.h1, &f.out, "0123456789abcdef", 16), 0);
    assert_int_equal(sk_h1_data(&f.h1, &f.out, "", 0), 0); /* a chunk of none would end it */
    const skua_field bad[] = {{"Content-Length", "1", 0}, {0}};
    assert_int_equal(sk_h1_end(&f.h1, &f.out, bad), SKUA_E_INVALID_ARGUMENT);
    const skua_field split[] = {{"A", "b\r\nC: d", 0}, {0}};
    assert_int_equal(sk_h1_end(&f.h1, &f.out, split), SKUA_E_INVALID_ARGUMENT);
    const skua_field good[] = {{"A", "b", 0}, {0}};
    assert_int_equal(sk_h1_end(&f.h1, &f.out, good), 0);
    expect_out(&f, "PUT /x HTTP/1.1\r\ntransfer-encoding: Chunked\r\n\r\n"
                   "10\r\n0123456789abcdef\r\n0\r\nA: b\r\n\r\n");
    end(&f);
}

static void a_refused_request_leaves_no_byte(void **state) {
    (void)state;
    static const struct {
        const char *method, *name, *value;
        int code;
    } cases[] = {
        {"G T", "A", "b", SKUA_E_INVALID_ARGUMENT},
        {"", "A", "b", SKUA_E_INVALID_ARGUMENT},
        {"GET\r\n", "A", "b", SKUA_E_INVALID_ARGUMENT},
        {"GET", "A b", "c", SKUA_E_INVALID_ARGUMENT},
        {"GET", "", "c", SKUA_E_INVALID_ARGUMENT},
        {"GET", "A:", "c", SKUA_E_INVALID_ARGUMENT},
        {"GET", "A", "b\r\nC: d", SKUA_E_INVALID_ARGUMENT},
        {"GET", "A", "b\nc", SKUA_E_INVALID_ARGUMENT},
        {"GET", "A", "b\rc", SKUA_E_INVALID_ARGUMENT},
        {"GET", "A", "b\x01", SKUA_E_INVALID_ARGUMENT},
        {"GET", "Content-Length", "x", SKUA_E_BAD_CONTENT_LENGTH},
        {"GET", "Content-Length", "-1", SKUA_E_BAD_CONTENT_LENGTH},
        {"GET", "Transfer-Encoding", "gzip", SKUA_E_BAD_FRAMING},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        fixture f;
        begin(&f, SK_CLIENT);
        sk_buf_append(&f.out, "kept", 4);
        start(&f, cases[i].method);
        field(&f, cases[i].name, cases[i].value);
        field(&f, "More", "of it");
        assert_int_equal(finish(&f, SK_BODY_NONE, 0), cases[i].code);
        expect_out(&f, "kept");
        start(&f, "GET");
        assert_int_equal(finish(&f, SK_BODY_NONE, 0), 0); /* another may begin */
        end(&f);
    }
}

static void a_value_with_nul_is_refused(void **state) {
    (void)state;
    fixture f;
    begin(&f, SK_CLIENT);
    start(&f, "GET");
    sk_h1_field(&f.h1, &f.out, SK_LIT("A"), (skua_str){"b\0c", 3});
    assert_int_equal(finish(&f, SK_BODY_NONE, 0), SKUA_E_INVALID_ARGUMENT);
    end(&f);
}

static void a_bad_target_is_refused(void **state) {
    (void)state;
    static const char *const targets[] = {"", "/a b", "/a\r\nX: y", "/\x7f", "/a\tb"};
    for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++) {
        fixture f;
        begin(&f, SK_CLIENT);
        sk_h1_start_request(&f.h1, &f.out, SK_LIT("GET"), sk_str(targets[i]), 11);
        assert_int_equal(finish(&f, SK_BODY_NONE, 0), SKUA_E_INVALID_ARGUMENT);
        assert_int_equal(sk_buf_len(&f.out), 0);
        end(&f);
    }
}

static void contradictory_framing_is_refused(void **state) {
    (void)state;
    fixture f;
    begin(&f, SK_CLIENT);
    start(&f, "PUT");
    field(&f, "Content-Length", "1");
    field(&f, "Transfer-Encoding", "chunked");
    assert_int_equal(finish(&f, SK_BODY_NONE, 0), SKUA_E_BAD_FRAMING);
    start(&f, "PUT");
    field(&f, "Content-Length", "1");
    field(&f, "Content-Length", "1");
    assert_int_equal(finish(&f, SK_BODY_NONE, 0), SKUA_E_BAD_FRAMING);
    end(&f);
}

static void one_request_may_go_ahead(void **state) {
    (void)state;
    fixture f;
    begin(&f, SK_CLIENT);
    start(&f, "HEAD");
    assert_int_equal(finish(&f, SK_BODY_NONE, 0), 0);
    start(&f, "GET");
    assert_int_equal(finish(&f, SK_BODY_NONE, 0), 0);
    start(&f, "GET");
    assert_int_equal(finish(&f, SK_BODY_NONE, 0), SKUA_E_STATE); /* a third may not */
    expect_out(&f, "HEAD /x HTTP/1.1\r\n\r\nGET /x HTTP/1.1\r\n\r\n");
    static const char replies[] = "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n"
                                  "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx";
    assert_int_equal(feed(&f, replies), SK_EV_HEAD);
    assert_int_equal(f.head.body, SK_BODY_NONE); /* it answers HEAD */
    assert_int_equal(sk_h1_next(&f.h1, &f.ev), SK_EV_END);
    assert_int_equal(sk_h1_next(&f.h1, &f.ev), SK_EV_HEAD);
    assert_int_equal(f.head.body, SK_BODY_LENGTH);
    assert_int_equal(sk_h1_next(&f.h1, &f.ev), SK_EV_DATA);
    assert_int_equal(sk_h1_next(&f.h1, &f.ev), SK_EV_END);
    assert_true(sk_h1_can_cycle(&f.h1));
    end(&f);
}

/* ---- responses ---- */

static void responses(void **state) {
    (void)state;
    static const struct {
        const char *request;
        int status;
        const char *name, *value; /* a field, or NULL */
        sk_body body;
        int64_t length;
        const char *data;
        const char *expected;
        bool goes_on;
    } cases[] = {
#define GET11  "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
#define GET10  "GET / HTTP/1.0\r\n\r\n"
#define KEEP10 "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"
#define HEAD11 "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n"
        {GET11, 200, NULL, NULL, SK_BODY_LENGTH, 2, "hi",
         "HTTP/1.1 200 R\r\nContent-Length: 2\r\n\r\nhi", true},
        {GET11, 200, NULL, NULL, SK_BODY_NONE, 0, "", "HTTP/1.1 200 R\r\nContent-Length: 0\r\n\r\n",
         true},
        {GET11, 200, NULL, NULL, SK_BODY_CHUNKED, 0, "hi",
         "HTTP/1.1 200 R\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n", true},
        {GET11, 200, "Content-Length", "2", SK_BODY_CHUNKED, 0, "hi",
         "HTTP/1.1 200 R\r\nContent-Length: 2\r\n\r\nhi", true},
        {GET11, 200, "Connection", "close", SK_BODY_LENGTH, 2, "hi",
         "HTTP/1.1 200 R\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi", false},
        {GET11, 200, NULL, NULL, SK_BODY_CLOSE, 0, "hi",
         "HTTP/1.1 200 R\r\nConnection: close\r\n\r\nhi", false},
        {GET10, 200, NULL, NULL, SK_BODY_LENGTH, 2, "hi",
         "HTTP/1.1 200 R\r\nContent-Length: 2\r\n\r\nhi", false},
        {GET10, 200, NULL, NULL, SK_BODY_CHUNKED, 0, "hi", "HTTP/1.1 200 R\r\n\r\nhi", false},
        {GET10, 200, "Transfer-Encoding", "chunked", SK_BODY_NONE, 0, "hi",
         "HTTP/1.1 200 R\r\n\r\nhi", false},
        {KEEP10, 200, NULL, NULL, SK_BODY_LENGTH, 2, "hi",
         "HTTP/1.1 200 R\r\nContent-Length: 2\r\nConnection: keep-alive\r\n\r\nhi", true},
        {HEAD11, 200, NULL, NULL, SK_BODY_LENGTH, 2, "hi",
         "HTTP/1.1 200 R\r\nContent-Length: 2\r\n\r\n", true},
        {HEAD11, 200, NULL, NULL, SK_BODY_CHUNKED, 0, "hi",
         "HTTP/1.1 200 R\r\nTransfer-Encoding: chunked\r\n\r\n", true},
        {GET11, 204, "Content-Length", "2", SK_BODY_LENGTH, 2, "hi", "HTTP/1.1 204 R\r\n\r\n",
         true},
        {GET11, 205, "Content-Length", "2", SK_BODY_LENGTH, 2, "hi",
         "HTTP/1.1 205 R\r\nContent-Length: 0\r\n\r\n", true},
        {GET11, 304, NULL, NULL, SK_BODY_NONE, 0, "hi", "HTTP/1.1 304 R\r\n\r\n", true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        fixture f;
        serve(&f, cases[i].request);
        status(&f, cases[i].status, "R");
        if (cases[i].name)
            field(&f, cases[i].name, cases[i].value);
        assert_int_equal(finish(&f, cases[i].body, cases[i].length), 0);
        assert_int_equal(sk_h1_data(&f.h1, &f.out, cases[i].data, strlen(cases[i].data)), 0);
        assert_int_equal(sk_h1_end(&f.h1, &f.out, NULL), 0);
        expect_out(&f, cases[i].expected);
        assert_int_equal(sk_h1_can_cycle(&f.h1), cases[i].goes_on);
        end(&f);
    }
}

static void interim_responses(void **state) {
    (void)state;
    fixture f;
    serve(&f, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    status(&f, 103, "Early Hints");
    field(&f, "Link", "</a>");
    field(&f, "Content-Length", "3");
    assert_int_equal(finish(&f, SK_BODY_NONE, 0), 0);
    assert_false(sk_h1_send_begun(&f.h1));
    status(&f, 200, "");
    assert_int_equal(finish(&f, SK_BODY_NONE, 0), 0);
    expect_out(&f, "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
                   "HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n");
    end(&f);
    serve(&f, "GET / HTTP/1.0\r\n\r\n");
    status(&f, 100, "Continue");
    assert_int_equal(finish(&f, SK_BODY_NONE, 0), 0);
    expect_out(&f, "");
    end(&f);
}

static void switching_protocols(void **state) {
    (void)state;
    fixture f;
    serve(&f, "GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n");
    assert_true(f.head.upgrade);
    status(&f, 101, "Switching Protocols");
    field(&f, "Connection", "upgrade");
    assert_int_equal(finish(&f, SK_BODY_NONE, 0), 0);
    assert_false(sk_h1_can_cycle(&f.h1));
    assert_int_equal(feed(&f, "raw"), SK_EV_PAUSED);
    end(&f);
}

static void too_little_body_ends_the_connection(void **state) {
    (void)state;
    fixture f;
    serve(&f, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    status(&f, 200, "OK");
    assert_int_equal(finish(&f, SK_BODY_LENGTH, 5), 0);
    assert_int_equal(sk_h1_data(&f.h1, &f.out, "hi", 2), 0);
    assert_int_equal(sk_h1_end(&f.h1, &f.out, NULL), SKUA_E_STATE);
    assert_true(sk_h1_closing(&f.h1));
    end(&f);
}

static void what_is_plain_has_its_place_in_a_head(void **state) {
    (void)state;
    fixture f;
    serve(&f, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    status(&f, 204, "No Content");
    sk_h1_plain_line(&f.h1, &f.out, SK_LIT("Date: now\r\n"));
    sk_h1_plain_field(&f.h1, &f.out, SK_LIT("A"), SK_LIT("1"));
    assert_int_equal(finish(&f, SK_BODY_NONE, 0), 0);
    sk_h1_plain_line(&f.h1, &f.out, SK_LIT("Date: later\r\n"));
    sk_h1_plain_field(&f.h1, &f.out, SK_LIT("A"), SK_LIT("2"));
    expect_out(&f, "HTTP/1.1 204 No Content\r\nDate: now\r\nA: 1\r\n\r\n");
    assert_int_equal(finish(&f, SK_BODY_NONE, 0), SKUA_E_STATE);
    end(&f);
}

static void a_reply_waits_for_no_other(void **state) {
    (void)state;
    fixture f;
    serve(&f, "GET / HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_int_equal(sk_h1_next(&f.h1, &f.ev), SK_EV_PAUSED);
    status(&f, 200, "OK");
    assert_int_equal(finish(&f, SK_BODY_NONE, 0), 0);
    status(&f, 200, "OK");
    assert_int_equal(finish(&f, SK_BODY_NONE, 0), SKUA_E_STATE); /* one reply a request */
    expect_out(&f, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    sk_h1_cycle(&f.h1);
    assert_int_equal(sk_h1_next(&f.h1, &f.ev), SK_EV_HEAD);
    end(&f);
}

static void reading_past_the_machine(void **state) {
    (void)state;
    fixture f;
    begin(&f, SK_CLIENT);
    start(&f, "GET");
    assert_int_equal(finish(&f, SK_BODY_NONE, 0), 0);
    assert_int_equal(feed(&f, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc"), SK_EV_HEAD);
    assert_int_equal(sk_h1_direct(&f.h1), 0); /* there are bytes in the window */
    assert_int_equal(sk_h1_next(&f.h1, &f.ev), SK_EV_DATA);
    assert_int_equal(sk_h1_direct(&f.h1), 7);
    sk_h1_skip(&f.h1, 5);
    assert_int_equal(sk_h1_direct(&f.h1), 2);
    sk_h1_skip(&f.h1, 2);
    assert_int_equal(sk_h1_next(&f.h1, &f.ev), SK_EV_END);
    end(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(request_without_body),
        cmocka_unit_test(request_with_length),
        cmocka_unit_test(request_chunked_with_trailers),
        cmocka_unit_test(a_refused_request_leaves_no_byte),
        cmocka_unit_test(a_value_with_nul_is_refused),
        cmocka_unit_test(a_bad_target_is_refused),
        cmocka_unit_test(contradictory_framing_is_refused),
        cmocka_unit_test(one_request_may_go_ahead),
        cmocka_unit_test(responses),
        cmocka_unit_test(interim_responses),
        cmocka_unit_test(switching_protocols),
        cmocka_unit_test(too_little_body_ends_the_connection),
        cmocka_unit_test(what_is_plain_has_its_place_in_a_head),
        cmocka_unit_test(a_reply_waits_for_no_other),
        cmocka_unit_test(reading_past_the_machine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
