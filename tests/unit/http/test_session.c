/* http/session.c over the in-memory pair: one driver, whatever the stream does to it. */
#include "http/session.h"
#include "net/pair.h"
#include "sys/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

static const sk_h1_limits limits = {1024, 4096, 16, 64};

typedef struct end_point {
    sk_session session;
    sk_buf in, out;
    sk_head head;
    sk_field fields[16];
    sk_event ev;
} end_point;

typedef struct fixture {
    sk_manual_clock clock;
    sk_pair *pair;
    end_point client, server;
    skua_error err;
} fixture;

static void init_end(end_point *e, skua_stream *stream, sk_role role) {
    sk_session_init(&e->session, stream, role, &limits);
    e->session.in = &e->in;
    e->session.out = &e->out;
    e->head.fields = (sk_fields){.at = e->fields, .cap = 16};
    e->ev.head = &e->head;
}

static void begin(fixture *f, size_t capacity) {
    *f = (fixture){0};
    f->pair = sk_pair_new(capacity, &f->clock);
    assert_non_null(f->pair);
    init_end(&f->client, sk_pair_end(f->pair, 0), SK_CLIENT);
    init_end(&f->server, sk_pair_end(f->pair, 1), SK_SERVER);
}

static void close_end(end_point *e) {
    if (e->session.stream)
        e->session.stream->ops->close(e->session.stream);
    e->session.stream = NULL;
    sk_buf_free(&e->in);
    sk_buf_free(&e->out);
}

static void end(fixture *f) {
    close_end(&f->client);
    close_end(&f->server);
    sk_pair_free(f->pair);
}

static void request(fixture *f, const char *method, sk_body body, int64_t length) {
    sk_h1 *h1 = &f->client.session.h1;
    sk_h1_start_request(h1, &f->client.out, sk_str(method), SK_LIT("/"), 11);
    sk_h1_field(h1, &f->client.out, SK_LIT("Host"), SK_LIT("a"));
    assert_int_equal(sk_h1_finish_head(h1, &f->client.out, body, length), 0);
}

static void reply(fixture *f, sk_body body, int64_t length) {
    sk_h1 *h1 = &f->server.session.h1;
    sk_h1_start_response(h1, &f->server.out, 200, SK_LIT("OK"));
    assert_int_equal(sk_h1_finish_head(h1, &f->server.out, body, length), 0);
}

static int next(fixture *f, end_point *e) {
    sk_session_readable(&e->session);
    return sk_session_next(&e->session, &e->ev, &f->err);
}

static void expect(fixture *f, end_point *e, sk_event_kind kind) {
    assert_int_equal(next(f, e), 0);
    assert_int_equal(e->ev.kind, kind);
}

static void flush(fixture *f, end_point *e) {
    assert_int_equal(sk_session_flush(&e->session, &f->err), 0);
}

/* The server reads a GET and stands before its reply. */
static void exchange_request(fixture *f) {
    request(f, "GET", SK_BODY_NONE, 0);
    flush(f, &f->client);
    expect(f, &f->server, SK_EV_HEAD);
    expect(f, &f->server, SK_EV_END);
}

static void an_exchange(void **state) {
    (void)state;
    fixture f;
    begin(&f, 65536);
    assert_int_equal(next(&f, &f.server), SKUA_E_AGAIN);
    exchange_request(&f);
    reply(&f, SK_BODY_LENGTH, 5);
    assert_int_equal(sk_session_write(&f.server.session, "hello", 5, &f.err), 5);
    flush(&f, &f.server);
    assert_int_equal(sk_pair_writes(f.pair, 1), 1); /* head and small body in one write */
    expect(&f, &f.client, SK_EV_HEAD);
    expect(&f, &f.client, SK_EV_DATA);
    assert_memory_equal(f.client.ev.data.ptr, "hello", 5);
    expect(&f, &f.client, SK_EV_END);
    assert_int_equal(sk_pair_reads(f.pair, 0), 1);
    assert_true(sk_h1_can_cycle(&f.client.session.h1));
    assert_int_equal(f.client.session.sent, f.server.session.received);
    end(&f);
}

