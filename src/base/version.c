/* base/version.c - the version of the library that runs. */
#include <skua/types.h>

const char *skua_version(void) {
    return SKUA_VERSION;
}
