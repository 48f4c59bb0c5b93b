/* Files below a directory: what opens, what would lead out of it, and that both ways of opening,
 * openat2 and the walk, hold. */
#include "deny.h"
#include "sys/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <cmocka.h>

static char base[] = "/tmp/skua-file-XXXXXX";
static int root = -1;

static char *path_of(const char *name) {
    static char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", base, name);
    return path;
}

static int make_file(const char *name, const char *text) {
    FILE *f = fopen(path_of(name), "w");
    return !f || fputs(text, f) < 0 || fclose(f) != 0;
}

static int make_link(const char *name, const char *target) {
    return symlink(target, path_of(name));
}

static int set_up(void **state) {
    (void)state;
    if (mkdtemp(base) == NULL || mkdir(path_of("root"), 0755) || mkdir(path_of("root/sub"), 0755))
        return -1;
    if (make_file("secret", "secret") || make_file("root/file", "file") ||
        make_file("root/sub/deep", "deep") || make_file("root/...", "dots") ||
        make_file("root/..a", "dots") || make_file("root/a..", "dots") ||
        make_file("root/sub/. ", "dots"))
        return -1;
    if (mkfifo(path_of("root/fifo"), 0644))
        return -1;
    if (make_link("root/in", "sub/deep") || make_link("root/in-dir", "sub") ||
        make_link("root/up-and-in", "sub/../file") || make_link("root/out", "../secret") ||
        make_link("root/out-dir", "..") || make_link("root/absolute", "/etc/passwd") ||
        make_link("root/absolute-in", path_of("root/file")) || make_link("root/loop", "loop") ||
        make_link("root/nowhere", "nothing") || make_link("root/proc", "/proc/self/root"))
        return -1;
    root = sk_dir_open(path_of("root"));
    return root < 0;
}

static int tear_down(void **state) {
    (void)state;
    sk_file_close(root);
    char command[100];
    snprintf(command, sizeof command, "rm -rf %s", base);
    return system(command);
}

/* What opening gives: 0 for a descriptor, whose first bytes must be `text` (NULL: a directory). */
typedef struct expectation {
    const char *path;
    int rc;
    const char *text;
} expectation;

static int check_open(int fd, const expectation *e) {
    if (fd < 0)
        return fd == e->rc;
    char got[16] = "";
    sk_file_info info;
    bool right = e->rc == 0 && sk_file_stat(fd, &info) == 0;
    if (right && !e->text)
        right = info.is_dir && !info.is_regular;
    else if (right)
        right = info.is_regular && sk_file_read_at(fd, got, sizeof got - 1, 0) >= 0 &&
                strcmp(got, e->text) == 0;
    right = right && (fcntl(fd, F_GETFD) & FD_CLOEXEC);
    sk_file_close(fd);
    return right;
}

/* 0, or one more than the index of the case that is not as expected. */
static int check_all(int (*open_below)(int, const char *), const expectation *e, int count) {
    for (int i = 0; i < count; i++) {
        int fd = open_below(root, e[i].path);
        if (!check_open(fd, &e[i])) {
            print_error("\"%s\": %d\n", e[i].path, fd);
            return i + 1;
        }
    }
    return 0;
}

#define COUNT(cases) (int)(sizeof cases / sizeof *cases)

static char long_name[NAME_MAX + 20];

/* The same for both ways. */
static const expectation common[] = {
    {"file", 0, "file"},
    {"sub/deep", 0, "deep"},
    {"sub//deep", 0, "deep"},
    {"./sub/./deep", 0, "deep"},
    {"...", 0, "dots"},
    {"..a", 0, "dots"},
    {"a..", 0, "dots"},
    {"sub/. ", 0, "dots"},
    {"sub", 0, NULL},
    {"sub/", 0, NULL},
    {"sub//", 0, NULL},
    {"sub/.", 0, NULL},
    {"", 0, NULL},
    {".", 0, NULL},
    {"./", 0, NULL},
    {"nothing", -ENOENT, NULL},
    {"nothing/", -ENOENT, NULL},
    {"sub/nothing/deep", -ENOENT, NULL},
    {"file/", -ENOTDIR, NULL},
    {"file/deep", -ENOTDIR, NULL},
    {"..", -EXDEV, NULL},
    {"../", -EXDEV, NULL},
    {"../secret", -EXDEV, NULL},
    {"sub/../../secret", -EXDEV, NULL},
    {"/", -EXDEV, NULL},
    {"/etc/passwd", -EXDEV, NULL},
    {"//etc/passwd", -EXDEV, NULL},
    {"loop", -ELOOP, NULL},
    {long_name, -ENAMETOOLONG, NULL},
};

