/* base/options.h - taking over the option structs of the public interface. */
#ifndef SK_BASE_OPTIONS_H
#define SK_BASE_OPTIONS_H

#include <skua/error.h>

/* Copy a struct that begins with its size into one of our own size: fields the caller's has not are
 * zero, and so are all when `from` is NULL. A program may be older than this library, or newer.
 * 0, or SKUA_E_INVALID_ARGUMENT: no size, or fields set that this library does not know. */
int sk_options_copy(void *to, size_t to_size, const void *from, skua_error *err);
/* What is wrong with them (NULL: nothing) as an error: 0, or SKUA_E_INVALID_ARGUMENT. */
int sk_options_judge(const char *wrong, skua_error *err);

#endif
