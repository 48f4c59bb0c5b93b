/* Forms with files, as they come. */
#include "../../../fuzz/multipart_replay.h"
#include "base/str.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define DISPOSITION(rest) "Content-Disposition: form-data; " rest "\r\n"

/* Whole, and in pieces of every length. */
static void check(const char *body, size_t len, int rc, const char *expected) {
    for (size_t step = 1; step <= len; step++) {
        multipart_replay r = {.rc = 0};
        assert_int_equal(sk_multipart_begin(&r.parser, SK_LIT("multipart/form-data; boundary=b")),
                         0);
        multipart_run(&r, (skua_str){body, len}, step);
        assert_int_equal(r.rc, rc);
        if (rc != SKUA_E_AGAIN)
            assert_non_null(r.parser.what);
        sk_buf_append(&r.log, "", 1);
        assert_string_equal(sk_buf_head(&r.log), expected);
        assert_int_equal(sk_multipart_is_whole(&r.parser), strstr(expected, "END") != NULL);
        sk_buf_free(&r.log);
    }
}

#define GIVES(body, expected) check(body, sizeof(body) - 1, SKUA_E_AGAIN, expected)
#define FAILS(body, rc)       check(body, sizeof(body) - 1, rc, "")

static void b05_parts(void **state) {
    (void)state;
    GIVES("--b\r\n" DISPOSITION("name=\"a\"") "\r\n1\r\n--b--\r\n", "[a|-|-:1]END");
    GIVES("--b\r\n" DISPOSITION("name=a") "\r\n1\r\n--b \t\r\n" DISPOSITION(
              "name=\"b\"") "\r\n2\r\n--b--",
          "[a|-|-:1][b|-|-:2]END");
    GIVES("--b\r\ncontent-type: image/png;x=y\r\n" DISPOSITION(
              "filename=\"a b\"; name=\"\"") "\r\nx\r\n--b--",
          "[|a b|image/png;x=y:x]END");
    GIVES("--b--", "END");
    GIVES("before\r\n--b\r\n" DISPOSITION("name=a") "\r\n1\r\n--b--after\r\n--b\r\n",
          "[a|-|-:1]END");
}

static void b05_content(void **state) {
    (void)state;
#define PART(content) "--b\r\n" DISPOSITION("name=a") "\r\n" content "\r\n--b--"
    GIVES(PART(""), "[a|-|-:]END");
    GIVES("--b\r\n" DISPOSITION("name=a") "\r\n--b--", "[a|-|-:]END");
    GIVES(PART("\r\n"), "[a|-|-:\r\n]END");
    GIVES(PART("\r\n-\r\n--\r\r\n--c"), "[a|-|-:\r\n-\r\n--\r\r\n--c]END");
    GIVES(PART("--"), "[a|-|-:--]END");
    GIVES(PART("-\r"), "[a|-|-:-\r]END");
    GIVES(PART("\n--b\n"), "[a|-|-:\n--b\n]END");
    GIVES(PART("--c--b"), "[a|-|-:--c--b]END");
    GIVES("--b\r\n" DISPOSITION("name=a") "\r\n1\r\n--", "[a|-|-:1");
}

/* Line ends, and what else a delimiter may begin like, cut nothing. */
static void b05_content_comes_in_large_pieces(void **state) {
    (void)state;
    static const char body[] = PART("one\r\ntwo\rthree\r\n--\r\n--c\r\r\n");
    skua_str in = {body, sizeof body - 1};
    sk_multipart_event ev;
    sk_multipart_parser p;
    assert_int_equal(sk_multipart_begin(&p, SK_LIT("multipart/form-data; boundary=b")), 0);
    assert_int_equal(sk_multipart_next(&p, &in, &ev), 0);
    assert_int_equal(ev.kind, SK_MULTIPART_PART);
    assert_int_equal(sk_multipart_next(&p, &in, &ev), 0);
    assert_int_equal(ev.kind, SK_MULTIPART_DATA);
    assert_true(sk_str_eq(ev.data, SK_LIT("one\r\ntwo\rthree\r\n--\r\n--c\r\r\n")));
    assert_int_equal(sk_multipart_next(&p, &in, &ev), 0);
    assert_int_equal(ev.kind, SK_MULTIPART_PART_END);
}

