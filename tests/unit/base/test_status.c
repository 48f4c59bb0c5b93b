/* base/status: registered reason phrases, and none for the rest. */
#include <limits.h>
#include <setjmp.h>
#include <skua/status.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void registered_codes(void **state) {
    (void)state;
    int registered = 0;
#define CHECK(name, code, reason)                                                                  \
    assert_int_equal(SKUA_STATUS_##name, code);                                                    \
    assert_string_equal(skua_status_reason(code), reason);                                         \
    registered++;
    SKUA_STATUS_MAP(CHECK)
#undef CHECK
    assert_string_equal(skua_status_reason(404), "Not Found");
    int found = 0;
    for (int status = -1000; status < 2000; status++)
        found += skua_status_reason(status)[0] != '\0';
    assert_int_equal(found, registered);
}

static void other_codes(void **state) {
    (void)state;
    static const int others[] = {INT_MIN, -1, 0, 99, 104, 299, 306, 509, 512, 599, 1000, INT_MAX};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        assert_string_equal(skua_status_reason(others[i]), "");
}

/* http.client.responses and http.HTTPStatus of Python 3.14, which are the IANA registry's and 418:
 * constant, number and phrase. */
static void a20_constants_and_phrases(void **state) {
    (void)state;
    static const struct {
        int constant, number;
        const char *phrase;
    } statuses[] = {
        {SKUA_STATUS_CONTINUE, 100, "Continue"},
        {SKUA_STATUS_SWITCHING_PROTOCOLS, 101, "Switching Protocols"},
        {SKUA_STATUS_PROCESSING, 102, "Processing"},
        {SKUA_STATUS_EARLY_HINTS, 103, "Early Hints"},
        {SKUA_STATUS_OK, 200, "OK"},
        {SKUA_STATUS_CREATED, 201, "Created"},
        {SKUA_STATUS_ACCEPTED, 202, "Accepted"},
        {SKUA_STATUS_NON_AUTHORITATIVE_INFORMATION, 203, "Non-Authoritative Information"},
        {SKUA_STATUS_NO_CONTENT, 204, "No Content"},
        {SKUA_STATUS_RESET_CONTENT, 205, "Reset Content"},
        {SKUA_STATUS_PARTIAL_CONTENT, 206, "Partial Content"},
        {SKUA_STATUS_MULTI_STATUS, 207, "Multi-Status"},
        {SKUA_STATUS_ALREADY_REPORTED, 208, "Already Reported"},
        {SKUA_STATUS_IM_USED, 226, "IM Used"},
        {SKUA_STATUS_MULTIPLE_CHOICES, 300, "Multiple Choices"},
        {SKUA_STATUS_MOVED_PERMANENTLY, 301, "Moved Permanently"},
        {SKUA_STATUS_FOUND, 302, "Found"},
        {SKUA_STATUS_SEE_OTHER, 303, "See Other"},
        {SKUA_STATUS_NOT_MODIFIED, 304, "Not Modified"},
        {SKUA_STATUS_USE_PROXY, 305, "Use Proxy"},
        {SKUA_STATUS_TEMPORARY_REDIRECT, 307, "Temporary Redirect"},
        {SKUA_STATUS_PERMANENT_REDIRECT, 308, "Permanent Redirect"},
        {SKUA_STATUS_BAD_REQUEST, 400, "Bad Request"},
        {SKUA_STATUS_UNAUTHORIZED, 401, "Unauthorized"},
        {SKUA_STATUS_PAYMENT_REQUIRED, 402, "Payment Required"},
        {SKUA_STATUS_FORBIDDEN, 403, "Forbidden"},
        {SKUA_STATUS_NOT_FOUND, 404, "Not Found"},
        {SKUA_STATUS_METHOD_NOT_ALLOWED, 405, "Method Not Allowed"},
        {SKUA_STATUS_NOT_ACCEPTABLE, 406, "Not Acceptable"},
        {SKUA_STATUS_PROXY_AUTHENTICATION_REQUIRED, 407, "Proxy Authentication Required"},
        {SKUA_STATUS_REQUEST_TIMEOUT, 408, "Request Timeout"},
        {SKUA_STATUS_CONFLICT, 409, "Conflict"},
        {SKUA_STATUS_GONE, 410, "Gone"},
        {SKUA_STATUS_LENGTH_REQUIRED, 411, "Length Required"},
        {SKUA_STATUS_PRECONDITION_FAILED, 412, "Precondition Failed"},
        {SKUA_STATUS_CONTENT_TOO_LARGE, 413, "Content Too Large"},
        {SKUA_STATUS_URI_TOO_LONG, 414, "URI Too Long"},
        {SKUA_STATUS_UNSUPPORTED_MEDIA_TYPE, 415, "Unsupported Media Type"},
        {SKUA_STATUS_RANGE_NOT_SATISFIABLE, 416, "Range Not Satisfiable"},
        {SKUA_STATUS_EXPECTATION_FAILED, 417, "Expectation Failed"},
        {SKUA_STATUS_IM_A_TEAPOT, 418, "I'm a Teapot"},
        {SKUA_STATUS_MISDIRECTED_REQUEST, 421, "Misdirected Request"},
        {SKUA_STATUS_UNPROCESSABLE_CONTENT, 422, "Unprocessable Content"},
        {SKUA_STATUS_LOCKED, 423, "Locked"},
        {SKUA_STATUS_FAILED_DEPENDENCY, 424, "Failed Dependency"},
        {SKUA_STATUS_TOO_EARLY, 425, "Too Early"},
        {SKUA_STATUS_UPGRADE_REQUIRED, 426, "Upgrade Required"},
        {SKUA_STATUS_PRECONDITION_REQUIRED, 428, "Precondition Required"},
        {SKUA_STATUS_TOO_MANY_REQUESTS, 429, "Too Many Requests"},
        {SKUA_STATUS_REQUEST_HEADER_FIELDS_TOO_LARGE, 431, "Request Header Fields Too Large"},
        {SKUA_STATUS_UNAVAILABLE_FOR_LEGAL_REASONS, 451, "Unavailable For Legal Reasons"},
        {SKUA_STATUS_INTERNAL_SERVER_ERROR, 500, "Internal Server Error"},
        {SKUA_STATUS_NOT_IMPLEMENTED, 501, "Not Implemented"},
        {SKUA_STATUS_BAD_GATEWAY, 502, "Bad Gateway"},
        {SKUA_STATUS_SERVICE_UNAVAILABLE, 503, "Service Unavailable"},
        {SKUA_STATUS_GATEWAY_TIMEOUT, 504, "Gateway Timeout"},
        {SKUA_STATUS_HTTP_VERSION_NOT_SUPPORTED, 505, "HTTP Version Not Supported"},
        {SKUA_STATUS_VARIANT_ALSO_NEGOTIATES, 506, "Variant Also Negotiates"},
        {SKUA_STATUS_INSUFFICIENT_STORAGE, 507, "Insufficient Storage"},
        {SKUA_STATUS_LOOP_DETECTED, 508, "Loop Detected"},
        {SKUA_STATUS_NOT_EXTENDED, 510, "Not Extended"},
        {SKUA_STATUS_NETWORK_AUTHENTICATION_REQUIRED, 511, "Network Authentication Required"},
    };
    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
        assert_int_equal(statuses[i].constant, statuses[i].number);
        assert_string_equal(skua_status_reason(statuses[i].number), statuses[i].phrase);
    }
}

static void a20_ports(void **state) {
    (void)state;
    assert_int_equal(SKUA_HTTP_PORT, 80);
    assert_int_equal(SKUA_HTTPS_PORT, 443);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(registered_codes),
        cmocka_unit_test(other_codes),
        cmocka_unit_test(a20_constants_and_phrases),
        cmocka_unit_test(a20_ports),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
