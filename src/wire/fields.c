/* wire/fields.c - finding fields by name, and taking their values. */
#include "wire/fields.h"

static const sk_field *find_from(const sk_fields *f, uint32_t i, skua_str name) {
    for (; i < f->count; i++) {
        if (sk_str_ieq(f->at[i].name, name))
            return &f->at[i];
    }
    return NULL;
}

const sk_field *sk_fields_find(const sk_fields *f, skua_str name) {
    return find_from(f, 0, name);
}

const sk_field *sk_fields_find_next(const sk_fields *f, const sk_field *after, skua_str name) {
    return find_from(f, (uint32_t)(after - f->at) + 1, name);
}

bool sk_fields_has_token(const sk_fields *f, skua_str name, skua_str token) {
    const sk_field *field = sk_fields_find(f, name);
    for (; field; field = sk_fields_find_next(f, field, name)) {
        if (sk_list_has_token(field->value, token))
            return true;
    }
    return false;
}

void sk_field_unfold(char *value, size_t len) {
    for (char *p = value; p < value + len; p++) {
        if (*p == '\r' || *p == '\n')
            *p = ' ';
    }
}

void sk_field_copy_value(char *to, skua_str value) {
    if (value.len == 0)
        return;
    memcpy(to, value.ptr, value.len);
    sk_field_unfold(to, value.len);
}
