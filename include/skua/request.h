/* skua/request.h - a request as a handler reads it. */
#ifndef SKUA_REQUEST_H
#define SKUA_REQUEST_H

#include <skua/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A request under way. It, and every string it gives out, lives until its handler returns. */
typedef struct skua_request skua_request;

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
 * Returns: the path; it begins with "/" ("*" for "OPTIONS *").
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

/* Give the body, whole.
 *
 * Returns: the bytes, with a NUL behind them; never NULL. *len, where asked for, is their number.
 * Owns: borrowed, until the handler returns.
 * Thread: its loop.
 * Since: 0.1 */
SKUA_API const char *skua_request_body(const skua_request *q, size_t *len);

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

#ifdef __cplusplus
}
#endif
#endif
