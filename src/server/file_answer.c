/* server/file_answer.c - answering a request with a file.
 *
 *     small -> its bytes: read, or the cache's ---------+
 *     else --> its descriptor: opened, or the cache's --+-> preconditions -> 304, 412
 *                                                             | If-Range, Range (GET)
 *                                                             +-> 416, 206 with one part or several
 *                                                             +-> 200
 *
 * What is large is sent from the file when all of this has returned. */
#include "server/file_answer.h"

#include "base/date.h"
#include "base/str.h"
#include "server/byte_parts.h"
#include "server/conn.h"
#include "server/reply_parts.h"
#include "sys/clock.h"
#include "wire/range.h"

#include <errno.h>
#include <skua/status.h>

#define SMALL_FILE  16384 /* read whole, so that it leaves with its head */
#define SMALL_TRIES 4     /* while it changes */

/* A file as it stands, at hand or to be sent from a descriptor. */
typedef struct content {
    const sk_answer_file *file;
    const sk_file_facts *facts;
    skua_str body;      /* ptr NULL: not at hand */
    int fd;             /* -1: taken, or there is none */
    sk_open_file *open; /* whose fd is; NULL: the answer's own */
    int64_t size;
    int64_t now; /* Unix seconds */
} content;

/* ---- refusing ---- */

int sk_file_status_of(int rc) {
    static const struct {
        int os_errno, status;
    } table[] = {
        {ENOENT, 404}, {ENOTDIR, 404}, {ENAMETOOLONG, 404}, {ELOOP, 404},  {EXDEV, 404},
        {ENXIO, 404},  {ENODEV, 404},  {EISDIR, 404},       {EACCES, 403}, {EPERM, 403},
        {EMFILE, 503}, {ENFILE, 503},  {ENOMEM, 503},       {EAGAIN, 503},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        if (table[i].os_errno == -rc)
            return table[i].status;
    }
    return SKUA_STATUS_INTERNAL_SERVER_ERROR;
}

int sk_file_refuse(skua_reply *a, int rc) {
    return skua_reply_send_error(a, sk_file_status_of(rc), NULL);
}

/* ---- opening and reading ---- */

int sk_answer_file_open(int fd, sk_answer_file *out) {
    *out = (sk_answer_file){.fd = fd};
    if (fd < 0)
        return fd;
    int rc = sk_file_stat(fd, &out->info);
    if (rc == 0 && out->info.is_regular)
        return 0;
    sk_answer_file_close(out);
    return rc != 0 ? rc : out->info.is_dir ? -EISDIR : -ENOENT;
}

void sk_answer_file_close(sk_answer_file *f) {
    if (!f->cached)
        sk_file_close(f->fd);
    f->fd = -1;
}

int64_t sk_answer_file_modified(const sk_answer_file *f) {
    return f->cached ? f->cached->facts.modified : f->info.mtime;
}

/* The bytes of a file, up to info.size. How many there were, or -errno. */
static ptrdiff_t read_up_to_size(const sk_answer_file *f, char *to) {
    ptrdiff_t len = 0, n = 1;
    while (n > 0 && len < f->info.size) {
        n = sk_file_read_at(f->fd, to + len, (size_t)(f->info.size - len), len);
        len += n > 0 ? n : 0;
    }
    return n < 0 ? n : len;
}

/* Read a small file whole before anything is said of it, so that one that is cut short meanwhile,
 * to be written anew, is described as it was read. 0 with *body (ptr NULL: the file is not small),
 * or -errno. */
static int read_small(sk_arena *arena, sk_answer_file *f, skua_str *body) {
    *body = (skua_str){NULL, 0};
    for (int tries = 0; f->info.size <= SMALL_FILE; tries++) {
        char *to = sk_arena_alloc(arena, (size_t)f->info.size + 1);
        ptrdiff_t n = to ? read_up_to_size(f, to) : -ENOMEM;
        if (n < 0 || tries == SMALL_TRIES)
            return n < 0 ? (int)n : -EAGAIN;
        if (n == f->info.size) {
            *body = (skua_str){to, (size_t)n};
            return 0;
        }
        int rc = sk_file_stat(f->fd, &f->info);
        if (rc != 0)
            return rc;
    }
    return 0;
}

int64_t sk_time_of_message(const skua_request *q) {
    const sk_exchange *x = sk_exchange_of_request(q);
    /* The worker's date is not another thread's to read. */
    return x->deferral ? sk_clock_unix() : sk_worker_date(x->conn->worker);
}

/* Have a look at what there is to be sent; *facts is room for what is said of it. What is small is
 * at hand afterwards, and its descriptor closed. 0 or -errno: the file is closed. */
