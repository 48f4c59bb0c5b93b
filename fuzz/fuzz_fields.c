/* fuzz/fuzz_fields.c - tokens, values, numbers and lists, against plain second readings.
 *
 * Input: a token, a line feed, a list. */
#include "base/str.h"
#include "wire/fields.h"
#include "wire/keep_alive.h"

#include <stdio.h>
#include <stdlib.h>

static void require(bool holds) {
    if (!holds)
        abort();
}

static bool is_ows(char c) {
    return c == ' ' || c == '\t';
}

static void check_characters(skua_str s) {
    bool token = s.len > 0, value = true;
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.ptr[i];
        token = token && c > 0x20 && c < 0x7f && !strchr("\"(),/:;<=>?@[\\]{}", c);
        value = value && (c == '\t' || (c >= 0x20 && c != 0x7f));
    }
    require(sk_str_is_token(s) == token);
    require(sk_str_is_field_value(s) == value);
}

static void check_number(skua_str s) {
    int64_t v = -1;
    if (!sk_str_to_int64(s, &v))
        return;
    char text[32];
    int n = snprintf(text, sizeof text, "%lld", (long long)v);
    while (s.len > 1 && s.ptr[0] == '0')
        s = (skua_str){s.ptr + 1, s.len - 1};
    require(v >= 0 && sk_str_eq(s, (skua_str){text, (size_t)n}));
}

/* Each element is trimmed, not empty, without a comma, in order; all between them is separators. */
static void check_list(skua_str list, skua_str token) {
    const char *at = list.ptr;
    bool found = false;
    skua_str rest = list, e;
    while (sk_list_next(&rest, &e)) {
        for (; at < e.ptr; at++)
            require(*at == ',' || is_ows(*at));
        require(at == e.ptr && e.len > 0 && !memchr(e.ptr, ',', e.len));
        require(!is_ows(e.ptr[0]) && !is_ows(e.ptr[e.len - 1]));
        found = found || sk_str_ieq(e, token);
        at += e.len;
        require(rest.ptr >= at && rest.ptr + rest.len == list.ptr + list.len);
    }
    for (; at < list.ptr + list.len; at++)
        require(*at == ',' || is_ows(*at));
    require(sk_list_has_token(list, token) == found);

    sk_field fields[] = {{SK_LIT("x"), list}, {SK_LIT("Y"), SK_LIT("")}, {token, list}};
    const sk_fields f = {.at = fields, .count = 3};
    require(sk_fields_has_token(&f, SK_LIT("X"), token) == found);
    require(!sk_fields_has_token(&f, SK_LIT("y"), SK_LIT("z")) || sk_str_ieq(token, SK_LIT("y")));
    require(sk_fields_find(&f, token) != NULL);
}

/* Where it finds a time, the text says it somewhere: its name, and a digit. */
static void check_keep_alive(skua_str value) {
    sk_field field = {SK_LIT("Keep-Alive"), value};
    int64_t seconds = sk_keep_alive_timeout(&(sk_fields){.at = &field, .count = 1});
    require(seconds >= -1 && seconds <= SK_KEEP_ALIVE_MAX);
    bool named = false, digit = false;
    for (size_t i = 0; i < value.len; i++) {
        skua_str here = {value.ptr + i, value.len - i < 7 ? value.len - i : 7};
        named = named || sk_str_ieq(here, SK_LIT("timeout"));
        digit = digit || (named && sk_is_digit(value.ptr[i]));
    }
    require(seconds == -1 || digit);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    skua_str all = {(const char *)data, size};
    const char *line_end = size > 0 ? memchr(all.ptr, '\n', size) : NULL;
    size_t token_len = line_end ? (size_t)(line_end - all.ptr) : size;
    skua_str token = {all.ptr, token_len};
    skua_str list = line_end ? (skua_str){line_end + 1, size - token_len - 1} : all;
    check_characters(token);
    check_characters(list);
    check_number(token);
    check_list(list, sk_str_trim(token));
    check_keep_alive(list);
    return 0;
}
