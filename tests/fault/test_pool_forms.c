/* Forms with files, on the pool and as they come to the loop, while the stream fails, memory runs
 * out, or the disk does: each gets a right answer, and no file is left of a form that did not come
 * whole. */
#include "../unit/entries.h"
#include "at_rest.h"
#include "matrix.h"

#include <dirent.h>
#include <limits.h>
#include <signal.h>
#include <skua/multipart_reader.h>
#include <skua/server.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define HOST     "Host: h\r\n"
#define FORM     "Content-Type: multipart/form-data; boundary=b\r\n"
#define LARGE    20000
#define PART_MAX 30000
#define COUNT(a) (sizeof(a) / sizeof *(a))

static char dir[] = "/tmp/skua-fault-forms-XXXXXX";
static sk_pool *pool;
static unsigned made;   /* files that were told of, and not removed since */
static bool disk_fails; /* so that nobody can look */

static int set_up(void **state) {
    (void)state;
    signal(SIGXFSZ, SIG_IGN);
    return mkdtemp(dir) ? 0 : -1;
}

static int tear_down(void **state) {
    (void)state;
    return rmdir(dir);
}

/* ---- the directory ---- */

/* What came whole is the program's; this one has no use for it. */
static void drop_files(void) {
    char path[PATH_MAX];
    DIR *d = opendir(dir);
    assert_non_null(d);
    for (const struct dirent *e; (e = readdir(d)) != NULL;) {
        if (e->d_name[0] == '.')
            continue;
        snprintf(path, sizeof path, "%s/%s", dir, e->d_name);
        assert_int_equal(unlink(path), 0);
    }
    closedir(d);
}

static int saved(const skua_part *part, const char *file, int64_t size, void *user) {
    char path[PATH_MAX];
    struct stat st;
    (void)user;
    snprintf(path, sizeof path, "%s/%s", dir, file);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_size, size);
    assert_string_equal(part->name, "f");
    made++;
    return 0;
}

static const skua_multipart_opts opts = {
    .size = sizeof opts, .dir = dir, .file = saved, .part_max_bytes = PART_MAX, .parts_max = 3};

/* ---- handlers ---- */

/* What came of it: a form that came whole is 200, and its files are gone again. */
static int answer(skua_reply *a, int rc) {
    static const struct {
        int code, status;
    } statuses[] = {{SKUA_E_UNSUPPORTED, 415}, {SKUA_E_BODY_TOO_LARGE, 413}, {SKUA_E_TIMEOUT, 408}};
    if (rc == 0) {
        assert_int_equal(entries_of(dir), made);
        drop_files();
    } else if (!disk_fails) {
        assert_int_equal(entries_of(dir), 0);
    }
    made = 0;
    for (size_t i = 0; i < COUNT(statuses); i++) {
        if (rc == statuses[i].code)
            return skua_reply_send_error(a, statuses[i].status, NULL);
    }
    skua_error_class is = skua_error_class_of(rc);
    if (is == SKUA_CLASS_PROTOCOL || is == SKUA_CLASS_LIMIT)
        return skua_reply_send_error(a, 400, NULL);
    return rc == 0 ? skua_reply_text(a, 200, "taken") : rc;
}

static int take(skua_request *q, skua_reply *a, void *user) {
    skua_error err = {0};
    (void)user;
    return answer(a, skua_request_multipart(q, &opts, &err));
}

static skua_multipart_reader *reader;

static int on_body(skua_request *q, const void *data, ptrdiff_t len, void *user) {
    skua_reply *a = user;
    (void)q;
    int rc = len > 0    ? skua_multipart_reader_feed(reader, data, (size_t)len, NULL)
             : len == 0 ? skua_multipart_reader_finish(reader, NULL)
                        : (int)len;
    if (len > 0 && rc == 0)
        return 0;
    skua_multipart_reader_free(reader);
    reader = NULL;
    rc = answer(a, rc);
    skua_reply_finish(a);
    return rc;
}

