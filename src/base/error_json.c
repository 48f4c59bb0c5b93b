/* base/error_json.c - a skua_error as one line of JSON (RFC 8259), in ASCII. */
#include "base/json_text.h"
#include "base/str.h"

#include <inttypes.h>
#include <skua/error.h>
#include <stdio.h>

/* As snprintf: what fits is written, and all of it is counted. */
typedef struct writer {
    char *buf;
    size_t cap, len;
    bool first; /* no member has been written yet */
} writer;

static void put(writer *w, char c) {
    if (w->len < w->cap)
        w->buf[w->len] = c;
    w->len++;
}

static void put_text(writer *w, const char *text) {
    while (*text)
        put(w, *text++);
}

/* ---- values ---- */

static void put_number(writer *w, int64_t v) {
    char digits[24];
    snprintf(digits, sizeof digits, "%" PRId64, v);
    put_text(w, digits);
}

static void put_string(writer *w, skua_str s) {
    char character[SK_JSON_CHARACTER_MAX];
    put(w, '"');
    while (s.len > 0) {
        size_t n = sk_json_take(&s, character);
        for (size_t i = 0; i < n; i++)
            put(w, character[i]);
    }
    put(w, '"');
}

/* ---- members ---- */

static void key(writer *w, const char *name) {
    if (!w->first)
        put(w, ',');
    w->first = false;
    put_string(w, sk_str(name));
    put(w, ':');
}

static void number(writer *w, const char *name, int64_t v) {
    key(w, name);
    put_number(w, v);
}

static void number_if_any(writer *w, const char *name, int64_t v) {
    if (v != 0)
        number(w, name, v);
}

static void boolean(writer *w, const char *name, int v) {
    key(w, name);
    put_text(w, v ? "true" : "false");
}

/* Left out where it is empty. */
static void text(writer *w, const char *name, const char *v, size_t room) {
    skua_str s = {v, strnlen(v, room)};
    if (s.len == 0)
        return;
    key(w, name);
    put_string(w, s);
}

/* ---- the error ---- */

static const char *constant(int code) {
    static const struct {
        int code;
        const char *name;
    } all[] = {
#define ROW(name, code, python, cls, text) {code, "SKUA_E_" #name},
        SKUA_ERROR_MAP(ROW)
#undef ROW
    };
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        if (all[i].code == code)
            return all[i].name;
    }
    return "";
}

static const char *class_name(int code) {
    static const char *const names[] = {
        [SKUA_CLASS_NONE] = "",
        [SKUA_CLASS_USAGE] = "usage",
        [SKUA_CLASS_STATE] = "state",
        [SKUA_CLASS_MEMORY] = "memory",
        [SKUA_CLASS_RESOLVE] = "resolve",
        [SKUA_CLASS_CONNECT] = "connect",
        [SKUA_CLASS_TLS] = "tls",
        [SKUA_CLASS_IO] = "io",
        [SKUA_CLASS_PROTOCOL] = "protocol",
        [SKUA_CLASS_LIMIT] = "limit",
        [SKUA_CLASS_TIMEOUT] = "timeout",
    };
    return names[skua_error_class_of(code)];
}

static void static_text(writer *w, const char *name, const char *v) {
    text(w, name, v, SIZE_MAX);
}

static void attempts(writer *w, const skua_error *err) {
    if (err->attempts <= 0)
        return;
    key(w, "attempts");
    put(w, '[');
    for (int i = 0; i < err->attempts && i < SKUA_ERROR_ATTEMPTS; i++) {
        const skua_attempt *a = &err->attempt[i];
        put_text(w, i > 0 ? ",{" : "{");
        w->first = true;
        text(w, "address", a->address, sizeof a->address);
        number_if_any(w, "errno", a->os_errno);
        number(w, "elapsed_ms", a->elapsed_ms);
        put(w, '}');
    }
    put(w, ']');
}

static void members(writer *w, const skua_error *err) {
    static_text(w, "name", skua_error_name(err->code));
    static_text(w, "constant", constant(err->code));
    number(w, "code", err->code);
    static_text(w, "class", class_name(err->code));
    static_text(w, "phase", skua_phase_name(err->phase));
    text(w, "message", err->msg, sizeof err->msg);
    boolean(w, "retry_safe", err->retry_safe);
    boolean(w, "maybe_seen", err->maybe_seen);
    text(w, "target", err->target, sizeof err->target);
    text(w, "address", err->address, sizeof err->address);
    number_if_any(w, "errno", err->os_errno);
    number_if_any(w, "resolve_code", err->resolve_code);
    number_if_any(w, "tls_verify", err->tls_verify);
    if (err->tls_verify != 0)
        number(w, "tls_depth", err->tls_depth);
    text(w, "tls_subject", err->tls_subject, sizeof err->tls_subject);
    if (err->bytes_received > 0 || err->bytes_expected > 0)
        number(w, "bytes_received", err->bytes_received);
    if (err->bytes_expected > 0)
        number(w, "bytes_expected", err->bytes_expected);
    attempts(w, err);
}

size_t skua_error_json(const skua_error *err, char *buf, size_t cap) {
    writer w = {.buf = buf, .cap = cap, .first = true};
    put(&w, '{');
    if (err && err->code != 0)
        members(&w, err);
    put(&w, '}');
    if (cap > 0)
        buf[w.len < cap ? w.len : cap - 1] = '\0';
    return w.len;
}
