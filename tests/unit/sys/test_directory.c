/* Reading a directory: a real one, made for each test. */
#include "../remove_tree.h"
#include "sys/directory.h"
#include "sys/file.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

typedef struct fixture {
    char root[64]; /* holds "in", the directory that is read, and "out", which is not below it */
    int fd;
    sk_arena arena;
} fixture;

static void in(const fixture *f, const char *path, char out[256]) {
    snprintf(out, 256, "%s/%s", f->root, path);
}

static void make_file(const fixture *f, const char *path, size_t size) {
    char whole[256];
    in(f, path, whole);
    int fd = open(whole, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    assert_true(fd >= 0);
    assert_int_equal(ftruncate(fd, (off_t)size), 0);
    close(fd);
}

static void make_dir(const fixture *f, const char *path) {
    char whole[256];
    in(f, path, whole);
    assert_int_equal(mkdir(whole, 0755), 0);
}

static void make_link(const fixture *f, const char *to, const char *path) {
    char whole[256];
    in(f, path, whole);
    assert_int_equal(symlink(to, whole), 0);
}

static int set_up(void **state) {
    fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    strcpy(f->root, "/tmp/skua-directory-XXXXXX");
    assert_non_null(mkdtemp(f->root));
    make_dir(f, "in");
    make_file(f, "out", 7);
    char whole[256];
    in(f, "in", whole);
    f->fd = sk_dir_open(whole);
    assert_true(f->fd >= 0);
    *state = f;
    return 0;
}

static int tear_down(void **state) {
    fixture *f = *state;
    sk_file_close(f->fd);
    sk_arena_free(&f->arena);
    int rc = remove_tree(f->root);
    free(f);
    return rc;
}

static const sk_dir_entry *find(const sk_directory *d, const char *name) {
    for (size_t i = 0; i < d->count; i++) {
        if (strcmp(d->entries[i].name, name) == 0)
            return &d->entries[i];
    }
    return NULL;
}

static void what_there_is(void **state) {
    fixture *f = *state;
    make_file(f, "in/file", 12);
    make_file(f, "in/empty", 0);
    make_file(f, "in/.hidden", 1);
    make_dir(f, "in/sub");
    make_file(f, "in/sub/deep", 3);
    char fifo[256];
    in(f, "in/fifo", fifo);
    assert_int_equal(mkfifo(fifo, 0644), 0);
    sk_directory d;
    assert_int_equal(
        sk_directory_read(f->fd, "", &(sk_directory_bounds){.max = 100}, &f->arena, &d), 0);
    assert_int_equal(d.count, 3);
    assert_false(d.cut);
    assert_int_equal(find(&d, "file")->size, 12);
    assert_true(find(&d, "file")->mtime > 1600000000);
    assert_false(find(&d, "file")->is_dir);
    assert_int_equal(find(&d, "empty")->size, 0);
    assert_true(find(&d, "sub")->is_dir);
}

/* A link is what it leads to, as long as that is below the root, seen from the root. */
static void links(void **state) {
    fixture *f = *state;
    make_file(f, "in/file", 12);
    make_dir(f, "in/sub");
    make_link(f, "../file", "in/sub/inside");
    make_link(f, "..", "in/sub/up");
    make_link(f, "../../out", "in/sub/outside");
    make_link(f, "/etc/passwd", "in/sub/absolute");
    make_link(f, "nowhere", "in/sub/broken");
    make_link(f, "loop", "in/sub/loop");
    static const char *const spellings[] = {"sub", "sub/"};
    for (size_t i = 0; i < 2; i++) {
        sk_directory d;
        assert_int_equal(sk_directory_read(f->fd, spellings[i], &(sk_directory_bounds){.max = 100},
                                           &f->arena, &d),
                         0);
        assert_int_equal(d.count, 2);
        assert_int_equal(find(&d, "inside")->size, 12);
        assert_true(find(&d, "up")->is_dir);
    }
}

static void is_bounded(void **state) {
    fixture *f = *state;
    for (int i = 0; i < 200; i++) {
        char name[32];
        snprintf(name, sizeof name, "in/%03d", i);
        make_file(f, name, (size_t)i);
    }
    sk_directory d;
    assert_int_equal(
        sk_directory_read(f->fd, "", &(sk_directory_bounds){.max = 200}, &f->arena, &d), 0);
    assert_int_equal(d.count, 200);
    assert_false(d.cut);
    assert_int_equal(find(&d, "199")->size, 199);
    assert_int_equal(find(&d, "000")->size, 0);
    assert_int_equal(
        sk_directory_read(f->fd, "", &(sk_directory_bounds){.max = 199}, &f->arena, &d), 0);
    assert_int_equal(d.count, 199);
    assert_true(d.cut);
}

static void empty(void **state) {
    fixture *f = *state;
    sk_directory d;
    assert_int_equal(
        sk_directory_read(f->fd, "", &(sk_directory_bounds){.max = 100}, &f->arena, &d), 0);
    assert_int_equal(d.count, 0);
    assert_false(d.cut);
}

static void refused(void **state) {
    fixture *f = *state;
    make_file(f, "in/file", 1);
    make_link(f, "..", "in/up");
    sk_directory d;
    assert_int_equal(
        sk_directory_read(f->fd, "none", &(sk_directory_bounds){.max = 9}, &f->arena, &d), -ENOENT);
    assert_int_equal(
        sk_directory_read(f->fd, "file", &(sk_directory_bounds){.max = 9}, &f->arena, &d),
        -ENOTDIR);
    assert_int_equal(
        sk_directory_read(f->fd, "file/", &(sk_directory_bounds){.max = 9}, &f->arena, &d),
        -ENOTDIR);
    int rc = sk_directory_read(f->fd, "up", &(sk_directory_bounds){.max = 9}, &f->arena, &d);
    assert_true(rc == -EXDEV || rc == -ELOOP);
    assert_int_equal(
        sk_directory_read(f->fd, "..", &(sk_directory_bounds){.max = 9}, &f->arena, &d), -EXDEV);
}

static bool ends_in_0(const char *name) {
    size_t len = strlen(name);
    return len > 0 && name[len - 1] == '0';
}

static void finds_a_kind_of_name(void **state) {
    fixture *f = *state;
    char path[256];
    in(f, "in", path);
    assert_int_equal(sk_directory_has(path, ends_in_0), 0);
    make_file(f, "in/a.1", 1);
    assert_int_equal(sk_directory_has(path, ends_in_0), 0);
    make_link(f, "/nonexistent", "in/a.0");
    assert_int_equal(sk_directory_has(path, ends_in_0), 1);
    in(f, "in/a.1", path);
    assert_int_equal(sk_directory_has(path, ends_in_0), -ENOTDIR);
    in(f, "none", path);
    assert_int_equal(sk_directory_has(path, ends_in_0), -ENOENT);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(what_there_is), TEST(links),   TEST(is_bounded),
        TEST(empty),         TEST(refused), TEST(finds_a_kind_of_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
