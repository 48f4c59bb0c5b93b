/* What is heard of files: each change of a file, or of a directory on the way to it, and nothing
 * else. */
#include "sys/file.h"
#include "sys/file_watch.h"

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

#define COUNT(array) (sizeof(array) / sizeof *(array))

static char base[] = "/tmp/skua-watch-XXXXXX";
static int root = -1;
static sk_file_watch files;

static const char *in(const char *name) {
    static char path[2][512];
    static int turn;
    char *p = path[turn = !turn];
    snprintf(p, sizeof path[0], "%s/%s", base, name);
    return p;
}

static void put(const char *name, const char *text, int how) {
    int fd = open(in(name), O_WRONLY | O_CLOEXEC | how, 0644);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
}

/* A tree "a/b/file" of its own for each test. */
static int set_up(void **state) {
    (void)state;
    strcpy(base, "/tmp/skua-watch-XXXXXX");
    if (!mkdtemp(base) || mkdir(in("a"), 0755) || mkdir(in("a/b"), 0755))
        return -1;
    put("a/b/file", "content", O_CREAT);
    put("a/b/other", "other", O_CREAT);
    root = sk_dir_open(base);
    return root < 0 ? -1 : sk_file_watch_open(&files);
}

static int tear_down(void **state) {
    (void)state;
    sk_file_watch_close(&files);
    sk_file_close(root);
    char command[100];
    snprintf(command, sizeof command, "rm -rf %s", base);
    return system(command);
}

static sk_watched_path watch(const char *path) {
    sk_watched_path watched;
    int fd = sk_file_watch_path(&files, root, path, &watched);
    assert_true(fd >= 0);
    assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    sk_file_close(fd);
    return watched;
}

/* Take all there is: how many concern the path, as a[0]/a[1]/... */
static int heard_of(const sk_watched_path *watched, const char *const *names) {
    sk_file_change change;
    int count = 0;
    while (sk_file_watch_next(&files, &change)) {
        for (int i = 0; i < watched->count; i++)
            if (change.id == watched->ids[i] &&
                (i == watched->count - 1 || !change.name || strcmp(change.name, names[i]) == 0))
                count++;
    }
    return count;
}

static const char *const names[] = {"a", "b", "file"};

/* ---- changes ---- */

static void write_in_place(void) {
    put("a/b/file", "CONTENT", 0);
}

static void append(void) {
    put("a/b/file", "x", O_APPEND);
}

static void cut(void) {
    assert_int_equal(truncate(in("a/b/file"), 3), 0);
}

static void open_and_cut(void) {
    put("a/b/file", "", O_TRUNC);
}

static void rename_over(void) {
    assert_int_equal(rename(in("a/b/other"), in("a/b/file")), 0);
}

static void rename_away(void) {
    assert_int_equal(rename(in("a/b/file"), in("a/b/old")), 0);
}

static void delete_file(void) {
    assert_int_equal(unlink(in("a/b/file")), 0);
}

static void change_mode(void) {
    assert_int_equal(chmod(in("a/b/file"), 0), 0);
}

static void change_time(void) {
    const struct timespec times[2] = {{1, 0}, {1, 0}};
    assert_int_equal(utimensat(AT_FDCWD, in("a/b/file"), times, 0), 0);
}

static void change_by_other_name(void) {
    assert_int_equal(link(in("a/b/file"), in("hard")), 0);
    put("hard", "CONTENT", 0);
}

static void rename_parent(void) {
    assert_int_equal(rename(in("a/b"), in("a/c")), 0);
}

static void rename_grandparent(void) {
    assert_int_equal(rename(in("a"), in("z")), 0);
}

static void exchange_parent(void) {
    assert_int_equal(mkdir(in("a/c"), 0755), 0);
    if (renameat2(AT_FDCWD, in("a/b"), AT_FDCWD, in("a/c"), RENAME_EXCHANGE) != 0)
        rename_parent(); /* not on every file system */
}

static void close_parent(void) {
    assert_int_equal(chmod(in("a"), 0), 0);
    assert_int_equal(chmod(in("a"), 0755), 0);
}

static void put_link_in_place(void) {
    delete_file();
    assert_int_equal(symlink("other", in("a/b/file")), 0);
}

static void each_change_is_heard(void **state) {
    static const struct {
        const char *what;
        void (*change)(void);
    } cases[] = {
        {"written in place", write_in_place},
        {"appended to", append},
        {"cut", cut},
        {"opened and cut", open_and_cut},
        {"another renamed over it", rename_over},
        {"renamed", rename_away},
        {"deleted", delete_file},
        {"mode", change_mode},
        {"time", change_time},
        {"by a hard link", change_by_other_name},
        {"parent renamed", rename_parent},
        {"parent's parent renamed", rename_grandparent},
        {"parent exchanged", exchange_parent},
        {"parent's mode", close_parent},
        {"a link in its place", put_link_in_place},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        sk_watched_path watched = watch("a/b/file");
        assert_int_equal(watched.count, 4);
        assert_int_equal(heard_of(&watched, names), 0);
        cases[i].change();
        if (heard_of(&watched, names) == 0)
            fail_msg("nothing heard: %s", cases[i].what);
        assert_int_equal(heard_of(&watched, names), 0);
        tear_down(state);
        assert_int_equal(set_up(state), 0);
    }
}

static void other_things_are_not(void **state) {
    (void)state;
    sk_watched_path watched = watch("a/b/file");
    char byte;
    int fd = open(in("a/b/file"), O_RDWR | O_CLOEXEC);
    assert_int_equal(read(fd, &byte, 1), 1);
    close(fd);
    put("a/b/other", "more", O_APPEND);
    put("a/b/new", "new", O_CREAT);
    put("a/new", "new", O_CREAT);
    assert_int_equal(rename(in("a/b/new"), in("a/b/newer")), 0);
    assert_int_equal(unlink(in("a/b/newer")), 0);
    assert_int_equal(mkdir(in("b"), 0755), 0);
    assert_int_equal(heard_of(&watched, names), 0);
}