static void a_dry_stream_is_not_read_again(void **state) {
    (void)state;
    fixture f;
    begin(&f, 65536);
    assert_true(f.server.session.stream->ops->flags & SKUA_STREAM_SHORT_IS_DRY);
    sk_buf_append(&f.client.out, "GET / HT", 8);
    flush(&f, &f.client);
    /* Its first read comes back short: no other until the stream is readable. */
    for (int i = 0; i < 3; i++)
        assert_int_equal(sk_session_next(&f.server.session, &f.server.ev, &f.err), SKUA_E_AGAIN);
    assert_int_equal(sk_pair_reads(f.pair, 1), 1);
    assert_int_equal(next(&f, &f.server), SKUA_E_AGAIN);
    assert_int_equal(sk_pair_reads(f.pair, 1), 2);
    end(&f);
}

static void large_reads_go_past_the_buffer(void **state) {
    (void)state;
    fixture f;
    begin(&f, 1 << 20);
    exchange_request(&f);
    enum { SIZE = 300000 };
    char *sent = malloc(SIZE), *got = malloc(SIZE);
    assert_non_null(sent);
    assert_non_null(got);
    for (size_t i = 0; i < SIZE; i++)
        sent[i] = (char)(i * 7 + i / 251);
    reply(&f, SK_BODY_LENGTH, SIZE);
    size_t done = 0;
    while (done < SIZE) {
        ptrdiff_t n = sk_session_write(&f.server.session, sent + done, SIZE - done, &f.err);
        assert_true(n > 0);
        done += (size_t)n;
    }
    flush(&f, &f.server);
    expect(&f, &f.client, SK_EV_HEAD);
    for (done = 0; done < SIZE;) {
        sk_session_readable(&f.client.session);
        ptrdiff_t n =
            sk_session_body(&f.client.session, got + done, SIZE - done, &f.client.ev, &f.err);
        assert_true(n > 0);
        done += (size_t)n;
    }
    assert_memory_equal(sent, got, SIZE);
    assert_true(f.client.in.cap < SIZE); /* most of it never stood in the buffer */
    assert_int_equal(sk_session_body(&f.client.session, got, SIZE, &f.client.ev, &f.err), 0);
    assert_int_equal(f.client.ev.kind, SK_EV_END);
    free(sent);
    free(got);
    end(&f);
}

/* Take what body there is. True at its end. */
static bool read_all(fixture *f, sk_buf *got) {
    char piece[5000];
    for (;;) {
        sk_session_readable(&f->client.session);
        ptrdiff_t n =
            sk_session_body(&f->client.session, piece, sizeof piece, &f->client.ev, &f->err);
        if (n == SKUA_E_AGAIN)
            return false;
        assert_true(n >= 0);
        if (n == 0) {
            assert_int_equal(f->client.ev.kind, SK_EV_END);
            return true;
        }
        sk_buf_append(got, piece, (size_t)n);
    }
}

