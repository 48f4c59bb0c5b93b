/* server/service.c - the service manager, as programs see it. */
#include "sys/service.h"

#include <errno.h>
#include <skua/error.h>
#include <skua/service.h>

int skua_service_notify(const char *message) {
    if (!message)
        return SKUA_E_INVALID_ARGUMENT;
    int rc = sk_service_notify(message);
    return rc == 0 || rc == -ENOENT ? 0 : SKUA_E_OS;
}

int64_t skua_service_watchdog_ms(void) {
    return sk_service_watchdog_ms();
}
