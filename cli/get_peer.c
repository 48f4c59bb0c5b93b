/* get_peer.c - from the options about the connection to those of the library: TLS, addresses, time
 * limits, -v. */
#include "get.h"

#include "color.h"
#include "exit_status.h"
#include "report.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The library's own defaults (skua/conn.h), which a longer --max-time replaces. */
enum { FIRST_BYTE_TIMEOUT_MS = 60000, IDLE_TIMEOUT_MS = 30000 };

/* ---- TLS ---- */

/* FILE, or FILE:PASSWORD; a backslash takes the meaning from a colon or a backslash in FILE. */
static int split_cert(get_peer *p, const char *text) {
    char *file = cli_texts_format(&p->texts, "%s", text);
    if (!file)
        return -1;
    char *to = file;
    while (*text && *text != ':') {
        text += *text == '\\' && (text[1] == ':' || text[1] == '\\');
        *to++ = *text++;
    }
    *to = '\0';
    if (*text == ':')
        p->cert_password = strcpy(to + 1, text + 1);
    p->tls.cert_file = file;
    return 0;
}

static int set_tls_max(get_peer *p, const get_options *o, skua_error *err) {
    static const struct {
        const char *text;
        int version;
    } known[] = {{"default", 0}, {"1.2", SKUA_TLS_1_2}, {"1.3", SKUA_TLS_1_3}};
    for (size_t i = 0; o->tls_max && i < sizeof known / sizeof *known; i++) {
        if (strcmp(o->tls_max, known[i].text) != 0)
            continue;
        p->tls.max_version = known[i].version;
        return 0;
    }
    if (!o->tls_max)
        return 0;
    return get_fail(err, CLI_EXIT_USAGE, SKUA_E_INVALID_ARGUMENT,
                    "get: --tls-max '%s' is none of 1.2, 1.3 and default (see skua get --help)",
                    o->tls_max);
}

static int build_tls(get_peer *p, const get_options *o, skua_error *err) {
    if (o->key && !o->cert) {
        return get_fail(err, CLI_EXIT_USAGE, SKUA_E_INVALID_ARGUMENT,
                        "get: --key needs --cert (see skua get --help)");
    }
    const char *key_log = getenv("SSLKEYLOGFILE");
    p->tls = (skua_tls_opts){
        .size = sizeof p->tls,
        .key_file = o->key,
        .ca_file = o->cacert,
        .ca_dir = o->capath,
        .min_version = o->tls_min,
        .insecure_skip_verify = o->insecure,
        .ciphers = o->ciphers,
        .ciphersuites = o->ciphersuites,
        .pins = o->pins,
        .crl_file = o->crl_file,
        .ocsp = o->cert_status ? SKUA_OCSP_REQUIRE : SKUA_OCSP_IF_PRESENT,
        .keylog_file = key_log && *key_log ? key_log : NULL,
    };
    if (o->cert && split_cert(p, o->cert) != 0)
        return get_no_memory(err);
    p->tls.key_password = o->pass ? o->pass : p->cert_password;
    return set_tls_max(p, o, err);
}

/* ---- addresses ---- */

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
    if (!p->resolve)
        return get_no_memory(err);
    for (size_t i = 0; i < o->resolve.count; i++) {
        char *text = cli_texts_format(&p->texts, "%s", o->resolve.items[i]);
        if (!text)
            return get_no_memory(err);
        if (split_resolve(text, &p->resolve[i]) != 0) {
            return get_fail(err, CLI_EXIT_USAGE, SKUA_E_INVALID_ARGUMENT,
                            "get: --resolve '%s' is no HOST:PORT:ADDRESS (see skua get --help)",
                            o->resolve.items[i]);
        }
    }
    return 0;
}

/* ---- all of it ---- */

/* Who sets a limit to the whole may wait longer for its parts. */
static int64_t at_least(int64_t max_time_ms, int64_t default_ms) {
    return max_time_ms > default_ms ? max_time_ms : default_ms;
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
        .continue_timeout_ms = o->expect_timeout_ms,
        .ip_version = o->ip_version,
        .source_address = o->interface,
        .unix_socket = o->unix_socket,
        .resolve = p->resolve,
        .tls = &p->tls,
        .decode = o->compressed,
        .trace = o->verbose ? get_trace_print : NULL,
        .trace_user = (void *)cli_colors_for(STDERR_FILENO),
        .debuglevel = o->verbose,
    };
    return status ? status : get_proxy_build(p, o, err);
}

void get_peer_free(get_peer *p) {
    cli_texts_free(&p->texts);
    free(p->resolve);
    free(p->proxy_fields);
    *p = (get_peer){0};
}
