/* skua/multipart.h - a form with files as a request's body: multipart/form-data (RFC 7578).
 *
 *     skua_multipart *m = skua_multipart_new(&err);
 *     skua_multipart_add(m, "title", "Cliffs");
 *     skua_multipart_add_file(m, "photo", "cliffs.jpg", NULL, "image/jpeg");
 *     skua_body body;
 *     skua_multipart_body(m, &body, &err);
 *     skua_conn_request_body(c, "POST", "/photos", SKUA_FIELDS of skua_multipart_content_type(m),
 * ...)
 */
#ifndef SKUA_MULTIPART_H
#define SKUA_MULTIPART_H

#include <skua/conn.h>
#include <skua/error.h>
#include <skua/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A form that is being put together. Calls that add to it latch: the first thing that fails is
 * kept, later calls give it again and add nothing, and skua_multipart_body reports it whole, so
 * that half a form is never sent. */
typedef struct skua_multipart skua_multipart;

/* Make a form without parts, with a boundary that nobody can guess.
 *
 * Returns: the form, or NULL: SKUA_E_NOMEM, or SKUA_E_OS where the system gives no random bytes.
 * Owns: the caller frees it with skua_multipart_free.
 * Thread: any; then one at a time.
 * Since: 0.1 */
SKUA_API skua_multipart *skua_multipart_new(skua_error *err);

/* Free a form, closing its files. Its body cannot be read any more. NULL is fine.
 *
 * Thread: one at a time.
 * Since: 0.1 */
SKUA_API void skua_multipart_free(skua_multipart *m);

/* Add a field with a text. The name may hold any character; what would end it is escaped as
 * browsers do ("%22", "%0D", "%0A").
 *
 * Returns: 0, SKUA_E_INVALID_ARGUMENT for NULL, SKUA_E_NOMEM, or SKUA_E_STATE once the body was
 *          taken, which is not kept: the body stays as it is.
 * Thread: one at a time.
 * Since: 0.1 */
SKUA_API int skua_multipart_add(skua_multipart *m, const char *name, const char *value);

/* Add a part with bytes, which are copied. NULL for filename makes it a field like any other;
 * NULL for type leaves it out there, and is "application/octet-stream" where there is a file name.
 *
 * Returns: as skua_multipart_add; SKUA_E_INVALID_ARGUMENT also for a type with a line end or
 *          another control character.
 * Thread: one at a time.
 * Since: 0.1 */
SKUA_API int skua_multipart_add_bytes(skua_multipart *m, const char *name, const char *filename,
                                      const char *type, const void *data, size_t len);

/* Add a part with a file's content, which is read when it is sent and never lies in memory whole.
 * The file is opened here, and its size is what is announced: of one that grows, so much is sent;
 * one that shrinks ends the body early (SKUA_E_INCOMPLETE_READ). NULL for filename is the last
 * component of the path; NULL for type is "application/octet-stream".
 *
 * Returns: as skua_multipart_add_bytes, or SKUA_E_FILE_NOT_FOUND, SKUA_E_PERMISSION, SKUA_E_OS;
 *          SKUA_E_UNSUPPORTED for what is no regular file, whose length nobody knows.
 * Thread: one at a time.
 * Since: 0.1 */
SKUA_API int skua_multipart_add_file(skua_multipart *m, const char *name, const char *path,
                                     const char *filename, const char *type);

/* Give the value of the Content-Type field: "multipart/form-data; boundary=...".
 *
 * Returns: the value; "" for NULL.
 * Owns: borrowed, until the form is freed.
 * Thread: one at a time.
 * Since: 0.1 */
SKUA_API const char *skua_multipart_content_type(const skua_multipart *m);

/* Give the form as a request's body: a callback that knows its length and can go back to its
 * beginning, so that the body can be sent again. Parts can no longer be added. One body is read at
 * a time: giving it once more begins anew.
 *
 * Without a request, call body.read(buf, cap, body.user) until it gives 0.
 *
 * Returns: 0, or what was latched: the message names the file, if it was one;
 *          SKUA_E_INVALID_ARGUMENT for NULL, SKUA_E_NOMEM.
 * Owns: what out points to is borrowed, until the form is freed: free it after the request.
 * Thread: one at a time.
 * Since: 0.1 */
SKUA_API int skua_multipart_body(skua_multipart *m, skua_body *out, skua_error *err);

#ifdef __cplusplus
}
#endif
#endif
