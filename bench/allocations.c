/* bench/allocations.c - how often a warm keep-alive request makes the server allocate.
 *
 * One process: a server with one worker in a thread, and a client on raw sockets, which allocates
 * nothing by itself. malloc and its kin are counted as they are called. Prints one line for each
 * kind of reply: allocations per 1000 requests, after a warm-up. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <skua/skua.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define CONNECTIONS 16
#define WARM_UP     200
#define REQUESTS    1000

extern void *__libc_malloc(size_t n);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *p, size_t n);

static atomic_ulong allocations;

void *malloc(size_t n) {
    atomic_fetch_add(&allocations, 1);
    return __libc_malloc(n);
}

void *calloc(size_t n, size_t size) {
    atomic_fetch_add(&allocations, 1);
    return __libc_calloc(n, size);
}

void *realloc(void *p, size_t n) {
    atomic_fetch_add(&allocations, 1);
    return __libc_realloc(p, n);
}

static int hello(skua_request *q, skua_reply *a, void *user) {
    (void)user;
    return skua_reply_text(a, 200, "Hello, %s\n", skua_request_param(q, "name"));
}

static int steps(skua_request *q, skua_reply *a, void *user) {
    (void)q;
    (void)user;
    skua_reply_send_response(a, 200);
    skua_reply_send_header(a, "Content-Type", "text/plain");
    skua_reply_end_headers(a);
    return skua_reply_write(a, "Hello, World!", 13);
}

static void *run(void *server) {
    skua_error err;
    if (skua_server_run(server, &err) != 0)
        fprintf(stderr, "allocations: %s\n", err.msg);
    return NULL;
}

static int connect_to(int port) {
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof to) != 0) {
        perror("allocations: connect");
        exit(1);
    }
    return fd;
}

/* One request; the reply is small and comes in one piece or few. */
static void ask(int fd, const char *request, const char *last) {
    char reply[4096];
    size_t len = 0;
    if (send(fd, request, strlen(request), 0) < 0)
        exit(1);
    do {
        ssize_t n = recv(fd, reply + len, sizeof reply - 1 - len, 0);
        if (n <= 0) {
            fprintf(stderr, "allocations: the server closed\n");
            exit(1);
        }
        len += (size_t)n;
        reply[len] = 0;
    } while (len < strlen(last) || strcmp(reply + len - strlen(last), last) != 0);
}

static void measure(const char *what, int port, const char *request, const char *last) {
    int fds[CONNECTIONS];
    for (int i = 0; i < CONNECTIONS; i++)
        fds[i] = connect_to(port);
    for (int i = 0; i < WARM_UP; i++)
        ask(fds[i % CONNECTIONS], request, last);
    unsigned long before = atomic_load(&allocations);
    for (int i = 0; i < REQUESTS; i++)
        ask(fds[i % CONNECTIONS], request, last);
    printf("%-36s %lu allocations in %d requests\n", what, atomic_load(&allocations) - before,
           REQUESTS);
    for (int i = 0; i < CONNECTIONS; i++)
        close(fds[i]);
}

/* A directory with one small file. */
static void make_folder(char *folder) {
    char path[64];
    FILE *f = NULL;
    if (mkdtemp(folder)) {
        snprintf(path, sizeof path, "%s/small.txt", folder);
        f = fopen(path, "w");
    }
    if (!f || fputs("Hello, World!", f) < 0 || fclose(f) != 0) {
        perror("allocations: make a file");
        exit(1);
    }
}

static void remove_folder(const char *folder) {
    char path[64];
    snprintf(path, sizeof path, "%s/small.txt", folder);
    unlink(path);
    rmdir(folder);
}

int main(void) {
    char folder[] = "/tmp/skua-bench-XXXXXX";
    skua_error err;
    make_folder(folder);
    skua_server *s = skua_server_new(SKUA_OPTS(skua_server_opts, .workers = 1), &err);
    skua_route(s, "GET /hello/{name}", hello, NULL);
    skua_route(s, "GET /steps", steps, NULL);
    skua_route_dir(s, "/files/", folder, NULL);
    skua_server_listen(s, "http://127.0.0.1:0", NULL);
    if (skua_server_check(s, &err) != 0) {
        fprintf(stderr, "allocations: %s\n", err.msg);
        return 1;
    }
    int port = atoi(strrchr(skua_server_url(s, 0), ':') + 1);
    pthread_t thread;
    if (pthread_create(&thread, NULL, run, s) != 0)
        return 1;
    measure("reply in one call, with a parameter", port,
            "GET /hello/you HTTP/1.1\r\nHost: a\r\n\r\n", "Hello, you\n");
    measure("reply step by step, chunked", port, "GET /steps HTTP/1.1\r\nHost: a\r\n\r\n",
            "0\r\n\r\n");
    measure("small file", port, "GET /files/small.txt HTTP/1.1\r\nHost: a\r\n\r\n",
            "Hello, World!");
    measure("refused with 404", port, "GET /none HTTP/1.1\r\nHost: a\r\n\r\n", "</html>\n");
    skua_server_stop(s);
    pthread_join(thread, NULL);
    skua_server_free(s);
    remove_folder(folder);
    return 0;
}