static int take_as_it_comes(skua_request *q, skua_reply *a, void *user) {
    skua_error err = {0};
    (void)user;
    assert_null(reader);
    reader = skua_multipart_reader_new(skua_request_header(q, "Content-Type"), &opts, &err);
    if (!reader)
        return answer(a, err.code);
    int rc = skua_request_on_body(q, on_body, a);
    if (rc != 0) {
        skua_multipart_reader_free(reader);
        reader = NULL;
    }
    return rc;
}

static void prepare(over_pair *p) {
    static const struct {
        const char *pattern;
        sk_route route;
    } routes[] = {
        {"POST /streamed", {.fn = take, .pooled = true, .stream_body = true}},
        {"POST /whole", {.fn = take, .pooled = true}},
        {"POST /loop", {.fn = take_as_it_comes, .stream_body = true}},
    };
    const char *what;
    for (size_t i = 0; i < COUNT(routes); i++)
        assert_int_equal(sk_router_add(p->router, routes[i].pattern, &routes[i].route, &what), 0);
    pool = sk_pool_new(1, 4);
    assert_non_null(pool);
    p->settings.pool = pool;
    p->rest = at_rest;
    made = 0;
}

static void undo(void) {
    sk_pool_free(pool);
    at_rest_forget();
    assert_null(reader);
    assert_int_equal(entries_of(dir), 0);
}

/* ---- forms ---- */

#define PART(head, content) "--b\r\nContent-Disposition: form-data; " head "\r\n\r\n" content "\r\n"
#define SMALL               PART("name=f; filename=small", "content") PART("name=n", "value") "--b--"

static char xs[PART_MAX + 1001]; /* that many 'x' */

/* A request with a form that has a file of so many bytes. Later calls take the same memory. */
static const char *form_of(const char *path, size_t len) {
    static char text[PART_MAX + 2000], body[PART_MAX + 1500];
    memset(xs, 'x', sizeof xs - 1);
    int body_len = snprintf(body, sizeof body, "%s%s%.*s%s", PART("name=f; filename=first", "1"),
                            "--b\r\nContent-Disposition: form-data; name=f; filename=x\r\n\r\n",
                            (int)len, xs, "\r\n--b--\r\n");
    snprintf(text, sizeof text, "POST %s HTTP/1.1\r\n" HOST FORM "Content-Length: %d\r\n\r\n%s",
             path, body_len, body);
    return text;
}

static const char *const paths[] = {"/streamed", "/whole", "/loop"};

static void forms_with_each_fault_in_turn(void **state) {
    (void)state;
    static const int statuses[] = {200, 200, 0};
    for (size_t i = 0; i < COUNT(paths); i++) {
        char chunked[200];
        snprintf(chunked, sizeof chunked,
                 "POST %s HTTP/1.1\r\n" HOST FORM "Transfer-Encoding: chunked\r\n\r\n", paths[i]);
        const char *const requests[] = {
            form_of(paths[i], LARGE),
            chunked,
            "3f\r\n--b\r\nContent-Disposition: form-data; name=f; filename=x\r\n\r\nabcd\r\n",
            "D\r\nefgh\r\n--b--\r\n\r\n0\r\n\r\n",
            NULL,
        };
        matrix_run(&(matrix){.prepare = prepare,
                             .undo = undo,
                             .requests = requests,
                             .statuses = statuses,
                             .capacity = 8000});
    }
}

