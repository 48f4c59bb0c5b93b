/* dir_world.h - for tests of directory routes: a real tree, a real server over it, and a client
 * that sends what it is told. Include it first. What a test adds to the tree has a name of its own.
 */
#ifndef SK_TEST_DIR_WORLD_H
#define SK_TEST_DIR_WORLD_H

#include "../remove_tree.h"
#include "base/str.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <skua/server.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* ---- the tree ---- */

static struct {
    char root[64]; /* holds "www" and, beside it, "secret" */
    skua_server *server;
    pthread_t thread;
    int run_result;
    uint16_t port;
} world;

static inline const char *in_tree(const char *path) {
    static char whole[512];
    snprintf(whole, sizeof whole, "%s/www/%s", world.root, path);
    return whole;
}

static inline void put_file(const char *path, const char *text) {
    int fd = open(in_tree(path), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
}

static inline void put_dir(const char *path) {
    assert_int_equal(mkdir(in_tree(path), 0755), 0);
}

static inline void put_link(const char *to, const char *path) {
    assert_int_equal(symlink(to, in_tree(path)), 0);
}

static inline void set_time(const char *path, time_t seconds, long ns) {
    const struct timespec times[2] = {{seconds, ns}, {seconds, ns}};
    assert_int_equal(utimensat(AT_FDCWD, in_tree(path), times, 0), 0);
}

static inline void put_at(const char *path, const char *text, time_t seconds) {
    put_file(path, text);
    set_time(path, seconds, 500000000);
}

/* ---- the server ---- */

static inline void *run(void *arg) {
    (void)arg;
    world.run_result = skua_server_run(world.server, NULL);
    return NULL;
}

/* Make the tree: the test fills it, and adds its routes to the server. */
static inline void make_world_with(const skua_server_opts *opts) {
    skua_error err;
    strcpy(world.root, "/tmp/skua-dir-XXXXXX");
    assert_non_null(mkdtemp(world.root));
    put_dir("");
    world.server = skua_server_new(opts, &err);
    assert_non_null(world.server);
}

static inline void make_world(void) {
    make_world_with(SKUA_OPTS(skua_server_opts, .workers = 1));
}

static inline int start_world(void) {
    skua_error err;
    skua_server_listen(world.server, "http://127.0.0.1:0", NULL);
    if (skua_server_check(world.server, &err) != 0)
        fail_msg("%s", err.msg);
    const char *url = skua_server_url(world.server, 0);
    assert_non_null(url);
    world.port = (uint16_t)strtoul(strrchr(url, ':') + 1, NULL, 10);
    return pthread_create(&world.thread, NULL, run, NULL);
}

static inline int stop_world(void) {
    skua_server_stop(world.server);
    pthread_join(world.thread, NULL);
    skua_server_free(world.server);
    remove_tree(world.root);
    return world.run_result;
}

/* ---- a client that sends what it is told ---- */

typedef struct answer {
    int status;
    char *head; /* one block with body, terminated each */
    char *body;
    size_t body_len;
} answer;

static inline int dial(void) {
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    const struct timeval patience = {.tv_sec = 10};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    const struct sockaddr_in to = {.sin_family = AF_INET,
                                   .sin_port = htons(world.port),
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    assert_int_equal(connect(fd, (const struct sockaddr *)&to, sizeof to), 0);
    return fd;
}

static inline char *read_all(int fd, size_t *len) {
    size_t cap = 1 << 16;
    char *data = malloc(cap);
    *len = 0;
    for (;;) {
        assert_non_null(data);
        ssize_t n = read(fd, data + *len, cap - *len - 1);
        assert_true(n >= 0);
        if (n == 0)
            break;
        *len += (size_t)n;
        if (*len > cap / 2)
            data = realloc(data, cap *= 2);
    }
    data[*len] = '\0';
    return data;
}

/* Send a request on a connection of its own. `fields`, "" or lines with their ends. */
static inline answer ask(const char *method, const char *target, const char *fields) {
    char request[4096];
    int n = snprintf(request, sizeof request,
                     "%s %s HTTP/1.1\r\nHost: test\r\nConnection: close\r\n%s\r\n", method, target,
                     fields);
    int fd = dial();
    assert_int_equal(write(fd, request, (size_t)n), n);
    size_t len;
    answer a = {.head = read_all(fd, &len)};
    close(fd);
    char *end = strstr(a.head, "\r\n\r\n");
    assert_non_null(end);
    *end = '\0';
    a.body = end + 4;
    a.body_len = len - (size_t)(a.body - a.head);
    assert_int_equal(sscanf(a.head, "HTTP/1.1 %d ", &a.status), 1);
    return a;
}

/* The value of a field, in a buffer that the next call uses again; NULL if there is none. */
static inline const char *field(const answer *a, const char *name) {
    static char value[512];
    size_t len = strlen(name);
    for (const char *line = strstr(a->head, "\r\n"); line; line = strstr(line, "\r\n")) {
        line += 2;
        if (strncasecmp(line, name, len) != 0 || line[len] != ':')
            continue;
        line += len + 1;
        snprintf(value, sizeof value, "%.*s", (int)strcspn(line + 1, "\r"), line + 1);
        return value;
    }
    return NULL;
}

/* Copy a text that must fit. */
static inline void keep(char *to, size_t cap, const char *text) {
    assert_non_null(text);
    assert_true(strlen(text) < cap);
    memcpy(to, text, strlen(text) + 1);
}

static inline void assert_field(const answer *a, const char *name, const char *value) {
    const char *got = field(a, name);
    if (!got)
        fail_msg("no %s in:\n%s", name, a->head);
    assert_string_equal(got, value);
}

static inline void assert_status(const char *target, int status) {
    answer a = ask("GET", target, "");
    if (a.status != status)
        fail_msg("%s: %d, not %d", target, a.status, status);
    free(a.head);
}

static inline void assert_body(const char *target, const char *body) {
    answer a = ask("GET", target, "");
    if (a.status != 200)
        fail_msg("%s: %d", target, a.status);
    assert_int_equal(a.body_len, strlen(body));
    assert_memory_equal(a.body, body, a.body_len);
    free(a.head);
}

#endif
