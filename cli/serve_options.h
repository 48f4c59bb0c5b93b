/* serve_options.h - the command line of `skua serve`. */
#ifndef CLI_SERVE_OPTIONS_H
#define CLI_SERVE_OPTIONS_H

#include "options.h"

/* NULL and 0: not given. */
typedef struct serve_options {
    /* where */
    const char *directory;
    const char *bind;
    int port; /* -1: none given */
    const char *protocol;
    int threads;
    const char *tls_cert;
    const char *tls_key;
    const char *tls_password_file;
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
    const char *log; /* the name of a format */
    const char *log_file;
    int quiet;
} serve_options;

/* What stands where nothing is given. */
void serve_options_init(serve_options *o);

extern const cli_section serve_section;

/* Take the operands, and fill in what was left out. Returns 0, or -1 when it was said what is
 * wrong. */
int serve_options_check(const cli_command *command, serve_options *o, const cli_list *operands);

/* Can nobody but this machine reach it? */
int serve_is_loopback(const serve_options *o);
/* Does it listen on all addresses? */
int serve_is_wildcard(const char *bind);

#endif