static int open_content(skua_request *q, sk_answer_file *f, sk_file_facts *facts, content *out) {
    *out = (content){.file = f, .fd = -1};
    if (f->cached) {
        out->facts = &f->cached->facts;
        out->body = f->cached->body;
        out->open = f->cached->open;
        out->fd = out->open ? out->open->fd : -1;
        out->size = f->cached->size;
        out->now = sk_clock_unix();
        return 0;
    }
    int rc = read_small(sk_request_arena(q), f, &out->body);
    if (rc != 0 || out->body.ptr)
        sk_answer_file_close(f);
    if (rc != 0)
        return rc;
    out->now = sk_time_of_message(q);
    sk_file_facts_of(&f->info, out->now, facts);
    out->facts = facts;
    out->fd = f->fd;
    out->size = f->info.size;
    return 0;
}

static void close_content(content *c) {
    if (!c->open)
        sk_file_close(c->fd);
    c->fd = -1;
}

/* ---- the head ---- */

/* Also where the file goes out as it is. */
static void describe_choice(skua_reply *a, const sk_answer_file *f) {
    if (f->varies)
        sk_reply_own_field(a, "Vary", "Accept-Encoding", 0);
}

/* Add what 200, 206 and 304 all carry (RFC 9110 15.4.5). */
static void describe(skua_reply *a, const content *c) {
    sk_reply_own_field(a, "ETag", c->facts->etag, 0);
    sk_reply_own_field(a, "Last-Modified", c->facts->last_modified, 0);
    if (c->file->cache_control)
        sk_reply_own_field(a, "Cache-Control", c->file->cache_control, 0);
    describe_choice(a, c->file);
}

/* Whatever type the bytes look like, they are of the one that is named, which the program may have
 * given already. */
static void describe_type(skua_reply *a, const char *type) {
    if (type && !(a->given & SK_GIVEN_TYPE))
        sk_reply_own_field(a, "Content-Type", type, SK_GIVEN_TYPE);
    sk_reply_own_field(a, "X-Content-Type-Options", "nosniff", 0);
}

static void describe_coding(skua_reply *a, const sk_answer_file *f) {
    if (f->coding)
        sk_reply_own_field(a, "Content-Encoding", f->coding, 0);
}

static void describe_body(skua_reply *a, const content *c) {
    describe(a, c);
    describe_coding(a, c->file);
    sk_reply_own_field(a, "Accept-Ranges", "bytes", 0);
}

/* ---- the body ---- */

/* All of it, or one range. */
static int send_range(skua_reply *a, content *c, int status, const sk_range *r) {
    if (c->body.ptr)
        return skua_reply_bytes(a, status, NULL, c->body.ptr + r->first, (size_t)r->len);
    int fd = c->fd;
    c->fd = -1;
    skua_reply_send_response(a, status);
    return sk_reply_file(a, fd, c->open, r->first, r->len);
}

/* Several ranges of a body that is at hand. */
static int send_parts_at_hand(skua_request *q, skua_reply *a, const content *c,
                              const sk_byte_parts *p) {
    size_t len = 0, at = 0;
    for (uint32_t i = 0; i < p->count; i++)
        len += p->pieces[i].text.len + (size_t)p->pieces[i].len;
    char *whole = sk_arena_alloc(sk_request_arena(q), len);
    if (!whole)
        return SKUA_E_NOMEM;
    for (uint32_t i = 0; i < p->count; i++) {
        const sk_file_piece *piece = &p->pieces[i];
        memcpy(whole + at, piece->text.ptr, piece->text.len);
        at += piece->text.len;
        memcpy(whole + at, c->body.ptr + piece->at, (size_t)piece->len);
        at += (size_t)piece->len;
    }
    return skua_reply_bytes(a, SKUA_STATUS_PARTIAL_CONTENT, NULL, whole, len);
}

static int send_parts(skua_request *q, skua_reply *a, content *c, const sk_byte_parts *p) {
    if (c->body.ptr)
        return send_parts_at_hand(q, a, c, p);
    int fd = c->fd;
    c->fd = -1;
    skua_reply_send_response(a, SKUA_STATUS_PARTIAL_CONTENT);
    return sk_reply_file_pieces(a, fd, c->open, p->pieces, p->count);
}

/* ---- judging ---- */

/* The value of a field; ptr NULL: there is none. One that cannot be joined for want of memory is
 * empty, which errs on the safe side: no part of another file is sent for it. */
static skua_str value_of(skua_request *q, const char *name) {
    skua_str wanted = sk_str(name);
    const sk_field *f = sk_fields_find(&q->head.fields, wanted);
    if (!f)
        return (skua_str){NULL, 0};
    if (!sk_fields_find_next(&q->head.fields, f, wanted))
        return f->value.len > 0 ? f->value : SK_LIT("");
    const char *joined = skua_request_header(q, name);
    return joined ? sk_str(joined) : SK_LIT("");
}

static bool is_get(const skua_request *q) {
    return sk_str_eq(q->head.method, SK_LIT("GET"));
}

static bool is_head(const skua_request *q) {
    return sk_str_eq(q->head.method, SK_LIT("HEAD"));
}

static sk_validators validators_of(const content *c) {
    return (sk_validators){
        .exists = true,
        .has_modified = true,
        .modified = c->facts->modified,
        .etag = sk_str(c->facts->etag),
    };
}

