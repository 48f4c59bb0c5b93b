/* Parts of files: ranges over a directory route, of files small, in memory and large. */
#include "base/date.h"
#include "dir_world.h"

#define LARGE    3000001 /* sent from the file */
#define HUGE_ONE ((off_t)64 << 20)

static char large[LARGE];

static int start(void **state) {
    (void)state;
    for (size_t i = 0; i < LARGE; i++)
        large[i] = (char)(i * 2654435761u >> 24);
    make_world();
    put_file("a.txt", "0123456789");
    set_time("a.txt", 784111777, 123456789); /* Sun, 06 Nov 1994 08:49:37 GMT */
    put_file("empty", "");
    int fd = open(in_tree("large.bin"), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    assert_int_equal(write(fd, large, LARGE), LARGE);
    close(fd);
    skua_route_dir(world.server, "/", in_tree(""),
                   SKUA_OPTS(skua_dir_opts, .cache_control = "max-age=5"));
    return start_world();
}

static int stop(void **state) {
    (void)state;
    return stop_world();
}

/* ---- one range ---- */

static void b11_one_range(void **state) {
    (void)state;
    static const struct {
        const char *range;
        int status;
        const char *content_range, *body;
    } cases[] = {
        {"bytes=2-4", 206, "bytes 2-4/10", "234"},
        {"bytes=0-0", 206, "bytes 0-0/10", "0"},
        {"bytes=7-", 206, "bytes 7-9/10", "789"},
        {"bytes=-2", 206, "bytes 8-9/10", "89"},
        {"bytes=0-", 206, "bytes 0-9/10", "0123456789"},
        {"bytes=3-3,20-", 206, "bytes 3-3/10", "3"},
        {"bytes=4-2", 200, NULL, "0123456789"},
        {"bytes=0-5,5-6", 200, NULL, "0123456789"},
        {"words=1-2", 200, NULL, "0123456789"},
        {"nonsense", 200, NULL, "0123456789"},
    };
    /* Asked for again and again it comes from memory. */
    for (size_t i = 0; i < 5 * COUNT(cases); i++) {
        char fields[128];
        snprintf(fields, sizeof fields, "Range: %s\r\n", cases[i % COUNT(cases)].range);
        answer a = ask("GET", "/a.txt", fields);
        assert_int_equal(a.status, cases[i % COUNT(cases)].status);
        assert_string_equal(a.body, cases[i % COUNT(cases)].body);
        assert_field(&a, "Accept-Ranges", "bytes");
        assert_field(&a, "Content-Type", "text/plain; charset=utf-8");
        assert_field(&a, "Last-Modified", "Sun, 06 Nov 1994 08:49:37 GMT");
        assert_field(&a, "Cache-Control", "max-age=5");
        assert_non_null(field(&a, "ETag"));
        if (cases[i % COUNT(cases)].content_range)
            assert_field(&a, "Content-Range", cases[i % COUNT(cases)].content_range);
        else
            assert_null(field(&a, "Content-Range"));
        free(a.head);
    }
}

static void b11_one_range_of_a_large_file(void **state) {
    (void)state;
    answer a = ask("GET", "/large.bin", "Range: bytes=100000-2900000\r\n");
    assert_int_equal(a.status, 206);
    assert_field(&a, "Content-Range", "bytes 100000-2900000/3000001");
    assert_field(&a, "Content-Length", "2800001");
    assert_int_equal(a.body_len, 2800001);
    assert_memory_equal(a.body, large + 100000, a.body_len);
    free(a.head);
    a = ask("GET", "/large.bin", "Range: bytes=-1\r\n");
    assert_field(&a, "Content-Range", "bytes 3000000-3000000/3000001");
    assert_int_equal(a.body_len, 1);
    assert_true(a.body[0] == large[LARGE - 1]);
    free(a.head);
}

static void b11_unsatisfiable(void **state) {
    (void)state;
    static const struct {
        const char *path, *range, *content_range;
    } cases[] = {
        {"/a.txt", "bytes=10-", "bytes */10"},
        {"/a.txt", "bytes=-0", "bytes */10"},
        {"/empty", "bytes=0-", "bytes */0"},
        {"/large.bin", "bytes=3000001-3000002", "bytes */3000001"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char fields[128];
        snprintf(fields, sizeof fields, "Range: %s\r\n", cases[i].range);
        answer a = ask("GET", cases[i].path, fields);
        assert_int_equal(a.status, 416);
        assert_field(&a, "Content-Range", cases[i].content_range);
        assert_field(&a, "Content-Type", "text/html; charset=utf-8");
        free(a.head);
    }
}

/* RFC 9110 14.2: ranges are for GET. */
static void b11_head_has_no_ranges(void **state) {
    (void)state;
    answer a = ask("HEAD", "/a.txt", "Range: bytes=2-4\r\n");
    assert_int_equal(a.status, 200);
    assert_field(&a, "Content-Length", "10");
    assert_field(&a, "Accept-Ranges", "bytes");
    assert_int_equal(a.body_len, 0);
    free(a.head);
}

/* ---- several ---- */

static const char *boundary_of(const answer *a) {
    static char mark[128];
    const char *type = field(a, "Content-Type");
    assert_non_null(type);
    assert_int_equal(strncmp(type, "multipart/byteranges; boundary=", 31), 0);
    keep(mark, sizeof mark, type + 31);
    assert_true(strlen(mark) >= 32);
    return mark;
}

static void b11_several_ranges(void **state) {
    (void)state;
    char before[128] = "";
    for (int i = 0; i < 5; i++) {
        answer a = ask("GET", "/a.txt", "Range: bytes=0-1, -2, 4-4\r\n");
        assert_int_equal(a.status, 206);
        assert_null(field(&a, "Content-Range")); /* RFC 9110 15.3.7.2: MUST NOT */
        assert_field(&a, "Accept-Ranges", "bytes");
        const char *mark = boundary_of(&a);
        assert_string_not_equal(mark, before);
        keep(before, sizeof before, mark);
        char expected[1024];
        snprintf(expected, sizeof expected,
                 "--%s\r\nContent-Type: text/plain; charset=utf-8\r\n"
                 "Content-Range: bytes 0-1/10\r\n\r\n01"
                 "\r\n--%s\r\nContent-Type: text/plain; charset=utf-8\r\n"
                 "Content-Range: bytes 8-9/10\r\n\r\n89"
                 "\r\n--%s\r\nContent-Type: text/plain; charset=utf-8\r\n"
                 "Content-Range: bytes 4-4/10\r\n\r\n4"
                 "\r\n--%s--\r\n",
                 mark, mark, mark, mark);
        assert_string_equal(a.body, expected);
        char length[32];
        snprintf(length, sizeof length, "%zu", strlen(expected));
        assert_field(&a, "Content-Length", length);
        free(a.head);
    }
}

/* Take a text off the body, and bytes of the file. */
static void take(const char **at, const char *text) {
    assert_memory_equal(*at, text, strlen(text));
    *at += strlen(text);
}

static void take_bytes(const char **at, size_t from, size_t len) {
    assert_memory_equal(*at, large + from, len);
    *at += len;
}

static void b11_several_ranges_of_a_large_file(void **state) {
    (void)state;
    answer a = ask("GET", "/large.bin", "Range: bytes=2000000-2999999,5-5,100000-1000000\r\n");
    assert_int_equal(a.status, 206);
    char delimiter[160], end[160];
    snprintf(end, sizeof end, "\r\n--%s--\r\n", boundary_of(&a));
    snprintf(delimiter, sizeof delimiter, "\r\n--%s\r\nContent-Type: application/octet-stream\r\n",
             boundary_of(&a));
    const char *at = a.body;
    take(&at, delimiter + 2);
    take(&at, "Content-Range: bytes 2000000-2999999/3000001\r\n\r\n");
    take_bytes(&at, 2000000, 1000000);
    take(&at, delimiter);
    take(&at, "Content-Range: bytes 5-5/3000001\r\n\r\n");
    take_bytes(&at, 5, 1);
    take(&at, delimiter);
    take(&at, "Content-Range: bytes 100000-1000000/3000001\r\n\r\n");
    take_bytes(&at, 100000, 900001);
    take(&at, end);
    assert_ptr_equal(at, a.body + a.body_len);
    char length[32];
    snprintf(length, sizeof length, "%zu", a.body_len);
    assert_field(&a, "Content-Length", length);
    free(a.head);
}

/* ---- with conditions ---- */

static void b11_if_range_and_conditions(void **state) {
    (void)state;
    answer a = ask("GET", "/a.txt", "");
    char etag[128], fields[512];
    keep(etag, sizeof etag, field(&a, "ETag"));
    free(a.head);
    static const struct {
        const char *before, *after; /* the entity tag */
        int status;
    } cases[] = {
        {"If-Range: ", "\r\n", 206},
        {"If-Range: W/", "\r\n", 200},
        {"If-Range: \"x\"\r\nX: ", "\r\n", 200},
        {"If-Range: Sun, 06 Nov 1994 08:49:37 GMT\r\nX: ", "\r\n", 206},
        {"If-Range: Sun, 06 Nov 1994 08:49:38 GMT\r\nX: ", "\r\n", 200},
        {"If-Range: \"x\"\r\nIf-None-Match: ", "\r\n", 304},
        {"If-None-Match: ", "\r\n", 304},
        {"If-None-Match: \"x\", W/", "\r\n", 304},
        {"If-Match: ", "\r\n", 206},
        {"If-Match: \"x", "\"\r\n", 412},
        {"If-Unmodified-Since: Sun, 06 Nov 1994 08:49:37 GMT\r\nX: ", "\r\n", 206},
        {"If-Unmodified-Since: Sun, 06 Nov 1994 08:49:36 GMT\r\nX: ", "\r\n", 412},
    };
    for (size_t i = 0; i < 3 * COUNT(cases); i++) {
        snprintf(fields, sizeof fields, "Range: bytes=1-1\r\n%s%s%s",
                 cases[i % COUNT(cases)].before, etag, cases[i % COUNT(cases)].after);
        a = ask("GET", "/a.txt", fields);
        if (a.status != cases[i % COUNT(cases)].status)
            fail_msg("%d after %s", a.status, fields);
        free(a.head);
    }
    /* What was asked for in parts of another file is answered whole, even where nothing is there.
     */
    a = ask("GET", "/a.txt", "Range: bytes=50-\r\nIf-Range: \"x\"\r\n");
    assert_int_equal(a.status, 200);
    free(a.head);
}

/* ---- files that change while they are sent ---- */

static void put_huge(const char *path) {
    put_file(path, "");
    assert_int_equal(truncate(in_tree(path), HUGE_ONE), 0);
}

/* Begin to receive: the head has come, and more than the kernel's buffers hold is to follow. */
static int begin(const char *target, const char *range, int64_t *announced) {
    char text[512];
    int n = snprintf(text, sizeof text,
                     "GET %s HTTP/1.1\r\nHost: test\r\nConnection: close\r\nRange: %s\r\n\r\n",
                     target, range);
    int fd = dial();
    assert_int_equal(write(fd, text, (size_t)n), n);
    char head[2048];
    size_t len = 0;
    while (len < 4 || memcmp(head + len - 4, "\r\n\r\n", 4) != 0) {
        assert_true(len < sizeof head - 1);
        assert_int_equal(read(fd, head + len, 1), 1);
        len++;
    }
    head[len] = '\0';
    assert_int_equal(strncmp(head, "HTTP/1.1 206 ", 13), 0);
    const char *length = strstr(head, "Content-Length: ");
    assert_non_null(length);
    *announced = strtoll(length + 16, NULL, 10);
    return fd;
}

static int64_t count_rest(int fd) {
    static char piece[1 << 16];
    int64_t all = 0;
    ssize_t n;
    while ((n = read(fd, piece, sizeof piece)) > 0)
        all += n;
    close(fd);
    return all;
}

static const char *const ranges[] = {"bytes=0-", "bytes=0-9,20-"};

static void b11_a_file_that_shrinks(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT(ranges); i++) {
        int64_t announced;
        put_huge("shrinks");
        int fd = begin("/shrinks", ranges[i], &announced);
        assert_int_equal(truncate(in_tree("shrinks"), 1000), 0);
        assert_true(count_rest(fd) < announced);
        /* The next one is none the worse. */
        assert_status("/a.txt", 200);
    }
}

static void b11_a_file_that_grows_or_goes_away(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT(ranges); i++) {
        int64_t announced;
        put_huge("grows");
        int fd = begin("/grows", ranges[i], &announced);
        assert_int_equal(truncate(in_tree("grows"), 2 * HUGE_ONE), 0);
        assert_int_equal(unlink(in_tree("grows")), 0);
        assert_true(count_rest(fd) == announced);
        assert_status("/grows", 404);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(b11_one_range),
        cmocka_unit_test(b11_one_range_of_a_large_file),
        cmocka_unit_test(b11_unsatisfiable),
        cmocka_unit_test(b11_head_has_no_ranges),
        cmocka_unit_test(b11_several_ranges),
        cmocka_unit_test(b11_several_ranges_of_a_large_file),
        cmocka_unit_test(b11_if_range_and_conditions),
        cmocka_unit_test(b11_a_file_that_shrinks),
        cmocka_unit_test(b11_a_file_that_grows_or_goes_away),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
