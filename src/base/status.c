/* base/status.c - reason phrases by status code. */
#include <skua/status.h>

#define FIRST 100

const char *skua_status_reason(int status) {
    static const char *const reasons[] = {
#define REASON(name, code, reason) [(code)-FIRST] = reason,
        SKUA_STATUS_MAP(REASON)
#undef REASON
    };
    const int count = (int)(sizeof reasons / sizeof reasons[0]);
    if (status < FIRST || status >= FIRST + count || !reasons[status - FIRST])
        return "";
    return reasons[status - FIRST];
}
