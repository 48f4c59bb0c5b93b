/* get_variables.c - the variables of -w, under curl's names: a table of what is known of a
 * transfer.
 *
 * As with curl the times of the phases are sums over all exchanges of the transfer. */
#include "get_variables.h"

#include "json.h"

#include <ctype.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

typedef enum kind { TEXT, NUMBER, STATUS, SECONDS } kind;

typedef struct value {
    const char *text; /* NULL: there is none */
    int64_t number;
    double ms;
    char room[64];
} value;

/* ---- text ---- */

static void content_type(const get_transfer *t, value *v) {
    v->text = t->response ? skua_response_header(t->response, "Content-Type") : NULL;
}

static void error_message(const get_transfer *t, value *v) {
    v->text = t->status ? t->err.msg : NULL;
}

static void filename(const get_transfer *t, value *v) {
    v->text = t->output.path;
}

static void http_version(const get_transfer *t, value *v) {
    int version = t->response ? skua_response_version(t->response) : 0;
    v->text = version == 0 ? "0" : version == 10 ? "1.0" : "1.1";
}

static void method(const get_transfer *t, value *v) {
    v->text = t->request.method;
}

static void redirect_url(const get_transfer *t, value *v) {
    skua_error err;
    skua_url *to = t->options->follow && t->status == 0 ? NULL : get_redirect_target(t, &err);
    if (to)
        v->text = cli_texts_format((cli_texts *)&t->texts, "%s", skua_url_text(to));
    skua_url_free(to);
}

static void referer(const get_transfer *t, value *v) {
    for (size_t i = 0; i < t->request.field_count; i++) {
        if (strcasecmp(t->request.fields[i].name, "Referer") == 0)
            v->text = t->request.fields[i].value;
    }
}

static void scheme(const get_transfer *t, value *v) {
    v->text = t->url ? strcmp(skua_url_scheme(t->url), "https") == 0 ? "HTTPS" : "HTTP" : NULL;
}

static void url(const get_transfer *t, value *v) {
    v->text = t->text;
}

static void url_effective(const get_transfer *t, value *v) {
    v->text = t->url ? skua_url_text(t->url) : t->text;
}

/* An address without its port and brackets. */
static void ip_of(const char *address, value *v) {
    const char *colon = strrchr(address, ':');
    size_t from = address[0] == '[';
    size_t len = colon ? (size_t)(colon - address) - 2 * from : 0;
    snprintf(v->room, sizeof v->room, "%.*s", (int)len, address + from);
    v->text = v->room;
}

static void local_ip(const get_transfer *t, value *v) {
    ip_of(t->info.local, v);
}

static void remote_ip(const get_transfer *t, value *v) {
    ip_of(t->info.peer, v);
}

/* ---- numbers ---- */

static int64_t port_of(const char *address) {
    const char *colon = strrchr(address, ':');
    return colon ? strtol(colon + 1, NULL, 10) : 0;
}

static void local_port(const get_transfer *t, value *v) {
    v->number = port_of(t->info.local);
}

static void remote_port(const get_transfer *t, value *v) {
    v->number = port_of(t->info.peer);
}

static void exit_code(const get_transfer *t, value *v) {
    v->number = t->status;
}

static void http_code(const get_transfer *t, value *v) {
    v->number = t->hop_count > 0 ? t->hops[t->hop_count - 1].status : 0;
}

static void http_connect(const get_transfer *t, value *v) {
    v->number = t->conn ? skua_conn_tunnel_status(t->conn) : 0;
}

static void num_connects(const get_transfer *t, value *v) {
    v->number = t->counts.connects;
}

static void num_headers(const get_transfer *t, value *v) {
    v->number = t->counts.fields;
}

static void num_redirects(const get_transfer *t, value *v) {
    v->number = t->counts.redirects;
}

static void size_download(const get_transfer *t, value *v) {
    v->number = t->counts.download;
}

static void size_header(const get_transfer *t, value *v) {
    v->number = t->counts.header;
}

static void size_request(const get_transfer *t, value *v) {
    v->number = t->counts.request;
}

static void size_upload(const get_transfer *t, value *v) {
    v->number = t->counts.upload;
}

static void speed_download(const get_transfer *t, value *v) {
    v->number = t->total > 0 ? (int64_t)((double)t->counts.download * 1000 / t->total) : 0;
}

static void speed_upload(const get_transfer *t, value *v) {
    v->number = t->total > 0 ? (int64_t)((double)t->counts.upload * 1000 / t->total) : 0;
}

static void verify_result(const get_transfer *t, value *v) {
    v->number = t->status ? t->err.tls_verify : 0;
}

static void nothing(const get_transfer *t, value *v) {
    (void)t;
    v->number = 0;
}

static void url_number(const get_transfer *t, value *v) {
    v->number = (int64_t)t->index;
}

/* ---- times ---- */

/* Sum up one phase, given by its place in skua_timings. */
static double sum(const get_transfer *t, size_t offset) {
    double ms = 0;
    for (size_t i = 0; i < t->hop_count; i++) {
        double at = *(const double *)(const void *)((const char *)&t->hops[i].timings + offset);
        ms += at > 0 ? at : 0;
    }
    return ms;
}

static void time_connect(const get_transfer *t, value *v) {
    v->ms = sum(t, offsetof(skua_timings, connect));
}

static void time_namelookup(const get_transfer *t, value *v) {
    v->ms = sum(t, offsetof(skua_timings, resolve));
}

static void time_appconnect(const get_transfer *t, value *v) {
    v->ms = sum(t, offsetof(skua_timings, tls));
}

