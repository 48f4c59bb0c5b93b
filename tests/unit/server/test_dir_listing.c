/* Listings: in which form and order, and that nobody has to wait for one but who asked. */
#include "dir_world.h"
#include "sys/thread.h"

#include <poll.h>

/* A handler that keeps the one thread of the pool until it is let go. */
static struct {
    sk_mutex lock;
    sk_cond moved;
    bool entered;
    bool let_go;
} gate;

static int wait_at_gate(skua_request *q, skua_reply *a, void *user) {
    (void)q;
    (void)user;
    sk_mutex_lock(&gate.lock);
    gate.entered = true;
    sk_cond_tell_all(&gate.moved);
    while (!gate.let_go)
        sk_cond_wait(&gate.moved, &gate.lock);
    sk_mutex_unlock(&gate.lock);
    return skua_reply_text(a, 200, "%s", "through");
}

static void open_gate(void) {
    sk_mutex_lock(&gate.lock);
    gate.let_go = true;
    sk_cond_tell_all(&gate.moved);
    sk_mutex_unlock(&gate.lock);
}

static int start(void **state) {
    (void)state;
    sk_mutex_init(&gate.lock);
    sk_cond_init(&gate.moved);
    make_world_with(
        SKUA_OPTS(skua_server_opts, .workers = 1, .pool_threads = 1, .pool_queue_max = 1));
    put_file("404.html", "nothing here");
    skua_route_dir(world.server, "/", in_tree(""),
                   SKUA_OPTS(skua_dir_opts, .list = 1, .not_found_page = "404.html"));
    skua_route_with(world.server, "GET /gate",
                    SKUA_OPTS(skua_route_opts, .fn = wait_at_gate, .kind = SKUA_HANDLER_POOL));
    return start_world();
}

static int stop(void **state) {
    (void)state;
    return stop_world();
}

/* ---- forms and orders ---- */

static const char *place(const answer *a, const char *text) {
    const char *at = strstr(a->body, text);
    if (!at)
        fail_msg("no %s in:\n%s", text, a->body);
    return at;
}

static void b11_listing_sorted(void **state) {
    (void)state;
    put_dir("sorted");
    put_dir("sorted/dir");
    put_at("sorted/a", "333", 1000000002);
    put_at("sorted/b", "1", 1000000003);
    put_at("sorted/c", "22", 1000000001);
    static const struct {
        const char *query, *first, *second, *third, *link;
    } cases[] = {
        {"", "a", "b", "c", "\"?sort=name&amp;order=desc\""},
        {"?sort=name&order=desc", "c", "b", "a", "\"?sort=name&amp;order=asc\""},
        {"?sort=size", "a", "c", "b", "\"?sort=size&amp;order=asc\""},
        {"?sort=size&order=asc", "b", "c", "a", "\"?sort=size&amp;order=desc\""},
        {"?order=asc&x&sort=date", "c", "a", "b", "\"?sort=date&amp;order=desc\""},
        {"?sort=date&order=desc", "b", "a", "c", "\"?sort=name&amp;order=asc\""},
        {"?sort=%3Cscript%3E&order=up", "a", "b", "c", "\"?sort=date&amp;order=desc\""},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char target[128], link[3][64];
        snprintf(target, sizeof target, "/sorted/%s", cases[i].query);
        snprintf(link[0], sizeof link[0], "<a href=\"%s\">", cases[i].first);
        snprintf(link[1], sizeof link[1], "<a href=\"%s\">", cases[i].second);
        snprintf(link[2], sizeof link[2], "<a href=\"%s\">", cases[i].third);
        answer a = ask("GET", target, "Accept: text/html, */*;q=0.8\r\n");
        assert_int_equal(a.status, 200);
        assert_field(&a, "Vary", "Accept");
        assert_true(place(&a, "<a href=\"dir/\">") < place(&a, link[0]));
        assert_true(place(&a, link[0]) < place(&a, link[1]));
        assert_true(place(&a, link[1]) < place(&a, link[2]));
        place(&a, cases[i].link);
        assert_null(strstr(a.body, "script"));
        free(a.head);
    }
}

