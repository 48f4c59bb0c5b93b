/* fuzz/fuzz_form.c - forms: what is read, written and read again, is the same. */
#include "base/mem.h"
#include "base/str.h"

#include <skua/form.h>
#include <skua/url.h>
#include <stdlib.h>

static void require(bool holds) {
    if (!holds)
        abort();
}

static bool is_form_char(char c) {
    return sk_is_digit(c) || sk_is_alpha(c) || (c != '\0' && strchr("-._~%+&=", c));
}

static void require_same(const skua_form *a, const skua_form *b) {
    require(skua_form_count(a) == skua_form_count(b));
    skua_str names[2], values[2];
    for (size_t i = 0; skua_form_at(a, i, &names[0], &values[0]) == 0; i++) {
        require(skua_form_at(b, i, &names[1], &values[1]) == 0);
        require(sk_str_eq(names[0], names[1]) && sk_str_eq(values[0], values[1]));
        require(names[0].ptr[names[0].len] == '\0' && values[0].ptr[values[0].len] == '\0');
        const char *first = skua_form_get(a, names[0].ptr);
        require(!first || first <= values[0].ptr || strlen(names[0].ptr) != names[0].len);
    }
}

static void check_form(const char *text, size_t size) {
    skua_form *f = NULL, *again = NULL;
    if (skua_form_parse(text, size, &f, NULL) != 0)
        return;
    require(skua_form_count(f) <= SKUA_FORM_PAIRS_MAX);
    size_t len;
    const char *written = skua_form_text(f, &len);
    for (size_t i = 0; written && i < len; i++)
        require(is_form_char(written[i]));
    if (written && skua_form_parse(written, len, &again, NULL) == 0)
        require_same(f, again);
    skua_form_free(again);
    skua_form_free(f);
}

/* What is quoted is given back by unquoting; what is unquoted is never longer. */
static void check_quote(const char *text) {
    size_t len = skua_url_quote(text, "", NULL, 0);
    char *quoted = sk_alloc(len + 1), *back = sk_alloc(len + 1);
    if (quoted && back) {
        require(skua_url_quote(text, "", quoted, len + 1) == len && quoted[len] == '\0');
        require(skua_url_unquote(quoted, back, len + 1) == strlen(text));
        require(strcmp(back, text) == 0);
        require(skua_url_unquote(text, back, len + 1) <= strlen(text));
    }
    sk_free(back);
    sk_free(quoted);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    check_form((const char *)data, size);
    char *text = sk_strndup((const char *)data, size);
    if (text)
        check_quote(text);
    sk_free(text);
    return 0;
}
