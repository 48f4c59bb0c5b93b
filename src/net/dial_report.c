/* net/dial_report.c - telling why a dial failed: which addresses were tried, what each answered and
 * how long it took. */
#include "base/fail.h"
#include "base/line.h"
#include "base/str.h"
#include "net/dial_state.h"
#include "net/network_policy.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

/* "example.org:443", "[::1]:443", "unix:/path" */
static void add_target(sk_line *l, const sk_dial *d) {
    if (d->is_unix)
        sk_line_add(l, "%s", d->host);
    else if (strchr(d->host, ':') != NULL)
        sk_line_add(l, "[%s]:%d", d->host, d->port);
    else
        sk_line_add(l, "%s:%d", d->host, d->port);
}

/* The system's text within a line of ours: "Network is unreachable" in lower case. */
static void add_reason(sk_line *l, int os_errno) {
    char room[SK_ERRNO_TEXT];
    const char *why = os_errno != 0 ? sk_errno_text(os_errno, room) : "no answer";
    sk_line_add(l, "%c%s", why[0] >= 'A' && why[0] <= 'Z' ? why[0] | 0x20 : why[0], why + 1);
}

static void format_address(const sk_dial_attempt *a, char out[SK_ADDR_TEXT]) {
    sk_addr_format((const struct sockaddr *)&a->to.ss, a->to.len, out);
}

/* "127.0.0.1 is loopback (RFC 1122)": without the port, which is not what is wrong. */
static void add_fault(sk_line *l, const sk_dial_attempt *a) {
    char address[SK_ADDR_TEXT], room[SK_NETWORK_POLICY_TEXT];
    format_address(a, address);
    char *port = strrchr(address, ':');
    if (port && a->to.ss.ss_family != AF_UNIX)
        *port = '\0';
    const char *fault = sk_network_policy_fault(&a->to, room);
    sk_line_add(l, "%s %s", address, fault ? fault : "");
}

static int tried(const sk_dial *d) {
    return d->next < d->count && d->attempts[d->next].result == SK_DIAL_BUSY ? d->next + 1
                                                                             : d->next;
}

static bool is_forbidden(const sk_dial_attempt *a) {
    return a->result == SK_DIAL_FORBIDDEN;
}

/* Have all attempts come to the same, none at all included? */
static bool same_outcome(const sk_dial *d) {
    const sk_dial_attempt *first = d->attempts;
    for (int i = 1; i < tried(d); i++) {
        const sk_dial_attempt *a = &d->attempts[i];
        if (a->os_errno != first->os_errno || is_forbidden(a) != is_forbidden(first))
            return false;
    }
    return true;
}

/* With the reasons where they are not all the same. */
static void add_addresses(sk_line *l, const sk_dial *d) {
    char address[SK_ADDR_TEXT];
    bool with_reasons = !same_outcome(d);
    for (int i = 0; i < tried(d); i++) {
        const sk_dial_attempt *a = &d->attempts[i];
        sk_line_add(l, "%s", i > 0 ? ", " : "");
        if (is_forbidden(a)) {
            add_fault(l, a);
            continue;
        }
        format_address(a, address);
        sk_line_add(l, "%s", address);
        if (with_reasons) {
            sk_line_add(l, ": ");
            add_reason(l, a->os_errno);
        }
    }
}

static int elapsed_ms(const sk_dial_attempt *a, int64_t now) {
    bool over = a->result >= SK_DIAL_CONNECTED;
    return (int)((over ? a->ended : now) - a->began);
}

int sk_dial_attempts(const sk_dial *d, int64_t now, skua_attempt *out, int cap) {
    int count = tried(d) < cap ? tried(d) : cap;
    for (int i = 0; i < count; i++) {
        const sk_dial_attempt *a = &d->attempts[i];
        out[i] = (skua_attempt){.os_errno = a->os_errno, .elapsed_ms = elapsed_ms(a, now)};
        format_address(a, out[i].address);
    }
    return count;
}

/* All but code, phase and message. */
static void fill(const sk_dial *d, int64_t now, skua_error *err) {
    sk_line target = {.len = 0};
    add_target(&target, d);
    snprintf(err->target, sizeof err->target, "%.*s", (int)sizeof err->target - 1, target.text);
    err->retry_safe = 1; /* nothing was sent */
    for (int i = 0; i < tried(d); i++) {
        const sk_dial_attempt *a = &d->attempts[i];
        format_address(a, err->address);
        if (a->os_errno != 0)
            err->os_errno = a->os_errno;
    }
    err->attempts = sk_dial_attempts(d, now, err->attempt, SKUA_ERROR_ATTEMPTS);
}

int sk_dial_report_resolve(const sk_dial *d, int eai, skua_error *err) {
    int code = sk_resolve_fail(err, d->host, eai);
    if (err)
        fill(d, 0, err);
    return code;
}

/* Name the addresses, unless the only one is what the line begins with anyway. */
static void add_tried(sk_line *line, const sk_line *target, const sk_dial *d, const char *lead) {
    sk_line addresses = {.len = 0};
    add_addresses(&addresses, d);
    if (addresses.len > 0 && strcmp(addresses.text, target->text) != 0)
        sk_line_add(line, " (%s%s)", lead, addresses.text);
}

int sk_dial_report_timeout(const sk_dial *d, int64_t now, skua_error *err) {
    if (!err)
        return SKUA_E_TIMEOUT;
    bool resolving = d->resolve != NULL;
    sk_line target = {.len = 0};
    if (resolving)
        sk_line_add(&target, "%s", d->host);
    else
        add_target(&target, d);
    int64_t allowed = d->phase_end - d->phase_started;
    sk_line line = target;
    sk_line_add(&line, ": timed out after %" PRId64 " ms", allowed > 0 ? allowed : 0);
    add_tried(&line, &target, d, "tried ");
    sk_fail(err, SKUA_E_TIMEOUT, resolving ? SKUA_PHASE_RESOLVE : SKUA_PHASE_CONNECT, "%s",
            line.text);
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
    bool alike = same_outcome(d), forbidden = alike && is_forbidden(d->attempts);
    int common = alike ? d->attempts[0].os_errno : 0;
    int code = forbidden ? SKUA_E_NETWORK_POLICY : code_for(common);
    if (!err)
        return code;
    sk_line target = {.len = 0};
    add_target(&target, d);
    sk_line line = target;
    sk_line_add(&line, ": ");
    if (forbidden) {
        sk_line_add(&line, "not allowed by the network policy: ");
        add_addresses(&line, d);
    } else {
        if (common != 0)
            add_reason(&line, common);
        else
            sk_line_add(&line, "no address answered");
        add_tried(&line, &target, d, "");
    }
    sk_fail(err, code, SKUA_PHASE_CONNECT, "%s", line.text);
    fill(d, now, err);
    return code;
}
