/* client/round_trip_send.c and client/conn_send.c over real sockets, plain and TLS: servers that
 * answer early and leave with a reset, and kept connections that die under a body. */
#include "bodies.h"
#include "loopback.h"
#include "net/tcp.h"
#include "secured.h"
#include "sys/poller.h"

#include <fcntl.h>
#include <sys/socket.h>

#define LARGE  ((size_t)8 << 20) /* more than the sockets between us take */
#define MEDIUM ((size_t)300 << 10)
#define NO     "HTTP/1.1 413 Content Too Large\r\nContent-Length: 2\r\n\r\nno"
#define OK     "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

/* ---- a server that reads bodies ---- */

typedef struct visit {
    int serve;          /* requests that are read whole, and answered */
    bool refuse;        /* answer the next when its head has come, and leave with a reset */
    size_t body_before; /* else leave without an answer when so much of its body has come */
} visit;

typedef struct sink {
    const visit *visits; /* one a connection; they end with a zeroed one */
    bool tls;
    int listener;
    char origin[64];
    pthread_t thread;
    int bodies; /* that were right */
} sink;

typedef struct reader {
    skua_stream *s;
    char data[1 << 16];
    size_t len;
} reader;

/* One more read, waiting for it. */
static bool read_more(reader *r) {
    skua_error err;
    for (;;) {
        ptrdiff_t n = r->s->ops->read(r->s, r->data + r->len, sizeof r->data - 1 - r->len, &err);
        if (n != SKUA_E_AGAIN) {
            r->len += n > 0 ? (size_t)n : 0;
            r->data[r->len] = '\0';
            return n > 0;
        }
        skua_want want = r->s->ops->want(r->s, SKUA_WANT_READ);
        if (sk_poll_one(want.fd, want.events, 5000, &err) != 0)
            return false;
    }
}

static void drop(reader *r, size_t n) {
    memmove(r->data, r->data + n, r->len + 1 - n);
    r->len -= n;
}

/* The length that the head announces; -1: no head came. */
static int64_t read_head(reader *r) {
    char *end;
    r->data[r->len] = '\0';
    while ((end = strstr(r->data, "\r\n\r\n")) == NULL) {
        if (!read_more(r))
            return -1;
    }
    const char *length = strstr(r->data, "Content-Length: ");
    int64_t result = length && length < end ? atoll(length + 16) : 0;
    drop(r, (size_t)(end + 4 - r->data));
    return result;
}

static bool read_body(reader *r, size_t len) {
    bool right = true;
    for (size_t at = 0; at < len;) {
        if (r->len == 0 && !read_more(r))
            return false;
        size_t n = r->len < len - at ? r->len : len - at;
        for (size_t i = 0; i < n; i++)
            right = right && r->data[i] == bodies_at(at + i);
        drop(r, n);
        at += n;
    }
    return right;
}

static void answer(reader *r, const char *text) {
    skua_error err;
    const skua_str all = {text, strlen(text)};
    r->s->ops->writev(r->s, &all, 1, &err);
}

static void receive(sink *k, reader *r, const visit *v) {
    for (int i = 0; i < v->serve; i++) {
        int64_t len = read_head(r);
        if (len < 0)
            return;
        k->bodies += read_body(r, (size_t)len);
        answer(r, OK);
    }
    if (read_head(r) < 0)
        return;
    if (v->refuse)
        answer(r, NO);
    else
        read_body(r, v->body_before);
}

static void *sink_main(void *user) {
    sink *k = user;
    static reader r;
    for (const visit *v = k->visits; v->serve || v->refuse || v->body_before; v++) {
        skua_error err;
        int fd = accept(k->listener, NULL, NULL);
        if (fd < 0)
            break;
        fcntl(fd, F_SETFL, O_NONBLOCK);
        sk_tls_scratch *scratch = sk_tls_scratch_new();
        r.s = sk_tcp_new(fd);
        r.len = 0;
        if (k->tls)
            r.s = sk_tls_server(secured_server, r.s, scratch, &err);
        receive(k, &r, v);
        r.s->ops->close(r.s); /* a reset, where bytes stand unread */
        sk_tls_scratch_free(scratch);
    }
    return NULL;
}

static sink *sink_start(const visit *visits, bool tls) {
    sink *k = calloc(1, sizeof *k);
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof at;
    assert_non_null(k);
    k->visits = visits;
    k->tls = tls;
    k->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    loopback_bound(k->listener);
    setsockopt(k->listener, SOL_SOCKET, SO_RCVBUF, &(int){1 << 16}, sizeof(int));
    assert_int_equal(bind(k->listener, (struct sockaddr *)&at, len), 0);
    assert_int_equal(listen(k->listener, 8), 0);
    getsockname(k->listener, (struct sockaddr *)&at, &len);
    snprintf(k->origin, sizeof k->origin, "http%s://example.org:%d", tls ? "s" : "",
             ntohs(at.sin_port));
    assert_int_equal(pthread_create(&k->thread, NULL, sink_main, k), 0);
    return k;
}

