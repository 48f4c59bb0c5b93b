/* base/fail.c - filling a skua_error. */
#include "base/fail.h"

#include "base/line.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>

/* "phase: text" */
static sk_line begin(skua_phase phase, const char *fmt, va_list ap) {
    sk_line l = {.len = 0};
    if (phase != SKUA_PHASE_NONE)
        sk_line_add(&l, "%s: ", skua_phase_name(phase));
    sk_line_vadd(&l, fmt, ap);
    return l;
}

/* The line is built before this clears *err: its arguments may be parts of the same *err. */
static void fill(skua_error *err, int code, skua_phase phase, sk_line *l) {
    sk_line_hide_controls(l);
    memset(err, 0, sizeof *err);
    err->code = code;
    err->phase = phase;
    err->bytes_expected = -1;
    memcpy(err->msg, l->text, l->len + 1);
}

int sk_fail(skua_error *err, int code, skua_phase phase, const char *fmt, ...) {
    if (!err)
        return code;
    va_list ap;
    va_start(ap, fmt);
    sk_line l = begin(phase, fmt, ap);
    va_end(ap);
    fill(err, code, phase, &l);
    return code;
}

int sk_errno_code(int os_errno, int otherwise) {
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

const char *sk_errno_text(int os_errno, char room[SK_ERRNO_TEXT]) {
    return strerror_r(os_errno, room, SK_ERRNO_TEXT);
}

int sk_fail_os(skua_error *err, int otherwise, skua_phase phase, int os_errno, const char *fmt,
               ...) {
    int code = sk_errno_code(os_errno, otherwise);
    if (!err)
        return code;
    va_list ap;
    va_start(ap, fmt);
    sk_line l = begin(phase, fmt, ap);
    va_end(ap);
    char text[SK_ERRNO_TEXT];
    sk_line_add(&l, ": %s", sk_errno_text(os_errno, text));
    fill(err, code, phase, &l);
    err->os_errno = os_errno;
    return code;
}

int sk_fail_plain(skua_error *err, int code, skua_phase phase) {
    return sk_fail(err, code, phase, "%s", skua_error_text(code));
}

int sk_fail_nomem(skua_error *err) {
    return sk_fail_plain(err, SKUA_E_NOMEM, SKUA_PHASE_MEMORY);
}

int sk_fail_absent(skua_error *err, const char *text) {
    bool told = err && skua_error_class_of(err->code) != SKUA_CLASS_NONE && err->msg[0];
    return told ? err->code : sk_fail(err, SKUA_E_INVALID_ARGUMENT, SKUA_PHASE_NONE, "%s", text);
}
