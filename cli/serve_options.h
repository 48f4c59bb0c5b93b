/* serve_options.h - the command line of `skua serve`. */
#ifndef CLI_SERVE_OPTIONS_H
#define CLI_SERVE_OPTIONS_H

#include "options.h"

#include <skua/server.h>

/* NULL and 0: not given. */
typedef struct serve_options {
    /* where */
    const char *directory;
    const char *bind;
    int port; /* -1: none given */
    const char *protocol;
    int threads;
    cli_list tls_certs;
    cli_list tls_keys; /* none, or one for each of them */
    const char *tls_password_file;
    const char *tls_client_ca;
    const char *tls_ticket_key;
    int tls;
    /* what */
    cli_list fields;
    const char *cors; /* "*" or an origin */
    int cache_s;      /* -1: nothing is said */
    int spa;
    int precompressed;
    int no_list;
    /* who */
    cli_list users; /* USER:PASSWORD */
    const char *auth_file;
    /* uploads */
    const char *upload; /* the directory; "" on the command line: that which is served */
    int64_t upload_max;
    int upload_overwrite;
    /* the process */
    const char *user;
    int open;
    int qr;
    int no_sandbox;
    const char *log;      /* the name of a format, or "off" */
    const char *log_file; /* "-": standard output */
    int quiet;
} serve_options;

/* What stands where nothing is given. */
void serve_options_init(serve_options *o);

extern const cli_section serve_section;

/* Take the operands, and fill in what was left out. Returns 0, or -1 when it was said what is
 * wrong. */
int serve_options_check(const cli_command *command, serve_options *o, const cli_list *operands);

/* Does it speak TLS? */
int serve_is_tls(const serve_options *o);
/* Find a format of the access log by its name. Returns it; 0 for none, "off"; -1 for no name. */
int serve_log_format(const char *name, skua_access_format *out);
/* Can nobody but this machine reach it? */
int serve_is_loopback(const serve_options *o);
/* Does it listen on all addresses? */
int serve_is_wildcard(const char *bind);

#endif
