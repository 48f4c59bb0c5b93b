/* Text into HTML. */
#include "base/str.h"
#include "server/html.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void escapes(void **state) {
    (void)state;
    static const char *const cases[][2] = {
        {"plain", "plain"},
        {"<script>", "&lt;script&gt;"},
        {"\"><img src=x>", "&quot;&gt;&lt;img src=x&gt;"},
        {"it's", "it&#39;s"},
        {"a & b &amp; c", "a &amp; b &amp;amp; c"},
        {"<", "&lt;"},
        {"&&", "&amp;&amp;"},
        {"\xc3\xa9<\xff", "\xc3\xa9&lt;\xff"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        sk_buf out = {0};
        sk_html_append_text(&out, sk_str(cases[i][0]));
        assert_false(out.failed);
        assert_true(sk_str_eq(sk_buf_str(&out), sk_str(cases[i][1])));
        sk_buf_free(&out);
    }
}

static void appends(void **state) {
    (void)state;
    sk_buf out = {0};
    sk_html_append_text(&out, SK_LIT("a<"));
    sk_html_append_text(&out, (skua_str){NULL, 0});
    sk_html_append_text(&out, SK_LIT(">b"));
    assert_true(sk_str_eq(sk_buf_str(&out), SK_LIT("a&lt;&gt;b")));
    sk_buf_free(&out);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(escapes),
        cmocka_unit_test(appends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
