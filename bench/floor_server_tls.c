/* bench/floor_server_tls.c - the least that a server over TLS can do, with OpenSSL through memory:
 * one recv, all records that came, one send for all that leave.
 *
 *     floor_server_tls PORT CERTIFICATE KEY canned BYTES   a body for each head that ends
 *     floor_server_tls PORT CERTIFICATE KEY file PATH      the file, a record a send
 *     floor_server_tls PORT CERTIFICATE KEY close BYTES    as canned, and the connection ends */
#include "floor_server.h"

#include <openssl/ssl.h>

#define RECORD 16384

typedef struct conn {
    int fd;
    SSL *ssl;
    bool waits_to_write;
    int64_t left; /* of the file to be sent */
} conn;

static struct {
    SSL_CTX *tls;
    bool ends;
    int file; /* -1: the reply is canned */
    int64_t amount;
    char reply[FLOOR_BODY + 512];
    size_t reply_len;
} plan = {.file = -1};

static char room[FLOOR_ROOM];

static void drop(conn *c) {
    SSL_free(c->ssl);
    close(c->fd);
    free(c);
}

/* What the socket does not take stays in the BIO. False: that is so. */
static bool flush(conn *c) {
    char *p;
    BIO *bio = SSL_get_wbio(c->ssl);
    long len = BIO_get_mem_data(bio, &p);
    if (len == 0)
        return true;
    ssize_t n = send(c->fd, p, (size_t)len, MSG_NOSIGNAL);
    if (n == len) {
        (void)BIO_reset(bio);
        return true;
    }
    if (n > 0)
        BIO_read(bio, room, (int)n);
    return n < 0 && errno != EAGAIN;
}

static void reply(conn *c, size_t count) {
    static char out[1 << 20];
    size_t len = 0;
    for (; count > 0 && len + plan.reply_len <= sizeof out; count--, len += plan.reply_len)
        memcpy(out + len, plan.reply, plan.reply_len);
    if (len > 0)
        SSL_write(c->ssl, out, (int)len);
    if (plan.file >= 0 && len > 0)
        c->left = plan.amount;
}

static void pump(int epoll, conn *c) {
    static char piece[RECORD];
    bool free = flush(c);
    while (free && c->left > 0) {
        ssize_t n = pread(plan.file, piece, sizeof piece, plan.amount - c->left);
        if (n <= 0)
            floor_die("floor: read");
        SSL_write(c->ssl, piece, (int)n);
        c->left -= n;
        free = flush(c);
    }
    if (c->waits_to_write == free) {
        c->waits_to_write = !free;
        floor_rewatch(epoll, c->fd, free ? EPOLLIN : EPOLLOUT, c);
    }
}

static void take(int epoll, conn *c) {
    ssize_t n = recv(c->fd, room, sizeof room, 0);
    if (n <= 0) {
        if (n == 0 || errno != EAGAIN)
            drop(c);
        return;
    }
    BIO_write(SSL_get_rbio(c->ssl), room, (int)n);
    size_t heads = 0;
    for (int got; (got = SSL_read(c->ssl, room, sizeof room)) > 0;)
        heads += floor_heads(room, (size_t)got);
    reply(c, heads);
    if (plan.ends && heads > 0)
        SSL_shutdown(c->ssl);
    pump(epoll, c);
    if ((plan.ends && heads > 0) || SSL_get_shutdown(c->ssl) != 0)
        drop(c);
}

static void ready(int epoll, void *user) {
    conn *c = user;
    if (c->waits_to_write)
        pump(epoll, c);
    else
        take(epoll, c);
}

static void accept_all(int epoll, int listener) {
    for (int fd; (fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0;) {
        conn *c = calloc(1, sizeof *c);
        if (!c || !(c->ssl = SSL_new(plan.tls)))
            floor_die("floor");
        c->fd = fd;
        SSL_set_bio(c->ssl, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
        SSL_set_accept_state(c->ssl);
        floor_watch(epoll, fd, EPOLLIN, c);
    }
}

static void use_tls(const char *certificate, const char *key) {
    plan.tls = SSL_CTX_new(TLS_server_method());
    if (!plan.tls || SSL_CTX_use_certificate_chain_file(plan.tls, certificate) != 1 ||
        SSL_CTX_use_PrivateKey_file(plan.tls, key, SSL_FILETYPE_PEM) != 1)
        floor_die("floor: certificate");
    SSL_CTX_set_mode(plan.tls, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_num_tickets(plan.tls, 1);
}

static void open_file(const char *path) {
    plan.file = floor_open(path, &plan.amount);
    plan.reply_len = floor_head(plan.reply, sizeof plan.reply, plan.amount);
}

int main(int argc, char **argv) {
    if (argc != 6)
        return 2;
    use_tls(argv[2], argv[3]);
    plan.ends = strcmp(argv[4], "close") == 0;
    if (strcmp(argv[4], "file") == 0)
        open_file(argv[5]);
    else
        plan.reply_len = floor_reply(plan.reply, (size_t)atoll(argv[5]));
    floor_serve(floor_listen(atoi(argv[1]), false), accept_all, ready);
    return 0;
}
