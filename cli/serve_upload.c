/* serve_upload.c - files that clients bring: PUT /NAME (RFC 9110 9.3.4).
 *
 * The body is written to a file of a name that is never shown (".skua-upload-..."), which takes its
 * own name when it is whole and is removed when it is not: who fetches NAME meets all of it or
 * nothing. The name is one segment of a path, and opened below the directory's descriptor, so that
 * nothing leads out of it. */
#include "serve_upload.h"

#include "report.h"
#include "utf8.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PIECE_BYTES = 64 << 10, PARTIAL_BYTES = 40 };

int serve_upload_init(serve_upload *upload, const serve_options *o) {
    *upload = (serve_upload){.dir = -1, .overwrite = o->upload_overwrite};
    if (!o->upload)
        return 0;
    upload->dir = open(o->upload, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (upload->dir >= 0)
        return 0;
    cli_say("serve: --upload: %s: %s", o->upload, strerror(errno));
    return -1;
}

void serve_upload_free(serve_upload *upload) {
    if (upload->dir >= 0)
        close(upload->dir);
}

/* A name of one file that is shown, and that harms no terminal and no listing. */
static int is_good_name(const char *name) {
    if (!*name || *name == '.')
        return 0;
    for (size_t left = strlen(name), n; left > 0; name += n, left -= n) {
        unsigned char c = (unsigned char)*name;
        n = cli_utf8_length(name, left);
        if (n == 0 || c < 0x20 || c == 0x7f || c == '/' || c == '\\')
            return 0;
        if (n == 2 && c == 0xc2 && (unsigned char)name[1] < 0xa0) /* U+0080 to U+009F */
            return 0;
    }
    return 1;
}

static int status_of_errno(void) {
    static const struct {
        int number;
        int status;
    } known[] = {
        {EEXIST, 409}, {EISDIR, 409}, {ENOTDIR, 409}, {EACCES, 403},       {EPERM, 403},
        {EROFS, 403},  {ENOSPC, 507}, {EDQUOT, 507},  {ENAMETOOLONG, 400}, {EFBIG, 413},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (known[i].number == errno)
            return known[i].status;
    }
    return 500;
}

/* Make a file that nobody else has, with mode 0666 as the umask leaves it. Returns it, or -1. */
static int open_partial(int dir, char name[static PARTIAL_BYTES]) {
    uint64_t random;
    if (getrandom(&random, sizeof random, 0) != (ssize_t)sizeof random)
        return -1;
    snprintf(name, PARTIAL_BYTES, ".skua-upload-%016" PRIx64, random);
    return openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
}

static int write_all(int fd, const char *data, size_t len) {
    while (len > 0) {
        ssize_t n = write(fd, data, len);
        if (n < 0 && errno != EINTR)
            return -1;
        data += n > 0 ? n : 0;
        len -= n > 0 ? (size_t)n : 0;
    }
    return 0;
}

/* What to answer where the body broke off: a status, or the code where nobody reads an answer. */
static int status_of_code(int code) {
    static const struct {
        int code;
        int status;
    } known[] = {
        {SKUA_E_BODY_TOO_LARGE, 413},
        {SKUA_E_TIMEOUT, 408},
        {SKUA_E_BAD_CHUNK, 400},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (known[i].code == code)
            return known[i].status;
    }
    return code;
}

/* Returns 0, the status of a failure, or a negative code. */
static int receive(skua_request *q, int fd) {
    char *piece = malloc(PIECE_BYTES);
    ptrdiff_t n = piece ? skua_request_read(q, piece, PIECE_BYTES) : SKUA_E_NOMEM;
    int status = 0;
    while (n > 0 && status == 0) {
        if (write_all(fd, piece, (size_t)n) != 0)
            status = status_of_errno();
        else
            n = skua_request_read(q, piece, PIECE_BYTES);
    }
    free(piece);
    return status ? status : status_of_code((int)n);
}

/* Give a whole file its name. Returns 0, or -1 with errno: EEXIST where it must not take it. */
static int give_name(const serve_upload *upload, const char *partial, const char *name) {
    if (upload->overwrite)
        return renameat(upload->dir, partial, upload->dir, name);
    int rc = renameat2(upload->dir, partial, upload->dir, name, RENAME_NOREPLACE);
    if (rc == 0 || (errno != EINVAL && errno != ENOSYS))
        return rc;
    /* Not every file system can do it in one step: a second name is never given over another. */
    rc = linkat(upload->dir, partial, upload->dir, name, 0);
    return rc == 0 ? unlinkat(upload->dir, partial, 0) : rc;
}

/* Returns as receive does. */
static int store(const serve_upload *upload, skua_request *q, const char *name) {
    char partial[PARTIAL_BYTES];
    int fd = open_partial(upload->dir, partial);
    if (fd < 0)
        return status_of_errno();
    int rc = receive(q, fd);
    /* What a disk that is written later has to say comes here. */
    if (close(fd) != 0 && rc == 0)
        rc = status_of_errno();
    if (rc == 0 && give_name(upload, partial, name) != 0)
        rc = status_of_errno();
    if (rc != 0)
        unlinkat(upload->dir, partial, 0);
    return rc;
}

static const char *explain(int status) {
    static const struct {
        int status;
        const char *text;
    } known[] = {
        {400, "The name is not one of a file that may be uploaded."},
        {409, "There is something of this name already."},
        {507, "The disk is full."},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (known[i].status == status)
            return known[i].text;
    }
    return NULL;
}

static int put(skua_request *q, skua_reply *a, void *user) {
    const serve_upload *upload = user;
    const char *name = skua_request_param(q, "name");
    struct stat st;
    if (!is_good_name(name))
        return skua_reply_send_error(a, 400, explain(400));
    /* RFC 9110 14.5: a part of a file is not to be taken for the whole. */
    if (skua_request_header(q, "Content-Range"))
        return skua_reply_send_error(a, 400, "A part of a file cannot be uploaded.");
    /* Told now, whoever waits for 100 keeps the body. */
    int is_there = fstatat(upload->dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
    if (is_there && (!upload->overwrite || S_ISDIR(st.st_mode)))
        return skua_reply_send_error(a, 409, explain(409));
    int rc = store(upload, q, name);
    if (rc < 0)
        return rc;
    if (rc > 0)
        return skua_reply_send_error(a, rc, explain(rc));
    return skua_reply_bytes(a, is_there ? 204 : 201, NULL, "", 0);
}

void serve_upload_add(serve_upload *upload, skua_server *s, const serve_options *o) {
    if (upload->dir < 0)
        return;
    skua_route_opts opts = {
        .size = sizeof opts,
        .fn = put,
        .user = upload,
        .kind = SKUA_HANDLER_POOL,
        .stream_body = 1,
        .body_max_bytes = o->upload_max,
    };
    skua_route_with(s, "PUT /{name}", &opts);
}
