/* Who runs this, and where. */
#include "sys/identity.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static void names_user_and_host(void **state) {
    (void)state;
    char who[300], host[256] = "", cut[4];
    gethostname(host, sizeof host);
    sk_identity(who, sizeof who);
    char *at = strchr(who, '@');
    assert_non_null(at);
    assert_true(at > who);
    assert_string_equal(at + 1, host);
    sk_identity(cut, sizeof cut);
    assert_int_equal(strlen(cut), 3);
    assert_memory_equal(cut, who, 3);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(names_user_and_host)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