static void b11_listing_as_json(void **state) {
    (void)state;
    put_dir("json");
    put_dir("json/d");
    set_time("json/d", 1000000000, 0);
    put_at("json/a \"<b>\"", "333", 1000000002);
    put_at("json/\xc3\xa4\xf0\x9f\x98\x80", "1", 1000000003);
    put_at("json/\xff", "22", 1000000001);
    answer a = ask("GET", "/json/", "Accept: application/json\r\n");
    assert_int_equal(a.status, 200);
    assert_field(&a, "Content-Type", "application/json");
    assert_field(&a, "Vary", "Accept");
    assert_string_equal(
        a.body,
        "{\"path\":\"/json/\",\"entries\":[\n"
        "{\"name\":\"d\",\"type\":\"directory\",\"mtime\":1000000000,\"href\":\"d/\"},\n"
        "{\"name\":\"a \\\"\\u003cb\\u003e\\\"\",\"type\":\"file\",\"size\":3,"
        "\"mtime\":1000000002,\"href\":\"a%20%22%3Cb%3E%22\"},\n"
        "{\"name\":\"\\u00e4\\ud83d\\ude00\",\"type\":\"file\",\"size\":1,\"mtime\":1000000003,"
        "\"href\":\"%C3%A4%F0%9F%98%80\"},\n"
        "{\"name\":\"\\ufffd\",\"type\":\"file\",\"size\":2,\"mtime\":1000000001,"
        "\"href\":\"%FF\"}],\"truncated\":false}\n");
    free(a.head);
    a = ask("GET", "/json/?sort=size", "Accept: application/json, */*\r\n");
    assert_true(place(&a, "\"size\":3") < place(&a, "\"size\":2"));
    free(a.head);
    /* With the route's own page for what is not there. */
    a = ask("GET", "/none/", "Accept: application/json\r\n");
    assert_int_equal(a.status, 404);
    assert_string_equal(a.body, "nothing here");
    free(a.head);
}

/* ---- the pool ---- */

static int begin(const char *target) {
    char text[128];
    int n = snprintf(text, sizeof text,
                     "GET %s HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n", target);
    int fd = dial();
    assert_int_equal(write(fd, text, (size_t)n), n);
    return fd;
}

static void assert_begins(int fd, const char *text) {
    size_t len;
    char *all = read_all(fd, &len);
    assert_int_equal(strncmp(all, text, strlen(text)), 0);
    free(all);
    close(fd);
}

/* The pool's one thread is busy: a listing waits for it, files do not, and where there is no room
 * to wait, that is said. */
static void b11_listing_does_not_hold_the_loop(void **state) {
    (void)state;
    int at_gate = begin("/gate");
    sk_mutex_lock(&gate.lock);
    while (!gate.entered)
        sk_cond_wait(&gate.moved, &gate.lock);
    sk_mutex_unlock(&gate.lock);
    int first = begin("/"), second = begin("/");
    /* One of the two is in the queue, the other is answered: which one, their order decides. */
    struct pollfd both[2] = {{first, POLLIN, 0}, {second, POLLIN, 0}};
    assert_int_equal(poll(both, 2, 10000), 1);
    int refused = both[0].revents ? first : second;
    int waiting = both[0].revents ? second : first;
    assert_begins(refused, "HTTP/1.1 503 ");
    assert_status("/404.html", 200);
    assert_status("/none/", 404); /* needs no listing */
    open_gate();
    assert_begins(waiting, "HTTP/1.1 200 ");
    assert_begins(at_gate, "HTTP/1.1 200 ");
}

/* A listing whose client has gone before it was read costs nobody anything. */
static void b11_listing_nobody_waits_for(void **state) {
    (void)state;
    for (int i = 0; i < 20; i++)
        close(begin("/"));
    answer a;
    do { /* until the queue has room again */
        a = ask("GET", "/", "");
        free(a.head);
    } while (a.status == 503);
    assert_int_equal(a.status, 200);
}

static void b11_listing_of_many(void **state) {
    (void)state;
    put_dir("many");
    for (int i = 0; i < 5001; i++) {
        char name[32];
        snprintf(name, sizeof name, "many/%05d", i);
        put_file(name, "");
    }
    answer a = ask("GET", "/many/", "Accept: application/json\r\n");
    assert_int_equal(a.status, 200);
    assert_non_null(strstr(a.body, "\"truncated\":true}"));
    size_t count = 0;
    for (const char *at = a.body; (at = strstr(at, "{\"name\"")) != NULL; at++)
        count++;
    assert_int_equal(count, 5000);
    free(a.head);
    a = ask("GET", "/many/", "");
    place(&a, "0 directories, 5000 files. There is more");
    free(a.head);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(b11_listing_sorted),
        cmocka_unit_test(b11_listing_as_json),
        cmocka_unit_test(b11_listing_does_not_hold_the_loop),
        cmocka_unit_test(b11_listing_nobody_waits_for),
        cmocka_unit_test(b11_listing_of_many),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
