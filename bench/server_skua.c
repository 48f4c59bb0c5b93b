/* bench/server_skua.c - the server as bench/run measures it.
 *
 *     server_skua PORT TLS-PORT FOLDER CERTIFICATE KEY WORKERS
 *
 * GET /hello: 13 bytes from a handler; GET /files/...: the folder; PUT /upload: a body that is
 * streamed and dropped. */
#include <signal.h>
#include <skua/skua.h>
#include <stdio.h>
#include <stdlib.h>

static skua_server *server; /* for the signal */

static void on_signal(int signal) {
    (void)signal;
    skua_server_stop(server);
}

static int hello(skua_request *q, skua_reply *a, void *user) {
    (void)q;
    (void)user;
    return skua_reply_bytes(a, 200, "text/plain", "Hello, World!", 13);
}

static int drop(skua_request *q, const void *data, ptrdiff_t len, void *user) {
    skua_reply *a = user;
    (void)q;
    (void)data;
    if (len > 0)
        return 0;
    if (len == 0)
        skua_reply_bytes(a, 200, "text/plain", "Hello, World!", 13);
    return skua_reply_finish(a);
}

static int upload(skua_request *q, skua_reply *a, void *user) {
    (void)user;
    int rc = skua_reply_defer(a);
    return rc == 0 ? skua_request_on_body(q, drop, a) : rc;
}

static void listen_at(const char *scheme, const char *port, const skua_tls_opts *tls) {
    char url[64];
    snprintf(url, sizeof url, "%s://127.0.0.1:%s", scheme, port);
    skua_server_listen(server, url, tls);
}

int main(int argc, char **argv) {
    skua_error err;
    if (argc != 7)
        return 2;
    server = skua_server_new(SKUA_OPTS(skua_server_opts, .workers = atoi(argv[6])), &err);
    skua_route(server, "GET /hello", hello, NULL);
    skua_route_dir(server, "/files/", argv[3], NULL);
    skua_route_with(server, "PUT /upload",
                    SKUA_OPTS(skua_route_opts, .fn = upload, .stream_body = 1));
    listen_at("http", argv[1], NULL);
    listen_at("https", argv[2],
              SKUA_OPTS(skua_tls_opts, .cert_file = argv[4], .key_file = argv[5]));
    signal(SIGTERM, on_signal);
    int rc = skua_server_run(server, &err);
    if (rc != 0)
        fprintf(stderr, "server_skua: %s\n", err.msg);
    skua_server_free(server);
    return rc != 0;
}
