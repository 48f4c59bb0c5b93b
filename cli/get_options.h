/* get_options.h - the command line of `skua get`, as it was given. */
#ifndef CLI_GET_OPTIONS_H
#define CLI_GET_OPTIONS_H

#include "options.h"

#include <stdint.h>

/* What an item of get_options.data is. */
enum { GET_DATA, GET_DATA_RAW, GET_DATA_BINARY, GET_DATA_URLENCODE };
/* What an item of get_options.form is. */
enum { GET_FORM, GET_FORM_STRING };
/* What an item of get_options.outputs is: for the first URL, the second, and so on. */
enum { GET_OUTPUT, GET_REMOTE_NAME };

typedef struct get_options {
    cli_list urls;
    /* what is asked */
    const char *method;
    const char *user_agent; /* "": none is sent */
    const char *referer;
    const char *cookie;
    const char *user; /* NAME or NAME:PASSWORD */
    const char *bearer;
    const char *range;
    const char *resume; /* an offset, or "-" */
    cli_list fields;
    cli_list uploads; /* -T: for the first URL, the second, and so on */
    cli_marked data;
    cli_marked form;
    int head;
    int as_query;
    int compressed;
    int64_t expect_timeout_ms;
    /* where it goes */
    cli_marked outputs;
    const char *output_dir;
    const char *dump_header;
    const char *write_out;
    int all_remote_names;
    int create_dirs;
    int remote_time;
    int include;
    int json;
    int timing;
    int fail;
    int fail_with_body;
    int fail_early;
    int verbose;
    int silent;
    int show_error;
    int no_progress;
    int ignored; /* what curl's scripts say and nothing here depends on */
    /* what is done with an answer */
    int follow;
    int max_redirs; /* -1: no end */
    int retry;
    int retry_refused;
    int retry_all;
    int64_t retry_delay_ms; /* 0: 1, 2, 4... seconds */
    int64_t retry_max_ms;   /* 0: no end */
    /* where it is asked */
    cli_list resolve;
    const char *interface;
    const char *unix_socket;
    int ip_version;
    int64_t max_time_ms;
    int64_t connect_timeout_ms;
    int64_t rate_max;
    int64_t size_max; /* 0: any */
    const char *proxy;
    const char *no_proxy;
    const char *proxy_user;
    const char *proxy_cacert;
    cli_list proxy_fields;
    int proxy_tunnel;
    int proxy_insecure;
    const char *cacert;
    const char *capath;
    const char *cert; /* FILE or FILE:PASSWORD */
    const char *key;
    const char *pass;
    const char *ciphers;
    const char *ciphersuites;
    const char *tls_max;
    const char *pins;
    const char *crl_file;
    int tls_min;
    int insecure;
    int cert_status;
} get_options;

/* What stands where nothing is given. */
void get_options_init(get_options *o);

/* The table of them. */
enum { GET_SECTIONS = 5 };
extern const cli_section get_sections[GET_SECTIONS];

/* Is the whole of it sound? Returns 0, or -1 when it was said what is wrong. */
int get_options_check(const get_options *o);

#endif
