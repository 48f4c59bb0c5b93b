/* get_json.c - a transfer as one JSON object, whatever has become of it.
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

static void put_body(cli_json *j, get_transfer *t) {
    /* Of no bytes at all, for an exchange that ended before there was a digest. */
    char hex[65] = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    if (t->hash) {
        skua_sha256_final(t->hash, hex);
        t->hash = NULL;
    }
    cli_json_key(j, "body_bytes");
    cli_json_integer(j, t->counts.download);
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

static void put_timings(cli_json *j, const skua_timings *t) {
    const struct {
        const char *key;
        double ms;
    } phases[] = {
        {"resolve", t->resolve}, {"connect", t->connect},       {"tls", t->tls},
        {"send", t->send},       {"first_byte", t->first_byte}, {"head", t->head},
        {"total", t->total},
    };
    cli_json_key(j, "timings");
    cli_json_open(j, '{');
    for (size_t i = 0; i < sizeof phases / sizeof *phases; i++)
        put_time(j, phases[i].key, phases[i].ms);
    cli_json_close(j, '}');
}

/* The exchanges that redirects have made of it; the last is the one that the rest tells of. */
static void put_hops(cli_json *j, const get_transfer *t) {
    cli_json_key(j, "hops");
    cli_json_open(j, '[');
    for (size_t i = 0; i < t->hop_count; i++) {
        cli_json_open(j, '{');
        cli_json_key(j, "url");
        cli_json_text(j, t->hops[i].url);
        cli_json_key(j, "status");
        if (t->hops[i].status)
            cli_json_integer(j, t->hops[i].status);
        else
            cli_json_null(j);
        put_timings(j, &t->hops[i].timings);
        cli_json_close(j, '}');
    }
    cli_json_close(j, ']');
}

/* The addresses that were tried when the connection was made; errno is 0 for the one that won, and
 * for those it overtook. */
static void put_attempts(cli_json *j, const get_transfer *t) {
    skua_attempt attempts[SKUA_ERROR_ATTEMPTS];
    int count = t->conn ? skua_conn_attempts(t->conn, attempts, SKUA_ERROR_ATTEMPTS) : 0;
    cli_json_key(j, "attempts");
    cli_json_open(j, '[');
    for (int i = 0; i < count; i++) {
        cli_json_open(j, '{');
        cli_json_key(j, "address");
        cli_json_text(j, attempts[i].address);
        cli_json_key(j, "errno");
        cli_json_integer(j, attempts[i].os_errno);
        cli_json_key(j, "elapsed_ms");
        cli_json_integer(j, attempts[i].elapsed_ms);
        cli_json_close(j, '}');
    }
    cli_json_close(j, ']');
}

static void put_certificate(cli_json *j, const skua_certificate *c) {
    const struct {
        const char *key, *text;
    } texts[] = {{"subject", c->subject}, {"issuer", c->issuer}, {"names", c->names},
                 {"serial", c->serial},   {"sha256", c->sha256}, {"pin", c->pin}};
    cli_json_key(j, "certificate");
    if (c->size == 0) {
        cli_json_null(j);
        return;
    }
    cli_json_open(j, '{');
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        cli_json_key(j, texts[i].key);
        cli_json_text(j, texts[i].text);
    }
    cli_json_key(j, "not_before");
    cli_json_integer(j, c->not_before);
    cli_json_key(j, "not_after");
    cli_json_integer(j, c->not_after);
    cli_json_close(j, '}');
}

static void put_tls(cli_json *j, const get_transfer *t) {
    cli_json_key(j, "tls");
    if (!t->info.tls_version[0]) {
        cli_json_null(j);
        return;
    }
    cli_json_open(j, '{');
    cli_json_key(j, "version");
    cli_json_text(j, t->info.tls_version);
    cli_json_key(j, "cipher");
    cli_json_text(j, t->info.tls_cipher);
    cli_json_key(j, "alpn");
    cli_json_text(j, t->info.alpn);
    cli_json_key(j, "resumed");
    cli_json_boolean(j, t->info.tls_resumed);
    put_certificate(j, &t->certificate);
    cli_json_close(j, '}');
}

/* As the library writes it. */
static void put_error(cli_json *j, const get_transfer *t) {
    char text[SKUA_ERROR_JSON_SIZE];
    cli_json_key(j, "error");
    if (t->status == 0)
        cli_json_null(j);
    else if (skua_error_json(&t->err, text, sizeof text) < sizeof text)
        cli_json_raw(j, text);
}

void get_json_print(get_transfer *t) {
    static const skua_timings none = {-1, -1, -1, -1, -1, -1, -1};
    const skua_url *url = t->url ? t->url : t->start;
    cli_json j;
    cli_json_begin(&j, stdout);
    cli_json_open(&j, '{');
    cli_json_key(&j, "url");
    cli_json_text(&j, url ? skua_url_text(url) : t->text);
    if (t->response)
        put_head(&j, t->response);
    else
        put_no_head(&j);
    put_body(&j, t);
    put_timings(&j, t->hop_count > 0 ? &t->hops[t->hop_count - 1].timings : &none);
    put_hops(&j, t);
    put_attempts(&j, t);
    put_tls(&j, t);
    put_error(&j, t);
    cli_json_close(&j, '}');
    fflush(stdout);
}
