/* One-call requests to a server that runs, over TCP, a Unix socket and TLS: with redirects and
 * bodies from everywhere, while the nth system call or allocation of either end fails. What is
 * interrupted or short changes nothing; of what is not, the caller hears; and the next request is
 * served. */
#include "../unit/client/bodies.h"
#include "../unit/remove_tree.h"
#include "base/str.h"
#include "faulty_calls.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <setjmp.h>
#include <skua/skua.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof *(a))
#define LARGE                                                                                      \
    100000 /* more than a socket's send takes at once, and than is kept to be replayed             \
            */
#define PATIENT_MS 20000
#define REFUSED    (-1000) /* the server has said that something is wrong */
#define N_MAX      3000
#define N_EACH     80 /* from there on, which is inside of OpenSSL, a sample will do */

static struct {
    char dir[40];
    skua_local_ca_files files;
    skua_server *server;
    pthread_t thread;
    char large[LARGE + 1];
    char path[80];
    char socket[80];
} world;

/* ---- the server ---- */

static int moved(skua_request *q, skua_reply *a, void *user) {
    (void)q;
    return skua_reply_redirect(a, 307, user);
}

static int echo(skua_request *q, skua_reply *a, void *user) {
    size_t len;
    const char *body = skua_request_body(q, &len);
    (void)user;
    return skua_reply_bytes(a, 200, "text/plain", body, len);
}

static int hello(skua_request *q, skua_reply *a, void *user) {
    (void)q;
    (void)user;
    return skua_reply_text(a, 200, "hello");
}

static int file(skua_request *q, skua_reply *a, void *user) {
    (void)user;
    return skua_reply_file(a, q, world.path, NULL);
}

static void *serve(void *arg) {
    skua_error err = {0};
    faulty_end = AT_SERVER;
    int rc = skua_server_run(arg, &err);
    return (void *)(intptr_t)rc;
}

static int make_files(void) {
    skua_error err;
    snprintf(world.dir, sizeof world.dir, "/tmp/skua-sockets-XXXXXX");
    if (!mkdtemp(world.dir))
        return -1;
    snprintf(world.path, sizeof world.path, "%s/large", world.dir);
    snprintf(world.socket, sizeof world.socket, "unix:%s/socket", world.dir);
    bodies_write(world.large, LARGE);
    FILE *f = fopen(world.path, "w");
    assert_non_null(f);
    fwrite(world.large, 1, LARGE, f);
    fclose(f);
    return skua_local_ca_ensure(SKUA_OPTS(skua_local_ca_opts, .dir = world.dir), &world.files,
                                &err);
}

static int set_up(void **state) {
    skua_error err;
    (void)state;
    if (make_files() != 0)
        return -1;
    skua_server *s = world.server =
        skua_server_new(SKUA_OPTS(skua_server_opts, .workers = 1, .idle_timeout_ms = 1000), &err);
    skua_route(s, "GET /", moved, "/hello");
    skua_route(s, "GET /hello", hello, NULL);
    skua_route(s, "GET /file", file, NULL);
    skua_route(s, "/moved", moved, "/echo");
    skua_route(s, "/echo", echo, NULL);
    skua_server_listen(s, "http://127.0.0.1:0", NULL);
    skua_server_listen(s, world.socket, NULL);
    skua_server_listen(s, "https://127.0.0.1:0",
                       SKUA_OPTS(skua_tls_opts, .cert_file = world.files.cert_file,
                                 .key_file = world.files.key_file));
    skua_server_listen_with(s, "http://127.0.0.1:0",
                            SKUA_OPTS(skua_listen_opts, .proxy_protocol_from = "127.0.0.1"));
    return skua_server_check(s, &err) == 0 ? pthread_create(&world.thread, NULL, serve, s) : -1;
}

static int tear_down(void **state) {
    void *rc;
    (void)state;
    skua_server_stop(world.server);
    pthread_join(world.thread, &rc);
    skua_server_free(world.server);
    assert_null(rc);
    return remove_tree(world.dir);
}

/* ---- requests ---- */

enum { TCP, UNIX, TLS, PROXIED };

