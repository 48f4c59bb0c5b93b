/* The lines of the access log and of the error log. */
#include "server/log_line.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define TIME_MS INT64_C(784111777123) /* Sun, 06 Nov 1994 08:49:37.123 GMT */

static const skua_access plain = {.client = "192.0.2.1:49152",
                                  .method = "GET",
                                  .target = "/a?b=c",
                                  .version = 11,
                                  .status = 200,
                                  .body_bytes = 13,
                                  .duration_us = 42};

static void check(const skua_access *a, skua_access_format format, const char *expected) {
    char line[SK_LOG_LINE_MAX + 1];
    size_t len = sk_log_access(a, format, TIME_MS, line);
    assert_in_range(len, 1, SK_LOG_LINE_MAX);
    line[len] = '\0';
    assert_string_equal(line, expected);
}

static void b09_common(void **state) {
    (void)state;
    skua_access a = plain;
    check(&a, SKUA_ACCESS_COMMON,
          "192.0.2.1 - - [06/Nov/1994:08:49:37 +0000] \"GET /a?b=c HTTP/1.1\" 200 13\n");
    a.client = "[2001:db8::1]:80";
    a.version = 10;
    check(&a, SKUA_ACCESS_COMMON,
          "2001:db8::1 - - [06/Nov/1994:08:49:37 +0000] \"GET /a?b=c HTTP/1.0\" 200 13\n");
    a.client = "unix:";
    a.version = 0;
    a.method = a.target = "-";
    a.status = 400;
    check(&a, SKUA_ACCESS_COMMON, "unix: - - [06/Nov/1994:08:49:37 +0000] \"-\" 400 13\n");
    a.client = "";
    check(&a, SKUA_ACCESS_COMMON, "- - - [06/Nov/1994:08:49:37 +0000] \"-\" 400 13\n");
}

static void b09_combined(void **state) {
    (void)state;
    skua_access a = plain;
    check(
        &a, SKUA_ACCESS_COMBINED,
        "192.0.2.1 - - [06/Nov/1994:08:49:37 +0000] \"GET /a?b=c HTTP/1.1\" 200 13 \"-\" \"-\"\n");
    a.referer = "https://example.org/";
    a.user_agent = "tea/1.0 (\"x\")";
    check(&a, SKUA_ACCESS_COMBINED,
          "192.0.2.1 - - [06/Nov/1994:08:49:37 +0000] \"GET /a?b=c HTTP/1.1\" 200 13 "
          "\"https://example.org/\" \"tea/1.0 (\\x22x\\x22)\"\n");
}

static void b09_json(void **state) {
    (void)state;
    skua_access a = plain;
    check(&a, SKUA_ACCESS_JSON,
          "{\"time\":\"1994-11-06T08:49:37.123Z\",\"client\":\"192.0.2.1:49152\","
          "\"method\":\"GET\",\"target\":\"/a?b=c\",\"version\":\"HTTP/1.1\",\"status\":200,"
          "\"bytes\":13,\"duration_us\":42}\n");
    a.is_tls = 1;
    a.tls_version = "TLSv1.3";
    a.request_id = "f00";
    a.referer = "/";
    a.user_agent = "\"\xc3\xbc\\\n";
    a.cut = 1;
    check(&a, SKUA_ACCESS_JSON,
          "{\"time\":\"1994-11-06T08:49:37.123Z\",\"client\":\"192.0.2.1:49152\","
          "\"method\":\"GET\",\"target\":\"/a?b=c\",\"version\":\"HTTP/1.1\",\"status\":200,"
          "\"bytes\":13,\"duration_us\":42,\"tls\":\"TLSv1.3\",\"request_id\":\"f00\","
          "\"referer\":\"/\",\"user_agent\":\"\\\"\\u00fc\\\\\\u000a\",\"cut\":true}\n");
    a = plain;
    a.version = 0;
    check(&a, SKUA_ACCESS_JSON,
          "{\"time\":\"1994-11-06T08:49:37.123Z\",\"client\":\"192.0.2.1:49152\",\"status\":200,"
          "\"bytes\":13,\"duration_us\":42}\n");
}

/* Whatever bytes came: one line, of printable ASCII, and in text as many quotes as it has of its
 * own. */
