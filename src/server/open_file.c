/* server/open_file.c - counting who sends from a descriptor. One thread only. */
#include "server/open_file.h"

#include "base/mem.h"
#include "sys/file.h"

sk_open_file *sk_open_file_new(int fd) {
    sk_open_file *f = sk_alloc(sizeof *f);
    if (f)
        *f = (sk_open_file){.fd = fd, .users = 1};
    return f;
}

sk_open_file *sk_open_file_share(sk_open_file *f) {
    if (f)
        f->users++;
    return f;
}

void sk_open_file_release(sk_open_file *f) {
    if (!f || --f->users > 0)
        return;
    sk_file_close(f->fd);
    sk_free(f);
}
