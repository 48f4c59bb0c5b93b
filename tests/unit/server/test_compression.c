/* server/compression, server/reply_coding: which replies are compressed, what their heads say, and
 * that their bodies are what was written: over the in-memory pair, with a manual clock. */
#include "coding/decoder.h"
#include "coding/encoder.h"
#include "over_pair.h"
#include "server/compression.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define LONG 20000
#define MIN  1024

/* A server that compresses, with one route, and the last reply taken apart. */
typedef struct scene {
    over_pair p;
    sk_callbacks *callbacks;
    char reply[3 * LONG];
    size_t len;
    char body[3 * LONG]; /* without chunks, decoded */
    size_t body_len;
    size_t coded_len;
} scene;

static char prose[LONG + 1];

static void write_prose(void) {
    static const char words[] = "It was the best of times, it was the worst of times; ";
    for (size_t i = 0; i < LONG; i++)
        prose[i] = words[(i + i / 700) % (sizeof words - 1)];
}

/* What a handler is to reply, and how. */
typedef struct act {
    const char *type;
    size_t len;
    int status;
    skua_field fields[4];
    size_t piece;     /* 0: in one call */
    const char *also; /* a 1xx goes before it */
} act;

static int perform(skua_request *q, skua_reply *a, void *user) {
    const act *t = user;
    (void)q;
    int status = t->status ? t->status : 200;
    if (t->also) {
        skua_reply_send_response(a, 103);
        skua_reply_send_header(a, "Link", t->also);
        skua_reply_end_headers(a);
    }
    for (const skua_field *f = t->fields; f->name; f++)
        skua_reply_send_header(a, f->name, f->value);
    if (t->piece == 0)
        return skua_reply_bytes(a, status, t->type, prose, t->len);
    skua_reply_send_response(a, status);
    if (t->type)
        skua_reply_send_header(a, "Content-Type", t->type);
    skua_reply_end_headers(a);
    for (size_t at = 0; at < t->len; at += t->piece)
        skua_reply_write(a, prose + at, t->piece < t->len - at ? t->piece : t->len - at);
    return 0;
}

static void open_scene(scene *s, const skua_server_opts *opts, skua_handler_fn *fn, void *user) {
    write_prose();
    op_init(&s->p);
    s->callbacks = sk_callbacks_new();
    s->callbacks->compression = sk_compression_new(opts, &s->callbacks->arena);
    assert_non_null(s->callbacks->compression);
    s->p.settings.callbacks = s->callbacks;
    assert_int_equal(op_route(&s->p, "/", fn, user), 0);
    assert_true(op_connect(&s->p, 1 << 20));
}

static void close_scene(scene *s) {
    op_free(&s->p);
    sk_callbacks_unref(s->callbacks);
}

/* The value of a field of the reply, in static memory; NULL: it has none. */
static const char *field(const scene *s, const char *name) {
    static char value[200];
    char line[64];
    snprintf(line, sizeof line, "\r\n%s: ", name);
    const char *end = strstr(s->reply, "\r\n\r\n"), *at = strstr(s->reply, line);
    assert_non_null(end);
    if (!at || at > end)
        return NULL;
    at += strlen(line);
    snprintf(value, sizeof value, "%.*s", (int)strcspn(at, "\r"), at);
    return value;
}

static void expect_field(const scene *s, const char *name, const char *value) {
    const char *is = field(s, name);
    if (value && is)
        assert_string_equal(is, value);
    assert_int_equal(!value, !is);
}

/* Take the chunks' framing out, in place. Returns the length. */
static size_t dechunk(char *body, size_t len) {
    size_t to = 0, at = 0;
    for (;;) {
        char *end;
        size_t n = strtoul(body + at, &end, 16);
        at = (size_t)(end - body) + 2;
        if (n == 0)
            return to;
        assert_true(at + n + 2 <= len);
        memmove(body + to, body + at, n);
        to += n;
        at += n + 2;
    }
}

static void decode(scene *s, const char *coding, char *coded, size_t len) {
    sk_decoder *d = NULL;
    skua_str in = {coded, len};
    ptrdiff_t n;
    assert_int_equal(sk_decoder_new(sk_str(coding ? coding : ""), &d, NULL), 0);
    s->coded_len = s->body_len = len;
    if (!d) {
        memcpy(s->body, coded, len);
        return;
    }
    s->body_len = 0;
    while ((n = sk_decoder_read(d, &in, true, s->body + s->body_len, sizeof s->body - s->body_len,
                                NULL)) > 0)
        s->body_len += (size_t)n;
    assert_int_equal(n, 0);
    sk_decoder_free(d);
}

