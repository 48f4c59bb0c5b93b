/* skua/multipart_reader.h - a form with files, as a request brings it: multipart/form-data
 * (RFC 7578), read as it comes, to callbacks or into files. skua/multipart.h makes one.
 *
 * In a handler that has the whole body, or that runs on the pool with a streamed one:
 *
 *     static int saved(const skua_part *part, const char *file, int64_t size, void *user);
 *
 *     rc = skua_request_multipart(q, SKUA_OPTS(skua_multipart_opts, .dir = "/var/uploads",
 *                                              .file = saved, .user = &form), &err);
 *
 * Elsewhere, or in a callback of skua_request_on_body, a reader is fed by hand. */
#ifndef SKUA_MULTIPART_READER_H
#define SKUA_MULTIPART_READER_H

#include <skua/error.h>
#include <skua/request.h>
#include <skua/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The head of a part. Strings live during the call; all are what the client has written. */
typedef struct skua_part {
    const char *name; /* of the field */
    const char
        *filename;    /* NULL: it is no file. Not a path, whatever it looks like: never open it */
    const char *type; /* of the content; NULL: none is named */
} skua_part;

/* Options of a reader. Zero is the default in brackets; SKUA_FOREVER is no end. A callback that
 * returns a negative code ends the reading with it. */
typedef struct skua_multipart_opts {
    size_t size;
    int (*begin)(const skua_part *part, void *user);       /* a part begins [all are taken] */
    int (*data)(const void *data, size_t len, void *user); /* some of its content, len > 0 */
    int (*end)(void *user);                                /* it has ended */
    /* For dir: a file is there, under a name in dir that was made up for it. */
    int (*file)(const skua_part *part, const char *file, int64_t size, void *user);
    void *user;             /* for these */
    const char *dir;        /* where the content of parts with a filename is put, in place of `data`
                               [nowhere]. Writing may block: not for a handler on the loop */
    uint32_t parts_max;     /* [100] */
    int64_t part_max_bytes; /* of content, of each [no end but the next] */
    int64_t max_bytes;      /* of all, heads and delimiters among them [67108864] */
} skua_multipart_opts;

/* Something that reads a form. */
typedef struct skua_multipart_reader skua_multipart_reader;

/* Make a reader for a body with that Content-Type.
 *
 * Returns: the reader, or NULL: SKUA_E_UNSUPPORTED (it is no multipart/form-data; NULL is none),
 *          SKUA_E_BAD_MULTIPART (no boundary), SKUA_E_INVALID_ARGUMENT, SKUA_E_NOMEM; for dir
 *          SKUA_E_FILE_NOT_FOUND, SKUA_E_PERMISSION, SKUA_E_OS.
 * Owns: the caller frees it with skua_multipart_reader_free. Options are copied.
 * Thread: any; then one at a time.
 * Since: 0.1 */
SKUA_API skua_multipart_reader *skua_multipart_reader_new(const char *content_type,
                                                          const skua_multipart_opts *opts,
                                                          skua_error *err);

/* Read the next piece of the body, of any length; callbacks are called from here. A failure
 * latches.
 *
 * Returns: 0, SKUA_E_BAD_MULTIPART, SKUA_E_HEAD_TOO_LARGE (of a part: 8192 bytes, 16 fields),
 *          SKUA_E_TOO_MANY_FIELDS (parts), SKUA_E_BODY_TOO_LARGE, SKUA_E_OS and the like (a file
 *          cannot be written), SKUA_E_INVALID_ARGUMENT for NULL, or what a callback returned.
 * Thread: one at a time.
 * Since: 0.1 */
SKUA_API int skua_multipart_reader_feed(skua_multipart_reader *r, const void *data, size_t len,
                                        skua_error *err);

/* Say that the body has ended. From here on files that were made are the program's, to keep or to
 * remove.
 *
 * Returns: 0, SKUA_E_INCOMPLETE_READ (the form has not), or what was latched.
 * Thread: one at a time.
 * Since: 0.1 */
SKUA_API int skua_multipart_reader_finish(skua_multipart_reader *r, skua_error *err);

/* Free a reader. Unless skua_multipart_reader_finish has returned 0, the files that it made are
 * removed. NULL is fine.
 *
 * Thread: one at a time.
 * Since: 0.1 */
SKUA_API void skua_multipart_reader_free(skua_multipart_reader *r);

/* Read the form that is a request's body, from its beginning to its end: where the body is whole,
 * or on the pool. It is the client's fault that it failed for SKUA_E_UNSUPPORTED (answer 415),
 * SKUA_E_BODY_TOO_LARGE (413), SKUA_E_TIMEOUT (408), and codes of the class SKUA_CLASS_PROTOCOL or
 * SKUA_CLASS_LIMIT (400).
 *
 * Returns: 0, or as the calls above and skua_request_read; files are then removed.
 * Thread: its loop.
 * Since: 0.1 */
SKUA_API int skua_request_multipart(skua_request *q, const skua_multipart_opts *opts,
                                    skua_error *err);

#ifdef __cplusplus
}
#endif
#endif
