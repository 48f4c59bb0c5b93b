/* The system's clock is set while a server runs: what it says follows, what it waits for does not.
 */
#include "over_pair.h"
#include "sys/clock.h"

#define GET "GET / HTTP/1.1\r\nHost: h\r\n\r\n"

static int64_t wall; /* seconds since 1970 */

int64_t __wrap_sk_clock_unix(void);
int64_t __wrap_sk_clock_unix(void) {
    return wall;
}

static int hello(skua_request *q, skua_reply *a, void *user) {
    (void)q;
    (void)user;
    return skua_reply_text(a, 200, "hello");
}

static void says(over_pair *p, const char *date) {
    char line[64];
    snprintf(line, sizeof line, "\r\nDate: %s\r\n", date);
    op_say(p, GET);
    const char *text = op_heard(p);
    if (!strstr(text, line))
        assert_string_equal(text, line);
    assert_true(op_is_open(p));
}

static void b01_a_clock_that_jumps_is_followed(void **state) {
    (void)state;
    over_pair p;
    op_init(&p);
    assert_int_equal(op_route(&p, "GET /", hello, NULL), 0);
    assert_true(op_connect(&p, 65536));
    wall = 784111777;
    says(&p, "Sun, 06 Nov 1994 08:49:37 GMT");
    op_wait(&p, 1);
    wall -= 86400;
    says(&p, "Sat, 05 Nov 1994 08:49:37 GMT");
    op_wait(&p, 1);
    wall = 951782400;
    says(&p, "Tue, 29 Feb 2000 00:00:00 GMT");
    op_wait(&p, 1);
    wall = -1; /* set to what it never was */
    says(&p, "Wed, 31 Dec 1969 23:59:59 GMT");
    op_wait(&p, p.settings.idle_ms - 1);
    assert_true(op_is_open(&p));
    op_wait(&p, 1); /* its patience goes by another clock */
    assert_false(op_is_open(&p));
    op_free(&p);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(b01_a_clock_that_jumps_is_followed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
