/* bench/load.c - asks one server on this machine for the same thing, over and over.
 *
 *     load PORT REQUEST [-c CONNECTIONS] [-d DEPTH] [-u BYTES] [-t] [-n] [-r]
 *
 *     REQUEST  a head, to the empty line
 *     -c       connections at one time [64]
 *     -d       requests that are sent at once, before the first reply is read [1]
 *     -u       bytes of body behind each head [0]
 *     -t       over TLS 1.3; nothing is verified
 *     -n       a new connection for each request, to its end; -r: over TLS, the session resumed
 *
 * Each line on standard input is a number of milliseconds: for so long requests are made, on
 * connections that stay open between two lines. 0: each connection that is not open yet is opened
 * and makes one exchange, one after the other. The answer is a line with the number of requests,
 * the bytes of the bodies that came, and how many sessions were resumed.
 *
 * It learns from the first reply how long a reply is, and counts bytes from then on: all are to be
 * as long. What is not as it should be ends it, and a line on standard error says why. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define ROOM      (1 << 18) /* bytes moved at once */
#define EVENTS    256
#define PATIENCE  20000 /* ms without anything: something is stuck */
#define HEAD_ROOM 65536

typedef struct conn {
    int fd; /* -1: not open */
    SSL *ssl;
    SSL_SESSION *session; /* the last one that was given out here */
    bool busy;            /* with an exchange */
    bool shaken;          /* TLS is through with its handshake */
    bool waits_to_write;  /* what epoll is set to */
    size_t unsent;        /* of the requests */
    uint64_t body_unsent;
    uint64_t unread; /* of the replies */
} conn;

typedef struct load {
    int port;
    const char *request;
    unsigned connections, depth;
    uint64_t upload;
    bool fresh; /* a new connection for each request */
    bool over_tls, resume;
    SSL_CTX *tls; /* NULL: plain */
    conn *conns;
    int epoll;
    char *block; /* the requests that are sent at once */
    size_t block_len;
    uint64_t reply_len, reply_body;
    uint64_t done, resumed; /* in the block under way */
    bool more;              /* time is not up */
    unsigned under_way;
} load;

static char room[ROOM];

static void die(const char *what) {
    fprintf(stderr, "load: %s\n", what);
    exit(1);
}

static int64_t now_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* ---- connections ---- */

static int keep_session(SSL *ssl, SSL_SESSION *session) {
    conn *c = SSL_get_ex_data(ssl, 0);
    SSL_SESSION_free(c->session);
    c->session = session;
    return 1;
}

static void start_tls(const load *l, conn *c) {
    c->ssl = SSL_new(l->tls);
    if (!c->ssl || SSL_set_fd(c->ssl, c->fd) != 1 || SSL_set_ex_data(c->ssl, 0, c) != 1)
        die("TLS");
    if (c->session)
        SSL_set_session(c->ssl, c->session);
    SSL_set_connect_state(c->ssl);
}

static void connect_to(const load *l, conn *c) {
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)l->port)};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int yes = 1;
    *c = (conn){.fd = socket(AF_INET, SOCK_STREAM, 0), .session = c->session};
    if (c->fd < 0 || connect(c->fd, (struct sockaddr *)&to, sizeof to) != 0)
        die(strerror(errno));
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    if (l->tls)
        start_tls(l, c);
}

