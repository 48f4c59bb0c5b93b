/* bench/client_floor.c - the least that a blocking client can do: write a canned request, read
 * until as many bytes have come as the first time, into the same place where they are many. It
 * looks at nothing but that first head's length.
 *
 * http://ADDRESS:PORT/PATH or https://ADDRESS:PORT/PATH, the address in digits. */
#include "client_blocks.h"

#include <arpa/inet.h>
#include <openssl/ssl.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

typedef struct client {
    int fd;
    SSL *ssl; /* NULL: plain */
    char request[512];
    size_t request_len;
    size_t reply_len; /* head and body; 0: not known yet */
    size_t body_len;
    char reply[1 << 20];
} client;

static void die(const char *what) {
    fprintf(stderr, "client_floor: %s\n", what);
    exit(1);
}

/* ---- connecting ---- */

static SSL *start_tls(int fd, const char *address, const char *ca_file) {
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    if (!ctx || SSL_CTX_load_verify_locations(ctx, ca_file, NULL) != 1)
        die("the authority does not load");
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
    SSL *ssl = SSL_new(ctx);
    if (!ssl || X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), address) != 1 ||
        SSL_set_fd(ssl, fd) != 1 || SSL_connect(ssl) != 1)
        die("TLS");
    return ssl;
}

static void connect_to(client *c, const char *url, const char *ca_file) {
    char scheme[8], address[64], path[256] = "";
    int port = 0;
    if (sscanf(url, "%7[a-z]://%63[0-9.]:%d/%255s", scheme, address, &port, path) < 3)
        die("bad URL");
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    if (inet_pton(AF_INET, address, &to.sin_addr) != 1)
        die("bad address");
    c->fd = socket(AF_INET, SOCK_STREAM, 0);
    if (c->fd < 0 || connect(c->fd, (struct sockaddr *)&to, sizeof to) != 0)
        die("cannot connect");
    if (strcmp(scheme, "https") == 0)
        c->ssl = start_tls(c->fd, address, ca_file);
    c->request_len =
        (size_t)snprintf(c->request, sizeof c->request, "GET /%s HTTP/1.1\r\nHost: %s:%d\r\n\r\n",
                         path, address, port);
}

/* ---- asking ---- */

static size_t read_some(client *c, size_t have) {
    size_t at = have < sizeof c->reply - 1 ? have : have % (sizeof c->reply - 1);
    char *to = c->reply + at;
    size_t room = sizeof c->reply - 1 - at;
    ptrdiff_t n = c->ssl ? SSL_read(c->ssl, to, (int)room) : read(c->fd, to, room);
    if (n <= 0)
        die("the server closed");
    return (size_t)n;
}

/* What the first reply's head says; reads until that head is there. */
static size_t learn(client *c) {
    size_t have = 0;
    const char *end = NULL;
    while (!end) {
        have += read_some(c, have);
        c->reply[have] = '\0';
        end = strstr(c->reply, "\r\n\r\n");
    }
    const char *length = strcasestr(c->reply, "\r\ncontent-length:");
    if (!length || length > end)
        die("a reply without a length");
    c->body_len = strtoul(length + strlen("\r\ncontent-length:"), NULL, 10);
    c->reply_len = (size_t)(end + 4 - c->reply) + c->body_len;
    return have;
}

static long long get(void *user) {
    client *c = user;
    int len = (int)c->request_len;
    if ((c->ssl ? SSL_write(c->ssl, c->request, len) : write(c->fd, c->request, (size_t)len)) !=
        len)
        die("cannot write");
    size_t have = c->reply_len > 0 ? 0 : learn(c);
    while (have < c->reply_len)
        have += read_some(c, have);
    return (long long)c->body_len;
}

int main(int argc, char **argv) {
    static client c;
    if (argc < 2)
        return 2;
    connect_to(&c, argv[1], argc > 2 ? argv[2] : NULL);
    return client_run(get, &c);
}
