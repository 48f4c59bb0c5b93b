/* A whole connection object of the client over the in-memory pair. The input is what a server
 * sends: once in one piece and read in one way, once in pieces and read in another. Both must tell
 * of the first response the same: its head, and its body or that it failed. Which of several faults
 * is named may depend on how much was there to be looked at. What comes behind that response
 * answers further requests, and is only lived through: whether it came before they were asked
 * depends on the pieces.
 *
 * The first byte says how long the pieces are, the second how the body is read. */
#include "base/buf.h"
#include "net/pair.h"

#include <skua/conn.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CAPACITY  (1u << 14)
#define REQUESTS  6
#define BODY_MAX  (1u << 20)
#define READS_MAX 4000000

typedef enum reading { READ, READ_ALL, READ_LINE, PEEK, READINGS } reading;

typedef struct side {
    sk_manual_clock clock;
    skua_clock face;
    sk_pair *pair;
    skua_stream *far;
    const char *data;
    size_t left, step;
    skua_conn *conn;
    skua_error err;
    sk_buf told; /* the first response, as text */
    sk_buf body;
} side;

static void require(bool condition) {
    if (!condition)
        abort();
}

/* The server's chance to act: it takes what was sent, and sends the next piece. */
static bool serve(void *user) {
    side *s = user;
    char request[4096];
    bool any = false;
    while (s->far && s->far->ops->read(s->far, request, sizeof request, NULL) > 0)
        any = true;
    if (!s->far)
        return false;
    if (s->left == 0) {
        s->far->ops->close(s->far);
        s->far = NULL;
        return true;
    }
    skua_str piece = {s->data, s->left < s->step ? s->left : s->step};
    ptrdiff_t n = s->far->ops->writev(s->far, &piece, 1, NULL);
    s->data += n > 0 ? n : 0;
    s->left -= n > 0 ? (size_t)n : 0;
    return any || n > 0;
}

static void open_side(side *s, const uint8_t *data, size_t size, size_t step, int decode) {
    *s = (side){.clock = {.now_ms = 1000}, .data = (const char *)data, .left = size, .step = step};
    s->face = sk_manual_clock_face(&s->clock);
    s->pair = sk_pair_new(CAPACITY, &s->clock);
    require(s->pair != NULL);
    s->far = sk_pair_end(s->pair, 1);
    sk_pair_set_turn(s->pair, 1, serve, s);
    s->conn = skua_conn_new("http://a.test",
                            SKUA_OPTS(skua_conn_opts, .clock = &s->face, .decode = decode,
                                      .stream = sk_pair_end(s->pair, 0), .line_max_bytes = 256,
                                      .head_max_bytes = 1024, .fields_max = 10),
                            &s->err);
    require(s->conn != NULL);
}

static void close_side(side *s) {
    skua_conn_free(s->conn);
    if (s->far)
        s->far->ops->close(s->far);
    sk_pair_free(s->pair);
    sk_buf_free(&s->told);
    sk_buf_free(&s->body);
}

static ptrdiff_t by_read(side *s, skua_response *r) {
    char part[7];
    ptrdiff_t n = skua_response_read(r, part, sizeof part, &s->err);
    require(n <= (ptrdiff_t)sizeof part);
    sk_buf_append(&s->body, part, n > 0 ? (size_t)n : 0);
    return n;
}

static ptrdiff_t by_read_all(side *s, skua_response *r) {
    const char *all = NULL;
    size_t len = 0;
    int rc = skua_response_read_all(r, BODY_MAX, &all, &len, &s->err);
    require(rc != 0 || all[len] == '\0');
    sk_buf_append(&s->body, all, rc == 0 ? len : 0);
    return rc;
}

static ptrdiff_t by_line(side *s, skua_response *r) {
    char line[32];
    ptrdiff_t n = skua_response_readline(r, line, sizeof line, &s->err);
    require(n < (ptrdiff_t)sizeof line);
    if (n > 0) {
        const char *end = memchr(line, '\n', (size_t)n);
        require(!end || end == line + n - 1);
        sk_buf_append(&s->body, line, (size_t)n);
    }
    return n;
}

