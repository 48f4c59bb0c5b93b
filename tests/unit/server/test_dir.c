/* A directory route, over a real tree and a real server.
 *
 * One server has the tree twice: "/" with all defaults, "/list/" with listings and every option. */
#include "base/date.h"
#include "dir_world.h"

#include <errno.h>
#include <sys/un.h>

static int start(void **state) {
    (void)state;
    make_world();
    put_file("../secret", "secret");
    put_file("index.html", "<p>root\n");
    put_file("a.txt", "0123456789");
    set_time("a.txt", 784111777, 123456789); /* Sun, 06 Nov 1994 08:49:37 GMT */
    skua_route_dir(world.server, "/", in_tree(""), NULL);
    skua_route_dir(world.server, "/list/", in_tree(""),
                   SKUA_OPTS(skua_dir_opts, .index = (const char *const[]){"start.htm", "b", NULL},
                             .cache_control = "max-age=60", .default_type = "text/x-unknown",
                             .list = 1));
    return start_world();
}

static int stop(void **state) {
    (void)state;
    return stop_world();
}

/* ---- files ---- */

static void a_file(void **state) {
    (void)state;
    answer a = ask("GET", "/a.txt", "");
    assert_int_equal(a.status, 200);
    assert_string_equal(a.body, "0123456789");
    assert_field(&a, "Content-Length", "10");
    assert_field(&a, "Content-Type", "text/plain; charset=utf-8");
    assert_field(&a, "X-Content-Type-Options", "nosniff");
    assert_field(&a, "Last-Modified", "Sun, 06 Nov 1994 08:49:37 GMT");
    assert_null(field(&a, "Cache-Control"));
    assert_null(field(&a, "Transfer-Encoding"));
    assert_non_null(field(&a, "Date"));
    const char *etag = field(&a, "ETag");
    assert_non_null(etag);
    assert_int_equal(etag[0], '"');
    assert_non_null(strstr(etag, "-a-")); /* the size */
    free(a.head);
}

static void head_is_get_without_body(void **state) {
    (void)state;
    static const char *const targets[] = {"/a.txt", "/", "/none", "/list/"};
    for (size_t i = 0; i < COUNT(targets); i++) {
        answer get = ask("GET", targets[i], "");
        answer head = ask("HEAD", targets[i], "");
        assert_int_equal(head.status, get.status);
        assert_int_equal(head.body_len, 0);
        char length[32];
        snprintf(length, sizeof length, "%zu", get.body_len);
        assert_field(&head, "Content-Length", length);
        free(get.head);
        free(head.head);
    }
}

static void an_empty_file(void **state) {
    (void)state;
    put_file("empty.css", "");
    answer a = ask("GET", "/empty.css", "");
    assert_int_equal(a.status, 200);
    assert_field(&a, "Content-Length", "0");
    assert_field(&a, "Content-Type", "text/css; charset=utf-8");
    assert_int_equal(a.body_len, 0);
    free(a.head);
}

