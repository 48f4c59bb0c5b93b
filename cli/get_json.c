/* get_json.c - an exchange as one JSON object, whatever has become of it.
 *
 * All members are always there. `error` is null exactly when the exit status is 0. */
#include "get.h"

#include "json.h"

static void put_pairs(cli_json *j, const char *key, const skua_field *fields) {
    cli_json_key(j, key);
    cli_json_open(j, '[');
    for (; fields->name; fields++) {
        cli_json_open(j, '[');
        cli_json_latin1(j, fields->name);
        cli_json_latin1(j, fields->value);
        cli_json_close(j, ']');
    }
    cli_json_close(j, ']');
}

static void put_informational(cli_json *j, const skua_response *r) {
    cli_json_key(j, "informational");
    cli_json_open(j, '[');
    int status;
    for (size_t i = 0; (status = skua_response_informational(r, i)) != 0; i++) {
        cli_json_open(j, '{');
        cli_json_key(j, "status");
        cli_json_integer(j, status);
        put_pairs(j, "fields", skua_response_informational_fields(r, i, NULL));
        cli_json_close(j, '}');
    }
    cli_json_close(j, ']');
}

static void put_head(cli_json *j, const skua_response *r) {
    int version = skua_response_version(r);
    cli_json_key(j, "status");
    cli_json_integer(j, skua_response_status(r));
    cli_json_key(j, "reason");
    cli_json_latin1(j, skua_response_reason(r));
    cli_json_key(j, "version");
    cli_json_text(j, version == 10 ? "HTTP/1.0" : "HTTP/1.1");
    put_pairs(j, "fields", skua_response_fields(r, NULL));
    put_informational(j, r);
    put_pairs(j, "trailers", skua_response_trailers(r, NULL));
}

static void put_no_head(cli_json *j) {
    static const char *const absent[] = {"status", "reason", "version"};
    static const char *const empty[] = {"fields", "informational", "trailers"};
    for (size_t i = 0; i < sizeof absent / sizeof *absent; i++) {
        cli_json_key(j, absent[i]);
        cli_json_null(j);
    }
    for (size_t i = 0; i < sizeof empty / sizeof *empty; i++) {
        cli_json_key(j, empty[i]);
        cli_json_open(j, '[');
        cli_json_close(j, ']');
    }
}

static void put_body(cli_json *j, get_exchange *x) {
    /* Of no bytes at all, for an exchange that ended before there was a digest. */
    char hex[65] = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    if (x->hash) {
        skua_sha256_final(x->hash, hex);
        x->hash = NULL;
    }
    cli_json_key(j, "body_bytes");
    cli_json_integer(j, x->body_bytes);
    cli_json_key(j, "body_sha256");
    cli_json_text(j, hex);
}

static void put_time(cli_json *j, const char *key, double ms) {
    cli_json_key(j, key);
    if (ms < 0)
        cli_json_null(j);
    else
        cli_json_decimal(j, ms);
}

static void put_timings(cli_json *j, const get_exchange *x) {
    skua_timings t = {-1, -1, -1, -1, -1, -1, -1};
    if (x->response)
        skua_response_timings(x->response, &t);
    else if (x->conn)
        skua_conn_timings(x->conn, &t);
    cli_json_key(j, "timings");
    cli_json_open(j, '{');
    put_time(j, "resolve", t.resolve);
    put_time(j, "connect", t.connect);
    put_time(j, "tls", t.tls);
    put_time(j, "send", t.send);
    put_time(j, "first_byte", t.first_byte);
    put_time(j, "head", t.head);
    put_time(j, "total", t.total);
    cli_json_close(j, '}');
}

static void put_error(cli_json *j, const get_exchange *x) {
    cli_json_key(j, "error");
    if (x->status == 0) {
        cli_json_null(j);
        return;
    }
    cli_json_open(j, '{');
    cli_json_key(j, "name");
    cli_json_text(j, skua_error_name(x->err.code));
    cli_json_key(j, "code");
    cli_json_integer(j, x->err.code);
    cli_json_key(j, "phase");
    cli_json_text(j, skua_phase_name(x->err.phase));
    cli_json_key(j, "message");
    cli_json_text(j, x->err.msg);
    cli_json_close(j, '}');
}

void get_json_print(get_exchange *x) {
    cli_json j;
    cli_json_begin(&j, stdout);
    cli_json_open(&j, '{');
    cli_json_key(&j, "url");
    cli_json_text(&j, x->url ? skua_url_text(x->url) : x->options->url);
    if (x->response)
        put_head(&j, x->response);
    else
        put_no_head(&j);
    put_body(&j, x);
    put_timings(&j, x);
    put_error(&j, x);
    cli_json_close(&j, '}');
}