/* Ask, with this Accept-Encoding (NULL: none), and take the reply apart. */
static void ask(scene *s, const char *method, const char *accept) {
    char request[300];
    snprintf(request, sizeof request, "%s / HTTP/1.1\r\nHost: h\r\n%s%s%s\r\n", method,
             accept ? "Accept-Encoding: " : "", accept ? accept : "", accept ? "\r\n" : "");
    op_say(&s->p, request);
    s->len = sk_buf_len(&s->p.heard);
    assert_true(s->len < sizeof s->reply);
    memcpy(s->reply, op_heard(&s->p), s->len + 1);
    char *body = strstr(s->reply, "\r\n\r\n");
    assert_non_null(body);
    body += 4;
    size_t len = s->len - (size_t)(body - s->reply);
    s->body_len = s->coded_len = 0;
    if (strcmp(method, "HEAD") == 0 || len == 0) {
        assert_int_equal(len, 0);
        return;
    }
    if (field(s, "Transfer-Encoding"))
        len = dechunk(body, len);
    else
        assert_int_equal(len, strtoul(field(s, "Content-Length"), NULL, 10));
    decode(s, field(s, "Content-Encoding"), body, len);
}

static void expect_prose(const scene *s, size_t len) {
    assert_int_equal(s->body_len, len);
    assert_memory_equal(s->body, prose, len);
}

#define ON SKUA_OPTS(skua_server_opts, .compress = 1)

/* With this act and this Accept-Encoding: is it coded, and what does Vary say? */
static void expect(const act *t, const char *accept, const char *coding, const char *vary) {
    static scene s;
    open_scene(&s, ON, perform, (void *)(uintptr_t)t);
    ask(&s, "GET", accept);
    expect_field(&s, "Content-Encoding", coding);
    expect_field(&s, "Vary", vary);
    if (coding || field(&s, "Content-Length"))
        expect_prose(&s, t->len);
    if (coding)
        assert_true(s.coded_len < t->len / 2);
    assert_true(op_is_open(&s.p));
    close_scene(&s);
}

static const act page = {.type = "text/html; charset=utf-8", .len = LONG};
static const act steps = {.type = "text/html; charset=utf-8", .len = LONG, .piece = 700};
#define VARY "Accept-Encoding"

/* ---- which coding ---- */

static void each_coding_is_sent_to_who_takes_it(void **state) {
    (void)state;
    for (const char *const *name = sk_encoder_names(); *name; name++) {
        expect(&page, *name, *name, VARY);
        expect(&steps, *name, *name, VARY);
    }
}

static void the_client_chooses_and_the_best_is_first(void **state) {
    (void)state;
    const char *const *names = sk_encoder_names();
    expect(&page, "gzip, deflate, br, zstd", names[0], VARY);
    expect(&page, "*", names[0], VARY);
    expect(&page, NULL, NULL, VARY);
    expect(&page, "", NULL, VARY);
    expect(&page, "identity", NULL, VARY);
    expect(&page, "deflate, x-unknown", NULL, VARY);
    expect(&page, "br;q=0, zstd;q=0, gzip;q=0", NULL, VARY);
#if SK_HAVE_ZLIB
    expect(&page, "br;q=0.5, zstd;q=0.5, gzip;q=0.6", "gzip", VARY);
    expect(&page, "br;q=0, *", SK_HAVE_ZSTD ? "zstd" : "gzip", VARY);
    expect(&page, "X-GZip", "gzip", VARY);
    expect(&page, "gzip;q=0.3, identity", NULL, VARY);
#endif
}

/* ---- what is left alone ---- */

static void what_does_not_shrink_is_left_alone(void **state) {
    (void)state;
    static const char *const types[] = {"image/png", "application/octet-stream", "font/woff2",
                                        "application/zip", "video/mp4"};
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        expect(&(act){.type = types[i], .len = LONG}, "*", NULL, NULL);
    expect(&(act){.len = LONG}, "*", NULL, NULL);
    expect(&(act){.type = "text/plain", .len = MIN - 1}, "*", NULL, NULL);
    expect(&(act){.type = "text/plain", .len = 0}, "*", NULL, NULL);
}

