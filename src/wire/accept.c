/* wire/accept.c - weighing the values of Accept and Accept-Encoding (RFC 9110 12.4.2, 12.5). */
#include "wire/accept.h"

#include "base/str.h"

/* One element of such a field. */
typedef struct element {
    skua_str name; /* what stands before the first ";" */
    int weight;
    bool narrow; /* it has parameters of its own, which nothing here is known to match */
} element;

/* ---- reading ---- */

static size_t end_of_quoted(skua_str s, size_t at) {
    for (at++; at < s.len && s.ptr[at] != '"'; at++)
        at += s.ptr[at] == '\\';
    return at < s.len ? at + 1 : s.len;
}

/* Take what stands before the next `mark` that is not in quotes, trimmed, and the mark. */
static skua_str take_until(skua_str *s, char mark) {
    size_t at = 0;
    while (at < s->len && s->ptr[at] != mark)
        at = s->ptr[at] == '"' ? end_of_quoted(*s, at) : at + 1;
    skua_str taken = {s->ptr, at};
    size_t gone = at < s->len ? at + 1 : at;
    s->ptr += gone;
    s->len -= gone;
    return sk_str_trim(taken);
}

/* RFC 9110 12.4.2: qvalue = ( "0" [ "." 0*3DIGIT ] ) / ( "1" [ "." 0*3("0") ] ). -1: it is none. */
static int read_weight(skua_str s) {
    int weight = 0, unit = SK_WEIGHT_MAX;
    if (s.len == 0 || s.len > 5 || (s.len > 1 && s.ptr[1] != '.'))
        return -1;
    for (size_t i = 0; i < s.len; i += i == 0 ? 2 : 1, unit /= 10) {
        if (!sk_is_digit(s.ptr[i]))
            return -1;
        weight += (s.ptr[i] - '0') * unit;
    }
    return weight <= SK_WEIGHT_MAX ? weight : -1;
}

/* False for an element that is malformed. */
static bool read_element(skua_str text, element *out) {
    *out = (element){.name = take_until(&text, ';'), .weight = SK_WEIGHT_MAX};
    while (text.len > 0) {
        skua_str parameter = take_until(&text, ';');
        bool is_weight =
            parameter.len > 2 && sk_lower(parameter.ptr[0]) == 'q' && parameter.ptr[1] == '=';
        if (is_weight)
            out->weight = read_weight((skua_str){parameter.ptr + 2, parameter.len - 2});
        else
            out->narrow |= parameter.len > 0;
    }
    return out->name.len > 0 && out->weight >= 0;
}

/* False at the end. */
static bool next_element(skua_str *rest, element *out) {
    while (rest->len > 0) {
        if (read_element(take_until(rest, ','), out))
            return true;
    }
    return false;
}

/* ---- codings ---- */

/* RFC 9110 8.4.1.3: "x-gzip" is equivalent to "gzip". */
static bool names_coding(skua_str name, skua_str coding) {
    return sk_str_ieq(name, coding) ||
           (sk_str_eq(coding, SK_LIT("gzip")) && sk_str_ieq(name, SK_LIT("x-gzip")));
}

int sk_accept_coding(skua_str field, skua_str coding) {
    bool is_identity = sk_str_eq(coding, SK_LIT("identity"));
    int any = -1;
    element e;
    while (next_element(&field, &e)) {
        if (names_coding(e.name, coding))
            return e.weight;
        if (sk_str_eq(e.name, SK_LIT("*")) && any < 0)
            any = e.weight;
    }
    return any >= 0 ? any : is_identity;
}

int sk_accept_best_coding(skua_str field, const char *const *codings, unsigned passed) {
    int best = -1, most = sk_accept_coding(field, SK_LIT("identity"));
    for (int i = 0; field.len > 0 && codings[i]; i++) {
        int weight = passed >> i & 1 ? 0 : sk_accept_coding(field, sk_str(codings[i]));
        /* At the same weight a coding is better than none, and the first of them the best. */
        if (weight > most || (weight == most && weight > 0 && best < 0)) {
            best = i;
            most = weight;
        }
    }
    return best;
}

/* ---- media types ---- */

/* How exactly a media range takes a type in: 3 by name, 2 as one of "text/" and so on, 1 as
 * anything; 0: not at all. */
static int precision(skua_str range, skua_str type) {
    if (sk_str_ieq(range, type))
        return 3;
    if (sk_str_eq(range, SK_LIT("*/*")))
        return 1;
    const char *slash = memchr(type.ptr, '/', type.len);
    size_t family = slash ? (size_t)(slash - type.ptr) + 1 : type.len;
    bool same = range.len == family + 1 && range.ptr[family] == '*' &&
                sk_str_ieq((skua_str){range.ptr, family}, (skua_str){type.ptr, family});
    return same ? 2 : 0;
}

typedef struct liking {
    int weight;
    int precision;
} liking;

/* RFC 9110 12.5.1: the most specific range that takes a type in has precedence. */
static liking liking_of(skua_str field, skua_str type) {
    liking best = {0, 0};
    element e;
    while (next_element(&field, &e)) {
        int p = e.narrow ? 0 : precision(e.name, type);
        if (p > best.precision)
            best = (liking){e.weight, p};
    }
    return best;
}

bool sk_accept_prefers_type(skua_str field, skua_str type, skua_str to) {
    liking a = liking_of(field, type), b = liking_of(field, to);
    if (a.weight != b.weight)
        return a.weight > b.weight;
    return a.weight > 0 && a.precision > b.precision;
}
