/* base/fail.c - filling a skua_error. */
#include "base/fail.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* A line of text that is cut where it gets too long. */
typedef struct line {
    char text[sizeof((skua_error *)0)->msg];
    size_t len;
} line;

static void line_add(line *l, const char *fmt, va_list ap) {
    size_t room = sizeof l->text - l->len;
    int n = vsnprintf(l->text + l->len, room, fmt, ap);
    if (n > 0)
        l->len += (size_t)n < room ? (size_t)n : room - 1;
}

static void line_addf(line *l, const char *fmt, ...) SKUA_PRINTF(2, 3);
static void line_addf(line *l, const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    line_add(l, fmt, ap);
    va_end(ap);
}

/* What a peer or a URL brought into the text must not drive the terminal it is shown on. */
static void line_hide_controls(line *l) {
    for (size_t i = 0; i < l->len; i++) {
        unsigned char c = (unsigned char)l->text[i];
        if (c < 0x20 || c == 0x7f)
            l->text[i] = '?';
    }
}

static void line_begin(line *l, skua_phase phase) {
    l->len = 0;
    l->text[0] = '\0';
    if (phase != SKUA_PHASE_NONE)
        line_addf(l, "%s: ", skua_phase_name(phase));
}

/* The line is built before this clears *err: its arguments may be parts of the same *err. */
static void fill(skua_error *err, int code, skua_phase phase, line *l) {
    line_hide_controls(l);
    memset(err, 0, sizeof *err);
    err->code = code;
    err->phase = phase;
    err->bytes_expected = -1;
    memcpy(err->msg, l->text, l->len + 1);
}

int sk_fail(skua_error *err, int code, skua_phase phase, const char *fmt, ...) {
    if (!err)
        return code;
    line l;
    line_begin(&l, phase);
    va_list ap;
    va_start(ap, fmt);
    line_add(&l, fmt, ap);
    va_end(ap);
    fill(err, code, phase, &l);
    return code;
}

static int code_of_errno(int os_errno, int otherwise) {
    static const struct {
        int os_errno, code;
    } known[] = {
        {ECONNREFUSED, SKUA_E_CONNECTION_REFUSED},
        {ECONNRESET, SKUA_E_CONNECTION_RESET},
        {EPIPE, SKUA_E_BROKEN_PIPE},
        {ENOENT, SKUA_E_FILE_NOT_FOUND},
        {EACCES, SKUA_E_PERMISSION},
        {EPERM, SKUA_E_PERMISSION},
        {ENOMEM, SKUA_E_NOMEM},
        {EADDRINUSE, SKUA_E_ADDRESS_IN_USE},
        {ETIMEDOUT, SKUA_E_TIMEOUT},
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (known[i].os_errno == os_errno)
            return known[i].code;
    }
    return otherwise;
}

int sk_fail_os(skua_error *err, int otherwise, skua_phase phase, int os_errno, const char *fmt,
               ...) {
    int code = code_of_errno(os_errno, otherwise);
    if (!err)
        return code;
    line l;
    line_begin(&l, phase);
    va_list ap;
    va_start(ap, fmt);
    line_add(&l, fmt, ap);
    va_end(ap);
    char text[128];
    line_addf(&l, ": %s", strerror_r(os_errno, text, sizeof text));
    fill(err, code, phase, &l);
    err->os_errno = os_errno;
    return code;
}

int sk_fail_nomem(skua_error *err) {
    return sk_fail(err, SKUA_E_NOMEM, SKUA_PHASE_MEMORY, "%s", skua_error_text(SKUA_E_NOMEM));
}
