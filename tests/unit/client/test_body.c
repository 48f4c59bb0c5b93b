/* client/body.c - sources of bodies, pulled piece by piece. */
#include "bodies.h"
#include "client/body.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static char got[1 << 20];

/* Take all of it, in bites. Returns how many bytes, or the error. */
static ptrdiff_t drain(sk_body_source *s, size_t bite, skua_error *err) {
    size_t sum = 0;
    for (;;) {
        int rc = sk_body_fill(s, 1000, err);
        if (rc != 0)
            return rc;
        if (s->left == 0)
            return (ptrdiff_t)sum;
        size_t n = s->left < bite ? s->left : bite;
        memcpy(got + sum, s->at, n);
        sk_body_take(s, n);
        sum += n;
    }
}

static void assert_gives(sk_body_source *s, size_t len) {
    skua_error err = {0};
    ptrdiff_t n = drain(s, 5000, &err);
    if (n < 0)
        print_error("%s\n", err.msg);
    assert_int_equal(n, len);
    assert_true(bodies_are(got, len));
    assert_true(s->ended);
}

static void every_kind_gives_its_bytes_twice(void **state) {
    (void)state;
    static char data[200000];
    bodies_write(data, sizeof data);
    FILE *file = bodies_file(sizeof data), *other = bodies_file(sizeof data);
    bodies_spring spring = {.len = sizeof data, .step = 70000};
    const skua_body bodies[] = {
        {.size = sizeof(skua_body), .kind = SKUA_BODY_BYTES, .data = data, .len = sizeof data},
        {.size = sizeof(skua_body), .kind = SKUA_BODY_FD, .fd = fileno(file)},
        {.size = sizeof(skua_body), .kind = SKUA_BODY_FILE, .file = other},
        {.size = sizeof(skua_body),
         .kind = SKUA_BODY_CALLBACK,
         .len = sizeof data,
         .read = bodies_read,
         .rewind = bodies_rewind,
         .user = &spring},
    };
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        sk_body_source s;
        skua_error err;
        assert_int_equal(sk_body_open(&s, &bodies[i], &err), 0);
        assert_int_equal(s.length, sizeof data);
        assert_true(sk_body_can_rewind(&s));
        assert_gives(&s, sizeof data);
        assert_int_equal(sk_body_rewind(&s, &err), 0);
        assert_gives(&s, sizeof data);
        sk_body_settle(&s);
        sk_body_close(&s);
    }
    assert_int_equal(spring.rewinds, 1);
    assert_int_equal(lseek(fileno(file), 0, SEEK_CUR), 9 + sizeof data);
    assert_int_equal(ftell(other), 9 + sizeof data);
    fclose(file);
    fclose(other);
}

static void what_is_not_taken_is_not_read(void **state) {
    (void)state;
    FILE *file = bodies_file(1000), *other = bodies_file(1000);
    const skua_body bodies[] = {
        {.size = sizeof(skua_body), .kind = SKUA_BODY_FD, .fd = fileno(file)},
        {.size = sizeof(skua_body), .kind = SKUA_BODY_FILE, .file = other},
    };
    for (size_t i = 0; i < 2; i++) {
        sk_body_source s;
        skua_error err;
        assert_int_equal(sk_body_open(&s, &bodies[i], &err), 0);
        assert_int_equal(sk_body_fill(&s, -1, &err), 0);
        assert_int_equal(s.left, 1000);
        sk_body_take(&s, 10);
        sk_body_settle(&s);
        sk_body_close(&s);
    }
    assert_int_equal(lseek(fileno(file), 0, SEEK_CUR), 19);
    assert_int_equal(ftell(other), 19);
    fclose(file);
    fclose(other);
}

static void no_more_is_taken_than_the_length_and_less_is_an_error(void **state) {
    (void)state;
    FILE *file = bodies_file(1000);
    sk_body_source s;
    skua_error err;
    skua_body from = {.size = sizeof from, .kind = SKUA_BODY_FD, .fd = fileno(file), .len = 600};
    assert_int_equal(sk_body_open(&s, &from, &err), 0);
    assert_gives(&s, 600);
    sk_body_settle(&s);
    sk_body_close(&s);
    assert_int_equal(sk_body_open(&s, &from, &err), 0); /* from where the first ended */
    assert_int_equal(drain(&s, 5000, &err), SKUA_E_INCOMPLETE_READ);
    assert_string_equal(err.msg, "send: request body: it ended after 400 of 600 bytes");
    sk_body_close(&s);
    fclose(file);
}

static void a_pipe_has_no_length_and_ends(void **state) {
    (void)state;
    int fds[2];
    char data[100];
    sk_body_source s;
    skua_error err;
    bodies_write(data, sizeof data);
    assert_int_equal(pipe(fds), 0);
    skua_body from = {.size = sizeof from, .kind = SKUA_BODY_FD, .fd = fds[0]};
    assert_int_equal(sk_body_open(&s, &from, &err), 0);
    assert_int_equal(s.length, -1);
    assert_false(sk_body_can_rewind(&s));
    assert_int_equal(sk_body_fill(&s, 10, &err), SKUA_E_TIMEOUT);
    assert_int_equal(write(fds[1], data, sizeof data), sizeof data);
    close(fds[1]);
    fcntl(fds[0], F_SETFL, O_NONBLOCK);
    assert_gives(&s, sizeof data);
    sk_body_close(&s);
    close(fds[0]);
}

