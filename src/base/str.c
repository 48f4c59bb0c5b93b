/* base/str.c - comparing and scanning byte strings; the table of character classes. */
#include "base/str.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#define V SK_CHAR_VALUE
#define T (SK_CHAR_TOKEN | SK_CHAR_VALUE)
/* clang-format off */
const unsigned char sk_char_class[256] = {
/*  0  1  2  3  4  5  6  7   8  9  a  b  c  d  e  f */
    0, 0, 0, 0, 0, 0, 0, 0,  0, V, 0, 0, 0, 0, 0, 0, /* 00: HTAB alone */
    0, 0, 0, 0, 0, 0, 0, 0,  0, 0, 0, 0, 0, 0, 0, 0, /* 10 */
    V, T, V, T, T, T, T, T,  V, V, T, T, V, T, T, V, /* 20:  !"#$%&'()*+,-./ */
    T, T, T, T, T, T, T, T,  T, T, V, V, V, V, V, V, /* 30: 0123456789:;<=>? */
    V, T, T, T, T, T, T, T,  T, T, T, T, T, T, T, T, /* 40: @ABCDEFGHIJKLMNO */
    T, T, T, T, T, T, T, T,  T, T, T, V, V, V, T, T, /* 50: PQRSTUVWXYZ[\]^_ */
    T, T, T, T, T, T, T, T,  T, T, T, T, T, T, T, T, /* 60: `abcdefghijklmno */
    T, T, T, T, T, T, T, T,  T, T, T, V, T, V, T, 0, /* 70: pqrstuvwxyz{|}~  */
    V, V, V, V, V, V, V, V,  V, V, V, V, V, V, V, V, /* 80: obs-text from here on */
    V, V, V, V, V, V, V, V,  V, V, V, V, V, V, V, V,
    V, V, V, V, V, V, V, V,  V, V, V, V, V, V, V, V,
    V, V, V, V, V, V, V, V,  V, V, V, V, V, V, V, V,
    V, V, V, V, V, V, V, V,  V, V, V, V, V, V, V, V,
    V, V, V, V, V, V, V, V,  V, V, V, V, V, V, V, V,
    V, V, V, V, V, V, V, V,  V, V, V, V, V, V, V, V,
    V, V, V, V, V, V, V, V,  V, V, V, V, V, V, V, V,
};
/* clang-format on */
#undef V
#undef T

int sk_hex_value(char c) {
    if (sk_is_digit(c))
        return c - '0';
    c = sk_lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

#define EACH_BYTE(b) (UINT64_C(0x0101010101010101) * (b))

/* Eight bytes in lower case: 0x20 is added where one lies between 'A' and 'Z'. With its top bit out
 * of the way none of the sums carries into the next byte. */
static uint64_t lower_8(const char *p) {
    uint64_t x;
    memcpy(&x, p, sizeof x);
    uint64_t low = x & EACH_BYTE(0x7f);
    uint64_t from_a = low + EACH_BYTE(0x80 - 'A'), past_z = low + EACH_BYTE(0x7f - 'Z');
    uint64_t upper = from_a & ~past_z & ~x & EACH_BYTE(0x80);
    return x | upper >> 2;
}

bool sk_mem_ieq(const char *a, const char *b, size_t n) {
    if (n >= 8) {
        for (size_t i = 0; i + 8 <= n; i += 8) {
            if (lower_8(a + i) != lower_8(b + i))
                return false;
        }
        return lower_8(a + n - 8) == lower_8(b + n - 8); /* some of it for the second time */
    }
    for (size_t i = 0; i < n; i++) {
        if (a[i] != b[i] && sk_lower(a[i]) != sk_lower(b[i]))
            return false;
    }
    return true;
}

static bool all_of_class(const char *p, size_t n, unsigned class) {
    for (size_t i = 0; i < n; i++) {
        if (!(sk_char_class[(unsigned char)p[i]] & class))
            return false;
    }
    return true;
}

bool sk_str_is_token(skua_str s) {
    return s.len > 0 && all_of_class(s.ptr, s.len, SK_CHAR_TOKEN);
}

#if defined(__SSE2__)
static __m128i sixteen(const char *p) {
    return _mm_loadu_si128((const __m128i *)(const void *)p);
}

/* Eight from the beginning, eight from the end: of 8 to 16 bytes that is each one. */
static __m128i both_ends(skua_str s) {
    const char *last = s.ptr + s.len - 8;
    return _mm_unpacklo_epi64(_mm_loadl_epi64((const __m128i *)(const void *)s.ptr),
                              _mm_loadl_epi64((const __m128i *)(const void *)last));
}

/* The same as SK_CHAR_VALUE for each of 16 bytes: no control but HTAB, and no DEL. */
static bool are_value_bytes(__m128i x) {
    /* SSE2 has no unsigned comparison: x <= 0x1f is min(x, 0x1f) == x. */
    __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(x, _mm_set1_epi8(0x1f)), x);
    __m128i tab = _mm_cmpeq_epi8(x, _mm_set1_epi8('\t'));
    __m128i del = _mm_cmpeq_epi8(x, _mm_set1_epi8(0x7f));
    return _mm_movemask_epi8(_mm_or_si128(_mm_andnot_si128(tab, control), del)) == 0;
}

bool sk_str_is_field_value(skua_str s) {
    if (s.len < 8)
        return all_of_class(s.ptr, s.len, SK_CHAR_VALUE);
    if (s.len <= 16)
        return are_value_bytes(both_ends(s));
    for (size_t i = 0; i + 16 <= s.len; i += 16) {
        if (!are_value_bytes(sixteen(s.ptr + i)))
            return false;
    }
    return are_value_bytes(sixteen(s.ptr + s.len - 16)); /* what is left, and some once more */
}
#else
bool sk_str_is_field_value(skua_str s) {
    return all_of_class(s.ptr, s.len, SK_CHAR_VALUE);
}
#endif

bool sk_str_to_int64(skua_str s, int64_t *out) {
    int64_t v = 0;
    if (s.len == 0)
        return false;
    for (size_t i = 0; i < s.len; i++) {
        if (!sk_is_digit(s.ptr[i]))
            return false;
        int digit = s.ptr[i] - '0';
        if (v > (INT64_MAX - digit) / 10)
            return false;
        v = v * 10 + digit;
    }
    *out = v;
    return true;
}

bool sk_list_next(skua_str *rest, skua_str *element) {
    while (rest->len > 0) {
        const char *comma = memchr(rest->ptr, ',', rest->len);
        size_t len = comma ? (size_t)(comma - rest->ptr) : rest->len;
        size_t used = comma ? len + 1 : len;
        skua_str found = sk_str_trim((skua_str){rest->ptr, len});
        rest->ptr += used;
        rest->len -= used;
        if (found.len > 0) {
            *element = found;
            return true;
        }
    }
    return false;
}

bool sk_list_has_token(skua_str list, skua_str token) {
    skua_str element;
    while (sk_list_next(&list, &element)) {
        if (sk_str_ieq(element, token))
            return true;
    }
    return false;
}
