/* The thread that writes the logs: batches, what cannot be written, and files opened again. */
#include "base/str.h"
#include "server/logs.h"
#include "sys/clock.h"
#include "sys/poller.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define PATIENCE_MS 10000

typedef struct place {
    char dir[64], access[96], moved[96], errors[96];
} place;

static void place_make(place *p) {
    snprintf(p->dir, sizeof p->dir, "/tmp/skua-logs-XXXXXX");
    assert_non_null(mkdtemp(p->dir));
    snprintf(p->access, sizeof p->access, "%s/access", p->dir);
    snprintf(p->moved, sizeof p->moved, "%s/access.1", p->dir);
    snprintf(p->errors, sizeof p->errors, "%s/errors", p->dir);
}

static void place_clear(const place *p) {
    unlink(p->access);
    unlink(p->moved);
    unlink(p->errors);
    assert_int_equal(rmdir(p->dir), 0);
}

static sk_logs *start(const char *access, const char *errors, unsigned ports) {
    sk_logs *l = NULL;
    skua_error err;
    const sk_logs_opts opts = {.access_path = access,
                               .format = SKUA_ACCESS_COMMON,
                               .error_path = errors,
                               .level = SKUA_LOG_DEBUG};
    assert_int_equal(sk_logs_new(&opts, &l, &err), 0);
    assert_int_equal(sk_logs_start(l, ports, &err), 0);
    return l;
}

static void put(sk_logs *l, unsigned port, int status) {
    skua_access a = {.client = "c", .method = "GET", .target = "/", .version = 11};
    a.status = status;
    sk_log_put_access(sk_logs_port(l, port), &a);
}

/* What the file holds, nothing before it is there; the caller frees it. */
static char *content(const char *path) {
    FILE *f = fopen(path, "r");
    char *text = calloc(1, 4 << 20);
    assert_non_null(text);
    if (f) {
        text[fread(text, 1, (4 << 20) - 1, f)] = '\0';
        fclose(f);
    }
    return text;
}

static size_t count(const char *text, const char *what) {
    size_t n = 0;
    for (; (text = strstr(text, what)) != NULL; text++)
        n++;
    return n;
}

static void expect_count(const char *path, const char *what, size_t expected) {
    char *text = content(path);
    assert_int_equal(count(text, what), expected);
    free(text);
}

/* The writer is a thread of its own: wait until it has done so. The file may not be there yet. */
static void wait_for(const char *path, const char *what) {
    int64_t end = sk_clock_ms() + PATIENCE_MS;
    for (bool found = false; !found;) {
        char *text = access(path, F_OK) == 0 ? content(path) : NULL;
        found = text && strstr(text, what) != NULL;
        free(text);
        assert_true(found || sk_clock_ms() < end);
        if (!found)
            sk_poll_one(STDIN_FILENO, 0, 1, NULL);
    }
}

static void b09_lines_of_all_ports_are_written(void **state) {
    (void)state;
    place p;
    place_make(&p);
    sk_logs *l = start(p.access, p.errors, 3);
    for (unsigned i = 0; i < 300; i++)
        put(l, i % 3, 200 + (int)(i % 3));
    sk_log_put_error(sk_logs_port(l, 1), SKUA_LOG_ERROR, "worse");
    sk_logs_free(l);
    expect_count(p.access, "\n", 300);
    expect_count(p.access, "\" 201 0\n", 100);
    expect_count(p.errors, " error: worse\n", 1);
    struct stat st;
    assert_int_equal(stat(p.access, &st), 0);
    assert_int_equal(st.st_mode & 0007, 0);
    place_clear(&p);
}

/* What is there already stays, and a line comes without another's help. */
static void b09_a_line_is_written_soon(void **state) {
    (void)state;
    place p;
    place_make(&p);
    for (int i = 0; i < 2; i++) {
        sk_logs *l = start(p.access, NULL, 1);
        put(l, 0, 200 + i);
        wait_for(p.access, i == 0 ? "\" 200 0\n" : "\" 201 0\n");
        put(l, 0, 300 + i);
        wait_for(p.access, i == 0 ? "\" 300 0\n" : "\" 301 0\n");
        sk_logs_free(l);
    }
    expect_count(p.access, "\n", 4);
    place_clear(&p);
}

static void b09_reopened_under_its_name(void **state) {
    (void)state;
    place p;
    place_make(&p);
    sk_logs *l = start(p.access, p.errors, 1);
    put(l, 0, 200);
    wait_for(p.access, "\" 200 0\n");
    assert_int_equal(rename(p.access, p.moved), 0);
    sk_logs_reopen(l);
    for (int64_t end = sk_clock_ms() + PATIENCE_MS; access(p.access, F_OK) != 0;)
        assert_true(sk_clock_ms() < end);
    put(l, 0, 201);
    sk_logs_free(l);
    expect_count(p.moved, "\n", 1);
    expect_count(p.access, "\" 201 0\n", 1);
    place_clear(&p);
}

/* A name that cannot be opened: the old file goes on. */
static void b09_not_reopened(void **state) {
    (void)state;
    place p;
    place_make(&p);
    sk_logs *l = start(p.access, p.errors, 1);
    assert_int_equal(rename(p.access, p.moved), 0);
    assert_int_equal(mkdir(p.access, 0700), 0);
    sk_logs_reopen(l);
    wait_for(p.errors, "cannot open again: Is a directory");
    put(l, 0, 200);
    sk_logs_free(l);
    expect_count(p.moved, "\" 200 0\n", 1);
    assert_int_equal(rmdir(p.access), 0);
    place_clear(&p);
}