static void disconnect(conn *c) {
    if (c->ssl) {
        SSL_set_shutdown(c->ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
        SSL_free(c->ssl);
    }
    close(c->fd);
    *c = (conn){.fd = -1, .session = c->session};
}

/* Bytes; 0 at the end, -1: not now. */
static ptrdiff_t receive(conn *c) {
    if (!c->ssl) {
        ssize_t n = recv(c->fd, room, sizeof room, 0);
        if (n < 0 && errno != EAGAIN)
            die(strerror(errno));
        return n;
    }
    int n = SSL_read(c->ssl, room, sizeof room);
    if (n > 0)
        return n;
    int why = SSL_get_error(c->ssl, n);
    if (why != SSL_ERROR_WANT_READ && why != SSL_ERROR_ZERO_RETURN)
        die("TLS: reading failed");
    return why == SSL_ERROR_WANT_READ ? -1 : 0;
}

static ptrdiff_t transmit(conn *c, const char *p, size_t len) {
    if (!c->ssl) {
        ssize_t n = send(c->fd, p, len, MSG_NOSIGNAL);
        if (n < 0 && errno != EAGAIN)
            die(strerror(errno));
        return n;
    }
    int n = SSL_write(c->ssl, p, (int)len);
    if (n <= 0 && SSL_get_error(c->ssl, n) != SSL_ERROR_WANT_WRITE)
        die("TLS: writing failed");
    return n > 0 ? n : -1;
}

/* ---- learning ---- */

static uint64_t length_in(const char *head, const char *end) {
    const char *field = strcasestr(head, "\r\ncontent-length:");
    if (strncmp(head, "HTTP/1.", 7) != 0 || strncmp(head + 8, " 2", 2) != 0) {
        fprintf(stderr, "%.*s\n", (int)(end - head), head);
        die("no good reply");
    }
    if (!field || field > end)
        die("a reply without a length");
    return strtoull(field + strlen("\r\ncontent-length:"), NULL, 10);
}

/* One exchange, blocking, on a connection of its own. */
static void learn(load *l) {
    static char head[HEAD_ROOM + 1];
    size_t have = 0;
    conn c = {.fd = -1};
    connect_to(l, &c);
    if (c.ssl && SSL_connect(c.ssl) != 1)
        die("TLS: the handshake failed");
    transmit(&c, l->request, strlen(l->request));
    for (uint64_t left = l->upload; left > 0;)
        left -= (uint64_t)transmit(&c, room, left < sizeof room ? (size_t)left : sizeof room);
    const char *end = NULL;
    uint64_t got = 0;
    while (!end && have < HEAD_ROOM) {
        ptrdiff_t n = receive(&c);
        if (n <= 0)
            die("the server closed");
        got += (uint64_t)n;
        size_t taken = (size_t)n < HEAD_ROOM - have ? (size_t)n : HEAD_ROOM - have;
        memcpy(head + have, room, taken);
        have += taken;
        head[have] = '\0';
        end = strstr(head, "\r\n\r\n");
    }
    if (!end)
        die("a head that is too long");
    l->reply_body = length_in(head, end);
    l->reply_len = (uint64_t)(end + 4 - head) + l->reply_body;
    for (ptrdiff_t n; got < l->reply_len; got += (uint64_t)n) {
        n = receive(&c);
        if (n <= 0)
            die("the server closed");
    }
    disconnect(&c);
}

/* ---- asking ---- */

static void watch(load *l, conn *c, bool write, int operation) {
    struct epoll_event e = {.events = EPOLLIN | (write ? EPOLLOUT : 0u), .data.ptr = c};
    if (epoll_ctl(l->epoll, operation, c->fd, &e) != 0)
        die(strerror(errno));
    c->waits_to_write = write;
}

/* False: not all was taken. */
static bool send_rest(load *l, conn *c) {
    while (c->unsent > 0 || c->body_unsent > 0) {
        bool head = c->unsent > 0;
        const char *p = head ? l->block + l->block_len - c->unsent : room;
        size_t len = head ? c->unsent : sizeof room;
        if (!head && c->body_unsent < len)
            len = (size_t)c->body_unsent;
        ptrdiff_t n = transmit(c, p, len);
        if (n < 0)
            return false;
        if (head)
            c->unsent -= (size_t)n;
        else
            c->body_unsent -= (uint64_t)n;
    }
    return true;
}

static void begin(load *l, conn *c) {
    c->unsent = l->block_len;
    c->body_unsent = l->upload;
    c->unread = l->reply_len * l->depth;
    c->busy = true;
    l->under_way++;
}

static void open_one(load *l, conn *c) {
    connect_to(l, c);
    fcntl(c->fd, F_SETFL, O_NONBLOCK);
    watch(l, c, false, EPOLL_CTL_ADD);
}

/* What came was the last of a connection, or of its replies. */
static void replied(load *l, conn *c) {
    l->done += l->depth;
    c->busy = false;
    l->under_way--;
    if (l->fresh) {
        disconnect(c);
        if (l->more)
            open_one(l, c);
    }
    if (l->more)
        begin(l, c);
}

/* Read once, and count: as receive. */
static ptrdiff_t take(load *l, conn *c) {
    ptrdiff_t n = receive(c);
    if (n == 0 && !(l->fresh && c->unread == 0))
        die("the server closed too soon");
    if (n > 0 && (uint64_t)n > c->unread)
        die("a reply of another length");
    c->unread -= n > 0 ? (uint64_t)n : 0;
    return n;
}

/* Some servers reply before they have read all. */
static bool is_over(const load *l, const conn *c, bool ended) {
    return c->busy && c->unread == 0 && c->unsent == 0 && c->body_unsent == 0 &&
           (ended || !l->fresh);
}

static bool shake(load *l, conn *c) {
    int rc = SSL_do_handshake(c->ssl);
    if (rc != 1 && SSL_get_error(c->ssl, rc) != SSL_ERROR_WANT_READ)
        die("TLS: the handshake failed");
    c->shaken = rc == 1;
    l->resumed += c->shaken && SSL_session_reused(c->ssl) ? 1 : 0;
    return c->shaken;
}

static void progress(load *l, conn *c) {
    for (bool on = true; on;) {
        if (c->ssl && !c->shaken && !shake(l, c))
            return;
        bool sent = send_rest(l, c);
        if (sent == c->waits_to_write)
            watch(l, c, !sent, EPOLL_CTL_MOD);
        ptrdiff_t n = take(l, c);
        on = n > 0 && (c->ssl || (size_t)n == sizeof room);
        if (is_over(l, c, n == 0)) {
            replied(l, c);
            on = l->more;
        }
    }
}

/* Until all that was begun is over. */
static void work(load *l, int64_t until) {
    struct epoll_event events[EVENTS];
    while (l->under_way > 0) {
        int n = epoll_wait(l->epoll, events, EVENTS, PATIENCE);
        if (n <= 0)
            die("the server does not answer");
        l->more = now_ms() < until;
        for (int i = 0; i < n; i++)
            progress(l, events[i].data.ptr);
    }
}

static void run_block(load *l, int64_t ms) {
    int64_t until = now_ms() + ms;
    l->done = l->resumed = 0;
    l->more = ms > 0;
    for (unsigned i = 0; i < l->connections; i++) {
        conn *c = &l->conns[i];
        bool open = c->fd >= 0;
        if (!open)
            open_one(l, c);
        if (open && ms == 0)
            continue;
        begin(l, c);
        progress(l, c);
        if (ms == 0)
            work(l, until);
    }
    work(l, until);
    printf("%llu %llu %llu\n", (unsigned long long)l->done,
           (unsigned long long)(l->done * l->reply_body), (unsigned long long)l->resumed);
    fflush(stdout);
}

/* ---- setting up ---- */

static void use_tls(load *l) {
    l->tls = SSL_CTX_new(TLS_client_method());
    if (!l->tls || SSL_CTX_set_min_proto_version(l->tls, TLS1_3_VERSION) != 1)
        die("TLS");
    SSL_CTX_set_mode(l->tls, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                 SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_options(l->tls, SSL_OP_IGNORE_UNEXPECTED_EOF);
    if (l->resume) {
        SSL_CTX_set_session_cache_mode(l->tls,
                                       SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL_STORE);
        SSL_CTX_sess_set_new_cb(l->tls, keep_session);
    }
}

static void take_options(load *l, int argc, char **argv) {
    for (int c; (c = getopt(argc, argv, "c:d:u:tnr")) != -1;) {
        switch (c) {
        case 'c':
            l->connections = (unsigned)atoi(optarg);
            break;
        case 'd':
            l->depth = (unsigned)atoi(optarg);
            break;
        case 'u':
            l->upload = strtoull(optarg, NULL, 10);
            break;
        case 'r':
            l->resume = l->fresh = true;
            break;
        case 'n':
            l->fresh = true;
            break;
        case 't':
            l->over_tls = true;
            break;
        default:
            exit(2);
        }
    }
}

static void prepare(load *l) {
    size_t len = strlen(l->request);
    l->block_len = len * l->depth;
    l->block = malloc(l->block_len);
    l->conns = calloc(l->connections, sizeof *l->conns);
    l->epoll = epoll_create1(0);
    if (!l->block || !l->conns || l->epoll < 0)
        die("no memory");
    for (unsigned i = 0; i < l->depth; i++)
        memcpy(l->block + i * len, l->request, len);
    for (unsigned i = 0; i < l->connections; i++)
        l->conns[i].fd = -1;
}

int main(int argc, char **argv) {
    load l = {.connections = 64, .depth = 1};
    char line[64];
    if (argc < 3)
        return 2;
    l.port = atoi(argv[1]);
    l.request = argv[2];
    optind = 3;
    take_options(&l, argc, argv);
    if (l.over_tls)
        use_tls(&l);
    signal(SIGPIPE, SIG_IGN);
    prepare(&l);
    learn(&l);
    while (fgets(line, sizeof line, stdin))
        run_block(&l, strtoll(line, NULL, 10));
    return 0;
}
