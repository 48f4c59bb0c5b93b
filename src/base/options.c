/* base/options.c - taking over the option structs of the public interface. */
#include "base/options.h"

#include "base/fail.h"

#include <string.h>

int sk_options_copy(void *to, size_t to_size, const void *from, skua_error *err) {
    memset(to, 0, to_size);
    if (!from)
        return 0;
    size_t size;
    memcpy(&size, from, sizeof size);
    if (size < sizeof size)
        return sk_fail(err, SKUA_E_INVALID_ARGUMENT, SKUA_PHASE_NONE,
                       "options without their size: make them with SKUA_OPTS");
    const unsigned char *bytes = from;
    for (size_t i = to_size; i < size; i++) {
        if (bytes[i] != 0)
            return sk_fail(err, SKUA_E_INVALID_ARGUMENT, SKUA_PHASE_NONE,
                           "options that this version (%s) does not know", skua_version());
    }
    memcpy(to, from, size < to_size ? size : to_size);
    return 0;
}

int sk_options_judge(const char *wrong, skua_error *err) {
    return wrong ? sk_fail(err, SKUA_E_INVALID_ARGUMENT, SKUA_PHASE_NONE, "%s", wrong) : 0;
}
