/* What is said of a file. */
#include "base/str.h"
#include "server/file_facts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static const sk_file_info some = {
    .size = 10, .mtime = 784111777, .mtime_ns = 123456789, .inode = 0xabc, .is_regular = true};

static void what_is_said(void **state) {
    sk_file_facts facts;
    (void)state;
    sk_file_facts_of(&some, 2000000000, &facts);
    assert_string_equal(facts.etag, "\"abc-a-2ebc98a1.75bcd15\"");
    assert_string_equal(facts.last_modified, "Sun, 06 Nov 1994 08:49:37 GMT");
    assert_true(facts.modified == some.mtime);
}

static void the_tag_tells_states_apart(void **state) {
    sk_file_info other[4] = {some, some, some, some};
    sk_file_facts first, facts;
    (void)state;
    other[0].size++;
    other[1].mtime--;
    other[2].mtime_ns++;
    other[3].inode++;
    sk_file_facts_of(&some, 2000000000, &first);
    for (int i = 0; i < 4; i++) {
        sk_file_facts_of(&other[i], 2000000000, &facts);
        assert_string_not_equal(facts.etag, first.etag);
    }
}

/* RFC 9110 8.8.2.1: Last-Modified is never later than the message. */
static void the_future_is_now(void **state) {
    sk_file_facts facts;
    (void)state;
    sk_file_facts_of(&some, some.mtime - 1, &facts);
    assert_true(facts.modified == some.mtime - 1);
    assert_string_equal(facts.last_modified, "Sun, 06 Nov 1994 08:49:36 GMT");
}

static void the_largest_values_fit(void **state) {
    const sk_file_info all = {.size = -1, .mtime = -1, .mtime_ns = UINT32_MAX, .inode = UINT64_MAX};
    sk_file_facts facts;
    (void)state;
    sk_file_facts_of(&all, 0, &facts);
    assert_int_equal(strlen(facts.etag), 3 * 16 + 8 + 5);
    assert_int_equal(facts.etag[strlen(facts.etag) - 1], '"');
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_said),
        cmocka_unit_test(the_tag_tells_states_apart),
        cmocka_unit_test(the_future_is_now),
        cmocka_unit_test(the_largest_values_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
