/* examples/site.c - an application's files, as they are served in production:
 * site http://127.0.0.1:8080 ./public
 *
 * What was compressed beforehand ("app.js.br") goes to who accepts it. What has a digest in its
 * name never changes; the rest is asked for again. Paths that the application makes up in the
 * browser get its one page. Interrupt it to stop it. */
#include <signal.h>
#include <skua/skua.h>
#include <stdio.h>

static skua_server *server;

static void stop(int signal) {
    (void)signal;
    skua_server_stop(server);
}

/* One file that lies elsewhere: conditions and ranges are seen to. */
static int report(skua_request *q, skua_reply *a, void *user) {
    skua_reply_send_header(a, "Content-Disposition", "attachment; filename=\"report.txt\"");
    return skua_reply_file(a, q, user, NULL);
}

int main(int argc, char **argv) {
    static const skua_dir_rule caching[] = {
        {"assets/*", "public, max-age=31536000, immutable"},
        {NULL, NULL},
    };
    static const skua_field fields[] = {
        {"Referrer-Policy", "same-origin", 0},
        {NULL, NULL, 0},
    };
    if (argc < 3 || argc > 4) {
        fputs("usage: site URL FOLDER [REPORT]\n", stderr);
        return 2;
    }
    skua_error err;
    server = skua_server_new(NULL, &err);
    skua_route_dir(server, "/", argv[2],
                   SKUA_OPTS(skua_dir_opts, .precompressed = 1, .cache_control = "no-cache",
                             .cache_rules = caching, .fields = fields, .fallback = "index.html",
                             .not_found_page = "404.html"));
    if (argc == 4)
        skua_route(server, "GET /report", report, argv[3]);
    skua_server_listen(server, argv[1], NULL);
    signal(SIGINT, stop);
    signal(SIGTERM, stop);
    if (skua_server_check(server, &err) == 0)
        fprintf(stderr, "serving at %s\n", skua_server_url(server, 0));
    int rc = skua_server_run(server, &err);
    if (rc)
        fprintf(stderr, "site: %s\n", err.msg);
    skua_server_free(server);
    return rc != 0;
}