/* Chunked, through a pipe that takes little at a time: every piece once, in order. */
static void a_narrow_stream_loses_nothing(void **state) {
    (void)state;
    for (size_t capacity = 1; capacity < 9000; capacity = capacity * 3 + 1) {
        fixture f;
        begin(&f, capacity);
        request(&f, "GET", SK_BODY_NONE, 0);
        while (next(&f, &f.server) == SKUA_E_AGAIN)
            (void)sk_session_flush(&f.client.session, &f.err);
        assert_int_equal(f.server.ev.kind, SK_EV_HEAD);
        expect(&f, &f.server, SK_EV_END);
        char body[12000];
        for (size_t i = 0; i < sizeof body; i++)
            body[i] = (char)('a' + i % 23);
        reply(&f, SK_BODY_CHUNKED, 0);
        sk_buf got = {0};
        bool head = false, over = false;
        for (size_t done = 0; !over;) {
            if (done < sizeof body) {
                ptrdiff_t n =
                    sk_session_write(&f.server.session, body + done, sizeof body - done, &f.err);
                assert_true(n > 0 || n == SKUA_E_AGAIN);
                done += n > 0 ? (size_t)n : 0;
                if (done == sizeof body)
                    assert_int_equal(sk_h1_end(&f.server.session.h1, &f.server.out, NULL), 0);
            } else {
                (void)sk_session_flush(&f.server.session, &f.err);
            }
            head = head || next(&f, &f.client) == 0;
            over = head && read_all(&f, &got);
        }
        assert_int_equal(sk_buf_len(&got), sizeof body);
        assert_memory_equal(sk_buf_head(&got), body, sizeof body);
        sk_buf_free(&got);
        end(&f);
    }
}

static void more_than_announced_is_refused(void **state) {
    (void)state;
    fixture f;
    begin(&f, 65536);
    request(&f, "PUT", SK_BODY_LENGTH, 3);
    assert_int_equal(sk_session_write(&f.client.session, "four", 4, &f.err), SKUA_E_STATE);
    assert_int_equal(f.err.code, SKUA_E_STATE);
    assert_int_equal(f.err.phase, SKUA_PHASE_SEND);
    end(&f);
}

static void a_body_that_must_not_go_out_is_dropped(void **state) {
    (void)state;
    fixture f;
    begin(&f, 65536);
    request(&f, "HEAD", SK_BODY_NONE, 0);
    flush(&f, &f.client);
    expect(&f, &f.server, SK_EV_HEAD);
    expect(&f, &f.server, SK_EV_END);
    reply(&f, SK_BODY_LENGTH, 5);
    assert_int_equal(sk_session_write(&f.server.session, "hello", 5, &f.err), 5);
    flush(&f, &f.server);
    expect(&f, &f.client, SK_EV_HEAD);
    expect(&f, &f.client, SK_EV_END);
    assert_int_equal(next(&f, &f.client), SKUA_E_AGAIN);
    end(&f);
}

/* The pair cannot send files, so this is the way through the buffer. */
static void a_file_is_sent(void **state) {
    (void)state;
    fixture f;
    begin(&f, 1 << 20);
    exchange_request(&f);
    FILE *file = tmpfile();
    assert_non_null(file);
    for (int i = 0; i < 40000; i++)
        assert_true(fprintf(file, "%05d\n", i) > 0);
    assert_int_equal(fflush(file), 0);
    enum { SIZE = 240000 };
    reply(&f, SK_BODY_LENGTH, SIZE);
    int64_t offset = 0;
    while (offset < SIZE)
        assert_true(sk_session_sendfile(&f.server.session, fileno(file), &offset,
                                        (size_t)(SIZE - offset), &f.err) > 0);
    flush(&f, &f.server);
    assert_true(sk_h1_send_done(&f.server.session.h1));
    expect(&f, &f.client, SK_EV_HEAD);
    sk_buf got = {0};
    assert_true(read_all(&f, &got));
    assert_int_equal(sk_buf_len(&got), SIZE);
    assert_memory_equal(sk_buf_head(&got) + SIZE - 6, "39999\n", 6);
    sk_buf_free(&got);
    fclose(file);
    end(&f);
}

static void a_file_that_ends_early_says_so(void **state) {
    (void)state;
    fixture f;
    begin(&f, 65536);
    exchange_request(&f);
    FILE *file = tmpfile();
    assert_non_null(file);
    reply(&f, SK_BODY_LENGTH, 10);
    int64_t offset = 0;
    assert_int_equal(sk_session_sendfile(&f.server.session, fileno(file), &offset, 10, &f.err), 0);
    fclose(file);
    end(&f);
}

