/* exit_status.c - from an error of the library to an exit status: by its code where that decides,
 * else by its class. */
#include "exit_status.h"

#include <stddef.h>

static const struct {
    int code;
    int status;
} by_code[] = {
    {SKUA_E_INVALID_URL, CLI_EXIT_URL},
    {SKUA_E_UNSUPPORTED, CLI_EXIT_PROTOCOL},
    {SKUA_E_INCOMPLETE_READ, CLI_EXIT_PARTIAL},
    {SKUA_E_REMOTE_DISCONNECTED, CLI_EXIT_EMPTY},
    {SKUA_E_TLS_CERTIFICATE, CLI_EXIT_PEER_CERT},
    {SKUA_E_TLS_PIN, CLI_EXIT_PIN},
    {SKUA_E_TOO_MANY_REDIRECTS, CLI_EXIT_REDIRECTS},
    {SKUA_E_UNSAFE_REDIRECT, CLI_EXIT_PROTOCOL},
    {SKUA_E_CONTENT_CODING, CLI_EXIT_CODING},
    {SKUA_E_TUNNEL, CLI_EXIT_RECV},
};

static const int by_class[] = {
    [SKUA_CLASS_NONE] = CLI_EXIT_INTERNAL,   [SKUA_CLASS_USAGE] = CLI_EXIT_USAGE,
    [SKUA_CLASS_STATE] = CLI_EXIT_INTERNAL,  [SKUA_CLASS_MEMORY] = CLI_EXIT_MEMORY,
    [SKUA_CLASS_RESOLVE] = CLI_EXIT_RESOLVE, [SKUA_CLASS_CONNECT] = CLI_EXIT_CONNECT,
    [SKUA_CLASS_TLS] = CLI_EXIT_HANDSHAKE,   [SKUA_CLASS_IO] = CLI_EXIT_RECV,
    [SKUA_CLASS_PROTOCOL] = CLI_EXIT_REPLY,  [SKUA_CLASS_LIMIT] = CLI_EXIT_LIMIT,
    [SKUA_CLASS_TIMEOUT] = CLI_EXIT_TIMEOUT,
};

/* A connection that breaks, with TLS or without, is told apart by what it was doing. */
static int by_phase(const skua_error *err, int otherwise) {
    switch (err->phase) {
    case SKUA_PHASE_CONNECT:
        return CLI_EXIT_CONNECT;
    case SKUA_PHASE_TLS:
        return CLI_EXIT_HANDSHAKE;
    case SKUA_PHASE_SEND:
        return CLI_EXIT_SEND;
    case SKUA_PHASE_WAIT:
    case SKUA_PHASE_RECV:
        return CLI_EXIT_RECV;
    default:
        return otherwise;
    }
}

/* A certificate whose standing was not shown, or not well: X509_V_ERR_OCSP_VERIFY_NEEDED, _FAILED
 * and X509_V_ERR_OCSP_CERT_UNKNOWN of OpenSSL, which this command knows by number alone. */
static int is_about_ocsp(const skua_error *err) {
    enum { FIRST = 73, LAST = 75 };
    return err->code == SKUA_E_TLS_CERTIFICATE && err->tls_verify >= FIRST &&
           err->tls_verify <= LAST;
}

int cli_exit_status(const skua_error *err) {
    if (is_about_ocsp(err))
        return CLI_EXIT_OCSP;
    for (size_t i = 0; i < sizeof by_code / sizeof *by_code; i++) {
        if (by_code[i].code == err->code)
            return by_code[i].status;
    }
    skua_error_class class = skua_error_class_of(err->code);
    if ((size_t) class >= sizeof by_class / sizeof *by_class)
        return CLI_EXIT_INTERNAL;
    if (class == SKUA_CLASS_IO || class == SKUA_CLASS_TLS)
        return by_phase(err, by_class[class]);
    return by_class[class];
}