/* A request in one call: 0, where its response is a 200 with that body, or the code. */
static int fetch(int by, const char *target, const skua_call *like, const char *expected,
                 size_t expected_len, skua_error *err) {
    char url[200];
    const char *base = skua_server_url(world.server, by == UNIX ? TCP : (size_t)by);
    skua_call call = *like;
    snprintf(url, sizeof url, "%.*s%s", (int)strlen(base) - 1, base, target);
    call.size = sizeof call;
    call.url = url;
    call.timeout_ms = PATIENT_MS;
    const skua_tls_opts tls = {.size = sizeof tls,
                               .ca_file = by == TLS ? world.files.ca_file : NULL};
    const skua_conn_opts conn = {
        .size = sizeof conn, .tls = &tls, .unix_socket = by == UNIX ? world.socket + 5 : NULL};
    skua_client *c = skua_client_new(SKUA_OPTS(skua_client_opts, .conn = &conn), err);
    skua_response *r = c ? skua_fetch(c, &call, err) : NULL;
    const char *data = NULL;
    size_t len = 0;
    int rc = r ? skua_response_read_all(r, 0, &data, &len, err) : err->code;
    int status = skua_response_status(r);
    bool right = rc == 0 && len == expected_len && memcmp(data, expected, len) == 0;
    skua_response_free(r);
    skua_client_free(c);
    if (rc == 0 && status >= 400)
        return REFUSED;
    assert_true(rc != 0 || right);
    return rc;
}

static int get(int by, skua_error *err) {
    return fetch(by, "/", &(skua_call){0}, "hello", 5, err);
}

static int get_file(int by, skua_error *err) {
    return fetch(by, "/file", &(skua_call){0}, world.large, LARGE, err);
}

static int post(int by, skua_error *err) {
    return fetch(by, "/moved", &(skua_call){.body = world.large, .body_len = LARGE}, world.large,
                 LARGE, err);
}

static int put(int by, const skua_body *body, skua_error *err) {
    skua_body all = *body;
    all.size = sizeof all;
    return fetch(by, "/moved", &(skua_call){.method = "PUT", .body_from = &all}, world.large, LARGE,
                 err);
}

static int put_file(int by, skua_error *err) {
    FILE *f = bodies_file(LARGE);
    int rc = put(by, &(skua_body){.kind = SKUA_BODY_FILE, .file = f}, err);
    fclose(f);
    return rc;
}

static int put_descriptor(int by, skua_error *err) {
    FILE *f = bodies_file(LARGE);
    int rc = put(by, &(skua_body){.kind = SKUA_BODY_FD, .fd = fileno(f)}, err);
    fclose(f);
    return rc;
}

static int put_calls(int by, skua_error *err) {
    bodies_spring spring = {.len = LARGE, .step = 30000};
    return put(by,
               &(skua_body){.kind = SKUA_BODY_CALLBACK,
                            .read = bodies_read,
                            .rewind = bodies_rewind,
                            .user = &spring},
               err);
}

/* As a proxy passes it on: with a PROXY header, which our client does not write. */
static int get_proxied(int by, skua_error *err) {
    static const char said[] = "PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n"
                               "GET /hello HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";
    const char *url = skua_server_url(world.server, (size_t)by);
    const struct sockaddr_in at = {.sin_family = AF_INET,
                                   .sin_port =
                                       htons((uint16_t)strtol(strrchr(url, ':') + 1, NULL, 10)),
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    char got[1000] = "";
    size_t len = 0;
    ssize_t n = 1;
    (void)err;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(fd, (const struct sockaddr *)&at, sizeof at), 0);
    if (send(fd, said, sizeof said - 1, MSG_NOSIGNAL) > 0) {
        while ((n = recv(fd, got + len, sizeof got - 1 - len, 0)) > 0)
            len += (size_t)n;
    }
    close(fd);
    return strstr(got, "\r\n\r\nhello") ? 0 : REFUSED;
}

static const struct {
    const char *name;
    int (*run)(int by, skua_error *err);
    int by;
} scenarios[] = {
    {"a redirect", get, TCP},
    {"a redirect, Unix socket", get, UNIX},
    {"a redirect, TLS", get, TLS},
    {"a file", get_file, TCP},
    {"a file, TLS", get_file, TLS},
    {"bytes, redirected", post, TCP},
    {"a FILE, redirected", put_file, TCP},
    {"a descriptor, redirected", put_descriptor, TCP},
    {"a callback, redirected", put_calls, TCP},
    {"a PROXY header", get_proxied, PROXIED},
};

