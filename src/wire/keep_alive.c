/* wire/keep_alive.c - the field Keep-Alive. */
#include "wire/keep_alive.h"

/* "timeout=N": N; -1 for anything else. */
static int64_t timeout_of(skua_str parameter) {
    const char *equals = memchr(parameter.ptr, '=', parameter.len);
    if (!equals)
        return -1;
    size_t at = (size_t)(equals - parameter.ptr);
    skua_str name = sk_str_trim((skua_str){parameter.ptr, at});
    skua_str value = sk_str_trim((skua_str){equals + 1, parameter.len - at - 1});
    int64_t seconds;
    if (!sk_str_ieq(name, SK_LIT("timeout")) || !sk_str_to_int64(value, &seconds))
        return -1;
    return seconds < SK_KEEP_ALIVE_MAX ? seconds : SK_KEEP_ALIVE_MAX;
}

int64_t sk_keep_alive_timeout(const sk_fields *f) {
    const skua_str name = SK_LIT("keep-alive");
    int64_t least = -1;
    const sk_field *field = sk_fields_find(f, name);
    for (; field; field = sk_fields_find_next(f, field, name)) {
        skua_str rest = field->value, parameter;
        while (sk_list_next(&rest, &parameter)) {
            int64_t seconds = timeout_of(parameter);
            if (seconds >= 0 && (least < 0 || seconds < least))
                least = seconds;
        }
    }
    return least;
}
