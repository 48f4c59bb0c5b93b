/* skua/request.h - a request as a handler reads it. */
#ifndef SKUA_REQUEST_H
#define SKUA_REQUEST_H

#include <skua/error.h>
#include <skua/form.h>
#include <skua/tls.h>
#include <skua/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A request under way. It, and every string it gives out, lives until its handler returns, or,
 * where the reply is deferred, until skua_reply_finish. */
typedef struct skua_request skua_request;

/* Called with a piece of a body that is streamed (len > 0), at its end (0), or when it breaks off
 * (a negative SKUA_E_ code, data NULL): malformed, too large, too slow, or the client has gone.
 *
 * Returns: 0 to go on; SKUA_E_AGAIN: the piece was taken, and no more is wanted before
 * skua_request_resume; another negative code finishes the reply, with 500 unless it was begun: then
 * nobody else may be about to. */
typedef int skua_request_body_fn(skua_request *q, const void *data, ptrdiff_t len, void *user);

/* Give the method as received: "GET". Methods are case-sensitive (RFC 9110 9.1).
 *
 * Returns: the method.
 * Owns: borrowed, until the handler returns.
 * Thread: its loop.
 * Since: 0.1 */
SKUA_API const char *skua_request_method(const skua_request *q);

/* Give the request target as received: path and query, or an absolute URL.
 *
 * Returns: the target.
 * Owns: borrowed, until the handler returns.
 * Thread: its loop.
 * Since: 0.1 */
SKUA_API const char *skua_request_target(const skua_request *q);

/* Give the path, percent-decoded once, dot segments removed, without the query: what routes match.
 *
 * Returns: the path; it begins with "/" ("*" for "OPTIONS *"); NULL in an error page for a request
 *          that could not be read.
 * Owns: borrowed, until the handler returns.
 * Thread: its loop.
 * Since: 0.1 */
SKUA_API const char *skua_request_path(const skua_request *q);

/* Give the query as received, without its "?".
 *
 * Returns: the query; NULL where there is none.
 * Owns: borrowed, until the handler returns.
 * Thread: its loop.
 * Since: 0.1 */
SKUA_API const char *skua_request_query(const skua_request *q);

/* Give the version of HTTP the client speaks.
 *
 * Returns: 10 or 11.
 * Thread: its loop.
 * Since: 0.1 */
SKUA_API int skua_request_version(const skua_request *q);

/* Give the host the request is for: of the target if it is absolute, else of Host (RFC 9112 3.2.2).
 *
 * Returns: "example.org:8080"; "" for a 1.0 request without one.
 * Owns: borrowed, until the handler returns.
 * Thread: its loop.
 * Since: 0.1 */
SKUA_API const char *skua_request_host(const skua_request *q);

/* Give the value of a header field; the name is compared without case. Where the field is
 * repeated, the values are joined with ", " (RFC 9110 5.2).
 *
 * Returns: the value; NULL where there is none, or no memory to join.
 * Owns: borrowed, until the handler returns.
 * Thread: its loop.
 * Since: 0.1 */
SKUA_API const char *skua_request_header(skua_request *q, const char *name);

/* Give all header fields, in order and as received.
 *
 * Returns: an array that ends with a NULL name; NULL when there is no memory. *count, where asked
 *          for, is its length.
 * Owns: borrowed, until the handler returns.
 * Thread: its loop.
 * Since: 0.1 */
SKUA_API const skua_field *skua_request_fields(skua_request *q, size_t *count);

/* Give a parameter of the route's path: "name" of "/hello/{name}", percent-decoded.
 *
 * Returns: the value; NULL where the route has no such parameter.
 * Owns: borrowed, until the handler returns.
 * Thread: its loop.
 * Since: 0.1 */
SKUA_API const char *skua_request_param(const skua_request *q, const char *name);

/* Give a parameter of the query, decoded as skua_form_parse does: "tea" of "?q=tea". The first,
 * where there are several: skua_request_query_form has all.
 *
 * Returns: the value; NULL where there is none, where it holds a NUL byte, where the query has more
 *          than SKUA_FORM_PAIRS_MAX parameters, or no memory.
 * Owns: borrowed, until the handler returns.
 * Thread: its loop.
 * Since: 0.1 */
SKUA_API const char *skua_request_query_param(skua_request *q, const char *name);

/* Give all parameters of the query. A request without a query has a form without pairs.
 *
 * Returns: the form, or NULL as skua_form_parse fails.
 * Owns: borrowed, until the handler returns.
 * Thread: its loop.
 * Since: 0.1 */
SKUA_API const skua_form *skua_request_query_form(skua_request *q, skua_error *err);

/* Give the fields of a form that is the body: application/x-www-form-urlencoded.
 *
 * Returns: the form, or NULL: SKUA_E_UNSUPPORTED (Content-Type says otherwise), SKUA_E_STATE (the
 *          body is streamed), or as skua_form_parse.
 * Owns: borrowed, until the handler returns.
 * Thread: its loop.
 * Since: 0.1 */
SKUA_API const skua_form *skua_request_form(skua_request *q, skua_error *err);