/* ---- faults ---- */

static const faulty faults[] = {
    {CALL_RECV, EINTR, true},
    {CALL_RECV, EAGAIN, true},
    {CALL_RECV, FAULTY_SHORT, true},
    {CALL_RECV, ECONNRESET, false},
    {CALL_RECV, FAULTY_END, false},
    {CALL_SEND, EINTR, true},
    {CALL_SEND, EAGAIN, true},
    {CALL_SEND, FAULTY_SHORT, true},
    {CALL_SEND, EPIPE, false},
    {CALL_SEND, ECONNRESET, false},
    {CALL_SENDFILE, EINTR, true},
    {CALL_SENDFILE, EAGAIN, true},
    {CALL_SENDFILE, FAULTY_SHORT, true},
    {CALL_SENDFILE, EIO, false},
    {CALL_SENDFILE, EPIPE, false},
    {CALL_SENDFILE, FAULTY_END, false},
    {CALL_SOCKET, EMFILE, false},
    {CALL_CONNECT, EINTR, true},
    {CALL_CONNECT, ENETUNREACH, false},
    {CALL_ACCEPT, EINTR, true},
    {CALL_ACCEPT, ECONNABORTED, true},
    {CALL_ACCEPT, EMFILE, true},
    {CALL_POLL, EINTR, true},
    {CALL_EPOLL, EINTR, true},
    {CALL_ALLOC, ENOMEM, false},
};

static void try_one(size_t which, int end, const faulty *f, int n, bool *met) {
    skua_error err = {0};
    faulty_begin(end, f, n);
    int rc = scenarios[which].run(scenarios[which].by, &err);
    *met = faulty_stop();
    bool told = rc == REFUSED || (err.code == rc && err.msg[0]);
    /* What was looked at of a PROXY header is there to be read. */
    bool unreal = scenarios[which].by == PROXIED && f->call == CALL_RECV;
    if (rc != 0 && (!*met || (f->harmless && !unreal) || !told || rc == SKUA_E_TIMEOUT))
        fail_msg("%s, call %d, errno %d, end %d, %d: %d %s", scenarios[which].name, (int)f->call,
                 f->error, end, n, rc, err.msg);
    rc = get(TCP, &err);
    if (rc != 0)
        fail_msg("behind %s, call %d, errno %d, end %d, %d: %d %s", scenarios[which].name,
                 (int)f->call, f->error, end, n, rc, err.msg);
}

/* In each scenario; in one of them at least it has to be met, where that end makes such calls. */
static void try_everywhere(int end, const faulty *f) {
    static const bool made_by[][AT_SERVER + 1] = {
        [CALL_RECV] = {[AT_CLIENT] = true, [AT_SERVER] = true},
        [CALL_SEND] = {[AT_CLIENT] = true, [AT_SERVER] = true},
        [CALL_SENDFILE] = {[AT_SERVER] = true},
        [CALL_SOCKET] = {[AT_CLIENT] = true},
        [CALL_CONNECT] = {[AT_CLIENT] = true},
        [CALL_ACCEPT] = {[AT_SERVER] = true},
        [CALL_POLL] = {[AT_CLIENT] = true},
        [CALL_EPOLL] = {[AT_SERVER] = true},
        [CALL_ALLOC] = {[AT_CLIENT] = true, [AT_SERVER] = true},
    };
    bool ever = false;
    for (size_t i = 0; i < COUNT(scenarios); i++) {
        bool met = end == AT_SERVER || scenarios[i].by != PROXIED;
        for (int n = 1; met && n < N_MAX; n += n < N_EACH ? 1 : 97) {
            try_one(i, end, f, n, &met);
            ever |= met;
        }
        assert_false(met);
    }
    assert_true(ever || !made_by[f->call][end]);
}

static void try_all(int end) {
    for (size_t i = 0; i < COUNT(faults); i++)
        try_everywhere(end, &faults[i]);
}

static void the_clients_calls_fail(void **state) {
    (void)state;
    faulty_end = AT_CLIENT;
    try_all(AT_CLIENT);
}

static void the_servers_calls_fail(void **state) {
    (void)state;
    try_all(AT_SERVER);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_clients_calls_fail),
        cmocka_unit_test(the_servers_calls_fail),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