static ptrdiff_t by_peek(side *s, skua_response *r) {
    const char *seen = NULL;
    size_t len = 0;
    int rc = skua_response_peek(r, &seen, &len, &s->err);
    if (rc != 0 || len == 0)
        return rc;
    char part[5];
    ptrdiff_t n = skua_response_read(r, part, sizeof part, &s->err);
    require(n > 0 && memcmp(part, seen, len < (size_t)n ? len : (size_t)n) == 0);
    sk_buf_append(&s->body, part, (size_t)n);
    return n;
}

/* Returns: 0, or why the body did not come whole. */
static ptrdiff_t read_body(side *s, skua_response *r, reading how) {
    static ptrdiff_t (*const ways[READINGS])(side *, skua_response *) = {by_read, by_read_all,
                                                                         by_line, by_peek};
    ptrdiff_t n;
    int reads = 0;
    sk_buf_clear(&s->body);
    do {
        n = ways[how](s, r);
        require(++reads < READS_MAX);
    } while (n > 0 && sk_buf_len(&s->body) < BODY_MAX);
    return n;
}

static void tell_fields(side *s, const char *tag, const skua_field *fields, size_t count) {
    for (size_t i = 0; i < count; i++)
        sk_buf_printf(&s->told, "%s %s: %s\n", tag, fields[i].name, fields[i].value);
}

static void tell(side *s, skua_response *r, reading how) {
    size_t count;
    const skua_field *fields = skua_response_fields(r, &count);
    for (size_t i = 0; skua_response_informational(r, i) > 0; i++)
        sk_buf_printf(&s->told, "interim %d\n", skua_response_informational(r, i));
    sk_buf_printf(&s->told, "%d %d %s length %lld\n", skua_response_version(r),
                  skua_response_status(r), skua_response_reason(r),
                  (long long)skua_response_content_length(r));
    tell_fields(s, "field", fields, count);
    ptrdiff_t rc = read_body(s, r, how);
    sk_buf_printf(&s->told, rc < 0 ? "failed\n" : "whole\n");
    if (rc < 0)
        return; /* how much of it was handed out before that is the reader's affair */
    sk_buf_append_str(&s->told, sk_buf_str(&s->body));
    fields = skua_response_trailers(r, &count);
    tell_fields(s, "trailer", fields, count);
}

static void converse(side *s, reading how) {
    static const char *const methods[] = {"GET", "GET", "HEAD", "POST", "GET", "OPTIONS"};
    for (int i = 0; i < REQUESTS; i++) {
        const char *method = methods[i % (int)(sizeof methods / sizeof *methods)];
        int rc =
            skua_conn_request(s->conn, method, "/", NULL, "hi", method[0] == 'P' ? 2 : 0, &s->err);
        skua_response *r = rc == 0 ? skua_conn_getresponse(s->conn, &s->err) : NULL;
        if (i == 0 && !r)
            sk_buf_printf(&s->told, "none");
        else if (i == 0)
            tell(s, r, how);
        else if (r && i % 2 == 0)
            read_body(s, r, (reading)(((int)how + i) % READINGS));
        skua_response_free(r); /* the others unread: the connection drops the rest */
        if (!r)
            break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 2 || size > CAPACITY / 2)
        return 0;
    size_t step = (size_t)data[0] % 64 + 1;
    reading first = (reading)(data[1] % READINGS), second = (reading)(data[1] / 8 % READINGS);
    int decode = data[1] >> 7;
    side whole, pieces;
    open_side(&whole, data + 2, size - 2, size, decode);
    open_side(&pieces, data + 2, size - 2, step, decode);
    converse(&whole, first);
    converse(&pieces, second);
    skua_str a = sk_buf_str(&whole.told), b = sk_buf_str(&pieces.told);
    require(a.len == b.len && memcmp(a.ptr, b.ptr, a.len) == 0);
    close_side(&whole);
    close_side(&pieces);
    return 0;
}
