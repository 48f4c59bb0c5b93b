/* net/tunnel.c - asking an HTTP proxy for a tunnel (RFC 9110 9.3.6).
 *
 *     SENDING --all sent--> WAITING --2xx--> OPEN
 *        |                   |   ^ |
 *        |                   +1xx+ +--another answer--> refused, SKUA_E_TUNNEL
 *        +--- the peer has closed: it may have answered all the same
 */
#include "net/tunnel.h"

#include "base/arena.h"
#include "base/fail.h"
#include "base/mem.h"
#include "base/str.h"
#include "net/read_ahead.h"

#define READ_SIZE   4096u
#define INTERIM_MAX 16
#define REASON_MAX  128 /* of a message */

struct sk_tunnel {
    sk_tunnel_opts o;
    sk_h1 h1;
    sk_buf out, in;
    bool sent;
    unsigned interims;
    sk_arena mem; /* of the answer */
    int status;
    skua_field *fields;
    size_t field_count;
    sk_head head;
    sk_field room[];
};

/* ---- the request ---- */

static bool has_host(const skua_field *fields) {
    for (; fields && fields->name; fields++) {
        if (sk_str_ieq(sk_str(fields->name), SK_LIT("host")))
            return true;
    }
    return false;
}

static int write_head(sk_tunnel *t, const char *target, const skua_field *fields) {
    sk_h1_start_request(&t->h1, &t->out, SK_LIT("CONNECT"), sk_str(target), 11);
    if (!has_host(fields)) /* RFC 9112 3.2: the same as the target */
        sk_h1_field(&t->h1, &t->out, SK_LIT("Host"), sk_str(target));
    for (const skua_field *f = fields; f && f->name; f++)
        sk_h1_field(&t->h1, &t->out, sk_str(f->name), sk_str(f->value));
    return sk_h1_finish_head(&t->h1, &t->out, SK_BODY_NONE, 0);
}

sk_tunnel *sk_tunnel_new(const sk_tunnel_opts *opts, skua_error *err) {
    uint32_t room = opts->limits->fields_max;
    sk_tunnel *t = sk_zalloc(sizeof *t + room * sizeof t->room[0]);
    if (!t) {
        sk_fail_nomem(err);
        return NULL;
    }
    t->o = *opts;
    t->head.fields = (sk_fields){.at = t->room, .cap = room};
    sk_h1_init(&t->h1, SK_CLIENT, opts->limits);
    int rc = write_head(t, opts->target, opts->fields);
    t->o.target = NULL;
    t->o.fields = NULL;
    if (rc == 0)
        return t;
    sk_tunnel_free(t);
    if (rc == SKUA_E_NOMEM)
        sk_fail_nomem(err);
    else
        sk_fail(err, rc, SKUA_PHASE_TUNNEL, "CONNECT cannot be sent: %s", skua_error_text(rc));
    return NULL;
}

skua_str sk_tunnel_head(const sk_tunnel *t) {
    return sk_buf_str(&t->out);
}

/* ---- the answer ---- */

static skua_field *copy_fields(sk_arena *mem, const sk_fields *from) {
    skua_field *to = sk_arena_zalloc(mem, (from->count + 1) * sizeof *to);
    for (uint32_t i = 0; to && i < from->count; i++) {
        const sk_field *f = &from->at[i];
        to[i].name = sk_arena_strndup(mem, f->name.ptr, f->name.len);
        char *value = sk_arena_zalloc(mem, f->value.len + 1);
        to[i].value = value;
        if (value)
            sk_field_copy_value(value, f->value);
        if (!to[i].name || !value)
            return NULL;
    }
    return to;
}

static int keep(sk_tunnel *t, skua_error *err) {
    skua_field *fields = copy_fields(&t->mem, &t->head.fields);
    if (!fields)
        return sk_fail_nomem(err);
    t->fields = fields;
    t->field_count = t->head.fields.count;
    t->status = t->head.status;
    return 0;
}

/* RFC 9110 9.3.6: any 2xx opens the tunnel, and nothing else does. */
static int judge(sk_tunnel *t, skua_error *err) {
    int rc = keep(t, err);
    if (rc != 0 || t->status / 100 == 2)
        return rc;
    skua_str reason = sk_str_trim(t->head.reason);
    int len = reason.len < REASON_MAX ? (int)reason.len : REASON_MAX;
    return sk_fail(err, SKUA_E_TUNNEL, SKUA_PHASE_TUNNEL, "%d%s%.*s", t->status, len > 0 ? " " : "",
                   len, reason.ptr);
}

static int count_interim(sk_tunnel *t, skua_error *err) {
    if (t->interims++ < INTERIM_MAX)
        return SKUA_E_AGAIN;
    return sk_fail(err, SKUA_E_BAD_FRAMING, SKUA_PHASE_TUNNEL, "more than %d interim responses",
                   INTERIM_MAX);
}

