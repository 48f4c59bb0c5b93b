/* A reply that is made elsewhere, where there is no memory to take what was written of it to the
 * connection: it is cut, and nothing is missing in the middle. */
#include "../nomem.h"
#include "over_pair.h"

static int defer(skua_request *q, skua_reply *a, void *user) {
    (void)q;
    *(skua_reply **)user = a;
    return skua_reply_defer(a);
}

static void a_piece_that_is_lost_cuts_the_reply(void **state) {
    (void)state;
    over_pair p;
    skua_reply *a = NULL;
    op_init(&p);
    assert_int_equal(op_route(&p, "/", defer, &a), 0);
    assert_true(op_connect(&p, 1000));
    assert_non_null(sk_buf_reserve(&p.heard, 65536));
    op_say(&p, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_non_null(a);
    skua_reply_send_response(a, 200);
    skua_reply_end_headers(a);
    assert_int_equal(skua_reply_write(a, "one", 3), 0);
    op_settle(&p);
    assert_non_null(strstr(op_heard(&p), "3\r\none\r\n"));
    assert_int_equal(skua_reply_write(a, "two", 3), 0);
    sk_buf_free(&p.worker->out); /* as after a large reply */
    nomem_fail_once(1);
    op_turn(&p);
    assert_true(nomem_stop());
    skua_reply_write(a, "three", 5);
    skua_reply_finish(a);
    op_settle(&p);
    assert_string_equal(op_heard(&p), "");
    assert_true(p.ended);
    op_free(&p);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_piece_that_is_lost_cuts_the_reply),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
