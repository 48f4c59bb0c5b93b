/* A private directory: made, locked, its files whole. */
#include "../entries.h"
#include "base/mem.h"
#include "base/str.h"
#include "sys/private_dir.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char root[64];

static int begin(void **state) {
    (void)state;
    snprintf(root, sizeof root, "/tmp/skua-private-XXXXXX");
    return mkdtemp(root) ? 0 : -1;
}

static int end(void **state) {
    (void)state;
    return rmdir(root);
}

static const char *at(const char *name) {
    static char paths[4][128];
    static unsigned turn;
    char *p = paths[turn++ % 4];
    snprintf(p, sizeof paths[0], "%s/%s", root, name);
    return p;
}

static unsigned mode_of(const char *path) {
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    return st.st_mode & 07777;
}

static void makes_what_is_missing(void **state) {
    (void)state;
    assert_int_equal(sk_private_dir_make(at("a//b/c/")), 0);
    assert_int_equal(mode_of(at("a")), 0700);
    assert_int_equal(mode_of(at("a/b/c")), 0700);
    assert_int_equal(sk_private_dir_make(at("a/b/c")), 0);
    assert_int_equal(sk_private_dir_make(root), 0);
    assert_int_equal(sk_private_dir_make(""), -ENOENT);
    assert_int_equal(sk_private_file_write(at("a/f"), SK_LIT("x"), 0600), 0);
    assert_int_equal(sk_private_dir_make(at("a/f")), -ENOTDIR);
    assert_int_equal(sk_private_dir_make(at("a/f/g")), -ENOTDIR);
    unlink(at("a/f"));
    rmdir(at("a/b/c"));
    rmdir(at("a/b"));
    rmdir(at("a"));
}

static void writes_whole_files(void **state) {
    (void)state;
    char *data = NULL;
    size_t len = 0;
    bool shared = true;
    assert_int_equal(sk_private_file_write(at("f"), SK_LIT("one"), 0600), 0);
    assert_int_equal(sk_private_file_write(at("f"), SK_LIT("secret"), 0600), 0);
    assert_int_equal(entries_of(root), 1); /* no temporary file stays */
    assert_int_equal(sk_private_file_read(at("f"), 6, &data, &len, &shared), 0);
    assert_int_equal(len, 6);
    assert_string_equal(data, "secret");
    assert_false(shared);
    sk_free(data);
    assert_int_equal(chmod(at("f"), 0604), 0);
    assert_int_equal(sk_private_file_read(at("f"), 100, &data, &len, &shared), 0);
    assert_true(shared);
    sk_free(data);
    unlink(at("f"));
}

static void leaves_outputs_on_failure(void **state) {
    (void)state;
    char *data = NULL;
    size_t len = 7;
    bool shared = false;
    assert_int_equal(sk_private_file_read(at("none"), 9, &data, &len, &shared), -ENOENT);
    assert_int_equal(sk_private_file_read(root, 1 << 20, &data, &len, &shared), -EINVAL);
    assert_int_equal(sk_private_file_write(at("f"), SK_LIT("1234567890"), 0644), 0);
    assert_int_equal(sk_private_file_read(at("f"), 9, &data, &len, &shared), -EFBIG);
    assert_int_equal(sk_private_file_write(at("none/f"), SK_LIT("x"), 0600), -ENOENT);
    assert_int_equal(mkfifo(at("fifo"), 0600), 0);
    assert_int_equal(sk_private_file_read(at("fifo"), 9, &data, &len, &shared), -EINVAL);
    assert_null(data);
    assert_int_equal(len, 7);
    unlink(at("f"));
    unlink(at("fifo"));
}

/* What stood there before stays when the new file cannot take its place. */
static void replaces_or_not_at_all(void **state) {
    (void)state;
    assert_int_equal(mkdir(at("d"), 0700), 0);
    assert_true(sk_private_file_write(at("d"), SK_LIT("x"), 0600) < 0);
    assert_int_equal(entries_of(root), 1);
    rmdir(at("d"));
}

static void locks_out_others(void **state) {
    (void)state;
    int lock = sk_private_dir_lock(root, 0);
    assert_true(lock >= 0);
    assert_int_equal(sk_private_dir_lock(root, 0), -EWOULDBLOCK);
    assert_int_equal(sk_private_dir_lock(root, 30), -EWOULDBLOCK);
    sk_private_dir_unlock(lock);
    lock = sk_private_dir_lock(root, 0);
    assert_true(lock >= 0);
    sk_private_dir_unlock(lock);
    assert_int_equal(sk_private_dir_lock(at("none"), 0), -ENOENT);
    assert_int_equal(entries_of(root), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(makes_what_is_missing),     cmocka_unit_test(writes_whole_files),
        cmocka_unit_test(leaves_outputs_on_failure), cmocka_unit_test(replaces_or_not_at_all),
        cmocka_unit_test(locks_out_others),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
