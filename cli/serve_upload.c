/* serve_upload.c - files that clients bring: PUT /NAME (RFC 9110 9.3.4), and forms by POST to a
 * directory (serve_form.c). Both run on the pool: writing, and waiting for the disk, may take as
 * long as they do. */
#include "serve_upload.h"

#include "report.h"
#include "serve_file.h"
#include "serve_form.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PIECE_BYTES = 64 << 10 };

/* ---- setting up ---- */

static int is_same_directory(int fd, const char *path) {
    struct stat a, b;
    return fstat(fd, &a) == 0 && stat(path, &b) == 0 && a.st_dev == b.st_dev &&
           a.st_ino == b.st_ino;
}

int serve_upload_init(serve_upload *upload, const serve_options *o) {
    *upload = (serve_upload){
        .dir = -1,
        .overwrite = o->upload_overwrite,
        .max = o->upload_max,
        .cors = o->cors,
    };
    if (!o->upload)
        return 0;
    upload->dir = open(o->upload, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (upload->dir < 0) {
        cli_say("serve: --upload: %s: %s", o->upload, strerror(errno));
        return -1;
    }
    upload->served = is_same_directory(upload->dir, o->directory);
    serve_file_sweep(upload->dir);
    return 0;
}

void serve_upload_free(serve_upload *upload) {
    if (upload->dir >= 0)
        close(upload->dir);
}

void serve_upload_begin(serve_upload *upload) {
    upload->nameless = upload->dir >= 0 && serve_file_may_be_nameless(upload->dir);
}

/* ---- PUT ---- */

/* Returns 0, the status of a failure, or a negative code. */
static int receive(skua_request *q, const serve_file *f) {
    char *piece = malloc(PIECE_BYTES);
    ptrdiff_t n = piece ? skua_request_read(q, piece, PIECE_BYTES) : SKUA_E_NOMEM;
    int status = 0;
    while (n > 0 && status == 0) {
        if (serve_file_write(f, piece, (size_t)n) != 0)
            status = serve_place_status();
        else
            n = skua_request_read(q, piece, PIECE_BYTES);
    }
    free(piece);
    return status ? status : serve_place_status_of((int)n);
}

/* Returns as receive does. */
static int store(const serve_upload *upload, skua_request *q, int dir, const char *name) {
    serve_file f;
    if (serve_file_begin(&f, dir, upload->nameless) != 0)
        return serve_place_status();
    int rc = receive(q, &f);
    if (rc == 0 && (serve_file_sync(&f) != 0 ||
                    serve_file_give_name(&f, name, upload->overwrite) != 0 || fsync(dir) != 0))
        rc = serve_place_status();
    serve_file_end(&f);
    return rc;
}

static int put_into(const serve_upload *upload, skua_request *q, skua_reply *a, int dir,
                    const char *name) {
    struct stat st;
    /* Told now, whoever waits for 100 keeps the body. */
    int rc = serve_place_check(upload, dir, name);
    if (rc == 400)
        return serve_place_refuse(a, rc, NULL);
    int is_there = fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
    if (rc == 0)
        rc = store(upload, q, dir, name);
    if (rc < 0)
        return rc;
    if (rc > 0)
        return serve_place_refuse(a, rc, name);
    return skua_reply_bytes(a, is_there ? 204 : 201, NULL, "", 0);
}

static int put(skua_request *q, skua_reply *a, void *user) {
    const serve_upload *upload = user;
    const char *path = serve_place_path(q);
    const char *slash = path ? strrchr(path, '/') : NULL;
    if (serve_place_is_foreign(upload, q))
        return skua_reply_send_error(a, 403, "A page of another site has sent this.");
    if (!path)
        return serve_place_refuse(a, 400, NULL);
    /* RFC 9110 14.5: a part of a file is not to be taken for the whole. */
    if (skua_request_header(q, "Content-Range"))
        return skua_reply_send_error(a, 400, "A part of a file cannot be uploaded.");
    int dir = serve_place_open(upload, path, slash ? (size_t)(slash - path) : 0);
    if (dir < 0)
        return serve_place_refuse(a, serve_place_status(), NULL);
    int rc = put_into(upload, q, a, dir, slash ? slash + 1 : path);
    close(dir);
    return rc;
}

/* ---- the routes ---- */

void serve_upload_add(serve_upload *upload, skua_server *s) {
    if (upload->dir < 0)
        return;
    skua_route_opts opts = {
        .size = sizeof opts,
        .fn = put,
        .user = upload,
        .kind = SKUA_HANDLER_POOL,
        .stream_body = 1,
        .body_max_bytes = upload->max,
    };
    skua_route_with(s, "PUT /{path...}", &opts);
    opts.fn = serve_form_post;
    opts.body_max_bytes = SKUA_FOREVER; /* the reader of the form has its own */
    skua_route_with(s, "POST /{path...}", &opts);
}
