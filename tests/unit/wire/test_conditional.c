/* Entity tags and preconditions: the tables of RFC 9110 8.8.3.2 and 13. */
#include "base/str.h"
#include "wire/conditional.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

/* ---- entity tags ---- */

static void etag_parse(void **state) {
    (void)state;
    static const struct {
        const char *text;
        bool ok, weak;
        const char *opaque;
    } cases[] = {
        {"\"xyzzy\"", true, false, "\"xyzzy\""},
        {"W/\"xyzzy\"", true, true, "\"xyzzy\""},
        {"\"\"", true, false, "\"\""},
        {"\"a,b\"", true, false, "\"a,b\""},
        {"\"a\\\"", true, false, "\"a\\\""}, /* no quoted-pair in an entity tag */
        {"\"\xc3\xa9\"", true, false, "\"\xc3\xa9\""},
        {"w/\"a\"", false, false, NULL}, /* W is case-sensitive */
        {"W/", false, false, NULL},
        {"W/a", false, false, NULL},
        {"W /\"a\"", false, false, NULL},
        {"abc", false, false, NULL},
        {"\"", false, false, NULL},
        {"\"abc", false, false, NULL},
        {"abc\"", false, false, NULL},
        {"\"a b\"", false, false, NULL},
        {"\"a\x7f\"", false, false, NULL},
        {"\"a\" ", false, false, NULL},
        {"\"a\",", false, false, NULL},
        {"*", false, false, NULL},
        {"", false, false, NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        sk_etag tag = {{"untouched", 9}, false};
        bool ok = sk_etag_parse(sk_str(cases[i].text), &tag);
        if (ok != cases[i].ok)
            print_error("case %zu: %s\n", i, cases[i].text);
        assert_int_equal(ok, cases[i].ok);
        if (!ok) {
            assert_string_equal(tag.opaque.ptr, "untouched");
            continue;
        }
        assert_int_equal(tag.weak, cases[i].weak);
        assert_true(sk_str_eq(tag.opaque, sk_str(cases[i].opaque)));
    }
}

/* The elements of a list, joined with a space, a weak one with its W/. */
static void list_elements(const char *text, char *out, size_t cap) {
    skua_str list = sk_str(text);
    sk_etag tag;
    int n = 0;
    out[0] = '\0';
    while (sk_etag_next(&list, &tag))
        n += snprintf(out + n, cap - (size_t)n, "%s%s%.*s", n ? " " : "", tag.weak ? "W/" : "",
                      (int)tag.opaque.len, tag.opaque.ptr);
}

static void etag_list(void **state) {
    (void)state;
    static const char *const cases[][2] = {
        {"\"a\"", "\"a\""},
        {"\"a\", \"b\"", "\"a\" \"b\""},
        {"\"a\",\"b\"", "\"a\" \"b\""},
        {"\t\"a\" \t,\t W/\"b\" ", "\"a\" W/\"b\""},
        {"\"a,b\", \"c\"", "\"a,b\" \"c\""},
        {",, \"a\" ,, ,\"b\",", "\"a\" \"b\""},
        {"", ""},
        {" , ,", ""},
        {"\"a\" \"b\"", ""}, /* malformed: nothing from there on */
        {"\"a\", \"b\" x, \"c\"", "\"a\""},
        {"\"a\", b, \"c\"", "\"a\""},
        {"\"a\", *, \"c\"", "\"a\""},
        {"\"a\", \"b", "\"a\""},
    };
    char got[128];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        list_elements(cases[i][0], got, sizeof got);
        assert_string_equal(got, cases[i][1]);
    }
}

