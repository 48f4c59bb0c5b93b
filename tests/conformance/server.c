/* tests/conformance/server.c - handlers for the cases that a directory of files cannot show:
 * server URL [ACCESS-LOG]
 *
 * Each handler answers with what it was told, so that a case sees how its bytes were understood. */
#include <signal.h>
#include <skua/skua.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static skua_server *server;

static void stop(int signal) {
    (void)signal;
    skua_server_stop(server);
}

/* The body, as it was decoded. */
static int echo(skua_request *q, skua_reply *a, void *user) {
    (void)user;
    size_t len;
    const char *body = skua_request_body(q, &len);
    return skua_reply_bytes(a, 200, "application/octet-stream", body ? body : "", len);
}

/* The request line, as it was understood. */
static int line(skua_request *q, skua_reply *a, void *user) {
    (void)user;
    return skua_reply_text(a, 200, "%s %s %s", skua_request_method(q), skua_request_host(q),
                           skua_request_path(q));
}

/* A parameter of the path, in hexadecimal: it may hold any byte. */
static int segment(skua_request *q, skua_reply *a, void *user) {
    (void)user;
    char hex[128] = "";
    const char *text = skua_request_param(q, "x");
    for (size_t i = 0; text[i] && i < sizeof hex / 2 - 1; i++)
        snprintf(hex + 2 * i, 3, "%02x", (unsigned)(unsigned char)text[i]);
    return skua_reply_text(a, 200, "%s", hex);
}

/* A field, its lines joined. */
static int field(skua_request *q, skua_reply *a, void *user) {
    (void)user;
    const char *value = skua_request_header(q, skua_request_param(q, "name"));
    return skua_reply_text(a, 200, "<%s>", value ? value : "none");
}

/* A body without a length, with trailer fields. */
static int pieces(skua_request *q, skua_reply *a, void *user) {
    (void)q;
    (void)user;
    skua_reply_send_response(a, 200);
    skua_reply_send_header(a, "Content-Type", "text/plain");
    skua_reply_end_headers(a);
    skua_reply_write(a, "first ", 6);
    skua_reply_write(a, "", 0);
    skua_reply_write(a, "second", 6);
    return skua_reply_send_trailer(a, "X-Sum", "12");
}

/* Any status, and a body with it, whether or not it may have one. */
static int with_status(skua_request *q, skua_reply *a, void *user) {
    (void)user;
    return skua_reply_text(a, atoi(skua_request_param(q, "code")), "the body");
}

/* An answer to a body that nobody reads. */
static int early(skua_request *q, skua_reply *a, void *user) {
    (void)q;
    (void)user;
    return skua_reply_text(a, 403, "no");
}

static int last(skua_request *q, skua_reply *a, void *user) {
    (void)q;
    (void)user;
    skua_reply_close_connection(a);
    return skua_reply_text(a, 200, "last");
}

static void add_routes(void) {
    skua_route(server, "POST /echo", echo, NULL);
    skua_route(server, "PUT /echo", echo, NULL);
    skua_route(server, "QUERY /echo", echo, NULL);
    skua_route(server, "/any", line, NULL);
    skua_route(server, "/any/{rest...}", line, NULL);
    skua_route(server, "GET /line", line, NULL);
    skua_route(server, "GET /seg/{x}", segment, NULL);
    skua_route(server, "GET /field/{name}", field, NULL);
    skua_route(server, "GET /pieces", pieces, NULL);
    skua_route(server, "GET /status/{code}", with_status, NULL);
    skua_route(server, "GET /last", last, NULL);
    skua_route_with(server, "POST /early",
                    SKUA_OPTS(skua_route_opts, .fn = early, .stream_body = 1));
    skua_route_with(server, "POST /small",
                    SKUA_OPTS(skua_route_opts, .fn = echo, .body_max_bytes = 16));
}

int main(int argc, char **argv) {
    if (argc != 2 && argc != 3) {
        fputs("usage: server URL [ACCESS-LOG]\n", stderr);
        return 2;
    }
    skua_error err;
    server = skua_server_new(SKUA_OPTS(skua_server_opts, .workers = 1,
                                       .access_log_file = argc == 3 ? argv[2] : NULL,
                                       .access_format = SKUA_ACCESS_JSON),
                             &err);
    add_routes();
    skua_server_listen(server, argv[1], NULL);
    signal(SIGINT, stop);
    signal(SIGTERM, stop);
    if (skua_server_url(server, 0))
        fprintf(stderr, "serving at %s\n", skua_server_url(server, 0));
    int rc = skua_server_run(server, &err);
    if (rc)
        fprintf(stderr, "server: %s\n", err.msg);
    skua_server_free(server);
    return rc != 0;
}