static void b09_a_full_disk(void **state) {
    (void)state;
    place p;
    place_make(&p);
    assert_int_equal(symlink("/dev/full", p.access), 0);
    sk_logs *l = start(p.access, p.errors, 1);
    for (int i = 0; i < 20000; i++) /* more than a ring holds */
        put(l, 0, 200);
    wait_for(p.errors, "cannot write: No space left on device");
    /* There is room again. */
    unlink(p.access);
    sk_logs_reopen(l);
    wait_for(p.access, " lines dropped: ");
    wait_for(p.errors, "lines dropped: ");
    put(l, 0, 201);
    sk_logs_free(l);
    char *text = content(p.access);
    size_t written = count(text, "\" 200 0\n");
    const char *dropped = strstr(text, " lines dropped: ");
    assert_int_equal(written + strtoul(dropped + strlen(" lines dropped: "), NULL, 10), 20000);
    assert_non_null(strstr(dropped, "\" 201 0\n"));
    free(text);
    place_clear(&p);
}

/* What could not be written at the end is lost as well. */
static void b09_what_is_left_at_the_end_is_counted(void **state) {
    (void)state;
    place p;
    place_make(&p);
    assert_int_equal(symlink("/dev/full", p.access), 0);
    sk_logs *l = start(p.access, p.errors, 1);
    for (int i = 0; i < 10; i++)
        put(l, 0, 200);
    sk_logs_stop(l);
    assert_int_equal(sk_logs_dropped(l, SK_LOG_ACCESS), 10);
    assert_int_equal(sk_logs_dropped(l, SK_LOG_ERROR), 0);
    sk_logs_free(l);
    place_clear(&p);
}

/* A reader who does not read holds up nobody, and one who has gone kills nobody. */
static void b09_a_pipe(void **state) {
    (void)state;
    place p;
    place_make(&p);
    assert_int_equal(mkfifo(p.access, 0600), 0);
    sk_logs *l = NULL;
    skua_error err;
    assert_int_equal(sk_logs_new(&(sk_logs_opts){.access_path = p.access}, &l, &err), SKUA_E_OS);
    assert_non_null(strstr(err.msg, p.access));
    int reader = open(p.access, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    assert_true(reader >= 0);
    l = start(p.access, p.errors, 1);
    for (int i = 0; i < 20000; i++)
        put(l, 0, 200);
    char some[4096];
    size_t heard = 0;
    while (heard < 100000) { /* more than a pipe holds: as it is read, it is written */
        assert_int_equal(sk_poll_one(reader, SKUA_WANT_READ, PATIENCE_MS, NULL), 0);
        ssize_t n = read(reader, some, sizeof some);
        assert_true(n > 0);
        heard += (size_t)n;
    }
    close(reader);
    wait_for(p.errors, "cannot write: Broken pipe");
    int64_t before = sk_clock_ms();
    sk_logs_free(l);
    assert_true(sk_clock_ms() - before < PATIENCE_MS);
    place_clear(&p);
}

static void b09_no_logs(void **state) {
    (void)state;
    sk_logs *l;
    skua_error err;
    assert_int_equal(sk_logs_new(&(sk_logs_opts){.access_path = NULL}, &l, &err), 0);
    assert_null(l);
    assert_int_equal(sk_logs_start(l, 1, &err), 0);
    assert_null(sk_logs_port(l, 0));
    assert_false(sk_log_wants(NULL, SK_LOG_ACCESS));
    sk_logs_reopen(l);
    sk_logs_stop(l);
    sk_logs_free(l);
    assert_int_equal(sk_logs_new(&(sk_logs_opts){.access_path = "/nowhere/at/all"}, &l, &err),
                     SKUA_E_FILE_NOT_FOUND);
    assert_string_equal(err.msg, "cannot open the access log /nowhere/at/all: No such file or "
                                 "directory");
}

static void ring(void **state) {
    (void)state;
    sk_log_ring r;
    assert_true(sk_log_ring_init(&r, 16));
    skua_str pieces[2];
    assert_int_equal(sk_log_ring_peek(&r, pieces), 0);
    for (int i = 0; i < 100; i++) {
        assert_true(sk_log_ring_put(&r, SK_LIT("12345\n")));
        assert_true(sk_log_ring_put(&r, SK_LIT("abcd\n")));
        assert_false(sk_log_ring_put(&r, SK_LIT("123456")));
        assert_int_equal(sk_log_ring_peek(&r, pieces), 11);
        char text[16];
        memcpy(text, pieces[0].ptr, pieces[0].len);
        memcpy(text + pieces[0].len, pieces[1].ptr, pieces[1].len);
        assert_memory_equal(text, "12345\nabcd\n", 11);
        sk_log_ring_take(&r, 11);
        assert_int_equal(sk_log_ring_len(&r), 0);
    }
    assert_int_equal(atomic_load(&r.dropped), 100);
    sk_log_ring_free(&r);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ring),
        cmocka_unit_test(b09_lines_of_all_ports_are_written),
        cmocka_unit_test(b09_a_line_is_written_soon),
        cmocka_unit_test(b09_reopened_under_its_name),
        cmocka_unit_test(b09_not_reopened),
        cmocka_unit_test(b09_a_full_disk),
        cmocka_unit_test(b09_what_is_left_at_the_end_is_counted),
        cmocka_unit_test(b09_a_pipe),
        cmocka_unit_test(b09_no_logs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
