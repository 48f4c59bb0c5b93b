/* Two readers of the same bytes: ours and http_parser's. Where both find a message whole they must
 * agree on where it ends and what its body is, and none may wait for more of a body that is whole
 * to the other: a message that two readers frame differently is how requests are smuggled. What
 * only one of them refuses is no finding: they are strict about different things. The first byte
 * chooses requests or responses. */
#include "wire/h1.h"

#include <http_parser.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FIELDS_MAX   32
#define MESSAGES_MAX 64

typedef struct message {
    size_t end;      /* in the input */
    size_t body_end; /* in the bodies of all, one behind the other */
    bool has_interim_status;
} message;

typedef struct reader {
    sk_buf bodies;
    message messages[MESSAGES_MAX];
    size_t count;
    bool stopped;     /* refused, gone over to another protocol, or at the end */
    bool within_body; /* of the message that comes next */
    bool waits;       /* the input ended there */
} reader;

static void require(bool condition) {
    if (!condition)
        abort();
}

static void add_message(reader *r, size_t end, bool interim) {
    if (r->count == MESSAGES_MAX)
        r->stopped = true;
    else
        r->messages[r->count++] = (message){end, sk_buf_len(&r->bodies), interim};
    r->within_body = false;
}

/* ---- ours ---- */

static const sk_h1_limits limits = {8192, 65536, FIELDS_MAX, 256};

static void ask(sk_h1 *h1) {
    sk_buf out = {0};
    sk_h1_start_request(h1, &out, SK_LIT("GET"), SK_LIT("/"), 11);
    require(sk_h1_finish_head(h1, &out, SK_BODY_NONE, 0) == 0);
    sk_buf_free(&out);
}

static void answer(sk_h1 *h1) {
    sk_buf out = {0};
    sk_h1_start_response(h1, &out, 200, SK_LIT("OK"));
    require(sk_h1_finish_head(h1, &out, SK_BODY_NONE, 0) == 0);
    require(sk_h1_end(h1, &out, NULL) == 0);
    sk_buf_free(&out);
}

/* The message is whole, and the next may come. */
static void go_on(reader *r, sk_h1 *h1) {
    if (h1->role == SK_SERVER)
        answer(h1);
    else if (!sk_h1_can_cycle(h1))
        sk_h1_end(h1, &(sk_buf){0}, NULL);
    r->stopped |= !sk_h1_can_cycle(h1);
    if (r->stopped)
        return;
    sk_h1_cycle(h1);
    if (h1->role == SK_CLIENT)
        ask(h1);
}

/* In responses empty elements of a list are passed over (RFC 9110 5.6.1.2). They are not by theirs,
 * to which "chunked," is no coding, and the body goes on until the connection ends. */
static bool is_read_otherwise(sk_role role, const sk_head *head) {
    const sk_field *f = sk_fields_find(&head->fields, SK_LIT("transfer-encoding"));
    return role == SK_CLIENT && f && !sk_str_ieq(f->value, SK_LIT("chunked"));
}

static void read_with_ours(reader *r, sk_role role, const char *data, size_t size) {
    sk_field fields[FIELDS_MAX];
    sk_head head = {.fields = {.at = fields, .cap = FIELDS_MAX}};
    sk_event ev = {.head = &head};
    sk_h1 h1;
    bool at_end = false;
    sk_h1_init(&h1, role, &limits);
    if (role == SK_CLIENT)
        ask(&h1);
    sk_h1_feed(&h1, data, size);
    while (!r->stopped) {
        sk_event_kind kind = sk_h1_next(&h1, &ev);
        r->within_body |= kind == SK_EV_HEAD;
        r->stopped = kind == SK_EV_HEAD && is_read_otherwise(role, &head);
        if (kind == SK_EV_DATA)
            sk_buf_append_str(&r->bodies, ev.data);
        else if (kind == SK_EV_INFO || kind == SK_EV_END)
            add_message(r, sk_h1_consumed(&h1), kind == SK_EV_INFO);
        else if (kind >= SK_EV_UPGRADE || (kind == SK_EV_NEED && at_end))
            r->stopped = true;
        if (kind == SK_EV_END)
            go_on(r, &h1);
        if (kind == SK_EV_NEED && !at_end) {
            r->waits = r->within_body && head.body != SK_BODY_CLOSE;
            sk_h1_eof(&h1);
            at_end = true;
        }
    }
}

/* ---- theirs ---- */

/* It leaves to its user which responses have no body whatever their fields say (RFC 9112 6.3). */
static int on_head(http_parser *p) {
    reader *r = p->data;
    r->within_body = true;
    return p->type == HTTP_RESPONSE &&
           (p->status_code / 100 == 1 || p->status_code == 204 || p->status_code == 304);
}

static int on_body(http_parser *p, const char *at, size_t len) {
    reader *r = p->data;
    sk_buf_append(&r->bodies, at, len);
    return 0;
}

static int on_complete(http_parser *p) {
    http_parser_pause(p, 1);
    return 0;
}

static void read_with_theirs(reader *r, sk_role role, const char *data, size_t size) {
    const http_parser_settings settings = {
        .on_headers_complete = on_head, .on_body = on_body, .on_message_complete = on_complete};
    http_parser p;
    http_parser_init(&p, role == SK_SERVER ? HTTP_REQUEST : HTTP_RESPONSE);
    p.data = r;
    size_t at = 0;
    bool at_end = false;
    while (!r->stopped) {
        at += http_parser_execute(&p, &settings, data + at, size - at);
        if (HTTP_PARSER_ERRNO(&p) == HPE_PAUSED) {
            http_parser_pause(&p, 0);
            add_message(r, at, p.type == HTTP_RESPONSE && p.status_code / 100 == 1);
            r->stopped |= p.upgrade != 0;
        } else if (HTTP_PARSER_ERRNO(&p) != HPE_OK || at_end || p.upgrade) {
            r->stopped = true;
            r->waits = r->within_body && at_end;
        }
        at_end = at == size; /* from then on it is told of the end */
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 2)
        return 0;
    sk_role role = data[0] & 1 ? SK_CLIENT : SK_SERVER;
    reader ours = {0}, theirs = {0};
    read_with_ours(&ours, role, (const char *)data + 1, size - 1);
    read_with_theirs(&theirs, role, (const char *)data + 1, size - 1);
    for (size_t i = 0; i < ours.count && i < theirs.count; i++) {
        const message *a = &ours.messages[i], *b = &theirs.messages[i];
        require(a->has_interim_status == b->has_interim_status);
        require(a->end == b->end);
        require(a->body_end == b->body_end);
        require(a->body_end == 0 ||
                memcmp(sk_buf_head(&ours.bodies), sk_buf_head(&theirs.bodies), a->body_end) == 0);
    }
    require(!ours.waits || theirs.count <= ours.count);
    require(!theirs.waits || ours.count <= theirs.count);
    sk_buf_free(&ours.bodies);
    sk_buf_free(&theirs.bodies);
    return 0;
}