static void a_large_file(void **state) {
    (void)state;
    const size_t size = 3000001;
    char *data = malloc(size);
    assert_non_null(data);
    for (size_t i = 0; i < size; i++)
        data[i] = (char)(i * 2654435761u >> 24);
    int fd = open(in_tree("large.bin"), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    assert_int_equal(write(fd, data, size), (ssize_t)size);
    close(fd);
    answer a = ask("GET", "/large.bin", "");
    assert_int_equal(a.status, 200);
    assert_int_equal(a.body_len, size);
    assert_memory_equal(a.body, data, size);
    free(a.head);
    free(data);
}

static void a_huge_file(void **state) {
    (void)state;
    put_file("huge.iso", "");
    assert_int_equal(truncate(in_tree("huge.iso"), (off_t)5 << 30), 0);
    answer a = ask("HEAD", "/huge.iso", "");
    assert_int_equal(a.status, 200);
    assert_field(&a, "Content-Length", "5368709120");
    assert_int_equal(a.body_len, 0);
    free(a.head);
}

static void types(void **state) {
    (void)state;
    put_file("noending", "x");
    put_file("x.TAR.GZ", "x");
    answer a = ask("GET", "/noending", "");
    assert_field(&a, "Content-Type", "application/octet-stream");
    free(a.head);
    a = ask("GET", "/list/noending", "");
    assert_field(&a, "Content-Type", "text/x-unknown");
    free(a.head);
    a = ask("GET", "/x.TAR.GZ", "");
    assert_field(&a, "Content-Type", "application/gzip");
    assert_null(field(&a, "Content-Encoding"));
    free(a.head);
}

static void other_methods(void **state) {
    (void)state;
    answer a = ask("POST", "/a.txt", "Content-Length: 0\r\n");
    assert_int_equal(a.status, 405);
    const char *allow = field(&a, "Allow");
    assert_non_null(allow);
    assert_true(sk_list_has_token(sk_str(allow), SK_LIT("GET")));
    assert_true(sk_list_has_token(sk_str(allow), SK_LIT("HEAD")));
    assert_false(sk_list_has_token(sk_str(allow), SK_LIT("POST")));
    free(a.head);
}

/* ---- names ---- */

static void names(void **state) {
    (void)state;
    static const char *const cases[][2] = {
        {"a b.txt", "/a%20b.txt"},
        {"\"q\" & <i>'.txt", "/%22q%22%20%26%20%3Ci%3E%27.txt"},
        {"100%.txt", "/100%25.txt"},
        {"%2e%2e", "/%252e%252e"},
        {"x?y#z", "/x%3Fy%23z"},
        {"gr\xc3\xbc\xc3\x9f.txt", "/gr%C3%BC%C3%9F.txt"},
        {"\xff\xfe", "/%FF%FE"},
        {"back\\slash", "/back%5Cslash"},
        {"new\nline", "/new%0Aline"},
        {"plus+plus", "/plus+plus"},
        {"tilde~", "/%74ilde~?query=ignored"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        put_file(cases[i][0], cases[i][0]);
        assert_body(cases[i][1], cases[i][0]);
    }
}

static void dots_within(void **state) {
    (void)state;
    put_dir("dots");
    put_file("dots/a..b", "x");
    assert_body("/dots/a..b", "x");
    assert_body("/dots/./a..b", "x");
    assert_body("/none/../dots/a..b", "x");
    assert_body("/dots/%2e%2E/dots/a..b", "x");
}

static void not_reached(void **state) {
    (void)state;
    put_dir("deep");
    put_file("deep/file", "x");
    static const char *const targets[] = {
        "/none",        "/deep/none",       "/a.txt/", /* a file is no directory */
        "/a.txt/x",     "/deep/file/",      "/deep//file",  "//a.txt",
        "//deep/",      "/deep%2Ffile",     "/..%2fsecret", "/deep/..%2f..%2fsecret",
        "/..%5csecret", "/%2e%2e%2fsecret", "/...",
    };
    for (size_t i = 0; i < COUNT(targets); i++)
        assert_status(targets[i], 404);
}

static void not_understood(void **state) {
    (void)state;
    static const char *const targets[] = {
        "/a.txt%00", "/%00", "/a.txt%", "/a.txt%2", "/%zz", "/../secret", "/%2e%2e/secret",
    };
    for (size_t i = 0; i < COUNT(targets); i++)
        assert_status(targets[i], 400);
}

static void too_long(void **state) {
    (void)state;
    char target[1024] = "/";
    memset(target + 1, 'x', 300);
    assert_status(target, 404);
}

static void hidden(void **state) {
    (void)state;
    put_dir(".git");
    put_file(".git/config", "x");
    put_file(".env", "x");
    put_dir(".well-known");
    put_file(".well-known/security.txt", "mail us");
    put_file(".well-known/.x", "x");
    static const char *const targets[] = {"/.git/config", "/.git",      "/.git/",
                                          "/.env",        "/%2eenv",    "/.well-known/.x",
                                          "/.none",       "/list/.env", "/list/.git/"};
    for (size_t i = 0; i < COUNT(targets); i++)
        assert_status(targets[i], 404);
    assert_body("/.well-known/security.txt", "mail us");
}

/* ---- what is no file ---- */

static void links(void **state) {
    (void)state;
    put_dir("links");
    put_dir("links/sub");
    put_file("links/target", "linked");
    put_link("target", "links/same");
    put_link("../target", "links/sub/up");
    put_link("sub", "links/dir");
    put_link("../../secret", "links/out");
    put_link("/etc/passwd", "links/absolute");
    put_link("../..", "links/outdir");
    put_link("loop", "links/loop");
    put_link("nowhere", "links/broken");
    assert_body("/links/same", "linked");
    assert_body("/links/sub/up", "linked");
    assert_body("/links/dir/up", "linked");
    assert_status("/links/out", 404);
    assert_status("/links/absolute", 404);
    assert_status("/links/outdir", 404);
    assert_status("/links/outdir/", 404);
    assert_status("/links/outdir/secret", 404);
    assert_status("/links/loop", 404);
    assert_status("/links/broken", 404);
    assert_status("/list/links/outdir/", 404);
}

static void special_files(void **state) {
    (void)state;
    assert_int_equal(mkfifo(in_tree("fifo"), 0644), 0);
    assert_status("/fifo", 404);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    keep(at.sun_path, sizeof at.sun_path, in_tree("socket"));
    assert_int_equal(bind(fd, (const struct sockaddr *)&at, sizeof at), 0);
    assert_status("/socket", 404);
    close(fd);
}

static void unreadable(void **state) {
    (void)state;
    if (geteuid() == 0)
        skip(); /* root may read everything */
    put_file("unreadable", "x");
    assert_int_equal(chmod(in_tree("unreadable"), 0), 0);
    assert_status("/unreadable", 403);
}

/* ---- directories ---- */

static void index_files(void **state) {
    (void)state;
    put_dir("first");
    put_file("first/index.html", "html");
    put_file("first/index.htm", "htm");
    put_dir("second");
    put_file("second/index.htm", "htm");
    put_dir("third");
    put_dir("third/index.html"); /* a directory is no index file */
    put_file("third/index.htm", "htm");
    put_dir("bare");
    assert_body("/first/", "html");
    assert_body("/second/", "htm");
    assert_body("/third/", "htm");
    assert_body("/", "<p>root\n");
    assert_status("/bare/", 404);
    put_file("first/b", "b");
    assert_body("/list/first/", "b");
    put_file("first/start.htm", "start");
    assert_body("/list/first/", "start");
    answer a = ask("GET", "/second/", "");
    assert_field(&a, "Content-Type", "text/html; charset=utf-8");
    assert_non_null(field(&a, "ETag"));
    free(a.head);
}

static void redirects(void **state) {
    (void)state;
    put_dir("r");
    put_dir("r/a b");
    put_dir("r/<x>\"&'");
    put_dir("r/back\\slash");
    put_dir("\\evil.example");
    static const char *const cases[][2] = {
        {"/r", "/r/"},
        {"/r?a=1&b=%20", "/r/?a=1&b=%20"},
        {"/r?", "/r/?"},
        {"/r?p=100%", "/r/?p=100%25"},
        {"/r/a%20b", "/r/a%20b/"},
        {"/r/%3cx%3E%22%26%27", "/r/%3Cx%3E%22%26%27/"},
        {"/r/back%5Cslash", "/r/back%5Cslash/"},
        {"/%5Cevil.example", "/%5Cevil.example/"},
        {"/./r", "/r/"},
        {"/x/../r", "/r/"},
        {"/x/%2e%2e/r", "/r/"},
        {"http://evil.example/r", "/r/"},
        {"/list", "/list/"},
        {"/list?q=1", "/list/?q=1"},
        {"/list/r", "/list/r/"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        answer a = ask("GET", cases[i][0], "");
        if (a.status != 301)
            fail_msg("%s: %d", cases[i][0], a.status);
        assert_field(&a, "Location", cases[i][1]);
        free(a.head);
    }
}

/* No target makes a Location that a browser reads as another host. */
static void no_open_redirect(void **state) {
    (void)state;
    put_dir("evil.example");
    static const char *const targets[] = {
        "//evil.example",         "///evil.example",         "//evil.example/..",
        "//evil.example/%2e%2e",  "//evil.example/%2e%2e/r", "/%2Fevil.example",
        "//evil.example/..%2f..", "/%2F/evil.example",       "//evil.example/../evil.example",
        "/.//evil.example",       "/x/..//evil.example",
    };
    for (size_t i = 0; i < COUNT(targets); i++) {
        answer a = ask("GET", targets[i], "");
        const char *location = field(&a, "Location");
        if (location && (location[0] != '/' || location[1] == '/' || location[1] == '\\'))
            fail_msg("%s leads to %s", targets[i], location);
        free(a.head);
    }
}

static void listing(void **state) {
    (void)state;
    put_dir("l");
    put_dir("l/sub");
    put_file("l/<b>.txt", "xyz");
    put_file("l/.hidden", "x");
    put_link("../../secret", "l/out");
    answer a = ask("GET", "/list/l/", "");
    assert_int_equal(a.status, 200);
    assert_field(&a, "Content-Type", "text/html; charset=utf-8");
    assert_field(&a, "X-Content-Type-Options", "nosniff");
    assert_non_null(strstr(field(&a, "Content-Security-Policy"), "default-src 'none'"));
    assert_null(field(&a, "ETag"));
    assert_non_null(strstr(a.body, "<a href=\"sub/\">sub/</a>"));
    assert_non_null(strstr(a.body, "<a href=\"%3Cb%3E.txt\">&lt;b&gt;.txt</a>"));
    assert_non_null(strstr(a.body, "<a href=\"../\">/list/</a>"));
    assert_non_null(strstr(a.body, "<td class=\"n\">3 B</td>"));
    assert_null(strstr(a.body, "<b>"));
    assert_null(strstr(a.body, "hidden"));
    assert_null(strstr(a.body, "out"));
    free(a.head);
    assert_status("/l/", 404);
    assert_status("/list/none/", 404);
    assert_status("/list/a.txt/", 404);
}

/* ---- preconditions ---- */

static int status_with(const char *target, const char *fields) {
    answer a = ask("GET", target, fields);
    int status = a.status;
    free(a.head);
    return status;
}

static void preconditions(void **state) {
    (void)state;
    answer a = ask("GET", "/a.txt", "");
    char etag[128], fields[512];
    keep(etag, sizeof etag, field(&a, "ETag"));
    free(a.head);
    static const struct {
        const char *format; /* %s is the entity tag */
        int status;
    } cases[] = {
        {"If-None-Match: %s\r\n", 304},
        {"If-None-Match: W/%s\r\n", 304},
        {"If-None-Match: \"x\", %s\r\n", 304},
        {"If-None-Match: \"x\"\r\nIf-None-Match: %s\r\n", 304},
        {"If-None-Match: *\r\n", 304},
        {"If-None-Match: \"x\"\r\n", 200},
        {"If-Match: %s\r\n", 200},
        {"If-Match: *\r\n", 200},
        {"If-Match: W/%s\r\n", 412},
        {"If-Match: \"x\"\r\n", 412},
        {"If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT\r\n", 304},
        {"If-Modified-Since: Sunday, 06-Nov-94 08:49:37 GMT\r\n", 304},
        {"If-Modified-Since: Sun, 06 Nov 1994 08:49:36 GMT\r\n", 200},
        {"If-Modified-Since: yesterday\r\n", 200},
        {"If-Unmodified-Since: Sun, 06 Nov 1994 08:49:37 GMT\r\n", 200},
        {"If-Unmodified-Since: Sun, 06 Nov 1994 08:49:36 GMT\r\n", 412},
        {"If-None-Match: \"x\"\r\nIf-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT\r\n", 200},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        const char *format = cases[i].format;
        const char *mark = strstr(format, "%s");
        snprintf(fields, sizeof fields, "%.*s%s%s", mark ? (int)(mark - format) : 0, format,
                 mark ? etag : "", mark ? mark + 2 : format);
        int status = status_with("/a.txt", fields);
        if (status != cases[i].status)
            fail_msg("%d after %s", status, fields);
    }
    /* Where the answer would be no 2xx, they do not count (RFC 9110 13.2.1). */
    assert_int_equal(status_with("/none", "If-Match: \"x\"\r\n"), 404);
    assert_int_equal(status_with("/list", "If-None-Match: *\r\n"), 301);
}

static void not_modified(void **state) {
    (void)state;
    answer a = ask("GET", "/list/a.txt", "");
    char etag[128];
    keep(etag, sizeof etag, field(&a, "ETag"));
    assert_field(&a, "Cache-Control", "max-age=60");
    free(a.head);
    a = ask("GET", "/list/a.txt", "If-None-Match: *\r\n");
    assert_int_equal(a.status, 304);
    assert_int_equal(a.body_len, 0);
    assert_field(&a, "ETag", etag);
    assert_field(&a, "Last-Modified", "Sun, 06 Nov 1994 08:49:37 GMT");
    assert_field(&a, "Cache-Control", "max-age=60");
    assert_non_null(field(&a, "Date"));
    assert_null(field(&a, "Content-Type"));
    assert_null(field(&a, "Transfer-Encoding"));
    const char *length = field(&a, "Content-Length");
    assert_true(!length || strcmp(length, "10") == 0); /* RFC 9110 8.6 */
    free(a.head);
}

static void a_change_shows(void **state) {
    (void)state;
    put_file("change", "one");
    set_time("change", 1000000000, 1);
    answer before = ask("GET", "/change", "");
    put_file("change", "two");
    set_time("change", 1000000000, 2); /* the same size, the same second */
    answer after = ask("GET", "/change", "");
    char etag[128];
    keep(etag, sizeof etag, field(&before, "ETag"));
    assert_string_not_equal(field(&after, "ETag"), etag);
    assert_string_equal(after.body, "two");
    free(before.head);
    free(after.head);
}

/* RFC 9110 8.8.2.1: Last-Modified is never later than the message. */
static void a_file_from_the_future(void **state) {
    (void)state;
    put_file("future", "x");
    set_time("future", time(NULL) + 100000, 0);
    answer a = ask("GET", "/future", "");
    int64_t modified = INT64_MAX, date = 0;
    assert_true(sk_date_parse(sk_str(field(&a, "Last-Modified")), time(NULL), &modified));
    assert_true(sk_date_parse(sk_str(field(&a, "Date")), time(NULL), &date));
    assert_true(modified <= date);
    free(a.head);
}

/* ---- setting up ---- */

static int route(const char *path, const char *dir, const skua_dir_opts *opts) {
    skua_error err;
    skua_server *s = skua_server_new(NULL, &err);
    assert_non_null(s);
    int rc = skua_route_dir(s, path, dir, opts);
    assert_int_equal(skua_server_check(s, &err), rc);
    assert_true(rc == 0 || err.msg[0] != '\0');
    skua_server_free(s);
    return rc;
}

static void wrong_routes(void **state) {
    (void)state;
    const char *www = in_tree("");
    assert_int_equal(route("/x/", www, NULL), 0);
    assert_int_equal(route("/x", www, NULL), SKUA_E_INVALID_ARGUMENT);
    assert_int_equal(route("x/", www, NULL), SKUA_E_INVALID_ARGUMENT);
    assert_int_equal(route("", www, NULL), SKUA_E_INVALID_ARGUMENT);
    assert_int_equal(route(NULL, www, NULL), SKUA_E_INVALID_ARGUMENT);
    assert_int_equal(route("/x/", NULL, NULL), SKUA_E_INVALID_ARGUMENT);
    assert_int_equal(route("/x/", "/nonexistent/skua", NULL), SKUA_E_FILE_NOT_FOUND);
    assert_int_equal(skua_route_dir(NULL, "/x/", www, NULL), SKUA_E_INVALID_ARGUMENT);
    assert_true(route("/x/", in_tree("a.txt"), NULL) < 0);
}

static int nothing(skua_request *q, skua_reply *a, void *user) {
    (void)q;
    (void)user;
    return skua_reply_text(a, 200, "%s", "");
}

/* "/x" beside "/x/" is the program's, if it wants it. */
static void a_route_beside_the_directory(void **state) {
    (void)state;
    skua_server *s = skua_server_new(NULL, NULL);
    assert_int_equal(skua_route(s, "GET /x", nothing, NULL), 0);
    assert_int_equal(skua_route_dir(s, "/x/", in_tree(""), NULL), 0);
    assert_int_equal(skua_route_dir(s, "/y/", in_tree(""), NULL), 0);
    assert_int_equal(skua_route(s, "GET /y", nothing, NULL), 0);
    assert_int_equal(skua_route_dir(s, "/y/", in_tree(""), NULL), SKUA_E_INVALID_ARGUMENT);
    skua_server_free(s);
}

static void wrong_options(void **state) {
    (void)state;
    char www[512];
    snprintf(www, sizeof www, "%s", in_tree(""));
    const skua_dir_opts cases[] = {
        {.size = sizeof(skua_dir_opts), .cache_control = "a\r\nSet-Cookie: x"},
        {.size = sizeof(skua_dir_opts), .default_type = "text/plain\n"},
        {.size = sizeof(skua_dir_opts), .index = (const char *const[]){"a/b", NULL}},
        {.size = sizeof(skua_dir_opts), .index = (const char *const[]){"ok", "", NULL}},
        {.size = sizeof(skua_dir_opts), .index = (const char *const[]){"..", NULL}},
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_int_equal(route("/", www, &cases[i]), SKUA_E_INVALID_ARGUMENT);
    /* A smaller struct, of an older header: what lies behind its end is not read. */
    const skua_dir_opts old = {.size = offsetof(skua_dir_opts, default_type),
                               .default_type = "text/plain\n"};
    assert_int_equal(route("/", www, &old), 0);
    const skua_dir_opts no_index = {.size = sizeof no_index, .index = (const char *const[]){NULL}};
    assert_int_equal(route("/", www, &no_index), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file),           cmocka_unit_test(head_is_get_without_body),
        cmocka_unit_test(an_empty_file),    cmocka_unit_test(a_large_file),
        cmocka_unit_test(a_huge_file),      cmocka_unit_test(types),
        cmocka_unit_test(other_methods),    cmocka_unit_test(names),
        cmocka_unit_test(dots_within),      cmocka_unit_test(not_reached),
        cmocka_unit_test(not_understood),   cmocka_unit_test(too_long),
        cmocka_unit_test(hidden),           cmocka_unit_test(links),
        cmocka_unit_test(special_files),    cmocka_unit_test(unreadable),
        cmocka_unit_test(index_files),      cmocka_unit_test(redirects),
        cmocka_unit_test(no_open_redirect), cmocka_unit_test(listing),
        cmocka_unit_test(preconditions),    cmocka_unit_test(not_modified),
        cmocka_unit_test(a_change_shows),   cmocka_unit_test(a_file_from_the_future),
        cmocka_unit_test(wrong_routes),     cmocka_unit_test(a_route_beside_the_directory),
        cmocka_unit_test(wrong_options),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
