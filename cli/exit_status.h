/* exit_status.h - the exit statuses of the command; where curl has a number for it, curl's. */
#ifndef CLI_EXIT_STATUS_H
#define CLI_EXIT_STATUS_H

#include <skua/error.h>

enum {
    CLI_EXIT_OK = 0,
    CLI_EXIT_PROTOCOL = 1, /* `get`: a scheme that is not spoken */
    CLI_EXIT_SERVE = 1,    /* `serve`: cannot serve */
    CLI_EXIT_USAGE = 2,
    CLI_EXIT_URL = 3,
    CLI_EXIT_RESOLVE_PROXY = 5,
    CLI_EXIT_RESOLVE = 6,
    CLI_EXIT_CONNECT = 7,
    CLI_EXIT_REPLY = 8,
    CLI_EXIT_PARTIAL = 18,
    CLI_EXIT_STATUS = 22,
    CLI_EXIT_WRITE = 23,
    CLI_EXIT_READ = 26,
    CLI_EXIT_MEMORY = 27,
    CLI_EXIT_TIMEOUT = 28,
    CLI_EXIT_RANGE = 33,
    CLI_EXIT_HANDSHAKE = 35,
    CLI_EXIT_INTERNAL = 43,
    CLI_EXIT_INTERFACE = 45,
    CLI_EXIT_REDIRECTS = 47,
    CLI_EXIT_EMPTY = 52,
    CLI_EXIT_SEND = 55,
    CLI_EXIT_RECV = 56,
    CLI_EXIT_OWN_CERT = 58,
    CLI_EXIT_CIPHER = 59,
    CLI_EXIT_PEER_CERT = 60,
    CLI_EXIT_CODING = 61,
    CLI_EXIT_LIMIT = 63,
    CLI_EXIT_REWIND = 65,
    CLI_EXIT_CA_FILE = 77,
    CLI_EXIT_CRL_FILE = 82,
    CLI_EXIT_PIN = 90,
    CLI_EXIT_OCSP = 91
};

/* Give the exit status for what the library reported. */
int cli_exit_status(const skua_error *err);

#endif