/* ---- watching and forgetting ---- */

static void shared_directories_are_the_same(void **state) {
    (void)state;
    sk_watched_path one = watch("a/b/file"), two = watch("a/b/other");
    for (int i = 0; i < 3; i++)
        assert_int_equal(one.ids[i], two.ids[i]);
    assert_int_not_equal(one.ids[3], two.ids[3]);
    sk_file_watch_forget(&files, one.ids[3]);
    heard_of(&one, names);
    write_in_place();
    assert_int_equal(heard_of(&one, names), 0);
    put("a/b/other", "x", 0);
    assert_int_equal(heard_of(&two, (const char *const[]){"a", "b", "other"}), 1);
    sk_file_watch_forget(&files, one.ids[3]); /* once more does no harm */
}

static void what_is_no_plain_path_to_a_file(void **state) {
    (void)state;
    char wide[300];
    memset(wide, 'w', sizeof wide - 1);
    wide[sizeof wide - 1] = '\0';
    assert_int_equal(symlink("file", in("a/b/link")), 0);
    assert_int_equal(symlink("b", in("a/dirlink")), 0);
    assert_int_equal(mkfifo(in("fifo"), 0644), 0);
    assert_int_equal(mkdir(in("d"), 0755), 0);
    const struct {
        const char *path;
        int rc;
    } cases[] = {
        {"a/b/link", -ELOOP},  {"a/dirlink/file", -ENOTDIR},
        {"a/b", -EISDIR},      {"fifo", -EISDIR},
        {"none", -ENOENT},     {"a/none/file", -ENOENT},
        {wide, -ENAMETOOLONG}, {"a/b/file/x", -ENOTDIR},
        {"d/d/d", -ENOENT},
    };
    int before = dup(root);
    close(before);
    for (size_t i = 0; i < COUNT(cases); i++) {
        sk_watched_path watched;
        int rc = sk_file_watch_path(&files, root, cases[i].path, &watched);
        if (rc != cases[i].rc)
            fail_msg("%.20s: %d", cases[i].path, rc);
        assert_in_range(watched.count, 1, 3);
    }
    int after = dup(root);
    close(after);
    assert_int_equal(after, before);
}

static void a_path_may_be_too_deep(void **state) {
    (void)state;
    char path[2 * SK_FILE_WATCH_DEPTH + 8] = "d";
    sk_watched_path watched;
    for (int i = 1; i <= SK_FILE_WATCH_DEPTH; i++) {
        assert_int_equal(mkdir(in(path), 0755), 0);
        strcat(path, "/d");
    }
    put(path, "deep", O_CREAT);
    assert_int_equal(sk_file_watch_path(&files, root, path, &watched), -ENAMETOOLONG);
    assert_int_equal(watched.count, SK_FILE_WATCH_DEPTH + 1);
    /* Beside the deepest directory is the last place that can be watched. */
    strcpy(path + strlen(path) - 3, "f");
    put(path, "deep", O_CREAT);
    watched = watch(path);
    assert_int_equal(watched.count, SK_FILE_WATCH_DEPTH + 1);
}

static void it_stays_with_what_was_opened(void **state) {
    (void)state;
    sk_watched_path watched = watch("a/b/file");
    rename_away();
    put("a/b/file", "new", O_CREAT);
    assert_true(heard_of(&watched, names) > 0);
    write_in_place();
    assert_int_equal(heard_of(&watched, names), 0);
}

/* ---- too much ---- */

static long queue_length(void) {
    long n = 0;
    FILE *f = fopen("/proc/sys/fs/inotify/max_queued_events", "r");
    if (f && fscanf(f, "%ld", &n) != 1)
        n = 0;
    if (f)
        fclose(f);
    return n;
}

static void what_was_missed_is_told(void **state) {
    (void)state;
    long n = queue_length();
    if (n <= 0 || n > 100000)
        skip();
    watch("a/b/file");
    watch("a/b/other");
    int one = open(in("a/b/file"), O_WRONLY | O_CLOEXEC);
    int two = open(in("a/b/other"), O_WRONLY | O_CLOEXEC);
    for (long i = 0; i <= n; i++) /* in turn, lest they be merged */
        assert_int_equal(pwrite(i % 2 ? one : two, "x", 1, 0), 1);
    close(one);
    close(two);
    sk_file_change change;
    long missed = 0, told = 0;
    while (sk_file_watch_next(&files, &change)) {
        missed += change.id < 0;
        told++;
    }
    assert_int_equal(missed, 1);
    assert_true(told >= n);
}

static void long_names_come_whole(void **state) {
    (void)state;
    char name[256] = "";
    watch("a/b/file");
    for (int i = 0; i < 40; i++) { /* more than one reading brings */
        memset(name, 'a' + i % 26, 255);
        name[0] = (char)('A' + i / 26);
        put(name, "x", O_CREAT);
    }
    sk_file_change change;
    int count = 0;
    while (sk_file_watch_next(&files, &change)) {
        assert_non_null(change.name);
        assert_int_equal(strlen(change.name), 255);
        count++;
    }
    assert_int_equal(count, 40);
}

#define EACH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        EACH(each_change_is_heard),
        EACH(other_things_are_not),
        EACH(shared_directories_are_the_same),
        EACH(what_is_no_plain_path_to_a_file),
        EACH(a_path_may_be_too_deep),
        EACH(it_stays_with_what_was_opened),
        EACH(what_was_missed_is_told),
        EACH(long_names_come_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
