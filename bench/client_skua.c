/* bench/client_skua.c - GETs on one connection object, as its manual shows them. */
#include "client_blocks.h"

#include <skua/skua.h>

typedef struct client {
    skua_conn *conn;
    const char *target;
} client;

static long long get(void *user) {
    const client *c = user;
    skua_error err;
    char buf[CLIENT_BUFFER];
    long long bytes = 0;
    ptrdiff_t n = -1;
    skua_conn_request(c->conn, "GET", c->target, NULL, NULL, 0, NULL);
    skua_response *r = skua_conn_getresponse(c->conn, &err);
    while (r && (n = skua_response_read(r, buf, sizeof buf, &err)) > 0)
        bytes += n;
    if (n < 0)
        fprintf(stderr, "client_skua: %s\n", err.msg);
    skua_response_free(r);
    return n < 0 ? -1 : bytes;
}

int main(int argc, char **argv) {
    skua_error err;
    skua_url *url = NULL;
    char origin[256];
    client c = {NULL, NULL};
    int rc = 1;
    if (argc < 2)
        return 2;
    if (skua_url_parse(argv[1], &url, &err) == 0) {
        snprintf(origin, sizeof origin, "%s://%s", skua_url_scheme(url), skua_url_authority(url));
        skua_tls_opts tls = {.size = sizeof tls, .ca_file = argc > 2 ? argv[2] : NULL};
        c.conn = skua_conn_new(origin, SKUA_OPTS(skua_conn_opts, .tls = &tls), &err);
        c.target = skua_url_target(url);
    }
    if (c.conn)
        rc = client_run(get, &c);
    else
        fprintf(stderr, "client_skua: %s\n", err.msg);
    skua_conn_free(c.conn);
    skua_url_free(url);
    return rc;
}
