/* get_peer.c - from the options about the connection to those of the library: --cert, --key,
 * --cacert, -k, --resolve, the time limits, -v. */
#include "get.h"

#include "exit_status.h"
#include "report.h"

#include <stdlib.h>
#include <string.h>

/* The library's own defaults (skua/conn.h), which a longer --max-time replaces. */
enum { FIRST_BYTE_TIMEOUT_MS = 60000, IDLE_TIMEOUT_MS = 30000 };

static int no_memory(skua_error *err) {
    return get_fail(err, CLI_EXIT_MEMORY, SKUA_E_NOMEM, "get: out of memory");
}

/* FILE, or FILE:PASSWORD; a backslash takes the meaning from a colon or a backslash in FILE. */
static int split_cert(get_peer *p, const char *text) {
    p->cert_file = malloc(strlen(text) + 1);
    if (!p->cert_file)
        return -1;
    char *to = p->cert_file;
    while (*text && *text != ':') {
        text += *text == '\\' && (text[1] == ':' || text[1] == '\\');
        *to++ = *text++;
    }
    *to = '\0';
    if (*text == ':')
        p->cert_password = strcpy(to + 1, text + 1);
    return 0;
}

static int build_tls(get_peer *p, const get_options *o, skua_error *err) {
    if (o->cert && split_cert(p, o->cert) != 0)
        return no_memory(err);
    if (o->key && !o->cert) {
        return get_fail(err, CLI_EXIT_USAGE, SKUA_E_INVALID_ARGUMENT,
                        "get: --key needs --cert (see skua get --help)");
    }
    p->tls = (skua_tls_opts){
        .size = sizeof p->tls,
        .cert_file = p->cert_file,
        .key_file = o->key,
        .key_password = o->pass ? o->pass : p->cert_password,
        .ca_file = o->cacert,
        .insecure_skip_verify = o->insecure,
    };
    return 0;
}

/* HOST:PORT:ADDRESS[,ADDRESS]; HOST may be in brackets, or "*". The text is cut in place. The +
 * that lets an entry of curl's grow old means nothing here: none outlives the command. */
static int split_resolve(char *text, skua_resolve_entry *entry) {
    text += *text == '+';
    char *host_end = *text == '[' ? strchr(text, ']') : strchr(text, ':');
    if (!host_end)
        return -1;
    char *port = host_end + 1;
    if (*host_end == ']') {
        text++;
        if (*port++ != ':')
            return -1;
    }
    *host_end = '\0';
    size_t digits = strspn(port, "0123456789");
    if (!*text || digits == 0 || digits > 5 || port[digits] != ':' || !port[digits + 1])
        return -1;
    long number = strtol(port, NULL, 10);
    if (number < 1 || number > 65535)
        return -1;
    *entry = (skua_resolve_entry){text, (int)number, port + digits + 1};
    return 0;
}

static int build_resolve(get_peer *p, const get_options *o, skua_error *err) {
    p->resolve = calloc(o->resolve.count + 1, sizeof *p->resolve);
    p->resolve_texts = calloc(o->resolve.count + 1, sizeof *p->resolve_texts);
    if (!p->resolve || !p->resolve_texts)
        return no_memory(err);
    for (size_t i = 0; i < o->resolve.count; i++) {
        const char *text = o->resolve.items[i];
        p->resolve_texts[i] = strdup(text);
        if (!p->resolve_texts[i])
            return no_memory(err);
        if (split_resolve(p->resolve_texts[i], &p->resolve[i]) != 0) {
            return get_fail(err, CLI_EXIT_USAGE, SKUA_E_INVALID_ARGUMENT,
                            "get: --resolve '%s' is no HOST:PORT:ADDRESS (see skua get --help)",
                            text);
        }
    }
    return 0;
}

/* Who sets a limit to the whole may wait longer for its parts. */
static int64_t at_least(int64_t max_time_ms, int64_t default_ms) {
    return max_time_ms > default_ms ? max_time_ms : default_ms;
}

static void print_trace(void *user, skua_trace_kind kind, const char *text, size_t len) {
    (void)user;
    cli_line line;
    line.len = 0;
    cli_line_format(&line, "%c ", (int)kind);
    cli_line_put(&line, text, len, 0);
    cli_line_end(&line);
}

int get_peer_build(get_peer *p, const get_options *o, skua_error *err) {
    *p = (get_peer){0};
    int status = build_tls(p, o, err);
    if (!status)
        status = build_resolve(p, o, err);
    p->conn = (skua_conn_opts){
        .size = sizeof p->conn,
        .resolve_timeout_ms = o->connect_timeout_ms,
        .connect_timeout_ms = o->connect_timeout_ms,
        .tls_timeout_ms = o->connect_timeout_ms,
        .establish_timeout_ms = o->connect_timeout_ms,
        .first_byte_timeout_ms = at_least(o->max_time_ms, FIRST_BYTE_TIMEOUT_MS),
        .idle_timeout_ms = at_least(o->max_time_ms, IDLE_TIMEOUT_MS),
        .deadline_ms = o->max_time_ms,
        .resolve = p->resolve,
        .tls = &p->tls,
        .trace = o->verbose ? print_trace : NULL,
    };
    return status;
}

void get_peer_free(get_peer *p) {
    for (size_t i = 0; p->resolve_texts && p->resolve_texts[i]; i++)
        free(p->resolve_texts[i]);
    free(p->resolve_texts);
    free(p->resolve);
    free(p->cert_file);
    *p = (get_peer){0};
}
