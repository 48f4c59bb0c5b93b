/* sys/service.c - the service manager's side of the environment. */
#include "sys/service.h"

#include "base/str.h"
#include "sys/socket.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SOCKETS_MAX 256

/* -1: it is not there, or no number. */
static int64_t number_of(const char *name) {
    const char *text = getenv(name);
    int64_t value;
    return text && *text && sk_str_to_int64(sk_str(text), &value) ? value : -1;
}

/* ---- sockets ---- */

int sk_service_sockets(void) {
    int64_t count = number_of("LISTEN_FDS");
    if (number_of("LISTEN_PID") != getpid() || count < 0)
        return 0;
    return count > SOCKETS_MAX ? SOCKETS_MAX : (int)count;
}

bool sk_service_socket_is(int index, const char *name) {
    const char *p = getenv("LISTEN_FDNAMES");
    for (; p && index > 0; index--) {
        p = strchr(p, ':');
        p = p ? p + 1 : NULL;
    }
    return p && sk_str_eq((skua_str){p, strcspn(p, ":")}, sk_str(name));
}

/* ---- telling ---- */

int sk_service_notify(const char *message) {
    const char *path = getenv("NOTIFY_SOCKET");
    sk_addr to;
    if (!path || !*path)
        return -ENOENT;
    if ((path[0] != '/' && path[0] != '@') || sk_addr_unix(sk_str(path), &to) != 0)
        return -EINVAL;
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    ssize_t n;
    do
        n = sendto(fd, message, strlen(message), MSG_NOSIGNAL, (const struct sockaddr *)&to.ss,
                   to.len);
    while (n < 0 && errno == EINTR);
    int rc = n < 0 ? -errno : 0;
    close(fd);
    return rc;
}

int64_t sk_service_watchdog_ms(void) {
    int64_t us = number_of("WATCHDOG_USEC");
    int64_t pid = number_of("WATCHDOG_PID");
    if (us <= 0 || (pid >= 0 && pid != getpid()))
        return -1;
    return us < 1000 ? 1 : us / 1000;
}
