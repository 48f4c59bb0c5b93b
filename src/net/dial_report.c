/* net/dial_report.c - telling why a dial failed: which addresses were tried, what each answered and
 * how long it took. */
#include "base/fail.h"
#include "base/str.h"
#include "net/dial_state.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

typedef struct text {
    char chars[384];
    size_t len;
} text;

static void add(text *t, const char *fmt, ...) SKUA_PRINTF(2, 3);
static void add(text *t, const char *fmt, ...) {
    size_t room = sizeof t->chars - t->len;
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(t->chars + t->len, room, fmt, ap);
    va_end(ap);
    if (n > 0)
        t->len += (size_t)n < room ? (size_t)n : room - 1;
}

/* "example.org:443", "[::1]:443", "unix:/path" */
static void add_target(text *t, const sk_dial *d) {
    if (d->is_unix)
        add(t, "%s", d->host);
    else if (strchr(d->host, ':') != NULL)
        add(t, "[%s]:%d", d->host, d->port);
    else
        add(t, "%s:%d", d->host, d->port);
}

/* The system's text within a line of ours: "Network is unreachable" in lower case. */
static void add_reason(text *t, int os_errno) {
    char room[128];
    const char *why = os_errno != 0 ? strerror_r(os_errno, room, sizeof room) : "no answer";
    add(t, "%c%s", why[0] >= 'A' && why[0] <= 'Z' ? why[0] | 0x20 : why[0], why + 1);
}

static void format_address(const sk_dial_attempt *a, char out[SK_ADDR_TEXT]) {
    sk_addr_format((const struct sockaddr *)&a->to.ss, a->to.len, out);
}

static int tried(const sk_dial *d) {
    return d->next < d->count && d->attempts[d->next].result == SK_DIAL_BUSY ? d->next + 1
                                                                             : d->next;
}

/* Have all attempts come to the same, none at all included? */
static bool same_errno(const sk_dial *d) {
    for (int i = 1; i < tried(d); i++) {
        if (d->attempts[i].os_errno != d->attempts[0].os_errno)
            return false;
    }
    return true;
}

/* With the reasons where they are not all the same. */
static void add_addresses(text *t, const sk_dial *d) {
    char address[SK_ADDR_TEXT];
    bool with_reasons = !same_errno(d);
    for (int i = 0; i < tried(d); i++) {
        format_address(&d->attempts[i], address);
        add(t, "%s%s", i > 0 ? ", " : "", address);
        if (with_reasons) {
            add(t, ": ");
            add_reason(t, d->attempts[i].os_errno);
        }
    }
}

static int elapsed_ms(const sk_dial_attempt *a, int64_t now) {
    bool over = a->result >= SK_DIAL_CONNECTED;
    return (int)((over ? a->ended : now) - a->began);
}

/* All but code, phase and message. */
static void fill(const sk_dial *d, int64_t now, skua_error *err) {
    text target = {.len = 0};
    add_target(&target, d);
    snprintf(err->target, sizeof err->target, "%.*s", (int)sizeof err->target - 1, target.chars);
    err->retry_safe = 1; /* nothing was sent */
    for (int i = 0; i < tried(d); i++) {
        const sk_dial_attempt *a = &d->attempts[i];
        format_address(a, err->address);
        if (a->os_errno != 0)
            err->os_errno = a->os_errno;
        if (i >= SKUA_ERROR_ATTEMPTS)
            continue;
        skua_attempt *out = &err->attempt[err->attempts++];
        format_address(a, out->address);
        out->os_errno = a->os_errno;
        out->elapsed_ms = elapsed_ms(a, now);
    }
}

int sk_dial_report_resolve(const sk_dial *d, int eai, skua_error *err) {
    int code = sk_resolve_fail(err, d->host, eai);
    if (err)
        fill(d, 0, err);
    return code;
}

/* Name the addresses, unless the only one is what the line begins with anyway. */
static void add_tried(text *line, const text *target, const sk_dial *d, const char *lead) {
    text addresses = {.len = 0};
    add_addresses(&addresses, d);
    if (addresses.len > 0 && strcmp(addresses.chars, target->chars) != 0)
        add(line, " (%s%s)", lead, addresses.chars);
}

int sk_dial_report_timeout(const sk_dial *d, int64_t now, skua_error *err) {
    if (!err)
        return SKUA_E_TIMEOUT;
    bool resolving = d->resolve != NULL;
    text target = {.len = 0};
    if (resolving)
        add(&target, "%s", d->host);
    else
        add_target(&target, d);
    int64_t allowed = d->phase_end - d->phase_started;
    text line = target;
    add(&line, ": timed out after %" PRId64 " ms", allowed > 0 ? allowed : 0);
    add_tried(&line, &target, d, "tried ");
    sk_fail(err, SKUA_E_TIMEOUT, resolving ? SKUA_PHASE_RESOLVE : SKUA_PHASE_CONNECT, "%s",
            line.chars);
    fill(d, now, err);
    return SKUA_E_TIMEOUT;
}

static int code_for(int os_errno) {
    if (os_errno == ECONNREFUSED)
        return SKUA_E_CONNECTION_REFUSED;
    return os_errno == ETIMEDOUT ? SKUA_E_TIMEOUT : SKUA_E_CONNECT;
}

static int report_no_address(const sk_dial *d, int64_t now, skua_error *err) {
    sk_fail(err, SKUA_E_RESOLVE, SKUA_PHASE_RESOLVE, "%s: no address of the wanted family",
            d->host);
    if (err)
        fill(d, now, err);
    return SKUA_E_RESOLVE;
}

int sk_dial_report_failed(const sk_dial *d, int64_t now, skua_error *err) {
    if (d->count == 0)
        return report_no_address(d, now, err);
    int common = same_errno(d) ? d->attempts[0].os_errno : 0;
    int code = code_for(common);
    if (!err)
        return code;
    text target = {.len = 0};
    add_target(&target, d);
    text line = target;
    add(&line, ": ");
    if (common != 0)
        add_reason(&line, common);
    else
        add(&line, "no address answered");
    add_tried(&line, &target, d, "");
    sk_fail(err, code, SKUA_PHASE_CONNECT, "%s", line.chars);
    fill(d, now, err);
    return code;
}
