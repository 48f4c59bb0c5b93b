/* Small files in memory: what is kept, and that nobody is shown what was there before.
 *
 * First the cache by itself, over a loop with a manual clock; then servers with several workers and
 * clients that change files and ask at once. */
#include "base/str.h"
#include "server/file_cache.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <skua/server.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* ---- the tree ---- */

static char base[64];

static const char *in(const char *name) {
    static _Thread_local char path[2][512];
    static _Thread_local int turn;
    char *p = path[turn = !turn];
    snprintf(p, sizeof path[0], "%s/%s", base, name);
    return p;
}

static bool put_bytes(const char *name, const void *data, size_t len, int how) {
    int fd = open(in(name), O_WRONLY | O_CLOEXEC | how, 0644);
    bool done = fd >= 0 && write(fd, data, len) == (ssize_t)len;
    close(fd);
    return done;
}

static bool put(const char *name, const char *text, int how) {
    return put_bytes(name, text, strlen(text), how);
}

static int make_tree(void) {
    strcpy(base, "/tmp/skua-cache-XXXXXX");
    return !mkdtemp(base) || mkdir(in("a"), 0755) || mkdir(in("a/b"), 0755) ||
           !put("a/b/file", "content", O_CREAT) || !put("a/b/other", "another", O_CREAT);
}

static int remove_tree(void) {
    char command[100];
    snprintf(command, sizeof command, "rm -rf %s", base);
    return system(command);
}

/* ---- the cache by itself ---- */

static struct {
    int root;
    int64_t now;
    skua_clock clock;
    sk_loop *loop;
    sk_file_cache *cache;
} it;

static int64_t manual_now(void *user) {
    return *(int64_t *)user;
}

static int set_up(void **state) {
    (void)state;
    if (make_tree())
        return -1;
    it.now = 5000;
    it.clock = (skua_clock){manual_now, &it.now};
    it.root = sk_dir_open(base);
    it.loop = sk_loop_new(SK_POLLER_BEST, &it.clock);
    it.cache = it.loop ? sk_file_cache_new(it.loop) : NULL;
    return it.cache && it.root >= 0 ? 0 : -1;
}

static int tear_down(void **state) {
    (void)state;
    sk_file_cache_free(it.cache);
    sk_loop_free(it.loop);
    sk_file_close(it.root);
    return remove_tree();
}

/* time() is a tick behind: a file's time may already be of the next second. */
static int64_t unix_time(void) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return now.tv_sec;
}

static void offer(const char *path) {
    sk_file_key key = sk_file_key_of(it.root, path);
    sk_file_info info;
    int fd = sk_file_open_below(it.root, path);
    if (fd < 0)
        return;
    assert_int_equal(sk_file_stat(fd, &info), 0);
    sk_file_close(fd);
    sk_file_cache_offer(it.cache, &key, &info, "text/x-default", unix_time());
}

static bool has(const char *path) {
    sk_file_key key = sk_file_key_of(it.root, path);
    return sk_file_cache_has(it.cache, &key);
}

/* As one who has just sent a request is served. */
static const sk_cached_file *get(const char *path) {
    sk_file_key key = sk_file_key_of(it.root, path);
    sk_loop_tell_first(it.loop);
    return sk_file_cache_get(it.cache, &key);
}

static bool keep(const char *path) {
    sk_loop_tell_first(it.loop); /* of what this test did before */
    offer(path);
    offer(path);
    return get(path) != NULL;
}

static void a_file_is_kept_when_asked_for_again(void **state) {
    (void)state;
    offer("a/b/file");
    assert_false(has("a/b/file"));
    assert_null(get("a/b/file"));
    offer("a/b/file");
    assert_true(has("a/b/file"));
    const sk_cached_file *file = get("a/b/file");
    assert_non_null(file);
    assert_int_equal(file->body.len, 7);
    assert_memory_equal(file->body.ptr, "content", 7);
    assert_string_equal(file->type, "text/x-default");
    struct stat st;
    assert_int_equal(stat(in("a/b/file"), &st), 0);
    assert_true(file->facts.modified == st.st_mtime);
    assert_int_equal(strlen(file->facts.last_modified), SK_DATE_LEN);
    assert_int_equal(file->facts.etag[0], '"');
    /* Another directory's file of that name is another file. */
    sk_file_key key = sk_file_key_of(it.root + 1, "a/b/file");
    assert_false(sk_file_cache_has(it.cache, &key));
}