static void forms_that_are_refused(void **state) {
    (void)state;
    static const struct {
        const char *head, *body;
        int status;
    } cases[] = {
        {FORM, PART("name=f; filename=x", "1") "--b", 400},
        {FORM, PART("name=f; filename=x", "1") "--b\r\nContent-Disposition: nothing\r\n\r\n", 400},
        {FORM, SMALL "--b\r\n", 200}, /* what is behind its end is nothing */
        {FORM,
         PART("name=f; filename=x", "1") PART("name=f; filename=x", "2")
             PART("name=f; filename=x", "3") PART("name=f; filename=x", "4") "--b--",
         400},
        {"Content-Type: text/plain\r\n", "text", 415},
    };
    for (size_t i = 0; i < COUNT(cases) * COUNT(paths); i++) {
        char request[1000];
        snprintf(request, sizeof request,
                 "POST %s HTTP/1.1\r\n" HOST "%sContent-Length: %zu\r\n\r\n%s",
                 paths[i % COUNT(paths)], cases[i / COUNT(paths)].head,
                 strlen(cases[i / COUNT(paths)].body), cases[i / COUNT(paths)].body);
        const char *const requests[] = {request, NULL};
        const int statuses[] = {cases[i / COUNT(paths)].status, 0};
        matrix_run(&(matrix){
            .prepare = prepare, .undo = undo, .requests = requests, .statuses = statuses});
    }
}

static void a_file_that_is_too_large(void **state) {
    (void)state;
    static const int statuses[] = {413, 0};
    for (size_t i = 0; i < COUNT(paths); i++) {
        const char *const requests[] = {form_of(paths[i], PART_MAX + 1), NULL};
        matrix_run(&(matrix){.prepare = prepare,
                             .undo = undo,
                             .requests = requests,
                             .statuses = statuses,
                             .capacity = 8000});
    }
}

/* ---- the disk ---- */

static struct rlimit before;

/* As when it is full: some of what is written still finds room. */
static void fill_disk(void) {
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    const struct rlimit less = {LARGE / 2, before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &less), 0);
}

static void empty_disk(void) {
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
}

/* There is one for the directory, and none for a file in it. */
static void use_up_descriptors(void) {
    int lowest = dup(0);
    assert_true(lowest >= 0);
    close(lowest);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    const struct rlimit less = {(rlim_t)lowest + 1, before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &less), 0);
}

static void give_descriptors_back(void) {
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
}

static void remove_dir(void) {
    assert_int_equal(rmdir(dir), 0);
}

static void make_dir(void) {
    assert_int_equal(mkdir(dir, 0700), 0);
}

static void forbid_dir(void) {
    assert_int_equal(chmod(dir, 0500), 0);
}

static void allow_dir(void) {
    assert_int_equal(chmod(dir, 0700), 0);
}

static void try_while(void (*begin)(void), void (*end)(void), const char *path) {
    over_pair p;
    static const matrix m = {.prepare = prepare, .capacity = 8000};
    matrix_start(&m, &p);
    matrix_connect(&m, &p);
    matrix_open(&p);
    assert_non_null(p.conn);
    op_say(&p, "GET /nix HTTP/1.1\r\n" HOST "\r\n"); /* the connection has what it needs */
    op_heard(&p);
    disk_fails = true;
    begin();
    op_say(&p, form_of(path, LARGE));
    end();
    disk_fails = false;
    assert_int_equal(op_status(op_heard(&p), 0), 500);
    assert_int_equal(entries_of(dir), 0);
    op_disconnect(&p);
    matrix_connect(&m, &p);
    matrix_open(&p);
    op_say(&p, form_of(path, LARGE));
    assert_int_equal(op_status(op_heard(&p), 0), 200);
    op_free(&p);
    undo();
}

static void the_disk_fails(void **state) {
    (void)state;
    static const struct {
        void (*begin)(void), (*end)(void);
        bool not_root; /* who may do anything */
    } ways[] = {{fill_disk, empty_disk, false},
                {use_up_descriptors, give_descriptors_back, false},
                {remove_dir, make_dir, false},
                {forbid_dir, allow_dir, true}};
    for (size_t i = 0; i < COUNT(ways) * COUNT(paths); i++) {
        if (!ways[i / COUNT(paths)].not_root || geteuid() != 0)
            try_while(ways[i / COUNT(paths)].begin, ways[i / COUNT(paths)].end,
                      paths[i % COUNT(paths)]);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(forms_with_each_fault_in_turn),
        cmocka_unit_test(forms_that_are_refused),
        cmocka_unit_test(a_file_that_is_too_large),
        cmocka_unit_test(the_disk_fails),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
