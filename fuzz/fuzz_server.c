/* A whole connection of the server over the in-memory pair. The input is what a client sends: once
 * in one piece, once in pieces of a length that its first byte chooses. Both must be answered alike
 * up to a refusal, but for interim responses (a 100 is not sent to a body that is there already).
 * Which of several faults a refusal names may depend on how much was there to be looked at. */
#include "net/pair.h"
#include "server/conn.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CAPACITY (1u << 14)
#define TURNS    100000

static void require(bool condition) {
    if (!condition)
        abort();
}

static int show(skua_request *q, skua_reply *a, void *user) {
    size_t len;
    const char *body = skua_request_body(q, &len);
    (void)user;
    const char *value = skua_request_header(q, "X-A");
    require(skua_request_path(q)[0] == '/');
    require(body[len] == '\0' || len == 0);
    skua_reply_send_header(a, "X-Query", skua_request_query(q) ? "1" : "0");
    if (len % 2 == 0)
        return skua_reply_text(a, 200, "%s %s %s %zu", skua_request_method(q),
                               skua_request_target(q), value ? value : "", len);
    skua_reply_send_response(a, 200);
    skua_reply_end_headers(a);
    return skua_reply_write(a, body, len);
}

static int show_rest(skua_request *q, skua_reply *a, void *user) {
    const char *rest = sk_request_rest(q);
    (void)user;
    require(!rest || strstr(rest, "/../") == NULL);
    require(skua_request_param(q, "rest") != NULL);
    require(skua_request_fields(q, NULL) != NULL);
    return skua_reply_send_error(a, rest ? 403 : 404, rest);
}

typedef struct side {
    sk_server_settings settings;
    sk_manual_clock clock;
    skua_clock face;
    sk_router *router;
    sk_worker *worker;
    sk_pair *pair;
    skua_stream *client;
    sk_sconn *conn;
    sk_buf heard;
} side;

static void open_side(side *s) {
    const char *what;
    *s = (side){.clock = {.now_ms = 1}};
    s->face = sk_manual_clock_face(&s->clock);
    s->router = sk_router_new();
    sk_router_add(s->router, "/{$}", &(sk_route){.fn = show}, &what);
    sk_router_add(s->router, "POST /{x}/b", &(sk_route){.fn = show}, &what);
    sk_router_add(s->router, "GET /rest/{rest...}", &(sk_route){.fn = show_rest}, &what);
    s->settings = (sk_server_settings){
        .limits = {.line_max = 256, .block_max = 1024, .fields_max = 10, .chunk_line_max = 32},
        .header_ms = 10,
        .body_ms = 10,
        .write_ms = 10,
        .idle_ms = 10,
        .body_max = 300,
        .clock = &s->face,
        .router = s->router,
    };
    s->worker = sk_worker_new(&s->settings, NULL);
    s->pair = sk_pair_new(CAPACITY, &s->clock);
    require(s->worker && s->pair);
    s->client = sk_pair_end(s->pair, 0);
    s->conn = sk_sconn_open_stream(s->worker, sk_pair_end(s->pair, 1));
    require(s->conn != NULL);
}

static bool is_open(const side *s) {
    return !sk_list_empty(&s->worker->conns);
}

static bool listen_to(side *s) {
    bool any = false;
    ptrdiff_t n;
    do {
        char *to = sk_buf_reserve(&s->heard, 4096);
        require(to != NULL);
        n = s->client->ops->read(s->client, to, 4096, NULL);
        sk_buf_commit(&s->heard, n > 0 ? (size_t)n : 0);
        any |= n > 0;
    } while (n > 0);
    return any;
}

static void settle(side *s) {
    int turns = 0;
    bool more = true;
    for (; more && is_open(s) && turns < TURNS; turns++) {
        sk_session_readable(&s->conn->session);
        sk_sconn_turn(s->conn);
        more = listen_to(s) || (is_open(s) && s->conn->yield);
    }
    require(turns < TURNS); /* it does not spin */
}

static void say(side *s, const uint8_t *data, size_t size) {
    skua_str piece = {(const char *)data, size};
    if (size > 0 && is_open(s))
        s->client->ops->writev(s->client, &piece, 1, NULL);
    settle(s);
}

static void finish(side *s) {
    s->client->ops->shutdown(s->client, NULL);
    settle(s);
    for (int i = 0; i < 10 && is_open(s); i++) {
        s->clock.now_ms += 5000;
        sk_loop_step(s->worker->loop, 0);
    }
    require(!is_open(s)); /* no peer stays for ever */
    listen_to(s);
}

static void close_side(side *s) {
    s->client->ops->close(s->client);
    sk_pair_free(s->pair);
    sk_worker_free(s->worker);
    sk_router_free(s->router);
    sk_buf_free(&s->heard);
}

static bool is_refusal(const char *p, size_t len) {
    return len >= 10 && memcmp(p, "HTTP/1.1 ", 9) == 0 && (p[9] == '4' || p[9] == '5');
}

/* Without interim responses and dates, and cut off within the first refusal. */
static void normalise(sk_buf *b) {
    static const char interim[] = "HTTP/1.1 100 Continue\r\n\r\n";
    require(sk_buf_reserve(b, 1) != NULL);
    char *text = sk_buf_len(b) > 0 ? sk_buf_head(b) : NULL;
    size_t len = sk_buf_len(b);
    for (size_t i = 0; text && i < len; i++) {
        size_t cut = 0;
        if (is_refusal(text + i, len - i))
            len = i + 9;
        if (len - i >= sizeof interim - 1 && memcmp(text + i, interim, sizeof interim - 1) == 0)
            cut = sizeof interim - 1;
        else if (len - i >= 37 && memcmp(text + i, "\r\nDate: ", 8) == 0)
            cut = 37;
        memmove(text + i, text + i + cut, len - i - cut);
        len -= cut;
        i -= cut > 0; /* what has moved up is looked at too */
    }
    sk_buf_truncate(b, len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size == 0 || size > CAPACITY / 2)
        return 0;
    side whole, pieces;
    size_t step = (size_t)data[0] % 64 + 1;
    data++;
    size--;
    open_side(&whole);
    say(&whole, data, size);
    finish(&whole);
    open_side(&pieces);
    for (size_t at = 0; at < size; at += step)
        say(&pieces, data + at, size - at < step ? size - at : step);
    finish(&pieces);
    normalise(&whole.heard);
    normalise(&pieces.heard);
    require(sk_buf_len(&whole.heard) == sk_buf_len(&pieces.heard));
    require(sk_buf_len(&whole.heard) == 0 ||
            memcmp(sk_buf_head(&whole.heard), sk_buf_head(&pieces.heard),
                   sk_buf_len(&whole.heard)) == 0);
    require(sk_buf_len(&whole.heard) == 0 ||
            memcmp(sk_buf_head(&whole.heard), "HTTP/1.1 ", 9) == 0);
    close_side(&whole);
    close_side(&pieces);
    return 0;
}