/* Give the value of a cookie, the first of that name (case matters), without quotes around it. It
 * is what the client sends: it may hold any byte a field may, and need not be what was set.
 *
 * Returns: the value; NULL where there is none, or no memory.
 * Owns: borrowed, until the handler returns.
 * Thread: its loop.
 * Since: 0.1 */
SKUA_API const char *skua_request_cookie(skua_request *q, const char *name);

/* Give the body, whole.
 *
 * Returns: the bytes, with a NUL behind them; never NULL. *len, where asked for, is their number.
 * Owns: borrowed, until the handler returns.
 * Thread: its loop.
 * Since: 0.1 */
SKUA_API const char *skua_request_body(const skua_request *q, size_t *len);

/* Read a piece of the body. On a route that streams bodies to the pool it waits until there is one;
 * a client that expects 100-continue is told to go on by the first call. Elsewhere the body is at
 * hand, and this takes it piece by piece.
 *
 * Returns: bytes read, at most len; 0 at the end; a negative code: SKUA_E_BROKEN_PIPE (the client
 *          has gone), SKUA_E_TIMEOUT, SKUA_E_BODY_TOO_LARGE, SKUA_E_BAD_CHUNK and the like,
 *          SKUA_E_STATE (a streamed body, and this is no thread of the pool),
 *          SKUA_E_INVALID_ARGUMENT for NULL.
 * Thread: its loop; any, where the reply is deferred.
 * Since: 0.1 */
SKUA_API ptrdiff_t skua_request_read(skua_request *q, void *buf, size_t len);

/* Give the trailer fields that came behind a chunked body (RFC 9110 6.5), in order and as received.
 * They are not merged into skua_request_fields: none of them may change how the request is
 * understood. On a route that streams bodies they are there when its end was told.
 *
 * Returns: an array that ends with a NULL name; never NULL. *count, where asked for, is its length.
 * Owns: borrowed, as the request.
 * Thread: its loop; any, where the reply is deferred.
 * Since: 0.1 */
SKUA_API const skua_field *skua_request_trailers(const skua_request *q, size_t *count);

/* On a route that streams bodies: have fn called with each piece as it comes, in the loop's thread.
 * The reply is then deferred, and finished with skua_reply_finish, which may be called from fn. A
 * client that expects 100-continue is told to go on. Pieces are not kept: while fn asks for a pause
 * the client has to wait. In a hook of skua_server_before it takes any body.
 *
 * Returns: 0, SKUA_E_STATE (the body is not streamed; asked for already), SKUA_E_NOMEM,
 *          SKUA_E_INVALID_ARGUMENT for NULL.
 * Thread: its loop.
 * Since: 0.1 */
SKUA_API int skua_request_on_body(skua_request *q, skua_request_body_fn *fn, void *user);

/* Go on with a body that its callback has paused.
 *
 * Returns: 0, SKUA_E_STATE where there is none, SKUA_E_INVALID_ARGUMENT for NULL.
 * Thread: any, where the reply is deferred.
 * Since: 0.1 */
SKUA_API int skua_request_resume(skua_request *q);

/* Give a name for the request that no other has: it stands in the access log, and may be sent with
 * the reply (request_id_header). It is 32 hexadecimal digits, or, with trust_request_id, what the
 * request brings, if that is 1 to 128 letters, digits and "-._~+/=:@".
 *
 * Returns: the id; "" where there is no memory.
 * Owns: borrowed, until the handler returns.
 * Thread: its loop.
 * Since: 0.1 */
SKUA_API const char *skua_request_id(skua_request *q);

/* Give the client's address: "192.0.2.1:49152", "unix:".
 *
 * Returns: the address.
 * Owns: borrowed, until the handler returns.
 * Thread: its loop.
 * Since: 0.1 */
SKUA_API const char *skua_request_client(skua_request *q);

/* Did the request come over TLS?
 *
 * Returns: 1 or 0.
 * Thread: its loop.
 * Since: 0.1 */
SKUA_API int skua_request_is_tls(const skua_request *q);

/* Describe the certificate that the client has shown. It was believed: see ca_file and client_auth
 * of skua_tls_opts. Where the TLS session was resumed it is that of the session.
 *
 * Returns: 0 and *out, SKUA_E_NOT_CONNECTED where it has shown none, SKUA_E_INVALID_ARGUMENT (NULL,
 *          *out without its size), SKUA_E_NOMEM.
 * Thread: its loop; any, where the reply is deferred.
 * Since: 0.1 */
SKUA_API int skua_request_certificate(skua_request *q, skua_certificate *out);

/* Write a line about a request into its server's error log, as skua_server_log does, with the
 * client's address, the request's id and what it asks for in front. NULL is fine; once the server
 * is freed, nothing is written.
 *
 * Thread: its loop; any, where the reply is deferred.
 * Since: 0.1 */
SKUA_API void skua_request_log(skua_request *q, skua_log_level level, const char *fmt, ...)
    SKUA_PRINTF(3, 4);

#ifdef __cplusplus
}
#endif
#endif