/* ---- changes: each of them, at once ---- */

static void write_in_place(void) {
    assert_true(put("a/b/file", "CONTENT", 0));
}

static void append(void) {
    assert_true(put("a/b/file", "x", O_APPEND));
}

static void cut(void) {
    assert_int_equal(truncate(in("a/b/file"), 3), 0);
}

static void rename_over(void) {
    assert_int_equal(rename(in("a/b/other"), in("a/b/file")), 0);
}

static void delete_file(void) {
    assert_int_equal(unlink(in("a/b/file")), 0);
}

static void recreate(void) {
    delete_file();
    assert_true(put("a/b/file", "content", O_CREAT));
}

static void change_mode(void) {
    assert_int_equal(chmod(in("a/b/file"), 0), 0);
}

static void change_by_other_name(void) {
    assert_int_equal(link(in("a/b/file"), in("hard")), 0);
    assert_true(put("hard", "CONTENT", 0));
}

static void rename_parent(void) {
    assert_int_equal(rename(in("a/b"), in("a/c")), 0);
}

static void rename_grandparent(void) {
    assert_int_equal(rename(in("a"), in("z")), 0);
}

static void put_link_in_place(void) {
    delete_file();
    assert_int_equal(symlink("other", in("a/b/file")), 0);
}

static void put_link_in_parents_place(void) {
    rename_parent();
    assert_int_equal(symlink("c", in("a/b")), 0);
}

static void each_change_drops_the_entry(void **state) {
    static const struct {
        const char *what;
        void (*change)(void);
        bool kept_again; /* else it is not there, or not through a plain path */
    } cases[] = {
        {"written in place", write_in_place, true},
        {"appended to", append, true},
        {"cut", cut, true},
        {"renamed over", rename_over, true},
        {"deleted", delete_file, false},
        {"deleted and made anew", recreate, true},
        {"a hard link", change_by_other_name, true},
        {"parent renamed", rename_parent, false},
        {"parent's parent renamed", rename_grandparent, false},
        {"link in its place", put_link_in_place, false},
        {"link in its parent's place", put_link_in_parents_place, false},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_true(keep("a/b/file"));
        cases[i].change();
        if (get("a/b/file"))
            fail_msg("still there: %s", cases[i].what);
        if (keep("a/b/file") != cases[i].kept_again)
            fail_msg("afterwards: %s", cases[i].what);
        tear_down(state);
        assert_int_equal(set_up(state), 0);
    }
}

static void a_mode_that_forbids(void **state) {
    (void)state;
    assert_true(keep("a/b/file"));
    change_mode();
    assert_null(get("a/b/file"));
    if (geteuid() == 0)
        skip(); /* root may read everything */
    assert_false(keep("a/b/file"));
}

static void what_happens_beside_it_does_not_matter(void **state) {
    (void)state;
    assert_true(keep("a/b/file"));
    assert_true(keep("a/b/other"));
    assert_true(put("a/b/new", "new", O_CREAT));
    assert_true(put("a/new", "new", O_CREAT));
    assert_non_null(get("a/b/file"));
    assert_true(put("a/b/other", "x", O_APPEND));
    assert_null(get("a/b/other"));
    assert_non_null(get("a/b/file"));
    /* The directories are still watched, although one entry that needed them is gone. */
    rename_grandparent();
    assert_null(get("a/b/file"));
}

