/* get_upload.c - the body of a request: a file (-T), a form (-F) or text (-d). What does not lie in
 * memory is read as it is sent, and counted on its way. */
#include "get.h"

#include "exit_status.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- reading as it is sent ---- */

static ptrdiff_t read_source(get_upload *u, void *buf, size_t cap) {
    if (u->source.kind == SKUA_BODY_CALLBACK)
        return u->source.read(buf, cap, u->source.user);
    ssize_t n;
    do {
        n = read(u->source.fd, buf, cap);
    } while (n < 0 && errno == EINTR);
    if (n < 0)
        u->os_errno = errno;
    return n;
}

static ptrdiff_t read_counted(void *buf, size_t cap, void *user) {
    get_upload *u = user;
    ptrdiff_t n = read_source(u, buf, cap);
    if (n > 0) {
        u->sent += n;
        cli_progress_add(u->progress, n);
    }
    return n;
}

static int rewind_source(const get_upload *u) {
    if (u->source.kind == SKUA_BODY_CALLBACK)
        return u->source.rewind ? u->source.rewind(u->source.user) : -1;
    return lseek(u->source.fd, (off_t)u->first, SEEK_SET) < 0 ? -1 : 0;
}

int get_upload_rewind(get_upload *u) {
    if (u->sent > 0 && rewind_source(u) != 0)
        return -1;
    u->sent = 0;
    u->os_errno = 0;
    return 0;
}

static int rewind_counted(void *user) {
    get_upload *u = user;
    int64_t sent = u->sent;
    if (get_upload_rewind(u) != 0)
        return -1;
    cli_progress_add(u->progress, -sent);
    return 0;
}

static void count_source(get_upload *u) {
    u->body = (skua_body){
        .size = sizeof u->body,
        .kind = SKUA_BODY_CALLBACK,
        .len = u->source.len,
        .read = read_counted,
        .rewind = rewind_counted,
        .user = u,
    };
}

static void set_bytes(get_upload *u, const char *data, size_t len) {
    u->body = (skua_body){
        .size = sizeof u->body, .kind = SKUA_BODY_BYTES, .data = data, .len = (int64_t)len};
}

/* ---- where it comes from ---- */

static int open_file(get_upload *u, const char *name, skua_error *err) {
    int is_stdin = strcmp(name, "-") == 0 || strcmp(name, ".") == 0;
    int fd = is_stdin ? STDIN_FILENO : open(name, O_RDONLY | O_CLOEXEC);
    struct stat info;
    if (fd < 0 || fstat(fd, &info) != 0)
        return get_fail_file(err, CLI_EXIT_READ, name, errno);
    u->source = (skua_body){.kind = SKUA_BODY_FD, .fd = fd};
    /* As curl has it, standard input is sent in chunks whatever it is. */
    if (is_stdin || !S_ISREG(info.st_mode)) {
        u->first = lseek(fd, 0, SEEK_CUR);
        count_source(u);
        return S_ISDIR(info.st_mode) ? get_fail_file(err, CLI_EXIT_READ, name, EISDIR) : 0;
    }
    u->source.len = info.st_size;
    if (info.st_size > 0)
        count_source(u);
    else
        set_bytes(u, "", 0); /* a length of 0 would stand for one that is not known */
    return 0;
}

int get_upload_build(get_transfer *t) {
    get_upload *u = &t->upload;
    const get_session *s = t->session;
    *u = (get_upload){.source.fd = -1, .progress = &t->progress};
    u->body.size = sizeof u->body;
    if (t->upload_name)
        return open_file(u, t->upload_name, &t->err);
    if (s->form) {
        u->source.size = sizeof u->source;
        if (skua_multipart_body(s->form, &u->source, &t->err) != 0)
            return cli_exit_status(&t->err);
        count_source(u);
    } else if (s->data.data && !t->options->as_query) {
        set_bytes(u, s->data.data, s->data.len);
    }
    return 0;
}

void get_upload_free(get_upload *u) {
    if (u->source.kind == SKUA_BODY_FD && u->source.fd > STDERR_FILENO)
        close(u->source.fd);
    *u = (get_upload){0};
}