static void text_of_each_kind_is_compressed(void **state) {
    (void)state;
    static const char *const types[] = {"text/plain",
                                        "TEXT/CSS",
                                        "application/json",
                                        "application/javascript; charset=x",
                                        "text/csv",
                                        "image/svg+xml",
                                        "application/problem+json",
                                        "application/atom+xml"};
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        expect(&(act){.type = types[i], .len = LONG}, "*", sk_encoder_names()[0], VARY);
    expect(&(act){.type = "text/plain", .len = MIN}, "*", sk_encoder_names()[0], VARY);
}

static void what_speaks_of_its_bytes_is_left_alone(void **state) {
    (void)state;
    static const skua_field bound[] = {
        {"Content-Encoding", "x-own", 0},     {"Content-Range", "bytes 0-19999/50000", 0},
        {"Accept-Ranges", "bytes", 0},        {"Cache-Control", "max-age=3, No-Transform", 0},
        {"Repr-Digest", "sha-256=:AAAA:", 0}, {"Content-Digest", "sha-256=:AAAA:", 0},
    };
    for (size_t i = 0; i < sizeof bound / sizeof bound[0]; i++) {
        static scene s;
        act t = {.type = "text/plain", .len = LONG, .fields = {bound[i]}};
        open_scene(&s, ON, perform, &t);
        op_say(&s.p, "GET / HTTP/1.1\r\nHost: h\r\nAccept-Encoding: *\r\n\r\n");
        const char *heard = op_heard(&s.p);
        assert_non_null(strstr(heard, "Content-Length: 20000\r\n"));
        assert_null(strstr(heard, "Vary"));
        close_scene(&s);
    }
    expect(&(act){.type = "text/plain", .len = LONG, .status = 206}, "*", NULL, NULL);
    expect(&(act){.type = "text/plain", .status = 204}, "*", NULL, NULL);
    expect(&(act){.type = "text/plain", .len = LONG, .status = 404}, "*", sk_encoder_names()[0],
           VARY);
}

static void a_304_varies_as_its_200(void **state) {
    (void)state;
    expect(&(act){.status = 304}, "*", NULL, VARY);
    expect(&(act){.status = 304, .type = "image/png"}, "*", NULL, NULL);
}

/* Bytes at random: coded, they would be longer. */
static int noise(skua_request *q, skua_reply *a, void *user) {
    (void)q;
    (void)user;
    uint32_t random = 1;
    char *bytes = malloc(MIN);
    assert_non_null(bytes);
    for (size_t i = 0; i < MIN; i++) {
        random = random * 1664525 + 1013904223;
        bytes[i] = (char)(random >> 24);
    }
    int rc = skua_reply_bytes(a, 200, "text/plain", bytes, MIN);
    free(bytes);
    return rc;
}

static void what_would_grow_goes_out_as_it_is(void **state) {
    (void)state;
    static scene s;
    open_scene(&s, ON, noise, NULL);
    ask(&s, "GET", "*");
    expect_field(&s, "Content-Encoding", NULL);
    expect_field(&s, "Vary", VARY);
    expect_field(&s, "Content-Length", "1024");
    close_scene(&s);
}

static void options_say_what_is_compressed(void **state) {
    (void)state;
    static const char *const types[] = {"application/x-own", NULL};
    static scene s;
    act t = {.type = "application/x-own", .len = 300};
    open_scene(&s,
               SKUA_OPTS(skua_server_opts, .compress = 1, .compress_min_bytes = 300,
                         .compress_types = types),
               perform, &t);
    ask(&s, "GET", "*");
    expect_field(&s, "Content-Encoding", sk_encoder_names()[0]);
    expect_prose(&s, 300);
    t.len = 299;
    ask(&s, "GET", "*");
    expect_field(&s, "Content-Encoding", NULL);
    t = (act){.type = "text/plain", .len = LONG};
    ask(&s, "GET", "*");
    expect_field(&s, "Content-Encoding", NULL);
    close_scene(&s);
}

static void a_route_may_opt_out(void **state) {
    (void)state;
    static scene s;
    const char *what;
    open_scene(&s, ON, perform, (void *)(uintptr_t)&page);
    assert_int_equal(
        sk_router_add(
            s.p.router, "PUT /",
            &(sk_route){.fn = perform, .user = (void *)(uintptr_t)&page, .uncompressed = true},
            &what),
        0);
    ask(&s, "PUT", "*");
    expect_field(&s, "Content-Encoding", NULL);
    expect_field(&s, "Vary", NULL);
    expect_prose(&s, LONG);
    ask(&s, "POST", "*");
    expect_field(&s, "Content-Encoding", sk_encoder_names()[0]);
    close_scene(&s);
}

/* ---- heads ---- */

