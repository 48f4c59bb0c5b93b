/* The error log tells, at its first level, where a request was not served for want of memory. */
#include "../nomem.h"
#include "over_pair.h"
#include "told.h"

#define REQUEST                                                                                    \
    "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabcGET /a HTTP/1.1\r\nHost: "         \
    "h\r\n\r\n"

static told lines;

static int hello(skua_request *q, skua_reply *a, void *user) {
    (void)q;
    (void)user;
    return skua_reply_text(a, 200, "hello");
}

static void b09_a_shortage_of_memory_is_told(void **state) {
    (void)state;
    bool failed = true;
    int met = 0;
    for (int n = 1; failed && n < 100; n++) {
        over_pair p;
        op_init(&p);
        told_by(&p, &lines, SKUA_LOG_WARN);
        assert_int_equal(op_route(&p, "/{name}", hello, NULL), 0);
        assert_true(op_connect(&p, 1000));
        assert_non_null(sk_buf_reserve(&p.heard, 65536));
        nomem_fail_once(n);
        op_say(&p, REQUEST);
        failed = nomem_stop();
        const char *text = op_heard(&p);
        bool served = op_status(text, 0) == 200 && op_status(text, 1) == 200;
        bool well = served && op_is_open(&p);
        if (well != (lines.lines == 0))
            fail_msg("allocation %d: \"%s\" and \"%s\"", n, text, lines.text);
        met += !well;
        op_free(&p);
    }
    assert_false(failed);
    assert_true(met > 3);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(b09_a_shortage_of_memory_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
