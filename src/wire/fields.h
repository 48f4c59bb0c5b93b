/* wire/fields.h - a parsed header or trailer section: views into the bytes it came from. */
#ifndef SK_WIRE_FIELDS_H
#define SK_WIRE_FIELDS_H

#include "base/str.h"

typedef struct sk_field {
    skua_str name;
    skua_str value; /* without the white space around it; of a folded one in a response the CRLF is
                       still in it: copy it with sk_field_copy_value */
} sk_field;

typedef struct sk_fields {
    sk_field *at; /* the owner's array */
    uint32_t count;
    uint32_t cap;
    bool folded; /* the value of one is */
} sk_fields;

/* Make each fold in a value a run of spaces (RFC 9112 5.2). */
void sk_field_unfold(char *value, size_t len);
/* Copy a value, value.len bytes, unfolded. */
void sk_field_copy_value(char *to, skua_str value);
/* The first field of that name, upper and lower case alike; NULL if there is none. */
const sk_field *sk_fields_find(const sk_fields *f, skua_str name);
/* The next one of that name behind `after`. */
const sk_field *sk_fields_find_next(const sk_fields *f, const sk_field *after, skua_str name);
/* Does any field of that name, taken as a comma-separated list, hold the token? */
bool sk_fields_has_token(const sk_fields *f, skua_str name, skua_str token);

#endif
