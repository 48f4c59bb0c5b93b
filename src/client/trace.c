/* client/trace.c - telling what goes on, line by line, with secrets masked. */
#include "client/trace.h"

#include "base/str.h"

#include <stdarg.h>
#include <stdio.h>

static bool always_secret(skua_str name) {
    static const skua_str names[] = {
        {"authorization", 13}, {"proxy-authorization", 19}, {"cookie", 6}, {"set-cookie", 10}};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (sk_str_ieq(name, names[i]))
            return true;
    }
    return false;
}

static void say(const sk_settings *s, skua_trace_kind kind, skua_str line) {
    s->o.trace(s->o.trace_user, kind, line.ptr, line.len);
}

void sk_trace_line(const sk_settings *s, skua_trace_kind kind, const char *fmt, ...) {
    if (!s->o.trace)
        return;
    char text[1024];
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    size_t len = n < 0 ? 0 : (size_t)n;
    say(s, kind, (skua_str){text, len < sizeof text ? len : sizeof text - 1});
}

static void masked(const sk_settings *s, skua_trace_kind kind, skua_str name) {
    sk_trace_line(s, kind, "%.*s: ***", (int)(name.len < 512 ? name.len : 512), name.ptr);
}

static void say_field_line(const sk_settings *s, skua_str line, sk_trace_secret_fn *secret,
                           const void *user) {
    const char *colon = memchr(line.ptr, ':', line.len);
    skua_str name = {line.ptr, colon ? (size_t)(colon - line.ptr) : 0};
    if (always_secret(name) || secret(user, name))
        masked(s, SKUA_TRACE_SEND, name);
    else
        say(s, SKUA_TRACE_SEND, line);
}

void sk_trace_sent(const sk_settings *s, skua_str head, sk_trace_secret_fn *secret,
                   const void *user) {
    const char *p = head.ptr, *end = head.ptr + head.len, *eol;
    while (s->o.trace && p < end && (eol = memchr(p, '\r', (size_t)(end - p))) != NULL) {
        skua_str line = {p, (size_t)(eol - p)};
        if (p == head.ptr)
            say(s, SKUA_TRACE_SEND, line);
        else if (line.len > 0)
            say_field_line(s, line, secret, user);
        p = eol + 2;
    }
}

void sk_trace_received(const sk_settings *s, const sk_head *head) {
    if (!s->o.trace)
        return;
    sk_trace_line(s, SKUA_TRACE_RECV, "HTTP/%d.%d %03d %.*s", head->version / 10,
                  head->version % 10, head->status,
                  (int)(head->reason.len < 512 ? head->reason.len : 512), head->reason.ptr);
    for (uint32_t i = 0; i < head->fields.count; i++) {
        const sk_field *f = &head->fields.at[i];
        if (always_secret(f->name)) {
            masked(s, SKUA_TRACE_RECV, f->name);
            continue;
        }
        /* Name and value stand in the input as they came: one line. */
        size_t len =
            f->value.len ? (size_t)(f->value.ptr + f->value.len - f->name.ptr) : f->name.len + 1;
        say(s, SKUA_TRACE_RECV, (skua_str){f->name.ptr, len});
    }
}
