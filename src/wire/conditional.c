/* wire/conditional.c - preconditions of a request (RFC 9110 13).
 *
 * A malformed list of entity tags matches nothing from the malformed element on. That errs on the
 * safe side both ways: If-Match fails, and If-None-Match sends the representation. */
#include "wire/conditional.h"

#include "base/date.h"
#include "base/str.h"

#include <skua/status.h>

/* ---- entity tags ---- */

/* RFC 9110 8.8.3: etagc = %x21 / %x23-7E / obs-text */
static bool is_etagc(char c) {
    unsigned char u = (unsigned char)c;
    return u > 0x20 && u != '"' && u != 0x7f;
}

static void skip(skua_str *s, size_t n) {
    s->ptr += n;
    s->len -= n;
}

/* RFC 9110 8.8.3: entity-tag = [ "W/" ] DQUOTE *etagc DQUOTE; "W/" is case-sensitive. */
static bool take_etag(skua_str *s, sk_etag *out) {
    skua_str rest = *s;
    out->weak = rest.len >= 2 && rest.ptr[0] == 'W' && rest.ptr[1] == '/';
    if (out->weak)
        skip(&rest, 2);
    if (rest.len == 0 || rest.ptr[0] != '"')
        return false;
    size_t n = 1;
    while (n < rest.len && is_etagc(rest.ptr[n]))
        n++;
    if (n == rest.len || rest.ptr[n] != '"')
        return false;
    out->opaque = (skua_str){rest.ptr, n + 1};
    skip(&rest, n + 1);
    *s = rest;
    return true;
}

bool sk_etag_parse(skua_str s, sk_etag *out) {
    sk_etag tag;
    if (!take_etag(&s, &tag) || s.len > 0)
        return false;
    *out = tag;
    return true;
}

bool sk_etag_next(skua_str *list, sk_etag *out) {
    skua_str rest = *list;
    sk_etag tag;
    /* RFC 9110 5.6.1.2: a recipient MUST ignore empty list elements. */
    while (rest.len > 0 && (sk_is_blank(rest.ptr[0]) || rest.ptr[0] == ','))
        skip(&rest, 1);
    bool taken = take_etag(&rest, &tag);
    while (rest.len > 0 && sk_is_blank(rest.ptr[0]))
        skip(&rest, 1);
    if (!taken || (rest.len > 0 && rest.ptr[0] != ',')) {
        list->len = 0;
        return false;
    }
    *list = rest;
    *out = tag;
    return true;
}

bool sk_etag_strong_eq(const sk_etag *a, const sk_etag *b) {
    return !a->weak && !b->weak && sk_str_eq(a->opaque, b->opaque);
}

bool sk_etag_weak_eq(const sk_etag *a, const sk_etag *b) {
    return sk_str_eq(a->opaque, b->opaque);
}

/* ---- preconditions ---- */

typedef bool etag_eq_fn(const sk_etag *a, const sk_etag *b);

/* RFC 9110 13.1.1, 13.1.2: "*" stands for any current representation. */
static bool matches(skua_str list, const sk_validators *v, etag_eq_fn *eq) {
    if (sk_str_eq(sk_str_trim(list), SK_LIT("*")))
        return v->exists;
    sk_etag current, tag;
    if (!v->exists || !v->etag.ptr || !sk_etag_parse(v->etag, &current))
        return false;
    while (sk_etag_next(&list, &tag)) {
        if (eq(&current, &tag))
            return true;
    }
    return false;
}

/* RFC 9110 13.1.3, 13.1.4: a date that is none, or a representation without one, MUST be ignored.
 * Several dates joined by commas are no date. */
static bool comparable(skua_str field, const sk_validators *v, int64_t now, int64_t *date) {
    return field.ptr && v->exists && v->has_modified &&
           sk_date_parse(sk_str_trim(field), now, date);
}

/* RFC 9110 13.2.2, steps 1 and 2: does the client know the state that it wants to act on? */
static bool state_is_known(const sk_conditions *c, const sk_validators *v, int64_t now) {
    int64_t date;
    if (c->if_match.ptr)
        return matches(c->if_match, v, sk_etag_strong_eq);
    return !comparable(c->if_unmodified_since, v, now, &date) || v->modified <= date;
}

int sk_conditional_evaluate(const sk_conditions *c, const sk_validators *v, bool is_read,
                            int64_t now) {
    int64_t date;
    if (!state_is_known(c, v, now))
        return SKUA_STATUS_PRECONDITION_FAILED;
    /* RFC 9110 13.2.2, step 3. */
    if (c->if_none_match.ptr) {
        if (!matches(c->if_none_match, v, sk_etag_weak_eq))
            return 0;
        return is_read ? SKUA_STATUS_NOT_MODIFIED : SKUA_STATUS_PRECONDITION_FAILED;
    }
    /* RFC 9110 13.2.2, step 4: If-Modified-Since counts for reading, without If-None-Match. */
    if (is_read && comparable(c->if_modified_since, v, now, &date) && v->modified <= date)
        return SKUA_STATUS_NOT_MODIFIED;
    return 0;
}
