/* http/head_copy.c - heads and trailer sections that outlive the input they were read from. */
#include "http/head_copy.h"

#include "base/str.h"

/* Room for strings, filled from the front. */
static const char *put(char **at, skua_str s) {
    char *to = *at;
    sk_field_copy_value(to, s);
    to[s.len] = '\0';
    *at += s.len + 1;
    return to;
}

int sk_head_copy_make(sk_head_copy *to, sk_arena *mem, const sk_head *from) {
    size_t count = from->fields.count;
    size_t text = from->reason.len + 1;
    for (size_t i = 0; i < count; i++)
        text += from->fields.at[i].name.len + from->fields.at[i].value.len + 2;
    size_t array = (count + 1) * sizeof(skua_field);
    char *block = sk_arena_alloc(mem, array + text);
    if (!block)
        return SKUA_E_NOMEM;
    skua_field *fields = (skua_field *)(void *)block;
    char *at = block + array;
    *to = (sk_head_copy){.status = from->status,
                         .version = from->version,
                         .reason = put(&at, sk_str_trim(from->reason)),
                         .fields = fields,
                         .count = count};
    for (size_t i = 0; i < count; i++) {
        const sk_field *f = &from->fields.at[i];
        fields[i] = (skua_field){.name = put(&at, f->name), .value = put(&at, f->value)};
    }
    fields[count] = (skua_field){0};
    return 0;
}

const skua_field *sk_head_copy_fields(const sk_head_copy *head, size_t *count) {
    static const skua_field none[1];
    if (count)
        *count = head ? head->count : 0;
    return head && head->fields ? head->fields : none;
}
