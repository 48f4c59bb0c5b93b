/* coding/encoder: each allocation fails in turn, the libraries' own among them. */
#include "../nomem.h"
#include "coding/encoder.h"

#include <setjmp.h>
#include <skua/error.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static char plain[200000];

static int encode(int which, size_t hint) {
    sk_encoder *e = sk_encoder_new(which, hint);
    sk_buf out = {0};
    if (!e)
        return SKUA_E_NOMEM;
    int rc = sk_encoder_write(e, (skua_str){plain, 1000}, SK_ENCODE_FLUSH, &out);
    if (rc == 0)
        rc = sk_encoder_write(e, (skua_str){plain, sizeof plain}, SK_ENCODE_END, &out);
    sk_encoder_free(e);
    sk_buf_free(&out);
    return rc;
}

static void every_allocation_may_fail(int which, size_t hint) {
    for (int n = 1; n < 1000; n++) {
        nomem_fail_from(n);
        int rc = encode(which, hint);
        if (!nomem_stop()) {
            assert_int_equal(rc, 0);
            assert_true(n > 4); /* the library does allocate through us */
            return;
        }
        assert_int_equal(rc, SKUA_E_NOMEM);
    }
    fail();
}

static void each_coding(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof plain; i++)
        plain[i] = (char)(i * i >> 7);
    for (int which = 0; sk_encoder_names()[which]; which++) {
        every_allocation_may_fail(which, 0);
        every_allocation_may_fail(which, sizeof plain);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(each_coding)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