/* How many bodies came as they should. */
static int sink_end(sink *k) {
    pthread_join(k->thread, NULL);
    close(k->listener);
    int bodies = k->bodies;
    free(k);
    return bodies;
}

static skua_conn *connected_to(const sink *k) {
    skua_error err;
    const skua_resolve_entry here[] = {{"*", 0, "127.0.0.1"}, {0}};
    skua_conn *c = skua_conn_new(
        k->origin,
        SKUA_OPTS(skua_conn_opts, .resolve = here, .idle_timeout_ms = 5000,
                  .tls = SKUA_OPTS(skua_tls_opts, .ca_file = k->tls ? files.ca_file : NULL)),
        &err);
    if (!c)
        print_error("%s\n", err.msg);
    assert_non_null(c);
    return c;
}

/* ---- bodies of every kind ---- */

typedef struct sources {
    char *data;
    FILE *file, *other; /* stdio does not know of what is done to its descriptor */
    bodies_spring spring;
    skua_body kinds[4];
} sources;

static void sources_make(sources *s, size_t len) {
    *s = (sources){.data = malloc(len), .file = bodies_file(len), .other = bodies_file(len)};
    bodies_write(s->data, len);
    s->spring = (bodies_spring){.len = len, .step = 50000};
    s->kinds[0] = (skua_body){.kind = SKUA_BODY_BYTES, .data = s->data, .len = (int64_t)len};
    s->kinds[1] = (skua_body){.kind = SKUA_BODY_FD, .fd = fileno(s->other)};
    s->kinds[2] = (skua_body){.kind = SKUA_BODY_FILE, .file = s->file};
    s->kinds[3] = (skua_body){.kind = SKUA_BODY_CALLBACK,
                              .len = (int64_t)len,
                              .read = bodies_read,
                              .rewind = bodies_rewind,
                              .user = &s->spring};
    for (size_t i = 0; i < 4; i++)
        s->kinds[i].size = sizeof(skua_body);
}

static const skua_body *sources_from_the_beginning(sources *s, size_t kind) {
    fseek(s->file, 9, SEEK_SET);
    lseek(fileno(s->other), 9, SEEK_SET);
    s->spring.at = 0;
    return &s->kinds[kind];
}

static void sources_free(sources *s) {
    free(s->data);
    fclose(s->file);
    fclose(s->other);
}

/* ---- tests ---- */

static void a07_a_refusal_ahead_of_a_reset_is_the_answer(void **state) {
    (void)state;
    static const visit visits[] = {{.refuse = true}, {0}};
    sources from;
    sources_make(&from, LARGE);
    for (size_t i = 0; i < 8; i++) {
        sink *k = sink_start(visits, i >= 4);
        skua_conn *c = connected_to(k);
        skua_error err;
        int rc = skua_conn_request_body(c, "POST", "/", NULL,
                                        sources_from_the_beginning(&from, i % 4), &err);
        if (rc != 0)
            print_error("kind %zu: %s\n", i, err.msg);
        assert_int_equal(rc, 0);
        skua_response *r = skua_conn_getresponse(c, &err);
        assert_non_null(r);
        assert_int_equal(skua_response_status(r), 413);
        assert_body(r, "no");
        int64_t sent = -1;
        assert_int_equal(skua_response_upload_cut(r, &sent), 1);
        assert_in_range(sent, 0, LARGE - 1);
        skua_response_free(r);
        skua_conn_free(c);
        sink_end(k);
    }
    sources_free(&from);
}

static void a07_the_same_step_by_step(void **state) {
    (void)state;
    static const visit visits[] = {{.refuse = true}, {0}};
    static char piece[20000];
    for (int tls = 0; tls < 2; tls++) {
        sink *k = sink_start(visits, tls);
        skua_conn *c = connected_to(k);
        skua_error err;
        skua_conn_putrequest(c, "POST", "/");
        skua_conn_putheader(c, "Transfer-Encoding", "chunked");
        skua_conn_endheaders(c);
        int rc = 0;
        for (size_t n = 0; rc == 0 && n < LARGE; n += sizeof piece)
            rc = skua_conn_send(c, piece, sizeof piece);
        assert_true(rc == SKUA_E_BROKEN_PIPE || rc == SKUA_E_CONNECTION_RESET);
        skua_response *r = skua_conn_getresponse(c, &err);
        if (!r)
            print_error("%s\n", err.msg);
        assert_non_null(r);
        assert_int_equal(skua_response_status(r), 413);
        skua_response_free(r);
        skua_conn_free(c);
        sink_end(k);
    }
}

