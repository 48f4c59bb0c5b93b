/* examples/compressed.c - replies that are compressed as they are made:
 * compressed http://127.0.0.1:8080
 *
 * curl --compressed http://127.0.0.1:8080/list and .../lines, curl -N --compressed .../events.
 * Interrupt it to stop it. */
#include <signal.h>
#include <skua/skua.h>
#include <stdio.h>
#include <stdlib.h>

static skua_server *server;

static void stop(int signal) {
    (void)signal;
    skua_server_stop(server);
}

/* In one call: its length is that of what is sent. */
static int list(skua_request *q, skua_reply *a, void *user) {
    (void)q;
    (void)user;
    enum { ITEMS = 500, LINE = 64 };
    char *json = malloc(ITEMS * LINE);
    size_t len = 0;
    if (!json)
        return SKUA_E_NOMEM;
    for (int i = 0; i < ITEMS; i++)
        len += (size_t)snprintf(json + len, LINE, "%s{\"id\": %d, \"name\": \"item %d\"}%s",
                                i == 0 ? "[" : " ", i, i, i == ITEMS - 1 ? "]\n" : ",\n");
    skua_reply_send_header(a, "ETag", "\"500 items\"");
    int rc = skua_reply_bytes(a, 200, "application/json", json, len);
    free(json);
    return rc;
}

/* Piece by piece, on a thread of the pool: each can be read when it was written. */
static int lines(skua_request *q, skua_reply *a, void *user) {
    (void)q;
    (void)user;
    skua_reply_send_response(a, 200);
    skua_reply_send_header(a, "Content-Type", "text/plain");
    skua_reply_end_headers(a);
    for (int i = 0; i < 2000; i++) {
        char line[64];
        int len = snprintf(line, sizeof line, "This is line %d of two thousand.\n", i);
        if (skua_reply_write(a, line, (size_t)len) != 0)
            break;
    }
    return 0;
}

static int events(skua_request *q, skua_reply *a, void *user) {
    (void)q;
    (void)user;
    if (skua_reply_events(a, 0) != 0)
        return 0;
    for (int i = 0; i < 3; i++)
        skua_reply_event(a, SKUA_OPTS(skua_event, .name = "tick", .data = "the same, again"));
    skua_reply_finish(a);
    return 0;
}

int main(int argc, char **argv) {
    if (argc != 2) {
        fputs("usage: compressed URL\n", stderr);
        return 2;
    }
    skua_error err;
    server = skua_server_new(SKUA_OPTS(skua_server_opts, .compress = 1), &err);
    skua_route(server, "GET /list", list, NULL);
    skua_route_with(server, "GET /lines",
                    SKUA_OPTS(skua_route_opts, .fn = lines, .kind = SKUA_HANDLER_POOL));
    skua_route(server, "GET /events", events, NULL);
    /* A secret beside what the client chose: its length would give it away, byte by byte. */
    skua_route_with(server, "GET /account",
                    SKUA_OPTS(skua_route_opts, .fn = list, .no_compress = 1));
    skua_server_listen(server, argv[1], NULL);
    signal(SIGINT, stop);
    signal(SIGTERM, stop);
    if (skua_server_check(server, &err) == 0)
        fprintf(stderr, "serving at %s\n", skua_server_url(server, 0));
    int rc = skua_server_run(server, &err);
    if (rc)
        fprintf(stderr, "compressed: %s\n", err.msg);
    skua_server_free(server);
    return rc != 0;
}
