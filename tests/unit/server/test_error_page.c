/* The page that names an error. */
#include "base/str.h"
#include "server/error_page.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void b07_it_names_the_error(void **state) {
    (void)state;
    sk_arena arena = {0};
    skua_str page = sk_error_page(&arena, 404, NULL);
    assert_string_equal(page.ptr,
                        "<!DOCTYPE html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\">"
                        "<meta name=\"viewport\" content=\"width=device-width\">"
                        "<meta name=\"color-scheme\" content=\"light dark\">"
                        "<title>404 Not Found</title></head>\n<body>\n"
                        "<h1>404 Not Found</h1>\n</body>\n</html>\n");
    assert_int_equal(page.len, strlen(page.ptr));
    sk_arena_free(&arena);
}

static void b07_text_stays_text(void **state) {
    (void)state;
    sk_arena arena = {0};
    skua_str page = sk_error_page(&arena, 400, "<script>&\"'");
    assert_non_null(strstr(page.ptr, "<p>&lt;script&gt;&amp;&quot;&#39;</p>"));
    assert_null(strstr(page.ptr, "<script>"));
    sk_arena_free(&arena);
}

static void an_unknown_status_is_a_number(void **state) {
    (void)state;
    sk_arena arena = {0};
    skua_str page = sk_error_page(&arena, 599, "");
    assert_non_null(strstr(page.ptr, "<h1>599 "));
    assert_null(strstr(page.ptr, "<p>"));
    sk_arena_free(&arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(b07_it_names_the_error),
        cmocka_unit_test(b07_text_stays_text),
        cmocka_unit_test(an_unknown_status_is_a_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
