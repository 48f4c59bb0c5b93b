/* serve_form.c - files that a browser brings in a form: POST to a directory's path, as
 * multipart/form-data (RFC 7578).
 *
 *     part with a file name -> a file without a name, on the disk        \  each as it comes
 *     other parts           -> passed over                               /
 *     the form is whole     -> all get their names, or none: 409 where one is taken
 *                           -> 303 to the listing
 *
 * In a directory of its own, which is not shown, there is no listing to go to: 201. */
#include "serve_form.h"

#include "serve_file.h"
#include "serve_place.h"

#include <limits.h>
#include <skua/multipart_reader.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PARTS_MAX = 100, PART_HEAD_MAX = 64 << 10 };

typedef struct posted {
    serve_file file;
    char name[NAME_MAX + 1];
    int has_name; /* in the directory, by now */
} posted;

/* A form being taken. */
typedef struct form {
    const serve_upload *upload;
    int dir;
    posted *files;
    size_t count;
    int in_file; /* the part under way is the last of the files */
    int status;  /* 0, or why it is refused */
    const posted *refused;
} form;

/* ---- parts ---- */

/* End the reading, for a reason of our own. */
static int refuse(form *f, int status, const posted *about) {
    f->status = status;
    f->refused = about;
    return SKUA_E_CANCELLED;
}

static int begin_file(form *f, const char *name) {
    if (strlen(name) > NAME_MAX)
        return refuse(f, 400, NULL);
    posted *p = &f->files[f->count];
    *p = (posted){.file = {.fd = -1}};
    memcpy(p->name, name, strlen(name) + 1);
    int status = serve_place_check(f->upload, f->dir, name);
    if (status)
        return refuse(f, status, status == 400 ? NULL : p);
    if (serve_file_begin(&p->file, f->dir, f->upload->nameless) != 0)
        return refuse(f, serve_place_status(), p);
    f->count++;
    f->in_file = 1;
    return 0;
}

/* A browser sends a file without a name where none was chosen. */
static int begin(const skua_part *part, void *user) {
    form *f = user;
    f->in_file = 0;
    return part->filename && part->filename[0] ? begin_file(f, part->filename) : 0;
}

static int take(const void *data, size_t len, void *user) {
    form *f = user;
    posted *p = f->in_file ? &f->files[f->count - 1] : NULL;
    if (!p || serve_file_write(&p->file, data, len) == 0)
        return 0;
    return refuse(f, serve_place_status(), p);
}

static int end(void *user) {
    form *f = user;
    posted *p = f->in_file ? &f->files[f->count - 1] : NULL;
    if (!p || serve_file_sync(&p->file) == 0)
        return 0;
    return refuse(f, serve_place_status(), p);
}

/* ---- the form ---- */

/* Give all of them their names. What is overwritten is not to be had back: it is only then that
 * some may have come where one could not. */
static int give_names(form *f) {
    for (size_t i = 0; i < f->count; i++) {
        posted *p = &f->files[i];
        if (serve_file_give_name(&p->file, p->name, f->upload->overwrite) != 0)
            return refuse(f, serve_place_status(), p);
        p->has_name = 1;
    }
    return fsync(f->dir) == 0 ? 0 : refuse(f, serve_place_status(), NULL);
}

static void let_go(form *f, int is_taken) {
    for (size_t i = 0; i < f->count; i++) {
        posted *p = &f->files[i];
        if (p->has_name && !is_taken && !f->upload->overwrite)
            unlinkat(f->dir, p->name, 0);
        serve_file_end(&p->file);
    }
}

static int read_form(form *f, skua_request *q) {
    const skua_multipart_opts opts = {
        .size = sizeof opts,
        .begin = begin,
        .data = take,
        .end = end,
        .user = f,
        .parts_max = PARTS_MAX,
        .part_max_bytes = f->upload->max,
        .max_bytes = f->upload->max > INT64_MAX / PARTS_MAX - PART_HEAD_MAX
                         ? SKUA_FOREVER
                         : PARTS_MAX * (f->upload->max + PART_HEAD_MAX),
    };
    skua_error err;
    int rc = skua_request_multipart(q, &opts, &err);
    return rc == 0 ? give_names(f) : rc;
}

static int answer(const form *f, skua_reply *a, int rc) {
    if (f->status)
        return serve_place_refuse(a, f->status, f->refused ? f->refused->name : NULL);
    int status = serve_place_status_of(rc);
    if (status < 0)
        return status;
    if (status == 413)
        return serve_place_refuse(a, status, NULL);
    if (status > 0)
        return skua_reply_send_error(a, status, "Nothing was uploaded: this is no whole form.");
    if (f->count == 0)
        return skua_reply_send_error(a, 400, "There is no file in the form.");
    if (f->upload->served)
        return skua_reply_redirect(a, 303, "./");
    return skua_reply_text(a, 201, "Uploaded: %zu %s.\n", f->count,
                           f->count == 1 ? "file" : "files");
}

int serve_form_post(skua_request *q, skua_reply *a, void *user) {
    const serve_upload *upload = user;
    const char *path = serve_place_path(q);
    size_t len = path ? strlen(path) : 0;
    if (serve_place_is_foreign(upload, q))
        return skua_reply_send_error(a, 403, "A page of another site has sent this form.");
    if (!path || (len > 0 && path[len - 1] != '/'))
        return skua_reply_send_error(a, 404, "A form is for a directory, which ends with a slash.");
    form f = {.upload = upload, .files = calloc(PARTS_MAX, sizeof *f.files), .dir = -1};
    if (!f.files)
        return SKUA_E_NOMEM;
    f.dir = serve_place_open(upload, path, upload->served && len > 0 ? len - 1 : 0);
    int rc;
    if (f.dir < 0) {
        rc = serve_place_refuse(a, serve_place_status(), NULL);
    } else {
        int read = read_form(&f, q);
        let_go(&f, read == 0);
        rc = answer(&f, a, read);
        close(f.dir);
    }
    free(f.files);
    return rc;
}
