/* base/fail.h - filling a skua_error. */
#ifndef SK_BASE_FAIL_H
#define SK_BASE_FAIL_H

#include "base/cold.h"

#include <skua/error.h>

/* Fill *err (may be NULL) afresh: code, phase and message; all else zero, bytes_expected -1.
 * The message is "phase: text" where there is a phase. Long text is cut; control characters are
 * replaced by '?'. Returns code, so that a caller can `return sk_fail(...)`. */
SK_COLD int sk_fail(skua_error *err, int code, skua_phase phase, const char *fmt, ...)
    SKUA_PRINTF(4, 5);
/* The same with the code's own text. */
SK_COLD int sk_fail_plain(skua_error *err, int code, skua_phase phase);
/* The same for a failed system call: the code is sk_errno_code's, the text of os_errno is appended.
 */
SK_COLD int sk_fail_os(skua_error *err, int otherwise, skua_phase phase, int os_errno,
                       const char *fmt, ...) SKUA_PRINTF(5, 6);
/* The standard "out of memory". Returns SKUA_E_NOMEM. */
SK_COLD int sk_fail_nomem(skua_error *err);
/* A call on an object that is not there. Where *err already holds an error, it stays: it is what
 * making the object failed with, which is what a person wants to know. Otherwise
 * SKUA_E_INVALID_ARGUMENT with that text. Returns the code that *err then holds. */
SK_COLD int sk_fail_absent(skua_error *err, const char *text);

/* The code of a failed system call: one of its own for ECONNREFUSED, ECONNRESET, EPIPE, ENOENT,
 * EACCES, EPERM, ENOMEM, EADDRINUSE and ETIMEDOUT, else `otherwise`. */
SK_COLD int sk_errno_code(int os_errno, int otherwise);
/* The system's text for an errno, in `room` or static: strerror is not for several threads. */
#define SK_ERRNO_TEXT 128
SK_COLD const char *sk_errno_text(int os_errno, char room[SK_ERRNO_TEXT]);

#endif
