/* client/response_decode.c: bodies whose content coding is undone, and the bounds of that. */
#include "../coding/encode.h"
#include "coding/decoder.h"
#include "script.h"

#define OK      "HTTP/1.1 200 OK\r\n"
#define GZIP    "Content-Encoding: gzip\r\n"
#define ASCENDS "0123456789abcdefghijklmnopqrstuvwxyz"

static const skua_conn_opts decoding = {.decode = 1};

typedef enum framing { BY_LENGTH, CHUNKED, UNTIL_CLOSE, FRAMINGS } framing;

typedef struct message {
    char bytes[CODED_MAX + 1024];
    size_t len;
} message;

static void add(message *m, const void *bytes, size_t len) {
    memcpy(m->bytes + m->len, bytes, len);
    m->len += len;
}

static void add_text(message *m, const char *text) {
    add(m, text, strlen(text));
}

/* A response with these bytes for a body. In chunks there are two of them. */
static message *answer_with(const char *head, const char *body, size_t len, framing how) {
    static message m;
    static const char *const between[] = {"Content-Length: %zu\r\n\r\n",
                                          "Transfer-Encoding: chunked\r\n\r\n%zx\r\n", "\r\n"};
    size_t first = how == CHUNKED ? len / 2 : len;
    char text[64];
    m.len = 0;
    add_text(&m, head);
    snprintf(text, sizeof text, between[how], first);
    add_text(&m, text);
    add(&m, body, first);
    if (how == CHUNKED) {
        snprintf(text, sizeof text, "\r\n%zx\r\n", len - first);
        add_text(&m, text);
        add(&m, body + first, len - first);
        add_text(&m, "\r\n0\r\n\r\n");
    }
    return &m;
}

static char coded[CODED_MAX];

static script *answered(const char *head, size_t coded_len, framing how, skua_conn_opts opts) {
    const message *m = answer_with(head, coded, coded_len, how);
    return script_answering(m->bytes, m->len, opts);
}

/* "gzip" of the text, or skip: this build cannot. */
static size_t gzip(const char *text, size_t len) {
    size_t n = encode("gzip", (skua_str){text, len}, coded);
    if (n == 0)
        skip();
    return n;
}

static int read_to_failure(skua_response *r, size_t *got, skua_error *err) {
    char buf[4096];
    ptrdiff_t n;
    *got = 0;
    while ((n = skua_response_read(r, buf, sizeof buf, err)) > 0)
        *got += (size_t)n;
    return (int)n;
}

/* ---- what is decoded ---- */

static void a16_every_coding_in_every_framing(void **state) {
    (void)state;
    static char plain[40001];
    for (size_t i = 0; i < sizeof plain - 1; i++)
        plain[i] = ASCENDS[(i * i + i / 7) % 36];
    static const char *const names[] = {"gzip", "deflate", "br", "zstd"};
    static const size_t pieces[] = {1, 1000, 65536};
    for (size_t i = 0; i < 4 * FRAMINGS * 3; i++) {
        const char *name = names[i / 3 / FRAMINGS];
        size_t n = encode(name, sk_str(plain), coded), len = 0, piece = pieces[i % 3];
        char head[128], got[65536];
        snprintf(head, sizeof head, OK "Content-Encoding: %s\r\n", name);
        if (n == 0)
            continue;
        script *s = answered(head, n, (framing)(i / 3 % FRAMINGS), decoding);
        skua_response *r = script_response(s);
        assert_string_equal(skua_response_content_coding(r), name);
        assert_string_equal(skua_response_header(r, "content-encoding"), name);
        assert_int_equal(skua_response_content_length(r), -1);
        ptrdiff_t read;
        while ((read = skua_response_read(r, got + len, piece, &s->err)) > 0 && len < 50000)
            len += (size_t)read;
        assert_int_equal(read, 0);
        assert_int_equal(len, strlen(plain));
        assert_memory_equal(got, plain, len);
        assert_true(skua_response_done(r));
        skua_response_free(r);
        script_free(s);
    }
}

static void a16_lines_and_peeks_are_of_what_was_decoded(void **state) {
    (void)state;
    size_t n = gzip("one\ntwo\nrest", 12);
    script *s = answered(OK GZIP, n, CHUNKED, decoding);
    skua_response *r = script_response(s);
    char line[16];
    const char *data;
    size_t len;
    assert_int_equal(skua_response_readline(r, line, sizeof line, &s->err), 4);
    assert_string_equal(line, "one\n");
    assert_int_equal(skua_response_peek(r, &data, &len, &s->err), 0);
    assert_in_range(len, 1, 8);
    assert_memory_equal(data, "two\nrest", len);
    assert_int_equal(skua_response_readline(r, line, sizeof line, &s->err), 4);
    assert_body(r, "rest");
    skua_response_free(r);
    script_free(s);
}

