/* count.c - exchanges to be counted by callgrind, instruction by instruction (test_budget.py).
 *
 *     count KIND NUMBER [FOLDER CERTIFICATE KEY]
 *
 * One process and one thread: the server is stepped by hand, and the client's peer is a stream in
 * memory. The clock stands still. After a warm-up NUMBER requests are made, and what is to be
 * counted of them happens inside of counted(). */
#include <fcntl.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <skua/skua.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define WARM_UP   50
#define PIPELINED 16
#define FIELDS    40 /* of a reply with many, as a large site sends */

static const char plain_request[] = "GET /hello HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";
static const char file_request[] = "GET /files/1k.bin HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";
static const char browser_request[] =
    "GET /hello HTTP/1.1\r\nHost: 127.0.0.1\r\n"
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/120.0.0.0 Safari/537.36\r\n"
    "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8\r\n"
    "Accept-Language: en-GB,en;q=0.7,de;q=0.3\r\nAccept-Encoding: gzip, deflate, br\r\n"
    "Connection: keep-alive\r\nUpgrade-Insecure-Requests: 1\r\nSec-Fetch-Dest: document\r\n"
    "Sec-Fetch-Mode: navigate\r\nSec-Fetch-Site: same-origin\r\nSec-Fetch-User: ?1\r\n"
    "Referer: http://127.0.0.1/index.html\r\n"
    "Cookie: session=8f3a1b2c4d5e6f708192a3b4c5d6e7f8; theme=dark\r\n\r\n";

typedef struct world {
    skua_server *server;
    skua_conn *client;
    int fd;
    SSL *ssl; /* NULL: plain */
    const char *request;
    size_t request_len;
    int times; /* that it is sent at once */
} world;

static void die(const char *what) {
    fprintf(stderr, "count: %s\n", what);
    exit(1);
}

static int64_t now(void *user) {
    (void)user;
    return 1000000;
}

static const skua_clock still = {.now_ms = now};

/* ---- what is counted ---- */

static void step(world *w) {
    if (skua_server_step(w->server, 1000, NULL) != 1)
        die("the server has ended");
}

static void get(world *w) {
    char buf[4096];
    ptrdiff_t n;
    skua_error err;
    skua_conn_request(w->client, "GET", "/hello", NULL, NULL, 0, NULL);
    skua_response *r = skua_conn_getresponse(w->client, &err);
    if (!r)
        die(err.msg);
    while ((n = skua_response_read(r, buf, sizeof buf, NULL)) > 0)
        ;
    skua_response_free(r);
}

/* Callgrind counts while it is inside. */
__attribute__((noinline)) void counted(void (*fn)(world *w), world *w);
void counted(void (*fn)(world *w), world *w) {
    fn(w);
    __asm__ volatile(""); /* or the call would be a jump, and never return to here */
}

static void call(void (*fn)(world *w), world *w) {
    fn(w);
}

/* ---- the server's peer ---- */

static ptrdiff_t receive(world *w, char *to, size_t room) {
    if (w->ssl)
        return SSL_read(w->ssl, to, (int)room);
    return recv(w->fd, to, room, 0);
}

static void send_requests(world *w) {
    static char all[PIPELINED * sizeof browser_request];
    size_t len = 0;
    for (int i = 0; i < w->times; i++, len += w->request_len)
        memcpy(all + len, w->request, w->request_len);
    if (w->ssl ? SSL_write(w->ssl, all, (int)len) != (int)len
               : send(w->fd, all, len, 0) != (ssize_t)len)
        die("cannot send");
}

/* All replies have as many bytes as the first: how many, or 0. */
static size_t reply_size(const char *head, size_t have) {
    const char *end = memmem(head, have, "\r\n\r\n", 4);
    const char *length = memmem(head, have, "\r\nContent-Length: ", 18);
    if (!end || !length || strncmp(head, "HTTP/1.1 200 ", 13) != 0)
        return 0;
    return (size_t)(end + 4 - head) + strtoul(length + 18, NULL, 10);
}

static void exchange(world *w, void (*how)(void (*fn)(world *w), world *w)) {
    static char reply[64 << 10];
    size_t have = 0, due = 0;
    send_requests(w);
    while (due == 0 || have < due) {
        how(step, w);
        for (ptrdiff_t n; (n = receive(w, reply + have, sizeof reply - have)) > 0;)
            have += (size_t)n;
        if (due == 0 && have > 0)
            due = reply_size(reply, have) * (size_t)w->times;
        if (due == 0 && have > 0)
            die("no good reply");
    }
}

static void connect_to(world *w, int port) {
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    w->fd = socket(AF_INET, SOCK_STREAM, 0);
    if (w->fd < 0 || connect(w->fd, (struct sockaddr *)&to, sizeof to) != 0)
        die("cannot connect");
    fcntl(w->fd, F_SETFL, O_NONBLOCK);
}

static void start_tls(world *w) {
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    w->ssl = ctx ? SSL_new(ctx) : NULL;
    if (!w->ssl || SSL_set_fd(w->ssl, w->fd) != 1)
        die("TLS");
    for (int rc; (rc = SSL_connect(w->ssl)) != 1; step(w)) {
        if (SSL_get_error(w->ssl, rc) != SSL_ERROR_WANT_READ)
            die("no handshake");
    }
    SSL_CTX_free(ctx);
}