/* 0, 304 or 412. For methods that do not read, preconditions are about what the handler does. */
static int evaluate(skua_request *q, const content *c) {
    const sk_conditions conditions = {
        .if_match = value_of(q, "If-Match"),
        .if_none_match = value_of(q, "If-None-Match"),
        .if_modified_since = value_of(q, "If-Modified-Since"),
        .if_unmodified_since = value_of(q, "If-Unmodified-Since"),
    };
    const sk_validators v = validators_of(c);
    if (!is_get(q) && !is_head(q))
        return 0;
    return sk_conditional_evaluate(&conditions, &v, true, c->now);
}

/* RFC 9110 14.2: Range MUST be ignored for other methods than GET. */
static sk_range_verdict judge_range(skua_request *q, const content *c, sk_ranges *out) {
    skua_str range = value_of(q, "Range");
    const sk_validators v = validators_of(c);
    if (!range.ptr || !is_get(q) || !sk_range_applies(value_of(q, "If-Range"), &v, c->now))
        return SK_RANGE_WHOLE;
    return sk_range_judge(range, c->size, out);
}

/* ---- the answers ---- */

/* 304 or 412. */
static int answer_without(skua_reply *a, const content *c, int status) {
    if (status == SKUA_STATUS_PRECONDITION_FAILED)
        return skua_reply_send_error(a, status, NULL);
    describe(a, c);
    skua_reply_send_response(a, status);
    return skua_reply_end_headers(a);
}

static int answer_whole(skua_reply *a, content *c) {
    const sk_range whole = {0, c->size};
    describe_body(a, c);
    describe_type(a, c->file->type);
    return send_range(a, c, SKUA_STATUS_OK, &whole);
}

static int answer_parts(skua_request *q, skua_reply *a, content *c, const sk_ranges *ranges) {
    sk_arena *arena = sk_request_arena(q);
    if (ranges->count == 1) {
        const char *where = sk_content_range(&ranges->at[0], c->size, arena);
        if (!where)
            return SKUA_E_NOMEM;
        describe_body(a, c);
        describe_type(a, c->file->type);
        sk_reply_own_field(a, "Content-Range", where, 0);
        return send_range(a, c, SKUA_STATUS_PARTIAL_CONTENT, &ranges->at[0]);
    }
    const sk_byte_parts *parts = sk_byte_parts_make(ranges, c->file->type, c->size, arena);
    if (!parts)
        return SKUA_E_NOMEM;
    sk_reply_drop_type(a); /* which is that of each part */
    describe_body(a, c);
    describe_type(a, parts->type);
    return send_parts(q, a, c, parts);
}

static int answer_unsatisfiable(skua_request *q, skua_reply *a, const content *c) {
    const char *none = sk_content_range_none(c->size, sk_request_arena(q));
    if (!none)
        return SKUA_E_NOMEM;
    skua_reply_send_header(a, "Content-Range", none);
    return skua_reply_send_error(a, SKUA_STATUS_RANGE_NOT_SATISFIABLE, NULL);
}

/* Does it ask for less than all, or on a condition? All such fields are If-..., but for Range. */
static bool asks_for_less(const skua_request *q) {
    const sk_fields *fields = &q->head.fields;
    for (uint32_t i = 0; i < fields->count; i++) {
        skua_str name = fields->at[i].name;
        if (name.len > 3 && name.ptr[2] == '-' && sk_lower(name.ptr[0]) == 'i')
            return true;
        if (sk_str_ieq(name, SK_LIT("Range")))
            return true;
    }
    return false;
}

/* RFC 9110 13.2.2: preconditions before ranges. */
static int answer(skua_request *q, skua_reply *a, content *c) {
    sk_ranges ranges;
    if (!asks_for_less(q))
        return answer_whole(a, c);
    int status = evaluate(q, c);
    if (status != 0)
        return answer_without(a, c, status);
    switch (judge_range(q, c, &ranges)) {
    case SK_RANGE_PARTS:
        return answer_parts(q, a, c, &ranges);
    case SK_RANGE_UNSATISFIABLE:
        return answer_unsatisfiable(q, a, c);
    default:
        return answer_whole(a, c);
    }
}

int sk_file_answer(skua_request *q, skua_reply *a, sk_answer_file *f) {
    sk_file_facts facts;
    content c;
    int rc = open_content(q, f, &facts, &c);
    if (rc != 0)
        return sk_file_refuse(a, rc);
    a->from_file = true;
    rc = answer(q, a, &c);
    close_content(&c);
    return rc;
}

int sk_file_answer_page(skua_request *q, skua_reply *a, sk_answer_file *f, int status) {
    sk_file_facts facts;
    content c;
    int rc = open_content(q, f, &facts, &c);
    if (rc != 0)
        return sk_file_refuse(a, rc);
    a->from_file = true;
    describe_choice(a, f);
    describe_coding(a, f);
    describe_type(a, f->type);
    const sk_range whole = {0, c.size};
    rc = send_range(a, &c, status, &whole);
    close_content(&c);
    return rc;
}
