/* server.c - a server to be treated badly: server NAME=VALUE... URL
 *
 * The names are those of the table below. It says "listening at URL" when it does. SIGTERM drains
 * it, and what became of its requests is said; SIGINT stops it from the signal's handler; SIGHUP
 * has it read its certificates and open its logs anew. */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <skua/skua.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static skua_server *server;

/* ---- handlers ---- */

static long number_of(skua_request *q) {
    const char *text = skua_request_param(q, "n");
    return text ? strtol(text, NULL, 10) : 0;
}

static void pause_ms(long ms) {
    struct timespec left = {ms / 1000, ms % 1000 * 1000000};
    while (nanosleep(&left, &left) != 0 && errno == EINTR)
        ;
}

static int hello(skua_request *q, skua_reply *a, void *user) {
    (void)q;
    (void)user;
    return skua_reply_text(a, 200, "hello, world\n");
}

static int client(skua_request *q, skua_reply *a, void *user) {
    (void)user;
    return skua_reply_text(a, 200, "%s\n", skua_request_client(q));
}

/* On the loop or on the pool, as the route says. */
static int slumber(skua_request *q, skua_reply *a, void *user) {
    (void)user;
    pause_ms(number_of(q));
    return skua_reply_text(a, 200, "slept\n");
}

typedef struct wait {
    skua_reply *reply;
    long ms;
} wait;

static void *finish_later(void *arg) {
    wait w = *(wait *)arg;
    free(arg);
    pause_ms(w.ms);
    skua_reply_text(w.reply, 200, "waited\n");
    skua_reply_finish(w.reply);
    return NULL;
}

static int wait_for(skua_request *q, skua_reply *a, void *user) {
    pthread_t thread;
    wait *w = malloc(sizeof *w);
    (void)user;
    if (!w)
        return SKUA_E_NOMEM;
    *w = (wait){a, number_of(q)};
    int rc = skua_reply_defer(a);
    if (rc != 0 || pthread_create(&thread, NULL, finish_later, w) != 0) {
        free(w);
        return rc != 0 ? rc : skua_reply_finish(a);
    }
    pthread_detach(thread);
    return 0;
}

/* So many KiB from memory. */
static int big(skua_request *q, skua_reply *a, void *user) {
    size_t len = (size_t)number_of(q) << 10;
    char *body = malloc(len + 1);
    (void)user;
    if (!body)
        return SKUA_E_NOMEM;
    memset(body, 'x', len);
    int rc = skua_reply_bytes(a, 200, "text/plain", body, len);
    free(body);
    return rc;
}

static ptrdiff_t pour(void *buf, size_t cap, void *user) {
    long *left = user;
    size_t n = *left < (long)cap ? (size_t)*left : cap;
    memset(buf, 'x', n);
    *left -= (long)n;
    return (ptrdiff_t)n;
}

/* So many KiB, made as the client takes them. */
static int stream(skua_request *q, skua_reply *a, void *user) {
    long *left = malloc(sizeof *left);
    (void)user;
    if (!left)
        return SKUA_E_NOMEM;
    *left = number_of(q) << 10;
    skua_reply_send_response(a, 200);
    skua_reply_end_headers(a);
    int rc = skua_reply_stream(a, pour, free, left);
    if (rc != 0)
        free(left);
    return rc;
}

static int body_length(skua_request *q, skua_reply *a, void *user) {
    size_t len = 0;
    (void)user;
    skua_request_body(q, &len);
    return skua_reply_text(a, 200, "%zu\n", len);
}

/* On the pool: reads as it comes. */
static int count(skua_request *q, skua_reply *a, void *user) {
    char piece[4096];
    ptrdiff_t n, all = 0;
    (void)user;
    while ((n = skua_request_read(q, piece, sizeof piece)) > 0)
        all += n;
    return n < 0 ? (int)n : skua_reply_text(a, 200, "%td\n", all);
}

static void add_routes(skua_server *s, const char *files) {
    const skua_route_opts pooled = {
        .size = sizeof pooled, .fn = slumber, .kind = SKUA_HANDLER_POOL};
    const skua_route_opts counted = {
        .size = sizeof counted, .fn = count, .kind = SKUA_HANDLER_POOL, .stream_body = 1};
    skua_route(s, "GET /", hello, NULL);
    skua_route(s, "GET /client", client, NULL);
    skua_route(s, "GET /sleep/{n}", slumber, NULL);
    skua_route_with(s, "GET /pool/{n}", &pooled);
    skua_route(s, "GET /wait/{n}", wait_for, NULL);
    skua_route(s, "GET /big/{n}", big, NULL);
    skua_route(s, "GET /stream/{n}", stream, NULL);
    skua_route(s, "POST /body", body_length, NULL);
    skua_route_with(s, "POST /count", &counted);
    if (files)
        skua_route_dir(s, "/files/", files, NULL);
}

/* ---- signals ---- */

static void stop(int number) {
    (void)number;
    skua_server_stop(server);
}

