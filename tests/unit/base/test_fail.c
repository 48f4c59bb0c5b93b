/* base/fail: what stands in a filled error. */
#include "base/fail.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void fills_afresh(void **state) {
    (void)state;
    skua_error e, zero;
    memset(&e, 0x55, sizeof e);
    memset(&zero, 0, sizeof zero);
    int rc = sk_fail(&e, SKUA_E_BAD_FIELD, SKUA_PHASE_RECV, "line %d of %s", 3, "head");
    assert_int_equal(rc, SKUA_E_BAD_FIELD);
    assert_int_equal(e.code, SKUA_E_BAD_FIELD);
    assert_int_equal(e.phase, SKUA_PHASE_RECV);
    assert_int_equal(e.bytes_expected, -1);
    assert_string_equal(e.msg, "recv: line 3 of head");
    e.code = 0;
    e.phase = SKUA_PHASE_NONE;
    e.bytes_expected = 0;
    memset(e.msg, 0, sizeof e.msg);
    assert_memory_equal(&e, &zero, sizeof e);
}

static void null_is_fine(void **state) {
    (void)state;
    assert_int_equal(sk_fail(NULL, SKUA_E_HTTP, SKUA_PHASE_SEND, "x"), SKUA_E_HTTP);
    assert_int_equal(sk_fail_os(NULL, SKUA_E_OS, SKUA_PHASE_SEND, EPIPE, "x"), SKUA_E_BROKEN_PIPE);
    assert_int_equal(sk_fail_nomem(NULL), SKUA_E_NOMEM);
}

static void what_making_it_failed_with_stands(void **state) {
    (void)state;
    skua_error e = {0};
    assert_int_equal(sk_fail_absent(NULL, "x is needed"), SKUA_E_INVALID_ARGUMENT);
    assert_int_equal(sk_fail_absent(&e, "x is needed"), SKUA_E_INVALID_ARGUMENT);
    assert_string_equal(e.msg, "x is needed");
    sk_fail(&e, SKUA_E_INVALID_URL, SKUA_PHASE_NONE, "no such port");
    assert_int_equal(sk_fail_absent(&e, "x is needed"), SKUA_E_INVALID_URL);
    assert_string_equal(e.msg, "no such port");
    memset(&e, 0x55, sizeof e); /* nobody has filled it */
    assert_int_equal(sk_fail_absent(&e, "x is needed"), SKUA_E_INVALID_ARGUMENT);
    assert_string_equal(e.msg, "x is needed");
}

static void no_phase_no_prefix(void **state) {
    (void)state;
    skua_error e;
    sk_fail(&e, SKUA_E_INVALID_URL, SKUA_PHASE_NONE, "bad");
    assert_string_equal(e.msg, "bad");
}

static void long_text_is_cut(void **state) {
    (void)state;
    for (int n = 480; n < 540; n++) {
        skua_error e;
        sk_fail(&e, SKUA_E_HTTP, SKUA_PHASE_TLS, "%0*d", n, 7);
        size_t whole = strlen("tls: ") + (size_t)n;
        assert_int_equal(strlen(e.msg), whole < sizeof e.msg ? whole : sizeof e.msg - 1);
        sk_fail_os(&e, SKUA_E_OS, SKUA_PHASE_TLS, ECONNRESET, "%0*d", n, 7);
        assert_true(strlen(e.msg) < sizeof e.msg);
        assert_int_equal(e.reserved[0], 0);
    }
}

static void controls_are_masked(void **state) {
    (void)state;
    skua_error e;
    sk_fail(&e, SKUA_E_BAD_STATUS_LINE, SKUA_PHASE_RECV, "%s", "a\033[2Jb\r\nc\x7f\x01 d \xc3\xa9");
    assert_string_equal(e.msg, "recv: a?[2Jb??c?? d \xc3\xa9");
}

static void arguments_may_be_parts_of_the_error(void **state) {
    (void)state;
    skua_error e;
    sk_fail(&e, SKUA_E_TIMEOUT, SKUA_PHASE_NONE, "slow");
    sk_fail(&e, e.code, SKUA_PHASE_WAIT, "%s, again", e.msg);
    assert_string_equal(e.msg, "wait: slow, again");
    assert_int_equal(e.code, SKUA_E_TIMEOUT);
}

static void system_errors_have_their_codes(void **state) {
    (void)state;
    static const struct {
        int os_errno, code;
    } cases[] = {
        {ECONNREFUSED, SKUA_E_CONNECTION_REFUSED},
        {ECONNRESET, SKUA_E_CONNECTION_RESET},
        {EPIPE, SKUA_E_BROKEN_PIPE},
        {ENOENT, SKUA_E_FILE_NOT_FOUND},
        {EACCES, SKUA_E_PERMISSION},
        {EPERM, SKUA_E_PERMISSION},
        {ENOMEM, SKUA_E_NOMEM},
        {EADDRINUSE, SKUA_E_ADDRESS_IN_USE},
        {ETIMEDOUT, SKUA_E_TIMEOUT},
        {EHOSTUNREACH, SKUA_E_CONNECT},
        {12345, SKUA_E_CONNECT},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        skua_error e;
        int rc =
            sk_fail_os(&e, SKUA_E_CONNECT, SKUA_PHASE_CONNECT, cases[i].os_errno, "[::1]:%d", 80);
        assert_int_equal(rc, cases[i].code);
        assert_int_equal(e.code, cases[i].code);
        assert_int_equal(e.os_errno, cases[i].os_errno);
        assert_int_equal(e.phase, SKUA_PHASE_CONNECT);
        char expected[256];
        int n = snprintf(expected, sizeof expected, "connect: [::1]:80: %s",
                         strerror(cases[i].os_errno));
        assert_true(n > 20);
        assert_string_equal(e.msg, expected);
    }
}

static void out_of_memory(void **state) {
    (void)state;
    skua_error e;
    assert_int_equal(sk_fail_nomem(&e), SKUA_E_NOMEM);
    assert_int_equal(e.code, SKUA_E_NOMEM);
    assert_int_equal(e.phase, SKUA_PHASE_MEMORY);
    assert_string_equal(e.msg, "memory: out of memory");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fills_afresh),
        cmocka_unit_test(null_is_fine),
        cmocka_unit_test(what_making_it_failed_with_stands),
        cmocka_unit_test(no_phase_no_prefix),
        cmocka_unit_test(long_text_is_cut),
        cmocka_unit_test(controls_are_masked),
        cmocka_unit_test(arguments_may_be_parts_of_the_error),
        cmocka_unit_test(system_errors_have_their_codes),
        cmocka_unit_test(out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