static void vary_is_merged(void **state) {
    (void)state;
    static const struct {
        const char *given, *becomes;
    } rows[] = {
        {"Origin", "Origin, Accept-Encoding"},
        {"*", "*"},
        {"Origin, accept-encoding", "Origin, accept-encoding"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        act t = {.type = "text/plain", .len = LONG, .fields = {{"Vary", rows[i].given, 0}}};
        expect(&t, "*", sk_encoder_names()[0], rows[i].becomes);
        expect(&t, NULL, NULL, rows[i].becomes);
    }
}

static void a_strong_etag_becomes_weak(void **state) {
    (void)state;
    static scene s;
    act t = {.type = "text/plain", .len = LONG, .fields = {{"ETag", "\"1\"", 0}}};
    open_scene(&s, ON, perform, &t);
    ask(&s, "GET", "*");
    expect_field(&s, "ETag", "W/\"1\"");
    ask(&s, "GET", NULL);
    expect_field(&s, "ETag", "\"1\"");
    t.fields[0].value = "W/\"2\"";
    ask(&s, "GET", "*");
    expect_field(&s, "ETag", "W/\"2\"");
    close_scene(&s);
}

static void head_says_what_get_says(void **state) {
    (void)state;
    static const act *const acts[] = {&page, &steps};
    for (size_t i = 0; i < 2; i++) {
        static scene s;
        char get[1000];
        open_scene(&s, ON, perform, (void *)(uintptr_t)acts[i]);
        ask(&s, "GET", "*");
        snprintf(get, sizeof get, "%.*s", (int)(strstr(s.reply, "\r\n\r\n") - s.reply), s.reply);
        ask(&s, "HEAD", "*");
        s.reply[s.len - 4] = '\0';
        assert_string_equal(s.reply, get);
        close_scene(&s);
    }
}

static void an_interim_response_stays_as_it_is(void **state) {
    (void)state;
    static scene s;
    act t = {.type = "text/plain", .len = LONG, .also = "</s>"};
    open_scene(&s, ON, perform, &t);
    op_say(&s.p, "GET / HTTP/1.1\r\nHost: h\r\nAccept-Encoding: *\r\n\r\n");
    const char *heard = op_heard(&s.p);
    assert_memory_equal(heard, "HTTP/1.1 103 Early Hints\r\nLink: </s>\r\n\r\nHTTP/1.1 200", 52);
    assert_non_null(strstr(heard, "Content-Encoding: "));
    close_scene(&s);
}

static int add_etag(skua_request *q, skua_reply *a, void *user) {
    (void)q;
    return skua_reply_send_header(a, user, "\"of the hook\"");
}

/* What a hook adds counts. */
static void hooks_come_first(void **state) {
    (void)state;
    static scene s;
    open_scene(&s, ON, perform, (void *)(uintptr_t)&page);
    sk_hook given = {.fn = add_etag, .user = "ETag"};
    assert_int_equal(sk_hooks_add(s.callbacks, &s.callbacks->after, "/", &given), 0);
    ask(&s, "GET", "*");
    expect_field(&s, "ETag", "W/\"of the hook\"");
    close_scene(&s);
    open_scene(&s, ON, perform, (void *)(uintptr_t)&steps);
    given.user = "Content-Encoding";
    assert_int_equal(sk_hooks_add(s.callbacks, &s.callbacks->after, "/", &given), 0);
    op_say(&s.p, "GET / HTTP/1.1\r\nHost: h\r\nAccept-Encoding: *\r\n\r\n");
    assert_null(strstr(op_heard(&s.p), "Vary"));
    close_scene(&s);
}

/* ---- bodies ---- */

static void a_1_0_client_has_it_until_the_end(void **state) {
    (void)state;
    static scene s;
    open_scene(&s, ON, perform, (void *)(uintptr_t)&steps);
    op_say(&s.p, "GET / HTTP/1.0\r\nAccept-Encoding: *\r\n\r\n");
    s.len = sk_buf_len(&s.p.heard);
    memcpy(s.reply, op_heard(&s.p), s.len + 1);
    char *body = strstr(s.reply, "\r\n\r\n") + 4;
    decode(&s, field(&s, "Content-Encoding"), body, s.len - (size_t)(body - s.reply));
    expect_prose(&s, LONG);
    assert_true(s.p.ended);
    close_scene(&s);
}

/* A Content-Length goes, and still binds. */
static void what_was_announced_is_due(void **state) {
    (void)state;
    static scene s;
    act t = {.type = "text/plain",
             .len = LONG,
             .piece = 700,
             .fields = {{"Content-Length", "20000", 0}}};
    open_scene(&s, ON, perform, &t);
    ask(&s, "GET", "*");
    expect_field(&s, "Content-Length", NULL);
    expect_field(&s, "Content-Encoding", sk_encoder_names()[0]);
    expect_prose(&s, LONG);
    static const char *const wrong[] = {"19999", "20001"};
    for (size_t i = 0; i < 2; i++) {
        t.fields[0].value = wrong[i];
        op_say(&s.p, "GET / HTTP/1.1\r\nHost: h\r\nAccept-Encoding: *\r\n\r\n");
        assert_false(op_is_open(&s.p));
        close_scene(&s);
        open_scene(&s, ON, perform, &t);
    }
    t.fields[0].value = "many"; /* refused, as it is without */
    op_say(&s.p, "GET / HTTP/1.1\r\nHost: h\r\nAccept-Encoding: *\r\n\r\n");
    assert_int_equal(op_status(op_heard(&s.p), 0), 500);
    t.fields[0].value = "1000"; /* too short, says the program */
    t.len = 1000;
    ask(&s, "GET", "*");
    expect_field(&s, "Content-Encoding", NULL);
    expect_field(&s, "Content-Length", "1000");
    close_scene(&s);
}

static int with_trailer(skua_request *q, skua_reply *a, void *user) {
    perform(q, a, user);
    return skua_reply_send_trailer(a, "X-T", "t");
}

static void trailers_follow(void **state) {
    (void)state;
    static scene s;
    open_scene(&s, ON, with_trailer, (void *)(uintptr_t)&steps);
    op_say(&s.p, "GET / HTTP/1.1\r\nHost: h\r\nAccept-Encoding: *\r\n\r\n");
    static const char end[] = "\r\n0\r\nX-T: t\r\n\r\n";
    size_t len = sk_buf_len(&s.p.heard);
    assert_string_equal(op_heard(&s.p) + len - (sizeof end - 1), end);
    close_scene(&s);
}

static int64_t counted;

static void count(void *user, const skua_access *a) {
    (void)user;
    counted = a->body_bytes;
}

static void the_access_log_counts_what_is_sent(void **state) {
    (void)state;
    static const act *const acts[] = {&page, &steps};
    for (size_t i = 0; i < 2; i++) {
        static scene s;
        open_scene(&s, ON, perform, (void *)(uintptr_t)acts[i]);
        s.p.settings.access = count;
        ask(&s, "GET", "*");
        assert_int_equal(counted, s.coded_len);
        ask(&s, "HEAD", "*");
        assert_int_equal(counted, 0);
        close_scene(&s);
    }
}

/* An error after the head is gone with what was coded. */
static int fail_midway(skua_request *q, skua_reply *a, void *user) {
    perform(q, a, user);
    return SKUA_E_OS;
}

static void a_handler_that_fails_midway_is_cut(void **state) {
    (void)state;
    static scene s;
    open_scene(&s, ON, fail_midway, (void *)(uintptr_t)&steps);
    op_say(&s.p, "GET / HTTP/1.1\r\nHost: h\r\nAccept-Encoding: *\r\n\r\n");
    assert_false(op_is_open(&s.p));
    close_scene(&s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_coding_is_sent_to_who_takes_it),
        cmocka_unit_test(the_client_chooses_and_the_best_is_first),
        cmocka_unit_test(what_does_not_shrink_is_left_alone),
        cmocka_unit_test(text_of_each_kind_is_compressed),
        cmocka_unit_test(what_speaks_of_its_bytes_is_left_alone),
        cmocka_unit_test(a_304_varies_as_its_200),
        cmocka_unit_test(what_would_grow_goes_out_as_it_is),
        cmocka_unit_test(options_say_what_is_compressed),
        cmocka_unit_test(a_route_may_opt_out),
        cmocka_unit_test(vary_is_merged),
        cmocka_unit_test(a_strong_etag_becomes_weak),
        cmocka_unit_test(head_says_what_get_says),
        cmocka_unit_test(an_interim_response_stays_as_it_is),
        cmocka_unit_test(hooks_come_first),
        cmocka_unit_test(a_1_0_client_has_it_until_the_end),
        cmocka_unit_test(what_was_announced_is_due),
        cmocka_unit_test(trailers_follow),
        cmocka_unit_test(the_access_log_counts_what_is_sent),
        cmocka_unit_test(a_handler_that_fails_midway_is_cut),
    };
    if (!sk_encoder_names()[0])
        return 0;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
