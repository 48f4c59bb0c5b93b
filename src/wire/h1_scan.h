/* wire/h1_scan.h - how far a run of allowed bytes goes: sixteen at a time where the compiler
 * targets SSE2, with a scalar twin that says the same. */
#ifndef SK_WIRE_H1_SCAN_H
#define SK_WIRE_H1_SCAN_H

#include "base/str.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

/* RFC 9110 5.5: VCHAR, obs-text, SP and HTAB. */
static inline bool sk_h1_is_value_byte(unsigned char c) {
    return (c >= 0x20 && c != 0x7f) || c == '\t';
}

/* RFC 9112 3.2: a target holds no white space, no control and nothing beyond ASCII. */
static inline bool sk_h1_is_target_byte(unsigned char c) {
    return c > 0x20 && c < 0x7f;
}

static inline const char *sk_h1_scan_value_scalar(const char *p, const char *end) {
    while (p < end && sk_h1_is_value_byte((unsigned char)*p))
        p++;
    return p;
}

static inline const char *sk_h1_scan_target_scalar(const char *p, const char *end) {
    while (p < end && sk_h1_is_target_byte((unsigned char)*p))
        p++;
    return p;
}

static inline const char *sk_h1_scan_token_scalar(const char *p, const char *end) {
    while (p < end && sk_is_tchar(*p))
        p++;
    return p;
}

#if defined(__SSE2__)
/* Which of the bytes are at most last - first above first, taken as unsigned? */
static inline __m128i sk_h1_in_range(__m128i bytes, char first, char last) {
    __m128i above = _mm_sub_epi8(bytes, _mm_set1_epi8(first));
    return _mm_cmpeq_epi8(_mm_min_epu8(above, _mm_set1_epi8((char)(last - first))), above);
}

/* Letters, digits and hyphens are taken sixteen at a time: the names of fields are made of them,
 * and end in a colon. What else may stand in a token is left to the scalar form, from there on. */
static inline const char *sk_h1_scan_token(const char *p, const char *end) {
    for (; end - p >= 16; p += 16) {
        __m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);
        __m128i letter = sk_h1_in_range(_mm_or_si128(v, _mm_set1_epi8(0x20)), 'a', 'z');
        __m128i digit = sk_h1_in_range(v, '0', '9');
        __m128i hyphen = _mm_cmpeq_epi8(v, _mm_set1_epi8('-'));
        int mask = _mm_movemask_epi8(_mm_or_si128(_mm_or_si128(letter, digit), hyphen));
        if (mask != 0xffff) {
            p += __builtin_ctz(~(unsigned)mask);
            return *p == ':' ? p : sk_h1_scan_token_scalar(p, end);
        }
    }
    return sk_h1_scan_token_scalar(p, end);
}

static inline const char *sk_h1_scan_value(const char *p, const char *end) {
    const __m128i last_control = _mm_set1_epi8(0x1f);
    const __m128i tab = _mm_set1_epi8('\t');
    const __m128i del = _mm_set1_epi8(0x7f);
    for (; end - p >= 16; p += 16) {
        __m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);
        /* min(v, 0x1f) == v just where v <= 0x1f, taken as unsigned */
        __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(v, last_control), v);
        __m128i bad =
            _mm_or_si128(_mm_andnot_si128(_mm_cmpeq_epi8(v, tab), control), _mm_cmpeq_epi8(v, del));
        int mask = _mm_movemask_epi8(bad);
        if (mask)
            return p + __builtin_ctz((unsigned)mask);
    }
    return sk_h1_scan_value_scalar(p, end);
}

static inline const char *sk_h1_scan_target(const char *p, const char *end) {
    const __m128i space = _mm_set1_epi8(0x20);
    const __m128i del = _mm_set1_epi8(0x7f);
    for (; end - p >= 16; p += 16) {
        __m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);
        __m128i low = _mm_cmpeq_epi8(_mm_min_epu8(v, space), v);
        __m128i high = _mm_cmpeq_epi8(_mm_max_epu8(v, del), v);
        int mask = _mm_movemask_epi8(_mm_or_si128(low, high));
        if (mask)
            return p + __builtin_ctz((unsigned)mask);
    }
    return sk_h1_scan_target_scalar(p, end);
}
#else
static inline const char *sk_h1_scan_token(const char *p, const char *end) {
    return sk_h1_scan_token_scalar(p, end);
}
static inline const char *sk_h1_scan_value(const char *p, const char *end) {
    return sk_h1_scan_value_scalar(p, end);
}
static inline const char *sk_h1_scan_target(const char *p, const char *end) {
    return sk_h1_scan_target_scalar(p, end);
}
#endif

#endif
