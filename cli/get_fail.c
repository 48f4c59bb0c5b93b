/* get_fail.c - failures of the command itself, in the form of those of the library. */
#include "get.h"

#include "exit_status.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int get_fail(skua_error *err, int status, int code, const char *fmt, ...) {
    *err = (skua_error){.code = code, .bytes_expected = -1};
    va_list args;
    va_start(args, fmt);
    vsnprintf(err->msg, sizeof err->msg, fmt, args);
    va_end(args);
    return status;
}

int get_no_memory(skua_error *err) {
    return get_fail(err, CLI_EXIT_MEMORY, SKUA_E_NOMEM, "get: out of memory");
}

static int code_of_errno(int os_errno) {
    static const struct {
        int os_errno;
        int code;
    } known[] = {
        {ENOENT, SKUA_E_FILE_NOT_FOUND},
        {EACCES, SKUA_E_PERMISSION},
        {EPERM, SKUA_E_PERMISSION},
        {EPIPE, SKUA_E_BROKEN_PIPE},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (known[i].os_errno == os_errno)
            return known[i].code;
    }
    return SKUA_E_OS;
}

int get_fail_file(skua_error *err, int status, const char *name, int os_errno) {
    get_fail(err, status, code_of_errno(os_errno), "%s: %s", name, strerror(os_errno));
    err->os_errno = os_errno;
    return status;
}
