/* examples/inbox.c - take files that a form brings into a folder:
 * inbox http://127.0.0.1:8080 ./inbox
 *
 * curl -F file=@photo.jpg http://127.0.0.1:8080/
 *
 * The handler runs on the pool, where it may wait for client and disk. A form comes whole or leaves
 * nothing. Interrupt it to end it in order: uploads under way have half a minute. */
#include <signal.h>
#include <skua/skua.h>
#include <stdio.h>

#define FORM_MAX ((int64_t)100 << 20)

static skua_server *server;

static void stop(int signal) {
    (void)signal;
    skua_server_begin_drain(server, 0);
}

/* `file` is in the folder, under a name of the server's own: part->filename is only what the client
 * calls it. */
static int saved(const skua_part *part, const char *file, int64_t size, void *user) {
    int *files = user;
    (void)part;
    (void)file;
    (void)size;
    (*files)++;
    return 0;
}

/* Whose fault is it? */
static int status_of(int code) {
    skua_error_class class = skua_error_class_of(code);
    if (code == SKUA_E_UNSUPPORTED)
        return 415;
    if (code == SKUA_E_BODY_TOO_LARGE)
        return 413;
    if (code == SKUA_E_TIMEOUT)
        return 408;
    return class == SKUA_CLASS_PROTOCOL || class == SKUA_CLASS_LIMIT ? 400 : 500;
}

static int take(skua_request *q, skua_reply *a, void *user) {
    skua_error err;
    int files = 0;
    int rc = skua_request_multipart(q,
                                    SKUA_OPTS(skua_multipart_opts, .dir = user, .file = saved,
                                              .user = &files, .max_bytes = FORM_MAX),
                                    &err);
    if (rc == 0)
        return skua_reply_text(a, 201, "Received: %d\n", files);
    skua_request_log(q, SKUA_LOG_INFO, "%s", err.msg);
    int status = status_of(rc);
    return skua_reply_send_error(a, status, status < 500 ? err.msg : NULL);
}

int main(int argc, char **argv) {
    if (argc != 3) {
        fputs("usage: inbox URL FOLDER\n", stderr);
        return 2;
    }
    skua_error err;
    server = skua_server_new(SKUA_OPTS(skua_server_opts, .error_log_file = "-"), &err);
    skua_route_with(server, "POST /{$}",
                    SKUA_OPTS(skua_route_opts, .fn = take, .user = argv[2],
                              .kind = SKUA_HANDLER_POOL, .stream_body = 1));
    skua_server_listen(server, argv[1], NULL);
    signal(SIGINT, stop);
    signal(SIGTERM, stop);
    if (skua_server_check(server, &err) == 0)
        fprintf(stderr, "serving at %s\n", skua_server_url(server, 0));
    int rc = skua_server_run(server, &err);
    if (rc)
        fprintf(stderr, "inbox: %s\n", err.msg);
    skua_server_free(server);
    return rc != 0;
}
