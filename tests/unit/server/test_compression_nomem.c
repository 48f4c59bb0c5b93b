/* server/compression, server/reply_coding: each allocation fails in turn. The reply is whole, it is
 * an error, or the connection ends; nothing leaks. */
#include "../nomem.h"
#include "over_pair.h"
#include "server/compression.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define LONG    3000
#define REQUEST "GET / HTTP/1.1\r\nHost: h\r\nAccept-Encoding: "

static char text[LONG];

static int whole(skua_request *q, skua_reply *a, void *user) {
    (void)q;
    (void)user;
    skua_reply_send_header(a, "ETag", "\"1\"");
    skua_reply_send_header(a, "Vary", "Origin");
    return skua_reply_bytes(a, 200, "text/plain", text, LONG);
}

static int steps(skua_request *q, skua_reply *a, void *user) {
    (void)q;
    (void)user;
    skua_reply_send_response(a, 200);
    skua_reply_send_header(a, "Content-Type", "text/plain");
    skua_reply_end_headers(a);
    skua_reply_write(a, text, LONG);
    return skua_reply_write(a, text, LONG);
}

/* Returns whether an allocation has failed. */
static bool ask(skua_handler_fn *fn, const char *request, int n) {
    static over_pair p;
    op_init(&p);
    sk_callbacks *callbacks = sk_callbacks_new();
    callbacks->compression =
        sk_compression_new(SKUA_OPTS(skua_server_opts, .compress = 1), &callbacks->arena);
    p.settings.callbacks = callbacks;
    assert_int_equal(op_route(&p, "/", fn, NULL), 0);
    assert_true(op_connect(&p, 1 << 16));
    assert_non_null(sk_buf_reserve(&p.heard, 1 << 16));
    nomem_fail_from(n);
    op_say(&p, request);
    bool failed = nomem_stop();
    op_settle(&p);
    const char *heard = op_heard(&p);
    int status = op_status(heard, 0);
    assert_true(status == 200 || status == 500 || status == 503 || !op_is_open(&p));
    if (!failed) {
        assert_int_equal(status, 200);
        assert_non_null(strstr(heard, "Content-Encoding: "));
    }
    op_free(&p);
    sk_callbacks_unref(callbacks);
    return failed;
}

static void each_allocation_may_fail(void **state) {
    (void)state;
    static const char *const codings[] = {
        SK_HAVE_BROTLIENC ? REQUEST "br\r\n\r\n" : NULL,
        SK_HAVE_ZSTD ? REQUEST "zstd\r\n\r\n" : NULL,
        SK_HAVE_ZLIB ? REQUEST "gzip\r\n\r\n" : NULL,
    };
    static skua_handler_fn *const handlers[] = {whole, steps};
    memset(text, 'a', sizeof text);
    for (size_t i = 0; i < sizeof codings / sizeof codings[0]; i++) {
        for (size_t k = 0; codings[i] && k < sizeof handlers / sizeof handlers[0]; k++) {
            int n = 1;
            while (ask(handlers[k], codings[i], n))
                assert_true(n++ < 500);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(each_allocation_may_fail)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
