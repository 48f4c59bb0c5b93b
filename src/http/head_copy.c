/* http/head_copy.c - heads and trailer sections that outlive the input they were read from. */
#include "http/head_copy.h"

#include "base/str.h"

/* The bytes of the message from the reason, or the first field of trailers, to the last field, and
 * one more: whatever follows a string there, a colon or the line's end, makes room for its
 * terminator. */
static skua_str text_of(const sk_head *head) {
    const sk_fields *f = &head->fields;
    const char *from = head->reason.ptr ? head->reason.ptr : f->at[0].name.ptr;
    skua_str last = f->count > 0 ? f->at[f->count - 1].value : head->reason;
    return (skua_str){from, (size_t)(last.ptr + last.len - from) + 1};
}

/* What s views, in the copy of the text. */
static char *in_copy(char *copy, skua_str text, skua_str s) {
    char *at = copy + (s.ptr - text.ptr);
    at[s.len] = '\0';
    return at;
}

int sk_head_copy_make(sk_head_copy *to, sk_arena *mem, const sk_head *from) {
    size_t count = from->fields.count;
    size_t array = (count + 1) * sizeof(skua_field);
    skua_str text = text_of(from);
    char *block = sk_arena_alloc(mem, array + text.len);
    if (!block)
        return SKUA_E_NOMEM;
    skua_field *fields = (skua_field *)(void *)block;
    char *copy = block + array;
    memcpy(copy, text.ptr, text.len);
    for (size_t i = 0; i < count; i++) {
        const sk_field *f = &from->fields.at[i];
        char *value = in_copy(copy, text, f->value);
        if (from->fields.folded)
            sk_field_unfold(value, f->value.len);
        fields[i] = (skua_field){.name = in_copy(copy, text, f->name), .value = value};
    }
    fields[count] = (skua_field){0};
    *to = (sk_head_copy){
        .status = from->status, .version = from->version, .fields = fields, .count = count};
    if (from->reason.ptr)
        to->reason = in_copy(copy, text, sk_str_trim(from->reason));
    return 0;
}

const skua_field *sk_head_copy_fields(const sk_head_copy *head, size_t *count) {
    static const skua_field none[1];
    if (count)
        *count = head ? head->count : 0;
    return head && head->fields ? head->fields : none;
}