static void b05_names(void **state) {
    (void)state;
#define NAMED(rest) "--b\r\n" DISPOSITION(rest) "\r\n\r\n--b--"
    GIVES(NAMED("name=\"a;b\" ; x=\"y\""), "[a;b|-|-:]END");
    GIVES(NAMED("name=\"a\\\"b\"; filename=\"\\\"\""), "[a\"b|\"|-:]END");
    GIVES(NAMED("name=a; filename=\"C:\\dir\\x.txt\""), "[a|C:\\dir\\x.txt|-:]END");
    GIVES(NAMED("name=a; filename=\"../../etc/passwd\""), "[a|../../etc/passwd|-:]END");
    GIVES(NAMED("name=a; filename*=UTF-8''x"), "[a|-|-:]END");
    GIVES(NAMED("name=\"%22\xc3\xbc\""), "[%22\xc3\xbc|-|-:]END");
    FAILS(NAMED("name=\"a"), SKUA_E_BAD_MULTIPART);
    FAILS(NAMED("name=\"a\"b"), SKUA_E_BAD_MULTIPART);
    FAILS(NAMED("name=a; name=b"), SKUA_E_BAD_MULTIPART);
    FAILS(NAMED("name=a; filename=b; filename=c"), SKUA_E_BAD_MULTIPART);
    FAILS(NAMED("filename=b"), SKUA_E_BAD_MULTIPART);
    FAILS(NAMED("name"), SKUA_E_BAD_MULTIPART);
    FAILS(NAMED("name=\"a\x01\""), SKUA_E_BAD_MULTIPART);
    FAILS(NAMED("name=\"a\0b\""), SKUA_E_BAD_MULTIPART);
}

static void b05_heads(void **state) {
    (void)state;
    FAILS("--b\r\n\r\n", SKUA_E_BAD_MULTIPART);
    FAILS("--b\r\nContent-Type: x\r\n\r\n", SKUA_E_BAD_MULTIPART);
    FAILS("--b\r\n" DISPOSITION("name=a") DISPOSITION("name=a") "\r\n", SKUA_E_BAD_MULTIPART);
    FAILS("--b\r\nContent-Disposition: attachment; name=a\r\n\r\n", SKUA_E_BAD_MULTIPART);
    FAILS("--b\r\n" DISPOSITION("name=a") "nonsense\r\n\r\n", SKUA_E_BAD_MULTIPART);
    FAILS("--b\r\n" DISPOSITION("name=a") " folded: x\r\n\r\n", SKUA_E_BAD_MULTIPART);
    FAILS("--b\r\n" DISPOSITION("name=a") "X : y\r\n\r\n", SKUA_E_BAD_MULTIPART);
    FAILS("--b\r\nX: y\n\r\n", SKUA_E_BAD_MULTIPART);
    FAILS("--b\r\nX: y\rZ", SKUA_E_BAD_MULTIPART);
    FAILS("--b\nX", SKUA_E_BAD_MULTIPART);
    FAILS("--bb\r\n", SKUA_E_BAD_MULTIPART);
    FAILS("--b-\r\n", SKUA_E_BAD_MULTIPART);
    FAILS("--b \n", SKUA_E_BAD_MULTIPART);
    FAILS("--b\r\n" DISPOSITION("name=a") "Content-Transfer-Encoding: base64\r\n\r\n",
          SKUA_E_BAD_MULTIPART);
    GIVES("--b\r\n" DISPOSITION("name=a") "Content-Transfer-Encoding: Binary\r\n\r\n\r\n--b--",
          "[a|-|-:]END");
}