static void etag_compare(void **state) {
    (void)state;
    /* RFC 9110 8.8.3.2, the table. */
    static const struct {
        const char *a, *b;
        bool strong, weak;
    } cases[] = {
        {"W/\"1\"", "W/\"1\"", false, true}, {"W/\"1\"", "W/\"2\"", false, false},
        {"W/\"1\"", "\"1\"", false, true},   {"\"1\"", "W/\"1\"", false, true},
        {"\"1\"", "\"1\"", true, true},      {"\"A\"", "\"a\"", false, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        sk_etag a, b;
        assert_true(sk_etag_parse(sk_str(cases[i].a), &a));
        assert_true(sk_etag_parse(sk_str(cases[i].b), &b));
        assert_int_equal(sk_etag_strong_eq(&a, &b), cases[i].strong);
        assert_int_equal(sk_etag_weak_eq(&a, &b), cases[i].weak);
    }
}

/* ---- preconditions ---- */

#define NOW      ((int64_t)1700000000)
#define DATE     "Sat, 29 Oct 1994 19:43:31 GMT"
#define DATE_SEC ((int64_t)783459811)
#define EARLIER  "Sat, 29 Oct 1994 19:43:30 GMT"
#define LATER    "Sat, 29 Oct 1994 19:43:32 GMT"

typedef struct condition_case {
    const char *if_match, *if_unmodified, *if_none_match, *if_modified;
    int read, write; /* verdict for GET and HEAD; for other methods */
} condition_case;

static void check(const condition_case *cases, size_t count, const sk_validators *v) {
    for (size_t i = 0; i < count; i++) {
        const condition_case *k = &cases[i];
        const sk_conditions c = {.if_match = sk_str(k->if_match),
                                 .if_unmodified_since = sk_str(k->if_unmodified),
                                 .if_none_match = sk_str(k->if_none_match),
                                 .if_modified_since = sk_str(k->if_modified)};
        int read = sk_conditional_evaluate(&c, v, true, NOW);
        int write = sk_conditional_evaluate(&c, v, false, NOW);
        if (read != k->read || write != k->write)
            print_error("case %zu: read %d, write %d\n", i, read, write);
        assert_int_equal(read, k->read);
        assert_int_equal(write, k->write);
    }
}
#define CHECK(cases, v) check(cases, sizeof(cases) / sizeof *(cases), v)

static const sk_validators strong = {
    .exists = true, .has_modified = true, .modified = DATE_SEC, .etag = {"\"a\"", 3}};
static const sk_validators weak = {
    .exists = true, .has_modified = true, .modified = DATE_SEC, .etag = {"W/\"a\"", 5}};
static const sk_validators bare = {.exists = true};
static const sk_validators missing = {.exists = false};

static void single_conditions(void **state) {
    (void)state;
    static const condition_case cases[] = {
        {NULL, NULL, NULL, NULL, 0, 0},
        /* 13.1.1 If-Match */
        {"\"a\"", NULL, NULL, NULL, 0, 0},
        {"\"x\", \"a\"", NULL, NULL, NULL, 0, 0},
        {"\"x\"", NULL, NULL, NULL, 412, 412},
        {"W/\"a\"", NULL, NULL, NULL, 412, 412}, /* MUST compare strongly */
        {"*", NULL, NULL, NULL, 0, 0},
        {" * ", NULL, NULL, NULL, 0, 0},
        {"", NULL, NULL, NULL, 412, 412},
        {"a", NULL, NULL, NULL, 412, 412},
        {"*, \"a\"", NULL, NULL, NULL, 412, 412},
        /* 13.1.4 If-Unmodified-Since */
        {NULL, DATE, NULL, NULL, 0, 0},
        {NULL, LATER, NULL, NULL, 0, 0},
        {NULL, EARLIER, NULL, NULL, 412, 412},
        {NULL, "yesterday", NULL, NULL, 0, 0},
        {NULL, EARLIER ", " EARLIER, NULL, NULL, 0, 0},
        /* 13.1.2 If-None-Match */
        {NULL, NULL, "\"a\"", NULL, 304, 412},
        {NULL, NULL, "W/\"a\"", NULL, 304, 412}, /* MUST compare weakly */
        {NULL, NULL, "\"x\", W/\"a\"", NULL, 304, 412},
        {NULL, NULL, "\"x\"", NULL, 0, 0},
        {NULL, NULL, "*", NULL, 304, 412},
        {NULL, NULL, "", NULL, 0, 0},
        {NULL, NULL, "a", NULL, 0, 0},
        /* 13.1.3 If-Modified-Since: for reading only */
        {NULL, NULL, NULL, DATE, 304, 0},
        {NULL, NULL, NULL, LATER, 304, 0},
        {NULL, NULL, NULL, EARLIER, 0, 0},
        {NULL, NULL, NULL, "Saturday, 29-Oct-94 19:43:31 GMT", 304, 0},
        {NULL, NULL, NULL, "Sat Oct 29 19:43:31 1994", 304, 0},
        {NULL, NULL, NULL, "0", 0, 0},
        {NULL, NULL, NULL, "", 0, 0},
        {NULL, NULL, NULL, DATE ", " DATE, 0, 0},
    };
    CHECK(cases, &strong);
}

static void combined_conditions(void **state) {
    (void)state;
    static const condition_case cases[] = {
        /* If-Match decides over If-Unmodified-Since, */
        {"\"a\"", EARLIER, NULL, NULL, 0, 0},
        {"\"x\"", LATER, NULL, NULL, 412, 412},
        /* If-None-Match over If-Modified-Since, */
        {NULL, NULL, "\"x\"", LATER, 0, 0},
        {NULL, NULL, "\"a\"", EARLIER, 304, 412},
        {NULL, NULL, "bad", LATER, 0, 0},
        /* and the first pair goes before the second. */
        {"\"x\"", NULL, "\"a\"", NULL, 412, 412},
        {"\"a\"", NULL, "\"a\"", NULL, 304, 412},
        {NULL, EARLIER, NULL, DATE, 412, 412},
        {NULL, DATE, NULL, DATE, 304, 0},
        {"*", NULL, NULL, DATE, 304, 0},
    };
    CHECK(cases, &strong);
}

static void weak_validator(void **state) {
    (void)state;
    static const condition_case cases[] = {
        {"\"a\"", NULL, NULL, NULL, 412, 412},
        {"W/\"a\"", NULL, NULL, NULL, 412, 412},
        {NULL, NULL, "\"a\"", NULL, 304, 412},
        {NULL, NULL, "W/\"a\"", NULL, 304, 412},
    };
    CHECK(cases, &weak);
}

static void no_validators(void **state) {
    (void)state;
    static const condition_case cases[] = {
        {"\"a\"", NULL, NULL, NULL, 412, 412}, {"*", NULL, NULL, NULL, 0, 0},
        {NULL, EARLIER, NULL, NULL, 0, 0},     {NULL, NULL, "\"a\"", NULL, 0, 0},
        {NULL, NULL, "*", NULL, 304, 412},     {NULL, NULL, NULL, LATER, 0, 0},
    };
    CHECK(cases, &bare);
}

static void no_representation(void **state) {
    (void)state;
    static const condition_case cases[] = {
        {"*", NULL, NULL, NULL, 412, 412}, /* an update must not create */
        {"\"a\"", NULL, NULL, NULL, 412, 412},
        {NULL, NULL, "*", NULL, 0, 0}, /* a creation must not update */
        {NULL, EARLIER, NULL, NULL, 0, 0},
        {NULL, NULL, NULL, LATER, 0, 0},
    };
    CHECK(cases, &missing);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(etag_parse),          cmocka_unit_test(etag_list),
        cmocka_unit_test(etag_compare),        cmocka_unit_test(single_conditions),
        cmocka_unit_test(combined_conditions), cmocka_unit_test(weak_validator),
        cmocka_unit_test(no_validators),       cmocka_unit_test(no_representation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
