/* output.c - bytes to a file or to standard output, unbuffered: they come in large pieces, and what
 * has been received should be where its reader can see it. */
#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void cli_output_init(cli_output *o, const char *path) {
    *o = (cli_output){.fd = -1};
    o->asked_stdout = path && strcmp(path, "-") == 0;
    if (path && !o->asked_stdout)
        o->path = path;
}

const char *cli_output_name(const cli_output *o) {
    return o->path ? o->path : "standard output";
}

int cli_output_open(cli_output *o) {
    if (o->discard || o->fd >= 0)
        return 0;
    if (!o->path) {
        o->fd = STDOUT_FILENO;
        return 0;
    }
    int how = O_WRONLY | O_CREAT | O_CLOEXEC | (o->append ? O_APPEND : O_TRUNC);
    o->fd = open(o->path, how, 0666);
    struct stat info;
    if (o->fd >= 0 && o->append && fstat(o->fd, &info) == 0)
        o->kept = info.st_size;
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
            o->written += n;
        }
    }
    return 0;
}

int cli_output_rewind(cli_output *o) {
    if (!o->path || o->fd < 0 || o->written == 0)
        return 0;
    o->written = 0;
    if (ftruncate(o->fd, o->kept) != 0)
        return -1;
    return lseek(o->fd, o->kept, SEEK_SET) < 0 ? -1 : 0;
}

int cli_output_close(cli_output *o) {
    int fd = o->fd;
    o->fd = -1;
    return fd >= 0 && o->path ? close(fd) : 0;
}

int cli_output_is_terminal(const cli_output *o) {
    return !o->path && !o->discard && isatty(STDOUT_FILENO);
}
