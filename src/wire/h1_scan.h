/* wire/h1_scan.h - how far a run of allowed bytes goes: many at a time where the compiler
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
/* Which of the bytes lie between first and last, taken as unsigned? */
static inline __m128i sk_h1_in_range(__m128i bytes, char first, char last) {
    __m128i above = _mm_sub_epi8(bytes, _mm_set1_epi8(first));
    return _mm_cmpeq_epi8(_mm_min_epu8(above, _mm_set1_epi8((char)(last - first))), above);
}

/* A bit for each byte that ends a run. */

static inline unsigned sk_h1_no_value(__m128i v) {
    __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(v, _mm_set1_epi8(0x1f)), v); /* v <= 0x1f */
    __m128i tab = _mm_cmpeq_epi8(v, _mm_set1_epi8('\t'));
    __m128i del = _mm_cmpeq_epi8(v, _mm_set1_epi8(0x7f));
    return (unsigned)_mm_movemask_epi8(_mm_or_si128(_mm_andnot_si128(tab, control), del));
}

static inline unsigned sk_h1_no_target(__m128i v) {
    return (unsigned)_mm_movemask_epi8(sk_h1_in_range(v, 0x21, 0x7e)) ^ 0xffff;
}

/* Letters, digits and hyphens are what the names of fields are made of; what else may stand in a
 * token is left to the scalar form. */
static inline unsigned sk_h1_no_name(__m128i v) {
    __m128i letter = sk_h1_in_range(_mm_or_si128(v, _mm_set1_epi8(0x20)), 'a', 'z');
    __m128i digit = sk_h1_in_range(v, '0', '9');
    __m128i hyphen = _mm_cmpeq_epi8(v, _mm_set1_epi8('-'));
    return (unsigned)_mm_movemask_epi8(_mm_or_si128(_mm_or_si128(letter, digit), hyphen)) ^ 0xffff;
}

/* Find the first such byte, sixteen at a time and once eight. NULL: it is not among those, and *at
 * is behind them, with few left for the scalar form. */
static inline const char *sk_h1_scan(const char **at, const char *end, unsigned (*ends)(__m128i)) {
    const char *p = *at;
    for (; end - p >= 16; p += 16) {
        unsigned mask = ends(_mm_loadu_si128((const __m128i *)(const void *)p));
        if (mask)
            return p + __builtin_ctz(mask);
    }
    if (end - p >= 8) {
        unsigned mask = ends(_mm_loadl_epi64((const __m128i *)(const void *)p)) & 0xff;
        if (mask)
            return p + __builtin_ctz(mask);
        p += 8;
    }
    *at = p;
    return NULL;
}

static inline const char *sk_h1_scan_token(const char *p, const char *end) {
    const char *found = sk_h1_scan(&p, end, sk_h1_no_name);
    if (found && *found == ':')
        return found;
    return sk_h1_scan_token_scalar(found ? found : p, end);
}

static inline const char *sk_h1_scan_value(const char *p, const char *end) {
    const char *found = sk_h1_scan(&p, end, sk_h1_no_value);
    return found ? found : sk_h1_scan_value_scalar(p, end);
}

static inline const char *sk_h1_scan_target(const char *p, const char *end) {
    const char *found = sk_h1_scan(&p, end, sk_h1_no_target);
    return found ? found : sk_h1_scan_target_scalar(p, end);
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
