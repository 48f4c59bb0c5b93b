/* Files in the cache while there is no memory: nothing is kept, nothing is lost, and it goes on. */
#include "../nomem.h"
#include "server/file_cache.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

static char base[] = "/tmp/skua-cache-nomem-XXXXXX";
static int root;

static int set_up(void **state) {
    (void)state;
    if (!mkdtemp(base) || (root = sk_dir_open(base)) < 0)
        return -1;
    int fd = openat(root, "file", O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
    if (fd < 0 || write(fd, "content", 7) != 7 || close(fd) != 0)
        return -1;
    fd = openat(root, "large", O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
    return fd >= 0 && ftruncate(fd, SK_CACHED_FILE_MAX + 1) == 0 ? close(fd) : -1;
}

static int tear_down(void **state) {
    (void)state;
    sk_file_close(root);
    char command[100];
    snprintf(command, sizeof command, "rm -rf %s", base);
    return system(command);
}

static void each_may_fail(const char *name) {
    const sk_file_key key = sk_file_key_of(root, name);
    sk_file_info info;
    int fd = sk_file_open_below(root, name);
    assert_int_equal(sk_file_stat(fd, &info), 0);
    sk_file_close(fd);
    bool failed = true;
    for (int n = 1; failed && n < 100; n++) {
        sk_loop *l = sk_loop_new(SK_POLLER_BEST, NULL);
        assert_non_null(l);
        nomem_fail_from(n);
        sk_file_cache *c = sk_file_cache_new(l);
        for (int i = 0; c && i < 2; i++)
            sk_file_cache_offer(c, &key, &info, "x/y", info.mtime);
        failed = nomem_stop();
        assert_true(n == 1 || c);
        if (c)
            assert_int_equal(sk_file_cache_has(c, &key), !failed);
        sk_file_cache_free(c);
        sk_loop_free(l);
    }
    assert_false(failed);
    int after = dup(root);
    close(after);
    assert_int_equal(after, fd);
}

static void each_allocation_may_fail(void **state) {
    (void)state;
    each_may_fail("file");
    each_may_fail("large");
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(each_allocation_may_fail)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
