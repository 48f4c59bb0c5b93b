/* Reading a directory while memory runs out: at each allocation in turn. */
#include "sys/directory.h"
#include "sys/file.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define FILES 300

void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t count, size_t n);
void *__wrap_realloc(void *p, size_t n);
void *__real_malloc(size_t n);
void *__real_calloc(size_t count, size_t n);
void *__real_realloc(void *p, size_t n);

static int left = -1; /* allocations until one fails; negative: none does */

static bool fails(void) {
    return left >= 0 && left-- == 0;
}

void *__wrap_malloc(size_t n) {
    return fails() ? NULL : __real_malloc(n);
}

void *__wrap_calloc(size_t count, size_t n) {
    return fails() ? NULL : __real_calloc(count, n);
}

void *__wrap_realloc(void *p, size_t n) {
    return fails() ? NULL : __real_realloc(p, n);
}

/* Files and links in turn; with `make` false they are removed. */
static void fill(int dir, bool make) {
    for (int i = 0; i < FILES; i++) {
        char name[16];
        snprintf(name, sizeof name, "%03d", i);
        int rc = !make        ? unlinkat(dir, name, 0)
                 : i % 2 == 0 ? mknodat(dir, name, S_IFREG | 0644, 0)
                              : symlinkat("000", dir, name);
        assert_int_equal(rc, 0);
    }
}

static void each_allocation_fails(void **state) {
    (void)state;
    char root[] = "/tmp/skua-directory-XXXXXX";
    assert_non_null(mkdtemp(root));
    int dir = sk_dir_open(root);
    assert_true(dir >= 0);
    fill(dir, true);
    int rc = -ENOMEM, n = 0;
    for (; rc != 0 && n < 1000; n++) {
        sk_arena arena = {0};
        sk_directory d = {0};
        left = n;
        rc = sk_directory_read(dir, "", &(sk_directory_bounds){.max = 1000}, &arena, &d);
        left = -1;
        assert_true(rc == 0 || rc == -ENOMEM);
        assert_true(rc != 0 || d.count == FILES);
        sk_arena_free(&arena);
    }
    assert_int_equal(rc, 0);
    assert_true(n > 3); /* some did fail before */
    fill(dir, false);
    sk_file_close(dir);
    assert_int_equal(rmdir(root), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_allocation_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