static void a16_codings_are_undone_last_first(void **state) {
    (void)state;
    static const char *const heads[] = {
        OK "Content-Encoding: deflate, gzip\r\n",
        OK "Content-Encoding: deflate\r\nX: y\r\nContent-Encoding: identity, gzip\r\n",
    };
    for (size_t i = 0; i < 2; i++) {
        char inner[256];
        size_t n = encode("deflate", sk_str("hello"), coded);
        if (n == 0)
            skip();
        memcpy(inner, coded, n);
        n = gzip(inner, n);
        script *s = answered(heads[i], n, BY_LENGTH, decoding);
        skua_response *r = script_response(s);
        assert_string_equal(skua_response_content_coding(r), "deflate, gzip");
        assert_body(r, "hello");
        skua_response_free(r);
        script_free(s);
    }
}

/* RFC 9110 14.4: a part of the coded bytes; the first part, at least, can be undone. */
static void a16_a_part_is_decoded_as_the_whole_is(void **state) {
    (void)state;
    size_t n = gzip("hello", 5);
    script *s = answered("HTTP/1.1 206 Partial Content\r\n" GZIP, n, BY_LENGTH, decoding);
    skua_response *r = script_response(s);
    assert_body(r, "hello");
    skua_response_free(r);
    script_free(s);

    memmove(coded, coded + 4, n - 4);
    s = answered("HTTP/1.1 206 Partial Content\r\n" GZIP, n - 4, BY_LENGTH, decoding);
    r = script_response(s);
    size_t got;
    assert_int_equal(read_to_failure(r, &got, &s->err), SKUA_E_CONTENT_CODING);
    skua_response_free(r);
    script_free(s);
}

/* ---- what is not ---- */

static void a16_nothing_is_decoded_unasked(void **state) {
    (void)state;
    size_t n = gzip("hello", 5);
    script *s = answered(OK GZIP, n, BY_LENGTH, (skua_conn_opts){0});
    skua_response *r = script_response(s);
    assert_non_null(strstr(s->got, "\r\nAccept-Encoding: identity\r\n"));
    assert_string_equal(skua_response_content_coding(r), "");
    assert_int_equal(skua_response_content_length(r), n);
    const char *data;
    size_t len;
    assert_int_equal(skua_response_read_all(r, 0, &data, &len, &s->err), 0);
    assert_int_equal(len, n);
    assert_memory_equal(data, coded, n);
    skua_response_free(r);
    script_free(s);
}

static void a04_the_codings_of_this_build_are_asked_for(void **state) {
    (void)state;
    char line[128];
    snprintf(line, sizeof line, "\r\nAccept-Encoding: %s\r\n", sk_decoder_accepts());
    script *s = answered(OK, 0, BY_LENGTH, decoding);
    skua_response_free(script_response(s));
    assert_non_null(strstr(s->got, line));
    script_free(s);

    const skua_field own[] = {{"Accept-Encoding", "br;q=0.5", 0}, {0}};
    s = answered(OK, 0, BY_LENGTH, decoding);
    assert_int_equal(skua_conn_request(s->conn, "GET", "/", own, NULL, 0, &s->err), 0);
    skua_response_free(skua_conn_getresponse(s->conn, &s->err));
    assert_non_null(strstr(s->got, "\r\nAccept-Encoding: br;q=0.5\r\n"));
    assert_null(strstr(s->got, sk_decoder_accepts()));
    script_free(s);
}

static void a16_what_has_no_body_is_not_decoded(void **state) {
    (void)state;
    static const struct {
        const char *method, *answer;
        int64_t length;
    } cases[] = {
        {"HEAD", OK GZIP "Content-Length: 77\r\n\r\n", 77},
        {"HEAD", OK "Content-Encoding: unheard-of\r\n\r\n", -1},
        {"GET", "HTTP/1.1 204 No Content\r\n" GZIP "\r\n", 0},
        {"GET", "HTTP/1.1 304 Not Modified\r\n" GZIP "Content-Length: 5\r\n\r\n", 0},
        {"GET", OK GZIP "Content-Length: 0\r\n\r\n", 0},
        {"GET", OK "Content-Encoding: unheard-of\r\nContent-Length: 0\r\n\r\n", 0},
        {"GET", OK "Content-Encoding: identity, IDENTITY\r\nContent-Length: 0\r\n\r\n", 0},
        {"GET", OK "Content-Encoding:\r\nContent-Length: 0\r\n\r\n", 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        script *s = script_answering(cases[i].answer, 0, decoding);
        assert_int_equal(skua_conn_request(s->conn, cases[i].method, "/", NULL, NULL, 0, &s->err),
                         0);
        skua_response *r = skua_conn_getresponse(s->conn, &s->err);
        assert_non_null(r);
        assert_string_equal(skua_response_content_coding(r), "");
        assert_true(skua_response_done(r));
        assert_body(r, "");
        skua_response_free(r);
        script_free(s);
    }
}

/* Servers send such; that nothing came is known only at the end. */
static void a16_an_empty_body_is_empty_in_any_coding(void **state) {
    (void)state;
    static const char *const answers[] = {OK GZIP "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                                          OK GZIP "\r\n",
                                          OK "Content-Encoding: unheard-of\r\n\r\n"};
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        script *s = script_answering(answers[i], 0, decoding);
        skua_response *r = script_response(s);
        assert_body(r, "");
        assert_true(skua_response_done(r));
        skua_response_free(r);
        script_free(s);
    }
}

