/* client/multipart.c - a form with files as a request's body: multipart/form-data (RFC 7578).
 *
 * All but the files' content lies in one text; each file has its place in it. A reader goes along:
 *
 *     text   --b CRLF head CRLF CRLF value CRLF --b CRLF head CRLF CRLF | CRLF --b-- CRLF
 *     files                                                     fd, size ^
 *
 * Files are opened when they are added and read where they are due, at offsets of their own, so
 * that beginning anew costs nothing. */
#include "base/buf.h"
#include "base/fail.h"
#include "base/mem.h"
#include "base/str.h"
#include "sys/entropy.h"
#include "sys/file.h"
#include "wire/percent.h"

#include <inttypes.h>
#include <skua/multipart.h>
#include <stdio.h>

#define TYPE_PREFIX "multipart/form-data; boundary="

typedef struct file {
    uint32_t at; /* its content stands in front of this byte of the text */
    int fd;
    int64_t size;
} file;

struct skua_multipart {
    char content_type[sizeof TYPE_PREFIX "skua-" + 32];
    sk_buf text, files;
    int64_t file_bytes;
    bool sealed;       /* the last boundary is written */
    skua_error failed; /* what was latched; code 0: nothing */
    /* how far the body has been read: */
    size_t text_at, file_at;
    int64_t offset; /* within that file */
};

static const char *boundary(const skua_multipart *m) {
    return m->content_type + sizeof TYPE_PREFIX - 1;
}

static size_t file_count(const skua_multipart *m) {
    return sk_buf_len(&m->files) / sizeof(file);
}

static const file *file_at(const skua_multipart *m, size_t i) {
    return (const file *)(const void *)m->files.data + i;
}

/* ---- making ---- */

/* 128 bits of chance: whether a part holds its own boundary need not be looked for. */
static int name_boundary(skua_multipart *m, skua_error *err) {
    uint64_t chance[2];
    int rc = sk_entropy_fill(chance, sizeof chance);
    if (rc != 0)
        return sk_fail_os(err, SKUA_E_OS, SKUA_PHASE_NONE, -rc, "no random bytes for a boundary");
    snprintf(m->content_type, sizeof m->content_type, TYPE_PREFIX "skua-%016" PRIx64 "%016" PRIx64,
             chance[0], chance[1]);
    return 0;
}

skua_multipart *skua_multipart_new(skua_error *err) {
    skua_multipart *m = sk_zalloc(sizeof *m);
    if (!m) {
        sk_fail_nomem(err);
        return NULL;
    }
    if (name_boundary(m, err) == 0)
        return m;
    skua_multipart_free(m);
    return NULL;
}

void skua_multipart_free(skua_multipart *m) {
    if (!m)
        return;
    for (size_t i = 0; i < file_count(m); i++)
        sk_file_close(file_at(m, i)->fd);
    sk_buf_free(&m->files);
    sk_buf_free(&m->text);
    sk_free(m);
}

const char *skua_multipart_content_type(const skua_multipart *m) {
    return m ? m->content_type : "";
}

/* ---- adding ---- */

static int ready(const skua_multipart *m) {
    if (!m)
        return SKUA_E_INVALID_ARGUMENT;
    if (m->failed.code != 0)
        return m->failed.code;
    return m->sealed ? SKUA_E_STATE : 0;
}

/* WHATWG HTML, "multipart/form-data encoding algorithm": what would end a quoted name is escaped.
 * RFC 7578 5.1 leaves all else as it is. */
static void put_quoted(sk_buf *text, const char *name) {
    sk_buf_append(text, "\"", 1);
    while (*name) {
        size_t plain = strcspn(name, "\"\r\n");
        sk_buf_append(text, name, plain);
        name += plain;
        if (*name)
            sk_percent_append(text, (skua_str){name++, 1}, &(const sk_percent_kept){.marks = ""});
    }
    sk_buf_append(text, "\"", 1);
}

