/* client/trace.c - telling what goes on, line by line, with secrets masked. */
#include "client/trace.h"

#include "base/buf.h"
#include "base/str.h"
#include "client/field_list.h"
#include "sys/descriptor.h"

#include <stdarg.h>
#include <stdio.h>

#define STDERR  2
#define MASK    SK_LIT("***")
#define NO_ROOM SK_LIT("! no memory for a line of the trace\n")

/* ---- a line ---- */

/* Where the user information of a URL stands that begins behind "//": up to its last '@'. */
static size_t userinfo_len(const char *p, const char *end) {
    const char *at = NULL;
    for (const char *q = p; q < end && !strchr("/?#\" \t", *q); q++) {
        if (*q == '@')
            at = q;
    }
    return at ? (size_t)(at - p) : 0;
}

/* The next URL in the line that has user information. NULL: there is none. */
static const char *find_userinfo(const char *p, const char *end, size_t *len) {
    while ((p = memmem(p, (size_t)(end - p), "//", 2)) != NULL) {
        p += 2;
        *len = userinfo_len(p, end);
        if (*len > 0)
            return p;
    }
    return NULL;
}

static void put_masked(sk_buf *out, skua_str line) {
    const char *p = line.ptr, *end = line.ptr + line.len, *secret;
    size_t len;
    while ((secret = find_userinfo(p, end, &len)) != NULL) {
        sk_buf_append(out, p, (size_t)(secret - p));
        sk_buf_append_str(out, MASK);
        p = secret + len;
    }
    sk_buf_append(out, p, (size_t)(end - p));
}

/* As one write. A terminal is not to be steered by what a peer sends. */
static void print(skua_trace_kind kind, skua_str line, sk_buf *room) {
    const char prefix[] = {(char)kind, ' '};
    sk_buf_append(room, prefix, sizeof prefix);
    put_masked(room, line);
    char *p = room->failed ? NULL : sk_buf_head(room);
    for (size_t i = 0; p && i < sk_buf_len(room); i++) {
        if ((p[i] < ' ' && p[i] != '\t') || p[i] > '~')
            p[i] = '?';
    }
    sk_buf_append(room, "\n", 1);
    skua_str all = room->failed ? NO_ROOM : sk_buf_str(room);
    sk_descriptor_write(STDERR, &all, 1);
}

static void say(const sk_settings *s, skua_trace_kind kind, skua_str line) {
    sk_buf room = {0};
    size_t len;
    if (!s->o.trace) {
        print(kind, line, &room);
    } else {
        if (find_userinfo(line.ptr, line.ptr + line.len, &len)) {
            put_masked(&room, line);
            line = room.failed ? MASK : sk_buf_str(&room);
        }
        s->o.trace(s->o.trace_user, kind, line.ptr, line.len);
    }
    sk_buf_free(&room);
}

void sk_trace_line(const sk_settings *s, skua_trace_kind kind, const char *fmt, ...) {
    if (!sk_trace_is_on(s, kind))
        return;
    char text[1024];
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    size_t len = n < 0 ? 0 : (size_t)n;
    say(s, kind, (skua_str){text, len < sizeof text ? len : sizeof text - 1});
}

void sk_trace_phase(const sk_settings *s, const char *phase, double ms) {
    if (sk_trace_is_on(s, SKUA_TRACE_TIMING))
        sk_trace_line(s, SKUA_TRACE_TIMING, "%s at %.3f ms", phase, ms);
}

/* ---- heads ---- */

static bool is_known_secret(skua_str name) {
    static const skua_str names[] = {
        {"authorization", 13}, {"proxy-authorization", 19}, {"cookie", 6}, {"set-cookie", 10}};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (sk_str_ieq(name, names[i]))
            return true;
    }
    return false;
}

/* What is for a proxy stands in the heads of requests that it forwards. */
static bool is_secret(const sk_settings *s, skua_str name, sk_trace_secret_fn *secret,
                      const void *user) {
    return is_known_secret(name) || sk_field_list_is_secret(s->o.proxy_fields, name) ||
           secret(user, name);
}

static void say_masked(const sk_settings *s, skua_trace_kind kind, skua_str name) {
    sk_trace_line(s, kind, "%.*s: ***", (int)(name.len < 512 ? name.len : 512), name.ptr);
}

static void say_field_line(const sk_settings *s, skua_str line, sk_trace_secret_fn *secret,
                           const void *user) {
    const char *colon = memchr(line.ptr, ':', line.len);
    skua_str name = {line.ptr, colon ? (size_t)(colon - line.ptr) : 0};
    if (is_secret(s, name, secret, user))
        say_masked(s, SKUA_TRACE_SEND, name);
    else
        say(s, SKUA_TRACE_SEND, line);
}

void sk_trace_sent(const sk_settings *s, skua_str head, sk_trace_secret_fn *secret,
                   const void *user) {
    const char *p = head.ptr, *end = head.ptr + head.len, *eol;
    if (!sk_trace_is_on(s, SKUA_TRACE_SEND))
        return;
    while (p < end && (eol = memchr(p, '\r', (size_t)(end - p))) != NULL) {
        skua_str line = {p, (size_t)(eol - p)};
        if (p == head.ptr)
            say(s, SKUA_TRACE_SEND, line);
        else if (line.len > 0)
            say_field_line(s, line, secret, user);
        p = eol + 2;
    }
}

void sk_trace_sent_trailers(const sk_settings *s, const skua_field *fields) {
    for (const skua_field *f = fields; f && f->name; f++) {
        bool secret = (f->flags & SKUA_FIELD_SECRET) || is_known_secret(sk_str(f->name));
        sk_trace_line(s, SKUA_TRACE_SEND, "%s: %s", f->name, secret ? "***" : f->value);
    }
}

/* One line of what came as several, cut where it is long. */
static void say_unfolded(const sk_settings *s, const sk_field *f) {
    char value[512];
    size_t len = f->value.len < sizeof value ? f->value.len : sizeof value;
    sk_field_copy_value(value, (skua_str){f->value.ptr, len});
    sk_trace_line(s, SKUA_TRACE_RECV, "%.*s: %.*s", (int)(f->name.len < 256 ? f->name.len : 256),
                  f->name.ptr, (int)len, value);
}

void sk_trace_trailers(const sk_settings *s, const sk_fields *fields, sk_trace_secret_fn *secret,
                       const void *user) {
    for (uint32_t i = 0; sk_trace_is_on(s, SKUA_TRACE_RECV) && i < fields->count; i++) {
        const sk_field *f = &fields->at[i];
        if (is_secret(s, f->name, secret, user)) {
            say_masked(s, SKUA_TRACE_RECV, f->name);
            continue;
        }
        if (memchr(f->value.ptr, '\r', f->value.len)) {
            say_unfolded(s, f);
            continue;
        }
        /* Name and value stand in the input as they came: one line. */
        size_t len =
            f->value.len ? (size_t)(f->value.ptr + f->value.len - f->name.ptr) : f->name.len + 1;
        say(s, SKUA_TRACE_RECV, (skua_str){f->name.ptr, len});
    }
}

void sk_trace_received(const sk_settings *s, const sk_head *head, sk_trace_secret_fn *secret,
                       const void *user) {
    if (!sk_trace_is_on(s, SKUA_TRACE_RECV))
        return;
    sk_trace_line(s, SKUA_TRACE_RECV, "HTTP/%d.%d %03d %.*s", head->version / 10,
                  head->version % 10, head->status,
                  (int)(head->reason.len < 512 ? head->reason.len : 512), head->reason.ptr);
    sk_trace_trailers(s, &head->fields, secret, user);
}