static void b05_limits_of_heads(void **state) {
    (void)state;
    multipart_replay r = {.rc = 0};
    assert_int_equal(sk_multipart_begin(&r.parser, SK_LIT("multipart/form-data;boundary=b")), 0);
    multipart_feed(&r, SK_LIT("--b\r\nX: "));
    for (int i = 0; i < SK_MULTIPART_HEAD_MAX && r.rc == SKUA_E_AGAIN; i++)
        multipart_feed(&r, SK_LIT("x"));
    assert_int_equal(r.rc, SKUA_E_HEAD_TOO_LARGE);
    multipart_feed(&r, SK_LIT("\r\n"));
    assert_int_equal(r.rc, SKUA_E_HEAD_TOO_LARGE);

    assert_int_equal(sk_multipart_begin(&r.parser, SK_LIT("multipart/form-data;boundary=b")), 0);
    multipart_feed(&r, SK_LIT("--b\r\n"));
    for (int i = 0; i <= SK_MULTIPART_FIELDS_MAX; i++)
        multipart_feed(&r, SK_LIT("X: y\r\n"));
    multipart_feed(&r, SK_LIT("\r\n"));
    assert_int_equal(r.rc, SKUA_E_HEAD_TOO_LARGE);
    sk_buf_free(&r.log);
}

static void b05_content_types(void **state) {
    (void)state;
#define SEVENTY "0123456789012345678901234567890123456789012345678901234567890123456789"
    static const struct {
        const char *type;
        int rc;
        const char *delimiter;
    } cases[] = {
        {"multipart/form-data; boundary=b", 0, "\r\n--b"},
        {"Multipart/Form-Data ;charset=x; Boundary=\"a b\"", 0, "\r\n--a b"},
        {"multipart/form-data; boundary=a=/:?", 0, "\r\n--a=/:?"},
        {"multipart/form-data; boundary=" SEVENTY, 0, "\r\n--" SEVENTY},
        {"multipart/form-data; boundary=" SEVENTY "0", SKUA_E_BAD_MULTIPART, NULL},
        {"multipart/form-data", SKUA_E_BAD_MULTIPART, NULL},
        {"multipart/form-data; boundary=", SKUA_E_BAD_MULTIPART, NULL},
        {"multipart/form-data; boundary=\"\"", SKUA_E_BAD_MULTIPART, NULL},
        {"multipart/form-data; boundary=\"a \"", SKUA_E_BAD_MULTIPART, NULL},
        {"multipart/form-data; boundary=\"a\\\"b\"", SKUA_E_BAD_MULTIPART, NULL},
        {"multipart/form-data; boundary=a\r", SKUA_E_BAD_MULTIPART, NULL},
        {"multipart/form-data; boundary=a; boundary=b", SKUA_E_BAD_MULTIPART, NULL},
        {"multipart/form-data; boundary", SKUA_E_BAD_MULTIPART, NULL},
        {"multipart/form-data boundary=b", SKUA_E_UNSUPPORTED, NULL},
        {"multipart/mixed; boundary=b", SKUA_E_UNSUPPORTED, NULL},
        {"", SKUA_E_UNSUPPORTED, NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        sk_multipart_parser p;
        assert_int_equal(sk_multipart_begin(&p, sk_str(cases[i].type)), cases[i].rc);
        if (cases[i].rc == 0)
            assert_true(
                sk_str_eq((skua_str){p.delimiter, p.delimiter_len}, sk_str(cases[i].delimiter)));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(b05_parts),
        cmocka_unit_test(b05_content),
        cmocka_unit_test(b05_content_comes_in_large_pieces),
        cmocka_unit_test(b05_names),
        cmocka_unit_test(b05_heads),
        cmocka_unit_test(b05_limits_of_heads),
        cmocka_unit_test(b05_content_types),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