static void b09_every_line_is_one(void **state) {
    (void)state;
    char all[256], line[SK_LOG_LINE_MAX];
    for (int i = 1; i < 256; i++)
        all[i - 1] = (char)i;
    all[255] = '\0';
    skua_access a = plain;
    a.method = a.target = a.referer = a.user_agent = a.client = a.request_id = all;
    for (int format = SKUA_ACCESS_COMBINED; format <= SKUA_ACCESS_JSON; format++) {
        size_t len = sk_log_access(&a, (skua_access_format)format, TIME_MS, line), quotes = 0;
        for (size_t i = 0; i < len; i++) {
            assert_true((line[i] >= 0x20 && line[i] < 0x7f) || (line[i] == '\n' && i == len - 1));
            quotes += line[i] == '"';
        }
        if (format != SKUA_ACCESS_JSON)
            assert_int_equal(quotes, format == SKUA_ACCESS_COMBINED ? 6 : 2);
    }
    size_t len = sk_log_error(SKUA_LOG_WARN, all, TIME_MS, line);
    for (size_t i = 0; i + 1 < len; i++)
        assert_in_range(line[i], 0x20, 0x7e);
}

static void b09_long_fields_are_cut(void **state) {
    (void)state;
    static char text[20001];
    char line[SK_LOG_LINE_MAX];
    skua_access a = plain;
    a.method = a.target = a.referer = a.user_agent = a.client = a.request_id = text;
    a.tls_version = text;
    for (int c = 1; c < 256; c++) {
        memset(text, c, sizeof text - 1);
        for (int format = SKUA_ACCESS_COMBINED; format <= SKUA_ACCESS_JSON; format++) {
            size_t len = sk_log_access(&a, (skua_access_format)format, TIME_MS, line);
            assert_in_range(len, 1, SK_LOG_LINE_MAX);
            assert_non_null(memmem(line, len, "...", 3));
            assert_ptr_equal(memchr(line, '\n', len), line + len - 1);
        }
        assert_in_range(sk_log_error(SKUA_LOG_ERROR, text, TIME_MS, line), 1, SK_LOG_LINE_MAX);
    }
}

static void b09_dropped_and_error(void **state) {
    (void)state;
    char line[SK_LOG_LINE_MAX];
    line[sk_log_access_dropped(7, SKUA_ACCESS_COMBINED, TIME_MS, line)] = '\0';
    assert_string_equal(line, "# 1994-11-06T08:49:37.123Z lines dropped: 7\n");
    line[sk_log_access_dropped(7, SKUA_ACCESS_JSON, TIME_MS, line)] = '\0';
    assert_string_equal(line, "{\"time\":\"1994-11-06T08:49:37.123Z\",\"dropped\":7}\n");
    line[sk_log_error(SKUA_LOG_WARN, "route \"/\": \n", TIME_MS, line)] = '\0';
    assert_string_equal(line, "1994-11-06T08:49:37.123Z warn: route \"/\": \\x0A\n");
}

static void b09_secrets_are_masked(void **state) {
    (void)state;
    static const struct {
        const char *url, *expected;
    } cases[] = {
        {"/", "/"},
        {"", ""},
        {"*", "*"},
        {"/a/token/b", "/a/token/b"},
        {"/?access_token=x&b=c", "/?access_token=***&b=c"},
        {"/?a=b&Client_Secret=x", "/?a=b&Client_Secret=***"},
        {"/?%74oken=x", "/?%74oken=***"},
        {"/?token=", "/?token="},
        {"/?token", "/?token"},
        {"/?tokens=2&keys=3&coder=4", "/?tokens=2&keys=3&coder=4"},
        {"/?X-Amz-Signature=0a;sig=1;k=2", "/?X-Amz-Signature=***;sig=***;k=2"},
        {"/?q=1#id_token=x&state=2", "/?q=1#id_token=***&state=2"},
        {"/?q=a?key=b", "/?q=a?key=***"},
        {"http://user:pass@host/p?key=1", "http://***@host/p?key=***"},
        {"http://a@b@host", "http://***@host"},
        {"http://host/@x", "http://host/@x"},
        {"http://", "http://"},
        {"/a:b//c@d", "/a:b//c@d"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char out[128];
        size_t len = sk_log_mask_url(cases[i].url, out, sizeof out - 1);
        out[len] = '\0';
        assert_string_equal(out, cases[i].expected);
        for (size_t cap = 0; cap < len; cap++) {
            char part[128];
            assert_int_equal(sk_log_mask_url(cases[i].url, part, cap), cap);
            assert_memory_equal(part, out, cap);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(b09_common),
        cmocka_unit_test(b09_combined),
        cmocka_unit_test(b09_json),
        cmocka_unit_test(b09_every_line_is_one),
        cmocka_unit_test(b09_long_fields_are_cut),
        cmocka_unit_test(b09_dropped_and_error),
        cmocka_unit_test(b09_secrets_are_masked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