typedef struct part {
    const char *name, *filename /* or NULL */, *type /* or NULL */;
} part;

/* RFC 7578 4.2, 4.4 */
static void put_head(skua_multipart *m, const part *p) {
    sk_buf_printf(&m->text, "--%s\r\nContent-Disposition: form-data; name=", boundary(m));
    put_quoted(&m->text, p->name);
    if (p->filename) {
        sk_buf_append(&m->text, "; filename=", 11);
        put_quoted(&m->text, p->filename);
    }
    const char *type = p->type || !p->filename ? p->type : "application/octet-stream";
    if (type)
        sk_buf_printf(&m->text, "\r\nContent-Type: %s", type);
    sk_buf_append(&m->text, "\r\n\r\n", 4);
}

static int check_part(skua_multipart *m, const part *p, const void *content) {
    if (!p->name || !content)
        return sk_fail(&m->failed, SKUA_E_INVALID_ARGUMENT, SKUA_PHASE_NONE,
                       "multipart: a part needs a name and a content; NULL is none");
    /* Only what goes into a field of its own could begin another one. */
    if (p->type && (!*p->type || !sk_str_is_field_value(sk_str(p->type))))
        return sk_fail(&m->failed, SKUA_E_INVALID_ARGUMENT, SKUA_PHASE_NONE,
                       "multipart: the type of \"%s\" is empty or holds a control character",
                       p->name);
    return 0;
}

static int check_memory(skua_multipart *m) {
    return m->text.failed || m->files.failed ? sk_fail_nomem(&m->failed) : 0;
}

static int add(skua_multipart *m, const part *p, const void *data, size_t len) {
    int rc = check_part(m, p, data);
    if (rc != 0)
        return rc;
    put_head(m, p);
    sk_buf_append(&m->text, data, len);
    sk_buf_append(&m->text, "\r\n", 2);
    return check_memory(m);
}

int skua_multipart_add(skua_multipart *m, const char *name, const char *value) {
    int rc = ready(m);
    return rc != 0 ? rc : add(m, &(const part){.name = name}, value, value ? strlen(value) : 0);
}

int skua_multipart_add_bytes(skua_multipart *m, const char *name, const char *filename,
                             const char *type, const void *data, size_t len) {
    int rc = ready(m);
    const void *content = data || len > 0 ? data : "";
    return rc != 0 ? rc : add(m, &(const part){name, filename, type}, content, len);
}

/* ---- files ---- */

static int fail_file(skua_multipart *m, int otherwise, int os_errno, const char *path) {
    int rc =
        sk_fail_os(&m->failed, otherwise, SKUA_PHASE_NONE, os_errno, "multipart: \"%s\"", path);
    snprintf(m->failed.target, sizeof m->failed.target, "%s", path);
    return rc;
}

/* Open a file whose size is known. */
static int open_file(skua_multipart *m, const char *path, file *out) {
    int fd = sk_file_open(path);
    if (fd < 0)
        return fail_file(m, SKUA_E_OS, -fd, path);
    sk_file_info info;
    int rc = sk_file_stat(fd, &info);
    if (rc != 0)
        rc = fail_file(m, SKUA_E_OS, -rc, path);
    else if (!info.is_regular)
        rc = sk_fail(&m->failed, SKUA_E_UNSUPPORTED, SKUA_PHASE_NONE,
                     "multipart: \"%s\" is no regular file: its length is not known", path);
    else if (info.size > INT64_MAX / 2 - m->file_bytes)
        rc = sk_fail(&m->failed, SKUA_E_BODY_TOO_LARGE, SKUA_PHASE_LIMIT,
                     "multipart: with \"%s\" the body is too large to count", path);
    if (rc != 0)
        sk_file_close(fd);
    else
        *out = (file){.fd = fd, .size = info.size};
    return rc;
}

