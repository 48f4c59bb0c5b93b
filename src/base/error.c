/* base/error.c - names, texts and classes of error codes; names of phases. */
#include <skua/error.h>

typedef struct row {
    const char *name; /* NULL: no such code */
    const char *text;
    skua_error_class class;
} row;

/* By the code's absolute value. */
static const row rows[] = {[0] = {"", "success", SKUA_CLASS_NONE},
#define ROW(name, code, python, cls, text) [-(code)] = {python, text, SKUA_CLASS_##cls},
                           SKUA_ERROR_MAP(ROW)
#undef ROW
};

static const row *find(int code) {
    static const row unknown = {"UnknownError", "unknown error", SKUA_CLASS_NONE};
    const int count = (int)(sizeof rows / sizeof rows[0]);
    if (code > 0 || code <= -count || !rows[-code].name)
        return &unknown;
    return &rows[-code];
}

const char *skua_error_name(int code) {
    return find(code)->name;
}

const char *skua_error_text(int code) {
    return find(code)->text;
}

skua_error_class skua_error_class_of(int code) {
    return find(code)->class;
}

const char *skua_phase_name(skua_phase phase) {
    static const char *const names[] = {
        [SKUA_PHASE_NONE] = "",           [SKUA_PHASE_RESOLVE] = "resolve",
        [SKUA_PHASE_CONNECT] = "connect", [SKUA_PHASE_TLS] = "tls",
        [SKUA_PHASE_SEND] = "send",       [SKUA_PHASE_WAIT] = "wait",
        [SKUA_PHASE_RECV] = "recv",       [SKUA_PHASE_DECODE] = "decode",
        [SKUA_PHASE_LIMIT] = "limit",     [SKUA_PHASE_STATE] = "state",
        [SKUA_PHASE_MEMORY] = "memory",   [SKUA_PHASE_TUNNEL] = "tunnel",
    };
    return (size_t)phase < sizeof names / sizeof names[0] ? names[phase] : "";
}
