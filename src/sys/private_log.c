/* sys/private_log.c - a file of secrets that grows by lines. */
#include "sys/private_log.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define FLAGS (O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK)

static int make_private(int fd) {
    struct stat st;
    if (fstat(fd, &st) != 0)
        return -errno;
    if (S_ISCHR(st.st_mode))
        return 0;
    if (st.st_uid != geteuid())
        return -EPERM;
    return fchmod(fd, 0600) == 0 ? 0 : -errno;
}

int sk_private_log_open(const char *path) {
    int fd = open(path, FLAGS, 0600);
    if (fd < 0)
        return -errno;
    int rc = make_private(fd);
    if (rc == 0)
        return fd;
    close(fd);
    return rc;
}

int sk_private_log_add(int fd, skua_str line) {
    ssize_t n;
    do
        n = write(fd, line.ptr, line.len);
    while (n < 0 && errno == EINTR);
    return n < 0 ? -errno : (size_t)n < line.len ? -EIO : 0;
}

void sk_private_log_close(int fd) {
    close(fd);
}