static void errors_of_either_side_come_through(void **state) {
    (void)state;
    fixture f;
    begin(&f, 65536);
    sk_pair_fault_read(f.pair, 0, 1, SK_FAULT_RESET, 0);
    request(&f, "GET", SK_BODY_NONE, 0);
    flush(&f, &f.client);
    assert_int_equal(next(&f, &f.client), SKUA_E_CONNECTION_RESET);
    end(&f);

    begin(&f, 65536);
    sk_pair_fault_write(f.pair, 0, 1, SK_FAULT_EOF, 0);
    request(&f, "GET", SK_BODY_NONE, 0);
    assert_int_equal(sk_session_flush(&f.client.session, &f.err), SKUA_E_BROKEN_PIPE);
    end(&f);

    begin(&f, 65536);
    sk_buf_append(&f.client.out, "nonsense\r\n\r\n", 12);
    flush(&f, &f.client);
    assert_int_equal(next(&f, &f.server), SKUA_E_BAD_REQUEST_LINE);
    assert_int_equal(f.err.phase, SKUA_PHASE_RECV);
    assert_int_equal(next(&f, &f.server), SKUA_E_BAD_REQUEST_LINE); /* for good */
    end(&f);

    begin(&f, 65536);
    sk_buf_append(&f.client.out, "GET / HT", 8);
    flush(&f, &f.client);
    close_end(&f.client);
    assert_int_equal(next(&f, &f.server), SKUA_E_AGAIN);
    assert_int_equal(next(&f, &f.server), SKUA_E_INCOMPLETE_READ);
    end(&f);
}

static void waiting_ends_at_the_deadline(void **state) {
    (void)state;
    fixture f;
    begin(&f, 65536);
    skua_clock clock = sk_manual_clock_face(&f.clock);
    int64_t deadline = sk_deadline(sk_clock_now(&clock), 700);
    assert_int_equal(sk_session_wait(&f.client.session, SKUA_WANT_READ, 700, &f.err),
                     SKUA_E_TIMEOUT);
    assert_true(sk_clock_now(&clock) >= deadline);
    end(&f);
}

/* ---- reads that wait ---- */

/* A stream with what is read of it, and a note of how: 'r' read, 'w' read_waiting, 'p' polled. */
typedef struct noted {
    skua_stream base;
    const char *next;
    char calls[16];
} noted;

static void note(skua_stream *s, char call) {
    noted *n = (noted *)(void *)s;
    n->calls[strlen(n->calls)] = call;
}

static ptrdiff_t take_next(skua_stream *s, void *buf, size_t len, skua_error *err) {
    noted *n = (noted *)(void *)s;
    (void)err;
    size_t had = n->next ? strlen(n->next) : 0;
    assert_true(had <= len);
    if (had > 0)
        memcpy(buf, n->next, had);
    n->next = NULL;
    return had > 0 ? (ptrdiff_t)had : SKUA_E_AGAIN;
}

static ptrdiff_t noted_read(skua_stream *s, void *buf, size_t len, skua_error *err) {
    note(s, 'r');
    return take_next(s, buf, len, err);
}

static ptrdiff_t noted_read_waiting(skua_stream *s, void *buf, size_t len, skua_error *err) {
    note(s, 'w');
    return take_next(s, buf, len, err);
}

static int noted_wait(skua_stream *s, unsigned events, int timeout_ms, skua_error *err) {
    (void)events, (void)timeout_ms, (void)err;
    note(s, 'p');
    return 0;
}

static void wait_and_read(end_point *e, const char *brought, int timeout_ms, const char *calls) {
    noted *n = (noted *)(void *)e->session.stream;
    skua_error err;
    n->next = brought;
    memset(n->calls, 0, sizeof n->calls);
    assert_int_equal(sk_session_wait(&e->session, SKUA_WANT_READ, timeout_ms, &err), 0);
    sk_session_next(&e->session, &e->ev, &err);
    assert_string_equal(n->calls, calls);
}

