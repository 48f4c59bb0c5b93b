/* get.h - what the files of `skua get` share.
 *
 * A session is a run of the command. It makes a transfer for each URL; a transfer tries, and tries
 * again where -C, --retry and the answer have it so; a try is an exchange with a server, and one
 * more for each redirect that -L follows. */
#ifndef CLI_GET_H
#define CLI_GET_H

#include "get_options.h"
#include "output.h"
#include "progress.h"
#include "texts.h"

#include <skua/skua.h>
#include <stdint.h>
#include <stdio.h>

/* Bytes being put together. A terminator is kept behind them. */
typedef struct get_bytes {
    char *data; /* NULL: nothing was added, which is not the same as nothing */
    size_t len;
    size_t cap;
} get_bytes;

/* A body on its way out: read from where it is, and counted. */
typedef struct get_upload {
    skua_body body;   /* what the connection is given */
    skua_body source; /* where a callback of it reads; kind NONE: it is BYTES */
    int64_t first;    /* where in the file it begins */
    int64_t sent;
    int os_errno; /* why the source could not be read */
    int dropped;  /* a redirect has led to a request without it */
    cli_progress *progress;
} get_upload;

/* What is asked for. */
typedef struct get_request {
    const char *method;
    skua_field *fields; /* ends with a NULL name; with room for GET_FIELDS_SPARE more */
    size_t field_count;
    cli_texts texts; /* what the fields point into */
    int custom_method;
} get_request;

enum { GET_FIELDS_SPARE = 1 };

/* How connections are made, with the strings that their options point to. */
typedef struct get_peer {
    skua_conn_opts conn;
    skua_tls_opts tls;
    skua_tls_opts proxy_tls;
    skua_resolve_entry *resolve;
    skua_field *proxy_fields;
    char *cert_password; /* points into texts */
    cli_texts texts;
} get_peer;

enum { GET_CONNECTIONS = 8 };

/* Connections that are kept, one for each origin. */
typedef struct get_pool {
    struct {
        char *where;
        skua_conn *conn;
        unsigned used; /* when it was last asked for */
    } kept[GET_CONNECTIONS];
    unsigned asked;
} get_pool;

typedef struct get_session {
    const get_options *options;
    get_peer peer;
    get_pool pool;
    get_bytes data; /* what all -d say */
    skua_multipart *form;
    char *authorization; /* the value of the field, or NULL */
    cli_texts texts;
    cli_output dump; /* of -D */
} get_session;

/* One exchange that is over. */
typedef struct get_hop {
    char *url;
    int status; /* 0: no answer */
    skua_timings timings;
} get_hop;

/* What went over the connections, in bytes, and how often. */
typedef struct get_counts {
    int64_t download, upload, header, request;
    int connects;
    int redirects;
    int fields;
} get_counts;

typedef struct get_transfer {
    get_session *session;
    const get_options *options;
    size_t index;     /* which URL of the command line it is */
    const char *text; /* as it stands there */
    skua_url *start;
    skua_url *url; /* where redirects have led to */
    get_request request;
    get_upload upload;
    const char *upload_name; /* of -T */
    cli_output output;
    int64_t resume_from;
    cli_texts texts;
    skua_conn *conn; /* of the latest exchange; the pool's */
    skua_response *response;
    skua_stream_info info;
    skua_certificate certificate; /* size 0: there is none */
    get_hop *hops;                /* the latest is the last */
    size_t hop_count;
    get_counts counts;
    cli_progress progress;
    skua_sha256 *hash; /* NULL without --json */
    double began;      /* this try, in cli_now_ms */
    double redirected; /* ms that went by until the last redirect was followed */
    double total;      /* ms, once it is over */
    int status;        /* exit status; 0 while all is well */
    skua_error err;    /* filled when status is not 0 */
} get_transfer;

/* ---- failing (get_fail.c) ---- */

/* Keep a failure of the command itself; those of the library come in *err already.
 * Returns: status, which is not 0. */
__attribute__((format(printf, 4, 5))) int get_fail(skua_error *err, int status, int code,
                                                   const char *fmt, ...);
int get_no_memory(skua_error *err);
/* What a file did not let us do: "name: No such file or directory". */
int get_fail_file(skua_error *err, int status, const char *name, int os_errno);