static const expectation by_openat2[] = {
    {"in", 0, "deep"},
    {"in-dir", 0, NULL},
    {"in-dir/deep", 0, "deep"},
    {"in-dir/", 0, NULL},
    {"sub/../file", 0, "file"},
    {"up-and-in", 0, "file"},
    {"nowhere", -ENOENT, NULL},
    {"out", -EXDEV, NULL},
    {"out-dir", -EXDEV, NULL},
    {"out-dir/secret", -EXDEV, NULL},
    {"absolute", -EXDEV, NULL},
    {"absolute-in", -EXDEV, NULL},
    {"proc/etc/passwd", -EXDEV, NULL},
};

/* The walk cannot tell a link that stays in from one that leads out: it takes none. */
static const expectation by_walk[] = {
    {"in", -ELOOP, NULL},       {"in-dir", -ELOOP, NULL},
    {"in-dir/", -ELOOP, NULL},  {"in-dir/deep", -ELOOP, NULL},
    {"out", -ELOOP, NULL},      {"out-dir", -ELOOP, NULL},
    {"out-dir/", -ELOOP, NULL}, {"out-dir/secret", -ELOOP, NULL},
    {"absolute", -ELOOP, NULL}, {"absolute-in", -ELOOP, NULL},
    {"nowhere", -ELOOP, NULL},  {"proc/etc/passwd", -ELOOP, NULL},
    {"loop/", -ELOOP, NULL},    {"sub/../file", -EXDEV, NULL},
    {"sub/..", -EXDEV, NULL},   {"..a/..", -EXDEV, NULL},
};

static void openat2_stays_below(void **state) {
    (void)state;
    assert_int_equal(check_all(sk_file_open_below, common, COUNT(common)), 0);
    assert_int_equal(check_all(sk_file_open_below, by_openat2, COUNT(by_openat2)), 0);
}

static void walk_stays_below(void **state) {
    (void)state;
    assert_int_equal(check_all(sk_file_open_below_walk, common, COUNT(common)), 0);
    assert_int_equal(check_all(sk_file_open_below_walk, by_walk, COUNT(by_walk)), 0);
}

static int check_fallback(void *arg) {
    (void)arg;
    int rc = check_all(sk_file_open_below, common, COUNT(common));
    return rc != 0 ? rc : check_all(sk_file_open_below, by_walk, COUNT(by_walk));
}

static void walk_stands_in_for_openat2(void **state) {
    (void)state;
    static const unsigned failures[] = {ENOSYS, EPERM};
    for (size_t i = 0; i < 2; i++) {
        int rc = without_syscall(SYS_openat2, failures[i], check_fallback, NULL);
        if (rc == DENY_CANNOT)
            skip();
        assert_int_equal(rc, 0);
    }
}

static void no_descriptor_is_left_open(void **state) {
    (void)state;
    int before = dup(root);
    close(before);
    check_all(sk_file_open_below, common, COUNT(common));
    check_all(sk_file_open_below_walk, common, COUNT(common));
    check_all(sk_file_open_below_walk, by_walk, COUNT(by_walk));
    int after = dup(root);
    close(after);
    assert_int_equal(after, before);
}

/* Would hang here if it waited for a writer. */
static void fifo_does_not_block(void **state) {
    (void)state;
    int (*const ways[])(int, const char *) = {sk_file_open_below, sk_file_open_below_walk};
    for (size_t i = 0; i < 2; i++) {
        int fd = ways[i](root, "fifo");
        assert_true(fd >= 0);
        sk_file_info info;
        assert_int_equal(sk_file_stat(fd, &info), 0);
        assert_false(info.is_regular);
        assert_false(info.is_dir);
        char byte;
        assert_int_equal(sk_file_read_at(fd, &byte, 1, 0), -ESPIPE);
        sk_file_close(fd);
    }
}

