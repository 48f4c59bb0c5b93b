/* A file of secrets that grows by lines. */
#include "sys/private_log.h"

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

static char dir[64];

static const char *path_of(const char *file) {
    static char path[128];
    snprintf(path, sizeof path, "%s/%s", dir, file);
    return path;
}

static int begin(void **state) {
    (void)state;
    snprintf(dir, sizeof dir, "/tmp/skua-log-XXXXXX");
    return mkdtemp(dir) ? 0 : -1;
}

static int end(void **state) {
    (void)state;
    static const char *const files[] = {"new", "old", "link", "fifo", "theirs"};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        unlink(path_of(files[i]));
    return rmdir(dir);
}

static void expect_content(const char *path, const char *text) {
    char got[256];
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    size_t n = fread(got, 1, sizeof got - 1, f);
    got[n] = '\0';
    fclose(f);
    assert_string_equal(got, text);
}

static unsigned mode_of(const char *path) {
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    return st.st_mode & 0777;
}

static void is_made_for_its_owner_alone(void **state) {
    (void)state;
    mode_t mask = umask(0);
    int fd = sk_private_log_open(path_of("new"));
    umask(mask);
    assert_true(fd >= 0);
    assert_int_equal(mode_of(path_of("new")), 0600);
    assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    assert_int_equal(sk_private_log_add(fd, (skua_str){"one\n", 4}), 0);
    int other = sk_private_log_open(path_of("new"));
    assert_int_equal(sk_private_log_add(other, (skua_str){"two\n", 4}), 0);
    assert_int_equal(sk_private_log_add(fd, (skua_str){"three\n", 6}), 0);
    sk_private_log_close(fd);
    sk_private_log_close(other);
    expect_content(path_of("new"), "one\ntwo\nthree\n");
}

static void what_is_there_stays_and_becomes_private(void **state) {
    (void)state;
    FILE *f = fopen(path_of("old"), "w");
    fputs("earlier\n", f);
    fclose(f);
    assert_int_equal(chmod(path_of("old"), 0666), 0);
    int fd = sk_private_log_open(path_of("old"));
    assert_true(fd >= 0);
    assert_int_equal(mode_of(path_of("old")), 0600);
    assert_int_equal(sk_private_log_add(fd, (skua_str){"later\n", 6}), 0);
    sk_private_log_close(fd);
    expect_content(path_of("old"), "earlier\nlater\n");
}

static void refuses_what_leads_elsewhere(void **state) {
    (void)state;
    assert_int_equal(symlink("new", path_of("link")), 0);
    assert_int_equal(sk_private_log_open(path_of("link")), -ELOOP);
    assert_int_equal(mkfifo(path_of("fifo"), 0600), 0);
    assert_int_equal(sk_private_log_open(path_of("fifo")), -ENXIO);
    assert_int_equal(sk_private_log_open(dir), -EISDIR);
    assert_int_equal(sk_private_log_open(path_of("missing/log")), -ENOENT);
    assert_int_equal(sk_private_log_open(""), -ENOENT);
    if (geteuid() != 0)
        return; /* who is not root has no file of somebody else's */
    close(open(path_of("theirs"), O_WRONLY | O_CREAT, 0600));
    assert_int_equal(chown(path_of("theirs"), 1, 1), 0);
    assert_int_equal(sk_private_log_open(path_of("theirs")), -EPERM);
}

static void a_device_is_taken_as_it_is(void **state) {
    (void)state;
    unsigned before = mode_of("/dev/null");
    int fd = sk_private_log_open("/dev/null");
    assert_true(fd >= 0);
    assert_int_equal(mode_of("/dev/null"), before);
    sk_private_log_close(fd);
    fd = sk_private_log_open("/dev/full");
    assert_int_equal(sk_private_log_add(fd, (skua_str){"x\n", 2}), -ENOSPC);
    sk_private_log_close(fd);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_made_for_its_owner_alone),
        cmocka_unit_test(what_is_there_stays_and_becomes_private),
        cmocka_unit_test(refuses_what_leads_elsewhere),
        cmocka_unit_test(a_device_is_taken_as_it_is),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