/* ---- the server ---- */

static int hello(skua_request *q, skua_reply *a, void *user) {
    (void)q;
    (void)user;
    return skua_reply_bytes(a, 200, "text/plain", "Hello, World!", 13);
}

static void serve(world *w, const char *folder, const skua_tls_opts *tls) {
    skua_error err;
    w->server = skua_server_new(SKUA_OPTS(skua_server_opts, .workers = 1, .clock = &still), &err);
    skua_route(w->server, "GET /hello", hello, NULL);
    skua_route_dir(w->server, "/files/", folder, NULL);
    skua_server_listen(w->server, tls ? "https://127.0.0.1:0" : "http://127.0.0.1:0", tls);
    if (skua_server_start(w->server, &err) != 0)
        die(err.msg);
    connect_to(w, atoi(strrchr(skua_server_url(w->server, 0), ':') + 1));
    if (tls)
        start_tls(w);
}

static void count_server(world *w, int number) {
    for (int i = 0; i < WARM_UP; i++)
        exchange(w, call);
    for (int i = 0; i < number; i++)
        exchange(w, counted);
    if (w->ssl)
        SSL_free(w->ssl);
    close(w->fd);
    skua_server_free(w->server);
}

/* ---- the client's peer: a stream that has the same reply for every request ---- */

static const char canned_head[] =
    "HTTP/1.1 200 OK\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\nContent-Type: text/plain\r\n"
    "Content-Length: 13\r\n";

typedef struct script {
    skua_stream base;
    char reply[4096];
    size_t len;
    size_t left; /* of the reply */
} script;

static void write_reply(script *c, int fields) {
    char *at = stpcpy(c->reply, canned_head);
    for (int i = 3; i < fields; i++)
        at += sprintf(at, "X-Field-%02d: a value of a usual length\r\n", i);
    c->len = (size_t)(stpcpy(at, "\r\nHello, World!") - c->reply);
}

static ptrdiff_t script_read(skua_stream *s, void *buf, size_t len, skua_error *err) {
    script *c = (script *)s;
    size_t n = c->left < len ? c->left : len;
    (void)err;
    memcpy(buf, c->reply + c->len - c->left, n);
    c->left -= n;
    return n > 0 ? (ptrdiff_t)n : SKUA_E_AGAIN;
}

static ptrdiff_t script_writev(skua_stream *s, const skua_str *pieces, size_t count,
                               skua_error *err) {
    size_t len = 0;
    (void)err;
    for (size_t i = 0; i < count; i++)
        len += pieces[i].len;
    ((script *)s)->left = ((script *)s)->len;
    return (ptrdiff_t)len;
}

static int script_shutdown(skua_stream *s, skua_error *err) {
    (void)s;
    (void)err;
    return 0;
}

static void script_close(skua_stream *s) {
    (void)s;
}

static skua_want script_want(skua_stream *s, unsigned events) {
    (void)s;
    return (skua_want){.fd = -1, .events = events};
}

static int script_wait(skua_stream *s, unsigned events, int timeout_ms, skua_error *err) {
    (void)timeout_ms;
    (void)err;
    return events & SKUA_WANT_WRITE || ((script *)s)->left > 0 ? 0 : SKUA_E_TIMEOUT;
}

static const skua_stream_ops script_ops = {
    .size = sizeof script_ops,
    .flags = SKUA_STREAM_SHORT_IS_DRY,
    .read = script_read,
    .writev = script_writev,
    .shutdown = script_shutdown,
    .close = script_close,
    .want = script_want,
    .wait = script_wait,
};

static void count_client(world *w, int number, int fields) {
    skua_error err;
    script peer = {.base.ops = &script_ops};
    write_reply(&peer, fields);
    w->client = skua_conn_new(
        "http://127.0.0.1", SKUA_OPTS(skua_conn_opts, .stream = &peer.base, .clock = &still), &err);
    if (!w->client)
        die(err.msg);
    for (int i = 0; i < WARM_UP; i++)
        get(w);
    for (int i = 0; i < number; i++)
        counted(get, w);
    skua_conn_free(w->client);
}

int main(int argc, char **argv) {
    if (argc < 3)
        return 2;
    const char *kind = argv[1];
    int number = atoi(argv[2]);
    world w = {.request = plain_request, .times = 1};
    if (strncmp(kind, "client", 6) == 0) {
        count_client(&w, number, strcmp(kind, "client-fields") == 0 ? FIELDS : 3);
        return 0;
    }
    if (argc < 6)
        return 2;
    skua_tls_opts tls = {.size = sizeof tls, .cert_file = argv[4], .key_file = argv[5]};
    if (strcmp(kind, "browser") == 0)
        w.request = browser_request;
    if (strcmp(kind, "file") == 0)
        w.request = file_request;
    if (strcmp(kind, "pipelined") == 0)
        w.times = PIPELINED;
    w.request_len = strlen(w.request);
    serve(&w, argv[3], strcmp(kind, "tls") == 0 ? &tls : NULL);
    count_server(&w, number);
    return 0;
}