static void device_is_no_regular_file(void **state) {
    (void)state;
    int dev = sk_dir_open("/dev");
    assert_true(dev >= 0);
    int (*const ways[])(int, const char *) = {sk_file_open_below, sk_file_open_below_walk};
    for (size_t i = 0; i < 2; i++) {
        int fd = ways[i](dev, "null");
        assert_true(fd >= 0);
        sk_file_info info;
        assert_int_equal(sk_file_stat(fd, &info), 0);
        assert_false(info.is_regular);
        assert_false(info.is_dir);
        sk_file_close(fd);
    }
    sk_file_close(dev);
}

static void directory_must_be_one(void **state) {
    (void)state;
    assert_int_equal(sk_dir_open(path_of("nothing")), -ENOENT);
    assert_int_equal(sk_dir_open(path_of("secret")), -ENOTDIR);
    assert_int_equal(sk_dir_open(""), -ENOENT);
    assert_int_equal(chmod(path_of("root/sub"), 0111), 0);
    int dir = sk_dir_open(path_of("root/sub"));
    assert_true(dir >= 0);
    int fd = sk_file_open_below(dir, "deep");
    assert_true(fd >= 0);
    sk_file_close(fd);
    sk_file_close(dir);
    assert_int_equal(chmod(path_of("root/sub"), 0755), 0);
}

static void sizes_and_times_are_whole(void **state) {
    (void)state;
    const int64_t size = (INT64_C(5) << 30) + 3;
    int fd = open(path_of("root/large"), O_CREAT | O_RDWR | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    if (ftruncate(fd, size) != 0) /* no room for a sparse file here */
        skip();
    assert_int_equal(pwrite(fd, "end", 3, size - 3), 3);
    const struct timespec times[2] = {{.tv_sec = 1}, {.tv_sec = 5000000000, .tv_nsec = 123456789}};
    assert_int_equal(futimens(fd, times), 0);
    close(fd);

    fd = sk_file_open_below(root, "large");
    assert_true(fd >= 0);
    sk_file_info info, again;
    assert_int_equal(sk_file_stat(fd, &info), 0);
    assert_true(info.size == size);
    assert_true(info.is_regular);
    struct stat st;
    assert_int_equal(stat(path_of("root/large"), &st), 0);
    assert_true(info.mtime == st.st_mtime); /* the file system may clamp the year */
    assert_true(info.mtime > INT32_MAX);
    assert_int_equal(info.mtime_ns, st.st_mtim.tv_nsec);
    assert_int_equal(sk_file_stat_path(path_of("root/large"), &again), 0);
    assert_true(again.inode == info.inode && again.size == size && again.mtime == info.mtime);
    assert_int_equal(sk_file_stat_path(path_of("root/none"), &again), -ENOENT);
    char buf[8];
    assert_int_equal(sk_file_read_at(fd, buf, sizeof buf, size - 3), 3);
    assert_memory_equal(buf, "end", 3);
    assert_int_equal(sk_file_read_at(fd, buf, sizeof buf, size), 0);
    assert_int_equal(sk_file_read_at(fd, buf, sizeof buf, -1), -EINVAL);
    sk_file_close(fd);
    unlink(path_of("root/large"));

    fd = sk_file_open_below(root, "file");
    assert_int_equal(sk_file_stat(fd, &again), 0);
    assert_int_equal(again.size, 4);
    assert_true(again.inode != info.inode || info.inode == 0);
    sk_file_close(fd);
    assert_int_equal(sk_file_stat(-1, &again), -EBADF);
}

int main(void) {
    memset(long_name, 'n', sizeof long_name - 1);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(openat2_stays_below),        cmocka_unit_test(walk_stays_below),
        cmocka_unit_test(walk_stands_in_for_openat2), cmocka_unit_test(no_descriptor_is_left_open),
        cmocka_unit_test(fifo_does_not_block),        cmocka_unit_test(device_is_no_regular_file),
        cmocka_unit_test(directory_must_be_one),      cmocka_unit_test(sizes_and_times_are_whole),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