static void drain(void) {
    skua_drain_report r = {.size = sizeof r};
    skua_server_drain(server, 0, &r);
    fprintf(stderr, "drained: finished %ju, cut %ju, idle %ju\n", (uintmax_t)r.finished,
            (uintmax_t)r.cut, (uintmax_t)r.closed_idle);
}

static void *wait_for_signals(void *set) {
    for (int number; sigwait(set, &number) == 0;) {
        if (number == SIGUSR1) /* it is over */
            return NULL;
        if (number == SIGTERM) {
            drain();
            continue;
        }
        skua_error err;
        skua_server_reopen_logs(server);
        fprintf(stderr, "reloaded: %s\n", skua_server_reload(server, &err) == 0 ? "ok" : err.msg);
    }
    return NULL;
}

/* ---- settings ---- */

typedef struct settings {
    skua_server_opts server;
    skua_tls_opts tls;
    skua_listen_opts listen;
    const char *files;
} settings;

typedef enum kind { INT, INT64, UINT32, TEXT } kind;

static const struct {
    const char *name;
    kind kind;
    size_t at;
} table[] = {
    {"workers", INT, offsetof(settings, server.workers)},
    {"header_ms", INT64, offsetof(settings, server.header_timeout_ms)},
    {"body_ms", INT64, offsetof(settings, server.body_timeout_ms)},
    {"write_ms", INT64, offsetof(settings, server.write_timeout_ms)},
    {"idle_ms", INT64, offsetof(settings, server.idle_timeout_ms)},
    {"tls_ms", INT64, offsetof(settings, server.tls_timeout_ms)},
    {"rate", INT64, offsetof(settings, server.min_rate_bytes_per_s)},
    {"rate_grace_ms", INT64, offsetof(settings, server.min_rate_grace_ms)},
    {"connections", UINT32, offsetof(settings, server.connections_max)},
    {"per_address", UINT32, offsetof(settings, server.connections_per_address_max)},
    {"pool_threads", INT, offsetof(settings, server.pool_threads)},
    {"access_log", TEXT, offsetof(settings, server.access_log_file)},
    {"error_log", TEXT, offsetof(settings, server.error_log_file)},
    {"cert", TEXT, offsetof(settings, tls.cert_file)},
    {"key", TEXT, offsetof(settings, tls.key_file)},
    {"proxies", TEXT, offsetof(settings, listen.proxy_protocol_from)},
    {"files", TEXT, offsetof(settings, files)},
};

/* False: there is no such name. */
static bool set(settings *s, const char *word) {
    const char *value = strchr(word, '=');
    for (size_t i = 0; value && i < sizeof table / sizeof *table; i++) {
        void *at = (char *)s + table[i].at;
        size_t len = (size_t)(value - word);
        if (strlen(table[i].name) != len || strncmp(table[i].name, word, len) != 0)
            continue;
        long long number = strtoll(value + 1, NULL, 10);
        if (table[i].kind == INT)
            *(int *)at = (int)number;
        else if (table[i].kind == INT64)
            *(int64_t *)at = number;
        else if (table[i].kind == UINT32)
            *(uint32_t *)at = (uint32_t)number;
        else
            *(const char **)at = value + 1;
        return true;
    }
    return false;
}

static int serve(settings *s, const char *url, skua_error *err) {
    static sigset_t waited; /* as long as the thread */
    pthread_t signals;
    if (s->tls.cert_file)
        s->listen.tls = &s->tls;
    server = skua_server_new(&s->server, err);
    if (!server)
        return err->code;
    add_routes(server, s->files);
    sigemptyset(&waited);
    sigaddset(&waited, SIGTERM);
    sigaddset(&waited, SIGHUP);
    sigaddset(&waited, SIGUSR1);
    pthread_sigmask(SIG_BLOCK, &waited, NULL);
    struct sigaction action = {.sa_handler = stop};
    sigaction(SIGINT, &action, NULL);
    if (skua_server_listen_with(server, url, &s->listen) == 0)
        fprintf(stderr, "listening at %s\n", skua_server_url(server, 0));
    pthread_create(&signals, NULL, wait_for_signals, &waited);
    int rc = skua_server_run(server, err);
    pthread_kill(signals, SIGUSR1);
    pthread_join(signals, NULL);
    signal(SIGINT, SIG_IGN);
    skua_server_free(server);
    return rc;
}

int main(int argc, char **argv) {
    skua_error err = {0};
    settings s = {
        .server.size = sizeof s.server, .tls.size = sizeof s.tls, .listen.size = sizeof s.listen};
    for (int i = 1; i < argc - 1; i++) {
        if (!set(&s, argv[i])) {
            fprintf(stderr, "server: unknown: %s\n", argv[i]);
            return 2;
        }
    }
    if (argc < 2) {
        fputs("usage: server NAME=VALUE... URL\n", stderr);
        return 2;
    }
    int rc = serve(&s, argv[argc - 1], &err);
    if (rc != 0)
        fprintf(stderr, "server: %s\n", err.msg);
    return rc != 0;
}
