/* Replies from files with each fault in turn: each request gets a right status or its connection is
 * closed, no descriptor and no byte is lost, and the next connection is served. */
#include "../unit/entries.h"
#include "../unit/remove_tree.h"
#include "matrix.h"
#include "server/dir.h"

#include <errno.h>
#include <fcntl.h>
#include <skua/server.h>
#include <unistd.h>

#define HOST         " HTTP/1.1\r\nHost: h\r\n"
#define LARGE        40000
#define COUNT(array) (sizeof(array) / sizeof *(array))

static struct {
    char root[32];
    sk_dir *dir;
} world = {.root = "/tmp/skua-files-XXXXXX"};

/* ---- the tree ---- */

static void put(const char *name, size_t len) {
    char path[128];
    snprintf(path, sizeof path, "%s/%s", world.root, name);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    for (size_t i = 0; i < len; i++)
        fputc('f', f);
    fclose(f);
}

static const skua_dir_opts options = {
    .size = sizeof options,
    .precompressed = 1,
    .list = 1,
    .index = (const char *const[]){"start.html", NULL},
    .types = (const skua_dir_rule[]){{".txt", "text/x-own"}, {NULL, NULL}},
    .cache_rules = (const skua_dir_rule[]){{"*", "no-cache"}, {NULL, NULL}},
    .fields = (const skua_field[]){{"X", "y", 0}, {NULL, NULL, 0}},
    .fallback = "small.txt",
    .not_found_page = "small.txt",
};

static int set_up(void **state) {
    (void)state;
    assert_non_null(mkdtemp(world.root));
    put("small.txt", 100);
    put("small.txt.gz", 50);
    put("large.txt", LARGE);
    return sk_dir_new(world.root, &options, &world.dir);
}

static int tear_down(void **state) {
    (void)state;
    sk_dir_free(world.dir);
    return remove_tree(world.root);
}

static int count_descriptors(void) {
    return entries_of("/proc/self/fd");
}

/* ---- the server ---- */

static int from_dir(skua_request *q, skua_reply *a, void *user) {
    sk_answer_file f;
    (void)user;
    int rc = sk_dir_find(world.dir, q, skua_request_param(q, "name"), &f);
    return rc == 0 ? sk_file_answer(q, a, &f) : sk_file_refuse(a, rc);
}

static int own(skua_request *q, skua_reply *a, void *user) {
    char path[128];
    (void)user;
    snprintf(path, sizeof path, "%s/%s", world.root, skua_request_param(q, "name"));
    return skua_reply_file(a, q, path, NULL);
}

static int list(skua_request *q, skua_reply *a, void *user) {
    (void)user;
    return sk_dir_list(world.dir, q, a, sk_str(""));
}

static const struct {
    const char *request;
    int status;
} cases[] = {
    {"GET /d/small.txt" HOST "\r\n", 200},
    {"GET /d/small.txt" HOST "Accept-Encoding: br, gzip\r\n\r\n", 200},
    {"GET /d/small.txt" HOST "Range: bytes=1-2\r\n\r\n", 206},
    {"GET /d/small.txt" HOST "Range: bytes=1-2,4-5\r\n\r\n", 206},
    {"GET /d/small.txt" HOST "Range: bytes=100-\r\n\r\n", 416},
    {"GET /d/small.txt" HOST "If-None-Match: *\r\nIf-None-Match: \"x\"\r\n\r\n", 200},
    {"GET /d/large.txt" HOST "Range: bytes=1-20000\r\n\r\n", 206},
    {"GET /d/large.txt" HOST "Range: bytes=1-20000,-3,0-0\r\n\r\n", 206},
    {"GET /o/large.txt" HOST "\r\n", 200},
    {"GET /o/small.txt" HOST "If-None-Match: *\r\n\r\n", 304},
    {"GET /l/" HOST "Accept: application/json\r\n\r\n", 200},
    {"GET /l/?sort=size" HOST "\r\n", 200},
};

static void prepare(over_pair *p) {
    assert_int_equal(op_route(p, "GET /d/{name}", from_dir, NULL), 0);
    assert_int_equal(op_route(p, "GET /o/{name}", own, NULL), 0);
    assert_int_equal(op_route(p, "GET /l/", list, NULL), 0);
}

static void b11_files_with_each_fault_in_turn(void **state) {
    (void)state;
    int before = count_descriptors();
    for (size_t i = 0; i < COUNT(cases); i++) {
        const char *const requests[] = {cases[i].request, NULL};
        const int statuses[] = {cases[i].status, 0};
        matrix_run(&(matrix){.prepare = prepare, .requests = requests, .statuses = statuses});
    }
    assert_int_equal(count_descriptors(), before);
}

static void b11_routes_while_memory_runs_out(void **state) {
    (void)state;
    int before = count_descriptors(), n = 1;
    for (bool met = true; met && n < MATRIX_MOST; n++) {
        sk_dir *d = NULL;
        nomem_fail_from(n);
        int rc = sk_dir_new(world.root, &options, &d);
        met = nomem_stop();
        assert_int_equal(rc, met ? -ENOMEM : 0);
        if (d)
            sk_dir_free(d);
    }
    assert_in_range(n, 2, MATRIX_MOST - 1);
    assert_int_equal(count_descriptors(), before);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(b11_files_with_each_fault_in_turn),
        cmocka_unit_test(b11_routes_while_memory_runs_out),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