/* ---- before anything is sent ---- Each returns 0, or an exit status with err filled. What was
 * made is to be freed in either case. */

int get_peer_build(get_peer *p, const get_options *o, skua_error *err);
void get_peer_free(get_peer *p);
/* get_proxy.c: the options of the connection about proxies. */
int get_proxy_build(get_peer *p, const get_options *o, skua_error *err);
/* get_data.c: what -d and its like say. */
int get_data_build(get_bytes *data, const get_options *o, skua_error *err);
int get_bytes_add(get_bytes *b, const void *data, size_t len); /* -1: no memory */
/* All of a file, or of standard input where path is "-". Messages begin with the option. */
int get_bytes_add_file(get_bytes *b, const char *path, const char *option, skua_error *err);
void get_bytes_free(get_bytes *b);
/* get_form.c: what -F says; NULL where it is not given. */
int get_form_build(skua_multipart **form, const get_options *o, skua_error *err);
/* get_auth.c: the value of Authorization. */
int get_auth_build(char **value, cli_texts *texts, const get_options *o, skua_error *err);
/* "Basic ..." of NAME:PASSWORD; a password that is not given is asked for. whose: "host". */
int get_auth_basic(char **value, cli_texts *texts, const char *user, const char *whose,
                   skua_error *err);
/* get_url.c: the transfer's start, from its text, -G and -T. */
int get_url_build(get_transfer *t);
/* get_upload.c: the body, from -T, -F or -d. */
int get_upload_build(get_transfer *t);
/* Go back to its beginning. -1: it cannot be sent again. */
int get_upload_rewind(get_upload *u);
void get_upload_free(get_upload *u);
/* get_request.c: method and fields; behind the upload. */
int get_request_build(get_transfer *t);
/* "Name: value", "Name:", "Name;" as -H has them. *value NULL: the field is left out. `line` is cut
 * in place. -1: it is none of these. */
int get_field_split(char *line, const char **value);
/* Drop fields as the function says. */
void get_request_drop(get_request *q, int (*dropped)(const skua_field *field));
/* get_target.c: where the body goes; -C. */
int get_target_build(get_transfer *t);

/* ---- asking ---- */

/* get_pool.c: the connection to this URL's server. NULL: *status and err. */
skua_conn *get_pool_take(get_session *s, const skua_url *url, int *status, skua_error *err);
void get_pool_free(get_pool *pool);
/* get_exchange.c: one request and the head of its response. */
int get_exchange_run(get_transfer *t);
/* get_head.c: heads and trailers to where -i, -I and -D have them. */
int get_head_write(get_transfer *t);
int get_trailers_write(get_transfer *t);
/* Is a bar to be shown for what goes to the output? */
int get_progress_wanted(const get_transfer *t);
/* get_body.c: the body to where it belongs. */
int get_body_receive(get_transfer *t);
/* get_resume.c: is this the rest that -C asked for? *done: there is no rest. */
int get_resume_check(get_transfer *t, int *done);
/* get_redirect.c: go on to where the response says. *again: there is another exchange to be had. */
int get_redirect_follow(get_transfer *t, int *again);
/* Where the response's Location leads, followed or not. NULL: nowhere. */
skua_url *get_redirect_target(const get_transfer *t, skua_error *err);
/* get_retry.c: wait for another try. 0: there is none. */
int get_retry_wait(get_transfer *t, int tried, double began);

/* ---- all of it ---- */

/* get_transfer.c */
void get_transfer_run(get_transfer *t, get_session *s, size_t index);
void get_transfer_free(get_transfer *t);
/* The latest exchange is over: its timings are final. */
void get_transfer_end_hop(get_transfer *t);

/* ---- telling ---- */

/* get_trace.c: a line of -v; user: its cli_colors. A skua_trace_fn. */
void get_trace_print(void *user, skua_trace_kind kind, const char *text, size_t len);
/* get_json.c: the transfer as one JSON object on standard output. Ends the digest of the body. */
void get_json_print(get_transfer *t);
/* get_write_out.c: what -w asks for. 0 or an exit status with err filled. */
int get_write_out_print(get_transfer *t, skua_error *err);
/* get_timing.c: the phases as bars on standard error. */
void get_timing_print(const get_transfer *t);
/* get_date.c: a date of HTTP as seconds since 1970; -1 for what is none. */
int64_t get_date_parse(const char *text);

#endif
