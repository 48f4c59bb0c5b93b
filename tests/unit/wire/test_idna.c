/* wire/idna: names beyond ASCII, what they become, and why some become nothing. */
#include "base/str.h"
#include "wire/idna.h"

#include <locale.h>
#include <setjmp.h>
#include <skua/error.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#if SK_HAVE_IDN

static void check(const char *name, const char *expected) {
    char out[SK_IDNA_MAX + 2] = "";
    const char *why = "";
    if (sk_idna_to_ascii(sk_str(name), out, &why) != 0)
        fail_msg("%s: %s", name, why);
    assert_string_equal(out, expected);
}

static void names(void **state) {
    (void)state;
    check("b\u00fccher.example", "xn--bcher-kva.example");
    check("B\u00dcCHER.Example", "xn--bcher-kva.example");       /* UTS #46: case */
    check("bu\u0308cher.example", "xn--bcher-kva.example");      /* NFC */
    check("\uff42\u00fccher.example", "xn--bcher-kva.example");  /* width */
    check("b\u00fc\u00adcher.example", "xn--bcher-kva.example"); /* a soft hyphen is nothing */
    check("fa\u00df.de", "xn--fa-hia.de");                       /* not transitional: not "fass" */
    check("\u65e5\u672c\u8a9e\u3002\uff2a\uff30", "xn--wgv71a119e.jp"); /* their full stop */
    check("\u05d0\u05d1.example", "xn--4dbc.example");
    check("\u0915\u094d\u200d\u0937.example", "xn--11b2ezcw70k.example"); /* a joiner in place */
    check("_srv.\u00fc", "_srv.xn--tda");
    check("\u00fc.x.", "xn--tda.x.");
    check("XN--BCHER-KVA.\u00fc", "xn--bcher-kva.xn--tda");
}

static void refused_with_a_reason(void **state) {
    (void)state;
    static const char *const cases[][2] = {
        {"a\xff", "it is not UTF-8"},
        {"\xc3.x", "it is not UTF-8"},
        {"\u2615.example", "it holds a character that no host name may hold"},
        {"\U0001f986.x", "it holds a character that no host name may hold"},
        {"\u00fc!x", "it holds a character that no host name may hold"},
        {"a!b.\u00fc", "it holds a character that no host name may hold"},
        {"\u00fc b", "it holds a character that no host name may hold"},
        /* What maps to a character that ends a host. */
        {"a\uff0fb.\u00fc", "it holds a character that no host name may hold"},
        {"\u2100.com", "it holds a character that no host name may hold"},
        {"a\uff20b", "it holds a character that no host name may hold"},
        {"a\uff1a80", "it holds a character that no host name may hold"},
        {"a\uff1fb", "it holds a character that no host name may hold"},
        {"a\uff03b", "it holds a character that no host name may hold"},
        {"a\uff05b", "it holds a character that no host name may hold"},
        {"\u00fc..x", "a label is empty"},
        {".\u00fc", "a label is empty"},
        {"\u00ad.x", "a label is empty"},
        {"\u00ad", "a label is empty"},
        {"\u3002", "a label is empty"},
        {"\u00fc.x..", "a label is empty"},
        {"-\u00fc.x", "a label begins or ends with \"-\""},
        {"\u00fc-.x", "a label begins or ends with \"-\""},
        {"ab--\u00fc", "a label has \"--\" at its third place"},
        {"xn--zzzzzz.\u00fc", "a label with \"xn--\" is malformed"},
        {"a\u200db", "it holds a joiner where none may be"},
        {"\u05d0a", "it mixes writing from the left and from the right"},
        {"\u0308a.x", "a label begins with a combining mark"},
        {"\uff11\uff12\uff17.0.0.1", "it is an address in other digits"},
        {"127\u30020\u30020\u30021", "it is an address in other digits"},
        {"\uff10x7f000001", "it is an address in other digits"},
        {"a.\uff10x", "it is an address in other digits"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char out[SK_IDNA_MAX + 2] = "kept";
        const char *why = NULL;
        if (sk_idna_to_ascii(sk_str(cases[i][0]), out, &why) != SKUA_E_INVALID_URL)
            fail_msg("accepted: %s, as %s", cases[i][0], out);
        assert_string_equal(why, cases[i][1]);
        assert_string_equal(out, "kept");
    }
}

/* "ü" and then `more` letters in a label, as often as it takes. */
static int convert(size_t labels, size_t more, const char **why) {
    char name[2048], out[SK_IDNA_MAX + 2];
    size_t len = 0;
    for (size_t i = 0; i < labels; i++) {
        memcpy(name + len, i > 0 ? ".\u00fc" : "\u00fc", i > 0 ? 3 : 2);
        len += i > 0 ? 3 : 2;
        memset(name + len, 'a', more);
        len += more;
    }
    int rc = sk_idna_to_ascii((skua_str){name, len}, out, why);
    assert_true(rc != 0 || strlen(out) <= SK_IDNA_MAX);
    return rc;
}

static void length_limits(void **state) {
    (void)state;
    const char *why;
    /* "xn--", as many letters, "-", and what it takes to say where the other one belongs. */
    size_t fits = 0;
    while (convert(1, fits + 1, &why) == 0)
        fits++;
    assert_in_range(fits, 50, 58);
    assert_string_equal(why, "a label is longer than 63 characters");
    assert_int_equal(convert(1, 500, &why), SKUA_E_INVALID_URL);
    size_t labels = 1;
    while (convert(labels + 1, 20, &why) == 0)
        labels++;
    assert_in_range(labels, 5, 12);
    assert_string_equal(why, "it is longer than 253 characters");
    assert_int_equal(convert(50, 20, &why), SKUA_E_INVALID_URL);
    assert_string_equal(why, "it is longer than 253 characters");
    char out[SK_IDNA_MAX + 2], name[2000];
    memset(name, 0xc3, sizeof name);
    assert_int_equal(sk_idna_to_ascii((skua_str){name, sizeof name}, out, &why),
                     SKUA_E_INVALID_URL);
    assert_string_equal(why, "it is longer than 253 characters");
}

/* Names are UTF-8 and reasons are English, whatever the program has set. */
static void the_locale_does_not_matter(void **state) {
    (void)state;
    assert_non_null(setlocale(LC_ALL, "C"));
    names(state);
    if (setlocale(LC_ALL, "C.UTF-8")) {
        names(state);
        refused_with_a_reason(state);
    }
    setlocale(LC_ALL, "C");
}

#else

static void refused_without_the_library(void **state) {
    (void)state;
    char out[SK_IDNA_MAX + 2] = "kept";
    const char *why = NULL;
    assert_int_equal(sk_idna_to_ascii(SK_LIT("b\u00fccher.example"), out, &why),
                     SKUA_E_INVALID_URL);
    assert_string_equal(why, "this build has no libidn2, which international names need");
    assert_string_equal(out, "kept");
}

#endif

int main(void) {
    const struct CMUnitTest tests[] = {
#if SK_HAVE_IDN
        cmocka_unit_test(names),
        cmocka_unit_test(refused_with_a_reason),
        cmocka_unit_test(length_limits),
        cmocka_unit_test(the_locale_does_not_matter),
#else
        cmocka_unit_test(refused_without_the_library),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
