/* client/field_list.c - the lists of fields that a caller gives. */
#include "client/field_list.h"

#include "base/str.h"

#include <skua/error.h>

size_t sk_field_list_count(const skua_field *list) {
    size_t n = 0;
    while (list && list[n].name)
        n++;
    return n;
}

const skua_field *sk_field_list_find(const skua_field *list, const char *name) {
    for (; list && list->name; list++) {
        if (sk_str_ieq(sk_str(list->name), sk_str(name)))
            return list;
    }
    return NULL;
}

bool sk_field_list_is_secret(const void *list, skua_str name) {
    for (const skua_field *f = list; f && f->name; f++) {
        if ((f->flags & SKUA_FIELD_SECRET) && sk_str_ieq(sk_str(f->name), name))
            return true;
    }
    return false;
}

static bool copy_field(sk_arena *mem, const skua_field *from, skua_field *to) {
    to->name = sk_arena_strndup(mem, from->name, strlen(from->name));
    to->value = sk_arena_strndup(mem, from->value, strlen(from->value));
    to->flags = from->flags;
    return to->name && to->value;
}

int sk_field_list_copy(sk_arena *mem, const skua_field *from, const skua_field **to) {
    size_t count = sk_field_list_count(from);
    skua_field *all = sk_arena_zalloc(mem, (count + 1) * sizeof *all);
    for (size_t i = 0; all && i < count; i++) {
        if (!copy_field(mem, &from[i], &all[i]))
            return SKUA_E_NOMEM;
    }
    *to = all;
    return all ? 0 : SKUA_E_NOMEM;
}
