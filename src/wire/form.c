/* wire/form.c - application/x-www-form-urlencoded, as WHATWG's URL standard reads it and as Python
 * writes it.
 *
 *     bytes   q \0 t e a \0 n \0 1 \0       decoded, each string terminated
 *     pairs   |----------| |-------|        where they stand
 *     text    q=tea&n=1                     written when it is first asked for
 */
#include "base/buf.h"
#include "base/fail.h"
#include "base/mem.h"
#include "base/str.h"
#include "wire/percent.h"

#include <skua/form.h>

typedef struct pair {
    uint32_t name, name_len, value, value_len;
} pair;

struct skua_form {
    sk_buf bytes, pairs, text;
    bool written; /* text is that of the pairs */
    int latched;  /* the first thing that went wrong, or 0 */
};

static const pair *pair_at(const skua_form *f, size_t i) {
    return (const pair *)(const void *)f->pairs.data + i;
}

size_t skua_form_count(const skua_form *f) {
    return f ? sk_buf_len(&f->pairs) / sizeof(pair) : 0;
}

/* ---- making ---- */

skua_form *skua_form_new(skua_error *err) {
    skua_form *f = sk_zalloc(sizeof *f);
    if (!f)
        sk_fail_nomem(err);
    return f;
}

void skua_form_free(skua_form *f) {
    if (!f)
        return;
    sk_buf_free(&f->bytes);
    sk_buf_free(&f->pairs);
    sk_buf_free(&f->text);
    sk_free(f);
}

/* One string of a pair: `written` is how it came, to be decoded; else it is the bytes themselves.
 */
static uint32_t put(skua_form *f, skua_str s, bool written) {
    size_t at = sk_buf_len(&f->bytes), len = s.len;
    char *to = sk_buf_reserve(&f->bytes, len + 1);
    if (!to)
        return 0;
    if (written)
        len = sk_percent_decode(s, true, to, s.len);
    else if (len > 0)
        memcpy(to, s.ptr, len);
    to[len] = '\0';
    sk_buf_commit(&f->bytes, len + 1);
    return (uint32_t)at;
}

static int add(skua_form *f, skua_str name, skua_str value, bool written) {
    pair p;
    p.name = put(f, name, written);
    p.name_len = (uint32_t)(sk_buf_len(&f->bytes) - p.name - 1);
    p.value = put(f, value, written);
    p.value_len = (uint32_t)(sk_buf_len(&f->bytes) - p.value - 1);
    if (!f->bytes.failed)
        sk_buf_append(&f->pairs, &p, sizeof p);
    f->written = false;
    if (f->bytes.failed || f->pairs.failed)
        f->latched = SKUA_E_NOMEM;
    return f->latched;
}

int skua_form_add_bytes(skua_form *f, const char *name, const void *value, size_t len) {
    if (!f)
        return SKUA_E_INVALID_ARGUMENT;
    if (f->latched != 0)
        return f->latched;
    if (!name || (!value && len > 0) || len > PTRDIFF_MAX)
        return f->latched = SKUA_E_INVALID_ARGUMENT;
    return add(f, sk_str(name), (skua_str){value, len}, false);
}

int skua_form_add(skua_form *f, const char *name, const char *value) {
    /* No value is not an empty one: a getenv that found nothing must not pass for it. */
    return skua_form_add_bytes(f, name, value, value ? strlen(value) : SIZE_MAX);
}

/* ---- reading ---- */

/* Take what stands before the first `stop`, and that, off *rest. Where there is none, everything.
 */
static skua_str take_before(skua_str *rest, char stop) {
    const char *end = rest->len > 0 ? memchr(rest->ptr, stop, rest->len) : NULL;
    skua_str piece = {rest->ptr, end ? (size_t)(end - rest->ptr) : rest->len};
    size_t used = piece.len + (end ? 1 : 0);
    *rest = (skua_str){rest->ptr + used, rest->len - used};
    return piece;
}

static int parse(skua_form *f, skua_str text, skua_error *err) {
    while (text.len > 0) {
        skua_str value = take_before(&text, '&');
        if (value.len == 0)
            continue;
        if (skua_form_count(f) == SKUA_FORM_PAIRS_MAX)
            return sk_fail(err, SKUA_E_TOO_MANY_FIELDS, SKUA_PHASE_LIMIT,
                           "the form has more than %d fields", SKUA_FORM_PAIRS_MAX);
        skua_str name = take_before(&value, '=');
        if (add(f, name, value, true) != 0)
            return sk_fail_nomem(err);
    }
    return 0;
}

int skua_form_parse(const char *text, size_t len, skua_form **out, skua_error *err) {
    if ((!text && len > 0) || !out)
        return sk_fail(err, SKUA_E_INVALID_ARGUMENT, SKUA_PHASE_NONE,
                       "skua_form_parse: text and out must not be NULL");
    skua_form *f = skua_form_new(err);
    int rc = f ? parse(f, (skua_str){text, len}, err) : SKUA_E_NOMEM;
    if (rc == 0)
        *out = f;
    else
        skua_form_free(f);
    return rc;
}

int skua_form_at(const skua_form *f, size_t i, skua_str *name, skua_str *value) {
    if (i >= skua_form_count(f))
        return SKUA_E_INVALID_ARGUMENT;
    const pair *p = pair_at(f, i);
    if (name)
        *name = (skua_str){f->bytes.data + p->name, p->name_len};
    if (value)
        *value = (skua_str){f->bytes.data + p->value, p->value_len};
    return 0;
}

const char *skua_form_get(const skua_form *f, const char *name) {
    if (!name)
        return NULL;
    skua_str n, v;
    for (size_t i = 0; skua_form_at(f, i, &n, &v) == 0; i++) {
        if (sk_str_eq(n, sk_str(name)))
            return strlen(v.ptr) == v.len ? v.ptr : NULL;
    }
    return NULL;
}

/* ---- writing ---- */

static void write_text(skua_form *f) {
    const sk_percent_kept kept = {.marks = "", .plus = true};
    skua_str name, value;
    sk_buf_clear(&f->text);
    for (size_t i = 0; skua_form_at(f, i, &name, &value) == 0; i++) {
        if (i > 0)
            sk_buf_append(&f->text, "&", 1);
        sk_percent_append(&f->text, name, &kept);
        sk_buf_append(&f->text, "=", 1);
        sk_percent_append(&f->text, value, &kept);
    }
    sk_buf_append(&f->text, "", 1);
    f->written = !f->text.failed;
}

const char *skua_form_text(skua_form *f, size_t *len) {
    bool whole = f && f->latched == 0;
    if (whole && !f->written)
        write_text(f);
    whole = whole && f->written;
    if (len)
        *len = whole ? sk_buf_len(&f->text) - 1 : 0;
    return whole ? f->text.data : NULL;
}