static const char *last_component(const char *path) {
    const char *slash = path ? strrchr(path, '/') : NULL;
    return slash ? slash + 1 : path;
}

int skua_multipart_add_file(skua_multipart *m, const char *name, const char *path,
                            const char *filename, const char *type) {
    const part p = {name, filename ? filename : last_component(path), type};
    file f = {.fd = -1};
    int rc = ready(m);
    if (rc == 0)
        rc = check_part(m, &p, path);
    if (rc == 0)
        rc = open_file(m, path, &f);
    if (rc != 0)
        return rc;
    put_head(m, &p);
    f.at = (uint32_t)sk_buf_len(&m->text);
    sk_buf_append(&m->files, &f, sizeof f);
    if (m->files.failed)
        sk_file_close(f.fd);
    else
        m->file_bytes += f.size;
    sk_buf_append(&m->text, "\r\n", 2);
    return check_memory(m);
}

/* ---- reading ---- */

static size_t least(size_t cap, int64_t left) {
    return (uint64_t)left < cap ? (size_t)left : cap;
}

static ptrdiff_t read_text(skua_multipart *m, size_t end, void *buf, size_t cap) {
    size_t n = least(cap, (int64_t)(end - m->text_at));
    if (n > 0)
        memcpy(buf, m->text.data + m->text_at, n);
    m->text_at += n;
    return (ptrdiff_t)n;
}

static ptrdiff_t read_file(skua_multipart *m, const file *f, void *buf, size_t cap) {
    ptrdiff_t n = sk_file_read_at(f->fd, buf, least(cap, f->size - m->offset), m->offset);
    m->offset += n > 0 ? n : 0;
    return n;
}

/* The next bytes that lie in one place. 0 at the end, and forever where a file has become shorter:
 * what follows it must not take its bytes' place. */
static ptrdiff_t read_piece(skua_multipart *m, void *buf, size_t cap) {
    for (; m->file_at < file_count(m); m->file_at++, m->offset = 0) {
        const file *f = file_at(m, m->file_at);
        if (m->text_at < f->at)
            return read_text(m, f->at, buf, cap);
        if (m->offset < f->size)
            return read_file(m, f, buf, cap);
    }
    return read_text(m, sk_buf_len(&m->text), buf, cap);
}

/* skua_body_fn. As much as goes in: small parts leave in one write. */
static ptrdiff_t read_body(void *buf, size_t cap, void *user) {
    size_t done = 0;
    ptrdiff_t n = 1;
    while (done < cap && n > 0) {
        n = read_piece(user, (char *)buf + done, cap - done);
        done += n > 0 ? (size_t)n : 0;
    }
    return n < 0 && done == 0 ? -1 : (ptrdiff_t)done;
}

/* skua_body_rewind_fn */
static int rewind_body(void *user) {
    skua_multipart *m = user;
    m->text_at = m->file_at = 0;
    m->offset = 0;
    return 0;
}

static int seal(skua_multipart *m) {
    if (m->failed.code == 0 && !m->sealed) {
        sk_buf_printf(&m->text, "--%s--\r\n", boundary(m)); /* RFC 2046 5.1.1: close-delimiter */
        m->sealed = check_memory(m) == 0;
    }
    return m->failed.code;
}

int skua_multipart_body(skua_multipart *m, skua_body *out, skua_error *err) {
    if (!m || !out)
        return sk_fail(err, SKUA_E_INVALID_ARGUMENT, SKUA_PHASE_NONE,
                       "skua_multipart_body: the form and out must not be NULL");
    int rc = seal(m);
    if (rc != 0) {
        if (err)
            *err = m->failed;
        return rc;
    }
    rewind_body(m);
    *out = (skua_body){
        .size = sizeof *out,
        .kind = SKUA_BODY_CALLBACK,
        .len = (int64_t)sk_buf_len(&m->text) + m->file_bytes,
        .read = read_body,
        .rewind = rewind_body,
        .user = m,
    };
    return 0;
}
