/* What a request that is logged needs of memory: on a connection that has had one, nothing. */
#include "../nomem.h"
#include "over_pair.h"

#include <unistd.h>

static int hello(skua_request *q, skua_reply *a, void *user) {
    (void)q;
    (void)user;
    return skua_reply_text(a, 200, "hello");
}

static void b09_a_logged_request_allocates_nothing(void **state) {
    (void)state;
    static const char request[] = "GET / HTTP/1.1\r\nHost: h\r\nUser-Agent: tea\r\n"
                                  "Referer: https://example.org/\r\n\r\n";
    char path[] = "/tmp/skua-log-nomem-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    over_pair p;
    skua_error err;
    sk_logs *logs = NULL;
    op_init(&p);
    assert_int_equal(op_route(&p, "/", hello, NULL), 0);
    assert_int_equal(
        sk_logs_new(&(sk_logs_opts){.access_path = path, .format = SKUA_ACCESS_JSON}, &logs, &err),
        0);
    assert_int_equal(sk_logs_start(logs, 1, &err), 0);
    assert_true(op_connect(&p, 65536));
    p.worker->port = sk_logs_port(logs, 0);
    for (int i = 0; i < 10; i++)
        op_say(&p, request);
    nomem_fail_from(1);
    for (int i = 0; i < 10; i++)
        op_say(&p, request);
    assert_false(nomem_stop());
    assert_int_equal(op_status(op_heard(&p), 19), 200);
    op_free(&p);
    sk_logs_free(logs);
    char text[8192];
    ssize_t n = read(fd, text, sizeof text - 1);
    assert_true(n > 0);
    text[n] = '\0';
    int lines = 0;
    for (const char *at = text; (at = strstr(at, "\"status\":200,\"bytes\":5,")) != NULL; at++)
        lines++;
    assert_int_equal(lines, 20);
    close(fd);
    unlink(path);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(b09_a_logged_request_allocates_nothing)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
