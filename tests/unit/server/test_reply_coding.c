/* server/reply_coding: compressed replies that are made after their handler has returned, on the
 * pool, or by a source: what was written can be read at once. Over loopback, with real threads. */
#include "coding/decoder.h"
#include "coding/encoder.h"
#include "raw_client.h"
#include "running.h"
#include "wait_for.h"

#include <stdatomic.h>

#define LOOPBACK "http://127.0.0.1:0"
#define PIECES   400
#define PIECE    "It was the best of times, it was the worst of times; "

/* A server that compresses, with a route, and a client that reads what comes of it. */
typedef struct scene {
    running r;
    raw_client c;
    sem_t ready; /* the handler has deferred the reply, or come so far */
    sem_t go;
    skua_reply *reply;
    atomic_int step;
    char text[sizeof PIECE * PIECES + 100]; /* what the client can read of the body by now */
    size_t len;
} scene;

static void open_scene(scene *s, const skua_route_opts *route, const char *coding) {
    char request[200];
    *s = (scene){.len = 0};
    sem_init(&s->ready, 0, 0);
    sem_init(&s->go, 0, 0);
    running_make(&s->r, SKUA_OPTS(skua_server_opts, .workers = 1, .compress = 1));
    assert_int_equal(skua_route_with(s->r.s, "/", route), 0);
    running_start(&s->r, LOOPBACK, NULL);
    rc_connect(&s->c, skua_server_url(s->r.s, 0));
    snprintf(request, sizeof request,
             "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\nAccept-Encoding: %s\r\n\r\n",
             coding);
    rc_say(&s->c, request);
}

static void close_scene(scene *s) {
    rc_close(&s->c);
    running_finish(&s->r);
}

/* Take the framing of the chunks that have come out of them. Returns the length. */
static size_t dechunk(const char *body, size_t len, char *out) {
    size_t to = 0, at = 0;
    while (at < len && memchr(body + at, '\n', len - at)) {
        char *end;
        size_t n = strtoul(body + at, &end, 16);
        at = (size_t)(end - body) + 2;
        if (n == 0 || at + n > len)
            break;
        memcpy(out + to, body + at, n);
        to += n;
        at += n + 2;
    }
    return to;
}

/* Decode what has come by now. */
static void read_so_far(scene *s, const char *coding) {
    static char coded[sizeof s->c.heard];
    const char *body = strstr(s->c.heard, "\r\n\r\n");
    s->len = 0;
    if (!body)
        return;
    assert_non_null(strstr(s->c.heard, "Content-Encoding: "));
    assert_non_null(strstr(s->c.heard, "Transfer-Encoding: chunked"));
    body += 4;
    skua_str in = {coded, dechunk(body, s->c.len - (size_t)(body - s->c.heard), coded)};
    sk_decoder *d = NULL;
    assert_int_equal(sk_decoder_new(sk_str(coding), &d, NULL), 0);
    ptrdiff_t n;
    while ((n = sk_decoder_read(d, &in, s->c.ended, s->text + s->len, sizeof s->text - 1 - s->len,
                                NULL)) > 0)
        s->len += (size_t)n;
    assert_int_equal(n, s->c.ended ? 0 : SKUA_E_AGAIN);
    s->text[s->len] = '\0';
    sk_decoder_free(d);
}

/* Wait until the client can read that. */
static void expect(scene *s, const char *coding, const char *text) {
    for (read_so_far(s, coding); !strstr(s->text, text); read_so_far(s, coding)) {
        if (!rc_more(&s->c))
            fail_msg("the end came before \"%s\"", text);
    }
}

/* It ends with that, whole; behind it heartbeats may have come. */
static void expect_end(scene *s, const char *coding, const char *text) {
    rc_expect_end(&s->c);
    assert_memory_equal(s->c.heard + s->c.len - 5, "0\r\n\r\n", 5);
    read_so_far(s, coding);
    while (s->len > 4 && strcmp(s->text + s->len - 4, "\n:\n\n") == 0)
        s->text[s->len -= 3] = '\0';
    assert_true(s->len >= strlen(text));
    assert_string_equal(s->text + s->len - strlen(text), text);
}

static void begin_text(skua_reply *a) {
    skua_reply_send_response(a, 200);
    skua_reply_send_header(a, "Content-Type", "text/plain");
    skua_reply_end_headers(a);
}

static void with_each_coding(void (*test)(scene *s, const char *coding)) {
    static scene s;
    for (const char *const *name = sk_encoder_names(); *name; name++)
        test(&s, *name);
}

/* ---- events ---- */

static int events(skua_request *q, skua_reply *a, void *user) {
    scene *s = user;
    (void)q;
    s->reply = a;
    int rc = skua_reply_events(a, 20);
    sem_post(&s->ready);
    return rc;
}

static void send_events(scene *s, const char *coding) {
    open_scene(s, SKUA_OPTS(skua_route_opts, .fn = events, .user = s), coding);
    wait_for(&s->ready);
    static const char *const data[] = {"one", "two", "three"};
    for (size_t i = 0; i < sizeof data / sizeof data[0]; i++) {
        char line[32];
        snprintf(line, sizeof line, "data: %s\n\n", data[i]);
        assert_int_equal(skua_reply_event(s->reply, SKUA_OPTS(skua_event, .data = data[i])), 0);
        expect(s, coding, line);
    }
    expect(s, coding, "data: three\n\n:\n\n"); /* a heartbeat */
    for (int i = 0; i < 200; i++)              /* while more of them come */
        assert_int_equal(skua_reply_event(s->reply, SKUA_OPTS(skua_event, .data = "more")), 0);
    assert_int_equal(skua_reply_event(s->reply, SKUA_OPTS(skua_event, .data = "last")), 0);
    skua_reply_finish(s->reply);
    expect_end(s, coding, "data: last\n\n");
    close_scene(s);
}

