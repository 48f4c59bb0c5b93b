/* server/multipart_reader.c - forms with files, to callbacks or into files.
 *
 * A file gets a name of its own that nobody can guess, and is made, never opened: what the client
 * calls it is told, and not used. Until the whole form was read, files are the reader's. */
#include "base/buf.h"
#include "base/fail.h"
#include "base/mem.h"
#include "base/options.h"
#include "base/str.h"
#include "sys/descriptor.h"
#include "sys/entropy.h"
#include "sys/file.h"
#include "wire/multipart_parse.h"

#include <skua/multipart_reader.h>

#define PARTS_MAX 100
#define MAX_BYTES (INT64_C(64) << 20)
#define READ_SIZE (16u << 10)
#define NAME_SIZE 40 /* of a made file: "upload-", 32 digits, and the end */

typedef char file_name[NAME_SIZE];

struct skua_multipart_reader {
    skua_multipart_opts opts;
    sk_multipart_parser parser;
    int dir;      /* -1: none */
    int fd;       /* of the file that is written; -1: none */
    sk_buf files; /* of file_name: all that were made */
    sk_buf head;  /* of the part under way: its strings, terminated */
    skua_part part;
    int64_t part_bytes, bytes; /* content of this part; all of the body */
    uint32_t parts;
    int failed;
    skua_error why;
    bool whole;
};

/* ---- failing ---- */

static int latch(skua_multipart_reader *r) {
    return r->failed = r->why.code;
}

static int fail_by(skua_multipart_reader *r, int code, const char *what) {
    sk_fail(&r->why, code, SKUA_PHASE_NONE, "%s", what ? what : skua_error_text(code));
    return latch(r);
}

static int fail_os(skua_multipart_reader *r, int rc, const char *what) {
    sk_fail_os(&r->why, SKUA_E_OS, SKUA_PHASE_NONE, -rc, "%s in %s", what, r->opts.dir);
    return latch(r);
}

static int tell(skua_multipart_reader *r, skua_error *err) {
    if (r->failed && err)
        *err = r->why;
    return r->failed;
}

/* ---- files ---- */

static char *last_file(skua_multipart_reader *r) {
    return sk_buf_head(&r->files) + sk_buf_len(&r->files) - NAME_SIZE;
}

static int make_name(file_name name) {
    static const char digits[] = "0123456789abcdef";
    unsigned char chance[16];
    size_t len = strlen("upload-");
    int rc = sk_entropy_fill(chance, sizeof chance);
    memcpy(name, "upload-", len);
    for (size_t i = 0; i < sizeof chance; i++) {
        name[len++] = digits[chance[i] >> 4];
        name[len++] = digits[chance[i] & 0xf];
    }
    name[len] = '\0';
    return rc;
}

static int open_file(skua_multipart_reader *r) {
    char *name = sk_buf_reserve(&r->files, NAME_SIZE);
    if (!name)
        return fail_by(r, SKUA_E_NOMEM, NULL);
    int rc = make_name(name);
    if (rc == 0)
        rc = sk_file_create_in(r->dir, name);
    if (rc < 0)
        return fail_os(r, rc, "cannot make a file");
    r->fd = rc;
    sk_buf_commit(&r->files, NAME_SIZE);
    return 0;
}

static int write_file(skua_multipart_reader *r, skua_str data) {
    int rc = sk_descriptor_write(r->fd, &data, 1);
    return rc == 0 ? 0 : fail_os(r, rc, "cannot write a file");
}

static void close_file(skua_multipart_reader *r) {
    sk_file_close(r->fd);
    r->fd = -1;
}

static void remove_files(skua_multipart_reader *r) {
    for (size_t at = 0; at < sk_buf_len(&r->files); at += NAME_SIZE)
        sk_file_remove_in(r->dir, sk_buf_head(&r->files) + at);
}

/* ---- parts ---- */

static int called(skua_multipart_reader *r, int rc) {
    return rc < 0 ? fail_by(r, rc, NULL) : 0;
}