static void a_patient_session_waits_in_its_reads(void **state) {
    (void)state;
    static const skua_stream_ops ops = {.size = sizeof ops,
                                        .flags = SKUA_STREAM_SHORT_IS_DRY,
                                        .read = noted_read,
                                        .wait = noted_wait,
                                        .read_waiting = noted_read_waiting};
    noted n = {.base.ops = &ops};
    end_point e = {0};
    init_end(&e, &n.base, SK_SERVER);
    wait_and_read(&e, "G", -1, "pr");
    e.session.patient = true;
    wait_and_read(&e, "E", -1, "w");
    wait_and_read(&e, "T", 2 * SKUA_READ_WAITING_MS, "w");
    wait_and_read(&e, " ", 2 * SKUA_READ_WAITING_MS - 1, "pr"); /* it has no time to */
    wait_and_read(&e, NULL, -1, "w");
    wait_and_read(&e, "/", -1, "pr"); /* once in vain: exactly now */
    wait_and_read(&e, " ", -1, "w");
    n.calls[0] = '\0';
    assert_int_equal(sk_session_wait(&e.session, SKUA_WANT_READ, -1, NULL), 0);
    sk_session_readable(&e.session); /* somebody else's read does not wait */
    assert_int_equal(sk_session_next(&e.session, &e.ev, NULL), SKUA_E_AGAIN);
    assert_string_equal(n.calls, "r");
    sk_buf_free(&e.in);
    sk_buf_free(&e.out);
}

/* ---- a stream that learns of its end within a read, as TLS does ---- */

static ptrdiff_t read_end(skua_stream *s, void *buf, size_t len, skua_error *err) {
    (void)s, (void)buf, (void)len, (void)err;
    return 0;
}

static const skua_stream_ops ended_ops = {.size = sizeof ended_ops, .read = read_end};

static ptrdiff_t read_last(skua_stream *s, void *buf, size_t len, skua_error *err) {
    static const skua_str all = SK_LIT("HTTP/1.1 200 OK\r\n\r\nhello");
    (void)err;
    assert_true(len > all.len);
    memcpy(buf, all.ptr, all.len);
    s->ops = &ended_ops;
    return (ptrdiff_t)all.len;
}

static void an_end_seen_with_the_last_bytes_is_not_waited_for(void **state) {
    (void)state;
    static const skua_stream_ops ops = {
        .size = sizeof ops, .flags = SKUA_STREAM_SHORT_IS_DRY, .read = read_last};
    skua_stream s = {.ops = &ops};
    end_point e = {0};
    sk_buf asked = {0};
    init_end(&e, &s, SK_CLIENT);
    sk_h1_start_request(&e.session.h1, &asked, SK_LIT("GET"), SK_LIT("/"), 11);
    assert_int_equal(sk_h1_finish_head(&e.session.h1, &asked, SK_BODY_NONE, 0), 0);
    static const sk_event_kind kinds[] = {SK_EV_HEAD, SK_EV_DATA, SK_EV_END};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        assert_int_equal(sk_session_next(&e.session, &e.ev, NULL), 0);
        assert_int_equal(e.ev.kind, kinds[i]);
    }
    sk_buf_free(&asked);
    sk_buf_free(&e.in);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_exchange),
        cmocka_unit_test(a_dry_stream_is_not_read_again),
        cmocka_unit_test(large_reads_go_past_the_buffer),
        cmocka_unit_test(a_narrow_stream_loses_nothing),
        cmocka_unit_test(more_than_announced_is_refused),
        cmocka_unit_test(a_body_that_must_not_go_out_is_dropped),
        cmocka_unit_test(a_file_is_sent),
        cmocka_unit_test(a_file_that_ends_early_says_so),
        cmocka_unit_test(errors_of_either_side_come_through),
        cmocka_unit_test(waiting_ends_at_the_deadline),
        cmocka_unit_test(a_patient_session_waits_in_its_reads),
        cmocka_unit_test(an_end_seen_with_the_last_bytes_is_not_waited_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
