/* skua/reply.h - a reply as a handler writes it: in one call, or step by step as http.server does.
 *
 * Field names and values are checked as they go out: a reply cannot be split (RFC 9112 11.1). A
 * failure latches: later calls give it again, and the server answers 500 if nothing has been sent,
 * else it closes the connection. */
#ifndef SKUA_REPLY_H
#define SKUA_REPLY_H

#include <skua/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The reply to a request under way. It lives as long as the request. */
typedef struct skua_reply skua_reply;

/* Reply with text, formatted as printf does, of type "text/plain; charset=utf-8" unless
 * skua_reply_send_header has named another.
 *
 * Returns: 0, SKUA_E_STATE (a reply was begun already), SKUA_E_INVALID_ARGUMENT (status not in
 *          200..599), SKUA_E_NOMEM.
 * Thread: its loop.
 * Since: 0.1 */
SKUA_API int skua_reply_text(skua_reply *a, int status, const char *fmt, ...) SKUA_PRINTF(3, 4);

/* Reply with bytes of a media type (NULL: none is named), unless skua_reply_send_header has named
 * another. The bytes are copied.
 *
 * Returns: as skua_reply_text.
 * Thread: its loop.
 * Since: 0.1 */
SKUA_API int skua_reply_bytes(skua_reply *a, int status, const char *type, const void *data,
                              size_t len);

/* Reply with a redirect. `location` goes out as a URI reference: bytes that are none are refused.
 *
 * Returns: as skua_reply_text; SKUA_E_INVALID_ARGUMENT also for a status that is no redirect.
 * Thread: its loop.
 * Since: 0.1 */
SKUA_API int skua_reply_redirect(skua_reply *a, int status, const char *location);

/* Reply with a small HTML page that names the error, its text escaped. `explain` may be NULL. No
 * body goes with 204, 205 and 304 (RFC 9110 15.3.5, 15.3.6, 15.4.5).
 *
 * Returns: as skua_reply_text.
 * Thread: its loop.
 * Since: 0.1 */
SKUA_API int skua_reply_send_error(skua_reply *a, int status, const char *explain);

/* Begin a reply step by step. 1xx other than 101 sends an interim response instead: end it with
 * skua_reply_end_headers, then begin the real one. Date is added by itself.
 *
 * Returns: 0, SKUA_E_STATE (a reply was begun already), SKUA_E_INVALID_ARGUMENT (status not in
 *          100..599), SKUA_E_UNSUPPORTED (101).
 * Thread: its loop.
 * Since: 0.1 */
SKUA_API int skua_reply_send_response(skua_reply *a, int status);

/* Add a field. Allowed before skua_reply_send_response too: it then goes with whatever reply
 * follows, one-call replies included. Content-Length, Transfer-Encoding and Connection frame the
 * message and are understood.
 *
 * Returns: 0, SKUA_E_INVALID_ARGUMENT (a name that is no token, a value with CR, LF, NUL or
 *          another control), SKUA_E_STATE (headers have ended), SKUA_E_NOMEM.
 * Thread: its loop.
 * Since: 0.1 */
SKUA_API int skua_reply_send_header(skua_reply *a, const char *name, const char *value);

/* End the head. Without a Content-Length the body is sent chunked, to a 1.0 client until close.
 *
 * Returns: 0, SKUA_E_STATE (nothing was begun), SKUA_E_BAD_CONTENT_LENGTH, SKUA_E_BAD_FRAMING
 *          (fields that contradict each other), SKUA_E_NOMEM.
 * Thread: its loop.
 * Since: 0.1 */
SKUA_API int skua_reply_end_headers(skua_reply *a);

/* Write body bytes, copied. The reply is complete when the handler returns.
 *
 * Returns: 0, SKUA_E_STATE (headers have not ended; more than the Content-Length), SKUA_E_NOMEM,
 *          SKUA_E_BROKEN_PIPE (the client has gone).
 * Thread: its loop.
 * Since: 0.1 */
SKUA_API int skua_reply_write(skua_reply *a, const void *data, size_t len);

/* Add trailer fields to a chunked reply (RFC 9110 6.5); dropped where the client speaks 1.0.
 *
 * Returns: 0, SKUA_E_INVALID_ARGUMENT (also for a name that has no place in trailers, RFC 9110
 *          6.5.1), SKUA_E_STATE (not chunked), SKUA_E_NOMEM.
 * Thread: its loop.
 * Since: 0.1 */
SKUA_API int skua_reply_send_trailer(skua_reply *a, const char *name, const char *value);

/* Close the connection after this reply. Before the head has ended.
 *
 * Returns: 0 or SKUA_E_STATE.
 * Thread: its loop.
 * Since: 0.1 */
SKUA_API int skua_reply_close_connection(skua_reply *a);

#ifdef __cplusplus
}
#endif
#endif
