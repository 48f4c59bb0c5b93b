/* coding/decoder: each allocation fails in turn, the libraries' own among them. */
#include "../nomem.h"
#include "coding/decoder.h"
#include "encode.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static char coded[CODED_MAX], second[CODED_MAX], plain[100000], out[sizeof plain + 1];

/* Decode all of `in`. 0, or the error that ended it, which is then the decoder's for good. */
static int decode(const char *codings, skua_str in) {
    sk_decoder *d = NULL;
    skua_error err = {0};
    size_t len = 0;
    int rc = sk_decoder_new(sk_str(codings), &d, &err);
    if (rc != 0) {
        assert_null(d);
        assert_int_equal(err.code, rc);
        return rc;
    }
    ptrdiff_t n;
    while ((n = sk_decoder_read(d, &in, true, out + len, sizeof out - len, &err)) > 0)
        len += (size_t)n;
    assert_memory_equal(out, plain, len);
    if (n < 0) {
        assert_int_equal(err.code, n);
        assert_int_equal(sk_decoder_read(d, &in, true, out, sizeof out, NULL), n);
    } else {
        assert_int_equal(len, sizeof plain);
    }
    sk_decoder_free(d);
    return (int)n;
}

static void every_allocation_may_fail(const char *codings, skua_str in) {
    for (int n = 1; n < 1000; n++) {
        nomem_fail_from(n);
        int rc = decode(codings, in);
        if (!nomem_stop()) {
            assert_int_equal(rc, 0);
            assert_true(n > 2); /* the library does allocate through us */
            return;
        }
        assert_int_equal(rc, SKUA_E_NOMEM);
    }
    fail();
}

static void each_coding(void **state) {
    (void)state;
    static const char *const names[] = {"gzip", "deflate", "br", "zstd"};
    for (size_t i = 0; i < sizeof plain; i++)
        plain[i] = (char)(i * i >> 7);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        size_t len = encode(names[i], (skua_str){plain, sizeof plain}, coded);
        if (len == 0)
            continue;
        every_allocation_may_fail(names[i], (skua_str){coded, len});
        char codings[32];
        snprintf(codings, sizeof codings, "%s, %s", names[i], names[i]);
        len = encode(names[i], (skua_str){coded, len}, second);
        every_allocation_may_fail(codings, (skua_str){second, len});
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(each_coding)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