/* What the machine has made of the input: 0, SKUA_E_AGAIN for "more input", or an error. */
static int look(sk_tunnel *t, skua_error *err) {
    for (;;) {
        sk_event ev = {.head = &t->head};
        sk_h1_feed(&t->h1, sk_buf_len(&t->in) ? sk_buf_head(&t->in) : "", sk_buf_len(&t->in));
        sk_event_kind kind = sk_h1_next(&t->h1, &ev);
        if (kind == SK_EV_NEED)
            return SKUA_E_AGAIN;
        if (kind == SK_EV_ERROR)
            return sk_fail(err, ev.error, SKUA_PHASE_TUNNEL, "%s", ev.what);
        if (kind == SK_EV_CLOSED)
            return sk_fail(err, SKUA_E_REMOTE_DISCONNECTED, SKUA_PHASE_TUNNEL,
                           "closed without an answer to CONNECT");
        if (t->o.on_head)
            t->o.on_head(t->o.user, &t->head);
        int rc = kind == SK_EV_INFO ? count_interim(t, err) : judge(t, err);
        sk_buf_consume(&t->in, sk_h1_consumed(&t->h1)); /* behind the last look at the head */
        if (rc != SKUA_E_AGAIN)
            return rc;
    }
}

/* What a stream says belongs to the asking for a tunnel, but for what TLS says. */
static int of_stream(int code, skua_error *err) {
    if (err && err->phase != SKUA_PHASE_TLS && err->phase != SKUA_PHASE_MEMORY) {
        int os_errno = err->os_errno;
        sk_fail_plain(err, code, SKUA_PHASE_TUNNEL);
        err->os_errno = os_errno;
    }
    return code;
}

/* 0 when something came, or the end. */
static int fill(sk_tunnel *t, skua_error *err) {
    char *p = sk_buf_reserve(&t->in, READ_SIZE);
    if (!p)
        return sk_fail_nomem(err);
    ptrdiff_t n = t->o.proxy->ops->read(t->o.proxy, p, READ_SIZE, err);
    if (n > 0) {
        sk_buf_commit(&t->in, (size_t)n);
        return 0;
    }
    if (n == SKUA_E_AGAIN)
        return SKUA_E_AGAIN;
    if (n < 0 && n != SKUA_E_TLS_EOF)
        return of_stream((int)n, err);
    sk_h1_eof(&t->h1);
    return 0;
}

static int receive(sk_tunnel *t, skua_error *err) {
    for (;;) {
        int rc = look(t, err);
        if (rc == SKUA_E_AGAIN)
            rc = fill(t, err);
        else
            return rc;
        if (rc != 0)
            return rc;
    }
}

/* ---- the steps ---- */

static int transmit(sk_tunnel *t, skua_error *err) {
    while (sk_buf_len(&t->out) > 0) {
        skua_str all = sk_buf_str(&t->out);
        ptrdiff_t n = t->o.proxy->ops->writev(t->o.proxy, &all, 1, err);
        if (n == SKUA_E_BROKEN_PIPE)
            break;
        if (n < 0)
            return n == SKUA_E_AGAIN ? SKUA_E_AGAIN : of_stream((int)n, err);
        sk_buf_consume(&t->out, (size_t)n);
    }
    sk_buf_free(&t->out);
    t->sent = true;
    return 0;
}

int sk_tunnel_step(sk_tunnel *t, skua_error *err) {
    skua_error own;
    if (!err)
        err = &own;
    int rc = t->sent ? 0 : transmit(t, err);
    return rc == 0 ? receive(t, err) : rc;
}

unsigned sk_tunnel_wants(const sk_tunnel *t) {
    return t->sent ? SKUA_WANT_READ : SKUA_WANT_WRITE;
}

bool sk_tunnel_begun(const sk_tunnel *t) {
    return t->interims > 0 || sk_buf_len(&t->in) > 0;
}

/* ---- the result ---- */

int sk_tunnel_status(const sk_tunnel *t) {
    return t->status;
}

const skua_field *sk_tunnel_fields(const sk_tunnel *t, size_t *count) {
    static const skua_field none[1];
    if (count)
        *count = t->field_count;
    return t->fields ? t->fields : none;
}

skua_stream *sk_tunnel_take(sk_tunnel *t) {
    skua_stream *stream = t->o.proxy;
    if (sk_buf_len(&t->in) > 0)
        stream = sk_read_ahead_new(stream, sk_buf_str(&t->in));
    if (!stream)
        return NULL;
    sk_buf_free(&t->in);
    t->o.proxy = NULL;
    return stream;
}

void sk_tunnel_free(sk_tunnel *t) {
    if (!t)
        return;
    sk_buf_free(&t->out);
    sk_buf_free(&t->in);
    sk_arena_free(&t->mem);
    sk_free(t);
}
