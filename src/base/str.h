/* base/str.h - comparing and scanning byte strings. ASCII only, never the locale's rules. */
#ifndef SK_BASE_STR_H
#define SK_BASE_STR_H

#include <skua/types.h>
#include <stdbool.h>
#include <string.h>

#define SK_LIT(s) ((skua_str){(s), sizeof(s) - 1})

static inline skua_str sk_str(const char *z) {
    return (skua_str){z, z ? strlen(z) : 0};
}

static inline char sk_lower(char c) {
    return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

static inline bool sk_is_digit(char c) {
    return c >= '0' && c <= '9';
}

static inline bool sk_is_alpha(char c) {
    c = sk_lower(c);
    return c >= 'a' && c <= 'z';
}

/* RFC 9110 5.6.3: what optional white space is made of. */
static inline bool sk_is_blank(char c) {
    return c == ' ' || c == '\t';
}

/* What a byte may be part of, for loops that look at every byte of a head. */
#define SK_CHAR_TOKEN 1u /* tchar (RFC 9110 5.6.2) */
#define SK_CHAR_VALUE 2u /* field-vchar, SP, HTAB (RFC 9110 5.5) */
extern const unsigned char sk_char_class[256];

/* RFC 9110 5.6.2: the characters of a token. */
static inline bool sk_is_tchar(char c) {
    return (sk_char_class[(unsigned char)c] & SK_CHAR_TOKEN) != 0;
}
/* 0..15, or -1. */
int sk_hex_value(char c);

static inline bool sk_str_eq(skua_str a, skua_str b) {
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}
/* Are so many bytes equal, upper and lower case alike? */
bool sk_mem_ieq(const char *a, const char *b, size_t n);
/* Equal, upper and lower case alike. Most that are not are told by their length, or the first
 * letter: all but one of its bits. */
static inline bool sk_str_ieq(skua_str a, skua_str b) {
    return a.len == b.len && (a.len == 0 || (((a.ptr[0] ^ b.ptr[0]) & ~0x20) == 0 &&
                                             sk_mem_ieq(a.ptr, b.ptr, a.len)));
}
/* A token: not empty, tchar only (RFC 9110 5.6.2). */
bool sk_str_is_token(skua_str s);
/* A field value: no CR, LF, NUL, other control but HTAB; bytes from 0x80 on are allowed (RFC 9110
 * 5.5). Leading and trailing white space is not judged. */
bool sk_str_is_field_value(skua_str s);
/* Without SP and HTAB at either end (OWS, RFC 9110 5.6.3). */
static inline skua_str sk_str_trim(skua_str s) {
    while (s.len > 0 && sk_is_blank(s.ptr[0])) {
        s.ptr++;
        s.len--;
    }
    while (s.len > 0 && sk_is_blank(s.ptr[s.len - 1]))
        s.len--;
    return s;
}
/* Only 1*DIGIT, and not above INT64_MAX. */
bool sk_str_to_int64(skua_str s, int64_t *out);
/* Does the comma-separated list hold this token, upper and lower case alike (RFC 9110 5.6.1)? */
bool sk_list_has_token(skua_str list, skua_str token);
/* Take the next element of a comma-separated list off *rest, trimmed; empty ones are passed over
 * (RFC 9110 5.6.1.2). False at the end. Does not know quoted strings. */
bool sk_list_next(skua_str *rest, skua_str *element);

#endif
