/* sys/descriptor.c - descriptors that were opened elsewhere. */
#include "sys/descriptor.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static void a_pipe_gives_what_was_written_and_its_end(void **state) {
    (void)state;
    int fds[2];
    char got[16] = "";
    assert_int_equal(pipe(fds), 0);
    const skua_str pieces[] = {{"> ", 2}, {"", 0}, {"line", 4}, {"\n", 1}};
    assert_int_equal(sk_descriptor_write(fds[1], pieces, 4), 0);
    close(fds[1]);
    assert_int_equal(sk_descriptor_read(fds[0], got, sizeof got), 7);
    assert_memory_equal(got, "> line\n", 7);
    assert_int_equal(sk_descriptor_read(fds[0], got, sizeof got), 0);
    assert_int_equal(sk_descriptor_tell(fds[0]), -ESPIPE);
    close(fds[0]);
    assert_int_equal(sk_descriptor_read(fds[0], got, 1), -EBADF);
    assert_int_equal(sk_descriptor_write(-1, pieces, 1), -EBADF);
    assert_int_equal(sk_descriptor_seek(-1, 0), -EBADF);
}

static void *read_all(void *user) {
    static char got[4096];
    const int *fd = user;
    size_t sum = 0;
    ptrdiff_t n;
    while ((n = sk_descriptor_read(*fd, got, sizeof got)) > 0)
        sum += (size_t)n;
    return (void *)sum;
}

/* More than a pipe holds, through one that does not block. */
static void all_is_written_however_little_is_taken_at_once(void **state) {
    (void)state;
    static char large[1 << 20];
    int fds[2];
    pthread_t reader;
    void *sum;
    assert_int_equal(pipe(fds), 0);
    assert_int_equal(fcntl(fds[1], F_SETFL, O_NONBLOCK), 0);
    assert_int_equal(pthread_create(&reader, NULL, read_all, &fds[0]), 0);
    const skua_str pieces[] = {{"ab", 2}, {large, sizeof large}, {"c", 1}};
    assert_int_equal(sk_descriptor_write(fds[1], pieces, 3), 0);
    close(fds[1]);
    pthread_join(reader, &sum);
    assert_int_equal((size_t)sum, sizeof large + 3);
    close(fds[0]);
}

static void a_file_stands_where_it_was_put(void **state) {
    (void)state;
    FILE *f = tmpfile();
    assert_non_null(f);
    fputs("hello", f);
    fflush(f);
    assert_int_equal(sk_descriptor_tell(fileno(f)), 5);
    assert_int_equal(sk_descriptor_seek(fileno(f), 2), 0);
    assert_int_equal(sk_descriptor_tell(fileno(f)), 2);
    char got[8];
    assert_int_equal(sk_descriptor_read(fileno(f), got, sizeof got), 3);
    fclose(f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pipe_gives_what_was_written_and_its_end),
        cmocka_unit_test(all_is_written_however_little_is_taken_at_once),
        cmocka_unit_test(a_file_stands_where_it_was_put),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