static void an_event_can_be_read_at_once(void **state) {
    (void)state;
    with_each_coding(send_events);
}

/* ---- deferred ---- */

static int write_and_defer(skua_request *q, skua_reply *a, void *user) {
    scene *s = user;
    (void)q;
    s->reply = a;
    begin_text(a);
    skua_reply_write(a, "before", 6);
    int rc = skua_reply_defer(a);
    sem_post(&s->ready);
    return rc;
}

static void write_from_elsewhere(scene *s, const char *coding) {
    open_scene(s, SKUA_OPTS(skua_route_opts, .fn = write_and_defer, .user = s), coding);
    wait_for(&s->ready);
    expect(s, coding, "before");
    assert_int_equal(skua_reply_write(s->reply, ", behind", 8), 0);
    expect(s, coding, "before, behind");
    skua_reply_finish(s->reply);
    expect_end(s, coding, "before, behind");
    close_scene(s);
}

static void what_is_written_elsewhere_can_be_read_at_once(void **state) {
    (void)state;
    with_each_coding(write_from_elsewhere);
}

static void a_client_that_goes_leaves_nothing_behind(void **state) {
    (void)state;
    static scene s;
    open_scene(&s, SKUA_OPTS(skua_route_opts, .fn = write_and_defer, .user = &s), "*");
    wait_for(&s.ready);
    rc_close(&s.c);
    while (skua_reply_write(s.reply, "x", 1) != SKUA_E_BROKEN_PIPE)
        ;
    skua_reply_finish(s.reply);
    running_finish(&s.r);
}

static int whole_later(skua_request *q, skua_reply *a, void *user) {
    (void)q;
    (void)user;
    static char text[4000];
    memset(text, 'a', sizeof text);
    skua_reply_defer(a);
    int rc = skua_reply_bytes(a, 200, "text/plain", text, sizeof text);
    skua_reply_finish(a);
    return rc;
}

static void a_whole_reply_has_its_length(void **state) {
    (void)state;
    static scene s;
    static const skua_handler_kind kinds[] = {SKUA_HANDLER_INLINE, SKUA_HANDLER_POOL};
    for (size_t i = 0; i < 2; i++) {
        open_scene(&s, SKUA_OPTS(skua_route_opts, .fn = whole_later, .kind = kinds[i]), "*");
        rc_expect_end(&s.c);
        assert_non_null(strstr(s.c.heard, "Content-Encoding: "));
        const char *length = strstr(s.c.heard, "Content-Length: ");
        assert_non_null(length);
        size_t head = (size_t)(strstr(s.c.heard, "\r\n\r\n") - s.c.heard) + 4;
        assert_int_equal(strtoul(length + 16, NULL, 10), s.c.len - head);
        close_scene(&s);
    }
}

/* ---- the pool ---- */

static int much(skua_request *q, skua_reply *a, void *user) {
    scene *s = user;
    (void)q;
    begin_text(a);
    skua_reply_write(a, "first; ", 7);
    wait_for(&s->go);
    for (int i = 0; i < PIECES; i++)
        skua_reply_write(a, PIECE, sizeof PIECE - 1);
    return 0;
}

static void write_on_the_pool(scene *s, const char *coding) {
    open_scene(s, SKUA_OPTS(skua_route_opts, .fn = much, .user = s, .kind = SKUA_HANDLER_POOL),
               coding);
    expect(s, coding, "first; ");
    sem_post(&s->go);
    expect_end(s, coding, PIECE PIECE);
    assert_int_equal(s->len, 7 + PIECES * (sizeof PIECE - 1));
    close_scene(s);
}

static void what_the_pool_writes_can_be_read_at_once(void **state) {
    (void)state;
    with_each_coding(write_on_the_pool);
}

/* ---- a source ---- */

static ptrdiff_t give(void *buf, size_t cap, void *user) {
    scene *s = user;
    int step = atomic_load(&s->step);
    assert_true(cap >= sizeof PIECE);
    if (step >= PIECES)
        return 0;
    atomic_store(&s->step, step + 1);
    if (step == 3) {
        sem_post(&s->ready);
        return SKUA_E_AGAIN;
    }
    memcpy(buf, PIECE, sizeof PIECE - 1);
    return sizeof PIECE - 1;
}

static int stream(skua_request *q, skua_reply *a, void *user) {
    scene *s = user;
    (void)q;
    s->reply = a;
    begin_text(a);
    return skua_reply_stream(a, give, NULL, s);
}

static void pour(scene *s, const char *coding) {
    open_scene(s, SKUA_OPTS(skua_route_opts, .fn = stream, .user = s), coding);
    wait_for(&s->ready);
    expect(s, coding, PIECE PIECE PIECE);
    assert_int_equal(skua_reply_resume(s->reply), 0);
    expect_end(s, coding, PIECE PIECE);
    assert_int_equal(s->len, (PIECES - 1) * (sizeof PIECE - 1));
    close_scene(s);
}

static void what_a_source_gave_before_it_paused_can_be_read(void **state) {
    (void)state;
    with_each_coding(pour);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_event_can_be_read_at_once),
        cmocka_unit_test(what_is_written_elsewhere_can_be_read_at_once),
        cmocka_unit_test(a_client_that_goes_leaves_nothing_behind),
        cmocka_unit_test(a_whole_reply_has_its_length),
        cmocka_unit_test(what_the_pool_writes_can_be_read_at_once),
        cmocka_unit_test(what_a_source_gave_before_it_paused_can_be_read),
    };
    if (!sk_encoder_names()[0])
        return 0;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
