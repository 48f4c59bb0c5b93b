/* get.h - what the files of `skua get` share. */
#ifndef CLI_GET_H
#define CLI_GET_H

#include "options.h"
#include "output.h"

#include <skua/skua.h>
#include <stdint.h>

/* The command line, as it was given. */
typedef struct get_options {
    const char *url;
    const char *output;
    const char *method;
    const char *user_agent; /* "": none is sent */
    const char *cacert;
    const char *cert; /* FILE or FILE:PASSWORD */
    const char *key;
    const char *pass;
    cli_list fields;
    cli_list data;
    cli_list resolve;
    int64_t max_time_ms;
    int64_t connect_timeout_ms;
    int remote_name;
    int head;
    int include;
    int verbose;
    int silent;
    int show_error;
    int fail;
    int insecure;
    int json;
} get_options;

/* What is asked for. */
typedef struct get_request {
    const char *method;
    skua_field *fields;
    char **lines; /* the strings that the fields point into */
    size_t field_count;
    char *body; /* NULL: none */
    size_t body_len;
    size_t body_cap;
} get_request;

/* Where it is asked for, with the strings that the options of the connection point to. */
typedef struct get_peer {
    skua_conn_opts conn;
    skua_tls_opts tls;
    skua_resolve_entry *resolve;
    char **resolve_texts;
    char *cert_file;
    char *cert_password; /* points into cert_file */
} get_peer;

/* One request with all that came of it. */
typedef struct get_exchange {
    const get_options *options;
    get_request request;
    get_peer peer;
    skua_url *url;
    skua_conn *conn;
    skua_response *response;
    cli_output output;
    skua_sha256 *hash; /* NULL without --json */
    int64_t body_bytes;
    int status;     /* exit status; 0 while all is well */
    skua_error err; /* filled when status is not 0 */
} get_exchange;

/* Keep a failure of the command itself; those of the library come in *err already.
 * Returns: status, which is not 0. */
__attribute__((format(printf, 4, 5))) int get_fail(skua_error *err, int status, int code,
                                                   const char *fmt, ...);

/* The library's code for what a file did not let us do: SKUA_E_FILE_NOT_FOUND and so on. */
int get_code_of_errno(int os_errno);

/* Each returns 0, or an exit status with err filled. What was made is to be freed in either case.
 */
int get_request_build(get_request *q, const get_options *o, skua_error *err);
void get_request_free(get_request *q);
int get_peer_build(get_peer *p, const get_options *o, skua_error *err);
void get_peer_free(get_peer *p);

/* Make the request and put the body where it belongs. Everything is in the exchange afterwards;
 * get_exchange_free frees what it holds. */
void get_exchange_run(get_exchange *x, const get_options *o);
void get_exchange_free(get_exchange *x);

/* Print the exchange as one JSON object on standard output. Ends the digest of the body. */
void get_json_print(get_exchange *x);

#endif
