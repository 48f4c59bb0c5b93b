/* base/error_json: what is written, whole and cut. */
#include <setjmp.h>
#include <skua/error.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void check(const skua_error *err, const char *expected) {
    char text[SKUA_ERROR_JSON_SIZE];
    assert_int_equal(skua_error_json(err, text, sizeof text), strlen(expected));
    assert_string_equal(text, expected);
}

static void nothing_is_an_empty_object(void **state) {
    (void)state;
    skua_error err = {.bytes_received = 5};
    check(NULL, "{}");
    check(&err, "{}");
    assert_int_equal(skua_error_json(NULL, NULL, 0), 2);
}

static void only_what_is_known(void **state) {
    (void)state;
    skua_error err = {.code = SKUA_E_INVALID_URL, .bytes_expected = -1, .msg = "invalid URL"};
    check(&err, "{\"name\":\"InvalidURL\",\"constant\":\"SKUA_E_INVALID_URL\",\"code\":-22,"
                "\"class\":\"usage\",\"message\":\"invalid URL\",\"retry_safe\":false,"
                "\"maybe_seen\":false}");
    err = (skua_error){.code = -9999, .bytes_expected = -1};
    check(&err, "{\"name\":\"UnknownError\",\"code\":-9999,\"retry_safe\":false,"
                "\"maybe_seen\":false}");
}

static void all_there_can_be(void **state) {
    (void)state;
    skua_error err = {
        .code = SKUA_E_CONNECT,
        .phase = SKUA_PHASE_CONNECT,
        .os_errno = 113,
        .tls_verify = 10,
        .tls_depth = 0,
        .resolve_code = -2,
        .retry_safe = 1,
        .maybe_seen = 1,
        .attempts = 2,
        .bytes_received = 7,
        .bytes_expected = INT64_MAX,
        .target = "h:80",
        .address = "[::1]:80",
        .tls_subject = "CN=a \"b\"",
        .attempt = {{"192.0.2.1:80", 113, 12}, {"[::1]:80", 0, 0}},
        .msg = "connect: h",
    };
    check(
        &err,
        "{\"name\":\"OSError\",\"constant\":\"SKUA_E_CONNECT\",\"code\":-61,\"class\":\"connect\","
        "\"phase\":\"connect\",\"message\":\"connect: h\",\"retry_safe\":true,"
        "\"maybe_seen\":true,\"target\":\"h:80\",\"address\":\"[::1]:80\",\"errno\":113,"
        "\"resolve_code\":-2,\"tls_verify\":10,\"tls_depth\":0,"
        "\"tls_subject\":\"CN=a \\\"b\\\"\",\"bytes_received\":7,"
        "\"bytes_expected\":9223372036854775807,\"attempts\":["
        "{\"address\":\"192.0.2.1:80\",\"errno\":113,\"elapsed_ms\":12},"
        "{\"address\":\"[::1]:80\",\"elapsed_ms\":0}]}");
}

static void each_class_has_a_name(void **state) {
    (void)state;
    char text[SKUA_ERROR_JSON_SIZE];
#define CHECK(name_, code_, python, cls, text_)                                                    \
    skua_error_json(&(const skua_error){.code = (code_)}, text, sizeof text);                      \
    assert_non_null(strstr(text, "\"constant\":\"SKUA_E_" #name_ "\""));                           \
    assert_non_null(strstr(text, "\"class\":\""));
    SKUA_ERROR_MAP(CHECK)
#undef CHECK
}

static void strings_are_ascii(void **state) {
    (void)state;
    static const char *const cases[][2] = {
        {"\"\\/", "\\\"\\\\/"},
        {"\t\x01\x7f", "\\u0009\\u0001\\u007f"},
        {"b\xc3\xbc", "b\\u00fc"},
        {"\xe2\x82\xac", "\\u20ac"},
        {"\xf0\x9f\x98\x80", "\\ud83d\\ude00"},
        {"\xf4\x8f\xbf\xbf", "\\udbff\\udfff"},
        {"\xc3(\xff", "\\ufffd(\\ufffd"},
        {"\xed\xa0\x80", "\\ufffd\\ufffd\\ufffd"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        skua_error err = {.code = SKUA_E_OS};
        char text[SKUA_ERROR_JSON_SIZE];
        strcpy(err.msg, cases[i][0]);
        skua_error_json(&err, text, sizeof text);
        const char *value = strstr(text, "\"message\":\"");
        assert_non_null(value);
        value += strlen("\"message\":\"");
        assert_memory_equal(value, cases[i][1], strlen(cases[i][1]));
        assert_memory_equal(value + strlen(cases[i][1]), "\",", 2);
    }
}

/* However little room there is, it is kept to; and there is always enough in the size promised. */
static void the_worst_fits_and_any_cut_is_kept_to(void **state) {
    (void)state;
    skua_error err = {.bytes_expected = 0};
    memset(&err, 0x81, sizeof err); /* nothing is terminated, and nothing is UTF-8 */
    err.code = SKUA_E_UNKNOWN_TRANSFER_ENCODING;
    err.phase = SKUA_PHASE_RESOLVE;
    err.bytes_received = err.bytes_expected = INT64_MAX;
    err.attempts = 1000;
    char whole[SKUA_ERROR_JSON_SIZE];
    size_t len = skua_error_json(&err, whole, sizeof whole);
    assert_in_range(len, SKUA_ERROR_JSON_SIZE / 2, SKUA_ERROR_JSON_SIZE - 1);
    assert_int_equal(strlen(whole), len);
    for (size_t cap = 0; cap <= 300; cap++) {
        char text[301];
        memset(text, '#', sizeof text);
        assert_int_equal(skua_error_json(&err, text, cap), len);
        if (cap > 0) {
            assert_memory_equal(text, whole, cap - 1);
            assert_int_equal(text[cap - 1], '\0');
        }
        if (cap < sizeof text)
            assert_int_equal(text[cap], '#');
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_an_empty_object),
        cmocka_unit_test(only_what_is_known),
        cmocka_unit_test(all_there_can_be),
        cmocka_unit_test(each_class_has_a_name),
        cmocka_unit_test(strings_are_ascii),
        cmocka_unit_test(the_worst_fits_and_any_cut_is_kept_to),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