/* Where the string begins in `head`, whose memory may move. */
static size_t keep(skua_multipart_reader *r, skua_str s) {
    size_t at = sk_buf_len(&r->head);
    sk_buf_append_str(&r->head, s);
    sk_buf_append(&r->head, "", 1);
    return at;
}

static int begin_part(skua_multipart_reader *r, const sk_multipart_event *ev) {
    if (r->parts++ == r->opts.parts_max)
        return fail_by(r, SKUA_E_TOO_MANY_FIELDS, "the form has too many parts");
    sk_buf_clear(&r->head);
    size_t name = keep(r, ev->name), filename = keep(r, ev->filename), type = keep(r, ev->type);
    if (r->head.failed)
        return fail_by(r, SKUA_E_NOMEM, NULL);
    const char *text = sk_buf_head(&r->head);
    r->part = (skua_part){.name = text + name,
                          .filename = ev->filename.ptr ? text + filename : NULL,
                          .type = ev->type.ptr ? text + type : NULL};
    r->part_bytes = 0;
    int rc = r->opts.begin ? called(r, r->opts.begin(&r->part, r->opts.user)) : 0;
    return rc == 0 && r->dir >= 0 && r->part.filename ? open_file(r) : rc;
}

static int take_data(skua_multipart_reader *r, const sk_multipart_event *ev) {
    int64_t max = r->opts.part_max_bytes;
    r->part_bytes += (int64_t)ev->data.len;
    if (max > 0 && r->part_bytes > max)
        return fail_by(r, SKUA_E_BODY_TOO_LARGE, "a part of the form is too large");
    if (r->fd >= 0)
        return write_file(r, ev->data);
    return r->opts.data ? called(r, r->opts.data(ev->data.ptr, ev->data.len, r->opts.user)) : 0;
}

static int end_part(skua_multipart_reader *r, const sk_multipart_event *ev) {
    (void)ev;
    bool is_file = r->fd >= 0;
    close_file(r);
    int rc = 0;
    if (is_file && r->opts.file)
        rc = r->opts.file(&r->part, last_file(r), r->part_bytes, r->opts.user);
    if (rc >= 0 && r->opts.end)
        rc = r->opts.end(r->opts.user);
    return called(r, rc);
}

static int end_form(skua_multipart_reader *r, const sk_multipart_event *ev) {
    (void)r;
    (void)ev;
    return 0;
}

/* ---- reading ---- */

static int read_events(skua_multipart_reader *r, skua_str in) {
    static int (*const handle[])(skua_multipart_reader * r, const sk_multipart_event *ev) = {
        [SK_MULTIPART_PART] = begin_part,
        [SK_MULTIPART_DATA] = take_data,
        [SK_MULTIPART_PART_END] = end_part,
        [SK_MULTIPART_END] = end_form,
    };
    sk_multipart_event ev = {.what = NULL};
    int rc = 0;
    while (rc == 0) {
        rc = sk_multipart_next(&r->parser, &in, &ev);
        if (rc == SKUA_E_AGAIN)
            return 0;
        rc = rc == 0 ? handle[ev.kind](r, &ev) : fail_by(r, rc, ev.what);
    }
    return rc;
}

int skua_multipart_reader_feed(skua_multipart_reader *r, const void *data, size_t len,
                               skua_error *err) {
    if (!r || (!data && len > 0))
        return sk_fail_absent(err, "a reader and data are needed");
    if (r->failed == 0 && len > 0) {
        r->bytes += (int64_t)len;
        if (r->opts.max_bytes > 0 && r->bytes > r->opts.max_bytes)
            fail_by(r, SKUA_E_BODY_TOO_LARGE, "the form is too large");
        else
            read_events(r, (skua_str){data, len});
    }
    return tell(r, err);
}

