/* serve_fields.c - --header, --cors and --protocol: fields of each reply, whoever makes it. */
#include "serve_fields.h"

#include <stdlib.h>
#include <string.h>

enum { CORS_FIELDS = 3 };

static void put(serve_fields *fields, const char *name, const char *value) {
    fields->list[fields->count++] = (skua_field){.name = name, .value = value};
}

/* `field` is "NAME: VALUE". */
static int put_given(serve_fields *fields, const char *field) {
    size_t name_len = strcspn(field, ":");
    const char *value = field + name_len + 1;
    value += strspn(value, " \t");
    size_t len = strlen(value);
    while (len > 0 && strchr(" \t", value[len - 1]))
        len--;
    const char *name = cli_texts_format(&fields->texts, "%.*s", (int)name_len, field);
    value = cli_texts_format(&fields->texts, "%.*s", (int)len, value);
    if (!name || !value)
        return -1;
    put(fields, name, value);
    return 0;
}

/* Fetch standard, 3.2. To "*" a browser sends no credentials by itself. */
static void put_cors(serve_fields *fields, const serve_options *o) {
    put(fields, "Access-Control-Allow-Origin", o->cors);
    put(fields, "Access-Control-Expose-Headers",
        "Accept-Ranges, Content-Length, Content-Range, ETag, Location");
    int is_one = strcmp(o->cors, "*") != 0;
    if (is_one)
        put(fields, "Access-Control-Allow-Credentials", "true");
    /* All may read; who may write is to be named. */
    fields->methods = o->upload && is_one ? "GET, HEAD, PUT, POST" : "GET, HEAD";
}

int serve_fields_init(serve_fields *fields, const serve_options *o) {
    *fields = (serve_fields){
        .list = calloc(o->fields.count + CORS_FIELDS, sizeof *fields->list),
        .is_single = o->protocol && strcmp(o->protocol, "HTTP/1.0") == 0,
    };
    if (!fields->list)
        return -1;
    if (o->cors)
        put_cors(fields, o);
    for (size_t i = 0; i < o->fields.count; i++) {
        if (put_given(fields, o->fields.items[i]) != 0)
            return -1;
    }
    return 0;
}

void serve_fields_free(serve_fields *fields) {
    cli_texts_free(&fields->texts);
    free(fields->list);
}

static int send_fields(skua_request *q, skua_reply *a, void *user) {
    const serve_fields *fields = user;
    int rc = fields->is_single ? skua_reply_close_connection(a) : 0;
    (void)q;
    for (size_t i = 0; rc == 0 && i < fields->count; i++)
        rc = skua_reply_send_header(a, fields->list[i].name, fields->list[i].value);
    return rc;
}

/* A browser asks whether a page of another origin may send what it wants to send. */
static int answer_preflight(skua_request *q, skua_reply *a, void *user) {
    const serve_fields *fields = user;
    if (strcmp(skua_request_method(q), "OPTIONS") != 0 || !skua_request_header(q, "Origin") ||
        !skua_request_header(q, "Access-Control-Request-Method"))
        return 0;
    const char *names = skua_request_header(q, "Access-Control-Request-Headers");
    skua_reply_send_header(a, "Access-Control-Allow-Methods", fields->methods);
    if (names)
        skua_reply_send_header(a, "Access-Control-Allow-Headers", names);
    skua_reply_send_header(a, "Access-Control-Max-Age", "600");
    skua_reply_send_header(a, "Vary", "Access-Control-Request-Headers");
    return skua_reply_bytes(a, 204, NULL, "", 0);
}

void serve_fields_add(serve_fields *fields, skua_server *s) {
    if (fields->count > 0 || fields->is_single)
        skua_server_after(s, "/", send_fields, fields);
    if (fields->methods)
        skua_server_before(s, "/", answer_preflight, fields);
}
