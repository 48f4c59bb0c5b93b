/* Forms with files while there is no memory: an error, and no file is left. */
#include "../nomem.h"

#include <setjmp.h>
#include <skua/multipart_reader.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define FORM "--b\r\nContent-Disposition: form-data; name=f; filename=x\r\n\r\ncontent\r\n--b--"

static int take(const skua_multipart_opts *o) {
    skua_error err;
    skua_multipart_reader *r =
        skua_multipart_reader_new("multipart/form-data; boundary=b", o, &err);
    if (!r)
        return err.code;
    int rc = skua_multipart_reader_feed(r, FORM, strlen(FORM), &err);
    if (rc == 0)
        rc = SKUA_E_CANCELLED; /* not finished: the file goes */
    skua_multipart_reader_free(r);
    return rc;
}

static void each_allocation_may_fail(void **state) {
    (void)state;
    char dir[] = "/tmp/skua-uploads-nomem-XXXXXX";
    assert_non_null(mkdtemp(dir));
    const skua_multipart_opts o = {.size = sizeof o, .dir = dir};
    bool failed = true;
    for (int n = 1; failed && n < 100; n++) {
        nomem_fail_from(n);
        int rc = take(&o);
        failed = nomem_stop();
        assert_int_equal(rc, failed ? SKUA_E_NOMEM : SKUA_E_CANCELLED);
    }
    assert_false(failed);
    assert_int_equal(rmdir(dir), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(each_allocation_may_fail)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