/* The system's own files hold what they do not announce. */
static void an_empty_file_is_looked_into(void **state) {
    (void)state;
    sk_body_source s;
    skua_error err;
    int fd = open("/proc/self/stat", O_RDONLY);
    skua_body from = {.size = sizeof from, .kind = SKUA_BODY_FD, .fd = fd};
    assert_int_equal(sk_body_open(&s, &from, &err), 0);
    assert_int_equal(s.length, -1);
    assert_true(drain(&s, 5000, &err) > 0);
    sk_body_close(&s);
    close(fd);
    FILE *file = bodies_file(0);
    from.fd = fileno(file);
    assert_int_equal(sk_body_open(&s, &from, &err), 0);
    assert_int_equal(s.length, 0);
    assert_gives(&s, 0);
    sk_body_close(&s);
    from.len = SKUA_LENGTH_UNKNOWN;
    assert_int_equal(sk_body_open(&s, &from, &err), 0);
    assert_int_equal(s.length, -1);
    sk_body_close(&s);
    fclose(file);
}

static void what_makes_no_sense_is_refused(void **state) {
    (void)state;
    static const skua_body bad[] = {
        {.size = sizeof(skua_body), .kind = SKUA_BODY_BYTES, .len = 3},
        {.size = sizeof(skua_body), .kind = SKUA_BODY_BYTES, .data = "x", .len = -1},
        {.size = sizeof(skua_body), .kind = SKUA_BODY_FD, .fd = -1},
        {.size = sizeof(skua_body), .kind = SKUA_BODY_FILE},
        {.size = sizeof(skua_body), .kind = SKUA_BODY_CALLBACK},
        {.size = sizeof(skua_body), .kind = SKUA_BODY_CALLBACK, .read = bodies_read, .len = -2},
        {.size = sizeof(skua_body), .kind = (skua_body_kind)9},
        {.kind = SKUA_BODY_BYTES},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        sk_body_source s;
        skua_error err;
        assert_int_equal(sk_body_open(&s, &bad[i], &err), SKUA_E_INVALID_ARGUMENT);
        sk_body_close(&s);
    }
}

static void what_cannot_be_read_says_why(void **state) {
    (void)state;
    sk_body_source s;
    skua_error err;
    skua_body from = {.size = sizeof from, .kind = SKUA_BODY_FD, .fd = 1000000};
    assert_int_equal(sk_body_open(&s, &from, &err), SKUA_E_OS);
    assert_int_equal(err.os_errno, EBADF);
    assert_non_null(strstr(err.msg, "request body: "));
    from.fd = open("/", O_RDONLY);
    assert_int_equal(sk_body_open(&s, &from, &err), 0);
    assert_int_equal(sk_body_fill(&s, -1, &err), SKUA_E_OS);
    assert_int_equal(err.os_errno, EISDIR);
    sk_body_close(&s);
    FILE *dir = fopen("/", "r");
    skua_body file = {.size = sizeof file, .kind = SKUA_BODY_FILE, .file = dir};
    assert_int_equal(sk_body_open(&s, &file, &err), 0);
    assert_int_equal(sk_body_fill(&s, -1, &err), SKUA_E_OS);
    assert_int_equal(err.os_errno, EISDIR);
    sk_body_close(&s);
    fclose(dir);
    close(from.fd);
}

static ptrdiff_t greedy(void *buf, size_t cap, void *user) {
    (void)buf;
    (void)user;
    return (ptrdiff_t)cap + 1;
}

static void a_callback_can_stop(void **state) {
    (void)state;
    sk_body_source s;
    skua_error err;
    bodies_spring spring = {.len = 100, .step = 10, .fail_at = 50};
    skua_body from = {
        .size = sizeof from, .kind = SKUA_BODY_CALLBACK, .read = bodies_read, .user = &spring};
    assert_int_equal(sk_body_open(&s, &from, &err), 0);
    assert_false(sk_body_can_rewind(&s));
    assert_int_equal(drain(&s, 5000, &err), SKUA_E_CANCELLED);
    assert_int_equal(s.taken, 50);
    sk_body_close(&s);
    from.read = greedy;
    assert_int_equal(sk_body_open(&s, &from, &err), 0);
    assert_int_equal(sk_body_fill(&s, -1, &err), SKUA_E_CANCELLED);
    sk_body_close(&s);
}

/* The number of a closed descriptor is soon another's. */
static void another_file_under_the_same_number_is_not_sent(void **state) {
    (void)state;
    FILE *file = bodies_file(100), *other = bodies_file(100);
    sk_body_source s;
    skua_error err;
    int fd = dup(fileno(file));
    skua_body from = {.size = sizeof from, .kind = SKUA_BODY_FD, .fd = fd};
    assert_int_equal(sk_body_open(&s, &from, &err), 0);
    assert_gives(&s, 100);
    assert_int_equal(dup2(fileno(other), fd), fd);
    assert_int_equal(sk_body_rewind(&s, &err), SKUA_E_OS);
    close(fd);
    assert_int_equal(sk_body_rewind(&s, &err), SKUA_E_OS);
    sk_body_close(&s);
    fclose(file);
    fclose(other);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_gives_its_bytes_twice),
        cmocka_unit_test(what_is_not_taken_is_not_read),
        cmocka_unit_test(no_more_is_taken_than_the_length_and_less_is_an_error),
        cmocka_unit_test(a_pipe_has_no_length_and_ends),
        cmocka_unit_test(an_empty_file_is_looked_into),
        cmocka_unit_test(what_makes_no_sense_is_refused),
        cmocka_unit_test(what_cannot_be_read_says_why),
        cmocka_unit_test(a_callback_can_stop),
        cmocka_unit_test(another_file_under_the_same_number_is_not_sent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
