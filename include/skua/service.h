/* skua/service.h - telling a service manager how it goes, as systemd wants it told (sd_notify),
 * without its library. Sockets that it hands over are listened on as "systemd:": see
 * skua_server_listen. */
#ifndef SKUA_SERVICE_H
#define SKUA_SERVICE_H

#include <skua/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Tell the service manager something, in lines: "READY=1", "STOPPING=1", "STATUS=...", and
 * "WATCHDOG=1", which is due twice in each skua_service_watchdog_ms. Reads the environment variable
 * NOTIFY_SOCKET.
 *
 * Returns: 0, also where no service manager wants to hear; SKUA_E_OS, SKUA_E_INVALID_ARGUMENT.
 * Thread: any, while none changes the environment.
 * Since: 0.1 */
SKUA_API int skua_service_notify(const char *message);

/* Tell how long the service manager waits between two signs of life, before it takes the service
 * for dead.
 *
 * Returns: milliseconds; -1: it asks for none.
 * Thread: any, while none changes the environment.
 * Since: 0.1 */
SKUA_API int64_t skua_service_watchdog_ms(void);

#ifdef __cplusplus
}
#endif
#endif
