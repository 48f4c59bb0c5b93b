/* wire/range.c - parts of a representation that a request asks for (RFC 9110 14).
 *
 *     bytes=0-499        the first 500        bytes=500-      all behind them
 *     bytes=-500         the last 500         bytes=0-0,-1    the first and the last one
 *
 * Positions may be larger than any number: they are read as the largest one. */
#include "wire/range.h"

#include "base/date.h"
#include "base/str.h"

/* ---- one range ---- */

/* Take digits off the front. False: there are none. */
static bool take_number(skua_str *s, int64_t *out) {
    size_t n = 0;
    int64_t value = 0;
    for (; n < s->len && sk_is_digit(s->ptr[n]); n++) {
        int digit = s->ptr[n] - '0';
        value = value > (INT64_MAX - digit) / 10 ? INT64_MAX : value * 10 + digit;
    }
    s->ptr += n;
    s->len -= n;
    *out = value;
    return n > 0;
}

/* RFC 9110 14.1.1: suffix-range = "-" suffix-length. More than there is means all of it. */
static bool read_suffix(skua_str s, int64_t size, sk_range *out) {
    int64_t len;
    if (!take_number(&s, &len) || s.len > 0)
        return false;
    if (len > size)
        len = size;
    *out = (sk_range){size - len, len};
    return true;
}

/* RFC 9110 14.1.1: int-range = first-pos "-" [ last-pos ] */
static bool read_positions(skua_str s, int64_t size, sk_range *out) {
    int64_t first, last = INT64_MAX;
    if (!take_number(&s, &first) || s.len == 0 || s.ptr[0] != '-')
        return false;
    s = (skua_str){s.ptr + 1, s.len - 1};
    /* RFC 9110 14.1.1: an int-range is invalid if the last-pos is less than the first-pos. */
    if (s.len > 0 && (!take_number(&s, &last) || s.len > 0 || last < first))
        return false;
    if (last >= size)
        last = size - 1;
    *out = (sk_range){first, first < size ? last - first + 1 : 0};
    return true;
}

/* A range whose len is 0 cannot be satisfied. False: it is malformed. */
static bool read_range(skua_str s, int64_t size, sk_range *out) {
    if (s.len > 0 && s.ptr[0] == '-')
        return read_suffix((skua_str){s.ptr + 1, s.len - 1}, size, out);
    return read_positions(s, size, out);
}

/* ---- all of them ---- */

/* RFC 9110 14.2: units are told apart without regard to case. */
static bool skip_unit(skua_str *s) {
    static const char unit[] = "bytes=";
    size_t len = sizeof unit - 1;
    if (s->len < len || !sk_str_ieq((skua_str){s->ptr, len}, SK_LIT("bytes=")))
        return false;
    s->ptr += len;
    s->len -= len;
    return true;
}

static bool overlaps_any(const sk_ranges *all, const sk_range *r) {
    for (int i = 0; i < all->count; i++) {
        const sk_range *other = &all->at[i];
        if (r->first < other->first + other->len && other->first < r->first + r->len)
            return true;
    }
    return false;
}

sk_range_verdict sk_range_judge(skua_str field, int64_t size, sk_ranges *out) {
    sk_ranges found = {.count = 0};
    skua_str rest = field, element;
    int named = 0;
    if (!field.ptr || !skip_unit(&rest))
        return SK_RANGE_WHOLE;
    while (sk_list_next(&rest, &element)) {
        sk_range r;
        if (!read_range(element, size, &r) || ++named > SK_RANGES_MAX)
            return SK_RANGE_WHOLE;
        if (r.len == 0) {
            /* RFC 9110 14.1.2: "-1" is satisfiable where there is nothing; no 206 can say so. */
            if (size == 0 && element.ptr[0] == '-' && !sk_str_eq(element, SK_LIT("-0")))
                return SK_RANGE_WHOLE;
            continue;
        }
        if (overlaps_any(&found, &r))
            return SK_RANGE_WHOLE;
        found.at[found.count++] = r;
    }
    if (named == 0)
        return SK_RANGE_WHOLE;
    if (found.count == 0)
        return SK_RANGE_UNSATISFIABLE;
    *out = found;
    return SK_RANGE_PARTS;
}

/* ---- If-Range ---- */

bool sk_range_applies(skua_str if_range, const sk_validators *v, int64_t now) {
    sk_etag asked, current;
    int64_t date;
    if (!if_range.ptr)
        return true;
    skua_str value = sk_str_trim(if_range);
    /* RFC 9110 13.1.5: the strong comparison function MUST be used. */
    if (sk_etag_parse(value, &asked))
        return v->etag.ptr && sk_etag_parse(v->etag, &current) &&
               sk_etag_strong_eq(&asked, &current);
    /* RFC 9110 13.1.5: the date matches exactly. That of the current second is weak (8.8.2.2): the
     * file may change again within it. */
    return v->has_modified && sk_date_parse(value, now, &date) && date == v->modified &&
           v->modified < now;
}
