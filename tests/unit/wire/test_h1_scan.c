/* wire/h1_scan.h: the vector forms and their scalar twins say the same of every byte at every
 * place. */
#include "wire/h1_scan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void twins_agree(void **state) {
    (void)state;
    for (size_t len = 0; len <= 50; len++) {
        char *text = malloc(len ? len : 1); /* of exact size: reading past it shows */
        assert_non_null(text);
        for (size_t at = 0; at < len; at++) {
            for (int c = 0; c < 256; c++) {
                memset(text, 'a', len);
                text[at] = (char)c;
                assert_ptr_equal(sk_h1_scan_value(text, text + len),
                                 sk_h1_scan_value_scalar(text, text + len));
                assert_ptr_equal(sk_h1_scan_token(text, text + len),
                                 sk_h1_scan_token_scalar(text, text + len));
                assert_ptr_equal(sk_h1_scan_target(text, text + len),
                                 sk_h1_scan_target_scalar(text, text + len));
            }
        }
        free(text);
    }
}

static void which_bytes(void **state) {
    (void)state;
    for (int c = 0; c < 256; c++) {
        char text[16];
        memset(text, c, sizeof text);
        bool value = c == '\t' || (c >= 0x20 && c != 0x7f);
        bool target = c > 0x20 && c < 0x7f;
        assert_int_equal(sk_h1_scan_value(text, text + 16) - text, value ? 16 : 0);
        assert_int_equal(sk_h1_scan_target(text, text + 16) - text, target ? 16 : 0);
        bool alnum = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
        bool token = c < 0x80 && (alnum || (c && strchr("!#$%&'*+-.^_`|~", c)));
        assert_int_equal(sk_h1_scan_token(text, text + 16) - text, token ? 16 : 0);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(twins_agree),
        cmocka_unit_test(which_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
