/* client/field_list.h - the lists of fields that a caller gives: they end with a NULL name; NULL is
 * an empty one. */
#ifndef SK_CLIENT_FIELD_LIST_H
#define SK_CLIENT_FIELD_LIST_H

#include "base/arena.h"

#include <skua/types.h>
#include <stdbool.h>

size_t sk_field_list_count(const skua_field *list);
/* The first of that name, compared without case; NULL: there is none. */
const skua_field *sk_field_list_find(const skua_field *list, const char *name);
/* Is a field of this name marked as a secret? A sk_trace_secret_fn. */
bool sk_field_list_is_secret(const void *list, skua_str name);
/* Copy it. 0 or SKUA_E_NOMEM. */
int sk_field_list_copy(sk_arena *mem, const skua_field *from, const skua_field **to);

#endif
