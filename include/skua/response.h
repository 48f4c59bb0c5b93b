/* skua/response.h - the answer to a request: status, fields, body, trailers. */
#ifndef SKUA_RESPONSE_H
#define SKUA_RESPONSE_H

#include <skua/error.h>
#include <skua/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A response whose head has been read. It reads its body from its connection: one at a time. */
typedef struct skua_response skua_response;

/* When the phases of an exchange were over, in milliseconds since the call began; -1 where a phase
 * did not take place (a reused connection resolves nothing). */
typedef struct skua_timings {
    double resolve;    /* the name has an address */
    double connect;    /* a connection stands */
    double tls;        /* the handshake is done */
    double send;       /* the request is sent */
    double first_byte; /* the head of the response has begun to arrive */
    double head;       /* the head is complete */
    double total;      /* the body is complete; until then, now */
} skua_timings;

/* Give the status code.
 *
 * Returns: 100..999; 0 for NULL.
 * Thread: one at a time.
 * Since: 0.1 */
SKUA_API int skua_response_status(const skua_response *r);

/* Give the reason phrase, without white space around it; bytes from 0x80 on are as they came.
 *
 * Returns: the phrase; "" where there is none, and for NULL.
 * Owns: borrowed, until the response is freed.
 * Thread: one at a time.
 * Since: 0.1 */
SKUA_API const char *skua_response_reason(const skua_response *r);

/* Give the version of HTTP the peer speaks.
 *
 * Returns: 10 or 11; 0 for NULL.
 * Thread: one at a time.
 * Since: 0.1 */
SKUA_API int skua_response_version(const skua_response *r);

/* Give the URL that this response came from, after redirects.
 *
 * Returns: the URL; "" for NULL.
 * Owns: borrowed, until the response is freed.
 * Thread: one at a time.
 * Since: 0.1 */
SKUA_API const char *skua_response_url(const skua_response *r);

/* Give the value of a header field; the name is compared without case. Where the field is
 * repeated, the values are joined with ", " (RFC 9110 5.2).
 *
 * Returns: the value; NULL where there is no such field, for NULL, and when there is no memory to
 *          join.
 * Owns: borrowed, until the response is freed.
 * Thread: one at a time.
 * Since: 0.1 */
SKUA_API const char *skua_response_header(skua_response *r, const char *name);

/* Give all header fields, in order and as received.
 *
 * Returns: an array that ends with a NULL name; never NULL. *count, where asked for, is its length.
 * Owns: borrowed, until the response is freed.
 * Thread: one at a time.
 * Since: 0.1 */
SKUA_API const skua_field *skua_response_fields(const skua_response *r, size_t *count);

/* Give the trailer fields (RFC 9110 6.5): there are none before the body has been read to its end.
 *
 * Returns: an array that ends with a NULL name; never NULL. *count, where asked for, is its length.
 * Owns: borrowed, until the response is freed.
 * Thread: one at a time.
 * Since: 0.1 */
SKUA_API const skua_field *skua_response_trailers(const skua_response *r, size_t *count);

/* Give the status of the index-th interim response (1xx) that came first.
 *
 * Returns: 100..199; 0 when there is none of that index.
 * Thread: one at a time.
 * Since: 0.1 */
SKUA_API int skua_response_informational(const skua_response *r, size_t index);

/* Give the fields of the index-th interim response, as skua_response_fields does.
 *
 * Returns: an array that ends with a NULL name; never NULL. *count, where asked for, is its length.
 * Owns: borrowed, until the response is freed.
 * Thread: one at a time.
 * Since: 0.1 */
SKUA_API const skua_field *skua_response_informational_fields(const skua_response *r, size_t index,
                                                              size_t *count);

/* Give the length of the body, where the head says it.
 *
 * Returns: bytes; -1 where it is not known beforehand, and for NULL. For a response to HEAD: what a
 *          GET would have carried, where it was said.
 * Thread: one at a time.
 * Since: 0.1 */
SKUA_API int64_t skua_response_content_length(const skua_response *r);

/* Read body bytes, blocking until there is at least one. Chunked and close-delimited bodies read
 * like any other. Large reads go from the socket straight into buf.
 *
 * Returns: bytes read, at most len; 0 at the end of the body; a negative code.
 * Errors: SKUA_E_INCOMPLETE_READ (the connection ended within the body: bytes_received and
 *         bytes_expected tell), SKUA_E_TLS, SKUA_E_TLS_EOF, SKUA_E_BAD_CHUNK, SKUA_E_TIMEOUT,
 *         SKUA_E_CONNECTION_RESET, SKUA_E_NOT_CONNECTED (the connection object was freed or
 *         closed), for trailer fields what skua_conn_getresponse says of a head, SKUA_E_NOMEM,
 *         SKUA_E_INVALID_ARGUMENT for NULL. An error stays: reading on gives it again.
 * Thread: one at a time.
 * Since: 0.1 */
SKUA_API ptrdiff_t skua_response_read(skua_response *r, void *buf, size_t len, skua_error *err);

/* Read the rest of the body into memory. max_bytes 0 is the default cap of 64 MiB. Called again, it
 * gives the same.
 *
 * Returns: 0, *data (never NULL, with a terminating NUL behind the body) and *len; or a negative
 *          code as skua_response_read, SKUA_E_BODY_TOO_LARGE past the cap. A failure stays.
 * Owns: *data is the response's: borrowed, until it is freed.
 * Thread: one at a time.
 * Since: 0.1 */
SKUA_API int skua_response_read_all(skua_response *r, size_t max_bytes, const char **data,
                                    size_t *len, skua_error *err);

/* Has the body been read to its end?
 *
 * Returns: 1 or 0; 1 for NULL.
 * Thread: one at a time.
 * Since: 0.1 */
SKUA_API int skua_response_done(const skua_response *r);

/* Tell when the phases of the exchange were over; all -1 for NULL.
 *
 * Thread: one at a time.
 * Since: 0.1 */
SKUA_API void skua_response_timings(const skua_response *r, skua_timings *out);

/* Free a response. What was not read is read and dropped, up to 64 KiB that have already arrived,
 * so that the connection can be used again; else the connection is closed. NULL is fine.
 *
 * Thread: one at a time.
 * Since: 0.1 */
SKUA_API void skua_response_free(skua_response *r);

#ifdef __cplusplus
}
#endif
#endif
