/* get_exchange.c - one request and what comes back: the URL, the connection, the head, the body.
 *
 * Each step returns 0, or the exit status with x->err filled, which ends the exchange there. What
 * has been received until then stays, in the exchange as on the output. */
#include "get.h"

#include "exit_status.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { READ_BYTES = 64 * 1024 };

int get_fail(skua_error *err, int status, int code, const char *fmt, ...) {
    *err = (skua_error){.code = code, .bytes_expected = -1};
    va_list args;
    va_start(args, fmt);
    vsnprintf(err->msg, sizeof err->msg, fmt, args);
    va_end(args);
    return status;
}

int get_code_of_errno(int os_errno) {
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

static int no_memory(get_exchange *x) {
    return get_fail(&x->err, CLI_EXIT_MEMORY, SKUA_E_NOMEM, "get: out of memory");
}

static int cannot_write(get_exchange *x) {
    int os_errno = errno;
    get_fail(&x->err, CLI_EXIT_WRITE, get_code_of_errno(os_errno), "%s: %s",
             cli_output_name(&x->output), strerror(os_errno));
    x->err.os_errno = os_errno;
    return CLI_EXIT_WRITE;
}

/* ---- before anything is sent ---- */

/* The length of the scheme of "scheme://..." (RFC 3986 3.1); 0 where there is none. */
static size_t scheme_length(const char *text) {
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                  "0123456789+-.";
    size_t len = strspn(text, letters);
    return strncmp(text + len, "://", 3) == 0 ? len : 0;
}

static int is_spoken(const char *scheme, size_t len) {
    return (len == 4 && strncasecmp(scheme, "http", len) == 0) ||
           (len == 5 && strncasecmp(scheme, "https", len) == 0);
}

static int parse_url(get_exchange *x) {
    const char *text = x->options->url;
    size_t scheme = scheme_length(text);
    if (scheme > 0 && !is_spoken(text, scheme)) {
        return get_fail(&x->err, CLI_EXIT_PROTOCOL, SKUA_E_UNSUPPORTED,
                        "%.200s: the protocol %.*s is not supported: http and https are", text,
                        (int)(scheme > 32 ? 32 : scheme), text);
    }
    if (scheme > 0)
        return skua_url_parse(text, &x->url, &x->err) ? cli_exit_status(&x->err) : 0;
    size_t size = strlen(text) + sizeof "http://";
    char *whole = malloc(size);
    if (!whole)
        return no_memory(x);
    snprintf(whole, size, "http://%s", text);
    int rc = skua_url_parse(whole, &x->url, &x->err);
    free(whole);
    return rc ? cli_exit_status(&x->err) : 0;
}

static int choose_output(get_exchange *x) {
    const get_options *o = x->options;
    const char *path = o->output;
    if (o->remote_name) {
        path = strrchr(skua_url_path(x->url), '/');
        path = path ? path + 1 : "";
        if (!*path || strcmp(path, ".") == 0 || strcmp(path, "..") == 0) {
            return get_fail(&x->err, CLI_EXIT_WRITE, SKUA_E_OS,
                            "get: -O: the URL %.300s ends in no file name", skua_url_text(x->url));
        }
    }
    cli_output_init(&x->output, path);
    /* A remote name of "-" is a file, not standard output. */
    x->output.path = o->remote_name ? path : x->output.path;
    x->output.discard = o->json && !x->output.path;
    return 0;
}

static int begin_digest(get_exchange *x) {
    if (!x->options->json)
        return 0;
    x->hash = skua_sha256_new();
    return x->hash ? 0 : no_memory(x);
}

static int same_text(const char *a, const char *b) {
    return a && strcmp(a, b) == 0;
}

/* What fails here are the files that were named for TLS. */
static int make_connection(get_exchange *x) {
    const char *scheme = skua_url_scheme(x->url);
    const char *authority = skua_url_authority(x->url);
    size_t size = strlen(scheme) + strlen(authority) + sizeof "://";
    char *where = malloc(size);
    if (!where)
        return no_memory(x);
    snprintf(where, size, "%s://%s", scheme, authority);
    x->conn = skua_conn_new(where, &x->peer.conn, &x->err);
    free(where);
    if (x->conn)
        return 0;
    skua_error_class class = skua_error_class_of(x->err.code);
    if (class != SKUA_CLASS_TLS && class != SKUA_CLASS_IO)
        return cli_exit_status(&x->err);
    return same_text(x->options->cacert, x->err.target) ? CLI_EXIT_CA_FILE : CLI_EXIT_OWN_CERT;
}

/* ---- request and response ---- */

/* A peer may answer and close before it has read all of the request: its answer counts. */
static int exchange_heads(get_exchange *x) {
    const get_request *q = &x->request;
    int rc = skua_conn_request(x->conn, q->method, skua_url_target(x->url), q->fields, q->body,
                               q->body_len, &x->err);
    if (rc == 0)
        x->response = skua_conn_getresponse(x->conn, &x->err);
    else if (rc == SKUA_E_BROKEN_PIPE || rc == SKUA_E_CONNECTION_RESET)
        x->response = skua_conn_getresponse(x->conn, NULL);
    return x->response ? 0 : cli_exit_status(&x->err);
}

/* Write a section of fields, below a status line or, where `version` is 0, without one. */
static int write_section(get_exchange *x, int version, int status, const char *reason,
                         const skua_field *fields) {
    char *text = NULL;
    size_t len = 0;
    FILE *f = open_memstream(&text, &len);
    if (!f)
        return no_memory(x);
    if (version)
        fprintf(f, "HTTP/%d.%d %d %s\r\n", version / 10, version % 10, status, reason);
    for (; fields->name; fields++)
        fprintf(f, "%s: %s\r\n", fields->name, fields->value);
    fputs(version ? "\r\n" : "", f);
    int failed = ferror(f) | fclose(f);
    int rc = failed ? no_memory(x) : 0;
    if (!rc && cli_output_write(&x->output, text, len) != 0)
        rc = cannot_write(x);
    free(text);
    return rc;
}

static int write_heads(get_exchange *x) {
    const skua_response *r = x->response;
    int interim;
    for (size_t i = 0; (interim = skua_response_informational(r, i)) != 0; i++) {
        /* RFC 9110 15.2: 1.0 has none. */
        int status = write_section(x, 11, interim, skua_status_reason(interim),
                                   skua_response_informational_fields(r, i, NULL));
        if (status)
            return status;
    }
    return write_section(x, skua_response_version(r), skua_response_status(r),
                         skua_response_reason(r), skua_response_fields(r, NULL));
}

static int write_trailers(get_exchange *x) {
    return write_section(x, 0, 0, NULL, skua_response_trailers(x->response, NULL));
}

static int copy_body(get_exchange *x) {
    char piece[READ_BYTES];
    for (;;) {
        ptrdiff_t n = skua_response_read(x->response, piece, sizeof piece, &x->err);
        if (n < 0)
            return cli_exit_status(&x->err);
        if (n == 0)
            return 0;
        x->body_bytes += n;
        if (x->hash)
            skua_sha256_update(x->hash, piece, (size_t)n);
        if (cli_output_write(&x->output, piece, (size_t)n) != 0)
            return cannot_write(x);
    }
}

static int receive(get_exchange *x) {
    const get_options *o = x->options;
    int code = skua_response_status(x->response);
    int shows_head = (o->head || o->include) && !(o->json && !x->output.path);
    int status = shows_head ? write_heads(x) : 0;
    if (!status && o->fail && code >= 400) {
        status = get_fail(&x->err, CLI_EXIT_STATUS, SKUA_E_HTTP, "%.300s: the server answers %d %s",
                          skua_url_text(x->url), code, skua_response_reason(x->response));
    }
    if (!status && cli_output_open(&x->output) != 0)
        status = cannot_write(x);
    if (!status && !o->head)
        status = copy_body(x);
    if (!status && shows_head)
        status = write_trailers(x);
    return status;
}

/* ---- all of it ---- */

typedef int step(get_exchange *x);

static int build_request(get_exchange *x) {
    return get_request_build(&x->request, x->options, &x->err);
}

static int build_peer(get_exchange *x) {
    return get_peer_build(&x->peer, x->options, &x->err);
}

void get_exchange_run(get_exchange *x, const get_options *o) {
    static step *const steps[] = {build_request, build_peer,      parse_url,      choose_output,
                                  begin_digest,  make_connection, exchange_heads, receive};
    *x = (get_exchange){.options = o};
    cli_output_init(&x->output, NULL);
    for (size_t i = 0; i < sizeof steps / sizeof *steps && x->status == 0; i++)
        x->status = steps[i](x);
    if (cli_output_close(&x->output) != 0 && x->status == 0)
        x->status = cannot_write(x);
}

void get_exchange_free(get_exchange *x) {
    skua_sha256_free(x->hash);
    skua_response_free(x->response);
    skua_conn_free(x->conn);
    skua_url_free(x->url);
    get_peer_free(&x->peer);
    get_request_free(&x->request);
}