static void a07_large_bodies_of_every_kind_arrive(void **state) {
    (void)state;
    static const visit visits[] = {{.serve = 1}, {0}};
    sources from;
    sources_make(&from, MEDIUM);
    for (size_t i = 0; i < 8; i++) {
        sink *k = sink_start(visits, i >= 4);
        skua_conn *c = connected_to(k);
        skua_error err;
        assert_int_equal(skua_conn_request_body(c, "POST", "/", NULL,
                                                sources_from_the_beginning(&from, i % 4), &err),
                         0);
        skua_response *r = skua_conn_getresponse(c, &err);
        assert_non_null(r);
        assert_body(r, "ok");
        skua_response_free(r);
        skua_conn_free(c);
        assert_int_equal(sink_end(k), 1);
        if (i % 4 == 1)
            assert_int_equal(lseek(fileno(from.other), 0, SEEK_CUR), 9 + MEDIUM);
        if (i % 4 == 2)
            assert_int_equal(ftell(from.file), 9 + MEDIUM);
    }
    sources_free(&from);
}

/* A body of any size is sent once more when the kept connection dies under it, or behind it. */
static void a13_a_body_is_sent_once_more_on_a_new_connection(void **state) {
    (void)state;
    static const size_t lengths[] = {1000, MEDIUM};
    for (size_t n = 0; n < 2; n++) {
        size_t len = lengths[n];
        const visit visits[] = {{.serve = 1, .body_before = len}, {.serve = 1}, {0}};
        sources from;
        sources_make(&from, len);
        for (size_t i = 0; i < 8; i++) {
            sink *k = sink_start(visits, i >= 4);
            skua_conn *c = connected_to(k);
            skua_error err;
            skua_conn_stats stats = {.size = sizeof stats};
            for (int j = 0; j < 2; j++) {
                int rc = skua_conn_request_body(c, "PUT", "/", NULL,
                                                sources_from_the_beginning(&from, i % 4), &err);
                skua_response *r = rc == 0 ? skua_conn_getresponse(c, &err) : NULL;
                if (!r)
                    print_error("kind %zu, %zu bytes: %s\n", i, len, err.msg);
                assert_non_null(r);
                skua_response_free(r);
            }
            skua_conn_statistics(c, &stats);
            assert_int_equal(stats.replayed, 1);
            assert_int_equal(stats.requests, 2);
            skua_conn_free(c);
            assert_int_equal(sink_end(k), 2);
        }
        sources_free(&from);
    }
}

/* What becomes of a request when its kept connection dies: whose answer does not come may be asked
 * to decide. */
static void a13_what_is_not_sent_once_more_says_why(void **state) {
    (void)state;
    static const struct {
        const char *method;
        bool rewinds;
        int retry_safe;
        const char *said;
    } cases[] = {
        {"POST", true, 0, "; the request may have been seen, and acted on"},
        {"PATCH", true, 0, "; the request may have been seen, and acted on"},
        {"PUT", false, 1, "; the request may have been seen, and may be sent again"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        static const visit visits[] = {{.serve = 1, .body_before = 1000}, {0}};
        sink *k = sink_start(visits, false);
        skua_conn *c = connected_to(k);
        skua_error err = {0};
        int rc = 0;
        for (int j = 0; j < 2; j++) {
            bodies_spring spring = {.len = 1000, .step = 300};
            skua_body from = {.size = sizeof from,
                              .kind = SKUA_BODY_CALLBACK,
                              .len = 1000,
                              .read = bodies_read,
                              .user = &spring};
            from.rewind = cases[i].rewinds ? bodies_rewind : NULL;
            rc = skua_conn_request_body(c, cases[i].method, "/", NULL, &from, &err);
            skua_response *r = rc == 0 ? skua_conn_getresponse(c, &err) : NULL;
            assert_int_equal(r != NULL, j == 0);
            skua_response_free(r);
        }
        assert_int_equal(err.maybe_seen, 1);
        assert_int_equal(err.retry_safe, cases[i].retry_safe);
        assert_non_null(strstr(err.msg, cases[i].said));
        skua_conn_free(c);
        assert_int_equal(sink_end(k), 1);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a07_a_refusal_ahead_of_a_reset_is_the_answer),
        cmocka_unit_test(a07_the_same_step_by_step),
        cmocka_unit_test(a07_large_bodies_of_every_kind_arrive),
        cmocka_unit_test(a13_a_body_is_sent_once_more_on_a_new_connection),
        cmocka_unit_test(a13_what_is_not_sent_once_more_says_why),
    };
    return cmocka_run_group_tests(tests, make_authority, remove_authority);
}
