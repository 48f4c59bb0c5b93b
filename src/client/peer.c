/* client/peer.c - errors that name the other end. */
#include "client/peer.h"

#include "base/fail.h"
#include "base/str.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static void place(const sk_peer *p, skua_error *err) {
    memcpy(err->target, p->target, sizeof err->target);
    if (!err->address[0])
        memcpy(err->address, p->address, sizeof err->address);
}

/* The message without "phase: ". */
static const char *text_of(const skua_error *err) {
    const char *phase = skua_phase_name(err->phase);
    size_t len = strlen(phase);
    if (len > 0 && strncmp(err->msg, phase, len) == 0 && strncmp(err->msg + len, ": ", 2) == 0)
        return err->msg + len + 2;
    return err->msg;
}

static bool is_name_char(char c) {
    return sk_is_alpha(c) || sk_is_digit(c) || c == '.' || c == '-';
}

/* Does the text name the host, as a word of its own? */
static bool names(const char *text, const char *host) {
    size_t len = strlen(host);
    for (const char *at = strstr(text, host); len > 0 && at; at = strstr(at + 1, host)) {
        if ((at == text || !is_name_char(at[-1])) && !is_name_char(at[len]))
            return true;
    }
    return false;
}

int sk_peer_blame(const sk_peer *p, skua_phase phase, skua_error *err) {
    place(p, err);
    if (phase == SKUA_PHASE_NONE)
        phase = err->phase;
    bool ours = err->phase == SKUA_PHASE_MEMORY || phase == SKUA_PHASE_NONE;
    if (ours || (phase == err->phase && names(err->msg, p->host)))
        return err->code;
    char text[sizeof err->msg];
    snprintf(text, sizeof text, "%s", text_of(err));
    const char *name = skua_phase_name(phase);
    bool named = names(text, p->host);
    int n = snprintf(err->msg, sizeof err->msg, "%s: %s%s", name, named ? "" : p->host,
                     named ? "" : ": ");
    size_t at = n < 0 ? 0 : (size_t)n;
    if (at < sizeof err->msg)
        snprintf(err->msg + at, sizeof err->msg - at, "%s", text);
    err->phase = phase;
    return err->code;
}

/* Put "proxy " behind the phase. */
static void say_proxy(skua_error *err) {
    char text[sizeof err->msg];
    snprintf(text, sizeof text, "%s", text_of(err));
    int n = snprintf(err->msg, sizeof err->msg, "%s: proxy ", skua_phase_name(err->phase));
    snprintf(err->msg + n, sizeof err->msg - (size_t)n, "%s", text);
}

int sk_peer_blame_proxy(const sk_peer *proxy, const sk_peer *origin, skua_error *err) {
    sk_peer p = *proxy;
    bool asked = err->phase == SKUA_PHASE_TUNNEL; /* whom but a proxy */
    if (asked)
        memcpy(p.host, p.target, sizeof p.host);
    sk_peer_blame(&p, SKUA_PHASE_NONE, err);
    if (!asked && err->phase != SKUA_PHASE_MEMORY && err->phase != SKUA_PHASE_NONE)
        say_proxy(err);
    memcpy(err->target, origin->target, sizeof err->target);
    return err->code;
}

int sk_peer_fail(const sk_peer *p, skua_error *err, int code, skua_phase phase, const char *fmt,
                 ...) {
    char text[sizeof err->msg];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    sk_fail(err, code, phase, "%s: %s", p->host, text);
    place(p, err);
    return code;
}