int skua_multipart_reader_finish(skua_multipart_reader *r, skua_error *err) {
    if (!r)
        return sk_fail_absent(err, "a reader is needed");
    if (r->failed == 0 && !sk_multipart_is_whole(&r->parser))
        fail_by(r, SKUA_E_INCOMPLETE_READ, "the form ends before its last boundary");
    r->whole = r->failed == 0;
    return tell(r, err);
}

/* ---- making and freeing ---- */

static const char *wrong_with(const skua_multipart_opts *o) {
    if (o->part_max_bytes < SKUA_FOREVER)
        return "part_max_bytes is negative";
    return o->max_bytes < SKUA_FOREVER ? "max_bytes is negative" : NULL;
}

static int open_dir(skua_multipart_reader *r, const char *path, skua_error *err) {
    if (!path)
        return 0;
    r->dir = sk_dir_open(path);
    if (r->dir < 0)
        return sk_fail_os(err, SKUA_E_OS, SKUA_PHASE_NONE, -r->dir, "cannot open %s", path);
    r->opts.dir = sk_strdup(path);
    return r->opts.dir ? 0 : sk_fail_nomem(err);
}

static int init(skua_multipart_reader *r, const char *content_type, const skua_multipart_opts *o,
                skua_error *err) {
    r->dir = r->fd = -1;
    r->opts = *o;
    r->opts.dir = NULL;
    if (r->opts.parts_max == 0)
        r->opts.parts_max = PARTS_MAX;
    if (r->opts.max_bytes == 0)
        r->opts.max_bytes = MAX_BYTES;
    int rc = sk_multipart_begin(&r->parser, sk_str(content_type));
    if (rc != 0)
        return sk_fail(err, rc, SKUA_PHASE_NONE, "%s",
                       rc == SKUA_E_UNSUPPORTED ? "the body's type is not multipart/form-data"
                                                : "the type of a form has no boundary that is one");
    return open_dir(r, o->dir, err);
}

skua_multipart_reader *skua_multipart_reader_new(const char *content_type,
                                                 const skua_multipart_opts *opts, skua_error *err) {
    skua_multipart_opts o;
    if (sk_options_copy(&o, sizeof o, opts, err) != 0 || sk_options_judge(wrong_with(&o), err) != 0)
        return NULL;
    skua_multipart_reader *r = sk_zalloc(sizeof *r);
    if (!r) {
        sk_fail_nomem(err);
        return NULL;
    }
    if (init(r, content_type, &o, err) == 0)
        return r;
    skua_multipart_reader_free(r);
    return NULL;
}

void skua_multipart_reader_free(skua_multipart_reader *r) {
    if (!r)
        return;
    close_file(r);
    if (!r->whole)
        remove_files(r);
    sk_file_close(r->dir);
    sk_buf_free(&r->files);
    sk_buf_free(&r->head);
    sk_free((void *)(uintptr_t)r->opts.dir);
    sk_free(r);
}

/* ---- of a request ---- */

static int read_body(skua_request *q, skua_multipart_reader *r, skua_error *err) {
    char piece[READ_SIZE];
    ptrdiff_t n;
    while ((n = skua_request_read(q, piece, sizeof piece)) > 0) {
        int rc = skua_multipart_reader_feed(r, piece, (size_t)n, err);
        if (rc != 0)
            return rc;
    }
    if (n < 0)
        return sk_fail_plain(err, (int)n, SKUA_PHASE_RECV);
    return skua_multipart_reader_finish(r, err);
}

int skua_request_multipart(skua_request *q, const skua_multipart_opts *opts, skua_error *err) {
    skua_error unused;
    if (!err)
        err = &unused;
    if (!q)
        return sk_fail(err, SKUA_E_INVALID_ARGUMENT, SKUA_PHASE_NONE, "a request is needed");
    skua_multipart_reader *r =
        skua_multipart_reader_new(skua_request_header(q, "Content-Type"), opts, err);
    int rc = r ? read_body(q, r, err) : err->code;
    skua_multipart_reader_free(r);
    return rc;
}
