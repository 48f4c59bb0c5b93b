/* bench/peer_microhttpd.c - libmicrohttpd as bench/run measures it: one thread, epoll.
 *
 *     peer_microhttpd PORT
 *
 * 13 bytes for every request; what is uploaded is dropped. */
#include <microhttpd.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static enum MHD_Result answer(void *user, struct MHD_Connection *conn, const char *url,
                              const char *method, const char *version, const char *data,
                              size_t *len, void **begun) {
    static char body[] = "Hello, World!";
    (void)user;
    (void)url;
    (void)method;
    (void)version;
    (void)data;
    bool first = !*begun;
    *begun = body;
    if (first || *len > 0) {
        *len = 0;
        return MHD_YES;
    }
    struct MHD_Response *r =
        MHD_create_response_from_buffer(sizeof body - 1, body, MHD_RESPMEM_PERSISTENT);
    MHD_add_response_header(r, "Content-Type", "text/plain");
    enum MHD_Result rc = MHD_queue_response(conn, MHD_HTTP_OK, r);
    MHD_destroy_response(r);
    return rc;
}

int main(int argc, char **argv) {
    if (argc != 2)
        return 2;
    struct MHD_Daemon *d = MHD_start_daemon(
        MHD_USE_EPOLL_INTERNAL_THREAD, (uint16_t)atoi(argv[1]), NULL, NULL, answer, NULL,
        MHD_OPTION_CONNECTION_LIMIT, 19000u, MHD_OPTION_CONNECTION_TIMEOUT, 120u, MHD_OPTION_END);
    if (!d) {
        fprintf(stderr, "peer_microhttpd: cannot start\n");
        return 1;
    }
    pause();
    return 0;
}
