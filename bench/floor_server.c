/* bench/floor_server.c - the least that a server can do: the system calls, and no decision.
 *
 *     floor_server PORT canned BYTES     a body of so many bytes for each head that ends
 *     floor_server PORT reply PATH       what the file holds, head and all
 *     floor_server PORT file PATH        the file, by sendfile
 *     floor_server PORT upload BYTES     a body of so many is dropped, then 13 bytes
 *     floor_server PORT close BYTES      as canned, and the connection ends with it */
#include "floor_server.h"

#include <sys/sendfile.h>

typedef struct conn {
    int fd;
    bool waits_to_write;
    int64_t left; /* of the file to be sent, or of the body to come */
} conn;

typedef void serve_fn(int epoll, conn *c);

static struct {
    serve_fn *serve;
    bool ends; /* with each reply */
    int file;
    int64_t amount; /* of the file, or of an upload */
    char reply[FLOOR_BODY + 512];
    size_t reply_len;
} plan;

static char room[FLOOR_ROOM];

static void drop(conn *c) {
    close(c->fd);
    free(c);
}

/* 0: there is nothing, or there is no connection any more. */
static ssize_t receive(conn *c) {
    ssize_t n = recv(c->fd, room, sizeof room, 0);
    if (n > 0)
        return n;
    if (n == 0 || errno != EAGAIN)
        drop(c);
    return 0;
}

/* ---- a canned reply ---- */

/* All replies that one read sets off leave in one send. */
static void send_replies(int fd, size_t count) {
    static char out[1 << 20];
    if (count == 1) {
        send(fd, plan.reply, plan.reply_len, MSG_NOSIGNAL);
        return;
    }
    size_t len = 0;
    for (; count > 0 && len + plan.reply_len <= sizeof out; count--, len += plan.reply_len)
        memcpy(out + len, plan.reply, plan.reply_len);
    send(fd, out, len, MSG_NOSIGNAL);
}

static void serve_canned(int epoll, conn *c) {
    (void)epoll;
    ssize_t n = receive(c);
    if (n == 0)
        return;
    send_replies(c->fd, floor_heads(room, (size_t)n));
}

/* ---- a file ---- */

static void serve_file(int epoll, conn *c) {
    if (c->left == 0) {
        if (receive(c) == 0)
            return;
        send(c->fd, plan.reply, plan.reply_len, MSG_NOSIGNAL | MSG_MORE);
        c->left = plan.amount;
    }
    off_t at = plan.amount - c->left;
    ssize_t n = 1;
    for (; c->left > 0 && (n = sendfile(c->fd, plan.file, &at, (size_t)c->left)) > 0; c->left -= n)
        ;
    if (n < 0 && errno != EAGAIN) {
        drop(c);
        return;
    }
    if (c->waits_to_write != (c->left > 0)) {
        c->waits_to_write = c->left > 0;
        floor_rewatch(epoll, c->fd, c->waits_to_write ? EPOLLOUT : EPOLLIN, c);
    }
}

/* ---- an upload ---- */

static void serve_upload(int epoll, conn *c) {
    (void)epoll;
    ssize_t n = receive(c);
    if (n == 0)
        return;
    if (c->left == 0) {
        const char *end = memmem(room, (size_t)n, "\r\n\r\n", 4);
        c->left = plan.amount;
        n -= end ? end + 4 - room : n;
    }
    c->left -= n;
    if (c->left == 0)
        send(c->fd, plan.reply, plan.reply_len, MSG_NOSIGNAL);
}

/* ---- a connection for each reply ---- */

/* The request is there when the connection is, for accepting is deferred until then. */
static void serve_once(int fd) {
    ssize_t n = recv(fd, room, sizeof room, 0);
    send_replies(fd, n > 0 ? floor_heads(room, (size_t)n) : 0);
    close(fd);
}

static void accept_all(int epoll, int listener) {
    for (int fd; (fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0;) {
        if (plan.ends) {
            serve_once(fd);
            continue;
        }
        conn *c = calloc(1, sizeof *c);
        if (!c)
            floor_die("floor");
        c->fd = fd;
        floor_watch(epoll, fd, EPOLLIN, c);
    }
}

static void ready(int epoll, void *user) {
    plan.serve(epoll, user);
}

static void open_file(const char *path) {
    plan.file = floor_open(path, &plan.amount);
    plan.reply_len = floor_head(plan.reply, sizeof plan.reply, plan.amount);
}

static void load_reply(const char *path) {
    int file = open(path, O_RDONLY);
    ssize_t n = file < 0 ? -1 : read(file, plan.reply, sizeof plan.reply);
    if (n < 0)
        floor_die(path);
    plan.reply_len = (size_t)n;
    close(file);
}

int main(int argc, char **argv) {
    if (argc != 4)
        return 2;
    bool is_file = strcmp(argv[2], "file") == 0, is_upload = strcmp(argv[2], "upload") == 0;
    plan.ends = strcmp(argv[2], "close") == 0;
    plan.serve = is_file ? serve_file : is_upload ? serve_upload : serve_canned;
    if (is_file) {
        open_file(argv[3]);
    } else if (strcmp(argv[2], "reply") == 0) {
        load_reply(argv[3]);
    } else {
        plan.amount = atoll(argv[3]);
        plan.reply_len = floor_reply(plan.reply, is_upload ? 13 : (size_t)plan.amount);
    }
    floor_serve(floor_listen(atoi(argv[1]), plan.ends), accept_all, ready);
    return 0;
}
