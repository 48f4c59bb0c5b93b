/* sys/service.h - what a service manager (systemd, and who does as it does) hands a process, and is
 * told by it, through its environment: sd_listen_fds(3), sd_notify(3), sd_watchdog_enabled(3). The
 * environment is read, never changed. */
#ifndef SK_SYS_SERVICE_H
#define SK_SYS_SERVICE_H

#include <stdbool.h>
#include <stdint.h>

#define SK_SERVICE_FIRST_FD 3

/* How many sockets were handed to this process, from SK_SERVICE_FIRST_FD on. */
int sk_service_sockets(void);
/* Is that the name of the index-th? Without names none has that. */
bool sk_service_socket_is(int index, const char *name);

/* Send a message. 0, or -errno: -ENOENT where nobody wants to hear. */
int sk_service_notify(const char *message);
/* Within what time the manager wants to hear "WATCHDOG=1"; -1: it does not. */
int64_t sk_service_watchdog_ms(void);

#endif
