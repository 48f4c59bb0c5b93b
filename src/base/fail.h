/* base/fail.h - filling a skua_error. */
#ifndef SK_BASE_FAIL_H
#define SK_BASE_FAIL_H

#include <skua/error.h>

/* Fill *err (may be NULL) afresh: code, phase and message; all else zero, bytes_expected -1.
 * The message is "phase: text" where there is a phase. Long text is cut; control characters are
 * replaced by '?'. Returns code, so that a caller can `return sk_fail(...)`. */
int sk_fail(skua_error *err, int code, skua_phase phase, const char *fmt, ...) SKUA_PRINTF(4, 5);
/* The same for a failed system call: the code follows from os_errno (ECONNREFUSED, ECONNRESET,
 * EPIPE, ENOENT, EACCES, ENOMEM, EADDRINUSE, ETIMEDOUT, else `otherwise`), its text is appended. */
int sk_fail_os(skua_error *err, int otherwise, skua_phase phase, int os_errno, const char *fmt, ...)
    SKUA_PRINTF(5, 6);
/* The standard "out of memory". Returns SKUA_E_NOMEM. */
int sk_fail_nomem(skua_error *err);

#endif
