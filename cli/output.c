/* output.c - bytes to a file or to standard output, unbuffered: they come in large pieces, and what
 * has been received should be where its reader can see it. */
#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

void cli_output_init(cli_output *o, const char *path) {
    *o = (cli_output){.fd = -1};
    if (path && strcmp(path, "-") != 0)
        o->path = path;
}

const char *cli_output_name(const cli_output *o) {
    return o->path ? o->path : "standard output";
}

int cli_output_open(cli_output *o) {
    if (o->discard || o->fd >= 0)
        return 0;
    o->fd = o->path ? open(o->path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666) : STDOUT_FILENO;
    return o->fd < 0 ? -1 : 0;
}

int cli_output_write(cli_output *o, const void *data, size_t len) {
    if (cli_output_open(o) != 0)
        return -1;
    const char *at = data;
    while (!o->discard && len > 0) {
        ssize_t n = write(o->fd, at, len);
        if (n < 0 && errno != EINTR)
            return -1;
        if (n > 0) {
            at += n;
            len -= (size_t)n;
        }
    }
    return 0;
}

int cli_output_close(cli_output *o) {
    int fd = o->fd;
    o->fd = -1;
    return fd >= 0 && o->path ? close(fd) : 0;
}
