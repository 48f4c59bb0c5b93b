/* The logs while there is no memory: an error, and nothing is lost. */
#include "../nomem.h"
#include "server/logs.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void each_allocation_may_fail(void **state) {
    (void)state;
    bool failed = true;
    for (int n = 1; failed && n < 100; n++) {
        skua_error err;
        sk_logs *l = NULL;
        nomem_fail_from(n);
        int rc = sk_logs_new(&(sk_logs_opts){.access_path = "/dev/null", .error_path = "/dev/null"},
                             &l, &err);
        if (rc == 0)
            rc = sk_logs_start(l, 2, &err);
        failed = nomem_stop();
        assert_true(failed ? rc == SKUA_E_NOMEM || rc == SKUA_E_OS : rc == 0);
        sk_logs_free(l);
    }
    assert_false(failed);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(each_allocation_may_fail)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
