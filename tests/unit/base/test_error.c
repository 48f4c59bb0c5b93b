/* base/error: each code of the list, and the numbers between them. */
#include <limits.h>
#include <setjmp.h>
#include <skua/error.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include <cmocka.h>

static void every_code_has_its_row(void **state) {
    (void)state;
#define CHECK(name, code, python, cls, text)                                                       \
    assert_int_equal(SKUA_E_##name, code);                                                         \
    assert_string_equal(skua_error_name(code), python);                                            \
    assert_string_equal(skua_error_text(code), text);                                              \
    assert_int_equal(skua_error_class_of(code), SKUA_CLASS_##cls);
    SKUA_ERROR_MAP(CHECK)
#undef CHECK
    assert_string_equal(skua_error_name(SKUA_E_BAD_STATUS_LINE), "BadStatusLine");
    assert_int_equal(skua_error_class_of(SKUA_E_TIMEOUT), SKUA_CLASS_TIMEOUT);
}

static void no_two_codes_are_the_same(void **state) {
    (void)state;
    static const int codes[] = {
#define CODE(name, code, python, cls, text) code,
        SKUA_ERROR_MAP(CODE)
#undef CODE
    };
    const size_t count = sizeof codes / sizeof codes[0];
    for (size_t i = 0; i < count; i++) {
        assert_true(codes[i] < 0);
        for (size_t k = i + 1; k < count; k++)
            assert_int_not_equal(codes[i], codes[k]);
    }
}

static void success_is_no_error(void **state) {
    (void)state;
    assert_string_equal(skua_error_name(0), "");
    assert_string_equal(skua_error_text(0), "success");
    assert_int_equal(skua_error_class_of(0), SKUA_CLASS_NONE);
}

static void other_numbers_are_unknown(void **state) {
    (void)state;
    static const int numbers[] = {1, 404, -10, -19, -79, -99, -1000, INT_MIN, INT_MAX};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        assert_string_equal(skua_error_name(numbers[i]), "UnknownError");
        assert_string_equal(skua_error_text(numbers[i]), "unknown error");
        assert_int_equal(skua_error_class_of(numbers[i]), SKUA_CLASS_NONE);
    }
}

/* Every exception that the page of http.client names, and those that its sockets and TLS raise. */
static void a19_every_exception_has_its_code(void **state) {
    (void)state;
    static const struct {
        const char *python;
        int code;
    } exceptions[] = {
        {"HTTPException", SKUA_E_HTTP},
        {"NotConnected", SKUA_E_NOT_CONNECTED},
        {"InvalidURL", SKUA_E_INVALID_URL},
        {"UnknownProtocol", SKUA_E_UNKNOWN_PROTOCOL},
        {"UnknownTransferEncoding", SKUA_E_UNKNOWN_TRANSFER_ENCODING},
        {"UnimplementedFileMode", SKUA_E_UNIMPLEMENTED_FILE_MODE},
        {"IncompleteRead", SKUA_E_INCOMPLETE_READ},
        {"ImproperConnectionState", SKUA_E_IMPROPER_CONNECTION_STATE},
        {"CannotSendRequest", SKUA_E_CANNOT_SEND_REQUEST},
        {"CannotSendHeader", SKUA_E_CANNOT_SEND_HEADER},
        {"ResponseNotReady", SKUA_E_RESPONSE_NOT_READY},
        {"BadStatusLine", SKUA_E_BAD_STATUS_LINE},
        {"LineTooLong", SKUA_E_LINE_TOO_LONG},
        {"RemoteDisconnected", SKUA_E_REMOTE_DISCONNECTED},
        {"SSLError", SKUA_E_TLS},
        {"SSLCertVerificationError", SKUA_E_TLS_CERTIFICATE},
        {"SSLEOFError", SKUA_E_TLS_EOF},
        {"ConnectionRefusedError", SKUA_E_CONNECTION_REFUSED},
        {"ConnectionResetError", SKUA_E_CONNECTION_RESET},
        {"BrokenPipeError", SKUA_E_BROKEN_PIPE},
        {"gaierror", SKUA_E_RESOLVE},
        {"TimeoutError", SKUA_E_TIMEOUT},
        {"ValueError", SKUA_E_INVALID_ARGUMENT},
        {"MemoryError", SKUA_E_NOMEM},
    };
    for (size_t i = 0; i < sizeof exceptions / sizeof exceptions[0]; i++) {
        assert_string_equal(skua_error_name(exceptions[i].code), exceptions[i].python);
        for (size_t k = 0; k < i; k++) /* no two of them are one */
            assert_int_not_equal(exceptions[i].code, exceptions[k].code);
    }
}

/* Who knows only Python's names finds a code of that name, spelled the same. */
static void a19_codes_are_spelled_as_the_exceptions(void **state) {
    (void)state;
    static const char *const spelled[][2] = {
#define SPELLED(name, code, python, cls, text) {#name, python},
        SKUA_ERROR_MAP(SPELLED)
#undef SPELLED
    };
    static const char *const pages[] = {
        "NotConnected",      "InvalidURL",        "UnknownProtocol",  "UnknownTransferEncoding",
        "IncompleteRead",    "CannotSendRequest", "CannotSendHeader", "ImproperConnectionState",
        "ResponseNotReady",  "BadStatusLine",     "LineTooLong",      "UnimplementedFileMode",
        "RemoteDisconnected"};
    for (size_t i = 0; i < sizeof pages / sizeof pages[0]; i++) {
        bool found = false;
        for (size_t k = 0; k < sizeof spelled / sizeof spelled[0]; k++) {
            char letters[64] = "";
            for (const char *p = spelled[k][0]; *p; p++) {
                if (*p != '_')
                    letters[strlen(letters)] = *p;
            }
            found |= strcasecmp(letters, pages[i]) == 0 && strcmp(spelled[k][1], pages[i]) == 0;
        }
        if (!found)
            fail_msg("no code is spelled as %s", pages[i]);
    }
}

static void phases(void **state) {
    (void)state;
    static const char *const names[] = {"",     "resolve", "connect", "tls",   "send",   "wait",
                                        "recv", "decode",  "limit",   "state", "memory", "tunnel"};
    for (int i = 0; i <= SKUA_PHASE_TUNNEL; i++)
        assert_string_equal(skua_phase_name((skua_phase)i), names[i]);
    assert_string_equal(skua_phase_name((skua_phase)(SKUA_PHASE_TUNNEL + 1)), "");
    assert_string_equal(skua_phase_name((skua_phase)-1), "");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_code_has_its_row),
        cmocka_unit_test(no_two_codes_are_the_same),
        cmocka_unit_test(success_is_no_error),
        cmocka_unit_test(other_numbers_are_unknown),
        cmocka_unit_test(a19_every_exception_has_its_code),
        cmocka_unit_test(a19_codes_are_spelled_as_the_exceptions),
        cmocka_unit_test(phases),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