/* ---- what cannot be ---- */

static void a19_an_unknown_coding_fails_when_it_is_read(void **state) {
    (void)state;
    script *s = script_answering(
        OK "Content-Encoding: unheard-of\r\nContent-Length: 5\r\n\r\nhello", 0, decoding);
    skua_response *r = script_response(s);
    assert_int_equal(skua_response_status(r), 200);
    assert_string_equal(skua_response_header(r, "content-encoding"), "unheard-of");
    char buf[8];
    for (int i = 0; i < 2; i++) {
        assert_int_equal(skua_response_read(r, buf, sizeof buf, &s->err), SKUA_E_CONTENT_CODING);
        assert_int_equal(s->err.phase, SKUA_PHASE_DECODE);
        assert_int_equal(strncmp(s->err.msg, "decode: example.org: ", 21), 0);
        assert_non_null(strstr(s->err.msg, "unheard-of"));
        assert_string_equal(s->err.target, "example.org:80");
    }
    assert_false(skua_response_done(r));
    skua_response_free(r);
    script_free(s);
}

static void a19_broken_codings_are_told_from_broken_transfers(void **state) {
    (void)state;
    static const struct {
        int cut;      /* bytes missing at the end of the coded body */
        int flip;     /* a byte of it that is changed */
        int more;     /* bytes behind it */
        int announce; /* bytes that do not come */
        int code;
    } cases[] = {
        {4, -1, 0, 0, SKUA_E_CONTENT_CODING},
        {0, 12, 0, 0, SKUA_E_CONTENT_CODING},
        {0, 0, 0, 0, SKUA_E_CONTENT_CODING},
        {0, -1, 3, 0, SKUA_E_CONTENT_CODING},
        {0, -1, 0, 1, SKUA_E_INCOMPLETE_READ},
        {4, -1, 0, 4, SKUA_E_INCOMPLETE_READ},
        {0, -1, 0, 0, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t n = gzip(ASCENDS, 36) - (size_t)cases[i].cut, got;
        if (cases[i].flip >= 0)
            coded[cases[i].flip] ^= 0x55;
        memset(coded + n, 'x', (size_t)cases[i].more);
        n += (size_t)cases[i].more;
        char head[128];
        snprintf(head, sizeof head, OK GZIP "Content-Length: %zu\r\n",
                 n + (size_t)cases[i].announce);
        const message *m = answer_with(head, coded, n, UNTIL_CLOSE);
        script *s = script_answering(m->bytes, m->len, decoding);
        skua_response *r = script_response(s);
        int rc = read_to_failure(r, &got, &s->err);
        if (rc != cases[i].code)
            print_error("case %zu: %s\n", i, s->err.msg);
        assert_int_equal(rc, cases[i].code);
        if (rc == SKUA_E_INCOMPLETE_READ)
            assert_int_equal(s->err.bytes_expected - s->err.bytes_received, cases[i].announce);
        if (rc == SKUA_E_CONTENT_CODING)
            assert_int_equal(s->err.phase, SKUA_PHASE_DECODE);
        skua_response_free(r);
        script_free(s);
    }
}

/* ---- bounds ---- */

static char zeros[1 << 22];

static void a16_decoded_bytes_are_bounded_in_number(void **state) {
    (void)state;
    static const struct {
        int64_t max;
        int code;
    } cases[] = {{4999, SKUA_E_DECODED_TOO_LARGE}, {5000, 0}, {SKUA_FOREVER, 0}, {0, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t n = gzip(zeros, 5000), got;
        script *s = answered(OK GZIP, n, CHUNKED,
                             (skua_conn_opts){.decode = 1, .decoded_max_bytes = cases[i].max});
        skua_response *r = script_response(s);
        assert_int_equal(read_to_failure(r, &got, &s->err), cases[i].code);
        assert_int_equal(got, cases[i].code ? cases[i].max : 5000);
        if (cases[i].code) {
            char text[128];
            snprintf(text, sizeof text,
                     "decode: example.org: gzip: more than 4999 bytes (decoded_max_bytes), "
                     "from %zu received",
                     n);
            assert_string_equal(s->err.msg, text);
            assert_int_equal(s->err.phase, SKUA_PHASE_DECODE);
            assert_false(skua_response_done(r));
        }
        skua_response_free(r);
        script_free(s);
    }
}

static void a16_decoded_bytes_are_bounded_by_what_came(void **state) {
    (void)state;
    static const struct {
        size_t plain;
        uint32_t ratio;
        int code;
    } cases[] = {{1 << 20, 0, 0},
                 {1 << 22, 0, SKUA_E_DECODED_TOO_LARGE},
                 {1 << 22, 2000, 0},
                 {1 << 22, 900, SKUA_E_DECODED_TOO_LARGE}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t n = gzip(zeros, cases[i].plain), got;
        script *s = answered(OK GZIP, n, BY_LENGTH,
                             (skua_conn_opts){.decode = 1, .decoded_ratio_max = cases[i].ratio});
        skua_response *r = script_response(s);
        int rc = read_to_failure(r, &got, &s->err);
        if (rc != cases[i].code)
            print_error("case %zu, %zu of %zu: %s\n", i, got, n, rc ? s->err.msg : "fine");
        assert_int_equal(rc, cases[i].code);
        assert_true(rc == 0 ? got == cases[i].plain : got <= 1 << 20);
        if (rc != 0) {
            assert_non_null(strstr(s->err.msg, "decode: example.org: gzip: "));
            assert_non_null(strstr(s->err.msg, " to 1 (decoded_ratio_max)"));
        }
        skua_response_free(r);
        script_free(s);
    }
}

static void a16_read_all_caps_what_was_decoded(void **state) {
    (void)state;
    for (size_t cap = 4999; cap <= 5000; cap++) {
        size_t n = gzip(zeros, 5000), len = 0;
        const char *data = NULL;
        script *s = answered(OK GZIP, n, BY_LENGTH, decoding);
        skua_response *r = script_response(s);
        int rc = skua_response_read_all(r, cap, &data, &len, &s->err);
        assert_int_equal(rc, cap < 5000 ? SKUA_E_BODY_TOO_LARGE : 0);
        if (rc != 0)
            assert_string_equal(s->err.msg, "limit: example.org: body larger than 4999 bytes");
        else
            assert_int_equal(len, 5000);
        skua_response_free(r);
        script_free(s);
    }
}

/* ---- the connection ---- */

static void a13_the_connection_goes_on_behind_a_coded_body(void **state) {
    (void)state;
    size_t n = gzip("hello", 5);
    for (framing how = BY_LENGTH; how <= CHUNKED; how++) {
        const message *m = answer_with(OK GZIP, coded, n, how);
        const step steps[] = {{EXPECT, "\r\n\r\n", 0}, {SEND, m->bytes, m->len},
                              {EXPECT, "\r\n\r\n", 0}, {SEND, m->bytes, m->len},
                              {EXPECT, "\r\n\r\n", 0}, {SEND, m->bytes, m->len},
                              {END, NULL, 0}};
        script *s = script_with(steps, "http://example.org", decoding, 1 << 20);
        skua_response *r = script_response(s);
        assert_body(r, "hello");
        skua_response_free(r);
        skua_response_free(script_response(s)); /* unread */
        r = script_response(s);
        assert_body(r, "hello");
        skua_response_free(r);
        skua_conn_stats stats = {.size = sizeof stats};
        skua_conn_statistics(s->conn, &stats);
        assert_int_equal(stats.drained, 1);
        assert_int_equal(stats.drained_bytes, n);
        script_free(s);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a16_every_coding_in_every_framing),
        cmocka_unit_test(a16_lines_and_peeks_are_of_what_was_decoded),
        cmocka_unit_test(a16_codings_are_undone_last_first),
        cmocka_unit_test(a16_a_part_is_decoded_as_the_whole_is),
        cmocka_unit_test(a16_nothing_is_decoded_unasked),
        cmocka_unit_test(a04_the_codings_of_this_build_are_asked_for),
        cmocka_unit_test(a16_what_has_no_body_is_not_decoded),
        cmocka_unit_test(a16_an_empty_body_is_empty_in_any_coding),
        cmocka_unit_test(a19_an_unknown_coding_fails_when_it_is_read),
        cmocka_unit_test(a19_broken_codings_are_told_from_broken_transfers),
        cmocka_unit_test(a16_decoded_bytes_are_bounded_in_number),
        cmocka_unit_test(a16_decoded_bytes_are_bounded_by_what_came),
        cmocka_unit_test(a16_read_all_caps_what_was_decoded),
        cmocka_unit_test(a13_the_connection_goes_on_behind_a_coded_body),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