/* All is ready for the request: the last of the phases before it. */
static void time_pretransfer(const get_transfer *t, value *v) {
    for (size_t i = 0; i < t->hop_count; i++) {
        const skua_timings *at = &t->hops[i].timings;
        double ms = at->tls > at->connect ? at->tls : at->connect;
        v->ms += ms > 0 ? ms : 0;
    }
}

static void time_starttransfer(const get_transfer *t, value *v) {
    v->ms = sum(t, offsetof(skua_timings, first_byte));
}

static void time_redirect(const get_transfer *t, value *v) {
    v->ms = t->redirected;
}

static void time_total(const get_transfer *t, value *v) {
    v->ms = t->total;
}

/* ---- the table ---- */

static const struct {
    const char *name;
    kind kind;
    void (*get)(const get_transfer *t, value *v);
} variables[] = {
    {"content_type", TEXT, content_type},
    {"errormsg", TEXT, error_message},
    {"exitcode", NUMBER, exit_code},
    {"filename_effective", TEXT, filename},
    {"http_code", STATUS, http_code},
    {"http_connect", STATUS, http_connect},
    {"http_version", TEXT, http_version},
    {"local_ip", TEXT, local_ip},
    {"local_port", NUMBER, local_port},
    {"method", TEXT, method},
    {"num_connects", NUMBER, num_connects},
    {"num_headers", NUMBER, num_headers},
    {"num_redirects", NUMBER, num_redirects},
    {"proxy_ssl_verify_result", NUMBER, nothing},
    {"redirect_url", TEXT, redirect_url},
    {"referer", TEXT, referer},
    {"remote_ip", TEXT, remote_ip},
    {"remote_port", NUMBER, remote_port},
    {"response_code", STATUS, http_code},
    {"scheme", TEXT, scheme},
    {"size_download", NUMBER, size_download},
    {"size_header", NUMBER, size_header},
    {"size_request", NUMBER, size_request},
    {"size_upload", NUMBER, size_upload},
    {"speed_download", NUMBER, speed_download},
    {"speed_upload", NUMBER, speed_upload},
    {"ssl_verify_result", NUMBER, verify_result},
    {"time_appconnect", SECONDS, time_appconnect},
    {"time_connect", SECONDS, time_connect},
    {"time_namelookup", SECONDS, time_namelookup},
    {"time_pretransfer", SECONDS, time_pretransfer},
    {"time_redirect", SECONDS, time_redirect},
    {"time_starttransfer", SECONDS, time_starttransfer},
    {"time_total", SECONDS, time_total},
    {"url", TEXT, url},
    {"url_effective", TEXT, url_effective},
    {"urlnum", NUMBER, url_number},
};

enum { VARIABLES = sizeof variables / sizeof *variables };

static void print_plain(FILE *out, kind how, const value *v) {
    if (how == TEXT)
        fputs(v->text ? v->text : "", out);
    else if (how == SECONDS)
        fprintf(out, "%.6f", v->ms / 1000);
    else
        fprintf(out, how == STATUS ? "%03lld" : "%lld", (long long)v->number);
}

int get_variables_print(const get_transfer *t, FILE *out, const char *name, size_t len) {
    for (size_t i = 0; i < VARIABLES; i++) {
        if (strlen(variables[i].name) != len || memcmp(variables[i].name, name, len) != 0)
            continue;
        value v = {0};
        variables[i].get(t, &v);
        print_plain(out, variables[i].kind, &v);
        return 0;
    }
    return -1;
}

/* ---- JSON ---- */

void get_variables_json(const get_transfer *t, FILE *out) {
    cli_json j;
    cli_json_begin_line(&j, out);
    cli_json_open(&j, '{');
    for (size_t i = 0; i < VARIABLES; i++) {
        value v = {0};
        variables[i].get(t, &v);
        cli_json_key(&j, variables[i].name);
        if (variables[i].kind == SECONDS)
            cli_json_seconds(&j, v.ms / 1000);
        else if (variables[i].kind != TEXT)
            cli_json_integer(&j, v.number);
        else if (v.text)
            cli_json_text(&j, v.text);
        else
            cli_json_null(&j);
    }
    cli_json_close(&j, '}');
}

/* Has a field of this name come before? Its values are all listed there. */
static int is_listed(const skua_field *fields, size_t i) {
    for (size_t k = 0; k < i; k++) {
        if (strcasecmp(fields[k].name, fields[i].name) == 0)
            return 1;
    }
    return 0;
}

static void put_values(cli_json *j, const skua_field *fields, size_t i) {
    char name[256];
    size_t len = 0;
    for (const char *at = fields[i].name; *at && len + 1 < sizeof name; at++)
        name[len++] = (char)tolower((unsigned char)*at);
    name[len] = '\0';
    cli_json_key(j, name);
    cli_json_open(j, '[');
    for (size_t k = i; fields[k].name; k++) {
        if (strcasecmp(fields[k].name, fields[i].name) == 0)
            cli_json_latin1(j, fields[k].value);
    }
    cli_json_close(j, ']');
}

void get_variables_fields_json(const get_transfer *t, FILE *out) {
    static const skua_field none = {0};
    const skua_field *fields = t->response ? skua_response_fields(t->response, NULL) : &none;
    cli_json j;
    cli_json_begin_line(&j, out);
    cli_json_open(&j, '{');
    for (size_t i = 0; fields[i].name; i++) {
        if (!is_listed(fields, i))
            put_values(&j, fields, i);
    }
    cli_json_close(&j, '}');
}