/* No inotify sees a write to mapped memory: it shows within a second. */
static void what_is_not_heard_is_seen_in_time(void **state) {
    (void)state;
    int fd = open(in("a/b/file"), O_RDWR | O_CLOEXEC);
    char *map = mmap(NULL, 7, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    assert_true(map != MAP_FAILED);
    close(fd);
    map[6] = 't'; /* from here on the page is writable, and the time does not change any more */
    assert_true(keep("a/b/file"));
    it.now += 999;
    assert_non_null(get("a/b/file"));
    it.now += 1;
    assert_non_null(get("a/b/file")); /* looked at: it is the same */
    memcpy(map, "CONTENT", 7);
    it.now += 1000;
    assert_null(get("a/b/file"));
    assert_true(keep("a/b/file"));
    assert_memory_equal(get("a/b/file")->body.ptr, "CONTENT", 7);
    munmap(map, 7);
}

/* ---- what is kept ---- */

static void what_is_not_kept(void **state) {
    (void)state;
    static char big[SK_CACHED_FILE_MAX];
    assert_int_equal(symlink("file", in("a/b/link")), 0);
    assert_int_equal(symlink("b", in("a/dirlink")), 0);
    assert_true(put_bytes("limit", big, sizeof big, O_CREAT));
    assert_true(put("empty", "", O_CREAT));
    assert_true(put("future", "x", O_CREAT));
    const struct timespec times[2] = {{time(NULL) + 1000, 0}, {time(NULL) + 1000, 0}};
    assert_int_equal(utimensat(AT_FDCWD, in("future"), times, 0), 0);
    assert_false(keep("a/b/link"));
    assert_false(keep("a/dirlink/file"));
    assert_false(keep("future"));
    assert_false(keep("a/b"));
    assert_true(keep("limit"));
    assert_true(keep("empty"));
    assert_int_equal(get("empty")->body.len, 0);
    /* What could not be kept is tried again a second later. */
    assert_int_equal(unlink(in("a/b/link")), 0);
    assert_true(put("a/b/link", "plain", O_CREAT));
    assert_false(keep("a/b/link"));
    it.now += 1000;
    assert_true(keep("a/b/link"));
}

/* ---- large files ---- */

#define LARGE (SK_CACHED_FILE_MAX + 1)

static void put_large(const char *name, char filler) {
    static char bytes[LARGE];
    memset(bytes, filler, sizeof bytes);
    assert_true(put_bytes(name, bytes, sizeof bytes, O_CREAT));
}

static void a_large_file_is_kept_open(void **state) {
    (void)state;
    char first = 0;
    put_large("large", 'a');
    assert_true(keep("large"));
    const sk_cached_file *file = get("large");
    assert_null(file->body.ptr);
    assert_int_equal(file->size, LARGE);
    assert_int_equal(sk_file_read_at(file->open->fd, &first, 1, 0), 1);
    assert_int_equal(first, 'a');
    /* Seen again after a second, it is not opened anew. */
    sk_open_file *open = file->open;
    it.now += 1000;
    assert_ptr_equal(get("large")->open, open);
}

/* A reply under way goes on with the file that it began with. */
static void who_sends_from_it_keeps_it_open(void **state) {
    (void)state;
    char first = 0;
    put_large("large", 'a');
    assert_true(keep("large"));
    sk_open_file *mine = sk_open_file_share(get("large")->open);
    assert_int_equal(unlink(in("large")), 0);
    assert_null(get("large"));
    assert_int_equal(mine->users, 1);
    assert_int_equal(sk_file_read_at(mine->fd, &first, 1, 0), 1);
    assert_int_equal(first, 'a');
    sk_open_file_release(mine);
}

static void large_files_are_closed_where_descriptors_are_short(void **state) {
    (void)state;
    assert_false(sk_file_cache_close(NULL));
    assert_true(keep("a/b/file"));
    assert_false(sk_file_cache_close(it.cache));
    put_large("large", 'a');
    assert_true(keep("large"));
    sk_open_file *mine = sk_open_file_share(get("large")->open);
    assert_true(sk_file_cache_close(it.cache));
    assert_false(has("large"));
    assert_true(has("a/b/file"));
    assert_int_equal(mine->users, 1); /* a reply goes on */
    sk_open_file_release(mine);
    assert_true(keep("large"));
}

/* Small files in memory take no descriptor, and stay; but for one that finds its set full. */
static void too_many_large_files_drop_no_small_ones(void **state) {
    (void)state;
    char name[16];
    int kept = 0;
    for (int i = 0; i < 16; i++) {
        snprintf(name, sizeof name, "small%d", i);
        assert_true(put(name, "x", O_CREAT));
        assert_true(keep(name));
    }
    for (int i = 0; i < 200; i++) {
        snprintf(name, sizeof name, "large%d", i);
        put_large(name, 'a');
        assert_true(keep(name));
    }
    for (int i = 0; i < 16; i++) {
        snprintf(name, sizeof name, "small%d", i);
        kept += has(name);
    }
    assert_in_range(kept, 12, 16);
}

static void a_change_drops_a_large_file(void **state) {
    (void)state;
    put_large("large", 'a');
    assert_true(keep("large"));
    put_large("large", 'b');
    assert_null(get("large"));
    assert_true(keep("large"));
    assert_true(put_bytes("large", "", 0, O_TRUNC));
    assert_null(get("large"));
}

static void one_that_nobody_asks_for_is_closed(void **state) {
    (void)state;
    put_large("large", 'a');
    put_large("wanted", 'b');
    assert_true(keep("large"));
    assert_true(keep("wanted"));
    it.now += 1500;
    assert_non_null(get("wanted"));
    it.now += 500;
    assert_int_equal(sk_loop_step(it.loop, 0), 0);
    assert_false(has("large"));
    assert_true(has("wanted"));
    it.now += 2000;
    assert_int_equal(sk_loop_step(it.loop, 0), 0);
    assert_false(has("wanted"));
    assert_int_equal(sk_loop_timeout(it.loop), -1); /* nothing is waited for any more */
    assert_true(keep("large"));
}

static void few_large_files_are_open(void **state) {
    (void)state;
    char name[32];
    int kept = 0;
    for (int i = 0; i < 100; i++) {
        snprintf(name, sizeof name, "a/large%d", i);
        put_large(name, 'a');
        assert_true(keep(name));
    }
    for (int i = 0; i < 100; i++) {
        snprintf(name, sizeof name, "a/large%d", i);
        kept += has(name);
    }
    assert_in_range(kept, 32, 64);
}

/* ---- room ---- */

static void more_files_than_there_is_room_for(void **state) {
    (void)state;
    char name[32];
    int kept = 0;
    for (int i = 0; i < 1000; i++) {
        snprintf(name, sizeof name, "a/f%d", i);
        assert_true(put(name, name, O_CREAT));
        assert_true(keep(name));
    }
    for (int i = 0; i < 1000; i++) {
        snprintf(name, sizeof name, "a/f%d", i);
        const sk_cached_file *file = get(name);
        if (file)
            assert_memory_equal(file->body.ptr, name, strlen(name));
        kept += file != NULL;
    }
    assert_in_range(kept, 200, 512);
    /* Each of them is still watched. */
    for (int i = 0; i < 1000; i++) {
        snprintf(name, sizeof name, "a/f%d", i);
        assert_true(put(name, "X", 0));
        assert_null(get(name));
    }
}

static void more_bytes_than_there_is_room_for(void **state) {
    (void)state;
    static char data[SK_CACHED_FILE_MAX];
    char name[32];
    int kept = 0;
    for (int i = 0; i < 400; i++) {
        snprintf(name, sizeof name, "a/f%d", i);
        assert_true(put_bytes(name, data, sizeof data, O_CREAT));
        assert_true(keep(name));
    }
    for (int i = 0; i < 400; i++) {
        snprintf(name, sizeof name, "a/f%d", i);
        kept += has(name);
    }
    assert_in_range(kept, 100, (4 << 20) / SK_CACHED_FILE_MAX);
}

static void a_missed_event_drops_all(void **state) {
    (void)state;
    long n = 0;
    FILE *f = fopen("/proc/sys/fs/inotify/max_queued_events", "r");
    if (!f || fscanf(f, "%ld", &n) != 1 || n > 100000)
        skip();
    fclose(f);
    assert_true(put("still", "x", O_CREAT));
    assert_true(keep("a/b/file"));
    assert_true(keep("a/b/other"));
    assert_true(keep("still"));
    int fds[2] = {open(in("a/b/file"), O_WRONLY | O_CLOEXEC),
                  open(in("a/b/other"), O_WRONLY | O_CLOEXEC)};
    for (long i = 0; i <= n; i++)
        assert_int_equal(pwrite(fds[i % 2], "x", 1, 0), 1);
    assert_true(put("still", "y", 0)); /* this one is lost */
    close(fds[0]);
    close(fds[1]);
    assert_null(get("still"));
    assert_true(keep("still"));
    assert_true(put("still", "z", 0));
    assert_null(get("still"));
}

static void without_a_descriptor_nothing_is_kept(void **state) {
    (void)state;
    struct rlimit before, none;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    sk_file_key key = sk_file_key_of(it.root, "a/b/file");
    sk_file_info info;
    int fd = sk_file_open_below(it.root, "a/b/file");
    assert_int_equal(sk_file_stat(fd, &info), 0);
    sk_file_close(fd);
    for (int spare = 0; spare < 3; spare++) { /* for inotify; for one directory of the two */
        none = (struct rlimit){(rlim_t)fd + (rlim_t)spare, before.rlim_max};
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
        sk_file_cache_offer(it.cache, &key, &info, "x/y", unix_time());
        sk_file_cache_offer(it.cache, &key, &info, "x/y", unix_time());
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
        assert_false(has("a/b/file"));
        it.now += 1000;
    }
    assert_true(keep("a/b/file"));
}

/* ---- over a server ---- */

#define WORKERS 2

static struct {
    skua_server *server;
    pthread_t thread;
    uint16_t port;
} world;

static void *run(void *arg) {
    (void)arg;
    skua_server_run(world.server, NULL);
    return NULL;
}

static int start(void **state) {
    (void)state;
    if (make_tree())
        return -1;
    world.server = skua_server_new(SKUA_OPTS(skua_server_opts, .workers = WORKERS), NULL);
    skua_route_dir(world.server, "/", base, NULL);
    skua_server_listen(world.server, "http://127.0.0.1:0", NULL);
    if (skua_server_check(world.server, NULL) != 0)
        return -1;
    world.port = (uint16_t)strtoul(strrchr(skua_server_url(world.server, 0), ':') + 1, NULL, 10);
    return pthread_create(&world.thread, NULL, run, NULL);
}

static int stop(void **state) {
    (void)state;
    skua_server_stop(world.server);
    pthread_join(world.thread, NULL);
    skua_server_free(world.server);
    return remove_tree();
}

/* A client for threads of their own: it reports, and asserts nothing. */
typedef struct peer {
    int fd;
    char heard[8192];
    size_t len; /* of what has come */
    char *head; /* of the last reply, terminated */
    char body[4096];
    int status;
} peer;

static bool dial(peer *p) {
    const struct sockaddr_in to = {.sin_family = AF_INET,
                                   .sin_port = htons(world.port),
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const struct timeval patience = {.tv_sec = 10};
    const struct linger none = {.l_onoff = 1}; /* thousands of ports are not to wait for a while */
    p->len = 0;
    p->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(p->fd, SOL_SOCKET, SO_LINGER, &none, sizeof none);
    setsockopt(p->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    return p->fd >= 0 && connect(p->fd, (const struct sockaddr *)&to, sizeof to) == 0;
}

static bool say(peer *p, const char *method, const char *target, const char *fields) {
    char request[512];
    int n = snprintf(request, sizeof request, "%s %s HTTP/1.1\r\nHost: a\r\n%s\r\n", method, target,
                     fields);
    return send(p->fd, request, (size_t)n, MSG_NOSIGNAL) == n;
}

static bool more(peer *p) {
    ssize_t n = recv(p->fd, p->heard + p->len, sizeof p->heard - 1 - p->len, 0);
    if (n > 0)
        p->len += (size_t)n;
    p->heard[p->len] = '\0';
    return n > 0;
}

/* Take one reply; p->head is its head until the next call. */
static bool hear(peer *p, bool with_body) {
    static _Thread_local char head[4096];
    char *end;
    p->heard[p->len] = '\0';
    while (!(end = strstr(p->heard, "\r\n\r\n"))) {
        if (!more(p))
            return false;
    }
    *end = '\0';
    snprintf(head, sizeof head, "%s", p->heard);
    p->head = head;
    const char *length = strstr(head, "Content-Length: ");
    size_t body = with_body && length ? strtoul(length + 16, NULL, 10) : 0;
    size_t used = (size_t)(end + 4 - p->heard);
    while (p->len < used + body) {
        if (!more(p))
            return false;
    }
    snprintf(p->body, sizeof p->body, "%.*s", (int)body, p->heard + used);
    p->len -= used + body;
    memmove(p->heard, p->heard + used + body, p->len);
    return sscanf(head, "HTTP/1.1 %d ", &p->status) == 1;
}

static bool ask(peer *p, const char *target) {
    return say(p, "GET", target, "") && hear(p, true);
}

/* ---- change and ask, many times over ---- */

#ifndef ROUNDS
#define ROUNDS 400
#endif
#define PEERS 4 /* connections of one client, so that both workers serve it */

typedef struct client {
    char name[16];
    int rounds;
    pthread_t thread;
    char wrong[256]; /* what was seen that should not have been */
    atomic_bool *stop;
} client;

static bool replace(const char *name, const char *text) {
    char beside[32];
    snprintf(beside, sizeof beside, "%s.new", name);
    return put(beside, text, O_CREAT | O_TRUNC) && rename(in(beside), in(name)) == 0;
}

static bool change(const char *name, const char *text, int how) {
    switch (how % 4) {
    case 0:
        return put(name, text, 0); /* the same length, in place */
    case 1:
        return put(name, text, O_TRUNC);
    case 2:
        return replace(name, text);
    default:
        return unlink(in(name)) == 0 && put(name, text, O_CREAT);
    }
}

static bool expect(client *c, peer *p, const char *text) {
    if (p->status == 200 && strcmp(p->body, text) == 0)
        return true;
    snprintf(c->wrong, sizeof c->wrong, "%d with \"%.40s\" for \"%s\"", p->status, p->body, text);
    return false;
}

static bool one_round(client *c, peer *peers, int i) {
    char text[32], target[32];
    snprintf(text, sizeof text, "%s %08d", c->name, i);
    snprintf(target, sizeof target, "/%s", c->name);
    if (!change(c->name, text, i))
        return false;
    for (int k = 0; k < PEERS + 2; k++) { /* the last ones find it kept */
        peer *p = &peers[(i + k) % PEERS];
        if (!ask(p, target) || !expect(c, p, text))
            return false;
    }
    /* Between two requests on one connection, of which the first has not been answered. */
    peer *p = &peers[i % PEERS];
    if (!say(p, "GET", target, ""))
        return false;
    text[strlen(text) - 9] = '+';
    if (!change(c->name, text, i + 1) || !say(p, "GET", target, "") || !hear(p, true) ||
        !hear(p, true))
        return false;
    return expect(c, p, text);
}

static void *change_and_ask(void *arg) {
    client *c = arg;
    peer *peers = calloc(PEERS, sizeof *peers);
    char text[32];
    snprintf(text, sizeof text, "%s %08d", c->name, -1);
    bool good = peers && put(c->name, text, O_CREAT);
    for (int i = 0; good && i < PEERS; i++)
        good = dial(&peers[i]);
    for (int i = 0; good && i < c->rounds; i++)
        good = one_round(c, peers, i);
    if (!good && !c->wrong[0])
        snprintf(c->wrong, sizeof c->wrong, "no reply: %s", strerror(errno));
    for (int i = 0; peers && i < PEERS; i++)
        close(peers[i].fd);
    free(peers);
    return NULL;
}

/* A new connection for each request: it may be accepted along with one that was there before. */
static void *change_and_connect(void *arg) {
    client *c = arg;
    peer *p = calloc(1, sizeof *p);
    char text[32], target[32];
    snprintf(target, sizeof target, "/%s", c->name);
    snprintf(text, sizeof text, "%s %08d", c->name, -1);
    bool good = p && put(c->name, text, O_CREAT);
    for (int i = 0; good && i < c->rounds; i++) {
        snprintf(text, sizeof text, "%s %08d", c->name, i);
        good = change(c->name, text, i);
        for (int k = 0; good && k < 4; k++) {
            good = dial(p) && ask(p, target) && expect(c, p, text);
            close(p->fd);
        }
    }
    if (!good && !c->wrong[0])
        snprintf(c->wrong, sizeof c->wrong, "no reply: %s", strerror(errno));
    free(p);
    return NULL;
}

/* Keeps the workers busy, so that many connections are ready at a time. */
static void *only_ask(void *arg) {
    client *c = arg;
    static const char *const targets[] = {"/a/b/file", "/a/b/other", "/a/none"};
    peer *peers = calloc(2 * PEERS, sizeof *peers);
    bool good = peers != NULL;
    for (int i = 0; good && i < 2 * PEERS; i++)
        good = dial(&peers[i]);
    for (int i = 0; good && !atomic_load(c->stop); i++) {
        for (int k = 0; good && k < 2 * PEERS; k++)
            good = say(&peers[k], "GET", targets[(i + k) % 3], "");
        for (int k = 0; good && k < 2 * PEERS; k++)
            good = hear(&peers[k], true) && peers[k].status == ((i + k) % 3 == 2 ? 404 : 200);
    }
    if (!good)
        snprintf(c->wrong, sizeof c->wrong, "no reply: %s", strerror(errno));
    for (int i = 0; peers && i < 2 * PEERS; i++)
        close(peers[i].fd);
    free(peers);
    return NULL;
}

static void nobody_is_shown_what_was_there_before(void **state) {
    (void)state;
    atomic_bool over = false;
    client clients[] = {
        {.name = "one", .rounds = ROUNDS},
        {.name = "two", .rounds = ROUNDS},
        {.name = "new", .rounds = ROUNDS},
        {.name = "load", .stop = &over},
    };
    void *(*const work[])(void *) = {change_and_ask, change_and_ask, change_and_connect, only_ask};
    for (size_t i = 0; i < COUNT(clients); i++)
        assert_int_equal(pthread_create(&clients[i].thread, NULL, work[i], &clients[i]), 0);
    for (size_t i = 0; i < COUNT(clients); i++) {
        if (i == COUNT(clients) - 1)
            atomic_store(&over, true);
        pthread_join(clients[i].thread, NULL);
    }
    for (size_t i = 0; i < COUNT(clients); i++) {
        if (clients[i].wrong[0])
            fail_msg("%s: %s", clients[i].name, clients[i].wrong);
    }
}

/* ---- replies from memory are like those from the file ---- */

/* All but Date, which may have gone on. */
static void without_date(char *head) {
    char *date = strstr(head, "Date: ");
    assert_non_null(date);
    memset(date, '.', 6 + SK_DATE_LEN);
}

static void each_reply_is_the_same_from_memory(void **state) {
    (void)state;
    static const struct {
        const char *method, *target, *fields;
        int status;
    } cases[] = {
        {"GET", "/same.html", "", 200},
        {"HEAD", "/same.html", "", 200},
        {"GET", "/same.html", "If-None-Match: *\r\n", 304},
        {"HEAD", "/same.html", "If-None-Match: *\r\n", 304},
        {"GET", "/same.html", "If-None-Match: \"x\"\r\n", 200},
        {"GET", "/same.html", "If-Match: \"x\"\r\n", 412},
        {"GET", "/same.html", "If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT\r\n", 304},
        {"GET", "/same.html", "If-Unmodified-Since: Sat, 05 Nov 1994 08:49:37 GMT\r\n", 412},
        {"GET", "/same.html?query", "", 200},
        {"GET", "/s%61me.html", "", 200},
        {"GET", "/", "", 200},
        {"HEAD", "/", "", 200},
        {"HEAD", "/large.bin", "", 200},
        {"GET", "/large.bin", "If-None-Match: *\r\n", 304},
        {"GET", "/large.bin", "Range: bytes=16380-16389\r\n", 206},
        {"GET", "/large.bin", "Range: bytes=99999-\r\n", 416},
    };
    static peer p;
    const struct timespec times[2] = {{784111777, 0}, {784111777, 0}};
    assert_true(dial(&p));
    for (size_t i = 0; i < COUNT(cases); i++) {
        static const char *const files[] = {"same.html", "index.html"};
        for (size_t k = 0; k < COUNT(files); k++) { /* not in memory any more, if it was */
            assert_true(put(files[k], files[k], O_CREAT | O_TRUNC));
            assert_int_equal(utimensat(AT_FDCWD, in(files[k]), times, 0), 0);
        }
        put_large("large.bin", 'x');
        assert_int_equal(utimensat(AT_FDCWD, in("large.bin"), times, 0), 0);
        char first[4096], body[1024];
        bool bare = strcmp(cases[i].method, "HEAD") == 0 || cases[i].status == 304;
        for (int k = 0; k < 4; k++) {
            assert_true(say(&p, cases[i].method, cases[i].target, cases[i].fields));
            assert_true(hear(&p, !bare));
            assert_int_equal(p.status, cases[i].status);
            without_date(p.head);
            if (k == 0) {
                strcpy(first, p.head);
                snprintf(body, sizeof body, "%s", p.body);
            }
            if (strlen(p.head) != strlen(first))
                fail_msg("%s\n---\n%s", first, p.head);
            assert_string_equal(p.body, body);
        }
    }
    close(p.fd);
}

/* An index file that comes before the one that was kept takes its place at once. */
static void the_first_index_file_counts(void **state) {
    (void)state;
    static peer p;
    assert_true(dial(&p));
    unlink(in("index.html"));
    for (int round = 0; round < 20; round++) {
        assert_true(put("index.htm", "second", O_CREAT | O_TRUNC));
        for (int i = 0; i < 4; i++) {
            assert_true(ask(&p, "/"));
            assert_string_equal(p.body, "second");
        }
        assert_true(put("index.html", "first", O_CREAT));
        for (int i = 0; i < 4; i++) {
            assert_true(ask(&p, "/"));
            assert_string_equal(p.body, "first");
        }
        assert_int_equal(unlink(in("index.html")), 0);
    }
    close(p.fd);
}

static void a_link_in_place_of_a_directory(void **state) {
    (void)state;
    static peer p;
    assert_true(dial(&p));
    for (int round = 0; round < 20; round++) {
        for (int i = 0; i < 4; i++) {
            assert_true(ask(&p, "/a/b/file"));
            assert_int_equal(p.status, 200);
        }
        assert_int_equal(rename(in("a/b"), in("a/c")), 0);
        assert_true(ask(&p, "/a/b/file"));
        assert_int_equal(p.status, 404);
        assert_int_equal(symlink("/etc", in("a/b")), 0);
        assert_true(ask(&p, "/a/b/file"));
        assert_int_equal(p.status, 404);
        assert_int_equal(unlink(in("a/b")), 0);
        assert_int_equal(rename(in("a/c"), in("a/b")), 0);
    }
    close(p.fd);
}

#define ALONE(test)  cmocka_unit_test_setup_teardown(test, set_up, tear_down)
#define SERVED(test) cmocka_unit_test_setup_teardown(test, start, stop)

int main(void) {
    const struct CMUnitTest tests[] = {
        ALONE(a_file_is_kept_when_asked_for_again),
        ALONE(each_change_drops_the_entry),
        ALONE(a_mode_that_forbids),
        ALONE(what_happens_beside_it_does_not_matter),
        ALONE(what_is_not_heard_is_seen_in_time),
        ALONE(what_is_not_kept),
        ALONE(a_large_file_is_kept_open),
        ALONE(who_sends_from_it_keeps_it_open),
        ALONE(large_files_are_closed_where_descriptors_are_short),
        ALONE(too_many_large_files_drop_no_small_ones),
        ALONE(a_change_drops_a_large_file),
        ALONE(one_that_nobody_asks_for_is_closed),
        ALONE(few_large_files_are_open),
        ALONE(more_files_than_there_is_room_for),
        ALONE(more_bytes_than_there_is_room_for),
        ALONE(a_missed_event_drops_all),
        ALONE(without_a_descriptor_nothing_is_kept),
        SERVED(nobody_is_shown_what_was_there_before),
        SERVED(each_reply_is_the_same_from_memory),
        SERVED(the_first_index_file_counts),
        SERVED(a_link_in_place_of_a_directory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
