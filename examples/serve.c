/* examples/serve.c - handlers and a directory behind one listener, plain or TLS:
 * serve http://127.0.0.1:8080 ./public
 * serve https://[::]:8443 ./public cert.pem key.pem
 *
 * Interrupt it to stop it. */
#include <signal.h>
#include <skua/skua.h>
#include <stdio.h>

static skua_server *server;

static void stop(int signal) {
    (void)signal;
    skua_server_stop(server); /* may be called from a signal handler */
}

static int hello(skua_request *q, skua_reply *a, void *user) {
    return skua_reply_text(a, 200, "%s %s\n", (const char *)user, skua_request_param(q, "name"));
}

static int step_by_step(skua_request *q, skua_reply *a, void *user) {
    (void)q;
    (void)user;
    skua_reply_send_response(a, 200);
    skua_reply_send_header(a, "Content-Type", "text/html");
    skua_reply_end_headers(a);
    return skua_reply_write(a, "Hello, World!", 13);
}

int main(int argc, char **argv) {
    if (argc != 3 && argc != 5) {
        fputs("usage: serve URL FOLDER [CERTIFICATE KEY]\n", stderr);
        return 2;
    }
    const char *cert = argc == 5 ? argv[3] : NULL, *key = cert ? argv[4] : NULL;
    skua_error err;
    server = skua_server_new(NULL, &err); /* one loop per core, safe limits */
    skua_route(server, "GET /hello/{name}", hello, "hello");
    skua_route(server, "GET /steps", step_by_step, NULL);
    skua_route_dir(server, "/static/", argv[2], NULL);
    skua_server_listen(server, argv[1],
                       cert ? SKUA_OPTS(skua_tls_opts, .cert_file = cert, .key_file = key) : NULL);
    signal(SIGINT, stop);
    signal(SIGTERM, stop);
    if (skua_server_check(server, &err) == 0)
        fprintf(stderr, "serving at %s\n", skua_server_url(server, 0));
    int rc = skua_server_run(server, &err);
    if (rc)
        fprintf(stderr, "serve: %s\n", err.msg);
    skua_server_free(server);
    return rc != 0;
}
